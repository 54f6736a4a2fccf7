package luabind

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/luabind/internal/lua51"
	"github.com/authysh/authysh/luabind/internal/luajson"
	"github.com/authysh/authysh/luabind/journal"
	lua "github.com/yuin/gopher-lua"
)

// batchRow is a row in the works.
type batchRow struct {
	batch *batch
	n     int64
	key   string
	value lua.LValue
	entry *journal.Entry // nil without a journal

	recorded     json.RawMessage // the value as the journal has it
	failedBefore bool            // in an earlier run
	rehearsed    bool            // a flow made a dry run in it

	gaveUp atomic.Bool // a call of it waited for the service to take more, and the batch stops
	lost   lostAnswer
	recall recall // of an earlier run
	open   openCalls
}

// lostAnswer is the first error after which nobody knows what became of a call. It is safe for concurrent use.
type lostAnswer struct{ err atomic.Value }

func (l *lostAnswer) note(err error) { l.err.CompareAndSwap(nil, &err) }

func (l *lostAnswer) get() error {
	if err, ok := l.err.Load().(*error); ok {
		return *err
	}
	return errors.New("the answer to a call was lost")
}

// context is the second argument of each: what is known of the row.
func (r *batchRow) context(L *lua.LState) *lua.LTable {
	t := L.CreateTable(0, 2)
	t.RawSetString("number", lua.LNumber(r.n))
	if r.key != "" {
		t.RawSetString("key", lua.LString(r.key))
	}
	return t
}

// recordCall has the journal know of a call before it is sent.
func (r *batchRow) recordCall(ctx context.Context, route authy.Route) error {
	if r.entry == nil {
		return nil
	}
	return r.entry.Call(ctx, journal.Call{Op: route.Name, Effect: route.Effect.String(), Repeatable: route.Repeatable()})
}

// recordUndone records that steps were undone, after what of theirs may not be repeated all the same.
func (r *batchRow) recordUndone(ctx context.Context, steps []string) error {
	for _, op := range r.open.names() {
		if err := r.entry.Call(ctx, journal.Call{Op: op, Effect: authy.Sends.String()}); err != nil {
			return err
		}
	}
	for _, step := range steps {
		if err := r.entry.Undone(step); err != nil {
			return err
		}
	}
	return nil
}

// runRow takes a row through each, and records how that ended.
func (b *batch) runRow(L *lua.LState, row *batchRow) {
	b.begin(row)
	s := &scope{row: row}
	var result lua.LValue
	err := s.run(L, func() (err error) {
		result, err = callback(L, b.options.Each, row.value, row.context(L))
		return err
	})
	if b.outer != nil {
		b.outer.absorb(s) // or a retry of that step would run the row again
	}
	canceled := contextOf(L).Err() != nil || row.gaveUp.Load()
	switch strayed := row.strayed(); {
	case strayed != nil:
		s.unknown.Store(true)
		b.failed(row, s, &rowError{Kind: kindScript, Message: strayed.Error()})
	case err == nil && canceled && (s.unknown.Load() || s.canceled.Load()):
		b.interrupted(row, s)
	case err == nil && s.unknown.Load(): // the script went on, but nobody knows
		b.failed(row, s, newRowError(row.lost.get()))
	case err == nil:
		b.done(row, s, result)
	case canceled:
		b.interrupted(row, s)
	case s.untouched() && isRefusedKey(err):
		b.refuseKey(err)
		b.interrupted(row, s)
	default:
		b.failed(row, s, newRowError(err))
	}
}

// isRefusedKey reports an error that has nothing to do with the row: every other row would end with it, too.
func isRefusedKey(err error) bool {
	if invalid, ok := errors.AsType[*authy.ValidationError](err); ok {
		return invalid.Fields()["key"] != ""
	}
	return errors.Is(err, authy.ErrUnauthorized)
}

// refuseKey ends the batch with what the script raised.
func (b *batch) refuseKey(err error) {
	if failure, ok := errors.AsType[*ScriptError](err); ok && b.script == nil {
		b.script = failure.Value
	}
	b.stop(stoppedByFailure)
}

// callback calls a function of the script in protected mode.
func callback(L *lua.LState, f *lua.LFunction, args ...lua.LValue) (lua.LValue, error) {
	L.Push(f)
	for _, arg := range args {
		L.Push(arg)
	}
	if err := lua51.PCall(L, len(args), 1, nil); err != nil {
		return nil, scriptErrorIn(L, err)
	}
	result := L.Get(-1)
	L.Pop(1)
	return result, nil
}

// mostRecorded bounds what is recorded of a row or its result: the journal takes no longer lines, and people read them.
const mostRecorded = 1 << 20

func (b *batch) done(row *batchRow, s *scope, result lua.LValue) {
	if row.rehearsed && row.entry != nil {
		b.interrupted(row, s)
		return
	}
	encoded, err := recordable(result)
	if err != nil {
		encoded, _ = json.Marshal(fmt.Sprintf("not recorded: %v", err))
	}
	if row.entry != nil {
		if err := row.entry.Done(encoded); err != nil {
			b.unrecorded(row, s, err)
			return
		}
	}
	b.counts.done.Add(1)
	b.report(row.n, row.key, journal.Outcome{Status: journal.Done, Result: encoded})
}

// interrupted records a row that was in the works when the batch was canceled.
func (b *batch) interrupted(row *batchRow, s *scope) {
	b.settle(row.n)
	switch {
	case !s.untouched(): // the journal says so already
		b.counts.inDoubt.Add(1)
		return
	case row.entry != nil:
		b.note(row.entry.Interrupted())
	}
	b.counts.unfinished.Add(1)
}

// unrecorded counts a row whose end the journal could not take. The next run finds it as it is counted here.
func (b *batch) unrecorded(row *batchRow, s *scope, err error) {
	b.fatal(err)
	b.settle(row.n)
	if s.untouched() {
		b.counts.unfinished.Add(1)
	} else {
		b.counts.inDoubt.Add(1)
	}
}

// failed records a failure as what it is: when a call may have been carried out all the same, the row is in doubt.
func (b *batch) failed(row *batchRow, s *scope, failure *rowError) {
	outcome := journal.Outcome{Status: journal.Failed, Error: failure.encode()}
	if s.unknown.Load() {
		outcome.Status = journal.InDoubt
	}
	if row.entry != nil {
		var err error
		if outcome.Status == journal.InDoubt {
			err = row.entry.Doubt(outcome.Error)
		} else {
			err = row.entry.Fail(outcome.Error, !s.accepted.Load())
		}
		if err != nil {
			b.unrecorded(row, s, err)
			return
		}
	}
	if outcome.Status == journal.InDoubt {
		b.counts.inDoubt.Add(1)
	} else {
		b.counts.failed.Add(1)
	}
	if row.failedBefore {
		b.counts.known.Add(1)
	}
	b.groups.add(row.n, failure)
	b.report(row.n, row.key, outcome)
	b.checkErrors()
}

// faulty records a row that cannot be run at all.
func (b *batch) faulty(next sourceRow, key string, failure *rowError) {
	row := &batchRow{batch: b, n: next.n, key: key, value: next.value}
	b.begin(row)
	b.failed(row, &scope{row: row}, failure)
}

// begin has the journal know of a row.
func (b *batch) begin(row *batchRow) {
	if b.journal == nil {
		return
	}
	if row.value != nil {
		if recorded, err := luajson.Encode(row.value, ""); err == nil && len(recorded) <= mostRecorded {
			row.recorded = recorded
		}
	}
	row.failedBefore = b.journal.Status(row.n) == journal.Failed
	row.entry = b.journal.Begin(row.n, row.key, row.recorded)
}
