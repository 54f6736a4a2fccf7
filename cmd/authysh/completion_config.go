package main

import (
	"strings"

	"github.com/spf13/cobra"
)

// completeSetting offers the settings, and behind one the values that it may have.
func (a *app) completeSetting(cmd *cobra.Command, args []string, toComplete string) ([]string, cobra.ShellCompDirective) {
	inProfile := cmd.Flags().Changed(profileSetting)
	var found []string
	for _, known := range table {
		switch {
		case len(args) == 0 && !(known.topLevel && inProfile):
			found = append(found, known.name+"\t"+known.doc)
		case len(args) == 1 && args[0] == known.name && cmd.Name() == "set":
			return a.settingValues(cmd, args, known, toComplete)
		}
	}
	if len(args) == 0 && !inProfile {
		if strings.HasPrefix(toComplete, pluginsKey[:2]) {
			found = append(found, a.offerPluginSettings(cmd.Context())...)
		} else {
			found = append(found, pluginsKey+".\tthe settings of plugins")
		}
	}
	return beginningWith(toComplete, found), cobra.ShellCompDirectiveNoFileComp
}

// settingValues offers what a setting may be.
func (a *app) settingValues(cmd *cobra.Command, args []string, known setting, toComplete string) ([]string, cobra.ShellCompDirective) {
	values := known.choices
	switch {
	case known.name == profileSetting:
		return a.completeProfile(cmd, args, toComplete)
	case known.kind == path:
		return nil, cobra.ShellCompDirectiveDefault
	case known.kind == toggle:
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
