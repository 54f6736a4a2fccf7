package luavalue

import lua "github.com/yuin/gopher-lua"

// MetaName is the name in a metatable; empty when there is none.
func MetaName(metatable lua.LValue) string {
	mt, ok := metatable.(*lua.LTable)
	if !ok {
		return ""
	}
	name, _ := mt.RawGetString("__name").(lua.LString)
	return string(name)
}

// RawIndex reads a field as Lua does, but calls nothing: through __index as long as that is a table.
func RawIndex(t *lua.LTable, name string) lua.LValue {
	const most = 10
	for range most {
		if v := t.RawGetString(name); v != lua.LNil {
			return v
		}
		next, ok := IndexTable(t.Metatable)
		if !ok {
			break
		}
		t = next
	}
	return lua.LNil
}

// IndexTable is the table that a metatable has for its __index.
func IndexTable(metatable lua.LValue) (*lua.LTable, bool) {
	mt, ok := metatable.(*lua.LTable)
	if !ok {
		return nil, false
	}
	t, ok := mt.RawGetString("__index").(*lua.LTable)
	return t, ok
}

// ErrorType names the metatable field that holds the Go error behind an error table.
const ErrorType = "authy.error"

// Error is the Go error behind an error table; nil when v is none.
func Error(v lua.LValue) error {
	t, ok := v.(*lua.LTable)
	if !ok {
		return nil
	}
	mt, ok := t.Metatable.(*lua.LTable)
	if !ok || mt.RawGetString("__name") != lua.LString(ErrorType) {
		return nil
	}
	data, ok := mt.RawGetString("error").(*lua.LUserData)
	if !ok {
		return nil
	}
	err, _ := data.Value.(error)
	return err
}
