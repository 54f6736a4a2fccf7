package repl

import (
	"strings"
	"unicode"
)

// historyWalk is where Up and Down are in the history. The zero value is at the newest end.
type historyWalk struct {
	active bool
	prefix string   // what was typed before the first Up: only entries that begin with it are shown
	typed  editLine // the line to come back to
	at     int
}

// step moves to an older (-1) or newer (+1) entry that begins with what was typed.
func (s *lineState) step(by int) {
	entries := s.q.History
	if !s.walk.active {
		if by > 0 {
			return
		}
		s.walk = historyWalk{active: true, prefix: s.text(), typed: s.line, at: len(entries)}
	}
	shown := s.text()
	for i := s.walk.at + by; i >= 0 && i <= len(entries); i += by {
		switch {
		case i == len(entries):
			s.line = s.walk.typed
			s.walk = historyWalk{}
			return
		case strings.HasPrefix(entries[i], s.walk.prefix) && entries[i] != shown:
			s.walk.at = i
			s.line = s.recalled(entries[i])
			return
		}
	}
}

// recalled is a history entry as a line with the cursor at its end.
func (s *lineState) recalled(entry string) editLine {
	text := cleanText(entry)
	if s.q.Secret || s.fits == nil || s.fits(markNewlines(text)) {
		return newEditLine(markNewlines(text), s.held.names)
	}
	name := s.held.hold(text, "entry")
	return newEditLine(name, s.held.names)
}

// historySearch is an incremental search, as Ctrl-R starts it.
type historySearch struct {
	query  string
	at     int // index of the match, len(history) before the first
	failed bool
	before editLine // the line to come back to
}

// prompt is shown in place of the usual one.
func (f *historySearch) prompt() string {
	switch {
	case f.query == "":
		return "search> "
	case f.failed:
		return "no match '" + f.query + "'> "
	}
	return "search '" + f.query + "'> "
}

// searchHint is the hint line of a search.
const searchHint = "Ctrl-R older, Ctrl-S newer, Enter takes it, Escape returns"

// startSearch begins a search with an empty query.
func (s *lineState) startSearch() {
	if s.q.Secret {
		return
	}
	s.search = &historySearch{at: len(s.q.History), before: s.line}
}

// searchKey handles a key during a search. It is false when the key ends the search and then does its usual work.
func (s *lineState) searchKey(ev keyEvent) bool {
	f := s.search
	switch ev.code {
	case keyText:
		f.query += ev.text
		s.find(f.at, -1, true)
	case keyPaste:
		f.query += rowText(ev.text)
		s.find(f.at, -1, true)
	case keyBackspace:
		if q := []rune(f.query); len(q) > 0 {
			f.query = string(q[:len(q)-clusterBefore(q)])
		}
		s.find(len(s.q.History)-1, -1, true)
	case keySearch, keyUp:
		s.find(f.at-1, -1, false)
	case keySearchNewer, keyDown:
		s.find(f.at+1, +1, false)
	case keyEscape, keyAbort:
		s.line, s.search = f.before, nil
	case keyEnter, keyTab, keyBackTab:
		s.search = nil
	default:
		s.search = nil
		return false
	}
	return true
}

// find looks for the query from an entry on. Unless here is set, the entry shown now is passed over.
func (s *lineState) find(from, by int, here bool) {
	f, entries := s.search, s.q.History
	f.failed = false
	if f.query == "" {
		f.at, s.line = len(entries), f.before
		return
	}
	shown := s.text()
	for i := min(from, len(entries)-1); i >= 0 && i < len(entries); i += by {
		if holds(entries[i], f.query) && (here || entries[i] != shown) {
			f.at, s.line = i, s.recalled(entries[i])
			return
		}
	}
	f.failed = true
}

// holds reports whether an entry contains the query: exactly if the query has a capital letter, else in any case.
func holds(entry, query string) bool {
	if strings.ContainsFunc(query, unicode.IsUpper) {
		return strings.Contains(entry, query)
	}
	return strings.Contains(strings.ToLower(entry), query)
}
