package luabind

import (
	"context"
	"fmt"
	"strings"

	"github.com/authysh/authysh/luabind/internal/lua51"
	lua "github.com/yuin/gopher-lua"
)

// moduleLoads runs the files of modules, each once.
//
// A module that waits while it loads lets others run, who may ask for it too. They wait until it is loaded, and get the same
// value or the same error; whoever asks after a failure tries again. When the load was interrupted, one of those who wait goes on
// to try it.
type moduleLoads struct {
	interpreter *interpreter
	pause       func(L *lua.LState, f func(ctx context.Context)) // what f does with the interpreter given away
	running     map[string]*moduleLoad
}

// load gives the value of a module. known is its value if it has one already, which may be before it is loaded; run loads it.
func (m *moduleLoads) load(L *lua.LState, name string, known func() lua.LValue, run func() lua.LValue) lua.LValue {
	me := lua51.Root(L)
	for {
		l := m.running[name]
		if l == nil {
			if v := known(); v != nil {
				return v
			}
			return m.run(L, me, name, run)
		}
		chain := m.interpreter.blocked.cycle(me, waiting{load: l})
		if chain == nil {
			m.wait(L, me, l)
			switch {
			case l.value != nil:
				return l.value
			case l.failure != nil:
				L.Error(l.failure, 0)
			}
			continue
		}
		if v := known(); v != nil { // which the module has given before it was at its end
			return v
		}
		m.interpreter.refuseCycle(L, chain)
	}
}

// run loads a module.
func (m *moduleLoads) run(L, me *lua.LState, name string, run func() lua.LValue) lua.LValue {
	l := &moduleLoad{name: name, by: me, done: make(chan struct{})}
	if m.running == nil {
		m.running = map[string]*moduleLoad{}
	}
	m.running[name] = l
	end := m.interpreter.blocked.begin(l)
	defer func() {
		end()
		delete(m.running, name)
		failure := recover()
		if failure != nil && !isInterrupted(L) {
			l.failure = raised(failure)
		}
		l.over = true
		close(l.done)
		if failure != nil {
			panic(failure)
		}
	}()
	l.value = run()
	return l.value
}

// wait waits until somebody else has loaded a module.
func (m *moduleLoads) wait(L, me *lua.LState, l *moduleLoad) {
	defer m.interpreter.blocked.wait(me, waiting{load: l, ctx: contextOf(L)})()
	interrupted := false
	m.pause(L, func(ctx context.Context) {
		select {
		case <-l.done:
		case <-ctx.Done():
			interrupted = true
		}
	})
	if interrupted {
		raise(L, errTaskCanceled)
	}
}

// isInterrupted reports whether what L runs must end.
func isInterrupted(L *lua.LState) bool { return L.Context() != nil && L.Context().Err() != nil }

// raised is the error value of what a function has panicked with.
func raised(failure any) lua.LValue {
	if e, ok := failure.(*lua.ApiError); ok && e.Object != nil && e.Object != lua.LNil {
		return e.Object
	}
	return lua.LString(fmt.Sprint(failure))
}

// refuseCycle raises an error for what would wait for itself.
func (i *interpreter) refuseCycle(L *lua.LState, chain []step) {
	if module, words := i.blocked.tell(chain); module != "" {
		L.RaiseError("module %s requires itself: %s", module, words)
	}
	L.RaiseError("%s waits for itself: it would wait for ever", chain[len(chain)-1].task)
}

// requireFunction is require of scripts that are trusted. It is that of Lua 5.1, but for tasks that ask for a module which
// another one loads, and for modules that failed: they can be required again.
func (rt *Runtime) requireFunction() lua.LGFunction {
	loads := &moduleLoads{interpreter: &rt.interpreter, pause: rt.host.Wait}
	return func(L *lua.LState) int {
		name := L.CheckString(1)
		loaded, ok := L.G.Registry.RawGetString("_LOADED").(*lua.LTable)
		if !ok {
			L.RaiseError("package.loaded must be a table")
		}
		known := func() lua.LValue {
			if v := L.GetField(loaded, name); lua.LVAsBool(v) {
				return v
			}
			return nil
		}
		L.Push(loads.load(L, name, known, func() lua.LValue {
			L.Push(findModule(L, name))
			L.Push(lua.LString(name))
			L.Call(1, 1)
			value := L.Get(-1)
			L.Pop(1)
			if value != lua.LNil {
				L.SetField(loaded, name, value)
			} else if L.GetField(loaded, name) == lua.LNil {
				L.SetField(loaded, name, lua.LTrue)
			}
			return L.GetField(loaded, name)
		}))
		return 1
	}
}

// findModule asks the functions in package.loaders for the one that loads a module.
func findModule(L *lua.LState, name string) *lua.LFunction {
	loaders, ok := L.G.Registry.RawGetString("_LOADERS").(*lua.LTable)
	if !ok {
		L.RaiseError("package.loaders must be a table")
	}
	var looked strings.Builder
	for i := 1; ; i++ {
		search := loaders.RawGetInt(i)
		if search == lua.LNil {
			L.RaiseError("module %s not found:%s", name, looked.String())
		}
		L.Push(search)
		L.Push(lua.LString(name))
		L.Call(1, 1)
		found := L.Get(-1)
		L.Pop(1)
		switch found := found.(type) {
		case *lua.LFunction:
			return found
		case lua.LString:
			looked.WriteString("\n\t" + string(found))
		}
	}
}

// requirer is require with modules that are compiled with guards in them.
type requirer struct {
	loaded map[string]lua.LValue
	loads  moduleLoads
}

// newRequirer makes the require of an interpreter.
func newRequirer(i *interpreter, pause func(L *lua.LState, f func(ctx context.Context))) requirer {
	return requirer{loaded: map[string]lua.LValue{}, loads: moduleLoads{interpreter: i, pause: pause}}
}

// load is require(name). find gives the function of a module that was not loaded yet, or the error to raise, or raises one.
func (r *requirer) load(L *lua.LState, find func(name string) (*lua.LFunction, error)) int {
	name := L.CheckString(1)
	v := r.loads.load(L, name, func() lua.LValue { return r.loaded[name] }, func() lua.LValue {
		chunk, err := find(name)
		if err != nil {
			L.RaiseError("%v", err)
		}
		L.Push(chunk)
		L.Push(lua.LString(name))
		L.Call(1, 1)
		v := L.Get(-1)
		if v == lua.LNil {
			v = lua.LTrue
		}
		r.loaded[name] = v
		return v
	})
	L.SetTop(0)
	L.Push(v)
	return 1
}
