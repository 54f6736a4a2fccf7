package wholefile

import (
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"
)

func TestReplace(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "c.yaml")
	for _, text := range []string{"one", "another"} {
		if err := Replace(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != text {
			t.Errorf("got %q, %v, want %q", got, err, text)
		}
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != 0o600 && runtime.GOOS != "windows" {
		t.Errorf("mode %v, want -rw-------", got)
	}
	alone(t, filepath.Dir(path))
}

// TestReplaceFails puts a folder into the way: that stays, and nothing is left beside it.
func TestReplaceFails(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "c.yaml")
	if err := os.MkdirAll(filepath.Join(path, "below"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := Replace(path, []byte("text"), 0o600); err == nil {
		t.Error("a folder was replaced")
	}
	alone(t, filepath.Dir(path))
}

// alone checks that a folder has one entry.
func alone(t *testing.T, dir string) {
	t.Helper()
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

func TestRenew(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path, link := filepath.Join(dir, "stub.lua"), filepath.Join(dir, "link.lua")
	then := time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)
	renew := func(path, text, want string) {
		t.Helper()
		if got, err := Renew(path, []byte(text)); err != nil || got != want {
			t.Errorf("got %s, %v, want %s", got, err, want)
		}
	}
	renew(path, "one", "written")
	if err := os.Chtimes(path, then, then); err != nil {
		t.Fatal(err)
	}
	renew(path, "one", "unchanged")
	if info, err := os.Stat(path); err != nil || !info.ModTime().Equal(then) {
		t.Errorf("%v, %v; want the time as it was", info, err)
	}
	if err := os.Symlink(path, link); err != nil {
		t.Skip("no links here: ", err)
	}
	renew(link, "two", "written")
	if info, err := os.Lstat(link); err != nil || info.Mode()&fs.ModeSymlink == 0 {
		t.Errorf("%v, %v; want a link still", info, err)
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != "two" {
		t.Errorf("got %q, %v, want what was written through the link", got, err)
	}
}
