package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/authysh/authysh/cmd/authysh/internal/config"
	"github.com/authysh/authysh/cmd/authysh/internal/present"
	"github.com/authysh/authysh/luabind"
)

// How commands show their results, on standard output alone. A command that does something first asks for a printer, so
// that a broken query is refused before anything has happened, then does its work, and then prints.

// showsResult are the flags of every command that shows a result, for its usesFlags.
const showsResult = "output query template"

// printer makes what will show the result of a command: in the form that --output names, else for people on a terminal
// and as JSON anywhere else.
func (a *app) printer(s *config.Settings) (*present.Printer, error) {
	a.shows = s
	for _, name := range []string{"query", "template"} {
		if flag := a.flags.Lookup(name); flag.Changed && strings.TrimSpace(flag.Value.String()) == "" {
			return nil, &usageError{message: "--" + name + " must not be blank"}
		}
	}
	o := present.Options{Form: s.Text(config.OutputSetting), Query: a.query, Template: a.template}
	o.Render = a.renderer(o.Form)
	switch {
	case o.Template != "" && !a.flags.Changed("output"):
		o.Form = "" // what the environment or a file prefers gives way to a flag
	case o.Form == "" && a.stdoutTerminal:
		o.Form = present.Pretty
	case o.Form == "":
		o.Form = present.JSON
	}
	o.Color = a.resultColors()
	if a.stdoutTerminal {
		o.Width, _ = a.console.Size()
	}
	p, err := present.New(o)
	return p, misused(err, "")
}

// readyToShow is how a command begins that does something before it shows a result: with the settings, which read gives, and
// with what will show it.
func (a *app) readyToShow(read func() (*config.Settings, error)) (*config.Settings, *present.Printer, error) {
	s, err := read()
	if err != nil {
		return nil, nil, err
	}
	printer, err := a.printer(s)
	return s, printer, err
}

// print writes the result of a command, through a pager where it is longer than the terminal is high.
func (a *app) print(p *present.Printer, r present.Result) error {
	if !a.pages() {
		return a.printPlain(p, r)
	}
	var b bytes.Buffer
	if err := p.Print(&b, r); err != nil {
		return misused(err, shownTooLate)
	}
	return a.page(b.Bytes())
}

// printPlain is print for commands that go on afterwards.
func (a *app) printPlain(p *present.Printer, r present.Result) error {
	return misused(p.Print(a.out, r), shownTooLate)
}

const shownTooLate = "the command itself has succeeded; only its result could not be shown that way"

// misused is an error of a printer as one of usage.
func misused(err error, hint string) error {
	if wrong, ok := errors.AsType[*present.OptionError](err); ok {
		if hint == "" {
			hint = wrong.Hint
		}
		return &usageError{message: wrong.Error(), hint: hint}
	}
	if _, ok := errors.AsType[*luabind.PluginError](err); ok && hint != "" {
		return &hinted{err, hint}
	}
	return err
}

// show prints the result of a command that has changed nothing. The value is for programs, pretty writes it for people,
// and head and rows are the table.
func (a *app) show(s *config.Settings, value any, pretty func(io.Writer), head []string, rows [][]string) error {
	p, err := a.printer(s)
	if err != nil {
		return err
	}
	return a.print(p, present.Result{Value: value, Pretty: pretty, Head: head, Rows: rows})
}

// picks reports whether flags ask for a part of the result.
func (a *app) picks() bool { return a.flags.Changed("query") || a.flags.Changed("template") }

// resultColors decides whether results for people have colours.
func (a *app) resultColors() bool { return a.colours(a.stdoutTerminal) }

// writeTable writes rows with aligned columns.
func writeTable(w io.Writer, rows [][]string) {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		fmt.Fprintln(table, strings.Join(row, "\t"))
	}
	table.Flush()
}
