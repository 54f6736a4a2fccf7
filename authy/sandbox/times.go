package sandbox

import (
	"time"

	"github.com/authysh/authysh/authy/sandbox/store"
)

// Clock tells what time it is in the sandbox.
func (s *Service) Clock() ClockState { return s.clock.state() }

// SetClock sets the time; it goes on from there, or stands still if it is frozen.
func (s *Service) SetClock(t time.Time) error { return s.changeClock(clockChange{set: &t}) }

// AdvanceClock moves the time forward, or back for a negative d.
func (s *Service) AdvanceClock(d time.Duration) error {
	return s.changeClock(clockChange{advance: &d})
}

// FreezeClock stops or restarts the time.
func (s *Service) FreezeClock(frozen bool) error { return s.changeClock(clockChange{freeze: &frozen}) }

// RealClock returns to the real time.
func (s *Service) RealClock() error { return s.changeClock(clockChange{real: true}) }

func (s *Service) changeClock(ch clockChange) error {
	return s.keepClock(func() error { return s.clock.change(ch) })
}

// keepClock changes the clock and keeps that, or leaves it as it was.
func (s *Service) keepClock(change func() error) error {
	s.setting.Lock()
	defer s.setting.Unlock()
	was := s.clock.record()
	if err := change(); err != nil {
		return err
	}
	if err := s.writeClock(); err != nil {
		s.clock.restore(was)
		return errStored(err)
	}
	s.hub.publish(EventClock, "", s.clock.state())
	return nil
}

// slotSandbox is where the disk has what belongs to no application.
const slotSandbox = "sandbox"

const kindClock = "clock"

// clockRecord is how a clock survives a restart.
type clockRecord struct {
	Offset time.Duration `json:"offset"`
	Frozen bool          `json:"frozen"`
	At     time.Time     `json:"at,omitzero"`
}

func (c *clock) record() clockRecord {
	c.mu.Lock()
	defer c.mu.Unlock()
	return clockRecord{c.offset, c.frozen, c.at}
}

func (c *clock) restore(r clockRecord) {
	if c.injected {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offset, c.frozen, c.at = r.Offset, r.Frozen, r.At
}

func (s *Service) writeClock() error {
	if s.disk == nil {
		return nil
	}
	if err := s.mend(); err != nil {
		return err
	}
	err := s.disk.Queue([]store.Change{{App: slotSandbox, Kind: kindClock, Value: compactRecord(s.clock.record())}})()
	if err != nil {
		s.mend()
	}
	return err
}

// Reset forgets everything but keys, names and settings, and returns the clock to the real time. Faults stay.
//
// It can fail only with a data directory that cannot be written; what was not reset then stays as it was.
func (s *Service) Reset() error {
	if err := s.keepClock(func() error { s.clock.reset(); return nil }); err != nil {
		return err
	}
	for _, a := range s.apps {
		if err := s.reset(a); err != nil {
			return err
		}
	}
	return nil
}

// reset forgets what one application knows.
func (s *Service) reset(a *application) error {
	return s.transact(a, nil, func(time.Time) error {
		a.state = newState(s.config.limits)
		a.forget()
		a.tell(EventReset, struct{}{})
		return nil
	})
}

// forget makes the disk follow a state that was replaced as a whole.
func (a *application) forget() {
	if a.journal != nil {
		a.journal.cleared = true
		a.watch()
	}
}
