package journal

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// childJournal is the environment variable that makes the test binary append to a journal until it is killed.
const childJournal = "AUTHYSH_TEST_JOURNAL"

// child takes rows up where the journal has them, and prints each one whose call is recorded.
func child(path string) int {
	ctx := context.Background()
	j, err := Open(ctx, path, someHeader)
	if err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Println("open")
	var mu sync.Mutex
	var workers sync.WaitGroup
	for w := range int64(4) {
		workers.Go(func() {
			for n := w + 1; ; n += 4 {
				if j.Status(n) != Unseen {
					continue
				}
				e := j.Begin(n, fmt.Sprint("key", n), []byte(`{"a":1}`))
				if e.Call(ctx, Call{Op: "request_sms", Effect: "sends"}) != nil {
					return
				}
				mu.Lock()
				fmt.Println("sent", n)
				mu.Unlock()
				if n%3 > 0 && e.Done(nil) != nil {
					return
				}
			}
		})
	}
	workers.Wait()
	return 1
}

func startChild(t *testing.T, path string) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	program, err := os.Executable()
	check(t, err)
	cmd := exec.Command(program)
	cmd.Env = append(os.Environ(), childJournal+"="+path)
	out, err := cmd.StdoutPipe()
	check(t, err)
	check(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	return cmd, bufio.NewScanner(out)
}

// TestKill kills a run again and again. No call that it was told to make is ever forgotten, and none is made twice.
func TestKill(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "j")
	sent := make(map[int64]bool)
	for round := range 3 {
		cmd, out := startChild(t, path)
		for told := 0; out.Scan(); {
			var n int64
			if _, err := fmt.Sscanf(out.Text(), "sent %d", &n); err != nil {
				if out.Text() != "open" {
					t.Fatalf("the run says: %s", out.Text())
				}
				continue
			}
			if sent[n] {
				t.Fatalf("row %d was sent twice", n)
			}
			sent[n] = true
			if told++; told == 20*(round+1) {
				check(t, cmd.Process.Kill()) // what it says until it is dead counts too
			}
		}
		_ = cmd.Wait()
		j := open(t, path)
		for n := range sent {
			if got := j.Status(n); got != Done && got != InDoubt || n%3 == 0 && got != InDoubt {
				t.Errorf("round %d: row %d was sent, and is %v", round, n, got)
			}
		}
		check(t, j.Close())
		if round == 1 {
			_, _, err := Compact(t.Context(), path)
			check(t, err)
		}
	}
}

func TestLocked(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "j")
	refused := func() {
		t.Helper()
		_, err := Open(t.Context(), path, someHeader)
		if locked, ok := errors.AsType[*LockedError](err); !ok || locked.Path != path || !strings.Contains(err.Error(), "in use by another run") {
			t.Errorf("Open: %v", err)
		}
		if _, _, err := Compact(t.Context(), path); !errors.As(err, new(*LockedError)) {
			t.Errorf("Compact: %v", err)
		}
		if _, err := Summarize(t.Context(), path); err != nil {
			t.Errorf("Summarize: %v", err)
		}
	}
	j := open(t, path)
	refused()
	check(t, j.Close())

	cmd, out := startChild(t, path)
	if !out.Scan() || out.Text() != "open" {
		t.Fatalf("the run says: %s", out.Text())
	}
	refused()
	check(t, cmd.Process.Kill())
	for out.Scan() {
	}
	_ = cmd.Wait()
	check(t, open(t, path).Close()) // a dead run holds no lock
}

// TestCompactAndOpen has runs that start while the file is being replaced: none may write into the old one.
func TestCompactAndOpen(t *testing.T) {
	t.Parallel()
	const runs = 100
	path := lines(t, "")
	stop := make(chan struct{})
	var compacting sync.WaitGroup
	compacting.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			if _, _, err := Compact(t.Context(), path); err != nil && !errors.As(err, new(*LockedError)) {
				t.Error(err)
			}
		}
	})
	for n := int64(1); n <= runs; {
		j, err := Open(t.Context(), path, someHeader)
		if errors.As(err, new(*LockedError)) {
			continue
		}
		check(t, err)
		if got := j.Counts().Done; got != int(n-1) {
			t.Errorf("%d rows are done, want %d", got, n-1)
		}
		check(t, j.Begin(n, "", nil).Done(nil))
		check(t, j.Close())
		n++
	}
	close(stop)
	compacting.Wait()
}
