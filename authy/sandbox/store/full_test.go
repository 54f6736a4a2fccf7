//go:build linux

package store_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/authysh/authysh/authy/sandbox/store"
)

// fullDir names the directory in which a process of its own writes until there is no room.
const fullDir = "STORE_TEST_FULL"

// TestFull: what finds no room is not acknowledged, nor is anything after it until the store is told to go on, and
// exactly what was acknowledged is there then, and afterwards.
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
	if acknowledged < 30 || strings.Count(string(out), want) != 4 || strings.Count(kept, "=") != acknowledged {
		t.Errorf("%d acknowledged, %d there, and not four times %s...: %s", acknowledged, strings.Count(kept, "="), want, out)
	}
	if !strings.Contains(string(out), "resumed, doubtful true, then false") {
		t.Errorf("did not go on when there was room: %s", out)
	}
}

// fill writes until that fails, once more, once more after going on without room, and then with room.
func fill(dir string) {
	s, err := store.Open(dir)
	if err != nil {
		panic(err)
	}
	defer s.Close()
	room := func(bytes uint64) {
		var limit syscall.Rlimit
		err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit)
		if limit.Cur = min(bytes, limit.Max); err != nil || syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit) != nil {
			panic("no limit")
		}
	}
	n := 0
	write := func(size int) bool {
		n++
		err := s.Queue([]store.Change{{App: "x", Kind: "a", Key: fmt.Sprintf("%04d", n), Value: []byte(strings.Repeat("v", size))}})()
		if err != nil {
			fmt.Println("lost:", err)
		} else {
			fmt.Printf("kept %04d\n", n)
		}
		return err == nil
	}
	resume := func() {
		there := 0
		err := s.Resume(func() error {
			found, err := s.Load("x")
			there = len(found["a"])
			return err
		})
		if err != nil || there == 0 || s.Err() != nil {
			panic(fmt.Sprint(err, there, s.Err()))
		}
	}
	const large = 3000
	room(200 << 10)
	for write(large) {
	}
	write(1) // for which there is room, but what came before it is missing
	resume()
	for write(large) { // in what the last one left
	}
	if s.Err() == nil {
		panic("no failure to go on from")
	}
	resume()
	write(100 << 10)
	room(1 << 40)
	resume()
	doubtful := s.Doubtful()
	for range 20 {
		write(large)
	}
	fmt.Printf("resumed, doubtful %v, then %v\n", doubtful, s.Doubtful())
}

// TestResumeRefuses: a store does not go on with a file that is not the one it had.
func TestResumeRefuses(t *testing.T) {
	t.Parallel()
	if dir := os.Getenv(fullDir + "_GONE"); dir != "" {
		fillAndRemove(dir)
		return
	}
	child := exec.Command(os.Args[0], "-test.run", "^TestResumeRefuses$")
	child.Env = append(os.Environ(), fullDir+"_GONE="+t.TempDir())
	out, err := child.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, want := range []string{
		"sandbox.db was replaced by another file: start the sandbox again",
		"sandbox.db: no such file or directory: put it back, or start the sandbox again",
		"back: <nil>",
		"closed: the data directory cannot be read again after a failure: the data directory is closed",
	} {
		if !strings.Contains(string(out), want) {
			t.Errorf("lacks %q:\n%s", want, out)
		}
	}
}

func fillAndRemove(dir string) {
	s, err := store.Open(dir)
	if err != nil {
		panic(err)
	}
	fail := func() {
		var limit syscall.Rlimit
		syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit)
		most := limit.Cur
		limit.Cur = 64 << 10
		syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit)
		err := s.Queue([]store.Change{{App: "x", Kind: "a", Key: "k", Value: make([]byte, 100<<10)}})()
		limit.Cur = most
		syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit)
		if err == nil || s.Err() == nil {
			panic("no failure")
		}
	}
	nothing := func() error { return nil }
	file := filepath.Join(dir, store.FileName)
	fail()
	os.Rename(file, file+".away")
	fmt.Println(s.Resume(nothing))
	os.WriteFile(file, nil, 0o600)
	fmt.Println(s.Resume(nothing))
	os.Rename(file+".away", file)
	fmt.Println("back:", s.Resume(nothing))
	fmt.Println(s.Queue([]store.Change{{App: "x", Kind: "a", Key: "k", Value: []byte("v")}})())
	fail()
	s.Close()
	fmt.Println("closed:", s.Resume(nothing))
}
