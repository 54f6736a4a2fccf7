-- The coroutine library: states, errors, arguments and results.
local create, resume, status, wrap, yield = coroutine.create, coroutine.resume, coroutine.status, coroutine.wrap, coroutine.yield
print(resume(create(function() end)))
print(select("#", resume(create(function() yield() end))))
print(select("#", resume(create(function() yield(nil, nil) end))))

-- fewer and more values than wanted
local co = create(function(a, b, ...)
  print("start", a, b, select("#", ...))
  local c, d, e = yield(1, 2)
  print(c, d, e)
  c, d = yield()
  print(c, d)
  print("all", yield("last"))
  return yield("tail call")
end)
print(resume(co, "a"))
print(resume(co, "only"))
print(resume(co, 1, 2, 3))
print(resume(co, 1, nil, nil))
print(status(co), resume(co, "x", "y"))
print(status(co), resume(co))

-- tail calls of yield, and deep ones
co = wrap(function(x) return yield(x) end)
print(co(1), co(2))
local function loop(n) if n == 0 then return "done" end yield(n) return loop(n - 1) end
co = wrap(loop)
print(co(3), co(), co(), co())
local function down(n) if n == 0 then return yield("bottom") end return (down(n - 1)) end
co = wrap(down)
print(co(50), co("up"))
co = wrap(function(f, ...) return f(...) end)
print(co(yield, 1, 2))
print(co(3))
co = wrap(function() local t = {yield(1), yield(2), yield(3)} return #t, unpack(t) end)
print(co(), co("a"), co("b"), co("c"))
co = wrap(function() return yield(1) + yield(2) * yield(3) end)
print(co(), co(2), co(3), co(4))

-- states
co = create(function(self)
  print("inside", status(self), coroutine.running() == self)
  local inner = create(function() print("from inner", status(self)) print(resume(self)) end)
  print(resume(inner))
  print(status(inner), status(self))
end)
print(status(co), resume(co, co))
print(status(co), coroutine.running())
co = create(function() return resume(co) end)
print(resume(co))
print(resume(co))
local a, b
a = create(function() return resume(b) end)
b = create(function() return resume(a) end)
print(resume(a))
print(status(a), status(b))
local main = create(function() return "not the main thread" end)
print(resume(main))

-- errors
co = create(function() error("boom") end)
print(resume(co))
print(status(co), resume(co))
local t = {}
co = wrap(function() error(t) end)
print(select(2, pcall(co)) == t)
co = wrap(function() error("boom") end)
print(pcall(function() co() end)) -- a string gets the position of the call too
print(pcall(function() co() end))
co = wrap(function() error(7, 0) end)
print(pcall(function() co() end))
co = wrap(function() error() end)
print(pcall(co))
print(coroutine.running())
local outer = create(function(self)
  local inner = wrap(function() error("inner", 0) end)
  print(pcall(inner))
  print(coroutine.running() == self, status(self))
  yield("still a coroutine")
  inner = wrap(function() error({}) end)
  return type(select(2, pcall(inner))), coroutine.running() == self
end)
print(resume(outer, outer))
print(resume(outer))

-- generators and loops
local function range(n) return wrap(function() for i = 1, n do yield(i, i * i) end end) end
for i, sq in range(4) do io.write(i, ":", sq, " ") end
print()
local function walk(t) if type(t) ~= "table" then yield(t) else for _, v in ipairs(t) do walk(v) end end end
for v in wrap(function() walk{1, {2, {3, {4}}, 5}} end) do io.write(v, " ") end
print()
local function filter(p, g) return wrap(function() for n in g do if n % p ~= 0 then yield(n) end end end) end
local g, primes = wrap(function() for i = 2, 60 do yield(i) end end), {}
while true do
  local n = g()
  if not n then break end
  primes[#primes + 1] = n
  g = filter(n, g)
end
print(unpack(primes))

-- variables over a yield
local function counter()
  local n = 0
  return wrap(function() while true do n = n + 1 yield(n) end end), function(d) n = n + d return n end
end
local tick, add = counter()
print(tick(), tick(), add(10), tick(), add(1), tick())
