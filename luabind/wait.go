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
	ctx := L.Context()
	if ctx == nil {
		ctx = context.Background()
	}
	lua51.Wait(L, h.release, h.acquire, func() { f(ctx) })
}
