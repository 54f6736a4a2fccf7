package main

import (
	"github.com/spf13/cobra"

	"github.com/authysh/authysh/luabind/journal"
)

func (a *app) journalDoubtCommand() *cobra.Command {
	o := &journalRows{status: journal.InDoubt}
	cmd := &cobra.Command{
		Use:   "doubt [flags] file",
		Short: "write the rows with a call that may have gone out or not",
		Long: "A run that died in such a call cannot know. --errors tells which call it was; so\n" +
			"find out what became of it, then run the rows that need it.",
		Example:     "  authysh journal doubt --errors users.journal",
		Args:        oneJournal,
		Annotations: map[string]string{usesFlags: ""},
		RunE:        func(cmd *cobra.Command, args []string) error { return a.writeJournalRows(cmd.Context(), args[0], o) },
	}
	o.flags(cmd)
	return cmd
}
