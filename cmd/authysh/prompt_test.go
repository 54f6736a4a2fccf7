//go:build unix

package main

import (
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/authysh/authysh/authy/sandbox"
	"github.com/creack/pty"
	"golang.org/x/term"
)

// person sits at a terminal in which the program runs.
type person struct {
	t      *testing.T
	cmd    *exec.Cmd
	master *os.File
	slave  *os.File
	before term.State
	home   string

	mu      sync.Mutex
	raw     strings.Builder // what the terminal got
	text    strings.Builder // the same without escape sequences
	seen    int             // how much of it was looked at
	changed chan struct{}
}

var unfinished = regexp.MustCompile("\x1b(\\[[0-9;?]*[ -/]*|\\][^\x07]*)?$")

var escapes = regexp.MustCompile("\x1b\\[[0-9;?]*[ -/]*[@-~]|\x1b[DM78]|\x1b\\][^\x07]*\x07|\r")

// sitDown starts the program in a terminal of its own.
func sitDown(t *testing.T, home string, env []string, args ...string) *person {
	t.Helper()
	program, err := exec.LookPath("authysh")
	if err != nil {
		t.Fatal(err)
	}
	return sitDownAt(t, program, home, env, args...)
}

// sitDownAt starts any program in a terminal of its own.
func sitDownAt(t *testing.T, program, home string, env []string, args ...string) *person {
	t.Helper()
	master, slave, err := pty.Open()
	if err != nil {
		t.Skipf("no pseudo terminal: %v", err)
	}
	if err := pty.Setsize(master, &pty.Winsize{Cols: 100, Rows: 30}); err != nil {
		t.Fatal(err)
	}
	before, err := term.GetState(int(slave.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	p := &person{t: t, master: master, slave: slave, before: *before, home: home, changed: make(chan struct{}, 1)}
	p.cmd = exec.Command(program, args...)
	p.cmd.Env = append([]string{"TERM=xterm", "NO_COLOR=1", "LC_ALL=C.UTF-8", "PATH=" + os.Getenv("PATH"), "HOME=" + home, "GORACE=" + noRaceSleep}, env...)
	p.cmd.Dir = home
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = slave, slave, slave
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go p.read()
	t.Cleanup(func() {
		p.cmd.Process.Kill()
		p.cmd.Wait()
		slave.Close()
		master.Close()
	})
	return p
}

func (p *person) read() {
	buffer := make([]byte, 4096)
	held := "" // the beginning of an escape sequence that the next read may complete
	for {
		n, err := p.master.Read(buffer)
		if err != nil {
			return
		}
		text := escapes.ReplaceAllString(held+string(buffer[:n]), "")
		held = unfinished.FindString(text)
		p.mu.Lock()
		p.raw.Write(buffer[:n])
		p.text.WriteString(strings.TrimSuffix(text, held))
		p.mu.Unlock()
		select {
		case p.changed <- struct{}{}:
		default:
		}
	}
}

// sees waits until what came since the last look matches, and goes on behind it.
func (p *person) sees(pattern string) {
	p.t.Helper()
	want := regexp.MustCompile(pattern)
	deadline := time.After(20 * time.Second)
	for {
		p.mu.Lock()
		fresh := p.text.String()[p.seen:]
		if at := want.FindStringIndex(fresh); at != nil {
			p.seen += at[1]
			p.mu.Unlock()
			return
		}
		p.mu.Unlock()
		select {
		case <-p.changed:
		case <-deadline:
			p.t.Fatalf("no %q in:\n%s", pattern, fresh)
		}
	}
}

// shown matches a value on a line of its own, behind the mark with which the prompt makes sure of a fresh line.
func shown(value string) string { return `(?m)^%?\s*` + regexp.QuoteMeta(value) + `$` }

// bytes is all that the terminal got, escape sequences included.
func (p *person) bytes() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.raw.String()
}

// screen is all that the terminal got, without escape sequences.
func (p *person) screen() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.String()
}

func (p *person) types(text string) {
	p.t.Helper()
	if _, err := p.master.WriteString(text); err != nil {
		p.t.Fatal(err)
	}
}

// enters types a line and waits for what must come of it.
func (p *person) enters(line, pattern string) {
	p.t.Helper()
	p.types(line + "\r")
	p.sees(pattern)
}

// leaves waits for the end, and checks the exit code and that the terminal is as it was.
func (p *person) leaves(code int) {
	p.t.Helper()
	killer := time.AfterFunc(20*time.Second, func() { p.cmd.Process.Kill() })
	defer killer.Stop()
	p.cmd.Wait()
	if got := p.cmd.ProcessState.ExitCode(); got != code {
		p.t.Errorf("exit code %d, want %d; screen:\n%s", got, code, p.screen())
	}
	after, err := term.GetState(int(p.slave.Fd()))
	if err != nil {
		p.t.Fatal(err)
	}
	if *after != p.before {
		p.t.Error("the terminal is not as it was")
	}
}

func TestPromptSession(t *testing.T) {
	t.Parallel()
	p := sitDown(t, t.TempDir(), nil, "--sandbox")
	p.sees("calls go to a private sandbox")
	p.sees("sandbox> $")
	p.enters("40 + 2", shown("42"))
	p.enters("local lx = 7", `sandbox> $`)
	p.enters("lx * 6, _", shown("42, 42"))
	p.enters(`user = authy.register_user{ country_code = "PT", phone = "911234567", email = "ana@example.com" }.user`, `sandbox> $`)
	p.enters("type(user.id)", `"number"`)
	p.enters("authy.request_sms{ authyid = user.id }", `did you mean "authy_id"`)
	p.sees(`sandbox .*> $`)
	p.enters("auhty.enums", `authy`)
	p.enters("function f()", `sandbox|\.\.\.|> `)
	p.types("return 'from' .. 'here'\rend\r")
	p.enters("f()", `"fromhere"`)
	p.enters(".calls", `register_user +ok`)
	p.enters(".ls user", `id +`)
	p.enters(".ls", `\.ls\r?\n_ [^\n]*\n_err [^\n]*\n`)
	p.enters(".host", `a key of its own`)
	p.enters("while true do end", `0\.\ds`) // the spinner: it runs
	p.types("\x03")
	p.sees("interrupted")
	p.enters("lx", shown("7"))
	p.enters(".reset", "a fresh interpreter")
	p.enters("print(lx)", shown("nil"))
	p.enters("#sandbox.users()", shown("1"))
	p.enters("os.exit(3)", "")
	p.leaves(3)
	history, err := os.ReadFile(filepath.Join(p.home, ".local", "state", "authysh", "history"))
	if err != nil || !strings.Contains(string(history), "40 + 2") {
		t.Errorf("history: %v\n%s", err, history)
	}
}

func TestPromptProfiles(t *testing.T) {
	t.Parallel()
	service := sandbox.New(sandbox.WithKeys("the-key-of-production"))
	server := httptest.NewServer(service)
	defer server.Close()
	home := t.TempDir()
	config := "profiles:\n  live:\n    host: " + server.URL + "\n    key: the-key-of-production\n    production: true\n  test:\n    host: " + server.URL + "\n    key: the-key-of-production\n"
	if err := os.WriteFile(filepath.Join(home, "authysh.yaml"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	p := sitDown(t, home, nil, "--sandbox", "--norc")
	p.sees("sandbox> $")
	p.enters(".profile", `live`)
	p.enters(".profile nope", `there is no profile "nope"`)
	p.enters(".profile live", `leaving the sandbox`)
	p.sees(`live!`)
	p.enters(`id = authy.register_user{ country_code = "PT", phone = "911234567", email = "ana@example.com" }.user.id`, `live! $`)
	p.enters("authy.delete_user{ authy_id = id }", `type the id \d+ to confirm`)
	p.enters("no", `not confirmed, nothing was sent`)
	if users := service.Users(10); len(users) != 1 {
		t.Errorf("%d users are left, want 1", len(users))
	}
	p.enters(".host", `key from`)
	p.enters(".profile test", `test> $`)
	p.enters("authy.delete_user{ authy_id = id }.success", `true`)
	p.enters(".sandbox", `private sandbox`)
	p.sees(`sandbox> $`)
	p.enters("#sandbox.users()", shown("0"))
	p.sees(`sandbox> $`)
	p.types("\x04")
	p.leaves(0)
	if strings.Contains(p.screen(), "the-key-of-production") {
		t.Error("the key was shown")
	}
}

func TestPromptAfterScript(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	if err := os.MkdirAll(filepath.Join(home, ".config", "authysh"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(home, ".config", "authysh", "rc.lua"), []byte("from_rc = 'rc' .. '-ran'"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := sitDown(t, home, nil, "--sandbox", "--quiet", "-i", "-e", "x = ... print('script ' .. 'ran')", "argument")
	p.sees("script ran")
	p.sees("sandbox> $")
	p.enters("x .. '!'", `"argument!"`)
	p.enters("from_rc", `"rc-ran"`)
	p.cmd.Process.Signal(syscall.SIGTERM)
	p.leaves(143)
}
