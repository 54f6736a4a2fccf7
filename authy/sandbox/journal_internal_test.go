package sandbox

import (
	"errors"
	"testing"
	"time"

	"github.com/authysh/authysh/authy/sandbox/store"
)

// slowDisk keeps what is queued waiting until it is told how that ended.
type slowDisk struct{ ends []chan error }

func (d *slowDisk) Queue([]store.Change) func() error {
	end := make(chan error, 2)
	d.ends = append(d.ends, end)
	return func() error { return <-end }
}

// Who reads what another request has changed waits until that is on disk, and nobody else does.
func TestReadersWaitForWriters(t *testing.T) {
	t.Parallel()
	s := New(WithKeys("a-key"))
	a, disk := s.apps[0], &slowDisk{}
	a.journal = newJournal()
	a.watch()
	now := time.Unix(1_700_000_000, 0)
	does := func(f func()) func() error {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.note(kindApp, "")
		a.month(now).APICalls++
		f()
		return a.commit(disk)
	}
	var id, other int64
	register := func(id *int64) func() {
		return func() {
			u, err := a.addUser(phone{}, now)
			if err != nil {
				t.Fatal(err)
			}
			*id = u.id
		}
	}
	does(register(&other))
	disk.ends[0] <- nil
	a.journal.unwritten = map[recordKey]*write{}
	written := does(register(&id))
	reads := func(id int64) func() error { return does(func() { a.noteUser(id) }) }

	if reads(other) != nil {
		t.Error("a reader waits for what it did not read")
	}
	first := reads(id)
	if first == nil {
		t.Fatal("a reader tells of a user who is not on disk")
	}
	full := errors.New("disk full")
	disk.ends[1] <- full
	disk.ends[1] <- full
	if err := written(); err != full {
		t.Errorf("the writer got %v", err)
	}
	if err := first(); err != full {
		t.Errorf("the reader got %v", err)
	}
	if reads(id) != nil {
		t.Error("a reader waits for what is over")
	}
	a.journal.unwritten[recordKey{kindUser, "0"}] = &write{}
	for range maxUnwritten + 1 {
		var n int64
		w := does(register(&n))
		disk.ends[len(disk.ends)-1] <- nil
		w()
	}
	if n := len(a.journal.unwritten); n > maxUnwritten {
		t.Errorf("%d records are watched", n)
	}
}
