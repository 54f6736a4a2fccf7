package lua51

import (
	"fmt"

	lua "github.com/yuin/gopher-lua"
)

const (
	// maxDepth is how many pcalls, xpcalls and resumes may be inside each other, as LUAI_MAXCCALLS of Lua 5.1. Each
	// takes some KiB of Go stack, and a Go stack overflow cannot be caught.
	maxDepth = 200

	// headroom is how many call frames must be left for a handler, and twice as many for a protected call. PCall of
	// gopher-lua corrupts a growing call stack if there is not even one.
	headroom = 8

	// handlerDepth is by how much handlers may exceed maxDepth, so that they can run for errors about it.
	handlerDepth = maxDepth / 8

	cStackOverflow = lua.LString("C stack overflow")
	errorInHandler = lua.LString("error in error handling") // LUA_ERRERR of Lua 5.1

	// rawOverflow is what gopher-lua panics with when a growing call stack is full.
	rawOverflow = "lua callstack overflow"

	// untraced stands in for a traceback: without one, PCall of gopher-lua makes its own, in quadratic time.
	untraced = "stack traceback: not taken"
)

// PCall calls a function in protected mode like [lua.LState.PCall], without the faults of that one: after an error,
// local variables of functions further up stay joined with the closures over them; the handler sees the frames of the
// function that failed; the depth of nested calls is bounded. Go code that calls a Lua function below other Lua
// functions, say a callback, should use it in place of L.PCall and of CallByParam with Protect.
//
// The function and its nargs arguments are on the stack of L, and are replaced by nret results, or by nothing after an
// error. The error is a *[lua.ApiError] whose StackTrace is the traceback of the place where it was raised, made before
// the handler ran. A nil handler is none.
//
// The outermost PCall of a thread makes it the current one. It is also what marks the thread as a task of its own: it
// cannot be resumed as a coroutine meanwhile, and counts as dead afterwards (but may be used for another PCall).
//
// In a state without [Install], it is L.PCall.
func PCall(L *lua.LState, nargs, nret int, handler *lua.LFunction) error {
	v := of(L)
	if v == nil {
		return L.PCall(nargs, nret, handler)
	}
	defer v.begin(L).end()
	h := lua.LNil
	if handler != nil {
		h = handler
	}
	fn := L.GetTop() - nargs
	if nargs < 0 || fn < 1 {
		panic(fmt.Sprintf("lua51.PCall: %d arguments and a function wanted, %d values on the stack", nargs, L.GetTop()))
	}
	L.Insert(h, fn)
	L.Insert(v.traced, fn)
	e := v.call(L, nargs+2, nret)
	if e == nil {
		return nil
	}
	e.Object = v.handleLate(L, h, e)
	e.Cause = nil
	return e
}

// CallerOf returns a [PCall] without a handler for threads of the state of L that run nothing else and are not used again after
// an error, whose frames are then still on them. Without frames of callers to keep it takes half as long.
func CallerOf(L *lua.LState) func(thread *lua.LState, nargs, nret int) error {
	v := of(L)
	return func(thread *lua.LState, nargs, nret int) error {
		if v == nil || v.depth >= maxDepth || !topFrame(thread).none() || thread.Get(-nargs-1).Type() != lua.LTFunction {
			return PCall(thread, nargs, nret, nil)
		}
		return v.callAlone(thread, nargs, nret)
	}
}

func (v *vm) callAlone(L *lua.LState, nargs, nret int) (err error) {
	defer v.begin(L).end()
	depth := v.depth
	v.depth++
	L.Panic = raise
	defer func() {
		v.depth = depth // whatever the failed calls have left
		if r := recover(); r != nil {
			e := v.complete(L, r, lua.LNil, true)
			e.Cause = nil
			err = e
		}
	}()
	L.Call(nargs, nret)
	return nil
}

// raise panics with the error on top of the stack, as threads inside PCall of gopher-lua do.
func raise(L *lua.LState) { panic(&lua.ApiError{Type: lua.ApiErrorRun, Object: L.Get(-1)}) }

// begin makes L the current thread, until the end of what it returns.
func (v *vm) begin(L *lua.LState) entry {
	e := entry{v: v, thread: L, previous: L.G.CurrentThread}
	L.G.CurrentThread = L
	if L.Parent != nil || v.isActive(L) {
		return e
	}
	e.outermost = true
	if v.only == nil {
		v.only = L
	} else {
		v.activate(L)
	}
	L.Dead = false
	return e
}

// entry is a protected call of a thread that is under way.
type entry struct {
	v         *vm
	thread    *lua.LState
	previous  *lua.LState // the current thread before
	outermost bool        // of the thread
}

func (e entry) end() {
	if e.outermost {
		if e.v.only == e.thread {
			e.v.only = nil
		} else {
			delete(e.v.active, e.thread)
		}
		e.thread.Dead = e.thread != e.thread.G.MainThread
	}
	e.thread.G.CurrentThread = e.previous
}

// activate notes that a goroutine was started with a thread, beside the one that is known.
func (v *vm) activate(thread *lua.LState) {
	if v.active == nil {
		v.active = map[*lua.LState]struct{}{}
	}
	v.active[thread] = struct{}{}
}

// isActive reports whether a goroutine was started with the thread, and runs it or waits.
func (v *vm) isActive(thread *lua.LState) bool {
	if thread == v.only {
		return true
	}
	_, ok := v.active[thread]
	return ok
}

// call calls enter or traced with their nargs arguments, if the stacks have room for it.
func (v *vm) call(L *lua.LState, nargs, nret int) *lua.ApiError {
	var refused lua.LString
	switch {
	case v.depth >= maxDepth:
		refused = cStackOverflow
	case !hasRoom(L, 2*headroom):
		refused = lua.LString(v.where(L, 1) + "stack overflow")
	default:
		return v.invoke(L, nargs, nret)
	}
	L.SetTop(L.GetTop() - nargs - 1)
	return &lua.ApiError{Type: lua.ApiErrorRun, Object: refused, StackTrace: v.traceback(L, 0), Cause: &unhandled{}}
}

// hasRoom reports whether n more call frames fit on the stack of L.
func hasRoom(L *lua.LState, n int) bool { return topFrame(L).depth()+n <= L.Options.CallStackSize }

// invoke is PCall of gopher-lua. It keeps the open upvalues of the callers out of the list meanwhile: an error closes
// all that it finds there, and so parts local variables from the closures over them.
func (v *vm) invoke(L *lua.LState, nargs, nret int) *lua.ApiError {
	upvalues, depth := swapUpvalues(L, nil), v.depth
	v.depth++
	err := L.PCall(nargs, nret, nil)
	v.depth = depth
	swapUpvalues(L, upvalues)
	if err == nil {
		return nil
	}
	return err.(*lua.ApiError)
}
