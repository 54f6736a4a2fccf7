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

p(string.char, 256) p(string.char, -1) p(string.char, "x") p(string.char) p(string.char, 65, "66") p(string.char, 65.9)
p(string.rep, "x", -1) p(string.rep, "x", 0) p(string.rep, "", 1e9) p(string.rep, "ab", 3) p(string.rep) p(string.rep, "x") p(string.rep, "x", 2.7) p(string.rep, 1, "2")
print(("\195\160\195\137xY["):upper() == "\195\160\195\137XY[", ("\195\128xY@"):lower() == "\195\128xy@", ("abc"):lower(), ("ABC"):upper(), (""):upper(), ("a1Z"):upper())
for _, a in ipairs{{}, {0}, {-1}, {10}, {1, -1}, {2, 10}, {-10, 10}, {0, 2}, {3, 2}, {"2"}, {-2, -2}} do p(string.byte, "abc", unpack(a)) end
p(string.byte, "", 1) p(string.byte, "abc", nil) p(string.byte, "abc", 1, nil) p(string.byte, "\255\0", 1, 2)
for _, a in ipairs{{2}, {-3}, {-3, -2}, {0}, {10}, {2, 1}, {-100, 100}, {"2", "3"}, {2.5}, {1, 0}, {5, 5}, {6}, {1, -1}, {1, -6}, {3, nil}} do p(string.sub, "hello", unpack(a)) end
p(string.sub, "hello") p(string.sub) p(string.len) p(string.len, 5) p(string.reverse, "abc") p(string.reverse, 12) p(string.upper, nil) p(string.lower, {})
for _, directive in ipairs{"a", "A", "b", "B", "c", "d", "H", "I", "j", "m", "M", "p", "S", "U", "w", "W", "x", "X", "y", "Y", "Z", "%", "D", "e", "F", "g", "G", "h", "r", "R", "T", "u", "V", "z", "C", "s", "k", "l", "P", "Q", "E"} do
	local r = {}
	for _, t in ipairs{0, 1709210096, 1735603200, -5, 1e11, 1.9, -1e9, 1704067200, 1672531200, 1483228800 + 86400 * 7, 951782400} do r[#r + 1] = os.date("!%" .. directive, t) end
	print(directive, table.concat(r, "|"))
end
p(os.date, "!%", 0) p(os.date, "!", 0) p(os.date, "!!%H", 0) p(os.date, "!*tfoo", 0) p(os.date, "*t", "x") p(os.date, 5, 5) p(os.date, "*t", 1e300) p(os.date, "!a%nb%tc", "60") p(os.date, "!%H:%M", "3600")
local d = os.date("!*t", 1709210096) print(d.year, d.month, d.day, d.hour, d.min, d.sec, d.wday, d.yday, d.isdst) print(os.date("!*t", 1735603200).yday, os.date("*t").isdst ~= nil)
p(os.time, {}) p(os.time, {year = 2024}) p(os.time, {year = 2024, month = 1}) p(os.time, {year = "2024", month = "x", day = 1}) p(os.time, 5) p(os.time, {year = 2024, month = {}, day = 1})
local function at(t) print(os.date("%Y-%m-%d %H:%M:%S", os.time(t))) end
at{year = 2024, month = 1, day = 1} at{year = 2024, month = 14, day = -3, hour = 30} at{year = 2024, month = 1, day = 1, hour = "5"} at{year = "2024", month = "02", day = "30", min = -1} at{year = 2024, month = 0, day = 0, sec = 3600} at{year = 2024, month = 1, day = 1.5} at(setmetatable({}, {__index = {year = 2023, month = 5, day = 6}})) at(os.date("*t", 1709210096 - 1709210096 % 60))
print(os.time{year = 2024, month = 1, day = 2, hour = 0} - os.time{year = 2024, month = 1, day = 1, hour = 0}, type(os.time()), os.time() - os.time(nil) < 2, os.difftime(5, 3), os.difftime(5), os.difftime("7", "2"))
p(os.difftime)
