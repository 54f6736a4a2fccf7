package lua51_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/authysh/authysh/luabind/internal/lua51"
	"github.com/google/go-cmp/cmp"
	lua "github.com/yuin/gopher-lua"
)

func TestPCallResults(t *testing.T) {
	t.Parallel()
	L, _ := newState(t, small)
	if err := L.DoString("return function(...) return select('#', ...), ... end"); err != nil {
		t.Fatal(err)
	}
	fn := L.Get(-1)
	L.SetTop(0)
	for _, test := range []struct {
		nargs, nret int
		want        string
	}{
		{0, 0, ""}, {0, 1, "0"}, {0, 2, "0 nil"}, {2, 1, "2"}, {2, 3, "2 1 2"}, {2, 5, "2 1 2 nil nil"}, {3, lua.MultRet, "3 1 2 3"},
	} {
		L.Push(lua.LString("below"))
		L.Push(fn)
		for i := range test.nargs {
			L.Push(lua.LNumber(i + 1))
		}
		if err := lua51.PCall(L, test.nargs, test.nret, nil); err != nil {
			t.Fatal(err)
		}
		var got []string
		for i := 2; i <= L.GetTop(); i++ {
			got = append(got, L.Get(i).String())
		}
		if got := strings.Join(got, " "); got != test.want || L.Get(1).String() != "below" {
			t.Errorf("PCall(%d, %d) = %q above %v, want %q", test.nargs, test.nret, got, L.Get(1), test.want)
		}
		L.SetTop(0)
	}
}

func TestPCallErrors(t *testing.T) {
	t.Parallel()
	handler := func(L *lua.LState) int {
		L.Push(lua.LString("handled " + L.Get(1).String()))
		return 1
	}
	for _, test := range []struct {
		name, code      string
		handler         lua.LGFunction
		want, traceback string
	}{
		{"error", "local function f() error('x') end f() return 1", nil, "test:1: x",
			"\n\t[G]: in function 'error'\n\ttest:1: in function 'f'\n\ttest:1: in main chunk\n\t[G]: ?"},
		{"handler", "local function f() error('x') end f() return 1", handler, "handled test:1: x",
			"\n\t[G]: in function 'error'\n\ttest:1: in function 'f'\n\ttest:1: in main chunk\n\t[G]: ?"},
		{"value", "error({})", nil, "table: ", "\n\t[G]: in function 'error'\n\ttest:1: in main chunk\n\t[G]: ?"},
		{"overflow", "local function f() return 1 + f() end f()", handler, "handled test:1: stack overflow",
			"\n\ttest:1: in function 'f'\n\ttest:1: in function 'f'\n"},
		{"failing handler", "error('x')", func(L *lua.LState) int { L.RaiseError("y"); return 0 }, "error in error handling",
			"\n\t[G]: in function 'error'\n\ttest:1: in main chunk\n\t[G]: ?"},
		{"crash", "crash()", nil, "some panic", "\n\t[G]: in function 'crash'\n\ttest:1: in main chunk\n\t[G]: ?"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			L, _ := newState(t, small)
			L.SetGlobal("crash", L.NewFunction(func(*lua.LState) int { panic(errors.New("some panic")) }))
			fn, err := L.Load(strings.NewReader(test.code), "test")
			if err != nil {
				t.Fatal(err)
			}
			var h *lua.LFunction
			if test.handler != nil {
				h = L.NewFunction(test.handler)
			}
			L.Push(lua.LString("below"))
			L.Push(fn)
			L.Push(lua.LTrue)
			err = lua51.PCall(L, 1, lua.MultRet, h)
			failure, ok := errors.AsType[*lua.ApiError](err)
			if !ok {
				t.Fatalf("PCall = %v, want an ApiError", err)
			}
			if got := failure.Object.String(); !strings.HasPrefix(got, test.want) {
				t.Errorf("value %q, want %q", got, test.want)
			}
			if !strings.HasPrefix(failure.StackTrace, "stack traceback:"+test.traceback) {
				t.Errorf("traceback %q, want %q", failure.StackTrace, test.traceback)
			}
			if failure.Cause != nil {
				t.Errorf("cause %v, want none", failure.Cause)
			}
			if L.GetTop() != 1 || L.Get(1).String() != "below" {
				t.Errorf("%d values on the stack, want the one below the call", L.GetTop())
			}
		})
	}
}

func TestPCallWithGoStack(t *testing.T) {
	t.Parallel()
	opts := small
	opts.IncludeGoStackTrace = true
	L, _ := newState(t, opts)
	L.Push(L.NewFunction(func(*lua.LState) int { panic("here") }))
	err := lua51.PCall(L, 0, 0, nil)
	if err == nil || !strings.Contains(err.Error(), "TestPCallWithGoStack") {
		t.Errorf("PCall = %v, want a Go stack in the traceback", err)
	}
}

// TestPCallByGoFunction is the case of a callback: Go code below a Lua function calls another, which fails.
func TestPCallByGoFunction(t *testing.T) {
	t.Parallel()
	L, out := newState(t, small)
	L.SetGlobal("callback", L.NewFunction(func(L *lua.LState) int {
		L.Push(L.CheckFunction(1))
		if err := lua51.PCall(L, 0, 0, nil); err == nil {
			t.Error("PCall = nil, want an error")
		}
		return 0
	}))
	run(t, L, "test", `
		local n = 1
		local get = function() return n end
		callback(function() n = n + 1 error("x") end)
		n = n + 1
		print(n, get())
		print(coroutine.wrap(function()
			local m = 1
			local get = function() return m end
			callback(function() m = m + 1 coroutine.yield() end)
			m = m + 1
			return m, get(), coroutine.running() ~= nil
		end)())`)
	if got, want := out.String(), "3\t3\n3\t3\ttrue\n"; got != want {
		t.Errorf("printed %q, want %q", got, want)
	}
}

func TestPCallMisused(t *testing.T) {
	t.Parallel()
	L, _ := newState(t, small)
	defer func() {
		if got, want := fmt.Sprint(recover()), "lua51.PCall: 2 arguments and a function wanted, 1 values on the stack"; got != want {
			t.Errorf("panic %q, want %q", got, want)
		}
	}()
	L.Push(lua.LTrue)
	_ = lua51.PCall(L, 2, 0, nil)
}

func TestWithoutInstall(t *testing.T) {
	t.Parallel()
	L := lua.NewState()
	defer L.Close()
	thread := lua51.NewThread(L)
	if err := L.DoString("return function(x) if x then return x end error('x', 0) end"); err != nil {
		t.Fatal(err)
	}
	fn := L.Get(-1)
	thread.Push(fn)
	thread.Push(lua.LNumber(5))
	if err := lua51.PCall(thread, 1, 1, nil); err != nil || thread.Get(-1) != lua.LNumber(5) {
		t.Errorf("PCall = %v, %v, want 5", thread.Get(-1), err)
	}
	thread.Push(fn)
	if err := lua51.PCall(thread, 0, 1, nil); err == nil || !strings.HasPrefix(err.Error(), "x") {
		t.Errorf("PCall = %v, want x", err)
	}
	if got := lua51.Traceback(L, 0); got != "" {
		t.Errorf("Traceback = %q, want none", got)
	}
	waited := false
	lua51.Wait(thread, nil, nil, func() { waited = true })
	if !waited || L.G.CurrentThread != thread {
		t.Errorf("Wait: waited %v, current thread %v, want %v", waited, L.G.CurrentThread, thread)
	}
}

// TestCallAtEveryDepth calls pcall with ever fewer frames left on the call stack.
func TestCallAtEveryDepth(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string]lua.Options{"fixed": fixed, "small": small} {
		got := eval(t, opts, `
			local function h(m) return m end
			local function at(n, f)
				if n > 0 then local ok, e = at(n - 1, f) return ok, e end
				return f()
			end
			local function check(f)
				local seen = {}
				for n = 970, 1000 do
					local ok, good, e = pcall(at, n, f)
					e = ok and e or good
					local m = tostring(e):gsub("^test:%d+: ", "")
					seen[m] = true
					local x = 1
					local get = function() return x end
					pcall(error)
					x = 2
					assert(get() == 2)
				end
				local list = {}
				for m in pairs(seen) do list[#list + 1] = m end
				table.sort(list)
				print(table.concat(list, ", "))
			end
			check(function() return pcall(error, "reached") end)
			check(function() return xpcall(error, h, "reached") end)
			check(function() local co = coroutine.create(error) return coroutine.resume(co, "reached") end)`)
		want := "reached, stack overflow\n" +
			"error in error handling, reached, stack overflow\n" + // no room for the handler either
			"reached, stack overflow\n"
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s stacks (-want +got):\n%s", name, diff)
		}
	}
}

// TestEndlessRecursion ends each kind of recursion with an error instead of the process.
func TestEndlessRecursion(t *testing.T) {
	t.Parallel()
	for name, code := range map[string]string{
		"a million pcalls":     "local function f(n) if n == 0 then return end return pcall(f, n - 1) end local r = {f(1e6)} return r[#r]",
		"xpcall":               "local function h(m) return m end local function f(n) return xpcall(f, h, n + 1) end local r = {f(1)} return r[#r]",
		"handler":              "local function h(m) return select(2, xpcall(error, h, m)) end return select(2, xpcall(error, h, 'stack overflow'))",
		"pcall in coroutine":   "local r = {coroutine.wrap(function() local function f() return pcall(f) end return f() end)()} return r[#r]",
		"coroutines":           "local function f() return coroutine.resume(coroutine.create(f)) end local r = {f()} return r[#r]",
		"wrap":                 "local function f() return coroutine.wrap(f)() end return select(2, pcall(f))",
		"coroutines and calls": "local function g(n) if n == 0 then return coroutine.wrap(g)(300) end return (g(n - 1)) end return select(2, pcall(g, 300))",
		"__index":              "local t = setmetatable({}, {__index = function(t, k) return t[k + 1] end}) return select(2, pcall(function() return t[1] end))",
		"__tostring":           "local t = setmetatable({}, {__tostring = function(t) return tostring(t) .. '' end}) return select(2, pcall(tostring, t))",
		"gsub":                 "local function f(s) return (string.gsub(s, '.', f)) end return select(2, pcall(f, 'x'))",
		"sort":                 "local function f() table.sort({1, 2}, f) end return select(2, pcall(f))",
		"coroutine of pcall":   "local function f() return coroutine.wrap(pcall)(f) end local r = {f()} return r[#r]",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := eval(t, small, "local function run() "+code+" end local m = run() print(m) print(pcall(pcall, error, 'fine'))")
			message, rest, _ := strings.Cut(got, "\n")
			if !strings.HasSuffix(message, "stack overflow") && !strings.HasSuffix(message, "error in error handling") {
				t.Errorf("ends with %q, want a stack overflow", message)
			}
			if want := "true\tfalse\tfine\n"; rest != want {
				t.Errorf("afterwards %q, want %q", rest, want)
			}
		})
	}
}

// TestTooManyValues fills the registers rather than the call stack.
func TestTooManyValues(t *testing.T) {
	t.Parallel()
	opts := small
	opts.RegistryMaxSize = 4096
	L, out := newState(t, opts)
	L.SetGlobal("current", L.NewFunction(func(L *lua.LState) int {
		L.Push(lua.LBool(L.G.CurrentThread == L))
		return 1
	}))
	run(t, L, "test", `
		local function f(...) return f(1, ...) end
		print((pcall(f)))
		print(pcall(unpack, {}, 1, 1e5))
		print(coroutine.wrap(function() return pcall(function() return unpack({}, 1, 1e5) end) end)())
		print(pcall(pcall, error, "fine"))
		local function deep(n) if n == 0 then return coroutine.yield() end return (deep(n - 1)) end
		local co = coroutine.create(deep)
		coroutine.resume(co, 900)
		print(coroutine.resume(co, unpack({}, 1, 3000)))
		print(coroutine.status(co), coroutine.running(), current())`)
	want := "false\nfalse\tregistry overflow\nfalse\ttest:5: registry overflow\ntrue\tfalse\tfine\n" +
		"false\ttoo many arguments to resume\ndead\tnil\ttrue\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestCallerOf(t *testing.T) {
	t.Parallel()
	L, _ := newState(t, small)
	call := lua51.CallerOf(L)
	if err := L.DoString(`local function deep() return 1 + deep() end
		local value
		return {
			add = function(a, b) return a + b end,
			fail = function() local up = 1 value = function() up = up + 1 return up end error("x") end,
			kept = function() return value() end,
			deep = deep,
			inner = function() return select(2, pcall(error, "y", 0)) end,
			self = function() return select(2, coroutine.resume(coroutine.running() or error("no thread"))) end,
		}`); err != nil {
		t.Fatal(err)
	}
	functions := L.CheckTable(-1)
	L.SetTop(0)
	thread := lua51.NewThread(L)
	for _, test := range []struct{ name, want, failure string }{
		{"add", "7", ""},
		{"fail", "", "x"},
		{"kept", "2", ""}, // the variable outlives the frame that failed
		{"deep", "", "stack overflow"},
		{"inner", "y", ""},
		{"self", "cannot resume running coroutine", ""},
		{"missing", "", "attempt to call a nil value"},
	} {
		thread.Push(functions.RawGetString(test.name))
		thread.Push(lua.LNumber(3))
		thread.Push(lua.LNumber(4))
		err := call(thread, 2, 1)
		if err != nil {
			failure, ok := errors.AsType[*lua.ApiError](err)
			if !ok || test.failure == "" || !strings.Contains(failure.Object.String(), test.failure) ||
				!strings.HasPrefix(failure.StackTrace, "stack traceback:") {
				t.Errorf("%s: %v", test.name, err)
			}
			thread = lua51.NewThread(L) // the other one cannot be used again
			continue
		}
		if got := thread.Get(-1).String(); thread.GetTop() != 1 || got != test.want || test.failure != "" {
			t.Errorf("%s: got %q and %d values, want %q, %s", test.name, got, thread.GetTop(), test.want, test.failure)
		}
		thread.SetTop(0)
	}
}
