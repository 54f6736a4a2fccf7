package luabind

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/authysh/authysh/authy"
)

// wire is a service without a network: it answers by the id at the end of a path, and keeps the calls.
type wire struct {
	mu     sync.Mutex
	calls  []string                                                   // "sms/7", in the order in which they came
	before func(call string)                                          // runs while a call waits for its answer; nil for nothing
	answer func(call string, r *http.Request) (*http.Response, error) // nil for what the id says
}

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		_, _ = io.Copy(io.Discard, r.Body)
		_ = r.Body.Close()
	}
	call := strings.TrimPrefix(r.URL.Path, "/protected/json/")
	w.mu.Lock()
	w.calls = append(w.calls, call)
	w.mu.Unlock()
	if w.before != nil {
		w.before(call)
	}
	if w.answer != nil {
		return w.answer(call, r)
	}
	return answerByID(call)
}

const fine = `{"success":true,"message":"ok","user":{"id":1635},"cellphone":"+1-XXX-XXX-71","status":{"authy_id":7,"registered":true}}`

// lost is no answer to anything.
func lost(string, *http.Request) (*http.Response, error) {
	return nil, &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}
}

// answerByID is an answer that depends on the last digits of the id: 400 and 500 are refusals, 600 is lost, 601 is too late,
// 602 is a success that cannot be read. All others are well.
func answerByID(call string) (*http.Response, error) {
	id := call[strings.LastIndexByte(strings.TrimSuffix(strings.TrimSuffix(call, "/status"), "/remove"), '/')+1:]
	id, _, _ = strings.Cut(id, "/")
	switch id[max(0, len(id)-3):] {
	case "400":
		return reply(400, `{"success":false,"message":"no such user","error_code":"60026"}`), nil
	case "500":
		return reply(500, `<html>`), nil
	case "600":
		return nil, &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}
	case "601":
		return nil, context.DeadlineExceeded
	case "602":
		return reply(200, `<html>`), nil
	}
	return reply(200, fine), nil
}

func reply(status int, body string, header ...string) *http.Response {
	r := &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body))}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return r
}

func (w *wire) client() *authy.Client {
	return &authy.Client{Key: "a-key", Host: "https://authy.test", Retries: authy.NoRetries, HTTPClient: &http.Client{Transport: w}}
}

// sorted is the calls so far, in an order that does not depend on the workers.
func (w *wire) sorted() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return strings.Join(slices.Sorted(slices.Values(w.calls)), " ")
}

// forget starts a new list of calls.
func (w *wire) forget() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls = nil
}

// batchPrelude is what scripts of these tests may use.
const batchPrelude = `local dir = ... local function at(name) return dir .. "/" .. name end
	local function show(s) print(("rows %d done %d failed %d doubt %d dup %d left %d earlier %d"):format(s.rows, s.done, s.failed, s.in_doubt, s.duplicates, s.unfinished, s.earlier))
		for _, e in ipairs(s.errors) do print(e.kind, e.op or "-", e.code or "-", e.count, e.row, e.example) end end
	local function refused(o) local ok, e = pcall(batch.run, o) print((tostring(e):gsub(dir, "DIR"))) end
	local function count(n) local i = 0 return function() if i < n then i = i + 1 return { id = i } end end end
`

// script runs a script with the prelude in a runtime of its own and returns what it printed. Files are in dir.
func (w *wire) script(t testing.TB, dir, source string, options ...Option) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	return w.scriptIn(ctx, t, dir, source, options...)
}

func (w *wire) scriptIn(ctx context.Context, t testing.TB, dir, source string, options ...Option) (string, error) {
	t.Helper()
	var out bytes.Buffer
	rt, err := New(w.client(), append([]Option{Stdout(&out)}, options...)...)
	if err != nil {
		t.Fatal(err)
	}
	err = rt.Run(ctx, Script{Name: "test", Source: strings.ReplaceAll(batchPrelude, "\n", " ") + source, Args: []string{dir}})
	if failed := rt.Close(); failed != nil {
		t.Error(failed)
	}
	return strings.ReplaceAll(out.String(), dir, "DIR"), err
}

// must is script for one that must not fail.
func (w *wire) must(t testing.TB, dir, source string, options ...Option) string {
	t.Helper()
	got, err := w.script(t, dir, source, options...)
	if err != nil {
		t.Errorf("%v, printed %s", err, got)
	}
	return got
}

// writeFiles makes a folder with these files.
func writeFiles(t testing.TB, files map[string]string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(files[name]), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func readFile(t testing.TB, path ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(path...))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
	return string(text)
}
