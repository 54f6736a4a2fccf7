package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/spf13/pflag"
	lua "github.com/yuin/gopher-lua"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/cmd/authysh/internal/arguments"
	"github.com/authysh/authysh/cmd/authysh/internal/config"
	"github.com/authysh/authysh/luabind"
	"github.com/authysh/authysh/luabind/plugin"
	"github.com/authysh/authysh/repl"
)

// How plugins get into the program. Which are enabled stands in one small file; where it names none, nothing else happens.

// pluginUse is what this run has of plugins.
type pluginUse struct {
	dirs  []string // --plugin-dir
	none  bool     // --no-plugins
	state *plugin.State

	enabled  []plugin.Enabled
	failures []pluginFailure
	told     bool  // of the failures
	blocked  error // what kept plugins from being searched for
	probing  bool  // the plugins are not loaded yet, so nobody knows their formats

	planted bool             // the runtime was made, if there are plugins
	ends    context.Context  // of the command
	runtime *luabind.Runtime // of commands; nil when no plugin is enabled
}

// pluginFailure is a plugin that is enabled and does not work.
type pluginFailure struct {
	name string
	err  error
}

func (u *pluginUse) addFlags(flags *pflag.FlagSet) {
	flags.StringArrayVar(&u.dirs, "plugin-dir", nil, "look for plugins in directory `d` first; repeatable")
	flags.BoolVar(&u.none, "no-plugins", false, "run without plugins")
}

// pluginFlags are heeded, or harmless, at every command.
var pluginFlags = []string{"plugin-dir", "no-plugins"}

// pluginStateFile records what is enabled, beside the configuration; empty if there is no home.
func (a *app) pluginStateFile() string {
	config := a.userConfig()
	if config == "" {
		return ""
	}
	return filepath.Join(filepath.Dir(config), "plugins.json")
}

// pluginState reads which plugins are enabled, once.
func (a *app) pluginState() (*plugin.State, error) {
	if a.plugins.state != nil {
		return a.plugins.state, nil
	}
	state := &plugin.State{}
	if file := a.pluginStateFile(); file != "" {
		var err error
		if state, err = plugin.ReadState(file); err != nil {
			return nil, &usageError{message: err.Error(), hint: "--no-plugins does without"}
		}
	}
	a.plugins.state = state
	return state, nil
}

// changePluginState changes what the file says of enabled plugins now: since it was first read, another process, or who was
// asked meanwhile, may have changed it. change reports whether there is something to write.
func (a *app) changePluginState(ctx context.Context, change func(*plugin.State) (bool, error)) error {
	unlock, err := a.configFiles().Exclusively(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	a.plugins.state = nil
	state, err := a.pluginState()
	if err != nil {
		return err
	}
	changed, err := change(state)
	if err != nil || !changed {
		return err
	}
	if err := state.Write(a.pluginStateFile()); err != nil {
		return &usageError{message: err.Error(), hint: "XDG_CONFIG_HOME names another place"}
	}
	return nil
}

// pluginInstallDir is where plugins are installed and searched for by default; empty if there is no home.
func (a *app) pluginInstallDir() string {
	if dir, _ := a.lookupEnv("XDG_DATA_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "authysh", "plugins")
	}
	if home := a.home(); home != "" {
		return filepath.Join(home, ".local", "share", "authysh", "plugins")
	}
	return ""
}

// pluginDirs are the directories to search, those of the flag first. A relative one was typed, and is meant from here.
func (a *app) pluginDirs(s *config.Settings) ([]string, error) {
	dirs := append([]string{}, a.plugins.dirs...)
	if configured := s.Plugins.Dirs; configured != nil {
		dirs = append(dirs, configured...)
	} else if dir := a.pluginInstallDir(); dir != "" {
		dirs = append(dirs, dir)
	}
	for i, dir := range dirs {
		if dir == "" {
			return nil, &usageError{message: "--plugin-dir must not be empty"}
		}
		absolute, err := filepath.Abs(dir)
		if err != nil {
			return nil, &usageError{message: "--plugin-dir: " + err.Error()}
		}
		dirs[i] = absolute
	}
	return dirs, nil
}

// pluginData is where a plugin keeps its own files.
func (a *app) pluginData(name string) string {
	history := repl.HistoryFile("authysh", a.lookupEnv)
	if history == "" {
		return ""
	}
	return filepath.Join(filepath.Dir(history), "plugins", name)
}

// keptFromPlugins are the places that hold the key, decide what plugins may do, or belong to all of them.
func (a *app) keptFromPlugins(s *config.Settings, dirs []string) []string {
	kept := slices.Clone(dirs)
	if file := a.pluginStateFile(); file != "" {
		kept = append(kept, filepath.Dir(file))
	}
	if data := a.pluginData("x"); data != "" {
		kept = append(kept, filepath.Dir(data))
	}
	for _, file := range []string{s.File, s.Text("key_file")} {
		if file == "" {
			continue
		}
		if absolute, err := filepath.Abs(file); err == nil {
			kept = append(kept, absolute)
		}
	}
	return kept
}

// findPlugins finds and verifies the plugins that are enabled.
func (a *app) findPlugins(s *config.Settings) error {
	u := &a.plugins
	u.enabled, u.failures = nil, nil
	if u.none {
		return nil
	}
	state, err := a.pluginState()
	if err != nil || len(state.Plugins) == 0 {
		return err
	}
	dirs, err := a.pluginDirs(s)
	if err != nil {
		return err
	}
	enabled, failures := state.Load(dirs)
	kept := a.keptFromPlugins(s, dirs)
	for i := range enabled {
		enabled[i].Config = s.Plugins.Config[enabled[i].Name]
		enabled[i].DataDir = a.pluginData(enabled[i].Name)
		enabled[i].Kept = kept
	}
	u.enabled = enabled
	for _, r := range state.Plugins {
		if err := failures[r.Name]; err != nil {
			u.failures = append(u.failures, pluginFailure{r.Name, err})
		}
	}
	return nil
}

// pluginOptions are what a runtime needs to run the plugins that were found.
func (a *app) pluginOptions() []luabind.Option {
	if len(a.plugins.enabled) == 0 {
		return nil
	}
	return []luabind.Option{luabind.Plugins(a.plugins.enabled...), luabind.ProgramVersion(thisBuild().Version)}
}

// loadedPlugins notes which plugins a runtime could not load. The code of most is loaded when it is needed, so there may be
// more of them later.
func (a *app) loadedPlugins(runtime *luabind.Runtime) {
	for _, info := range runtime.Plugins() {
		known := slices.ContainsFunc(a.plugins.failures, func(f pluginFailure) bool { return f.name == info.Name })
		if info.Err != nil && !known {
			a.plugins.failures = append(a.plugins.failures, pluginFailure{info.Name, info.Err})
		}
	}
}

// tellPlugins warns once of each plugin that is left out. The exit code tells, too; see run.
func (a *app) tellPlugins() {
	if a.plugins.told {
		return
	}
	for _, f := range a.plugins.failures {
		a.plugins.told = true
		a.warn(singleLine(f.err.Error()), "the plugin "+f.name+" is left out; "+pluginRemedy(f.err, "authysh plugin doctor tells more"))
	}
}

// pluginCode is the exit code of a program that has done its work, but without a plugin that is enabled.
func (a *app) pluginCode() exitCode {
	if a.plugins.told {
		return exitUsage
	}
	return exitDone
}

// pluginCommandNames are the names that may be commands of plugins.
func (a *app) pluginCommandNames() []string {
	state, err := a.pluginState()
	if err != nil {
		return nil // whatever needs it will say so
	}
	names := make([]string, len(state.Plugins))
	for i, r := range state.Plugins {
		names[i] = r.Name
	}
	return names
}

// openPlugins makes the runtime in which commands run plugins, if any is enabled. The flags are not parsed yet. Where the
// settings are in disorder there are no plugins; the command will complain.
func (a *app) openPlugins(args []string) {
	a.plugins.planted = true
	if asksForCompletion(args) {
		args = args[1 : len(args)-1] // the last word is not finished
	}
	state, broken := a.pluginState()
	if broken == nil && len(state.Plugins) == 0 {
		return
	}
	probe := &app{stdio: a.stdio, pipes: a.pipes, err: io.Discard, warnings: func(string, string) {}}
	probe.plugins.probing = true
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	flags.ParseErrorsAllowlist.UnknownFlags = true
	flags.AddFlagSet(probe.globalFlags())
	flags.Usage = func() {}
	_ = flags.Parse(args) // cobra will complain
	s, err := probe.settings()
	if err == nil {
		err = probe.findPlugins(s)
	}
	if a.plugins.blocked = err; err != nil {
		return
	}
	a.plugins.enabled, a.plugins.failures = probe.plugins.enabled, probe.plugins.failures
	if len(a.plugins.enabled) == 0 {
		return
	}
	options := append(a.pluginOptions(), luabind.Stdout(io.Discard), luabind.Stderr(a.err), luabind.Log(a.scriptLog()))
	runtime, err := luabind.New(&authy.Client{}, options...)
	if err != nil {
		a.plugins.failures = append(a.plugins.failures, pluginFailure{"of this run", err})
		return
	}
	a.loadedPlugins(runtime)
	a.plugins.runtime = runtime
}

func (a *app) closePlugins() {
	if a.plugins.runtime != nil {
		a.plugins.runtime.Close()
	}
}

// pluginOperations are the operations of plugins that become commands: a plugin cannot add to a command of the program.
func (a *app) pluginOperations() []authy.Operation {
	if a.plugins.runtime == nil {
		return nil
	}
	return slices.DeleteFunc(a.plugins.runtime.Operations(), func(op authy.Operation) bool {
		return op.OfAPI() || slices.Contains(a.ownNames, pluginOf(op))
	})
}

// pluginOf is the plugin that an operation belongs to: the first word of its command.
func pluginOf(op authy.Operation) string {
	name, _, _ := strings.Cut(op.Command, " ")
	return name
}

// allOperations is the catalogue, that of plugins included.
func (a *app) allOperations() []authy.Operation {
	return append(slices.Clone(authy.Operations()), a.pluginOperations()...)
}

// operation finds one by its name in the catalogue or in scripts, such as notify.send.
func (a *app) operation(name string) (authy.Operation, bool) {
	all := a.allOperations()
	i := slices.IndexFunc(all, func(op authy.Operation) bool { return op.Name == name })
	if i < 0 {
		return authy.Operation{}, false
	}
	return all[i], true
}

// pluginModules are the plugins as the manual knows them.
func (a *app) pluginModules() []func(*luabind.Host) luabind.Module {
	if a.plugins.runtime == nil {
		return nil
	}
	return modulesOfPlugins(a.plugins.runtime)
}

// modulesOfPlugins are the plugins of a runtime as a manual takes them, those that have operations.
func modulesOfPlugins(runtime *luabind.Runtime) []func(*luabind.Host) luabind.Module {
	var modules []func(*luabind.Host) luabind.Module
	for _, info := range runtime.Plugins() {
		m := luabind.Module{Name: plugin.LuaName(info.Name), Doc: info.Summary, Plugin: true}
		for _, op := range runtime.Operations() {
			if strings.HasPrefix(op.Name, m.Name+".") {
				m.Operations = append(m.Operations, op)
			}
		}
		if m.Operations != nil {
			modules = append(modules, func(*luabind.Host) luabind.Module { return m })
		}
	}
	return modules
}

// runCall makes the call of a command, through the hooks of plugins where any are enabled.
func (a *app) runCall(ctx context.Context, p *performed, call *authy.BoundCall) (any, error) {
	runtime := a.plugins.runtime
	if runtime == nil {
		return call.Run(ctx, p.client)
	}
	params, ok := plainParams(p.op, p.arguments)
	if !ok { // then the call is refused before anything is sent, and the refusal names all that is wrong
		return call.Run(ctx, p.client)
	}
	if err := runtime.SetClient(p.client); err != nil {
		return nil, err
	}
	result, err := runtime.Perform(ctx, p.op, params)
	if err == nil { // else it says what is wrong
		a.loadedPlugins(runtime)
		a.tellPlugins()
	}
	if value, ok := result.(lua.LValue); ok && err == nil {
		result = fromLua(value)
		if p.extra != nil && p.extra.step != nil {
			p.extra = nil // it works with what the service answers, and a plugin did
		}
	}
	return result, err
}

// plainParams are the arguments by name, as the operation declares them; ok is false when some are not as declared.
func plainParams(op authy.Operation, set *arguments.Set) (params map[string]any, ok bool) {
	params = map[string]any{}
	for _, name := range set.Names() {
		f, known := op.Param(name)
		if !known {
			return nil, false
		}
		v := reflect.New(f.Type).Elem()
		if given, err := set.Assign(f, v); err != nil || !given {
			return nil, false
		}
		text, err := json.Marshal(v.Interface())
		if err != nil {
			return nil, false
		}
		decoder := json.NewDecoder(strings.NewReader(string(text)))
		decoder.UseNumber()
		var plain any
		if err := decoder.Decode(&plain); err != nil {
			return nil, false
		}
		dropUnset(plain, v.Type())
		params[name] = plain
	}
	return params, true
}

// dropUnset takes away the members of objects that nobody has set: as null they would be values.
func dropUnset(plain any, t reflect.Type) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	object, ok := plain.(map[string]any)
	if !ok || t.Kind() != reflect.Struct {
		return
	}
	for name, member := range object {
		if member == nil {
			delete(object, name)
		}
	}
}

// fromLua is a value of Lua as JSON would have it.
func fromLua(v lua.LValue) any {
	switch v := v.(type) {
	case lua.LBool:
		return bool(v)
	case lua.LNumber:
		return float64(v)
	case lua.LString:
		return string(v)
	case *lua.LTable:
		if n := v.Len(); n > 0 {
			list := make([]any, n)
			for i := range list {
				list[i] = fromLua(v.RawGetInt(i + 1))
			}
			return list
		}
		object := map[string]any{}
		v.ForEach(func(k, v lua.LValue) { object[k.String()] = fromLua(v) })
		return object
	}
	return nil
}

// noPluginCommand says why the command of a plugin is not there; nil when the name is none.
func (a *app) noPluginCommand(name string) error {
	i := slices.IndexFunc(a.plugins.failures, func(f pluginFailure) bool { return f.name == name })
	if i >= 0 {
		return &usageError{message: singleLine(a.plugins.failures[i].err.Error()), hint: pluginRemedy(a.plugins.failures[i].err, "authysh plugin doctor tells more")}
	}
	if _, enabled := cmp.Or(a.plugins.state, &plugin.State{}).Record(name); enabled {
		if a.plugins.none {
			return &usageError{message: fmt.Sprintf("%q is the command of a plugin, which --no-plugins leaves out", name), hint: "leave --no-plugins out"}
		}
		if a.plugins.blocked != nil {
			return a.plugins.blocked
		}
		return &usageError{message: fmt.Sprintf("the plugin %s has no commands", name), hint: "see authysh plugin info " + name}
	}
	if s, err := a.settings(); err == nil && !a.plugins.none && plugin.CheckName(name) == nil {
		if dirs, err := a.pluginDirs(s); err == nil {
			if _, err := plugin.Find(dirs, name); err == nil {
				return &usageError{message: fmt.Sprintf("the plugin %s is installed, but not enabled", name), hint: "authysh plugin enable " + name}
			}
		}
	}
	return nil
}
