package repl

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/mattn/go-runewidth"
)

// printable makes a text fit for a terminal: control characters, which it would obey, become visible. Line ends and
// tabs stay.
func printable(text string) string {
	clean := func(r rune) bool { return (r == '\n' || r == '\t' || !unicode.IsControl(r)) && !steersText(r) }
	if utf8.ValidString(text) && strings.IndexFunc(text, func(r rune) bool { return !clean(r) }) < 0 {
		return text
	}
	var b strings.Builder
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\%d`, text[i])
		case r == '\r' && strings.HasPrefix(text[i:], "\r\n"):
		case clean(r):
			b.WriteRune(r)
		case r < 0x80:
			fmt.Fprintf(&b, `\%d`, r)
		default:
			fmt.Fprintf(&b, `\u{%X}`, r)
		}
		i += size
	}
	return b.String()
}

// steersText reports the characters that change the direction of what follows, and so can hide code.
func steersText(r rune) bool {
	return 0x202a <= r && r <= 0x202e || 0x2066 <= r && r <= 0x2069
}

// tabStop is how many columns a tab takes where we show source.
const tabStop = 4

// untab replaces tabs, whose width depends on where they stand.
func untab(line string) string {
	return strings.ReplaceAll(line, "\t", strings.Repeat(" ", tabStop))
}

// widthOf is how many columns a line takes, without escape sequences.
func widthOf(line string) int { return runewidth.StringWidth(untab(line)) }

// heightOf is how many rows a text takes on a screen.
func heightOf(text string, columns int) int {
	rows := 0
	columns = max(1, columns)
	for line := range strings.Lines(text) {
		rows += max(1, (widthOf(strings.TrimSuffix(line, "\n"))+columns-1)/columns)
	}
	return rows
}

// wrap breaks a text between words into lines of a width. A longer word has a line of its own.
func wrap(text string, width int) []string {
	var lines []string
	for _, word := range strings.Fields(text) {
		if n := len(lines); n > 0 && widthOf(lines[n-1])+1+widthOf(word) <= width {
			lines[n-1] += " " + word
		} else {
			lines = append(lines, word)
		}
	}
	return lines
}

// withLineEnd ends a text with a line end, if it has not got one.
func withLineEnd(text string) string {
	if text == "" || strings.HasSuffix(text, "\n") {
		return text
	}
	return text + "\n"
}

// plural is "1 line" or "2 lines".
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// nearest is the candidate that a misspelt word most likely meant, or "". Two swapped letters are one mistake, and
// the beginning of a single candidate means that one.
func nearest(word string, candidates []string) string {
	const longest = 64 // the distance costs the product of the lengths
	if word == "" || len(word) > longest {
		return ""
	}
	best, bestDistance := "", 1+max(1, len(word)/3)
	var longer []string
	for _, candidate := range candidates {
		if d := editDistance(strings.ToLower(word), strings.ToLower(candidate)); d < bestDistance && d < len(candidate) {
			best, bestDistance = candidate, d
		}
		if strings.HasPrefix(candidate, word) {
			longer = append(longer, candidate)
		}
	}
	if len(longer) == 1 {
		return longer[0]
	}
	return best
}

// editDistance counts insertions, deletions, replacements and swaps of neighbours.
func editDistance(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
