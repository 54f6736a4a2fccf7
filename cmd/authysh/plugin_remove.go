package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/authysh/authysh/luabind/plugin"
)

func (a *app) pluginRemoveCommand() *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use:   "remove name",
		Short: "disable a plugin and delete its directory",
		Long: "It asks first. What the plugin has written into its own directory for data stays,\n" +
			"and so do its settings. Only what is in the directory of plugin add is deleted:\n" +
			"~/.local/share/authysh/plugins, or --plugin-dir.",
		Example:     "  authysh plugin remove notify",
		Args:        oneOf("the name of a plugin"),
		Annotations: map[string]string{usesFlags: pluginFlagsUsed}, ValidArgsFunction: a.completePlugin,
		RunE: func(cmd *cobra.Command, args []string) error { return a.removePlugin(cmd, args[0], yes) },
	}
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "delete without asking")
	return cmd
}

func (a *app) removePlugin(cmd *cobra.Command, name string, yes bool) error {
	s, printer, err := a.readyToShow(a.settings)
	if err != nil {
		return err
	}
	dirs, err := a.pluginDirs(s)
	if err != nil {
		return err
	}
	if _, err := a.pluginState(); err != nil { // before anybody is asked
		return err
	}
	place, err := plugin.Installed(dirs, name)
	if err != nil {
		return noSuchPlugin(err, name)
	}
	if len(a.plugins.dirs) == 0 && !plugin.Within(a.pluginInstallDir(), place) {
		return &usageError{
			message: fmt.Sprintf("the plugin %s was not installed by plugin add: it is in %s", name, place),
			hint:    "plugin disable is enough to stop it; delete it by hand, or name its folder with --plugin-dir",
		}
	}
	if !yes {
		question := fmt.Sprintf("Delete %s? [y/N] ", place)
		if err := a.confirm(cmd.Context(), question, &usageError{
			message: "nobody can be asked, so the plugin " + name + " was not removed", hint: "--yes removes it without asking",
		}); err != nil {
			return err
		}
	}
	disable := func(state *plugin.State) (bool, error) { return state.Disable(name), nil }
	if err := a.changePluginState(cmd.Context(), disable); err != nil { // first: what is half deleted must not run
		return err
	}
	if err := plugin.Remove(place); err != nil {
		return fmt.Errorf("the plugin %s is disabled, but its directory cannot be deleted: %w", name, err)
	}
	return a.print(printer, changedPlugin{Name: name, State: "removed", Dir: place}.result("removed "+name+" from "+place))
}
