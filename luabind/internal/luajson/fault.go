package luajson

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/authysh/authysh/luabind/internal/luatext"
)

// failure is why a text or a value cannot be converted; containers put their step in front of path on the way up.
type failure struct {
	at     int // offset in the text, when decoding
	path   string
	reason string
}

func (f *failure) under(step string) *failure {
	f.path = step + f.path
	return f
}

// unexpected is a fault at the current place, where something else was wanted.
func (d *decoder) unexpected(want string) *failure {
	if d.at >= len(d.text) {
		return &failure{at: len(d.text), reason: "ends too early, want " + want}
	}
	r, size := utf8.DecodeRuneInString(d.text[d.at:])
	if r == utf8.RuneError && size == 1 {
		return d.notUTF8(d.at)
	}
	reason := fmt.Sprintf("has %q where %s is wanted", r, want)
	switch before := strings.TrimRight(d.text[:d.at], " \t\r\n"); {
	case r == '\'':
		reason += " (strings stand in double quotes)"
	case (r == ']' || r == '}') && strings.HasSuffix(before, ","):
		reason += " (JSON has no comma after the last element)"
	case r == '/' || r == '#':
		reason += " (JSON has no comments)"
	case strings.HasPrefix(want, "a value") && unicode.IsLetter(r):
		reason += " (JSON's words are true, false and null)"
	}
	return &failure{at: d.at, reason: reason}
}

// notUTF8 is the fault of the first byte at or after start that is not UTF-8.
func (d *decoder) notUTF8(start int) *failure {
	at := start
	for i, r := range d.text[start:] {
		if _, size := utf8.DecodeRuneInString(d.text[start+i:]); r == utf8.RuneError && size == 1 {
			at = start + i
			break
		}
	}
	return &failure{at: at, reason: fmt.Sprintf("is not UTF-8: byte 0x%02X", d.text[at])}
}

// describe words a fault with its place. The columns are characters, counted from 1.
func (d *decoder) describe(f *failure) error {
	before := d.text[:f.at]
	lineStart := strings.LastIndexByte(before, '\n') + 1
	line := strings.Count(before, "\n") + 1
	column := utf8.RuneCountInString(before[lineStart:]) + 1
	return errors.New("line " + strconv.Itoa(line) + ", column " + strconv.Itoa(column) + ": value" + f.path + " " + f.reason +
		", near " + d.outline(lineStart, f.at))
}

// outline shows the text around a fault by its punctuation: letters appear as a, digits as 0. So a missing comma or
// quote can be seen, and a code or a key cannot.
func (d *decoder) outline(lineStart, at int) string {
	const reachBack, reachOn = 24, 12
	start, end := max(lineStart, at-reachBack), min(len(d.text), at+reachOn)
	shape := func(r rune) rune {
		switch {
		case unicode.IsDigit(r):
			return '0'
		case r == '_' || r == '-' || r == '+':
			return r
		case unicode.IsSpace(r):
			return ' '
		case r < utf8.RuneSelf && unicode.IsPunct(r):
			return r
		}
		return 'a'
	}
	on, _, _ := strings.Cut(d.text[at:end], "\n")
	return strings.TrimSpace(strings.Map(shape, d.text[start:at]) + "»" + strings.Map(shape, on))
}

// stepTo is how the path of an error goes on with a member: .name, or ["odd name"].
func stepTo(name string) string {
	plain := name != "" && len(name) <= 40
	for i := range len(name) {
		c := name[i]
		plain = plain && (c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || i > 0 && '0' <= c && c <= '9')
	}
	if plain {
		return "." + name
	}
	return "[" + luatext.Excerpt(name) + "]"
}
