package luabind

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	lua "github.com/yuin/gopher-lua"
)

// String is how messages call the task.
func (t *task) String() string { return fmt.Sprintf("task %d (%s)", t.number, t.name) }

// failures takes the tasks that have failed while nobody looked, as one error; nil when there are none.
func (s *tasks) failures() error {
	s.forgetSeen()
	failed := s.unseen
	s.unseen = nil
	if len(failed) == 0 {
		return nil
	}
	slices.SortFunc(failed, func(a, b *task) int { return cmp.Compare(a.number, b.number) })
	e := &TasksError{}
	for _, t := range failed {
		e.Failures = append(e.Failures, TaskFailure{Task: t.String(), Err: t.failure})
	}
	return e
}

// forgetSeen lets go of the failed tasks that somebody has looked at by now.
func (s *tasks) forgetSeen() {
	s.unseen = slices.DeleteFunc(s.unseen, func(t *task) bool { return t.seen })
}

// TasksError is tasks that failed while nobody looked: no code waited for them or took their error.
//
// errors.As does not reach the errors of API calls behind them: what matters is that they went unnoticed.
type TasksError struct {
	// Failures are in the order in which the tasks were started.
	Failures []TaskFailure
}

// TaskFailure is one task that failed.
type TaskFailure struct {
	// Task names it, such as "task 3 (authy.request_sms)".
	Task string
	// Err is why.
	Err *ScriptError
}

// Error names the first of the tasks and says how many there are.
func (e *TasksError) Error() string {
	first := e.Failures[0]
	text := fmt.Sprintf("%s failed, and nothing waited for it: %v", first.Task, first.Err)
	if more := len(e.Failures) - 1; more > 0 {
		text += fmt.Sprintf(" (and %d more)", more)
	}
	return text
}

// Unwrap is the errors of the tasks, so that errors.As reaches what failed in them.
func (e *TasksError) Unwrap() []error {
	all := make([]error, len(e.Failures))
	for i, f := range e.Failures {
		all[i] = f.Err
	}
	return all
}

// WaitTasks lets the tasks of a host's own state run to their end, and returns a [*TasksError] when some failed while
// nobody looked. Tasks that run when ctx ends are canceled.
//
// Call it from the goroutine that runs Lua in L, after the script: between calls into Lua the tasks of such a state stand
// still. A [Runtime] does this by itself.
func WaitTasks(ctx context.Context, L *lua.LState) error {
	s := tasksIn(L)
	if s == nil {
		return nil
	}
	all := func(*task) bool { return true }
	stop := context.AfterFunc(ctx, func() {
		s.Lock()
		defer s.Unlock()
		s.cancelAll(all)
	})
	s.drain(all)
	if !stop() && ctx.Err() != nil {
		return errors.Join(context.Cause(ctx), s.failures())
	}
	return s.failures()
}
