package luabind

import (
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/authysh/authysh/authy"
	lua "github.com/yuin/gopher-lua"
)

func TestToLua(t *testing.T) {
	t.Parallel()
	L := lua.NewState()
	defer L.Close()
	type inner struct {
		N int `json:"n"`
	}
	type outer struct {
		inner
		Text   string         `json:"text"`
		Empty  string         `json:"empty,omitempty"`
		Absent *int           `json:"absent"`
		Hidden string         `json:"-"`
		List   []inner        `json:"list"`
		At     time.Time      `json:"at"`
		Map    map[string]any `json:"map"`
	}
	value := outer{
		inner: inner{1}, Text: "t", Hidden: "h", List: []inner{{2}, {3}},
		At:  time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		Map: map[string]any{"null": nil, "big": json.Number("9007199254740993"), "small": json.Number("1.5"), "list": []any{}},
	}
	table := ToLua(L, &value).(*lua.LTable)
	for name, want := range map[string]string{
		"n": "1", "text": "t", "empty": "nil", "absent": "nil", "Hidden": "nil", "at": "2026-01-02T03:04:05Z",
	} {
		if got := table.RawGetString(name).String(); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	entries := table.RawGetString("map").(*lua.LTable)
	if !isNull(entries.RawGetString("null")) {
		t.Errorf("null is %v", entries.RawGetString("null"))
	}
	if got := entries.RawGetString("big"); got != lua.LValue(lua.LString("9007199254740993")) {
		t.Errorf("a big number is %v (%s), want its digits as text", got, got.Type())
	}
	if got := entries.RawGetString("small"); got != lua.LValue(lua.LNumber(1.5)) {
		t.Errorf("a small number is %v", got)
	}
	if list := entries.RawGetString("list").(*lua.LTable); !isArray(list) {
		t.Error("an empty list is not marked as one")
	}
	if got := table.RawGetString("list").(*lua.LTable).RawGetInt(2).(*lua.LTable).RawGetString("n").String(); got != "3" {
		t.Errorf("list[2].n is %s", got)
	}
}

func TestNumbersKeepTheirDigits(t *testing.T) {
	t.Parallel()
	L := lua.NewState()
	defer L.Close()
	for _, n := range []int64{0, 1, -1, maxExact, maxExact + 1, maxExact + 2, -maxExact - 2, math.MaxInt64, math.MinInt64} {
		for _, value := range []any{n, json.Number(json.Number(authy.IntID(n)))} {
			got := ToLua(L, value)
			back := int64(0)
			switch got := got.(type) {
			case lua.LNumber:
				back = int64(got)
			case lua.LString:
				if err := json.Unmarshal([]byte(got), &back); err != nil {
					t.Errorf("%v: %v", value, err)
				}
			}
			if back != n {
				t.Errorf("%v (%T) became %v and reads back as %d", value, value, got, back)
			}
		}
	}
}

// FuzzConvert holds that what Lua's values can carry comes back unchanged, and that no value makes the conversion
// panic or run for ever.
func FuzzConvert(f *testing.F) {
	for _, seed := range []string{
		`return { a = 1, b = "x", c = { d = true, e = { 1, 2, "3" } } }`,
		`local t = {} t.t = t return t`,
		`return { [1] = 1, [3] = 3 }`, `return { a = print, b = 0/0, c = 1/0, d = -2^60 }`,
		`return { [1.5] = 1, [true] = 2, [{}] = 3 }`, `return setmetatable({}, { __index = error, __len = error })`,
		`return { [""] = { [""] = {} } }`, `return "text"`, `return nil`, `return { "\0\255" }`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, source string) {
		L := lua.NewState(lua.Options{SkipOpenLibs: true})
		defer L.Close()
		if strings.Contains(source, "while") || strings.Contains(source, "for") || strings.Contains(source, "repeat") ||
			strings.Contains(source, "function") || strings.Contains(source, "goto") || strings.Contains(source, "..") {
			t.Skip("may run long")
		}
		if L.DoString(source) != nil || L.GetTop() == 0 {
			t.Skip("no value")
		}
		table, ok := L.Get(-1).(*lua.LTable)
		if !ok {
			t.Skip("no table")
		}
		for _, op := range operations() {
			_ = op.Bind(tableArguments{table}) // must not panic
		}
		object, err := toObject(table)
		if err != nil {
			return
		}
		back, err := toObject(ToLua(L, object).(*lua.LTable))
		if err != nil {
			t.Fatalf("%v does not come back: %v", object, err)
		}
		if !reflect.DeepEqual(object, back) && !hasNaN(object) {
			t.Errorf("%#v came back as %#v", object, back)
		}
	})
}

func hasNaN(v any) bool {
	switch v := v.(type) {
	case float64:
		return math.IsNaN(v)
	case map[string]any:
		for _, element := range v {
			if hasNaN(element) {
				return true
			}
		}
	case []any:
		for _, element := range v {
			if hasNaN(element) {
				return true
			}
		}
	}
	return false
}
