package luabind

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/luabind/internal/lua51"
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
	steps []journal.Step // finished in an earlier run
	flows map[string]int // how often a flow was run in the row, by name
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
func (r *batchRow) recordCall(ctx context.Context, op authy.Operation) error {
	if r.entry == nil {
		return nil
	}
	return r.entry.Call(ctx, journal.Call{Op: op.Name, Effect: op.Effect.String(), Repeatable: op.Repeatable()})
}

// runRow takes a row through each, and records how that ended.
func (b *batch) runRow(L *lua.LState, row *batchRow) {
	if b.journal != nil {
		recorded, _ := encodeJSON(row.value, "")
		row.entry = b.journal.Begin(row.n, row.key, recorded)
	}
	s := &scope{row: row}
	var result lua.LValue
	err := s.run(L, func() (err error) {
		result, err = callback(L, b.options.Each, row.value, row.context(L))
		return err
	})
	if err == nil {
		b.done(row, result)
		return
	}
	if L.Context() != nil && L.Context().Err() != nil {
		b.interrupted(row, s)
		return
	}
	b.failed(row, s, newRowError(err))
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

func (b *batch) done(row *batchRow, result lua.LValue) {
	var encoded json.RawMessage
	if result != lua.LNil {
		var err error
		if encoded, err = encodeJSON(result, ""); err != nil {
			encoded, _ = json.Marshal(fmt.Sprintf("not recorded: %v", err))
		}
	}
	if row.entry != nil {
		b.note(row.entry.Done(encoded))
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

// failed records a failure as what it is: when a call may have been carried out all the same, the row is in doubt.
func (b *batch) failed(row *batchRow, s *scope, failure *rowError) {
	if failure.unrecorded { // nothing was sent, as the journal could not have said so
		b.counts.unfinished.Add(1)
		b.note(failure.cause)
		b.settle(row.n)
		return
	}
	outcome := journal.Outcome{Status: journal.Failed, Error: failure.encode()}
	if s.unknown.Load() {
		outcome.Status = journal.InDoubt
		if row.entry != nil {
			b.note(row.entry.Doubt(outcome.Error))
		}
		b.counts.inDoubt.Add(1)
	} else {
		if row.entry != nil {
			b.note(row.entry.Fail(outcome.Error, !s.accepted.Load()))
		}
		b.counts.failed.Add(1)
	}
	b.groups.add(row.n, failure)
	b.report(row.n, row.key, outcome)
	b.checkErrors()
}

// faulty records a row that cannot be run at all.
func (b *batch) faulty(n int64, key string, failure *rowError) {
	row := &batchRow{batch: b, n: n, key: key}
	if b.journal != nil {
		row.entry = b.journal.Begin(n, key, nil)
	}
	b.failed(row, &scope{row: row}, failure)
}
