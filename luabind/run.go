package luabind

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"github.com/authysh/authysh/authy"
	lua "github.com/yuin/gopher-lua"
)

// run is one run of a script, call of a function or chunk of a session, with the tasks that it starts: what it may use, and
// what it has used of that.
type run struct {
	account
	limits Limits
	ctx    context.Context // of whatever waits; that of threads counts their steps, see threadContext
	stop   context.CancelCauseFunc
	free   context.CancelFunc

	sends, output atomic.Int64
}

// runKey is under what a context has its run, if that has limits.
type runKey struct{}

// runOf is the run that a context belongs to; nil when it has no limits.
func runOf(ctx context.Context) *run {
	if ctx == nil {
		return nil
	}
	r, _ := ctx.Value(runKey{}).(*run)
	return r
}

// begin starts a run under ctx.
func (rt *Runtime) begin(ctx context.Context) *run {
	l := rt.limits
	r := &run{limits: l, account: account{what: "the script", most: int(l.Steps), memory: l.Memory}}
	if u := rt.untrusted; u != nil {
		r.keeps, r.bytes, r.room = rt.keeps, u.made, u.room
	}
	r.ctx, r.stop = context.WithCancelCause(ctx)
	r.free = func() { r.stop(nil) }
	if l == (Limits{}) {
		return r
	}
	r.exceeded = r.exceed
	if l.Time > 0 {
		late := &LimitError{Limit: "Time", text: "the script took longer than " + l.Time.String()}
		timed, release := context.WithTimeoutCause(r.ctx, l.Time, late)
		r.ctx, r.free = timed, func() { release(); r.stop(nil) }
	}
	r.ctx = context.WithValue(r.ctx, runKey{}, r)
	if l.Sends > 0 {
		r.ctx = authy.WithPacer(r.ctx, r)
	}
	return r
}

// exceed ends the run for a limit, from any goroutine.
func (r *run) exceed(limit, text string) error {
	err := &LimitError{Limit: limit, text: text}
	r.stop(err)
	return err
}

// broken is the limit that ended a run which failed with err; nil for none.
func (r *run) broken(err error) error {
	limit, ok := errors.AsType[*LimitError](context.Cause(r.ctx))
	if !ok || err == nil && limit.Limit == "Time" { // which was over when all was done
		return nil
	}
	told := *limit
	if failure, ok := errors.AsType[*ScriptError](err); ok && told.Where == "" {
		told.Where = failure.Where
	}
	return &told
}

// Wait counts a request that sends something, and refuses one too many.
func (r *run) Wait(_ context.Context, route authy.Route) error {
	if route.Effect == authy.Sends && r.sends.Add(1) > int64(r.limits.Sends) {
		return r.exceed("Sends", "the script sent more than "+quantity(r.limits.Sends, "request"))
	}
	return nil
}

// Observe has nothing to learn.
func (r *run) Observe(error) {}

// print counts output, before it is written.
func (r *run) print(bytes int) error {
	if r.limits.Output > 0 && r.output.Add(int64(bytes)) > r.limits.Output {
		return r.exceed("Output", "the script wrote more than "+quantity(r.limits.Output, "byte"))
	}
	return nil
}

// quantity is a number of things, in words.
func quantity[N int | int64](n N, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// mayPrint raises an error for output that would be too much, before it is put together.
func mayPrint(L *lua.LState, bytes int) {
	if r := runOf(L.Context()); r != nil && r.limits.Output > 0 && int64(bytes) > r.limits.Output {
		L.RaiseError("%v", r.print(bytes))
	}
}

// threadContext is ctx for a thread that runs under it: with its steps counted, if they are.
func threadContext(ctx context.Context) context.Context {
	r := runOf(ctx)
	if r == nil || r.most == 0 && r.memory == 0 {
		return ctx
	}
	return &budget{Context: ctx, account: &r.account}
}

// startChunk lets the tasks of a chunk of a session go on when it ends; or, when the runtime has limits, makes the chunk wait
// for them in the function that it returns.
func (rt *Runtime) startChunk(L *lua.LState) (end func(err *error)) {
	if rt.limits == (Limits{}) {
		rt.tasks.base, rt.tasks.detach = rt.background, true
		return func(*error) {}
	}
	rt.tasks.base, rt.tasks.detach = contextOf(L), false
	return func(err *error) { *err = rt.endTasks(L, *err) }
}

// mayStart raises an error when a run has as many tasks as it may.
func (s *tasks) mayStart(L *lua.LState) {
	if r := runOf(L.Context()); r != nil && r.limits.Tasks > 0 && len(s.running) >= r.limits.Tasks {
		L.RaiseError("%v", r.exceed("Tasks", "the script had more than "+quantity(r.limits.Tasks, "task")+" under way"))
	}
}

// limitedWriter is a stream of the host whose bytes count as output of the current run.
type limitedWriter struct {
	io.Writer
	now *atomic.Pointer[run]
}

// Write writes p if the run may still write as much.
func (w *limitedWriter) Write(p []byte) (int, error) {
	if r := w.now.Load(); r != nil {
		if err := r.print(len(p)); err != nil {
			return 0, err
		}
	}
	return w.Writer.Write(p)
}

// Flush passes on what the host's writer holds back.
func (w *limitedWriter) Flush() error {
	if buffered, ok := w.Writer.(interface{ Flush() error }); ok {
		return buffered.Flush()
	}
	return nil
}
