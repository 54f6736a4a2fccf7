package repl

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
)

func asIs(text string) string { return text }

// reopen is the history that the next shell finds.
func reopen(t *testing.T, path string) *history {
	t.Helper()
	h, err := openHistory(path, asIs)
	if err != nil {
		t.Fatalf("openHistory: %v", err)
	}
	return h
}

func add(t *testing.T, h *history, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if err := h.add(text); err != nil {
			t.Fatalf("add(%q): %v", text, err)
		}
	}
}

func TestHistoryLasts(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state", "authysh", "history")
	h := reopen(t, path)
	add(t, h, "one", "function f()\n  return '<ä>'\nend", "two", "two", " hidden", "\thidden", "", "one", "last  \n")
	want := []string{"function f()\n  return '<ä>'\nend", "two", "one", "last"}
	if !slices.Equal(h.entries, want) {
		t.Errorf("in memory %q, want %q", h.entries, want)
	}
	if got := reopen(t, path).entries; !slices.Equal(got, want) {
		t.Errorf("the next shell finds %q, want %q", got, want)
	}
	for name, mode := range map[string]os.FileMode{path: 0o600, filepath.Dir(path): 0o700} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != mode && runtime.GOOS != "windows" {
			t.Errorf("%s has mode %o, want %o", name, got, mode)
		}
	}
	data, err := os.ReadFile(path)
	if err != nil || strings.Contains(string(data), "hidden") {
		t.Errorf("the file holds %q, %v", data, err)
	}
}

func TestHistoryMendsItsFile(t *testing.T) {
	t.Parallel()
	for name, content := range map[string]string{
		"torn line":     "\"one\"\n\"two\"\n\"tor",
		"no line end":   "\"one\"\n\"two\"",
		"other content": "\"one\"\nnot JSON\n{\"x\":1}\n\n\"two\"\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "history")
			if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
				t.Fatal(err)
			}
			h := reopen(t, path)
			if want := []string{"one", "two"}; !slices.Equal(h.entries, want) {
				t.Errorf("found %q, want %q", h.entries, want)
			}
			add(t, h, "three")
			if got, want := reopen(t, path).entries, []string{"one", "two", "three"}; !slices.Equal(got, want) {
				t.Errorf("the next shell finds %q, want %q", got, want)
			}
			if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 && runtime.GOOS != "windows" {
				t.Errorf("the mode is %v, %v; want 0600", info.Mode(), err)
			}
		})
	}
}

// Several shells write, and others start and trim the file meanwhile.
func TestHistoryOfManyShells(t *testing.T) {
	t.Parallel()
	const shells, each = 4, 25
	path := filepath.Join(t.TempDir(), "history")
	var old strings.Builder
	for i := range historyLimit + historySlack + 1 {
		fmt.Fprintf(&old, "\"old %d\"\n", i%(historyLimit/2))
	}
	if err := os.WriteFile(path, []byte(old.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for shell := range shells {
		wg.Go(func() {
			h, err := openHistory(path, asIs)
			for i := range each {
				if err == nil {
					err = h.add(fmt.Sprintf("shell %d line %d", shell, i))
				}
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	entries := reopen(t, path).entries
	for shell := range shells {
		for i := range each {
			if entry := fmt.Sprintf("shell %d line %d", shell, i); !slices.Contains(entries, entry) {
				t.Errorf("%q is lost", entry)
			}
		}
	}
	if n := len(entries); n != historyLimit/2+shells*each {
		t.Errorf("%d entries, want %d", n, historyLimit/2+shells*each)
	}
	data, err := os.ReadFile(path)
	if n := strings.Count(string(data), "\n"); err != nil || n > historyLimit+historySlack {
		t.Errorf("the file has %d lines after a trim, %v", n, err)
	}
}

func TestHistoryKeepsTheNewest(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "history")
	var old []string
	for i := range historyLimit + 5 {
		old = append(old, fmt.Sprintf("line %d", i))
	}
	if err := os.WriteFile(path, encodeEntries(old), 0o600); err != nil {
		t.Fatal(err)
	}
	h := reopen(t, path)
	if n := len(h.entries); n != historyLimit || h.entries[0] != "line 5" {
		t.Errorf("%d entries from %q on, want %d from line 5 on", n, h.entries[0], historyLimit)
	}
	add(t, h, "new")
	if n := len(h.entries); n != historyLimit || h.entries[0] != "line 6" || h.entries[n-1] != "new" {
		t.Errorf("%d entries from %q to %q", n, h.entries[0], h.entries[n-1])
	}
}

func TestHistoryWhereThereCanBeNone(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	h, err := openHistory(filepath.Join(file, "history"), asIs)
	if err == nil {
		t.Error("a history below a file was opened")
	}
	add(t, h, "one")
	if !slices.Equal(h.entries, []string{"one"}) {
		t.Errorf("in memory %q", h.entries)
	}
	if runtime.GOOS == "windows" {
		return
	}
	null := reopen(t, os.DevNull)
	add(t, null, "one")
	if info, err := os.Stat(os.DevNull); err != nil || info.Mode().IsRegular() {
		t.Errorf("the null device is now %v, %v", info.Mode(), err)
	}
}

func TestHistoryClear(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "history")
	p := stage(t, "1", "2", ".history clear", "3")
	p.options.HistoryFile = path
	p.run(t)
	if got := reopen(t, path).entries; !slices.Equal(got, []string{"3"}) {
		t.Errorf("the next shell finds %q", got)
	}
}

func TestHistoryAtThePrompt(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "history")
	p := stage(t, "function f()", "return 1", "end", `open = function() end`, `open{ key = "v3ry" }`, `print("s3cr3t")`, ".time off", "f(", canceled,
		"a = 1\na", ".history", ".history 1", ".history open")
	p.options.HistoryFile = path
	p.options.Secrets = func() []string { return []string{"s3cr3t"} }
	got := p.run(t)
	want := []string{
		"function f()\n  return 1\nend", "open = function() end", `open{ key = "***" }`, `print("***")`, ".time off", "a = 1\na",
		".history", ".history 1", ".history open",
	}
	if found := reopen(t, path).entries; !slices.Equal(found, want) {
		t.Errorf("the file holds %q, want %q", found, want)
	}
	last := p.editor.questions[len(p.editor.questions)-1]
	if !slices.Equal(last.History, want) {
		t.Errorf("the editor got %q, want %q", last.History, want)
	}
	_, listed, _ := strings.Cut(got, ".history\n")
	if want := `    1  function f()
         return 1
       end
    2  open = function() end
    3  open{ key = "***" }
    4  print("***")
    5  .time off
    6  a = 1
       a
    7  .history
lua> .history 1
    8  .history 1
lua> .history open
    2  open = function() end
    3  open{ key = "***" }
    9  .history open
lua> 
`; listed != want {
		t.Errorf("listed\n%s\nwant\n%s", listed, want)
	}
	if data, err := os.ReadFile(path); err != nil || strings.Contains(string(data), "s3cr3t") || strings.Contains(string(data), "v3ry") {
		t.Errorf("the file holds a secret: %s, %v", data, err)
	}
}

func TestHistoryFile(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("the paths are of Unix")
	}
	for _, test := range []struct{ state, home, want string }{
		{"/state", "/home/ana", "/state/authysh/history"},
		{"", "/home/ana", "/home/ana/.local/state/authysh/history"},
		{"relative", "/home/ana", "/home/ana/.local/state/authysh/history"},
		{"", "", ""},
	} {
		environment := map[string]string{"XDG_STATE_HOME": test.state, "HOME": test.home}
		got := HistoryFile("authysh", func(name string) (string, bool) { v, ok := environment[name]; return v, ok })
		if got != test.want {
			t.Errorf("state %q, home %q: %q, want %q", test.state, test.home, got, test.want)
		}
	}
}
