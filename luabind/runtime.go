package luabind

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/luabind/internal/lua51"
	"github.com/authysh/authysh/luabind/journal"
	lua "github.com/yuin/gopher-lua"
)

// Runtime is a Lua interpreter with the Authy API and its modules in it.
//
// It runs one script at a time; Run, RunFile, Call, Perform and Close may be called from any goroutine and wait for each other;
// all but Close give up waiting when their context ends. Called with the context of a run, from a module function or a
// middleware, they are an error, as the run would wait for itself.
// Globals last from one run to the next. Scripts are trusted, but for those of a runtime with [Untrusted]: they may read and
// write files and start programs, as any program that the user starts.
//
// One goroutine at a time is inside the interpreter; whoever waits for something outside gives it away with
// [Host.Wait]. All Lua values of a runtime belong to whoever holds it.
type Runtime struct {
	state  *lua.LState
	host   *Host
	client *authy.Client
	chain  []Middleware
	extra  []func(*Host) Module
	own    []authy.Operation // of the host

	plugins pluginSet
	api     *binding // the module authy
	modules []Module // what scripts see beside Lua's own libraries, authy first

	turn        chan struct{} // holds one token while a script runs: one at a time
	interpreter interpreter   // one goroutine inside Lua at a time
	tasks       *tasks
	completion  completion
	background  context.Context // of what goes on between the chunks of a session
	end         context.CancelFunc
	closed      bool
	exit        *ExitError
	stop        func()

	limits    Limits
	untrusted *stranger           // nil for scripts that are trusted
	now       atomic.Pointer[run] // what runs
}

// Option configures a [Runtime].
type Option func(*Runtime) error

// Stdin is where io.read reads; by default there is nothing to read.
func Stdin(r io.Reader) Option {
	return func(rt *Runtime) error {
		rt.host.Stdin = r
		return given("Stdin", "reader", r == nil)
	}
}

// Stdout is where print and io.write go; by default their output is discarded. While its Write blocks, nothing else of the runtime
// goes on, and canceling the script has to wait for it.
func Stdout(w io.Writer) Option {
	return func(rt *Runtime) error {
		rt.host.Stdout = w
		return given("Stdout", "writer", w == nil)
	}
}

// Stderr is where io.stderr goes; by default its output is discarded.
func Stderr(w io.Writer) Option {
	return func(rt *Runtime) error {
		rt.host.Stderr = w
		return given("Stderr", "writer", w == nil)
	}
}

// Log receives what scripts write through the log module; by default it is discarded.
func Log(log *slog.Logger) Option {
	return func(rt *Runtime) error {
		rt.host.Log = log
		return given("Log", "logger", log == nil)
	}
}

// Clock is the time that scripts see through the time and totp modules; by default [time.Now].
func Clock(now func() time.Time) Option {
	return func(rt *Runtime) error {
		rt.host.Now = now
		return given("Clock", "clock", now == nil)
	}
}

// given is the error of an option that was given nothing.
func given(option, what string, missing bool) error {
	if missing {
		return fmt.Errorf("luabind: %s was given no %s; leave the option out for its default", option, what)
	}
	return nil
}

// Use wraps every operation in middlewares, the first one outermost.
func Use(middlewares ...Middleware) Option {
	return func(rt *Runtime) error {
		if slices.ContainsFunc(middlewares, func(m Middleware) bool { return m == nil }) {
			return errors.New("luabind: Use was given a nil middleware")
		}
		rt.chain = append(rt.chain, middlewares...)
		return nil
	}
}

// Service names what calls go to, for the journals of batches: one that was begun at another service is refused. By default
// that is the client's host, and a fingerprint of its key.
func Service(name string) Option {
	return func(rt *Runtime) error { rt.host.service = name; return nil }
}

// serviceOf is a client's host and application. The key cannot be found from it.
func serviceOf(client *authy.Client) string {
	sum := sha256.Sum256([]byte("authysh journal\x00" + client.Key))
	return cmp.Or(client.Host, authy.DefaultHost) + " (application " + hex.EncodeToString(sum[:4]) + ")"
}

// With adds modules of the host: each becomes a global and can be required. Its name must be new.
func With(modules ...func(*Host) Module) Option {
	return func(rt *Runtime) error {
		if slices.ContainsFunc(modules, func(m func(*Host) Module) bool { return m == nil }) {
			return errors.New("luabind: With was given a nil module")
		}
		rt.extra = append(rt.extra, modules...)
		return nil
	}
}

// Sizes of a state's stacks. Small ones that grow keep a task at a few KiB; below 128 the library silently takes 5,120
// slots instead, and a small registry grows only if a maximum is given.
var stateOptions = lua.Options{
	SkipOpenLibs:        true,
	MinimizeStackMemory: true,
	CallStackSize:       1000,
	RegistrySize:        256,
	RegistryMaxSize:     256 * 1024,
	RegistryGrowStep:    256,
}

// New makes a runtime whose scripts call the service through client.
//
// The client may lack a key: scripts that call nothing run all the same. Close the runtime when done.
func New(client *authy.Client, options ...Option) (*Runtime, error) {
	rt, err := configure("New", client, &Host{
		Stdin: bytes.NewReader(nil), Stdout: io.Discard, Stderr: io.Discard,
		Log: slog.New(slog.DiscardHandler), Now: time.Now,
	}, options)
	if err != nil {
		return nil, err
	}
	rt.host.interpreter, rt.turn = &rt.interpreter, make(chan struct{}, 1)
	if err := rt.applyLimits(); err != nil {
		return nil, err
	}
	rt.background, rt.end = context.WithCancel(context.Background())
	rt.state = lua.NewState(rt.stateOptions())
	rt.tasks = newTasks(rt.state, rt.host)
	if err := rt.openLibraries(); err != nil {
		rt.plugins.close()
		rt.state.Close()
		return nil, err
	}
	return rt, nil
}

// configure reads options into a runtime that has no state yet.
func configure(function string, client *authy.Client, host *Host, options []Option) (*Runtime, error) {
	if client == nil {
		return nil, fmt.Errorf("luabind: %s needs a client", function)
	}
	rt := &Runtime{client: client, host: host}
	host.client = client
	for i, option := range options {
		if option == nil {
			return nil, fmt.Errorf("luabind: option %d of %s is nil", i+1, function)
		}
		if err := option(rt); err != nil {
			return nil, err
		}
	}
	host.service = cmp.Or(host.service, serviceOf(client))
	return rt, nil
}

// openLibraries fills the globals: Lua's own libraries with their repairs, then ours.
func (rt *Runtime) openLibraries() error {
	L := rt.state
	if rt.untrusted != nil {
		return rt.openUntrusted()
	}
	for _, library := range []struct {
		name string
		open lua.LGFunction
	}{
		{lua.LoadLibName, lua.OpenPackage}, {lua.BaseLibName, lua.OpenBase}, {lua.TabLibName, lua.OpenTable},
		{lua.IoLibName, lua.OpenIo}, {lua.OsLibName, lua.OpenOs}, {lua.StringLibName, lua.OpenString},
		{lua.MathLibName, lua.OpenMath}, {lua.DebugLibName, lua.OpenDebug}, {lua.CoroutineLibName, lua.OpenCoroutine},
	} {
		L.Push(L.NewFunction(library.open))
		L.Push(lua.LString(library.name))
		L.Call(1, 0)
	}
	if err := lua51.Install(L); err != nil {
		return fmt.Errorf("luabind: %w", err)
	}
	installStreams(L, rt.host)
	installLoaders(L, rt.host)
	L.SetGlobal("_printregs", lua.LNil) // writes to the standard output of the process
	L.SetGlobal("require", L.NewFunction(rt.requireFunction()))
	L.GetGlobal("os").(*lua.LTable).RawSetString("exit", L.NewFunction(rt.osExit))

	rt.api = newBinding(rt.host, rt.client, nil)
	rt.api.own = rt.own
	rt.define("authy", rt.api.module(L))
	modules := standardModules(rt.host)
	for _, make := range rt.extra {
		modules = append(modules, hostModule(make(rt.host)))
	}
	if err := checkModules(modules); err != nil {
		return err
	}
	rt.modules = append([]Module{rt.api.description()}, modules...)
	for _, m := range modules {
		if L.GetGlobal(m.Name) != lua.LNil {
			return fmt.Errorf("luabind: a module or global %q exists already", m.Name)
		}
		rt.define(m.Name, rt.api.moduleTable(L, m))
	}
	rt.host.plugins = &rt.plugins
	rt.plugins.load(rt.host)
	rt.addPlugins()
	for _, g := range rt.plugins.loaded() {
		rt.chain = append(rt.chain, g.middleware)
	}
	rt.api.use(rt.chain)
	return nil
}

// define makes a module a global, and what require gives.
func (rt *Runtime) define(name string, module *lua.LTable) {
	L := rt.state
	L.SetGlobal(name, module)
	if rt.untrusted != nil {
		rt.untrusted.loaded[name] = module
		return
	}
	loaded := L.GetField(L.GetGlobal("package"), "loaded").(*lua.LTable)
	loaded.RawSetString(name, module)
}

// osExit ends the script, not the process: the host may have other things to do.
func (rt *Runtime) osExit(L *lua.LState) int {
	code := 0
	switch v := L.Get(1).(type) {
	case lua.LNumber:
		code = int(v)
	case lua.LBool:
		if !v {
			code = 1
		}
	case *lua.LNilType:
	default:
		L.ArgError(1, mistyped("a number or boolean", v).Error())
	}
	if t := currentTask(L); t != nil && t.detach {
		L.RaiseError("os.exit would end the prompt from a task in the background; .exit leaves")
	}
	rt.exit = &ExitError{code}
	rt.stop() // so that no pcall can hold the script back
	L.RaiseError("exit")
	return 0
}

// Script is a program to run.
type Script struct {
	// Name stands in error messages and in arg[0].
	Name string
	// Source is the Lua text. A first line that begins with # is skipped.
	Source string
	// Args are arg[1] and so on, and the ... of the main chunk.
	Args []string
	// Dir is where require looks for modules first; empty is the working directory.
	Dir string
	// Program is arg[-1], the program that runs the script; empty leaves it out.
	Program string
}

// fingerprint tells versions of a script apart.
func (s Script) fingerprint() journal.Script {
	sum := sha256.Sum256([]byte(s.Source))
	return journal.Script{Name: s.Name, SHA256: hex.EncodeToString(sum[:])}
}

// Run runs a script to its end.
//
// It returns a [*ScriptError] when the script fails, an [*ExitError] when it calls os.exit with a code other than 0,
// and the context's cause when the context ended it. Tasks belong to the run: it ends when they have ended, and they
// are canceled when the script fails. Those that failed while nobody looked are a [*TasksError], joined to the script's own
// error if there is one. Canceling stops Lua code and waits within milliseconds, but not a
// library function that computes, such as string.rep; pattern matches stop.
func (rt *Runtime) Run(ctx context.Context, script Script) error {
	err := rt.inside(ctx, func(L *lua.LState) (err error) {
		rt.tasks.base, rt.tasks.detach = contextOf(L), false
		defer func() { err = rt.endTasks(L, err) }()
		chunk, err := rt.compile(L, script)
		if err != nil {
			return err
		}
		rt.setArguments(script)
		rt.host.script = script.fingerprint()
		L.Push(chunk)
		for _, argument := range script.Args {
			L.Push(lua.LString(argument))
		}
		if err := lua51.PCall(L, len(script.Args), 0, nil); err != nil {
			return scriptErrorIn(L, err)
		}
		return nil
	})
	if exit, ok := err.(*ExitError); ok && exit.Code == 0 {
		return nil
	}
	return err
}

// endTasks waits for the tasks of a script, which are canceled first if the script has failed. Those that failed while
// nobody looked make an error of a script that has none.
func (rt *Runtime) endTasks(L *lua.LState, err error) error {
	s := rt.tasks
	if err != nil {
		s.cancelAll(attached)
	}
	s.drain(attached)
	if err == nil {
		err = L.Context().Err() // interrupted while it waited
	}
	switch failures := s.failures(); {
	case failures == nil:
		return err
	case err == nil && rt.exit == nil:
		return failures
	default:
		return errors.Join(err, failures)
	}
}

// insideKey is under what the context of a run says which runtime is busy with it.
type insideKey struct{ rt *Runtime }

// waitForTurn waits until no script runs, or ctx ends. What a script itself waits for would never have its turn.
func (rt *Runtime) waitForTurn(ctx context.Context) error {
	if ctx.Value(insideKey{rt}) != nil {
		return errInside
	}
	select {
	case rt.turn <- struct{}{}:
		return nil
	default:
	}
	select {
	case rt.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (rt *Runtime) endTurn() { <-rt.turn }

var errInside = errors.New("luabind: a script that runs cannot have its own runtime run another: it would wait for itself; use another runtime, or call the function in Lua")

var errRuntimeClosed = errors.New("luabind: the runtime is closed")

// inside calls f, which may run Lua code, with the interpreter taken and ctx in force. It returns the error of f, but an
// [*ExitError] when a script called os.exit, and the context's cause when f failed because ctx had ended.
func (rt *Runtime) inside(ctx context.Context, f func(L *lua.LState) error) error {
	if err := rt.waitForTurn(ctx); err != nil {
		return err
	}
	defer rt.endTurn()
	ctx = context.WithValue(ctx, insideKey{rt}, true)
	rt.interpreter.Lock()
	defer rt.interpreter.Unlock()
	if rt.closed {
		return errRuntimeClosed
	}
	L := rt.state
	run := rt.begin(ctx)
	defer run.free()
	rt.exit, rt.stop = nil, func() { run.stop(nil) }
	rt.now.Store(run)
	defer rt.now.Store(nil)
	L.SetContext(threadContext(run.ctx))
	defer L.RemoveContext()
	defer L.SetTop(L.GetTop())

	err := f(L)
	rt.settle(run)
	if limit := run.broken(err); limit != nil {
		return limit
	}
	rt.shorten(err)
	switch {
	case rt.exit != nil:
		if unseen, ok := errors.AsType[*TasksError](err); ok {
			return errors.Join(rt.exit, unseen)
		}
		return rt.exit
	case err != nil && ctx.Err() != nil:
		return context.Cause(ctx)
	}
	return err
}

// RunFile reads a script and runs it; require finds modules beside it.
func (rt *Runtime) RunFile(ctx context.Context, path string, args ...string) error {
	script, err := ReadScript(path)
	if err != nil {
		return err
	}
	script.Args = args
	return rt.Run(ctx, script)
}

// MaxScript is how many bytes a script may have that is read from a file: what is larger, such as a device, was given by mistake.
const MaxScript = 64 << 20

// ReadScript reads the Lua program at path. What is not Lua text is an error that says so.
func ReadScript(path string) (Script, error) {
	info, err := os.Stat(path)
	if err != nil {
		return Script{}, fmt.Errorf("cannot read the script: %w", err)
	}
	if info.IsDir() {
		return Script{}, fmt.Errorf("cannot read the script: %s is a directory", path)
	}
	source, err := readAtMost(path, MaxScript)
	if err != nil {
		return Script{}, fmt.Errorf("cannot read the script: %w", err)
	}
	return Script{Name: path, Source: string(source), Dir: filepath.Dir(path)}, nil
}

func readAtMost(path string, most int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(text)) > most {
		err = fmt.Errorf("%s is larger than %d MiB", path, most>>20)
	}
	return text, err
}

// setArguments fills arg as the lua program does, and lets require look beside the script.
func (rt *Runtime) setArguments(script Script) {
	L := rt.state
	arg := L.CreateTable(len(script.Args), 2)
	for i, argument := range script.Args {
		arg.RawSetInt(i+1, lua.LString(argument))
	}
	arg.RawSetInt(0, lua.LString(script.Name))
	if script.Program != "" {
		arg.RawSetInt(-1, lua.LString(script.Program))
	}
	L.SetGlobal("arg", arg)
	rt.searchIn(script.Dir)
}

// searchIn lets require look in dir, and then in the working directory.
func (rt *Runtime) searchIn(first string) {
	if rt.untrusted != nil {
		return
	}
	L := rt.state
	var paths []string
	for _, dir := range []string{first, "."} {
		if dir != "" && (dir != "." || len(paths) == 0 || first != ".") {
			paths = append(paths, filepath.Join(dir, "?.lua"), filepath.Join(dir, "?", "init.lua"))
		}
	}
	L.SetField(L.GetGlobal("package"), "path", lua.LString(strings.Join(paths, ";")))
}

// Close writes out and closes the csv files that scripts left open, and frees the interpreter. Its error is that of the
// writing: rows may be lost. It waits for a running script; cancel that script's context first.
func (rt *Runtime) Close() error {
	rt.turn <- struct{}{}
	defer rt.endTurn()
	rt.interpreter.Lock()
	defer rt.interpreter.Unlock()
	if rt.closed {
		return nil
	}
	rt.closed = true
	rt.end()
	rt.tasks.drain(func(*task) bool { return true })
	rt.plugins.close()
	err := closeFiles(rt.state)
	rt.state.Close()
	return err
}
