//go:build unix

package repl

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// patience is how long a condition of a test may take. Nothing waits for a fixed time.
const patience = 15 * time.Second

// terminal is a pseudo terminal with a program in it and a person at it.
type terminal struct {
	t      *testing.T
	master *os.File
	slave  *os.File
	before *term.State
	cmd    *exec.Cmd
	exited chan struct{}

	mu      sync.Mutex
	screen  *vtScreen
	raw     bytes.Buffer
	changed chan struct{}
	answers int
}

// openTerminal starts the editor's test program in a terminal of a size.
func openTerminal(t *testing.T, columns, rows int, env ...string) *terminal {
	t.Helper()
	return openTerminalAs(t, &syscall.SysProcAttr{Setsid: true, Setctty: true}, columns, rows, env...)
}

// openTerminalAs does that for a program in a session of its own.
func openTerminalAs(t *testing.T, attr *syscall.SysProcAttr, columns, rows int, env ...string) *terminal {
	t.Helper()
	m, s, err := pty.Open()
	if err != nil {
		t.Skipf("no pseudo terminal: %v", err)
	}
	m = pollable(t, m)
	v := &terminal{t: t, master: m, slave: s, exited: make(chan struct{}), changed: make(chan struct{}),
		screen: newVTScreen(max(columns, 1), max(rows, 1))}
	v.setSize(columns, rows)
	if v.before, err = term.GetState(int(s.Fd())); err != nil {
		t.Fatal(err)
	}
	v.cmd = exec.Command(os.Args[0])
	v.cmd.Env = append(os.Environ(), "TERM=xterm", "NO_COLOR=", editorChildEnv+"=edit", "LC_ALL=C.UTF-8")
	v.cmd.Env = append(v.cmd.Env, env...)
	v.cmd.Stdin, v.cmd.Stdout, v.cmd.Stderr = s, s, s
	v.cmd.SysProcAttr = attr
	if err := v.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { _ = v.cmd.Wait(); close(v.exited) }()
	var drained sync.WaitGroup
	drained.Go(v.drain)
	t.Cleanup(func() {
		_ = v.cmd.Process.Kill()
		<-v.exited
		_ = s.Close()
		_ = m.Close()
		drained.Wait()
		if raw := v.output(); strings.Contains(raw, "DATA RACE") || strings.Contains(raw, "panic:") && !strings.Contains(raw, "on purpose") {
			t.Errorf("the program broke:\n%s", raw)
		}
	})
	return v
}

// pollable is a file whose Close ends a Read, which that of package pty does not.
func pollable(t *testing.T, f *os.File) *os.File {
	t.Helper()
	fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err == nil {
		err = unix.SetNonblock(fd, true)
	}
	if err != nil {
		t.Fatal(err)
	}
	_ = f.Close()
	return os.NewFile(uintptr(fd), "master")
}

func (v *terminal) drain() {
	buf := make([]byte, 4096)
	for {
		n, err := v.master.Read(buf)
		v.mu.Lock()
		v.raw.Write(buf[:n])
		_, _ = v.screen.Write(buf[:n])
		close(v.changed)
		v.changed = make(chan struct{})
		v.mu.Unlock()
		if err != nil {
			return
		}
	}
}

func (v *terminal) output() string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.raw.String()
}

// until waits for a condition on the screen.
func (v *terminal) until(what string, ok func(*vtScreen) bool) {
	v.t.Helper()
	deadline := time.After(patience)
	for {
		v.mu.Lock()
		fine, changed, text, x, y := ok(v.screen), v.changed, v.screen.text(), v.screen.x, v.screen.y
		v.mu.Unlock()
		if fine {
			return
		}
		select {
		case <-changed:
		case <-deadline:
			v.t.Fatalf("%s: not in time; cursor %d,%d, screen:\n%s", what, x, y, text)
		}
	}
}

// shows waits for the screen to match.
func (v *terminal) shows(pattern string) {
	v.t.Helper()
	re := regexp.MustCompile("(?m)" + pattern)
	v.until("want "+pattern, func(s *vtScreen) bool { return re.MatchString(s.text()) })
}

// hides waits for the screen to match no more.
func (v *terminal) hides(pattern string) {
	v.t.Helper()
	re := regexp.MustCompile("(?m)" + pattern)
	v.until("do not want "+pattern, func(s *vtScreen) bool { return !re.MatchString(s.text()) })
}

// line waits for the row of the cursor to be as given, with the cursor at a column.
func (v *terminal) line(want string, column int) {
	v.t.Helper()
	v.until(fmt.Sprintf("want line %q, column %d", want, column), func(s *vtScreen) bool {
		return !s.hidden && rowString(s.cells[s.y]) == want && s.x == column
	})
}

// ready waits for the prompt.
func (v *terminal) ready() *terminal {
	v.t.Helper()
	v.line(">", 2)
	return v
}

// types sends keys in one write.
func (v *terminal) types(keys string) {
	v.t.Helper()
	if _, err := v.master.WriteString(keys); err != nil {
		v.t.Fatal(err)
	}
}

// enters sends keys and Enter, and waits for what the program got.
func (v *terminal) enters(keys, want string) {
	v.t.Helper()
	v.types(keys + "\r")
	v.got(entered, want)
	if !strings.HasPrefix(want, ":wait") {
		v.again()
	}
}

// again waits for the terminal to be raw again after the last answer: a Ctrl-C or Ctrl-D that comes before
// is none for the editor.
func (v *terminal) again() {
	v.t.Helper()
	answer := fmt.Sprintf("got #%d ", v.answers)
	v.until("the next prompt", func(*vtScreen) bool {
		_, after, _ := strings.Cut(v.raw.String(), answer)
		return strings.Contains(after, "\x1b[?2004h")
	})
}

// got waits for the program to have got one more line.
func (v *terminal) got(how ending, want string) {
	v.t.Helper()
	v.answers++
	re := regexp.MustCompile(fmt.Sprintf(`(?m)got #%d (\d) (".*")\r?$`, v.answers))
	var found []string
	v.until(fmt.Sprintf("answer %d", v.answers), func(*vtScreen) bool {
		found = re.FindStringSubmatch(v.raw.String())
		return found != nil
	})
	if got, want := found[1]+" "+found[2], fmt.Sprintf("%d %q", how, want); got != want {
		v.t.Errorf("answer %d = %s, want %s", v.answers, got, want)
	}
}

// resize changes the size of the window; the kernel tells the program.
func (v *terminal) resize(columns, rows int) {
	v.t.Helper()
	v.mu.Lock()
	v.screen.resize(max(columns, 1), max(rows, 1))
	v.mu.Unlock()
	v.setSize(columns, rows)
}

// setSize is pty.Setsize, which would make the file block.
func (v *terminal) setSize(columns, rows int) {
	v.t.Helper()
	conn, err := v.master.SyscallConn()
	if err != nil {
		v.t.Fatal(err)
	}
	var ioctl error
	err = conn.Control(func(fd uintptr) {
		ioctl = unix.IoctlSetWinsize(int(fd), unix.TIOCSWINSZ, &unix.Winsize{Col: uint16(columns), Row: uint16(rows)})
	})
	if err = errors.Join(err, ioctl); err != nil {
		v.t.Fatal(err)
	}
}

func (v *terminal) signal(s syscall.Signal) {
	v.t.Helper()
	if err := v.cmd.Process.Signal(s); err != nil {
		v.t.Fatal(err)
	}
}

// ended waits for the end of the program and checks the state it left the terminal in.
func (v *terminal) ended(status int) {
	v.t.Helper()
	select {
	case <-v.exited:
	case <-time.After(patience):
		v.t.Fatalf("the program goes on; screen:\n%s", v.output())
	}
	if got := v.cmd.ProcessState.ExitCode(); got != status {
		v.t.Errorf("exit status = %d, want %d; output:\n%s", got, status, v.output())
	}
	v.restored()
	v.until("cursor visible, bracketed paste off", func(s *vtScreen) bool { return !s.hidden && !s.pasting })
}

// restored checks that the terminal's mode is the one before the start.
func (v *terminal) restored() {
	v.t.Helper()
	after, err := term.GetState(int(v.slave.Fd()))
	if err != nil {
		v.t.Fatal(err)
	}
	if *after != *v.before {
		v.t.Error("the terminal's mode was not restored")
	}
}
