-- A local variable and the closures over it are one variable, whatever fails below pcall and xpcall.
local function fail() error("x") end
local function handler(e) return e end
local function each(f)
  f("pcall", function(g) return (pcall(g)) end)
  f("xpcall", function(g) return (xpcall(g, handler)) end)
end

each(function(name, try)
  local n = 1
  local get, set = function() return n end, function(v) n = v end
  try(fail)
  n = 2
  print(name, n, get())
  set(3)
  print(name, n, get())
  try(function() n = n + 1 error("y") end)
  print(name, n, get())
  try(function() try(function() n = n + 1 fail() end) n = n + 1 fail() end)
  n = n + 1
  print(name, n, get())
end)

-- closures made below keep their values
each(function(name, try)
  local kept = {}
  try(function()
    for i = 1, 3 do
      local x = i * 10
      kept[i] = function(d) x = x + (d or 0) return x end
    end
    local y = 7
    kept[4] = function() y = y + 1 return y end
    y = 8
    fail()
  end)
  print(name, kept[1](), kept[2](5), kept[2](), kept[3](), kept[4](), kept[4]())
  local a, b, c, d, e = 1, 2, 3, 4, 5 -- other use of the registers
  print(name, kept[1](), kept[2](), kept[4](), a + b + c + d + e)
end)

-- two closures share a variable of the failed call
each(function(name, try)
  local inc, get
  try(function()
    local n = 0
    inc, get = function() n = n + 1 end, function() return n end
    inc()
    try(fail)
    inc()
    n = n + 10
    fail()
  end)
  inc()
  print(name, get())
end)

-- a loop variable, an error in a called function, an error in a handler, in a metamethod, in a comparator
each(function(name, try)
  local fs = {}
  for i = 1, 3 do
    local j = i
    fs[i] = function() j = j + i return j end
    try(fail)
    j = j * 100
  end
  print(name, fs[1](), fs[2](), fs[3](), fs[3]())
  local n = 0
  local get = function() return n end
  xpcall(fail, function() n = 5 error("z") end)
  print(name, n, get())
  local t = setmetatable({}, {__index = function() n = n + 1 error("m") end, __add = function() n = n + 1 fail() end})
  try(function() return t.x end)
  try(function() return t + 1 end)
  n = n + 1
  print(name, n, get())
  try(function() table.sort({3, 2, 1}, function() n = n + 1 error("c") end) end)
  n = n + 1
  print(name, n == get())
end)

-- an error that a coroutine ends with
local n = 1
local get = function() return n end
local co = coroutine.create(function() local k = n get2 = function() return k end n = n + 1 k = k + 5 error("c") end)
coroutine.resume(co)
n = n + 1
print(n, get(), get2())
print(pcall(coroutine.wrap(function() n = n + 1 error("w", 0) end)))
n = n + 1
print(n, get())

-- variables of the coroutine itself
print(coroutine.wrap(function()
  local n = 1
  local get = function() return n end
  pcall(fail)
  n = n + 1
  xpcall(fail, handler)
  n = n + 1
  return n, get()
end)())

-- a stack overflow
local fs = {}
local function rec(i)
  local x = i
  fs[i] = function() x = x + 1 return x end
  return 1 + rec(i + 1)
end
print((pcall(rec, 1)))
print(fs[1](), fs[5](), fs[5](), fs[50](), type(fs[#fs - 1]()))
