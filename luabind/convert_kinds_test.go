package luabind

import (
	"encoding/json"
	"errors"
	"log/slog"
	"math/big"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/authysh/authysh/authy"
)

type failing struct{ Code int }

func (f failing) Error() string { return "failing" }

// TestToLuaKinds gives scripts Go values of every kind.
func TestToLuaKinds(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	rt, err := New(&authy.Client{}, Stdout(&out))
	if err != nil {
		t.Fatal(err)
	}
	defer rt.Close()
	if err := rt.Run(t.Context(), Script{Source: `function show(v) io.write(type(v), " ", v == nil and "null" or json.encode(v)) end
		function at(t, ...) for i = 1, select("#", ...) do io.write(tostring(t[select(i, ...)]), " ") end end`}); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		value any
		want  string
	}{
		{[]byte("abc"), `string "abc"`}, {[]byte{}, `string ""`}, {[]byte(nil), "nil null"},
		{json.RawMessage(`{"a":[1,null]}`), `table {"a":[1,null]}`}, {json.RawMessage(`null`), "userdata null"},
		{map[string]any{"raw": json.RawMessage(`[]`), "bytes": []byte("x")}, `table {"bytes":"x","raw":[]}`},
		{errors.New("no"), `string "no"`}, {&failing{1}, `string "failing"`}, {failing{1}, `string "failing"`},
		{map[string]error{"e": errors.New("no")}, `table {"e":"no"}`},
		{big.NewInt(5), `string "5"`}, {(*big.Int)(nil), "nil null"}, {[]*big.Int{big.NewInt(6)}, `table ["6"]`},
		{net.IPv4(1, 2, 3, 4), `string "1.2.3.4"`}, {netip.MustParseAddr("::1"), `string "::1"`}, {slog.LevelWarn, `string "WARN"`},
		{time.Unix(0, 0).UTC(), `string "1970-01-01T00:00:00Z"`}, {time.Second, "number 1"}, {authy.ID("7"), "number 7"},
		{[2]bool{}, "table [false,false]"}, {struct{}{}, "table {}"}, {uint8(3), "number 3"}, {complex(1, 2), `string "(1+2i)"`},
	} {
		out.Reset()
		if _, err := rt.Call(t.Context(), "show", test.value); err != nil || out.String() != test.want {
			t.Errorf("%T %v is %s, %v; want %s", test.value, test.value, out.String(), err, test.want)
		}
	}
	for _, test := range []struct {
		value any
		keys  []any
		want  string
	}{
		{map[int]string{1: "a", 3: "b", -2: "c"}, []any{1, 3, -2, "1"}, "a b c nil "},
		{map[bool]int{true: 1, false: 2}, []any{true, false}, "1 2 "},
		{map[float64]int{1.5: 1}, []any{1.5}, "1 "},
		{map[authy.ID]int{"17": 1}, []any{"17"}, "1 "},
		{map[netip.Addr]int{netip.MustParseAddr("::1"): 1}, []any{"::1"}, "1 "},
	} {
		out.Reset()
		if _, err := rt.Call(t.Context(), "at", append([]any{test.value}, test.keys...)...); err != nil || out.String() != test.want {
			t.Errorf("%T %v has %s, %v; want %s", test.value, test.value, out.String(), err, test.want)
		}
	}
	for _, test := range []struct {
		value any
		want  string
	}{
		{make(chan int), "a Go value of type chan int has no counterpart in Lua"}, {func() {}, "type func()"},
		{map[string]any{"f": t.Log}, "has no counterpart"}, {map[struct{ A int }]int{{1}: 1}, "keys of type struct"},
		{json.RawMessage("{"), "is no JSON"},
	} {
		if _, err := rt.Call(t.Context(), "show", test.value); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%T: %v, want %s", test.value, err, test.want)
		}
	}
}
