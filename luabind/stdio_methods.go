package luabind

import (
	"errors"
	"fmt"

	"github.com/authysh/authysh/luabind/internal/luatext"
	lua "github.com/yuin/gopher-lua"
)

// metatable has the methods of the standard streams.
func (s *streams) metatable(L *lua.LState) *lua.LTable {
	mt := L.CreateTable(0, 9)
	mt.RawSetString("__index", mt)
	for name, f := range map[string]lua.LGFunction{
		"write": s.streamWrite, "read": s.streamRead, "lines": s.streamLines, "flush": s.streamFlush,
		"close": s.streamClose, "seek": s.streamSeek, "setvbuf": s.streamSetvbuf, "__tostring": s.streamToString,
	} {
		mt.RawSetString(name, L.NewFunction(f))
	}
	return mt
}

// self is the stream that a method was called on; a file of gopher-lua has methods of its own.
func (s *streams) self(L *lua.LState) any {
	switch file := L.Get(1).(type) {
	case *lua.LUserData:
		switch v := file.Value.(type) {
		case *input, *output:
			return v
		}
	}
	L.ArgError(1, "file expected, got "+L.Get(1).Type().String()+" (call methods with a colon, as in io.stdout:write())")
	return nil
}

func (s *streams) streamWrite(L *lua.LState) int {
	if o, ok := s.self(L).(*output); ok {
		return s.write(L, o, 2)
	}
	return pushFailure(L, errors.New("standard input is opened for reading only"))
}

func (s *streams) streamRead(L *lua.LState) int {
	switch stream := s.self(L).(type) {
	case *input:
		return stream.readFormats(L, 2)
	case *output:
		return pushFailure(L, errors.New(stream.name+" is opened for writing only"))
	}
	return 0
}

func (s *streams) streamLines(L *lua.LState) int {
	switch stream := s.self(L).(type) {
	case *input:
		L.Push(L.NewFunction(stream.nextLine))
	case *output:
		L.RaiseError("%s is opened for writing only", stream.name)
	}
	return 1
}

// nextLine is the iterator of lines.
func (in *input) nextLine(L *lua.LState) int {
	L.SetTop(0) // the state and control variable of a for loop
	if n := in.readFormats(L, 1); n > 1 {
		L.RaiseError("%s", L.Get(-2).String())
	}
	return 1
}

func (s *streams) streamFlush(L *lua.LState) int {
	if o, ok := s.self(L).(*output); ok {
		return pushDone(L, o.flush())
	}
	return pushDone(L, nil)
}

// streamClose refuses, as Lua 5.1 does; the streams are the host's.
func (s *streams) streamClose(L *lua.LState) int {
	s.self(L)
	return pushFailure(L, errStandard)
}

func (s *streams) streamSeek(L *lua.LState) int {
	s.self(L)
	return pushFailure(L, errors.New("cannot seek in a standard stream"))
}

// streamSetvbuf accepts any mode: when output is passed on is the host's affair.
func (s *streams) streamSetvbuf(L *lua.LState) int {
	s.self(L)
	switch mode := L.CheckString(2); mode {
	case "no", "line", "full":
	default:
		L.ArgError(2, "invalid mode "+luatext.Excerpt(mode)+`, want "no", "line" or "full"`)
	}
	return pushDone(L, nil)
}

func (s *streams) streamToString(L *lua.LState) int {
	L.Push(lua.LString(fmt.Sprintf("file (%p)", s.self(L))))
	return 1
}

// ioLines is io.lines: of a file, which is closed at its end, or of the default input.
func (s *streams) ioLines(L *lua.LState) int {
	file, closes := s.currentIn, false
	if L.Get(1) != lua.LNil {
		file, closes = s.open(L, L.CheckString(1), "r"), true
	}
	if in, ok := file.Value.(*input); ok {
		L.Push(L.NewFunction(in.nextLine))
	} else {
		L.Push(L.NewFunction(s.linesOf(file, closes)))
	}
	return 1
}

// fileLines takes the place of the method of gopher-lua's files.
func (s *streams) fileLines(L *lua.LState) int {
	file := s.checkStream(L, 1)
	L.Push(L.NewFunction(s.linesOf(file, false)))
	return 1
}

// linesOf makes an iterator of a file's lines by its method read.
func (s *streams) linesOf(file *lua.LUserData, closes bool) lua.LGFunction {
	return func(L *lua.LState) int {
		L.SetTop(0)
		n := s.onFile(L, file, "read", 1)
		switch {
		case n > 1:
			L.RaiseError("%s", L.Get(2).String())
		case closes && L.Get(1) == lua.LNil:
			s.onFile(L, file, "close", L.GetTop()+1)
			L.SetTop(1)
		}
		return 1
	}
}
