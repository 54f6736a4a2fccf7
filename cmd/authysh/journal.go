package main

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/spf13/cobra"

	"github.com/authysh/authysh/cmd/authysh/internal/wording"
	"github.com/authysh/authysh/luabind/journal"
)

// journalCommand is authysh journal.
func (a *app) journalCommand() *cobra.Command {
	parent := parentCommand("journal", "look into the journal of a batch run")
	parent.Use = "journal command file"
	parent.Long = "A journal is what a batch run writes down of each row, so that it can go on\n" +
		"after a crash and nobody is texted twice. It holds phone numbers."
	parent.AddCommand(a.journalShowCommand(), a.journalFailedCommand(), a.journalDoubtCommand(), a.journalCompactCommand())
	return parent
}

// oneJournal wants the name of one file.
func oneJournal(cmd *cobra.Command, args []string) error {
	e := &usageError{hint: helpHint(cmd)}
	switch {
	case len(args) == 0 || args[0] == "":
		e.message = fmt.Sprintf("authysh %s needs the file of a journal", commandPath(cmd))
	case len(args) > 1:
		e.message = fmt.Sprintf("authysh %s takes one file, got also %q", commandPath(cmd), wording.Clip(args[1]))
	default:
		return nil
	}
	return e
}

// journalError makes errors about the file that was named usage errors. Others, such as a full disk, stay as they are.
func journalError(err error) error {
	if err == nil {
		return nil
	}
	_, format := errors.AsType[*journal.FormatError](err)
	_, locked := errors.AsType[*journal.LockedError](err)
	if format || locked || errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return &usageError{message: err.Error()}
	}
	return err
}
