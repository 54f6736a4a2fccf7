package lua51_test

import (
	"strings"
	"testing"

	"github.com/authysh/authysh/luabind/internal/lua51"
	"github.com/google/go-cmp/cmp"
	lua "github.com/yuin/gopher-lua"
)

// TestBeyondLua51 is about what Lua 5.1 refuses and the repaired libraries do, as Lua 5.2 and LuaJIT.
func TestBeyondLua51(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, code, want string }{
		{"yield across pcall", `
			local co = coroutine.wrap(function(...)
				print("args", ...)
				print(pcall(function(a) local b, c = coroutine.yield(a) print(b, c) return b, coroutine.yield() end, "a"))
				return "end"
			end)
			print(co(1, 2)) print(co("b")) print(co("c", nil, "d")) print(coroutine.running())`,
			"args\t1\t2\na\nb\tnil\n\ntrue\tb\tc\tnil\td\nend\nnil\n"},
		{"error after a yield", `
			local e = {}
			local co = coroutine.wrap(function()
				local ok, got = pcall(function() coroutine.yield(1) error(e) end)
				coroutine.yield(ok, got == e)
				return pcall(function() coroutine.yield(2) error("m") end)
			end)
			print(co()) print(co()) print(co()) print(co())`, "1\nfalse\ttrue\n2\nfalse\ttest:6: m\n"},
		{"yield across nested pcalls", `
			local function f(n) if n == 0 then return coroutine.yield("deep") end
				local ok, v = pcall(f, n - 1) coroutine.yield(n) return v .. n end
			local co = coroutine.wrap(f)
			print(co(3)) print(co("v")) print(co()) print(co()) print(co())`, "deep\n1\n2\n3\nv123\n"},
		{"yield across xpcall, handler with a traceback", `
			local co = coroutine.wrap(function()
				local function inner() coroutine.yield(1) error("late") end
				local ok, m = xpcall(function() inner() end, function(m) return debug.traceback(m) end)
				return ok, m
			end)
			print(co()) print(co())`, `1
false	test:3: late
stack traceback:
	test:4: in function <test:4>
	[G]: in function 'error'
	test:3: in function 'inner'
	test:4: in function <test:4>
	[G]: in function 'xpcall'
	test:4: in function <test:2>
`},
		{"variables across yields in pcall", `
			local co = coroutine.wrap(function()
				local n = 0
				local get = function() return n end
				for i = 1, 3 do
					local ok = pcall(function() n = n + 1 coroutine.yield(n) error("x") end)
					n = n + 10
					coroutine.yield(ok, n, get())
				end
			end)
			for _ = 1, 6 do print(co()) end`,
			"1\nfalse\t11\t11\n12\nfalse\t22\t22\n23\nfalse\t33\t33\n"},
		{"metamethod between two pcalls", `
			print(coroutine.resume(coroutine.create(function()
				local t = setmetatable({}, {__index = function() return select(2, pcall(coroutine.yield, 1)) end})
				return t.x
			end)))`, "true\tattempt to yield across metamethod/C-call boundary\n"},
		{"handler cannot yield", `
			local co = coroutine.create(function() return xpcall(function() nothing() end, function() coroutine.yield() end) end)
			print(coroutine.resume(co)) print(coroutine.status(co))`, "true\tfalse\terror in error handling\ndead\n"},
		{"running, status and isyieldable in pcall", `
			print(coroutine.isyieldable())
			local co co = coroutine.create(function()
				pcall(function() print(coroutine.running() == co, coroutine.status(co), coroutine.isyieldable())
					print(pcall(coroutine.resume, co))
					table.sort({2, 1}, function() print(coroutine.isyieldable()) end) end) end)
			coroutine.resume(co)`, "false\ntrue\trunning\ttrue\ntrue\tfalse\tcannot resume running coroutine\nfalse\n"},
		{"coroutine of a Go function", `
			print(coroutine.resume(coroutine.create(math.max), 3, 5))
			print(coroutine.wrap(tostring)(true))
			print(coroutine.resume(coroutine.create(error), "message"))
			local co = coroutine.create(pcall)
			print(coroutine.resume(co, coroutine.yield, 1)) print(coroutine.resume(co, 2)) print(coroutine.status(co))`,
			"true\t5\ntrue\nfalse\tmessage\ntrue\t1\ntrue\ttrue\t2\ndead\n"},
		{"more arguments for xpcall", `print(xpcall(function(...) return ... end, print, 1, nil))`, "true\t1\tnil\n"},
		{"yield outside", `print(pcall(coroutine.yield, 1)) print(pcall(function() coroutine.yield() end))`,
			"false\tattempt to yield from outside a coroutine\nfalse\ttest:1: attempt to yield from outside a coroutine\n"},
		{"assert with any value", `local e = {} print(select(2, pcall(assert, nil, e)) == e) print(pcall(assert, false, false))`,
			"true\nfalse\tfalse\n"},
		{"arguments", `
			print(pcall(pcall)) print(pcall(xpcall, print)) print(pcall(coroutine.resume, 5)) print(pcall(coroutine.wrap))
			print(pcall(function() pcall() end)) print(pcall(function() tonumber() end))`,
			"false\tbad argument #1 to 'pcall' (value expected)\n" +
				"false\tbad argument #2 to 'xpcall' (function expected, got nil)\n" +
				"false\tbad argument #1 to (anonymous) (thread expected, got number)\n" +
				"false\tbad argument #1 to (anonymous) (function expected, got nil)\n" +
				"false\ttest:3: bad argument #1 to 'pcall' (value expected)\n" +
				"false\ttest:3: bad argument #1 to 'tonumber' (value expected)\n"},
		{"threads that are no coroutines", `
			local main print(coroutine.status(mainThread), coroutine.resume(mainThread))
			print(coroutine.wrap(function() return coroutine.resume(mainThread) end)())
			print(coroutine.status(fresh), coroutine.resume(fresh))`,
			"running\tfalse\tcannot resume running coroutine\nfalse\tcannot resume normal coroutine\n" +
				"dead\tfalse\tcannot resume dead coroutine\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			for name, opts := range map[string]lua.Options{"fixed": fixed, "small": small} {
				L, out := newState(t, opts)
				L.SetGlobal("mainThread", L)
				L.SetGlobal("fresh", lua51.NewThread(L))
				run(t, L, "test", test.code)
				if diff := cmp.Diff(test.want, out.String()); diff != "" {
					t.Errorf("%s stacks (-want +got):\n%s", name, diff)
				}
			}
		})
	}
}

// TestDifferencesFromLua51 holds what the package comment says remains.
func TestDifferencesFromLua51(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, code, want string }{
		{"traceback of a failed coroutine lacks the innermost call", `
			local function inner() error("x", 0) end
			local co = coroutine.create(function() inner() end)
			coroutine.resume(co) print(debug.traceback(co))`,
			"stack traceback:\n\ttest:2: in function 'inner'\n\ttest:3: in function <test:3>\n"},
		{"traceback of a coroutine that has yielded below pcall ends at pcall", `
			local co = coroutine.create(function() pcall(function() coroutine.yield() end) end)
			coroutine.resume(co) print(debug.traceback(co))`,
			"stack traceback:\n\t[G]: in function 'yield'\n\t[G]: in function 'pcall'\n\ttest:2: in function <test:2>\n"},
		{"overflow of a coroutine's stack loses the variables of the innermost call", `
			local fs = {}
			local function rec(i) local x = i fs[i] = function() return x end return 1 + rec(i + 1) end
			coroutine.resume(coroutine.create(rec), 1)
			print(fs[#fs](), fs[#fs - 1]() == #fs - 1)`, "nil\ttrue\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.want, eval(t, small, test.code)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestGoPanicIsAnErrorValue(t *testing.T) {
	t.Parallel()
	L, out := newState(t, small)
	L.SetGlobal("crash", L.NewFunction(func(*lua.LState) int {
		var p *int
		return *p
	}))
	run(t, L, "test", `
		local n = 1
		local get
		print(pcall(function() local x = 5 get = function() x = x + n return x end crash() end))
		n = n + 1
		print(get(), n)
		print(xpcall(function() crash() end, debug.traceback))
		print(xpcall(error, function() local x = 6 get = function() x = x + 1 return x end crash() end))
		print(get())
		print(coroutine.wrap(function()
			local ok, e = pcall(function() local y = 7 get = function() y = y + 1 return y end crash() end)
			return ok, e, get(), (xpcall(crash, print))
		end)())
		print(coroutine.wrap(function() return xpcall(function() local x = 1 crash() end, debug.traceback) end)())
		print(coroutine.wrap(function() local ok, e = xpcall(function() local x = 1 crash() end, debug.traceback) return e end)())`)
	const crash = "runtime error: invalid memory address or nil pointer dereference"
	want := "false\t" + crash + "\n7\t2\n" +
		"false\t" + crash + "\nstack traceback:\n\t[G]: in function 'crash'\n\ttest:7: in function <test:7>\n" +
		"\t[G]: in function 'xpcall'\n\ttest:7: in main chunk\n\t[G]: ?\n" +
		"false\terror in error handling\n7\n" +
		crash + "\nfalse\t" + crash + "\t8\tfalse\n" +
		// after a Go panic in a coroutine the handler runs late, without the Go function itself
		"false\t" + crash + "\nstack traceback:\n\ttest:14: in function <test:14>\n" +
		"\t[G]: in function 'xpcall'\n\t(tail call): ?\n" +
		crash + "\nstack traceback:\n\ttest:15: in function <test:15>\n" +
		"\t[G]: in function 'xpcall'\n\ttest:15: in function <test:15>\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestInstallLeavesOutMissingLibraries(t *testing.T) {
	t.Parallel()
	L := lua.NewState(lua.Options{SkipOpenLibs: true})
	defer L.Close()
	if err := lua51.Install(L); err != nil {
		t.Fatal(err)
	}
	if L.G.MainThread != L || L.G.CurrentThread != L {
		t.Errorf("main thread %v, current thread %v, want %v", L.G.MainThread, L.G.CurrentThread, L)
	}
	for name, want := range map[string]lua.LValueType{
		"pcall": lua.LTFunction, "xpcall": lua.LTFunction, "error": lua.LTFunction, "assert": lua.LTFunction,
		"coroutine": lua.LTNil, "debug": lua.LTNil, "print": lua.LTNil,
	} {
		if got := L.GetGlobal(name).Type(); got != want {
			t.Errorf("global %s is a %v, want %v", name, got, want)
		}
	}
}

func TestTracebackOfLongStack(t *testing.T) {
	t.Parallel()
	out := eval(t, small, `
		local function r(n) if n == 0 then return print(debug.traceback()) end r(n - 1) end r(100)
		local function over(n) return 1 + over(n + 1) end
		print(select(2, xpcall(over, debug.traceback, 1)))`)
	if got, want := strings.Count(out, "\n"), 2*24+1; got != want {
		t.Errorf("%d lines, want %d:\n%s", got, want, out)
	}
	if got := strings.Count(out, "\t...\n"); got != 2 {
		t.Errorf("%d times \"...\", want 2:\n%s", got, out)
	}
	if !strings.Contains(out, "test:3: stack overflow\nstack traceback:\n\ttest:3: in function 'over'") {
		t.Errorf("no traceback of the overflow:\n%s", out)
	}
}
