package luabind

import (
	"context"
	"strconv"

	lua "github.com/yuin/gopher-lua"
)

// mapConcurrency is how many items task.map has in the works unless it is told.
const mapConcurrency = 16

// mostWorkers bounds a number that is more likely a slip than a wish.
const mostWorkers = 10_000

type mapOptions struct {
	Concurrency *int `json:"concurrency" doc:"how many items at a time; 16 when left out"`
}

// taskMap is task.map: workers take the items one after the other. The first error ends it, and is raised.
func taskMap(L *lua.LState) int {
	const op = "task.map"
	source := itemsAt(L, 1, op)
	f := functionAt(L, 2, op, "f")
	var options mapOptions
	optionsAt(L, 3, op, &options)
	workers := mapConcurrency
	if options.Concurrency != nil {
		workers = *options.Concurrency
	}
	if workers < 1 || workers > mostWorkers {
		refuse(L, op, "concurrency", "must be from 1 to "+strconv.Itoa(mostWorkers)+", got "+strconv.Itoa(workers))
	}
	if source.list != nil {
		workers = min(workers, source.list.Len())
	}
	s := tasksOf(L)
	results := L.NewTable()
	worker := L.NewClosure(func(L *lua.LState) int {
		for {
			item, n, ok := source.next(L, s.host)
			if !ok {
				return 0
			}
			L.Push(f)
			L.Push(item)
			L.Push(lua.LNumber(n))
			L.Call(2, 1)
			if result := L.Get(-1); result != lua.LNil {
				results.RawSetInt(n, result)
			}
			L.SetTop(0)
		}
	}, results) // as an upvalue too, for whoever measures what tasks keep
	list := make([]*task, workers)
	for i := range list {
		list[i] = s.start(L, op, worker)
		list[i].seen = true
	}
	defer func() { // also when the wait is interrupted: nothing may go on behind the caller's back
		for _, t := range list {
			t.stop()
		}
	}()
	s.all(L, list)
	L.SetTop(0)
	L.Push(results)
	return 1
}

// items is a list or an iterator that several tasks take from.
type items struct {
	list  *lua.LTable
	call  lua.LValue
	count int
	ended bool
	turn  turn
}

// itemsAt is argument i as a source of items.
func itemsAt(L *lua.LState, i int, op string) *items {
	source := itemsOf(L, L.Get(i))
	if source == nil {
		refuse(L, op, "items", mistyped("a list or an iterator", L.Get(i)).Error())
	}
	return source
}

// itemsOf is v as a source of items; nil when it is none.
func itemsOf(L *lua.LState, v lua.LValue) *items {
	switch t, isTable := v.(*lua.LTable); {
	case v.Type() == lua.LTFunction, L.GetMetaField(v, "__call") != lua.LNil:
		return &items{turn: newTurn(), call: v}
	case isTable:
		return &items{turn: newTurn(), list: t}
	}
	return nil
}

// next is the next item and its number. An iterator is called by one task at a time, and never again once it has said
// that there is no more, or has failed.
func (s *items) next(L *lua.LState, h *Host) (item lua.LValue, n int, ok bool) {
	if s.list != nil {
		if s.count >= s.list.Len() {
			return nil, 0, false
		}
		s.count++
		return s.list.RawGetInt(s.count), s.count, true
	}
	s.turn.take(L, h)
	defer s.turn.pass()
	if s.ended {
		return nil, 0, false
	}
	s.ended = true // unless it answers
	L.Push(s.call)
	L.Call(0, 1)
	item = L.Get(-1)
	L.Pop(1)
	if item == lua.LNil {
		return nil, 0, false
	}
	s.ended = false
	s.count++
	return item, s.count, true
}

// turn is what tasks take one after the other.
type turn chan struct{}

func newTurn() turn { return make(turn, 1) }

// take waits, with the interpreter given away, until it is the turn of L. It raises when the script is interrupted.
func (t turn) take(L *lua.LState, h *Host) {
	select {
	case t <- struct{}{}:
		return
	default:
	}
	interrupted := false
	h.Wait(L, func(ctx context.Context) {
		select {
		case t <- struct{}{}:
		case <-ctx.Done():
			interrupted = true
		}
	})
	if interrupted {
		L.RaiseError("canceled")
	}
}

func (t turn) pass() { <-t }
