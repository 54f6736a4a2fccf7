package main

import (
	"github.com/spf13/cobra"
)

// pluginsGroup is the part of --help where the commands of plugins stand.
const pluginsGroup = "plugins"

// plantPlugins adds the commands of the operations that enabled plugins have.
func (a *app) plantPlugins(root *cobra.Command, args []string) {
	a.openPlugins(args)
	operations := a.pluginOperations()
	if len(operations) == 0 {
		return
	}
	root.AddGroup(&cobra.Group{ID: pluginsGroup, Title: "operations of plugins"})
	for _, c := range a.operationCommands(operations) {
		c.GroupID = pluginsGroup
		for _, info := range a.plugins.runtime.Plugins() {
			if info.Name == c.Name() {
				c.Short = phrase(info.Summary)
			}
		}
		root.AddCommand(c)
	}
}
