package sandbox

import (
	"bytes"
	"maps"
	"slices"
	"strconv"
	"sync/atomic"

	"github.com/authysh/authysh/authy/sandbox/store"
)

// journal finds out what a request changed: each record that it might change is noted before, and compared
// afterwards. So a handler cannot forget to say what it did. An application without a data directory has none.
type journal struct {
	before  map[recordKey][]byte
	order   []recordKey
	cleared bool
	whole   bool // any record may have been looked at

	// latest is the last write, which is over only after all before it.
	latest *write
	// unwritten are records whose latest change may not be on disk yet.
	unwritten map[recordKey]*write
}

func newJournal() *journal {
	return &journal{before: map[recordKey][]byte{}, unwritten: map[recordKey]*write{}}
}

// write is the way of some changes to disk. Whoever made them waits for it, and so knows when it is over.
type write struct {
	wait func() error
	over atomic.Bool
}

// settle leaves a write that failed open: who looks at what it changed is told so, until memory follows the disk again.
func (w *write) settle() error {
	err := w.wait()
	w.over.Store(err == nil)
	return err
}

type recordKey struct{ kind, key string }

// note remembers what a record is like now, unless it was noted since the last commit.
func (a *application) note(kindName, key string) {
	j := a.journal
	if j == nil {
		return
	}
	id := recordKey{kindName, key}
	if _, noted := j.before[id]; noted {
		return
	}
	j.before[id] = a.recordText(id)
	j.order = append(j.order, id)
}

func (a *application) recordText(id recordKey) []byte {
	k, _ := kindOf(id.kind)
	v := k.value(a, id.key)
	if v == nil {
		return nil
	}
	return compactRecord(v)
}

func (a *application) noteUser(id int64) {
	if a.journal != nil {
		a.note(kindUser, strconv.FormatInt(id, 10))
	}
}

// noteAll is for who may look at everything, as listings do.
func (a *application) noteAll() {
	if a.journal != nil {
		a.journal.whole = true
	}
}

// watch makes an application's containers tell its journal.
func (a *application) watch() {
	if a.journal == nil {
		return
	}
	noter := func(kindName string) func(string) {
		return func(key string) { a.note(kindName, key) }
	}
	numbers := func(kindName string) func(int64) {
		return func(n int64) {
			if n > 0 {
				a.note(kindName, strconv.FormatInt(n, 10))
			}
		}
	}
	a.approvals.noted = noter("approval")
	a.verifications.noted = noter("verification")
	a.registrations.noted = noter("registration")
	a.texts.noted = noter("text")
	a.pictures.noted = noter("picture")
	a.tickets.noted = noter("ticket")
	a.nonces.noted = noter("nonce")
	a.deliveries.noted = noter("delivery")
	a.outbox.noted = numbers("message")
	a.activities.noted = numbers("activity")
}

// changes ends what the journal has noted and gives what became of it, and what was noted without having changed.
func (a *application) changes() (changed []store.Change, same []recordKey) {
	j := a.journal
	if j == nil {
		return nil, nil
	}
	if j.cleared {
		changed = append([]store.Change{{App: a.slot, Clear: true}}, a.all()...)
	} else {
		for _, id := range j.order {
			if now := a.recordText(id); !bytes.Equal(now, j.before[id]) {
				changed = append(changed, store.Change{App: a.slot, Kind: id.kind, Key: id.key, Value: now})
			} else {
				same = append(same, id)
			}
		}
	}
	clear(j.before)
	j.order, j.cleared = j.order[:0], false
	return changed, same
}

// commit queues what was changed. What it returns waits until that is safe, and is nil if nothing needs to be.
//
// A count of API calls alone is worth no waiting: it is written soon, with what comes next. But who looked at what
// another request has just changed waits with it, so that nobody is told what a kill could undo.
//
// While it is in doubt whether the disk can be written, such a count is left to what comes next, too, as every reader
// would make it fail once more.
func (a *application) commit(disk disk) (wait func() error) {
	changed, same := a.changes()
	counts := !slices.ContainsFunc(changed, func(c store.Change) bool { return c.Kind != kindMonth })
	if len(changed) > 0 && !(counts && disk.Doubtful()) {
		w := &write{wait: disk.Queue(changed)}
		for _, c := range changed {
			if c.Kind != kindMonth {
				wait, a.journal.latest = w.settle, w
				a.journal.unwritten[recordKey{c.Kind, c.Key}] = w
			}
		}
	}
	if wait == nil {
		wait = a.others(same)
	}
	if j := a.journal; j != nil {
		j.whole = false
		if len(j.unwritten) > maxUnwritten {
			maps.DeleteFunc(j.unwritten, func(_ recordKey, w *write) bool { return w.over.Load() })
		}
	}
	return wait
}

// maxUnwritten is how many records are watched before those are dropped that were written.
const maxUnwritten = 1000

// others waits for the writes of other requests that concern some records, nil if there are none. The record of the
// application itself is no news to anybody.
func (a *application) others(same []recordKey) (wait func() error) {
	if j := a.journal; j != nil && j.whole {
		if j.latest == nil || j.latest.over.Load() {
			return nil
		}
		return j.latest.wait
	}
	var writes []*write
	for _, id := range same {
		if w := a.journal.unwritten[id]; w != nil && id.kind != kindApp && !w.over.Load() && !slices.Contains(writes, w) {
			writes = append(writes, w)
		}
	}
	if len(writes) == 0 {
		return nil
	}
	return func() error {
		for _, w := range writes {
			if err := w.wait(); err != nil {
				return err
			}
		}
		return nil
	}
}

func (a *application) record() appRecord {
	return appRecord{
		Name: a.name, Keys: a.keys, Dashboard: a.dashboard, ID: a.id, MongoID: a.mongoID, Account: a.account,
		CallbackURL: a.callback.target, CallbackMethod: a.callback.method, LastID: a.lastID, Starts: a.starts,
	}
}
