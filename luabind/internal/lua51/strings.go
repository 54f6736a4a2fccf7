package lua51

import (
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// maxString is how long a string may become that a library function makes of shorter ones. Go ends the process when memory runs out; no pcall helps.
const maxString = 1 << 30

// LimitStrings sets how long a string may become that a library function makes of shorter ones, in a state with [Install].
// What the operator .. makes is not limited by it. Parts of a string are copied from then on, so that a short one does not
// keep a long one in memory, unseen.
func LimitStrings(L *lua.LState, most int) {
	if v := of(L); v != nil {
		v.maxString, v.copies = most, true
	}
}

// part is a part of a string.
func (v *vm) part(of, part string) lua.LString {
	const short = 64
	if v.copies && len(of) > short && len(part) < len(of)/2 {
		part = strings.Clone(part)
	}
	return lua.LString(part)
}

// fromEnd turns an index that counts from the end if it is negative into one that counts from the beginning; 0 is before
// the beginning.
func fromEnd(i, length int) int {
	if i < 0 {
		return max(length+i+1, 0)
	}
	return i
}

// strByte is string.byte(s [, i [, j]]).
func (v *vm) strByte(L *lua.LState) int {
	s := v.checkString(L, "byte", 1)
	i := fromEnd(v.optInt(L, "byte", 2, 1), len(s))
	j := min(fromEnd(v.optInt(L, "byte", 3, i), len(s)), len(s))
	i = max(i, 1)
	if j-i >= 1<<16 {
		v.fail(L, "string slice too long")
	}
	for k := i; k <= j; k++ {
		L.Push(lua.LNumber(s[k-1]))
	}
	return max(j-i+1, 0)
}

// strChar is string.char(...).
func (v *vm) strChar(L *lua.LState) int {
	bytes := make([]byte, L.GetTop())
	for i := range bytes {
		c := v.checkInt(L, "char", i+1)
		if c < 0 || c > 255 {
			v.argFault(L, "char", i+1, "invalid value")
		}
		bytes[i] = byte(c)
	}
	L.Push(lua.LString(bytes))
	return 1
}

// strLen is string.len(s).
func (v *vm) strLen(L *lua.LState) int {
	L.Push(lua.LNumber(len(v.checkString(L, "len", 1))))
	return 1
}

// strLower is string.lower(s). Letters are those of ASCII: other bytes may be part of a character.
func (v *vm) strLower(L *lua.LState) int {
	L.Push(lua.LString(mapLetters(v.checkString(L, "lower", 1), 'A', 'Z')))
	return 1
}

// strUpper is string.upper(s).
func (v *vm) strUpper(L *lua.LState) int {
	L.Push(lua.LString(mapLetters(v.checkString(L, "upper", 1), 'a', 'z')))
	return 1
}

// mapLetters turns the letters from first to last into the other case.
func mapLetters(s string, first, last byte) string {
	for i := range len(s) {
		if s[i] < first || s[i] > last {
			continue
		}
		var b strings.Builder
		b.Grow(len(s))
		b.WriteString(s[:i])
		for ; i < len(s); i++ {
			c := s[i]
			if first <= c && c <= last {
				c ^= 0x20
			}
			b.WriteByte(c)
		}
		return b.String()
	}
	return s
}

// strRep is string.rep(s, n).
func (v *vm) strRep(L *lua.LState) int {
	s, n := v.checkString(L, "rep", 1), v.checkInt(L, "rep", 2)
	if s == "" || n <= 0 {
		L.Push(lua.LString(""))
		return 1
	}
	if n > v.maxString/len(s) {
		v.fail(L, "resulting string too large")
	}
	L.Push(lua.LString(strings.Repeat(s, n)))
	return 1
}

// strReverse is string.reverse(s).
func (v *vm) strReverse(L *lua.LState) int {
	s := v.checkString(L, "reverse", 1)
	var b strings.Builder
	b.Grow(len(s))
	for i := len(s) - 1; i >= 0; i-- {
		b.WriteByte(s[i])
	}
	L.Push(lua.LString(b.String()))
	return 1
}

// strSub is string.sub(s, i [, j]).
func (v *vm) strSub(L *lua.LState) int {
	s := v.checkString(L, "sub", 1)
	i := max(fromEnd(v.checkInt(L, "sub", 2), len(s)), 1)
	j := min(fromEnd(v.optInt(L, "sub", 3, -1), len(s)), len(s))
	if i > j {
		L.Push(lua.LString(""))
		return 1
	}
	L.Push(v.part(s, s[i-1:j]))
	return 1
}
