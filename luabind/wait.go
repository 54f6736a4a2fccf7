package luabind

import (
	"context"

	"github.com/authysh/authysh/luabind/internal/lua51"
	lua "github.com/yuin/gopher-lua"
)

// Wait runs f, which may block, with the interpreter given away to other tasks of the same state meanwhile.
//
// Every module function that waits for anything (the network, a clock, a slow file) must do it inside Wait. f must
// not touch L or any Lua value; build those before and after. Its context ends when the script is interrupted; it is
// never nil.
func (h *Host) Wait(L *lua.LState, f func(ctx context.Context)) {
	ctx := contextOf(L)
	if i := h.lockOf(L); i != nil {
		lua51.Wait(L, i.Unlock, i.Lock, func() { f(ctx) })
	} else {
		lua51.Wait(L, nil, nil, func() { f(ctx) })
	}
}

// contextOf is the context of what a thread does, never nil, and good for other goroutines: it counts no steps.
func contextOf(L *lua.LState) context.Context {
	switch ctx := L.Context().(type) {
	case nil:
		return context.Background()
	case *budget:
		return ctx.Context
	default:
		return ctx
	}
}

// lockOf is the lock of a state; nil when it has none, because it is a host's own and runs no tasks.
func (h *Host) lockOf(L *lua.LState) *interpreter {
	if h.interpreter != nil {
		return h.interpreter
	}
	if s := tasksIn(L); s != nil {
		return s.interpreter
	}
	return nil
}
