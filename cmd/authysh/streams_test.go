package main

import (
	"errors"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
)

// writes records each write on its own.
type writes struct {
	mu   sync.Mutex
	all  []string
	fail error
}

func (w *writes) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.fail != nil {
		return 0, w.fail
	}
	w.all = append(w.all, string(p))
	return len(p), nil
}

func (w *writes) text() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return strings.Join(w.all, "|")
}

func put(t *testing.T, o *output, text string) {
	t.Helper()
	if n, err := o.Write([]byte(text)); err != nil || n != len(text) {
		t.Fatalf("Write(%d bytes) = %d, %v", len(text), n, err)
	}
}

func TestOutputOnTerminal(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var w writes
		o := newOutput(&w, true)
		put(t, o, "name? ")
		if got := w.text(); got != "" {
			t.Errorf("half a line is out: %q", got)
		}
		put(t, o, "Ana\n")
		put(t, o, "50%\r")
		if got, want := w.text(), "name? Ana\n|50%\r"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		o.Flush()
	})
}

func TestOutputInPipe(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var w writes
		o := newOutput(&w, false)
		put(t, o, "one\n")
		put(t, o, "two\n")
		if got := w.text(); got != "" {
			t.Errorf("written at once: %q", got)
		}
		synctestSleep(outputDelay)
		if got, want := w.text(), "one\ntwo\n"; got != want {
			t.Errorf("after a moment: got %q, want %q", got, want)
		}
		put(t, o, "three\n")
		synctestSleep(outputDelay)
		if got, want := w.text(), "one\ntwo\n|three\n"; got != want {
			t.Errorf("after another: got %q, want %q", got, want)
		}
	})
}

func TestOutputFull(t *testing.T) {
	t.Parallel()
	var w writes
	o := newOutput(&w, false)
	small, large := strings.Repeat("s", outputBuffer-1), strings.Repeat("L", outputBuffer)
	put(t, o, small)
	put(t, o, large)
	put(t, o, "end")
	if err := o.Flush(); err != nil {
		t.Fatal(err)
	}
	if got, want := w.text(), small+"|"+large+"|end"; got != want {
		t.Errorf("got %d bytes, want the three pieces in order", len(got))
	}
}

func TestOutputFails(t *testing.T) {
	t.Parallel()
	w := writes{fail: syscall.EPIPE}
	o := newOutput(&w, true)
	if _, err := o.Write([]byte("x\n")); !errors.Is(err, syscall.EPIPE) {
		t.Errorf("Write: error %v, want the pipe's", err)
	}
	w.fail = nil
	if _, err := o.Write([]byte("y\n")); !errors.Is(err, syscall.EPIPE) {
		t.Errorf("Write after a failure: error %v, want the first one", err)
	}
	if err := o.Flush(); !errors.Is(err, syscall.EPIPE) || w.text() != "" {
		t.Errorf("Flush: error %v and output %q, want the first error and none", err, w.text())
	}
}

// TestOrder looks at standard output when something is read or complained about.
func TestOrder(t *testing.T) {
	t.Parallel()
	var w writes
	o := newOutput(&w, false)
	put(t, o, "question? ")
	if _, err := (flushingReader{strings.NewReader("answer"), o}).Read(make([]byte, 6)); err != nil {
		t.Fatal(err)
	}
	put(t, o, "output ")
	if _, err := (flushingWriter{&w, o}).Write([]byte("complaint")); err != nil {
		t.Fatal(err)
	}
	if got, want := w.text(), "question? |output |complaint"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
