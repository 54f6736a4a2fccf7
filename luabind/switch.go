package luabind

import (
	"errors"
	"fmt"

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
// name is replaced; any other global of that name is an error. It waits until the interpreter is free.
func (rt *Runtime) Define(module func(*Host) Module) error {
	rt.interpreter.Lock()
	defer rt.interpreter.Unlock()
	m := hostModule(module(rt.host))
	taken := rt.state.GetGlobal(m.Name) != lua.LNil
	for i := range rt.modules {
		if rt.modules[i].Name == m.Name {
			rt.modules[i], taken = m, false
		}
	}
	if taken {
		return fmt.Errorf("luabind: a global %q exists already", m.Name)
	}
	rt.define(m.Name, rt.api.moduleTable(rt.state, m))
	return nil
}
