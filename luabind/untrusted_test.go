package luabind

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/authysh/authysh/authy"
	lua "github.com/yuin/gopher-lua"
)

// forPlugins are the attempts of the shared table that mean something in a plugin alone: what they look for is there for scripts.
var forPlugins = map[string]bool{"authy": true, "batch": true, "require authy": true, "arg": true, "os": true, "io": true, "require os": true, "require io": true,
	"environment of a coroutine": true,
}

// strangers are further attempts, of scripts that are not trusted.
var strangers = []struct{ name, code string }{
	{"os.getenv", `return rawget(os, "getenv") or rawget(os, "setenv")`},
	{"os.execute", `return rawget(os, "execute") and os.execute("true")`},
	{"os.exit", `return rawget(os, "exit") and os.exit(0)`},
	{"os.remove", `return rawget(os, "remove") or rawget(os, "rename") or rawget(os, "tmpname")`},
	{"io.open", `return rawget(io, "open") and io.open("/etc/passwd")`},
	{"io.popen", `return rawget(io, "popen") and io.popen("id")`},
	{"io.lines", `return rawget(io, "lines") and io.lines("/etc/passwd")`},
	{"io.read", `return rawget(io, "read") or rawget(io, "stdin") or rawget(io, "stderr") or rawget(io, "output")`},
	{"batch", `return rawget(_G, "batch") or require "batch"`},
	{"flow", `return rawget(_G, "flow") or require "flow"`},
	{"plugin", `return rawget(_G, "plugin") or require "plugin"`},
	{"second client", `return rawget(authy, "client") and authy.client{ key = "k", host = "http://127.0.0.1:1" }`},
	{"second client by try", `return rawget(authy.try, "client")`},
	{"second client by async", `return rawget(authy.async, "client")`},
	{"signature with the key", `return rawget(authy, "sign_callback") or rawget(authy.try, "sign_callback") or rawget(authy.async, "sign_callback")`},
	{"key of the client", `return rawget(authy, "key") or rawget(authy, "Key")`},
	{"metatable of authy", `local mt = getmetatable(authy) for _, v in pairs(mt) do if type(v) == "userdata" then return v end end`},
	{"metatable of a result", `local mt = getmetatable(authy.request_sms{ authy_id = 1635 }) for _, v in pairs(mt) do if type(v) == "userdata" then return v end end`},
	{"Go error of an API error", `local _, err = authy.try.delete_user{ authy_id = 1 } local mt = getmetatable(err) return type(mt) == "table" and mt.error`},
	{"key in errors", `for _, f in pairs(authy) do if type(f) == "function" then local _, e = pcall(f, {}) if tostring(e):find("the%-secret") then return e end end end`},
	{"methods of tasks", `local t = task.spawn(print) local mt = getmetatable(t) return type(mt) == "table" and mt`},
	{"context of a task", `local t = task.spawn(print) return t.ctx or t.context or t.cancel_cause or t.thread`},
	{"threads of tasks", `local co = task.spawn(function() return coroutine.running() end):await() return co and coroutine.resume(co) and "resumed"`},
	{"guards", `return rawget(_G, "(join)") or rawget(_G, "(store)") or rawget(_G, "(spread)")`},
	{"guard as an upvalue", `local f = function(...) return ... end return pcall(f, 1) and select(2, pcall(f))`},
	{"binary chunk", `return require "binary"`},
	{"file outside of files", `return require "..outside"`},
	{"file by slashes", `return require "lib/../../outside"`},
	{"absolute file", `return require "/etc/passwd"`},
	{"file of the working directory", `return require "limits_test" or require "testdata.forever"`},
	{"module of another kind", `return require "lua51" or require "[lua51]"`},
	{"package by the registry", `return require "package" or require "_LOADED"`},
	{"time zones as files", `return time.format(0, nil, "../../../etc/passwd")`},
	{"time zones as files, absolute", `return time.format(0, nil, "/etc/passwd")`},
	{"csv.open", `return csv.open("/etc/passwd")`},
	{"csv.create", `return csv.create("/tmp/x")`},
	{"csv standard input", `return csv.open("-")`},
	{"environment of require", `return require "env_of" ~= _G and "another environment"`},
	{"globals of a file", `require "sets" return rawget(_G, "os").getenv`},
	{"limits by coroutines", `local co = coroutine.create(function() return getfenv or debug end) return select(2, coroutine.resume(co))`},
	{"tostring of a module", `local text = tostring(authy) .. tostring(json.null) return text:find("secret") and text`},
	{"Lua in a sort", `local t = { 3, 1, 2 } table.sort(t, function(a, b) return (debug or os.execute)(a, b) end) return t`},
	{"__gc", `setmetatable({}, { __gc = function() owned = true end }) return rawget(_G, "owned")`},
	{"__metatable of the strings", `getmetatable("").__metatable = "mine" return getmetatable("") ~= "mine" and getmetatable("")`},
	{"poison of the string metatable", `getmetatable("").__add = function() return "owned" end getmetatable("").__index = nil return "contained"`},
	{"poison of _G", `for k in pairs(_G) do if k ~= "print" and k ~= "_G" then _G[k] = nil end end return "contained"`},
	{"poison of tostring in authy", `tostring, pairs, error = nil authy.request_sms{ authy_id = 1635 } return "contained"`},
	{"own require", `local r = require require = nil return r("os2")`},
	{"xpcall handlers", `return select(2, xpcall(function() authy.delete_user{ authy_id = 1 } end, function(e) return getmetatable(e).error or getmetatable(e) ~= "authy.error" end))`},
	{"userdata forged", `return pcall(getmetatable(task.spawn(print)).__index.await, json.null) and "awaited null"`},
}

func newStranger(t testing.TB, limits Limits, options ...Option) *limitBench {
	files := fstest.MapFS{}
	for name, text := range map[string]string{
		"lib/init.lua": `return { twice = function(x) return x .. x end }`, "binary.lua": "\x1bLuaQ", "env_of.lua": `return _G`,
		"sets.lua": `os = os or { getenv = true }`, "loop.lua": `while true do end`, "a.lua": `return require "b"`, "b.lua": `return require "a"`,
	} {
		files[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return newLimitBench(t, append([]Option{Untrusted(), Limit(limits), Files(files)}, options...)...)
}

// TestUntrustedEscapes runs the attempts of plugins and those of scripts.
func TestUntrustedEscapes(t *testing.T) {
	t.Parallel()
	attempts := strangers
	for _, e := range escapes {
		if !forPlugins[e.name] && !strings.Contains(e.code, "call.") && !strings.Contains(e.code, "(call") && !strings.Contains(e.code, "ctx.") {
			attempts = append(attempts, e)
		}
	}
	if len(attempts) < 60 {
		t.Errorf("only %d attempts", len(attempts))
	}
	for _, e := range attempts {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			b := newStranger(t, Limits{Time: 5 * time.Second})
			got, err := b.run(t, `local write, kind, text, try = io.write, type, tostring, pcall
				local ok, got = try(function() `+e.code+` end)
				write(ok and (kind(got) == "table" and "a table" or got ~= nil and got ~= false and text(got)) or "")`)
			if err != nil || got != "" && got != "contained" {
				t.Errorf("escaped with %q, %v", got, err)
			}
		})
	}
}

// TestUntrustedWorks uses what scripts are given.
func TestUntrustedWorks(t *testing.T) {
	t.Parallel()
	b := newStranger(t, Limits{})
	for _, test := range []luaTest{
		{"operation", `print(authy.request_sms{ authy_id = 1635 }.success)`, "true"},
		{"task", `print(authy.async.request_sms{ authy_id = 1635 }:await().success)`, "true"},
		{"map", `print(table.concat(task.map({ 1, 2, 3 }, function(x) task.sleep(0.001) return x * 2 end), " "))`, "2 4 6"},
		{"modules", `print(json.encode(json.decode('{"a":[1]}')), csv.parse("a,b\n1,2")[1].b, require "json" == json)`, `{"a":[1]}	2	true`},
		{"files", `print(require "lib".twice("ab"), require "lib" == require "lib")`, "abab\ttrue"},
		{"cycle", `print(pcall(require, "a"))`, "false\tb.lua:1: module a requires itself: a requires b requires a"},
		{"write", `io.write("a", 1, "\n")`, "a1"},
		{"times", `print(type(os.time()), os.date("!%Y", 0), os.difftime(2, 1), type(os.clock()))`, "number\t1970\t1\tnumber"},
		{"lists", `local t = {} for i = 1, 1e4 do t[i] = i end table.sort(t, function(a, b) return a > b end) print(t[1], #t, select("#", unpack(t)))`, "10000\t10000\t10000"},
		{"sort", `local t = { "c", "a", "b" } table.sort(t) print(table.concat(t))  print(pcall(table.sort, { 1, "a" }))`, "abc\nfalse\tattempt to compare string with number"},
		{"varargs", `local function f(...) local a, b = ... return select("#", ...), a, b, (...), { ... } end local n, a, b, c, d = f(1, nil, 3) print(n, a, b, c, #d, d[3])`, "3\t1\tnil\t1\t3\t3"},
		{"varargs in calls", `local function f(...) return ... end print(f(1, 2), f(3, 4), (f(5, 6)))`, "1\t3\t5"},
		{"arg", `print(arg[0], #arg, arg == _G.arg)`, "test.lua\t0\ttrue"},
		{"arguments of the chunk", `print(select("#", ...), ...)`, "0\t"},
		{"coroutines", `local f = coroutine.wrap(function(...) local x = coroutine.yield(...) return x end) print(f(1, 2)) print(f(3))`, "1\t2\n3"},
		{"parts of texts", `local s = ("ab"):rep(100) print(s:sub(2, 3), #s:gsub("a", "%0%0"), s:match("(a)(b)"))  for w in s:gmatch("ba") do print(w) break end`, "ba\t300\ta\tb\nba"},
		{"misspelt", `print(pcall(function() return json.encod end))`, "false\ttest.lua:1: json has no encod, did you mean json.encode?"},
		{"no such module", `print(pcall(require, "jsn"))`, `false	no module "jsn", did you mean "json"?`},
		{"globals last", `kept = 5`, ""},
		{"globals have lasted", `print(kept)`, "5"},
		{"compile error", `x = = 1`, "error"},
	} {
		got, err := b.run(t, test.source)
		if test.want == "error" {
			if failure, ok := errors.AsType[*ScriptError](err); !ok || !failure.Syntax {
				t.Errorf("%s: got %v", test.name, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
		wantText(t, test.name, got, strings.TrimSuffix(test.want, "\t"))
	}
}

// greedy scripts use time, memory or output without end.
var greedy = []struct{ name, code, limit string }{
	{"loop", `while true do end`, "Steps"},
	{"loop in a task", `task.spawn(function() while true do end end):await()`, "Steps"},
	{"loop in tasks that catch", `for i = 1, 5 do task.spawn(function() while true do pcall(function() while true do end end) end end) end`, "Steps"},
	{"loop in __index", `local t = setmetatable({}, { __index = function() while true do end end }) return t.x`, "Steps"},
	{"loop in __lt", `local mt = { __lt = function() while true do end end } return setmetatable({}, mt) < setmetatable({}, mt)`, "Steps"},
	{"loop in __concat", `return setmetatable({}, { __concat = function() while true do end end }) .. ""`, "Steps"},
	{"loop in __tostring", `print(setmetatable({}, { __tostring = function() while true do end end }))`, "Steps"},
	{"loop in __tostring of an error", `error(setmetatable({}, { __tostring = function() while true do end end }))`, "Steps"},
	{"loop in a comparator", `table.sort({ 3, 2, 1 }, function() while true do end end)`, "Steps"},
	{"loop in gsub", `("x"):gsub("x", function() while true do end end)`, "Steps"},
	{"loop in a handler", `xpcall(error, function() while true do end end)`, "Steps"},
	{"loop in a module", `require "loop"`, "Steps"},
	{"loop in a callback", `authy.request_sms({ authy_id = 1635 }, function() while true do end end)`, "Steps"},
	{"loop in next", `task.spawn(print):next(function() while true do end end)`, "Steps"},
	{"loop in an iterator of map", `task.map(function() while true do end end, print, { concurrency = 2 })`, "Steps"},
	{"sort of many", `local t = {} for i = 1, 1e5 do t[i] = -i end while true do table.sort(t) end`, ""},
	{"sort of long texts", `local a, b = ("x"):rep(1e5) .. "a", ("x"):rep(1e5) .. "b" local t = {} for i = 1, 5000 do t[i] = i % 2 == 0 and a or b end table.sort(t)`, "Steps"},
	{"sleep", `task.sleep("1h")`, "Time"},
	{"sleep in tasks", `for i = 1, 8 do task.spawn(task.sleep, "1h") end`, "Time"},
	{"sleep in pcall", `while true do pcall(task.sleep, "1h") end`, "Time"},
	{"hostile pattern", `("a"):rep(1e4):find(("a*"):rep(30) .. "b")`, "Time"},
	{"tasks", `while true do task.spawn(task.sleep, 3600) end`, "Tasks"},
	{"failing tasks", `while true do task.spawn(error, ("x"):rep(1e6) .. math.random()) task.yield() end`, "Memory"},
	{"print", `while true do print(("x"):rep(1000)) end`, "Output"},
	{"print of one text in many places", `local s, t = ("x"):rep(4e6), {} for i = 1, 200 do t[i] = s end print(unpack(t))`, "Output"},
	{"write of one text in many places", `local s, t = ("x"):rep(4e6), {} for i = 1, 200 do t[i] = s end io.write(unpack(t))`, "Output"},
	{"log", `while true do log.error(("x"):rep(1000)) end`, "Output"},
	{"log of a wide table", `local t = { 1 } for i = 1, 60 do t = { t, t } end log.error("x", t)`, ""},
	{"table", `local t = {} for i = 1, 1e9 do t[i] = i end`, ""},
	{"table of texts", `local t = {} for i = 1, 1e9 do t[i] = "text " .. i end`, ""},
	{"table in a global", `kept = {} while true do kept[#kept + 1] = { {}, {} } end`, "Memory"},
	{"table in upvalues", `local t local function f() t = { t, {} } end while true do f() end`, "Memory"},
	{"tables with a name", `local t = {} for i = 1, 1e9 do local x = {} x.name = 1 t[i] = x end`, "Memory"},
	{"functions with many upvalues", `local t = {} for i = 1, 1e9 do local a, b, c, d, e, f t[i] = function() return a, b, c, d, e, f end end`, "Memory"},
	{"doubled text", `local s = "x" while true do s = s .. s end`, ""},
	{"rep", `local t = {} while true do t[#t + 1] = ("x"):rep(1e6) end`, "Memory"},
	{"parts of long texts", `local t = {} while true do t[#t + 1] = (("x"):rep(4e6)):sub(1, 1) end`, ""},
	{"captures of long texts", `local t = {} for i = 1, 1e9 do t[i] = (("x"):rep(4e6)):match("^(x)") end`, ""},
	{"iterators over long texts", `local t = {} for i = 1, 1e9 do t[i] = (("x"):rep(1e6)):gmatch("x") end`, "Memory"},
	{"coroutines", `local t = {} while true do local c = coroutine.create(function() coroutine.yield() end) coroutine.resume(c) t[#t + 1] = c end`, "Memory"},
	{"texts of wrapped coroutines", `local t = {} while true do local f = coroutine.wrap(function() local s = ("x"):rep(1e6) coroutine.yield() return s end) f() t[#t + 1] = f end`, "Memory"},
	{"large stacks", `local t, many = {}, { unpack({}, 1, 3e4) } while true do local f = coroutine.wrap(function(...) coroutine.yield() return ... end) f(unpack({}, 1, 3e4)) t[#t + 1] = f end`, "Memory"},
	{"varargs", `local t = {} local function f(...) while true do t[#t + 1] = { ... } end end f(unpack({ 1 }, 1, 3e4)) `, ""},
	{"varargs of values", `local v = {} for i = 1, 3e4 do v[i] = i end local t = {} local function f(...) while true do t[#t + 1] = { ... } end end f(unpack(v))`, "Memory"},
	{"results of tasks", `local t = {} while true do local x = task.spawn(function() return ("x"):rep(1e6) end) x:await() t[#t + 1] = x end`, "Memory"},
	{"results of map", `task.map(function() return 1 end, function() return ("x"):rep(1e6) end, { concurrency = 2 })`, "Memory"},
	{"sparse list", `local t = {} t[6e7] = 1`, ""},
	{"json of a wide table", `local t = { 1 } for i = 1, 60 do t = { t, t } end return json.encode(t)`, ""},
	{"json of one text in many places", `local s, t = ("x"):rep(4e6), {} for i = 1, 1e4 do t[i] = s end return json.encode(t)`, ""},
	{"json of many", `local t = {} local s = "[" .. ("1,"):rep(1e5) .. "1]" while true do t[#t + 1] = json.decode(s) end`, "Memory"},
	{"json of empty tables", `return json.decode("[" .. ("{},"):rep(1.5e5) .. "1]")`, "Memory"},
	{"json of small tables", `return json.decode("[" .. ('{"a":1},'):rep(5e4) .. "1]")`, "Memory"},
	{"csv of short rows", `return csv.parse(("a\n"):rep(2e5))`, "Memory"},
	{"csv of short lists", `return csv.parse(("a\n"):rep(2e5), { header = false })`, "Memory"},
	{"copies for tasks", `local t = {} for i = 1, 3e3 do t["k" .. i] = { 1 } end for i = 1, 9 do authy.async.register_activity{ authy_id = 1635, type = "banned", data = t } end task.yield()`, "Memory"},
	{"deep parameters of a task", `local t = {} for i = 1, 2e4 do t = { t } end authy.async.request_sms(t)`, ""},
	{"csv of one row in many places", `local r, t = { ("x"):rep(4e6) }, {} for i = 1, 1e5 do t[i] = r end return csv.encode(t)`, ""},
	{"csv with many columns", `csv.parse(("a,"):rep(2e6) .. "a")`, ""},
	{"csv with many different columns", `local t = {} for i = 1, 1e5 do t[i] = "c" .. i end csv.parse(table.concat(t, ","))`, ""},
	{"wide parameters", `local t = { a = 1 } for i = 1, 60 do t = { a = t, b = t } end authy.register_activity{ authy_id = 1635, type = "banned", data = t }`, ""},
	{"large parameters", `local s, t = ("x"):rep(4e6), {} for i = 1, 1e4 do t["k" .. i] = s end authy.register_activity{ authy_id = 1635, type = "banned", data = t }`, ""},
	{"one text in many places of a list", `local s, t = ("x"):rep(1e6), {} for i = 1, 5e3 do t[i] = s end authy.create_webhook{ name = "n", url = "http://example.com", events = t }`, ""},
	{"one table in many places of a list", `local l, t = { res = "default", url = "http://example.com/" .. ("x"):rep(1e6) }, {} for i = 1, 5e3 do t[i] = l end
		authy.create_approval_request{ authy_id = 1635, message = "m", logos = t }`, ""},
	{"many mistakes", `local t = {} for i = 1, 9e4 do t[i] = i end authy.create_webhook{ name = "n", url = "http://example.com", events = t }`, ""},
	{"many unknown parameters", `local t = {} for i = 1, 2e4 do t["k" .. i] = i end authy.request_sms(t)`, ""},
	{"many unknown options", `local t = {} for i = 1, 2e4 do t["k" .. i] = i end json.encode({}, t)`, ""},
	{"long name of wide parameters", `local t = {} for i = 1, 2e4 do t["k" .. i] = 1 end authy.register_activity{ authy_id = 1635, type = "banned", data = { [("x"):rep(1e6)] = t } }`, ""},
	{"wide parameters of a task", `local t = { a = 1 } for i = 1, 60 do t = { a = t, b = t } end authy.async.register_activity{ authy_id = 1635, type = "banned", data = t }:await()`, ""},
	{"sends", `while true do pcall(authy.request_sms, { authy_id = 1635 }) end`, "Sends"},
	{"recursion", `local function f() return 1 + f() end f()`, ""},
	{"recursion of metamethods in coroutines", `local function go() local t = setmetatable({}, {}) local n = 0
		getmetatable(t).__index = function(t, k) n = n + 1 if n < 300 then return t[k + 1] end return coroutine.wrap(go)() end return t[1] end go()`, ""},
	{"recursion of pcall", `local function f() return pcall(f) end f() error("end")`, ""},
	{"recursion of coroutines", `local function f() return coroutine.wrap(f)() end f()`, ""},
	{"recursion of tostring", `local t t = setmetatable({}, { __tostring = function() return tostring(t) end }) return tostring(t)`, ""},
	{"error of itself", `local e e = setmetatable({}, { __tostring = function() error(e) end }) error(e)`, ""},
	{"large error", `error(("x"):rep(4e6))`, ""},
	{"large message", `error({ message = ("x"):rep(4e6) })`, ""},
	{"cyclic error", `local e = {} e.message = e e.where = e error(e)`, ""},
	{"unpack", `return unpack({}, 1, 1e8)`, ""},
	{"concat", `return table.concat({}, ("x"):rep(1e6), 1, 1e9)`, ""},
	{"select", `return select(-1e15)`, ""},
	{"insert", `table.insert({}, 1e9, 1)`, ""},
	{"format", `return ("%99999999d"):format(1)`, ""},
	{"format of long texts", `local s = ("x"):rep(4e6) return ("%s%s%s%s"):format(s, s, s, s)`, ""},
	{"date", `return os.date(("%c"):rep(2e6))`, ""},
	{"format of a time", `return time.format(0, ("%c"):rep(2e6))`, ""},
	{"parse of a time", `return time.parse(("1"):rep(2e6), ("%Y"):rep(1e6))`, ""},
	{"phone", `return phone.parse(("1"):rep(4e6), "PT")`, ""},
}

var small = Limits{Time: 50 * time.Millisecond, Steps: 300_000, Memory: 4 << 20, Tasks: 10, Sends: 5, Output: 64 << 10}

// TestUntrustedGreed is not parallel to other tests: it looks at the memory of the process.
func TestUntrustedGreed(t *testing.T) {
	for _, test := range greedy {
		t.Run(test.name, func(t *testing.T) {
			limits := small
			if test.limit != "Time" && test.limit != "" { // a slow machine
				limits.Time = time.Minute
			}
			b := newStranger(t, limits)
			before, begun := heapNow(), time.Now()
			_, err := b.run(t, test.code)
			took := time.Since(begun)
			if grown := int64(heapNow()) - int64(before); grown > 150<<20 {
				t.Errorf("the process grew by %d MiB", grown>>20)
			}
			if test.limit != "" {
				wantLimit(t, err, test.limit, "")
			} else if err != nil {
				_, script := errors.AsType[*ScriptError](err)
				if _, limit := errors.AsType[*LimitError](err); !script && !limit || len(err.Error()) > 70<<10 {
					t.Errorf("got %T of %d bytes: %.200s", err, len(err.Error()), err)
				}
			}
			if took > 20*time.Second {
				t.Errorf("it took %v", took)
			}
			if got, err := b.run(t, `kept = nil print(1 + 1)`); err != nil || got != "2" {
				t.Errorf("afterwards: got %q and %v", got, err)
			}
			t.Logf("%v: %.80v", took, err)
		})
	}
}

// TestUntrustedSources has texts that would keep the compiler busy, which nothing can stop.
func TestUntrustedSources(t *testing.T) {
	t.Parallel()
	b := newStranger(t, Limits{})
	var constants strings.Builder
	for i := range 10_000 {
		fmt.Fprintf(&constants, "a=%d ", i)
	}
	for _, test := range []struct{ name, source, want string }{
		{"long", strings.Repeat("f() ", 100_000), "test.lua: is longer than 256 KiB"},
		{"constants", constants.String(), "test.lua: has more than 8192 different constants and names"},
		{"functions", strings.Repeat("f(function() end) ", 5000), "test.lua: has more than 4096 functions"},
		{"named functions", strings.Repeat("function f() end ", 5000), "test.lua: has more than 4096 functions"},
		{"nesting", "x = " + strings.Repeat("{", 5000) + strings.Repeat("}", 5000), "test.lua:1: more than 200 levels of nesting"},
		{"binary", "\x1bLua", "test.lua: is not Lua source text but a binary file"},
	} {
		_, err := b.run(t, test.source)
		if failure, ok := errors.AsType[*ScriptError](err); !ok || !failure.Syntax {
			t.Errorf("%s: got %v", test.name, err)
			continue
		}
		wantText(t, test.name, err.Error(), test.want)
	}
}

// TestUntrustedSession is a prompt for a stranger: every chunk has the limits of a run.
func TestUntrustedSession(t *testing.T) {
	t.Parallel()
	b := newStranger(t, Limits{Steps: 100_000, Memory: 2 << 20, Tasks: 5, Output: 1000})
	s := b.rt.NewSession(SessionOptions{})
	for _, test := range []struct{ source, want, limit string }{
		{`local x = 20`, "", ""},
		{`x + 1`, "21", ""},
		{`"a" .. x`, `"a20"`, ""},
		{`while true do end`, "", "Steps"},
		{`task.spawn(function() while true do end end)`, "", "Steps"},
		{`for i = 1, 10 do task.spawn(task.sleep, 3600) end`, "", "Tasks"},
		{`local s = "x" while true do s = s .. s end`, "", "Memory"},
		{`("x"):rep(1e6) .. ("y"):rep(1e6)`, "", "Memory"},
		{`local t = {} t[6e7] = 1`, "", "script"},
		{`while true do print("more") end`, "", "Output"},
		{`rawget(io, "open") or rawget(os, "getenv") or rawget(_G, "debug")`, "nil", ""},
		{strings.Repeat("f() ", 100_000), "", "script"},
		{`require "lib".twice("a")`, `"aa"`, ""},
	} {
		got, err := s.Eval(t.Context(), test.source)
		name := test.source[:min(len(test.source), 60)]
		switch _, failed := errors.AsType[*EvalError](err); {
		case test.limit == "script" && !failed:
			t.Errorf("%s: got %q and %v, want an error of the chunk", name, got, err)
		case test.limit == "script":
		case test.limit != "":
			wantLimit(t, err, test.limit, "")
		case err != nil:
			t.Errorf("%s: %v", name, err)
		default:
			wantText(t, name, got, test.want)
		}
	}
	if c := s.Complete("os.", 3); len(c.Candidates) != 4 {
		t.Errorf("got %v, want the four functions of os", c.Candidates)
	}
	if help, _, ok := s.Help("authy.client"); ok && strings.Contains(help, "second client") {
		t.Errorf("help tells of what is not there: %s", help)
	}
}

// TestUntrustedKeeps has runs that each keep a little more in globals.
func TestUntrustedKeeps(t *testing.T) {
	t.Parallel()
	b := newStranger(t, Limits{Memory: 1 << 20})
	if _, err := b.run(t, `all = {} function more() for i = 1, 20 do all[#all + 1] = {} end end`); err != nil {
		t.Fatal(err)
	}
	calls, err := 0, error(nil)
	for ; err == nil && calls < 10_000; calls++ {
		_, err = b.rt.Call(t.Context(), "more")
	}
	wantLimit(t, err, "Memory", "keeps more than 1024 KiB")
	if calls < 100 {
		t.Errorf("only %d calls were made", calls)
	}
	_, err = b.run(t, `while true do more() end`)
	wantLimit(t, err, "Memory", "")
}

// TestUntrustedGarbage makes far more than it may keep, but keeps little.
func TestUntrustedGarbage(t *testing.T) {
	t.Parallel()
	b := newStranger(t, Limits{Memory: 2 << 20, Time: time.Hour})
	got, err := b.run(t, `local s, many = ("x"):rep(1e5), {}
		for i = 1, 1000 do many[i] = s end -- one text in many places
		for i = 1, 300 do local t = s .. i t = t:upper() local u = { t, t } end
		print(#json.encode(json.decode("[" .. ("1,"):rep(1e4) .. "1]")))`)
	if err != nil || got != "20003" {
		t.Errorf("got %q and %v", got, err)
	}
}

// TestUntrustedOptions refuses what would undo it.
func TestUntrustedOptions(t *testing.T) {
	t.Parallel()
	_, err := New(&authy.Client{}, Untrusted(), Plugins(pluginOf(t, "p", "")))
	if err == nil || !strings.Contains(err.Error(), "luabind: Untrusted takes no Plugins") {
		t.Errorf("got %v", err)
	}
	module := func(*Host) Module {
		return Module{Name: "mine", Functions: []Function{{Name: "f", Call: func(L *lua.LState) int { L.Push(lua.LNumber(7)); return 1 }}}}
	}
	b := newStranger(t, Limits{}, With(module))
	if got, err := b.run(t, `print(mine.f(), require "mine" == mine)`); err != nil || got != "7\ttrue" {
		t.Errorf("got %q and %v", got, err)
	}
	for _, name := range []string{"json", "os", "require"} {
		_, err := New(&authy.Client{}, Untrusted(), With(func(*Host) Module { return Module{Name: name} }))
		if err == nil {
			t.Errorf("a module called %s is accepted", name)
		}
	}
}

// TestUntrustedGlobals lists all that a script can reach from its globals: a new version of gopher-lua must not add to it.
func TestUntrustedGlobals(t *testing.T) {
	t.Parallel()
	b := newStranger(t, Limits{})
	got, err := b.run(t, `_G.arg = nil
		local libraries = { string = 13, table = 5, coroutine = 7, os = 4, io = 1 }
		local names = {}
		for name, v in pairs(_G) do
			names[#names + 1] = name
			if libraries[name] then local n = 0 for _ in pairs(v) do n = n + 1 end assert(n == libraries[name], name) end
		end
		table.sort(names) print(table.concat(names, " "))`)
	if err != nil {
		t.Fatal(err)
	}
	wantText(t, "globals", got, "_G _VERSION assert authy coroutine csv error getmetatable io ipairs json log math next os pairs pcall phone print "+
		"rawequal rawget rawset require select setmetatable string table task time tonumber tostring totp type unpack xpcall")
}
