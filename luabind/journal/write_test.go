package journal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// disk is a file in memory that can fail, and whose syncs can be held up.
type disk struct {
	mu      sync.Mutex
	data    []byte
	room    int // how many bytes fit; 0 is no limit
	syncErr error
	writes  int
	syncs   int
	synced  int           // how much of data is safe
	syncing chan struct{} // if set, each sync sends on it, and then waits until release is closed
	release chan struct{}
}

// slowDisk is one whose syncs wait for release.
func slowDisk() *disk {
	return &disk{syncing: make(chan struct{}, 1000), release: make(chan struct{})}
}

func (d *disk) WriteAt(p []byte, off int64) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.writes++
	n := len(p)
	var err error
	if d.room > 0 && int(off)+n > d.room {
		n, err = max(0, d.room-int(off)), syscall.ENOSPC
	}
	d.data = append(d.data[:off], p[:n]...)
	return n, err
}

func (d *disk) ReadAt(p []byte, off int64) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return strings.NewReader(string(d.data)).ReadAt(p, off)
}

func (d *disk) Sync() error {
	d.mu.Lock()
	size, err := len(d.data), d.syncErr
	d.syncs++
	d.mu.Unlock()
	if d.syncing != nil {
		d.syncing <- struct{}{}
		<-d.release
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if err == nil {
		d.synced = size
	}
	return err
}

func (d *disk) Close() error { return nil }

func (d *disk) text(safe bool) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	if safe {
		return string(d.data[:d.synced])
	}
	return string(d.data)
}

func onDisk(d *disk) *Journal {
	j := newJournal("j", d, someHeader)
	go j.write()
	return j
}

var text = Call{Op: "request_sms", Effect: "sends"}

func TestCallIsDurable(t *testing.T) {
	t.Parallel()
	d := new(disk)
	j := onDisk(d)
	e := j.Begin(1, "k", []byte(`{"a":1}`))
	check(t, e.Call(t.Context(), text))
	for _, want := range []string{`"ev":"started","key":"k","row":{"a":1}}`, `"ev":"call","op":"request_sms","effect":"sends","repeatable":false}`} {
		if got := d.text(true); !strings.Contains(got, want) {
			t.Errorf("%s is not on the disk:\n%s", want, got)
		}
	}
	check(t, e.Call(t.Context(), text)) // a retry
	check(t, e.Call(t.Context(), Call{Op: "request_call", Effect: "sends"}))
	check(t, e.Step("a", nil))
	check(t, e.Call(t.Context(), text))
	check(t, e.Done([]byte("{\n}")))
	if err := e.Done(nil); !errors.Is(err, errEnded) {
		t.Errorf("Done after Done: %v", err)
	}
	check(t, j.Close())
	var got []string
	for line := range strings.Lines(d.text(true)) {
		ev, ok := decodeEvent(strings.TrimSuffix(line, "\n"))
		if !ok {
			t.Fatalf("not an event: %s", line)
		}
		got = append(got, kindNames[ev.kind]+ev.op+ev.result)
	}
	if got, want := strings.Join(got, " "), "started callrequest_sms callrequest_call step callrequest_sms done{}"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestGroupCommit has many rows that wait while the disk is busy: one sync serves them all.
func TestGroupCommit(t *testing.T) {
	t.Parallel()
	d := slowDisk()
	j := onDisk(d)
	const rows = 100
	var waiting sync.WaitGroup
	call := func(n int64) {
		if err := j.Begin(n, "", nil).Call(t.Context(), text); err != nil {
			t.Error(err)
		}
		if !strings.Contains(d.text(true), fmt.Sprintf(`{"n":%d,"at`, n)) {
			t.Errorf("row %d is not on the disk", n)
		}
	}
	waiting.Go(func() { call(1) })
	<-d.syncing
	for n := range int64(rows) {
		waiting.Go(func() { call(n + 2) })
	}
	for queued := 0; queued < 2*rows; { // all are in the queue, while the first sync is under way
		j.mu.Lock()
		queued = strings.Count(string(j.buf), "\n")
		j.mu.Unlock()
		runtime.Gosched()
	}
	close(d.release)
	waiting.Wait()
	if got := len(d.syncing); got != 1 {
		t.Errorf("%d rows took %d syncs, want 1", rows, got)
	}
	check(t, j.Close())
}

func TestWrittenSoon(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := new(disk)
		j := onDisk(d)
		begun := time.Now()
		e := j.Begin(1, "", nil)
		check(t, e.Call(t.Context(), Call{Op: "get_user_status", Effect: "reads", Repeatable: true}))
		if took := time.Since(begun); took != 0 {
			t.Errorf("a call that may be repeated waited %v", took)
		}
		time.Sleep(writeDelay) // of the bubble's clock
		synctest.Wait()
		if got := strings.Count(d.text(false), "\n"); got != 2 {
			t.Errorf("%d lines are written after %v", got, writeDelay)
		}
		if d.syncs != 0 {
			t.Errorf("%d syncs that nobody waits for", d.syncs)
		}
		check(t, j.Close())
	})
}

func TestDiskFull(t *testing.T) {
	t.Parallel()
	for name, d := range map[string]*disk{"full": {room: 300}, "sync": {syncErr: syscall.EIO}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := onDisk(d)
			var err error
			var n int64
			for n = 1; n < 100 && err == nil; n++ {
				err = j.Begin(n, "", nil).Call(t.Context(), text)
			}
			wrong, ok := errors.AsType[*WriteError](err)
			if !ok || !strings.Contains(wrong.Error(), "j: cannot write the journal: ") || !strings.Contains(wrong.Error(), "nothing more was sent") {
				t.Fatalf("got %v, want a WriteError", err)
			}
			<-j.Failed()
			d.mu.Lock()
			d.room, d.syncErr = 0, nil // room again: still nothing is written behind the hole
			writes := d.writes
			d.mu.Unlock()
			e := j.Begin(n, "", nil)
			for what, got := range map[string]error{
				"Err": j.Err(), "Call": e.Call(t.Context(), text), "Done": e.Done(nil), "Skip": j.Skip(n, "", ""),
				"Sync": j.Sync(t.Context()), "End": j.End(Totals{}), "Close": j.Close(),
			} {
				if !errors.Is(got, wrong.Err) {
					t.Errorf("%s: %v", what, got)
				}
			}
			if d.writes != writes {
				t.Errorf("it wrote on")
			}
		})
	}
}

// TestNothingBehindHole queues a record while the write before it fails.
func TestNothingBehindHole(t *testing.T) {
	t.Parallel()
	d := slowDisk()
	d.syncErr = syscall.EIO
	j := onDisk(d)
	called := make(chan error, 1)
	e := j.Begin(1, "", nil)
	go func() { called <- e.Call(t.Context(), text) }()
	<-d.syncing
	check(t, j.Begin(2, "", nil).Done(nil))
	close(d.release)
	if err := <-called; !errors.Is(err, syscall.EIO) {
		t.Errorf("Call: %v", err)
	}
	if err := j.Close(); !errors.Is(err, syscall.EIO) {
		t.Errorf("Close: %v", err)
	}
	if got := d.text(false); strings.Contains(got, `"n":2`) {
		t.Errorf("it wrote on:\n%s", got)
	}
}

// TestBackPressure has a disk that stands still: who records more than the queue takes has to wait.
func TestBackPressure(t *testing.T) {
	t.Parallel()
	d := slowDisk()
	j := onDisk(d)
	_ = j.Begin(1, "", nil)
	synced := make(chan error, 1)
	go func() { synced <- j.Sync(t.Context()) }()
	<-d.syncing
	row := []byte(`"` + strings.Repeat("x", 32<<10) + `"`)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for n := range int64(3 * mostPending / len(row)) {
			_ = j.Begin(n+2, "", row)
		}
	}()
	for full := false; !full; {
		j.mu.Lock()
		full = len(j.buf) >= mostPending
		j.mu.Unlock()
		runtime.Gosched()
	}
	j.mu.Lock()
	if most := mostPending + 2*len(row); len(j.buf) > most {
		t.Errorf("%d bytes are queued, want at most %d", len(j.buf), most)
	}
	j.mu.Unlock()
	close(d.release)
	<-ended
	check(t, <-synced)
	check(t, j.Close())
}

func TestCallCanceled(t *testing.T) {
	t.Parallel()
	d := slowDisk()
	j := onDisk(d)
	ctx, cancel := context.WithCancel(t.Context())
	e := j.Begin(1, "", nil)
	go func() {
		<-d.syncing
		cancel()
	}()
	if err := e.Call(ctx, text); !errors.Is(err, context.Canceled) {
		t.Errorf("Call: %v", err)
	}
	if err := j.Begin(2, "", nil).Call(ctx, text); !errors.Is(err, context.Canceled) || j.Status(2) != Interrupted {
		t.Errorf("Call after the end: %v, and the row is %v", err, j.Status(2))
	}
	check(t, e.Interrupted())
	if got := j.Status(1); got != Interrupted {
		t.Errorf("the row is %v", got)
	}
	close(d.release)
	check(t, j.Close())
}

func TestBadValues(t *testing.T) {
	t.Parallel()
	d := new(disk)
	j := onDisk(d)
	bad, long := []byte(`{"a":`), []byte(`"`+strings.Repeat("x", maxRecord)+`"`)
	e := j.Begin(1, "", nil)
	for what, err := range map[string]error{
		"row": j.Begin(2, "", bad).Done(nil), "result": e.Done(bad), "error": e.Fail(bad, true), "doubt": e.Doubt(bad), "step": e.Step("a", bad),
		"long result": e.Done(long), "no step": e.Step("", nil), "no op": e.Call(t.Context(), Call{}),
	} {
		if err == nil || !strings.HasPrefix(err.Error(), "row ") {
			t.Errorf("%s: %v", what, err)
		}
	}
	check(t, e.Done([]byte("{\"a\":\r\n1}")))
	if err := j.Begin(1, "", nil).Call(t.Context(), text); err == nil {
		t.Error("a row that is done began again")
	}
	check(t, j.Close())
	if err := j.Begin(3, "", nil).Done(nil); !errors.Is(err, errClosed) {
		t.Errorf("after Close: %v", err)
	}
	if err := j.Sync(t.Context()); err != nil {
		t.Errorf("Sync after Close: %v", err)
	}
	if got := strings.Count(d.text(true), "\n"); got != 2 {
		t.Errorf("%d lines, want 2:\n%s", got, d.text(true))
	}
}

func TestStepsWhileRunning(t *testing.T) {
	t.Parallel()
	j := onDisk(new(disk))
	e := j.Begin(1, "", nil)
	for n := range 3 {
		check(t, e.Step(fmt.Sprint("s", n), []byte(fmt.Sprint(n))))
	}
	check(t, e.Undone("s1"))
	steps, err := j.Steps(1)
	check(t, err)
	if got, want := fmt.Sprintf("%s", steps), "[{s0 0} {s2 2}]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	check(t, e.Done(nil))
	if steps, err := j.Steps(1); err != nil || steps != nil {
		t.Errorf("steps of a row that is done: %v, %v", steps, err)
	}
	check(t, j.Close())
	if _, err := readEvent("j", strings.NewReader("{}\n"), 0); err == nil || errors.Is(err, io.EOF) {
		t.Errorf("reading what was changed: %v", err)
	}
}
