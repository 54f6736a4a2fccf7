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

p(string.find,"abc","",10) p(string.find,"abc","",4) p(string.find,"abc","",-10) p(string.find,"","") p(string.find,"abc","b",1,true) p(string.find,"a.c",".",2,true) p(string.find,"abc","b",-1) p(string.find,"","",1,true) p(string.find,"abc","",4,true) p(string.find,"abc","",5,true) p(string.find,"abc","x",10) p(string.find,"abc","$",10)
p(string.find,"abc","%") p(string.find,"abc","[a") p(string.find,"abc","[]") p(string.find,"abc","[^]") p(string.find,"abc","(a") p(string.find,"abc","a)") p(string.find,"abc","%1") p(string.find,"abc","(a)%1") p(string.find,"abc","%b") p(string.find,"abc","%bx") p(string.find,"abc","%f") p(string.find,"abc","%fa") p(string.find,"THE (quick) fox","%f[%a]%a+",5) p(string.find,"abc","[%") p(string.find,"abc","[%]") p(string.find,"abc","[a-") p(string.find,"abc","[a-%") p(string.find,"abc", "(()") p(string.find,"abc",("()"):rep(33)) p(string.find,"abc",("()"):rep(32)) p(string.find,"abc", "%0") p(string.find,"abc","(%1)") p(string.find, "abc", "%9")
p(string.gsub,"hello","","-") p(string.gsub,"hello","l","L",1) p(string.gsub,"hello","l","%0%0") p(string.gsub,"hello","(l)","%1%1") p(string.gsub,"hello","l","%1") p(string.gsub,"hello","l","%2") p(string.gsub,"hello","l","%%") p(string.gsub,"hello","l","%a") p(string.gsub,"hello","()l","%1") p(string.gsub,"hello","l",{l=1}) p(string.gsub,"hello","l",{l=true}) p(string.gsub,"hello","l",{l=false}) p(string.gsub,"hello","l",function() return {} end) p(string.gsub,"hello","l",function() end) p(string.gsub,"hello","l",function() return false end) p(string.gsub,"hello","l",function() return 5 end) p(string.gsub,"hello","l",function() return true end) p(string.gsub,"hello","l",5) p(string.gsub,"hello","l",nil) p(string.gsub,"hello","l",true) p(string.gsub,"hello","l") p(string.gsub,"hello","^h","x") p(string.gsub,"hhh","^h","x") p(string.gsub,"abc","%w","%0%0",0) p(string.gsub,"abc","%w","%0%0",-1) p(string.gsub,"abc def","%f[%w]%w+","<%0>") p(string.gsub,"abc","b*","-") p(string.gsub,"","","x") p(string.gsub,"abc","$","x") p(string.gsub,"THE (quick) fox","%f[%a]%a+%f[%A]","X") p(string.gsub,"a.b","%.","%%") p(string.gsub,"abc","(a)(b)(c)","%3%2%1%0") p(string.gsub,"abc",".",setmetatable({},{__index=function(t,k) return k..k end})) p(string.gsub, "abc", "a", "%1", "2") p(string.gsub, "x", "x", "%10") p(string.gsub,"abc","a","x",1.9) p(string.gsub,"hello","x","%9") p(string.gsub)
p(string.gsub,"a","a",function(...) print(select("#",...),...) end)
local function g(s,pt) local r={} for a,b in string.gmatch(s,pt) do r[#r+1]="<"..tostring(a)..","..tostring(b)..">" if #r>10 then break end end print(table.concat(r)) end
g("a b c","%a") g("abc","^a") g("^a^a","^a") g("k=v, a=b","(%w+)=(%w+)") g("abc","") g("","") g("abc","()") g("aXb","%f[%u]") g("abc","b*") 
p(string.gmatch) p(string.gmatch, "x")
local f=string.gmatch("abc","[") p(f) print(string.gfind == string.gmatch)
p(function() for k in string.gmatch("abc","%1") do end end)
p(string.find,1234,23) p(string.find,{},"x") p(string.find,"x") p(string.find,"x",nil) p(string.find,"a","a","x") p(string.find,"a+b","+",1,false) p(string.find,"a+b","+",1,nil) p(string.find, "ab", "b", nil) p(string.match,"a","a",nil)
local s=("a"):rep(2000) p(function() return #s:match("^(.-)$") end) p(function() return #s:match("^(.*)$") end) p(function() return (s:find(".-b")) end)
p(string.match,"x",("a*"):rep(100))
p(string.find,"a","%g") p(string.match,"ag","%g") p(string.match,"a","%y") p(string.match,"é","%a") p(string.match,"\200","%W") p(string.match,"é",".")
p(string.match," \t\n\v\f\r","^%s+$") p(string.match,"a_b","%w+") p(string.match,"\127","%c") p(string.match,"!","%p") p(string.match,"fF9","%x+") p(string.match,"g","%X") p(string.match,"a","%L") p(string.match, "x", "[%a%d]") p(string.match,"5", "[^%a]")
print(("x"):rep(3), ("%d"):rep(2)) print(pcall(function() return ("x"):rep() end)) print(pcall(function() return ("%d"):format() end)) print(pcall(function() local s="x" return s:rep({}) end)) print(pcall(function() local s="x" return s.rep() end)) print(pcall(function() string.rep() end))
p(string.gsub, "a\0b", "[%z]b", "c") p(string.match, "a\0b", "a.(b)") p(string.gsub, "a\0b", "%z", "0")
local long = ("x"):rep(1.2e6) print(#long:match("^(.*)$"), long:find("x-$"), #long:gsub("x", "yy"), select(2, long:gsub(".", "%0")))
local seed = 7
local function random(n) seed = (seed * 16807) % 2147483647 return seed % n + 1 end
local items = {"a", "b", ".", "%a", "%d", "%A", "[ab]", "[^a]", "[a-c]", "(", ")", "()", "*", "+", "-", "?", "$", "^", "%1", "%b()", "%f[a]", "[%w_]", "%.", "%"}
local letters = {"a", "b", "c", "(", ")", ".", "1", " ", "ab"}
local function some(from, n) local r = {} for i = 1, random(n) do r[i] = from[random(#from)] end return table.concat(r) end
for _ = 1, 400 do
	local s, pattern = some(letters, 12), some(items, 6)
	io.write(pattern, " : ", s, " ") p(string.find, s, pattern) io.write("  ") p(string.match, s, pattern, 2) io.write("  ") p(string.gsub, s, pattern, "<%1>", 3)
	local n = 0
	p(function() for a, b in s:gmatch(pattern) do n = n + 1 io.write("[", tostring(a), " ", tostring(b), "]") end return n end)
end
