package repl

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

var colours = map[tokenKind]string{
	tokenComment: "comment", tokenKeyword: "keyword", tokenConstant: "constant", tokenName: "name",
	tokenNumber: "number", tokenString: "string", tokenOperator: "op", tokenOther: "other",
}

// described is the tokens of a text, without blanks.
func described(src string) string {
	var words []string
	for _, t := range lex(src) {
		if t.kind == tokenBlank {
			continue
		}
		word := colours[t.kind] + "(" + t.text + ")"
		if t.open {
			word += "…"
		}
		words = append(words, word)
	}
	return strings.Join(words, " ")
}

func TestLex(t *testing.T) {
	t.Parallel()
	for src, want := range map[string]string{
		"local x_1 = nil":        "keyword(local) name(x_1) op(=) constant(nil)",
		"0x1F+1e-5 3. .5 1..2":   "number(0x1F) op(+) number(1e-5) number(3.) number(.5) number(1) op(..) number(2)",
		"0x1e+1":                 "number(0x1e) op(+) number(1)",
		`"a\"b" 'c\\' "x`:        `string("a\"b") string('c\\') string("x)…`,
		"\"a\nb":                 "string(\"a)… name(b)",
		"\"a\\\nb\"":             "string(\"a\\\nb\")",
		"[[a]b]] [=[x]]]=] [==[": "string([[a]b]]) string([=[x]]]=]) string([==[)…",
		"t[1] t[[k]]":            "name(t) op([) number(1) op(]) name(t) string([[k]])",
		"-- to the end\nx":       "comment(-- to the end) name(x)",
		"--[[ a\nb ]] x":         "comment(--[[ a\nb ]]) name(x)",
		"--[=[ a":                "comment(--[=[ a)…",
		"a<=b~=c::d...":          "name(a) op(<=) name(b) op(~=) name(c) op(::) name(d) op(...)",
		"x = @ é \xff":           "name(x) op(=) other(@) other(é) other(\xff)",
	} {
		if diff := cmp.Diff(want, described(src)); diff != "" {
			t.Errorf("lex(%q) (-want +got):\n%s", src, diff)
		}
	}
}

var sgrSequence = regexp.MustCompile(`\x1b\[[0-9;]*m`)

func FuzzPaint(f *testing.F) {
	for _, seed := range []string{
		"", "local x = 'a' -- b", "\"unfinished\nnext", "[==[ long\n]] ]==]", "é \xff\xc3 1e+ 0x", "--[[", "\\", "'\\", "f{a = 1, ['b'] = nil}",
		".help x", "?x", "x.y?", "for i = 1, 3 do\n  f(i)\nend",
	} {
		f.Add(seed)
	}
	on := painter{on: true}
	f.Fuzz(func(t *testing.T, src string) {
		if strings.Contains(src, "\x1b") {
			return
		}
		for name, painted := range map[string]string{"lua": on.lua(src), "input": on.input(src), "dim": on.dim(src)} {
			if plain := sgrSequence.ReplaceAllString(painted, ""); plain != src {
				t.Errorf("%s: %q became %q", name, src, plain)
			}
			if colourless(painted) != src {
				t.Errorf("%s: without colours %q is %q", name, src, colourless(painted))
			}
			for line := range strings.Lines(painted) {
				if strings.Count(line, "\x1b[")%2 != 0 {
					t.Errorf("%s: a colour of %q goes on beyond its line", name, src)
				}
			}
		}
		if (painter{}).lua(src) != src {
			t.Errorf("without colours, %q is changed", src)
		}
		if clean := printable(src); utf8.ValidString(src) && strings.ContainsAny(clean, "\x1b\a\b\x7f") {
			t.Errorf("printable(%q) = %q", src, clean)
		}
	})
}

func FuzzNesting(f *testing.F) {
	for _, seed := range []string{
		"if a then b() elseif c then d() else e() end", "for i = 1, 2 do while x do f() end end", "repeat f{1, [2] = (3)} until x",
		"local function f(...) return function() end end", "x = [[ end ]] -- }\n", "do local t = {{}, '}'} end",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, src string) {
		depth, _ := nesting(src)
		if depth < 0 {
			t.Errorf("nesting(%q) = %d", src, depth)
		}
		for _, line := range strings.Split(src, "\n") {
			appendLine("f(", line)
		}
		never := func(string) bool { return false }
		var joined []string
		for _, p := range split(src, never, never) {
			joined = append(joined, p.src)
		}
		squeeze := func(s string) string { return strings.Join(strings.Fields(s), " ") }
		if got := strings.Join(joined, "\n"); squeeze(got) != squeeze(src) {
			t.Errorf("split(%q) loses text: %q", src, got)
		}
	})
}

func TestPaint(t *testing.T) {
	t.Parallel()
	on := painter{on: true}
	got := on.lua("f{ id = 5, s = \"a\" } -- x")
	want := "f{ \x1b[34mid\x1b[0m = \x1b[36m5\x1b[0m, \x1b[34ms\x1b[0m = \x1b[32m\"a\"\x1b[0m } \x1b[90m-- x\x1b[0m"
	if got != want {
		t.Errorf("painted %q, want %q", got, want)
	}
	if got, want := on.input(" .help x"), "\x1b[35m .help\x1b[0m x"; got != want {
		t.Errorf("painted %q, want %q", got, want)
	}
}

func TestNoColor(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		off   bool
		value string
		set   bool
		want  bool
	}{
		{"by default", false, "", false, true},
		{"the option", true, "", false, false},
		{"the variable", false, "1", true, false},
		{"an empty variable", false, "", true, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := stage(t, "'x'", "error('y')")
			p.options.NoColor = test.off
			p.options.LookupEnv = func(name string) (string, bool) { return test.value, test.set && name == "NO_COLOR" }
			p.run(t)
			text := freshMark.ReplaceAllString(p.screen.String(), "")
			if got := strings.Contains(text, "\x1b["); got != test.want {
				t.Errorf("colours: %v, want %v, in %q", got, test.want, text)
			}
			if q := p.editor.questions[0]; (q.Paint != nil) != test.want {
				t.Error("what is typed is coloured otherwise")
			}
		})
	}
}

func TestColorDecidedByTheHost(t *testing.T) {
	t.Parallel()
	for _, off := range []bool{true, false} {
		p := stage(t, "'x'")
		p.options.NoColor, p.options.ColorDecided = off, true
		p.options.LookupEnv = environment("NO_COLOR", "1")
		p.run(t)
		text := freshMark.ReplaceAllString(p.screen.String(), "")
		if got := strings.Contains(text, "\x1b["); got == off {
			t.Errorf("with NoColor %v: colours %v", off, got)
		}
	}
}

func TestIndent(t *testing.T) {
	t.Parallel()
	for src, want := range map[string]string{
		"function f()": "  ", "if a then": "  ", "if a then\n  for i = 1, 2 do": "    ", "f({": "    ", "x = [[": "",
		"if a then\n  b()\nelse": "  ", "repeat": "  ", "x = 1 +": "", "while f(function() return end) do": "  ", "end end": "",
	} {
		if got := indentFor(src); got != want {
			t.Errorf("indentFor(%q) = %q, want %q", src, got, want)
		}
	}
	for _, test := range []struct{ pending, line, want string }{
		{"if a then", "  b()", "if a then\n  b()"},
		{"if a then\n  b()", "  end", "if a then\n  b()\nend"},
		{"if a then\n  b()", "  else", "if a then\n  b()\nelse"},
		{"f({", "    })", "f({\n  })"},
		{"x = [[\nif a", "  end", "x = [[\nif a\n  end"},
		{"if a then", "end", "if a then\nend"},
		{"", "  end", "  end"},
	} {
		if got := appendLine(test.pending, test.line); got != test.want {
			t.Errorf("appendLine(%q, %q) = %q, want %q", test.pending, test.line, got, test.want)
		}
	}
}

// Thousands of lines must not be read again for each of them.
func TestSplitLongTable(t *testing.T) {
	t.Parallel()
	asked := 0
	pieces := split("t = {\n"+strings.Repeat("  1,\n", 20_000)+"}\nt", isCommand, func(string) bool { asked++; return false })
	if len(pieces) != 2 || asked > 4 {
		t.Errorf("%d chunks, %d questions; want 2 and a few", len(pieces), asked)
	}
}
