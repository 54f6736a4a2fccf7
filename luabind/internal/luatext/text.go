package luatext

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/mattn/go-runewidth"
)

// Keywords are the words that Lua reserves.
var Keywords = []string{
	"and", "break", "do", "else", "elseif", "end", "false", "for", "function", "goto", "if", "in", "local", "nil", "not", "or",
	"repeat", "return", "then", "true", "until", "while",
}

var keywordSet = func() map[string]bool {
	set := make(map[string]bool, len(Keywords))
	for _, word := range Keywords {
		set[word] = true
	}
	return set
}()

// IsKeyword reports whether Lua reserves a word.
func IsKeyword(word string) bool { return keywordSet[word] }

// IsName reports whether a text can stand bare as a name.
func IsName(text string) bool {
	if text == "" || IsKeyword(text) || '0' <= text[0] && text[0] <= '9' {
		return false
	}
	for i := range len(text) {
		if !IsNameByte(text[i]) {
			return false
		}
	}
	return true
}

// IsNameByte reports whether a name may have a byte, behind its first.
func IsNameByte(c byte) bool {
	return c == '_' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// Number is a number as Lua reads it back.
func Number(n float64) string {
	switch {
	case math.IsNaN(n):
		return "0/0"
	case math.IsInf(n, 1):
		return "1/0" // math.huge of gopher-lua is the largest finite number
	case math.IsInf(n, -1):
		return "-1/0"
	case n == math.Trunc(n) && math.Abs(n) < 1e17:
		return strconv.FormatFloat(n, 'f', -1, 64)
	}
	return strconv.FormatFloat(n, 'g', -1, 64)
}

// IsUnprintable reports whether a character must not reach a terminal as it is: controls, and marks that change the
// direction of what follows.
func IsUnprintable(r rune) bool {
	return !unicode.IsPrint(r) && !unicode.Is(unicode.Mn, r) || r == utf8.RuneError
}

// Quote is a string literal. Text stays readable; all else is escaped, so that the literal fits one line and reads back as
// the same bytes.
func Quote(text string) string {
	var b strings.Builder
	b.Grow(len(text) + 2)
	b.WriteByte('"')
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteByte(byte(r))
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == utf8.RuneError && size == 1, IsUnprintable(r) && r != '\u200d':
			for _, c := range []byte(text[i : i+size]) {
				fmt.Fprintf(&b, `\%03d`, c)
			}
		default:
			b.WriteString(text[i : i+size])
		}
		i += size
	}
	b.WriteByte('"')
	return b.String()
}

// InComment makes a text fit for a comment: one line, nothing that would end it.
func InComment(text string) string {
	text = strings.Map(func(r rune) rune {
		if IsUnprintable(r) {
			return ' '
		}
		return r
	}, text)
	for range 2 { // the second time for those that overlap
		text = strings.ReplaceAll(text, "]]", "] ]")
	}
	return text
}

// Comment is a comment inside a line.
func Comment(text string) string {
	if strings.HasSuffix(text, "]") {
		text += " "
	}
	return "--[[" + text + "]]"
}

// Clip cuts a text after n characters.
func Clip(text string, n int) string {
	count := 0
	for i := range text {
		if count == n-1 && utf8.RuneCountInString(text[i:]) > 1 {
			return text[:i] + "…"
		}
		count++
	}
	return text
}

// OneLine puts a text of several lines on one.
func OneLine(text string) string {
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '\r' }), " ")
}

// Columns is how wide a text is on a terminal, whatever the locale.
func Columns(text string) int {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			measure := runewidth.Condition{}
			return measure.StringWidth(text)
		}
	}
	return len(text)
}

// Shortened cuts a text that is too wide for its column, and shows that it did.
func Shortened(text string, width int) string {
	measure := runewidth.Condition{}
	return measure.Truncate(text, width, "…")
}

// Excerpt quotes at most the first 40 characters of what a script gave, so that an error stays one short line.
func Excerpt(text string) string {
	const limit = 40
	count := 0
	for i := range text {
		if count++; count > limit {
			return fmt.Sprintf("%q…", text[:i])
		}
	}
	return fmt.Sprintf("%q", text)
}

// Thousands is a number as people read it: 99,950 as "99950" up to five digits, with commas beyond.
func Thousands(n int) string {
	digits := strconv.Itoa(n)
	if len(digits) <= 5 {
		return digits
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// Padded fills a text up with blanks to a width.
func Padded(text string, width int) string {
	return text + strings.Repeat(" ", max(0, width-Columns(text)))
}
