package luabind

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/luabind/internal/lua51"
	"github.com/authysh/authysh/luabind/internal/luatext"
	"github.com/authysh/authysh/luabind/plugin"
	lua "github.com/yuin/gopher-lua"
)

// pluginSet are the plugins of a runtime in the order in which they were given.
type pluginSet struct {
	enabled []plugin.Enabled
	program string
	limits  PluginLimits
	list    []*pluginEntry
	table   *lua.LTable // authy.plugins
}

type pluginEntry struct {
	guest  *guest // nil for one that could not be loaded
	name   string
	err    error
	module Module
	adds   bool // the module is there
}

// Plugins loads plugins. Their operations join those of the API, under the plugin's name and in authy.plugins, and their
// hooks go around every operation: the first plugin's are outermost, so that its before_call is called first and its
// after_call last; the middlewares of [Use] are around them all.
//
// One that cannot be loaded is left out, and keeps nothing from working; [Runtime.PluginError] has the reason. The code of one
// that comes with its manifest is loaded when it is first needed: that it cannot be, or defines something else, is an
// error of the operation, hook or format that needed it, and of all that follow. [Runtime.LoadPlugins] does not wait for that.
func Plugins(enabled ...plugin.Enabled) Option {
	return func(rt *Runtime) error {
		rt.plugins.enabled = append(rt.plugins.enabled, enabled...)
		return nil
	}
}

// LimitPlugins bounds what plugins may use.
func LimitPlugins(limits PluginLimits) Option {
	return func(rt *Runtime) error {
		rt.plugins.limits = limits
		return notNegative("LimitPlugins", []limitValue{
			{"HookTime", limits.HookTime < 0, limits.HookTime}, {"OperationTime", limits.OperationTime < 0, limits.OperationTime},
			{"Steps", limits.Steps < 0, limits.Steps}, {"Memory", limits.Memory < 0, limits.Memory},
		})
	}
}

// ProgramVersion is what plugins compare their requires.authysh with; they run with any when it is not given.
func ProgramVersion(version string) Option {
	return func(rt *Runtime) error { rt.plugins.program = version; return nil }
}

// Operations adds operations of the host, made with [authy.Op] or [authy.Declare]. They are in the module authy, in all its
// styles, and go through middlewares, help, completion and the journals of batches like any other.
func Operations(operations ...authy.Operation) Option {
	return func(rt *Runtime) error {
		for _, op := range operations {
			if op.Name == "" {
				return errors.New("luabind: Operations was given an operation without a name; make them with authy.Op or authy.Declare")
			}
			if !isOperationName(op.Name) {
				return fmt.Errorf("luabind: the operation %q must have a name in snake_case, which scripts can write behind a dot", op.Name)
			}
			_, known := authy.ByName(op.Name)
			if known || slices.ContainsFunc(rt.own, func(o authy.Operation) bool { return o.Name == op.Name }) {
				return fmt.Errorf("luabind: there is an operation %q already", op.Name)
			}
			if err := checkOperation(op); err != nil {
				return err
			}
			rt.own = append(rt.own, op)
		}
		return nil
	}
}

// isOperationName reports whether a name is one that operations have: lower-case letters, digits and underscores.
func isOperationName(name string) bool {
	return name != "" && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == "" && name[0] >= 'a' && name[0] <= 'z'
}

// checkOperation refuses an operation of the host that calls, help or journals could not make sense of.
func checkOperation(op authy.Operation) error {
	if op.Effect < authy.Reads || op.Effect > authy.Deletes {
		return fmt.Errorf("luabind: the operation %q has no effect: its route must say that it reads, sends, writes or deletes", op.Name)
	}
	return describable(op)
}

// describable reports a result that the catalogue cannot carry, which would else be a panic in the middle of a help text.
func describable(op authy.Operation) (err error) {
	defer func() {
		if problem := recover(); problem != nil {
			err = fmt.Errorf("luabind: operation %q: %v", op.Name, problem)
		}
	}()
	op.Result()
	return nil
}

// loaded are the plugins that run.
func (s *pluginSet) loaded() []*guest {
	if s == nil {
		return nil
	}
	guests := make([]*guest, 0, len(s.list))
	for _, e := range s.list {
		if e.guest != nil {
			guests = append(guests, e.guest)
		}
	}
	return guests
}

// load loads all plugins. A failure is that of one plugin.
func (s *pluginSet) load(h *Host) {
	names := map[string]bool{}
	for _, enabled := range s.enabled {
		e := &pluginEntry{}
		s.list = append(s.list, e)
		if enabled.Source == nil {
			e.err = errNoCode("Plugins")
			continue
		}
		e.name = enabled.Name
		if lua := plugin.LuaName(e.name); names[lua] {
			e.err = fmt.Errorf("plugin %s: another plugin is called %s in scripts already", e.name, lua)
			continue
		} else {
			names[lua] = true
		}
		e.guest, e.err = s.guest(enabled, h)
	}
	var manifests []*plugin.Manifest
	for _, g := range s.loaded() {
		manifests = append(manifests, g.manifest)
	}
	failures := plugin.CheckRequires(s.program, manifests)
	for _, e := range s.list {
		if err := failures[e.name]; err != nil && e.guest != nil {
			e.fail(err)
		}
	}
}

func (e *pluginEntry) fail(err error) {
	e.guest.close()
	e.guest, e.err = nil, err
}

// guest loads one plugin, or only its manifest when that is known.
func (s *pluginSet) guest(enabled plugin.Enabled, h *Host) (*guest, error) {
	if err := enabled.Granted.Check(); err != nil {
		return nil, fmt.Errorf("plugin %s: %w", enabled.Name, err)
	}
	g := newGuest(enabled.Source, enabled.Granted, enabled.DataDir, h, s.limits)
	g.kept = enabled.Kept
	g.config, g.manifest, g.deferred = enabled.Config, enabled.Manifest, enabled.Manifest != nil
	var err error
	if g.deferred {
		err = g.readSettings()
	} else {
		g.interpreter.Lock()
		err = g.ready()
		g.interpreter.Unlock()
	}
	if err != nil {
		g.close()
		return nil, pluginFault(g.name, err)
	}
	return g, nil
}

// addPlugins makes the operations of plugins globals and parts of authy.plugins.
func (rt *Runtime) addPlugins() {
	L, s := rt.state, &rt.plugins
	count := len(s.list)
	s.table = L.CreateTable(0, count)
	try, async := L.CreateTable(0, count), L.CreateTable(0, count)
	for _, e := range s.list {
		if e.guest == nil {
			continue
		}
		m, adds, err := e.guest.module()
		if err == nil && adds && L.GetGlobal(m.Name) != lua.LNil {
			err = fmt.Errorf("plugin %s: scripts have a global %q already; the plugin needs another name", e.name, m.Name)
		}
		if err != nil {
			e.fail(err)
			continue
		}
		if e.module, e.adds = m, adds; !adds {
			continue
		}
		t := rt.api.moduleTable(L, m)
		rt.define(m.Name, t)
		s.table.RawSetString(m.Name, t)
		try.RawSetString(m.Name, t.RawGetString("try"))
		async.RawSetString(m.Name, t.RawGetString("async"))
		rt.modules = append(rt.modules, m)
	}
	if !slices.ContainsFunc(s.list, func(e *pluginEntry) bool { return e.adds }) {
		return
	}
	rt.api.table.RawSetString("plugins", withSuggestions(L, "authy.plugins", s.table))
	for style, t := range map[string]*lua.LTable{"try": try, "async": async} {
		rt.api.table.RawGetString(style).(*lua.LTable).RawSetString("plugins", withSuggestions(L, "authy."+style+".plugins", t))
	}
}

// lendPlugins gives a second client the operations of plugins, which know no client.
func (b *binding) lendPlugins(client *lua.LTable) {
	client.RawSetString("plugins", b.table.RawGetString("plugins"))
	for _, style := range styles {
		name := strings.TrimPrefix(style.table, apiModule+".")
		from, to := b.table.RawGetString(name).(*lua.LTable), client.RawGetString(name).(*lua.LTable)
		to.RawSetString("plugins", from.RawGetString("plugins"))
	}
}

func (s *pluginSet) close() {
	for _, g := range s.loaded() {
		g.close()
	}
}

// PluginInfo is how a plugin of a runtime is doing.
type PluginInfo struct {
	Name, Version, Summary string
	// Order is its place among the hooks, from 1, the outermost.
	Order int
	// Hooks, Operations and Formats are names.
	Hooks, Operations, Formats []string
	// Granted are its permissions.
	Granted plugin.Permissions
	// Limits are what it may use.
	Limits PluginLimits
	// Failures counts the hooks that failed after a call was made, so that nobody was told; LastFailure is the last of them.
	Failures    int64
	LastFailure string
	// Err is why it was not loaded; nil for one that runs, or was not needed yet.
	Err error
}

// Plugins lists the plugins in the order of their hooks, those that were not loaded included.
func (rt *Runtime) Plugins() []PluginInfo {
	list := make([]PluginInfo, len(rt.plugins.list))
	for i, e := range rt.plugins.list {
		list[i] = PluginInfo{Name: e.name, Order: i + 1, Err: e.err}
		g := e.guest
		if g == nil {
			continue
		}
		info := &list[i]
		info.Version, info.Summary, info.Granted, info.Limits = g.manifest.Version, g.manifest.Summary, g.granted, g.limits
		info.Hooks, info.Formats = slices.Clone(g.manifest.Hooks), slices.Clone(g.manifest.Formats)
		for _, o := range g.manifest.Operations {
			info.Operations = append(info.Operations, o.Name)
		}
		info.Err = g.loadFailure()
		info.Failures = g.failures.Load()
		info.LastFailure, _ = g.lastFail.Load().(string)
	}
	return list
}

// PluginError joins the reasons why plugins were not loaded; nil when all were, or may be. See [Runtime.LoadPlugins].
func (rt *Runtime) PluginError() error {
	var failures []error
	for _, info := range rt.Plugins() {
		failures = append(failures, info.Err)
	}
	return errors.Join(failures...)
}

// Operations is the catalogue of the runtime: that of the API, the host's own operations and those of plugins. They may be
// called by [Runtime.Perform].
func (rt *Runtime) Operations() []authy.Operation {
	all := slices.Concat(operations(), rt.own)
	for _, e := range rt.plugins.list {
		if e.adds {
			all = append(all, e.module.Operations...)
		}
	}
	return all
}

// Perform runs an operation through all middlewares and hooks, as a script would. The parameters are by name, of the types
// that [ToLua] takes; the result is that of the operation, or what a middleware or hook gave in its place, as a Lua value.
// It waits for a running script.
func (rt *Runtime) Perform(ctx context.Context, op authy.Operation, params map[string]any) (result any, err error) {
	err = rt.inside(ctx, func(L *lua.LState) error {
		result, err = rt.ask(contextOf(L), L, op, params, rt.api.call)
		return err
	})
	return result, err
}

// ask has f run an operation. What code of the host raises, as functions of Lua do, is returned.
func (rt *Runtime) ask(ctx context.Context, L *lua.LState, op authy.Operation, params map[string]any, f CallFunc) (result any, err error) {
	if op.Name == "" {
		return nil, errors.New("luabind: the operation has no name; take it from Runtime.Operations or authy.ByName, or make it with authy.Op")
	}
	L.Push(L.NewFunction(func(L *lua.LState) int {
		args, ok := ToLua(L, params).(*lua.LTable)
		if !ok {
			args = L.NewTable()
		}
		result, err = f(ctx, &Call{Op: op, Args: args, Client: rt.client, State: L, host: rt.host})
		return 0
	}))
	if raised := lua51.PCall(L, 0, 0, nil); raised != nil {
		return nil, scriptErrorIn(L, raised)
	}
	return result, err
}

// Formats lists the formats that plugins add, sorted.
func (rt *Runtime) Formats() []string {
	names := map[string]bool{}
	for _, g := range rt.plugins.loaded() {
		for _, name := range g.manifest.Formats {
			names[name] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// Format renders a value in a format of a plugin; of two plugins with the same, the first counts.
func (rt *Runtime) Format(ctx context.Context, name string, value any) (string, error) {
	for _, g := range rt.plugins.loaded() {
		if slices.Contains(g.manifest.Formats, name) {
			return g.format(ctx, name, value)
		}
	}
	return "", fmt.Errorf("no plugin has a format %s", luatext.Excerpt(name))
}
