package journal

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if path := os.Getenv(childJournal); path != "" {
		os.Exit(child(path))
	}
	goleak.VerifyTestMain(m)
}

// someHeader is of a source without fingerprint.
var someHeader = Header{
	Script: Script{Name: "enrol.lua", SHA256: "5c"}, Source: Source{Name: "users"}, Key: "phone", Columns: []string{"phone", "email"},
}

const headerText = `{"journal":"authysh batch","version":1,"created":"2026-08-01T10:00:00Z","script":{"name":"enrol.lua","sha256":"5c"},` +
	`"source":{"name":"users","size":0,"sha256":""},"key":"phone","columns":["phone","email"]}` + "\n"

// lines makes a journal of a header and events, which are separated by line ends.
func lines(t *testing.T, events string) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "j")
	text := headerText
	for line := range strings.Lines(events) {
		if line = strings.TrimSpace(line); line != "" {
			text += line + "\n"
		}
	}
	write(t, path, text)
	return path
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// open opens a journal until the test ends.
func open(t *testing.T, path string) *Journal {
	t.Helper()
	j, err := Open(t.Context(), path, someHeader)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = j.Close() })
	return j
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
