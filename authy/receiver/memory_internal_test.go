package receiver

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func opened(t *testing.T, most int, path string) *memory {
	t.Helper()
	m, err := openMemory(most, path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.close() })
	return m
}

// TestRememberReachesTheDisk: nobody is told that something is kept before it is on the disk, also when many write.
func TestRememberReachesTheDisk(t *testing.T) {
	t.Parallel()
	m := opened(t, 1000, filepath.Join(t.TempDir(), "state"))
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			if err := m.remember(markOf(fmt.Sprint(i))); err != nil {
				t.Error(err)
			}
			m.disk.Lock()
			defer m.disk.Unlock()
			if m.synced == 0 {
				t.Error("not on the disk")
			}
		})
	}
	wg.Wait()
	if m.synced != m.passed || m.passed != 50 {
		t.Errorf("%d of %d writes are on the disk", m.synced, m.passed)
	}
}

// TestStateRecovers: a write that failed, of which half a line may be in the file, is made up for by the next.
func TestStateRecovers(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state")
	m := opened(t, 100, path)
	m.remember(markOf("one"))
	m.file.WriteString("0123")
	m.file.Close()
	m.file, _ = os.Open(path) // cannot be written to
	if err := m.remember(markOf("two")); err == nil {
		t.Error("a write that failed was not told of")
	}
	if err := m.remember(markOf("three")); err != nil {
		t.Error(err)
	}
	m.close()
	m = opened(t, 100, path)
	for _, name := range []string{"one", "two", "three"} {
		if !m.has(markOf(name)) {
			t.Errorf("%s was forgotten", name)
		}
	}
}

// TestStateFiles: which contents a state file may have, and what is said of others.
func TestStateFiles(t *testing.T) {
	t.Parallel()
	k := markOf("x")
	line := fmt.Sprintf("%x\n", k[:])
	for _, test := range []struct{ name, content, want string }{
		{"empty", "", ""},
		{"cut off in the head", stateHead[:10], ""},
		{"cut off in a line", stateHead + line + line[:20], ""},
		{"zeros at the end", stateHead + line + strings.Repeat("\x00", 100), ""},
		{"more zeros at the end", stateHead + line + strings.Repeat("\x00", 3*stateLine), ""},
		{"newer", "authy receiver state 2\nbinary", "written by a newer version"},
		{"newer still", "authy receiver state 10\n", "written by a newer version"},
		{"something else", "root:x:0:0:root:/root:/bin/sh\n", "no state file but something else"},
		{"damaged", stateHead + line + strings.Repeat("x", stateLine) + line, "damaged after 1 deliveries"},
		{"zeros in the middle", stateHead + line + strings.Repeat("\x00", stateLine) + line, "damaged after 1 deliveries"},
	} {
		path := filepath.Join(t.TempDir(), "state")
		os.WriteFile(path, []byte(test.content), 0o600)
		m, err := openMemory(10, path)
		switch {
		case test.want == "" && err != nil, test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
			t.Errorf("%s: %v", test.name, err)
		case err == nil:
			if strings.Contains(test.content, line) && !m.has(k) {
				t.Errorf("%s: what was whole is forgotten", test.name)
			}
			m.close()
		default:
			if got, _ := os.ReadFile(path); string(got) != test.content {
				t.Errorf("%s: the file was changed", test.name)
			}
		}
	}
	if _, err := openMemory(10, t.TempDir()); err == nil || !strings.Contains(err.Error(), "is not a file") {
		t.Errorf("a folder: %v", err)
	}
	if _, err := openMemory(10, filepath.Join(t.TempDir(), "none", "state")); err == nil || !strings.Contains(err.Error(), "cannot be locked") {
		t.Errorf("a folder that is not there: %v", err)
	}
}

// TestStateStaysSmall: the file never has more than twice what is remembered.
func TestStateStaysSmall(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state")
	m := opened(t, 10, path)
	for i := range 100 {
		if err := m.remember(markOf(fmt.Sprint(i))); err != nil {
			t.Fatal(err)
		}
		if info, _ := os.Stat(path); info.Size() > int64(len(stateHead)+20*stateLine) {
			t.Fatalf("after %d: %d bytes", i, info.Size())
		}
	}
	m.close()
	m = opened(t, 10, path)
	if !m.has(markOf("99")) || !m.has(markOf("90")) || m.has(markOf("89")) {
		t.Error("not the last ten are remembered")
	}
}
