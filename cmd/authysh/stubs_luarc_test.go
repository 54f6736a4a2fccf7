package main

import (
	"bytes"
	"encoding/json"
	"testing"
)

// FuzzMergeLuarc: what is merged is JSON that names the library, and merging it again changes nothing.
func FuzzMergeLuarc(f *testing.F) {
	for _, text := range []string{
		`{}`, `{"runtime.version":"LuaJIT"}`, `{"Lua.workspace.library":["a"]}`, `{"workspace":{"library":["lib"]}}`,
		`{"workspace":null}`, `{"workspace":{"library":null}}`, `[]`, `{"a":1}{`, `{"runtime":{"version":1}}`, `// no`, ``,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		merged, _, err := mergeLuarc(text, "lib")
		if err != nil {
			return
		}
		if !json.Valid(text) {
			t.Fatalf("%q was taken for JSON", text)
		}
		if !json.Valid(merged) || !bytes.Contains(merged, []byte(`"lib"`)) {
			t.Fatalf("%q became %q", text, merged)
		}
		again, _, err := mergeLuarc(merged, "lib")
		if err != nil || !bytes.Equal(again, merged) {
			t.Fatalf("%q became %q, then %q, %v", text, merged, again, err)
		}
	})
}
