package luabind

import (
	"cmp"
	"context"
	"strconv"
	"strings"

	"github.com/authysh/authysh/luabind/internal/inspect"
	"github.com/authysh/authysh/luabind/internal/lua51"
	"github.com/authysh/authysh/luabind/internal/luatext"
	"github.com/authysh/authysh/luabind/internal/luavalue"
	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"
)

// Session runs what a person types, chunk by chunk, in a [Runtime]: it evaluates, shows values, completes and explains.
// It needs no terminal.
//
// Its methods are called from one goroutine. Globals, coroutines and open files last from one chunk to the next, also
// after an error or an interrupt.
type Session struct {
	rt      *Runtime
	manual  *Manual
	print   PrintOptions
	format  Format
	chunks  int
	sources map[string]string // the last chunks by name, to explain errors in functions that they defined
	seen    recents
	onTask  func(TaskInfo)
	names   map[*lua.LFunction]string // functions by the name that help knows them by
	paths   map[lua.LValue]string     // functions and modules by where scripts find them
}

// SessionOptions configure a [Session]; the zero value will do.
type SessionOptions struct {
	// Print is how values are shown.
	Print PrintOptions
	// Format is the form in which they are shown; by default [FormatLua].
	Format Format
	// Topics are further subjects that Help explains, beside those of luabind.
	Topics []Topic
	// TaskEnded is told of every task that a chunk has started and that ends while nothing waits for it. It is called
	// by the task, which holds the interpreter: it must not call the session. Nil is nobody.
	TaskEnded func(TaskInfo)
}

// NewSession makes a session on the runtime. Several may share one; scripts may run in between.
func (rt *Runtime) NewSession(options SessionOptions) *Session {
	s := &Session{
		rt: rt, manual: rt.manual(options.Topics), print: options.Print,
		format: cmp.Or(options.Format, FormatLua), sources: map[string]string{}, onTask: options.TaskEnded,
	}
	rt.interpreter.Lock()
	defer rt.interpreter.Unlock()
	if rt.state.G.Global.RawGetString("arg") == lua.LNil { // no script has said where to look
		rt.searchIn("")
	}
	if s.onTask != nil {
		rt.tasks.ended = func(t *task) {
			if t.detach {
				s.taskEnded(t)
			}
		}
	}
	s.functionNames()
	rt.host.tellNext(s)
	return s
}

// manual is a manual of the modules that there are now.
func (rt *Runtime) manual(topics []Topic) *Manual {
	rt.completion.mu.Lock()
	defer rt.completion.mu.Unlock()
	return newManual(rt.modules, topics, rt.libraries())
}

// SetWidth is how many columns printed values may take from now on.
func (s *Session) SetWidth(columns int) { s.print.Width = columns }

// Unmask shows secrets and codes inside tables from now on, or hides them again.
//
// What counts as one is decided by its name, as in the log. A single value that an expression gives, such as a code
// that a function returns, is never hidden, as whoever types it asks for it; API keys always are.
func (s *Session) Unmask(show bool) { s.print.Unmask = show }

// Unmasked reports whether secrets are shown.
func (s *Session) Unmasked() bool { return s.print.Unmask }

// SetFormat changes the form in which values are shown.
func (s *Session) SetFormat(format Format) { s.format = format }

// Format is the form in which values are shown.
func (s *Session) Format() Format { return s.format }

// Manual is what the session's help and completion know.
func (s *Session) Manual() *Manual { return s.manual }

// Eval runs one chunk and returns the text of its values, as Lua that can be pasted back; empty when there are none.
//
// An expression is evaluated, also behind "="; anything else runs as statements, whose return values are shown. Local
// variables at the top of the chunk become globals, so that the next chunk has them. The global _ is the first of the
// values, and _err the value of the last error.
//
// Tasks that a chunk starts go on when it has ended and when ctx ends: until they are over, or are canceled, or the
// runtime is closed. In a runtime with [Limits] they belong to the chunk, which waits for them.
//
// It returns an [*EvalError] when the chunk fails, an [*ExitError] when it calls os.exit, also with 0, and the
// context's cause when that ended it.
func (s *Session) Eval(ctx context.Context, src string) (shown string, err error) {
	s.chunks++
	name := inputName(s.chunks)
	s.remember(name, src)
	err = s.rt.inside(ctx, func(L *lua.LState) (err error) {
		defer s.rt.startChunk(L)(&err)
		c, failure := s.rt.readChunk(src, name)
		var fn *lua.LFunction
		if failure == nil {
			fn, failure = s.rt.function(L, c)
		}
		if failure != nil {
			return s.failed(ctx, failure, name)
		}
		top := L.GetTop()
		L.Push(fn)
		if err := lua51.PCall(L, 0, lua.MultRet, nil); err != nil {
			return s.failed(ctx, scriptErrorIn(L, err), name)
		}
		values := make([]lua.LValue, L.GetTop()-top)
		for i := range values {
			values[i] = L.Get(top + 1 + i)
		}
		shown, err = s.result(c, values)
		return err
	})
	if err == nil && ctx.Err() != nil { // the interrupt ended a coroutine, and what resumed it went on
		return "", context.Cause(ctx)
	}
	return shown, err
}

// inputName is what errors call the nth thing that was typed.
func inputName(n int) string { return "input " + strconv.Itoa(n) }

// remember keeps the last chunks.
func (s *Session) remember(name, src string) {
	const most, longest = 256, 1 << 20
	delete(s.sources, inputName(s.chunks-most))
	if len(src) <= longest {
		s.sources[name] = src
	}
}

// failed keeps the value of an error in _err, and makes it readable. The caller holds the interpreter.
func (s *Session) failed(ctx context.Context, failure *ScriptError, name string) error {
	value := failure.Value
	switch {
	case s.rt.exit != nil:
		return failure
	case ctx.Err() != nil:
		value = lua.LString("interrupted")
	case value == nil || value == lua.LNil && failure.Syntax:
		value = lua.LString(failure.Error())
	}
	s.rt.state.G.Global.RawSetString("_err", value)
	return s.explain(failure, name)
}

// result keeps the first value in _ and gives the text of all.
func (s *Session) result(c *typed, values []lua.LValue) (string, error) {
	if len(values) == 0 {
		return "", nil
	}
	if c.writes() && len(values) == 1 && values[0] == lua.LTrue {
		return "", nil // io.write returns true, which nobody asked for
	}
	s.rt.state.G.Global.RawSetString("_", values[0])
	s.paths = nil // the chunk may have defined functions
	if text, err := s.showAsPlugin(values); text != "" || err != nil {
		return text, err
	}
	return s.show(values, c.valueNames()), nil
}

// Print gives the text of values as Eval shows them. The caller must be in the runtime's interpreter: a module function
// or a middleware.
func (s *Session) Print(values ...lua.LValue) string { return s.show(values, nil) }

func (s *Session) show(values []lua.LValue, names []string) string {
	p := s.printer()
	p.Top = names
	return s.format.write(p, values)
}

// printer is a printer with all that the session knows.
func (s *Session) printer() *inspect.Printer {
	p := newPrinter(s.print)
	p.Now = s.rt.host.clock()
	p.Path, p.Describe = s.pathOf, s.describeFunction
	c := s.rt.client
	for _, secret := range []string{c.Key, c.AccessKey, c.SigningKey} {
		if len(secret) >= inspect.MinSecret {
			p.Secrets = append(p.Secrets, secret)
		}
	}
	return p
}

// pathOf is an expression that gives a function or module, such as "json.encode"; empty when there is none.
func (s *Session) pathOf(v lua.LValue) string {
	if s.paths == nil {
		s.paths = s.findPaths()
	}
	path := s.paths[v]
	if path == "" || rawPath(s.rt.state.G.Global, path) != v {
		return ""
	}
	return path
}

// findPaths looks one and two steps from the globals, and further inside modules.
func (s *Session) findPaths() map[lua.LValue]string {
	paths := map[lua.LValue]string{}
	var visit func(t *lua.LTable, prefix string)
	visit = func(t *lua.LTable, prefix string) {
		var inner []string
		t.ForEach(func(k, v lua.LValue) {
			name, ok := k.(lua.LString)
			if !ok || !luatext.IsName(string(name)) || name[0] == '_' {
				return
			}
			path := prefix + string(name)
			switch v := v.(type) {
			case *lua.LFunction, *lua.LUserData:
				if _, isData := v.(*lua.LUserData); isData && (prefix == "" || luavalue.IsNull(v)) {
					return // of userdata, the streams of io alone stay where they are
				}
				if old := paths[v]; old == "" || len(path) < len(old) || len(path) == len(old) && path < old {
					paths[v] = path
				}
			case *lua.LTable:
				if isModule(v) || prefix == "" && s.manual.isLibrary(string(name)) {
					if old := paths[v]; old == "" || len(path) < len(old) {
						paths[v] = path
						inner = append(inner, path)
					}
				}
			}
		})
		for _, path := range inner {
			if module, ok := rawPath(s.rt.state.G.Global, path).(*lua.LTable); ok && module != t {
				visit(module, path+".")
			}
		}
	}
	visit(s.rt.state.G.Global, "")
	return paths
}

// rawPath follows names from a table without calling anything; nil when one is missing.
func rawPath(t *lua.LTable, path string) lua.LValue {
	for {
		name, rest, more := strings.Cut(path, ".")
		v := t.RawGetString(name)
		if !more {
			return v
		}
		inner, ok := v.(*lua.LTable)
		if !ok {
			return lua.LNil
		}
		t, path = inner, rest
	}
}

// isModule reports whether a table is a module of this package, or a part of one.
func isModule(t *lua.LTable) bool {
	switch name := luavalue.MetaName(t.Metatable); name {
	case "", resultType, luavalue.ErrorType, luavalue.ArrayType, clientType:
		return false
	default:
		mt := t.Metatable.(*lua.LTable)
		index, ok := mt.RawGetString("__index").(*lua.LFunction)
		return ok && index.IsG
	}
}

// valueNames are the names under which expressions find their values: "created_at" for res.created_at. They decide about
// hints, not about masks.
func (c *typed) valueNames() []string {
	names := make([]string, 0, len(c.exprs))
	for _, e := range c.exprs {
		names = append(names, lastName(e))
	}
	return names
}

// lastName is the name of the variable or field that an expression reads; empty for any other.
func lastName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.IdentExpr:
		return e.Value
	case *ast.AttrGetExpr:
		if key, ok := e.Key.(*ast.StringExpr); ok {
			return key.Value
		}
	}
	return ""
}
