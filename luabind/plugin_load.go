package luabind

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/luabind/internal/luatext"
	"github.com/authysh/authysh/luabind/internal/luavalue"
	"github.com/authysh/authysh/luabind/internal/masking"
	"github.com/authysh/authysh/luabind/plugin"
	lua "github.com/yuin/gopher-lua"
)

// InspectPlugin runs the definition of a plugin, with nothing granted, and reads its manifest. The plugin may be one that
// nobody has looked at yet: it can reach nothing, and its time and memory are bounded.
func InspectPlugin(ctx context.Context, source *plugin.Source) (*plugin.Manifest, error) {
	if source == nil {
		return nil, errNoCode("InspectPlugin")
	}
	g := newGuest(source, plugin.Permissions{}, "", processHost(), PluginLimits{})
	defer g.close()
	m, err := g.inspect(ctx)
	return m, pluginFault(g.name, err)
}

func errNoCode(function string) error {
	return fmt.Errorf("luabind: %s was given a plugin without code", function)
}

// pluginFault names the plugin in an error, unless that has the file. What has no name yet is called by the one who knows where
// it comes from.
func pluginFault(name string, err error) error {
	if _, ok := errors.AsType[*plugin.ManifestError](err); ok || err == nil || name == "" {
		return err
	}
	return fmt.Errorf("plugin %s: %w", name, err)
}

// definitionType names the metatable of what plugin.define gives.
const definitionType = "authysh.plugin"

// define runs init.lua, keeps the functions that it defines, and gives the manifest. The interpreter is held.
func (g *guest) define(ctx context.Context) (m *plugin.Manifest, err error) {
	g.defining = true
	defer func() { g.defining = false }()
	pluginTable := g.state.CreateTable(0, 3)
	define := g.state.NewFunction(func(L *lua.LState) int {
		t := L.CheckTable(1)
		L.SetTop(1)
		mt := L.CreateTable(0, 1)
		mt.RawSetString("__name", lua.LString(definitionType))
		t.Metatable = mt
		return 1
	})
	pluginTable.RawSetString("define", define)
	pluginTable.RawSetString("mask", g.state.NewFunction(maskSecrets))
	g.loaded[definingModule] = withSuggestions(g.state, definingModule, pluginTable)

	file := g.file(plugin.MainFile)
	main, err := g.compile(g.state, plugin.MainFile, g.source.Main())
	if err != nil {
		return nil, err
	}
	b := g.newBudget(ctx, file, operationLead)
	b.limit = g.limits.HookTime
	err = g.runLocked(&b, main, func(*lua.LState) int { return 0 }, func(v lua.LValue) error {
		t, ok := v.(*lua.LTable)
		if !ok || luavalue.MetaName(t.Metatable) != definitionType {
			return fmt.Errorf("%s: must end with: return plugin.define{ ... }, got %s", file, luavalue.TypeName(v))
		}
		m, err = g.read(file, t)
		return err
	})
	return m, err
}

// file is how a file of the plugin is named in messages.
func (g *guest) file(path string) string {
	if g.name == "" {
		return path
	}
	return g.name + "/" + path
}

// read takes the definition: the manifest, and the functions that it has.
func (g *guest) read(file string, t *lua.LTable) (*plugin.Manifest, error) {
	e := exporter{functions: true}
	tree, err := e.value(t, nil)
	if err != nil {
		return nil, &plugin.ManifestError{File: file, Problems: []plugin.Problem{{Field: "the definition", Reason: err.Error()}}}
	}
	m, err := plugin.Decode(file, g.name, markFunctions(tree))
	if err != nil {
		return nil, err
	}
	g.hooks, g.operations, g.formats = map[string]*lua.LFunction{}, map[string]*lua.LFunction{}, map[string]*lua.LFunction{}
	collect := func(table string, into map[string]*lua.LFunction, inner string) {
		fields, _ := t.RawGetString(table).(*lua.LTable)
		if fields == nil {
			return
		}
		fields.ForEach(func(k, v lua.LValue) {
			if o, ok := v.(*lua.LTable); ok && inner != "" {
				v = o.RawGetString(inner)
			}
			if f, ok := v.(*lua.LFunction); ok {
				into[k.String()] = f
			}
		})
	}
	collect("hooks", g.hooks, "")
	collect("operations", g.operations, "run")
	collect("formats", g.formats, "")
	return m, nil
}

// markFunctions puts the mark of the manifest in place of functions.
func markFunctions(tree any) any {
	switch tree := tree.(type) {
	case functionMark:
		return plugin.Function{}
	case []any:
		for i := range tree {
			tree[i] = markFunctions(tree[i])
		}
	case map[string]any:
		for k := range tree {
			tree[k] = markFunctions(tree[k])
		}
	}
	return tree
}

// readSettings checks what the user has set, and adds the defaults.
func (g *guest) readSettings() (err error) {
	g.settings, err = g.manifest.Configure("plugin "+g.name, g.config)
	return err
}

// giveSettings gives the code of the plugin its settings.
func (g *guest) giveSettings() {
	L := g.state
	g.context = L.CreateTable(0, 2)
	g.context.RawSetString("plugin", lua.LString(g.name))
	g.context.RawSetString("config", ToLua(L, g.settings))
	g.loaded[definingModule].(*lua.LTable).RawSetString("config", g.context.RawGetString("config"))
}

// outsideModules are those that exist only as granted.
var outsideModules = map[string]string{"http": "net", "env": "env", "fs": "read or write", "exec": "exec"}

// compile makes a function of one of the plugin's files, and opens the modules that it names.
func (g *guest) compile(L *lua.LState, path, text string) (*lua.LFunction, error) {
	made, err := g.source.Compiled(path, func() (any, error) { return compileHardened(text, g.file(path)) })
	if err != nil {
		return nil, err
	}
	code := made.(*hardened)
	g.openNamed(code.names)
	return code.function(L)
}

// require gives the modules that every plugin has, those that it was granted, and its own files.
func (g *guest) require(L *lua.LState) int {
	g.open(L.CheckString(1)) // of a name that was put together, compile knows nothing
	return g.load(L, func(name string) (*lua.LFunction, error) {
		path, text, ok := g.source.Module(name)
		if !ok {
			g.noModule(L, name)
		}
		return g.compile(L, path, text)
	})
}

func (g *guest) noModule(L *lua.LState, name string) {
	if permission, ok := outsideModules[name]; ok {
		L.RaiseError("the module %s is there only with the permission %s, which the plugin does not have", name, permission)
	}
	if _, ok := harmlessBasics[name]; ok && name != "" {
		L.RaiseError("%s is a global of Lua; it is not required", name)
	}
	known := slices.Concat(g.source.Modules(), slices.Collect(maps.Keys(g.loaded)), slices.Collect(maps.Keys(g.unopened)))
	if near := authy.Nearest(name, known); near != "" {
		L.RaiseError("no module %s in the plugin, did you mean %q?", luatext.Excerpt(name), near)
	}
	L.RaiseError("no module %s: plugins have their own files, json, csv, phone, totp, time, log, and what they are granted", luatext.Excerpt(name))
}

// maskSecrets is plugin.mask: a copy of a value, with *** in place of what is a secret by its name.
func maskSecrets(L *lua.LState) int {
	copied, err := borderOf(L).carry(L.Get(1))
	if err != nil {
		L.RaiseError("plugin.mask: the value %v", err)
	}
	maskTable(copied)
	L.SetTop(0)
	L.Push(copied)
	return 1
}

func maskTable(v lua.LValue) {
	t, ok := v.(*lua.LTable)
	if !ok {
		return
	}
	t.ForEach(func(k, v lua.LValue) {
		if name, ok := k.(lua.LString); ok && masking.IsSecret(string(name)) {
			t.RawSet(k, lua.LString(masking.Mask))
			return
		}
		maskTable(v)
	})
}
