package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/authysh/authysh/cmd/authysh/internal/present"
	"github.com/authysh/authysh/luabind/journal"
)

func (a *app) journalShowCommand() *cobra.Command {
	return &cobra.Command{
		Use:         "show file",
		Short:       "tell what became of a run, and what to do next",
		Long:        "It can be called while the run is at work.",
		Example:     "  authysh journal show users.journal",
		Args:        oneJournal,
		Annotations: map[string]string{usesFlags: showsResult},
		RunE: func(cmd *cobra.Command, args []string) error {
			_, printer, err := a.readyToShow(a.quickSettings)
			if err != nil {
				return err
			}
			summary, err := journal.Summarize(cmd.Context(), args[0])
			if err != nil {
				return journalError(err)
			}
			shown := showJournal(summary)
			table := append(shown.facts(), shown.counts()...)
			return a.print(printer, present.Result{
				Value: shown, Pretty: func(w io.Writer) { shown.pretty(w, args[0]) },
				Head: []string{"name", "value"}, Rows: table,
			})
		},
	}
}

// shownJournal is a journal as programs read it.
type shownJournal struct {
	Script  string         `json:"script" yaml:"script"`
	Source  string         `json:"source" yaml:"source"`
	Bytes   int64          `json:"source_bytes,omitempty" yaml:"source_bytes,omitempty"`
	Key     string         `json:"key" yaml:"key"`
	Columns []string       `json:"columns,omitempty" yaml:"columns,omitempty"`
	Began   time.Time      `json:"began" yaml:"began"`
	Last    *time.Time     `json:"last_event" yaml:"last_event"`
	Runs    int            `json:"runs" yaml:"runs"`
	Ended   bool           `json:"ended" yaml:"ended"`
	Rows    journal.Totals `json:"rows" yaml:"rows"`
	Errors  []shownError   `json:"errors" yaml:"errors"`
}

// shownError is rows that failed in the same way, with the first of them.
type shownError struct {
	Kind    string `json:"kind" yaml:"kind"`
	Code    string `json:"code" yaml:"code"`
	Count   int    `json:"count" yaml:"count"`
	Message string `json:"message" yaml:"message"`
	Row     int64  `json:"row" yaml:"row"`
	RowKey  string `json:"key" yaml:"key"`
}

func showJournal(s journal.Summary) shownJournal {
	shown := shownJournal{
		Script: s.Script.Name, Source: s.Header.Source.Name, Bytes: s.Header.Source.Size, Key: s.Header.Key, Columns: s.Header.Columns,
		Began: s.Header.Created, Runs: s.Sessions, Ended: s.Ended, Rows: s.Totals, Errors: []shownError{},
	}
	if !s.Last.IsZero() {
		shown.Last = &s.Last
	}
	for _, g := range s.Errors {
		_, _, message := g.Example.Failure()
		shown.Errors = append(shown.Errors, shownError{g.Kind, g.Code, g.Count, message, g.Example.N, g.Example.Key})
	}
	return shown
}

func (s *shownJournal) facts() [][]string {
	const form = "2006-01-02 15:04:05 UTC"
	facts := [][]string{{"script", oneLineOf(s.Script)}, {"source", oneLineOf(s.Source)}}
	if s.Key != "" {
		facts = append(facts, []string{"key", oneLineOf(s.Key)})
	}
	facts = append(facts, []string{"began", s.Began.UTC().Format(form)})
	if s.Last != nil {
		facts = append(facts, []string{"last event", s.Last.UTC().Format(form)})
	}
	runs := strconv.Itoa(s.Runs)
	if !s.Ended {
		runs += ", and the last is at work or was cut off"
	}
	return append(facts, []string{"runs", runs})
}

func (s *shownJournal) counts() [][]string {
	var counts [][]string
	for _, c := range []struct {
		name  string
		count int
	}{
		{"done", s.Rows.Done}, {"failed", s.Rows.Failed}, {"in doubt", s.Rows.InDoubt},
		{"interrupted", s.Rows.Interrupted}, {"skipped", s.Rows.Skipped},
	} {
		counts = append(counts, []string{c.name, strconv.Itoa(c.count)})
	}
	return counts
}

// pretty writes the journal for people.
func (s *shownJournal) pretty(w io.Writer, path string) {
	writeTable(w, append(append(s.facts(), []string{""}), s.counts()...))
	if len(s.Errors) > 0 {
		fmt.Fprintf(w, "\nerrors, each with its first row:\n")
		var rows [][]string
		for _, e := range s.Errors {
			name := strings.TrimSpace(e.Kind + " " + e.Code)
			where := fmt.Sprintf("row %d", e.Row)
			if e.RowKey != "" {
				where += ", " + e.RowKey
			}
			rows = append(rows, []string{fmt.Sprintf("%6d", e.Count), oneLineOf(name), oneLineOf(where), oneLineOf(e.Message)})
		}
		writeTable(w, rows)
	}
	fmt.Fprintf(w, "\nnext: %s\n", s.next(path))
}

// next is what to do with the journal.
func (s *shownJournal) next(path string) string {
	switch {
	case !s.Ended:
		return "unless the run is at work, the same command again goes on where it stopped"
	case s.Rows.Interrupted > 0:
		return "the same command again goes on where the run stopped"
	case s.Rows.InDoubt > 0:
		return fmt.Sprintf("'authysh journal doubt --errors %s' shows calls that may have gone out: find out before you run those rows again", path)
	case s.Rows.Failed > 0:
		return fmt.Sprintf("'authysh journal failed %s > failed.csv' has the rows to mend and run again", path)
	}
	return "nothing, the run came to its end"
}
