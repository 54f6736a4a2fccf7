package luabind

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/authysh/authysh/luabind/internal/inspect"
	"github.com/authysh/authysh/luabind/internal/luavalue"
	"github.com/google/go-cmp/cmp"
	lua "github.com/yuin/gopher-lua"
)

// valuesOf runs source in a state with the standard modules and gives what it returns.
func valuesOf(t testing.TB, L *lua.LState, source string) []lua.LValue {
	t.Helper()
	top := L.GetTop()
	if err := L.DoString(source); err != nil {
		t.Fatalf("%s\nfailed: %v", source, err)
	}
	var values []lua.LValue
	for i := top + 1; i <= L.GetTop(); i++ {
		values = append(values, L.Get(i))
	}
	return values
}

func TestPrint(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, source string
		options      PrintOptions
		want         string
	}{
		{"scalars", `return 1, -0.5, "a", true, nil, json.null`, PrintOptions{}, `1, -0.5, "a", true, nil, json.null`},
		{"numbers", `return 0/0, 1/0, -1/0, 2^53, 1e300, 0.1, 123456789012`, PrintOptions{}, `0/0, 1/0, -1/0, 9007199254740992, 1e+300, 0.1, 123456789012`},
		{"strings", `return "q\"b\\n\nt\tr\rz\0e\27[31m", "é日👩‍👩‍👧", "\226\128\174\255"`, PrintOptions{Width: 200},
			`"q\"b\\n\nt\tr\rz\000e\027[31m", "é日👩‍👩‍👧", "\226\128\174\255"`},
		{"empty", `return {}, json.array{}`, PrintOptions{}, `{}, json.array{}`},
		{"keys", `return { a = 1, ["a b"] = 2, ["end"] = 3, [""] = 4, [1.5] = 5, [true] = 6, [-1] = 7, [json.null] = 8 }`, PrintOptions{Width: 200},
			`{ a = 1, ["a b"] = 2, ["end"] = 3, [""] = 4, [1.5] = 5, [true] = 6, [-1] = 7, [json.null] = 8 }`},
		{"mixed", `return { 1, 2, n = 2 }`, PrintOptions{}, `{ 1, 2, n = 2 }`},
		{"holes", `local t = { 1, 2, 3, 4 } t[2] = nil return t, { nil, nil, 3 }`, PrintOptions{}, `{ 1, nil, 3, 4 }, { nil, nil, 3 }`},
		{"order of setting", `local t = {} t.b = 1 t.a = 2 t.b = 3 return t`, PrintOptions{}, `{ b = 3, a = 2 }`},
		{"aligned", `return { short = 1, much_longer = { a = 1, b = { c = "` + strings.Repeat("x", 30) + `" } }, ["with blank"] = "` + strings.Repeat("y", 30) + `" }`, PrintOptions{Width: 60}, `{
  short          = 1,
  much_longer    = {
    a = 1,
    b = { c = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" },
  },
  ["with blank"] = "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyy",
}`},
		{"records", `return { { n = "ana", id = 7 }, { n = "bo", id = 1635, x = true } }`, PrintOptions{}, `{
  { n = "ana", id =    7           },
  { n = "bo",  id = 1635, x = true },
}`},
		{"records too wide", `return { { n = "ana", text = "some long text" }, { n = "bo", text = "b" } }`, PrintOptions{Width: 30}, `{
  {
    n    = "ana",
    text = "some long text",
  },
  { n = "bo", text = "b" },
}`},
		{"filled", `local t = {} for i = 1, 30 do t[i] = i end return t`, PrintOptions{Width: 30}, `{
  1, 2, 3, 4, 5, 6, 7, 8, 9,
  10, 11, 12, 13, 14, 15, 16,
  17, 18, 19, 20, 21, 22, 23,
  24, 25, 26, 27, 28, 29, 30,
}`},
		{"depth", `return { a = { b = { c = {} , d = 1 } } }`, PrintOptions{Depth: 2}, `{ a = { b = { --[[… 2 more]] } } }`},
		{"items", `return { 1, 2, 3, 4, x = 5 }`, PrintOptions{Items: 3}, `{ 1, 2, 3 --[[… 2 more]] }`},
		{"items of several", `return 1, 2, 3`, PrintOptions{Items: 2}, `1, 2 --[[… 1 more]]`},
		{"text", `return ("é"):rep(10)`, PrintOptions{Text: 5}, `"éé" --[[… 16 more bytes]]`},
		{"cycle", `local t = { a = {} } t.a.up = t t.a.self = t.a return t`, PrintOptions{}, `{ a = { up = nil --[[cycle: the whole]], self = nil --[[cycle: a]] } }`},
		{"shared is no cycle", `local s = { 1 } return { s, s }`, PrintOptions{}, `{ { 1 }, { 1 } }`},
		{"cycle in a list", `local t = { {} } t[1][1] = t[1] return t`, PrintOptions{}, `{ { nil --[[cycle: [1] ]] } }`},
		{"a call that ends a list", `return { true, x = (json.array{}) }`, PrintOptions{}, `{ true, x = (json.array{}) }`},
		{"functions", `return { f = function(a, ...) end, g = print }`, PrintOptions{}, `{ f = nil --[[function (a, ...), <string>:1]], g = nil --[[function]] }`},
		{"function as key", `return { [function() end] = { 1 } }`, PrintOptions{}, `{ --[[[function (), <string>:1] = { 1 }]] }`},
		{"a function alone", `return function(a) end`, PrintOptions{}, `nil -- function (a), <string>:1`},
		{"comments stay comments", `return { ["]] os.exit()"] = 1, f = loadstring("return 1", "]]os.exit()") }`, PrintOptions{},
			`{ ["]] os.exit()"] = 1, f = nil --[[function (...), ] ]os.exit():0]] }`},
		{"moments", `return { created_at = 1772366400, at = "2026-03-01T11:00:00Z", updated_date = 1772366340000, n = 1772366400, authy_id = 1772366400 }`, PrintOptions{}, `{
  created_at   = 1772366400, -- 2026-03-01 12:00:00 UTC, now
  at           = "2026-03-01T11:00:00Z", -- 1h ago
  updated_date = 1772366340000, -- 2026-03-01 11:59:00 UTC, 1m ago
  n            = 1772366400,
  authy_id     = 1772366400,
}`},
		{"lengths of time", `return { seconds_to_expire = 5400, ttl = 86400, retry_after = 30 }`, PrintOptions{}, `{
  seconds_to_expire = 5400, -- 1h 30m
  ttl               = 86400, -- 1d
  retry_after       = 30,
}`},
		{"plain", `return { created_at = 1772366400 }`, PrintOptions{Plain: true}, `{ created_at = 1772366400 }`},
		{"masked by name", `return { token = "123456", list = { { secret = "a", n = 1 }, { secret = "bcd", n = 2 } } }`, PrintOptions{}, `{
  token = "***" --[[masked]],
  list  = {
    { secret = "***", n = 1 },
    { secret = "***", n = 2 },
  },
}`},
		{"metatables are not asked", `return setmetatable({ a = 1 }, { __index = function() error("x") end, __tostring = function() error("y") end, __pairs = 1, __len = error })`,
			PrintOptions{}, `{ a = 1 }`},
		{"userdata", `return { io.stdout, csv.create("-") }`, PrintOptions{}, `{ nil --[[file]], nil --[[csv.Writer]] }`},
		{"coroutine", `return coroutine.create(function() end)`, PrintOptions{}, `nil -- coroutine`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, "")
			p := newPrinter(test.options)
			p.Now = time.Unix(1772366400, 0)
			if diff := cmp.Diff(test.want, p.Lua(valuesOf(t, b.L, test.source))); diff != "" {
				t.Errorf("%s (-want +got):\n%s", test.source, diff)
			}
		})
	}
}

// TestPrintIsBounded: no table, however large, deep or tangled, gives much text or takes long.
func TestPrintIsBounded(t *testing.T) {
	t.Parallel()
	for name, source := range map[string]string{
		"long list":  `local t = {} for i = 1, 100000 do t[i] = "value " .. i end return t`,
		"many names": `local t = {} for i = 1, 100000 do t["name " .. i] = i end return t`,
		"tower":      `local t = {} for i = 1, 10000 do t = { t } end return t`,
		"unfolding":  `local t = {} for i = 1, 60 do t = { t, t, t, t } end return t`,
		"wide":       `local t = {} for i = 1, 300 do t[i] = {} for j = 1, 300 do t[i][j] = j end end return t`,
		"long texts": `local t = {} for i = 1, 50 do t[i] = {} for j = 1, 50 do t[i][j] = ("x"):rep(5000) end end return t`,
		"long keys":  `return { [("k"):rep(1000000)] = 1, more = 2 }`,
		"long text":  `return { ("x"):rep(10000000) }`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, "")
			values := valuesOf(t, b.L, source)
			start := time.Now()
			text := Print(PrintOptions{}, values...)
			if took := time.Since(start); took > time.Minute { // milliseconds, or else longer than anybody can wait
				t.Errorf("took %v", took)
			}
			if len(text) > 250_000 || !strings.Contains(text, "more") {
				t.Errorf("%d bytes of text: %.200s", len(text), text)
			}
			if err := b.L.DoString("return " + text); err != nil {
				t.Errorf("is no Lua: %v\n%.500s", err, text)
			}
		})
	}
	b := newBench(t, "")
	if text := Print(PrintOptions{}, valuesOf(t, b.L, `local t = {} for i = 1, 100000 do t[i] = i end return t`)...); !strings.Contains(text, "-- … 99950 more\n") {
		t.Errorf("does not count what is left out:\n%s", text)
	}
}

// plainCopy is a value without what has no form in Lua text: functions, userdata and cycles.
func plainCopy(L *lua.LState, v lua.LValue, above []*lua.LTable) lua.LValue {
	t, ok := v.(*lua.LTable)
	if !ok {
		if _, isFunction := v.(*lua.LFunction); isFunction || v.Type() == lua.LTUserData && !luavalue.IsNull(v) {
			return lua.LNil
		}
		return v
	}
	for _, other := range above {
		if other == t {
			return lua.LNil
		}
	}
	plain := L.NewTable()
	plain.Metatable = t.Metatable
	t.ForEach(func(k, v lua.LValue) {
		switch k.(type) {
		case lua.LString, lua.LNumber, lua.LBool:
			plain.RawSet(k, plainCopy(L, v, append(above, t)))
		}
	})
	return plain
}

// sameValue compares plain values.
func sameValue(a, b lua.LValue) bool {
	x, isTable := a.(*lua.LTable)
	if !isTable {
		n, isNumber := a.(lua.LNumber)
		m, alsoNumber := b.(lua.LNumber)
		return a == b || luavalue.IsNull(a) && luavalue.IsNull(b) || isNumber && alsoNumber && math.IsNaN(float64(n)) && math.IsNaN(float64(m))
	}
	y, isTable := b.(*lua.LTable)
	if !isTable || inspect.Count(x) != inspect.Count(y) || x.Len() == 0 && inspect.Count(x) == 0 && luavalue.IsArray(x) != luavalue.IsArray(y) {
		return false
	}
	same := true
	x.ForEach(func(k, v lua.LValue) { same = same && sameValue(v, y.RawGet(k)) })
	return same
}

// pasteBack evaluates a printed value as the prompt does, which mends gopher-lua's compiler.
func pasteBack(L *lua.LState, text string) error {
	chunk, err := compileSource(L, "return "+text, "text")
	if err != nil {
		return err
	}
	L.Push(chunk)
	return L.PCall(0, lua.MultRet, nil)
}

// beyondTheCompiler reports a text that nests deeper than the compiler takes. Without this test's options, values are cut
// at a depth of 8.
func beyondTheCompiler(err error) bool {
	return strings.Contains(err.Error(), "levels of nesting") || strings.Contains(err.Error(), "register overflow")
}

// FuzzPrint holds that the text of plain data reads back as equal data, at any width, and that no value makes the printer
// fail or write what is no Lua.
func FuzzPrint(f *testing.F) {
	for _, seed := range []string{"\x01\x02ab\x01\x03xyz", "\x01\x01a\x0a\x01\x02\x00\x03\x05\x00\x03\x06", "\x01\x01t\x08\x00\x01\x01u\x0b\x01\x01\x02\x01v\x08\x01",
		"\x00\x14\x02\x0a\x01\x02\x02\x07visible\x0a\x01\x01\x00\x01\x01x", "\x01\x05\x22\x5c\n\x00\xff\x05\x03", "\x01\x01x\x06", "\x02\x03key\x04\x7f\x46", "010\"022'0000000\"0120"} {
		f.Add([]byte(seed), uint8(40), true)
		f.Add([]byte(seed), uint8(200), false)
	}
	f.Fuzz(func(t *testing.T, code []byte, width uint8, hints bool) {
		L := lua.NewState()
		defer L.Close()
		L.SetGlobal("json", jsonModule(nil).table(L))
		built := (&valueMachine{L: L, code: code}).table()
		if text := Print(PrintOptions{Width: int(width)}, built); pasteBack(L, text) != nil {
			if _, err := compileSource(L, "return "+text, "text"); err != nil && !beyondTheCompiler(err) {
				t.Fatalf("is no Lua: %v\n%s", err, text)
			}
		}
		L.SetTop(0)
		plain := plainCopy(L, built, nil)
		p := newPrinter(PrintOptions{Width: int(width), Depth: -1, Items: -1, Total: -1, Text: -1, Unmask: true, Plain: !hints})
		p.Now = time.Unix(1772366400, 0)
		text := p.Lua([]lua.LValue{plain})
		if err := pasteBack(L, text); err != nil {
			if beyondTheCompiler(err) {
				return
			}
			t.Fatalf("is no Lua: %v\n%s", err, text)
		}
		if back := L.Get(-1); !sameValue(plain, back) {
			t.Errorf("%s\nreads back as\n%s", text, Print(PrintOptions{}, back))
		}
	})
}
