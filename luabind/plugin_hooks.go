package luabind

import (
	"context"
	"slices"
	"time"

	"github.com/authysh/authysh/authy"
	lua "github.com/yuin/gopher-lua"
)

// hookEvent is what a hook is called for, and may read.
type hookEvent struct {
	hook     string
	op       *authy.Operation // of the call, or noOperation
	args     *lua.LTable      // of the script
	dry      bool
	took     time.Duration
	result   any
	failure  error
	callback any         // of on_callback
	summary  *lua.LTable // of on_batch_end, a script's
}

// hookRun is one call of a hook: what it is for, what it may use, and what it answers.
type hookRun struct {
	hookEvent
	budget budget
	uses   account     // of the budget
	table  *lua.LTable // what the hook gets, in the plugin's state

	refused, answered bool
	reason            string
	answer            lua.LValue // in the plugin's state
}

// noOperation is that of a hook which belongs to no call.
var noOperation authy.Operation

// hookFields are what can be read of a call, by the hooks that have it.
var hookFields = map[string]func(g *guest, r *hookRun) (lua.LValue, error){
	"op":      func(_ *guest, r *hookRun) (lua.LValue, error) { return textOrNil(r.op.Name), nil },
	"effect":  func(_ *guest, r *hookRun) (lua.LValue, error) { return effectOrNil(r.op.Effect), nil },
	"dry_run": func(_ *guest, r *hookRun) (lua.LValue, error) { return lua.LBool(r.dry), nil },
	"took":    func(_ *guest, r *hookRun) (lua.LValue, error) { return lua.LNumber(r.took.Seconds()), nil },
	"params": func(g *guest, r *hookRun) (lua.LValue, error) {
		if r.args == nil {
			return lua.LNil, nil
		}
		return g.border.carry(r.args)
	},
	"result":   func(g *guest, r *hookRun) (lua.LValue, error) { return g.admit(r.result) },
	"callback": func(g *guest, r *hookRun) (lua.LValue, error) { return g.admit(r.callback) },
	"summary": func(g *guest, r *hookRun) (lua.LValue, error) {
		if r.summary == nil {
			return lua.LNil, nil
		}
		return g.border.carry(r.summary)
	},
	"error": func(g *guest, r *hookRun) (lua.LValue, error) {
		if r.failure == nil {
			return lua.LNil, nil
		}
		t := errorTable(g.state, r.failure)
		t.Metatable = lua.LNil // which holds the Go error
		t.RawSetString("where", lua.LNil)
		return t, nil
	},
}

func textOrNil(text string) lua.LValue {
	if text == "" {
		return lua.LNil
	}
	return lua.LString(text)
}

func effectOrNil(e authy.Effect) lua.LValue {
	if e == 0 {
		return lua.LNil
	}
	return lua.LString(e.String())
}

// admit copies a result into the plugin's state.
func (g *guest) admit(v any) (lua.LValue, error) {
	if value, ok := v.(lua.LValue); ok {
		return g.border.carry(value)
	}
	return ToLua(g.state, v), nil
}

// newCallType makes the metatable of what hooks get. Fields are copied only when they are read: most hooks look at few
// calls more closely.
func (g *guest) newCallType() *lua.LTable {
	L := g.state
	refuseCall, answerCall := L.NewFunction(hookRefuse), L.NewFunction(hookAnswer)
	mt := L.CreateTable(0, 2)
	mt.RawSetString("__metatable", lua.LString("call"))
	mt.RawSetString("__index", L.NewFunction(func(L *lua.LState) int {
		t := L.CheckTable(1)
		name, _ := L.Get(2).(lua.LString)
		r := budgetOf(L).hook
		field := hookFields[string(name)]
		value := lua.LValue(lua.LNil)
		switch {
		case r == nil || r.table != t: // kept from an earlier call
		case name == "refuse":
			value = refuseCall
		case name == "answer":
			value = answerCall
		case field != nil:
			var err error
			if value, err = field(g, r); err != nil {
				L.RaiseError("call.%s %v", name, err)
			}
			t.RawSetString(string(name), value)
		}
		L.SetTop(0)
		L.Push(value)
		return 1
	}))
	return mt
}

// hookOf is the run that a call object belongs to, which must be the current one.
func hookOf(L *lua.LState, method string) *hookRun {
	r := budgetOf(L).hook
	if t, ok := L.Get(1).(*lua.LTable); !ok || r == nil || r.table != t {
		L.RaiseError("call:%s belongs to the call that the hook was given, and takes a colon", method)
	}
	if r.hook == "on_batch_end" {
		L.RaiseError("call:%s means nothing in on_batch_end: the batch is over", method)
	}
	return r
}

// hookRefuse is call:refuse(reason).
func hookRefuse(L *lua.LState) int {
	r := hookOf(L, "refuse")
	reason, ok := L.Get(2).(lua.LString)
	if !ok || reason == "" {
		L.RaiseError("call:refuse needs a reason, as in call:refuse(\"not in this country\")")
	}
	r.refused, r.reason = true, clip(oneLine(string(reason)), 300)
	return 0
}

// hookAnswer is call:answer(value).
func hookAnswer(L *lua.LState) int {
	r := hookOf(L, "answer")
	if r.hook == "on_callback" {
		L.RaiseError("call:answer means nothing in on_callback; call:refuse refuses the callback")
	}
	if L.GetTop() < 2 || L.Get(2) == lua.LNil {
		L.RaiseError("call:answer needs the result that the caller gets, as in call:answer{ success = true }")
	}
	r.answered, r.answer = true, L.Get(2)
	return 0
}

// has reports whether the plugin has a hook.
func (g *guest) has(hook string) bool { return slices.Contains(g.manifest.Hooks, hook) }

// middleware wraps every operation in the hooks of the plugin.
func (g *guest) middleware(next CallFunc) CallFunc {
	before, after, onError := g.has("before_call"), g.has("after_call"), g.has("on_error")
	if !before && !after && !onError {
		return nil
	}
	return func(ctx context.Context, call *Call) (any, error) {
		dry := false
		if s := scopeOf(ctx); s != nil {
			dry = s.dry
		}
		if before {
			answer, err := g.hookCall(ctx, call, hookEvent{hook: "before_call", op: &call.Op, args: call.Args, dry: dry})
			if err != nil || answer != nil {
				return answer, err
			}
		}
		if !after && !onError {
			return next(ctx, call)
		}
		begun := time.Now()
		result, err := next(ctx, call)
		e := hookEvent{op: &call.Op, args: call.Args, dry: dry, took: time.Since(begun), result: result, failure: err}
		switch {
		case err == nil && after:
			e.hook = "after_call"
		case err != nil && onError:
			e.hook = "on_error"
		default:
			return result, err
		}
		return g.afterwards(ctx, call, e)
	}
}

// afterwards calls a hook when the call has been made. What the hook raises does not undo that: it goes to the log.
func (g *guest) afterwards(ctx context.Context, call *Call, e hookEvent) (any, error) {
	answer, err := g.hookCall(ctx, call, e)
	refusal, refused := err.(*PluginError)
	switch {
	case refused && refusal.Refused:
		refusal.untouched = false
		return nil, refusal
	case err != nil:
		g.failed(e.hook, err)
	case answer != nil:
		return answer, nil
	}
	return e.result, e.failure
}

// failed notes what a hook raised that nobody can be told.
func (g *guest) failed(hook string, err error) {
	text := err.Error()
	if e, ok := err.(*PluginError); ok {
		text = e.Reason
	}
	g.failures.Add(1)
	g.lastFail.Store(hook + ": " + text)
	g.log.Error("a hook of the plugin failed", "hook", hook, "error", text)
}

// hookCall calls a hook for a call of a script, whose interpreter is held and only given away while the hook waits. Changed
// parameters are in the call afterwards, and an answer is a value of the script's state; nil is none.
func (g *guest) hookCall(ctx context.Context, call *Call, e hookEvent) (answer lua.LValue, err error) {
	return g.runHook(ctx, call.host, call.State, e, func(r *hookRun) error {
		if r.hook != "before_call" || r.refused || r.answered {
			return nil
		}
		changed, err := takeParams(call, r.table.RawGetString("params"))
		if changed != nil {
			call.Args = changed
		}
		return err
	})
}

// takeParams gives the parameters that a hook has changed, or nil when it has not.
func takeParams(call *Call, params lua.LValue) (*lua.LTable, error) {
	if params == lua.LNil { // not even looked at
		return nil, nil
	}
	t, ok := params.(*lua.LTable)
	if !ok {
		return nil, mistypedField("call.params", params)
	}
	if equalAcross(t, call.Args) {
		return nil, nil
	}
	changed, err := borderOf(call.State).carry(t)
	if err != nil {
		return nil, &borderError{"call.params", err}
	}
	return changed.(*lua.LTable), nil
}

// borderError is a value that a plugin cannot hand out.
type borderError struct {
	what string
	err  error
}

func (e *borderError) Error() string { return e.what + " " + e.err.Error() }

func mistypedField(what string, v lua.LValue) error {
	return &borderError{what, mistyped("a table", v)}
}

// runHook runs a hook with both interpreters held. What take does, it does while they are.
func (g *guest) runHook(
	ctx context.Context, h *Host, L *lua.LState, e hookEvent, take func(r *hookRun) error,
) (answer lua.LValue, err error) {
	// Whoever holds the script's interpreter must not block on the plugin's: its holder may want the script's.
	if !g.interpreter.TryLock() {
		h.Wait(L, func(context.Context) { g.interpreter.Lock() })
	}
	defer g.interpreter.Unlock()
	if err := g.ready(); err != nil {
		return nil, &PluginError{Plugin: g.name, Where: e.hook, Op: e.op.Name, Reason: err.Error(), untouched: true}
	}
	r := g.newHookRun()
	r.hookEvent = e
	r.uses = g.newAccount(e.hook, 1)
	r.budget = budget{Context: ctx, account: &r.uses, hook: r, outer: h, script: L}
	err = g.runLocked(&r.budget, g.hooks[e.hook], func(L *lua.LState) int {
		r.table = &lua.LTable{Metatable: g.callType}
		L.Push(r.table)
		L.Push(g.context)
		return 2
	}, func(lua.LValue) error {
		if r.answered && !r.refused {
			carried, err := borderOf(L).carry(r.answer)
			if err != nil {
				return &borderError{"the answer", err}
			}
			answer = carried
		}
		return take(r)
	})
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		return nil, &PluginError{Plugin: g.name, Where: e.hook, Op: e.op.Name, Reason: err.Error(), untouched: !r.budget.touched}
	case r.refused:
		return nil, &PluginError{Plugin: g.name, Where: e.hook, Op: e.op.Name, Refused: true, Reason: r.reason, untouched: true}
	}
	r.hookEvent, r.table, r.answered, r.answer = hookEvent{}, nil, false, nil
	g.spare = r
	return answer, nil
}

// newHookRun makes the run of a hook, out of one that has ended well if there is one: a new one each time would be memory that
// no cache has.
func (g *guest) newHookRun() *hookRun {
	if r := g.spare; r != nil {
		g.spare = nil
		return r
	}
	return new(hookRun)
}

// callbackVerified tells the plugins of a callback whose signature is right. An error refuses it.
func (s *pluginSet) callbackVerified(L *lua.LState, h *Host, callback any) error {
	for _, g := range s.loaded() {
		if !g.has("on_callback") {
			continue
		}
		e := hookEvent{hook: "on_callback", op: &authy.Operation{Route: authy.Route{Name: "verify_callback"}}, callback: callback}
		if _, err := g.runHook(contextOf(L), h, L, e, func(*hookRun) error { return nil }); err != nil {
			return err
		}
	}
	return nil
}

// batchEnded tells the plugins how a batch went.
func (s *pluginSet) batchEnded(L *lua.LState, h *Host, summary *BatchSummary) {
	for _, g := range s.loaded() {
		if !g.has("on_batch_end") {
			continue
		}
		e := hookEvent{hook: "on_batch_end", op: &noOperation, summary: summary.table(L)}
		ctx := context.WithoutCancel(contextOf(L)) // an interrupted batch has ended too
		if _, err := g.runHook(ctx, h, L, e, func(*hookRun) error { return nil }); err != nil {
			g.failed("on_batch_end", err)
		}
	}
}
