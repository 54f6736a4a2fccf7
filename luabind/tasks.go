package luabind

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/luabind/internal/lua51"
	lua "github.com/yuin/gopher-lua"
)

// tasks runs the tasks of one state. Whoever uses it holds the interpreter, except for count.
//
// A task is a goroutine with a Lua thread of its own. It runs when it gets the interpreter, and keeps that until it
// waits for something, yields or ends: a task that only computes keeps all others from running.
type tasks struct {
	*interpreter
	host    *Host
	base    context.Context // what tasks run under that are started outside of any task
	detach  bool            // those go on when the chunk ends that started them
	running map[*task]struct{}
	idle    chan struct{} // closed when the last one has ended; nil when none runs
	numbers int
	unseen  []*task // failed, and nobody has looked
	count   atomic.Int64

	mu      sync.Mutex // guards cancels, which whoever cancels from outside must reach while a task computes
	cancels map[int]context.CancelCauseFunc

	// ended is told of every task that was started outside of any task and ends while nobody waits for it; nil when
	// nobody listens.
	ended func(*task)
}

// task is one function that runs beside others.
type task struct {
	number int
	name   string // what runs, in the words of the script
	where  string // the line that started it; empty when unknown
	begun  time.Time
	ended  time.Time
	parent *task // the task that started it; nil for none
	detach bool

	mustRun  bool // also if it is canceled before it begins, as it has something to close
	shielded bool // ends by itself: it is not canceled with the script

	ctx    context.Context
	cancel context.CancelCauseFunc
	done   chan struct{} // closed at the end
	thread *lua.LState

	status   taskStatus
	values   []lua.LValue // what the function is given, before it begins, and what it returned
	failure  *ScriptError
	seen     bool     // somebody has taken the outcome, or will
	waiters  int      // how many wait for it now
	watchers []func() // called when it ends
	children int      // started by it, and they or their own not yet at their end
}

// taskStatus is how far a task is.
type taskStatus string

const (
	taskRunning  taskStatus = "running"
	taskDone     taskStatus = "done"
	taskFailed   taskStatus = "failed"
	taskCanceled taskStatus = "canceled"
)

// taskError is a failure of the task module's own. It is an [authy.Error], so that scripts find a kind in it.
type taskError struct {
	kind authy.Kind
	text string
}

func (e *taskError) Error() string     { return e.text }
func (e *taskError) Kind() authy.Kind  { return e.kind }
func (e *taskError) Operation() string { return "" }

var errTaskCanceled = &taskError{authy.KindCanceled, "the task was canceled"}

// tasksType is where a state keeps its tasks.
const tasksType = "authysh.tasks"

// newTasks makes the tasks of a state and keeps them there. h has the lock of the interpreter, if there is one already.
func newTasks(L *lua.LState, h *Host) *tasks {
	s := &tasks{host: h, interpreter: h.interpreter, running: map[*task]struct{}{}, cancels: map[int]context.CancelCauseFunc{}}
	L.G.Registry.RawSetString(tasksType, &lua.LUserData{Value: s})
	return s
}

// tasksOf are the tasks of a state. In a host's own state they come into being with a lock that whoever runs Lua there
// holds already without knowing: from now on, waiting gives it away.
func tasksOf(L *lua.LState) *tasks {
	if s := tasksIn(L); s != nil {
		return s
	}
	i := new(interpreter)
	i.Lock()
	return newTasks(L, &Host{interpreter: i})
}

// tasksIn is tasksOf for a state that may have none; nil then.
func tasksIn(L *lua.LState) *tasks {
	known, ok := L.G.Registry.RawGetString(tasksType).(*lua.LUserData)
	if !ok {
		return nil
	}
	return known.Value.(*tasks)
}

// taskKey is under what a context has the task that runs in it.
type taskKey struct{}

// currentTask is the task that L is a thread of; nil outside of any.
func currentTask(L *lua.LState) *task {
	if L.Context() == nil {
		return nil
	}
	t, _ := L.Context().Value(taskKey{}).(*task)
	return t
}

// start runs a function as a task. It gets the interpreter when the caller gives it away.
func (s *tasks) start(L *lua.LState, name string, fn lua.LValue, args ...lua.LValue) *task {
	s.mayStart(L)
	s.numbers++
	t := &task{
		number: s.numbers, name: name, where: callSite(L), begun: time.Now(), parent: currentTask(L),
		done: make(chan struct{}), status: taskRunning, detach: s.detach,
	}
	base := s.base
	switch {
	case t.parent != nil:
		base, t.detach = t.parent.ctx, t.parent.detach
		t.parent.children++
	case base == nil:
		base = contextOf(L)
	}
	s.enter(t, base)
	if sc := scopeOf(L.Context()); sc != nil {
		t.ctx = sc.inside(t.ctx)
		sc.tasks = append(sc.tasks, t)
	}
	s.launch(L, t, fn, args)
	return t
}

// startShielded runs a function as a task on behalf of another one, under a context of its own. Whoever calls it waits for
// the task, and takes its outcome.
func (s *tasks) startShielded(L *lua.LState, base context.Context, name string, on *task, fn *lua.LFunction) *task {
	s.numbers++
	t := &task{
		number: s.numbers, name: name, where: on.where, begun: time.Now(), detach: on.detach, shielded: true,
		done: make(chan struct{}), status: taskRunning, seen: true, waiters: 1,
	}
	s.enter(t, base)
	s.launch(L, t, fn, nil)
	return t
}

// enter makes the context of a task and notes that it runs.
func (s *tasks) enter(t *task, base context.Context) {
	ctx, cancel := context.WithCancelCause(base)
	t.ctx, t.cancel = context.WithValue(ctx, taskKey{}, t), cancel
	if len(s.running) == 0 {
		s.idle = make(chan struct{})
	}
	s.running[t] = struct{}{}
	s.mu.Lock()
	s.cancels[t.number] = cancel
	s.mu.Unlock()
	s.count.Add(1)
}

// launch starts the goroutine of a task.
func (s *tasks) launch(L *lua.LState, t *task, fn lua.LValue, args []lua.LValue) {
	thread := lua51.NewThread(L)
	t.thread = thread
	thread.SetContext(threadContext(t.ctx))
	t.values = append([]lua.LValue{fn}, args...)
	s.announce()
	go s.run(t, thread)
}

// run is the goroutine of a task.
func (s *tasks) run(t *task, thread *lua.LState) {
	s.take()
	defer s.Unlock()
	defer s.finish(t) // also when the Go code below fails
	given := t.values
	t.values = nil
	if t.ctx.Err() != nil && !t.mustRun {
		t.status = taskCanceled
		return
	}
	for _, v := range given {
		thread.Push(v)
	}
	err := lua51.PCall(thread, len(given)-1, lua.MultRet, nil)
	if err == nil {
		t.status, t.values = taskDone, make([]lua.LValue, thread.GetTop())
		for i := range t.values {
			t.values[i] = thread.Get(i + 1)
		}
		return
	}
	if t.ctx.Err() != nil {
		t.status = taskCanceled
		return
	}
	t.status, t.failure = taskFailed, scriptErrorIn(thread, err)
	if t.where != "" {
		t.failure.Traceback = append(t.failure.Traceback, t.where+": started the task")
	}
}

// finish tells everybody that a task is at its end.
func (s *tasks) finish(t *task) {
	t.ended, t.thread = time.Now(), nil
	if t.status == taskRunning { // or whoever waits for it would wait for ever
		t.status, t.failure = taskFailed, errGoexit()
	}
	delete(s.running, t)
	s.mu.Lock()
	delete(s.cancels, t.number)
	s.mu.Unlock()
	s.count.Add(-1)
	if t.status == taskFailed && !t.seen {
		s.unseen = append(s.unseen, t)
	}
	close(t.done)
	for _, watch := range t.watchers {
		watch()
	}
	t.watchers = nil
	t.release()
	if s.ended != nil && t.parent == nil && t.waiters == 0 {
		s.ended(t)
	}
	if len(s.running) == 0 {
		close(s.idle)
		s.idle = nil
	}
}

// errGoexit is the failure of a task whose goroutine code of the host has ended.
func errGoexit() *ScriptError {
	const text = "code of the host ended the goroutine of the task with runtime.Goexit, or a test's FailNow"
	return &ScriptError{Message: text, Value: lua.LString(text)}
}

// release frees the context of a task that has ended, and of those above it for which that was the last: what a task
// has started is canceled with it, so its context must live as long as they do.
func (t *task) release() {
	for ; t != nil && t.status != taskRunning && t.children == 0; t = t.parent {
		t.cancel(nil)
		if t.parent == nil {
			return
		}
		t.parent.children--
	}
}

func (t *task) isOver() bool { return t.status != taskRunning }

// stop cancels a task and all that it has started. It does nothing to one that is over.
func (t *task) stop() {
	if !t.isOver() {
		t.cancel(errTaskCanceled)
	}
}

// wait waits until enough of the tasks are over; enough is asked now and whenever one of them ends. one says that a single
// one may be. It raises when the waiting is interrupted, and when the tasks wait for whoever calls it.
func (s *tasks) wait(L *lua.LState, list []*task, one bool, enough func() bool) {
	if enough() {
		return
	}
	me, wanted := lua51.Root(L), waiting{tasks: list, one: one, ctx: contextOf(L)}
	if chain := s.blocked.cycle(me, wanted); chain != nil {
		s.refuseCycle(L, chain)
	}
	settled := make(chan struct{})
	settle := sync.OnceFunc(func() { close(settled) })
	for _, t := range list {
		t.waiters++
		if !t.isOver() {
			t.watchers = append(t.watchers, func() {
				if enough() {
					settle()
				}
			})
		}
	}
	defer s.blocked.wait(me, wanted)()
	defer func() {
		for _, t := range list {
			t.waiters--
		}
	}()
	interrupted := false
	s.host.Wait(L, func(ctx context.Context) {
		select {
		case <-settled:
		case <-ctx.Done():
			interrupted = true
		}
	})
	if interrupted && !enough() {
		raise(L, errTaskCanceled)
	}
}

// settle waits for the end of tasks, come what may: when the waiting is interrupted they are canceled, and ok is false.
func (s *tasks) settle(L *lua.LState, list ...*task) (ok bool) {
	for _, t := range list {
		t.waiters++
	}
	defer s.blocked.wait(lua51.Root(L), waiting{tasks: list, ctx: contextOf(L)})()
	defer func() {
		for _, t := range list {
			t.waiters--
		}
	}()
	ok = true
	for _, t := range list {
		if t.isOver() {
			continue
		}
		s.host.Wait(L, func(ctx context.Context) {
			select {
			case <-t.done:
			case <-ctx.Done():
			}
		})
		if t.isOver() {
			continue
		}
		ok = false
		for _, other := range list {
			other.stop()
		}
		s.host.Wait(L, func(context.Context) { <-t.done })
	}
	return ok
}

// outcome pushes what a task has returned, or raises what it has raised.
func (t *task) outcome(L *lua.LState) int {
	t.seen = true
	switch t.status {
	case taskFailed:
		L.Error(t.failure.Value, 0)
	case taskCanceled:
		raise(L, errTaskCanceled)
	}
	for _, v := range t.values {
		L.Push(v)
	}
	return len(t.values)
}

// await is outcome after the end of the task.
func (s *tasks) await(L *lua.LState, t *task) int {
	t.seen = true // or nobody would be told of a failure: whoever waits is, or is interrupted
	s.wait(L, []*task{t}, false, t.isOver)
	return t.outcome(L)
}

// drain waits, with the interpreter given away, until no task runs any more for which pick is true.
func (s *tasks) drain(pick func(*task) bool) {
	for {
		var next *task
		for t := range s.running {
			if pick(t) {
				next = t
				break
			}
		}
		if next == nil {
			return
		}
		s.Unlock()
		<-next.done
		s.Lock()
	}
}

// attached picks the tasks that a script must wait for.
func attached(t *task) bool { return !t.detach }

// cancelAll cancels the tasks that pick takes, but for those that end by themselves.
func (s *tasks) cancelAll(pick func(*task) bool) {
	for t := range s.running {
		if pick(t) && !t.shielded {
			t.stop()
		}
	}
}

// cancelNumber cancels the running task of a number, or all for 0, from any goroutine and without the interpreter, and
// returns how many these are.
func (s *tasks) cancelNumber(number int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for of, cancel := range s.cancels {
		if number == 0 || number == of {
			cancel(errTaskCanceled)
			n++
		}
	}
	return n
}
