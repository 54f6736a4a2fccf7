-- Endless recursion ends with an error that can be caught.
local function rec(n) return 1 + rec(n + 1) end
print(pcall(rec, 1))
print(select(2, pcall(rec, 1)) == select(2, pcall(rec, 1)))
local function even(n) return 1 + odd(n) end
function odd(n) return 1 + even(n) end
print((select(2, pcall(even, 1)):gsub(":%d+:", "")))
print(pcall(coroutine.wrap(function() local ok, e = pcall(rec, 1) error(e, 0) end)))
print(coroutine.resume(coroutine.create(rec), 1))

-- so do pcalls in pcalls, and coroutines in coroutines
local function last(...) return (select(select("#", ...), ...)) end
local depth = 0
local function nest(n) depth = depth + 1 return pcall(nest, n + 1) end
print(last(nest(1)), depth > 150, depth < 250)
depth = 0
local function co() depth = depth + 1 return coroutine.resume(coroutine.create(co)) end
print(last(co()), depth > 150, depth < 250)
depth = 0
local function both() depth = depth + 1 return pcall(coroutine.wrap(both)) end
print((tostring(last(both())):gsub("^.*: ", "")), depth > 50, depth < 250)
depth = 0
local function wrapped() depth = depth + 1 return coroutine.wrap(wrapped)() end
local ok, e = pcall(wrapped)
print(ok, (e:gsub("^.*: ", "")), depth > 150, depth < 250)

-- and all is well afterwards
print(pcall(pcall, pcall, error, "fine"))
print(xpcall(rec, function(m) return "handled " .. type(m) end, 1) == false)
print(coroutine.wrap(function() return "fine" end)())
