package sandbox

import (
	"bytes"
	"fmt"
	"strconv"

	"github.com/authysh/authysh/authy/sandbox/store"
)

// journal finds out what a request changed: each record that it might change is noted before, and compared
// afterwards. So a handler cannot forget to say what it did. An application without a data directory has none.
type journal struct {
	before  map[recordKey][]byte
	order   []recordKey
	cleared bool
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

// changes ends what the journal has noted and gives what became of it.
func (a *application) changes() []store.Change {
	j := a.journal
	if j == nil {
		return nil
	}
	var out []store.Change
	if j.cleared {
		out = append([]store.Change{{App: a.slot, Clear: true}}, a.all()...)
	} else {
		for _, id := range j.order {
			if now := a.recordText(id); !bytes.Equal(now, j.before[id]) {
				out = append(out, store.Change{App: a.slot, Kind: id.kind, Key: id.key, Value: now})
			}
		}
	}
	clear(j.before)
	j.order, j.cleared = j.order[:0], false
	return out
}

// commit queues what was changed. What it returns waits until that is safe, and is nil if nothing needs to be.
//
// A count of API calls alone is worth no waiting: it is written soon, with what comes next.
func (a *application) commit(disk *store.Store) (wait func() error) {
	changes := a.changes()
	if len(changes) == 0 {
		return nil
	}
	wait = disk.Queue(changes)
	for _, c := range changes {
		if c.Kind != kindMonth {
			return wait
		}
	}
	return nil
}

func (a *application) record() appRecord {
	return appRecord{
		Name: a.name, Keys: a.keys, Dashboard: a.dashboard, ID: a.id, MongoID: a.mongoID, Account: a.account,
		CallbackURL: a.callback.target, CallbackMethod: a.callback.method, LastID: a.lastID, Starts: a.starts,
	}
}

// errStored is the answer when something was done but could not be kept.
func errStored(err error) error {
	return &refusal{code: codeInternal, status: 500, message: fmt.Sprintf("An error occurred: %v", err)}
}
