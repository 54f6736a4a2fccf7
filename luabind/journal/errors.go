package journal

import (
	"errors"
	"fmt"
	"strings"
)

var (
	errClosed = errors.New("the journal is closed")
	errEnded  = errors.New("the row's entry has ended")
)

// A LockedError says that another process has the journal open.
type LockedError struct {
	Path string
}

func (e *LockedError) Error() string {
	return e.Path + " is in use by another run: wait until it ends, or stop it, and try again"
}

// A ChangedError says that a journal belongs to another source than the one at hand, so that its row numbers would
// mean other rows.
type ChangedError struct {
	Path    string   // the journal
	Source  string   // the source at hand
	Changes []string // what differs, such as "it had 10 bytes, and has 12"
}

func (e *ChangedError) Error() string {
	return fmt.Sprintf("%s: %s is not the source that this journal was begun with: %s; restore the source to go on, or name a new journal to start over",
		e.Path, e.Source, strings.Join(e.Changes, ", "))
}

// A ServiceError says that a journal belongs to a run against another service, or another application of it.
type ServiceError struct {
	Path     string
	Was, Now string
}

func (e *ServiceError) Error() string {
	return fmt.Sprintf("%s: what this journal records was done at %s, and calls go to %s now; go back there to go on, or name a new journal to start over",
		e.Path, e.Was, e.Now)
}

// A WriteError says that the journal could not be written, so that no call was made any more.
type WriteError struct {
	Path string
	Err  error // the cause, such as a full disk
}

func (e *WriteError) Error() string {
	return fmt.Sprintf("%s: cannot write the journal: %v; nothing more was sent: mend the cause, and run the same command again to go on",
		e.Path, e.Err)
}

// Unwrap returns the cause.
func (e *WriteError) Unwrap() error { return e.Err }

// A FormatError says that a file is no journal, or a damaged one, or one of a newer program.
type FormatError struct {
	Path   string
	Line   int    // where the fault is, from 1
	Reason string // what is wrong, and what to do
}

func (e *FormatError) Error() string {
	if e.Line == 1 {
		return e.Path + " " + e.Reason
	}
	return fmt.Sprintf("%s: line %d %s", e.Path, e.Line, e.Reason)
}
