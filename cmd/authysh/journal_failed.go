package main

import (
	"github.com/spf13/cobra"

	"github.com/authysh/authysh/luabind/journal"
)

func (a *app) journalFailedCommand() *cobra.Command {
	o := &journalRows{status: journal.Failed}
	cmd := &cobra.Command{
		Use:   "failed [flags] file",
		Short: "write the rows that failed, as the source of another run",
		Long: "The rows have the columns of the source, in its order. It can be called while a\n" +
			"run is at work.",
		Example:     "  authysh journal failed users.journal > failed.csv",
		Args:        oneJournal,
		Annotations: map[string]string{usesFlags: ""},
		RunE:        func(cmd *cobra.Command, args []string) error { return a.writeJournalRows(cmd.Context(), args[0], o) },
	}
	o.flags(cmd)
	return cmd
}
