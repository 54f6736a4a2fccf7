package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/authysh/authysh/cmd/authysh/internal/config"
	"github.com/authysh/authysh/cmd/authysh/internal/present"
	"github.com/authysh/authysh/cmd/authysh/internal/wording"
	"github.com/authysh/authysh/luabind"
	"github.com/authysh/authysh/luabind/plugin"
)

// pluginCommand is authysh plugin.
func (a *app) pluginCommand() *cobra.Command {
	parent := parentCommand("plugin", "list, enable, write and test plugins")
	parent.Long = "A plugin adds operations, hooks around every call, and formats. It is a directory\n" +
		"with an init.lua in ~/.local/share/authysh/plugins, in one of plugins.dirs of the\n" +
		"configuration, or in --plugin-dir. It runs once it is enabled, with the permissions\n" +
		"that were shown then, and no more when its code has changed: then it must be enabled\n" +
		"anew. A plugin that is enabled and cannot be loaded is left out with a warning; the\n" +
		"rest works, and the exit code is 2 if nothing else fails.\n" +
		"'authysh help plugins' tells how one is written."
	parent.AddCommand(
		a.pluginListCommand(), a.pluginInfoCommand(), a.pluginEnableCommand(), a.pluginDisableCommand(), a.pluginAddCommand(),
		a.pluginRemoveCommand(), a.pluginNewCommand(), a.pluginTestCommand(), a.pluginDoctorCommand(),
	)
	return parent
}

// pluginFlagsUsed are the flags of commands that show plugins.
const pluginFlagsUsed = showsResult + " plugin-dir config profile"

// oneOf wants exactly one argument, such as "the name of a plugin".
func oneOf(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) == 0 || args[0] == "":
			return &usageError{message: fmt.Sprintf("authysh %s needs %s", commandPath(cmd), what), hint: helpHint(cmd)}
		case len(args) > 1:
			return &usageError{message: fmt.Sprintf("authysh %s takes one argument, got also %q", commandPath(cmd), wording.Clip(args[1])), hint: helpHint(cmd)}
		}
		return nil
	}
}

// The states of a plugin.
const (
	pluginEnabled  = "enabled"
	pluginDisabled = "disabled"
	pluginChanged  = "changed" // since it was enabled
	pluginBroken   = "broken"
)

// shownPlugin is a plugin as the commands show it.
type shownPlugin struct {
	// Order is its place among the hooks, from 1, the outermost; 0 for one that is not enabled.
	Order       int                `json:"order,omitempty" yaml:"order,omitempty"`
	Name        string             `json:"name" yaml:"name"`
	Version     string             `json:"version,omitempty" yaml:"version,omitempty"`
	State       string             `json:"state" yaml:"state"`
	Summary     string             `json:"summary,omitempty" yaml:"summary,omitempty"`
	Dir         string             `json:"dir,omitempty" yaml:"dir,omitempty"`
	Hooks       []string           `json:"hooks,omitempty" yaml:"hooks,omitempty"`
	Operations  []string           `json:"operations,omitempty" yaml:"operations,omitempty"`
	Formats     []string           `json:"formats,omitempty" yaml:"formats,omitempty"`
	Permissions plugin.Permissions `json:"permissions" yaml:"permissions"`
	Checksum    string             `json:"checksum,omitempty" yaml:"checksum,omitempty"`
	Problem     string             `json:"problem,omitempty" yaml:"problem,omitempty"`

	Settings []shownPluginSetting `json:"settings,omitempty" yaml:"settings,omitempty"`

	remedy string // of the problem, if there is a simple one
}

// look makes what is shown of the plugin in a directory.
func (a *app) look(ctx context.Context, name, dir string, config map[string]map[string]any) shownPlugin {
	shown := shownPlugin{Name: name, Dir: dir, State: pluginDisabled}
	source, err := plugin.Open(dir)
	var m *plugin.Manifest
	if err == nil {
		shown.Checksum = source.Checksum
		m, err = luabind.InspectPlugin(ctx, source)
	}
	if err != nil {
		shown.State, shown.Problem = pluginBroken, singleLine(err.Error())
	} else {
		shown.Version, shown.Summary, shown.Hooks, shown.Formats = m.Version, m.Summary, m.Hooks, m.Formats
		shown.Permissions, shown.Settings = m.Permissions, shownSettingsOf(m, config[name])
		for _, o := range m.Operations {
			shown.Operations = append(shown.Operations, o.Name)
		}
	}
	state, err := a.pluginState()
	if err != nil {
		return shown
	}
	i := slices.IndexFunc(state.Plugins, func(r plugin.Record) bool { return r.Name == name })
	if i < 0 {
		return shown
	}
	shown.Order = i + 1
	if shown.State != pluginBroken {
		shown.State = pluginEnabled
	}
	if source != nil {
		if changed := state.Plugins[i].Verify(source); changed != nil {
			shown.State, shown.Problem = pluginChanged, changed.Error()
			return shown
		}
	}
	for _, f := range a.plugins.failures {
		if f.name == name {
			shown.State, shown.Problem, shown.remedy = pluginBroken, singleLine(f.err.Error()), pluginRemedy(f.err, "")
		}
	}
	return shown
}

// knownPlugins are those that are enabled, in the order of their hooks, and then the others that were found.
func (a *app) knownPlugins(ctx context.Context, s *config.Settings) ([]shownPlugin, error) {
	dirs, err := a.pluginDirs(s)
	if err != nil {
		return nil, err
	}
	state, err := a.pluginState()
	if err != nil {
		return nil, err
	}
	if runtime := a.plugins.runtime; runtime != nil {
		_ = runtime.LoadPlugins() // the failures have it
		a.loadedPlugins(runtime)
	}
	found, err := plugin.List(dirs)
	if err != nil {
		a.warn(err.Error(), "")
	}
	list := []shownPlugin{}
	for _, f := range found {
		if !f.Shadowed {
			list = append(list, a.look(ctx, f.Name, f.Dir, s.Plugins.Config))
		}
	}
	for i, r := range state.Plugins {
		if slices.ContainsFunc(list, func(p shownPlugin) bool { return p.Name == r.Name }) {
			continue
		}
		_, err := plugin.Find(dirs, r.Name)
		problem := "is gone"
		if err != nil {
			problem = singleLine(err.Error())
		}
		list = append(list, shownPlugin{Order: i + 1, Name: r.Name, Version: r.Version, State: pluginBroken, Permissions: r.Granted, Problem: problem})
	}
	slices.SortStableFunc(list, func(x, y shownPlugin) int {
		last := len(state.Plugins) + 1
		place := func(p shownPlugin) int {
			if p.Order == 0 {
				return last
			}
			return p.Order
		}
		return place(x) - place(y)
	})
	return list, nil
}

func (a *app) pluginListCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "list plugins in the order of their hooks",
		Long: "The first is the outermost: its before_call comes first, its after_call last.\n" +
			"Those without a number are there, but not enabled.",
		Example:     "  authysh plugin list\n  authysh plugin list --output json",
		Args:        noArguments,
		Annotations: map[string]string{usesFlags: pluginFlagsUsed},
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := a.settings()
			if err != nil {
				return err
			}
			list, err := a.knownPlugins(cmd.Context(), s)
			if err != nil {
				return err
			}
			head := []string{"order", "name", "version", "state", "hooks", "summary"}
			rows := make([][]string, len(list))
			for i, p := range list {
				order := ""
				if p.Order > 0 {
					order = strconv.Itoa(p.Order)
				}
				rows[i] = []string{order, p.Name, p.Version, p.State, strings.Join(p.Hooks, ","), p.Summary}
			}
			pretty := func(w io.Writer) {
				if len(list) == 0 {
					fmt.Fprintln(w, "no plugins; authysh plugin new writes one, authysh plugin add installs one")
					return
				}
				writeTable(w, append([][]string{head}, rows...))
				for _, p := range list {
					if p.Problem != "" {
						fmt.Fprintf(w, "\n%s: %s\n", p.State, p.Problem)
					}
				}
			}
			return a.show(s, list, pretty, head, rows)
		},
	}
}

func (a *app) pluginInfoCommand() *cobra.Command {
	return &cobra.Command{
		Use:         "info name",
		Short:       "tell what a plugin adds, asks for and is set to",
		Example:     "  authysh plugin info guard",
		Args:        oneOf("the name of a plugin"),
		Annotations: map[string]string{usesFlags: pluginFlagsUsed}, ValidArgsFunction: a.completePlugin,
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := a.settings()
			if err != nil {
				return err
			}
			list, err := a.knownPlugins(cmd.Context(), s)
			if err != nil {
				return err
			}
			i := slices.IndexFunc(list, func(p shownPlugin) bool { return p.Name == args[0] })
			if i < 0 {
				dirs, err := a.pluginDirs(s)
				if err == nil {
					_, err = plugin.Find(dirs, args[0])
				}
				if err == nil {
					err = errors.New("no such plugin")
				}
				return noSuchPlugin(err, args[0])
			}
			facts := list[i].facts()
			return a.show(s, list[i], func(w io.Writer) { writeTable(w, facts) }, []string{"name", "value"}, facts)
		},
	}
}

func (p *shownPlugin) facts() [][]string {
	facts := [][]string{{"name", p.Name}, {"version", p.Version}, {"summary", p.Summary}, {"state", p.State}, {"directory", p.Dir}}
	if p.Problem != "" {
		facts = append(facts, []string{"problem", p.Problem})
	}
	if p.Order > 0 {
		facts = append(facts, []string{"order of hooks", strconv.Itoa(p.Order)})
	}
	for _, part := range []struct {
		name string
		list []string
	}{{"hooks", p.Hooks}, {"operations", p.Operations}, {"formats", p.Formats}} {
		if len(part.list) > 0 {
			facts = append(facts, []string{part.name, strings.Join(part.list, ", ")})
		}
	}
	for _, line := range permissionLines(p.Permissions) {
		facts = append(facts, []string{"permission " + line[0], line[1]})
	}
	if len(p.Formats) > 0 {
		facts = append(facts, []string{"use of formats", "--output " + p.Formats[0] + ", and .output " + p.Formats[0] + " at the prompt"})
	}
	for _, s := range p.Settings {
		facts = append(facts, []string{"setting " + s.Name, s.sentence()})
	}
	return facts
}

// permissionLines are the kinds of permissions that there are any of, each with its grants.
func permissionLines(p plugin.Permissions) [][]string {
	var lines [][]string
	for _, kind := range plugin.PermissionNames {
		if grants := p.List(kind); len(grants) > 0 {
			lines = append(lines, []string{kind, singleLine(strings.Join(grants, ", "))})
		}
	}
	return lines
}

// completePlugin completes the name of a plugin.
func (a *app) completePlugin(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	s, err := a.settings()
	if err != nil || len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	dirs, err := a.pluginDirs(s)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	found, _ := plugin.List(dirs)
	var names []string
	for _, f := range found {
		if !f.Shadowed {
			names = append(names, f.Name)
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

func (a *app) pluginDoctorCommand() *cobra.Command {
	return &cobra.Command{
		Use:         "doctor",
		Short:       "check that every enabled plugin can be loaded",
		Long:        "The exit code is 2 if one cannot.",
		Args:        noArguments,
		Annotations: map[string]string{usesFlags: pluginFlagsUsed},
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := a.settings()
			if err != nil {
				return err
			}
			list, err := a.knownPlugins(cmd.Context(), s)
			if err != nil {
				return err
			}
			findings, rows, code := []finding{}, [][]string{}, exitDone
			for _, p := range list {
				f := fine("version %s, hooks: %s", p.Version, strings.Join(p.Hooks, ", "))
				if len(p.Hooks) == 0 {
					f = fine("version %s, no hooks", p.Version)
				}
				switch {
				case p.Problem != "" && p.Order > 0:
					f = failed(exitUsage, cmp.Or(p.remedy, "repair it")+", or run: authysh plugin disable "+p.Name, "%s", p.Problem)
					code = exitUsage
				case p.Problem != "":
					f = warned("it is not enabled, and so in nobody's way", "%s", p.Problem)
				case p.Order == 0:
					f = skipped("is not enabled")
				}
				f.Check = p.Name
				findings = append(findings, f)
				rows = append(rows, []string{f.Check, string(f.Status), f.Detail, f.Remedy})
			}
			printer, err := a.printer(s)
			if err != nil {
				return err
			}
			pretty := func(w io.Writer) {
				if len(findings) == 0 {
					fmt.Fprintln(w, "no plugins")
				}
				writeFindings(w, findings, a.resultColors())
			}
			err = a.print(printer, present.Result{Value: findings, Pretty: pretty, Head: []string{"check", "status", "detail", "remedy"}, Rows: rows})
			if err == nil && code != exitDone {
				err = &luabind.ExitError{Code: int(code)} // all is said
			}
			return err
		},
	}
}
