package main

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/authysh/authysh/cmd/authysh/internal/config"
)

// completeSetting offers the settings, and behind one the values that it may have.
func (a *app) completeSetting(cmd *cobra.Command, args []string, toComplete string) ([]string, cobra.ShellCompDirective) {
	inProfile := cmd.Flags().Changed(config.ProfileSetting)
	var found []string
	for known := range config.All() {
		switch {
		case len(args) == 0 && !(known.TopLevel && inProfile):
			found = append(found, known.Name+"\t"+known.Doc)
		case len(args) == 1 && args[0] == known.Name && cmd.Name() == "set":
			return a.settingValues(cmd, args, known, toComplete)
		}
	}
	if len(args) == 0 && !inProfile {
		if strings.HasPrefix(toComplete, config.PluginsKey[:2]) {
			found = append(found, a.offerPluginSettings(cmd.Context())...)
		} else {
			found = append(found, config.PluginsKey+".\tthe settings of plugins")
		}
	}
	return beginningWith(toComplete, found), cobra.ShellCompDirectiveNoFileComp
}

// settingValues offers what a setting may be.
func (a *app) settingValues(cmd *cobra.Command, args []string, known *config.Setting, toComplete string) ([]string, cobra.ShellCompDirective) {
	values := known.Choices
	switch {
	case known.Name == config.ProfileSetting:
		return a.completeProfile(cmd, args, toComplete)
	case known.Kind == config.Path:
		return nil, cobra.ShellCompDirectiveDefault
	case known.Kind == config.Toggle:
		values = []string{"true", "false"}
	}
	return beginningWith(toComplete, values), cobra.ShellCompDirectiveNoFileComp
}

// completeUsedProfile offers the profile that config use chooses.
func (a *app) completeUsedProfile(cmd *cobra.Command, args []string, toComplete string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return a.completeProfile(cmd, args, toComplete)
}
