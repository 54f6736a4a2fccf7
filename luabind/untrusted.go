package luabind

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"slices"
	"strings"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/luabind/internal/luatext"
	lua "github.com/yuin/gopher-lua"
)

// Untrusted makes a runtime for scripts of strangers.
//
// They get Lua's own functions that are harmless, io.write, the times of os, and the modules authy (the client of [New] alone,
// without authy.client and authy.sign_callback), json, csv (without open and create), phone, totp, time, task and log; and
// what [With] and [Operations] add. require finds these, and modules in [Files]. There is no way to files, programs, the
// environment, other hosts or code that is loaded, and all of [Limits] hold, by their defaults where none are given. A run
// that goes beyond one ends, whatever it catches, within about a tenth of a second.
//
// Scripts of one runtime share its globals, from one run to the next: give every stranger a runtime of his own. The package
// comment says what the limits cannot do.
func Untrusted() Option {
	return func(rt *Runtime) error {
		rt.untrusted = &stranger{requirer: newRequirer(&rt.interpreter, rt.host.Wait)}
		return nil
	}
}

// stranger is what a runtime has for scripts that are not trusted.
type stranger struct {
	requirer
	libraries  []Module // Lua's own, as far as scripts have them
	own        int64    // what the runtime keeps itself
	made, room int64    // since what scripts keep was measured; see account
}

// untrustedModules are the modules that such scripts have, with what they lack of them. The others keep files, or have no bound
// to what they keep.
var untrustedModules = map[string][]string{
	"json": nil, "csv": {"open", "create"}, "phone": nil, "totp": nil, "time": nil, "task": nil, "log": nil,
}

// untrustedAuthy are the functions of authy that make calls to elsewhere, or signatures with the client's key.
var untrustedAuthy = []string{"client", "sign_callback"}

// untrustedMore are the functions of Lua that such scripts have and plugins do not.
var untrustedMore = map[string][]string{"os": {"clock", "date", "difftime", "time"}}

// openUntrusted is openLibraries for scripts that are not trusted.
func (rt *Runtime) openUntrusted() error {
	L := rt.state
	if err := openHarmless(L, untrustedMore); err != nil {
		return fmt.Errorf("luabind: %w", err)
	}
	globals := L.G.Global
	installStreams(L, rt.host)
	streams := streamsOf(L, rt.host)
	output := L.CreateTable(0, 1)
	output.RawSetString("write", L.NewFunction(func(L *lua.LState) int { return streams.write(L, streams.out, 1) }))
	globals.RawSetString("io", output)
	times := globals.RawGetString("os").(*lua.LTable)
	date := times.RawGetString("date").(*lua.LFunction).GFunction
	times.RawSetString("date", L.NewFunction(func(L *lua.LState) int {
		const longest = 1 << 10
		if text, ok := L.Get(1).(lua.LString); ok && len(text) > longest {
			L.RaiseError("bad argument #1 to 'date' (format longer than %d bytes)", longest)
		}
		return date(L)
	}))
	globals.RawSetString("require", L.NewFunction(rt.requireUntrusted))

	rt.api = rt.binding()
	rt.api.lacks = untrustedAuthy
	rt.define("authy", rt.api.module(L))
	rt.modules = []Module{rt.api.description()}
	for _, m := range standardModules(rt.host) {
		if without, ok := untrustedModules[m.Name]; ok {
			m = m.lacking(without)
			rt.modules = append(rt.modules, m)
			rt.define(m.Name, withSuggestions(L, m.Name, harmlessTable(L, m)))
		}
	}
	for _, make := range rt.extra {
		rt.modules = append(rt.modules, hostModule(make(rt.host)))
	}
	own := rt.modules[len(rt.modules)-len(rt.extra):]
	if err := checkModules(rt.modules[1:]); err != nil {
		return err
	}
	for _, m := range own {
		if globals.RawGetString(m.Name) != lua.LNil {
			return fmt.Errorf("luabind: a module or global %q exists already", m.Name)
		}
		rt.define(m.Name, rt.api.moduleTable(L, m))
	}
	rt.host.plugins = &rt.plugins
	rt.untrusted.libraries = librariesIn(globals)
	rt.untrusted.own = rt.measure(math.MaxInt64)
	return nil
}

// stateOptions are the sizes of the stacks. Those of strangers grow faster and to less: a stack that grows in small steps to a
// great size is copied again and again.
func (rt *Runtime) stateOptions() lua.Options {
	options := stateOptions
	if rt.untrusted != nil {
		options.RegistryMaxSize, options.RegistryGrowStep = 64*1024, 1024
	}
	return options
}

// keeps measures what scripts keep.
func (rt *Runtime) keeps(most int64) int64 {
	own := rt.untrusted.own
	return rt.measure(most+own) - own
}

// measure is what everything takes that can be reached in the interpreter, up to most.
func (rt *Runtime) measure(most int64) int64 {
	m := newMeasure(rt.state, most)
	m.add(rt.state)
	for _, v := range rt.untrusted.loaded {
		m.add(v)
	}
	for t := range rt.tasks.running {
		m.task(t)
		if t.thread != nil {
			m.add(t.thread)
		}
	}
	for _, t := range rt.tasks.unseen {
		m.task(t)
	}
	return m.size()
}

// settle keeps from a run that ends what the next one must know.
func (rt *Runtime) settle(r *run) {
	if rt.untrusted != nil {
		rt.untrusted.made, rt.untrusted.room = r.made()-r.measured, r.room
	}
}

// shorten cuts what a stranger wrote into an error.
func (rt *Runtime) shorten(err error) {
	const most = 16 << 10
	if failure, ok := errors.AsType[*ScriptError](err); ok && rt.untrusted != nil {
		failure.Message = clip(failure.Message, most)
	}
}

// requireUntrusted is require: it finds modules, and files in the file system of the host if that gave one.
func (rt *Runtime) requireUntrusted(L *lua.LState) int {
	return rt.untrusted.load(L, func(name string) (*lua.LFunction, error) {
		base := strings.ReplaceAll(name, ".", "/")
		for _, path := range []string{base + ".lua", base + "/init.lua"} {
			if rt.host.files == nil || !fs.ValidPath(path) {
				break
			}
			source, err := fs.ReadFile(rt.host.files, path)
			if err == nil {
				return compileGuarded(L, string(source), path)
			}
			if !errors.Is(err, fs.ErrNotExist) {
				L.RaiseError("cannot load module %s", luatext.Excerpt(name)) // why is not for strangers
			}
		}
		var known []string
		for name := range rt.untrusted.loaded {
			known = append(known, name)
		}
		hint := ""
		if near := authy.Nearest(name, known); near != "" {
			hint = ", did you mean " + luatext.Excerpt(near) + "?"
		}
		L.RaiseError("no module %s%s", luatext.Excerpt(name), hint)
		return nil, nil
	})
}

// libraries are Lua's own libraries, as far as the scripts of the runtime have them.
func (rt *Runtime) libraries() []Module {
	if rt.untrusted != nil {
		return rt.untrusted.libraries
	}
	return luaLibraries()
}

// librariesIn leaves out of Lua's own libraries what is not among the globals.
func librariesIn(globals *lua.LTable) []Module {
	var there []Module
	for _, library := range luaLibraries() {
		table, isTable := globals, true
		if library.Name != baseLibrary {
			table, isTable = globals.RawGetString(library.Name).(*lua.LTable)
		}
		if !isTable {
			continue
		}
		library.Functions = slices.DeleteFunc(slices.Clone(library.Functions), func(f Function) bool {
			return table.RawGetString(f.Name) == lua.LNil
		})
		library.Values = slices.DeleteFunc(slices.Clone(library.Values), func(v Value) bool {
			return table.RawGetString(v.Name) == lua.LNil && v.Name != argumentsTable
		})
		there = append(there, library)
	}
	return there
}

// argumentsTable is the global with the arguments of a script, which comes when one runs.
const argumentsTable = "arg"
