//go:build unix

package main

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/authy/receiver"
)

// tether is a FIFO that programs hold open: its reader sees when the last of them is gone.
func tether(t *testing.T) (path string, open func() *bufio.Reader) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "tether")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	return path, func() *bufio.Reader {
		f, err := os.Open(path) // waits for who writes
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		if err := f.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
			t.Fatal(err)
		}
		return bufio.NewReader(f)
	}
}

// holding is a program that starts another one, which holds the tether, and waits for it.
const holding = `exec 3>"$1"; sleep 40 & echo up >&3; wait`

func execProgram(t *testing.T, source string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(path, []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	return "sh " + path
}

// TestListenExecChildren: who has run out of time is killed with what he has started; who has ended well may leave something
// running, even with our pipe in its hands.
func TestListenExecChildren(t *testing.T) {
	t.Parallel()
	d := &receiver.Delivery{Callback: &authy.Callback{UUID: "u", Status: "approved"}}
	var out strings.Builder
	a := &app{out: newOutput(&out, false), err: io.Discard}
	t.Run("killed", func(t *testing.T) {
		path, open := tether(t)
		hand, err := a.execHandler(execProgram(t, holding) + " " + path)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- hand(ctx, d) }()
		in := open()
		if line, err := in.ReadString('\n'); line != "up\n" {
			t.Fatalf("%q, %v", line, err)
		}
		cancel()
		if err := <-ended; err == nil || !strings.Contains(err.Error(), "signal: killed") {
			t.Error(err)
		}
		if rest, err := io.ReadAll(in); err != nil {
			t.Errorf("what the program started goes on: %q, %v", rest, err)
		}
	})
	t.Run("left", func(t *testing.T) {
		path, _ := tether(t)
		hand, err := a.execHandler(execProgram(t, `read x <"$1" & echo done`) + " " + path)
		if err != nil {
			t.Fatal(err)
		}
		if err := hand(t.Context(), d); err != nil || out.String() != "done\n" {
			t.Errorf("%v, %q", err, out.String())
		}
		f, err := os.OpenFile(path, os.O_WRONLY|syscall.O_NONBLOCK, 0)
		if err != nil {
			t.Fatalf("what the program left running is gone: %v", err)
		}
		f.Close()
	})
}

// TestListenExecInterrupted: a Ctrl-C at the terminal lets the program finish, and a second one ends it with all it started.
func TestListenExecInterrupted(t *testing.T) {
	t.Parallel()
	for _, twice := range []bool{false, true} {
		path, open := tether(t)
		source := holding
		if !twice {
			source = `echo up >"$1"; read go <"$1.go"; echo finished`
			if err := syscall.Mkfifo(path+".go", 0o600); err != nil {
				t.Fatal(err)
			}
		}
		address := freeAddress(t)
		p := sitDown(t, t.TempDir(), []string{"AUTHY_KEY=" + listenKey}, "listen", "--addr", address, "--exec", execProgram(t, source)+" "+path)
		p.sees(`listening on `)
		status := make(chan int, 1)
		if signed := signedFor(t, address, "u"); twice {
			request, err := signed.HTTPRequest(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			go http.DefaultClient.Do(request) // to which no answer comes
		} else {
			go func() { status <- deliver(t, address, signed) }()
		}
		in := open()
		if line, err := in.ReadString('\n'); line != "up\n" {
			t.Fatalf("%q, %v", line, err)
		}
		p.types("\x03")
		p.sees(`interrupted, finishing what is being handled \(again to stop at once\)`)
		if twice {
			p.types("\x03")
			p.leaves(130)
			if rest, err := io.ReadAll(in); err != nil {
				t.Errorf("what the program started goes on: %q, %v", rest, err)
			}
			continue
		}
		if err := os.WriteFile(path+".go", []byte("go\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := <-status; got != 200 {
			t.Errorf("answered %d: %s", got, p.screen())
		}
		p.sees("finished")
		p.leaves(0)
	}
}
