package repl

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// rows is a text of n rows.
func rowsOf(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "row %d\n", i+1)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// environment is a LookupEnv.
func environment(pairs ...string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1], true
			}
		}
		return "", false
	}
}

func TestPager(t *testing.T) {
	t.Parallel()
	if onWindows {
		t.Skip("there is no sh")
	}
	for _, test := range []struct {
		name  string
		rows  int
		typed []any
		paged bool
	}{
		{"short", 10, lines("show"), false},
		{"a screen and a half", 36, lines("show"), false},
		{"several screens", 100, lines("show"), true},
		{"never", 100, lines(".page never", "show"), false},
		{"always, short", 10, lines(".page always", "show"), false},
		{"always, more than a screen", 24, lines(".page always", "show"), true},
		{"asked for", 3, lines("show", ".page"), true},
		{"asked for in spite of never", 3, lines(".page never", "show", ".page"), true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "paged")
			p := stage(t, test.typed...)
			p.options.LookupEnv = environment("PAGER", "cat > '"+file+"'")
			s := p.evaluating(func(context.Context, string) (string, error) { return rowsOf(test.rows), nil })
			got := p.runWith(t, s)
			data, err := os.ReadFile(file)
			if paged := err == nil; paged != test.paged {
				t.Errorf("paged: %v, want %v", paged, test.paged)
			}
			if want := rowsOf(test.rows) + "\n"; test.paged && string(data) != want || !test.paged && !strings.Contains(got, want) {
				t.Errorf("the pager got %q, the screen shows %q", data, got)
			}
		})
	}
}

func TestResultsCannotSteerTheTerminal(t *testing.T) {
	t.Parallel()
	p := stage(t, "show")
	got := p.runWith(t, p.evaluating(func(context.Context, string) (string, error) { return "\x1b[2Jname\u202e\a\xff\tü\r\n2", nil }))
	if want := "lua> show\n\\27[2Jname\\u{202E}\\7\\255\tü\n2\nlua> \n"; got != want {
		t.Errorf("the screen shows %q, want %q", got, want)
	}
}

func TestPagerThatIsMissing(t *testing.T) {
	t.Parallel()
	if onWindows {
		t.Skip("there is no sh")
	}
	p := stage(t, ".page", "show", ".page")
	p.options.LookupEnv = environment("PAGER", "/no/such/pager")
	got := p.runWith(t, p.evaluating(func(context.Context, string) (string, error) { return "7", nil }))
	if !strings.Contains(got, "error: .page: there is no result yet") ||
		!strings.Contains(got, `error: cannot page with "/no/such/pager"; set PAGER to a program, or enter .page never`) {
		t.Errorf("the screen shows\n%s", got)
	}
}

func TestNoPagerWanted(t *testing.T) {
	t.Parallel()
	for _, pager := range []string{"", "cat", " "} {
		p := stage(t, "show")
		p.options.LookupEnv = environment("PAGER", pager)
		got := p.runWith(t, p.evaluating(func(context.Context, string) (string, error) { return rowsOf(500), nil }))
		if !strings.Contains(got, "row 500\nlua> ") {
			t.Errorf("with PAGER=%q the screen ends with %q", pager, got[max(0, len(got)-50):])
		}
	}
}

func TestOwnPager(t *testing.T) {
	t.Parallel()
	page := func(answers ...any) string {
		p := stage(t, answers...)
		p.editor.rows = 5
		sh := newShell(t.Context(), p.session, p.options)
		defer sh.close()
		if err := sh.pageByScreens(rowsOf(10)+"\n", 80, 5); err != nil {
			t.Error(err)
		}
		return p.screen.String()
	}
	const more4 = "-- 4 of 10 lines: Enter for more, a for all, q to quit -- "
	const more8 = "-- 8 of 10 lines: Enter for more, a for all, q to quit -- "
	all := strings.SplitAfter(rowsOf(10)+"\n", "\n")
	first, second, third := strings.Join(all[:4], ""), strings.Join(all[4:8], ""), strings.Join(all[8:], "")
	for _, test := range []struct {
		answers []any
		want    string
	}{
		{lines("", ""), first + more4 + "\n" + second + more8 + "\n" + third},
		{lines("a"), first + more4 + "a\n" + second + third},
		{lines("q"), first + more4 + "q\n"},
		{lines("", canceled), first + more4 + "\n" + second + more8 + "\n"},
	} {
		if got := page(test.answers...); got != test.want {
			t.Errorf("after %q the screen shows\n%s\nwant\n%s", test.answers, got, test.want)
		}
	}
}

func TestEdit(t *testing.T) {
	t.Parallel()
	if onWindows {
		t.Skip("there is no sh")
	}
	folder := t.TempDir()
	notes := filepath.Join(folder, "notes.lua")
	p := stage(t, "x = 'v3ry s3cr3t'\n  .. 'a'", ".edit", "x", ".edit", ".edit "+notes, ".edit "+notes, "y")
	p.options.Secrets = func() []string { return []string{"s3cr3t"} }
	copied := filepath.Join(folder, "copy")
	edits := 0
	p.options.LookupEnv = func(name string) (string, bool) {
		if name != "EDITOR" {
			return "", false
		}
		edits++
		switch edits {
		case 1:
			return "cp \"$1\" '" + copied + "'; echo 'x = 5' > \"$1\" #", true
		case 2:
			return "false", true
		default:
			return "echo 'y = 6' >", true
		}
	}
	got := p.run(t)
	want := strings.ReplaceAll(`lua> x = 'v3ry s3cr3t'
  .. 'a'
lua> .edit
x = 5
lua> x
5
lua> .edit
error: the editor "false" failed: exit status 1
hint: set VISUAL or EDITOR to your editor
lua x> .edit NOTES
lua> .edit NOTES
nothing has changed, so nothing runs
lua> y
6
lua> 
`, "NOTES", notes)
	if got != want {
		t.Errorf("the screen shows\n%s\nwant\n%s", got, want)
	}
	if data, err := os.ReadFile(copied); err != nil || string(data) != "x = \"***\"\n  .. 'a'\n" {
		t.Errorf("the editor got %q, %v", data, err)
	}
	if last := p.editor.questions[2].History; last[len(last)-1] != "x = 5" {
		t.Errorf("the history ends with %q, want what was edited", last)
	}
}

func TestHeight(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		text    string
		columns int
		want    int
	}{
		{"", 80, 0}, {"a", 80, 1}, {"a\n\nb\n", 80, 3}, {strings.Repeat("x", 81), 80, 2}, {"日本", 3, 2}, {"ab", 0, 2},
	} {
		if got := heightOf(test.text, test.columns); got != test.want {
			t.Errorf("heightOf(%q, %d) = %d, want %d", test.text, test.columns, got, test.want)
		}
	}
}
