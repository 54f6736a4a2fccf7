package worker

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/luabind"
)

func init() { programs["parent"] = parent }

// parent is a program that is killed while a script runs.
func parent() {
	w, err := New(Options{Client: &authy.Client{Key: "none"}, Stdout: os.Stdout, Time: time.Minute})
	if err != nil {
		panic(err)
	}
	w.options.Stdout = writerFunc(func([]byte) (int, error) {
		return fmt.Println(w.child.cmd.Process.Pid)
	})
	_ = w.Run(context.Background(), luabind.Script{Source: `io.write "up" while true do end`})
}

// gone waits until a process has ended; one that nobody waits for counts as such.
func gone(t *testing.T, pid int) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); runtime.Gosched() {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			return
		}
		if _, after, _ := bytes.Cut(text, []byte(") ")); bytes.HasPrefix(after, []byte("Z")) {
			return
		}
	}
	t.Errorf("process %d is still there", pid)
	_ = syscall.Kill(pid, syscall.SIGKILL)
}

// TestParentDies: no child survives its parent.
func TestParentDies(t *testing.T) {
	t.Parallel()
	cmd := exec.Command(os.Args[0], "parent")
	cmd.Env = append(os.Environ(), "TMPDIR="+t.TempDir()) // it leaves the folder of the child
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		t.Fatal(err)
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	gone(t, pid)
}

// TestHostileMemory kills a child that takes more and more, and one that the system would have to.
func TestHostileMemory(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(o *Options) { o.Memory, o.Command = 64<<20, []string{os.Args[0], "hostile:memory"} })
	wantReason(t, b.run(t, ``), ReasonMemory)
	b = newBench(t, func(o *Options) { o.Memory, o.Limits.Memory = 64<<20, 1<<40 })
	err := b.run(t, `local t = {} for i = 1, 1e9 do t[i] = ("x"):rep(1000) .. i end`)
	if killed, ok := errors.AsType[*KilledError](err); race && ok && killed.Reason == ReasonDied {
		t.Logf("the race detector, whose own memory is under the cap, crashes when the system refuses it any: %v", err)
		return
	}
	wantReason(t, err, ReasonMemory)
}

// TestHostileFamily kills what a child has started, too.
func TestHostileFamily(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(o *Options) { o.Command, o.Time = []string{os.Args[0], "hostile:family"}, time.Second })
	wantReason(t, b.run(t, ``), ReasonTime)
	pid, err := strconv.Atoi(b.out.take())
	if err != nil {
		t.Fatal(err)
	}
	gone(t, pid)
}

// TestNothingAround: a child has no environment, an empty folder, and leaves nothing behind.
func TestNothingAround(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(o *Options) { o.Command = []string{os.Args[0], "hostile:look"} })
	if err := b.run(t, ``); err != nil {
		t.Fatal(err)
	}
	got := b.out.take()
	dir, found := strings.CutPrefix(got, "[] 0 ")
	if !found {
		t.Fatalf("the child saw %s", got)
	}
	pid := b.pid()
	_ = b.Close()
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s is left: %v", dir, err)
	}
	if err := syscall.Kill(pid, 0); err == nil {
		t.Error("the process is left")
	}
}
