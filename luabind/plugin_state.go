package luabind

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"github.com/authysh/authysh/luabind/internal/lua51"
	"github.com/authysh/authysh/luabind/plugin"
	lua "github.com/yuin/gopher-lua"
)

// guest is a plugin in an interpreter of its own. Nothing of it is shared with other interpreters: values are copied
// across the border (see carry), and errors cross as text.
//
// Like a runtime it runs one goroutine at a time, and others while one waits. A state of its own, with the code in it, costs some
// 0.2 ms and 120 KiB; a shared one would have to guard every table, metatable and function that it gives away.
type guest struct {
	name     string
	source   *plugin.Source
	manifest *plugin.Manifest
	config   map[string]any // what the user has set
	settings map[string]any // that with the defaults
	granted  plugin.Permissions
	dataDir  string
	kept     []string // see [plugin.Enabled]
	limits   PluginLimits
	log      *slog.Logger
	outer    *Host // of the runtime

	deferred bool // the manifest was known beforehand
	defining bool // the definition is being run
	reached  bool // it wanted to use something outside
	unloaded atomic.Pointer[error]

	state       *lua.LState // nil before the code is needed
	interpreter interpreter
	idle        []*lua.LState // threads that can be used again
	spare       *hookRun      // that can be used again
	call        func(thread *lua.LState, nargs, nret int) error
	border      border

	hooks      map[string]*lua.LFunction
	operations map[string]*lua.LFunction
	formats    map[string]*lua.LFunction
	context    *lua.LTable // the second argument of all of them
	callType   *lua.LTable // the metatable of what hooks get
	requirer
	unopened map[string]func() *lua.LTable // modules that none of its code has named yet

	worked   int64 // steps since what it keeps was measured; guarded by the interpreter
	broken   error // it could not be loaded, or keeps too much, and runs no more
	closed   bool
	failures atomic.Int64
	lastFail atomic.Value // string

	web *web
}

// newGuest makes a plugin; it has no interpreter yet.
func newGuest(source *plugin.Source, granted plugin.Permissions, dataDir string, outer *Host, limits PluginLimits) *guest {
	return &guest{
		name: source.Name, source: source, granted: granted, dataDir: dataDir, limits: limits.orDefaults(), outer: outer,
		log: outer.logger().With("plugin", source.Name),
	}
}

// start makes the interpreter; nothing runs yet.
func (g *guest) start() error {
	g.requirer = newRequirer(&g.interpreter, g.wait)
	g.unopened = map[string]func() *lua.LTable{}
	g.web = newWeb(g)
	g.state = lua.NewState(stateOptions)
	if err := g.openLibraries(); err != nil {
		return fmt.Errorf("luabind: %w", err)
	}
	g.call = lua51.CallerOf(g.state)
	g.border = borderOf(g.state)
	g.callType = g.newCallType()
	return nil
}

// close frees the interpreter.
func (g *guest) close() {
	g.interpreter.Lock()
	defer g.interpreter.Unlock()
	if g.state != nil && !g.closed {
		g.web.close()
		g.state.Close()
	}
	g.closed = true
}

// pluginModules are the modules that plugins have, with what they lack of them.
var pluginModules = map[string]struct {
	make  func(*Host) Module
	lacks []string
}{
	"json": {make: jsonModule}, "csv": {csvModule, []string{"open", "create"}}, "phone": {make: phoneModule},
	"totp": {make: totpModule}, "time": {timeModule, []string{"sleep"}}, "log": {make: logModule},
}

// openLibraries fills the globals with what is known to be harmless, and nothing else.
func (g *guest) openLibraries() error {
	L := g.state
	if err := openHarmless(L, nil); err != nil {
		return err
	}
	host := &Host{Stdin: strings.NewReader(""), Stdout: io.Discard, Stderr: io.Discard, Log: g.log, Now: g.outer.Now, interpreter: &g.interpreter}
	for name, m := range pluginModules {
		g.unopened[name] = func() *lua.LTable {
			t := harmlessTable(L, m.make(host).lacking(m.lacks))
			if name == "time" {
				t.RawSetString("sleep", L.NewFunction(g.outside("time.sleep", g.sleep)))
			}
			return t
		}
	}
	g.addOutside()
	globals := L.G.Global
	globals.RawSetString("require", L.NewFunction(g.require))
	globals.RawSetString("print", L.NewFunction(g.print))
	return nil
}

// openNamed opens the modules whose names are among those of a piece of code, before that runs: most plugins use few. Code
// that does not name a global cannot tell whether it is there, unless it names the table of all, and then they are all opened.
func (g *guest) openNamed(names map[string]bool) {
	for name := range g.unopened {
		if names[name] || names["_G"] {
			g.open(name)
		}
	}
}

// open makes a module a global, and what require gives, if it is one that was not opened yet.
func (g *guest) open(name string) {
	make, ok := g.unopened[name]
	if !ok {
		return
	}
	delete(g.unopened, name)
	t := withSuggestions(g.state, name, make())
	g.state.G.Global.RawSetString(name, t)
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
	a := g.newAccount(what, times)
	return budget{Context: ctx, account: &a}
}

func (g *guest) newAccount(what string, times int) account {
	limit := g.limits.HookTime
	if times > 1 {
		limit = g.limits.OperationTime
	}
	return account{what: what, most: g.limits.Steps * times, memory: g.limits.Memory, limit: limit}
}

// errClosed is a plugin whose runtime is closed.
var errClosed = errors.New("the plugin is closed")

// run calls a function of the plugin, which is looked up when its code is there: give pushes its arguments, and take reads what
// it returns, both while the plugin's interpreter is held. The error is one line of text, without any value of the plugin.
func (g *guest) run(
	b *budget, function func() *lua.LFunction, give func(L *lua.LState) (arguments int), take func(result lua.LValue) error,
) error {
	g.interpreter.Lock()
	defer g.interpreter.Unlock()
	if err := g.ready(); err != nil {
		return err
	}
	return g.runLocked(b, function(), give, take)
}

func (g *guest) runLocked(b *budget, fn *lua.LFunction, give func(L *lua.LState) int, take func(lua.LValue) error) error {
	L := g.thread()
	L.SetContext(b)
	L.Push(fn)
	arguments, err := protected(L, give)
	if err == nil {
		err = g.call(L, arguments, 1)
	}
	if err == nil {
		err = take(L.Get(-1))
		L.SetTop(0)
		L.RemoveContext()
		if len(g.idle) < maxIdleThreads {
			g.idle = append(g.idle, L)
		}
	} else {
		L.RemoveContext()
		err = g.failureOf(b, err)
	}
	g.account(b)
	return err
}

// protected calls give, in which the conversion of a value may fail as a function of Lua does.
func protected(L *lua.LState, give func(L *lua.LState) int) (n int, err error) {
	defer func() {
		switch failure := recover().(type) {
		case nil:
		case *lua.ApiError:
			err = failure
		default:
			panic(failure) // of Go code, which is not to go on as if nothing had been
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
func (g *guest) failureOf(b *budget, err error) error {
	if b.failure != nil {
		return b.failure
	}
	if ctx := b.Context.Err(); ctx != nil {
		return ctx
	}
	L := lua51.NewThread(g.state)
	L.SetContext(b)
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
	m := newMeasure(g.state, most)
	m.add(g.context)
	for _, set := range []map[string]*lua.LFunction{g.hooks, g.operations, g.formats} {
		for _, f := range set {
			m.add(f)
		}
	}
	for _, v := range g.loaded {
		m.add(v)
	}
	return m.size() <= most
}
