package luabind

import (
	"bytes"
	"cmp"
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"github.com/authysh/authysh/luabind/internal/luavalue"
	lua "github.com/yuin/gopher-lua"
)

// textOf is the text of a value whose methods say what it is: what marshals to text, and an error's message. Structs and ids
// have their own ways.
func textOf(v reflect.Value) (text lua.LValue, ok bool) {
	switch t := v.Type(); {
	case t.NumMethod() == 0 || !v.CanInterface() || t == idType || v.Kind() == reflect.Struct && !t.Implements(goErrorType):
		return nil, false
	case v.Kind() == reflect.Interface || v.Kind() == reflect.Pointer && (v.IsNil() || t.Elem().Implements(textMarshaler)):
		return nil, false // what is behind it is asked
	}
	switch value := v.Interface().(type) {
	case encoding.TextMarshaler:
		if encoded, err := value.MarshalText(); err == nil {
			return lua.LString(encoded), true
		}
	case error:
		return lua.LString(value.Error()), true
	}
	return nil, false
}

var (
	textMarshaler = reflect.TypeFor[encoding.TextMarshaler]()
	goErrorType   = reflect.TypeFor[error]()
)

// bytesToLua makes a string of bytes, and a value of JSON text. No bytes at all are nothing.
func bytesToLua(L *lua.LState, v reflect.Value) lua.LValue {
	if v.IsNil() {
		return lua.LNil
	}
	if v.Type() == reflect.TypeFor[json.RawMessage]() {
		decoder := json.NewDecoder(bytes.NewReader(v.Bytes()))
		decoder.UseNumber()
		var value any
		if err := decoder.Decode(&value); err != nil {
			L.RaiseError("a Go value of type %s is no JSON: %v", v.Type(), err)
		}
		if value == nil {
			return luavalue.Null(L)
		}
		return ToLua(L, value)
	}
	return lua.LString(v.Bytes())
}

// compareKeys puts the keys of a map in order: those of texts by their letters, others as fmt does.
func compareKeys(a, b reflect.Value) int {
	switch {
	case a.Kind() == reflect.String:
		return strings.Compare(a.String(), b.String())
	case a.CanInt():
		return cmp.Compare(a.Int(), b.Int())
	case a.CanUint():
		return cmp.Compare(a.Uint(), b.Uint())
	case a.CanFloat():
		return cmp.Compare(a.Float(), b.Float())
	}
	return strings.Compare(fmt.Sprint(a), fmt.Sprint(b))
}

// keyToLua is the key of a map.
func keyToLua(L *lua.LState, key reflect.Value) lua.LValue {
	if key.Kind() == reflect.String {
		return lua.LString(key.String())
	}
	k := toLua(L, key, 0)
	switch n, isNumber := k.(lua.LNumber); {
	case isNumber && n != n, k == lua.LNil:
		L.RaiseError("a Go map of type %s has a key that Lua has not: %v", key.Type(), key)
	case k.Type() == lua.LTTable:
		L.RaiseError("a Go map with keys of type %s has no counterpart in Lua", key.Type())
	}
	return k
}
