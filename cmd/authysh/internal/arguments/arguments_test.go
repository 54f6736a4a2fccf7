package arguments

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/authysh/authysh/authy"
)

// put is one value under a name: a Text as typed, or JSON.
type put struct {
	name  string
	value any
}

// raw is JSON, as parameter:=value takes it.
type raw string

// assigned puts values and gives back what the parameter became, as JSON, or "!" and the error.
func assigned(operation, parameter string, puts ...put) string {
	op, ok := authy.ByName(operation)
	if !ok {
		return "!no operation " + operation
	}
	f, ok := op.Param(parameter)
	if !ok {
		return "!no parameter " + parameter
	}
	set := For(op, nil)
	for _, p := range puts {
		var err error
		switch value := p.value.(type) {
		case string:
			err = set.Put(p.name, Text(value))
		case raw:
			var parsed any
			if parsed, err = ParseJSON([]byte(value)); err == nil {
				err = set.Put(p.name, parsed)
			}
		}
		if err != nil {
			return "!" + p.name + " " + err.Error()
		}
	}
	v := reflect.New(f.Type).Elem()
	given, err := set.Assign(f, v)
	if err != nil {
		return "!" + err.Error()
	}
	if !given {
		return "!not given"
	}
	encoded, err := json.Marshal(v.Interface())
	if err != nil {
		return "!" + err.Error()
	}
	return string(encoded)
}

func TestConversions(t *testing.T) {
	t.Parallel()
	const tooLong = "123456789012345678901234567890123456789012345678901234567890"
	tests := []struct {
		operation, parameter string
		puts                 []put
		want                 string
	}{
		// text of digits
		{"verify_token", "token", []put{{"token", "0012345"}}, `"0012345"`},
		{"verify_token", "token", []put{{"token", raw(`"0012345"`)}}, `"0012345"`},
		{"verify_token", "token", []put{{"token", raw(`12345678901234567890`)}}, `"12345678901234567890"`},
		{"verify_token", "token", []put{{"token", raw(`0012345`)}}, `!token is not JSON: line 1, column 1: a number has no leading zeros; text needs quotes`},
		{"verify_token", "token", []put{{"token", raw(`1e6`)}}, `!must be a string or a whole number, got 1e6`},
		{"verify_token", "token", []put{{"token", raw(`1.0`)}}, `!must be a string or a whole number, got 1.0`},
		{"verify_token", "token", []put{{"token", raw(`true`)}}, `!must be a string or a whole number, got a boolean`},
		{"verify_token", "token", []put{{"token", raw(`null`)}}, `!must be a string or a whole number, got null`},
		{"verify_token", "token", []put{{"token", ""}}, `""`},
		{"verify_token", "authy_id", []put{{"authy_id", "18446744073709551616"}}, `18446744073709551616`},
		{"verify_token", "authy_id", []put{{"authy_id", raw(`18446744073709551616`)}}, `18446744073709551616`},
		// other text
		{"create_approval_request", "message", []put{{"message", "007"}}, `"007"`},
		{"create_approval_request", "message", []put{{"message", `{"a":1}`}}, `"{\"a\":1}"`},
		{"create_approval_request", "message", []put{{"message", raw(`7`)}}, `!must be a string, got the number 7`},
		{"create_approval_request", "message", []put{{"message", raw(`[]`)}}, `!must be a string, got a list`},
		{"create_approval_request", "message", []put{{"message", raw(`{}`)}}, `!must be a string, got an object`},
		{"create_approval_request", "message", []put{{"message.a", "x"}}, `!must be a string, got an object`},
		// switches
		{"request_sms", "force", []put{{"force", "true"}}, `true`},
		{"request_sms", "force", []put{{"force", "false"}}, `false`},
		{"request_sms", "force", []put{{"force", raw(`false`)}}, `false`},
		{"request_sms", "force", []put{{"force", "yes"}}, `!must be true or false, got "yes"`},
		{"request_sms", "force", []put{{"force", "1"}}, `!must be true or false, got "1"`},
		{"request_sms", "force", []put{{"force", raw(`"true"`)}}, `!must be true or false, got a string`},
		// whole numbers
		{"create_user_secret", "qr_size", []put{{"qr_size", "300"}}, `300`},
		{"create_user_secret", "qr_size", []put{{"qr_size", "-1"}}, `-1`},
		{"create_user_secret", "qr_size", []put{{"qr_size", raw(`300`)}}, `300`},
		{"create_user_secret", "qr_size", []put{{"qr_size", "300.0"}}, `!must be a whole number, got "300.0"`},
		{"create_user_secret", "qr_size", []put{{"qr_size", "0x1f"}}, `!must be a whole number, got "0x1f"`},
		{"create_user_secret", "qr_size", []put{{"qr_size", ""}}, `!must be a whole number, got ""`},
		{"create_user_secret", "qr_size", []put{{"qr_size", raw(`3e2`)}}, `!must be a whole number, got the number 3e2`},
		{"create_user_secret", "qr_size", []put{{"qr_size", raw(`"300"`)}}, `!must be a whole number, got a string`},
		{"create_user_secret", "qr_size", []put{{"qr_size", tooLong}}, `!is too large, got ` + tooLong[:40] + `...`},
		// lengths of time, in seconds
		{"create_approval_request", "ttl", []put{{"ttl", "120"}}, `120`},
		{"create_approval_request", "ttl", []put{{"ttl", "2m"}}, `120`},
		{"create_approval_request", "ttl", []put{{"ttl", "1h2m3s"}}, `3723`},
		{"create_approval_request", "ttl", []put{{"ttl", raw(`"2m"`)}}, `120`},
		{"create_approval_request", "ttl", []put{{"ttl", raw(`120`)}}, `120`},
		{"create_approval_request", "ttl", []put{{"ttl", "0"}}, `0`},
		{"create_approval_request", "ttl", []put{{"ttl", "1500ms"}}, `!must be a whole number of seconds, got 1.5s`},
		{"create_approval_request", "ttl", []put{{"ttl", raw(`1.5`)}}, `!must be a length of time such as "90s" or "2m", or a number of seconds, got the number 1.5`},
		{"create_approval_request", "ttl", []put{{"ttl", raw(`true`)}}, `!must be a length of time such as "90s" or "2m", or a number of seconds, got a boolean`},
		{"create_approval_request", "ttl", []put{{"ttl", "99999999999999999999"}}, `!must be a length of time such as "90s" or "2m", or a number of seconds, got "99999999999999999999"`},
		// objects that hold anything
		{"register_activity", "data", []put{{"data.reason", "foo"}, {"data.n", "007"}, {"data.m", raw(`7`)}}, `{"m":7,"n":"007","reason":"foo"}`},
		{"register_activity", "data", []put{{"data.a.b.c", "x"}, {"data.a.d", "y"}}, `{"a":{"b":{"c":"x"},"d":"y"}}`},
		{"register_activity", "data", []put{{"data.0", "x"}}, `{"0":"x"}`},
		{"register_activity", "data", []put{{"data", `{"n": 12345678901234567890.123}`}}, `{"n":12345678901234567890.123}`},
		{"register_activity", "data", []put{{"data", "\n {\"a\": [1, null]}\n"}}, `{"a":[1,null]}`},
		{"register_activity", "data", []put{{"data.list", raw(`[1,"é"]`)}}, `{"list":[1,"é"]}`},
		{"register_activity", "data", []put{{"data.Key_With-Dash", "x"}}, `{"Key_With-Dash":"x"}`},
		{"register_activity", "data", []put{{"data", "foo"}}, `!needs a key: write data.KEY=VALUE, or an object as JSON`},
		{"register_activity", "data", []put{{"data", ""}}, `!needs a key: write data.KEY=VALUE, or an object as JSON`},
		{"register_activity", "data", []put{{"data", `[1]`}}, `!needs a key: write data.KEY=VALUE, or an object as JSON`},
		{"register_activity", "data", []put{{"data", raw(`[1]`)}}, `!must be an object, got a list`},
		// objects with known members, which may be named without the object
		{"create_approval_request", "details", []put{{"visible.a", "x"}, {"details.hidden.b", "y"}}, `{"visible":{"a":"x"},"hidden":{"b":"y"}}`},
		{"create_approval_request", "details", []put{{"details", `{"visible":{"a":1}}`}}, `{"visible":{"a":1},"hidden":null}`},
		{"create_approval_request", "details", []put{{"details.visible", `{"a":1}`}}, `{"visible":{"a":1},"hidden":null}`},
		{"create_approval_request", "details", []put{{"details.visibel.a", "x"}}, `!.visibel is not known, did you mean "visible"?`},
		{"create_approval_request", "details", []put{{"details.zzz", "x"}}, `!.zzz is not known; known are visible, hidden`},
		{"create_approval_request", "details", []put{{"details", "x"}}, `!needs a key: write details.KEY=VALUE, or an object as JSON`},
		// lists of objects
		{"create_approval_request", "logos", []put{{"logos.1.url", "u1"}, {"logos.0.url", "u0"}, {"logos.0.res", "low"}}, `[{"res":"low","url":"u0"},{"res":"","url":"u1"}]`},
		{"create_approval_request", "logos", []put{{"logos", `[{"res":"low"}]`}}, `[{"res":"low","url":""}]`},
		{"create_approval_request", "logos", []put{{"logos.0", `{"res":"low"}`}}, `[{"res":"low","url":""}]`},
		{"create_approval_request", "logos", []put{{"logos.0", raw(`null`)}}, `![1] must be an object, got null`},
		{"create_approval_request", "logos", []put{{"logos.1.url", "u"}}, `!must be numbered from 0 without gaps, and 0 is missing`},
		{"create_approval_request", "logos", []put{{"logos.0.url", "u"}, {"logos.99999999999999999999.url", "u"}}, `!must have numbers as keys, as in logos.0.KEY=VALUE, got "99999999999999999999"`},
		{"create_approval_request", "logos", []put{{"logos.00.url", "u"}}, `!must have numbers as keys, as in logos.0.KEY=VALUE, got "00"`},
		{"create_approval_request", "logos", []put{{"logos.-1.url", "u"}}, `!must have numbers as keys, as in logos.0.KEY=VALUE, got "-1"`},
		{"create_approval_request", "logos", []put{{"logos", "x"}}, `!needs a key: write logos.0.KEY=VALUE, or a list as JSON`},
		{"create_approval_request", "logos", []put{{"logos", `[1, {"rez": ""}]`}}, `![1] must be an object, got the number 1; [2].rez is not known, did you mean "res"?`},
		// lists of texts
		{"create_webhook", "events", []put{{"events", "a, b,c"}}, `["a","b","c"]`},
		{"create_webhook", "events", []put{{"events", raw(`["a,b"]`)}}, `["a,b"]`},
		{"create_webhook", "events", []put{{"events.0", "a"}, {"events.1", "b"}}, `["a","b"]`},
		{"create_webhook", "events", []put{{"events", raw(`["a",1]`)}}, `![2] must be a string, got the number 1`},
		// twice, as a whole and in parts
		{"verify_token", "token", []put{{"token", "1"}, {"token", "1"}}, `!token is given twice`},
		{"register_activity", "data", []put{{"data.a", "1"}, {"data.a", "1"}}, `!data.a is given twice`},
		{"register_activity", "data", []put{{"data", "{}"}, {"data.a", "1"}}, `!data.a is given twice: as a whole, and in parts`},
		{"register_activity", "data", []put{{"data.a", "1"}, {"data", "{}"}}, `!data is given twice: as a whole, and in parts`},
		{"register_activity", "data", []put{{"data.a.b", "1"}, {"data.a", "1"}}, `!data.a is given twice: as a whole, and in parts`},
		{"create_approval_request", "details", []put{{"visible.a", "1"}, {"details.visible.a", "1"}}, `!details.visible.a is given twice`},
		// names
		{"register_activity", "data", []put{{"data.", "1"}}, `!data. lacks a name around a dot: write data.KEY=VALUE`},
		{"register_activity", "data", []put{{"data..a", "1"}}, `!data..a lacks a name around a dot: write data.KEY=VALUE`},
	}
	for _, tt := range tests {
		if got := assigned(tt.operation, tt.parameter, tt.puts...); got != tt.want {
			t.Errorf("%s %v:\n got %s\nwant %s", tt.operation, tt.puts, got, tt.want)
		}
	}
}

func TestAdd(t *testing.T) {
	t.Parallel()
	op, _ := authy.ByName("create_webhook")
	f, _ := op.Param("events")
	set := For(op, nil)
	for _, text := range []Text{"a,b", "c"} {
		if err := set.Add("events", text); err != nil {
			t.Fatal(err)
		}
	}
	var events []string
	if given, err := set.Assign(f, reflect.ValueOf(&events).Elem()); !given || err != nil || strings.Join(events, " ") != "a b c" {
		t.Errorf("got %v, %v, %v", events, given, err)
	}
	parts := For(op, nil)
	if err := parts.Put("events.0", Text("a")); err != nil {
		t.Fatal(err)
	}
	if err := parts.Add("events", "b"); err == nil || err.Error() != "is given twice: as a whole, and in parts" {
		t.Errorf("a part and an element: got %v", err)
	}
}

// TestNotation: errors tell how to write a value in the words of who calls.
func TestNotation(t *testing.T) {
	t.Parallel()
	op, _ := authy.ByName("register_activity")
	f, _ := op.Param("data")
	set := For(op, func(name, value string) string { return "--" + name + " " + value })
	if err := set.Put("data", Text("foo")); err != nil {
		t.Fatal(err)
	}
	_, err := set.Assign(f, reflect.New(f.Type).Elem())
	if want := "needs a key: write --data.KEY VALUE, or an object as JSON"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestParseJSON(t *testing.T) {
	t.Parallel()
	tests := map[string]string{ // "!" and the error
		`{"n": 12345678901234567890, "é": [1.50, -0, 1e400]}`: `{"n":12345678901234567890,"é":[1.50,-0,1e400]}`,
		" null ":                                `null`,
		"\"\\u00e9\"":                           `"é"`,
		"":                                      `!is empty, and must be JSON`,
		" \n\t":                                 `!is empty, and must be JSON`,
		`{"a":`:                                 `!is not JSON: line 1, column 6: it ends too early`,
		"{\n\n\"a\":":                           `!is not JSON: line 3, column 5: it ends too early`,
		`tru`:                                   `!is not JSON: line 1, column 4: it ends too early`,
		`trux`:                                  `!is not JSON: line 1, column 4: invalid character 'x' in literal true (expecting 'e')`,
		`{"a":x}`:                               `!is not JSON: line 1, column 6: invalid character 'x' looking for beginning of value`,
		"{\r\n  \"é日🦉\": ü}":                    `!is not JSON: line 2, column 10: invalid character 'ü' looking for beginning of value`,
		"🦉":                                     `!is not JSON: line 1, column 1: invalid character '🦉' looking for beginning of value`,
		"\xff":                                  `!is not JSON: line 1, column 1: invalid character '` + "\ufffd" + `' looking for beginning of value`,
		"\"a\nb\"":                              `!is not JSON: line 1, column 3: invalid character '\n' in string literal`,
		`{'a':1}`:                               `!is not JSON: line 1, column 2: invalid character '\'' looking for beginning of object key string`,
		`{"a":1,}`:                              `!is not JSON: line 1, column 8: invalid character '}' looking for beginning of object key string`,
		`-01`:                                   `!is not JSON: line 1, column 2: a number has no leading zeros; text needs quotes`,
		`0 1`:                                   `!is not one JSON value: another begins at line 1, column 3`,
		`{} x`:                                  `!is not one JSON value: another begins at line 1, column 4`,
		"{}\n{}":                                `!is not one JSON value: another begins at line 2, column 1`,
		`{"a":{"b":1},"b":[{"a":"a"},{"a":1}]}`: `{"a":{"b":1},"b":[{"a":"a"},{"a":1}]}`,
		"{\"a\":1,\n \"b\":[{}, {\"a\":1, \"a\":2}]}": `!has "a" twice in one object, the second at line 2, column 19`,
		`{"a":"a","\u0061":1e999}`:                    `!has "a" twice in one object, the second at line 1, column 10`,
		"\"é\" é":                                     `!is not one JSON value: another begins at line 1, column 5`,
	}
	for source, want := range tests {
		value, err := ParseJSON([]byte(source))
		got := ""
		if err != nil {
			got = "!" + err.Error()
		} else {
			encoded, _ := json.Marshal(value)
			got = string(encoded)
		}
		if got != want {
			t.Errorf("%q:\n got %s\nwant %s", source, got, want)
		}
	}
}

func TestPutJSON(t *testing.T) {
	t.Parallel()
	op, _ := authy.ByName("request_sms")
	for source, want := range map[string]string{
		`{"authy_id": 7, "force": true}`: "",
		`{}`:                             "",
		`[]`:                             "must be an object of parameters, got a list",
		`7`:                              "must be an object of parameters, got the number 7",
		`null`:                           "must be an object of parameters, got null",
		`{"locale": "pt"}`:               "gives locale, which is given otherwise too",
	} {
		set := For(op, nil)
		if err := set.Put("locale", Text("pt")); err != nil {
			t.Fatal(err)
		}
		got := ""
		if err := set.PutJSON([]byte(source)); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", source, got, want)
		}
	}
	var set Set
	if err := set.PutJSON([]byte(`{"authy_id": 7}`)); err != nil || set.Len() != 1 || fmt.Sprint(set.Names()) != "[authy_id]" || !set.Has("authy_id") {
		t.Errorf("the zero value: %v, %v", set.Names(), err)
	}
}
