package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/authysh/authysh/luabind/journal"
)

func (a *app) journalCompactCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "compact file",
		Short: "drop what a journal no longer needs",
		Long: "A row that is done keeps its result, others what is needed to go on with them.\n" +
			"No run may be at work with the journal. A kill leaves it as it was.",
		Example:     "  authysh journal compact users.journal",
		Args:        oneJournal,
		Annotations: map[string]string{usesFlags: ""},
		RunE: func(cmd *cobra.Command, args []string) error {
			a.graceful.Store(true) // to take away what is half done
			before, after, err := journal.Compact(cmd.Context(), args[0])
			if err != nil {
				return journalError(err)
			}
			fmt.Fprintf(a.err, "authysh: %s had %d bytes, and has %d\n", args[0], before, after)
			return nil
		},
	}
}
