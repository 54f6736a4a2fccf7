package lua51

import lua "github.com/yuin/gopher-lua"

// NewThread makes a thread for a task: a Lua thread that a goroutine of its own will run functions in, by [PCall]. It
// has the globals and the context of L, which must be the thread that is running Lua.
//
// Unlike [lua.LState.NewThread] it derives no context, so nothing has to be cancelled, and nothing stays behind when
// the thread is given up. In a state without [Install], it does derive one, which ends with the context of L.
func NewThread(L *lua.LState) *lua.LState {
	v := of(L)
	if v == nil {
		thread, _ := L.NewThread()
		return thread
	}
	thread, _ := v.seed.NewThread()
	thread.Env = L.Env
	thread.Dead = true // nothing to resume, until PCall
	inherit(thread, L)
	return thread
}

// newCoroutine makes a coroutine of a function, for the thread L.
func (v *vm) newCoroutine(L *lua.LState, fn *lua.LFunction) *lua.LState {
	if fn.IsG { // of which a coroutine would not return to its resumer
		fn = v.make(v.plain, fn)
	}
	v.seed.Push(fn)
	rawCoroutine().create(v.seed)
	thread := v.seed.Get(-1).(*lua.LState)
	v.seed.SetTop(0)
	thread.Env = L.Env
	return thread
}

// raiseExplained panics with the error on top of the stack: the Panic function of coroutines, whose innermost frame is gone when
// the error is back where they were resumed.
func (v *vm) raiseExplained(thread *lua.LState) {
	panic(&lua.ApiError{Type: lua.ApiErrorRun, Object: v.explain(thread, thread.Get(-1)), StackTrace: untraced})
}

// inherit gives a thread the context of the one that resumes it. The one it was made under may have ended since: a
// line typed at a prompt may resume what an earlier one has made.
func inherit(thread, L *lua.LState) {
	if ctx := L.Context(); ctx != nil {
		thread.SetContext(ctx)
	} else {
		thread.RemoveContext()
	}
}

// owner is the coroutine or task that L is part of: L, or the one whose pcall L runs the function of.
func (v *vm) owner(L *lua.LState) *lua.LState {
	for {
		thread, ok := v.proxies[L]
		if !ok {
			return L
		}
		L = thread
	}
}

// resumable reports whether a thread is a coroutine that waits to be resumed.
func (v *vm) resumable(thread *lua.LState) bool {
	return !thread.Dead && thread.Parent == nil && !v.isActive(thread) && thread != thread.G.MainThread
}

// statusOf is the answer of coroutine.status in L.
func (v *vm) statusOf(L, thread *lua.LState) string {
	switch {
	case v.owner(L) == thread:
		return "running"
	case thread.Dead:
		return "dead"
	case v.resumable(thread) && root(L) != thread:
		return "suspended"
	default: // it has resumed another, or waits in Go
		return "normal"
	}
}

// root is the thread that the goroutine was started with which now runs L.
func root(L *lua.LState) *lua.LState {
	for L.Parent != nil {
		L = L.Parent
	}
	return L
}

// Root is the thread that the goroutine was started with which now runs L: a task, or the main thread. Coroutines of a task have
// its thread as root for as long as they run.
func Root(L *lua.LState) *lua.LState { return root(L) }

// transfer resumes the thread at index 1 with the values above it, which it replaces by true and what the thread
// yielded or returned, or by false and the value of an error. It returns the number of these values.
func (v *vm) transfer(L, thread *lua.LState) (n int, ok bool) {
	if v.depth >= maxDepth || framesOf(L) > maxFrames {
		L.SetTop(1)
		return fail(L, cStackOverflow), false
	}
	inherit(thread, L)
	if topFrame(thread).none() {
		atStart(thread, func() { thread.Panic = v.raiseExplained }) // the start itself sets another
	}
	depth := v.depth
	v.depth++
	n = rawResume(L, thread)
	v.depth = depth
	if ok = L.Get(2) == lua.LTrue; ok {
		return n, true
	}
	closeUpvalues(thread) // a Go panic has left them open
	value := withoutShim(L.Get(-1))
	if value == lua.LString(rawOverflow) {
		value = lua.LString(v.where(thread, 0) + "stack overflow")
	}
	L.Replace(-1, value)
	return n, false
}

// maxFrames is how many call frames coroutines that have resumed each other may have together. Calls by way of metamethods
// take Go stack, some KiB each.
const maxFrames = 10_000

// framesOf counts the call frames of a thread and of those that it was resumed by.
func framesOf(L *lua.LState) (n int) {
	for ; L != nil; L = L.Parent {
		n += topFrame(L).depth()
	}
	return n
}

// rawResume is gopher-lua's own resume. That lets an error out, and the thread current, if the values do not fit on the
// stack of the thread.
func rawResume(L, thread *lua.LState) (n int) {
	defer func() {
		if r := recover(); r != nil {
			thread.Parent, thread.Dead, L.G.CurrentThread = nil, true, L
			L.SetTop(1)
			n = fail(L, lua.LString("too many arguments to resume"))
		}
	}()
	return rawCoroutine().resume(L)
}

// resumeChecked is transfer for threads that scripts hold: any state of the thread is possible.
func (v *vm) resumeChecked(L *lua.LState) (n int, ok bool) {
	thread := L.CheckThread(1)
	if status := v.statusOf(L, thread); status != "suspended" {
		L.SetTop(1)
		return fail(L, lua.LString("cannot resume "+status+" coroutine")), false
	}
	return v.transfer(L, thread)
}

// create is coroutine.create(f).
func (v *vm) create(L *lua.LState) int {
	L.Push(v.newCoroutine(L, L.CheckFunction(1)))
	return 1
}

// resume is coroutine.resume(co, ...).
func (v *vm) resume(L *lua.LState) int {
	n, _ := v.resumeChecked(L)
	return n
}

// wrap is coroutine.wrap(f). The function it returns raises what f raises: a string with the position of the call
// before it, as in Lua 5.1, and anything else as it is.
func (v *vm) wrap(L *lua.LState) int {
	thread := v.newCoroutine(L, L.CheckFunction(1))
	// The thread is an upvalue too, for whoever measures what a function keeps.
	L.Push(L.NewClosure(func(L *lua.LState) int {
		L.Insert(thread, 1)
		n, ok := v.resumeChecked(L)
		if ok {
			return n - 1
		}
		value := L.Get(-1)
		switch value.(type) {
		case lua.LString, lua.LNumber:
			value = lua.LString(v.where(L, 1) + value.String())
		}
		L.Error(value, 0)
		return 0
	}, thread))
	return 1
}

// suspend is the Go half of coroutine.yield.
func (v *vm) suspend(L *lua.LState) int {
	if problem := v.unyieldable(L); problem != "" {
		L.Error(lua.LString(v.where(L, 1)+problem), 0)
	}
	return -1 // all values on the stack; what Yield of gopher-lua answers, without copying them
}

// unyieldable says why the running Go function cannot yield, if so. A yield ends the interpreter's loop on the Go
// stack, so there must be one only: no Go function and no instruction but a call between here and the resume.
func (v *vm) unyieldable(L *lua.LState) string {
	if v.owner(L).Parent == nil {
		return "attempt to yield from outside a coroutine"
	}
	for ok := true; ok; L, ok = v.proxies[L] {
		for f := topFrame(L).parent(); !f.none(); f = f.parent() {
			if f.fn().IsG || !f.calls() {
				return "attempt to yield across metamethod/C-call boundary"
			}
		}
	}
	return ""
}

// status is coroutine.status(co).
func (v *vm) status(L *lua.LState) int {
	L.Push(lua.LString(v.statusOf(L, L.CheckThread(1))))
	return 1
}

// running is coroutine.running(): nil in the main thread. In a task it is the thread of the task.
func (v *vm) running(L *lua.LState) int {
	thread := v.owner(L)
	if thread == L.G.MainThread {
		L.Push(lua.LNil)
	} else {
		L.Push(thread)
	}
	return 1
}

// isYieldable is coroutine.isyieldable(), from Lua 5.3.
func (v *vm) isYieldable(L *lua.LState) int {
	L.Push(lua.LBool(v.unyieldable(L) == ""))
	return 1
}
