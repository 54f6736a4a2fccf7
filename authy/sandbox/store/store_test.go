package store_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"go.etcd.io/bbolt"
	"go.uber.org/goleak"

	"github.com/authysh/authysh/authy/sandbox/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t *testing.T, dir string) *store.Store {
	t.Helper()
	s, err := store.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func put(t *testing.T, s *store.Store, changes ...store.Change) {
	t.Helper()
	if err := s.Queue(changes)(); err != nil {
		t.Fatal(err)
	}
}

func load(t *testing.T, s *store.Store, app string) string {
	t.Helper()
	kinds, err := s.Load(app)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, kind := range []string{"a", "b"} {
		for _, r := range kinds[kind] {
			fmt.Fprintf(&b, "%s/%s=%s ", kind, r.Key, r.Value)
		}
	}
	return strings.TrimSpace(b.String())
}

func TestRecords(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "made", "on the way")
	s := open(t, dir)
	put(t, s,
		store.Change{App: "x", Kind: "a", Key: "", Value: []byte("1")},
		store.Change{App: "x", Kind: "a", Key: "k", Value: []byte("2")},
		store.Change{App: "x", Kind: "b", Key: "k", Value: []byte("3")},
		store.Change{App: "y", Kind: "a", Key: "k", Value: []byte("4")},
	)
	put(t, s, store.Change{App: "x", Kind: "a", Key: "k"}, store.Change{App: "x", Kind: "b", Key: "none"})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Queue(nil)(); err == nil {
		t.Error("wrote after Close")
	}
	s = open(t, dir)
	if got := load(t, s, "x"); got != "a/=1 b/k=3" {
		t.Error(got)
	}
	put(t, s, store.Change{App: "x", Clear: true}, store.Change{App: "x", Kind: "a", Key: "n", Value: []byte("5")}, store.Change{App: "z", Clear: true})
	if got := load(t, s, "x") + ", " + load(t, s, "y") + ", " + load(t, s, "none"); got != "a/n=5, a/k=4, " {
		t.Error(got)
	}
	if apps, err := s.Apps(); err != nil || strings.Join(apps, " ") != "x y" {
		t.Error(apps, err)
	}
	if info, err := os.Stat(filepath.Join(dir, store.FileName)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v: others can read secrets", info.Mode(), err)
	}
}

// What is waited for is there, whoever else writes.
func TestManyWriters(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir)
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := range 25 {
				put(t, s, store.Change{App: "x", Kind: "a", Key: fmt.Sprintf("%d-%02d", w, i), Value: []byte("v")})
			}
		})
	}
	wg.Wait()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if got := strings.Count(load(t, open(t, dir), "x"), "=v"); got != 8*25 {
		t.Errorf("%d records", got)
	}
}

func TestRefusedDirectories(t *testing.T) {
	t.Parallel()
	used := t.TempDir()
	open(t, used)

	newer := t.TempDir()
	open(t, newer).Close()
	db, err := bbolt.Open(filepath.Join(newer, store.FileName), 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	db.Update(func(tx *bbolt.Tx) error {
		return tx.Bucket([]byte("meta")).Put([]byte("version"), []byte(strconv.Itoa(store.Version+1)))
	})
	db.Close()

	foreign := t.TempDir()
	os.WriteFile(filepath.Join(foreign, store.FileName), []byte(strings.Repeat("no database", 1000)), 0o600)

	// A file of ours that lacks its end, in two places, and one with a page that is no page.
	whole := t.TempDir()
	s := open(t, whole)
	for i := range 200 {
		put(t, s, store.Change{App: "x", Kind: "a", Key: strconv.Itoa(i), Value: []byte(strings.Repeat("v", 500))})
	}
	s.Close()
	text, err := os.ReadFile(filepath.Join(whole, store.FileName))
	if err != nil {
		t.Fatal(err)
	}
	page := os.Getpagesize()
	damage := func(text []byte) string {
		dir := t.TempDir()
		os.WriteFile(filepath.Join(dir, store.FileName), text, 0o600)
		return dir
	}
	cut, short, stub := damage(text[:len(text)/2]), damage(text[:2*page+100]), damage(text[:3000])
	broken := slices.Clone(text)
	for i := 2 * page; i < len(text); i++ {
		broken[i] ^= 0x5a
	}
	changed := damage(broken)

	file := filepath.Join(t.TempDir(), "file")
	os.WriteFile(file, nil, 0o600)

	for dir, want := range map[string]string{
		used:    "another process is using it: stop that one, or choose another directory",
		newer:   "it has version 2, and this program knows no newer one than 1",
		foreign: "sandbox.db is no data of a sandbox",
		cut:     "sandbox.db is damaged (",
		short:   "sandbox.db is damaged (",
		stub:    "sandbox.db is damaged (it is cut off)",
		changed: "sandbox.db is damaged (",
		file:    "not a directory",
	} {
		s, err := store.Open(dir)
		if err == nil {
			s.Close()
			t.Errorf("%s: opened", want)
		} else if !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), dir) {
			t.Errorf("%v, want ...%s...", err, want)
		}
	}
}
