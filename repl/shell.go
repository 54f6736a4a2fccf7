package repl

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
)

// mode is how lines are read.
type mode int

const (
	edited mode = iota // by the line editor, on a terminal
	dumb               // somebody types, but plain lines
	piped              // nobody types
)

// shell is one call of [Run].
type shell struct {
	ctx       context.Context
	session   Session
	options   Options
	console   *Console
	editor    lineEditor
	mode      mode
	paint     painter
	lookupEnv func(string) (string, bool)
	table     []Command
	redact    *redactor
	history   *history
	record    *recorder

	pending string // the chunk so far, when it is unfinished
	pasted  bool   // which began with several lines at once
	failed  bool   // the last chunk was an error
	entered int    // how many lines
	idle    int    // how many times Ctrl-C came in a row
	exit    *int   // the code, when the user wants to leave

	lastSource, lastShown string
	lastError             error
	timing                string // when to tell how long a chunk took: see timings
	paging                string // when to page: see pagings
}

// newShell opens the console. What is wrong with the history is told, and the prompt opens all the same.
func newShell(ctx context.Context, s Session, o Options) *shell {
	sh := &shell{
		ctx: ctx, session: s, options: o, console: o.Console, lookupEnv: o.LookupEnv,
		timing: timings[0], paging: pagings[0],
		redact: &redactor{o.Secrets}, table: newTable(ownCommands(s), o.Commands),
	}
	if sh.console == nil {
		sh.console = processConsole()
	}
	if sh.lookupEnv == nil {
		sh.lookupEnv = os.LookupEnv
	}
	sh.record = newRecorder(sh.redact.clean)
	sh.open()
	file := o.HistoryFile
	if sh.mode == piped {
		file = ""
	}
	var err error
	if sh.history, err = openHistory(file, sh.redact.clean); err != nil {
		sh.notice("%v", err)
	}
	return sh
}

// getenv is the value of a variable of the environment; "" if it is not set.
func (sh *shell) getenv(name string) string {
	value, _ := sh.lookupEnv(name)
	return value
}

// open chooses how lines are read.
func (sh *shell) open() {
	c := sh.console
	sh.mode = piped
	if isTerminal(c.in) {
		sh.mode = dumb
	}
	sh.paint.on = !sh.options.NoColor && (sh.options.ColorDecided || sh.getenv("NO_COLOR") == "")
	editor := sh.options.editor
	if editor == nil && sh.mode == dumb && isTerminal(c.out.w) && sh.capable() {
		// Without a controlling terminal there is no editor; plain lines will do.
		if opened, err := newEditor(c.in.(*os.File), c.out.w.(*os.File), sh.paint.on); err == nil {
			editor = opened
		}
	}
	if editor != nil {
		sh.mode = edited
		sh.editor = editor
	} else {
		sh.editor = newPlainEditor(c)
	}
	sh.paint.on = sh.paint.on && sh.mode == edited
	c.use(sh.editor, sh.mode == edited)
}

// capable reports whether the terminal understands escape sequences.
func (sh *shell) capable() bool {
	name := sh.getenv("TERM")
	return name != "dumb" && (name != "" || onWindows)
}

// close gives everything back. It may be called twice.
func (sh *shell) close() {
	if err := sh.record.stop(); err != nil {
		sh.notice("the recording is not complete: %v", err)
	}
	sh.editor.Close()
	sh.console.use(nil, false)
}

// run is the loop.
func (sh *shell) run() (code int, err error) {
	if !sh.options.Quiet && sh.mode != piped {
		io.WriteString(sh.console.Stderr(), withLineEnd(printable(sh.options.Greeting)))
	}
	if sh.options.Startup != nil {
		if err := sh.startup(); err != nil {
			return sh.ended(err)
		}
	}
	for sh.exit == nil {
		if err := sh.step(); err != nil {
			return sh.ended(err)
		}
	}
	return *sh.exit, nil
}

// startup runs the host's function. Only a panic or a way out of the prompt ends the loop here.
func (sh *shell) startup() error {
	err := sh.guard(func(ctx context.Context) error { return sh.options.Startup(ctx, &Context{sh}) })
	err = sh.finish("", err, 0)
	sh.failed = false
	if e, ok := err.(*endError); ok && sh.mode == piped && e.code == ExitFailed {
		return nil
	}
	return err
}

// ended is the answer of run when the loop cannot go on.
func (sh *shell) ended(err error) (int, error) {
	switch e := err.(type) {
	case *endError:
		if sh.ctx.Err() != nil {
			return ExitInterrupted, context.Cause(sh.ctx)
		}
		return e.code, nil
	case *panicError:
		sh.close()
		return ExitPanic, sh.crashed(e)
	}
	return ExitFailed, err
}

// endError ends the loop with a code, without a word.
type endError struct{ code int }

func (e *endError) Error() string { return fmt.Sprintf("ended with code %d", e.code) }

// step reads a line and does what it says.
func (sh *shell) step() error {
	text, how, err := sh.console.read(sh.ctx, sh.question())
	if err != nil {
		return err
	}
	if how != canceled {
		sh.idle = 0
	}
	switch how {
	case canceled:
		return sh.canceled()
	case closed:
		if plain, ok := sh.editor.(*plainEditor); ok && plain.fault != nil {
			return plain.fault
		}
		return &endError{ExitClosed}
	case endOfFile:
		return sh.endOfFile()
	}
	first := sh.entered == 0
	if sh.entered++; first && sh.mode == piped && strings.HasPrefix(text, "#") {
		return nil // of a script that names its interpreter
	}
	return sh.enter(text)
}

// canceled drops the line and the unfinished chunk.
func (sh *shell) canceled() error {
	if sh.mode == piped {
		return &endError{ExitInterrupted}
	}
	if sh.pending != "" {
		sh.pending, sh.pasted, sh.idle = "", false, 0
		return nil
	}
	if sh.idle++; sh.idle == 2 {
		sh.notice("Ctrl-D or .exit leaves")
	}
	return nil
}

// endOfFile leaves the unfinished chunk, not the prompt. In a pipe there is no more to come, so the session says what
// the chunk lacks.
func (sh *shell) endOfFile() error {
	src := sh.pending
	sh.pending, sh.pasted = "", false
	switch {
	case src == "":
		return &endError{0}
	case sh.mode == piped:
		if err := sh.chunk(src); err != nil {
			return err
		}
		return &endError{0}
	}
	return nil
}
