package luabind

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/authysh/authysh/luabind/internal/lua51"
	"github.com/authysh/authysh/luabind/plugin"
	lua "github.com/yuin/gopher-lua"
)

// guest is a plugin in an interpreter of its own. Nothing of it is shared with other interpreters: values are copied
// across the border (see carry), and errors cross as text.
//
// Like a runtime it runs one goroutine at a time, and others while one waits. A state of its own costs some 60 µs and
// 100 KiB; a shared one would have to guard every table, metatable and function that it gives away.
type guest struct {
	name     string
	source   *plugin.Source
	manifest *plugin.Manifest
	granted  plugin.Permissions
	dataDir  string
	limits   PluginLimits
	log      *slog.Logger
	outer    *Host // of the runtime

	state       *lua.LState
	interpreter interpreter
	idle        []*lua.LState // threads that can be used again
	border      border

	hooks      map[string]*lua.LFunction
	operations map[string]*lua.LFunction
	formats    map[string]*lua.LFunction
	context    *lua.LTable // the second argument of all of them
	callType   *lua.LTable // the metatable of what hooks get
	loaded     map[string]lua.LValue
	loading    []string // modules whose files are being run

	worked   int64 // steps since what it keeps was measured; guarded by the interpreter
	broken   error // it keeps too much, and runs no more
	failures atomic.Int64
	lastFail atomic.Value // string

	web     *web
	closing sync.Once
}

// newGuest makes the interpreter of a plugin; nothing runs yet.
func newGuest(source *plugin.Source, granted plugin.Permissions, dataDir string, outer *Host, limits PluginLimits) (*guest, error) {
	g := &guest{
		name: source.Name, source: source, granted: granted, dataDir: dataDir, limits: limits.orDefaults(), outer: outer,
		log: outer.logger().With("plugin", source.Name), loaded: map[string]lua.LValue{},
		state: lua.NewState(stateOptions),
	}
	g.web = newWeb(g)
	if err := g.openLibraries(); err != nil {
		g.state.Close()
		return nil, fmt.Errorf("luabind: %w", err)
	}
	g.border = borderOf(g.state)
	g.callType = g.newCallType()
	return g, nil
}

// close frees the interpreter.
func (g *guest) close() {
	g.closing.Do(func() {
		g.interpreter.Lock()
		defer g.interpreter.Unlock()
		g.web.close()
		g.state.Close()
	})
}

// pluginBasics are Lua's own functions that plugins have.
var pluginBasics = map[string][]string{
	"": {
		"_VERSION", "assert", "error", "getmetatable", "ipairs", "next", "pairs", "pcall", "rawequal", "rawget", "rawset",
		"select", "setmetatable", "tonumber", "tostring", "type", "unpack", "xpcall",
	},
	"string":    {"byte", "char", "find", "format", "gmatch", "gsub", "len", "lower", "match", "rep", "reverse", "sub", "upper"},
	"table":     {"concat", "insert", "maxn", "remove", "sort"},
	"coroutine": {"create", "isyieldable", "resume", "running", "status", "wrap", "yield"},
	"math": {
		"abs", "acos", "asin", "atan", "atan2", "ceil", "cos", "cosh", "deg", "exp", "floor", "fmod", "frexp", "huge", "ldexp", "log", "log10",
		"max", "min", "mod", "modf", "pi", "pow", "rad", "random", "randomseed", "sin", "sinh", "sqrt", "tan", "tanh",
	},
}

// pluginModules are the modules that plugins have, with what they lack of them.
var pluginModules = map[string][]string{"json": nil, "csv": {"open", "create"}, "phone": nil, "totp": nil, "time": {"sleep"}, "log": nil}

// openLibraries fills the globals with what is known to be harmless, and nothing else.
func (g *guest) openLibraries() error {
	L := g.state
	for _, open := range []lua.LGFunction{lua.OpenBase, lua.OpenTable, lua.OpenString, lua.OpenMath, lua.OpenCoroutine} {
		L.Push(L.NewFunction(open))
		L.Call(0, 0)
	}
	if err := lua51.Install(L); err != nil {
		return err
	}
	lua51.LimitStrings(L, longestString)
	globals := L.G.Global
	all := map[string]lua.LValue{}
	globals.ForEach(func(k, v lua.LValue) { all[k.String()] = v })
	for name := range all {
		globals.RawSetString(name, lua.LNil)
	}
	for library, names := range pluginBasics {
		from, to := globals, globals
		if library != "" {
			from, _ = all[library].(*lua.LTable)
			to = L.NewTable()
			globals.RawSetString(library, to)
		}
		for _, name := range names {
			value := all[name]
			if library != "" {
				value = from.RawGetString(name)
			}
			to.RawSetString(name, value)
		}
	}
	L.G.Registry.ForEach(func(k, _ lua.LValue) { // where libraries register themselves for require
		if name := k.String(); strings.HasPrefix(name, "_LOAD") {
			L.G.Registry.RawSetString(name, L.NewTable())
		}
	})
	g.guardLibraries(globals)
	g.addModules(globals)
	globals.RawSetString("_G", globals)
	globals.RawSetString("require", L.NewFunction(g.require))
	globals.RawSetString("print", L.NewFunction(g.print))
	return nil
}

// guardLibraries charges for what functions of the libraries make.
func (g *guest) guardLibraries(globals *lua.LTable) {
	L := g.state
	text := globals.RawGetString("string").(*lua.LTable)
	if mt, ok := L.GetMetatable(lua.LString("")).(*lua.LTable); ok {
		mt.RawSetString("__index", text) // the library as it was has more in it
	}
	for _, name := range []string{"char", "format", "gsub", "lower", "rep", "reverse", "upper"} {
		text.RawSetString(name, L.NewFunction(charged(text.RawGetString(name).(*lua.LFunction).GFunction, 0)))
	}
	tables := globals.RawGetString("table").(*lua.LTable)
	tables.RawSetString("concat", L.NewFunction(charged(tables.RawGetString("concat").(*lua.LFunction).GFunction, 0)))
	insert := tables.RawGetString("insert").(*lua.LFunction).GFunction
	tables.RawSetString("insert", L.NewFunction(func(L *lua.LState) int {
		if t, ok := L.Get(1).(*lua.LTable); ok && L.GetTop() == 3 {
			if n, ok := L.Get(2).(lua.LNumber); ok && (n < 1 || n > lua.LNumber(t.Len()+1)) {
				L.RaiseError("bad argument #2 to 'insert' (position out of bounds)")
			}
			spend(L, 16) // it moves all that follows
			budgetOf(L).steps += t.Len() / 64
		}
		return insert(L)
	}))
	set := globals.RawGetString("rawset").(*lua.LFunction).GFunction
	globals.RawSetString("rawset", L.NewFunction(func(L *lua.LState) int {
		t, _ := L.Get(1).(*lua.LTable)
		chargeIndex(L, t, L.Get(2))
		return set(L)
	}))
}

// addModules adds luabind's own modules, as far as they reach nothing outside.
func (g *guest) addModules(globals *lua.LTable) {
	L := g.state
	host := &Host{Stdin: strings.NewReader(""), Stdout: io.Discard, Stderr: io.Discard, Log: g.log, Now: g.outer.Now, interpreter: &g.interpreter}
	for _, m := range standardModules(host) {
		without, ok := pluginModules[m.Name]
		if !ok {
			continue
		}
		t := m.table(L)
		t.ForEach(func(k, v lua.LValue) {
			if f, ok := v.(*lua.LFunction); ok {
				const perByte = 8 // what a parsed text takes in tables
				t.RawSet(k, L.NewFunction(charged(f.GFunction, perByte)))
			}
		})
		for _, name := range without {
			t.RawSetString(name, lua.LNil)
		}
		if m.Name == "time" {
			t.RawSetString("sleep", L.NewFunction(g.sleep))
		}
		g.provide(globals, m.Name, t)
	}
	g.addOutside(globals)
}

// provide makes a module a global, and what require gives.
func (g *guest) provide(globals *lua.LTable, name string, t *lua.LTable) {
	withSuggestions(g.state, name, t)
	globals.RawSetString(name, t)
	g.loaded[name] = t
}

// print writes to the log: standard output is for results.
func (g *guest) print(L *lua.LState) int {
	parts := make([]string, L.GetTop())
	for i := range parts {
		parts[i] = L.ToStringMeta(L.Get(i + 1)).String()
	}
	text := oneLine(strings.Join(parts, "\t"))
	spend(L, len(text))
	g.log.Info(clip(text, 1000))
	return 0
}

// sleep is time.sleep, within the time of the plugin.
func (g *guest) sleep(L *lua.LState) int {
	d, err := parseDuration(L.Get(1), time.Second)
	if err != nil {
		refuse(L, "time.sleep", "duration", err.Error())
	}
	g.wait(L, func(ctx context.Context) {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
	})
	return 0
}

// wait runs f with all interpreters given away, and raises an error when the time was over meanwhile.
func (g *guest) wait(L *lua.LState, f func(ctx context.Context)) {
	b := budgetOf(L)
	run := func() {
		ctx, cancel := b.outside()
		defer cancel()
		lua51.Wait(L, g.interpreter.Unlock, g.interpreter.Lock, func() { f(ctx) })
	}
	if b.outer != nil {
		b.outer.Wait(b.script, func(context.Context) { run() })
	} else {
		run()
	}
	if err := b.Err(); err != nil {
		L.RaiseError("%v", err)
	}
}

// newBudget is what a piece of the plugin's code may use.
func (g *guest) newBudget(ctx context.Context, what string, times int) budget {
	limit := g.limits.HookTime
	if times > 1 {
		limit = g.limits.OperationTime
	}
	return budget{Context: ctx, account: &account{
		what: what, most: g.limits.Steps * times, memory: g.limits.Memory, begun: time.Now(), limit: limit,
	}}
}

// errClosed is a plugin whose runtime is closed.
var errClosed = errors.New("the plugin is closed")

// run calls a function of the plugin: give pushes its arguments, and take reads what it returns, both while the plugin's
// interpreter is held. The error is one line of text, without any value of the plugin.
func (g *guest) run(b *budget, fn *lua.LFunction, give func(L *lua.LState) (arguments int), take func(result lua.LValue) error) error {
	g.interpreter.Lock()
	defer g.interpreter.Unlock()
	return g.runLocked(b, fn, give, take)
}

func (g *guest) runLocked(b *budget, fn *lua.LFunction, give func(L *lua.LState) int, take func(lua.LValue) error) error {
	switch {
	case g.broken != nil:
		return g.broken
	case g.state.IsClosed():
		return errClosed
	}
	L := g.thread()
	L.SetContext(b)
	L.Push(fn)
	arguments, err := protected(L, give)
	if err == nil {
		err = lua51.PCall(L, arguments, 1, nil)
	}
	if err == nil {
		err = take(L.Get(-1))
	} else {
		err = g.failureOf(L, b, err)
	}
	L.SetTop(0)
	L.RemoveContext()
	if err == nil && len(g.idle) < maxIdleThreads {
		g.idle = append(g.idle, L)
	}
	g.account(b)
	return err
}

// protected calls give, in which the conversion of a value may fail as a function of Lua does.
func protected(L *lua.LState, give func(L *lua.LState) int) (n int, err error) {
	defer func() {
		if failure, ok := recover().(*lua.ApiError); ok {
			err = failure
		}
	}()
	return give(L), nil
}

const maxIdleThreads = 16

func (g *guest) thread() *lua.LState {
	if n := len(g.idle); n > 0 {
		L := g.idle[n-1]
		g.idle = g.idle[:n-1]
		return L
	}
	return lua51.NewThread(g.state)
}

// failureOf is the text of an error that the plugin has raised.
func (g *guest) failureOf(L *lua.LState, b *budget, err error) error {
	if b.failure != nil {
		return b.failure
	}
	if ctx := b.Context.Err(); ctx != nil {
		return ctx
	}
	failure := scriptErrorIn(L, err) // may run code of the plugin, within the budget
	if b.failure != nil {
		return b.failure
	}
	return errors.New(clip(oneLine(failure.Error()), 500))
}

// account adds up the work of the plugin, and measures what it keeps when there was much. The interpreter is held.
func (g *guest) account(b *budget) {
	const much = 1_000_000
	if g.worked += int64(b.steps) + b.bytes/32; g.worked < much {
		return
	}
	g.worked = 0
	if !g.keepsLess(g.limits.Memory) {
		g.broken = fmt.Errorf("the plugin keeps more than %d MiB in its variables, and was stopped", g.limits.Memory>>20)
	}
}

// keepsLess reports whether all that the plugin's code can reach is smaller than a number of bytes.
func (g *guest) keepsLess(most int64) bool {
	const perTable, perEntry, perFunction = 120, 48, 80
	var size int64
	seen := map[any]bool{}
	queue := []lua.LValue{g.state.G.Global, g.state.G.Registry, g.context}
	for _, set := range []map[string]*lua.LFunction{g.hooks, g.operations, g.formats} {
		for _, f := range set {
			queue = append(queue, f)
		}
	}
	for _, v := range g.loaded {
		queue = append(queue, v)
	}
	if mt := g.state.GetMetatable(lua.LString("")); mt != nil {
		queue = append(queue, mt)
	}
	for len(queue) > 0 {
		v := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		switch v := v.(type) {
		case lua.LString:
			size += int64(len(v))
		case *lua.LTable:
			if v == nil || seen[v] {
				continue
			}
			seen[v] = true
			size += perTable
			queue = append(queue, v.Metatable)
			v.ForEach(func(k, v lua.LValue) {
				size += perEntry
				if _, ok := k.(lua.LNumber); !ok {
					queue = append(queue, k)
				}
				queue = append(queue, v)
			})
		case *lua.LFunction:
			if v == nil || seen[v] {
				continue
			}
			seen[v] = true
			size += perFunction
			queue = append(queue, v.Env)
			for _, up := range v.Upvalues {
				if up != nil {
					queue = append(queue, up.Value())
				}
			}
		case *lua.LState: // a coroutine: what is on its stack cannot be seen
			if v == nil || seen[v] {
				continue
			}
			seen[v] = true
			const perThread = 16 << 10
			size += perThread
		}
		if size > most {
			return false
		}
	}
	return true
}
