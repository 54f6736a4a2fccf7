package authy

import (
	"encoding/json"
	"net/url"
	"os"
	"testing"
)

// TestSignParams checks the signature of dashboard calls, which have more methods than callbacks.
func TestSignParams(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/callbacks/dashboard.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors []struct {
		Name, Key, Method, URL, Nonce, Params, Signature string

		Values url.Values
	}
	if err := json.Unmarshal(text, &vectors); err != nil {
		t.Fatal(err)
	}
	if len(vectors) == 0 {
		t.Fatal("no vectors")
	}
	for _, v := range vectors {
		if got := v.Values.Encode(); got != v.Params {
			t.Errorf("%s: parameters %s, want %s", v.Name, got, v.Params)
		}
		if got := signParams(v.Key, v.Nonce, v.Method, v.URL, v.Params); got != v.Signature {
			t.Errorf("%s: signature %s, want %s", v.Name, got, v.Signature)
		}
	}
}

// TestAppendEscaped holds the escaping against the standard library's, byte by byte.
func TestAppendEscaped(t *testing.T) {
	t.Parallel()
	for c := range 256 {
		for _, s := range []string{string([]byte{byte(c)}), string([]byte{'a', byte(c), byte(c), 'b'})} {
			if got, want := string(appendEscaped([]byte("x"), s)), "x"+url.QueryEscape(s); got != want {
				t.Errorf("%q: got %s, want %s", s, got, want)
			}
		}
	}
}

// TestCanonicalizerReuse checks that a pooled canonicalizer starts afresh, also after a failure midway.
func TestCanonicalizerReuse(t *testing.T) {
	t.Parallel()
	c := new(canonicalizer)
	for range 3 {
		if err := c.object(map[string]any{"a": map[string]any{"b": []any{"c", make(chan int)}}}, 1); err == nil {
			t.Fatal("no error")
		}
		c.out, c.path, c.parts, c.count = c.out[:0], c.path[:0], c.parts[:0], 0
		if err := c.object(map[string]any{"z": 1, "a": map[string]any{"c": 2, "b": 3}}, 1); err != nil {
			t.Fatal(err)
		}
		if got, want := string(c.out), "a%5Bb%5D=3&a%5Bc%5D=2&z=1"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		c.out = c.out[:0]
	}
}
