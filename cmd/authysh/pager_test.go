//go:build unix

package main

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/creack/pty"
	"github.com/mattn/go-runewidth"
)

// onTerminal is what a terminal of that size gets when the program runs in it and nobody types.
func onTerminal(t *testing.T, columns, rows uint16, env []string, args ...string) string {
	t.Helper()
	program, err := exec.LookPath("authysh")
	if err != nil {
		t.Fatal(err)
	}
	master, slave, err := pty.Open()
	if err != nil {
		t.Skipf("no pseudo terminal: %v", err)
	}
	defer master.Close()
	defer slave.Close()
	if err := pty.Setsize(master, &pty.Winsize{Cols: columns, Rows: rows}); err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Env = append([]string{"TERM=xterm", "LC_ALL=C.UTF-8", "PATH=" + os.Getenv("PATH"), "HOME=" + home, "GORACE=" + noRaceSleep}, env...)
	cmd.Dir, cmd.Stdin, cmd.Stdout, cmd.Stderr = home, slave, slave, slave
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	got := make(chan []byte)
	go func() {
		text, _ := io.ReadAll(master) // ends with an error when nobody has the terminal open
		got <- text
	}()
	slave.Close()
	text := <-got
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v: %v", args, err)
	}
	return strings.ReplaceAll(string(text), "\r\n", "\n")
}

// TestNarrow shows results in terminals with room for little.
func TestNarrow(t *testing.T) {
	t.Parallel()
	for _, width := range []uint16{20, 30, 40, 80} {
		for _, args := range [][]string{
			{"version", "--query", "@"}, {"version", "--output", "table"}, {"config", "show", "--query", "@"}, {"config", "show", "--output", "table"},
		} {
			got := onTerminal(t, width, 500, []string{"NO_COLOR=1"}, args...)
			if !strings.Contains(got, "development") && !strings.Contains(got, "default") {
				t.Errorf("%v in %d columns: %s", args, width, got)
			}
			for line := range strings.Lines(got) {
				if wide := runewidth.StringWidth(strings.TrimRight(line, "\n")); wide > int(width) {
					t.Errorf("%v in %d columns, %d wide: %q", args, width, wide, line)
				}
			}
		}
	}
}

// TestTerminalColors shows when a terminal gets colours.
func TestTerminalColors(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		env  []string
		want bool
	}{
		{nil, true}, {[]string{"NO_COLOR=1"}, false}, {[]string{"NO_COLOR="}, true}, {[]string{"TERM=dumb"}, false}, {[]string{"CLICOLOR=0"}, false},
		{[]string{"TERM=dumb", "CLICOLOR_FORCE=1"}, true}, {[]string{"NO_COLOR=1", "CLICOLOR_FORCE=1"}, false},
	} {
		got := onTerminal(t, 80, 24, tt.env, "version", "--query", "@")
		if colored := strings.Contains(got, "\x1b[1mversion\x1b[0m"); colored != tt.want {
			t.Errorf("%v: colours %t, want %t: %q", tt.env, colored, tt.want, got)
		}
	}
}

// TestPager shows when a long result goes through a pager, and that a bad one costs nothing.
func TestPager(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	pager := filepath.Join(dir, "my pager")
	for path, script := range map[string]string{pager: "#!/bin/sh\necho \"begin $1 $LESS\"\ncat\necho end\n", filepath.Join(dir, "bad"): "#!/bin/sh\nexit 3\n"} {
		if err := os.WriteFile(path, []byte(script), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	mine := "PAGER='" + pager + "' 'an option'"
	for _, tt := range []struct {
		name  string
		env   []string
		rows  uint16
		paged bool
		args  []string
	}{
		{"long", []string{mine}, 10, true, nil},
		{"long lines", []string{mine}, 8, true, []string{"--output", "json"}},
		{"short", []string{mine}, 100, false, nil},
		{"dumb terminal", []string{mine, "TERM=dumb"}, 10, false, nil},
		{"cat", []string{"PAGER=cat"}, 10, false, nil},
		{"none", []string{"PAGER="}, 10, false, nil},
		{"missing", []string{"PAGER=/no/such/pager"}, 10, false, nil},
		{"broken quotes", []string{"PAGER='less"}, 10, false, nil},
		{"failing", []string{"PAGER=" + filepath.Join(dir, "bad")}, 10, false, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := onTerminal(t, 80, tt.rows, tt.env, append([]string{"config", "show"}, tt.args...)...)
			if paged := strings.HasPrefix(got, "begin an option FRX\n") && strings.HasSuffix(got, "end\n"); paged != tt.paged {
				t.Errorf("paged %t, want %t: %q", paged, tt.paged, got)
			}
			if n := strings.Count(got, "https://api.authy.com"); n != 1 {
				t.Errorf("the result is there %d times: %q", n, got)
			}
		})
	}
}

// TestNoPagerInPipe shows that what is not looked at has no pager.
func TestNoPagerInPipe(t *testing.T) {
	t.Parallel()
	program, err := exec.LookPath("authysh")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "config", "show", "--output", "pretty")
	cmd.Dir = t.TempDir()
	cmd.Env = []string{"HOME=" + cmd.Dir, "PAGER=false", "GORACE=" + noRaceSleep}
	out, err := cmd.Output()
	if err != nil || !bytes.Contains(out, []byte("host ")) {
		t.Errorf("got %q, %v", out, err)
	}
}

func TestRowsOf(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{"": 0, "a": 1, "a\n": 1, "a\nb": 2, "\n\n": 2, "0123456789\n": 1, "0123456789a\n": 2} {
		if got := rowsOf([]byte(text), 10); got != want {
			t.Errorf("rowsOf(%q) = %d, want %d", text, got, want)
		}
	}
}
