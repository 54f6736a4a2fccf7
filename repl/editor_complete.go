package repl

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/c-bata/go-prompt"
	"github.com/mattn/go-runewidth"
)

const (
	// noSeparator occurs in no line, so it makes the whole line before the cursor one word.
	noSeparator = "\x00"
	// maxMenu is the height of the menu where the window has room for it.
	maxMenu = 8
	// maxCandidates bounds what go-prompt lays out anew for every frame.
	maxCandidates = 500
	// minMenuColumns is what go-prompt's menu needs beside the prompt; it panics with less.
	minMenuColumns = 6
)

// menuState is the list of completions for one line. go-prompt asks again after each Tab and takes the
// answer with the old selection, so the same line must get the same list.
type menuState struct {
	line   string // what it was made for: before and after the cursor, with a NUL between
	list   []prompt.Suggest
	word   int    // width of what a candidate replaces
	hint   string // signature
	closed bool   // by Escape, until the line changes
}

// complete is go-prompt's completer; it runs in go-prompt's goroutine.
func (e *editor) complete(d prompt.Document) []prompt.Suggest {
	before, after := d.TextBeforeCursor(), d.TextAfterCursor()
	if before == "" && after == "" {
		return nil // an empty line, or go-prompt starting anew: it asks for an empty line then
	}
	if e.state.search != nil || e.state.q.Complete == nil || e.state.q.Secret {
		return nil
	}
	line := before + noSeparator + after
	if line != e.menu.line {
		e.menu = menuState{line: line}
		e.fillMenu(before, after)
	}
	if e.menu.closed {
		return nil
	}
	return e.menu.list
}

// fillMenu asks the session and sets go-prompt up for its answer.
func (e *editor) fillMenu(before, after string) {
	if strings.TrimSpace(unmarkNewlines(before)) == "" {
		return
	}
	realBefore := unmarkNewlines(e.held.expand(before))
	got := e.state.q.Complete(realBefore+unmarkNewlines(e.held.expand(after)), len(realBefore))
	e.menu.hint = rowText(got.Hint)
	rows := e.menuRows(before, after, e.menu.hint != "")
	if rows < 1 || got.From < 0 || got.From > len(realBefore) || beginsWord(after) {
		return
	}
	word := markNewlines(realBefore[got.From:])
	if !strings.HasSuffix(before, word) || !utf8.ValidString(word) {
		return // the word lies in a placeholder
	}
	from, separator := wordStart(before, len(before)-len(word))
	lead := before[from : len(before)-len(word)]
	for _, c := range got.Candidates {
		text := markNewlines(cleanText(c.Text))
		if runewidth.StringWidth(text) == 0 {
			continue
		}
		e.menu.list = append(e.menu.list, prompt.Suggest{Text: lead + text, Description: rowText(c.Doc)})
		if len(e.menu.list) == maxCandidates {
			break
		}
	}
	if len(e.menu.list) == 1 && e.menu.list[0].Text == lead+word {
		e.menu.list = nil // it is there already
	}
	e.menu.list = slices.Clip(e.menu.list)
	e.menu.word = runewidth.StringWidth(lead + word)
	_ = prompt.OptionCompletionWordSeparator(separator)(e.prompt)
	_ = prompt.OptionMaxSuggestion(uint16(rows))(e.prompt)
}

// beginsWord reports whether text goes on with a word that the cursor stands in.
func beginsWord(after string) bool {
	r, _ := utf8.DecodeRuneInString(after)
	return after != "" && (letterOrDigit(r) || r == '_')
}

// wordStart finds a separator that makes go-prompt replace exactly the text from a byte on. go-prompt takes
// the text after the last separator, and is right with separators of one byte only; so where the byte before
// the word will not do, the word begins further to the left.
func wordStart(before string, from int) (start int, separator string) {
	for ; from > 0; from-- {
		c := before[from-1]
		if c < utf8.RuneSelf && strings.IndexByte(before[from:], c) < 0 {
			return from, string(rune(c))
		}
	}
	return 0, noSeparator
}

// menuRows is the height that a menu may have now, 0 if none fits.
func (e *editor) menuRows(before, after string, hint bool) int {
	columns, rows := e.columns, e.rows
	width := runewidth.StringWidth(e.promptText())
	if columns-width-1 <= minMenuColumns {
		return 0
	}
	text := (width + runewidth.StringWidth(before+after)) / columns
	room := rows - 2 - text // go-prompt clears one row more than it fills
	if hint && room > 1 {
		room--
	}
	return max(0, min(maxMenu, room))
}

// hintLine is what stands under the line and the menu.
func (e *editor) hintLine() string {
	switch {
	case e.state.search != nil:
		return searchHint
	case e.menu.line == string(e.state.line.before)+noSeparator+string(e.state.line.after):
		return e.menu.hint
	}
	return ""
}
