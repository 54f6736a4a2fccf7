package lua51

import (
	"strings"

	lua "github.com/yuin/gopher-lua"
)

const (
	maxCaptures = 32 // LUA_MAXCAPTURES of Lua 5.1

	// maxNesting bounds the Go stack of a match, some 15 MiB: each item of a pattern that may have to be tried again
	// takes a frame.
	maxNesting = 1 << 16

	// stepsPerLook is how many steps a match makes, some 10 ns each, before it looks whether the context has ended.
	stepsPerLook = 1 << 14

	unfinished = -1 // length of a capture whose parenthesis is open
	position   = -2 // length of a capture of a position
	noMatch    = -1
)

// matcher matches a pattern of Lua 5.1 at places of a subject, by trying out. A hostile pattern can take time that is
// exponential in its length; the context of the thread ends it. Zero bytes are characters as any other, also in patterns.
type matcher struct {
	v       *vm
	L       *lua.LState
	src     string
	pat     string
	level   int // captures in use
	nesting int
	steps   int // left until the next look at the context
	capture [maxCaptures]struct{ start, length int }
}

// fail raises an error of the pattern.
func (m *matcher) fail(problem string) { m.v.fail(m.L, problem) }

// look raises an error if the context has ended.
func (m *matcher) look() {
	m.steps = stepsPerLook
	ctx := m.L.Context()
	if ctx == nil {
		return
	}
	if err := ctx.Err(); err != nil {
		m.fail(err.Error())
	}
}

// charge counts work that depends on how long a set is. Short ones are part of the step that looks at them.
func (m *matcher) charge(length int) {
	if length < 64 {
		return
	}
	if m.steps -= length / 8; m.steps < 0 {
		m.look()
	}
}

// at begins a match at s and returns its end, or noMatch.
func (m *matcher) at(s, p int) int {
	m.level = 0
	return m.match(s, p)
}

// search finds the first match of the pattern from p on that begins at init or later.
func (m *matcher) search(init, p int, anchored bool) (start, end int) {
	first, literal := m.literal(p)
	for s := init; s <= len(m.src); s++ {
		if literal && !anchored {
			skip := strings.IndexByte(m.src[s:], first)
			if skip < 0 {
				break
			}
			s += skip
		}
		if e := m.at(s, p); e != noMatch {
			return s, e
		}
		if anchored {
			break
		}
	}
	return noMatch, noMatch
}

// literal is the character that every match of the pattern from p on begins with, if it is plain to see.
func (m *matcher) literal(p int) (c byte, ok bool) {
	if p >= len(m.pat) || strings.IndexByte("^$*+?.([%-)", m.pat[p]) >= 0 {
		return 0, false
	}
	if p+1 < len(m.pat) && strings.IndexByte("*?-", m.pat[p+1]) >= 0 {
		return 0, false
	}
	return m.pat[p], true
}

// match matches the pattern from p on at s and returns the end of the match, or noMatch.
func (m *matcher) match(s, p int) int {
	for p < len(m.pat) {
		if m.steps--; m.steps < 0 {
			m.look()
		}
		switch m.pat[p] {
		case '(':
			if p+1 < len(m.pat) && m.pat[p+1] == ')' {
				return m.open(s, p+2, position)
			}
			return m.open(s, p+1, unfinished)
		case ')':
			return m.close(s, p+1)
		case '$':
			if p+1 == len(m.pat) {
				if s == len(m.src) {
					return s
				}
				return noMatch
			}
		case '%':
			if end, next, ok := m.special(s, p+1); ok {
				if end == noMatch {
					return noMatch
				}
				s, p = end, next
				continue
			}
		}
		ep := m.itemEnd(p)
		var suffix byte
		if ep < len(m.pat) {
			suffix = m.pat[ep]
		}
		switch suffix {
		case '*':
			return m.longest(s, p, ep, 0)
		case '+':
			return m.longest(s, p, ep, 1)
		case '-':
			return m.shortest(s, p, ep)
		case '?':
			if s < len(m.src) && m.single(m.src[s], p, ep) {
				if end := m.rest(s+1, ep+1); end != noMatch {
					return end
				}
			}
			p = ep + 1
		default:
			if s >= len(m.src) || !m.single(m.src[s], p, ep) {
				return noMatch
			}
			s, p = s+1, ep
		}
	}
	return s
}

// rest is match for a part that may have to be tried again elsewhere.
func (m *matcher) rest(s, p int) int {
	if m.nesting++; m.nesting > maxNesting {
		m.fail("pattern too complex")
	}
	end := m.match(s, p)
	m.nesting--
	return end
}

// special matches %b, %f and %1 to %9, whose letter is at p. The result is not ok for any other escape.
func (m *matcher) special(s, p int) (end, next int, ok bool) {
	if p >= len(m.pat) {
		return 0, 0, false
	}
	switch c := m.pat[p]; {
	case c == 'b':
		return m.balanced(s, p+1), p + 3, true
	case c == 'f':
		p++
		if p >= len(m.pat) || m.pat[p] != '[' {
			m.fail("missing '[' after '%f' in pattern")
		}
		ep := m.itemEnd(p)
		var before, after byte
		if s > 0 {
			before = m.src[s-1]
		}
		if s < len(m.src) {
			after = m.src[s]
		}
		if m.inSet(before, p, ep-1) || !m.inSet(after, p, ep-1) {
			return noMatch, 0, true
		}
		return s, ep, true
	case '0' <= c && c <= '9':
		return m.again(s, int(c)-'1'), p + 1, true
	}
	return 0, 0, false
}

// again matches what capture i holds.
func (m *matcher) again(s, i int) int {
	if i < 0 || i >= m.level || m.capture[i].length == unfinished {
		m.fail("invalid capture index")
	}
	held := m.capture[i]
	if held.length == position {
		return noMatch // Lua 5.1 compares with a string of length -2, which is never there
	}
	m.steps -= held.length / 64
	if !strings.HasPrefix(m.src[s:], m.src[held.start:held.start+held.length]) {
		return noMatch
	}
	return s + held.length
}

// balanced matches what stands between the two delimiters at p, with the delimiters.
func (m *matcher) balanced(s, p int) int {
	if p+1 >= len(m.pat) {
		m.fail("unbalanced pattern")
	}
	opening, closing := m.pat[p], m.pat[p+1]
	if s >= len(m.src) || m.src[s] != opening {
		return noMatch
	}
	depth := 1
	for i := s + 1; i < len(m.src); i++ {
		switch m.src[i] {
		case closing:
			if depth--; depth == 0 {
				m.steps -= (i - s) / 8
				return i + 1
			}
		case opening:
			depth++
		}
	}
	m.steps -= (len(m.src) - s) / 8
	return noMatch
}

// longest matches as many characters of the item at p as it can, at least so many, and gives back until the rest matches.
func (m *matcher) longest(s, p, ep, least int) int {
	i := 0
	if m.pat[p] == '.' {
		i = len(m.src) - s
	} else {
		for s+i < len(m.src) && m.single(m.src[s+i], p, ep) {
			i++
		}
		m.steps -= i / 4
	}
	if ep+1 == len(m.pat) {
		if i < least {
			return noMatch
		}
		return s + i
	}
	c, literal := m.literal(ep + 1)
	for ; i >= least; i-- {
		if literal && (s+i >= len(m.src) || m.src[s+i] != c) {
			if m.steps--; m.steps < 0 {
				m.look()
			}
			continue
		}
		if end := m.rest(s+i, ep+1); end != noMatch {
			return end
		}
	}
	return noMatch
}

// shortest matches as few characters of the item at p as lets the rest match.
func (m *matcher) shortest(s, p, ep int) int {
	c, literal := m.literal(ep + 1)
	for {
		if literal && (s >= len(m.src) || m.src[s] != c) {
			if m.steps--; m.steps < 0 {
				m.look()
			}
		} else if end := m.rest(s, ep+1); end != noMatch {
			return end
		}
		if s >= len(m.src) || !m.single(m.src[s], p, ep) {
			return noMatch
		}
		s++
	}
}

// open begins a capture.
func (m *matcher) open(s, p, length int) int {
	if m.level >= maxCaptures {
		m.fail("too many captures")
	}
	m.capture[m.level].start, m.capture[m.level].length = s, length
	m.level++
	end := m.rest(s, p)
	if end == noMatch {
		m.level--
	}
	return end
}

// close ends the innermost open capture.
func (m *matcher) close(s, p int) int {
	i := m.level - 1
	for i >= 0 && m.capture[i].length != unfinished {
		i--
	}
	if i < 0 {
		m.fail("invalid pattern capture")
	}
	m.capture[i].length = s - m.capture[i].start
	end := m.rest(s, p)
	if end == noMatch {
		m.capture[i].length = unfinished
	}
	return end
}

// itemEnd is the place after the single-character item at p.
func (m *matcher) itemEnd(p int) int {
	c := m.pat[p]
	p++
	switch c {
	case '%':
		if p >= len(m.pat) {
			m.fail("malformed pattern (ends with '%')")
		}
		return p + 1
	case '[':
		begin := p
		if p < len(m.pat) && m.pat[p] == '^' {
			p++
		}
		for first := true; first || p >= len(m.pat) || m.pat[p] != ']'; first = false {
			if p >= len(m.pat) {
				m.fail("malformed pattern (missing ']')")
			}
			if m.pat[p] == '%' && p+1 < len(m.pat) {
				p++
			}
			p++
		}
		m.charge(p - begin)
		return p + 1
	}
	return p
}

// single reports whether c matches the item from p to ep.
func (m *matcher) single(c byte, p, ep int) bool {
	switch m.pat[p] {
	case '.':
		return true
	case '%':
		return inClass(c, m.pat[p+1])
	case '[':
		return m.inSet(c, p, ep-1)
	default:
		return m.pat[p] == c
	}
}

// inSet reports whether c is in the set whose brackets are at p and end.
func (m *matcher) inSet(c byte, p, end int) bool {
	m.charge(end - p)
	in := true
	p++
	if m.pat[p] == '^' {
		in = false
		p++
	}
	for p < end {
		switch first := m.pat[p]; {
		case first == '%' && p+1 < len(m.pat):
			if inClass(c, m.pat[p+1]) {
				return in
			}
			p += 2
		case p+2 < end && m.pat[p+1] == '-':
			if first <= c && c <= m.pat[p+2] {
				return in
			}
			p += 3
		default:
			if first == c {
				return in
			}
			p++
		}
	}
	return !in
}
