-- What the interpreter itself refuses, with the name of the variable at fault.
local function try(...)
  for i = 1, select("#", ...) do
    print(i, select(2, pcall((select(i, ...)))))
  end
end

local up, t, s = nil, {list = {}}, "text"

-- indexing
try(function() return missing.name end,
  function() local x return x.name end,
  function() return up.name end,
  function() return t.a.b end,
  function() return t[1].b end,
  function() return t["a"]["b"] end,
  function() return t.list[2].name end,
  function() local i = 1 return t[i].name end,
  function() missing.name = 1 end,
  function() local x x.name = 1 end,
  function() up[1] = 1 end,
  function() t.a.b = 1 end,
  function() return (1).x end,
  function() return (true).x end,
  function() return ({}).a.b end,
  function() return print.x.y end,
  function() return s.upper.x.y end,
  function() return missing:name() end,
  function() return t.a:name() end,
  function() return f().x end,
  function() local x = 5 return x.y.z end,
  function() return (up or missing).x end,
  function() local a, b, c = 1 return c.x end,
  function() local a if t then a = up end return a.x end,
  function() for i = 1, 2 do local n = up local m = n.x end end,
  function() for k, v in pairs(t) do local m = v.x.y end end,
  function() local g = function() return up, t end return g.x.y end,
  function(...) local a = ... return a.x end)

-- calling
try(function() missing() end,
  function() local x x() end,
  function() up() end,
  function() t.f() end,
  function() t:f() end,
  function() s:nope() end,
  function() t.list.f(1, 2) end,
  function() t[1]() end,
  function() return missing() end,
  function() return t:f() end,
  function() (1)() end,
  function() ("x")() end,
  function() t() end,
  function() t.list() end,
  function() for k in missing do end end,
  function() for k in 5 do end end,
  function() local x = t.f or up x() end,
  function() print(missing()) end,
  function() return 1 + t.f() end)

-- arithmetic, length, concatenation
try(function() return 1 + missing end,
  function() return missing + 1 end,
  function() return up * 2 end,
  function() return t.a - 1 end,
  function() local x = {} return x / 2 end,
  function() local x = {} return 2 % x end,
  function() return -missing end,
  function() return -t end,
  function() return -s end,
  function() return s + 1 end,
  function() return 1 + s end,
  function() return s * t end,
  function() return "10" + t end,
  function() return t ^ "10" end,
  function() return "x" + "y" end,
  function() return #missing end,
  function() return #t.a end,
  function() local n = 5 return #n end,
  function() return "a" .. missing end,
  function() return missing .. "a" end,
  function() return "a" .. t .. "b" end,
  function() return t .. "b" .. s end,
  function() return "a" .. s .. t.a end,
  function() return 1 .. up .. 2 end,
  function() local a, b = "x" return a .. b .. "z" end,
  function() return up + missing end,
  function() return t.x + t.y end)

-- comparing, loops, keys
try(function() return 1 < "x" end,
  function() return {} < {} end,
  function() return nil < 1 end,
  function() return 1 > nil end,
  function() return up <= up end,
  function() return print >= print end,
  function() return true < false end,
  function() for i = up, 2 do end end,
  function() for i = 1, missing do end end,
  function() for i = 1, 2, {} do end end,
  function() t[nil] = 1 end,
  function() t[0 / 0] = 1 end)

-- local variables whose registers were others before
try(function() do local a = 1 end local b return b.x end,
  function() for i = 1, 2 do local q = i end local b = up return b.x end,
  function() if t then local a = 1 end return missing.x end,
  function() if t then local a, b = 1, 2 end t.f() end,
  function() for k in pairs({1}) do end local user = t.nobody print(user.name) end,
  function() do local a, b = 1, 2 end local c = t.list local d = c.none d() end,
  function(p) do local a end do local b end return p.x end,
  function() while true do local z = up if not z then break end end local w w.k = 1 end,
  function() local a do local b = {} b.x = 1 end do local c return c.x end end,
  function() local a do local b = {} end a.b = 1 end,
  function() repeat local done = true until done local e = -1 return #e end,
  function() do local a = 1 end local function g() return up.x end g() end,
  function() local o = {} function o:m() do local x end local y return y.z end o:m() end,
  function(...) do local a = ... end local n, m = ... return n + m.x end,
  function() for i = 1, 1 do local f = function() do local a = 1 end local b = i return b.x.y end f() end end,
  function() if t then local a = 1 end
    missing.x.y = 1
  end,
  function()
    do
      local a = 1
    end
    local user =
      t.nobody
    return user.name
  end)

-- through metatables
local odd = setmetatable({}, {__index = 5, __newindex = 5})
try(function() return odd.name end,
  function() odd.name = 1 end,
  function() odd() end,
  function() return odd .. 1 end,
  function() return odd < odd end)

-- in coroutines, with handlers, and in tail position
print(coroutine.resume(coroutine.create(function() return missing.name end)))
print(coroutine.resume(coroutine.create(function() local ok, e = pcall(function() return t.a.b end) error(e, 0) end)))
print(pcall(coroutine.wrap(function() t:f() end)))
print(xpcall(function() return missing.name end, function(e) return "handled: " .. e end))
print(coroutine.wrap(function() return xpcall(function() t.f() end, function(e) return "handled: " .. e end) end)())
print(pcall(function() return pcall(missing) end))
print(pcall(missing))
print(pcall(error, "attempt to call a non-function object"))
print(pcall(function() error("attempt to index a non-table object(nil) with key 'x'") end))
