package main

import (
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/cmd/authysh/internal/present"
)

// complaint is what there is to say of an error: a line and a hint for people, and the same for programs, in the words
// of the error values that scripts catch.
type complaint struct {
	line string

	Kind       string            `json:"kind"`
	Op         string            `json:"op,omitempty"`
	Message    string            `json:"message"`
	Status     int               `json:"status,omitempty"`
	Code       string            `json:"code,omitempty"`
	Fields     map[string]string `json:"fields,omitempty"`
	RetryAfter float64           `json:"retry_after,omitempty"` // seconds
	Hint       string            `json:"hint,omitempty"`
	ExitCode   exitCode          `json:"exit_code"`
}

// Kinds of a complaint that is not about a call.
const (
	kindUsage  = "usage"  // arguments or settings
	kindFailed = "failed" // anything else, such as a file that cannot be read
)

func (a *app) complaintOf(err error) complaint {
	line := withoutControls(err.Error())
	c := complaint{line: line, Message: line, Kind: kindFailed, Hint: a.hintFor(err), ExitCode: exitCodeOf(err)}
	if c.ExitCode == exitUsage {
		c.Kind = kindUsage
	}
	failure, ok := errors.AsType[authy.Error](err)
	if !ok {
		return c
	}
	c.Kind, c.Op = string(failure.Kind()), failure.Operation()
	c.Message = strings.TrimPrefix(line, c.Op+": ")
	switch e := failure.(type) {
	case *authy.ValidationError:
		c.Fields = e.Fields()
	case *authy.APIError:
		c.Message = withoutControls(e.Message)
		c.Status, c.Code, c.Fields, c.RetryAfter = e.Status, e.Code, e.Fields, e.RetryAfter.Seconds()
	case *authy.ResponseError:
		c.Status = e.Status
		if e.Field != "" {
			c.Fields = map[string]string{e.Field: e.Reason}
		}
	}
	return c
}

// writeJSON writes the complaint on one line.
func (c complaint) writeJSON(w io.Writer) {
	p, err := present.New(present.Options{Form: present.JSON})
	if err != nil {
		return
	}
	p.Print(w, present.Result{Value: struct { // nobody is left to be told that standard error is gone
		Error complaint `json:"error"`
	}{c}})
}

// wantsJSON reports whether complaints are for a program too: somebody asked for JSON in so many words, and no script has
// begun. What a script gives is its own, and so --output means nothing to it.
func (a *app) wantsJSON() bool {
	isName := func(word string) bool { return slices.Contains(a.commandNames, word) }
	command := slices.ContainsFunc(a.args, isName) && !runsScript(a.args, a.commandNames)
	if !command && a.loaded != nil {
		return false
	}
	if form, given := outputFlag(a.args); given {
		return form == present.JSON
	}
	if a.shows != nil {
		return a.shows.Text("output") == present.JSON
	}
	s, err := a.settings()
	if err != nil {
		s, err = a.quickSettings() // a file that is broken says nothing; it may be what the complaint is about
	}
	return err == nil && s.Text("output") == present.JSON
}

// outputFlag finds --output where the arguments could not be parsed, too.
func outputFlag(args []string) (form string, given bool) {
	for i, arg := range args {
		if arg == "--" {
			break
		}
		if value, ok := strings.CutPrefix(arg, "--output="); ok {
			form, given = value, true
		}
		if arg == "--output" && i+1 < len(args) {
			form, given = args[i+1], true
		}
	}
	return form, given
}
