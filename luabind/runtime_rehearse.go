package luabind

import (
	"context"

	"github.com/authysh/authysh/authy"
	lua "github.com/yuin/gopher-lua"
)

// Rehearsal is what would become of a call.
type Rehearsal struct {
	// Params are those that would be sent: as given, or as hooks and middlewares have changed them.
	Params map[string]any
	// Answered says that a hook or middleware gave the result itself, so that nothing would be sent. Answer is that.
	Answered bool
	Answer   any
}

// Rehearse takes an operation through all middlewares and hooks as [Runtime.Perform] does, and stops before it is carried
// out. Hooks see call.dry_run; those that come after the call get a result whose fields name themselves. The error is why
// the call would be refused, but for its parameters, which [authy.Operation.Bind] judges.
func (rt *Runtime) Rehearse(ctx context.Context, op authy.Operation, params map[string]any) (*Rehearsal, error) {
	r := &Rehearsal{Answered: true}
	err := rt.inside(ctx, func(L *lua.LState) error {
		perform := rt.api.wrap(func(_ context.Context, call *Call) (any, error) {
			r.Answered = false
			reached, err := export(call.Args)
			r.Params, _ = reached.(map[string]any)
			if r.Params == nil {
				r.Params = map[string]any{} // an empty table might be a list
			}
			return imagine(op.Name, op.Result()), err
		})
		dry := &scope{dry: true}
		result, err := rt.ask(dry.inside(contextOf(L)), L, op, params, perform)
		if err != nil || !r.Answered {
			return err
		}
		if r.Answer = result; result != nil {
			if value, ok := result.(lua.LValue); ok {
				r.Answer, err = export(value)
			}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return r, nil
}
