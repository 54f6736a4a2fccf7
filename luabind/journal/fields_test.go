package journal

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tidwall/gjson"
)

// FuzzFields compares eachField with the loop of gjson.
func FuzzFields(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{ }`, ` { "a" : 1 , "b":[{}, "]\""] } `, `{"n":-1.5e3,"s":"\\","t":"\\\"","u":"","v":null}`, `{"a\"b":{"c":"}"},"":true}`, `[1]`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !validLine(text) || !gjson.Parse(text).IsObject() {
			return
		}
		var got, want [][2]string
		object := gjson.Parse(text)
		for name, value := range object.All() {
			want = append(want, [2]string{name.Raw, value.Raw})
		}
		eachField(object.Raw, func(name, value string) bool {
			got = append(got, [2]string{`"` + name + `"`, value})
			return true
		})
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", text, diff)
		}
	})
}
