package authy

import (
	"context"
	"net/http"
	"net/http/httptest"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

// snakeCase is the catalogue name of a method: RequestSMS is request_sms.
func snakeCase(method string) string {
	var b strings.Builder
	runes := []rune(method)
	for i, r := range runes {
		startsWord := i > 0 && unicode.IsUpper(r) && (unicode.IsLower(runes[i-1]) || i+1 < len(runes) && unicode.IsLower(runes[i+1]))
		if startsWord {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

func TestEveryMethodHasARow(t *testing.T) {
	t.Parallel()
	rows := map[string]bool{}
	for _, o := range Operations() {
		if rows[o.Name] {
			t.Errorf("%s has two rows", o.Name)
		}
		rows[o.Name] = true
	}
	ctx, failure := reflect.TypeFor[context.Context](), reflect.TypeFor[error]()
	client := reflect.TypeFor[*Client]()
	methods := 0
	for i := range client.NumMethod() {
		m := client.Method(i)
		call := m.Type
		if call.NumIn() != 3 || call.In(1) != ctx || call.In(2).Kind() != reflect.Struct || call.NumOut() != 2 || call.Out(1) != failure {
			continue
		}
		methods++
		if !rows[snakeCase(m.Name)] {
			t.Errorf("(*Client).%s has no row %q in Operations", m.Name, snakeCase(m.Name))
		}
	}
	if methods != len(rows) {
		t.Errorf("%d methods, %d rows", methods, len(rows))
	}
}

func TestRowsAreWellFormed(t *testing.T) {
	t.Parallel()
	placeholder := regexp.MustCompile(`[<\[{]([a-z_]+)[>\]}]`)
	commands := map[string]string{}
	for _, o := range Operations() {
		if other, taken := commands[o.Command]; taken {
			t.Errorf("%s and %s share the command %q", o.Name, other, o.Command)
		}
		commands[o.Command] = o.Name
		if o.Effect < Reads || o.Effect > Deletes {
			t.Errorf("%s declares no effect", o.Name)
		}
		if len(o.Doc) > 72 || !strings.HasSuffix(o.Doc, ".") || strings.Contains(strings.TrimSuffix(o.Doc, "."), ". ") {
			t.Errorf("%s: doc is not one sentence of at most 72 bytes: %q", o.Name, o.Doc)
		}
		for _, text := range []string{o.Command, o.Path} {
			for _, match := range placeholder.FindAllStringSubmatch(text, -1) {
				if _, ok := o.Param(match[1]); !ok && match[1] != "api_key" {
					t.Errorf("%s: %q names %q, which is no parameter", o.Name, text, match[1])
				}
			}
		}
		checkFields(t, o.Name, o.Params)
		checkFields(t, o.Name, o.Result())
	}
}

func checkFields(t *testing.T, at string, fields []Field) {
	t.Helper()
	for _, f := range fields {
		if len(f.Doc) > 72 || !strings.HasSuffix(f.Doc, ".") {
			t.Errorf("%s.%s: doc is not a sentence of at most 72 bytes: %q", at, f.Name, f.Doc)
		}
		if f.Name != strings.ToLower(f.Name) {
			t.Errorf("%s.%s is not snake_case", at, f.Name)
		}
		checkFields(t, at+"."+f.Name, f.Fields)
	}
}

// exampleArguments holds a valid value for each required parameter, by name.
var exampleArguments = map[string]any{
	"authy_id": ID("1635"), "country_code": "PT", "phone": "911234567", "email": "ana@example.com",
	"token": "0123456", "type": "banned", "via": "sms", "message": "Log in?", "id": "a/b", "uuid": "u1",
	"custom_user_id": "user 42", "sms_id": "s1", "outcome": "received", "name": "hook",
	"url": "https://example.com/hook", "events": []string{"user_removed", "user_added"},
}

// required gives each parameter without which an operation refuses to run.
type required struct{ o Operation }

func (r required) needs(f Field) bool {
	return !f.Optional || r.o.Name == "get_phone_verification_status" && f.Name == "uuid"
}

func (r required) Assign(f Field, v reflect.Value) (bool, error) {
	if !r.needs(f) {
		return false, nil
	}
	v.Set(reflect.ValueOf(exampleArguments[f.Name]).Convert(f.Type))
	return true, nil
}

func (r required) Len() int { return 0 }

func (r required) Names() []string { return nil }

func TestEveryRowGoesWhereItsRouteSays(t *testing.T) {
	t.Parallel()
	for _, o := range Operations() {
		t.Run(o.Name, func(t *testing.T) {
			t.Parallel()
			var method, path, query, key string
			server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				method, path, query, key = r.Method, r.URL.EscapedPath(), r.URL.RawQuery, r.Header.Get("X-Authy-API-Key")
			}))
			defer server.Close()
			c := &Client{Key: "the-key", AccessKey: "access", SigningKey: "signing", Host: server.URL + "/base/", Retries: NoRetries}
			_, err := o.Call(t.Context(), c, required{o})
			if failure, ok := err.(*ResponseError); !ok {
				t.Fatalf("got %v, want a *ResponseError about the empty answer", failure)
			}
			want := "/base" + o.Path
			for name, value := range map[string]string{"{authy_id}": "1635", "{token}": "0123456", "{id}": "a%2Fb", "{sms_id}": "s1", "{api_key}": "the-key"} {
				want = strings.ReplaceAll(want, name, value)
			}
			if method != o.Method || path != want {
				t.Errorf("got %s %s, want %s %s", method, path, o.Method, want)
			}
			if strings.Contains(query, "the-key") {
				t.Errorf("the key is in the query %q", query)
			}
			if o.signed == (key == "the-key") {
				t.Errorf("key header is %q, signed is %v", key, o.signed)
			}
		})
	}
}
