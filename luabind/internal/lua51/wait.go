package lua51

import lua "github.com/yuin/gopher-lua"

// Wait runs f, which may block, on behalf of a Go function that Lua called with L, and lets other goroutines run Lua in
// the same state meanwhile. The caller holds the lock of the state; Wait calls unlock before f and lock after it, also
// if f panics, so that Lua never goes on without it. Both may be nil in a state that only one goroutine uses.
//
// While f runs, no other task can resume the coroutine that waits, nor the task it belongs to: they are "normal".
// Afterwards L is the current thread again. f must not touch L, its state, or any Lua value.
//
// It needs no [Install], but only in a state that has it are coroutines that wait protected.
func Wait(L *lua.LState, unlock, lock func(), f func()) {
	v := of(L)
	if v != nil {
		defer v.park(root(L))()
	}
	if unlock != nil {
		unlock()
	}
	defer func() {
		if lock != nil {
			lock()
		}
		L.G.CurrentThread = L
	}()
	f()
}

// park notes that the goroutine which runs a thread stops running Lua, and returns the function that ends that. The
// depth of nested calls is that of the running goroutine: another one starts at none, or brings its own back.
func (v *vm) park(thread *lua.LState) (unpark func()) {
	depth := v.depth
	v.depth = 0
	known := v.isActive(thread)
	if !known {
		v.activate(thread)
	}
	return func() {
		v.depth = depth
		if !known {
			delete(v.active, thread)
		}
	}
}
