package repl

import (
	"errors"
	"io"
	"os"
	"os/signal"
	"strings"
	"sync"
)

// plainEditor reads lines where there is no terminal to edit them on: from a pipe, or in a terminal that knows no
// escape sequences. It writes no escape byte.
type plainEditor struct {
	c          *Console
	prompts    bool           // somebody is there to be prompted
	lines      chan inputLine // from the goroutine that waits for a line
	waiting    bool           // it does
	interrupts chan struct{}
	signals    chan os.Signal
	closed     chan struct{}
	close      func()
	fault      error // why the input is closed
}

type inputLine struct {
	text string
	err  error
}

func newPlainEditor(c *Console) *plainEditor {
	e := &plainEditor{
		c: c, prompts: isTerminal(c.in),
		lines: make(chan inputLine, 1), interrupts: make(chan struct{}, 1),
		signals: make(chan os.Signal, 1), closed: make(chan struct{}),
	}
	signal.Notify(e.signals, os.Interrupt)
	forwarded := make(chan struct{})
	go func() {
		defer close(forwarded)
		e.forward()
	}()
	e.close = sync.OnceFunc(func() {
		signal.Stop(e.signals)
		close(e.closed)
		<-forwarded
	})
	return e
}

func (e *plainEditor) forward() {
	for {
		select {
		case <-e.closed:
			return
		case <-e.signals:
			select {
			case e.interrupts <- struct{}{}:
			default:
			}
		}
	}
}

// Read returns the next line. A line that is being waited for when an interrupt comes is the next Read's.
func (e *plainEditor) Read(q question) (string, ending) {
	hidden := q.Secret && e.prompts
	if hidden { // before the question shows, as somebody may answer at once
		restore, err := hideInput(e.c.in.(*os.File))
		if err != nil {
			return e.accept(inputLine{"", err})
		}
		defer restore()
	}
	if e.prompts {
		io.WriteString(e.c.err.w, q.Prompt)
	}
	if !e.waiting {
		e.waiting = true
		go func() {
			text, err := e.c.lines.next()
			e.lines <- inputLine{text, err}
		}()
	}
	select {
	case line := <-e.lines:
		e.waiting = false
		if hidden && line.err == nil {
			e.endLine() // Enter did not show
		}
		return e.accept(line)
	case <-e.interrupts:
		e.endLine()
		return "", canceled
	case <-e.closed:
		e.endLine()
		return "", closed
	}
}

func (e *plainEditor) accept(line inputLine) (string, ending) {
	switch {
	case line.err == nil || line.text != "":
		return line.text, entered
	case errors.Is(line.err, io.EOF):
		e.endLine()
		return "", endOfFile
	}
	e.fault = line.err
	return "", closed
}

// endLine ends the line of a prompt that got no Enter.
func (e *plainEditor) endLine() {
	if e.prompts {
		io.WriteString(e.c.err.w, "\n")
	}
}

func (e *plainEditor) Size() (columns, rows int)   { return e.c.terminalSize() }
func (e *plainEditor) Refresh()                    {} // a line that is written stays
func (e *plainEditor) Interrupts() <-chan struct{} { return e.interrupts }
func (e *plainEditor) Print(text string)           { io.WriteString(e.c.out.w, text) }
func (e *plainEditor) Close() error                { e.close(); return nil }

// maxLine bounds a line of input, which otherwise could fill the memory.
const maxLine = 16 << 20

var errLongLine = errors.New("a line of the input is longer than 16 MiB")

// lineReader reads no byte beyond a line's end: the rest may be input of the script that the line runs.
type lineReader struct {
	in   io.Reader
	some bool // not the first line any more
	max  int  // bytes of a line
}

// next is the next line without its end; with the error io.EOF it may still have text.
func (r *lineReader) next() (string, error) {
	var line []byte
	for {
		c, err := r.readByte()
		if err == nil && c != '\n' {
			if len(line) == r.max {
				return "", errLongLine
			}
			line = append(line, c)
			continue
		}
		text := strings.TrimSuffix(string(line), "\r")
		if !r.some {
			text = strings.TrimPrefix(text, "\ufeff")
		}
		r.some = true
		return text, err
	}
}

func (r *lineReader) readByte() (byte, error) {
	if buffered, ok := r.in.(io.ByteReader); ok {
		return buffered.ReadByte()
	}
	var one [1]byte
	_, err := io.ReadFull(r.in, one[:])
	return one[0], err
}
