package lua51

import (
	"runtime"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// tableInsert is table.insert(table, [pos,] value).
func (v *vm) tableInsert(L *lua.LState) int {
	t := v.checkTable(L, "insert", 1)
	switch L.GetTop() {
	case 2:
		t.Append(L.Get(2))
	case 3:
		v.insertAt(L, t, v.checkInt(L, "insert", 2), L.Get(3))
	default:
		v.fail(L, "wrong number of arguments to 'insert'")
	}
	return 0
}

// insertAt moves up what stands at pos and after it.
func (v *vm) insertAt(L *lua.LState, t *lua.LTable, pos int, value lua.LValue) {
	n := t.Len()
	if 1 <= pos && pos <= n {
		t.Insert(pos, value)
		return
	}
	for i := n + 1; pos <= 0 && i > pos; i-- {
		if i == pos+lua.MaxArrayIndex {
			v.fail(L, "position out of range")
		}
		t.RawSetInt(i, t.RawGetInt(i-1))
	}
	t.RawSetInt(pos, value)
}

// tableRemove is table.remove(table [, pos]).
func (v *vm) tableRemove(L *lua.LState) int {
	t := v.checkTable(L, "remove", 1)
	n := t.Len()
	pos := v.optInt(L, "remove", 2, n)
	if pos < 1 || pos > n {
		return 0
	}
	L.Push(t.Remove(pos))
	return 1
}

// tableConcat is table.concat(table [, sep [, i [, j]]]).
func (v *vm) tableConcat(L *lua.LState) int {
	t, separator := v.checkTable(L, "concat", 1), ""
	if L.Get(2) != lua.LNil {
		separator = v.checkString(L, "concat", 2)
	}
	i := v.optInt(L, "concat", 3, 1)
	j := v.optInt(L, "concat", 4, t.Len())
	if i == j {
		if s, ok := t.RawGetInt(i).(lua.LString); ok {
			L.Push(s)
			return 1
		}
	}
	var b strings.Builder
	b.Grow(v.concatLength(L, t, len(separator), i, j))
	for k := i; k <= j; k++ {
		switch value := element(t, k).(type) {
		case lua.LString:
			b.WriteString(string(value))
		case lua.LNumber:
			b.WriteString(value.String())
		default:
			v.fail(L, "invalid value ("+value.Type().String()+") at index "+lua.LNumber(k).String()+" in table for 'concat'")
		}
		if k < j {
			b.WriteString(separator)
		}
	}
	L.Push(lua.LString(b.String()))
	return 1
}

// concatLength is about how long table.concat becomes: numbers are taken to be short. A text that would be too long is
// an error before memory goes to it.
func (v *vm) concatLength(L *lua.LState, t *lua.LTable, separator, i, j int) (length int) {
	for k := i; k <= j; k++ {
		switch value := element(t, k).(type) {
		case lua.LString:
			length += len(value)
		case lua.LNumber:
			length += 4
		default:
			return length // an error, as soon as it is the turn of this one
		}
		if k < j {
			length += separator
		}
		if length > v.maxString {
			v.fail(L, "resulting string too large")
		}
	}
	return length
}

// element is table[i]; RawGetInt knows positive indices only.
func element(t *lua.LTable, i int) lua.LValue {
	if i < 1 {
		return t.RawGet(lua.LNumber(i))
	}
	return t.RawGetInt(i)
}

// unpack is unpack(table [, i [, j]]).
func (v *vm) unpack(L *lua.LState) int {
	const most = 1 << 17 // about half of the largest stack that hosts give
	t := v.checkTable(L, "unpack", 1)
	i := v.optInt(L, "unpack", 2, 1)
	j := v.optInt(L, "unpack", 3, t.Len())
	if i > j {
		return 0
	}
	if n := uint64(j) - uint64(i); n >= most {
		v.fail(L, "too many results to unpack")
	}
	for k := range j - i + 1 {
		L.Push(element(t, i+k))
	}
	return j - i + 1
}

// choose is select(n, ...).
func (v *vm) choose(L *lua.LState) int {
	top := L.GetTop()
	if L.Get(1) == lua.LString("#") {
		L.Push(lua.LNumber(top - 1))
		return 1
	}
	n := v.checkInt(L, "select", 1)
	if n < 0 {
		n = max(n+top, 0)
	}
	if n == 0 {
		v.argFault(L, "select", 1, "index out of range")
	}
	return max(top-n, 0)
}

// next is next(table [, key]).
func (v *vm) next(L *lua.LState) int {
	t, key := v.checkTable(L, "next", 1), L.Get(2)
	if key != lua.LNil && !hasKey(t, key) {
		v.fail(L, "invalid key to 'next'")
	}
	following, value := t.Next(key)
	L.Push(following)
	if following == lua.LNil {
		return 1
	}
	L.Push(value)
	return 2
}

// collectGarbage is collectgarbage([opt [, arg]]). Collection is Go's: it can be asked for, not steered.
func (v *vm) collectGarbage(L *lua.LState) int {
	option := "collect"
	if L.Get(1) != lua.LNil {
		option = v.checkString(L, "collectgarbage", 1)
	}
	v.optInt(L, "collectgarbage", 2, 0)
	result := lua.LValue(lua.LNumber(0))
	switch option {
	case "collect":
		runtime.GC()
	case "step":
		result = lua.LTrue // Go collects in steps of its own
	case "count":
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		result = lua.LNumber(float64(m.HeapAlloc) / 1024)
	case "stop", "restart":
	case "setpause", "setstepmul":
		result = lua.LNumber(200) // the default of Lua 5.1
	default:
		v.argFault(L, "collectgarbage", 1, "invalid option '"+option+"'")
	}
	L.Push(result)
	return 1
}
