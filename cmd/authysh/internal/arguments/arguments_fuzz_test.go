package arguments

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/authysh/authysh/authy"
)

// FuzzForms: a string is the same whether it is typed as text under a name with dots or stands in JSON, for a parameter
// that is text, one that is digits and a member of an object.
func FuzzForms(f *testing.F) {
	for _, seed := range [][2]string{
		{"key", "value"}, {"Account Number", "0042"}, {"a.b", ""}, {"0", "{}"}, {"é", "[1]"}, {"-", "-"}, {"=", "@x"}, {"a..b", "null"}, {".", "\x00"},
	} {
		f.Add(seed[0], seed[1])
	}
	activity, _ := authy.ByName("register_activity")
	data, _ := activity.Param("data")
	verify, _ := authy.ByName("verify_token")
	f.Fuzz(func(t *testing.T, key, value string) {
		if !utf8.ValidString(key) || !utf8.ValidString(value) {
			t.Skip() // JSON cannot hold it
		}
		typed := For(activity, nil)
		err := typed.Put("data."+key, Text(value))
		steps := strings.Split(key, ".")
		var nested any = value
		whole := true
		for i := len(steps) - 1; i >= 0; i-- {
			nested = map[string]any{steps[i]: nested}
			whole = whole && steps[i] != ""
		}
		if (err == nil) != whole {
			t.Fatalf("%q: %v", key, err)
		}
		if err == nil {
			document, _ := json.Marshal(map[string]any{"data": nested})
			parsed := For(activity, nil)
			if err := parsed.PutJSON(document); err != nil {
				t.Fatal(err)
			}
			same(t, data, typed, parsed)
		}
		for _, name := range []string{"token", "action"} {
			param, _ := verify.Param(name)
			typed, parsed := For(verify, nil), For(verify, nil)
			document, _ := json.Marshal(map[string]string{name: value})
			if err := typed.Put(name, Text(value)); err != nil {
				t.Fatal(err)
			}
			if err := parsed.PutJSON(document); err != nil {
				t.Fatal(err)
			}
			same(t, param, typed, parsed)
		}
	})
}

func same(t *testing.T, f authy.Field, typed, parsed *Set) {
	t.Helper()
	a, b := reflect.New(f.Type).Elem(), reflect.New(f.Type).Elem()
	for set, v := range map[*Set]reflect.Value{typed: a, parsed: b} {
		if given, err := set.Assign(f, v); !given || err != nil {
			t.Fatalf("%s: %v, %v", f.Name, given, err)
		}
	}
	if !reflect.DeepEqual(a.Interface(), b.Interface()) {
		t.Errorf("%s: typed it is %#v, in JSON %#v", f.Name, a, b)
	}
}

// FuzzAssign: whatever is put under whatever names, every parameter of every operation is assigned or refused with a
// reason, and nothing panics.
func FuzzAssign(f *testing.F) {
	for _, seed := range [][3]string{
		{"logos.0.url", "x", `[{"res": 1}]`}, {"logos", "[{}", `{"0": null}`}, {"details.visible.a", "1", `{"visible": []}`},
		{"visible", "{}", "1e999"}, {"events", "a,b", `[null]`}, {"ttl", "-1h", `"5"`}, {"force", "", `true`}, {"..", "", "x"},
	} {
		f.Add(seed[0], seed[1], seed[2])
	}
	operations := authy.Operations()
	f.Fuzz(func(t *testing.T, name, text, document string) {
		value, failed := ParseJSON([]byte(document))
		if failed != nil && failed.Error() == "" {
			t.Error("an error without words")
		}
		for _, op := range operations {
			set := For(op, nil)
			set.Put(name, Text(text))
			for _, param := range op.Params {
				if failed == nil && !set.Has(param.Name) {
					set.Put(param.Name, value)
				}
				if _, err := set.Assign(param, reflect.New(param.Type).Elem()); err != nil && err.Error() == "" {
					t.Errorf("%s: an error without words", param.Name)
				}
			}
		}
	})
}
