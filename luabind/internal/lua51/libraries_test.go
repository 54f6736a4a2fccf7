package lua51_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/authysh/authysh/luabind/internal/lua51"
	"github.com/google/go-cmp/cmp"
	lua "github.com/yuin/gopher-lua"
)

// TestLibrariesBeyondLua51 is what Lua 5.1 leaves to C, or where the package differs on purpose.
func TestLibrariesBeyondLua51(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, code, want string }{
		{"format shows any value", `print(("%s %s %5s|"):format(nil, true, setmetatable({}, {__tostring = function() return "me" end})))`, "nil true    me|\n"},
		{"tostring without text", `print(pcall(string.format, "%s", setmetatable({}, {__tostring = function() return {} end})))`,
			"false\t'tostring' must return a string to 'format'\n"},
		{"format of what C has no integers for", `print(("%d %d %d %x"):format(2^63, -1e20, 1/0, 2^70), ("%g %05g %x"):format(0/0, 0/0, 0/0))`,
			"9223372036854775808 -100000000000000000000 inf ffffffffffffffff\tnan   nan 0\n"},
		{"zero bytes in format", `print(#("%s%10s%.2s"):format("a\0b", "a\0b", "a\0b"))`, "15\n"},
		{"names are no numbers", `print(tonumber("inf"), tonumber("nan"), tonumber("-Infinity"), (pcall(function() return "inf" + 1 end)))`, "nil\tnil\tnil\tfalse\n"},
		{"negative numbers of another base", `print(tonumber("-ff", 16), tonumber("-1", 2), tonumber("10", nil))`, "-255\t-1\t10\n"},
		{"rep beyond memory", `print(pcall(string.rep, "x", 2^40)) print(pcall(string.rep, ("x"):rep(1000), 1e300))`,
			"false\tresulting string too large\nfalse\tresulting string too large\n"},
		{"many optional items", `print(pcall(string.match, "x", ("x?"):rep(1e6)))`, "true\tx\n"},
		{"nested too deep", `print(pcall(string.match, ("x"):rep(1e5), ("x?"):rep(1e5)))`, "false\tpattern too complex\n"},
		{"zero bytes in patterns", `print(("a\0b"):find("\0b"), #("a\0b"):match("a\0b"), (("a\0b"):gsub("\0", "-")))`, "2\t3\ta-b\n"},
		{"calls by colon", `print(pcall(function() return ("x"):rep() end)) print(pcall(function() local o = {f = string.rep} return o:f(1) end))`,
			"false\ttest:1: bad argument #1 to 'rep' (number expected, got no value)\nfalse\ttest:1: calling 'rep' on bad self\n"},
		{"far dates", `print(os.date("%c", 1e300), os.date("!%c", 0/0), os.time{year = 1e12, month = 1, day = 1})`, "nil\tnil\tnil\n"},
		{"string arithmetic", `print(pcall(function() return "x" + 1 end)) print(pcall(function() return 1 - {} end)) print(pcall(function() return "1" * {} end)) print(pcall(function() return -"x" end))`,
			`false	test:1: attempt to perform arithmetic on a string value
false	test:1: attempt to perform arithmetic on a table value
false	test:1: attempt to perform arithmetic on a table value
false	test:1: attempt to perform arithmetic on a string value
`},
		{"random over all integers", `for _ = 1, 100 do local n = math.random(-2^63, 2^63) assert(n >= -2^63 and n <= 2^63) end`, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.want, eval(t, small, test.code)); diff != "" {
				t.Errorf("%s\nprinted (-want +got):\n%s", test.code, diff)
			}
		})
	}
}

// TestLongStrings has a limit that does not take the memory of the machine to reach.
func TestLongStrings(t *testing.T) {
	t.Parallel()
	L, out := newState(t, small)
	lua51.SetMaxString(L, 1000)
	run(t, L, "test", `
		local s = ("x"):rep(1000)
		print(pcall(string.rep, "x", 1001)) print(pcall(string.gsub, s, "x", "yy")) print(#s:gsub("x", "y"))
		print(pcall(table.concat, {s, "x"})) print(pcall(table.concat, {s, "", ""}, "-")) print(#table.concat{s})
		print(pcall(string.format, "%s%s", s, s)) print(#("%s"):format(s))`)
	const long = "false\tresulting string too large\n"
	if diff := cmp.Diff(long+long+"1000\n"+long+long+"1000\n"+long+"1000\n", out.String()); diff != "" {
		t.Errorf("printed (-want +got):\n%s", diff)
	}
}

// TestHostilePatternsEnd cancels matches that would take years.
func TestHostilePatternsEnd(t *testing.T) {
	t.Parallel()
	for _, code := range []string{
		`(("x"):rep(1e4)):find((".-"):rep(20) .. "y")`,
		`(("x"):rep(1e4)):match((".*"):rep(20) .. "[y]")`,
		`(("x"):rep(1e6)):gsub("(x*)x*x*y", "")`,
		`for _ in (("x"):rep(1e6)):gmatch("[a-z]*[^a-z]") do end`,
		`(("("):rep(1e6)):find("%b()")`,
		`(("x"):rep(4e4) .. "y"):find("(x*)%1%1%1%1y%1z")`,
		`(("x"):rep(1e5)):find("[" .. ("abc"):rep(1e6) .. "]*y")`,
		`pcall(string.find, ("x"):rep(1e4), ("x*"):rep(20) .. "y")`,
	} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			L, _ := newState(t, small)
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
			defer cancel()
			L.SetContext(ctx)
			fn, err := L.LoadString("local _ = " + code)
			if strings.HasPrefix(code, "for") {
				fn, err = L.LoadString(code)
			}
			if err != nil {
				t.Fatal(err)
			}
			L.Push(fn)
			if err := lua51.PCall(L, 0, 0, nil); err == nil || !strings.Contains(err.Error(), context.DeadlineExceeded.Error()) {
				t.Errorf("the match ended with %v", err)
			}
		})
	}
}

// TestWithoutLibraries installs into a state that has none.
func TestWithoutLibraries(t *testing.T) {
	t.Parallel()
	L := lua.NewState(lua.Options{SkipOpenLibs: true})
	defer L.Close()
	if err := lua51.Install(L); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"string", "math", "os", "table", "tonumber", "next", "select"} {
		if v := L.GetGlobal(name); v != lua.LNil {
			t.Errorf("%s = %v", name, v)
		}
	}
}

// FuzzPatterns runs any pattern on any subject: it ends with an answer inside of the subject or an error of Lua.
func FuzzPatterns(f *testing.F) {
	for _, seed := range [][3]string{
		{"hello world", "(%w+) (%w+)", "%2 %1"}, {"f(a(b)c)d", "%b()", "%0"}, {"THE (quick) fox", "%f[%a]%a+", ""},
		{"a-b", "[a-]+", "%%"}, {"x", "[", ""}, {"x", "[]", ""}, {"x", "[^]", ""}, {"x", "%", "%"}, {"x", "[%", "%9"}, {"aa", "(a)%1", "%1"},
		{"x", "(()", ""}, {"x", "%f", ""}, {"x", "%b", ""}, {"", "^$", "x"}, {"x\x00y", "[\x00-x]*", "\x00"}, {"aXb", "[a-%u]", ""}, {"abc", "()", "%1"},
	} {
		f.Add(seed[0], seed[1], seed[2])
	}
	L, _ := newState(f, small)
	fn, err := L.LoadString(`
		local s, pattern, replacement = ...
		local a, b = string.find(s, pattern)
		assert(a == nil or a >= 1 and a <= #s + 1 and b >= a - 1 and b <= #s)
		local n, limit = 0, #s + 1
		for _ in s:gmatch(pattern) do n = n + 1 assert(n <= limit) end
		assert((s:match(pattern) ~= nil) == (a ~= nil))
		local same, count = s:gsub(pattern, function() end)
		assert(same == s and count <= limit)
		s:gsub(pattern, replacement)`)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, s, pattern, replacement string) {
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
		defer cancel()
		L.SetContext(ctx)
		noPanic(t, L, fn, lua.LString(s), lua.LString(pattern), lua.LString(replacement))
	})
}

// FuzzFormat formats numbers and strings by any format.
func FuzzFormat(f *testing.F) {
	for _, format := range []string{"%d", "%5.2f", "%-+ #0x", "%q", "%c%%", "%", "%99.99g", "%#.0e", "%100d", "%s %.3s"} {
		f.Add(format, 12.5, "12")
		f.Add(format, -1e300, "x\x00")
	}
	L, _ := newState(f, small)
	format := L.GetField(L.GetGlobal("string"), "format").(*lua.LFunction)
	f.Fuzz(func(t *testing.T, text string, n float64, s string) {
		noPanic(t, L, format, lua.LString(text), lua.LNumber(n), lua.LString(s), lua.LNumber(n), lua.LString(s))
	})
}

// noPanic calls a function, which may fail as Lua functions do.
func noPanic(t *testing.T, L *lua.LState, fn *lua.LFunction, args ...lua.LValue) {
	t.Helper()
	L.Push(fn)
	for _, arg := range args {
		L.Push(arg)
	}
	err := lua51.PCall(L, len(args), 0, nil)
	if err == nil {
		return
	}
	e := err.(*lua.ApiError)
	if text := fmt.Sprint(e.Object); e.Type != lua.ApiErrorRun || strings.Contains(text, "assertion failed") {
		t.Errorf("%q: %v", args, text)
	}
}
