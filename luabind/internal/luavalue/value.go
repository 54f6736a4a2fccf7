package luavalue

import (
	"github.com/authysh/authysh/luabind/internal/luatext"
	lua "github.com/yuin/gopher-lua"
)

// MaxExact is the largest whole number that a Lua number, a float64, cannot have got by losing digits: 2^53+1 reads
// as 2^53.
const MaxExact = 1<<53 - 1

// MaxDepth bounds how deep tables may nest where they become Go or JSON values.
const MaxDepth = 64

// TypeName names the type of a value as an error does: "a table", "nil", "json.null".
func TypeName(v lua.LValue) string {
	switch {
	case IsNull(v):
		return "json.null"
	case v == lua.LNil:
		return "nil"
	}
	return "a " + v.Type().String()
}

// KeyText shows a key of a table in an error.
func KeyText(key lua.LValue) string {
	if name, ok := key.(lua.LString); ok {
		return luatext.Excerpt(string(name))
	}
	return "[" + key.String() + "]"
}

// ScalarText is a string or a whole number as text; empty for any other value.
func ScalarText(v lua.LValue) string {
	switch v := v.(type) {
	case lua.LString:
		return string(v)
	case lua.LNumber:
		return luatext.Number(float64(v))
	}
	return ""
}

// null is the value of json.null: JSON's null where a Lua table could not hold nil.
type null struct{}

const nullType = "json.null"

// Null is the json.null of a state, always the same one.
func Null(L *lua.LState) *lua.LUserData {
	if known, ok := L.G.Registry.RawGetString(nullType).(*lua.LUserData); ok {
		return known
	}
	mt := L.CreateTable(0, 2)
	mt.RawSetString("__tostring", L.NewFunction(func(L *lua.LState) int {
		L.Push(lua.LString("null"))
		return 1
	}))
	mt.RawSetString("__metatable", lua.LString(nullType))
	value := &lua.LUserData{Value: null{}, Metatable: mt, Env: L.Env}
	L.G.Registry.RawSetString(nullType, value)
	return value
}

// IsNull reports whether v is json.null of any state.
func IsNull(v lua.LValue) bool {
	data, ok := v.(*lua.LUserData)
	if !ok {
		return false
	}
	_, ok = data.Value.(null)
	return ok
}

// ArrayType names the metatable of lists.
const ArrayType = "json.array"

// ArrayMetatable marks a table as a JSON list, so that an empty one does not turn into an object.
func ArrayMetatable(L *lua.LState) *lua.LTable {
	if known, ok := L.G.Registry.RawGetString(ArrayType).(*lua.LTable); ok {
		return known
	}
	mt := L.CreateTable(0, 1)
	mt.RawSetString("__name", lua.LString(ArrayType))
	L.G.Registry.RawSetString(ArrayType, mt)
	return mt
}

// IsArray reports whether t was marked as a JSON list.
func IsArray(t *lua.LTable) bool {
	mt, ok := t.Metatable.(*lua.LTable)
	return ok && mt.RawGetString("__name") == lua.LString(ArrayType)
}
