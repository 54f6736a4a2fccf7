-- Error values, levels and positions, through pcall, xpcall, error and assert.
local function show(...)
  local t = {n = select("#", ...), ...}
  for i = 1, t.n do
    local v = t[i]
    t[i] = (type(v) == "table" or type(v) == "function" or type(v) == "thread") and type(v) or tostring(v)
  end
  print(table.concat(t, " ", 1, t.n))
end

-- values of every type come out as they went in
local tab = setmetatable({}, {__tostring = function() return "tab" end})
for _, v in ipairs{tab, show, true, coroutine.create(function() end)} do
  local ok, got = pcall(error, v)
  show(ok, rawequal(got, v))
  ok, got = pcall(function() error(v) end)
  show(ok, rawequal(got, v))
  ok, got = xpcall(function() error(v) end, function(e) return e end)
  show(ok, rawequal(got, v))
end
show(pcall(error)) show(pcall(error, nil)) show(pcall(function() error() end))
show(pcall(function() error(nil, 0) end)) show(pcall(function() error(false) end))

-- strings and numbers get a position, unless the level is 0
show(pcall(error, "x")) show(pcall(error, "x", 1)) show(pcall(error, "x", 0))
show(pcall(function() error("m") end)) show(pcall(function() error("m", 0) end))
show(pcall(function() error("m", 1) end))
show(pcall(function() error("m", 2) end)) -- pcall has no position
show(pcall(function() error("m", 50) end))
show(pcall(function() error("100% %d %s") end))
show(pcall(function() error(42) end)) show(pcall(function() error(42, 0) end))
local function two() error("two", 2) end
show(pcall(function() two() end))
local function three() error("three", 3) end
local function middle() three() end
show(pcall(function()
  middle()
end))
show(pcall(function() return two() end)) -- the tail call has no position
show(pcall(function() return error("tail") end))
show(pcall(function() pcall(function() end) error("after") end))
show(pcall(function() local ok, e = pcall(error, "in") error(e, 0) end))

-- results
show(pcall(function() end)) show(pcall(function() return nil end)) show(pcall(function(...) return ... end, 1, nil, 3, nil))
show(pcall(pcall, error, "e")) show(pcall(pcall, pcall, pcall, error, "e"))
show(select("#", pcall(function() return nil, nil end)))
show(xpcall(function() return 1, nil, 2 end, show))
show(xpcall(function() error("a", 0) end, function(m) return m .. "!", "dropped" end))
show(xpcall(function() error("a", 0) end, function() end))
show(xpcall(function() error() end, function(m) return type(m) end))

-- what cannot be called
show(pcall(nil)) show(pcall({})) show(pcall("f")) show(pcall(setmetatable({}, {__call = function(_, a) return a end}), 5))
show(xpcall(nil, function(m) return "h:" .. m end))
show(xpcall(setmetatable({}, {__call = function(...) return select("#", ...) end}), show))

-- an error in the handler
show(xpcall(function() error("a") end, function() error("b") end))
show(xpcall(function() error("a") end, function(m) local ok, e = pcall(error, "b", 0) return e .. tostring(ok) end))

-- assert
show(pcall(function() assert(false) end)) show(pcall(function() assert(nil, "msg") end))
show(assert(1, nil, 3)) show(select("#", assert(1, 2, nil)))
