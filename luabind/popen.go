package luabind

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"

	"github.com/authysh/authysh/luabind/internal/luatext"
	lua "github.com/yuin/gopher-lua"
)

// process is a program that io.popen started.
type process struct {
	child
	in      *input         // its output, in mode r
	source  io.Closer      // of in
	stdin   io.WriteCloser // in mode w
	pending []byte         // written, not sent yet
	direct  bool           // setvbuf("no"): nothing stays pending
	closed  bool
}

// sendAt is how much output to a program is kept back before it is sent.
const sendAt = 32 << 10

// installProcesses replaces io.popen and os.execute. Those of gopher-lua leave a program that reads its input waiting
// for ever, connect programs with the streams of the process instead of the host's, keep all tasks of the state
// waiting, and hide the exit status.
func (s *streams) installProcesses(L *lua.LState, mod *lua.LTable) {
	mt := L.CreateTable(0, 9)
	mt.RawSetString("__index", mt)
	for name, f := range map[string]lua.LGFunction{
		"read": s.processRead, "lines": s.fileLines, "write": s.processWrite, "flush": s.processFlush,
		"close": s.processClose, "seek": s.processSeek, "setvbuf": s.processSetvbuf, "__tostring": s.processToString,
	} {
		mt.RawSetString(name, L.NewFunction(f))
	}
	s.processMethods = mt
	mod.RawSetString("popen", L.NewFunction(s.popen))
	if mod, ok := L.GetGlobal("os").(*lua.LTable); ok && mod.RawGetString("execute") != lua.LNil {
		mod.RawSetString("execute", L.NewFunction(s.execute))
	}
}

// popen is io.popen(command [, mode]).
func (s *streams) popen(L *lua.LState) int {
	command, mode := L.CheckString(1), L.OptString(2, "r")
	p := &process{child: s.newChild(command)}
	var err error
	switch mode {
	case "r":
		var pipe io.ReadCloser
		if pipe, err = p.cmd.StdoutPipe(); err == nil {
			p.in, p.source = newInput(s.host, pipe), pipe
		}
		p.keepAll = true
	case "w":
		p.cmd.Stdin = nil
		p.stdin, err = p.cmd.StdinPipe()
		p.cut = p.stdin
	default:
		L.ArgError(2, "invalid mode "+luatext.Excerpt(mode)+`, want "r" or "w"`)
	}
	if err == nil {
		err = p.start(mode == "w")
	}
	if err != nil {
		return pushFailure(L, err)
	}
	L.Push(&lua.LUserData{Value: p, Metatable: s.processMethods, Env: L.Env})
	return 1
}

// execute is os.execute([command]): the status as C gives it, exit code times 256 on Unix. Without a command it says by
// 1 that there is a shell.
func (s *streams) execute(L *lua.LState) int {
	if L.Get(1) == lua.LNil {
		L.Push(lua.LNumber(1))
		return 1
	}
	c := s.newChild(L.CheckString(1))
	if err := c.start(true); err != nil {
		L.Push(lua.LNumber(-1))
		return 1
	}
	_ = c.await(L, c.wait) // the state says more
	L.Push(lua.LNumber(rawStatus(c.cmd.ProcessState)))
	return 1
}

// openProcess is the process that a method was called on.
func (s *streams) openProcess(L *lua.LState) *process {
	if file, ok := L.Get(1).(*lua.LUserData); ok {
		if p, ok := file.Value.(*process); ok {
			if p.closed {
				L.RaiseError("attempt to use a closed file")
			}
			return p
		}
	}
	L.ArgError(1, "file expected, got "+L.Get(1).Type().String())
	return nil
}

func (s *streams) processRead(L *lua.LState) int {
	p := s.openProcess(L)
	if p.in == nil {
		return pushFailure(L, errors.New("a process of mode w is for writing only"))
	}
	defer func() {
		p.deliver()
		if ctx := L.Context(); ctx != nil && ctx.Err() != nil {
			p.kill()
		}
	}()
	return p.in.readFormats(L, 2)
}

func (s *streams) processWrite(L *lua.LState) int {
	p := s.openProcess(L)
	if p.stdin == nil {
		return pushFailure(L, errors.New("a process of mode r is for reading only"))
	}
	for i := 2; i <= L.GetTop(); i++ {
		p.pending = append(p.pending, L.CheckString(i)...)
	}
	if len(p.pending) < sendAt && !p.direct {
		return pushDone(L, nil)
	}
	return pushDone(L, p.send(L))
}

// send passes on what was written.
func (p *process) send(L *lua.LState) error {
	data := p.pending
	p.pending = nil
	if len(data) == 0 {
		return nil
	}
	return p.await(L, func() error {
		_, err := p.stdin.Write(data)
		return err
	})
}

func (s *streams) processFlush(L *lua.LState) int { return pushDone(L, s.openProcess(L).send(L)) }

func (s *streams) processSetvbuf(L *lua.LState) int {
	p := s.openProcess(L)
	p.direct = L.CheckString(2) == "no"
	return pushDone(L, nil)
}

func (s *streams) processSeek(L *lua.LState) int {
	s.openProcess(L)
	return pushFailure(L, errors.New("cannot seek in a process"))
}

// processClose waits for the end of the program. The first result is true, as in Lua 5.1, whatever the program says of
// itself; then come, as in Lua 5.2, "exit" and the code, or "signal" and its number.
func (s *streams) processClose(L *lua.LState) int {
	p := s.openProcess(L)
	p.closed = true
	if p.in != nil {
		_ = p.source.Close()
	} else {
		_ = p.send(L) // a program need not read all
		_ = p.stdin.Close()
	}
	if err := p.await(L, p.wait); p.cmd.ProcessState == nil {
		return pushFailure(L, err)
	}
	L.Push(lua.LTrue)
	if status, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		L.Push(lua.LString("signal"))
		L.Push(lua.LNumber(status.Signal()))
		return 3
	}
	L.Push(lua.LString("exit"))
	L.Push(lua.LNumber(p.cmd.ProcessState.ExitCode()))
	return 3
}

func (s *streams) processToString(L *lua.LState) int {
	text := "file (closed)"
	if p, ok := L.CheckUserData(1).Value.(*process); ok && !p.closed {
		text = fmt.Sprintf("file (%p)", p)
	}
	L.Push(lua.LString(text))
	return 1
}

// state is what io.type says.
func (p *process) state() lua.LString {
	if p.closed {
		return "closed file"
	}
	return "file"
}

// child is a program whose output goes to the streams of the host.
type child struct {
	cmd     *exec.Cmd
	wait    func() error // of cmd; the second time it gives the same
	s       *streams
	sinks   []*sink
	wake    chan struct{} // holds a value when a sink has got something
	keepAll bool          // nobody empties the sinks while the script waits for the program
	cut     io.Closer     // what to close so that a write to the program ends; may be nil
}

// leftBehind is how long to wait, after a program's end, for output of programs that it left in the background.
const leftBehind = 200 * time.Millisecond

// newChild prepares a command of the system's shell. It reads the host's standard input if that is a file; otherwise it
// finds it empty.
func (s *streams) newChild(command string) child {
	cmd := exec.Command("/bin/sh", "-c", command)
	if runtime.GOOS == "windows" {
		cmd = exec.Command("cmd.exe", "/c", command)
	}
	cmd.WaitDelay = leftBehind
	if file, ok := s.host.Stdin.(*os.File); ok {
		cmd.Stdin = file
	}
	return child{cmd: cmd, wait: sync.OnceValue(cmd.Wait), s: s, wake: make(chan struct{}, 1)}
}

// start starts the program, with its standard error, and its standard output if wanted, connected to the host's.
func (c *child) start(output bool) error {
	_ = c.s.out.flush() // what the script wrote comes before what the program writes
	_ = c.s.err.flush()
	c.cmd.Stderr = c.connect(c.s.err)
	if output {
		c.cmd.Stdout = c.connect(c.s.out)
	}
	return c.cmd.Start()
}

// connect is where a program writes what goes to o: the file itself if o is one, so that a terminal stays a terminal.
func (c *child) connect(o *output) io.Writer {
	if file, ok := o.w.(*os.File); ok {
		return file
	}
	sink := &sink{to: o, wake: c.wake, keepAll: c.keepAll}
	sink.room.L = &sink.mu
	c.sinks = append(c.sinks, sink)
	return sink
}

// deliver passes on what the program wrote. Only whoever runs Lua may call it: streams belong to him.
func (c *child) deliver() {
	for _, sink := range c.sinks {
		if data := sink.take(); len(data) > 0 {
			_ = sink.to.send(data) // whose reader has gone says so at the script's next write
		}
	}
}

// await runs f, which may block, in the background, and delivers what the program writes meanwhile. When the script is
// interrupted, it kills the program and raises.
func (c *child) await(L *lua.LState, f func() error) error {
	done := make(chan error, 1)
	go func() { done <- f() }()
	var interrupted error
	for {
		var err error
		ended := false
		c.s.host.Wait(L, func(ctx context.Context) {
			stop := ctx.Done()
			if interrupted != nil {
				stop = nil
			}
			select {
			case err = <-done:
				ended = true
			case <-c.wake:
			case <-stop:
				interrupted = ctx.Err()
				c.kill()
			}
		})
		c.deliver()
		switch {
		case ended && interrupted != nil:
			L.RaiseError("canceled")
		case ended:
			return err
		}
	}
}

// kill ends the program. Those that it has started may go on, but nobody waits for them. It sees to it that the system
// keeps nothing of the program, as the script may never close it.
func (c *child) kill() {
	_ = c.cmd.Process.Kill()
	if c.cut != nil {
		_ = c.cut.Close()
	}
	for _, sink := range c.sinks {
		sink.open()
	}
	go c.wait()
}

// rawStatus is the status of a program as C's system returns it.
func rawStatus(state *os.ProcessState) int {
	if state == nil {
		return -1
	}
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return int(status.Signal())
	}
	if runtime.GOOS == "windows" {
		return state.ExitCode()
	}
	return state.ExitCode() << 8
}
