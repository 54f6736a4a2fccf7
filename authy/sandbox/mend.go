package sandbox

import (
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/authysh/authysh/authy/sandbox/store"
)

// disk is what keeps the state; a [store.Store] but in tests.
type disk interface {
	Queue([]store.Change) (wait func() error)
	Load(app string) (map[string][]store.Record, error)
	Err() error
	Doubtful() bool
	Resume(read func() error) error
	Close() error
}

// mend makes memory follow the disk again after something could not be written, as on a full disk: what was not
// acknowledged is undone, and the next change is tried. It returns an error if the disk cannot even be read.
func (s *Service) mend() error {
	if s.disk == nil || s.disk.Err() == nil {
		return nil
	}
	if err := s.restore(); err != nil {
		return err
	}
	for _, a := range s.apps {
		a.mu.Lock()
		pending := a.pending()
		a.mu.Unlock()
		for _, id := range pending { // what there is no place for is left: marking it could fail, and so lead here again
			s.courier.start(a.slot+strconv.FormatInt(id, 10), func() { s.carry(a, id) })
		}
	}
	return nil
}

// restore replaces the state of all applications by what the disk has, at once.
func (s *Service) restore() error {
	s.mending.Lock()
	defer s.mending.Unlock()
	if s.disk.Err() == nil { // somebody else did it
		return nil
	}
	for _, a := range s.apps {
		a.mu.Lock()
		defer a.mu.Unlock()
	}
	var kept []restored
	err := s.disk.Resume(func() error {
		kept = kept[:0]
		for _, a := range s.apps {
			r, err := a.reload(s.disk)
			if err != nil {
				return fmt.Errorf("app %q: %w", a.name, err)
			}
			kept = append(kept, r)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for i, a := range s.apps {
		a.restore(kept[i])
	}
	return nil
}

// restored is what the disk has of an application.
type restored struct {
	state  state
	app    appRecord
	lastID int64
}

func (a *application) reload(disk disk) (restored, error) {
	records, err := disk.Load(a.slot)
	if err != nil {
		return restored{}, err
	}
	fresh := &application{config: a.config, slot: a.slot, state: newState(a.config.limits)}
	if err := fresh.load(records); err != nil {
		return restored{}, err
	}
	r := restored{state: fresh.state, lastID: fresh.lastID}
	if kept := records[kindApp]; len(kept) > 0 {
		err = json.Unmarshal(kept[0].Value, &r.app)
	}
	return r, err
}

// restore keeps what is fixed at the start, and the last id: none is given twice.
func (a *application) restore(r restored) {
	a.state = r.state
	a.lastID = max(a.lastID, r.lastID, r.app.LastID)
	a.callback = callback{r.app.CallbackURL, r.app.CallbackMethod}
	a.journal = newJournal()
	a.watch()
	a.tell(EventReset, struct{}{})
}

// lostError says that something could not be kept, and so was not done.
type lostError struct{ cause error }

func (e *lostError) Error() string { return e.cause.Error() }

func (e *lostError) Unwrap() error { return e.cause }

// errStored is the error for what could not be kept.
func errStored(cause error) error { return &lostError{cause} }
