-- Loops that begin with a jump, which gopher-lua's compiler sends astray.
local count = 0
local function tick(most)
  count = count + 1
  if count > (most or 50) then error("endless") end
end

for _ in pairs{1, 2} do while true do break end count = count + 1 end print(count) count = 0
for _ in pairs{1} do
  while true do local x break end
  if count then count = count + 1 end
end
for _ in pairs{1} do while true do break end count = count + 1 end
print(count) count = 0
for k in pairs{a = 1} do break end
while true do break end
while true do do end do break end end
while true do while true do break end tick() if count == 3 then break end end print(count) count = 0
while true do repeat tick() break until false if count == 4 then break end end print(count) count = 0
repeat until true
repeat while true do break end tick() until count == 3 print(count) count = 0
while false do tick() end
while nil do tick() end
while false or count < 3 do tick() end print(count) count = 0
while true and count < 3 do tick() end print(count) count = 0
while not false do if count == 2 then break end tick() end print(count) count = 0
while not not true do break end
while 1 do if count == 2 then break else tick() end end print(count) count = 0
while (nil or true) and count < 2 do while true do break end tick() end print(count) count = 0
-- conditions and values that the compiler knows, at the beginning of a loop
for _ in pairs{1} do if 1 then count = count + 1 end while true do break end end print(count) count = 0
for _ in pairs{1, 2} do if true then while true do break end end count = count + 1 end print(count) count = 0
for _ in pairs{1, 2} do if not nil then else tick() end count = count + 1 end print(count) count = 0
for _ in pairs{1, 2} do if "x" and count then tick() end end print(count) count = 0
for _ in pairs{1, 2} do if nil or count then tick() end end print(count) count = 0
for _ in pairs{1, 2} do if false then tick() end if true then tick() end end print(count) count = 0
for _ in pairs{1, 2} do local x = true and 1 tick() end print(count) count = 0
for _ in pairs{1, 2} do local x = nil or count tick() end print(count) count = 0
for _ in pairs{1, 2} do local x = not true and count tick() end print(count) count = 0
for _ in pairs{1, 2} do local x = not (not nil or count) tick() end print(count) count = 0
for _ in pairs{1, 2} do count = (1 and count) + 1 end print(count) count = 0
for _ in pairs{1, 2} do local x = (nil and 1) == (2 or 3) tick() end print(count) count = 0
repeat local x = false or 1 tick() until x and count > 2 print(count) count = 0
while count < 2 do if not count then break end tick() end print(count) count = 0
while count < 2 do local x = count and 1 or 2 tick(x + 5) end print(count) count = 0
local made = {}
for _, v in ipairs{1, 2} do
  while true do
    local kept = v
    made[#made + 1] = function() return kept end
    break
  end
  local after = v * 10
  made[#made + 1] = function() after = after + 1 return after end
end
for _, f in ipairs(made) do io.write(f(), " ") end print()
local function f(...) for _ in pairs{...} do while true do break end local a, b = ... return a, b end end
print(f(1, 2, 3))
local co = coroutine.wrap(function() for _, v in ipairs{1, 2} do while true do break end coroutine.yield(v) end return "end" end)
print(co(), co(), co())
