package worker

import (
	"bytes"
	"encoding/json"
	"io"
	"testing"

	"github.com/authysh/authysh/luabind"
	"github.com/google/go-cmp/cmp"
)

func TestMessages(t *testing.T) {
	t.Parallel()
	sent := []message{
		{Type: "ready"}, {Type: "stdout", Output: []byte("a\x00\xff")}, {Type: "done", Failure: &failure{Text: "x", Exit: &luabind.ExitError{Code: 2}}},
		{Type: "run", Run: &run{Name: "n", Source: "s", Args: []string{"a"}, Limits: luabind.Limits{Steps: 1}}},
		{Type: "request", Request: &request{ID: 1, Method: "GET", Path: "/x", Body: []byte("b")}},
		{Type: "answer", Answer: &answer{ID: 1, Status: 200, Header: map[string][]string{"Date": {"d"}}, Body: []byte("b")}},
	}
	var pipe bytes.Buffer
	w := &writer{w: &pipe}
	for _, m := range sent {
		if err := w.send(m); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range sent {
		got, err := readMessage(&pipe, mostFromChild)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%v\n%s", err, diff)
		}
	}
	if _, err := readMessage(&pipe, mostFromChild); err != io.EOF {
		t.Errorf("at the end: got %v", err)
	}
}

// FuzzReadMessage reads what a hostile process sends: whatever is taken fits, and travels again as it was.
func FuzzReadMessage(f *testing.F) {
	for _, text := range []string{
		"", "\x00\x00\x00\x02{}", "\x00\x00\x00\x05{}", "\xff\xff\xff\xff", "\x00\x00\x00\x0f{\"type\":\"done\"}", "\x00\x00\x00\x04null\x00\x00\x00\x00",
		"\x00\x00\x00\x29{\"type\":\"request\",\"request\":{\"path\":\"/\"}}",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		const most = 1 << 10
		r := bytes.NewReader(text)
		for {
			before := r.Len()
			m, err := readMessage(r, most)
			if err != nil {
				return
			}
			if before-r.Len() > 4+most {
				t.Fatalf("read %d bytes", before-r.Len())
			}
			_ = m.Failure.err()
			again, err := json.Marshal(m)
			if err != nil {
				t.Fatalf("%+v: %v", m, err)
			}
			var same message
			if err := json.Unmarshal(again, &same); err != nil {
				t.Fatalf("%s: %v", again, err)
			}
		}
	})
}

// FuzzRequest has a child ask for anything: what is let through is the path of an operation, and a failure is read without
// fault.
func FuzzRequest(f *testing.F) {
	for _, text := range []string{
		`{"type":"ready"}`, `{"type":"done"}`, `{"type":"stdout","output":"eA=="}`, `{"type":"request"}`, `{"type":"answer","answer":{}}`,
		`{"type":"request","request":{"method":"GET","path":"/protected/json/app/detail"}}`, `{"type":"done","failure":{"text":"x","limit":{}}}`,
	} {
		f.Add(text)
	}
	b := newBench(f, nil)
	f.Fuzz(func(t *testing.T, text string) {
		var m message
		if json.Unmarshal([]byte(text), &m) != nil {
			return
		}
		if m.Request != nil {
			if route, path, err := b.proxy.route(m.Request); err == nil && (path == "" || path[0] != '/' || route.Name == "") {
				t.Fatalf("%q lets through %q", m.Request.Path, path)
			}
		}
		if err := m.Failure.err(); err != nil {
			_ = err.Error()
		}
	})
}
