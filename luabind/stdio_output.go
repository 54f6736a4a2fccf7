package luabind

import (
	"errors"
	"fmt"
	"io"
	"syscall"

	lua "github.com/yuin/gopher-lua"
)

// output is a stream that scripts write to.
type output struct {
	w    io.Writer
	name string // "standard output"
	gone error  // why nobody reads it any more; raised once
}

func newOutput(w io.Writer, name string) *output {
	if w == nil {
		w = io.Discard
	}
	return &output{w: w, name: name}
}

// put writes p in one piece. A failure is raised, as hardly a script looks at what print or write return; with the Go
// error attached, so that a host may end quietly when the reader of its output has gone. That failure is
// raised only once: what the script writes while it ends gets the error as a result.
func (o *output) put(L *lua.LState, p []byte) error {
	if o.gone != nil {
		return o.gone
	}
	if err := o.send(p); err != nil {
		raise(L, fmt.Errorf("cannot write to %s: %w", o.name, err))
	}
	return nil
}

// send writes p, and remembers when there is nobody left to read it.
func (o *output) send(p []byte) error {
	if o.gone != nil {
		return o.gone
	}
	n, err := o.write(p)
	if err == nil && n < len(p) {
		err = io.ErrShortWrite
	}
	if errors.Is(err, syscall.EPIPE) || errors.Is(err, io.ErrClosedPipe) {
		o.gone = err
	}
	return err
}

// write calls the host's writer, whose faults become errors.
func (o *output) write(p []byte) (n int, err error) {
	defer func() {
		if failure := panicOf(o.name, recover()); failure != nil {
			n, err = 0, failure
		}
	}()
	return o.w.Write(p)
}

// flush passes on what the host's writer holds back, if it holds anything back.
func (o *output) flush() error {
	if o.gone != nil {
		return o.gone
	}
	if buffered, ok := o.w.(interface{ Flush() error }); ok {
		return buffered.Flush()
	}
	return nil
}

// streams are the standard streams of a state.
type streams struct {
	in          *input
	out, err    *output
	currentIn   *lua.LUserData // what io.read reads
	currentOut  *lua.LUserData // what io.write writes
	stdin       *lua.LUserData
	stdout      *lua.LUserData
	stderr      *lua.LUserData
	line        []byte // where print puts a line together
	openFile    lua.LValue
	typeOf      lua.LValue
	readFile    lua.LValue // gopher-lua's read
	fileMethods *lua.LTable

	host           *Host
	processMethods *lua.LTable
}

const streamsType = "authysh.streams"

// streamsOf are the streams of a state, made on first use: io and csv must share one buffer of standard input.
func streamsOf(L *lua.LState, h *Host) *streams {
	if known, ok := L.G.Registry.RawGetString(streamsType).(*lua.LUserData); ok {
		return known.Value.(*streams)
	}
	s := &streams{
		host: h,
		in:   newInput(h, h.Stdin),
		out:  newOutput(h.Stdout, "standard output"),
		err:  newOutput(h.Stderr, "standard error"),
	}
	L.G.Registry.RawSetString(streamsType, &lua.LUserData{Value: s})
	return s
}
