package luabind

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/luabind/internal/lua51"
	lua "github.com/yuin/gopher-lua"
)

// taskType names the objects that are tasks.
const taskType = "task.Task"

// taskModule is task: functions that run beside each other, and what can be made of them.
func taskModule(h *Host) Module {
	var (
		tasks     = Param{Name: "tasks", Type: "task.Task[]"}
		given     = Param{Name: "task", Type: taskType}
		function  = Param{Name: "f", Type: "function"}
		arguments = Param{Name: "...", Type: "any", Doc: "its arguments", Optional: true}
		anything  = Param{Name: "...", Type: "any", Doc: "what f returned", Optional: true}
		duration  = Param{Name: "duration", Type: "number|string", Doc: `seconds, or such as "250ms"`}
	)
	return Module{
		Name: "task", Doc: "Runs functions beside each other: a task goes on while others wait.",
		Functions: []Function{
			{
				Name: "spawn", Doc: "Starts a function as a task, which begins when this code next waits.",
				Params: []Param{function, arguments}, Returns: []Param{given}, Call: taskSpawn,
			},
			{
				Name: "all", Doc: "Gives a task with the list of all results; the first failure ends it.",
				Params: []Param{tasks}, Returns: []Param{given},
				Call: combined("all", func(L *lua.LState, s *tasks_, list []*task) int { return s.all(L, list) }),
			},
			{
				Name: "any", Doc: "Gives a task with the first result; it fails when all fail.",
				Params: []Param{tasks}, Returns: []Param{given},
				Call: combined("any", func(L *lua.LState, s *tasks_, list []*task) int { return s.any(L, list) }),
			},
			{
				Name: "race", Doc: "Gives a task that ends as the first of the tasks ends.",
				Params: []Param{tasks}, Returns: []Param{given},
				Call: combined("race", func(L *lua.LState, s *tasks_, list []*task) int { return s.race(L, list) }),
			},
			{
				Name: "map", Doc: "Calls a function for every item, some at a time; results are in order.",
				Params: []Param{
					{Name: "items", Type: "table|function", Doc: "a list, or an iterator such as csv.open gives"},
					{Name: "f", Type: "function", Doc: "gets the item and its number"},
					{Name: "options", Type: "table", Optional: true, Fields: optionParams[mapOptions]()},
				},
				Returns: []Param{{Name: "results", Type: "any[]", Doc: "nil where f returned nothing"}},
				Call:    taskMap,
			},
			{
				Name: "sleep", Doc: "Waits, while other tasks go on.",
				Params: []Param{duration}, Call: sleeper(h, "task.sleep"),
			},
			{
				Name: "timeout", Doc: "Calls a function, and raises a timeout error when that takes too long.",
				Params: []Param{duration, function, arguments}, Returns: []Param{anything},
				Call: taskTimeout,
			},
			{
				Name: "yield", Doc: "Lets other tasks run, where a long computation would keep them from it.",
				Call: func(L *lua.LState) int {
					pass(L, h)
					return 0
				},
			},
		},
		Types: []Type{taskObject()},
	}
}

// tasks_ is what the methods below call the tasks of a state, whose name the parameters of the module have.
type tasks_ = tasks

// taskObject describes what task.spawn and authy.async give.
func taskObject() Type {
	function := Param{Name: "f", Type: "function"}
	next := []Param{{Name: "task", Type: taskType}}
	method := func(f func(L *lua.LState, s *tasks, t *task) int) lua.LGFunction {
		return func(L *lua.LState) int { return f(L, tasksOf(L), checkTask(L, 1)) }
	}
	return Type{
		Name: taskType, Doc: "A function that runs beside others.",
		Methods: []Function{
			{
				Name: "await", Doc: "Waits for the task, and returns or raises what it returned or raised.",
				Returns: []Param{{Name: "...", Type: "any", Optional: true}},
				Call:    method(func(L *lua.LState, s *tasks, t *task) int { return s.await(L, t) }),
			},
			{
				Name: "next", Doc: "Gives a task that calls a function with what this one returns.",
				Params: []Param{function}, Returns: next,
				Call: chained("next", func(L *lua.LState, s *tasks, t *task, f *lua.LFunction) int {
					return s.callWith(L, f, t.outcome(L))
				}),
			},
			{
				Name: "catch", Doc: "Gives a task that calls a function with the error, if this one fails.",
				Params: []Param{function}, Returns: next,
				Call: chained("catch", func(L *lua.LState, s *tasks, t *task, f *lua.LFunction) int {
					if t.status == taskDone {
						return t.outcome(L)
					}
					L.Push(t.errorValue(L))
					return s.callWith(L, f, 1)
				}),
			},
			{
				Name: "finally", Doc: "Gives a task that calls a function at the end, whatever that is.",
				Params: []Param{function}, Returns: next,
				Call: chained("finally", func(L *lua.LState, s *tasks, t *task, f *lua.LFunction) int {
					s.callWith(L, f, 0)
					return t.outcome(L)
				}),
			},
			{
				Name: "cancel", Doc: "Stops the task, and all that it has started.",
				Call: method(func(_ *lua.LState, _ *tasks, t *task) int {
					t.stop()
					return 0
				}),
			},
			{
				Name: "status", Doc: "Tells how far the task is.",
				Returns: []Param{{Name: "status", Type: "string", Values: []string{
					string(taskRunning), string(taskDone), string(taskFailed), string(taskCanceled),
				}}},
				Call: method(func(L *lua.LState, _ *tasks, t *task) int {
					L.Push(lua.LString(t.status))
					return 1
				}),
			},
		},
	}
}

// push gives a task to the script.
func (t *task) push(L *lua.LState) int {
	L.Push(&lua.LUserData{Value: t, Metatable: taskMetatable(L), Env: L.Env})
	return 1
}

// taskMetatable shows a task as its number and name.
func taskMetatable(L *lua.LState) *lua.LTable {
	mt := taskObject().metatable(L)
	if mt.RawGetString("__authysh") == lua.LNil {
		mt.RawSetString("__authysh", lua.LTrue)
		mt.RawSetString("__tostring", L.NewFunction(func(L *lua.LState) int {
			t := checkTask(L, 1)
			L.Push(lua.LString(t.String() + ": " + string(t.status)))
			return 1
		}))
	}
	return mt
}

func taskAt(v lua.LValue) (t *task, ok bool) {
	data, ok := v.(*lua.LUserData)
	if !ok {
		return nil, false
	}
	t, ok = data.Value.(*task)
	return t, ok
}

func checkTask(L *lua.LState, i int) *task {
	t, ok := taskAt(L.Get(i))
	if !ok {
		L.ArgError(i, taskType+" expected, got "+L.Get(i).Type().String()+" (call methods with a colon, as in t:await())")
	}
	return t
}

func functionAt(L *lua.LState, i int, op, param string) *lua.LFunction {
	f, ok := L.Get(i).(*lua.LFunction)
	if !ok {
		refuse(L, op, param, mistyped("a function", L.Get(i)).Error())
	}
	return f
}

// above are the arguments from the ith on.
func above(L *lua.LState, i int) []lua.LValue {
	var args []lua.LValue
	for ; i <= L.GetTop(); i++ {
		args = append(args, L.Get(i))
	}
	return args
}

func taskSpawn(L *lua.LState) int {
	f := functionAt(L, 1, "task.spawn", "f")
	name := "a Go function"
	if !f.IsG {
		name = "function at " + positionOfFunction(f)
	}
	return tasksOf(L).start(L, name, f, above(L, 2)...).push(L)
}

// positionOfFunction is where a Lua function is defined.
func positionOfFunction(f *lua.LFunction) string {
	return fmt.Sprintf("%s:%d", f.Proto.SourceName, f.Proto.LineDefined)
}

// combined makes a function that takes a list of tasks and gives a task of them all. The tasks count as looked at.
func combined(name string, f func(L *lua.LState, s *tasks, list []*task) int) lua.LGFunction {
	return func(L *lua.LState) int {
		op := "task." + name
		t := tableAt(L, 1, op, "tasks")
		list := make([]*task, t.Len())
		for i := range list {
			one, ok := taskAt(t.RawGetInt(i + 1))
			if !ok {
				refuse(L, op, "tasks", mistyped("a list of tasks", t.RawGetInt(i+1)).Error()+" at item "+strconv.Itoa(i+1))
			}
			one.seen = true
			list[i] = one
		}
		s := tasksOf(L)
		return s.start(L, op, L.NewFunction(func(L *lua.LState) int { return f(L, s, list) })).push(L)
	}
}

// all waits until every task is done or one is not.
func (s *tasks) all(L *lua.LState, list []*task) int {
	var broken *task
	s.wait(L, list, false, func() bool {
		over := 0
		for _, t := range list {
			if t.isOver() {
				over++
				if t.status != taskDone && (broken == nil || t.ended.Before(broken.ended)) {
					broken = t
				}
			}
		}
		return broken != nil || over == len(list)
	})
	if broken != nil {
		return broken.outcome(L)
	}
	results := L.CreateTable(len(list), 0)
	for i, t := range list {
		results.RawSetInt(i+1, t.first())
	}
	L.Push(results)
	return 1
}

// first is the first of the values that a task has returned.
func (t *task) first() lua.LValue {
	if len(t.values) == 0 {
		return lua.LNil
	}
	return t.values[0]
}

// any waits until one task is done or none is left.
func (s *tasks) any(L *lua.LState, list []*task) int {
	var winner, last *task
	s.wait(L, list, true, func() bool {
		over := 0
		for _, t := range list {
			switch {
			case t.status == taskDone:
				winner = earlier(winner, t)
			case t.isOver():
				last = t
			default:
				continue
			}
			over++
		}
		return winner != nil || over == len(list)
	})
	switch {
	case winner != nil:
		return winner.outcome(L)
	case last != nil:
		return last.outcome(L)
	}
	L.RaiseError("task.any: there are no tasks to wait for")
	return 0
}

// race waits for the first task that is over.
func (s *tasks) race(L *lua.LState, list []*task) int {
	var winner *task
	s.wait(L, list, true, func() bool {
		for _, t := range list {
			if t.isOver() {
				winner = earlier(winner, t)
			}
		}
		return winner != nil || len(list) == 0
	})
	if winner == nil {
		L.RaiseError("task.race: there are no tasks to wait for")
	}
	return winner.outcome(L)
}

// earlier is the task that ended first.
func earlier(a, b *task) *task {
	if a == nil || b.ended.Before(a.ended) {
		return b
	}
	return a
}

// errorValue is what a task has raised.
func (t *task) errorValue(L *lua.LState) lua.LValue {
	t.seen = true
	if t.status == taskFailed {
		return t.failure.Value
	}
	return errorTable(L, errTaskCanceled)
}

// chained makes a method that gives a task which goes on when this one is over.
func chained(name string, f func(L *lua.LState, s *tasks, t *task, f *lua.LFunction) int) lua.LGFunction {
	return func(L *lua.LState) int {
		before, function := checkTask(L, 1), functionAt(L, 2, "task:"+name, "f")
		before.seen = true
		s := tasksOf(L)
		return s.start(L, name+" of "+before.name, L.NewFunction(func(L *lua.LState) int {
			s.wait(L, []*task{before}, false, before.isOver)
			return f(L, s, before, function)
		})).push(L)
	}
}

// callWith calls a function with the nargs values on top of the stack. When it returns a task, the values are those of
// that task, as with promises.
func (s *tasks) callWith(L *lua.LState, f *lua.LFunction, nargs int) int {
	L.Insert(f, L.GetTop()-nargs+1)
	base := L.GetTop() - nargs - 1
	L.Call(nargs, lua.MultRet)
	n := L.GetTop() - base
	if n == 1 {
		if t, ok := taskAt(L.Get(-1)); ok {
			return s.await(L, t)
		}
	}
	return n
}

// taskTimeout is task.timeout: the function runs in the same thread, under a context that ends.
func taskTimeout(L *lua.LState) int {
	limit := durationAt(L, 1, "task.timeout")
	f := functionAt(L, 2, "task.timeout", "f")
	before := L.Context()
	if before == nil {
		before = context.Background()
		defer L.RemoveContext()
	} else {
		defer L.SetContext(before)
	}
	ctx, cancel := context.WithTimeout(contextOf(L), limit)
	defer cancel()
	L.SetContext(threadContext(ctx))
	args := above(L, 3)
	L.SetTop(0)
	L.Push(f)
	for _, arg := range args {
		L.Push(arg)
	}
	err := lua51.PCall(L, len(args), lua.MultRet, nil)
	L.SetContext(before)
	switch {
	case err == nil:
		return L.GetTop()
	case errors.Is(ctx.Err(), context.DeadlineExceeded) && before.Err() == nil:
		raise(L, &taskError{authy.KindTimeout, "task.timeout: the function took longer than " + limit.String()})
	}
	refusal, ok := errors.AsType[*lua.ApiError](err)
	if !ok {
		L.RaiseError("%v", err)
	}
	L.Error(refusal.Object, 0)
	return 0
}

// pass lets another task run, if one could.
func pass(L *lua.LState, h *Host) {
	if i := h.lockOf(L); i != nil {
		h.Wait(L, func(context.Context) { i.pass() })
	}
}

// sleeper is the function that waits for a length of time. To sleep for no time lets another task run.
func sleeper(h *Host, op string) lua.LGFunction {
	return func(L *lua.LState) int {
		d := durationAt(L, 1, op)
		canceled := false
		if d == 0 {
			pass(L, h)
		}
		h.Wait(L, func(ctx context.Context) {
			timer := time.NewTimer(d)
			defer timer.Stop()
			select {
			case <-timer.C:
				canceled = ctx.Err() != nil
			case <-ctx.Done():
				canceled = true
			}
		})
		if canceled {
			L.RaiseError("canceled")
		}
		return 0
	}
}
