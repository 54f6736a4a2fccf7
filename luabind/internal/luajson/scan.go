package luajson

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/authysh/authysh/luabind/internal/luavalue"
	lua "github.com/yuin/gopher-lua"
)

// string reads a string; the text stands at its opening quote. Strings are copied, lest a short one keep the whole text alive.
func (d *decoder) string(isName bool) (string, *failure) {
	start, ascii := d.at+1, true
	for i := start; i < len(d.text); i++ {
		switch c := d.text[i]; {
		case c == '"':
			if !ascii && !utf8.ValidString(d.text[start:i]) {
				return "", d.notUTF8(start)
			}
			d.at = i + 1
			return d.keep(d.text[start:i], isName), nil
		case c == '\\':
			return d.escaped(start, i)
		case c < ' ':
			d.at = i
			return "", &failure{at: i, reason: fmt.Sprintf("has the control character U+%04X in a string, want it escaped", c)}
		case c >= utf8.RuneSelf:
			ascii = false
		}
	}
	return "", &failure{at: start - 1, reason: "has a string without closing quote"}
}

func (d *decoder) keep(s string, isName bool) string {
	if !isName {
		return strings.Clone(s)
	}
	if known, ok := d.names[s]; ok {
		return known
	}
	s = strings.Clone(s)
	d.names[s] = s
	return s
}

// escaped reads on in a string that has escapes: its first backslash stands at i.
func (d *decoder) escaped(start, i int) (string, *failure) {
	var b strings.Builder
	clean := start // what was not yet copied
	for i < len(d.text) {
		switch c := d.text[i]; {
		case c == '"':
			b.WriteString(d.text[clean:i])
			if !utf8.ValidString(b.String()) {
				return "", d.notUTF8(start)
			}
			d.at = i + 1
			return b.String(), nil
		case c < ' ':
			return "", &failure{at: i, reason: fmt.Sprintf("has the control character U+%04X in a string, want it escaped", c)}
		case c != '\\':
			i++
		default:
			b.WriteString(d.text[clean:i])
			r, size := readEscape(d.text[i:])
			if size == 0 {
				return "", &failure{at: i, reason: `has an unknown escape in a string, want \" \\ \/ \b \f \n \r \t or \u and 4 hex digits`}
			}
			b.WriteRune(r)
			i += size
			clean = i
		}
	}
	return "", &failure{at: start - 1, reason: "has a string without closing quote"}
}

// readEscape is the character that an escape at the start of s means, and the escape's length: 0 when it is none.
func readEscape(s string) (rune, int) {
	if len(s) < 2 {
		return 0, 0
	}
	if i := strings.IndexByte(`"\/bfnrt`, s[1]); i >= 0 {
		return rune("\"\\/\b\f\n\r\t"[i]), 2
	}
	r, ok := readHex(s)
	if !ok {
		return 0, 0
	}
	if utf16.IsSurrogate(r) {
		if low, ok := readHex(s[6:]); ok {
			if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
				return pair, 12
			}
		}
		return utf8.RuneError, 6
	}
	return r, 6
}

func readHex(s string) (rune, bool) {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(s[2:6], 16, 16)
	return rune(n), err == nil
}

// number reads a number by JSON's grammar, which knows no leading zeros, no bare dots and no infinity.
func (d *decoder) number() (lua.LValue, *failure) {
	start, i := d.at, d.at
	if d.text[i] == '-' {
		i++
	}
	digits := i
	i = skipDigits(d.text, i)
	switch {
	case i == digits:
		d.at = i
		return nil, d.unexpected("a digit after '-'")
	case d.text[digits] == '0' && i > digits+1:
		return nil, &failure{at: start, reason: "has a number with a leading zero, want it without, or as a string"}
	}
	whole := true
	if i < len(d.text) && d.text[i] == '.' {
		whole = false
		if d.at = i + 1; skipDigits(d.text, d.at) == d.at {
			return nil, d.unexpected("a digit after '.'")
		}
		i = skipDigits(d.text, d.at)
	}
	if i < len(d.text) && (d.text[i] == 'e' || d.text[i] == 'E') {
		whole = false
		if i++; i < len(d.text) && (d.text[i] == '+' || d.text[i] == '-') {
			i++
		}
		if d.at = i; skipDigits(d.text, i) == i {
			return nil, d.unexpected("a digit of the exponent")
		}
		i = skipDigits(d.text, i)
	}
	d.at = i
	return numberOf(d.text[start:i], whole, start)
}

func numberOf(literal string, whole bool, at int) (lua.LValue, *failure) {
	if whole {
		n, err := strconv.ParseInt(literal, 10, 64)
		if err != nil || n > luavalue.MaxExact || n < -luavalue.MaxExact {
			return lua.LString(strings.Clone(literal)), nil
		}
		return lua.LNumber(n), nil
	}
	n, err := strconv.ParseFloat(literal, 64)
	if err != nil || math.IsInf(n, 0) {
		return nil, &failure{at: at, reason: "has a number beyond the range of Lua numbers"}
	}
	return lua.LNumber(n), nil
}

func skipDigits(text string, i int) int {
	for i < len(text) && '0' <= text[i] && text[i] <= '9' {
		i++
	}
	return i
}
