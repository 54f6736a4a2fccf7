package luabind

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/authysh/authysh/luabind/internal/luatext"
	"github.com/authysh/authysh/luabind/journal"
	lua "github.com/yuin/gopher-lua"
)

// take is the next row that is to be run; nil when there is none, or no more are wanted.
func (b *batch) take(L *lua.LState) *batchRow {
	b.turn.take(L, b.host)
	defer b.turn.pass()
	defer func() { // what the script's code raises here, or the source, ends the batch
		if raised := recover(); raised != nil {
			b.stopIfCanceled(L)
			b.stop(stoppedByFailure)
			panic(raised)
		}
	}()
	for !b.stopIfCanceled(L) && !b.isStopping() {
		next, ok := b.next(L)
		if !ok || b.broken != nil {
			return nil
		}
		if row := b.accept(L, next); row != nil {
			return row
		}
	}
	return nil
}

// next reads a row. A file that keeps it waiting, such as a pipe, is given up when no more rows are wanted.
func (b *batch) next(L *lua.LState) (row sourceRow, ok bool) {
	if b.source.reader != nil {
		defer L.SetContext(L.Context())
		L.SetContext(threadContext(b.taking))
	}
	return b.source.next(L, b.host, b.passRecord)
}

// accept counts a row that was read, and returns it if it is to be run now.
func (b *batch) accept(L *lua.LState, next sourceRow) (row *batchRow) {
	b.counts.taken.Add(1)
	known := false // what becomes of it
	defer func() {
		if !known { // it was never begun
			b.counts.unfinished.Add(1)
			b.settle(next.n)
		}
	}()
	if b.results != nil && !b.results.makeRoom(L, b.host, next.n) {
		raise(L, errTaskCanceled)
	}
	row = b.consider(L, next)
	switch {
	case row == nil:
		known = true
	case b.paceStart(L):
		known = true
		return row
	}
	return nil
}

// consider decides what is to become of a row; nil when it is not to be run.
func (b *batch) consider(L *lua.LState, next sourceRow) *batchRow {
	if next.fault != nil {
		if !b.passOver(next.n, "") {
			b.faulty(next, "", &rowError{Kind: kindSource, Message: next.fault.Error()})
		}
		return nil
	}
	key, err := b.keyOf(L, next.value)
	switch {
	case err != nil && contextOf(L).Err() != nil:
		raise(L, errTaskCanceled)
	case err != nil:
		if !b.passOver(next.n, "") {
			b.faulty(next, "", &rowError{Kind: kindSource, Op: "key", Message: err.Error()})
		}
		return nil
	}
	if b.passOver(next.n, key) {
		return nil
	}
	row := &batchRow{batch: b, n: next.n, key: key, value: next.value}
	if b.journal != nil && b.journal.Status(row.n) != journal.Unseen && !b.resumes(L, row) {
		return nil
	}
	return row
}

// passRecord is passOver for the rows of a CSV file, whose keys can be read without Lua.
func (b *batch) passRecord(n int64, record []string) bool {
	if b.keyFunction != nil || b.journal == nil || b.journal.Status(n) == journal.Unseen {
		return false
	}
	if b.isStopping() || b.results != nil && b.results.isCrowded(n) {
		return false // whoever takes rows one by one sees to that
	}
	key := ""
	if b.keyColumn != "" {
		key = record[b.keyAt]
	}
	if key == "" && b.keyColumn != "" || !b.settled(n) {
		return false
	}
	b.counts.taken.Add(1)
	return b.passOver(n, key)
}

// settled reports whether the journal has the last word on a row.
func (b *batch) settled(n int64) bool {
	switch b.journal.Status(n) {
	case journal.Done, journal.Skipped:
		return true
	case journal.Failed:
		return !b.options.RetryFailed
	case journal.InDoubt:
		return !b.retryDoubt && b.askDoubt == nil
	}
	return false
}

// passOver deals with rows that were settled in an earlier run, and with those whose key came before.
func (b *batch) passOver(n int64, key string) bool {
	var first int64
	duplicate := false
	if b.keys != nil && key != "" {
		var err error
		if first, duplicate, err = b.keys.Add(key, n); err != nil {
			b.fatal(err)
			return true
		}
	}
	if b.journal != nil {
		if key != "" {
			if err := b.journal.Check(n, key); err != nil {
				b.fatal(err)
				return true
			}
		}
		if b.settled(n) {
			b.countEarlier(n, key)
			return true
		}
	}
	if !duplicate {
		return false
	}
	reason := fmt.Sprintf("row %d has the same key", first)
	if b.options.OnDuplicate == "fail" {
		b.faulty(sourceRow{n: n}, key, &rowError{Kind: kindDuplicate, Message: reason})
		return true
	}
	if b.journal != nil {
		b.note(b.journal.Skip(n, key, "duplicate"))
	}
	b.counts.duplicates.Add(1)
	b.report(n, key, journal.Outcome{Status: journal.Skipped})
	return true
}

// countEarlier counts a row as an earlier run left it.
func (b *batch) countEarlier(n int64, key string) {
	b.counts.earlier.Add(1)
	switch b.journal.Status(n) {
	case journal.Done:
		b.counts.done.Add(1)
	case journal.Skipped:
		b.counts.duplicates.Add(1)
	case journal.Failed:
		b.counts.failed.Add(1)
		b.counts.known.Add(1)
	case journal.InDoubt:
		b.counts.inDoubt.Add(1)
		b.counts.known.Add(1)
	}
	if b.results == nil {
		return
	}
	outcome, err := b.journal.Outcome(n)
	if err != nil {
		b.fatal(err)
		return
	}
	b.report(n, key, outcome)
}

// resumes reports whether a row that an earlier run has begun is to be run again.
func (b *batch) resumes(L *lua.LState, row *batchRow) bool {
	status := b.journal.Status(row.n)
	if status == journal.InDoubt || status == journal.Failed && !b.journal.Repeatable(row.n) {
		if !b.retries(L, row, status) {
			b.countEarlier(row.n, row.key)
			return false
		}
	}
	var err error
	if row.recall.steps, err = b.journal.Steps(row.n); err != nil {
		b.fatal(err)
		return false
	}
	return true
}

// retries asks what the script wants of a row in doubt, or of one that failed after a call which must not be repeated.
func (b *batch) retries(L *lua.LState, row *batchRow, status journal.Status) bool {
	if b.askDoubt == nil {
		return b.retryDoubt
	}
	known := row.context(L)
	known.RawSetString("status", lua.LString(statusName(status)))
	answer, err := callback(L, b.askDoubt, row.value, known)
	if err != nil {
		failure, _ := errors.AsType[*ScriptError](err)
		L.Error(failure.Value, 0)
	}
	switch answer {
	case lua.LNil, lua.LFalse, lua.LString("skip"):
		return false
	case lua.LTrue, lua.LString("retry"):
		return true
	}
	refuse(L, batchOp, "on_doubt", `must return "skip" or "retry", got `+luatext.Excerpt(answer.String()))
	return false
}

// paceStart waits until the row may start; false when no more are wanted meanwhile.
func (b *batch) paceStart(L *lua.LState) bool {
	if b.starts == nil {
		return !b.isStopping()
	}
	reservation := b.starts.Reserve()
	delay := reservation.Delay()
	if delay <= 0 {
		return !b.isStopping()
	}
	canceled := false
	b.host.Wait(L, func(ctx context.Context) {
		timer := time.NewTimer(delay)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-b.draining:
		case <-ctx.Done():
			canceled = true
		}
	})
	if canceled {
		raise(L, errTaskCanceled)
	}
	return !b.isStopping()
}
