package sandbox

import (
	"errors"
	"fmt"
	"sync"
	"time"
)

// ErrClockInjected is returned when a clock that was given with [WithClock] is to be changed.
var ErrClockInjected = errors.New("sandbox: the clock was given by the program and cannot be changed here")

// The years that a clock can be set to: Unix times that fit everywhere, offsets that fit a Duration.
const (
	minYear = 1970
	maxYear = 2200
)

// ClockState tells what time it is in the sandbox; its JSON form is what GET /sandbox/clock answers.
type ClockState struct {
	Now time.Time `json:"now"`
	// Frozen reports whether time stands still.
	Frozen bool `json:"frozen"`
	// Adjustable is false for a clock given with [WithClock].
	Adjustable bool `json:"adjustable"`
}

// clock is the real time plus an offset, or a fixed time while frozen. It is safe for concurrent use.
type clock struct {
	source   func() time.Time
	injected bool

	mu     sync.Mutex
	offset time.Duration
	frozen bool
	at     time.Time // the time while frozen
}

func newClock(injected func() time.Time) *clock {
	if injected != nil {
		return &clock{source: injected, injected: true}
	}
	return &clock{source: time.Now}
}

func (c *clock) now() time.Time { return c.state().Now }

func (c *clock) state() ClockState {
	c.mu.Lock()
	defer c.mu.Unlock()
	return ClockState{Now: c.nowLocked(), Frozen: c.frozen, Adjustable: !c.injected}
}

func (c *clock) nowLocked() time.Time {
	if c.frozen {
		return c.at
	}
	// Without the monotonic reading, so that a machine that slept agrees with its wall clock.
	return c.source().Add(c.offset).Round(0).UTC()
}

// clockChange is what to do to a clock, in the order of the fields; nil fields leave it alone.
type clockChange struct {
	real    bool // back to the real time first
	set     *time.Time
	advance *time.Duration
	freeze  *bool
}

// change applies all of ch at once, so that no request sees half of it.
func (c *clock) change(ch clockChange) error {
	if c.injected {
		return ErrClockInjected
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	was := clockRecord{c.offset, c.frozen, c.at}
	if ch.real {
		c.offset, c.frozen, c.at = 0, false, time.Time{}
	}
	now := c.nowLocked()
	if ch.set != nil {
		now = ch.set.Round(0).UTC()
	}
	if ch.advance != nil {
		now = now.Add(*ch.advance)
	}
	if y := now.Year(); y < minYear || y > maxYear {
		c.offset, c.frozen, c.at = was.Offset, was.Frozen, was.At
		return fmt.Errorf("sandbox: clock: must stay between the years %d and %d, got %d", minYear, maxYear, y)
	}
	c.at = now
	if ch.set != nil || ch.advance != nil || !ch.real {
		c.offset = now.Sub(c.source())
	}
	if ch.freeze != nil {
		c.frozen = *ch.freeze
	}
	return nil
}

// reset returns to the real time; an injected clock stays as it is.
func (c *clock) reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offset, c.frozen, c.at = 0, false, time.Time{}
}
