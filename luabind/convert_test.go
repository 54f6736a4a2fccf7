package luabind

import (
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"reflect"
	"testing"
	"time"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/luabind/internal/luavalue"
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
	if !luavalue.IsNull(entries.RawGetString("null")) {
		t.Errorf("null is %v", entries.RawGetString("null"))
	}
	if got := entries.RawGetString("big"); got != lua.LValue(lua.LString("9007199254740993")) {
		t.Errorf("a big number is %v (%s), want its digits as text", got, got.Type())
	}
	if got := entries.RawGetString("small"); got != lua.LValue(lua.LNumber(1.5)) {
		t.Errorf("a small number is %v", got)
	}
	if list := entries.RawGetString("list").(*lua.LTable); !luavalue.IsArray(list) {
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
	for _, n := range []int64{0, 1, -1, luavalue.MaxExact, luavalue.MaxExact + 1, luavalue.MaxExact + 2, -luavalue.MaxExact - 2, math.MaxInt64, math.MinInt64} {
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

// valueMachine builds Lua values out of bytes: each byte is an instruction, some take the next ones as operands.
type valueMachine struct {
	L    *lua.LState
	code []byte
	open []*lua.LTable // the tables being filled, the innermost last
}

func (m *valueMachine) next() byte {
	if len(m.code) == 0 {
		return 0
	}
	b := m.code[0]
	m.code = m.code[1:]
	return b
}

func (m *valueMachine) text() lua.LString {
	n := min(int(m.next())%32, len(m.code))
	text := lua.LString(m.code[:n])
	m.code = m.code[n:]
	return text
}

func (m *valueMachine) value() lua.LValue {
	switch m.next() % 12 {
	case 0:
		return lua.LBool(m.next()%2 == 0)
	case 1, 2:
		return m.text()
	case 3:
		return lua.LNumber(int8(m.next()))
	case 4:
		return lua.LNumber(math.Ldexp(float64(int8(m.next())), int(m.next())%80-10))
	case 5:
		return lua.LNumber([]float64{math.NaN(), math.Inf(1), math.Inf(-1), luavalue.MaxExact, luavalue.MaxExact + 1, 0.5}[m.next()%6])
	case 6:
		return m.L.NewFunction(func(*lua.LState) int { return 0 })
	case 7:
		return luavalue.Null(m.L)
	case 8:
		return m.open[int(m.next())%len(m.open)] // a table that is not finished: a cycle
	case 9:
		return &lua.LUserData{Value: m}
	}
	t := m.L.NewTable()
	if m.next()%4 == 0 {
		t.Metatable = luavalue.ArrayMetatable(m.L)
	}
	m.open = append(m.open, t)
	m.fill(t)
	m.open = m.open[:len(m.open)-1]
	return t
}

func (m *valueMachine) fill(t *lua.LTable) {
	for range m.next() % 8 {
		switch m.next() % 4 {
		case 0, 1:
			t.Append(m.value())
		case 2:
			t.RawSetString(string(m.text()), m.value())
		default:
			if key := m.value(); key != lua.LNil && key.Type() != lua.LTNumber {
				t.RawSetH(key, m.value())
			}
		}
	}
}

// table is what the whole program builds.
func (m *valueMachine) table() *lua.LTable {
	t := m.L.NewTable()
	m.open = []*lua.LTable{t}
	for len(m.code) > 0 {
		if m.next()%3 == 0 {
			names := operations()[int(m.next())%len(operations())].Params
			if len(names) > 0 {
				t.RawSetString(names[int(m.next())%len(names)].Name, m.value())
				continue
			}
		}
		t.RawSetString(string(m.text()), m.value())
	}
	return t
}

// FuzzConvert holds that what Lua values can carry comes back unchanged, that no value makes a conversion panic or run
// for ever, and that an operation judges whatever it is given.
func FuzzConvert(f *testing.F) {
	f.Add([]byte("\x01\x02ab\x01\x03xyz"))
	f.Add([]byte("\x01\x01a\x0a\x01\x02\x00\x03\x05\x00\x03\x06"))
	f.Add([]byte("\x01\x01t\x08\x00\x01\x01u\x0b\x01\x01\x02\x01v\x08\x01"))
	f.Add([]byte("\x00\x14\x02\x0a\x01\x02\x02\x07visible\x0a\x01\x01\x00\x01\x01x"))
	f.Add([]byte("\x00\x14\x03\x0a\x01\x01\x00\x0a\x01\x02\x02\x03res\x01\x03low\x02\x03url\x01\x01x"))
	f.Add([]byte("\x00\x05\x00\x04\x7f\x46\x00\x05\x01\x00\x00"))
	f.Fuzz(func(t *testing.T, code []byte) {
		L := lua.NewState(lua.Options{SkipOpenLibs: true})
		defer L.Close()
		table := (&valueMachine{L: L, code: code}).table()
		offline := &authy.Client{Key: "a-key-to-fuzz", HTTPClient: &http.Client{Transport: refusing{}}, Retries: authy.NoRetries}
		for _, op := range operations() {
			_, err := op.Bind(tableArguments{table}).Run(t.Context(), offline)
			if _, ok := err.(authy.Error); !ok {
				t.Fatalf("%s: %v is no authy.Error", op.Name, err)
			}
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

// refusing is a transport that reaches nobody.
type refusing struct{}

func (refusing) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, errors.New("no network")
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
