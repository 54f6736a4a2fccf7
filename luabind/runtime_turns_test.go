package luabind

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/authysh/authysh/authy"
	lua "github.com/yuin/gopher-lua"
)

// TestRuntimeTurns has runs wait for each other: one gives up when its context ends, and one that the script itself waits for
// is refused.
func TestRuntimeTurns(t *testing.T) {
	t.Parallel()
	var rt *Runtime
	unwanted := errors.New("no longer wanted")
	again := func(h *Host) Module {
		return Module{Name: "host", Functions: []Function{
			{Name: "inside", Call: func(L *lua.LState) int {
				var err error
				h.Wait(L, func(ctx context.Context) { _, err = rt.Call(ctx, "f") })
				L.Push(lua.LString(err.Error()))
				return 1
			}},
			{Name: "beside", Call: func(L *lua.LState) int {
				var err error
				h.Wait(L, func(context.Context) {
					ctx, cancel := context.WithCancelCause(t.Context())
					cancel(unwanted)
					err = rt.Run(ctx, Script{Source: ""})
				})
				L.Push(lua.LString(err.Error()))
				return 1
			}},
		}}
	}
	var out strings.Builder
	rt, err := New(&authy.Client{}, Stdout(&out), With(again))
	if err != nil {
		t.Fatal(err)
	}
	defer rt.Close()
	if err := rt.Run(t.Context(), Script{Source: `function f() return 7 end print(host.inside()) print(host.beside())`}); err != nil {
		t.Fatal(err)
	}
	if got, want := out.String(), errInside.Error()+"\nno longer wanted\n"; got != want {
		t.Errorf("printed %q, want %q", got, want)
	}
	if got, err := rt.Call(t.Context(), "f"); err != nil || got[0] != 7.0 {
		t.Errorf("got %v, %v", got, err)
	}
}
