package luabind

import (
	"bufio"
	"reflect"

	lua "github.com/yuin/gopher-lua"
)

// fileRead takes the place of the method of gopher-lua's files, whose *n fails on text with an error of Go's fmt, and whose
// number of bytes is allocated before any are read.
func (s *streams) fileRead(L *lua.LState) int {
	file := s.checkStream(L, 1)
	r := bufferOf(file)
	if r == nil {
		top := L.GetTop()
		L.Push(s.readFile)
		for i := 1; i <= top; i++ {
			L.Push(L.Get(i))
		}
		L.Call(top, lua.MultRet)
		return L.GetTop() - top
	}
	formats := []lua.LValue{lua.LString("l")}
	for i := 2; i <= L.GetTop(); i++ {
		formats = append(formats[:i-2], checkFormat(L, i))
	}
	results, err := readValues(r, formats)
	if err != nil {
		return pushFailure(L, err)
	}
	for _, v := range results {
		L.Push(v)
	}
	return len(results)
}

// bufferOf is the buffer that a file of gopher-lua is read through, or nil if the file is closed or not for reading. The
// library keeps it private; if it is not where it was, files are read as the library does.
func bufferOf(file *lua.LUserData) *bufio.Reader {
	v := reflect.ValueOf(file.Value)
	if v.Kind() != reflect.Pointer || v.IsNil() || v.Elem().Kind() != reflect.Struct {
		return nil
	}
	reader, closed := v.Elem().FieldByName("reader"), v.Elem().FieldByName("closed")
	if !closed.IsValid() || closed.Kind() != reflect.Bool || closed.Bool() {
		return nil
	}
	if !reader.IsValid() || reader.Type() != reflect.TypeFor[*bufio.Reader]() {
		return nil
	}
	return (*bufio.Reader)(reader.UnsafePointer())
}
