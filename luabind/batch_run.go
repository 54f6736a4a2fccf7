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
	"github.com/authysh/authysh/luabind/internal/pace"
	"github.com/authysh/authysh/luabind/journal"
	lua "github.com/yuin/gopher-lua"
	"golang.org/x/time/rate"
)

// batch is one batch.run. Its fields belong to whoever has the interpreter, except for those that say otherwise.
type batch struct {
	host    *Host
	outer   *scope // the step of a flow in which it runs; nil for none
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
	pace    *pace.Pacer
	turn    turn // of the worker that takes the next row
	keys    *keyset.Set
	journal *journal.Journal
	results *batchResults

	counts batchCounts // safe for concurrent use
	groups errorGroups // likewise

	taking     context.Context // of reading the source; ends when no more rows are taken
	stopTaking context.CancelFunc

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

	earlier atomic.Int64 // of these, as they were in the journal
	known   atomic.Int64 // failed or in doubt, and so already in an earlier run
}

// runBatch is batch.run.
func runBatch(L *lua.LState, h *Host) int {
	outer := scopeOf(L.Context())
	switch {
	case outer == nil:
	case outer.row != nil:
		L.RaiseError("%s cannot run inside the each of another batch", batchOp)
	case outer.dry:
		L.RaiseError("%s cannot run in a dry run", batchOp)
	}
	b := newBatch(L, h)
	b.inTask = currentTask(L) != nil
	b.outer = outer
	b.taking, b.stopTaking = context.WithCancel(contextOf(L))
	defer b.stopTaking()
	finished := h.batchBegins(b)
	defer func() {
		summary := b.summary()
		finished(summary)
		h.plugins.batchEnded(L, h, summary)
	}()
	ended := false
	defer func() {
		if !ended { // something was raised
			b.stop(stoppedByFailure)
			b.end(L)
		}
	}()
	b.open(L)
	b.runWorkers(L)
	ended = true
	b.end(L)
	return b.outcome(L, b.summary())
}

// runWorkers runs all workers to their end.
func (b *batch) runWorkers(L *lua.LState) {
	list := make([]*task, b.workerCount())
	worker := L.NewFunction(b.work)
	s := tasksOf(L)
	for i := range list {
		list[i] = s.start(L, batchOp, worker)
		list[i].seen = true
		list[i].waiters++ // so that no prompt tells of their end
	}
	if !s.settle(L, list...) {
		b.stop(stoppedByInterrupt)
	}
	for _, t := range list {
		if t.status == taskFailed && b.script == nil {
			b.script = t.failure.Value
		}
	}
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
			b.results, err = createResults(b.options.Results, b.options.Journal, b.options.Ordered, b.options.Columns)
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
		fmt.Fprintf(b.host.Stderr, "batch: the script has changed since %s was written; what is done stays done\n", b.options.Journal)
	}
}

func (b *batch) openJournal(ctx context.Context) error {
	source, err := b.source.describe(ctx)
	if err != nil {
		return err
	}
	header := journal.Header{Script: b.host.script, Source: source, Key: b.keyColumn, Columns: b.source.columns(), Service: b.host.service}
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

// stop has no more rows taken. It is safe for concurrent use; the first reason counts.
func (b *batch) stop(reason stopReason) {
	b.stopping.Do(func() {
		b.stopped.Store(reason)
		close(b.draining)
		b.stopTaking()
	})
}

// stopIfCanceled stops the batch when the script is interrupted.
func (b *batch) stopIfCanceled(L *lua.LState) bool {
	if contextOf(L).Err() == nil {
		return false
	}
	b.stop(stoppedByInterrupt)
	return true
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
	failed := b.counts.failed.Load() + b.counts.inDoubt.Load() - b.counts.known.Load()
	most := b.maxErrors
	if most < 0 {
		most = int64(b.maxErrorPart * float64(max(b.counts.taken.Load(), fewRows)))
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
			err := b.journal.Close()
			if _, known := errors.AsType[*journal.WriteError](b.broken); !known {
				b.broken = errors.Join(b.broken, err)
			}
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
	case contextOf(L).Err() != nil:
		raise(L, errTaskCanceled)
	case b.script != nil:
		L.Error(b.script, 0)
	case b.broken != nil:
		fail(L, batchOp, b.broken)
	case summary.Stopped == string(stoppedByErrors):
		failure("stopped", fmt.Sprintf("stopped after %d failed rows, as max_errors is %s; %s",
			summary.Failed+summary.InDoubt-b.counts.known.Load(), b.options.MaxErrors, b.howToResume()))
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
