package luabind

import (
	"sync"

	lua "github.com/yuin/gopher-lua"
)

// completion is what [Runtime.Complete] keeps from one call to the next.
type completion struct {
	mu      sync.Mutex // guards the list of modules of the runtime, too
	session *Session   // nil until it is first asked
}

// Complete offers ways to go on with text, a piece of Lua, at the byte cursor: globals and fields, methods, keywords, and
// inside calls the names and values of parameters, names of modules and files. Operations and modules of the host are
// among them. It is [Session.Complete] for programs that edit scripts and need no session; ids that earlier calls gave are
// offered by a session alone.
//
// It runs no Lua code and sends nothing. It may be called from any goroutine, also while a script runs: it knows the
// globals as they are then. A script that computes and does not wait keeps the interpreter; rather than wait for that,
// Complete offers nothing after some 2 ms. Nor does it after Close.
func (rt *Runtime) Complete(text string, cursor int) Completions {
	rt.completion.mu.Lock() // callers wait for each other, so that only a script makes one give up
	defer rt.completion.mu.Unlock()
	return rt.completer().Complete(text, cursor)
}

// Manual is what there is to know of the operations and modules of the runtime, those of the host and of plugins included.
func (rt *Runtime) Manual() *Manual {
	rt.completion.mu.Lock()
	defer rt.completion.mu.Unlock()
	return rt.completer().manual
}

// completer is a session that nobody types into; the caller holds the lock of the completion.
func (rt *Runtime) completer() *Session {
	if rt.completion.session == nil {
		rt.completion.session = &Session{rt: rt, manual: newManual(rt.modules, nil, rt.libraries())}
	}
	return rt.completion.session
}

// functionNames are the functions among the globals by the name that help knows them by; the caller holds the interpreter.
func (s *Session) functionNames() map[*lua.LFunction]string {
	if s.names == nil {
		s.names = s.manual.functionsIn(s.rt.state.G.Global)
	}
	return s.names
}
