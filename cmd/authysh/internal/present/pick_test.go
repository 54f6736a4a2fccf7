package present_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/authysh/authysh/cmd/authysh/internal/present"
)

func TestQuery(t *testing.T) {
	t.Parallel()
	const answer = `{"z":1,"big":12345678901234567890,"a":{"y":1.50,"x":"t"},"list":[{"n":"b","id":2},{"n":"a","id":1}],"exact":0.1234567890123456789}`
	for _, tt := range []struct{ query, want string }{
		{"z", "1"},
		{"nothing", "null"},
		{"big", "12345678901234567890"}, // no float64 has its digits
		{"exact", "0.1234567890123456789"},
		{"to_string(big)", `"12345678901234567890"`},
		{"[big, z]", "[12345678901234567890,1]"},
		{"z + `1`", "2"},
		{"a.y", "1.5"},
		{"a", `{"y":1.5,"x":"t"}`}, // in the order of the answer
		{"@ | a", `{"y":1.5,"x":"t"}`},
		{"{q: z, b: a.x}", `{"q":1,"b":"t"}`}, // in the order of the query
		{"list[].{n: n, i: id}", `[{"n":"b","i":2},{"n":"a","i":1}]`},
		{"merge(a, {w: z})", `{"w":1,"x":"t","y":1.5}`},
		{"a.*", `[1.5,"t"]`},
		{"keys(@)", `["z","big","a","list","exact"]`},
		{"values(a)", `[1.5,"t"]`},
		{"items(a)", `[["y",1.5],["x","t"]]`},
		{"to_string(a)", `"{\"y\":1.5,\"x\":\"t\"}"`},
		{"list[?id > `1`].n | [0]", `"b"`},
		{"sort_by(list, &id)[].n", `["a","b"]`},
		{"sum(list[].id)", "3"},
		{"length(list)", "2"},
		{"`1` / `0`", "null"},
		{"z.*", "null"},
		{"find_first(a.x, 't')", "0"},
		{"split(a.x, '')", `["t"]`},
		{"`-0`", "0"},
	} {
		got, err := printed(t, present.Options{Query: tt.query}, value(answer))
		if err != nil || got != tt.want+"\n" {
			t.Errorf("%s: got %q, %v; want %s", tt.query, got, err, tt.want)
		}
	}
}

func TestQueryErrors(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ query, want string }{
		{"a b", `--query is no JMESPath expression: it cannot go on at character 3 with "b"`},
		{"é", `--query is no JMESPath expression: it cannot go on at character 1 with "é"`},
		{"'é' b", `--query is no JMESPath expression: it cannot go on at character 5 with "b"`},
		{"a[", "--query is no JMESPath expression: it ends too early, after character 2"},
		{"a.", "--query is no JMESPath expression: it ends too early, after character 2"},
		{"a || ]" + strings.Repeat("x", 50), `--query is no JMESPath expression: it cannot go on at character 6 with "]` + strings.Repeat("x", 29) + `..."`},
		{"[?'é' == `1` || a == `x`]", "--query is no JMESPath expression: what stands between backquotes must be JSON; a text is 'text', got \"x\" at character 22"},
		{"lenght(a)", "--query calls lenght(), which is no function of JMESPath, did you mean length()?"},
		{"a | [?length()]", "--query gives length() too few arguments: it takes 1, got 0"},
		{"length(a, b)", "--query gives length() too many arguments: it takes 1, got 2"},
	} {
		_, err := present.New(present.Options{Query: tt.query})
		if wrong, ok := errors.AsType[*present.OptionError](err); !ok || wrong.Error() != tt.want || wrong.Hint == "" {
			t.Errorf("%s: got %v\nwant %s", tt.query, err, tt.want)
		}
	}
	got, err := printed(t, present.Options{Query: "sum(@)"}, value(`{"secret":"s3cr3t"}`))
	if want := "--query does not fit the result: a function got the wrong type of value, it takes array[number]"; err == nil || err.Error() != want || got != "" {
		t.Errorf("got %q, %v; want %s", got, err, want)
	}
}

func TestTemplate(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ template, want string }{
		{"{{.message}}", "User status.\n"},
		{"{{.message}}\n", "User status.\n"},
		{`{{with .status}}{{.authy_id}} {{if eq .authy_id 48213977}}same{{end}}{{end}}`, "48213977 same\n"},
		{"[{{.status.account_disabled}}]{{range .status.deleted_devices}}x{{end}}", "[]\n"}, // known, but left out
		{"{{range .status.detailed_devices}}{{.device_id}} [{{.registration_method}}]\n{{end}}", "290908 [sms]\n7 []\n"},
		{`{{join ", " .status.devices}} {{json .status.devices}} {{upper "a"}}{{lower "B"}}`, "iphone, authy_chrome [\"iphone\",\"authy_chrome\"] Ab\n"},
		{`{{range .status.detailed_devices}}{{ago .last_sync_date}},{{end}}`, "3 minutes ago,0,\n"},
		{`{{ago "soon"}}`, "soon\n"},
		{"{{/* nothing */}}", ""},
	} {
		got, err := printed(t, present.Options{Template: tt.template}, resultOf(t, "get_user_status", userStatus))
		if err != nil || got != tt.want {
			t.Errorf("%s: got %q, %v; want %q", tt.template, got, err, tt.want)
		}
	}
	for _, tt := range []struct{ template, want string }{
		{"{{.big}} {{.f}} {{.null}}{{if .null}}x{{end}} {{.list}}", "12345678901234567890 1.5  [1 a]\n"},
		{"{{json .}}", "{\"big\":12345678901234567890,\"f\":1.5,\"list\":[1,\"a\"],\"null\":null}\n"},
	} {
		got, err := printed(t, present.Options{Template: tt.template}, value(`{"list":[1,"a"],"null":null,"f":1.50,"big":12345678901234567890}`))
		if err != nil || got != tt.want {
			t.Errorf("%s: got %q, %v; want %q", tt.template, got, err, tt.want)
		}
	}
}

func TestTemplateErrors(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ template, want string }{
		{"{{", "--template is no Go template: in line 1: unclosed action"},
		{"a\n{{foo .a}}", `--template is no Go template: in line 2: function "foo" not defined`},
	} {
		_, err := present.New(present.Options{Template: tt.template})
		if wrong, ok := errors.AsType[*present.OptionError](err); !ok || wrong.Error() != tt.want || wrong.Hint == "" {
			t.Errorf("%s: got %v\nwant %s", tt.template, err, tt.want)
		}
	}
	got, err := printed(t, present.Options{Template: "a{{.status.emial}}"}, resultOf(t, "get_user_status", userStatus))
	want := `--template does not fit the result: in line 1, column 11: at <.status.emial>: map has no entry for key "emial", did you mean "email"?`
	if err == nil || err.Error() != want || got != "" {
		t.Errorf("got %q, %v; want %s", got, err, want)
	}
}
