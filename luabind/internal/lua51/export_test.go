package lua51

import lua "github.com/yuin/gopher-lua"

// SetMaxString sets how long strings may become in a state.
func SetMaxString(L *lua.LState, n int) { of(L).maxString = n }
