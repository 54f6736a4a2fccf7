package luabind

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// inputBuffer is how much an input reads at a time.
const inputBuffer = 64 << 10

// errRowTooLong ends a read that exceeds the input's quota.
var errRowTooLong = errors.New("too long")

// input is a source that the tasks of a state read in turn.
//
// While it waits for the source, the interpreter is given away, and the wait ends with the script's context. Nothing
// can stop a read from a terminal: one that outlives its script goes on in the background, and what it brings is
// kept for the next read.
type input struct {
	h      *Host
	source io.Reader
	direct bool          // the source never blocks for long
	quota  int           // how many more bytes a reader of rows will take; negative is any number
	r      *bufio.Reader // made for the first read: most scripts leave standard input alone
	turn   turn
	L      *lua.LState // of that task

	buffer  []byte
	pending chan chunk // of a read in the background, which owns the buffer
	left    chunk      // what a read brought and nobody took yet
}

type chunk struct {
	data []byte
	err  error
}

func newInput(h *Host, source io.Reader) *input {
	if source == nil {
		source = strings.NewReader("")
	}
	return &input{h: h, source: source, direct: isDirect(source), quota: -1, turn: newTurn()}
}

func isDirect(source io.Reader) bool {
	switch source := source.(type) {
	case *strings.Reader, *bytes.Reader, *bytes.Buffer:
		return true
	case *os.File:
		info, err := source.Stat()
		return err == nil && info.Mode().IsRegular()
	}
	return false
}

// use hands the buffered source to f when it is the turn of the task; f must not run Lua code. It raises when the
// script is interrupted while it waits for its turn.
func (in *input) use(L *lua.LState, f func(r *bufio.Reader)) {
	in.turn.take(L, in.h)
	in.L = L
	defer func() {
		in.L = nil
		in.turn.pass()
	}()
	if in.r == nil {
		in.r = bufio.NewReaderSize(in, inputBuffer)
	}
	f(in.r)
}

// Read fills the buffered reader, on behalf of the task whose turn it is.
func (in *input) Read(p []byte) (n int, err error) {
	if in.quota == 0 {
		return 0, errRowTooLong
	}
	if in.quota > 0 {
		p = p[:min(len(p), in.quota)]
	}
	in.h.Wait(in.L, func(ctx context.Context) { n, err = in.read(ctx, p) })
	if in.quota > 0 {
		in.quota -= n
	}
	return n, err
}

func (in *input) read(ctx context.Context, p []byte) (int, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	if len(in.left.data) == 0 && in.left.err == nil && in.pending == nil {
		if in.direct || ctx.Done() == nil {
			return in.fill(p)
		}
		in.start(len(p))
	}
	if in.pending != nil {
		select {
		case in.left = <-in.pending:
			in.pending = nil
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
	n := copy(p, in.left.data)
	in.left.data = in.left.data[n:]
	if len(in.left.data) > 0 {
		return n, nil
	}
	err := in.left.err
	in.left = chunk{}
	return n, err
}

// start reads in the background, up to size bytes.
func (in *input) start(size int) {
	if in.buffer == nil {
		in.buffer = make([]byte, inputBuffer)
	}
	buffer, done := in.buffer[:min(size, inputBuffer)], make(chan chunk, 1)
	in.pending = done
	go func() {
		n, err := in.fill(buffer)
		done <- chunk{buffer[:n], err}
	}()
}

// fill reads from the source. That may be the host's, whose faults would end the process on a goroutine where nobody can catch
// them.
func (in *input) fill(p []byte) (n int, err error) {
	defer func() {
		if failure := panicOf("standard input", recover()); failure != nil {
			n, err = 0, failure
		}
	}()
	if n, err = in.source.Read(p); n < 0 || n > len(p) {
		return 0, fmt.Errorf("the reader says that it has read %d bytes of %d", n, len(p))
	}
	return n, err
}

// isCanceled reports whether a read failed because the script was interrupted.
func isCanceled(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}
