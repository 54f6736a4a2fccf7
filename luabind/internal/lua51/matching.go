package lua51

import (
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// matcherOf makes a matcher for the subject and pattern that are the first two arguments of a function.
func (v *vm) matcherOf(L *lua.LState, function string) matcher {
	return matcher{
		v: v, L: L, src: v.checkString(L, function, 1), pat: v.checkString(L, function, 2), steps: stepsPerLook,
	}
}

// anchored is where the pattern begins, and whether it has to match at the beginning.
func (m *matcher) anchored() (p int, ok bool) {
	if m.pat != "" && m.pat[0] == '^' {
		return 1, true
	}
	return 0, false
}

// held is capture i of a match of src[s:e]; capture 0 of a pattern without captures is all of it.
func (m *matcher) held(i, s, e int) lua.LValue {
	if i >= m.level {
		if i > 0 {
			m.fail("invalid capture index")
		}
		return m.v.part(m.src, m.src[s:e])
	}
	switch c := m.capture[i]; c.length {
	case unfinished:
		m.fail("unfinished capture")
		return lua.LNil
	case position:
		return lua.LNumber(c.start + 1)
	default:
		return m.v.part(m.src, m.src[c.start:c.start+c.length])
	}
}

// pushHeld pushes the captures of a match, or all of it if the pattern has none, and returns their number.
func (m *matcher) pushHeld(s, e int) int {
	n := max(m.level, 1)
	for i := range n {
		m.L.Push(m.held(i, s, e))
	}
	return n
}

// strFind is string.find(s, pattern [, init [, plain]]).
func (v *vm) strFind(L *lua.LState) int {
	m := v.matcherOf(L, "find")
	init := m.start("find")
	if L.ToBool(4) || !strings.ContainsAny(m.pat, "^$*+?.([%-") {
		i := strings.Index(m.src[init:], m.pat)
		if i < 0 {
			L.Push(lua.LNil)
			return 1
		}
		L.Push(lua.LNumber(init + i + 1))
		L.Push(lua.LNumber(init + i + len(m.pat)))
		return 2
	}
	p, anchored := m.anchored()
	s, e := m.search(init, p, anchored)
	if e == noMatch {
		L.Push(lua.LNil)
		return 1
	}
	L.Push(lua.LNumber(s + 1))
	L.Push(lua.LNumber(e))
	if m.level == 0 {
		return 2
	}
	return 2 + m.pushHeld(s, e)
}

// start is the third argument of find and match as an index of the subject; one beyond the end is the end.
func (m *matcher) start(function string) int {
	return min(max(fromEnd(m.v.optInt(m.L, function, 3, 1), len(m.src))-1, 0), len(m.src))
}

// strMatch is string.match(s, pattern [, init]).
func (v *vm) strMatch(L *lua.LState) int {
	m := v.matcherOf(L, "match")
	init := m.start("match")
	p, anchored := m.anchored()
	s, e := m.search(init, p, anchored)
	if e == noMatch {
		L.Push(lua.LNil)
		return 1
	}
	return m.pushHeld(s, e)
}

// strGmatch is string.gmatch(s, pattern). An anchor is a character here, as in Lua 5.1.
func (v *vm) strGmatch(L *lua.LState) int {
	src, pat, next := v.checkString(L, "gmatch", 1), v.checkString(L, "gmatch", 2), 0
	// The strings are upvalues too, for whoever measures what a function keeps.
	L.Push(L.NewClosure(func(L *lua.LState) int {
		m := matcher{v: v, L: L, src: src, pat: pat, steps: stepsPerLook}
		for s := next; s <= len(src); s++ {
			e := m.at(s, 0)
			if e == noMatch {
				continue
			}
			next = e
			if e == s {
				next++
			}
			return m.pushHeld(s, e)
		}
		next = len(src) + 1
		L.Push(lua.LNil)
		return 1
	}, lua.LString(src), lua.LString(pat)))
	return 1
}

// strGsub is string.gsub(s, pattern, replacement [, n]).
func (v *vm) strGsub(L *lua.LState) int {
	m := v.matcherOf(L, "gsub")
	replacement := L.Get(3)
	switch r := replacement.(type) {
	case lua.LNumber:
		replacement = lua.LString(r.String())
	case lua.LString, *lua.LTable, *lua.LFunction:
	default:
		v.argError(L, "gsub", 3, "string/function/table expected")
	}
	limit := v.optInt(L, "gsub", 4, len(m.src)+1)
	p, anchored := m.anchored()
	var out []byte
	copied, s, n := 0, 0, 0
	for n < limit {
		start, e := m.search(s, p, anchored)
		if e == noMatch {
			break
		}
		n++
		out = append(out, m.src[copied:start]...)
		out = m.replace(out, replacement, start, e)
		if len(out) > v.maxString {
			m.fail("resulting string too large")
		}
		copied, s = e, e
		if e == start {
			s++
		}
		if anchored || s > len(m.src) {
			break
		}
	}
	if n == 0 {
		L.Push(lua.LString(m.src))
	} else {
		L.Push(lua.LString(append(out, m.src[copied:]...)))
	}
	L.Push(lua.LNumber(n))
	return 2
}

// replace appends what stands for a match of src[s:e].
func (m *matcher) replace(out []byte, replacement lua.LValue, s, e int) []byte {
	var value lua.LValue
	switch r := replacement.(type) {
	case lua.LString:
		return m.expand(out, string(r), s, e)
	case *lua.LTable:
		value = m.L.GetTable(r, m.held(0, s, e))
	case *lua.LFunction:
		m.L.Push(r)
		m.L.Call(m.pushHeld(s, e), 1)
		value = m.L.Get(-1)
		m.L.Pop(1)
	}
	switch value := value.(type) {
	case lua.LString:
		return append(out, value...)
	case lua.LNumber:
		return append(out, value.String()...)
	}
	if lua.LVAsBool(value) {
		m.fail("invalid replacement value (a " + value.Type().String() + ")")
	}
	return append(out, m.src[s:e]...)
}

// expand appends the text of a replacement, with captures in the place of %0 to %9. Before any other character, a % goes
// away; at the end it leaves a zero byte, as in Lua 5.1.
func (m *matcher) expand(out []byte, text string, s, e int) []byte {
	for {
		i := strings.IndexByte(text, '%')
		if i < 0 {
			return append(out, text...)
		}
		out = append(out, text[:i]...)
		if i+1 == len(text) {
			return append(out, 0)
		}
		switch c := text[i+1]; {
		case c == '0':
			out = append(out, m.src[s:e]...)
		case '1' <= c && c <= '9':
			out = append(out, m.held(int(c-'1'), s, e).String()...)
		default:
			out = append(out, c)
		}
		text = text[i+2:]
	}
}
