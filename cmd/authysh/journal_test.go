package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/authysh/authysh/luabind/journal"
)

// runWith runs the program without environment or input.
func runWith(t *testing.T, terminal bool, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs strings.Builder
	code = run(t.Context(), args, stdio{
		program: "authysh", stdin: strings.NewReader(""), stdout: &out, stderr: &errs, stdoutTerminal: terminal,
		lookupEnv: func(string) (string, bool) { return "", false },
		exit:      func(int) {},
	})
	return code, out.String(), errs.String()
}

// TestJournalInUse looks at a journal while a run is at work with it.
func TestJournalInUse(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "users.journal")
	j, err := journal.Open(t.Context(), path, journal.Header{Script: journal.Script{Name: "enrol.lua"}})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	_ = j.Begin(1, "+351911234567", nil)
	if err := j.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	code, _, stderr := runWith(t, false, "journal", "compact", path)
	if want := "authysh: " + path + " is in use by another run: wait until it ends, or stop it, and try again\n"; code != 2 || stderr != want {
		t.Errorf("compact ended with %d: %q, want 2: %q", code, stderr, want)
	}
	code, stdout, stderr := runWith(t, true, "journal", "show", path)
	if code != 0 || !strings.Contains(stdout, "\ninterrupted  1\n") || !strings.Contains(stdout, "\nnext: unless the run is at work, ") {
		t.Errorf("show on a terminal ended with %d:\n%s%s", code, stdout, stderr)
	}
	if _, err := os.Stat(path + ".compact"); err == nil {
		t.Error("compact left a file behind")
	}
}
