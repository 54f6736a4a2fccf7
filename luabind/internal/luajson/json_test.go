package luajson_test

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/authysh/authysh/luabind"
	"github.com/authysh/authysh/luabind/internal/luajson"
	"github.com/authysh/authysh/luabind/internal/luavalue"
	lua "github.com/yuin/gopher-lua"
)

func TestDecodeErrors(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ text, want string }{
		{"", "the text is empty, want a JSON value"},
		{" \n", "the text is empty, want a JSON value"},
		{"{", `line 1, column 2: value ends too early, want a name in double quotes, near {»`},
		{"[1, 2", `line 1, column 6: value ends too early, want ',' or ']', near [0, 0»`},
		{"[1,\n 2,\n  x]", `line 3, column 3: value[3] has 'x' where a value is wanted (JSON's words are true, false and null), near »a]`},
		{"[1,]", `line 1, column 4: value[2] has ']' where a value is wanted (JSON has no comma after the last element), near [0,»]`},
		{`{"a":1,}`, `line 1, column 8: value has '}' where a name in double quotes is wanted (JSON has no comma after the last element), near {"a":0,»}`},
		{`{"user":{"code":"123456" "x":1}}`, `line 1, column 26: value.user has '"' where ',' or '}' is wanted, near "aaaa":{"aaaa":"000000" »"a":0}}`},
		{`{"user":{'code':1}}`, `line 1, column 10: value.user has '\'' where a name in double quotes is wanted (strings stand in double quotes), near {"aaaa":{»'aaaa':0}}`},
		{`{"a" 1}`, `line 1, column 6: value.a has '1' where ':' is wanted, near {"a" »0}`},
		{`[1] [2]`, `line 1, column 5: value has '[' where the end of the text is wanted, near [0] »[0]`},
		{`{"a":NaN}`, `line 1, column 6: value.a has 'N' where a value is wanted (JSON's words are true, false and null), near {"a":»aaa}`},
		{`// x`, `line 1, column 1: value has '/' where a value is wanted (JSON has no comments), near »// a`},
		{`[01]`, `line 1, column 2: value[1] has a number with a leading zero, want it without, or as a string, near [»00]`},
		{`[1.]`, `line 1, column 4: value[1] has ']' where a digit after '.' is wanted, near [0.»]`},
		{`[-]`, `line 1, column 3: value[1] has ']' where a digit after '-' is wanted, near [-»]`},
		{`[1e]`, `line 1, column 4: value[1] has ']' where a digit of the exponent is wanted, near [0a»]`},
		{`[1e999]`, `line 1, column 2: value[1] has a number beyond the range of Lua numbers, near [»0a000]`},
		{`["abc`, `line 1, column 2: value[1] has a string without closing quote, near [»"aaa`},
		{`["a\n`, `line 1, column 2: value[1] has a string without closing quote, near [»"a\a`},
		{"[\"é\n\"]", `line 1, column 4: value[1] has the control character U+000A in a string, want it escaped, near ["a»`},
		{"[\"\\t\t\"]", `line 1, column 5: value[1] has the control character U+0009 in a string, want it escaped, near ["\a» "]`},
		{`["\x"]`, `line 1, column 3: value[1] has an unknown escape in a string, want \" \\ \/ \b \f \n \r \t or \u and 4 hex digits, near ["»\a"]`},
		{`["\u12G4"]`, `line 1, column 3: value[1] has an unknown escape in a string, want \" \\ \/ \b \f \n \r \t or \u and 4 hex digits, near ["»\a00a0"]`},
		{`["\u+123"]`, `line 1, column 3: value[1] has an unknown escape in a string, want \" \\ \/ \b \f \n \r \t or \u and 4 hex digits, near ["»\a+000"]`},
		{"[\"ab\xff\"]", `line 1, column 5: value[1] is not UTF-8: byte 0xFF, near ["aa»a"]`},
		{"[\"\\n\xff\"]", `line 1, column 5: value[1] is not UTF-8: byte 0xFF, near ["\a»a"]`},
		{"\xff", `line 1, column 1: value is not UTF-8: byte 0xFF, near »a`},
		{strings.Repeat("[", 65), "line 1, column 65: value" + strings.Repeat("[1]", 64) + " is nested more than 64 deep, near " + strings.Repeat("[", 24) + "»["},
	} {
		t.Run(test.text, func(t *testing.T) {
			t.Parallel()
			L := lua.NewState(lua.Options{SkipOpenLibs: true})
			defer L.Close()
			_, err := luajson.Decode(L, test.text, nil)
			if err == nil || err.Error() != test.want {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
		})
	}
}

// FuzzDecode compares with encoding/json, and encodes what was read.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		`{"a":[1,2.5,"x",null,true],"b":{}}`, `[]`, `"\ud83d\ude00"`, `"\ud83d"`, `-0`, `1e5`, `9007199254740993`, "[\"\xff\"]", `{"a":1,"a":2}`,
		`[[[[]]]]`, ` 1 x`, `{"":0}`, "\uFEFF{}", `"\u0000"`, `01`, `1.e1`, strings.Repeat("[", 70) + strings.Repeat("]", 70),
	} {
		f.Add(seed)
	}
	L := lua.NewState(lua.Options{SkipOpenLibs: true})
	defer L.Close()
	f.Fuzz(func(t *testing.T, text string) {
		v, err := luajson.Decode(L, text, nil)
		plain := strings.TrimPrefix(text, "\uFEFF")
		if valid := json.Valid([]byte(plain)); valid != (err == nil) {
			message := fmt.Sprint(err)
			if !valid || !strings.Contains(message, "nested more") && !strings.Contains(message, "not UTF-8") && !strings.Contains(message, "beyond the range") {
				t.Fatalf("decode(%q) = %v, encoding/json says valid: %v", text, err, valid)
			}
		}
		if err != nil {
			return
		}
		for _, indent := range []string{"", "  "} {
			encoded, err := luajson.Encode(v, indent)
			if err != nil {
				t.Fatalf("encode of decode(%q): %v", text, err)
			}
			var want, got any
			if err := json.Unmarshal([]byte(plain), &want); err != nil {
				return // a number that even a float64 cannot hold, kept as text here
			}
			if err := json.Unmarshal(encoded, &got); err != nil {
				t.Fatalf("encoded %q to %q: %v", text, encoded, err)
			}
			if !sameJSON(want, got) {
				t.Fatalf("%q became %q", text, encoded)
			}
			again, err := luajson.Decode(L, string(encoded), nil)
			if err != nil {
				t.Fatalf("decode(%q): %v", encoded, err)
			}
			if twice, _ := luajson.Encode(again, indent); string(twice) != string(encoded) {
				t.Fatalf("%q became %q", encoded, twice)
			}
		}
	})
}

// sameJSON compares, but for whole numbers that became text.
func sameJSON(want, got any) bool {
	switch want := want.(type) {
	case map[string]any:
		object, ok := got.(map[string]any)
		if !ok || len(object) != len(want) {
			return false
		}
		for name, v := range want {
			if !sameJSON(v, object[name]) {
				return false
			}
		}
		return true
	case []any:
		list, ok := got.([]any)
		if !ok || len(list) != len(want) {
			return false
		}
		for i, v := range want {
			if !sameJSON(v, list[i]) {
				return false
			}
		}
		return true
	case float64:
		if _, ok := got.(string); ok {
			return math.Abs(want) >= luavalue.MaxExact
		}
	}
	return reflect.DeepEqual(want, got)
}

// megabyte is a list of users as an API would give it.
func megabyte() string {
	var b strings.Builder
	b.WriteString("[")
	for i := 0; b.Len() < 1<<20; i++ {
		if i > 0 {
			b.WriteString(",")
		}
		fmt.Fprintf(&b, `{"id":%d,"email":"user%d@example.com","phones":["+351 911 234 567","+1 415 555 2671"],"confirmed":%v,"score":%d.25,"note":null,"name":"Ana \"the\" Ørsted"}`,
			i, i, i%2 == 0, i)
	}
	return b.String() + "]"
}

func BenchmarkDecode(b *testing.B) {
	text := megabyte()
	L := lua.NewState(lua.Options{SkipOpenLibs: true})
	defer L.Close()
	b.Run("straight into tables", func(b *testing.B) {
		b.SetBytes(int64(len(text)))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := luajson.Decode(L, text, nil); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("by way of any", func(b *testing.B) {
		b.SetBytes(int64(len(text)))
		b.ReportAllocs()
		for b.Loop() {
			var v any
			d := json.NewDecoder(strings.NewReader(text))
			d.UseNumber()
			if err := d.Decode(&v); err != nil {
				b.Fatal(err)
			}
			luabind.ToLua(L, v)
		}
	})
}

func BenchmarkEncode(b *testing.B) {
	L := lua.NewState(lua.Options{SkipOpenLibs: true})
	defer L.Close()
	v, err := luajson.Decode(L, megabyte(), nil)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(1 << 20)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := luajson.Encode(v, ""); err != nil {
			b.Fatal(err)
		}
	}
}
