//go:build unix

package repl

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/term"
)

// openPrompt starts a program with a prompt in a terminal.
func openPrompt(t *testing.T, env ...string) *terminal {
	t.Helper()
	return openTerminal(t, 80, 24, append([]string{editorChildEnv + "=", promptChildEnv + "=1", "NO_COLOR=1"}, env...)...)
}

// wrote waits until the program has written a text, with escape sequences.
func (v *terminal) wrote(pattern string) {
	v.t.Helper()
	wanted := regexp.MustCompile(pattern)
	v.until(pattern, func(*vtScreen) bool { return wanted.MatchString(v.raw.String()) })
}

// changesMode waits for the terminal's mode to differ from the one at the start, as without echo. Nothing is written
// then that could be waited for.
func (v *terminal) changesMode() {
	v.t.Helper()
	again := time.NewTicker(time.Millisecond)
	defer again.Stop()
	late := time.After(testPatience)
	for {
		now, err := term.GetState(int(v.slave.Fd()))
		if err != nil {
			v.t.Fatal(err)
		}
		if *now != *v.before {
			return
		}
		select {
		case <-again.C:
		case <-late:
			v.t.Fatal("the terminal's mode stays as it was")
		}
	}
}

func TestPromptInTerminal(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "history")
	v := openPrompt(t, "TEST_HISTORY="+file)
	v.shows(`(?s)welcome\n\.help helps\nsandbox>$`)
	v.types("print('a' .. 1 + 1)\r")
	v.shows(`(?m)^a2$`)
	v.types("function f()\r")
	v.shows(`(?m)^     \.\.\.$`)
	v.types("return 40 + 2\rend\r")
	v.types("f()\r")
	v.shows(`(?m)^42\nsandbox>$`)
	v.types("\x1b[200~function g()\r  return 'pas' .. 'ted'\rend\rg()\x1b[201~")
	v.types("\r")
	v.shows(`(?m)^"pasted"\nsandbox>$`)
	v.types("write('half')\r")
	v.shows(`(?m)^half%\nsandbox>$`)
	v.types("while true do end\r")
	v.wrote(regexp.QuoteMeta("\x1b7\x1b[?7l\x1b[K - 0.5s"))
	v.types("\x03")
	v.shows(`(?m)^interrupted\nsandbox ✗>$`)
	v.types(".ask\r")
	v.shows(`(?m)^your word\?$`)
	v.types("hush")
	v.shows(`(?m)^your word\? \*\*\*\*$`)
	v.types("\r")
	v.shows(`(?m)^4 letters\nsandbox>$`)
	v.types(".later\r")
	v.shows(`(?m)^from the background\nsandbox>$`)
	v.types("os.exit\r") // a value, and no way out
	v.shows(`(?m)^function: .*\nsandbox>$`)
	v.types("\x04")
	v.ended(0)
	data, err := os.ReadFile(file)
	if err != nil || !strings.Contains(string(data), `"function f()\n  return 40 + 2\nend"`+"\n") || strings.Contains(string(data), "hush") {
		t.Errorf("the history is %s, %v", data, err)
	}
}

func TestPromptEndsWithItsTerminal(t *testing.T) {
	t.Parallel()
	v := openPrompt(t)
	v.shows(`sandbox>$`)
	v.signal(syscall.SIGTERM)
	v.ended(143)
}

func TestPromptLeavesByCommand(t *testing.T) {
	t.Parallel()
	v := openPrompt(t)
	v.shows(`sandbox>$`)
	v.types(".exit 3\r")
	v.ended(3)
}

func TestPromptSurvivesPanicWithACookedTerminal(t *testing.T) {
	t.Parallel()
	v := openPrompt(t)
	v.shows(`sandbox>$`)
	v.types("panic\r")
	v.wrote("panic: out of order")
	v.ended(ExitPanic)
}

func TestDumbTerminal(t *testing.T) {
	t.Parallel()
	v := openPrompt(t, "TERM=dumb")
	v.shows(`(?s)welcome\n\.help helps\nsandbox>$`)
	v.types("40+2\n")
	v.shows(`(?m)^42\nsandbox>$`)
	v.types("function f()\n")
	v.shows(`(?m)^     \.\.\.$`)
	v.types("\x03")
	v.shows(`\^C\nsandbox>$`)
	v.types("write('half')\n")
	v.shows(`(?m)^half\nsandbox>$`)
	v.types("error('no')\n")
	v.shows(`(?m)^error: no\n.*\nsandbox ✗>$`)
	v.types("print('on it') while true do end\n")
	v.shows(`(?m)^on it$`)
	v.types("\x03")
	v.shows(`(?m)interrupted\nsandbox ✗>$`)
	v.types(".ask\n")
	v.shows(`(?m)^your word\?$`)
	v.changesMode()
	v.types("hush\n")
	v.shows(`(?m)^4 letters\nsandbox>$`)
	v.types("\x04")
	v.ended(0)
	if raw := v.output(); strings.Contains(raw, "\x1b") || strings.Contains(raw, "hush") {
		t.Errorf("a plain prompt wrote %q", raw)
	}
}
