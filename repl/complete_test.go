package repl

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// offered is what completion offers at the end of a line.
func offered(sh *shell, line string) (texts []string, replaced, hint string) {
	given := sh.complete(line, len(line))
	for _, c := range given.Candidates {
		texts = append(texts, c.Text)
	}
	return texts, line[given.From:], given.Hint
}

func TestComplete(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for _, name := range []string{"rows.csv", "rules.lua", ".hidden"} {
		if err := os.WriteFile(filepath.Join(folder, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(folder, "rules.d"), 0o700); err != nil {
		t.Fatal(err)
	}
	p := stage(t)
	p.options.Commands = []Command{{
		Name: "profile", Usage: "[name]", Doc: "switches",
		Complete: func(word string) []Candidate { return candidatesFrom(word, "sandbox", "staging") },
		Run:      func(context.Context, *Context, string) error { return nil },
	}}
	sh := newShell(t.Context(), p.session, p.options)
	defer sh.close()
	at := folder + string(filepath.Separator)
	for _, test := range []struct {
		pending, line  string
		texts          []string
		replaced, hint string
	}{
		{"", ".he", []string{".help"}, ".he", ""},
		{"", " .ex", []string{".exit"}, ".ex", ""},
		{"", ".re", []string{".record", ".replay"}, ".re", ""},
		{"", ".page a", []string{"auto", "always"}, "a", ".page [auto|always|never]"},
		{"", ".profile sta", []string{"staging"}, "sta", ".profile [name]"},
		{"", ".load " + at + "r", []string{at + "rows.csv", at + "rules.d" + string(filepath.Separator), at + "rules.lua"}, at + "r", ".load <file>"},
		{"", ".load " + at + "none/", nil, at + "none/", ".load <file>"},
		{"", ".nothing x", nil, "", ""},
		{"", ".help .ex", []string{".exit"}, ".ex", ""},
		{"", ".help au", []string{"name"}, "au", ""},
		{"", "?authy.u", []string{"name"}, "u", ""},
		{"", "?.ex", []string{".exit"}, ".ex", ""},
		{"", "f(au", []string{"name"}, "au", "hint"},
		{"f{", "au", []string{"name"}, "au", "hint"},
		{"f{", ".he", []string{"name"}, "he", "hint"},
		{"", ".5 + x", []string{"name"}, "x", "hint"},
	} {
		sh.pending = test.pending
		texts, replaced, hint := offered(sh, test.line)
		if diff := cmp.Diff(test.texts, texts); diff != "" || replaced != test.replaced || hint != test.hint {
			t.Errorf("complete(%q) replaces %q (want %q), hint %q (want %q), candidates (-want +got):\n%s",
				test.line, replaced, test.replaced, hint, test.hint, diff)
		}
	}
	sh.pending = "f{"
	if given := sh.complete("x", 1); given.Candidates[0].Doc != "f{\nx" {
		t.Errorf("the session sees %q, want the whole chunk", given.Candidates[0].Doc)
	}
}

// wildSession offers completions that make no sense.
type wildSession struct {
	Session
	from int
}

func (s *wildSession) Complete(string, int) Completions {
	return Completions{From: s.from, Candidates: []Candidate{{Text: "x"}}}
}

func FuzzComplete(f *testing.F) {
	f.Add(".help x", "", 3, 0)
	f.Add("?x", "f{", 2, -4)
	f.Add(" .load ä", "", 9, 99)
	f.Fuzz(func(t *testing.T, text, pending string, pos, from int) {
		p := stage(t)
		sh := newShell(t.Context(), &wildSession{p.session, from}, p.options)
		defer sh.close()
		if strings.HasPrefix(text, ".load") || strings.HasPrefix(text, ".edit") {
			return // the folders of this machine
		}
		sh.pending = pending
		given := sh.complete(text, pos)
		if pos >= 0 && pos <= len(text) && (given.From < 0 || given.From > pos) {
			t.Errorf("complete(%q, %d) replaces from %d on", text, pos, given.From)
		}
	})
}

func TestHelpListsTheTable(t *testing.T) {
	t.Parallel()
	p := stage(t, ".help", "?profile", "?exti")
	p.options.Commands = []Command{
		{Name: "profile", Usage: "[name]", Doc: "switches the profile", Run: func(context.Context, *Context, string) error { return nil }},
		{Name: "trace", Doc: "is the host's own", Run: func(context.Context, *Context, string) error { return nil }},
	}
	got := p.run(t)
	for _, want := range []string{
		"\n  .exit [code]", "\n  .profile [name]", "switches the profile\n", "is the host's own", "\nModules\n  authy\n",
		".profile [name]\n\n  switches the profile\n", `did you mean ".exit"?`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("help lacks %q:\n%s", want, got)
		}
	}
	if strings.Contains(got, ".output") || strings.Contains(got, "led to the last error") {
		t.Errorf("help lists commands that do not exist:\n%s", got)
	}
	for line := range strings.Lines(got) {
		if n := widthOf(line); n > 80 {
			t.Errorf("a line of the help has %d columns, want 80: %s", n, line)
		}
	}
}

func TestHelpOnANarrowScreen(t *testing.T) {
	t.Parallel()
	p := stage(t, ".help")
	p.editor.columns = 30
	got := p.run(t)
	if !strings.Contains(got, "\n  .exit [code]\n      leaves the prompt, as\n      Ctrl-D does\n") {
		t.Errorf("the screen shows\n%s", got)
	}
}

func TestPrompt(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name       string
		prompt     Prompt
		columns, n int
		failed     bool
		locale     string
		want, more string
		painted    string
	}{
		{"usual", Prompt{Text: "sandbox"}, 80, 0, false, "", "sandbox> ", "     ... ", "\x1b[1;32msandbox\x1b[0m\x1b[1;32m> \x1b[0m"},
		{"production", Prompt{Text: "production", Sign: "!", Alert: true}, 80, 0, false, "", "production! ", "        ... ",
			"\x1b[1;31mproduction\x1b[0m\x1b[1;31m! \x1b[0m"},
		{"tasks and an error", Prompt{Text: "p"}, 80, 3, true, "en_US.UTF-8", "p[3] ✗> ", "    ... ",
			"\x1b[1;32mp\x1b[0m\x1b[33m[3]\x1b[0m\x1b[1;31m ✗\x1b[0m\x1b[1;32m> \x1b[0m"},
		{"narrow", Prompt{Text: "production", Sign: "!"}, 39, 0, false, "", "! ", ". ", "\x1b[1;32m! \x1b[0m"},
		{"narrow, after an error", Prompt{Text: "p"}, 20, 0, true, "", "x> ", ".. ", "\x1b[1;31mx\x1b[0m\x1b[1;32m> \x1b[0m"},
		{"controls", Prompt{Text: "a\nb\x1b[2J"}, 80, 0, false, "", "a b\\27[2J> ", "       ... ", "\x1b[1;32ma b\\27[2J\x1b[0m\x1b[1;32m> \x1b[0m"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := stage(t)
			p.options.NoColor = false
			p.options.Prompt = func() Prompt { return test.prompt }
			p.options.Running = func() int { return test.n }
			p.options.LookupEnv = environment("LANG", test.locale)
			p.editor.columns = test.columns
			sh := newShell(t.Context(), p.session, p.options)
			defer sh.close()
			sh.failed = test.failed
			text, paint := sh.prompt()
			if text != test.want || paint(text) != test.painted {
				t.Errorf("the prompt is %q, %q; want %q, %q", text, paint(text), test.want, test.painted)
			}
			sh.pending = "f("
			more, paint := sh.prompt()
			if more != test.more || colourless(paint(more)) != more || more == text {
				t.Errorf("the second prompt is %q, %q; want %q", more, paint(more), test.more)
			}
			if q := sh.question(); q.Initial != indentUnit {
				t.Errorf("the second line begins with %q", q.Initial)
			}
		})
	}
}
