package capture_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/authysh/authysh/cmd/authysh/internal/capture"
)

func TestRead(t *testing.T) {
	t.Parallel()
	host := http.Header{"Host": {"foo.bar"}}
	length := func(n string) http.Header { return http.Header{"Host": {"foo.bar"}, "Content-Length": {n}} }
	for name, tc := range map[string]struct {
		text string
		want capture.Request
	}{
		"as it came":        {"POST /a HTTP/1.1\r\nHost: foo.bar\r\nContent-Length: 7\r\n\r\n{\"a\":1}", capture.Request{"POST", "/a", length("7"), []byte(`{"a":1}`), 7}},
		"from a log":        {"\nPOST /a HTTP/1.1\nhost:foo.bar\n\n{\"a\":1}\n", capture.Request{"POST", "/a", host, []byte("{\"a\":1}\n"), -1}},
		"without version":   {"GET /a?b=c\nHost: foo.bar\n", capture.Request{"GET", "/a?b=c", host, nil, -1}},
		"to a proxy":        {"GET https://foo.bar/a HTTP/1.1\r\nHost: foo.bar\r\n\r\n", capture.Request{"GET", "https://foo.bar/a", host, []byte{}, -1}},
		"followed":          {"POST / HTTP/1.1\r\nHost: foo.bar\r\nContent-Length: 2\r\n\r\n{}GET / HTTP/1.1\r\n", capture.Request{"POST", "/", length("2"), []byte("{}"), 2}},
		"reformatted":       {"POST / HTTP/1.1\nHost: foo.bar\nContent-Length: 7\n\n{\n  \"a\": 1\n}\n", capture.Request{"POST", "/", length("7"), []byte("{\n  \"a\": 1\n}\n"), 7}},
		"cut":               {"POST / HTTP/1.1\nHost: foo.bar\nContent-Length: 9\n\n{\"a", capture.Request{"POST", "/", length("9"), []byte(`{"a`), 9}},
		"in chunks":         {"POST / HTTP/1.1\r\nHost: foo.bar\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n{\"a\r\n4\r\n\":1}\r\n0\r\n\r\n", capture.Request{"POST", "/", http.Header{"Host": {"foo.bar"}, "Transfer-Encoding": {"chunked"}}, []byte(`{"a":1}`), -1}},
		"a folded header":   {"GET /\nHost: foo.bar\nX-A: b\n  c\n", capture.Request{"GET", "/", http.Header{"Host": {"foo.bar"}, "X-A": {"b c"}}, nil, -1}},
		"a repeated header": {"GET /\nHost: foo.bar\nX-A: b\nx-a: c\n", capture.Request{"GET", "/", http.Header{"Host": {"foo.bar"}, "X-A": {"b", "c"}}, nil, -1}},
	} {
		got, err := capture.Read([]byte(tc.text))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if diff := cmp.Diff(tc.want, *got); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
		if !capture.Looks([]byte(strings.TrimLeft(tc.text, "\n"))) {
			t.Errorf("%s: does not look like a request", name)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                                     `must begin with a line such as "POST /callback HTTP/1.1", got ""`,
		"{}":                                   `must begin with a line such as "POST /callback HTTP/1.1", got "{}"`,
		"HTTP/1.1 200 OK\n":                    `got "HTTP/1.1 200 OK"`,
		"POST / HTTP/1.1\nno header\n\n{}":     `has a header line that is no "Name: value": "no header"`,
		"POST / HTTP/1.1\n  alone\n\n{}":       `has a header line that goes on with nothing: "  alone"`,
		"POST / HTTP/1.1\nContent-Length: x\n": `has a Content-Length that is no number: "x"`,
		"POST / HTTP/1.1\nTransfer-Encoding: chunked\n\nzz\r\n": `has a body in chunks that cannot be put together: `,
		"POST / HTTP/1.1\nContent-Encoding: gzip\n\n\x1f\x8b":   `has a body in the encoding "gzip"`,
	} {
		if _, err := capture.Read([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got error %v, want %q", text, err, want)
		}
	}
	if capture.Looks([]byte(`{"a":1}`)) || capture.Looks([]byte("a=1&b=2")) {
		t.Error("a body looks like a request")
	}
}

// FuzzRead holds that what was read is in the text, and that a request written anew is read as the same.
func FuzzRead(f *testing.F) {
	f.Add("POST /a HTTP/1.1\r\nHost: foo.bar\r\nContent-Length: 7\r\n\r\n{\"a\":1}")
	f.Add("GET /a?b\nHost: x\n\ty\n\n")
	f.Add("POST / HTTP/1.1\nTransfer-Encoding: chunked\n\n2\r\n{}\r\n0\r\n\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		first, err := capture.Read([]byte(text))
		if err != nil {
			return
		}
		if len(first.Body) > len(text) || !strings.Contains(text, first.Target) {
			t.Fatalf("%q: got more than there is: %+v", text, first)
		}
		first.Header.Del("Transfer-Encoding")
		first.Header.Del("Content-Length")
		var b strings.Builder
		b.WriteString(first.Method + " " + first.Target + " HTTP/1.1\r\n")
		for name, values := range first.Header {
			for _, value := range values {
				b.WriteString(name + ": " + value + "\r\n")
			}
		}
		b.WriteString("\r\n" + string(first.Body))
		again, err := capture.Read([]byte(b.String()))
		if err != nil {
			t.Fatalf("%q was read, but not %q: %v", text, b.String(), err)
		}
		if diff := cmp.Diff(first.Header, again.Header); diff != "" || first.Method != again.Method || first.Target != again.Target || string(first.Body) != string(again.Body) {
			t.Fatalf("%q: read otherwise the second time: %s", text, diff)
		}
	})
}
