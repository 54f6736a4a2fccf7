package repl

import (
	"slices"
	"strings"
	"unicode"
)

// editLine is a line with a cursor: the runes before it and after it. Its methods never change the
// slices they were given, so that a copy of the struct is a snapshot.
type editLine struct {
	before, after []rune
	atoms         []string // texts that the cursor never enters and that go as a whole: placeholders of pastes
}

// newEditLine is a line with the cursor at the end.
func newEditLine(text string, atoms []string) editLine {
	return editLine{before: []rune(text), atoms: atoms}
}

func (l editLine) String() string { return string(l.before) + string(l.after) }

// same reports whether two lines hold the same text and cursor.
func (l editLine) same(m editLine) bool {
	return slices.Equal(l.before, m.before) && slices.Equal(l.after, m.after)
}

// insert puts text before the cursor.
func (l *editLine) insert(text string) {
	l.before = slices.Concat(l.before, []rune(text))
}

// left and right move the cursor over n runes.
func (l *editLine) left(n int) {
	i := len(l.before) - n
	l.before, l.after = slices.Clone(l.before[:i]), slices.Concat(l.before[i:], l.after)
}

func (l *editLine) right(n int) {
	l.before, l.after = slices.Concat(l.before, l.after[:n]), slices.Clone(l.after[n:])
}

// deleteLeft and deleteRight remove n runes beside the cursor and return them.
func (l *editLine) deleteLeft(n int) string {
	i := len(l.before) - n
	gone := string(l.before[i:])
	l.before = slices.Clone(l.before[:i])
	return gone
}

func (l *editLine) deleteRight(n int) string {
	gone := string(l.after[:n])
	l.after = slices.Clone(l.after[n:])
	return gone
}

// charLeft is the length in runes of the character, or atom, before the cursor.
func (l *editLine) charLeft() int {
	text := string(l.before)
	for _, a := range l.atoms {
		if strings.HasSuffix(text, a) {
			return len([]rune(a))
		}
	}
	return clusterBefore(l.before)
}

// charRight is the same for what follows the cursor.
func (l *editLine) charRight() int {
	text := string(l.after)
	for _, a := range l.atoms {
		if strings.HasPrefix(text, a) {
			return len([]rune(a))
		}
	}
	return clusterAfter(l.after)
}

// wordLeft is the distance to the start of the word before the cursor.
func (l *editLine) wordLeft(inWord func(rune) bool) int {
	text := l.masked(l.before)
	i := len(text)
	for i > 0 && !inWord(text[i-1]) {
		i--
	}
	for i > 0 && inWord(text[i-1]) {
		i--
	}
	return len(text) - i
}

// wordRight is the distance to the end of the word after the cursor.
func (l *editLine) wordRight(inWord func(rune) bool) int {
	text := l.masked(l.after)
	i := 0
	for i < len(text) && !inWord(text[i]) {
		i++
	}
	for i < len(text) && inWord(text[i]) {
		i++
	}
	return i
}

// masked hides atoms as words, rune for rune. Marks of the word before stay with it.
func (l *editLine) masked(text []rune) []rune {
	s := string(text)
	for _, a := range l.atoms {
		s = strings.ReplaceAll(s, a, strings.Repeat("x", len([]rune(a))))
	}
	return []rune(s)
}

// letterOrDigit is readline's idea of a word for Alt-B, Alt-F, Alt-D and Alt-Backspace.
func letterOrDigit(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) || r == zeroWidthJoiner
}

// notBlank is its idea of a word for Ctrl-W.
func notBlank(r rune) bool { return !unicode.IsSpace(r) && r != newlineMark }

// swap exchanges the characters around the cursor and steps over them; at the end, the last two.
func (l *editLine) swap() {
	if len(l.before) == 0 || len(l.before)+len(l.after) < 2 {
		return
	}
	if len(l.after) == 0 {
		l.left(l.charLeft())
		if len(l.before) == 0 {
			l.right(l.charRight())
			return
		}
	}
	a := l.deleteLeft(l.charLeft())
	b := l.deleteRight(l.charRight())
	l.insert(b + a)
}

// killRing keeps what was killed, newest last. Kills in a row are one entry, as in readline.
type killRing struct {
	items   []string
	killing bool // the action before was a kill
	yanked  int  // runes that the action before yanked, 0 if it was something else
	at      int  // the entry that was yanked
}

// maxKills bounds the ring.
const maxKills = 60

// add stores killed text; leftward kills go in front of the entry that they continue.
func (k *killRing) add(text string, leftward bool) {
	if text == "" {
		return
	}
	last := len(k.items) - 1
	switch {
	case k.killing && last >= 0 && leftward:
		k.items[last] = text + k.items[last]
	case k.killing && last >= 0:
		k.items[last] += text
	default:
		k.items = append(k.items, text)
		if len(k.items) > maxKills {
			k.items = slices.Delete(k.items, 0, 1)
		}
	}
	k.killing = true
}

// other tells the ring that some other action than kill and yank took place.
func (k *killRing) other() { k.killing, k.yanked = false, 0 }

// yank inserts the newest entry.
func (k *killRing) yank(l *editLine) {
	k.killing = false
	if len(k.items) == 0 {
		k.yanked = 0
		return
	}
	k.at = len(k.items) - 1
	k.put(l)
}

// pop replaces what was just yanked by the entry before it.
func (k *killRing) pop(l *editLine) {
	k.killing = false
	if k.yanked == 0 || k.yanked > len(l.before) {
		return
	}
	l.deleteLeft(k.yanked)
	k.at = (k.at + len(k.items) - 1) % len(k.items)
	k.put(l)
}

func (k *killRing) put(l *editLine) {
	l.insert(k.items[k.at])
	k.yanked = len([]rune(k.items[k.at]))
}
