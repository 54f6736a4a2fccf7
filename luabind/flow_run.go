package luabind

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/luabind/internal/luajson"
	"github.com/authysh/authysh/luabind/internal/pace"
	lua "github.com/yuin/gopher-lua"
)

// flowRun is one run of a flow.
type flowRun struct {
	*flow
	host   *Host
	outer  *scope // of the row, or of the step of another flow; nil for none
	row    *batchRow
	prefix string // of the names of its steps in the journal
	dry    bool
	ctx    *lua.LTable
	ended  []endedStep
}

// endedStep is a step that is finished.
type endedStep struct {
	flowStep
	touched bool // it made a call that may not be repeated
}

// runFlow is flow:run.
func runFlow(L *lua.LState, h *Host, f *flow) int {
	var options flowRunOptions
	optionsAt(L, 3, flowRunOp, &options)
	outer := scopeOf(L.Context())
	r := &flowRun{flow: f, host: h, outer: outer, dry: options.DryRun || outer != nil && outer.dry, ctx: L.NewTable()}
	if outer != nil && !r.dry {
		r.row = outer.row
	}
	if r.row != nil {
		r.prefix = r.row.nameRun(outer, f.name, L.Get(2)) + "."
	}
	if r.dry && outer != nil && outer.row != nil {
		outer.row.rehearsed = true
	}
	r.ctx.RawSetString("input", L.Get(2))
	if r.dry {
		fmt.Fprintf(h.Stdout, "dry run of flow %s\n", f.name)
	}
	for _, step := range f.steps {
		if r.restore(L, step) {
			continue
		}
		value, failure := r.take(L, step)
		if failure != nil {
			r.fail(L, step, failure)
		}
		r.ctx.RawSetString(step.name, value)
	}
	L.Push(r.ctx)
	return 1
}

// restore takes the result of a step that an earlier run of the batch has finished.
func (r *flowRun) restore(L *lua.LState, step flowStep) bool {
	if r.row == nil {
		return false
	}
	known, ok := r.row.recall.take(r.prefix + step.name)
	if !ok {
		return false
	}
	value := lua.LValue(lua.LNil)
	if known.Result != nil {
		decoded, err := decodeJSON(L, string(known.Result))
		if err != nil {
			fail(L, flowRunOp, err)
		}
		value = decoded
	}
	r.ctx.RawSetString(step.name, value)
	r.ended = append(r.ended, endedStep{flowStep: step, touched: true}) // nobody knows
	return true
}

// take runs a step, and again as long as its retry allows.
func (r *flowRun) take(L *lua.LState, step flowStep) (lua.LValue, *ScriptError) {
	if r.dry {
		fmt.Fprintf(r.host.Stdout, "  step %s\n", step.name)
	}
	var before *scope // the last try, with what those before it may have done
	for try := 0; ; try++ {
		s := r.newScope(step.name)
		if before != nil && r.row != nil {
			r.row.open.move(before, s) // with unsafe, there may be something
		}
		value := lua.LValue(lua.LNil)
		err := s.run(L, func() (err error) {
			value, err = callback(L, step.run, r.ctx)
			return err
		})
		interrupted := r.isInterrupted(L)
		if err == nil && !(interrupted && s.canceled.Load()) {
			r.finish(L, step, s, value)
			return value, nil
		}
		failure, _ := errors.AsType[*ScriptError](err)
		again := !interrupted && try < step.retry.times
		if again {
			again, failure = step.retry.allows(L, s, failure)
		}
		if before != nil {
			s.absorb(before)
		}
		if !again {
			r.handOver(s, r.outer)
			if interrupted {
				raise(L, errTaskCanceled)
			}
			return nil, failure
		}
		before = s
		if !r.pause(L, step.retry.backoff<<min(try, 20), failure) {
			r.handOver(s, r.outer)
			raise(L, errTaskCanceled)
		}
	}
}

// isInterrupted reports whether the flow is to stop where it is: the script is canceled, or its batch stops and a call of
// the row was given up in a pause. Steps are then neither tried again nor undone; the row goes on when it is resumed.
func (r *flowRun) isInterrupted(L *lua.LState) bool {
	return contextOf(L).Err() != nil || r.row != nil && r.row.gaveUp.Load()
}

// newScope is for running a step, or undoing it.
func (r *flowRun) newScope(step string) *scope {
	s := &scope{row: r.row, step: true, dry: r.dry, name: r.prefix + step, within: []string{r.name}}
	if r.outer != nil {
		s.within = append(s.within, r.outer.within...)
	}
	return s
}

// recordable is a value as the journal takes it.
func recordable(v lua.LValue) (json.RawMessage, error) {
	if v == lua.LNil {
		return nil, nil
	}
	encoded, err := luajson.Encode(v, "")
	if err == nil && len(encoded) > mostRecorded {
		err = fmt.Errorf("it has %d bytes, and may have %d", len(encoded), mostRecorded)
	}
	return encoded, err
}

// handOver makes what a scope has done, and what is not recorded as finished, the doing of another.
func (r *flowRun) handOver(s, to *scope) {
	if to == nil {
		return
	}
	to.absorb(s)
	if r.row != nil {
		r.row.open.move(s, to)
	}
}

// finish records a step that succeeded.
func (r *flowRun) finish(L *lua.LState, step flowStep, s *scope, value lua.LValue) {
	r.ended = append(r.ended, endedStep{flowStep: step, touched: !s.untouched()})
	if r.outer == nil {
		return
	}
	if r.outer.step {
		r.outer.absorb(s) // or a retry of that step would not know
	}
	if r.row == nil || r.row.entry == nil {
		r.handOver(s, r.outer)
		return
	}
	if s.unknown.Load() { // the script went on after a lost answer, but nobody knows
		r.handOver(s, r.outer)
		return
	}
	result, err := recordable(value)
	if err != nil {
		r.handOver(s, r.outer)
		L.RaiseError("%s: step %s gave what the journal cannot record: %v", r.name, step.name, err)
	}
	if !r.row.open.close(s) {
		r.handOver(s, r.outer)
		return
	}
	if err := r.row.entry.Step(r.prefix+step.name, result); err != nil {
		r.outer.absorb(s)
		r.row.batch.note(err)
	}
}

// allows reports whether a step that failed may be tried again, and why not. Unless the script takes the risk, no call of it
// may have been carried out that must not be repeated.
func (r stepRetry) allows(L *lua.LState, s *scope, failure *ScriptError) (again bool, why *ScriptError) {
	if !s.untouched() && !r.unsafe {
		return false, failure
	}
	if r.ask != nil {
		answer, err := callback(L, r.ask, failure.Value)
		if refusal, ok := errors.AsType[*ScriptError](err); ok {
			return false, refusal
		}
		return lua.LVAsBool(answer), failure
	}
	err, ok := errors.AsType[authy.Error](failure)
	if !ok {
		return false, failure
	}
	if r.on != nil {
		e := newRowError(failure)
		return slices.ContainsFunc(r.on, func(name string) bool {
			return name == e.Kind || name == e.Code || e.Status > 0 && name == strconv.Itoa(e.Status)
		}), failure
	}
	return mayPass(err), failure
}

// mayPass reports a failure that may pass by itself.
func mayPass(err authy.Error) bool {
	switch e := err.(type) {
	case *authy.NetworkError:
		return e.Kind() != authy.KindCanceled
	case *authy.ResponseError:
		return true
	case *authy.APIError:
		return pace.IsPushback(e) || e.Status >= 500
	}
	return false
}

// pause waits before a retry, at least as long as the service asked for. It returns false if the script was interrupted.
func (r *flowRun) pause(L *lua.LState, d time.Duration, failure *ScriptError) bool {
	d = min(d, mostBackoff)
	if refusal, ok := errors.AsType[*authy.APIError](failure); ok {
		d = max(d, refusal.RetryAfter)
	}
	var err error
	r.host.Wait(L, func(ctx context.Context) { err = pace.Sleep(ctx, d) })
	return err == nil
}

// fail undoes the finished steps, the last one first, and raises what made the flow fail.
func (r *flowRun) fail(L *lua.LState, step flowStep, cause *ScriptError) {
	failure := &FlowError{Flow: r.name, Step: step.name, Cause: cause}
	if !r.dry {
		failure.Undone = r.undo(L)
	}
	t := errorTable(L, failure)
	if from, ok := cause.Value.(*lua.LTable); ok {
		for _, name := range []string{"kind", "op", "status", "code", "fields", "retry_after", "where"} {
			if v := from.RawGetString(name); v != lua.LNil {
				t.RawSetString(name, v)
			}
		}
	}
	if cause.Where != "" {
		t.RawSetString("where", lua.LString(cause.Where))
	}
	t.RawSetString("flow", lua.LString(r.name))
	t.RawSetString("step", lua.LString(step.name))
	t.RawSetString("cause", cause.Value)
	undone := L.NewTable()
	for _, u := range failure.Undone {
		entry := L.CreateTable(0, 3)
		entry.RawSetString("step", lua.LString(u.Step))
		entry.RawSetString("ok", lua.LBool(u.Err == nil))
		if u.Err != nil {
			entry.RawSetString("error", u.Err.Value)
		}
		undone.Append(entry)
	}
	t.RawSetString("undone", undone)
	L.Error(t, 0)
}

// undo runs the undo functions of the finished steps.
func (r *flowRun) undo(L *lua.LState) []UndoneStep {
	var outcomes []UndoneStep
	counting := len(r.ended) // of the finished steps, those that still count
	for i, step := range slices.Backward(r.ended) {
		if step.undo == nil {
			continue
		}
		s := r.newScope(step.name + "~undo")
		err := s.run(L, func() error {
			_, err := callback(L, step.undo, r.ctx)
			return err
		})
		failure, _ := errors.AsType[*ScriptError](err)
		if failure == nil {
			r.takeBack(L, s, r.ended[i:counting])
			counting = min(counting, i)
		} else {
			r.handOver(s, r.outer)
		}
		if r.isInterrupted(L) {
			raise(L, errTaskCanceled)
		}
		outcomes = append(outcomes, UndoneStep{step.name, failure})
	}
	return outcomes
}

// takeBack records that the first of some steps was undone, by what s did. Those after it count no more: when the row is
// resumed, all of them run again. But they were not undone, as nothing undoes them or that failed: what they sent may not
// be repeated.
func (r *flowRun) takeBack(L *lua.LState, s *scope, steps []endedStep) {
	if r.row == nil || r.row.entry == nil {
		r.handOver(s, r.outer)
		return
	}
	if r.outer.step {
		r.outer.absorb(s)
	}
	if !r.row.open.close(s) {
		r.row.open.move(s, r.outer)
	}
	names := make([]string, 0, len(steps))
	for i, step := range slices.Backward(steps) {
		names = append(names, r.prefix+step.name)
		if step.touched && i > 0 {
			r.outer.accepted.Store(true)
			r.row.open.keep(r.outer, r.prefix+step.name)
		}
	}
	r.row.recall.forget(names)
	var err error
	r.host.Wait(L, func(ctx context.Context) { err = r.row.recordUndone(ctx, names) })
	if err != nil && !isCanceled(err) {
		r.row.batch.note(err)
	}
}

// FlowError is a flow that failed.
//
// errors.As reaches the error of the API call that caused it, such as [*authy.APIError].
type FlowError struct {
	// Flow and Step are the names of the flow and of the step that failed.
	Flow, Step string
	// Cause is why.
	Cause *ScriptError
	// Undone are the finished steps that can be undone, in the order in which that was tried.
	Undone []UndoneStep
}

// UndoneStep is the undoing of one step.
type UndoneStep struct {
	Step string
	// Err is why it could not be undone; nil when it was.
	Err *ScriptError
}

// Error names the step, the cause and what became of the steps before, in one line.
func (e *FlowError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "flow %s failed in step %s: %s", e.Flow, e.Step, e.Cause.Message)
	for _, u := range e.Undone {
		if u.Err == nil {
			fmt.Fprintf(&b, "; step %s was undone", u.Step)
		} else {
			fmt.Fprintf(&b, "; step %s could not be undone: %s", u.Step, u.Err.Message)
		}
	}
	return b.String()
}

// Unwrap is the cause.
func (e *FlowError) Unwrap() error { return e.Cause }
