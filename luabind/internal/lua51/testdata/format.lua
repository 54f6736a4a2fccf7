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

local f = string.format
p(f) p(f, nil) p(f, 5) p(f, "") p(f, "100%%") p(f, "%d%%", 5) p(f, "x", 1, 2)
p(f, "%d") p(f, "%d", "x") p(f, "%d", {}) p(f, "%y", 1) p(f, "%", 1) p(f, "%") p(f, "%10") p(f, "%s") p(f, "%q") p(f, "%q", {}) p(f, "%5%")
p(f, "%F", 1) p(f, "%p", 1) p(f, "%a", 1) p(f, "%l", 1) p(f, "%*d", 1, 2)
p(f, "%123d", 1) p(f, "%.123f", 1) p(f, "%-+ #0-d", 1) p(f, "%-+ #0d", 1) p(f, "%99.99f", 1 / 3)
p(f, "%.2f", "12.5") p(f, "%g %d %x", "1e2", "0x10", " 255 ") p(f, "%s %s", 12, 0.5) p(f, "%5.1s|%-5s|%.0s|%05s|", "abc", "x", "abc", "x")
p(f, "%q", "a\0b\n\r\"\\\t\255") p(f, "%q", 5) p(f, "%5q", "x") p(f, "%q", "1\r2\0003")
p(f, "%c%c", 256 + 65, 66) p(f, "%5c|%-5c|", 65, 66) p(f, "%i %u", 42, 3000000000)
p(f, "%x %X %o", -1, -255, -1) p(f, "%x %x %u", 3.9, -3.9, -1) p(f, "%x %x", 2 ^ 53, 2 ^ 63)
p(f, "%d %d %d", 3.7, -3.7, -2 ^ 63) p(f, "%5d|%-5d|%05d|%+d|% d|%.3d|%.0d|", 3, 3, -3, 5, 5, 5, 0)
p(f, "%+.3d|%+5.3d|% 5.3i|%-6.3d|%06.3d|%+05d|%-05d|", 7, 7, 7, 7, 7, 7, 7)
p(f, "%#.3x|%#06x|%#X|%#x|%#o|%#o|%#.0o|%#.3o", 255, 255, 255, 0, 8, 0, 0, 8)
p(f, "%e %E %g %G %f", 12345.678, 1e10, 1e-10, 1e-10, 1e15) p(f, "%.0f %.0f %.0f %.0e %.0g", 0.5, 1.5, 2.5, 15, 15)
p(f, "%#.0f %#.0e %#g %#g %#.3g %#G", 1, 1, 1, 1e20, 0.0001, 1e-5) p(f, "%010.3f|%-10.2e|%+g|% g|", 3.14159, 3.14159, 1, 1)
p(f, "%g %g %g %g %g %g", 100000, 1000000, 0.0001, 0.00001, 123456789, 0) p(f, "%.20g %.17g %.1g", 0.1, 0.1, 0.15)
p(f, "%g %e %f %5g|%05g|%-5g|%+g", 1 / 0, 1 / 0, -1 / 0, 1 / 0, 1 / 0, 1 / 0, 1 / 0) p(f, "%G %E", 1 / 0, -1 / 0) p(f, "%g %d", -0.0, -0.5)
local seed = 42
local function random() seed = (seed * 16807) % 2147483647 return seed end
local formats = {"%g", "%.3g", "%#.5g", "%.10g", "%.14g", "%.17g", "%e", "%.0e", "%f", "%.3f", "%+12.4f", "%-12.2e|", "%010.1f", "%#.0f", "%.25g", "%.30f"}
for i = 1, 300 do
	local x = (random() - 1e9) * 10 ^ (random() % 30 - 15)
	if i % 5 == 0 then x = math.floor(x) end
	print(f(formats[random() % #formats + 1], x))
end
local flags = {"", "-", "+", " ", "#", "0", "-+", "+0", " 0", "#0", "-#"}
for i = 1, 300 do
	local spec = "%" .. flags[random() % #flags + 1] .. random() % 12
	if i % 2 == 0 then spec = spec .. "." .. random() % 8 end
	spec = spec .. ("diuxXoeEfgGs"):sub(random() % 12 + 1):sub(1, 1)
	print(spec, f(spec .. "|", random() % 2000 - (spec:find("[uxXo]") and 0 or 1000)))
end
