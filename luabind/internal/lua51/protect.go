package lua51

import (
	"fmt"
	"runtime/debug"

	lua "github.com/yuin/gopher-lua"
)

// unhandled marks, as the Cause of an error, that its handler has not run yet, and keeps the lines of the traceback.
type unhandled struct{ lines []string }

func (*unhandled) Error() string { return "handler has not run" }

// handled is the value that a handler made of an error, on its way out of the thread.
type handled struct{ value lua.LValue }

// enterPlain is the Go function at the base of a protected call: enter(handler, f, ...).
func (v *vm) enterPlain(L *lua.LState) int { return v.run(L, false) }

// enterTraced is enterPlain for errors that are to have a traceback.
func (v *vm) enterTraced(L *lua.LState) int { return v.run(L, true) }

// run calls f, and completes an error on its way to PCall, while the frames and registers of f are still there.
func (v *vm) run(L *lua.LState, trace bool) int {
	h := L.Get(1)
	defer func() {
		if r := recover(); r != nil {
			panic(v.complete(L, r, h, trace))
		}
	}()
	if v.pushNotCallable(L, 2) {
		panic(&lua.ApiError{Type: lua.ApiErrorRun, Object: L.Get(-1)})
	}
	L.Call(L.GetTop()-2, lua.MultRet)
	return L.GetTop() - 1
}

// IsRaised reports whether a recovered value is an error of Lua's, which somebody further up may catch, and no panic of Go code.
func IsRaised(recovered any) bool {
	_, ok := recovered.(*lua.ApiError)
	return ok || recovered == rawOverflow
}

// complete turns what was recovered into the error to go on with: upvalues closed, handler run, traceback made.
func (v *vm) complete(L *lua.LState, r any, h lua.LValue, trace bool) *lua.ApiError {
	e := &lua.ApiError{Type: lua.ApiErrorPanic}
	raised, ok := r.(*lua.ApiError)
	switch {
	case ok:
		*e = *raised
		e.Object = v.explain(L, e.Object)
	case r == rawOverflow:
		e.Type, e.Object = lua.ApiErrorRun, lua.LString(v.where(L, 0)+"stack overflow")
	default:
		e.Object = lua.LString(fmt.Sprint(r))
	}
	e.Object = withoutShim(e.Object)
	closeUpvalues(L)
	e.StackTrace = untraced
	if trace {
		e.StackTrace = v.traceback(L, 0)
		if !ok && L.Options.IncludeGoStackTrace {
			e.StackTrace += "\n" + string(debug.Stack())
		}
	}
	if h == lua.LNil {
		return e
	}
	if !hasRoom(L, headroom) { // the handler has to wait until there is
		e.Cause = &unhandled{v.lines(L)}
		return e
	}
	e.Object = v.handle(L, h, e.Object)
	closeUpvalues(L) // those that a failed handler left
	return e
}

// handle runs a handler over the frames that failed. It may leave frames of its own; L is about to be unwound.
func (v *vm) handle(L *lua.LState, h, value lua.LValue) (result lua.LValue) {
	if canceled(L) {
		return value
	}
	defer func() {
		if recover() != nil {
			result = errorInHandler
		}
	}()
	L.Push(v.handler)
	L.Push(h)
	L.Push(value)
	L.Call(2, 1)
	return L.Get(-1)
}

// handleLate runs a handler that could not run before, and returns the value of the error.
func (v *vm) handleLate(L *lua.LState, h lua.LValue, e *lua.ApiError) lua.LValue {
	late, ok := e.Cause.(*unhandled)
	switch {
	case !ok || h == lua.LNil || canceled(L):
		return e.Object
	case v.depth >= maxDepth+handlerDepth || !hasRoom(L, headroom):
		return errorInHandler
	}
	v.lost[L] = late.lines
	defer delete(v.lost, L)
	for _, value := range []lua.LValue{v.enter, lua.LNil, v.handler, h, e.Object} {
		L.Push(value)
	}
	if v.invoke(L, 4, 1) != nil {
		return errorInHandler
	}
	result := L.Get(-1)
	L.Pop(1)
	return result
}

// callHandler is the frame between the function that failed and the handler: a yield cannot cross it.
func callHandler(L *lua.LState) int {
	L.Call(1, 1)
	return 1
}

// canceled reports whether the context of L has ended: its code can only fail from then on.
func canceled(L *lua.LState) bool { return L.Context() != nil && L.Context().Err() != nil }

// pushNotCallable pushes the error for a call of the value at index, if it cannot be called.
func (v *vm) pushNotCallable(L *lua.LState, index int) bool {
	f := L.Get(index)
	if f.Type() == lua.LTFunction || L.GetMetaField(f, "__call").Type() == lua.LTFunction {
		return false
	}
	L.Push(lua.LString("attempt to call a " + f.Type().String() + " value"))
	return true
}

// protectHandled is the Go half of xpcall: protect with a handler that must be a function.
func (v *vm) protectHandled(L *lua.LState) int {
	if h := L.Get(3); h.Type() != lua.LTFunction {
		v.argError(L, "xpcall", 2, "function expected, got "+h.Type().String())
	}
	return v.protect(L)
}

// protect is the Go half of pcall: protect(true, enter, handler, f, ...). It answers like pcall; or, if f has yielded,
// nil, the thread that runs f, and what f yielded.
func (v *vm) protect(L *lua.LState) int {
	if L.GetTop() < 4 {
		v.argError(L, "pcall", 1, "value expected")
	}
	h, f := L.Get(3), L.Get(4)
	if fn, ok := f.(*lua.LFunction); L.Parent != nil && (!ok || !fn.IsG) {
		return v.protectInCoroutine(L, h, f)
	}
	e := v.call(L, L.GetTop()-2, lua.MultRet)
	if e == nil {
		return L.GetTop()
	}
	return fail(L, v.handleLate(L, h, e))
}

// fail answers false and the value of an error.
func fail(L *lua.LState, value lua.LValue) int {
	L.Push(lua.LFalse)
	L.Push(value)
	return 2
}

// protectInCoroutine runs f in a thread of its own, because only a thread can be left by a yield and entered again.
func (v *vm) protectInCoroutine(L *lua.LState, h, f lua.LValue) int {
	if v.pushNotCallable(L, 4) {
		value := L.Get(-1)
		if h != lua.LNil {
			value = v.handleLate(L, h, &lua.ApiError{Object: value, Cause: &unhandled{}})
		}
		return fail(L, value)
	}
	var body *lua.LFunction
	switch fn, ok := f.(*lua.LFunction); {
	case h != lua.LNil:
		body = v.make(v.armed, f, L.NewFunction(func(thread *lua.LState) int {
			thread.Panic = func(thread *lua.LState) { v.handleInThread(thread, h) }
			return 0
		}))
	case ok:
		body = fn
	default:
		body = v.make(v.plain, f)
	}
	thread := v.newCoroutine(L, body)
	L.Replace(4, thread)
	for range 3 {
		L.Remove(1)
	}
	return v.stepThread(L, thread, h)
}

// make calls a function of shims.lua that makes the body of a thread.
func (v *vm) make(maker *lua.LFunction, args ...lua.LValue) *lua.LFunction {
	L := v.seed
	defer L.SetTop(0)
	L.Push(maker)
	for _, arg := range args {
		L.Push(arg)
	}
	L.Call(len(args), 1)
	return L.Get(-1).(*lua.LFunction)
}

// handleInThread is the Panic function of a thread that runs a function for xpcall: called where the error is raised.
func (v *vm) handleInThread(thread *lua.LState, h lua.LValue) {
	value := v.explain(thread, thread.Get(-1))
	thread.Panic = v.raiseExplained
	result := &lua.LUserData{Value: handled{v.handle(thread, h, value)}, Metatable: lua.LNil}
	panic(&lua.ApiError{Type: lua.ApiErrorRun, Object: result, StackTrace: untraced})
}

// step resumes the thread of a protected call that had yielded: step(handler, thread, ...). It answers like protect.
func (v *vm) step(L *lua.LState) int {
	h, thread := L.Get(1), L.CheckThread(2)
	L.Remove(1)
	return v.stepThread(L, thread, h)
}

// stepThread runs the thread at index 1 with the values above it until it yields, returns or fails.
func (v *vm) stepThread(L, thread *lua.LState, h lua.LValue) int {
	v.proxies[thread] = L
	n, ok := v.transfer(L, thread)
	delete(v.proxies, thread)
	switch {
	case ok && thread.Dead:
		return n
	case ok:
		L.Insert(lua.LNil, 2)
		L.Replace(3, thread)
		return n + 1
	}
	value := L.Get(-1)
	if h == lua.LNil {
		return fail(L, value)
	}
	if ud, ok := value.(*lua.LUserData); ok {
		if done, ok := ud.Value.(handled); ok {
			return fail(L, done.value)
		}
	}
	// A Go panic, or a refused call: nothing has run the handler where the error was raised.
	return fail(L, v.handleLate(L, h, &lua.ApiError{Object: value, Cause: &unhandled{v.lines(thread)}}))
}
