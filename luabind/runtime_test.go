package luabind_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/luabind"
	lua "github.com/yuin/gopher-lua"
)

// stub answers every request with what handle says; nil answers like a registration.
func stub(t testing.TB, handle http.HandlerFunc) *authy.Client {
	t.Helper()
	if handle == nil {
		handle = func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(`{"message":"User created successfully.","user":{"id":1635},"success":true}`))
		}
	}
	server := httptest.NewServer(handle)
	t.Cleanup(server.Close)
	return &authy.Client{Key: "a-key-to-test", Host: server.URL, Retries: authy.NoRetries, HTTPClient: server.Client()}
}

// run runs source in a fresh runtime and returns what it printed.
func run(t testing.TB, client *authy.Client, source string, options ...luabind.Option) (string, error) {
	t.Helper()
	var out bytes.Buffer
	rt, err := luabind.New(client, append([]luabind.Option{luabind.Stdout(&out)}, options...)...)
	if err != nil {
		t.Fatal(err)
	}
	defer rt.Close()
	err = rt.Run(t.Context(), luabind.Script{Name: "test.lua", Source: source})
	return out.String(), err
}

// expect runs source and compares what it printed, blank space at the ends aside.
func expect(t *testing.T, client *authy.Client, source, want string) {
	t.Helper()
	got, err := run(t, client, source)
	if err != nil {
		t.Fatalf("script failed: %v\noutput: %s", err, got)
	}
	if got, want := strings.TrimSpace(got), strings.TrimSpace(want); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestScriptArguments(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	rt, err := luabind.New(stub(t, nil), luabind.Stdout(&out))
	if err != nil {
		t.Fatal(err)
	}
	defer rt.Close()
	err = rt.Run(t.Context(), luabind.Script{
		Name: "dir/name.lua", Program: "authysh", Args: []string{"a", "b c"},
		Source: "#!/usr/bin/env authysh\nprint(arg[-1], arg[0], arg[1], arg[2], #arg, ...)",
	})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := out.String(), "authysh\tdir/name.lua\ta\tb c\t2\ta\tb c\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestRequireFindsModulesBesideTheScript(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write("beside.lua", "return { name = 'beside' }")
	write("folder/init.lua", "return { name = 'folder' }")
	script := write("main.lua", `
		print(require("beside").name, require("folder").name)
		print(require("authy") == authy, require("json") == json)
		local ok, err = pcall(require, "missing")
		print(ok, (tostring(err):gsub("\n.*", "")))`)
	var out bytes.Buffer
	rt, err := luabind.New(stub(t, nil), luabind.Stdout(&out))
	if err != nil {
		t.Fatal(err)
	}
	defer rt.Close()
	if err := rt.RunFile(t.Context(), script); err != nil {
		t.Fatal(err)
	}
	if got, want := out.String(), "beside\tfolder\ntrue\ttrue\nfalse\tmodule missing not found:\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestScriptErrors(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, source string
		where, text  string
		frames       int
	}{
		{"text", "local function f() error('broken') end\nf()", "test.lua:1", "broken", 2},
		{"table", "error{ message = 'mine' }", "test.lua:1", "mine", 1},
		{"table without message", "error{}", "test.lua:1", "a table without a message was raised as an error", 1},
		{"nothing", "error()", "test.lua:1", "nil was raised as an error", 1},
		{"a number", "error(42)", "test.lua:1", "42", 1},
		{"runtime", "\nlocal x = nil + 1", "test.lua:2", "attempt to perform arithmetic on a nil value", 1},
		{"call", "\n\nauthy.request_sms{}", "test.lua:3", "request_sms: authy_id is required", 1},
		{"in a coroutine", "\ncoroutine.wrap(function() authy.request_sms{} end)()", "test.lua:2", "request_sms: authy_id is required", 1},
		{"syntax", "\nlocal x = = 1", "test.lua:2", "syntax error near '='", 0},
		{"binary", "\x1bLuaQ\x00", "test.lua", "is not Lua source text but a binary file", 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := run(t, stub(t, nil), test.source)
			failure, ok := errors.AsType[*luabind.ScriptError](err)
			if !ok {
				t.Fatalf("got %v, want a *ScriptError", err)
			}
			if failure.Where != test.where || failure.Message != test.text {
				t.Errorf("got %q %q, want %q %q", failure.Where, failure.Message, test.where, test.text)
			}
			if len(failure.Traceback) < test.frames {
				t.Errorf("traceback is %q, want %d frames", failure.Traceback, test.frames)
			}
		})
	}
}

func TestIncompleteSource(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]bool{
		"local x = (1": true, "function f()": true, "x = {": true, "x = 'open": false, "x = = 1": false, "--[[ open": true,
	} {
		_, err := run(t, stub(t, nil), source)
		failure, ok := errors.AsType[*luabind.ScriptError](err)
		if !ok || !failure.Syntax || failure.Incomplete != want {
			t.Errorf("%q: got %#v, want incomplete %v", source, failure, want)
		}
	}
}

func TestGoErrorsComeBackThroughLua(t *testing.T) {
	t.Parallel()
	client := stub(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNotFound)
		_, _ = w.Write([]byte(`{"message":"User not found.","success":false,"error_code":"60026"}`))
	})
	_, err := run(t, client, "local function f() authy.get_user_status{ authy_id = 1 } end\nf()")
	if refusal, ok := errors.AsType[*authy.APIError](err); !ok || refusal.Code != "60026" || !errors.Is(err, authy.ErrNotFound) {
		t.Errorf("got %v, want the API's refusal", err)
	}
	if got, want := err.Error(), "test.lua:1: get_user_status: User not found. (HTTP 404, code 60026)"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestExit(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]int{
		"os.exit()": 0, "os.exit(0)": 0, "os.exit(true)": 0, "os.exit(false)": 1, "os.exit(7)": 7,
		"pcall(os.exit, 3) print('went on')":                                        3,
		"xpcall(function() os.exit(4) end, print) print('went on')":                 4,
		"coroutine.wrap(function() os.exit(5) end)() print('went on')":              5,
		"while true do pcall(function() os.exit(6) end) end":                        6,
		"setmetatable({}, {__index = function() os.exit(8) end}).x() print('then')": 8,
	} {
		out, err := run(t, stub(t, nil), source)
		exit, _ := errors.AsType[*luabind.ExitError](err)
		got := 0
		if exit != nil {
			got = exit.Code
		} else if err != nil {
			t.Errorf("%s: %v", source, err)
		}
		if got != want || out != "" {
			t.Errorf("%s: exit code %d, output %q, want %d and none", source, got, out, want)
		}
	}
}

// cancelBound is generous: the promise is 100 ms, but a loaded machine with the race detector is slow.
const cancelBound = 20 * time.Second

func TestCancelEndsAnyScript(t *testing.T) {
	t.Parallel()
	hang := make(chan struct{})
	t.Cleanup(func() { close(hang) })
	client := stub(t, func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-hang:
		case <-r.Context().Done():
		}
	})
	client.Timeout = authy.NoTimeout
	for name, source := range map[string]string{
		"endless loop":       "while true do end",
		"swallowing errors":  "while true do pcall(function() while true do end end) end",
		"coroutines":         "while true do coroutine.wrap(function() while true do end end)() end",
		"waiting on the net": "while true do pcall(authy.get_application_details) end",
		"waiting politely":   "authy.wait_approval{ id = 'x', interval = '1h' }",
		"asleep":             "time.sleep('1h')",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			started := make(chan struct{})
			rt, err := luabind.New(client, luabind.With(func(*luabind.Host) luabind.Module {
				return luabind.Module{Name: "test", Functions: []luabind.Function{{Name: "started", Call: func(*lua.LState) int {
					close(started)
					return 0
				}}}}
			}))
			if err != nil {
				t.Fatal(err)
			}
			defer rt.Close()
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() {
				done <- rt.Run(ctx, luabind.Script{Name: "test.lua", Source: "test.started() " + source})
			}()
			<-started
			cancel()
			select {
			case err := <-done:
				if !errors.Is(err, context.Canceled) {
					t.Errorf("got %v, want context.Canceled", err)
				}
			case <-time.After(cancelBound):
				t.Fatal("the script did not end")
			}
		})
	}
}

func TestGlobalsLastBetweenRuns(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	rt, err := luabind.New(stub(t, nil), luabind.Stdout(&out))
	if err != nil {
		t.Fatal(err)
	}
	for _, source := range []string{"x = 1", "error('no')", "x = x + 1", "print(x)"} {
		_ = rt.Run(t.Context(), luabind.Script{Name: "line", Source: source})
	}
	if out.String() != "2\n" {
		t.Errorf("got %q, want 2", out.String())
	}
	if err := rt.Close(); err != nil {
		t.Error(err)
	}
	if err := rt.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
	if err := rt.Run(t.Context(), luabind.Script{}); err == nil {
		t.Error("a closed runtime runs")
	}
}

func TestReadScript(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, path := range []string{filepath.Join(dir, "missing.lua"), dir} {
		if _, err := luabind.ReadScript(path); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: got %v, want an error that names it", path, err)
		}
	}
}

func TestModulesOfTheHost(t *testing.T) {
	t.Parallel()
	greet := func(h *luabind.Host) luabind.Module {
		return luabind.Module{Name: "greet", Functions: []luabind.Function{{Name: "hello", Call: func(L *lua.LState) int {
			L.Push(luabind.ToLua(L, struct {
				Text string `json:"text"`
			}{"hello " + L.CheckString(1)}))
			return 1
		}}}}
	}
	got, err := run(t, stub(t, nil), "print(greet.hello('you').text, require('greet') == greet)", luabind.With(greet))
	if err != nil || got != "hello you\ttrue\n" {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := luabind.New(stub(t, nil), luabind.With(greet, greet)); err == nil {
		t.Error("two modules of one name are accepted")
	}
	if _, err := luabind.New(nil); err == nil {
		t.Error("no client is accepted")
	}
}

// TestDefine adds a module to a runtime that is used meanwhile; the race detector watches.
func TestDefine(t *testing.T) {
	t.Parallel()
	rt, err := luabind.New(&authy.Client{})
	if err != nil {
		t.Fatal(err)
	}
	module := func(name, function string) func(*luabind.Host) luabind.Module {
		return func(*luabind.Host) luabind.Module {
			return luabind.Module{Name: name, Functions: []luabind.Function{{Name: function, Call: func(*lua.LState) int { return 0 }}}}
		}
	}
	var asking sync.WaitGroup
	for range 2 {
		asking.Go(func() {
			for range 20 {
				rt.Complete("later.", 6)
				rt.Manual().Modules()
				rt.NewSession(luabind.SessionOptions{})
			}
		})
	}
	for _, name := range []string{"first", "second"} {
		if err := rt.Define(module("later", name)); err != nil {
			t.Fatal(err)
		}
		if err := rt.Run(t.Context(), luabind.Script{Source: "later." + name + "()"}); err != nil {
			t.Error(err)
		}
		if text, _, ok := rt.Manual().Help("later." + name); !ok {
			t.Errorf("help has %q", text)
		}
	}
	asking.Wait()
	for name, define := range map[string]func(*luabind.Host) luabind.Module{
		"nil module": nil, "module has no name": module("", "f"), "without a name or without Call": module("m", ""), `"authy" exists`: module("authy", "f"),
	} {
		if err := rt.Define(define); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if err := rt.Close(); err != nil {
		t.Error(err)
	}
	if err := rt.Define(module("m", "f")); err == nil {
		t.Error("a closed runtime takes a module")
	}
}

func TestCloseWritesWhatScriptsLeftOpen(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]string{"end": "", "error": "error('broken')", "exit": "os.exit(3)"} {
		path := filepath.Join(t.TempDir(), "out.csv")
		rt, err := luabind.New(stub(t, nil))
		if err != nil {
			t.Fatal(err)
		}
		_ = rt.Run(t.Context(), luabind.Script{Name: "test.lua", Args: []string{path}, Source: `
			local w = csv.create(arg[1], { header = { "a" } })
			w:write{ a = 1 }
			` + end})
		if err := rt.Close(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != "a\n1\n" {
			t.Errorf("%s: file holds %q, %v", name, got, err)
		}
	}
}
