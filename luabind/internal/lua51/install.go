package lua51

import (
	_ "embed"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/parse"
)

// source is the chunk name of the part written in Lua.
const source = "[lua51]"

//go:embed shims.lua
var shims string

// registryKey is where a state keeps its vm.
const registryKey = "lua51.vm"

// vm is what the repairs know about one state and all its threads. It has no lock of its own: whoever runs Lua in the
// state has it to himself.
type vm struct {
	seed    *lua.LState                   // makes threads; never has a context, so that they get none to cancel
	depth   int                           // pcalls and resumes that the running goroutine is inside of
	only    *lua.LState                   // a thread that a goroutine was started with, for as long as it runs or waits
	active  map[*lua.LState]struct{}      // the others of these, nil for none so far; a map takes longer
	proxies map[*lua.LState]*lua.LState   // thread that runs a protected call of a coroutine → the coroutine, while it runs
	lost    map[*lua.LState][]string      // lines of a traceback whose frames had to go before the handler ran
	hidden  map[*lua.LFunction]struct{}   // Go functions that a traceback leaves out
	shown   map[*lua.FunctionProto]string // functions of shims.lua → what they stand for, if they know

	enter, traced, handler *lua.LFunction
	plain, armed           *lua.LFunction

	random    *rand.Rand // of math.random
	maxString int        // the longest string that a library function makes of shorter ones
	copies    bool       // parts of strings are copies
}

// Install replaces pcall, xpcall, error, assert, the coroutine library, debug.traceback, and the functions of the standard
// libraries that answer wrongly, in the globals of L, by ones that behave as in Lua 5.1; see the package comment for what that means and what it leaves. A library that L does not
// have is not added, except for the basic functions.
//
// Call it once, on the main state, before Lua code runs: L becomes the main thread of its state. The error says that
// the program was linked with a version of gopher-lua that the package does not know.
func Install(L *lua.LState) error {
	if errLayout != nil {
		return errLayout
	}
	if L.G.MainThread == nil {
		L.G.MainThread, L.G.CurrentThread = L, L
	}
	v := &vm{
		proxies: map[*lua.LState]*lua.LState{},
		lost:    map[*lua.LState][]string{},
		hidden:  map[*lua.LFunction]struct{}{},
		random:  rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64())),

		maxString: maxString,
	}
	ctx := L.RemoveContext()
	v.seed, _ = L.NewThread()
	if ctx != nil {
		L.SetContext(ctx)
	}
	pcall, xpcall, yield, err := v.load()
	if err != nil {
		return err
	}
	globals := L.G.Global
	set(globals, map[string]lua.LValue{
		"pcall": pcall, "xpcall": xpcall, "error": L.NewFunction(v.raiseError), "assert": L.NewFunction(v.assert),
	})
	if lib, ok := globals.RawGetString("coroutine").(*lua.LTable); ok {
		set(lib, map[string]lua.LValue{
			"create": L.NewFunction(v.create), "wrap": L.NewFunction(v.wrap), "resume": L.NewFunction(v.resume),
			"yield": yield, "status": L.NewFunction(v.status), "running": L.NewFunction(v.running),
			"isyieldable": L.NewFunction(v.isYieldable),
		})
	}
	if lib, ok := globals.RawGetString("debug").(*lua.LTable); ok {
		lib.RawSetString("traceback", L.NewFunction(v.debugTraceback))
	}
	v.repairLibraries(L)
	L.G.Registry.RawSetString(registryKey, &lua.LUserData{Value: v, Metatable: lua.LNil})
	return nil
}

// set stores the fields of a library.
func set(lib *lua.LTable, fields map[string]lua.LValue) {
	for name, f := range fields {
		lib.RawSetString(name, f)
	}
}

// load runs shims.lua and keeps its functions.
func (v *vm) load() (pcall, xpcall, yield *lua.LFunction, err error) {
	L := v.seed
	proto, err := compiled()
	if err != nil {
		return nil, nil, nil, fmt.Errorf("%s: %w", source, err)
	}
	chunk := L.NewFunctionFromProto(proto)
	inner := func(f lua.LGFunction) *lua.LFunction {
		fn := L.NewFunction(f)
		v.hidden[fn] = struct{}{}
		return fn
	}
	v.enter, v.traced = inner(v.enterPlain), inner(v.enterTraced)
	v.handler = inner(callHandler)
	L.Push(chunk)
	L.Push(inner(v.protect))
	L.Push(inner(v.protectHandled))
	L.Push(v.enter)
	L.Push(inner(v.step))
	L.Push(inner(v.suspend))
	if err := L.PCall(5, lua.MultRet, nil); err != nil {
		return nil, nil, nil, fmt.Errorf("%s: %w", source, err)
	}
	fns := make([]*lua.LFunction, L.GetTop())
	for i := range fns {
		fns[i] = L.Get(i + 1).(*lua.LFunction)
	}
	L.SetTop(0)
	v.shown = map[*lua.FunctionProto]string{
		fns[0].Proto: "pcall", fns[1].Proto: "xpcall", fns[2].Proto: "yield",
		fns[3].Proto: "", fns[4].Proto: "",
	}
	v.plain, v.armed = fns[5], fns[6]
	return fns[0], fns[1], fns[2], nil
}

// compiled is shims.lua, compiled once for all states: a prototype is only read.
var compiled = sync.OnceValues(func() (*lua.FunctionProto, error) {
	chunk, err := parse.Parse(strings.NewReader(shims), source)
	if err != nil {
		return nil, err
	}
	return lua.Compile(chunk, source)
})

// of is the vm that Install gave to L's state, or nil.
func of(L *lua.LState) *vm {
	ud, ok := L.G.Registry.RawGetString(registryKey).(*lua.LUserData)
	if !ok {
		return nil
	}
	v, _ := ud.Value.(*vm)
	return v
}

// rawCoroutine returns the functions of gopher-lua's own coroutine library that the repaired one is built on. The
// public Resume cannot be used instead: it cannot tell no value from one nil.
var rawCoroutine = sync.OnceValue(func() (raw struct{ create, resume lua.LGFunction }) {
	L := lua.NewState(lua.Options{SkipOpenLibs: true, MinimizeStackMemory: true, RegistrySize: 128})
	defer L.Close()
	L.Push(L.NewFunction(lua.OpenCoroutine))
	L.Call(0, 1)
	lib := L.CheckTable(1)
	raw.create = lib.RawGetString("create").(*lua.LFunction).GFunction
	raw.resume = lib.RawGetString("resume").(*lua.LFunction).GFunction
	return raw
})
