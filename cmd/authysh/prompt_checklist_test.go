//go:build unix

package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/creack/pty"
)

// ready matches the next prompt, behind a line that was entered.
const ready = `\n[^\n]*> $`

// dropped matches the prompt behind a line that Ctrl-C dropped.
const dropped = `> $`

// value matches a value on a line of its own, behind any marks of a fresh line.
func value(text string) string { return `(?m)^[%\s]*` + regexp.QuoteMeta(text) + `$` }

// begins starts the prompt without a greeting and waits for it.
func begins(t *testing.T, home string, env []string, args ...string) *person {
	t.Helper()
	p := sitDown(t, home, env, append([]string{"--quiet", "--norc"}, args...)...)
	p.sees("> $")
	return p
}

// answers enters a line, and waits for what comes of it and for the next prompt.
func (p *person) answers(line, pattern string) {
	p.t.Helper()
	if pattern != "" {
		p.enters(line, pattern)
		p.sees(ready)
		return
	}
	p.enters(line, ready)
}

// resize gives the terminal another size.
func (p *person) resize(columns, rows uint16) {
	p.t.Helper()
	if err := pty.Setsize(p.master, &pty.Winsize{Cols: columns, Rows: rows}); err != nil {
		p.t.Fatal(err)
	}
}

func TestPromptAnswers(t *testing.T) {
	t.Parallel()
	p := begins(t, t.TempDir(), nil, "--sandbox")
	p.answers("nil", value("nil"))
	p.answers("x = 1", "")
	if strings.Contains(p.screen(), "\n1\n") {
		t.Error("an assignment showed a value")
	}
	p.answers(`error("bo" .. "om")`, `error: boom`)
	p.answers("x = = 3", `syntax error near '='`)
	p.answers(`y = "abc`, `unterminated string`)
	p.answers("x + 1", value("2"))
	p.types("21 * ")
	p.sees(`21 \* $`)
	if err := p.cmd.Process.Signal(syscall.SIGINT); err != nil { // from outside, and not for the line
		t.Fatal(err)
	}
	p.answers("2", value("42"))
	p.enters("function dropped()", `\.\.\. +$`)
	p.types("\x03")
	p.sees(dropped)
	p.answers("dropped", value("nil"))
	p.types("kept\x03")
	p.sees(dropped)
	for range 6 {
		p.types("\x03")
		p.sees(dropped)
	}
	p.types("yy7\x01\x04\x04") // Ctrl-D deletes where there is text
	p.answers("", value("7"))
	p.enters(`do io.write("ha" .. "lf") end`, "half%")
	p.sees(dropped)
	p.answers("t = {} for i = 1, 100000 do t[i] = i end", "")
	p.answers("t", `99950 more`)
	p.answers("t = {} t.own = t", "")
	p.answers("t", `cycle: t`)
	p.types("\x1bq\x1b[24~\x1b[<0;10;10M\x1b[99~")
	p.answers("6 * 9", value("54"))
	p.answers(".exi", `did you mean "\.exit"`)
	p.types(".exit\r")
	p.leaves(0)
}

func TestPromptInterrupts(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
			w.WriteHeader(http.StatusNotFound)
		case <-r.Context().Done():
		}
	}))
	defer server.Close()
	p := begins(t, t.TempDir(), []string{"AUTHYSH_KEY=a-key-for-tests"}, "--host", server.URL, "--timeout", "0", "--retries", "0")
	p.answers("kept = 'ye' .. 's' earlier = coroutine.create(function() while true do end end)", "")
	for _, line := range []string{
		"while true do pcall(function() while true do end end) end",
		"coroutine.resume(earlier) print('went on')",
		"authy.get_application_details()",
		"pcall(authy.get_application_details) print('went on')",
	} {
		p.enters(line, `\d\.\ds`) // the spinner: it runs
		p.types("\x03")
		p.sees("interrupted")
		p.sees(ready)
		p.answers("kept", value(`"yes"`))
	}
	if strings.Contains(p.screen(), "\nwent on") {
		t.Error("a chunk went on behind its interrupt")
	}
	p.answers("co = coroutine.create(function() coroutine.yield('fir' .. 'st') return 'sec' .. 'ond' end)", "")
	p.answers("coroutine.resume(co)", `"first"`)
	p.answers("coroutine.resume(co)", `"second"`)
	p.enters("authy.get_application_details()", `\d\.\ds`)
	p.types("40 + 1\r") // ahead, while the call runs
	p.sees(`40 \+ 1`)
	close(release)
	p.sees(value("41"))
	p.sees(ready)
	p.types("\x04")
	p.leaves(0)
}

func TestPromptEndings(t *testing.T) {
	t.Parallel()
	const loop = "while true do end\r"
	for name, c := range map[string]struct {
		keys, shows, then string
		signal            syscall.Signal
		code              int
	}{
		"hangup":            {signal: syscall.SIGHUP, code: 129},
		"quit":              {signal: syscall.SIGQUIT, code: 131},
		"terminate in menu": {keys: "authy.\t", shows: "create_webhook", signal: syscall.SIGTERM, code: 143},
		"hangup in menu":    {keys: "authy.\t", shows: "create_webhook", signal: syscall.SIGHUP, code: 129},
		"terminate script":  {keys: loop, shows: `\d\.\ds`, signal: syscall.SIGTERM, code: 143},
		"hangup script":     {keys: loop, shows: `\d\.\ds`, signal: syscall.SIGHUP, code: 129},
		"hangup in search":  {keys: "\x12", shows: "search", signal: syscall.SIGHUP, code: 129},
		"after an error":    {keys: "error('x')\r", shows: "error: x" + ready, then: "\x04"},
		"exit with a code":  {then: ".exit 4\r", code: 4},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := begins(t, t.TempDir(), nil, "--sandbox")
			p.types(c.keys)
			if c.shows != "" {
				p.sees(c.shows)
			}
			p.types(c.then)
			if c.signal != 0 {
				if err := p.cmd.Process.Signal(c.signal); err != nil {
					t.Fatal(err)
				}
			}
			p.leaves(c.code)
		})
	}
}

func TestPromptHistory(t *testing.T) {
	t.Parallel()
	const key = "a-key-that-stays-secret"
	home, env := t.TempDir(), []string{"AUTHYSH_KEY=" + key}
	first := begins(t, home, env, "--host", "http://127.0.0.1:9")
	first.enters("function f()", `\.\.\. +$`)
	first.types("return 'fro' .. 'm f'\rend\r")
	first.sees(ready)
	first.answers("dup = 1", "")
	first.answers("dup = 1", "")
	first.answers("x = {} x.api_key = 'hidden-one'", "")
	first.answers("said = '"+key+"'", "")
	second := begins(t, home, env, "--host", "http://127.0.0.1:9")
	second.answers("by_second = 2", "")
	first.answers("by_first = 1", "")
	for _, p := range []*person{second, first} {
		p.types("\x04")
		p.leaves(0)
	}
	file := filepath.Join(home, ".local", "state", "authysh", "history")
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]int{"dup = 1": 1, "by_first": 1, "by_second": 1, "api_key": 1, "hidden-one": 0, key: 0} {
		if got := strings.Count(string(data), text); got != want {
			t.Errorf("the history has %q %d times, want %d", text, got, want)
		}
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the history file: %v, %v, want mode 0600", info, err)
	}
	p := begins(t, home, env, "--host", "http://127.0.0.1:9")
	p.types("\x1b[A")
	p.sees("by_first = 1$")
	p.types("\x15function\x1b[A")
	p.sees("return 'fro'")
	p.types("\r")
	p.sees(ready)
	p.answers("f()", value(`"from f"`))
	p.types("typed\x12dup")
	p.sees("dup = 1")
	p.types("\x07") // back to what was typed
	p.sees("> typed$")
	p.types("\x15\x12by_sec")
	p.sees("by_second = 2")
	p.types("\r\x01print(by_first) ")
	p.answers("", value("nil"))
	p.types("\x04")
	p.leaves(0)
}

func TestPromptCompletes(t *testing.T) {
	t.Parallel()
	p := begins(t, t.TempDir(), nil, "--sandbox")
	p.answers("mine = { inner = { depth = 7 } } meta = setmetatable({}, { __index = function() called = true return {} end })", "")
	p.answers(`user = authy.register_user{ country_code = "PT", phone = "911234567", email = "ana@example.com" }.user`, "")
	for _, c := range []struct{ keys, menu string }{
		{"authy.", `create_webhook +writes: `},
		{"authy.request_sms{ ", `authy_id = +required`},
		{`authy.request_sms{ locale = "`, `zh-CN`},
		{`authy.register_user{ country_code = "`, `Afghanistan, \+93`},
		{"authy.request_sms{ authy_id = ", `\d+ +user: PT, ••• 567`},
		{"user.", `id +number`},
		{"1+mi", `mine +table of 1`},
		{"{ v = mine.inn", `inner +table of 1`},
		{"print(mine.inner.", `depth +number 7`},
		{"string.", `byte +Gives`},
		{`("x"):`, `byte +Gives`},
		{".pro", `\.profile +lists`},
	} {
		p.types(c.keys)
		p.sees(c.menu)
		p.types("\x03")
		p.sees(dropped)
	}
	p.types("meta.foo.")
	p.sees(`meta\.foo\.`)
	p.types("\x03")
	p.sees(dropped)
	p.answers("called", value("nil"))
	p.types("string.form\t\r") // Enter accepts, and does not run
	p.answers("('%d', 42)", value(`"42"`))
	p.types("\x04")
	p.leaves(0)
}

func TestPromptPastes(t *testing.T) {
	t.Parallel()
	p := begins(t, t.TempDir(), nil, "--sandbox")
	p.types("\x1b[200~function f()\r\treturn 'pas' .. 'ted'\rend\rf()\x1b[201~")
	p.sees(`f\(\)$`)
	p.answers("", value(`"pasted"`))
	p.types("\x1b[A")
	p.sees("function f")
	p.types("\x03")
	p.sees(dropped)
	p.types("\x1b[200~rows = {\r" + strings.Repeat("  { id = 1 },\r", 200) + "}\x1b[201~")
	p.answers("", "")
	p.answers("#rows", value("200"))
	p.types("a = 5\raa\x7f * 1000\r") // in one write
	p.sees(value("5000"))
	p.sees(ready)
	p.types("\x04")
	p.leaves(0)
}

func TestPromptSizes(t *testing.T) {
	t.Parallel()
	p := begins(t, t.TempDir(), nil, "--sandbox")
	for _, size := range [][2]uint16{{0, 0}, {20, 24}, {5, 3}, {1, 1}, {4, 24}, {16, 24}} {
		p.resize(size[0], size[1])
		p.types("authy." + strings.Repeat("\t", 10) + "\x15")
		p.resize(80, 24)
		p.types("\x03")
		p.sees(dropped)
		p.answers("6 * 7", value("42"))
	}
	for i := range 25 {
		p.resize(uint16(60+i), 24)
		p.types("'line' .. " + string(rune('a'+i)) + "_ or 'l" + string(rune('a'+i)) + "'")
		p.resize(uint16(90-i), 24)
		p.types("\x15'l' .. '" + string(rune('a'+i)) + "'\r")
		p.resize(80, 24)
		p.sees(value(`"l` + string(rune('a'+i)) + `"`))
	}
	p.sees(ready)
	p.types("\x04")
	p.leaves(0)
}

func TestPromptDumbTerminal(t *testing.T) {
	t.Parallel()
	p := begins(t, t.TempDir(), []string{"TERM=dumb"}, "--sandbox")
	p.answers("40 + 2", value("42"))
	p.answers("error('bo' .. 'om')", "error: boom")
	p.types("\x04")
	p.leaves(0)
	if strings.Contains(p.bytes(), "\x1b") {
		t.Errorf("escape bytes on a dumb terminal: %q", p.bytes())
	}
}

func TestPromptRecordRuns(t *testing.T) {
	t.Parallel()
	p := begins(t, t.TempDir(), nil, "--sandbox")
	p.answers(".record taken.lua", "taken.lua")
	p.answers("y = 6 * 7", "")
	p.answers("y", value("42"))
	p.answers("print('y is ' .. y)", value("y is 42"))
	p.types("\x04")
	p.leaves(0)
	program, err := exec.LookPath("authysh")
	if err != nil {
		t.Fatal(err)
	}
	again := exec.Command(program, "--sandbox", filepath.Join(p.home, "taken.lua"))
	again.Env = []string{"HOME=" + p.home, "GORACE=" + noRaceSleep}
	if out, err := again.CombinedOutput(); err != nil || !strings.Contains(string(out), "y is 42") {
		t.Errorf("the recorded script: %v\n%s", err, out)
	}
}

func TestPipeWithoutControllingTerminal(t *testing.T) {
	t.Parallel()
	program, err := exec.LookPath("authysh")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program)
	cmd.Env = []string{"HOME=" + t.TempDir(), "TERM=xterm", "GORACE=" + noRaceSleep}
	cmd.Stdin = strings.NewReader("local function f()\n  return 1 + 2\nend\nprint(f())\n")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if out, err := cmd.CombinedOutput(); err != nil || string(out) != "3\n" {
		t.Errorf("got %q, %v, want %q", out, err, "3\n")
	}
}

// TestPromptGivesUpUnfinishedBlocks presses Ctrl-D where the prompt has indented the line.
func TestPromptGivesUpUnfinishedBlocks(t *testing.T) {
	t.Parallel()
	p := sitDown(t, t.TempDir(), nil, "--sandbox", "--norc")
	p.sees("sandbox> $")
	p.types("while true do\r")
	p.sees(`\n\s*%?[^\n]*  $`) // the continuation, indented
	p.types("\x04")
	p.sees("sandbox> $")
	p.enters("6 * 7", shown("42"))
	p.sees("sandbox> $")
	p.types("\x04")
	p.leaves(0)
}

// TestPromptInterruptsResumedCoroutines has the interrupt end a coroutine whose resume is the expression entered.
func TestPromptInterruptsResumedCoroutines(t *testing.T) {
	t.Parallel()
	p := sitDown(t, t.TempDir(), nil, "--sandbox", "--norc")
	p.sees("sandbox> $")
	p.enters("co = coroutine.create(function() while true do end end)", "sandbox> $")
	p.enters("coroutine.resume(co)", `0\.\ds`)
	p.types("\x03")
	p.sees("interrupted")
	p.sees("> $")
	p.types("\x04")
	p.leaves(0)
}

// TestPromptEndedInAPager has a pager that leaves the terminal in a mode of its own when it is killed.
func TestPromptEndedInAPager(t *testing.T) {
	t.Parallel()
	p := sitDown(t, t.TempDir(), []string{"PAGER=stty raw -echo </dev/tty; echo paging; exec sleep 60"}, "--sandbox", "--norc")
	p.sees("sandbox> $")
	p.enters("{ 1, 2, 3 }", shown("{ 1, 2, 3 }"))
	p.sees("> $")
	p.enters(".page", `paging\s`)
	p.cmd.Process.Signal(syscall.SIGTERM)
	p.leaves(143)
}
