package luabind

import (
	"context"
	"fmt"

	"github.com/authysh/authysh/luabind/internal/lua51"
	"github.com/authysh/authysh/luabind/internal/luavalue"
	lua "github.com/yuin/gopher-lua"
)

// Call calls a function of Lua, one that a script has left as a global or in a table: "on_login", "rules.on_login",
// "json.encode". The name is looked up without asking metatables.
//
// Arguments become Lua values as [ToLua] makes them. Results come back as nil, string, float64, bool, []any or
// map[string]any; json.null is nil, and a table with the keys 1 to n a list. A result that holds anything else, such as a
// function, is an error. Errors, the context and tasks are those of [Runtime.Run], except that os.exit(0) is an [*ExitError]
// too, because there is no result. It waits for a running script, so a module function or a middleware of the same runtime cannot
// call it: that is an error when it passes on the context that it has, and a deadlock with another.
func (rt *Runtime) Call(ctx context.Context, function string, arguments ...any) (results []any, err error) {
	err = rt.inside(ctx, func(L *lua.LState) (err error) {
		rt.tasks.base, rt.tasks.detach = contextOf(L), false
		defer func() { err = rt.endTasks(L, err) }()
		fn, ok := rawPath(L.G.Global, function).(*lua.LFunction)
		if !ok {
			return fmt.Errorf("luabind: Call: %q is no function but %s; define it with a script first",
				function, luavalue.TypeName(rawPath(L.G.Global, function)))
		}
		top := L.GetTop()
		L.Push(fn)
		n, err := protected(L, func(L *lua.LState) int {
			for _, argument := range arguments {
				L.Push(ToLua(L, argument))
			}
			return len(arguments)
		})
		if err == nil {
			err = lua51.PCall(L, n, lua.MultRet, nil)
		}
		if err != nil {
			return scriptErrorIn(L, err)
		}
		for i := top + 1; i <= L.GetTop(); i++ {
			result, err := export(L.Get(i))
			if err != nil {
				return fmt.Errorf("luabind: Call: result %d of %s %w", i-top, function, err)
			}
			results = append(results, result)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return results, nil
}
