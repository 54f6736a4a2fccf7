package repl

import (
	"context"
	"fmt"
)

// Session runs what is typed.
//
// Its methods are called one at a time, never two at once, though not always from the same goroutine. A Session may
// also be a [Checker] and a [Formatter]; each is found by a type assertion.
type Session interface {
	// Eval runs one chunk and returns its values as Lua text that can be pasted back, one a line; "" shows nothing.
	//
	// ctx ends when the user interrupts this chunk, and when [Run] returns. It does not end when Eval returns, so that
	// what the chunk has started may go on. An error that is an [*ExitError] ends Run; one that is a [Failure] is
	// shown with its line of source.
	Eval(ctx context.Context, src string) (shown string, err error)
	// Incomplete reports whether more lines could complete src.
	Incomplete(src string) bool
	// Complete offers completions for text with the cursor at byte pos. It must be fast, and must run no Lua code.
	Complete(text string, pos int) Completions
	// Help explains a name or a topic; the empty topic is an overview. ok is false when there is nothing; then near
	// may name what was perhaps meant.
	Help(topic string) (text string, near string, ok bool)
}

// Checker may be implemented by a [Session] that can tell without running it that a text is no chunk.
//
// With it, a paste of several chunks runs only if all of them can be compiled.
type Checker interface {
	// Check returns the error that Eval would return for a syntax error in src, and otherwise nil.
	Check(src string) error
}

// Formatter may be implemented by a [Session] that can show values in several forms. It serves the command .output.
type Formatter interface {
	// Formats are the names of the forms, the default first.
	Formats() []string
	// Format is the name of the form in use.
	Format() string
	// SetFormat chooses one of Formats.
	SetFormat(name string) error
}

// Completions replace text[From:pos] by the chosen candidate.
type Completions struct {
	// From is the byte at which the word begins that a candidate replaces.
	From int
	// Candidates are in the order in which the menu shows them.
	Candidates []Candidate
	// Hint is the signature of the call around the cursor; "" = none.
	Hint string
}

// Candidate is one completion, with a short description.
type Candidate struct{ Text, Doc string }

// Failure may be implemented by errors of [Session.Eval], for a better report.
type Failure interface {
	error
	// Line is the line of the chunk at fault, from 1; 0 is unknown.
	Line() int
	// Column is the byte of that line at fault, from 1; 0 is unknown.
	Column() int
	// Remedy is what to do about it, in a few words; "" = nothing known.
	Remedy() string
	// Traceback lists the calls that led there, innermost first.
	Traceback() []string
}

// ExitError asks the prompt to end with Code. [Session.Eval] returns it for os.exit, and a [Command] may.
type ExitError struct{ Code int }

// Error says with which code.
func (e *ExitError) Error() string { return fmt.Sprintf("exit with code %d", e.Code) }
