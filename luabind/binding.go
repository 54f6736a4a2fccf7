package luabind

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/luabind/internal/lua51"
	lua "github.com/yuin/gopher-lua"
)

// Call is one operation that a script asked for.
type Call struct {
	Op authy.Operation
	// Args is the script's table. A middleware may read and change it while it runs, not later.
	Args *lua.LTable
	// Client sends the call.
	Client *authy.Client
	// State is the Lua thread that calls. Use it only while the middleware runs.
	State *lua.LState

	host  *Host
	stage int32 // a callStage; a plain number, so that a Call may be copied
}

// callStage is whether a call may be handed on.
type callStage = int32

const (
	callWaits callStage = 1 // inside of Wait, without the interpreter
	callOver  callStage = 2
)

// CallFunc runs an operation and returns its result: a pointer to the operation's result struct, or anything that
// [ToLua] takes. A middleware may pass on a context that it derived from ctx, with a deadline, say. An error other than an [authy.Error] is raised with its text as message.
type CallFunc func(ctx context.Context, call *Call) (any, error)

// Middleware wraps every operation: to log, confirm, limit, mock or refuse. It runs while it holds the interpreter;
// what blocks belongs in [Call.Wait]. It may call next once, never or again, from the goroutine that it runs in and not inside of
// Call.Wait: next gives the interpreter away by itself while it waits.
type Middleware func(next CallFunc) CallFunc

// Wait runs f with the interpreter given away meanwhile; see [Host.Wait].
func (c *Call) Wait(f func(ctx context.Context)) {
	atomic.StoreInt32(&c.stage, callWaits)
	defer atomic.StoreInt32(&c.stage, 0)
	c.host.Wait(c.State, f)
}

// inTurn is f for calls that hold the interpreter. Without it, next would read the script's table while the script goes on, and give
// away what it does not have, which ends the process.
func inTurn(f CallFunc) CallFunc {
	return func(ctx context.Context, call *Call) (any, error) {
		switch atomic.LoadInt32(&call.stage) {
		case callWaits:
			return nil, errNextWaits
		case callOver:
			return nil, errNextLate
		}
		return f(ctx, call)
	}
}

var (
	errNextWaits = errors.New("luabind: a middleware calls next inside of Call.Wait; call it outside, as it gives the interpreter away by itself")
	errNextLate  = errors.New("luabind: a middleware calls next after it has returned; keep nothing of a Call for later")
)

// perform is the innermost CallFunc: it reads the table, then waits for the service without the interpreter.
func perform(ctx context.Context, call *Call) (result any, err error) {
	bound := call.Op.Bind(tableArguments{call.Args})
	return call.send(ctx, func(ctx context.Context) (any, error) { return bound.Run(ctx, call.Client) })
}

// send runs f, which makes the call, without the interpreter, and as part of the row or step that ctx belongs to.
func (c *Call) send(ctx context.Context, f func(ctx context.Context) (any, error)) (result any, err error) {
	s := scopeOf(ctx)
	if s != nil && s.dry {
		return rehearse(c)
	}
	c.Wait(func(context.Context) {
		if s == nil {
			result, err = f(ctx)
		} else {
			result, err = s.send(ctx, f)
		}
	})
	return result, err
}

// binding is a client made callable from one Lua state.
type binding struct {
	host   *Host
	client *authy.Client
	call   CallFunc
	chain  []Middleware
	own    []authy.Operation // of the host, beside those of the API
	lacks  []string          // of the functions of the module
	table  *lua.LTable       // what require "authy" gives, or the client object of a second client
}

func newBinding(host *Host, client *authy.Client, chain []Middleware) *binding {
	b := &binding{host: host, client: client}
	b.use(chain)
	return b
}

// use sets the middlewares.
func (b *binding) use(chain []Middleware) {
	b.chain = chain
	b.call = b.wrap(perform)
}

// wrap puts the middlewares around f.
func (b *binding) wrap(f CallFunc) CallFunc {
	for i := len(b.chain) - 1; i >= 0; i-- {
		if wrapped := b.chain[i](inTurn(f)); wrapped != nil { // one that has nothing to add may return nil
			f = wrapped
		}
	}
	return guardedCall(f)
}

// operations is the catalogue, built once.
var operations = sync.OnceValue(authy.Operations)

// standardModules are the modules beside authy.
func standardModules(h *Host) []Module {
	return []Module{
		jsonModule(h), csvModule(h), phoneModule(h), totpModule(h), timeModule(h), taskModule(h), batchModule(h),
		flowModule(h), logModule(h), callbacksModule(h),
	}
}

// module builds the authy table of a state.
func (b *binding) module(L *lua.LState) *lua.LTable {
	described := b.description()
	b.table = described.table(L)
	b.addOperations(L, b.table, described.Functions)
	return b.table
}

// addOperations adds every operation of the catalogue in its direct and callback style, and under try and async, as it
// does with functions of the module.
func (b *binding) addOperations(L *lua.LState, t *lua.LTable, functions []Function) {
	catalogue := slices.Concat(operations(), b.own)
	try, async := L.CreateTable(0, len(catalogue)), L.CreateTable(0, len(catalogue))
	for i := range catalogue {
		b.addOperation(L, catalogue[i].Name, &catalogue[i], t, try, async)
	}
	for _, f := range functions {
		try.RawSetString(f.Name, L.NewFunction(attempt(f.Call)))
		async.RawSetString(f.Name, L.NewFunction(b.async(f.Name, L.NewFunction(f.Call))))
	}
	t.RawSetString("try", withSuggestions(L, "authy.try", try))
	t.RawSetString("async", withSuggestions(L, "authy.async", async))
	withSuggestions(L, "authy", t)
}

// addOperation adds one operation in all its styles.
func (b *binding) addOperation(L *lua.LState, name string, op *authy.Operation, t, try, async *lua.LTable) {
	direct := L.NewFunction(b.direct(op))
	t.RawSetString(name, direct)
	async.RawSetString(name, L.NewFunction(b.async(op.Name, direct)))
	try.RawSetString(name, L.NewFunction(b.try(op)))
}

// moduleTable makes the table of a module, with its operations.
func (b *binding) moduleTable(L *lua.LState, m Module) *lua.LTable {
	t := m.table(L)
	if len(m.Operations) > 0 {
		try, async := L.CreateTable(0, len(m.Operations)), L.CreateTable(0, len(m.Operations))
		for i := range m.Operations {
			b.addOperation(L, strings.TrimPrefix(m.Operations[i].Name, m.Name+"."), &m.Operations[i], t, try, async)
		}
		t.RawSetString("try", withSuggestions(L, m.Name+".try", try))
		t.RawSetString("async", withSuggestions(L, m.Name+".async", async))
	}
	return withSuggestions(L, m.Name, t)
}

// scriptName is an operation as scripts write it: those of modules have the module in their names.
func scriptName(operation string) string {
	if strings.Contains(operation, ".") {
		return operation
	}
	return "authy." + operation
}

// moduleOf is the module that scripts find an operation in.
func moduleOf(operation string) string {
	module, _, _ := strings.Cut(scriptName(operation), ".")
	return module
}

// direct is authy.op{...}, which raises, and authy.op({...}, f), which calls back.
func (b *binding) direct(op *authy.Operation) lua.LGFunction {
	return func(L *lua.LState) int {
		args, callback := b.arguments(L, op)
		result, err := b.run(L, *op, args, b.call)
		switch {
		case callback != nil && err != nil:
			L.Push(callback)
			L.Push(errorTable(L, err))
			L.Call(1, 0)
			return 0
		case callback != nil:
			L.Push(callback)
			L.Push(lua.LNil)
			L.Push(result)
			L.Call(2, 0)
			return 0
		case err != nil:
			raise(L, err)
		}
		L.Push(result)
		return 1
	}
}

// try is authy.try.op{...}, which returns nil and the error.
func (b *binding) try(op *authy.Operation) lua.LGFunction {
	return func(L *lua.LState) int {
		args, callback := b.arguments(L, op)
		if callback != nil {
			L.RaiseError("%s: %s.try returns its error; it takes no callback", op.Name, moduleOf(op.Name))
		}
		result, err := b.run(L, *op, args, b.call)
		if err != nil {
			L.Push(lua.LNil)
			L.Push(errorTable(L, err))
			return 2
		}
		L.Push(result)
		return 1
	}
}

// async is authy.async.op{...}, which gives a task that calls f. Parameters are those of now, whatever the script
// makes of its table while the task waits for its turn.
func (b *binding) async(name string, f *lua.LFunction) lua.LGFunction {
	return func(L *lua.LState) int {
		args := above(L, 1)
		for i, arg := range args {
			switch t, ok := arg.(*lua.LTable); {
			case ok && t != b.table:
				args[i] = copyTable(L, t)
			case arg.Type() == lua.LTFunction:
				L.RaiseError("%s: %s.async gives a task; it takes no callback (use :next and :catch)", name, moduleOf(name))
			}
		}
		return tasksOf(L).start(L, scriptName(name), f, args...).push(L)
	}
}

// copyTable copies a table and those in it; one that holds itself stays so.
func copyTable(L *lua.LState, t *lua.LTable) *lua.LTable {
	made := newTally(L)
	copies := map[*lua.LTable]*lua.LTable{}
	var open []*lua.LTable // not yet filled; those in them may nest to any depth
	copyOf := func(t *lua.LTable) *lua.LTable {
		result := copies[t]
		if result == nil {
			result = &lua.LTable{Metatable: t.Metatable}
			copies[t] = result
			open = append(open, t)
		}
		return result
	}
	result := copyOf(t)
	for len(open) > 0 {
		t := open[len(open)-1]
		open = open[:len(open)-1]
		filled := copies[t]
		t.ForEach(func(k, v lua.LValue) {
			if inner, ok := v.(*lua.LTable); ok {
				v = copyOf(inner)
			}
			filled.RawSet(k, v)
		})
		made.add(L, filled)
	}
	L.Push(result)
	made.done(L)
	L.Pop(1)
	return result
}

// arguments reads what stands in the parentheses: a table, perhaps a callback, and a client's self in front.
func (b *binding) arguments(L *lua.LState, op *authy.Operation) (args *lua.LTable, callback *lua.LFunction) {
	first := 1
	if L.Get(1) == lua.LValue(b.table) {
		first = 2
	}
	switch v := L.Get(first).(type) {
	case *lua.LTable:
		args = v
	case *lua.LNilType:
		args = L.NewTable()
	default:
		raise(L, &authy.ValidationError{Op: op.Name, Problems: []authy.Problem{notOneTable(op.Name, v)}})
	}
	switch v := L.Get(first + 1).(type) {
	case *lua.LFunction:
		callback = v
	case *lua.LNilType:
	default:
		raise(L, &authy.ValidationError{Op: op.Name, Problems: []authy.Problem{{Param: "callback", Reason: mistyped("a function", v).Error()}}})
	}
	return args, callback
}

// run sends the call through the middlewares and makes a table of its result.
func (b *binding) run(L *lua.LState, op authy.Operation, args *lua.LTable, f CallFunc) (lua.LValue, error) {
	result, err := f(contextOf(L), &Call{Op: op, Args: args, Client: b.client, State: L, host: b.host})
	if err != nil {
		return nil, err
	}
	value := resultToLua(L, op, result)
	b.host.tell(op, args, value)
	return value, nil
}

// resultType names the metatables of results.
const resultType = "authy.result"

// resultToLua makes the table of a result. Its raw_body, the answer as it came, is reachable but not listed by pairs; so
// is the operation, by which the fields are known.
func resultToLua(L *lua.LState, op authy.Operation, result any) lua.LValue {
	answer, isAnswer := result.(interface{ RawBody() json.RawMessage })
	if _, counted := L.Context().(*budget); counted && isAnswer {
		const perByte = 8 // of the answer, with the tables that it becomes
		spend(L, perByte*len(answer.RawBody()))
	}
	value := ToLua(L, result)
	t, isTable := value.(*lua.LTable)
	if !isTable || !isAnswer {
		return value
	}
	mt := L.CreateTable(0, 4)
	mt.RawSetString("raw_body", lua.LString(answer.RawBody()))
	mt.RawSetString("__name", lua.LString(resultType))
	mt.RawSetString("__operation", lua.LString(op.Name))
	mt.RawSetString("__index", mt)
	t.Metatable = mt
	return t
}

// withSuggestions makes reading an unknown name of a module an error that suggests the near one: a misspelt function
// would else be "attempt to call a nil value", far from the word that is wrong.
func withSuggestions(L *lua.LState, name string, t *lua.LTable) *lua.LTable {
	mt := L.CreateTable(0, 2)
	mt.RawSetString("__name", lua.LString(name))
	mt.RawSetString("__index", L.NewFunction(func(L *lua.LState) int {
		key, ok := L.Get(2).(lua.LString)
		if !ok {
			L.Push(lua.LNil)
			return 1
		}
		var known []string
		t.ForEach(func(k, _ lua.LValue) { known = append(known, k.String()) })
		hint := ""
		if near := authy.Nearest(string(key), known); near != "" {
			hint = fmt.Sprintf(", did you mean %s.%s?", name, near)
		}
		L.RaiseError("%s has no %s%s", name, quoteKey(string(key)), hint)
		return 0
	}))
	t.Metatable = mt
	return t
}

func quoteKey(key string) string {
	if len(key) > 40 {
		key = key[:40] + "..."
	}
	return strings.Trim(fmt.Sprintf("%+q", key), `"`)
}

// attempt turns a function that raises into one that returns nil and the error.
func attempt(f lua.LGFunction) lua.LGFunction {
	return func(L *lua.LState) int {
		top := L.GetTop()
		L.Push(L.NewFunction(f))
		for i := range top {
			L.Push(L.Get(i + 1))
		}
		err := lua51.PCall(L, top, 1, nil)
		if err == nil {
			return 1
		}
		refusal, ok := errors.AsType[*lua.ApiError](err)
		if !ok {
			L.RaiseError("%v", err)
		}
		L.Push(lua.LNil)
		L.Push(refusal.Object)
		return 2
	}
}
