-- A yield cannot cross a metamethod, an iterator or a library function: the error is one inside the coroutine.
local function check(f)
  local co = coroutine.create(function()
    local ok, e = pcall(f)
    e = tostring(e):gsub("^.-:%d+: ", "")
    coroutine.yield(ok, e)
    return "alive"
  end)
  print(coroutine.resume(co))
  print(coroutine.resume(co))
end
local y = function(...) coroutine.yield(...) return 1 end
local mt = {__index = y, __newindex = y, __add = y, __concat = y, __lt = y, __le = y, __eq = y, __unm = y, __tostring = y}
local a, b = setmetatable({}, mt), setmetatable({}, mt)
check(function() return a.x end)
check(function() a.x = 1 end)
check(function() return a + b end)
check(function() return a .. b end)
check(function() return a < b end)
check(function() return a <= b end)
check(function() return a == b end)
check(function() return -a end)
check(function() return tostring(a) end)
check(function() table.sort({3, 2, 1}, y) end)
check(function() string.gsub("abc", ".", y) end)
check(function() for _ in y do end end)
-- a metamethod that is called, and one that ends in a tail call
local callable = setmetatable({}, {__call = function(_, ...) return coroutine.yield(...) end})
local co = coroutine.wrap(function() return callable("through __call") end)
print(co())
print(co("back"))
check(function() return setmetatable({}, {__index = function(_, k) return coroutine.yield(k) end}).x end)
