package luabind

import (
	"strings"
	"testing"
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
	b := newBench(t, "")
	b.run(t, `local ok, err = pcall(function() json.decode("[") end) print(err)`)
	if got, want := b.stdout.String(), "<string>:1: json.decode: line 1, column 2: value[1] ends too early, want a value, near [»\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
