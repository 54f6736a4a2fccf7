package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

// writtenDocs is all pages of a form, by file.
func writtenDocs(t *testing.T, env map[string]string, form string) (dir string, pages map[string]string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "made")
	if code, stdout, stderr := authysh(t, "", env, "docs", form, "--dir", dir); code != 0 || stdout != "" {
		t.Fatalf("exit code %d, output %q, error %q", code, stdout, stderr)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	pages = map[string]string{}
	for _, entry := range entries {
		text, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			t.Fatal(err)
		}
		pages[entry.Name()] = string(text)
	}
	return dir, pages
}

func TestDocsHaveAll(t *testing.T) {
	t.Parallel()
	a, root := commandTree(t)
	_, markdown := writtenDocs(t, nil, "markdown")
	_, man := writtenDocs(t, nil, "man")
	all := a.allPages(root)
	if len(markdown) != len(all) || len(man) != len(all) {
		t.Errorf("%d and %d files of %d pages", len(markdown), len(man), len(all))
	}
	for _, p := range all {
		if p.topic != nil {
			if markdown[p.name()+".md"] == "" || man[p.name()+".7"] == "" {
				t.Errorf("no page of the topic %s", p.topic.Name)
			}
			continue
		}
		if p.module != nil {
			if markdown[p.name()+".md"] == "" || man[p.name()+".3"] == "" {
				t.Errorf("no page of the module %s", p.module.Name)
			}
			continue
		}
		web, roff := markdown[p.name()+".md"], strings.ReplaceAll(man[p.name()+".1"], `\-`, "-")
		if !strings.HasPrefix(web, "# "+p.title()+"\n") || !strings.Contains(roff, p.name()+" - ") {
			t.Errorf("no page of %s", p.title())
		}
		p.cmd.NonInheritedFlags().VisitAll(func(f *pflag.Flag) {
			if !f.Hidden && (!strings.Contains(web, "`--"+f.Name+"`") || !strings.Contains(roff, `\fB--`+f.Name+`\fP`)) {
				t.Errorf("%s: no --%s", p.title(), f.Name)
			}
		})
		if p.cmd.HasParent() {
			above := page{book: p.book, cmd: p.cmd.Parent()}
			if !strings.Contains(markdown[above.name()+".md"], "["+p.title()+"]("+p.name()+".md)") {
				t.Errorf("%s does not lead to %s", above.title(), p.title())
			}
		}
	}
}

var markdownLink = regexp.MustCompile(`\]\(([^)]*)\)`)

func TestDocsLinksResolve(t *testing.T) {
	t.Parallel()
	_, pages := writtenDocs(t, nil, "markdown")
	for name, text := range pages {
		for _, link := range markdownLink.FindAllStringSubmatch(text, -1) {
			if pages[link[1]] == "" {
				t.Errorf("%s: the link %s leads nowhere", name, link[1])
			}
		}
	}
}

func TestDocsAreTheSameTwice(t *testing.T) {
	t.Parallel()
	for _, form := range docForms {
		_, first := writtenDocs(t, nil, form.name)
		_, second := writtenDocs(t, nil, form.name)
		for name, text := range first {
			if second[name] != text {
				t.Errorf("%s differs", name)
			}
		}
	}
	_, dated := writtenDocs(t, map[string]string{"SOURCE_DATE_EPOCH": "86400"}, "man")
	if page := dated["authysh.1"]; !strings.Contains(page, `.TH "AUTHYSH" "1" "1970-01-02" "authysh `) {
		t.Errorf("no date: %.200s", page)
	}
}

// TestManRenders lets the programs that people read manual pages with look for mistakes.
func TestManRenders(t *testing.T) {
	t.Parallel()
	dir, _ := writtenDocs(t, map[string]string{"SOURCE_DATE_EPOCH": "86400"}, "man")
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	tried := false
	for _, reader := range [][]string{{"groff", "-man", "-ww", "-z"}, {"mandoc", "-T", "lint", "-W", "error"}} {
		if _, err := exec.LookPath(reader[0]); err != nil {
			continue
		}
		tried = true
		if out, err := exec.Command(reader[0], append(reader[1:], files...)...).CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("%s: %v: %.2000s", reader[0], err, out)
		}
	}
	if !tried {
		t.Skip("neither groff nor mandoc is installed")
	}
}

// TestEscaped shows that no sign of a plain text gets lost or does anything on the way through Markdown.
func TestEscaped(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		"a_b_c *d* **e** `f` <g> <https://x.example> [h](i) {j} | k & l ~~m~~ &amp; \"n\" 'o'", "# p", "- q", "+ r", "1. s",
		": t", "% u", "---", "--flag x", ". v", "!w", "x (y)", "AUTHYSH_*", "0012345 @file @@ana -", "```", "> z", "[^1]: note",
	} {
		made := roff("before\n" + escaped(line) + "\nafter\n")
		got := strings.NewReplacer(`\&`, "", `\e`, `\`, `\-`, "-").Replace(made)
		if !strings.Contains(got, "before\n"+line+"\nafter") {
			t.Errorf("%s: got %q", line, made)
		}
	}
}
