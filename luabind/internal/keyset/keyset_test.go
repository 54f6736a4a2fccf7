package keyset

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"testing/quick"

	"github.com/google/go-cmp/cmp"
)

// plain is what a Set must do, without bounds.
type plain struct {
	seen map[string]int64
	adds int64
}

func (p *plain) add(key string) (first int64, dup bool) {
	p.adds++
	if first, dup = p.seen[key]; !dup {
		p.seen[key] = p.adds
	}
	return first, dup
}

// compare adds keys to a set with little room and to a plain one.
func compare(t *testing.T, s *Set, keys []string) bool {
	t.Helper()
	p := plain{seen: map[string]int64{}}
	for i, key := range keys {
		first, dup, err := s.Add(key, int64(i+1))
		wantFirst, wantDup := p.add(key)
		if first != wantFirst || dup != wantDup || err != nil {
			t.Errorf("Add %d, %q: first %d, dup %v, %v, want %d, %v", i+1, key, first, dup, err, wantFirst, wantDup)
			return false
		}
	}
	return true
}

// closed closes a set and looks for what it has left.
func closed(t *testing.T, s *Set) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	if files, err := os.ReadDir(s.dir); err != nil || len(files) > 0 {
		t.Errorf("Close left %v, %v", files, err)
	}
}

func TestAgainstMap(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	keys := make([]string, 60_000) // some 170 runs of 256, merged to three sizes
	for i := range keys {
		n := i
		if i > 0 && random.IntN(4) == 0 {
			n = random.IntN(i) // near and far
		}
		keys[i] = strconv.Itoa(n)
	}
	s := newSet(t.TempDir(), 256)
	compare(t, s, keys)
	levels := map[int]int{}
	for _, r := range s.runs {
		levels[r.level]++
	}
	if levels[2] == 0 || len(s.runs) >= 3*fanIn {
		t.Errorf("runs of each level: %v, want merged ones", levels)
	}
	for i, key := range keys { // each again, now that they have moved
		first, dup, err := s.Add(key, 0)
		if !dup || err != nil || first < 1 || keys[first-1] != key || first > int64(i+1) {
			t.Fatalf("%q again: first %d, dup %v, %v", key, first, dup, err)
		}
	}
	closed(t, s)
}

func TestQuick(t *testing.T) {
	t.Parallel()
	for most := 1; most < 4; most++ {
		err := quick.Check(func(numbers []uint8, text []string) bool {
			for _, n := range numbers {
				text = append(text, string(rune(n)))
			}
			s := newSet(t.TempDir(), most)
			defer closed(t, s)
			return compare(t, s, append(text, text...))
		}, &quick.Config{MaxCount: 40})
		if err != nil {
			t.Error(err)
		}
	}
}

func FuzzAdd(f *testing.F) {
	f.Add("a b a", 1)
	f.Add("351 911234567,351 911234567,,", 2)
	f.Fuzz(func(t *testing.T, text string, most int) {
		s := newSet(t.TempDir(), max(1, most%8))
		defer closed(t, s)
		compare(t, s, strings.SplitAfter(text, " "))
	})
}

func TestFilesOnlyWhenNeeded(t *testing.T) {
	t.Parallel()
	s := newSet(filepath.Join(t.TempDir(), "missing"), 3)
	compare(t, s, []string{"a", "b", "c", "a", "b", "c"})
	if _, _, err := s.Add("d", 1); !errors.Is(err, os.ErrNotExist) || strings.Contains(err.Error(), "TMPDIR") {
		t.Errorf("got %v, want the directory to be missing, and no advice on one that the caller chose", err)
	}
	if _, _, again := s.Add("a", 1); again == nil {
		t.Error("goes on after an error")
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if _, _, err := s.Add("a", 1); !errors.Is(err, os.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("Close again: %v", err)
	}
}

func TestNoRoomForTemporaryFiles(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing")
	for _, name := range []string{"TMPDIR", "TMP", "TEMP"} {
		t.Setenv(name, missing)
	}
	s := newSet("", 1)
	_, _, _ = s.Add("a", 1)
	_, _, err := s.Add("b", 1)
	if !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("got %v", err)
	}
	for _, part := range []string{"find keys that occur twice: ", missing, "set TMPDIR to a directory"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q does not say %q", err, part)
		}
	}
}

// TestBrokenFiles has files that can not be written, and some that lose what was written.
func TestBrokenFiles(t *testing.T) {
	t.Parallel()
	keys := strings.Split("abcdefghijklmnopqrstuvwxyz", "")
	readOnly := func(dir, pattern string) (*os.File, error) {
		file, err := os.CreateTemp(dir, pattern)
		if err != nil {
			return nil, err
		}
		defer file.Close()
		return os.Open(file.Name())
	}
	s := newSet(t.TempDir(), 2)
	s.create = readOnly
	if _, err := addAll(s, keys); err == nil {
		t.Error("no error from files that can not be written")
	}
	closed(t, s)

	s = newSet(t.TempDir(), 2)
	if _, err := addAll(s, keys[:5]); err != nil {
		t.Fatal(err)
	}
	if err := s.runs[0].file.Truncate(0); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Add("a", 1); err == nil {
		t.Error("no error from a search in a file that is cut")
	}
	closed(t, s)

	s = newSet(t.TempDir(), 2)
	if _, err := addAll(s, keys[:5]); err != nil {
		t.Fatal(err)
	}
	for _, r := range s.runs {
		if err := r.file.Truncate(0); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := addAll(s, keys[5:]); err == nil || n > 2*fanIn-5 {
		t.Errorf("%d keys, %v: no error from a merge of files that are cut", n, err)
	}
	closed(t, s)
}

func addAll(s *Set, keys []string) (n int, err error) {
	for i, key := range keys {
		if _, _, err := s.Add(key, 1); err != nil {
			return i, err
		}
	}
	return len(keys), nil
}

// TestNamedFiles is for systems that keep the name of a file while it is open.
func TestNamedFiles(t *testing.T) {
	t.Parallel()
	s := newSet(t.TempDir(), 2)
	if _, err := addAll(s, strings.Split("abcdefghijklmnopqrstuvwxyz", "")); err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir(s.dir)
	if err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS != "windows" && len(files) > 0 {
		t.Errorf("there are names of files while they are open: %v", files)
	}
	closed(t, s)
}

func TestFilter(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 4))
	const count = 100_000
	f := newFilter(count)
	hashes := make([]uint64, count)
	for i := range hashes {
		hashes[i] = random.Uint64()
		f.add(hashes[i])
	}
	for _, hash := range hashes {
		if !f.mayHave(hash) {
			t.Fatalf("%x was added, and is denied", hash)
		}
	}
	passed := 0
	for range count {
		if f.mayHave(random.Uint64()) {
			passed++
		}
	}
	if share := float64(passed) / count; share > 0.01 {
		t.Errorf("%.2f %% of foreign hashes pass, want under 1 %%", 100*share)
	}
	if diff := cmp.Diff(count*filterBits/8/64+1, len(f)); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
}
