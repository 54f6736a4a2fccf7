package repl

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/term"
)

// Console is what the prompt and the code that runs in it share: three streams, of which some may be one terminal.
//
// Whatever runs in the prompt should write through [Console.Stdout] and [Console.Stderr] and ask through
// [Console.Ask]: then what a background task prints appears above the line that is being typed, and no progress
// mark is left in the output. A Console is safe for concurrent use. It can be used without [Run], too.
type Console struct {
	in       io.Reader
	out, err *stream
	lines    *lineReader

	mu      sync.Mutex
	drained *sync.Cond // held has become shorter, or nobody reads
	editor  lineEditor
	live    bool   // the editor draws on a terminal
	reading bool   // a line is being typed
	held    []byte // what was written meanwhile
	wake    chan struct{}
	spinner string // the mark on the screen; "" is none
	lent    bool   // another program has the terminal

	status, statuses int // the number of the status line that is shown, 0 for none, and of the latest
}

// stream is one of the two outputs.
type stream struct {
	c        *Console
	w        io.Writer
	terminal bool
	mid      bool // the last byte written was no line end
}

// maxHeld is how much may be written while a line is being typed, before the writer has to wait for the screen.
const maxHeld = 1 << 20

// NewConsole joins three streams. A stream that is an [*os.File] may be a terminal; the prompt has its full comfort
// when in and out are.
func NewConsole(in io.Reader, out, err io.Writer) *Console {
	c := &Console{in: in, wake: make(chan struct{}, 1), lines: &lineReader{in: in, max: maxLine}}
	c.drained = sync.NewCond(&c.mu)
	c.out = &stream{c: c, w: out, terminal: isTerminal(out)}
	c.err = &stream{c: c, w: err, terminal: isTerminal(err)}
	return c
}

func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// Stdout is where results and the output of scripts go.
func (c *Console) Stdout() io.Writer { return c.out }

// Stderr is where everything else goes.
func (c *Console) Stderr() io.Writer { return c.err }

// Write writes to the stream, above the line that is being typed if there is one.
func (s *stream) Write(p []byte) (int, error) {
	c := s.c
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.reading && c.live && s.terminal {
		if len(c.held) == 0 || len(c.held)+len(p) <= maxHeld {
			c.held = append(c.held, p...)
			c.notify()
			return len(p), nil
		}
		c.drained.Wait()
	}
	return s.write(p)
}

// write needs the lock.
func (s *stream) write(p []byte) (int, error) {
	if s.terminal {
		s.c.hideSpinner()
	}
	if len(p) > 0 {
		s.mid = p[len(p)-1] != '\n'
	}
	return s.w.Write(p)
}

// notify tells the printer that something is held; the lock is needed.
func (c *Console) notify() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// use gives the console its editor. live says that it draws on a terminal.
func (c *Console) use(editor lineEditor, live bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.editor, c.live = editor, live
}

// Size is that of the terminal, 80 by 24 if there is none.
func (c *Console) Size() (columns, rows int) { return c.size() }

// size is that of the terminal, or of a common one.
func (c *Console) size() (columns, rows int) {
	c.mu.Lock()
	editor := c.editor
	c.mu.Unlock()
	if editor != nil {
		return editor.Size()
	}
	return c.terminalSize()
}

func (c *Console) terminalSize() (columns, rows int) {
	for _, stream := range []any{c.out.w, c.err.w, c.in} {
		if f, ok := stream.(*os.File); ok {
			if columns, rows, err := term.GetSize(int(f.Fd())); err == nil && columns > 0 && rows > 0 {
				return columns, rows
			}
		}
	}
	return 80, 24
}

// errBusy is what a background task gets that asks while the prompt waits.
var errBusy = errors.New("cannot ask now: the prompt is waiting for a line")

// read lets the editor read a line, and shows above it what is written meanwhile.
func (c *Console) read(ctx context.Context, q question) (text string, how ending, err error) {
	c.mu.Lock()
	if c.reading {
		c.mu.Unlock()
		return "", canceled, errBusy
	}
	editor := c.editor
	if editor == nil {
		editor = newPlainEditor(c)
		defer editor.Close()
		defer context.AfterFunc(ctx, func() { editor.Close() })()
	}
	c.hideSpinner()
	c.reading = true
	c.mu.Unlock()

	stop, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		c.printHeld(editor, stop, q)
	}()
	defer func() {
		close(stop)
		<-ended
		c.mu.Lock()
		defer c.mu.Unlock()
		c.reading = false
		c.out.mid = false // the editor has ended its line
		if len(c.held) > 0 {
			c.out.write(c.held)
		}
		c.held = nil
		c.drained.Broadcast()
	}()
	text, how = editor.Read(q)
	return text, how, nil
}

// printHeld hands whole lines to the editor until stop is closed. It is a goroutine of its own, since a task that
// prints may hold something that completion, and so the editor, waits for.
func (c *Console) printHeld(editor lineEditor, stop <-chan struct{}, q question) {
	for {
		select {
		case <-stop:
			return
		case <-c.wake:
		}
		c.mu.Lock()
		end := strings.LastIndexByte(string(c.held), '\n') + 1
		if end == 0 && len(c.held) > maxHeld/2 {
			end = len(c.held)
		}
		whole := string(c.held[:end])
		c.held = append([]byte(nil), c.held[end:]...)
		c.drained.Broadcast()
		c.mu.Unlock()
		if whole != "" {
			editor.Print(whole)
			if q.Live == nil {
				continue
			}
			if now, _ := q.Live(); now != q.Prompt { // what was printed told of a change
				q.Prompt = now
				editor.Refresh()
			}
		}
	}
}

// ErrNoAnswer is returned when a question was left with Ctrl-C or Ctrl-D, or the input has ended.
var ErrNoAnswer = errors.New("no answer was given")

// Ask asks for a line of text. It returns [ErrNoAnswer] when there is none.
//
// It is for code that [Session.Eval] or a [Command] runs; a background task cannot ask while the prompt waits for a
// line.
func (c *Console) Ask(ctx context.Context, text string) (string, error) {
	return c.ask(ctx, question{Prompt: text})
}

// AskSecret asks like [Console.Ask], without showing what is typed.
func (c *Console) AskSecret(ctx context.Context, text string) (string, error) {
	return c.ask(ctx, question{Prompt: text, Secret: true})
}

func (c *Console) ask(ctx context.Context, q question) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", context.Cause(ctx)
	}
	q.Prompt = printable(q.Prompt)
	if i := strings.LastIndexByte(q.Prompt, '\n'); i >= 0 { // a prompt is one line
		if _, err := io.WriteString(c.err, q.Prompt[:i+1]); err != nil {
			return "", err
		}
		q.Prompt = q.Prompt[i+1:]
	}
	text, how, err := c.read(ctx, q)
	if err != nil {
		return "", err
	}
	if ctx.Err() != nil && how != entered {
		return "", context.Cause(ctx)
	}
	if how != entered && text == "" {
		return "", ErrNoAnswer
	}
	return text, nil
}

// freshLine moves to the start of a line, unless the cursor is there. What was printed may come from another program,
// so the terminal has to find out: a mark and as many blanks as fill a line wrap only in the middle of one.
func (c *Console) freshLine() {
	columns, _ := c.size()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hideSpinner()
	switch {
	case c.live:
		fmt.Fprintf(c.out.w, "\x1b[7m%%\x1b[0m%*s\r\x1b[J", columns-1, "")
	case c.out.mid && c.out.terminal && isTerminal(c.in):
		io.WriteString(c.out.w, "\n")
	default:
		return
	}
	c.out.mid, c.err.mid = false, false
}

// lend gives the terminal to another program while f runs it.
func (c *Console) lend(f func() error) error {
	c.setLent(true)
	defer c.setLent(false)
	done := make(chan struct{})
	lentTo.Store(&done)
	defer func() {
		lentTo.Store(nil)
		close(done)
	}()
	return f()
}

// lentTo is closed when the program that the terminal was lent to has ended; nil while it is lent to none. There is one
// terminal, so it is one for the process.
var lentTo atomic.Pointer[chan struct{}]

func (c *Console) setLent(lent bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hideSpinner()
	c.lent = lent
}

func (c *Console) isLent() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lent
}
