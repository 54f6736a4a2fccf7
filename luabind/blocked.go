package luabind

import (
	"context"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// blocked is what the goroutines of a state have begun and wait for, as far as others of them must do it; by the thread that
// each of them was started with. Whoever uses it holds the interpreter.
type blocked struct {
	loads map[*lua.LState][]*moduleLoad // the modules that it loads, innermost last
	waits map[*lua.LState]waiting
}

// waiting is what one goroutine waits for: a module that another one loads, or tasks.
type waiting struct {
	load  *moduleLoad
	tasks []*task
	one   bool // of the tasks is enough
	ctx   context.Context
}

// isOver reports whether the goroutine goes on, though it may not have woken yet.
func (w waiting) isOver() bool { return w.ctx.Err() != nil || w.load != nil && w.load.over }

// moduleLoad is a module while its file runs.
type moduleLoad struct {
	name string
	by   *lua.LState   // the thread that the goroutine which runs it was started with
	done chan struct{} // closed at the end

	over    bool
	value   lua.LValue // what it returned; nil when it has failed
	failure lua.LValue // what it raised; nil when it was interrupted, which says nothing of the module
}

// String is how messages call the module.
func (l *moduleLoad) String() string { return clip(oneLine(l.name), 60) }

// wait notes what a goroutine waits for; it waits no more when the function that it returns is called.
func (b *blocked) wait(thread *lua.LState, w waiting) (end func()) {
	if b.waits == nil {
		b.waits = map[*lua.LState]waiting{}
	}
	b.waits[thread] = w
	return func() { delete(b.waits, thread) }
}

// begin notes that a goroutine loads a module; it loads it no more when the function that it returns is called.
func (b *blocked) begin(l *moduleLoad) (end func()) {
	if b.loads == nil {
		b.loads = map[*lua.LState][]*moduleLoad{}
	}
	b.loads[l.by] = append(b.loads[l.by], l)
	return func() {
		if b.loads[l.by] = b.loads[l.by][:len(b.loads[l.by])-1]; len(b.loads[l.by]) == 0 {
			delete(b.loads, l.by)
		}
	}
}

// step is one link of a chain of those who wait for each other: for a module or a task, which is what thread does.
type step struct {
	load   *moduleLoad
	task   *task
	thread *lua.LState
}

// cycle is the chain that leads from what me is about to wait for back to me, in which case nobody in it would ever go on;
// nil when there is none.
func (b *blocked) cycle(me *lua.LState, w waiting) []step {
	return b.follow(me, w, map[*lua.LState]bool{me: true})
}

// follow looks for the chain from w to a thread that is known to wait for w.
func (b *blocked) follow(me *lua.LState, w waiting, known map[*lua.LState]bool) []step {
	var steps []step
	if w.load != nil {
		steps = []step{{load: w.load, thread: w.load.by}}
	}
	for _, t := range w.tasks {
		switch {
		case !t.isOver():
			steps = append(steps, step{task: t, thread: t.thread})
		case w.one:
			return nil
		}
	}
	var chain []step
	for _, s := range steps {
		found := b.through(me, s, known)
		switch {
		case found != nil && !w.one:
			return found
		case found == nil && w.one:
			return nil
		case found != nil:
			chain = found
		}
	}
	return chain
}

func (b *blocked) through(me *lua.LState, s step, known map[*lua.LState]bool) []step {
	if known[s.thread] {
		return []step{s}
	}
	next, waits := b.waits[s.thread]
	if !waits || next.isOver() {
		return nil
	}
	known[s.thread] = true
	defer delete(known, s.thread)
	if rest := b.follow(me, next, known); rest != nil {
		return append([]step{s}, rest...)
	}
	return nil
}

// tell is the chain in words, such as "a requires b requires a", and the module that it begins and ends with; both are empty
// when no module is in it.
func (b *blocked) tell(chain []step) (module, words string) {
	first := slices.IndexFunc(chain, func(s step) bool { return s.load != nil })
	if first < 0 {
		return "", ""
	}
	chain = append(slices.Clone(chain[first:]), chain[:first]...)
	module = chain[0].load.String()
	var text strings.Builder
	that := ""
	for i, s := range chain {
		inner := b.loads[s.thread]
		switch {
		case s.load != nil:
			text.WriteString(s.load.String())
			inner = inner[slices.Index(inner, s.load)+1:]
			that = ""
		case i > 0:
			text.WriteString(s.task.String())
			that = " that"
		}
		for _, l := range inner {
			text.WriteString(that + " requires " + l.String())
			that = ""
		}
		if next := chain[(i+1)%len(chain)]; next.load != nil {
			text.WriteString(that + " requires ")
		} else {
			text.WriteString(that + " waits for ")
		}
	}
	return module, text.String() + module
}
