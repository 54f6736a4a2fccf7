package luabind

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/authysh/authysh/authy"
	lua "github.com/yuin/gopher-lua"
)

// Loader is for hosts with a Lua state of their own: L.PreloadModule("authy", luabind.Loader(client)).
//
// It gives scripts the authy module in the direct, callback, try and task styles. Calls honour the context of the state
// (L.SetContext). [Preload] brings the other modules too. Nothing global is touched, in Go or in Lua. An error of a call is a
// Lua value: [ErrorOf] makes of what L.DoString or L.PCall returned the Go error again.
//
// The options are those of [Preload], but for [With]. A mistake in them is one of the program, and panics.
func Loader(client *authy.Client, options ...Option) lua.LGFunction {
	load := func() (*Runtime, error) { return hostState("Loader", client, options) }
	rt, err := load()
	if err == nil && rt.extra != nil {
		err = errors.New("luabind: Loader makes the module authy alone; give With to Preload")
	}
	if err != nil {
		panic(err)
	}
	return func(L *lua.LState) int {
		rt, err := load() // anew, as this may be another state
		if err != nil {
			L.RaiseError("%v", err)
		}
		L.Push(rt.binding().module(L))
		return 1
	}
}

// Preload makes authy and the modules beside it (json, csv, phone, totp, time, task, log, callbacks and others) loadable by
// require in a host's own state, which has the library package. Nothing is made before a script requires it.
//
// The options are those of [New] that do not need a state of ours: [Use], [Operations], [With], [Service], [BatchStarted],
// [Clock], [Log], [Stdin], [Stdout] and [Stderr]. Without them the streams, the log and the clock are those of the process.
// Others are an error.
//
// Nothing tells the modules when the state ends, so scripts must close what they write with csv.create, and stop the servers of
// callbacks.serve, which handle what comes while the script waits or the host is in [WaitTasks].
func Preload(L *lua.LState, client *authy.Client, options ...Option) error {
	rt, err := hostState("Preload", client, options)
	if err != nil {
		return err
	}
	modules := standardModules(rt.host)
	for _, make := range rt.extra {
		modules = append(modules, hostModule(make(rt.host)))
	}
	if err := checkModules(modules); err != nil {
		return err
	}
	library, _ := L.GetField(L.Get(lua.EnvironIndex), lua.LoadLibName).(*lua.LTable)
	if library == nil {
		return errors.New("luabind: Preload needs the library package in the state: open it with lua.OpenPackage")
	}
	api := rt.binding()
	L.PreloadModule("authy", func(L *lua.LState) int {
		L.Push(api.module(L))
		return 1
	})
	for _, m := range modules {
		L.PreloadModule(m.Name, func(L *lua.LState) int {
			L.Push(api.moduleTable(L, m))
			return 1
		})
	}
	return nil
}

// processHost is the Host of a state that does not belong to a Runtime.
func processHost() *Host {
	return &Host{Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Log: slog.Default(), Now: time.Now}
}

// hostState reads options for a state that does not belong to a runtime.
func hostState(function string, client *authy.Client, options []Option) (*Runtime, error) {
	rt, err := configure(function, client, processHost(), options)
	if err != nil {
		return nil, err
	}
	for _, misplaced := range []struct {
		option string
		given  bool
	}{
		{"Untrusted", rt.untrusted != nil}, {"Limit", rt.limits != Limits{}}, {"Files", rt.host.files != nil},
		{"Plugins", rt.plugins.enabled != nil}, {"LimitPlugins", rt.plugins.limits != PluginLimits{}},
		{"ProgramVersion", rt.plugins.program != ""},
	} {
		if misplaced.given {
			return nil, fmt.Errorf("luabind: %s takes no %s, which needs the state of a runtime: make one with New", function, misplaced.option)
		}
	}
	return rt, nil
}

// binding binds the client with the host's middlewares and operations.
func (rt *Runtime) binding() *binding {
	b := newBinding(rt.host, rt.client, rt.chain)
	b.own = rt.own
	return b
}
