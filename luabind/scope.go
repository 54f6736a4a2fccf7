package luabind

import (
	"cmp"
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/luabind/internal/pace"
	lua "github.com/yuin/gopher-lua"
)

// scope is a stretch of a script whose API calls are watched: a row of a batch, or a step of a flow. It is in the context
// of whatever runs in it, tasks included.
type scope struct {
	row  *batchRow // nil outside of a batch
	step bool      // of a flow
	dry  bool      // nothing is sent

	name   string         // of a step, with all around it, as the journal has it
	within []string       // the flows that the step is in
	runs   map[string]int // how often each flow was run in the scope itself; guarded by the interpreter
	tasks  []*task        // started in it; guarded by the interpreter

	accepted atomic.Bool // a call that may not be repeated succeeded
	unknown  atomic.Bool // one failed, and may have been carried out all the same
	canceled atomic.Bool // a call was given up
}

// scopeKey is under what a context has its innermost scope.
type scopeKey struct{}

// scopeOf is the innermost scope of a context; nil for none.
func scopeOf(ctx context.Context) *scope {
	if ctx == nil {
		return nil
	}
	s, _ := ctx.Value(scopeKey{}).(*scope)
	return s
}

// inside returns the context of what runs in the scope.
func (s *scope) inside(ctx context.Context) context.Context {
	return context.WithValue(ctx, scopeKey{}, s)
}

// untouched reports whether running the scope's code again repeats nothing that matters.
func (s *scope) untouched() bool { return !s.accepted.Load() && !s.unknown.Load() }

// absorb takes over what an inner scope that failed may have done.
func (s *scope) absorb(inner *scope) {
	if inner.accepted.Load() {
		s.accepted.Store(true)
	}
	if inner.unknown.Load() {
		s.unknown.Store(true)
	}
	if inner.canceled.Load() {
		s.canceled.Store(true)
	}
}

// run calls f in the scope and waits for all tasks that f has started: what it did is then at an end. A task that failed
// while nobody looked makes a failure of a run that had none.
func (s *scope) run(L *lua.LState, f func() error) error {
	before := L.Context()
	L.SetContext(threadContext(s.inside(contextOf(L))))
	defer func() {
		if before == nil {
			L.RemoveContext()
		} else {
			L.SetContext(before)
		}
	}()
	err := f()
	if unseen := s.join(L, err != nil); err == nil && unseen != nil {
		return unseen
	}
	return err
}

// join waits for the tasks of the scope, which are canceled first if it failed.
func (s *scope) join(L *lua.LState, failed bool) error {
	if s.tasks == nil {
		return nil
	}
	var unseen *ScriptError
	all := tasksOf(L)
	for len(s.tasks) > 0 { // they may start others
		list := s.tasks
		s.tasks = nil
		for _, t := range list {
			if failed {
				t.stop()
			}
		}
		all.settle(L, list...)
		for _, t := range list {
			if t.status == taskFailed && !t.seen {
				t.seen, unseen = true, cmp.Or(unseen, t.failure)
			}
		}
	}
	all.forgetSeen()
	if unseen == nil {
		return nil
	}
	return unseen
}

// mostPushback is how often a call that the service pushes back is made again in a batch, by when the pauses have grown to
// minutes.
const mostPushback = 8

// send makes one call of the scope: f performs it under a context whose attempts are watched. In a batch, a call that the
// service pushed back is made again, after the pause that all rows take.
func (s *scope) send(ctx context.Context, f func(ctx context.Context) (any, error)) (any, error) {
	w := &watch{scope: s}
	defer w.settle()
	ctx = authy.WithPacer(ctx, w)
	for try := 0; ; try++ {
		result, err := f(ctx)
		if failure, ok := errors.AsType[authy.Error](err); ok && failure.Kind() == authy.KindCanceled {
			s.canceled.Store(true)
		}
		if err == nil || s.row == nil || try >= mostPushback || !w.pushedBack.Load() || !w.route.MayRetry(err) || ctx.Err() != nil {
			return result, err
		}
	}
}

// watch sees the attempts of one call.
type watch struct {
	scope *scope
	route authy.Route // of the last attempt
	begun time.Time   // likewise
	ended func()      // notes in the row that the call is at its end

	pushedBack atomic.Bool // so ended the last attempt
}

// Wait paces the attempt with those of other rows, and has it in the journal before it is sent.
func (w *watch) Wait(ctx context.Context, route authy.Route) error {
	w.route = route
	row := w.scope.row
	if row == nil {
		return nil
	}
	if !route.Repeatable() {
		if err := row.mayCall(w.scope, route); err != nil {
			return err
		}
	}
	if err := row.batch.pace.Wait(ctx); err != nil {
		w.scope.canceled.Store(true)
		row.gaveUp.Store(row.gaveUp.Load() || errors.Is(err, pace.ErrGivenUp))
		return err
	}
	w.begun = time.Now()
	if !route.Repeatable() && w.ended == nil {
		w.ended = row.open.add(w.scope, route.Name)
	}
	return row.recordCall(ctx, route)
}

// Observe learns how an attempt ended.
func (w *watch) Observe(err error) {
	w.pushedBack.Store(pace.IsPushback(err))
	if row := w.scope.row; row != nil {
		row.batch.pace.Observe(w.begun, err)
	}
	switch {
	case w.route.Repeatable():
	case err == nil:
		w.scope.accepted.Store(true)
	case !w.route.DidNothing(err):
		w.scope.unknown.Store(true)
		if w.scope.row != nil {
			w.scope.row.lost.note(err)
		}
	}
}

func (w *watch) settle() {
	if w.ended != nil {
		w.ended()
	}
}
