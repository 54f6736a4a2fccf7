package repl

import (
	"slices"
	"strings"
)

// maxUndo bounds the steps that can be undone.
const maxUndo = 200

// lineState is the line being edited and what belongs to it. It knows keys and text, no terminal.
type lineState struct {
	q      question
	line   editLine
	fits   func(line string) bool // whether a whole line fits the screen; nil = always
	held   *heldTexts             // lives as long as the editor: killed text may name a placeholder
	kills  *killRing
	undo   []editLine
	typing bool // the action before inserted text, so the next one joins its undo step
	walk   historyWalk
	search *historySearch
}

// text is what the line stands for: placeholders expanded, newlines real.
func (s *lineState) text() string { return unmarkNewlines(s.held.expand(s.line.String())) }

// do carries out one key.
func (s *lineState) do(ev keyEvent) {
	s.line.atoms = s.held.names
	if s.search != nil && s.searchKey(ev) {
		return
	}
	was := s.line
	s.kills.killing = s.kills.killing && ev.code.kills()
	if ev.code != keyYankPop {
		s.kills.yanked = 0
	}
	if ev.code != keyUp && ev.code != keyDown {
		s.walk = historyWalk{}
	}
	if act := lineActions[ev.code]; act != nil {
		act(s, ev.text)
	}
	s.line.atoms = s.held.names
	s.remember(was, ev.code)
}

// remember stores the line before a change for undo. Typing in a row is one step.
func (s *lineState) remember(was editLine, code keyCode) {
	if code == keyUndo || was.String() == s.line.String() {
		if code != keyText {
			s.typing = false
		}
		return
	}
	if code != keyText || !s.typing {
		s.undo = append(s.undo, was)
		if len(s.undo) > maxUndo {
			s.undo = slices.Delete(s.undo, 0, 1)
		}
	}
	s.typing = code == keyText
}

// accepted tells that a completion was put into the line.
func (s *lineState) accepted(l editLine) {
	if l.same(s.line) {
		return
	}
	was := s.line
	s.line, s.walk = l, historyWalk{}
	s.remember(was, keyTab)
}

// paste inserts pasted text, or a placeholder for it when the line would not fit the screen any more.
func (s *lineState) paste(raw string) {
	text := cleanText(raw)
	if s.q.Secret { // the newline after a copied password is none of it
		s.line.insert(strings.ReplaceAll(text, "\n", ""))
		return
	}
	if body := strings.TrimRight(text, "\n"); len(body) < len(text) {
		text = body + "\n"
	}
	whole := string(s.line.before) + markNewlines(text) + string(s.line.after)
	if s.fits != nil && !s.fits(whole) && len([]rune(text)) > 40 {
		text = s.held.hold(text, "paste")
	}
	s.line.insert(markNewlines(text))
}

// kill removes n runes on one side of the cursor into the kill ring.
func (s *lineState) kill(n int, leftward bool) {
	if leftward {
		s.kills.add(s.line.deleteLeft(n), true)
	} else {
		s.kills.add(s.line.deleteRight(n), false)
	}
}

// kills reports whether a key kills text, so that it continues the kill before.
func (k keyCode) kills() bool {
	return k >= keyKillToEnd && k <= keyKillWordRight
}

// lineActions is what keys do to the line. A key that is missing does nothing.
var lineActions = map[keyCode]func(s *lineState, text string){
	keyText:              func(s *lineState, text string) { s.line.insert(text) },
	keyPaste:             func(s *lineState, text string) { s.paste(text) },
	keyNewline:           func(s *lineState, _ string) { s.newline() },
	keyUp:                func(s *lineState, _ string) { s.step(-1) },
	keyDown:              func(s *lineState, _ string) { s.step(+1) },
	keyLeft:              func(s *lineState, _ string) { s.line.left(s.line.charLeft()) },
	keyRight:             func(s *lineState, _ string) { s.line.right(s.line.charRight()) },
	keyHome:              func(s *lineState, _ string) { s.line.left(len(s.line.before)) },
	keyEnd:               func(s *lineState, _ string) { s.line.right(len(s.line.after)) },
	keyDelete:            func(s *lineState, _ string) { s.line.deleteRight(s.line.charRight()) },
	keyDeleteOrEOF:       func(s *lineState, _ string) { s.line.deleteRight(s.line.charRight()) },
	keyBackspace:         func(s *lineState, _ string) { s.line.deleteLeft(s.line.charLeft()) },
	keyWordLeft:          func(s *lineState, _ string) { s.line.left(s.line.wordLeft(letterOrDigit)) },
	keyWordRight:         func(s *lineState, _ string) { s.line.right(s.line.wordRight(letterOrDigit)) },
	keyKillToEnd:         func(s *lineState, _ string) { s.kill(len(s.line.after), false) },
	keyKillToStart:       func(s *lineState, _ string) { s.kill(len(s.line.before), true) },
	keyKillBlankWordLeft: func(s *lineState, _ string) { s.kill(s.line.wordLeft(notBlank), true) },
	keyKillWordLeft:      func(s *lineState, _ string) { s.kill(s.line.wordLeft(letterOrDigit), true) },
	keyKillWordRight:     func(s *lineState, _ string) { s.kill(s.line.wordRight(letterOrDigit), false) },
	keyYank:              func(s *lineState, _ string) { s.kills.yank(&s.line) },
	keyYankPop:           func(s *lineState, _ string) { s.kills.pop(&s.line) },
	keySwap:              func(s *lineState, _ string) { s.line.swap() },
	keyUndo:              func(s *lineState, _ string) { s.undoStep() },
	keySearch:            func(s *lineState, _ string) { s.startSearch() },
}

// newline puts a line break into the line.
func (s *lineState) newline() {
	if !s.q.Secret {
		s.line.insert(string(newlineMark))
	}
}

func (s *lineState) undoStep() {
	if n := len(s.undo); n > 0 {
		s.line, s.undo = s.undo[n-1], s.undo[:n-1]
	}
}
