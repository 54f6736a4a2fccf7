package luabind

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// interpreter is the lock of a Lua state: whoever holds it may touch Lua values.
type interpreter struct {
	mu     sync.Mutex
	queued atomic.Int64  // how many want it
	turns  atomic.Uint64 // how often it was taken

	blocked blocked // guarded by the lock
}

// Lock waits for the interpreter.
func (i *interpreter) Lock() {
	i.queued.Add(1)
	i.take()
}

// announce is the first half of Lock, for a goroutine that has yet to start; take is the second.
func (i *interpreter) announce() { i.queued.Add(1) }

func (i *interpreter) take() {
	i.mu.Lock()
	i.queued.Add(-1)
	i.turns.Add(1)
}

// TryLock takes the interpreter if it is free.
func (i *interpreter) TryLock() bool { return i.mu.TryLock() }

// Unlock gives the interpreter away.
func (i *interpreter) Unlock() { i.mu.Unlock() }

// pass lets somebody else have the interpreter, if anybody wants it, while it is given away. A mutex alone would most
// often go back to the goroutine that has just unlocked it.
func (i *interpreter) pass() {
	before := i.turns.Load()
	for i.queued.Load() > 0 && i.turns.Load() == before {
		runtime.Gosched()
	}
}
