package sandbox

import (
	"encoding/json"
	"math"
	"testing"
	"time"
)

// plainObject is an object as encoding/json writes it.
type plainObject object

func (o plainObject) MarshalJSON() ([]byte, error) {
	b := []byte("{")
	for i, m := range o {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(b, encoded(m.name)...), ':')
		v := m.value
		if o, ok := v.(object); ok {
			v = plainObject(o)
		}
		b = append(b, encoded(v)...)
	}
	return append(b, '}'), nil
}

// Answers are written as encoding/json would write them.
func FuzzEncode(f *testing.F) {
	for _, s := range []string{"", "plain", `"\`, "<a&b>", "\x00\t\n\x7f", "ação 漢字 \u2028 \u2029", "\xff\xfe", "a\xc3"} {
		f.Add(s, int64(len(s)))
	}
	f.Fuzz(func(t *testing.T, s string, n int64) {
		inner := object{{"n", n}, {s, s}, {"list", []any{s, n, nil, object{{s, int(n)}}}}, {"map", map[string]string{s: s}}}
		o := object{
			{s, s}, {"object", inner}, {"empty", object{}}, {"none", object(nil)}, {"true", n%2 == 0}, {"nil", nil},
			{"int", int(n)}, {"int64", math.MinInt64 + n}, {"float", float64(n) / 3}, {"time", time.Unix(n%1e9, 0).UTC()},
			{"raw", json.RawMessage(`{"a": 1}`)}, {"number", json.Number("12")}, {"objects", []object{inner}},
		}
		if got, want := string(compact(o)), string(encoded(plainObject(o))); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	})
}
