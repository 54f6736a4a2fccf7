package lua51

import (
	"fmt"
	"math"

	lua "github.com/yuin/gopher-lua"
)

// repairLibraries replaces the functions of the standard libraries whose answers are not those of Lua 5.1. A library that
// the state lacks is skipped.
func (v *vm) repairLibraries(L *lua.LState) {
	for name, functions := range map[string]map[string]lua.LGFunction{
		"_G": {"tonumber": v.toNumber, "next": v.next, "collectgarbage": v.collectGarbage, "select": v.choose, "unpack": v.unpack},
		"string": {
			"byte": v.strByte, "char": v.strChar, "find": v.strFind, "format": v.strFormat, "gsub": v.strGsub,
			"len": v.strLen, "lower": v.strLower, "match": v.strMatch, "rep": v.strRep, "reverse": v.strReverse,
			"sub": v.strSub, "upper": v.strUpper,
		},
		"math":  v.mathFunctions(),
		"table": {"insert": v.tableInsert, "remove": v.tableRemove, "concat": v.tableConcat},
		"os":    {"date": v.osDate, "time": v.osTime, "difftime": v.osDifftime},
	} {
		lib, ok := L.G.Global, true
		if name != "_G" {
			lib, ok = lib.RawGetString(name).(*lua.LTable)
		}
		if !ok {
			continue
		}
		for name, f := range functions {
			if lib.RawGetString(name) != lua.LNil {
				lib.RawSetString(name, L.NewFunction(f))
			}
		}
		switch name {
		case "string":
			gmatch := L.NewFunction(v.strGmatch)
			for _, name := range []string{"gmatch", "gfind"} {
				if lib.RawGetString(name) != lua.LNil {
					lib.RawSetString(name, gmatch)
				}
			}
			v.repairStringArithmetic(L, lib)
		case "math":
			lib.RawSetString("huge", lua.LNumber(math.Inf(1)))
		}
	}
}

// fail raises an error with the position of the function that called the running one.
func (v *vm) fail(L *lua.LState, problem string) { L.Error(lua.LString(v.where(L, 1)+problem), 0) }

// argFault raises the error for argument i of the running library function. In a call with a colon, what stands before
// the colon does not count, as in Lua 5.1.
func (v *vm) argFault(L *lua.LState, function string, i int, problem string) {
	if topFrame(L).calledByColon() {
		if i--; i == 0 {
			v.fail(L, fmt.Sprintf("calling '%s' on bad self", function))
		}
	}
	v.argError(L, function, i, problem)
}

// typeFault raises the error for an argument of the wrong type.
func (v *vm) typeFault(L *lua.LState, function string, i int, want string) {
	got := "no value"
	if i <= L.GetTop() {
		got = L.Get(i).Type().String()
	}
	v.argFault(L, function, i, want+" expected, got "+got)
}

// checkAny is argument i, which must be there.
func (v *vm) checkAny(L *lua.LState, function string, i int) lua.LValue {
	if i > L.GetTop() {
		v.argFault(L, function, i, "value expected")
	}
	return L.Get(i)
}

// checkString is argument i as a string; a number will do.
func (v *vm) checkString(L *lua.LState, function string, i int) string {
	switch value := L.Get(i).(type) {
	case lua.LString:
		return string(value)
	case lua.LNumber:
		return value.String()
	}
	v.typeFault(L, function, i, "string")
	return ""
}

// checkNumber is argument i as a number; a string that looks like one will do.
func (v *vm) checkNumber(L *lua.LState, function string, i int) float64 {
	value := L.Get(i)
	if n, ok := value.(lua.LNumber); ok {
		return float64(n)
	}
	if text, ok := value.(lua.LString); ok {
		if n, ok := parseNumber(string(text)); ok {
			return n
		}
	}
	v.typeFault(L, function, i, "number")
	return 0
}

// checkInt is argument i as an integer: the fraction is dropped.
func (v *vm) checkInt(L *lua.LState, function string, i int) int {
	return toInt(v.checkNumber(L, function, i))
}

// optInt is checkInt for an argument that may be left out or nil.
func (v *vm) optInt(L *lua.LState, function string, i, otherwise int) int {
	if L.Get(i) == lua.LNil {
		return otherwise
	}
	return v.checkInt(L, function, i)
}

// checkTable is argument i, which must be a table.
func (v *vm) checkTable(L *lua.LState, function string, i int) *lua.LTable {
	t, ok := L.Get(i).(*lua.LTable)
	if !ok {
		v.typeFault(L, function, i, "table")
	}
	return t
}

// toInt drops the fraction of a number. One that is too large becomes the largest integer; not a number is 0.
func toInt(n float64) int {
	switch {
	case n != n:
		return 0
	case n >= math.MaxInt:
		return math.MaxInt
	case n <= math.MinInt:
		return math.MinInt
	}
	return int(n)
}
