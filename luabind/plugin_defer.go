package luabind

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/authysh/authysh/luabind/plugin"
	lua "github.com/yuin/gopher-lua"
)

// The code of a plugin whose manifest is known beforehand is loaded when it is first needed: by an operation, hook or format
// of it. What it defines then must be what the manifest says, which is what commands, help and completion were made of.

// Deferrable reports whether a plugin that has its permissions defines itself as m, and uses none of them while it does. Then
// m can be recorded, see [plugin.State.Remember], and runtimes load its code when that is first needed. Others are loaded at the
// start, because what they define may be another thing at another time.
func Deferrable(ctx context.Context, enabled plugin.Enabled, m *plugin.Manifest) bool {
	if enabled.Source == nil || m == nil {
		return false
	}
	host := processHost()
	host.Log = slog.New(slog.DiscardHandler)
	g := newGuest(enabled.Source, enabled.Granted, enabled.DataDir, host, PluginLimits{})
	defer g.close()
	g.deferred = true
	defined, err := g.inspect(ctx)
	return err == nil && !g.reached && m.Equal(defined)
}

// ready loads the code of the plugin if that was not done yet, or tells why it does not run. The interpreter is held.
func (g *guest) ready() error {
	switch {
	case g.broken != nil:
		return g.broken
	case g.closed:
		return errClosed
	case g.state != nil:
		return nil
	}
	if err := g.loadCode(); err != nil {
		g.broken = err
		g.unloaded.Store(&err)
		return err
	}
	return nil
}

// loadCode runs the definition, and gives the plugin its settings.
func (g *guest) loadCode() error {
	if err := g.start(); err != nil {
		return err
	}
	m, err := g.define(context.Background())
	switch {
	case err != nil:
		return err
	case !g.deferred:
		g.manifest = m
		if err := g.readSettings(); err != nil {
			return err
		}
	case !g.manifest.Equal(m):
		return fmt.Errorf("defines something else than when it was enabled; look at it and run: authysh plugin enable %s", g.name)
	}
	g.giveSettings()
	return nil
}

// inspect runs the definition alone.
func (g *guest) inspect(ctx context.Context) (*plugin.Manifest, error) {
	g.interpreter.Lock()
	defer g.interpreter.Unlock()
	if err := g.start(); err != nil {
		return nil, err
	}
	return g.define(ctx)
}

// outside is a function that a plugin whose code is loaded late may use when it is loaded, and not before: it would make the
// definition depend on more than the code, or let others wait for it.
func (g *guest) outside(name string, f lua.LGFunction) lua.LGFunction {
	return func(L *lua.LState) int {
		if g.deferred && g.defining {
			g.reached = true
			L.RaiseError("%s cannot be used before the plugin is defined; use it in an operation, hook or format", name)
		}
		return f(L)
	}
}

// loadFailure is why the code could not be loaded when it was needed; nil when it could, or was not needed yet.
func (g *guest) loadFailure() error {
	if failure := g.unloaded.Load(); failure != nil {
		return pluginFault(g.name, *failure)
	}
	return nil
}

// LoadPlugins loads the code of those plugins for which that was put off, and returns what [Runtime.PluginError] gives then. It
// is not needed to use them.
func (rt *Runtime) LoadPlugins() error {
	for _, g := range rt.plugins.loaded() {
		g.interpreter.Lock()
		_ = g.ready() // PluginError has it
		g.interpreter.Unlock()
	}
	return rt.PluginError()
}
