package luabind

import lua "github.com/yuin/gopher-lua"

// null is the value of json.null: JSON's null where a Lua table could not hold nil.
type null struct{}

const nullType = "json.null"

// nullOf is the json.null of a state, always the same one.
func nullOf(L *lua.LState) *lua.LUserData {
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

// isNull reports whether v is json.null of any state.
func isNull(v lua.LValue) bool {
	data, ok := v.(*lua.LUserData)
	if !ok {
		return false
	}
	_, ok = data.Value.(null)
	return ok
}

const arrayType = "json.array"

// arrayMetatable marks a table as a JSON list, so that an empty one does not turn into an object.
func arrayMetatable(L *lua.LState) *lua.LTable {
	if known, ok := L.G.Registry.RawGetString(arrayType).(*lua.LTable); ok {
		return known
	}
	mt := L.CreateTable(0, 1)
	mt.RawSetString("__name", lua.LString(arrayType))
	L.G.Registry.RawSetString(arrayType, mt)
	return mt
}

// isArray reports whether t was marked as a JSON list.
func isArray(t *lua.LTable) bool {
	mt, ok := t.Metatable.(*lua.LTable)
	return ok && mt.RawGetString("__name") == lua.LString(arrayType)
}
