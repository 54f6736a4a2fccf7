package luabind

import (
	"context"
	"errors"
	"fmt"
	"runtime/metrics"
	"time"

	lua "github.com/yuin/gopher-lua"
)

// PluginLimits are how much a plugin may use. The zero value of each means the default.
type PluginLimits struct {
	// HookTime is how long a hook may take, waiting included; 2s by default. OperationTime is that of an operation or
	// format; 30s by default. The time in which a plugin only computes is bounded by Steps too.
	HookTime, OperationTime time.Duration
	// Steps are how many instructions a hook may run, and ten times as many an operation; a million by default.
	Steps int
	// Memory is how many bytes of values a plugin may keep, and the texts that it may make in one go; 64 MiB by default.
	Memory int64
}

func (l PluginLimits) orDefaults() PluginLimits {
	for value, otherwise := range map[*time.Duration]time.Duration{&l.HookTime: 2 * time.Second, &l.OperationTime: 30 * time.Second} {
		if *value <= 0 {
			*value = otherwise
		}
	}
	if l.Steps <= 0 {
		l.Steps = 1_000_000
	}
	if l.Memory <= 0 {
		l.Memory = 64 << 20
	}
	return l
}

// Limits of single values.
const (
	longestString = 4 << 20
	largestIndex  = 1 << 20 // of a list: gopher-lua makes room for all elements up to it at once
	operationLead = 10      // as many times the steps of a hook
)

// budget is the context of one piece of plugin code: it ends when the code has used up what it may.
//
// The interpreter asks for Done before every instruction, which is how these are counted. So a budget must not be handed to
// anything that waits in another goroutine; see outside.
type budget struct {
	context.Context
	what    string // runs, in the words of an error
	steps   int
	most    int
	bytes   int64 // of the strings and lists made so far
	memory  int64
	begun   time.Time
	limit   time.Duration
	heap    uint64 // of the process, when first looked at
	failure error
	hook    *hookRun // what a hook answers
	touched bool     // something outside was asked for, so that it cannot be said that nothing was done

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

func (b *budget) check() {
	switch {
	case b.failure != nil:
	case b.steps > b.most:
		b.failure = fmt.Errorf("%s ran more than %d instructions", b.what, b.most)
	case time.Since(b.begun) > b.limit:
		b.failure = fmt.Errorf("%s took longer than %s", b.what, b.limit)
	case b.steps%(128*checkEvery) == 0 && b.steps > 0:
		b.checkHeap()
	}
}

// checkHeap is the last resort: it stops code during which the process has grown by far more than the plugin may keep. Other
// code may have a part in that, so it asks for much.
func (b *budget) checkHeap() {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	if sample[0].Value.Kind() != metrics.KindUint64 {
		return
	}
	switch now := sample[0].Value.Uint64(); {
	case b.heap == 0:
		b.heap = now
	case now > b.heap+uint64(4*b.memory):
		b.failure = fmt.Errorf("%s used too much memory: the program grew by %d MiB", b.what, (now-b.heap)>>20)
	}
}

// charge counts bytes that are made.
func (b *budget) charge(bytes int) {
	if b.bytes += int64(bytes); b.bytes > b.memory && b.failure == nil {
		b.failure = fmt.Errorf("%s made texts and lists of more than %d MiB", b.what, b.memory>>20)
	}
}

// outside is a context for what waits: it ends with the time of the budget.
func (b *budget) outside() (context.Context, context.CancelFunc) {
	return context.WithDeadlineCause(b.Context, b.begun.Add(b.limit), errTooSlow)
}

var errTooSlow = errors.New("the time of the plugin was over")

// budgetOf is the budget that a thread of a plugin runs under. Code of plugins runs under no other context.
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
