package repl

import (
	"regexp"
	"strings"
	"sync"
	"unicode"

	"github.com/mattn/go-runewidth"
)

const (
	// newlineMark stands for "\n" in the edit line, because go-prompt gives a newline no width.
	// It is a private rune, and never let in from outside.
	newlineMark = '\uE00A'
	// newlineGlyph is how it is drawn.
	newlineGlyph = "⏎"
)

// terminalSequence is an escape sequence of the kinds that programs print: CSI, OSC, two characters.
var terminalSequence = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[^\[\]]`)
})

// showable reports whether a rune may be drawn: no controls, which the terminal would obey.
func showable(r rune) bool {
	return !unicode.IsControl(r) && r != newlineMark && r != '\uFEFF'
}

// cleanText makes text from outside fit for the edit line: "\n" as the only line break, tabs as four blanks,
// no escape sequences (a paste of coloured output), no other controls.
func cleanText(text string) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	text = terminalSequence().ReplaceAllString(text, "")
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\t", "    ").Replace(text)
	return strings.Map(func(r rune) rune {
		if r == '\n' || showable(r) {
			return r
		}
		return -1
	}, text)
}

// markNewlines replaces each "\n" by the mark that the edit line can hold.
func markNewlines(text string) string {
	return strings.ReplaceAll(text, "\n", string(newlineMark))
}

// unmarkNewlines undoes markNewlines.
func unmarkNewlines(text string) string {
	return strings.ReplaceAll(text, string(newlineMark), "\n")
}

// rowText makes text fit for a single row of the screen: its first line, without controls.
func rowText(text string) string {
	text, _, _ = strings.Cut(strings.TrimLeft(cleanText(text), "\n"), "\n")
	return strings.TrimSpace(text)
}

// cut shortens text to a number of columns.
func cut(text string, columns int) string {
	if runewidth.StringWidth(text) <= columns {
		return text
	}
	if columns < 4 {
		return runewidth.Truncate(text, max(columns, 0), "")
	}
	return runewidth.Truncate(text, columns, "...")
}

// glyphs replaces the marks of newlines by what is drawn for them, as wide as go-prompt believes:
// two cells in a locale where private runes are wide.
func glyphs(text string) string {
	if !strings.ContainsRune(text, newlineMark) {
		return text
	}
	pad := max(0, runewidth.RuneWidth(newlineMark)-1)
	return strings.ReplaceAll(text, string(newlineMark), newlineGlyph+strings.Repeat(" ", pad))
}

// clusterBefore is the number of runes that the last character of text has as a person sees it:
// a base with its combining marks, a joined family of emoji, a flag of two letters.
func clusterBefore(text []rune) int {
	n := len(text)
	i := n
	for i > 0 {
		i--
		switch {
		case i == 0:
			return n
		case extends(text[i]):
			continue
		case text[i-1] == zeroWidthJoiner:
			i-- // the loop takes the joiner's left side next
			continue
		case flagLetter(text[i]) && flagLetters(text[:i])%2 == 1:
			i--
			return n - i
		}
		return n - i
	}
	return n
}

// clusterAfter is the number of runes that the first character of text has.
func clusterAfter(text []rune) int {
	if len(text) == 0 {
		return 0
	}
	n := 1
	if len(text) > 1 && flagLetter(text[0]) && flagLetter(text[1]) {
		n = 2
	}
	for n < len(text) && (extends(text[n]) || text[n-1] == zeroWidthJoiner) {
		n++
	}
	return n
}

const zeroWidthJoiner = '\u200d'

// extends reports whether a rune belongs to the character before it.
func extends(r rune) bool {
	return unicode.In(r, unicode.Mn, unicode.Me) || r == zeroWidthJoiner || r >= 0x1f3fb && r <= 0x1f3ff
}

// flagLetter reports whether a rune is a regional indicator; two make a flag.
func flagLetter(r rune) bool { return r >= 0x1f1e6 && r <= 0x1f1ff }

// flagLetters counts the regional indicators at the end of text.
func flagLetters(text []rune) int {
	n := 0
	for n < len(text) && flagLetter(text[len(text)-1-n]) {
		n++
	}
	return n
}

// joins reports whether terminals may draw some runes of text as one glyph, narrower than their sum.
func joins(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool {
		return r == zeroWidthJoiner || r == '\ufe0f' || flagLetter(r) || r >= 0x1f3fb && r <= 0x1f3ff
	})
}
