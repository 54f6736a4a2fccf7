package repl

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// pipe runs a prompt whose input is no terminal.
func pipe(t *testing.T, input io.Reader, change func(*play)) (stdout, stderr string, code int) {
	t.Helper()
	out, errs := newBuffer(), newBuffer()
	p := &play{console: NewConsole(input, out, errs)}
	p.session = newLuaSession(t, p.console)
	p.options = Options{
		Console: p.console, Greeting: "hello", HistoryFile: "/nonexistent/never/opened",
		LookupEnv: func(string) (string, bool) { return "", false },
	}
	if change != nil {
		change(p)
	}
	ctx, cancel := context.WithTimeout(t.Context(), testPatience)
	defer cancel()
	code, err := Run(ctx, p.session, p.options)
	if err != nil {
		t.Errorf("Run: %v", err)
	}
	return out.String(), errs.String(), code
}

func TestPipe(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, in, out, err string
		code               int
	}{
		{"nothing", "", "", "", 0},
		{"print", "print(1+2)\n", "3\n", "", 0},
		{"value, no line end", "40+2", "42\n", "", 0},
		{"CRLF and a BOM", "\ufeffx = 1\r\nx\r\n", "1\n", "", 0},
		{"interpreter line", "#!/usr/bin/env authysh\n1\n", "1\n", "", 0},
		{"chunk of several lines", "function f()\n  return 7\nend\n\nf()\n", "7\n", "", 0},
		{"output without a line end stays", "write('a')\nwrite('b')\n", "ab", "", 0},
		{"control characters stay", "write('\\27[0m')\n", "\x1b[0m", "", 0},
		{"the first error ends it", "print(1)\nerror('x')\nprint(2)\n", "1\n",
			"error: x\n(.trace shows the calls that led there)\n", ExitFailed},
		{"unfinished", "x = {\n", "", "error: the chunk is unfinished\n", ExitFailed},
		{"commands", ".exit 5\nprint(1)\n", "", "", 5},
		{"os.exit", "exit 3\nprint(1)\n", "", "", 3},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			out, err, code := pipe(t, strings.NewReader(test.in), nil)
			if out != test.out || err != test.err || code != test.code {
				t.Errorf("got %q, %q, %d; want %q, %q, %d", out, err, code, test.out, test.err, test.code)
			}
		})
	}
}

// The script takes input after its own line, so the prompt must not have read it.
func TestPipeStopsReadingAtTheLineEnd(t *testing.T) {
	t.Parallel()
	for name, input := range map[string]io.Reader{
		"plain":    struct{ io.Reader }{strings.NewReader(".take\ndata\n'next'\n")},
		"buffered": bufio.NewReader(strings.NewReader(".take\ndata\n'next'\n")),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var taken string
			out, errs, code := pipe(t, input, func(p *play) {
				p.options.Commands = []Command{{Name: "take", Run: func(context.Context, *Context, string) error {
					_, err := fmt.Fscanln(input, &taken)
					return err
				}}}
			})
			if taken != "data" || out != "\"next\"\n" || errs != "" || code != 0 {
				t.Errorf("taken %q; got %q, %q, %d", taken, out, errs, code)
			}
		})
	}
}

func TestEndlessLine(t *testing.T) {
	t.Parallel()
	c := NewConsole(strings.NewReader("1\n123456789\n"), newBuffer(), newBuffer())
	c.lines.max = 8
	if code, err := Run(t.Context(), newLuaSession(t, c), Options{Console: c}); code != ExitFailed || !errors.Is(err, errLongLine) {
		t.Errorf("ended with %d, %v; want %d, %v", code, err, ExitFailed, errLongLine)
	}
}

func TestBrokenInput(t *testing.T) {
	t.Parallel()
	broken := errors.New("the disk is gone")
	c := NewConsole(io.MultiReader(strings.NewReader("1\n"), iotest.ErrReader(broken)), newBuffer(), newBuffer())
	if code, err := Run(t.Context(), newLuaSession(t, c), Options{Console: c}); code != ExitFailed || !errors.Is(err, broken) {
		t.Errorf("ended with %d, %v; want %d, %v", code, err, ExitFailed, broken)
	}
}
