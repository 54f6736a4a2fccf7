//go:build unix

package main

import (
	"net"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"
)

// scriptProcess starts the program in a process of its own, as TestMain makes it when called by that name.
func scriptProcess(t *testing.T, args []string, extra ...*os.File) *running {
	t.Helper()
	program, err := lookIn(os.Getenv("PATH"), "authysh")
	if err != nil {
		t.Fatal(err)
	}
	return begin(t.Fatalf, program, args, []string{"HOME=" + t.TempDir(), "PATH=" + os.Getenv("PATH"), "GORACE=" + noRaceSleep}, extra...)
}

// patience is far more than the 100 ms that the program allows itself: the machine may be busy with other tests.
const patience = 2 * time.Second

func TestInterrupt(t *testing.T) {
	t.Parallel()
	silent, err := net.Listen("tcp", "127.0.0.1:0") // accepts, but never answers
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	tests := map[string]string{
		"loop":                 `while true do end`,
		"loop in pcall":        `while true do pcall(function() while true do end end) end`,
		"pattern":              `string.find(string.rep("a", 40), string.rep("a?", 40) .. string.rep("a", 40) .. "b")`,
		"read":                 `io.read()`,
		"network":              `authy.get_application_details{}`,
		"unfinished coroutine": `coroutine.wrap(function() while true do end end)()`,
	}
	for name, code := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ready, theirs, err := os.Pipe() // beside standard output, which must not be flushed
			if err != nil {
				t.Fatal(err)
			}
			defer ready.Close()
			p := scriptProcess(t, []string{"--host", "http://" + silent.Addr().String(), "--key", "k", "--timeout", "0",
				"-e", `io.write("kept") local f = io.open("/dev/fd/3", "w") f:write("ready") f:close() ` + code}, theirs)
			theirs.Close()
			if _, err := ready.Read(make([]byte, 5)); err != nil {
				p.finish(os.Kill)
				t.Fatalf("the script has not started: %v; standard error: %s", err, p.stderr.String())
			}
			code, rest, took := p.finish(os.Interrupt)
			if code != 130 {
				t.Errorf("exit code %d, want 130", code)
			}
			if rest != "kept" {
				t.Errorf("output at the end %q, want what was in the buffer", rest)
			}
			if took > patience {
				t.Errorf("took %s to end", took)
			}
			if got := p.stderr.String(); got != "" {
				t.Errorf("standard error %q, want nothing", got)
			}
		})
	}
}

func TestTerminate(t *testing.T) {
	t.Parallel()
	for sent, want := range map[syscall.Signal]int{syscall.SIGTERM: 143, syscall.SIGHUP: 129} {
		if signal.Ignored(sent) { // by nohup, say, and so by all programs that the tests start
			continue
		}
		p := scriptProcess(t, []string{"-e", `print("ready") io.stdout:flush() while true do end`})
		p.line()
		if code, _, _ := p.finish(sent); code != want {
			t.Errorf("%s: exit code %d, want %d", sent, code, want)
		}
	}
}

// TestSandboxStops ends a sandbox as a terminal and as a service manager do it.
func TestSandboxStops(t *testing.T) {
	t.Parallel()
	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		p := scriptProcess(t, []string{"sandbox"})
		if line := p.line(); !strings.HasPrefix(line, `{"url":"http://127.0.0.1:`) {
			t.Errorf("first line %q, want JSON with the URL", line)
		}
		code, rest, took := p.finish(signal)
		if code != 0 || rest != "" || took > patience {
			t.Errorf("%s: exit code %d after %s, output %q, want 0 soon and none", signal, code, took, rest)
		}
		if got := p.stderr.String(); got != "" {
			t.Errorf("%s: standard error %q, want nothing", signal, got)
		}
	}
}
