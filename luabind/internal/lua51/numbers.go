package lua51

import (
	"cmp"
	"math"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// parseNumber reads a number as Lua 5.1 converts strings: decimal or hexadecimal, between white space. A leading zero
// does not mean octal. Names such as "inf" and "nan", which Lua 5.1 takes or leaves with the C library, are no numbers.
func parseNumber(s string) (float64, bool) {
	if n, ok := parseDigits(s); ok {
		return n, true
	}
	s = trimSpace(s)
	unsigned := strings.TrimLeft(s, "+-")
	if unsigned == "" || len(s)-len(unsigned) > 1 || strings.IndexByte(s, '_') >= 0 {
		return 0, false
	}
	if len(unsigned) > 1 && unsigned[0] == '0' && unsigned[1]|0x20 == 'x' {
		if !strings.ContainsAny(s, "pP") {
			s += "p0" // Go wants the exponent
		}
	} else if unsigned[0] != '.' && (unsigned[0] < '0' || unsigned[0] > '9') {
		return 0, false
	}
	n, err := strconv.ParseFloat(s, 64)
	if err != nil && err.(*strconv.NumError).Err != strconv.ErrRange {
		return 0, false
	}
	return n, true
}

// parseDigits reads a short number of digits alone, as most are.
func parseDigits(s string) (float64, bool) {
	if s == "" || len(s) > 15 {
		return 0, false
	}
	n := 0
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = n*10 + int(s[i]-'0')
	}
	return float64(n), true
}

// trimSpace removes what C's isspace calls white space.
func trimSpace(s string) string { return strings.Trim(s, " \t\n\v\f\r") }

// toNumber is tonumber(value [, base]).
func (v *vm) toNumber(L *lua.LState) int {
	result, value := lua.LNil, v.checkAny(L, "tonumber", 1)
	switch base := v.optInt(L, "tonumber", 2, 10); base {
	case 10:
		switch value := value.(type) {
		case lua.LNumber:
			result = value
		case lua.LString:
			if n, ok := parseNumber(string(value)); ok {
				result = lua.LNumber(n)
			}
		}
	default:
		text := v.checkString(L, "tonumber", 1)
		if base < 2 || base > 36 {
			v.argFault(L, "tonumber", 2, "base out of range")
		}
		if n, ok := parseInBase(text, base); ok {
			result = lua.LNumber(n)
		}
	}
	L.Push(result)
	return 1
}

// parseInBase reads an integer with digits of another base than ten.
func parseInBase(s string, base int) (float64, bool) {
	s = trimSpace(s)
	negative := strings.HasPrefix(s, "-")
	if negative || strings.HasPrefix(s, "+") {
		s = s[1:]
	}
	if base == 16 && len(s) > 2 && s[0] == '0' && s[1]|0x20 == 'x' {
		s = s[2:]
	}
	n := 0.0
	for i := range len(s) {
		digit := 99
		switch c := s[i]; {
		case '0' <= c && c <= '9':
			digit = int(c - '0')
		case 'a' <= c|0x20 && c|0x20 <= 'z':
			digit = int(c|0x20-'a') + 10
		}
		if digit >= base {
			return 0, false
		}
		n = n*float64(base) + float64(digit)
	}
	if negative {
		n = -n
	}
	return n, s != ""
}

// repairStringArithmetic gives strings a metatable of their own, as in Lua 5.1, whose metamethods convert strings as
// tonumber does: the interpreter's own conversion takes "010" for eight and "1_0" for ten.
func (v *vm) repairStringArithmetic(L *lua.LState, lib *lua.LTable) {
	mt := L.CreateTable(0, len(stringArithmetic)+2)
	mt.RawSetString("__index", lib)
	lib.RawSetString("__index", lua.LNil)
	define := func(event string, f lua.LGFunction) {
		fn := L.NewFunction(f)
		v.hidden[fn] = struct{}{}
		mt.RawSetString(event, fn)
	}
	for name, compute := range stringArithmetic {
		define("__"+name, func(L *lua.LState) int { return v.arithmetic(L, name, compute) })
	}
	define("__unm", func(L *lua.LState) int {
		n, ok := convert(L.Get(1)).(lua.LNumber)
		if !ok {
			v.refuseArithmetic(L)
		}
		L.Push(-n)
		return 1
	})
	L.SetMetatable(lua.LString(""), mt)
}

// stringArithmetic are the operations of two numbers, by the names of their metamethods.
var stringArithmetic = map[string]func(a, b float64) float64{
	"add": func(a, b float64) float64 { return a + b },
	"sub": func(a, b float64) float64 { return a - b },
	"mul": func(a, b float64) float64 { return a * b },
	"div": func(a, b float64) float64 { return a / b },
	"mod": modulo,
	"pow": math.Pow,
}

// modulo has the sign of the divisor.
func modulo(a, b float64) float64 {
	r := math.Mod(a, b)
	if r != 0 && (r < 0) != (b < 0) {
		r += b
	}
	return r
}

// arithmetic computes with two operands, of which one is a string. The metamethod of the other goes first if they are
// not both numbers.
func (v *vm) arithmetic(L *lua.LState, name string, compute func(a, b float64) float64) int {
	a, b := convert(L.Get(1)), convert(L.Get(2))
	x, okX := a.(lua.LNumber)
	y, okY := b.(lua.LNumber)
	if okX && okY {
		L.Push(lua.LNumber(compute(float64(x), float64(y))))
		return 1
	}
	if b.Type() != lua.LTString && b.Type() != lua.LTNumber {
		if fn, ok := L.GetMetaField(b, "__"+name).(*lua.LFunction); ok {
			L.Push(fn)
			L.Push(L.Get(1))
			L.Push(b)
			L.Call(2, 1)
			return 1
		}
	}
	v.refuseArithmetic(L)
	return 0
}

// refuseArithmetic raises the error for operands that are no numbers, in a metamethod.
func (v *vm) refuseArithmetic(L *lua.LState) {
	message := "attempt to perform arithmetic on a string value"
	if caller := topFrame(L).parent(); !caller.none() && !caller.fn().IsG {
		message = cmp.Or(caller.refuseOperation(L), message)
	}
	L.RaiseError("%s", message)
}

// convert is a string as the number that it looks like, and any other value as it is.
func convert(value lua.LValue) lua.LValue {
	if text, ok := value.(lua.LString); ok {
		if n, ok := parseNumber(string(text)); ok {
			return lua.LNumber(n)
		}
	}
	return value
}
