//go:build unix

package repl

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

func TestEditorEndings(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		do     func(v *terminal)
		status int
	}{
		{"Ctrl-D", func(v *terminal) { v.types("\x04") }, 0},
		{"Ctrl-D after an interrupt", func(v *terminal) { v.types("x\x03\x04") }, 0},
		{"os.Exit between lines", func(v *terminal) { v.types(":exit\r") }, 3},
		{"panic in the completer", func(v *terminal) { v.types(":panic\rx") }, 70},
		{"SIGTERM", func(v *terminal) { v.signal(unix.SIGTERM) }, 143},
		{"SIGHUP", func(v *terminal) { v.signal(unix.SIGHUP) }, 129},
		{"SIGQUIT", func(v *terminal) { v.signal(unix.SIGQUIT) }, 131},
		{"SIGTERM with the menu open", func(v *terminal) {
			v.types("al\t")
			v.shows(`alphabet`)
			v.signal(unix.SIGTERM)
		}, 143},
		{"SIGTERM while a script runs", func(v *terminal) {
			v.types(":wait\r")
			v.shows(`^waiting$`)
			v.signal(unix.SIGTERM)
		}, 143},
		{"Close from another goroutine", func(v *terminal) { v.types("half"); v.line("> half", 6); v.signal(unix.SIGUSR2) }, 5},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			v := openTerminal(t, 80, 24).ready()
			c.do(v)
			v.ended(c.status)
		})
	}
}

func TestEditorTerminalGone(t *testing.T) {
	t.Parallel()
	v := openTerminal(t, 80, 24).ready()
	_ = v.slave.Close()
	begun := time.Now()
	if err := v.master.Close(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-v.exited:
	case <-time.After(patience):
		t.Fatal("the program lives on without a terminal")
	}
	if took := time.Since(begun); took > 2*time.Second {
		t.Errorf("the program took %v to end", took)
	}
}

func TestEditorSuspends(t *testing.T) {
	t.Parallel()
	v := openTerminal(t, 80, 24, editorChildEnv+"=shell").ready()
	for range 2 {
		v.types("half ")
		v.shows(`^> half$`)
		v.types("\x1a")
		v.shows(`^job stopped$`)
		v.restored()
		v.types("\r")
		v.until("the line again", func(s *vtScreen) bool { return strings.HasPrefix(rowString(s.cells[s.y]), "> half") })
		v.types("typed\r")
		v.got(entered, "half typed")
		v.again()
		v.types("\x0c")
		v.until("empty screen", func(s *vtScreen) bool { return s.text() == ">" })
	}
	v.types("\x04")
	v.ended(0)
}

func TestEditorNotSuspended(t *testing.T) {
	t.Parallel()
	// A session without a shell cannot be stopped: its process group is an orphan.
	v := openTerminal(t, 80, 24).ready()
	v.types("ab\x1a")
	v.enters("c", "abc")
}

// go-prompt polls a hundred times a second, twice. Here all goroutines wait, also with a selected completion.
func TestEditorIdle(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/proc/self/task"); err != nil {
		t.Skip("counting context switches needs /proc")
	}
	v := openTerminal(t, 80, 24).ready()
	v.types("al\t")
	v.line("> alpha", 7)
	// A busy machine wakes threads for reasons of its own, so one quiet window is enough: two polling loops
	// never leave one.
	const window, few = 300 * time.Millisecond, 20
	var counts []int
	for begun := time.Now(); time.Since(begun) < patience; {
		before := v.switches()
		<-time.After(window)
		n := v.switches() - before
		if n <= few {
			return
		}
		counts = append(counts, n)
	}
	t.Errorf("context switches in windows of %v while waiting: %v, want at most %d once", window, counts, few)
}

// switches counts how often the program's threads have waited so far.
func (v *terminal) switches() (n int) {
	v.t.Helper()
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", v.cmd.Process.Pid))
	if err != nil {
		v.t.Fatal(err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			continue // the thread has ended
		}
		_, count, _ := strings.Cut(string(b), "\nvoluntary_ctxt_switches:")
		count, _, _ = strings.Cut(count, "\n")
		i, err := strconv.Atoi(strings.TrimSpace(count))
		if err != nil {
			v.t.Fatal(err)
		}
		n += i
	}
	return n
}

func TestEditorKeepsTTYFromChildren(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/proc/self/fd"); err != nil {
		t.Skip("listing descriptors needs /proc")
	}
	v := openTerminal(t, 80, 24).ready()
	v.enters(":inherited", ":inherited")
	v.shows(`^inherited false <nil>$`)
}

func TestEditorStopFromOutside(t *testing.T) {
	t.Parallel()
	v := openTerminal(t, 80, 24).ready()
	v.types("half")
	v.line("> half", 6)
	mode, err := term.GetState(int(v.slave.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	v.signal(unix.SIGSTOP)
	if err := term.Restore(int(v.slave.Fd()), v.before); err != nil { // as a shell does
		t.Fatal(err)
	}
	v.signal(unix.SIGCONT)
	v.until("raw again", func(*vtScreen) bool {
		now, err := term.GetState(int(v.slave.Fd()))
		return err == nil && *now == *mode && strings.Count(v.raw.String(), "\x1b[?2004h") == 2
	})
	v.enters(" typed", "half typed")
}

func TestEditorWithoutTerminal(t *testing.T) {
	t.Parallel()
	in, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _, _ = in.Close(), out.Close() }()
	if _, err := newEditor(in, out, false); err == nil || !strings.Contains(err.Error(), "is no terminal") {
		t.Errorf("newEditor of a pipe: %v", err)
	}
	v := openTerminalAs(t, &syscall.SysProcAttr{Setsid: true}, 80, 24) // a terminal, but not the controlling one
	v.shows("^failed: line editor: no controlling terminal")
	v.ended(4)
}

func TestEditorResources(t *testing.T) {
	t.Parallel()
	v := openTerminal(t, 80, 24).ready()
	files := func() string {
		v.enters(":files", ":files")
		var n string
		v.until("number of files", func(*vtScreen) bool {
			out := v.raw.String()
			i := strings.LastIndex(out, "\nfiles ")
			if i < 0 || !strings.Contains(out[i:], "\r") || i < strings.LastIndex(out, "got #") {
				return false
			}
			n, _, _ = strings.Cut(out[i+7:], "\r")
			return true
		})
		return n
	}
	before := files()
	for i := range 100 {
		v.types(fmt.Sprintf("line %d\r", i))
	}
	for i := range 100 {
		v.got(entered, fmt.Sprintf("line %d", i))
	}
	if after := files(); after != before {
		t.Errorf("open files: %s, then %s after 100 lines", before, after)
	}
}
