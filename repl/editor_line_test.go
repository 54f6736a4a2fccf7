package repl

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/mattn/go-runewidth"
)

// go-prompt adds up the widths of runes in one place and takes the width of the string in another. They agree in
// go-runewidth v0.0.9; in later versions the prompt walks to the right at every key.
func TestRunewidthVersion(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"👩‍👩‍👧", "👍🏽", "🇵🇹", "e\u0301", "日本", "❤️"} {
		sum := 0
		for _, r := range s {
			sum += runewidth.RuneWidth(r)
		}
		if got := runewidth.StringWidth(s); got != sum {
			t.Errorf("StringWidth(%q) = %d, the sum of its runes is %d: go-prompt needs go-runewidth v0.0.9", s, got, sum)
		}
	}
	if got := runewidth.StringWidth(glyphs(string(newlineMark))); got != runewidth.RuneWidth(newlineMark) {
		t.Errorf("a newline is drawn %d cells wide, go-prompt thinks %d", got, runewidth.RuneWidth(newlineMark))
	}
}

// pressed carries out keys on a line; "|" is the cursor.
func pressed(s *lineState, line string, keys ...keyCode) string {
	before, after, _ := strings.Cut(line, "|")
	s.line = editLine{before: []rune(before), after: []rune(after)}
	for _, k := range keys {
		s.do(keyEvent{code: k})
	}
	return string(s.line.before) + "|" + string(s.line.after)
}

func newLineState() *lineState { return &lineState{held: &heldTexts{}, kills: &killRing{}} }

func TestLineActions(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, line string
		keys       []keyCode
		want       string
	}{
		{"left at the start", "|ab", codesOf(keyLeft, keyBackspace, keyWordLeft, keyKillToStart), "|ab"},
		{"right at the end", "ab|", codesOf(keyRight, keyDelete, keyWordRight, keyKillToEnd), "ab|"},
		{"over a joined family", "a👩‍👩‍👧|b", codesOf(keyLeft), "a|👩‍👩‍👧b"},
		{"right over it", "a|👩‍👩‍👧b", codesOf(keyRight), "a👩‍👩‍👧|b"},
		{"flags in pairs", "🇵🇹🇩🇪|", codesOf(keyLeft), "🇵🇹|🇩🇪"},
		{"combining marks", "e\u0301x|", codesOf(keyLeft, keyBackspace), "|x"},
		{"skin tone", "👍🏽|", codesOf(keyBackspace), "|"},
		{"words stop at punctuation", "foo.bar_baz(|", codesOf(keyWordLeft), "foo.bar_|baz("},
		{"kills in a row are one", "a b c|", codesOf(keyKillWordLeft, keyKillWordLeft, keyHome, keyYank), "b c|a "},
		{"kills apart are two", "a b c|", codesOf(keyKillWordLeft, keyLeft, keyRight, keyKillWordLeft, keyYank, keyYankPop), "a c|"},
		{"a kill to the right goes on", "|a b c", codesOf(keyKillWordRight, keyKillWordRight, keyYank, keyYank), "a ba b| c"},
		{"pop needs a yank", "a b|", codesOf(keyKillWordLeft, keyYankPop), "a |"},
		{"swap in the middle", "a|b", codesOf(keySwap), "ba|"},
		{"swap at the end", "xab|", codesOf(keySwap), "xba|"},
		{"swap at the start", "|ab", codesOf(keySwap), "|ab"},
		{"swap of one", "a|", codesOf(keySwap), "a|"},
		{"undo", "ab|", codesOf(keyKillToStart, keyYank, keyUndo, keyUndo, keyUndo), "ab|"},
		{"blank words", "f(a.b) c.d |", codesOf(keyKillBlankWordLeft), "f(a.b) |"},
		{"newline is blank", "a\uE00Abc|", codesOf(keyKillBlankWordLeft), "a\uE00A|"},
	} {
		if got := pressed(newLineState(), c.line, c.keys...); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func codesOf(c ...keyCode) []keyCode { return c }

func TestKillRingIsBounded(t *testing.T) {
	t.Parallel()
	var k killRing
	for range 3 * maxKills {
		k.add("x", false)
		k.other()
	}
	if len(k.items) != maxKills {
		t.Errorf("%d entries, want %d", len(k.items), maxKills)
	}
}

func TestHeldTexts(t *testing.T) {
	t.Parallel()
	s := newLineState()
	s.fits = func(line string) bool { return len(line) < 100 }
	long := strings.Repeat("line\n", 30)
	s.do(keyEvent{keyText, "a "})
	s.do(keyEvent{keyPaste, long})
	s.do(keyEvent{keyText, " b"})
	if got, want := s.line.String(), "a «paste 1: 30 lines» b"; got != want {
		t.Fatalf("line = %q, want %q", got, want)
	}
	if got, want := s.text(), "a "+long+" b"; got != want {
		t.Errorf("text = %q, want %q", got, want)
	}
	got := pressed(s, "a «paste 1: 30 lines» b|", keyWordLeft, keyWordLeft, keyRight, keyLeft)
	if want := "a |«paste 1: 30 lines» b"; got != want {
		t.Errorf("motions: %q, want %q", got, want)
	}
	if got, want := pressed(s, "a «paste 1: 30 lines»| b", keyKillWordLeft, keyYank, keyBackspace), "a | b"; got != want {
		t.Errorf("deletions: %q, want %q", got, want)
	}
	s.line = editLine{}
	s.do(keyEvent{keyPaste, long})
	s.do(keyEvent{keyPaste, strings.Repeat("x", 200)})
	if got, want := s.line.String(), "«paste 1: 30 lines»«paste 2: 200 characters»"; got != want {
		t.Errorf("line = %q, want %q", got, want)
	}
	for range 2 * maxHeldTexts {
		s.held.hold(strings.Repeat("y", s.held.count), "paste")
	}
	if len(s.held.names) != maxHeldTexts || len(s.held.texts) != maxHeldTexts {
		t.Errorf("%d names, %d texts, want %d", len(s.held.names), len(s.held.texts), maxHeldTexts)
	}
}

func TestCleanText(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"a\r\nb\rc\nd":                    "a\nb\nc\nd",
		"\tx":                             "    x",
		"\x1b[31mred\x1b[0m\x1b]0;t\x07!": "red!",
		"a\x00\x07\x9bb":                  "a\uFFFDb",
		"a\u009b\uE00A\uFEFFb":            "ab",
		"日本\xff":                          "日本\uFFFD",
	} {
		if got := cleanText(in); got != want {
			t.Errorf("cleanText(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestRowText(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"\r\n\n one \ntwo": "one",
		"one\rtwo":         "one",
		"\x1b[1m\none":     "one",
		"\t\x07 \n":        "",
		"":                 "",
	} {
		if got := rowText(in); got != want {
			t.Errorf("rowText(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestWordStart(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		before    string
		from      int
		start     int
		separator string
	}{
		{"authy.us", 6, 6, "."},
		{"us", 0, 0, noSeparator},
		{"f{ a.b.c", 3, 3, " "},
		{"x.foo.ba", 2, 1, "x"},        // a dot is in the word too
		{".foo.ba", 1, 0, noSeparator}, // so the word begins earlier
		{"1\uE00Aauth", 1 + 3, 1, "1"}, // a separator of several bytes will not do
		{"日本.a", 7, 7, "."},
	} {
		start, separator := wordStart(c.before, c.from)
		if start != c.start || separator != c.separator {
			t.Errorf("wordStart(%q, %d) = %d, %q, want %d, %q", c.before, c.from, start, separator, c.start, c.separator)
		}
		// What go-prompt will replace.
		word := c.before[strings.LastIndexAny(c.before, separator)+1:]
		if word != c.before[start:] || !utf8.ValidString(word) {
			t.Errorf("wordStart(%q, %d): go-prompt replaces %q, want %q", c.before, c.from, word, c.before[start:])
		}
	}
}

func TestHistoryWalkOfNothing(t *testing.T) {
	t.Parallel()
	s := newLineState()
	if got := pressed(s, "x|", keyDown, keyUp, keyUp, keyDown, keyDown, keySearch, keySearch, keySearchNewer, keyEscape); got != "x|" {
		t.Errorf("line = %q, want x", got)
	}
}

func FuzzLineState(f *testing.F) {
	f.Add("日本 a«paste 1: 2 lines»", "\x01\x05\x08", 3)
	f.Add(" 0\xb2", "%\r00", 3) // a line break by itself, in a search
	f.Fuzz(func(t *testing.T, line, keys string, at int) {
		const most = 64 // each key may put in all of them: the time grows with the third power
		runes := []rune(markNewlines(cleanText(line)))
		if at < 0 || at > len(runes) || len(keys) > most {
			return
		}
		s := newLineState()
		s.q.History = []string{line, "b\nc", keys}
		s.fits = func(line string) bool { return len(line) < 50 }
		s.line = editLine{before: runes[:at], after: runes[at:]}
		for _, b := range []byte(keys) {
			ev := keyEvent{code: keyCode(b) % (keyRedraw + 1), text: keys}
			if ev.code == keyText {
				ev.text = rowText(keys)
			}
			s.do(ev)
			if got := s.line.String(); !utf8.ValidString(got) || strings.ContainsFunc(got, func(r rune) bool { return r != newlineMark && !showable(r) }) {
				t.Fatalf("the line became %q", got)
			}
		}
	})
}
