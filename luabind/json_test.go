package luabind

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/authysh/authysh/luabind/internal/luavalue"
	lua "github.com/yuin/gopher-lua"
)

func TestJSONEncode(t *testing.T) {
	t.Parallel()
	runLuaTests(t, []luaTest{
		{"scalars", `print(json.encode("a"), json.encode(1.5), json.encode(true), json.encode(json.null))`, `"a"	1.5	true	null`},
		{"whole numbers", `print(json.encode{-0, 7, -3, 1e15, 2^53, -2^53})`, "[0,7,-3,1000000000000000,9007199254740992,-9007199254740992]"},
		{"others", `print(json.encode{0.1, 1e300, 2^54, 1e-7})`, "[0.1,1e+300,1.8014398509481984e+16,1e-07]"},
		{"list", `print(json.encode{1, "two", {3}})`, `[1,"two",[3]]`},
		{"list set backwards", `local t = {} t[3] = 3 t[2] = 2 t[1] = 1 print(json.encode(t))`, `[1,2,3]`},
		{"list that shrank", `local t = {1, 2, 3} t[3] = nil t[2] = nil print(json.encode(t)) t[1] = nil print(json.encode(t))`, "[1]\n{}"},
		{"object", `print(json.encode{b = 1, a = {c = true}, ["odd name"] = 2})`, `{"a":{"c":true},"b":1,"odd name":2}`},
		{"member that went", `local t = {a = 1, b = 2} t.a = nil print(json.encode(t))`, `{"b":2}`},
		{"empty", `print(json.encode{}, json.encode(json.array{}), json.encode(json.array()))`, `{}	[]	[]`},
		{"unsorted", `local t = {} t.b = 1 t.a = 2 t.c = 3 print(json.encode(t, {sort = false}))`, `{"b":1,"a":2,"c":3}`},
		{"indent", `print(json.encode({a = {1, 2}, b = {}, c = json.array()}, {indent = true}))`,
			"{\n  \"a\": [\n    1,\n    2\n  ],\n  \"b\": {},\n  \"c\": []\n}"},
		{"indent by number and text", `print(json.encode({1}, {indent = 1}), json.encode({1}, {indent = "\t"}), json.encode({1}, {indent = 0}))`,
			"[\n 1\n]	[\n\t1\n]	[1]"},
		{"escapes", `print(json.encode("\"\\/\n\r\t\b\f\0\127<&>é"))`, `"\"\\/\n\r\t\u0008\u000c\u0000` + "\x7f" + `<&>é"`},
		{"the same table twice", `local t = {1} print(json.encode{t, t})`, "[[1],[1]]"},
		{"64 levels", `local t = {} for i = 2, 64 do t = {t} end print(#json.encode(t))`, "128"},
	})
}

func TestJSONEncodeErrors(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, value, want string }{
		{"nil", `nil`, "value is nil, which JSON cannot hold: use json.null"},
		{"function", `{items = {1, 2, {x = print}}}`, "value.items[3].x is a function, which JSON cannot hold"},
		{"userdata", `{io.stdout}`, "value[1] is a userdata, which JSON cannot hold"},
		{"nan", `{a = 0/0}`, "value.a is NaN, which JSON cannot hold"},
		{"infinity", `{a = -1/0}`, "value.a is -Inf, which JSON cannot hold"},
		{"mixed", `{a = {1, 2, x = 3}}`, `value.a mixes list elements with other keys, such as "x"`},
		{"hole", `{{1, nil, 3}}`, "value[1] is a list of 3 with a hole at [2]: put json.null there, or use strings as keys"},
		{"number key", `{[0] = 1}`, "value has the number key [0], want keys 1 to n or strings"},
		{"fraction key", `{1, 2, [2.5] = 1}`, "value mixes list elements with other keys, such as [2.5]"},
		{"boolean key", `{a = {[true] = 1}}`, "value.a has a boolean as a key, want strings"},
		{"marked with a name", `json.array{x = 1}`, `value mixes list elements with other keys, such as "x"`},
		{"cycle", `(function() local t = {a = {}} t.a.b = t return t end)()`, "value.a.b contains itself"},
		{"odd path", `{["a b"] = print}`, `value["a b"] is a function, which JSON cannot hold`},
		{"long path", `{[("k"):rep(100)] = print}`, `value["kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"…] is a function, which JSON cannot hold`},
		{"not UTF-8", `{a = {"\255"}}`, "value.a[1] is not UTF-8, which JSON text must be"},
		{"name not UTF-8", `{a = {["\255"] = 1}}`, "value.a has a name that is not UTF-8"},
		{"deep", `(function() local t = {} for i = 1, 64 do t = {t} end return t end)()`, "value" + strings.Repeat("[1]", 64) + " is nested more than 64 deep"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, "")
			b.run(t, `local ok, err = pcall(json.encode, `+test.value+`) print(ok, type(err), err)`)
			if got, want := b.stdout.String(), "false\tstring\tjson.encode: "+test.want+"\n"; !strings.HasSuffix(got, want[len("false\tstring\t"):]) {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
	runLuaTests(t, []luaTest{
		{"indent", `print(pcall(json.encode, 1, {indent = 17}))`, "false	json.encode: indent must be a number of blanks from 0 to 16, a string of blanks or tabs, or true, got 17"},
		{"indent text", `print(pcall(json.encode, 1, {indent = "--"}))`, `false	json.encode: indent must be a number of blanks from 0 to 16, a string of blanks or tabs, or true, got "--"`},
		{"indent table", `print(pcall(json.encode, 1, {indent = {}}))`, "false	json.encode: indent must be a number of blanks from 0 to 16, a string of blanks or tabs, or true, got a table"},
		{"array", `print(pcall(json.array, 5))`, "false	json.array: list must be a table, got a number"},
		{"array with metatable", `print((select(2, pcall(json.array, setmetatable({}, {}))).fields.list))`,
			"has a metatable already, which the mark would replace: copy its elements into a new table"},
	})
}

func TestJSONDecode(t *testing.T) {
	t.Parallel()
	runLuaTests(t, []luaTest{
		{"scalars", `print(json.decode("1"), json.decode(" true "), json.decode('"x"'), json.decode("false"))`, "1	true	x	false"},
		{"null", `print(json.decode("null") == json.null, json.decode('{"a":null}').a == json.null, json.null)`, "true	true	null"},
		{"list", `local t = json.decode("[1, [2], null, 4]") print(#t, t[1], t[2][1], t[3] == json.null, t[4])`, "4	1	2	true	4"},
		{"object", `local t = json.decode('{"a": {"b": "c"}, "1": 2, "": 3}') print(t.a.b, t["1"], t[1], t[""])`, "c	2	nil	3"},
		{"last of two", `print(json.decode('{"a":1,"a":2}').a)`, "2"},
		{"lists stay lists", `print(json.encode(json.decode('{"a":[],"b":{}}'))) local t = json.decode("[1]") t[1] = nil print(json.encode(t))`,
			`{"a":[],"b":{}}` + "\n[]"},
		{"numbers", `print(json.decode("-0.5e1"), json.decode("1E+2"), json.decode("-7"), json.decode("0"), json.decode("1e-400"))`, "-5	100	-7	0	0"},
		{"exact", `print(json.decode("9007199254740991"), type(json.decode("-9007199254740991")), type(json.decode("9007199254740992")))`,
			"9007199254740991	number	string"},
		{"beyond", `local t = json.decode("[9007199254740993, -9007199254740993, 123456789012345678901234567890]") print(t[1], t[2], t[3], type(t[1]))`,
			"9007199254740993	-9007199254740993	123456789012345678901234567890	string"},
		{"escapes", `print(json.decode([["a\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00"]]) == "a\"\\/\b\f\n\r\té😀")`, "true"},
		{"half of a pair", `print(json.decode([["\ud83dx"]]), json.decode([["\ude00"]]), json.decode([["\ud83d\u0041"]]))`, "\uFFFDx	\uFFFD	\uFFFDA"},
		{"escaped name", `print(json.decode([[{"\u0061\n":1}]])["a\n"])`, "1"},
		{"byte order mark", `print(json.decode("\239\187\191[1]")[1])`, "1"},
		{"64 levels", `local t = json.decode(("["):rep(64) .. ("]"):rep(64)) print(#json.encode(t))`, "128"},
	})
}

func TestJSONDecodeErrors(t *testing.T) {
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
			_, err := decodeJSON(newBench(t, "").L, []byte(test.text))
			if err == nil || err.Error() != test.want {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
		})
	}
	b := newBench(t, "")
	b.run(t, `local ok, err = pcall(function() json.decode("[") end) print(err)`)
	if got, want := b.stdout.String(), "<string>:1: json.decode: line 1, column 2: value[1] ends too early, want a value, near [»\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// FuzzJSONDecode compares with encoding/json, and encodes what was read.
func FuzzJSONDecode(f *testing.F) {
	for _, seed := range []string{
		`{"a":[1,2.5,"x",null,true],"b":{}}`, `[]`, `"\ud83d\ude00"`, `"\ud83d"`, `-0`, `1e5`, `9007199254740993`, "[\"\xff\"]", `{"a":1,"a":2}`,
		`[[[[]]]]`, ` 1 x`, `{"":0}`, "\uFEFF{}", `"\u0000"`, `01`, `1.e1`, strings.Repeat("[", 70) + strings.Repeat("]", 70),
	} {
		f.Add(seed)
	}
	L := lua.NewState(lua.Options{SkipOpenLibs: true})
	defer L.Close()
	f.Fuzz(func(t *testing.T, text string) {
		v, err := decodeJSON(L, []byte(text))
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
			encoded, err := encodeJSON(v, indent)
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
			again, err := decodeJSON(L, encoded)
			if err != nil {
				t.Fatalf("decode(%q): %v", encoded, err)
			}
			if twice, _ := encodeJSON(again, indent); string(twice) != string(encoded) {
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

func BenchmarkJSONDecode(b *testing.B) {
	text := megabyte()
	L := lua.NewState(lua.Options{SkipOpenLibs: true})
	defer L.Close()
	b.Run("straight into tables", func(b *testing.B) {
		b.SetBytes(int64(len(text)))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := decodeJSON(L, []byte(text)); err != nil {
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
			ToLua(L, v)
		}
	})
}

func BenchmarkJSONEncode(b *testing.B) {
	L := lua.NewState(lua.Options{SkipOpenLibs: true})
	defer L.Close()
	v, err := decodeJSON(L, []byte(megabyte()))
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(1 << 20)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := encodeJSON(v, ""); err != nil {
			b.Fatal(err)
		}
	}
}
