package luabind

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/metrics"
	"time"

	"github.com/authysh/authysh/luabind/internal/lua51"
	lua "github.com/yuin/gopher-lua"
)

// Limits of single values.
const (
	longestString = 4 << 20
	largestIndex  = 1 << 20 // of a list: gopher-lua makes room for all elements up to it at once
)

// account is what one run of code may use, and has used so far. All threads of the run share it, and whoever holds the
// interpreter may change it.
type account struct {
	what    string // runs, in the words of an error
	steps   int
	most    int           // of them; 0 for no limit
	bytes   int64         // of the strings and lists made so far
	memory  int64         // of them, or of what is kept; 0 for no limit
	first   time.Time     // when the clock was first looked at; see begun
	limit   time.Duration // since then; 0 when the context ends by itself
	heap    uint64        // of the process, when first looked at
	failure error         // which limit was exceeded

	// keeps measures what all values take that the code can reach, up to most; nil when the limit is to what is made.
	keeps    func(most int64) int64
	measured int64 // what had been made when that was last done
	room     int64 // what may be made before it is done again

	// exceeded makes the error of a limit of [Limits], and ends the run; nil for plugins.
	exceeded func(limit, text string) error
}

// exceed ends the run for a limit.
func (a *account) exceed(limit, format string, arguments ...any) {
	text := a.what + " " + fmt.Sprintf(format, arguments...)
	if a.exceeded != nil {
		a.failure = a.exceeded(limit, text)
	} else {
		a.failure = errors.New(text)
	}
}

// budget is the context of a thread of code whose use is counted: it ends when the run has used up what it may.
//
// The interpreter asks for Done before every instruction, which is how these are counted. So a budget must not be handed to
// anything that waits in another goroutine; see outside and contextOf.
type budget struct {
	context.Context
	*account

	// Of the code of plugins alone.
	hook     *hookRun // what a hook answers
	touched  bool     // something outside was asked for, so that it cannot be said that nothing was done
	updating bool     // while the code holds the lock of a file

	// The script that a hook is called for, whose interpreter is held meanwhile; nil for none.
	outer  *Host
	script *lua.LState
}

var spent = func() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

// checkEvery is how many steps pass between two looks at the clock.
const checkEvery = 1 << 10

// Done counts a step.
func (b *budget) Done() <-chan struct{} {
	if b.steps++; b.steps%checkEvery == 0 {
		b.check()
	}
	if b.failure != nil {
		return spent
	}
	return b.Context.Done()
}

// Err is what ended the budget. Library functions that take long ask for it.
func (b *budget) Err() error {
	b.check()
	if b.failure != nil {
		return b.failure
	}
	return b.Context.Err()
}

func (a *account) check() {
	switch {
	case a.failure != nil:
	case a.most > 0 && a.steps > a.most:
		a.exceed("Steps", "ran more than %d instructions", a.most)
	case a.limit > 0 && time.Since(a.begun()) >= a.limit:
		a.exceed("Time", "took longer than %s", a.limit)
	case a.keeps != nil && a.made()-a.measured > a.room:
		a.measure()
	case a.keeps == nil && a.memory > 0 && a.steps%(128*checkEvery) == 0 && a.steps > 0:
		a.checkHeap()
	}
}

// begun is when the code began, or a little later: reading the clock takes longer than a short piece of code, which ends before
// it is asked for.
func (a *account) begun() time.Time {
	if a.first.IsZero() {
		a.first = time.Now()
	}
	return a.first
}

// made is about how much was made so far, in bytes, whether it is still there or not.
func (a *account) made() int64 {
	const perStep = 32 // an instruction that makes a table or function has others around it
	return a.bytes + int64(a.steps)*perStep
}

// measure looks how much is there. Before as much has been made as there is room for, it need not look again.
func (a *account) measure() {
	kept := a.keeps(a.memory)
	if kept > a.memory {
		a.exceed("Memory", "keeps more than %d KiB", a.memory>>10)
		return
	}
	a.measured, a.room = a.made(), max(a.memory-kept, a.memory/8)
}

// checkHeap is the last resort where what the code keeps is not measured: it stops code during which the process has grown by
// far more than the code may make. Other code may have a part in that, so none is blamed that has made less itself.
func (a *account) checkHeap() {
	now := a.heapNow()
	if a.heap == 0 {
		a.heap = now
		return
	}
	most := uint64(4 * a.memory)
	if now <= a.heap+most || uint64(a.made()) < now-a.heap {
		return
	}
	if runtime.GC(); a.heapNow() > a.heap+most { // else the rest was garbage
		a.exceed("Memory", "used too much memory: the program grew by %d MiB", (now-a.heap)>>20)
	}
}

// heapNow is what is on the heap of the process; 0 when that is not known.
func (a *account) heapNow() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	if sample[0].Value.Kind() != metrics.KindUint64 {
		return 0
	}
	return sample[0].Value.Uint64()
}

// charge counts bytes that are made.
func (a *account) charge(bytes int) {
	a.bytes += int64(bytes)
	switch {
	case a.memory == 0 || a.failure != nil:
	case a.keeps == nil && a.bytes > a.memory:
		a.exceed("Memory", "made texts and lists of more than %d MiB", a.memory>>20)
	case a.keeps != nil && int64(bytes) > a.memory:
		a.exceed("Memory", "wants more than %d KiB", a.memory>>10)
	case a.keeps != nil && a.made()-a.measured > a.room:
		a.measure()
	}
}

// work counts steps of a library function, and raises an error when the run is at its end.
func (b *budget) work(L *lua.LState, steps int) {
	b.steps += steps
	if err := b.Err(); err != nil {
		L.RaiseError("%v", err)
	}
}

// outside is a context for what waits: it ends with the time of the budget.
func (b *budget) outside() (context.Context, context.CancelFunc) {
	return context.WithDeadlineCause(b.Context, b.begun().Add(b.limit), errTooSlow)
}

var errTooSlow = errors.New("the time of the plugin was over")

// budgetOf is the budget that a thread runs under. Code of plugins and of scripts that are not trusted runs under no other
// context.
func budgetOf(L *lua.LState) *budget { return L.Context().(*budget) }

// spend charges for bytes, and raises an error when they are too many.
func spend(L *lua.LState, bytes int) {
	b := budgetOf(L)
	if b.charge(bytes); b.failure != nil {
		L.RaiseError("%v", b.failure)
	}
}

// charged is a function whose results count: texts, and the lists that come of reading them.
func charged(f lua.LGFunction, perByteRead int) lua.LGFunction {
	return func(L *lua.LState) int {
		if perByteRead > 0 {
			for i := range L.GetTop() {
				if text, ok := L.Get(i + 1).(lua.LString); ok {
					spend(L, perByteRead*len(text))
				}
			}
		}
		n := f(L)
		for i := range max(n, 0) {
			if text, ok := L.Get(-1 - i).(lua.LString); ok {
				spend(L, len(text))
			}
		}
		return n
	}
}

// tally counts the tables that a library function makes before any code can reach them, so that they are not seen by what
// measures what is kept.
type tally struct {
	*budget // nil outside of one
	made    int64
	tables  int
}

func newTally(L *lua.LState) tally {
	b, _ := L.Context().(*budget)
	return tally{budget: b}
}

// add counts a table, and raises an error when they are too many or the time is over.
func (t *tally) add(L *lua.LState, table *lua.LTable) {
	if t.budget == nil {
		return
	}
	size := lua51.TableSize(table)
	t.made += size
	switch {
	case t.keeps == nil:
		t.charge(int(size))
	case t.made > t.memory && t.failure == nil:
		t.exceed("Memory", "wants more than %d KiB", t.memory>>10)
	}
	const between = 64 // looks at the clock
	if t.tables++; t.tables%between == 0 {
		t.check()
	}
	if t.failure != nil {
		L.RaiseError("%v", t.failure)
	}
}

// done charges for what the script can reach now: it must be on the stack.
func (t *tally) done(L *lua.LState) {
	if t.budget != nil && t.keeps != nil {
		spend(L, int(t.made))
	}
}
