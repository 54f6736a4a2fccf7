package repl

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// enter takes what was entered: a command, a chunk, a part of one, or several.
func (sh *shell) enter(text string) error {
	fresh := sh.pending == ""
	if fresh && strings.TrimSpace(text) == "" {
		return nil
	}
	if fresh && !strings.Contains(text, "\n") && isCommand(text) {
		sh.remember(text)
		return sh.runCommand(text)
	}
	src := appendLine(sh.pending, text)
	if pasted := sh.pasted || strings.Contains(text, "\n"); pasted {
		sh.pending, sh.pasted = "", false
		err := sh.several(src)
		sh.pasted = sh.pending != ""
		return err
	}
	sh.pending = ""
	if sh.session.Incomplete(src) {
		sh.pending = src
		return nil
	}
	sh.remember(src)
	return sh.chunk(src)
}

// several runs a text of several lines, such as a paste. When the session can check, nothing of it runs while a part
// of it cannot be compiled.
func (sh *shell) several(src string) error {
	pieces, rest := sh.plan(src)
	if len(pieces) > 0 {
		sh.remember(src)
	}
	for _, p := range pieces {
		if err := sh.check(p.src); err != nil {
			return sh.finish(p.src, err, 0)
		}
	}
	for i, p := range pieces {
		run := sh.chunk
		if sh.isKnownCommand(p.src) {
			run = sh.runCommand
		}
		if err := run(p.src); err != nil || sh.exit != nil {
			return err
		}
		if left := len(pieces) - i - 1; sh.failed && left > 0 {
			sh.notice("%s after it did not run", plural(left, "chunk"))
			return nil
		}
	}
	sh.pending = rest
	return nil
}

// plan cuts a text into what can run: one chunk, if it is one, otherwise several. rest is what lacks its end.
func (sh *shell) plan(src string) (pieces []piece, rest string) {
	pieces = split(src, sh.isKnownCommand, sh.session.Incomplete)
	if n := len(pieces); n > 0 {
		last := pieces[n-1].src
		if !sh.isKnownCommand(last) && sh.session.Incomplete(last) {
			if sh.session.Incomplete(src) {
				return nil, src // nothing of it runs before its end is there
			}
			return pieces[:n-1], last
		}
	}
	// A last line such as x is a chunk, but at the end of a longer one it may seem to lack something.
	if _, ok := sh.session.(Checker); ok && !sh.session.Incomplete(src) && sh.check(src) == nil {
		return []piece{{src, 0}}, ""
	}
	return pieces, ""
}

// check is the error that keeps a chunk from running, as far as the session can tell.
func (sh *shell) check(src string) error {
	if checker, ok := sh.session.(Checker); ok && !sh.isKnownCommand(src) {
		return checker.Check(src)
	}
	return nil
}

// remember puts what was entered into the history.
func (sh *shell) remember(text string) {
	if sh.mode == piped {
		return
	}
	if err := sh.history.add(text); err != nil {
		sh.notice("%v", err)
	}
}

// runCommand runs a dot-command and reports its error.
func (sh *shell) runCommand(text string) error {
	err := sh.guard(func(ctx context.Context) error { return sh.command(ctx, text) })
	sh.record.command(strings.TrimSpace(text))
	return sh.finish("", err, 0)
}

// chunk runs Lua, shows its values and reports its error.
func (sh *shell) chunk(src string) error {
	if idle(src) {
		return nil
	}
	sh.lastSource = src
	start := time.Now()
	var shown string
	err := sh.guard(func(ctx context.Context) (err error) {
		shown, err = sh.session.Eval(ctx, src)
		return err
	})
	took := time.Since(start)
	if err == nil {
		err = sh.show(shown)
	}
	sh.record.chunk(src, shown, err)
	ends := sh.finish(src, err, took)
	if ends == nil {
		sh.missedDot(src, shown, err)
	}
	return ends
}

// missedDot tells who typed a command without its dot what it is called: exit is nil in Lua, and help authy no Lua at all.
func (sh *shell) missedDot(src, shown string, err error) {
	name, rest, _ := strings.Cut(strings.TrimSpace(src), " ")
	rest = strings.TrimSpace(rest)
	name, called := strings.CutSuffix(name, "()") // as in Python
	if name == "quit" {
		name = "exit"
	}
	if sh.find(name) == nil || strings.Contains(rest, "\n") {
		return
	}
	if bare := rest == "" && err == nil && shown == "nil"; bare || err != nil && (startsWord(rest) || called && rest == "") {
		fmt.Fprintln(sh.console.Stderr(), sh.paint.text("hint:", styleNotice), printable("commands begin with a dot: "+strings.TrimSpace("."+name+" "+rest)))
	}
}

func startsWord(text string) bool {
	return text != "" && (text[0] == '_' || 'a' <= text[0]|0x20 && text[0]|0x20 <= 'z')
}

// finish ends a chunk or a command: it reports the error, and returns it only if it ends the loop.
func (sh *shell) finish(src string, err error, took time.Duration) error {
	sh.console.freshLine()
	err = sh.settle(src, err)
	sh.tellTime(took)
	return err
}

// settle decides what an error means for the loop.
func (sh *shell) settle(src string, err error) error {
	sh.failed = err != nil
	switch e := err.(type) {
	case nil:
		return nil
	case *ExitError:
		sh.exit = &e.Code
		return nil
	case *panicError, *endError:
		return err
	}
	sh.lastError = err
	code := ExitFailed
	if errors.Is(err, ErrInterrupted) {
		sh.notice("interrupted")
		code = ExitInterrupted
	} else {
		sh.report(src, err)
	}
	if sh.mode == piped {
		return &endError{code}
	}
	return nil
}

// notice is a line about the prompt itself.
func (sh *shell) notice(format string, args ...any) {
	fmt.Fprintln(sh.console.Stderr(), sh.paint.text(printable(fmt.Sprintf(format, args...)), styleNotice))
}
