package luabind

import (
	"errors"
	"fmt"

	lua "github.com/yuin/gopher-lua"
)

// fileType is the name under which gopher-lua registers the metatable of its files.
const fileType = "FILE*"

// installStreams points print and the io library at the streams of the host.
//
// Files that scripts open stay those of gopher-lua; io.read, io.write and their like pass the call on to one that
// io.input or io.output chose. A state without io gets print alone. Faults of gopher-lua 1.1.2 go on the way: lines
// splits a line after 4096 bytes, io.output(name) leaves the tail of what the file held before, read does not find
// numbers, and what [streams.installProcesses] tells.
func installStreams(L *lua.LState, h *Host) {
	s := streamsOf(L, h)
	L.SetGlobal("print", L.NewFunction(s.print))
	mod, ok := L.GetGlobal("io").(*lua.LTable)
	if !ok {
		return
	}
	mt := s.metatable(L)
	s.stdin = &lua.LUserData{Value: s.in, Metatable: mt, Env: L.Env}
	s.stdout = &lua.LUserData{Value: s.out, Metatable: mt, Env: L.Env}
	s.stderr = &lua.LUserData{Value: s.err, Metatable: mt, Env: L.Env}
	s.currentIn, s.currentOut = s.stdin, s.stdout
	s.openFile, s.typeOf = mod.RawGetString("open"), mod.RawGetString("type")
	s.fileMethods, _ = L.GetTypeMetatable(fileType).(*lua.LTable)
	if s.fileMethods != nil {
		s.fileMethods.RawSetString("lines", L.NewFunction(s.fileLines))
		s.readFile = s.fileMethods.RawGetString("read")
		s.fileMethods.RawSetString("read", L.NewFunction(s.fileRead))
	}
	s.installProcesses(L, mod)
	mod.RawSetString("stdin", s.stdin)
	mod.RawSetString("stdout", s.stdout)
	mod.RawSetString("stderr", s.stderr)
	for name, f := range map[string]lua.LGFunction{
		"write": s.ioWrite, "read": s.ioRead, "lines": s.ioLines, "flush": s.ioFlush, "close": s.ioClose,
		"input": s.ioInput, "output": s.ioOutput, "type": s.ioType,
	} {
		mod.RawSetString(name, L.NewFunction(f))
	}
}

// print writes its arguments as tostring shows them, in one piece with the end of the line.
func (s *streams) print(L *lua.LState) int {
	// All text comes before the line is put together: __tostring may print as well.
	top := L.GetTop()
	texts, length := make([]string, top), 0
	for i := range top {
		text := L.ToStringMeta(L.Get(i + 1))
		if _, ok := text.(lua.LString); !ok {
			L.RaiseError("'tostring' must return a string to 'print'")
		}
		texts[i] = text.String()
		length += len(texts[i])
		mayPrint(L, length)
	}
	line := s.line[:0]
	for i, text := range texts {
		if i > 0 {
			line = append(line, '\t')
		}
		line = append(line, text...)
	}
	line = append(line, '\n')
	s.keep(line)
	_ = s.out.put(L, line) // raised unless the reader has gone
	return 0
}

// keep saves a buffer for the next line, unless a long one made it large.
func (s *streams) keep(line []byte) {
	const most = 16 << 10
	if cap(line) <= most {
		s.line = line[:0]
	}
}

// write writes the arguments from first on, strings and numbers, in one piece.
func (s *streams) write(L *lua.LState, o *output, first int) int {
	line := s.line[:0]
	for i := first; i <= L.GetTop(); i++ {
		switch v := L.Get(i).(type) {
		case lua.LString:
			mayPrint(L, len(line)+len(v))
			line = append(line, v...)
		case lua.LNumber:
			line = append(line, v.String()...)
		default:
			L.TypeError(i, lua.LTString)
		}
	}
	s.keep(line)
	return pushDone(L, o.put(L, line))
}

func (s *streams) ioWrite(L *lua.LState) int {
	if o, ok := s.currentOut.Value.(*output); ok {
		return s.write(L, o, 1)
	}
	return s.onFile(L, s.currentOut, "write", 1)
}

func (s *streams) ioRead(L *lua.LState) int {
	if in, ok := s.currentIn.Value.(*input); ok {
		return in.readFormats(L, 1)
	}
	return s.onFile(L, s.currentIn, "read", 1)
}

func (s *streams) ioFlush(L *lua.LState) int {
	if o, ok := s.currentOut.Value.(*output); ok {
		return pushDone(L, o.flush())
	}
	return s.onFile(L, s.currentOut, "flush", L.GetTop()+1)
}

func (s *streams) ioClose(L *lua.LState) int {
	file := s.currentOut
	if L.GetTop() > 0 {
		file = s.checkStream(L, 1)
	}
	if !s.isFile(file) {
		return pushFailure(L, errStandard)
	}
	return s.onFile(L, file, "close", L.GetTop()+1)
}

var errStandard = errors.New("cannot close a standard stream")

func (s *streams) ioInput(L *lua.LState) int {
	s.choose(L, &s.currentIn, "r", func(v any) bool { _, ok := v.(*input); return ok })
	return 1
}

func (s *streams) ioOutput(L *lua.LState) int {
	s.choose(L, &s.currentOut, "w", func(v any) bool { _, ok := v.(*output); return ok })
	return 1
}

// choose sets a default stream, by name or as an open file, if there is an argument; it pushes what is the default then.
func (s *streams) choose(L *lua.LState, current **lua.LUserData, mode string, fits func(any) bool) {
	switch v := L.Get(1).(type) {
	case *lua.LNilType:
	case lua.LString:
		*current = s.open(L, string(v), mode)
	default:
		file := s.checkStream(L, 1)
		if !s.isFile(file) && !fits(file.Value) {
			L.ArgError(1, "a standard stream of the other direction")
		}
		*current = file
	}
	L.Push(*current)
}

// open opens a file by gopher-lua's io.open, or raises.
func (s *streams) open(L *lua.LState, path, mode string) *lua.LUserData {
	L.Push(s.openFile)
	L.Push(lua.LString(path))
	L.Push(lua.LString(mode))
	L.Call(2, 2)
	file, ok := L.Get(-2).(*lua.LUserData)
	if !ok {
		L.RaiseError("%s", L.Get(-1).String())
	}
	L.Pop(2)
	return file
}

func (s *streams) ioType(L *lua.LState) int {
	file, ok := L.CheckAny(1).(*lua.LUserData)
	if ok && (file == s.stdin || file == s.stdout || file == s.stderr) {
		L.Push(lua.LString("file"))
		return 1
	}
	if ok {
		if p, ok := file.Value.(*process); ok {
			L.Push(p.state())
			return 1
		}
	}
	L.Push(s.typeOf)
	L.Push(L.Get(1))
	L.Call(1, 1)
	return 1
}

// isFile reports whether a stream is a file of gopher-lua, or a process.
func (s *streams) isFile(file *lua.LUserData) bool {
	mt, ok := file.Metatable.(*lua.LTable)
	return ok && (mt == s.fileMethods || mt == s.processMethods)
}

func (s *streams) checkStream(L *lua.LState, i int) *lua.LUserData {
	file, ok := L.Get(i).(*lua.LUserData)
	if !ok || !s.isFile(file) && file != s.stdin && file != s.stdout && file != s.stderr {
		L.ArgError(i, "file expected, got "+L.Get(i).Type().String())
	}
	return file
}

// onFile passes a call on to a file of gopher-lua, or a process, with the arguments from first on.
func (s *streams) onFile(L *lua.LState, file *lua.LUserData, method string, first int) int {
	top := L.GetTop()
	L.Push(file.Metatable.(*lua.LTable).RawGetString(method))
	L.Push(file)
	for i := first; i <= top; i++ {
		L.Push(L.Get(i))
	}
	L.Call(1+max(0, top-first+1), lua.MultRet)
	return L.GetTop() - top
}

// pushDone pushes what write and flush return: true, or nil and the error.
func pushDone(L *lua.LState, err error) int {
	if err != nil {
		return pushFailure(L, err)
	}
	L.Push(lua.LTrue)
	return 1
}

// pushFailure pushes nil, a message and a number, as Lua's io functions return failures.
func pushFailure(L *lua.LState, err error) int {
	L.Push(lua.LNil)
	L.Push(lua.LString(fmt.Sprint(err)))
	L.Push(lua.LNumber(1))
	return 3
}
