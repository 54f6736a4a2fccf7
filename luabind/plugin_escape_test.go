package luabind

import (
	"strings"
	"testing"
	"time"

	"github.com/authysh/authysh/luabind/plugin"
	lua "github.com/yuin/gopher-lua"
)

// escapes are attempts of a plugin to reach what it must not, each an expression or statements that return what they got
// hold of. They fail with an error or return "contained"; anything else is an escape.
var escapes = []struct{ name, code string }{
	// What is not there.
	{"os", `return os and os.getenv("HOME")`},
	{"io", `return io and io.open("/etc/passwd")`},
	{"debug", `return debug and debug.getregistry()`},
	{"package", `return package and package.loaded`},
	{"load", `return load and load(function() return nil end)`},
	{"loadstring", `return loadstring and loadstring("return 1")`},
	{"dofile", `return dofile and dofile("/etc/passwd")`},
	{"loadfile", `return loadfile and loadfile("/etc/passwd")`},
	{"getfenv", `return getfenv and getfenv(1)`},
	{"setfenv", `return setfenv and setfenv(1, {})`},
	{"module", `return module and module("x", package.seeall)`},
	{"newproxy", `return newproxy and newproxy(true)`},
	{"collectgarbage", `return collectgarbage and collectgarbage()`},
	{"_printregs", `return _printregs and _printregs()`},
	{"string.dump", `return string.dump and string.dump(print)`},
	{"authy", `return authy or rawget(_G, "authy")`},
	{"batch", `return rawget(_G, "batch") or rawget(_G, "task") or rawget(_G, "flow")`},
	{"csv files", `return rawget(csv, "open") or rawget(csv, "create")`},
	{"channels", `return rawget(_G, "channel")`},
	{"ungranted http", `return rawget(_G, "http") or require "http"`},
	{"ungranted env", `return rawget(_G, "env") or require "env"`},
	{"ungranted fs", `return rawget(_G, "fs") or require "fs"`},
	{"ungranted exec", `return rawget(_G, "exec") or require "exec"`},
	{"arg", `return rawget(_G, "arg")`},

	// By way of require.
	{"require os", `return require "os"`},
	{"require io", `return require "io"`},
	{"require debug", `return require "debug"`},
	{"require package", `return require "package"`},
	{"require _G", `return require "_G"`},
	{"require authy", `return require "authy"`},
	{"require a path", `return require "/etc/passwd"`},
	{"require up", `return require "..secret"`},
	{"require up by slashes", `return require "../secret"`},
	{"require another plugin", `return require "victim"`},
	{"require init", `return require "init"`},
	{"require NUL", `return require "lib\0"`},

	// By way of metatables.
	{"string metatable", `return getmetatable("").__index ~= string and getmetatable("").__index`},
	{"string methods", `return ("").dump or ("").gfind or ("x").os`},
	{"metatable of nil", `return getmetatable(nil)`},
	{"metatable of a function", `return getmetatable(print)`},
	{"metatable of a number", `return getmetatable(1)`},
	{"metatable of a thread", `return getmetatable(coroutine.create(print))`},
	{"metatable of json.null", `local mt = getmetatable(json.null) return type(mt) == "table" and mt`},
	{"metatable of the call", `local mt = getmetatable(call) return type(mt) == "table" and mt`},
	{"new metatable of the call", `return setmetatable(call, { __index = _G })`},
	{"globals behind __index", `local mt = getmetatable(_G) return mt and mt.__index`},
	{"error behind call.error", `return getmetatable(call.error)`},
	{"metatable of params", `return getmetatable(call.params)`},
	{"metatable of a nested param", `return getmetatable(call.params.data)`},
	{"Go error of a module's error", `local ok, err = pcall(json.encode, 1, { ident = 1 }) local mt = getmetatable(err)
		return type(mt) == "table" and mt.error`},

	// By way of coroutines, errors and handlers.
	{"environment of a coroutine", `local co = coroutine.wrap(function() return _G.os or _G.debug or getfenv end) return co()`},
	{"value of an error", `local ok, e = pcall(error) return e`},
	{"handler of xpcall", `local _, t = xpcall(function() error("x") end, function(m) return _G.debug end) return t`},
	{"handler that sees frames", `local _, t = xpcall(function() local x = nil; x() end, function(...) return select(2, ...) end) return t`},
	{"main coroutine", `local main = coroutine.running() return main and coroutine.resume(main, "x") ~= false and "resumed"`},
	{"call from a coroutine", `local c = coroutine.wrap(function() return call.client or call.state or call.key end) return c()`},

	// By way of the call.
	{"client", `return call.client or call.Client`},
	{"host", `return call.host or call.State or call.state`},
	{"args", `return call.args or call.Args`},
	{"key in params", `return call.params.key or call.params.api_key`},
	{"key in config", `return ctx.config.key or ctx.key or ctx.client`},
	{"userdata of null", `return json.null.Value or json.null.Env`},

	// By way of what others have left.
	{"globals of another plugin", `return rawget(_G, "victim_secret")`},
	{"string function of another plugin", `return string.stolen or ("").stolen`},
	{"module state of another plugin", `return json.victim or rawget(json, "victim")`},
	{"rawset on a library", `rawset(json, "encode", nil) rawset(string, "format", nil) return "contained"`},
	{"poison for the host", `getmetatable("").__index = function() return "owned" end string.gsub = nil return "contained"`},
	{"poison of tostring", `tostring = nil pairs = nil error = nil _G.type = nil return "contained"`},
	{"poison of null", `local mt = getmetatable(json.null) if type(mt) == "table" then mt.__tostring = nil return mt end`},
}

// victim keeps a secret in every place that might be shared.
const victim = `victim_secret = "s3cr3t"
string.stolen = "s3cr3t" json.victim = "s3cr3t"
getmetatable("").__index.stolen = "s3cr3t"`

// TestPluginEscapes runs every attempt where most can be reached: in a hook that has a call.
func TestPluginEscapes(t *testing.T) {
	t.Parallel()
	if len(escapes) < 60 {
		t.Errorf("only %d attempts", len(escapes))
	}
	for _, e := range escapes {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			attempt := definition("attacker", "", `hooks = { before_call = function(call, ctx)
				local ok, got = pcall(function() `+e.code+` end)
				call:answer{ ok = ok, got = ok and (type(got) == "table" and "a table" or got ~= nil and got ~= false and tostring(got)) or "" } end }`)
			if e.name == "poison of tostring" {
				attempt = definition("attacker", "", `hooks = { before_call = function(call) `+strings.Replace(e.code, `return "contained"`, `call:answer{ ok = true, got = "contained" }`, 1)+` end }`)
			}
			b := newPluginBench(t, []plugin.Enabled{
				pluginOf(t, "victim", definition("victim", victim, `hooks = { on_error = function() end }`)), pluginOf(t, "attacker", attempt),
			})
			if err := b.rt.PluginError(); err != nil {
				t.Fatal(err)
			}
			got := b.run(t, `local r = authy.register_activity{ authy_id = 1635, type = "banned", data = { a = 1 } }
				print(r.ok, r.got)
				-- and the script is whole
				assert(getmetatable("").__index == string and string.gsub and json.encode{} == "{}" and ("x"):rep(2) == "xx" and not rawget(string, "stolen"))`)
			if got != "false\t" && got != "true\t" && got != "true\tcontained" {
				t.Errorf("escaped with %s", got)
			}
		})
	}
}

// TestPluginGlobals lists all that a plugin can reach from its globals: a new version of gopher-lua must not add to it.
func TestPluginGlobals(t *testing.T) {
	t.Parallel()
	g := newGuest(pluginOf(t, "p", "").Source, plugin.Permissions{}, "", processHost(), PluginLimits{})
	if err := g.start(); err != nil {
		t.Fatal(err)
	}
	defer g.close()
	g.openNamed(map[string]bool{"_G": true})
	known := map[string]bool{"_G": true, "require": true, "print": true, "json": true, "csv": true, "phone": true, "totp": true, "time": true, "log": true}
	for library, names := range harmlessBasics {
		if library != "" {
			known[library] = true
			library += "."
		}
		for _, name := range names {
			known[library+name] = true
		}
	}
	g.state.G.Global.ForEach(func(k, v lua.LValue) {
		if !known[k.String()] {
			t.Errorf("there is a global %s", k)
		}
		if inner, ok := v.(*lua.LTable); ok && harmlessBasics[k.String()] != nil {
			inner.ForEach(func(name, _ lua.LValue) {
				if !known[k.String()+"."+name.String()] {
					t.Errorf("there is %s.%s", k, name)
				}
			})
		}
	})
	for name := range known {
		library, field, nested := strings.Cut(name, ".")
		if v := g.state.G.Global.RawGetString(library); v == lua.LNil || nested && v.(*lua.LTable).RawGetString(field) == lua.LNil {
			t.Errorf("there is no %s", name)
		}
	}
}

// hogs use time or memory without end. All of them must end, and leave the runtime usable.
var hogs = []struct{ name, code, want string }{
	{"loop", `while true do end`, "instructions"},
	{"loop in pcall", `while true do pcall(function() while true do end end) end`, "instructions"},
	{"loop in a handler", `xpcall(error, function() while true do end end)`, "instructions"},
	{"loop in coroutines", `while true do coroutine.wrap(function() while true do pcall(coroutine.yield) end end)() end`, "before_call"},
	{"recursion", `local function f() return 1 + f() end f()`, "stack overflow"},
	{"recursion of pcall", `local function f() return pcall(f) end print(f()) while true do end`, "instructions"},
	{"recursion of metamethods", `local t = setmetatable({}, {}) getmetatable(t).__index = function(t, k) return t[k .. "x"] end return t.x`, "stack overflow"},
	{"recursion of tostring", `local t t = setmetatable({}, { __tostring = function() return tostring(t) end }) return tostring(t)`, "stack overflow"},
	{"mutual coroutines", `local a, b a = coroutine.wrap(function() b() end) b = coroutine.wrap(function() a() end) a()`, "cannot resume"},
	{"string.rep", `return ("x"):rep(1e9)`, "too large"},
	{"string.rep often", `local t = {} for i = 1, 1e6 do t[i] = ("x"):rep(4e6) end`, "64 MiB"},
	{"doubled string", `local s = "x" while true do s = s .. s end`, "more than 4 MiB"},
	{"doubled string in pcall", `local s = ("x"):rep(3e6) local t = {} while true do pcall(function() t[#t + 1] = s .. #t end) end`, "64 MiB"},
	{"long chain of ..", `local s = ("x"):rep(4e6) return #(s .. s .. s .. s .. s)`, "more than 4 MiB"},
	{"gsub", `return (("x"):rep(1e5):gsub(".", ("y"):rep(1e5)))`, "too large"},
	{"gsub often", `local s, t = ("x"):rep(1e6), {} while true do t[#t + 1] = s:gsub("x", "y", 1) end`, "64 MiB"},
	{"upper often", `local s, t = ("x"):rep(1e6), {} while true do t[#t + 1] = s:upper() end`, "64 MiB"},
	{"format often", `local s, t = ("x"):rep(1e6), {} while true do t[#t + 1] = ("%s!"):format(s) end`, "64 MiB"},
	{"table.concat", `local s, t = ("x"):rep(1e6), {} for i = 1, 1e4 do t[i] = s end return table.concat(t)`, "too large"},
	{"sparse list", `local t = {} t[6e7] = 1`, "too long a list"},
	{"sparse list by constructor", `local k = 6e7 local t = { [k] = 1 }`, "too long a list"},
	{"sparse list by constant", `local t = { [60000000] = 1 }`, "too long a list"},
	{"sparse list by rawset", `rawset({}, 6e7, 1)`, "too long a list"},
	{"sparse list by insert", `table.insert({}, 6e7, 1)`, "out of bounds"},
	{"sparse list backwards", `table.insert({}, -6e7, 1)`, "out of bounds"},
	{"sparse list in a swap", `local t, a = {} a, t[6e7] = 1, 2`, "too long a list"},
	{"sparse list in a loop", `for i = 1, 1e6 do local t = {} t[1e6] = i end`, "64 MiB"},
	{"sparse lists by constructor", `local all = {} for i = 1, 1e6 do all[i] = { [1e6] = 1 } end`, "64 MiB"},
	{"sparse list by a method", `local o = { n = 6e7 } function o:set() self[self.n] = 1 end o:set()`, "too long a list"},
	{"unpack", `return select("#", unpack({}, 1, 1e8))`, ""},
	{"bytes", `return select("#", ("x"):rep(4e6):byte(1, -1))`, ""},
	{"char", `return #string.char(unpack({}, 1, 1e7))`, ""},
	{"hostile pattern", `return (("a"):rep(1e4)):find(("a*"):rep(30) .. "b")`, "longer than"},
	{"hostile pattern in pcall", `while true do pcall(string.find, ("a"):rep(1e4), ("a*"):rep(30) .. "b") end`, "longer than"},
	{"sort", `local t = {} for i = 1, 1e5 do t[i] = i end table.sort(t, function(a, b) return a > b end) while true do end`, "instructions"},
	{"insert in front", `local t = {} while true do table.insert(t, 1, 1) end`, ""},
	{"json", `local s = json.encode{ ("x"):rep(3e6) } local t = {} while true do t[#t + 1] = json.decode(s) end`, "64 MiB"},
	{"deep json", `local t = {} for i = 1, 1e4 do t = { t } end return json.encode(t)`, ""},
	{"json of itself", `local t = {} t.t = t return json.encode(t)`, ""},
	{"sleep", `time.sleep("1h")`, "longer than"},
	{"sleep in pcall", `while true do pcall(time.sleep, "1h") end`, "longer than"},
	{"error of itself", `local e = setmetatable({}, { __tostring = function() while true do end end }) error(e)`, "instructions"},
	{"large error", `error(("x"):rep(4e6))`, "xxx"},
	{"many logs", `while true do print(("x"):rep(1e4)) end`, "before_call"},
}

// TestPluginHogs is not parallel to other tests: it looks at the memory of the process.
func TestPluginHogs(t *testing.T) {
	for _, hog := range hogs {
		t.Run(hog.name, func(t *testing.T) {
			limits := PluginLimits{HookTime: time.Minute}
			if hog.want == "longer than" || hog.want == "before_call" {
				limits.HookTime = 250 * time.Millisecond
			}
			b := newPluginBench(t, []plugin.Enabled{pluginOf(t, "hog", definition("hog", "", `hooks = { before_call = function(call)
				if call.op == "get_application_details" then call:answer{ fine = true } return end `+hog.code+` end }`))},
				LimitPlugins(limits))
			if err := b.rt.PluginError(); err != nil {
				t.Fatal(err)
			}
			before := heapNow()
			got := b.run(t, `local _, err = authy.try.list_webhooks{} print(err and err.kind, err and err.plugin, err and err.message)`)
			if grown := int64(heapNow()) - int64(before); grown > 300<<20 {
				t.Errorf("the process grew by %d MiB", grown>>20)
			}
			if hog.want != "" && (!strings.HasPrefix(got, "plugin\thog\t") || !strings.Contains(got, hog.want)) || len(got) > 1000 {
				t.Errorf("got %.300s, want %s", got, hog.want)
			}
			wantText(t, "afterwards", b.run(t, `print(authy.get_application_details{}.fine)`), "true")
		})
	}
}

// TestPluginSteps has more time than any machine needs.
func TestPluginSteps(t *testing.T) {
	t.Parallel()
	b := newPluginBench(t, []plugin.Enabled{pluginOf(t, "hog", definition("hog", "", `hooks = { before_call = function(call) for i = 1, 1e6 do end end }`))},
		LimitPlugins(PluginLimits{HookTime: 1 << 40, Steps: 50_000}))
	wantText(t, "steps", b.run(t, `print(authy.try.list_webhooks{})`), "nil\tlist_webhooks: plugin hog: before_call: before_call ran more than 50000 instructions")
}

// TestPluginKeeps has a plugin that keeps a little more with every call.
func TestPluginKeeps(t *testing.T) {
	b := newPluginBench(t, []plugin.Enabled{pluginOf(t, "keeper", definition("keeper", `local all = {} local function more() for i = 1, 1e5 do all[#all + 1] = { i } end end`,
		`hooks = { before_call = function(call) more() call:answer{ n = 1 } end }`))}, LimitPlugins(PluginLimits{HookTime: time.Minute}))
	got := b.run(t, `for i = 1, 100 do local _, err = authy.try.list_webhooks{} if err then print(i > 3, err.message) break end end`)
	wantText(t, "keeper", got, "true\tplugin keeper: before_call: the plugin keeps more than 64 MiB in its variables, and was stopped")
}
