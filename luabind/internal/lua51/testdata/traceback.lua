-- Tracebacks, above all those that a handler of xpcall makes.
local function inner() error("deep") end
local function middle() inner() end
print(xpcall(function() middle() end, function(m) return debug.traceback(m) end))
print(xpcall(function() middle() end, debug.traceback))
print(xpcall(function() middle() end, function(m) return debug.traceback(m, 2) end))
print(xpcall(function() local t = setmetatable({}, {__add = function() inner() end}) return t + 1 end, debug.traceback))
print(xpcall(function() pcall(error, "caught") error("not", 0) end, debug.traceback))
print(xpcall(function() pcall(function() print(debug.traceback("in pcall")) end) end, debug.traceback))
print(xpcall(function() xpcall(middle, function(m) print(debug.traceback("inner " .. m)) end) error("outer") end, debug.traceback))

print(debug.traceback("hi"))
print(debug.traceback("a", 0))
print(debug.traceback("a", 2))
print(debug.traceback("a", 99))
print(type(debug.traceback({})), debug.traceback(true), debug.traceback(5))
local function tail() return debug.traceback("t") end
local function tail2() return tail() end
print((tail2()))
local function r(n) if n == 0 then print(debug.traceback("deep")) else r(n - 1) end end
r(5)
local t = {}
function t.method() print(debug.traceback("m")) end
function t:self() t.method() end
t:self()

local co = coroutine.create(function()
  local function sub() coroutine.yield() end
  sub()
  print(debug.traceback("inside"))
end)
coroutine.resume(co)
print(debug.traceback(co))
print(debug.traceback(co, "msg"))
print(debug.traceback(co, "msg", 1))
coroutine.resume(co)
print(debug.traceback(co))
print(debug.traceback(coroutine.create(print ~= nil and function() end)))
