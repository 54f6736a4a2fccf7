package repl

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
)

// Exit codes of [Run] beside those that .exit and [ExitError] give.
const (
	// ExitFailed says that the input was no terminal and a chunk of it failed.
	ExitFailed = 1
	// ExitPanic says that the program itself is wrong.
	ExitPanic = 70
	// ExitClosed says that the terminal has gone; it is what a shell reports after SIGHUP.
	ExitClosed = 129
	// ExitInterrupted says that Ctrl-C ended the program; it is what a shell reports after SIGINT.
	ExitInterrupted = 130
)

// Options are the host's part of the prompt. The zero value is a prompt on the process's own streams, without
// a file for its history.
type Options struct {
	// Console is the streams; nil is those of the process. A host that lets scripts print or ask makes it before the
	// session, and lets them do so through it.
	Console *Console
	// Prompt tells what stands in front of a line; nil is "lua". It is asked before each line.
	Prompt func() Prompt
	// Greeting is shown at the start, on standard error, to somebody who types. Two lines are polite.
	Greeting string
	// Quiet leaves the greeting out.
	Quiet bool
	// Commands are dot-commands of the host. One with the name of an own command replaces it.
	Commands []Command
	// HistoryFile keeps what was entered for the next time; "" keeps nothing. See the function of the same name.
	HistoryFile string
	// Secrets are values that must not get into the history, a recording or a file to be edited. It is asked each
	// time, so that it may change; nil is none.
	Secrets func() []string
	// Running is the number of background tasks, for the prompt; nil is none.
	Running func() int
	// Interrupt is asked at the first Ctrl-C in a chunk, and reports whether the host sees to it: what is under way ends
	// soon by itself. The next Ctrl-C ends the chunk's context. Nil is no.
	Interrupt func() bool
	// Startup runs before the first line, such as a script of the user's by [Context.Load]. Its error is reported,
	// and the prompt opens all the same.
	Startup func(ctx context.Context, c *Context) error
	// NoColor turns colours off, as the environment variable NO_COLOR does.
	NoColor bool
	// ColorDecided says that the host has looked at NO_COLOR itself: NoColor alone counts.
	ColorDecided bool
	// LookupEnv reads the environment: TERM, NO_COLOR, PAGER, LESS, VISUAL, EDITOR and HOME; nil is [os.LookupEnv].
	LookupEnv func(name string) (value string, set bool)

	editor lineEditor // in tests
}

// Prompt is what stands in front of a line: "sandbox> ". The loop adds a mark after an error, and the number of
// background tasks.
type Prompt struct {
	// Text tells where the user is, such as the profile and host.
	Text string
	// Sign ends the prompt; "" is ">".
	Sign string
	// Alert shows the prompt in red: what is typed here has consequences.
	Alert bool
}

// Run reads chunks and lets the session run them, until the user leaves.
//
// On a terminal it is an interactive prompt. When standard input or output is no terminal, or TERM is "dumb", it reads
// plain lines and writes no escape sequence; when standard input is no terminal, it also shows no prompt, keeps no
// history, and ends at the first error with the code [ExitFailed].
//
// While it runs, Run takes over SIGINT, and on a terminal the other signals that would leave the terminal in
// disorder. The code is what the process should exit with. The error is nil unless the prompt itself failed or
// ctx ended; what goes wrong in chunks is reported to the user.
func Run(ctx context.Context, s Session, o Options) (code int, err error) {
	if s == nil {
		return ExitPanic, errors.New("repl: Run needs a session")
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	sh := newShell(ctx, s, o)
	defer func() {
		broken := recover()
		sh.close()
		if broken != nil {
			code, err = ExitPanic, sh.crashed(&panicError{broken, debug.Stack()})
		}
	}()
	defer context.AfterFunc(ctx, func() { sh.editor.Close() })()
	return sh.run()
}

// panicError is a panic of the session or a command.
type panicError struct {
	value any
	stack []byte
}

func (e *panicError) Error() string { return fmt.Sprintf("repl: panic: %v", e.value) }

// crashed shows where a panic came from. The terminal has been given back.
func (sh *shell) crashed(e *panicError) error {
	io.WriteString(sh.console.Stderr(), withLineEnd(printable(e.Error()+"\n\n"+string(e.stack))))
	return e
}

// processConsole is the console of the process.
func processConsole() *Console { return NewConsole(os.Stdin, os.Stdout, os.Stderr) }
