package repl

// lineEditor reads what a person types. One per process (go-prompt opens /dev/tty once).
type lineEditor interface {
	// Read shows the prompt and returns what was entered; a paste of several lines is one text with "\n".
	Read(q question) (text string, how ending)
	// Size is that of the terminal now, never 0.
	Size() (columns, rows int)
	// Interrupts delivers Ctrl-C and SIGINT while no Read is active (scripts run in the cooked terminal), and a Ctrl-C
	// right behind Enter. Read forgets those that nobody took.
	Interrupts() <-chan struct{}
	// Print writes above the line being edited without tearing it, or plainly when none is.
	Print(text string)
	// Refresh draws the prompt anew, which Live has changed; nothing when no line is being edited.
	Refresh()
	// Close gives the terminal back; idempotent, safe from any goroutine.
	Close() error
}

// question is one line to be read.
type question struct {
	Prompt      string                                 // plain text, no escapes
	PaintPrompt func(string) string                    // same width; nil = plain
	Live        func() (string, func(string) string)   // Prompt and PaintPrompt as they are now; nil = they stay
	Paint       func(string) string                    // colours of the text typed; same width; nil = plain
	Initial     string                                 // text already in the line, cursor at its end
	Complete    func(text string, pos int) Completions // nil = none
	History     []string                               // newest last; entries may hold "\n"
	Secret      bool                                   // stars instead of text, no history, no completion
}

// ending is how the reading of a line ended.
type ending int

const (
	entered   ending = iota // Enter
	canceled                // Ctrl-C: the line is dropped
	endOfFile               // Ctrl-D on an empty line
	closed                  // the terminal is gone
)
