package repl

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReport(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 100) + " nothing " + strings.Repeat("b", 100)
	for _, test := range []struct {
		name, src string
		err       error
		want      string
	}{
		{"a plain error", "f()", errors.New("it broke"), "error: it broke\n"},
		{"several lines, and control characters", "f()", errors.New("one\n\x1b[31mtwo\x07\n"), "error: one\n\\27[31mtwo\\7\n"},
		{"an endless message", "f()", errors.New(strings.Repeat("x", maxMessage-1) + "日" + strings.Repeat("y", 997)),
			"error: " + strings.Repeat("x", maxMessage-1) + " … (1000 more bytes)\n"},
		{"a column", "x = y.z", &luaFailure{message: "no z", line: 1, column: 5},
			"error: no z\n    1 | x = y.z\n      |     ^\n"},
		{"a whole word", "x = 'text' 5", &luaFailure{message: "no", line: 1, column: 5},
			"error: no\n    1 | x = 'text' 5\n      |     ^^^^^^\n"},
		{"behind the end", "x = (", &luaFailure{message: "no", line: 1, column: 6},
			"error: no\n    1 | x = (\n      |     ^\n"},
		{"a column far outside", "x", &luaFailure{message: "no", line: 1, column: 99}, "error: no\n"},
		{"a line that is not there", "x", &luaFailure{message: "no", line: 7}, "error: no\n"},
		{"the name that the message quotes", "f{ authy_ib = 1 }", &luaFailure{message: "unknown parameter 'authy_ib'", remedy: "use authy_id"},
			"error: unknown parameter 'authy_ib'\n    1 | f{ authy_ib = 1 }\n      |    ^^^^^^^^\nhint: use authy_id\n"},
		{"a name that stands there twice", "x = x.y", &luaFailure{message: "no 'x'"}, "error: no 'x'\n"},
		{"one of several lines", "a()\n\tb(\"ü日\", c)\nd()", &luaFailure{message: "no \"c\"", line: 2},
			"error: no \"c\"\n    2 |     b(\"ü日\", c)\n      |              ^\n"},
		{"a calls' list", "f()", &luaFailure{message: "no", calls: []string{"a", "b"}},
			"error: no\n(.trace shows the calls that led there)\n"},
		{"a file", "", &sourcedError{&luaFailure{message: "no", line: 2}, "rc.lua", "a()\nb()"},
			"error: rc.lua:2: no\n    2 | b()\n"},
		{"a long line", long, &luaFailure{message: "no 'nothing'", line: 1},
			"error: no 'nothing'\n    1 | " + strings.Repeat("a", 31) + " nothing " + strings.Repeat("b", 32) +
				"\n      | " + strings.Repeat(" ", 32) + "^^^^^^^\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := stage(t)
			sh := newShell(t.Context(), p.session, p.options)
			defer sh.close()
			sh.report(test.src, test.err)
			if diff := cmp.Diff(test.want, p.screen.String()); diff != "" {
				t.Errorf("the report differs (-want +got):\n%s", diff)
			}
		})
	}
}

func FuzzExcerpt(f *testing.F) {
	f.Add("x = 'ü日'\n\ty", 2, 1, 20, "no 'y'")
	f.Add("x", 1, 1, 1, "")
	f.Add(strings.Repeat("日", 90), 1, 40, 30, "")
	f.Fuzz(func(t *testing.T, src string, line, column, columns int, message string) {
		columns = max(1, columns%500)
		failure := &luaFailure{message: message, line: line, column: column}
		got := excerpt(painter{}, src, failure, true, columns)
		for text := range strings.Lines(got) {
			if columns > 10 && widthOf(strings.TrimSuffix(text, "\n")) > columns {
				t.Errorf("%q does not fit into %d columns", text, columns)
			}
		}
		if painted := excerpt(painter{on: true}, src, failure, true, columns); colourless(painted) != got {
			t.Errorf("with colours it is %q, without %q", colourless(painted), got)
		}
	})
}

func TestTrace(t *testing.T) {
	t.Parallel()
	p := stage(t, ".trace", "(function() error('deep') end)()", ".trace")
	got := p.run(t)
	want := regexp.MustCompile(`^lua> \.trace
there was no error yet
lua> .*
error: deep
\(\.trace shows the calls that led there\)
lua x> \.trace
deep
(    .*
)*    .*repl:1: .*
(    .*
)*lua> \n$`)
	if !want.MatchString(got) {
		t.Errorf("the screen shows\n%s\nwant\n%s", got, want)
	}
}

// Who leaves out the dot of a command is told, and nobody else is.
func TestMissedDot(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"exit": ".exit", " quit ": ".exit", "quit()": ".exit", "exit()": ".exit", "nothing()": "", "help  authy.request_sms": ".help authy.request_sms",
		"help = 1": "", "help 'x'": "", "nothing": "", "nothing at all": "",
		"x = nil": "", "exit, 1": "",
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			got := stage(t, text).run(t)
			_, hint, told := strings.Cut(got, "hint: commands begin with a dot: ")
			hint, _, _ = strings.Cut(hint, "\n")
			if told != (want != "") || hint != want {
				t.Errorf("told %q, want %q; the screen:\n%s", hint, want, got)
			}
		})
	}
}

func TestNearest(t *testing.T) {
	t.Parallel()
	names := []string{".help", ".history", ".exit", ".load", ".record", ".replay"}
	for word, want := range map[string]string{
		".hlep": ".help", ".hist": ".history", ".quit": "", ".EXIT": ".exit", ".re": "", ".zzzz": "", "": "",
		strings.Repeat("x", 1000): "", ".recrod": ".record",
	} {
		if got := nearest(word, names); got != want {
			t.Errorf("nearest(%q) = %q, want %q", word, got, want)
		}
	}
}
