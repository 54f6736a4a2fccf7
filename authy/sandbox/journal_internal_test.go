package sandbox

import (
	"errors"
	"testing"
	"time"

	"github.com/authysh/authysh/authy/sandbox/store"
)

// slowDisk keeps what is queued waiting until it is told how that ended.
type slowDisk struct {
	disk
	ends []chan error
}

func (d *slowDisk) Doubtful() bool { return false }

func (d *slowDisk) Queue([]store.Change) func() error {
	end := make(chan error, 2)
	d.ends = append(d.ends, end)
	return func() error { return <-end }
}

// Who reads what another request has changed waits until that is on disk, and nobody else does.
func TestReadersWaitForWriters(t *testing.T) {
	t.Parallel()
	s := New(WithKeys("a-key"))
	a, slow := s.apps[0], &slowDisk{}
	a.journal = newJournal()
	a.watch()
	now := time.Unix(1_700_000_000, 0)
	does := func(f func()) func() error {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.note(kindApp, "")
		a.month(now).APICalls++
		f()
		return a.commit(slow)
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
	slow.ends[0] <- nil
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
	slow.ends[1] <- full
	slow.ends[1] <- full
	if err := written(); err != full {
		t.Errorf("the writer got %v", err)
	}
	if err := first(); err != full {
		t.Errorf("the reader got %v", err)
	}
	slow.ends[1] <- full
	if again := reads(id); again == nil || again() != full {
		t.Error("a reader was told of what was lost")
	}
	a.journal.unwritten = map[recordKey]*write{}
	written = does(func() { a.noteUser(id); a.users[id].suspended = true })
	slow.ends[len(slow.ends)-1] <- nil
	if err := written(); err != nil || reads(id) != nil {
		t.Errorf("a reader waits for what is over, or %v", err)
	}
	a.journal.unwritten[recordKey{kindUser, "0"}] = &write{}
	for range maxUnwritten + 1 {
		var n int64
		w := does(register(&n))
		slow.ends[len(slow.ends)-1] <- nil
		w()
	}
	if n := len(a.journal.unwritten); n > maxUnwritten {
		t.Errorf("%d records are watched", n)
	}
}
