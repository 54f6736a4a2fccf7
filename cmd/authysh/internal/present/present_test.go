package present_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/cmd/authysh/internal/present"
)

var update = flag.Bool("update", false, "write the golden files anew")

const userStatus = `{"status":{"authy_id":48213977,"confirmed":true,"registered":false,"country_code":351,
"phone_number":"XX-XXX-4567","email":"ana@example.com","devices":["iphone","authy_chrome"],"has_hard_token":false,
"detailed_devices":[{"device_type":"authy","os_type":"android","registration_device_id":null,"registration_method":"sms",
"device_id":290908,"last_sync_date":1700000000,"creation_date":1690000000},{"device_type":"sms","os_type":"sms",
"device_id":7,"last_sync_date":null,"creation_date":1}]},"message":"User status.","success":true}`

const statistics = `{"message":"Monthly statistics.","success":true,"app_id":3,"total_users":2,"count":2,"stats":[
{"year":2014,"month":"July","auths_count":1,"api_calls_count":5,"users_count":2,"sms_count":3,"calls_count":0},
{"year":2014,"month":"August","auths_count":12,"api_calls_count":50,"users_count":2,"sms_count":30,"calls_count":1}]}`

const webhooks = `{"message":"","success":true,"webhooks":[{"id":"WH1","name":"買い物 <a&b>","url":"https://example.com/hook",
"events":["one_touch_request_responded","phone_change_requested"],"creation_date":"2023-11-14T22:10:20Z"}]}`

// resultOf is an answer of the service as its operation gives it.
func resultOf(tb testing.TB, operation, answer string) present.Result {
	tb.Helper()
	op, ok := authy.ByName(operation)
	if !ok {
		tb.Fatalf("no operation %s", operation)
	}
	values := map[string]any{
		"get_user_status": new(authy.UserStatus), "get_application_statistics": new(authy.ApplicationStatistics), "list_webhooks": new(authy.WebhookList),
	}
	value := values[operation]
	if err := json.Unmarshal([]byte(answer), value); err != nil {
		tb.Fatal(err)
	}
	return present.Result{Value: value, Fields: op.Result(), Raw: []byte(answer)}
}

// now is three minutes after the last contact of the user's device.
func now() time.Time { return time.Unix(1700000180, 0) }

func printed(tb testing.TB, o present.Options, r present.Result) (string, error) {
	tb.Helper()
	o.Now = now
	p, err := present.New(o)
	if err != nil {
		tb.Fatalf("New(%+v): %v", o, err)
	}
	var b strings.Builder
	err = p.Print(&b, r)
	return b.String(), err
}

func TestForms(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		golden, operation, answer string
		options                   present.Options
	}{
		{"user.pretty", "get_user_status", userStatus, present.Options{Form: present.Pretty}},
		{"user.pretty-color", "get_user_status", userStatus, present.Options{Form: present.Pretty, Color: true, Width: 100}},
		{"user.pretty-40", "get_user_status", userStatus, present.Options{Form: present.Pretty, Width: 40}},
		{"user.pretty-20", "get_user_status", userStatus, present.Options{Form: present.Pretty, Width: 20}},
		{"user.json", "get_user_status", userStatus, present.Options{}},
		{"user.yaml", "get_user_status", userStatus, present.Options{Form: present.YAML}},
		{"user.table-60", "get_user_status", userStatus, present.Options{Form: present.Table, Width: 60}},
		{"user.raw", "get_user_status", userStatus, present.Options{Form: present.Raw}},
		{"statistics.pretty-100", "get_application_statistics", statistics, present.Options{Form: present.Pretty, Width: 100}},
		{"statistics.pretty-60", "get_application_statistics", statistics, present.Options{Form: present.Pretty, Width: 60}},
		{"statistics.table", "get_application_statistics", statistics, present.Options{Form: present.Table}},
		{"statistics.table-60", "get_application_statistics", statistics, present.Options{Form: present.Table, Width: 60}},
		{"statistics.table-30", "get_application_statistics", statistics, present.Options{Form: present.Table, Width: 30}},
		{"webhooks.pretty-80", "list_webhooks", webhooks, present.Options{Form: present.Pretty, Width: 80}},
		{"webhooks.table-70", "list_webhooks", webhooks, present.Options{Form: present.Table, Width: 70}},
		{"webhooks.json", "list_webhooks", webhooks, present.Options{Form: present.JSON}},
		{"nowebhooks.pretty", "list_webhooks", `{"webhooks":[]}`, present.Options{Form: present.Pretty}},
		{"nowebhooks.table", "list_webhooks", `{"webhooks":[]}`, present.Options{Form: present.Table}},
	} {
		t.Run(tt.golden, func(t *testing.T) {
			t.Parallel()
			got, err := printed(t, tt.options, resultOf(t, tt.operation, tt.answer))
			if err != nil {
				t.Fatal(err)
			}
			for _, line := range strings.Split(got, "\n") {
				if width := tt.options.Width; width > 0 && !tt.options.Color && len([]rune(line)) > width {
					t.Errorf("wider than %d columns: %q", width, line)
				}
			}
			file := filepath.Join("testdata", tt.golden)
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("got:\n%s\nwant, as in %s:\n%s", got, file, want)
			}
		})
	}
}

// value is a result that is any JSON.
func value(text string) present.Result { return present.Result{Value: json.RawMessage(text)} }

func TestValues(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ form, value, want string }{
		{present.JSON, `{ "b" : 12345678901234567890, "a": "<&>" }`, "{\"b\":12345678901234567890,\"a\":\"<&>\"}\n"},
		{present.Raw, `"a b"`, "a b\n"},
		{present.Raw, `["a",1,null,true]`, "a\n1\nnull\ntrue\n"},
		{present.Raw, `[["a"]]`, "[[\"a\"]]\n"},
		{present.Raw, `[]`, ""},
		{present.YAML, `{"b":"0012","a":12345678901234567890123,"c":["yes","1:20","x: y","",null,{},[]],"d":"two\nlines"}`,
			"b: \"0012\"\na: 12345678901234567890123\nc:\n    - \"yes\"\n    - \"1:20\"\n    - 'x: y'\n    - \"\"\n    - null\n    - {}\n    - []\nd: |-\n    two\n    lines\n"},
		{present.Table, `[{"a":1,"b":{"c":"x","d":[1,2]}},{"a":null,"e":true}]`, "a  b.c  b.d    e\n1  x    [1,2]  -\n-  -    -      true\n"},
		{present.Table, `["x","y"]`, "value\nx\ny\n"},
		{present.Table, `{"a":{"b":1},"c":"d"}`, "name  value\na.b   1\nc     d\n"},
		{present.Table, `{"一":"二三","ab":"c"}`, "name  value\n一    二三\nab    c\n"},
		{present.Table, `"x"`, "x\n"},
		{present.Table, `[]`, ""},
		{present.Pretty, `"x"`, "x\n"},
		{present.Pretty, `null`, "-\n"},
		{present.Pretty, `[]`, "none\n"},
		{present.Pretty, `{}`, "nothing\n"},
		{present.Pretty, `{"a":"","b":null,"c":{"d":null}}`, "nothing\n"},
		{present.Pretty, `{"a":"","b":0,"c":false,"d":[],"e":["x",2]}`, "b  0\nc  no\nd  none\ne  x, 2\n"},
		{present.Pretty, `[1,[2,3],{"a":[{"b":[4]}]},[]]`, "- 1\n- 2\n  3\n- a\n    b\n    4\n- none\n"},
		{present.Pretty, `{"text":"two\nlines"}`, "text  two\n      lines\n"},
		{present.Pretty, `{"created_at":"2023-11-14T22:10:20Z","other":"2023-11-14T22:10:20Z","b_at":5}`,
			"created_at  2023-11-14T22:10:20Z (6 minutes ago)\nother       2023-11-14T22:10:20Z\nb_at        5\n"},
		{present.Pretty, `{"expires_at":1700000300,"date_created":"Tue, 14 Nov 2023 22:13:20 +0000"}`,
			"expires_at    1700000300 (2023-11-14 22:18:20 UTC, in 2 minutes)\ndate_created  Tue, 14 Nov 2023 22:13:20 +0000 (3 minutes ago)\n"},
	} {
		got, err := printed(t, present.Options{Form: tt.form}, value(tt.value))
		if err != nil {
			t.Errorf("%s of %s: %v", tt.form, tt.value, err)
		}
		if got != tt.want {
			t.Errorf("%s of %s:\ngot  %q\nwant %q", tt.form, tt.value, got, tt.want)
		}
	}
}

// TestRawAnswer shows that an answer comes as it was sent, and that only a terminal gets an end of line.
func TestRawAnswer(t *testing.T) {
	t.Parallel()
	r := present.Result{Value: 1, Raw: []byte(`{ "a": 1 }`)}
	for width, want := range map[int]string{0: `{ "a": 1 }`, 80: "{ \"a\": 1 }\n"} {
		if got, err := printed(t, present.Options{Form: present.Raw, Width: width}, r); got != want || err != nil {
			t.Errorf("width %d: got %q, %v; want %q", width, got, err, want)
		}
	}
	if string(r.Raw) != `{ "a": 1 }` {
		t.Errorf("the answer has changed: %q", r.Raw)
	}
}

// TestOwnForms shows the text and the table that a command has made itself, and that a query leaves them out.
func TestOwnForms(t *testing.T) {
	t.Parallel()
	r := value(`{"a":"b"}`)
	r.Pretty = func(w io.Writer) { io.WriteString(w, "own\n") }
	r.Head, r.Rows = []string{"h", "i"}, [][]string{{"x\ty", "\x1b[31m"}, {}}
	for _, tt := range []struct {
		options present.Options
		want    string
	}{
		{present.Options{Form: present.Pretty}, "own\n"},
		{present.Options{Form: present.Pretty, Query: "a"}, "b\n"},
		{present.Options{Form: present.Table}, "h    i\nx y  [31m\n-    -\n"},
		{present.Options{Form: present.Table, Query: "{c:a}"}, "name  value\nc     b\n"},
	} {
		if got, err := printed(t, tt.options, r); got != tt.want || err != nil {
			t.Errorf("%+v: got %q, %v; want %q", tt.options, got, err, tt.want)
		}
	}
}

// TestSteering shows that nothing in a result reaches the terminal as an order, in any form but raw.
func TestSteering(t *testing.T) {
	t.Parallel()
	hostile := "a\x1b[31m\x07\u009b2J\u202eb\u2028\x7f"
	r := present.Result{Value: map[string]any{"k" + hostile: hostile, "list": []any{map[string]any{hostile: hostile}}}}
	for _, form := range []string{present.Pretty, present.JSON, present.YAML, present.Table} {
		for _, width := range []int{0, 20, 80} {
			got, err := printed(t, present.Options{Form: form, Width: width}, r)
			if err != nil {
				t.Fatal(err)
			}
			if strings.ContainsAny(got, "\x1b\x07\u009b\u202e\u2028\x7f") {
				t.Errorf("%s, %d columns: %q", form, width, got)
			}
		}
	}
	got, err := printed(t, present.Options{}, r)
	if err != nil {
		t.Fatal(err)
	}
	var read map[string]any
	if err := json.Unmarshal([]byte(got), &read); err != nil || read["k"+hostile] != hostile {
		t.Errorf("JSON has lost the text: %q, %v", got, err)
	}
}

// TestCSV: the rows of the table, whole whatever the terminal's width, and quoted where they must be.
func TestCSV(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		result present.Result
		want   string
	}{
		{value(`{"success":true,"webhooks":[{"id":"W1","name":"a, \"b\"","of":{"x":1}},{"id":"W2","list":[1,2]}]}`),
			"id,name,of.x,list\nW1,\"a, \"\"b\"\"\",1,\nW2,,,\"[1,2]\"\n"},
		{value(`{"user":{"id":7}}`), "name,value\nuser.id,7\n"},
		{present.Result{Head: []string{"a", "b"}, Rows: [][]string{{strings.Repeat("x", 90)}}}, "a,b\n" + strings.Repeat("x", 90) + ",\n"},
		{value(`[]`), ""},
	} {
		got, err := printed(t, present.Options{Form: present.CSV, Width: 20, Color: true}, tt.result)
		if err != nil || got != tt.want {
			t.Errorf("got %q, %v; want %q", got, err, tt.want)
		}
	}
}

func TestContradictions(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		options present.Options
		want    string
	}{
		{present.Options{Query: "a", Template: "b"}, "--query and --template contradict each other: a template picks by itself"},
		{present.Options{Form: present.JSON, Template: "b"}, "--template and --output contradict each other: a template is a form of its own"},
	} {
		_, err := present.New(tt.options)
		if wrong, ok := errors.AsType[*present.OptionError](err); !ok || wrong.Error() != tt.want || wrong.Hint == "" {
			t.Errorf("%+v: got %v, want %s", tt.options, err, tt.want)
		}
	}
	if _, err := present.New(present.Options{Form: "xml"}); err == nil {
		t.Error("a form that is none was taken")
	}
}

// TestDeep shows that a small answer that is nested deep does not become a large text.
func TestDeep(t *testing.T) {
	t.Parallel()
	const depth = 5000
	deep := value(strings.Repeat(`{"a":[`, depth/2) + "1" + strings.Repeat(`]}`, depth/2))
	for _, form := range present.Forms() {
		for _, width := range []int{0, 20} {
			got, err := printed(t, present.Options{Form: form, Width: width}, deep)
			if err != nil {
				t.Errorf("%s: %v", form, err)
			}
			if len(got) > 40*depth {
				t.Errorf("%s, %d columns: %d bytes", form, width, len(got))
			}
		}
	}
}

// FuzzPrint shows any JSON value in every form: none panics, JSON is read back as it was, and nothing steers a terminal.
func FuzzPrint(f *testing.F) {
	for _, seed := range []string{
		userStatus, statistics, webhooks, `[]`, `{}`, `null`, `-0`, `1e400`, `"\u009b\u202e"`, `[[[]],[{}],{"":[]}]`,
		`[{"a":{"b":[{}]}},2]`, `{"x_at":-9223372036854775808,"y_date":"9999-12-31T23:59:59Z"}`, `{"a":1,"a":2}`, "{\"\xff\":\"\u4e00\"}",
	} {
		f.Add(seed, 20)
		f.Add(seed, 0)
	}
	f.Fuzz(func(t *testing.T, text string, width int) {
		if !json.Valid([]byte(text)) || width < 0 || width > 500 || len(text) > 4096 {
			t.Skip()
		}
		for _, form := range present.Forms() {
			for _, query := range []string{"", "@", "*", "[].{b: a, a: keys(@)}"} {
				for _, color := range []bool{false, true} {
					got, err := printed(t, present.Options{Form: form, Query: query, Width: width, Color: color}, value(text))
					if _, misfit := errors.AsType[*present.OptionError](err); err != nil && !(misfit && query != "") {
						t.Fatalf("%s of %s, query %q: %v", form, text, query, err)
					}
					if form != present.Raw && !color && strings.ContainsAny(got, "\x1b\x07\r\u009b\u202e\u2028\x7f") {
						t.Errorf("%s of %q steers: %q", form, text, got)
					}
				}
			}
		}
		line, err := printed(t, present.Options{}, value(text))
		if err != nil {
			t.Fatal(err)
		}
		if got, want := canonical(t, line), canonical(t, text); !bytes.Equal(got, want) {
			t.Errorf("read back:\ngot  %s\nwant %s", got, want)
		}
		printed(t, present.Options{Template: `{{json .}}{{print .}}`}, value(text))
	})
}

func canonical(t *testing.T, text string) []byte {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var v any
	if err := decoder.Decode(&v); err != nil {
		t.Fatal(err)
	}
	line, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return line
}
