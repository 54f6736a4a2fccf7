package repl

import (
	"strings"
	"testing"

	"github.com/c-bata/go-prompt"
	"github.com/mattn/go-runewidth"
)

func TestRestated(t *testing.T) {
	t.Parallel()
	const family = "👩‍👩‍👧"
	for _, c := range []struct {
		text    string
		cell    int
		columns int
		want    string
	}{
		{"ab", 2, 80, "ab"},
		{"日", 2, 80, "日"},
		{"a" + family + "b", 2, 80, "a      \x1b[4G" + family + "\x1b[10Gb"},
		{"\x1b[31m👍🏽\x1b[0mx", 0, 80, "\x1b[31m    \x1b[1G👍🏽\x1b[5G\x1b[0mx"},
		{family, 84, 80, "      \x1b[5G" + family + "\x1b[11G"}, // on the second row
		{family, 74, 80, family}, // up to the edge, and over it
		{family, 76, 80, family},
	} {
		if got := restated(c.text, c.cell, c.columns); got != c.want {
			t.Errorf("restated(%q, %d, %d) = %q, want %q", c.text, c.cell, c.columns, got, c.want)
		}
	}
}

func TestEditorPaint(t *testing.T) {
	t.Parallel()
	red := func(s string) string { return "\x1b[31m" + s + "\x1b[0m" }
	for _, c := range []struct {
		name  string
		color bool
		q     question
		text  string
		want  string
	}{
		{"plain", true, question{}, "x", "x"},
		{"painted", true, question{Paint: red}, "x", "\x1b[31mx\x1b[0m"},
		{"no colour", false, question{Paint: red}, "x", "x"},
		{"a painter that changes the text", true, question{Paint: strings.ToUpper}, "x", "x"},
		{"a painter that moves the cursor", true, question{Paint: func(s string) string { return "\x1b[2J" + s }}, "x", "x"},
		{"the painter sees newlines", true, question{Paint: func(s string) string {
			return strings.ReplaceAll(s, "-- c\n", "\x1b[2m-- c\n\x1b[0m")
		}}, "-- c\uE00Ax", "\x1b[2m-- c\x1b[2m\uE00A\x1b[22m\x1b[0mx"},
		{"secret", true, question{Secret: true, Paint: red}, "a日", "***"},
	} {
		e := &editor{color: c.color, state: &lineState{q: c.q}}
		if got := e.paint(roleInput, c.text); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// completing returns an editor for a question without a terminal, with a prompt that nobody runs.
func completing(columns, rows int, f func(string, int) Completions) *editor {
	e := &editor{columns: columns, rows: rows}
	e.state = &lineState{q: question{Prompt: "> ", Complete: f}, held: &e.held, kills: &e.kills}
	return e
}

func document(before, after string) prompt.Document {
	b := prompt.NewBuffer()
	b.InsertText(before+after, false, true)
	b.CursorLeft(len([]rune(after)))
	return *b.Document()
}

// Where go-prompt's menu would panic or tear the screen there is none, and the session is given the real text.
func TestEditorCompleteNothing(t *testing.T) {
	t.Parallel()
	var asked string
	some := func(text string, pos int) Completions {
		asked = text[:pos] + "|" + text[pos:]
		return Completions{From: pos, Candidates: []Candidate{{Text: "alpha"}}}
	}
	for _, c := range []struct {
		name          string
		columns, rows int
		before, after string
		asked         string
	}{
		{"empty line", 80, 24, "", "", ""},
		{"blanks", 80, 24, "  ", "", ""},
		{"narrow", 9, 24, "x.", "", "x.|"},
		{"low", 80, 1, "x.", "", "x.|"},
		{"text as tall as the window", 20, 2, strings.Repeat("x", 30), "", strings.Repeat("x", 30) + "|"},
		{"inside a word", 80, 24, "x.", "ab", "x.|ab"},
	} {
		asked = ""
		if got := completing(c.columns, c.rows, some).complete(document(c.before, c.after)); len(got) > 0 || asked != c.asked {
			t.Errorf("%s: complete = %v, the session was asked %q; want nothing, %q", c.name, got, asked, c.asked)
		}
	}
}

func TestCut(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "abc", "signature(a, b)", "日本語日本語"} {
		for n := range 20 {
			if got := cut(text, n); runewidth.StringWidth(got) > n {
				t.Errorf("cut(%q, %d) = %q", text, n, got)
			}
		}
	}
}
