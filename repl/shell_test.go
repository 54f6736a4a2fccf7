package repl

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// lines are what is typed, or how a line ends.
func lines(typed ...any) []any { return typed }

func TestConversations(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		typed []any
		want  string
	}{
		{"values", lines("40+2", "x = 1", "nil", "=x", "x, 'a'"), `
lua> 40+2
42
lua> x = 1
lua> nil
nil
lua> =x
1
lua> x, 'a'
1
"a"
lua> `},
		{"chunk on three lines, indented", lines("function f()", "return 1", "end", "f()"), `
lua> function f()
 ...   return 1
 ...   end
lua> f()
1
lua> `},
		{"an error leaves a mark until the next success", lines(`error("boom")`, "1"), `
lua> error("boom")
error: boom
(.trace shows the calls that led there)
lua x> 1
1
lua> `},
		{"syntax error with a mark below", lines("x = = 3"), `
lua> x = = 3
error: syntax error
    1 | x = = 3
      |     ^
lua x> `},
		{"the line at fault of several", lines("function g()\n  return nothing.at.all\nend", "g()"), `
lua> function g()
  return nothing.at.all
end
lua> g()
error: attempt to index a non-table object(nil) with key 'at'
(.trace shows the calls that led there)
lua x> `},
		{"an unfinished chunk is dropped", lines("function f()", canceled, "1", "f(", endOfFile, "2"), `
lua> function f()
 ... 
lua> 1
1
lua> f(
 ... 
lua> 2
2
lua> `},
		{"Ctrl-C says how to leave", lines(canceled, canceled, canceled, canceled, "7"), `
lua> 
lua> 
Ctrl-D or .exit leaves
lua> 
lua> 
lua> 7
7
lua> `},
		{"output without a line end", lines(`write("a")`, "(function() write('b') return 5 end)()"), `
lua> write("a")
a%
lua> (function() write('b') return 5 end)()
b%
5
lua> `},
		{"blank lines and comments run nothing", lines("", "   ", "-- a remark"), `
lua> 
lua>    
lua> -- a remark
lua> `},
		{"a number is no command", lines(".5", " .5 + .5"), `
lua> .5
0.5
lua>  .5 + .5
1
lua> `},
		{"unknown command", lines(".hepl", ".quit", ".zzz"), `
lua> .hepl
error: unknown command ".hepl", did you mean ".help"?
hint: .help lists the commands
lua x> .quit
error: unknown command ".quit", did you mean ".exit"?
hint: .help lists the commands
lua x> .zzz
error: unknown command ".zzz"
hint: .help lists the commands
lua x> `},
		{"wrong arguments", lines(".page often", ".exit now"), `
lua> .page often
error: .page: want auto, always or never, got "often"
hint: usage: .page [auto|always|never]
lua x> .exit now
error: .exit: want a code from 0 to 255, got "now"
hint: usage: .exit [code]
lua x> `},
		{"help on names", lines("?authy.user", "authy.user?", ".help authy.user", "?auhty", "?zzzzzz", "?.exit"), `
lua> ?authy.user
authy.user explains itself
lua> authy.user?
authy.user explains itself
lua> .help authy.user
authy.user explains itself
lua> ?auhty
error: there is no help for "auhty", did you mean "authy"?
hint: .help lists the commands, and what else can be explained
lua x> ?zzzzzz
error: there is no help for "zzzzzz"
hint: .help lists the commands, and what else can be explained
lua x> ?.exit
.exit [code]

  leaves the prompt, as Ctrl-D does
lua> `},
		{"paste of several chunks", lines("a = 1\nb = a + 1\nb\n\nfunction f()\n  return b * 10\nend\nf()"), `
lua> a = 1
b = a + 1
b

function f()
  return b * 10
end
f()
2
20
lua> `},
		{"paste stops at the first error", lines("a = 1\nerror('no')\na = 2\na = 3", "a"), `
lua> a = 1
error('no')
a = 2
a = 3
error: no
(.trace shows the calls that led there)
2 chunks after it did not run
lua x> a
1
lua> `},
		{"paste with an open end", lines("a = 1\nfunction f()", "return a", "end", "f()"), `
lua> a = 1
function f()
 ...   return a
 ...   end
lua> f()
1
lua> `},
		{"paste whose last line is a value", lines("a = 1\na", "a = 2\na +", "3"), `
lua> a = 1
a
1
lua> a = 2
a +
 ... 3
5
lua> `},
		{"lines that go on with the one before", lines("s = 'x'\n  .. 'y'\n\ns\n  :upper()"), `
lua> s = 'x'
  .. 'y'

s
  :upper()
"XY"
lua> `},
		{"commands in a paste", lines("a = 5\n.time off\na"), `
lua> a = 5
.time off
a
5
lua> `},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := stage(t, test.typed...)
			got := p.run(t)
			if diff := cmp.Diff(strings.TrimPrefix(test.want, "\n")+"\n", got); diff != "" {
				t.Errorf("the screen differs (-want +got):\n%s", diff)
			}
			if p.code != 0 || p.err != nil {
				t.Errorf("ended with %d, %v; want 0", p.code, p.err)
			}
		})
	}
}

func TestCheckedPaste(t *testing.T) {
	t.Parallel()
	p := stage(t, "a = 1\nlocal b = a\n  + 1\nprint(b)", "c = 1\nc\nx = = 3", "c", "local d = 1\nprint(d)")
	got := p.runWith(t, strictSession{p.session})
	want := `lua> a = 1
local b = a
  + 1
print(b)
2
lua> c = 1
c
x = = 3
error: syntax error
    1 | x = = 3
      |     ^
lua x> c
nil
lua> local d = 1
print(d)
1
lua> 
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the screen differs (-want +got):\n%s", diff)
	}
	if want := 3; len(p.session.ran) != want {
		t.Errorf("%d chunks ran, want %d: %q", len(p.session.ran), want, p.session.ran)
	}
}

func TestEndings(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		typed []any
		code  int
	}{
		{"Ctrl-D", lines(endOfFile), 0},
		{"exit", lines(".exit"), 0},
		{"exit with a code", lines(".exit 7"), 7},
		{"the session leaves", lines("exit 3"), 3},
		{"after an error", lines("error('x')", endOfFile), 0},
		{"the terminal is gone", lines(closed), ExitClosed},
		{"exit in a paste", lines("a = 1\n.exit 4\na = 2"), 4},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := stage(t, test.typed...)
			p.run(t)
			if p.code != test.code || p.err != nil {
				t.Errorf("ended with %d, %v; want %d", p.code, p.err, test.code)
			}
			select {
			case <-p.editor.closing:
			default:
				t.Error("the editor was not closed")
			}
		})
	}
}

func TestPanicEndsThePrompt(t *testing.T) {
	t.Parallel()
	p := stage(t, "panic", "1")
	got := p.run(t)
	if p.code != ExitPanic || p.err == nil || !strings.Contains(got, "panic: out of order") || !strings.Contains(got, "fake_test.go") {
		t.Errorf("ended with %d, %v and\n%s\nwant %d, an error and the stack", p.code, p.err, got, ExitPanic)
	}
	select {
	case <-p.editor.closing:
	default:
		t.Error("the editor was not closed")
	}
}

func TestPanicOfTheHost(t *testing.T) {
	t.Parallel()
	p := stage(t)
	p.options.Prompt = func() Prompt { panic("no prompt") }
	p.run(t)
	if p.code != ExitPanic || p.err == nil {
		t.Errorf("ended with %d, %v; want %d and an error", p.code, p.err, ExitPanic)
	}
}

func TestContextEndsThePrompt(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("the host has had enough")
	p := stage(t)
	p.editor.answers = lines(func(question) any {
		cancel(cause)
		<-p.editor.closing
		return closed
	})
	code, err := Run(ctx, p.session, p.options)
	if code != ExitInterrupted || !errors.Is(err, cause) {
		t.Errorf("ended with %d, %v; want %d, %v", code, err, ExitInterrupted, cause)
	}
}

func TestNoSession(t *testing.T) {
	t.Parallel()
	if code, err := Run(t.Context(), nil, Options{}); code == 0 || err == nil {
		t.Errorf("Run without a session: %d, %v; want an error", code, err)
	}
}

func TestGreetingAndStartup(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		quiet bool
		want  string
	}{
		{"greeting", false, "hello\nready\nerror: rc is broken\nlua> \n"},
		{"quiet", true, "error: rc is broken\nlua> \n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := stage(t)
			p.options.Greeting, p.options.Quiet = "hello\nready", test.quiet
			p.options.Startup = func(context.Context, *Context) error { return errors.New("rc is broken") }
			if got := p.run(t); got != test.want {
				t.Errorf("the screen shows %q, want %q", got, test.want)
			}
		})
	}
}

func TestOutput(t *testing.T) {
	t.Parallel()
	p := stage(t, ".output", ".output json", ".output", ".output xml")
	got := p.runWith(t, &struct{ strictSession }{strictSession{p.session}})
	want := `lua> .output
output is lua
lua> .output json
lua> .output
output is json
lua> .output xml
error: .output: want lua or json, got "xml"
hint: usage: .output [lua|json]
lua x> 
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the screen differs (-want +got):\n%s", diff)
	}
}
