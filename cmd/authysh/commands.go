package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/authysh/authysh/authy"
)

// topCommand is a command of the program with all that is below it. It is made when it is needed: one run wants one of
// them, and making all takes as long as a call.
type topCommand struct {
	name string
	make func() *cobra.Command
}

// commands are those of the program but for help.
func (a *app) commands() []topCommand {
	return slices.Concat(a.catalogueCommands(), []topCommand{
		{"call", a.callCommand},
		{"sandbox", a.sandboxCommand},
		{"callback", a.callbackCommand},
		{"listen", a.listenCommand},
		{"journal", a.journalCommand},
		{"config", a.configCommand},
		{"plugin", a.pluginCommand},
		{"doctor", a.doctorCommand},
		{"check", a.checkCommand},
		{"stubs", a.stubsCommand},
		{"completion", a.completionCommand},
		{"docs", a.docsCommand},
		{"version", a.versionCommand},
	})
}

// aboutCommands are the commands that look at all the others.
var aboutCommands = []string{"help", "completion", "docs"}

// catalogueCommands are those of the API's operations.
func (a *app) catalogueCommands() []topCommand {
	var top []topCommand
	operations := map[string][]authy.Operation{}
	for _, op := range authy.Operations() {
		name, _, _ := strings.Cut(op.Command, " ")
		if operations[name] == nil {
			top = append(top, topCommand{name, func() *cobra.Command { return a.operationCommands(operations[name])[0] }})
		}
		operations[name] = append(operations[name], op)
	}
	return top
}

// nameCommands finds out what the first argument may be, beside a script.
func (a *app) nameCommands() {
	for _, c := range a.commands() {
		a.ownNames = append(a.ownNames, c.name)
	}
	a.ownNames = append(a.ownNames, "help")
	a.commandNames = slices.Concat(a.ownNames, a.pluginCommandNames())
}

// plant adds the commands to the root that the arguments may be about: the one that they name, none where they name none,
// and else all.
func (a *app) plant(root *cobra.Command, args []string) {
	a.leaves = map[*cobra.Command]*operationCommand{}
	root.SetHelpCommand(a.helpCommand())
	for _, c := range wantedOf(a.commands(), args) {
		root.AddCommand(c.make())
	}
}

// wantedOf are the commands that the arguments may be about.
func wantedOf(commands []topCommand, args []string) []topCommand {
	flags, _, err := probeRoot(args)
	switch {
	case err != nil || slices.Contains(aboutCommands, flags.Arg(0)):
	case flags.NArg() == 0 && !flags.Changed("help"):
		return nil
	case flags.NArg() > 0:
		if i := slices.IndexFunc(commands, func(c topCommand) bool { return c.name == flags.Arg(0) }); i >= 0 {
			return commands[i : i+1]
		}
	}
	return commands
}
