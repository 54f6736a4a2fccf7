//go:build linux

package store_test

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/authysh/authysh/authy/sandbox/store"
)

// fullDir names the directory in which a process of its own writes until there is no room.
const fullDir = "STORE_TEST_FULL"

// TestFull: what finds no room is not acknowledged, nor is anything after it, and all that was is there afterwards.
func TestFull(t *testing.T) {
	t.Parallel()
	if dir := os.Getenv(fullDir); dir != "" {
		fill(dir)
		return
	}
	dir := t.TempDir()
	child := exec.Command(os.Args[0], "-test.run", "^TestFull$")
	child.Env = append(os.Environ(), fullDir+"="+dir)
	out, err := child.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	lines := strings.Split(string(out), "\n")
	kept := load(t, open(t, dir), "x")
	var acknowledged int
	for _, line := range lines {
		if n, ok := strings.CutPrefix(line, "kept "); ok {
			acknowledged++
			if !strings.Contains(kept, "a/"+n+"=") {
				t.Errorf("record %s was acknowledged and is not there", n)
			}
		}
	}
	const want = "lost: the data directory cannot be written: "
	if acknowledged < 10 || strings.Count(string(out), want) != 2 {
		t.Errorf("%d acknowledged, and not twice %s...: %s", acknowledged, want, out)
	}
}

// fill writes until that fails, and once more.
func fill(dir string) {
	s, err := store.Open(dir)
	if err != nil {
		panic(err)
	}
	defer s.Close()
	const room = 200 << 10
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: room, Max: room}); err != nil {
		panic(err)
	}
	size := 3000
	for n, failures := 0, 0; failures < 2; n++ {
		err := s.Queue([]store.Change{{App: "x", Kind: "a", Key: fmt.Sprintf("%04d", n), Value: []byte(strings.Repeat("v", size))}})()
		if err != nil {
			failures++
			size = 1 // which there is room for, but what came before it is missing
			fmt.Println("lost:", err)
		} else {
			fmt.Printf("kept %04d\n", n)
		}
	}
}
