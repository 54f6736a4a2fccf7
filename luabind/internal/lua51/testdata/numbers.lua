-- The name of the function depends on how it was called; the last lines of patterns.lua look at that.
local function p(...)
	local results, n = {}, 0
	local function collect(...)
		n = select("#", ...)
		for i = 1, n do results[i] = (tostring((select(i, ...))):gsub("to '[^']*' %(", "to ? (")) end
	end
	collect(pcall(...))
	print(table.concat(results, "  "))
end

for _, s in ipairs{"1e3", "1E3", "1e-2", "0x10", " 12 ", "1e", "", "0x", "0X1F", "1_000", "1.", ".5", ".", "-5", "+5", "- 5", "--5", "-0x10", "+0x10", "0x-1", "\t12\n\v\f\r", "010", "0b11", "0o7", "1e-400", "0x1.8", "0x1p4", "12abc", "5e+", "0xg", "1 2", "0x1e2", "123456789012", "e5", "1e5.5", "1..2", "-.5e1"} do
	p(tonumber, s)
end
for _, a in ipairs{{"10", 2}, {"zz", 36}, {"ff", 16}, {"0xff", 16}, {" 11 ", 2}, {"12", 2}, {"", 10}, {"7", 8}, {"8", 8}, {"1", 1}, {"1", 37}, {10, 2}, {"10", 2.5}, {"1e1", 10}, {"1e1", 16}, {"1.5", 10}, {12, 16}, {1.5, 16}, {{}, 16}, {"  z", 36}, {"z z", 36}, {"+5", 16}, {true, 10}, {"10", "16"}} do
	p(tonumber, a[1], a[2])
end
p(tonumber) p(tonumber, nil) p(tonumber, {}) p(tonumber, "5", nil) p(tonumber, true)
print("10" + 1, "1e3" * 2, "0x10" + 0, -"5", -"0x10", "010" + 1, 2 ^ "3", "7" % 4, "-7" % 4, " 12 " + 0, "10" / "4", "3" - "1")
for _, s in ipairs{"abc", "1_0", "", "1 2", "0b1"} do print((pcall(function() return s + 1 end)), (pcall(function() return -s end)), (pcall(function() return {} .. s end))) end
local t = setmetatable({}, {__add = function(a, b) return type(a) .. type(b) end})
print("5" + t, t + "5", "x" + t, (pcall(function() return "5" - t end)))
print(getmetatable("").__index == string, rawget(string, "__index"))
print(math.mod(-5, 3), math.fmod(-5, 3), math.floor("010"), math.max("10", 9), math.min("3", 2), math.log10(1000), math.log10(1e15), math.ldexp("2", 3), math.frexp(8))
print(math.abs("-0x10"), math.modf(-3.75), math.sqrt("16"), math.pow("2", 10), math.ceil(-0.5) == 0, math.huge == 1 / 0, -math.huge == -1 / 0, select(2, math.modf(1 / 0)))
p(math.max) p(math.floor, "x") p(math.floor) p(math.floor, nil) p(math.pow, 1)
p(math.random, 0) p(math.random, -5) p(math.random, 2, 1) p(math.random, 1, 2, 3) p(math.random, "x") p(math.random, 1) p(math.random, 7, 7) p(math.random, "3", "3")
math.randomseed(7) local a, b = math.random(1e6), math.random() math.randomseed(7) print(a == math.random(1e6), b == math.random(), a >= 1 and a <= 1e6 and a % 1 == 0, b >= 0 and b < 1)
for _ = 1, 1000 do local n = math.random(-3, 3) assert(n >= -3 and n <= 3 and n % 1 == 0) end
p(table.insert) p(table.insert, {}) p(table.insert, {}, 1, 2, 3) p(table.insert, {}, "x", 1) p(table.insert, nil, 1)
local function list(q, n) local r = {} for i = 0, n or 4 do r[#r + 1] = tostring(q[i]) end print(table.concat(r, " ")) end
local q = {1, 2, 3} table.insert(q, 2, "x") list(q) q = {1, 2, 3} table.insert(q, 4, "x") list(q) q = {1, 2} table.insert(q, "1", "y") list(q) q = {} table.insert(q, 1) list(q) q = {1, 2} table.insert(q, 0, "z") list(q) q = {} table.insert(q, 3, "x") list(q)
p(table.remove) p(table.remove, {}) p(table.remove, {1}, 5) p(table.remove, {1, 2, 3}, 1) p(table.remove, {1, 2}, nil) p(table.remove, {1, 2, 3}) p(table.remove, {1, 2, 3}, 0) p(table.remove, {1, 2, 3}, -1) p(table.remove, {1, 2}, "1") p(table.remove, {}, "x")
p(table.concat, {1, 2, 3}, ",", 2) p(table.concat, {}, ",") p(table.concat, {1, 2, 3}, "-", 1, 2) p(table.concat, {"a"}, "x", 2) p(table.concat, {1, 2}, ",", 1, 3) p(table.concat, {{}}) p(table.concat, {1, 2, 3}, ",", 3, 2) p(table.concat, {[0] = "z", "a"}, ",", 0, 1) p(table.concat, {1, 2}, 0) p(table.concat, {1}, {}) p(table.concat) p(table.concat, {"x", "y"}, nil, "2")
p(next, {}, "x") p(next, {1}, 2) p(next, {}) p(next) p(next, {a = 1}, "b") p(next, {1}, 5) p(next, {1}, 0) p(next, {1}, 1.5) p(next, {1, 2}, 1) p(next, {1, 2}, 2) p(next, {a = 1}, "a")
q = {} for i = 1, 20 do q[i] = i q["k" .. i] = i end local n = 0 for k in pairs(q) do q[k] = nil n = n + 1 end print(n, next(q))
q = {} for i = 1, 20 do q[i] = i q["k" .. i] = i end n = 0 local k = next(q) while k do q[k] = nil n = n + 1 k = next(q, k) end print(n, next(q))
print(type(collectgarbage("count")), collectgarbage(), collectgarbage("collect"), collectgarbage("stop"), collectgarbage("restart"), type(collectgarbage("step")), type(collectgarbage("setpause", 200)), type(collectgarbage("setstepmul", 200)))
p(collectgarbage, "x") p(collectgarbage, 5) p(collectgarbage, "count", "x")
p(select, -1, 1, 2, 3) p(select, 0, 1) p(select, -5, 1) p(select, "#") p(select, 5, 1) p(select, "2", "a", "b") p(select, "x") p(select)
p(unpack, {1, 2, 3}, 2) p(unpack, {1, 2}, 1, 3) p(unpack, {1, 2}, -1, 1) p(unpack, {}, 1, 1e8) p(unpack, {}, 1, 0) p(unpack, {1, 2}, "2") p(unpack)
