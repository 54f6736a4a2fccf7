package journal

// A Status is what a journal says of a row.
type Status uint8

// The statuses of rows.
const (
	// Unseen is for a row that no event names.
	Unseen Status = iota
	// Done is for a row that succeeded. It stays so, whatever follows.
	Done
	// Failed is for a row that ended with an error.
	Failed
	// Interrupted is for a row that was started and has not ended. No call that may not be repeated is open in it, so
	// it may run again.
	Interrupted
	// InDoubt is for a row with a call that may not be repeated, and whose outcome was not recorded. Running it again
	// may send that call again.
	InDoubt
	// Skipped is for a row that was not to run, such as a second one with the same key.
	Skipped
)

var statusNames = [...]string{"unseen", "done", "failed", "interrupted", "in doubt", "skipped"}

func (s Status) String() string {
	if int(s) < len(statusNames) {
		return statusNames[s]
	}
	return "unknown"
}

// state is what is kept of a row, in four bits.
type state uint8

const (
	stateUnseen   state = iota
	stateStarted        // and no call is open that may not be repeated
	stateCalled         // such a call is open
	stateDoubted        // it ended with such a call
	stateAgain          // it was started again although a call may be repeated by that
	stateDone           //
	stateFailed         // and may run again
	stateAccepted       // it failed, after a call that may not be repeated
	stateSkipped        //
	states              // how many there are
)

func (s state) status() Status {
	switch s {
	case stateStarted:
		return Interrupted
	case stateCalled, stateDoubted, stateAgain:
		return InDoubt
	case stateDone:
		return Done
	case stateFailed, stateAccepted:
		return Failed
	case stateSkipped:
		return Skipped
	}
	return Unseen
}

// next is the state after an event. A row that is run again while it is in doubt stays so until it has ended: the earlier call may still have gone out, so a second kill must not make the row look harmless.
func (s state) next(e *event) state {
	if s == stateDone {
		return s
	}
	switch e.kind {
	case started:
		switch s {
		case stateCalled, stateDoubted, stateAccepted, stateAgain:
			return stateAgain
		}
		return stateStarted
	case called:
		switch {
		case s == stateAgain:
			return stateAgain
		case !e.repeatable || s == stateCalled:
			return stateCalled
		case s == stateDoubted || s == stateAccepted:
			return stateAgain
		}
		return stateStarted
	case stepped: // of a row that was in doubt, it may have been another step
		if s == stateAgain {
			return s
		}
		return stateStarted
	case undone: // says nothing of what was called since
		if s == stateCalled || s == stateAgain {
			return s
		}
		return stateStarted
	case done:
		return stateDone
	case failed:
		if !e.repeatable || s == stateAgain {
			return stateAccepted
		}
		return stateFailed
	case doubt:
		return stateDoubted
	case interrupted:
		switch s {
		case stateAgain, stateDoubted, stateAccepted:
			return stateDoubted
		}
		return stateStarted
	case skipped:
		switch s {
		case stateUnseen, stateStarted:
			return stateSkipped
		}
	}
	return s
}

// Totals count rows by how they ended.
type Totals struct {
	Done        int `json:"done" yaml:"done"`
	Failed      int `json:"failed" yaml:"failed"`
	InDoubt     int `json:"in_doubt" yaml:"in_doubt"`
	Interrupted int `json:"interrupted" yaml:"interrupted"`
	Skipped     int `json:"skipped" yaml:"skipped"`
}

// chunk is how many bytes of an index are allocated at once: growing must not copy all that is there.
const chunk = 32 << 10

// bytesByNumber is an array that grows where it is written. What was never written is 0.
type bytesByNumber []*[chunk]byte

func (a bytesByNumber) get(i uint32) byte {
	if c := int(i / chunk); c < len(a) && a[c] != nil {
		return a[c][i%chunk]
	}
	return 0
}

func (a *bytesByNumber) at(i uint32) *byte {
	c := int(i / chunk)
	for len(*a) <= c {
		*a = append(*a, nil)
	}
	if (*a)[c] == nil {
		(*a)[c] = new([chunk]byte)
	}
	return &(*a)[c][i%chunk]
}

// index is what is known of all rows.
type index struct {
	states  bytesByNumber // two rows in a byte
	hashes  bytesByNumber // of keys; 0 is for a key that is not known
	hashing bool          // whether keys are compared
	counts  [states]int
	steps   map[uint32][]int64 // where the steps of rows that are not done stand in the file
}

func (x *index) state(n uint32) state {
	return state(x.states.get(n/2)>>(n%2*4)) & 15
}

func (x *index) setState(n uint32, s state) {
	x.counts[x.state(n)]--
	x.counts[s]++
	b := x.states.at(n / 2)
	*b = *b&^(15<<(n%2*4)) | byte(s)<<(n%2*4)
}

// apply takes in an event that stands at an offset of the file.
func (x *index) apply(e *event, offset int64) {
	if e.n == 0 {
		return
	}
	was := x.state(e.n)
	now := was.next(e)
	if now != was {
		x.setState(e.n, now)
	}
	if x.hashing && e.key != "" {
		*x.hashes.at(e.n) = hashKey(e.key)
	}
	switch {
	case now == stateDone:
		delete(x.steps, e.n)
	case e.kind == stepped || e.kind == undone:
		if x.steps == nil {
			x.steps = make(map[uint32][]int64)
		}
		x.steps[e.n] = append(x.steps[e.n], offset)
	}
}

func (x *index) totals() Totals {
	var t Totals
	for s, count := range x.counts {
		switch state(s).status() {
		case Done:
			t.Done += count
		case Failed:
			t.Failed += count
		case InDoubt:
			t.InDoubt += count
		case Interrupted:
			t.Interrupted += count
		case Skipped:
			t.Skipped += count
		}
	}
	return t
}

// hashKey is FNV-1a, in a byte that is never 0. The one of the standard library allocates for each key.
func hashKey(key string) byte {
	sum := uint32(2166136261)
	for i := range len(key) {
		sum = (sum ^ uint32(key[i])) * 16777619
	}
	return byte(sum%255) + 1
}
