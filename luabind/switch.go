package luabind

import (
	"errors"
	"fmt"
	"slices"

	"github.com/authysh/authysh/authy"
	lua "github.com/yuin/gopher-lua"
)

// SetClient makes the calls of scripts go through another client from now on. Clients that scripts made with
// authy.client keep theirs. It waits until the interpreter is free.
func (rt *Runtime) SetClient(client *authy.Client) error {
	if client == nil {
		return errors.New("luabind: SetClient needs a client")
	}
	rt.interpreter.Lock()
	defer rt.interpreter.Unlock()
	rt.client, rt.api.client = client, client
	return nil
}

// Define adds a module of the host, as [With] does when the runtime is made. One that is there already under the same
// name is replaced; any other global of that name is an error. It waits until the interpreter is free. Sessions that are
// there already do not explain it.
func (rt *Runtime) Define(module func(*Host) Module) error {
	if module == nil {
		return errors.New("luabind: Define was given a nil module")
	}
	rt.interpreter.Lock()
	defer rt.interpreter.Unlock()
	if rt.closed {
		return errRuntimeClosed
	}
	m := hostModule(module(rt.host))
	modules := slices.Clone(rt.modules) // manuals have the list that was
	at := slices.IndexFunc(modules, func(known Module) bool { return known.Name == m.Name && m.Name != apiModule })
	switch {
	case at >= 0:
		modules[at] = m
	case rt.state.GetGlobal(m.Name) != lua.LNil:
		return fmt.Errorf("luabind: a global %q exists already", m.Name)
	default:
		modules = append(modules, m)
	}
	if err := checkModules(modules[1:]); err != nil {
		return err
	}
	rt.define(m.Name, rt.api.moduleTable(rt.state, m))
	rt.completion.mu.Lock() // under which the list is read
	defer rt.completion.mu.Unlock()
	rt.modules, rt.completion.session = modules, nil
	return nil
}
