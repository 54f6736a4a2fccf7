package main

import (
	"bytes"
	"io"
	"os"
	"sync"
	"time"
)

// stdio is all that the program sees of the process it runs in. Tests make another.
type stdio struct {
	program        string // how the program was called: arg[-1] of scripts
	stdin          io.Reader
	stdout, stderr io.Writer

	stdinTerminal, stdoutTerminal, stderrTerminal bool

	userID    int // who runs the program; -1 where users have no number
	lookupEnv func(name string) (string, bool)
	environ   func() []string  // all variables, as name=value; nil is none to list
	signals   <-chan os.Signal // what interrupts the program; nil is nothing
	exit      func(code int)   // ends the process at once
	keyring   keyStore         // where key_keyring looks; nil is none
}

const (
	outputBuffer = 64 << 10
	// outputDelay is how long output may stay in the buffer: a reader of the pipe should see what a script printed
	// before it began to wait.
	outputDelay = 100 * time.Millisecond
)

// output is standard output behind a buffer. Its methods are safe for concurrent use.
//
// On a terminal each line shows at once; elsewhere when the buffer is full, after a moment, before the program
// reads its input or writes to standard error, and at the end.
type output struct {
	w     io.Writer
	lines bool

	mu    sync.Mutex
	buf   []byte
	timer *time.Timer
	armed bool
	err   error // the first failure; sticky, as what follows would be a stream with a hole
}

func newOutput(w io.Writer, terminal bool) *output { return &output{w: w, lines: terminal} }

// Write keeps p for later. Its error may belong to an earlier Write.
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.buf)+len(p) > outputBuffer {
		o.flush()
	}
	if o.err != nil {
		return 0, o.err
	}
	if len(p) >= outputBuffer {
		_, o.err = o.w.Write(p)
		return len(p), o.err
	}
	o.buf = append(o.buf, p...)
	if o.lines && bytes.ContainsAny(p, "\n\r") {
		o.flush()
		return len(p), o.err
	}
	o.arm()
	return len(p), nil
}

// arm makes sure that a flush comes.
func (o *output) arm() {
	switch {
	case o.armed:
		return
	case o.timer == nil:
		o.timer = time.AfterFunc(outputDelay, func() { o.Flush() })
	default:
		o.timer.Reset(outputDelay)
	}
	o.armed = true
}

// Flush writes what is kept.
func (o *output) Flush() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.armed = false
	o.flush()
	return o.err
}

func (o *output) flush() {
	if len(o.buf) > 0 && o.err == nil {
		_, o.err = o.w.Write(o.buf)
	}
	o.buf = o.buf[:0]
}

// flushingReader is standard input: who is asked something should have seen the question.
type flushingReader struct {
	io.Reader
	out *output
}

func (r flushingReader) Read(p []byte) (int, error) {
	r.out.Flush()
	return r.Reader.Read(p)
}

// flushingWriter is standard error: what was printed before a complaint stands before it, also where both streams end
// up in one place.
type flushingWriter struct {
	io.Writer
	out *output
}

func (w flushingWriter) Write(p []byte) (int, error) {
	w.out.Flush()
	return w.Writer.Write(p)
}
