package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/authysh/authysh/authy/sandbox/store"
)

// WithData keeps all state in a directory, which is made if need be, so that it survives restarts and
// kill -9: an answer is given only after what it tells of is on disk. One process at a time can use it. What finds no
// room on the disk is refused and undone, and there is nothing to restart once there is room.
//
// Keys and ids that are not given by options are those of the first start. The clock goes on as it was set.
// Faults and the log of requests are not kept.
func WithData(dir string) Option {
	return func(c *config) error {
		if dir == "" {
			return errors.New("data directory: must not be empty: leave the option out to keep nothing")
		}
		c.dir = dir
		return nil
	}
}

// recall reads what a former run left, and makes the disk follow from now on.
func (s *Service) recall() error {
	if s.config.dir == "" {
		return nil
	}
	open := s.config.openDisk
	if open == nil {
		open = func(dir string) (disk, error) { return store.Open(dir) }
	}
	disk, err := open(s.config.dir)
	if err != nil {
		return err
	}
	if err := s.recallFrom(disk); err != nil {
		disk.Close()
		return fmt.Errorf("data directory %s: %w", s.config.dir, err)
	}
	s.disk = disk
	for _, a := range s.apps {
		s.deliver(a, a.pending())
	}
	return nil
}

// pending are the deliveries that are still to be made.
func (a *application) pending() []int64 {
	var ids []int64
	for d := range a.deliveries.newest() {
		if d.State == DeliveryPending {
			ids = append(ids, d.ID)
		}
	}
	return ids
}

func (s *Service) recallFrom(disk disk) error {
	own, err := disk.Load(slotSandbox)
	if err != nil {
		return err
	}
	for _, r := range own[kindClock] {
		var c clockRecord
		if err := json.Unmarshal(r.Value, &c); err != nil {
			return fmt.Errorf("clock: %w", err)
		}
		s.clock.restore(c)
	}
	var first []store.Change
	for i, a := range s.apps {
		records, err := disk.Load(a.slot)
		if err != nil {
			return err
		}
		if err := a.recall(records, s.config.apps()[i], i); err != nil {
			return fmt.Errorf("app %q: %w", a.name, err)
		}
		a.journal = newJournal()
		a.watch()
		first = append(first, store.Change{App: a.slot, Kind: kindApp, Value: compactRecord(a.record())})
		for _, uuid := range a.numbered {
			first = append(first, store.Change{App: a.slot, Kind: kindApproval, Key: uuid, Value: compactRecord(a.approvals.byKey[uuid])})
		}
	}
	return disk.Queue(first)()
}

// recall reads an application back; what options said wins over what was kept.
func (a *application) recall(records map[string][]store.Record, given App, n int) error {
	a.starts = 1
	if kept := records[kindApp]; len(kept) > 0 {
		var r appRecord
		if err := json.Unmarshal(kept[0].Value, &r); err != nil {
			return err
		}
		a.adopt(r, given)
		if seed := a.config.seed; seed != nil { // not the same ids and codes once more
			a.random = newRandom(seed, n+1000*r.Starts, a.config.codes)
		}
		a.starts = r.Starts + 1
	}
	return a.load(records)
}

func (a *application) adopt(r appRecord, given App) {
	a.id, a.mongoID, a.account, a.lastID = r.ID, r.MongoID, r.Account, max(a.lastID, r.LastID)
	if len(given.Keys) == 0 && len(r.Keys) > 0 {
		a.keys = r.Keys
	}
	if given.Dashboard == (DashboardKeys{}) && r.Dashboard != (DashboardKeys{}) {
		a.dashboard = r.Dashboard
	}
	if given.CallbackURL == "" {
		a.callback = callback{r.CallbackURL, r.CallbackMethod}
	}
}
