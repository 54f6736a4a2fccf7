package present

import (
	"strings"
	"unicode"

	"github.com/mattn/go-runewidth"
)

// WithoutControls drops what a terminal would obey: control characters but for the ends of lines and tabs, and the
// characters that turn the direction of what follows.
func WithoutControls(text string) string {
	return strings.Map(func(r rune) rune {
		if steers(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, text)
}

// steers reports whether a terminal may obey a character rather than show it.
func steers(r rune) bool {
	switch {
	case '\u202a' <= r && r <= '\u202e', '\u2066' <= r && r <= '\u2069', // direction
		r == '\u200e', r == '\u200f', r == '\u061c',
		r == '\u2028', r == '\u2029': // ends of lines
		return true
	}
	return unicode.IsControl(r)
}

// oneLine makes a text fit for a cell.
func oneLine(text string) string {
	return WithoutControls(strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' || r == '\r' {
			return ' '
		}
		return r
	}, text))
}

// columns measures text as a terminal does whatever the locale.
func columns(text string) int {
	measure := runewidth.Condition{}
	return measure.StringWidth(text)
}

// pad fills text up with spaces.
func pad(text string, width int) string {
	return text + strings.Repeat(" ", max(0, width-columns(text)))
}

// shorten cuts text that is too wide, and shows that it did.
func shorten(text string, width int) string {
	measure := runewidth.Condition{}
	return measure.Truncate(text, width, "…")
}

// wrap breaks text into lines of at most width columns, between words where it can. Width 0 is any.
func wrap(text string, width int) []string {
	var lines []string
	for _, paragraph := range strings.Split(WithoutControls(strings.ReplaceAll(text, "\t", " ")), "\n") {
		if width <= 0 || columns(paragraph) <= width {
			lines = append(lines, paragraph)
			continue
		}
		line := ""
		for _, word := range strings.Fields(paragraph) {
			switch {
			case line == "":
				line = word
			case columns(line)+1+columns(word) <= width:
				line += " " + word
			default:
				lines = append(lines, line)
				line = word
			}
			if columns(line) > width {
				pieces := breakWord(line, width)
				lines = append(lines, pieces[:len(pieces)-1]...)
				line = pieces[len(pieces)-1]
			}
		}
		lines = append(lines, line)
	}
	return lines
}

// breakWord cuts a word into pieces that fit, of one character at least.
func breakWord(word string, width int) []string {
	var pieces []string
	begin, used := 0, 0
	for i, r := range word {
		wide := columns(string(r))
		if used+wide > width && i > begin {
			pieces = append(pieces, word[begin:i])
			begin, used = i, 0
		}
		used += wide
	}
	return append(pieces, word[begin:])
}

// widestWord measures what wrap would have to break.
func widestWord(text string) int {
	widest := 0
	for _, word := range strings.Fields(text) {
		widest = max(widest, columns(word))
	}
	return widest
}
