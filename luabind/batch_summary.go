package luabind

import (
	"sync"
	"time"

	"github.com/authysh/authysh/luabind/internal/luavalue"
	"github.com/authysh/authysh/luabind/journal"
	lua "github.com/yuin/gopher-lua"
)

// BatchSummary is how a batch went.
type BatchSummary struct {
	// Rows is how many were taken from the source. Each of them is counted in exactly one of the next five.
	Rows int64
	// Done ended well, Failed raised an error.
	Done, Failed int64
	// InDoubt made a call that may have been carried out or not, and that must not be made twice without looking.
	InDoubt int64
	// Duplicates have the key of an earlier row and were not run.
	Duplicates int64
	// Unfinished were stopped, or not yet begun, and will run when the batch resumes.
	Unfinished int64
	// Earlier is how many of the rows an earlier run had settled.
	Earlier int64
	// Took is the time of this run, and Rate the rows of this run per second.
	Took time.Duration
	Rate float64
	// Errors are the failures of this run by kind, the most frequent first.
	Errors []BatchErrors
	// Stopped is why the batch took no more rows before the source had ended: "max_errors", "interrupted" or "failure".
	// Empty when it took all.
	Stopped string
	// Journal and Results are the files, empty for none.
	Journal, Results string
}

func (b *batch) summary() *BatchSummary {
	c := &b.counts
	s := &BatchSummary{
		Rows: c.taken.Load(), Done: c.done.Load(), Failed: c.failed.Load(), InDoubt: c.inDoubt.Load(),
		Duplicates: c.duplicates.Load(), Unfinished: c.unfinished.Load(), Earlier: c.earlier.Load(),
		Took: time.Since(b.begun), Errors: b.groups.list(), Journal: b.options.Journal, Results: b.options.Results,
	}
	if seconds := s.Took.Seconds(); seconds > 0 {
		s.Rate = float64(s.Rows-s.Earlier) / seconds
	}
	if reason, ok := b.stopped.Load().(stopReason); ok {
		s.Stopped = string(reason)
	}
	return s
}

func (b *batch) totals() journal.Totals {
	c := &b.counts
	return journal.Totals{
		Done: int(c.done.Load()), Failed: int(c.failed.Load()), InDoubt: int(c.inDoubt.Load()),
		Interrupted: int(c.unfinished.Load()), Skipped: int(c.duplicates.Load()),
	}
}

// summaryFields describes the table below.
func summaryFields() []Param {
	text := func(name, doc string) Param { return Param{Name: name, Type: "string", Doc: doc, Optional: true} }
	count := func(name, doc string) Param { return Param{Name: name, Type: "integer", Doc: doc} }
	return []Param{
		count("rows", "how many came"), count("done", "went through"), count("failed", "failed"),
		count("in_doubt", "of which nobody knows whether they went through"), count("duplicates", "had a key that came before"),
		count("unfinished", "were begun and not ended"), count("earlier", "were done by earlier runs"),
		{Name: "seconds", Type: "number", Doc: "how long it took"}, {Name: "rate", Type: "number", Doc: "rows per second"},
		{Name: "errors", Type: "table[]", Doc: "rows that failed in the same way", Fields: []Param{
			count("count", "how many"), count("row", "the first of them"), text("kind", "of the error"), text("op", "what failed"),
			text("code", "the service's"), text("example", "the first error"),
		}},
		text("stopped", "why it took no more rows"), text("journal", "the journal's file"), text("results", "the results' file"),
	}
}

// table is what batch.run returns.
func (s *BatchSummary) table(L *lua.LState) *lua.LTable {
	t := L.CreateTable(0, 12)
	count := func(name string, n int64) { t.RawSetString(name, lua.LNumber(n)) }
	count("rows", s.Rows)
	count("done", s.Done)
	count("failed", s.Failed)
	count("in_doubt", s.InDoubt)
	count("duplicates", s.Duplicates)
	count("unfinished", s.Unfinished)
	count("earlier", s.Earlier)
	t.RawSetString("seconds", lua.LNumber(s.Took.Seconds()))
	t.RawSetString("rate", lua.LNumber(s.Rate))
	groups := L.CreateTable(len(s.Errors), 0)
	groups.Metatable = luavalue.ArrayMetatable(L)
	for _, group := range s.Errors {
		g := L.CreateTable(0, 6)
		for name, text := range map[string]string{"kind": group.Kind, "op": group.Op, "code": group.Code, "example": group.Example} {
			if text != "" {
				g.RawSetString(name, lua.LString(text))
			}
		}
		g.RawSetString("count", lua.LNumber(group.Count))
		g.RawSetString("row", lua.LNumber(group.Row))
		groups.Append(g)
	}
	t.RawSetString("errors", groups)
	for name, text := range map[string]string{"stopped": s.Stopped, "journal": s.Journal, "results": s.Results} {
		if text != "" {
			t.RawSetString(name, lua.LString(text))
		}
	}
	return t
}

// Batch is a batch.run that is going on, for a host that shows how far it is. Its methods are safe for concurrent use.
type Batch struct{ b *batch }

// Counts is how many rows were taken, and how they ended so far.
func (b Batch) Counts() (rows, done, failed, inDoubt int64) {
	c := &b.b.counts
	return c.taken.Load(), c.done.Load(), c.failed.Load(), c.inDoubt.Load()
}

// Earlier is how many rows an earlier run had settled, of those that were taken so far.
func (b Batch) Earlier() int64 { return b.b.counts.earlier.Load() }

// Fraction is the part of the source that was read, from 0 to 1; ok is false when its size is not known.
func (b Batch) Fraction() (part float64, ok bool) {
	source := b.b.source
	if source.size <= 0 {
		return 0, false
	}
	return min(1, float64(source.read.Load())/float64(source.size)), true
}

// Journal is the file of the journal; empty for none.
func (b Batch) Journal() string { return b.b.options.Journal }

// Began is when the batch was started.
func (b Batch) Began() time.Time { return b.b.begun }

// Paused is how long no request will start, because the service asked for less; 0 when they may.
func (b Batch) Paused() time.Duration { return b.b.pace.Paused() }

// Stopping reports whether the batch takes no more rows, and only finishes those in the works.
func (b Batch) Stopping() bool { return b.b.isStopping() }

// BatchStarted is told of every batch.run that begins. What it returns, which may be nil, is called at the end. Both run
// while the interpreter is held, and must not wait.
func BatchStarted(f func(Batch) (ended func(*BatchSummary))) Option {
	return func(rt *Runtime) error { rt.host.batches.started = f; return nil }
}

// batches are those of a host that are going on.
type batches struct {
	started func(Batch) func(*BatchSummary)

	mu      sync.Mutex
	running map[*batch]struct{}
}

// batchBegins tells the host of a batch, and returns what tells it of the end.
func (h *Host) batchBegins(b *batch) (ended func(*BatchSummary)) {
	known := &h.batches
	known.mu.Lock()
	if known.running == nil {
		known.running = map[*batch]struct{}{}
	}
	known.running[b] = struct{}{}
	known.mu.Unlock()
	var tell func(*BatchSummary)
	if known.started != nil {
		tell = known.started(Batch{b})
	}
	return func(s *BatchSummary) {
		known.mu.Lock()
		delete(known.running, b)
		known.mu.Unlock()
		if tell != nil {
			tell(s)
		}
	}
}

// Interrupt has the batches that are going on take no more rows: they finish those in the works and then raise an error. It
// reports whether there was any that did not know of it yet; if not, canceling the context of the script is what stops
// it. It may be called from any goroutine, and does not wait. A batch whose source is an iterator of the script, which
// waits for something, ends with the next row of that.
func (rt *Runtime) Interrupt() bool {
	return rt.host.batches.interrupt(func(*batch) bool { return true })
}

// Interrupt is [Runtime.Interrupt] for the batches that the chunk itself runs, not those of tasks.
func (s *Session) Interrupt() bool {
	return s.rt.host.batches.interrupt(func(b *batch) bool { return !b.inTask })
}

func (known *batches) interrupt(pick func(*batch) bool) bool {
	known.mu.Lock()
	defer known.mu.Unlock()
	told := false
	for b := range known.running {
		if pick(b) && !b.isStopping() {
			told = true
			b.stop(stoppedByInterrupt)
		}
	}
	return told
}
