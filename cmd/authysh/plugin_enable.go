package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/authysh/authysh/cmd/authysh/internal/present"
	"github.com/authysh/authysh/cmd/authysh/internal/wording"
	"github.com/authysh/authysh/luabind"
	"github.com/authysh/authysh/luabind/plugin"
)

func (a *app) pluginEnableCommand() *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use:   "enable name",
		Short: "let a plugin run, with the permissions that it asks for",
		Long: "It shows what the plugin asks for, and asks whether that is fine. A checksum of\n" +
			"its files is recorded: when one of them changes, the plugin does not run until it\n" +
			"is enabled anew, which shows what has changed. What it defines is recorded, too:\n" +
			"its code is loaded when it is first needed. A new plugin comes last in the order\n" +
			"of hooks; disabling and enabling moves one to the end.",
		Example:     "  authysh plugin enable guard",
		Args:        oneOf("the name of a plugin"),
		Annotations: map[string]string{usesFlags: pluginFlagsUsed}, ValidArgsFunction: a.completePlugin,
		RunE: func(cmd *cobra.Command, args []string) error { return a.enablePlugin(cmd, args[0], yes) },
	}
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "enable without asking")
	return cmd
}

// changedPlugin is the outcome of a command that changes what is enabled or installed.
type changedPlugin struct {
	Name        string             `json:"name" yaml:"name"`
	Version     string             `json:"version,omitempty" yaml:"version,omitempty"`
	State       string             `json:"state" yaml:"state"`
	Dir         string             `json:"dir,omitempty" yaml:"dir,omitempty"`
	Permissions plugin.Permissions `json:"permissions" yaml:"permissions"`
	Checksum    string             `json:"checksum,omitempty" yaml:"checksum,omitempty"`
}

func (c changedPlugin) result(text string) present.Result {
	return present.Result{
		Value: c, Pretty: func(w io.Writer) { fmt.Fprintln(w, text) },
		Head: []string{"name", "version", "state"}, Rows: [][]string{{c.Name, c.Version, c.State}},
	}
}

// pluginProblem makes what is wrong with a plugin a usage error.
func pluginProblem(err error) error {
	if err == nil {
		return nil
	}
	return &usageError{message: singleLine(err.Error()), hint: "authysh plugin list shows those that there are"}
}

func (a *app) enablePlugin(cmd *cobra.Command, name string, yes bool) error {
	ctx := cmd.Context()
	s, printer, err := a.readyToShow(a.settings)
	if err != nil {
		return err
	}
	if a.pluginStateFile() == "" {
		return &usageError{message: "there is no place to record what is enabled", hint: "set HOME or XDG_CONFIG_HOME"}
	}
	dirs, err := a.pluginDirs(s)
	if err != nil {
		return err
	}
	source, err := plugin.Find(dirs, name)
	if err != nil {
		return noSuchPlugin(err, name)
	}
	m, err := luabind.InspectPlugin(ctx, source)
	if err != nil {
		return &usageError{message: singleLine(err.Error()), hint: "nothing was enabled; correct " + source.Dir}
	}
	if slices.Contains(a.ownNames, m.Name) && len(m.Operations) > 0 {
		return &usageError{
			message: fmt.Sprintf("plugin %s has the name of a command of authysh, so its operations could not be called", m.Name),
			hint:    "give it and its directory another name",
		}
	}
	state, err := a.pluginState()
	if err != nil {
		return err
	}
	before, again := state.Record(name)
	if again && before.Verify(source) == nil {
		if err := a.changePluginState(ctx, func(state *plugin.State) (bool, error) {
			return a.rememberPlugin(ctx, state, source, m), nil
		}); err != nil {
			return err
		}
		return a.print(printer, changedPlugin{name, m.Version, pluginEnabled, source.Dir, before.Granted, source.Checksum}.result("plugin "+name+" is enabled already"))
	}
	a.describeRequest(source, m, before, again)
	if !yes {
		question := "Enable it with these permissions? [y/N] "
		if m.Permissions.IsZero() {
			question = "Enable it? [y/N] "
		}
		if err := a.confirm(ctx, question, &usageError{
			message: "nobody can be asked, so the plugin " + name + " was not enabled", hint: "--yes enables it without asking",
		}); err != nil {
			return err
		}
	}
	if err := a.changePluginState(ctx, func(state *plugin.State) (bool, error) {
		if err := state.Enable(source, m, m.Permissions, time.Now()); err != nil {
			return false, pluginProblem(err)
		}
		a.rememberPlugin(ctx, state, source, m)
		return true, nil
	}); err != nil {
		return err
	}
	if _, err := m.Configure("plugin "+name, s.Plugins.Config[name]); err != nil {
		a.warn(singleLine(err.Error()), pluginRemedy(err, "correct it")+"; until then the plugin is left out")
	}
	return a.print(printer, changedPlugin{name, m.Version, pluginEnabled, source.Dir, m.Permissions, source.Checksum}.result("enabled "+name+" "+m.Version))
}

// describeRequest tells what the user is to agree to.
func (a *app) describeRequest(source *plugin.Source, m *plugin.Manifest, before plugin.Record, again bool) {
	fmt.Fprintf(a.err, "%s %s, in %s\n%s\n", m.Name, m.Version, source.Dir, singleLine(m.Summary))
	if again {
		if changed, ok := errors.AsType[*plugin.ChangedError](before.Verify(source)); ok {
			for _, part := range []struct {
				what  string
				files []string
			}{{"changed", changed.Changed}, {"new", changed.Added}, {"gone", changed.Removed}} {
				for _, name := range part.files {
					fmt.Fprintf(a.err, "  %-8s %s\n", part.what, singleLine(name))
				}
			}
		}
	}
	if len(m.Hooks) > 0 {
		fmt.Fprintf(a.err, "its hooks: %s\n", strings.Join(m.Hooks, ", "))
	}
	lines := permissionLines(m.Permissions)
	if lines == nil {
		fmt.Fprintln(a.err, "it asks for no permissions")
		return
	}
	fmt.Fprintln(a.err, "it asks for:")
	for _, line := range lines {
		mark := ""
		if again && !slices.Equal(before.Granted.List(line[0]), m.Permissions.List(line[0])) {
			mark = "  (changed)"
		}
		fmt.Fprintf(a.err, "  %-8s %s%s\n", line[0], line[1], mark)
	}
}

// rememberPlugin records what an enabled plugin defines, if that is sure to stay: then its code is loaded when it is needed, and
// not at the start of every command. It reports whether that is news.
func (a *app) rememberPlugin(ctx context.Context, state *plugin.State, source *plugin.Source, m *plugin.Manifest) bool {
	record, _ := state.Record(m.Name)
	enabled := plugin.Enabled{Source: source, Granted: record.Granted, DataDir: a.pluginData(m.Name)}
	if !luabind.Deferrable(ctx, enabled, m) {
		m = nil
	}
	return state.Remember(record.Name, m)
}

func (a *app) pluginDisableCommand() *cobra.Command {
	return &cobra.Command{
		Use:         "disable name",
		Short:       "let a plugin run no more",
		Long:        "Its directory and its data stay.",
		Example:     "  authysh plugin disable guard",
		Args:        oneOf("the name of a plugin"),
		Annotations: map[string]string{usesFlags: pluginFlagsUsed},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return a.pluginCommandNames(), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			_, printer, err := a.readyToShow(a.quickSettings)
			if err != nil {
				return err
			}
			name := args[0]
			if err := a.changePluginState(cmd.Context(), func(state *plugin.State) (bool, error) {
				if !state.Disable(name) {
					return false, &usageError{message: fmt.Sprintf("the plugin %q is not enabled%s", wording.Clip(name), wording.Suggest(name, a.pluginCommandNames()))}
				}
				return true, nil
			}); err != nil {
				return err
			}
			return a.print(printer, changedPlugin{Name: name, State: pluginDisabled}.result("disabled "+name))
		},
	}
}

func (a *app) pluginAddCommand() *cobra.Command {
	var replace bool
	cmd := &cobra.Command{
		Use:   "add path",
		Short: "install a plugin from a directory or an archive",
		Long: "The archive is a .zip, .tar, .tar.gz or .tgz. Name, definition and paths are\n" +
			"checked before anything is copied to ~/.local/share/authysh/plugins, or to the\n" +
			"directory of --plugin-dir. It is not enabled by that.",
		Example:     "  authysh plugin add ./notify\n  authysh plugin add notify-1.0.0.tar.gz",
		Args:        oneOf("a directory or an archive"),
		Annotations: map[string]string{usesFlags: pluginFlagsUsed},
		RunE: func(cmd *cobra.Command, args []string) error {
			s, printer, err := a.readyToShow(a.settings)
			if err != nil {
				return err
			}
			dirs, err := a.pluginDirs(s)
			if err != nil {
				return err
			}
			if len(dirs) == 0 {
				return &usageError{message: "there is no directory for plugins", hint: "--plugin-dir names one"}
			}
			inspect := func(source *plugin.Source) (*plugin.Manifest, error) {
				return luabind.InspectPlugin(cmd.Context(), source)
			}
			source, m, err := plugin.Install(dirs[0], args[0], inspect, replace)
			if err != nil {
				hint := "nothing was installed"
				if errors.Is(err, plugin.ErrInstalled) {
					hint += "; --replace puts this one in its place"
				}
				return &usageError{message: singleLine(err.Error()), hint: hint}
			}
			done := changedPlugin{m.Name, m.Version, "installed", source.Dir, m.Permissions, source.Checksum}
			return a.print(printer, done.result(fmt.Sprintf("installed %s %s in %s\nauthysh plugin enable %s lets it run", m.Name, m.Version, source.Dir, m.Name)))
		},
	}
	cmd.Flags().BoolVar(&replace, "replace", false, "replace a plugin of the same name")
	return cmd
}
