package luabind

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/luabind/internal/keyset"
	"github.com/authysh/authysh/luabind/journal"
	lua "github.com/yuin/gopher-lua"
	"golang.org/x/time/rate"
)

// batch is one batch.run. Its fields belong to whoever has the interpreter, except for those that say otherwise.
type batch struct {
	host    *Host
	options batchOptions
	source  *batchSource
	workers int
	begun   time.Time
	inTask  bool // it was not started by the script or chunk itself

	keyColumn    string
	keyAt        int // of the column in the records of a CSV file
	keyFunction  *lua.LFunction
	retryDoubt   bool
	askDoubt     *lua.LFunction
	maxErrors    int64   // failed rows that are accepted; -1 when that is a part of the rows
	maxErrorPart float64 // which part

	starts  *rate.Limiter // of rows; nil for any number
	pace    *pace
	turn    turn // of the worker that takes the next row
	keys    *keyset.Set
	journal *journal.Journal
	results *batchResults

	counts batchCounts // safe for concurrent use
	groups errorGroups // likewise

	stopping sync.Once
	draining chan struct{} // closed when no more rows are taken
	stopped  atomic.Value  // why: a stopReason
	broken   error         // what ended the batch other than its rows
	script   lua.LValue    // what the script's own code raised outside of each
}

// stopReason is why a batch took no more rows.
type stopReason string

const (
	stoppedByErrors    stopReason = "max_errors"
	stoppedByInterrupt stopReason = "interrupted"
	stoppedByFailure   stopReason = "failure"
)

// batchCounts counts rows. Every row that was taken is in exactly one of the others, or in the works.
type batchCounts struct {
	taken, done, failed, inDoubt, duplicates, unfinished atomic.Int64

	earlier       atomic.Int64 // of these, as they were in the journal
	earlierFailed atomic.Int64 // of those, the failed ones and those in doubt
}

// runBatch is batch.run.
func runBatch(L *lua.LState, h *Host) int {
	if s := scopeOf(L.Context()); s != nil && s.row != nil {
		L.RaiseError("%s cannot run inside the each of another batch", batchOp)
	}
	b := newBatch(L, h)
	b.inTask = currentTask(L) != nil
	ended := false
	defer func() {
		if !ended { // something was raised
			b.end(L)
		}
	}()
	b.open(L)
	finished := h.batchBegins(b)
	list := make([]*task, b.workerCount())
	worker := L.NewFunction(b.work)
	s := tasksOf(L)
	for i := range list {
		list[i] = s.start(L, batchOp, worker)
		list[i].seen = true
		list[i].waiters++ // so that no prompt tells of their end
	}
	for _, t := range list {
		s.settle(L, t)
		if t.status == taskFailed && b.script == nil {
			b.script = t.failure.Value
		}
	}
	ended = true
	b.end(L)
	summary := b.summary()
	finished(summary)
	return b.outcome(L, summary)
}

// workerCount is no more than there are rows, where that is known.
func (b *batch) workerCount() int {
	if items := b.source.items; items != nil && items.list != nil {
		return max(1, min(b.workers, items.list.Len()))
	}
	return b.workers
}

// open opens the journal and the results.
func (b *batch) open(L *lua.LState) {
	if b.options.Key != nil && b.options.OnDuplicate != "run" {
		b.keys = keyset.New("")
	}
	for i, name := range b.source.columns() {
		if name == b.keyColumn {
			b.keyAt = i
		}
	}
	var err error
	b.host.Wait(L, func(ctx context.Context) {
		if b.options.Journal != "" {
			err = b.openJournal(ctx)
		}
		if err == nil && b.options.Results != "" {
			b.results, err = createResults(b.options.Results, b.options.Ordered)
		}
	})
	switch {
	case err == nil:
	case isCanceled(err):
		raise(L, errTaskCanceled)
	default:
		fail(L, batchOp, err)
	}
	if b.journal != nil && b.journal.ScriptChanged() {
		b.host.logger().Info("the script is another than the journal was begun with", "journal", b.options.Journal)
	}
}

func (b *batch) openJournal(ctx context.Context) error {
	source, err := b.source.describe(ctx)
	if err != nil {
		return err
	}
	header := journal.Header{Script: b.host.script, Source: source, Key: b.keyColumn, Columns: b.source.columns()}
	var options []journal.Option
	if b.options.Results != "" {
		options = append(options, journal.KeepOutcomes())
	}
	b.journal, err = journal.Open(ctx, b.options.Journal, header, options...)
	return err
}

// work is what each worker does: take a row, run it, until there are no more.
func (b *batch) work(L *lua.LState) int {
	for {
		row := b.take(L)
		if row == nil {
			return 0
		}
		b.runRow(L, row)
	}
}

// take is the next row that is to be run; nil when there is none, or no more are wanted.
func (b *batch) take(L *lua.LState) *batchRow {
	b.turn.take(L, b.host)
	defer b.turn.pass()
	defer func() { // what the script's code raises here, or the source, ends the batch
		if raised := recover(); raised != nil {
			b.stop(stoppedByFailure)
			panic(raised)
		}
	}()
	for !b.isStopping() {
		next, ok := b.source.next(L, b.host, b.passRecord)
		if !ok {
			return nil
		}
		if next.fault == nil && next.value == nil {
			continue
		}
		if b.broken != nil {
			return nil
		}
		b.counts.taken.Add(1)
		if b.results != nil && !b.results.makeRoom(L, b.host, next.n) {
			raise(L, errTaskCanceled)
		}
		if row := b.consider(L, next); row != nil {
			if b.paceStart(L) {
				return row
			}
			b.counts.unfinished.Add(1) // it was never begun
			b.settle(row.n)
		}
	}
	return nil
}

// consider decides what is to become of a row; nil when it is not to be run.
func (b *batch) consider(L *lua.LState, next sourceRow) *batchRow {
	if next.fault != nil {
		if !b.passOver(next.n, "") {
			b.faulty(next.n, "", &rowError{Kind: kindSource, Message: next.fault.Error()})
		}
		return nil
	}
	key, err := b.keyOf(L, next.value)
	if err != nil {
		if !b.passOver(next.n, "") {
			b.faulty(next.n, "", &rowError{Kind: kindSource, Message: err.Error()})
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
		if err := b.journal.Check(n, key); err != nil {
			b.fatal(err)
			return true
		}
		if b.journal.Status(n) != journal.Unseen {
			if !b.settled(n) {
				return false
			}
			b.countEarlier(n, key)
			return true
		}
	}
	if !duplicate {
		return false
	}
	reason := fmt.Sprintf("row %d has the same key", first)
	if b.options.OnDuplicate == "fail" {
		b.faulty(n, key, &rowError{Kind: kindDuplicate, Message: reason})
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
		b.counts.earlierFailed.Add(1)
	case journal.InDoubt:
		b.counts.inDoubt.Add(1)
		b.counts.earlierFailed.Add(1)
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
	if row.steps, err = b.journal.Steps(row.n); err != nil {
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
	known.RawSetString("status", lua.LString(status.String()))
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
	refuse(L, batchOp, "on_doubt", `must return "skip" or "retry", got `+clipped(answer.String()))
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

// stop has no more rows taken. It is safe for concurrent use; the first reason counts.
func (b *batch) stop(reason stopReason) {
	b.stopping.Do(func() {
		b.stopped.Store(reason)
		close(b.draining)
	})
}

func (b *batch) isStopping() bool {
	select {
	case <-b.draining:
		return true
	default:
		return false
	}
}

// checkErrors stops the batch when too many rows have failed.
func (b *batch) checkErrors() {
	const fewRows = 100 // of fewer, a part would be no more than chance
	failed := b.counts.failed.Load() + b.counts.inDoubt.Load() - b.counts.earlierFailed.Load()
	most := b.maxErrors
	if most < 0 {
		run := b.counts.taken.Load() - b.counts.earlier.Load()
		most = int64(b.maxErrorPart * float64(max(run, fewRows)))
	}
	if failed > most {
		b.stop(stoppedByErrors)
	}
}

// note takes an error of the journal, after which nothing more may be sent.
func (b *batch) note(err error) {
	if err != nil {
		b.fatal(err)
	}
}

// fatal ends the batch for a reason that is none of its rows.
func (b *batch) fatal(err error) {
	if b.broken == nil {
		b.broken = err
	}
	b.stop(stoppedByFailure)
}

// end closes all that open has opened. Errors of that are errors of the batch.
func (b *batch) end(L *lua.LState) {
	b.host.Wait(L, func(context.Context) {
		if b.keys != nil {
			_ = b.keys.Close() // a temporary file
		}
		if b.results != nil {
			b.broken = errors.Join(b.broken, b.results.close())
		}
		if b.journal != nil {
			if b.broken == nil {
				b.broken = b.journal.End(b.totals())
			}
			b.broken = errors.Join(b.broken, b.journal.Close())
		}
	})
}

// outcome pushes the summary, or raises what ended the batch before its time.
func (b *batch) outcome(L *lua.LState, summary *BatchSummary) int {
	t := summary.table(L)
	failure := func(kind authy.Kind, text string) {
		e := errorTable(L, &batchError{kind, text})
		e.RawSetString("summary", t)
		L.Error(e, 0)
	}
	switch {
	case L.Context() != nil && L.Context().Err() != nil:
		raise(L, errTaskCanceled)
	case b.script != nil:
		L.Error(b.script, 0)
	case b.broken != nil:
		fail(L, batchOp, b.broken)
	case summary.Stopped == string(stoppedByErrors):
		failure("stopped", fmt.Sprintf("stopped after %d failed rows, as max_errors is %s; %s",
			summary.Failed+summary.InDoubt, b.options.MaxErrors, b.howToResume()))
	case summary.Stopped == string(stoppedByInterrupt):
		failure(authy.KindCanceled, "interrupted; "+b.howToResume())
	}
	L.Push(t)
	return 1
}

func (b *batch) howToResume() string {
	if b.journal == nil {
		return "there is no journal to resume from"
	}
	return "run the script again to resume from " + b.options.Journal
}
