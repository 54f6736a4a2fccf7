package luabind

import (
	"maps"
	"slices"
	"sync"
)

// openCalls are the calls of a row that may not be repeated, and that are not part of a step which is recorded as finished.
// By a finished step the journal forgets what was called before it, so a row that stops later would make those calls
// again: no step is recorded as finished while others have open calls. It is safe for concurrent use.
type openCalls struct {
	mu sync.Mutex
	by map[*scope]*scopeCalls
}

// scopeCalls are the open calls of one scope.
type scopeCalls struct {
	ops    []string
	flying int // how many are under way
}

func (o *openCalls) of(s *scope) *scopeCalls {
	if o.by == nil {
		o.by = map[*scope]*scopeCalls{}
	}
	if o.by[s] == nil {
		o.by[s] = new(scopeCalls)
	}
	return o.by[s]
}

// add notes a call before it is made, and returns what notes its end. One that was refused is not open any more.
func (o *openCalls) add(s *scope, op string) (ended func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	known := o.of(s)
	known.flying++
	known.note(op)
	return func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		if known.flying--; known.flying == 0 && s.untouched() {
			delete(o.by, s)
		}
	}
}

func (c *scopeCalls) note(ops ...string) {
	for _, op := range ops {
		if !slices.Contains(c.ops, op) {
			c.ops = append(c.ops, op)
		}
	}
}

// keep notes what was called earlier, and counts again.
func (o *openCalls) keep(s *scope, op string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.of(s).note(op)
}

// move makes the calls of a scope that is at its end those of another.
func (o *openCalls) move(from, to *scope) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if calls := o.by[from]; calls != nil {
		delete(o.by, from)
		o.of(to).note(calls.ops...)
	}
}

// close reports whether no other scope has open calls, and forgets those of this one if so.
func (o *openCalls) close(s *scope) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	for other := range o.by {
		if other != s {
			return false
		}
	}
	delete(o.by, s)
	return true
}

// names lists the operations.
func (o *openCalls) names() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	names := map[string]struct{}{}
	for _, calls := range o.by {
		for _, op := range calls.ops {
			names[op] = struct{}{}
		}
	}
	return slices.Sorted(maps.Keys(names))
}
