package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/tidwall/gjson"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/cmd/authysh/internal/present"
)

// sandboxLook is a command that calls a sandbox and shows what it answers.
type sandboxLook struct {
	cmd    *cobra.Command
	target sandboxTarget
	// call does the work and gives the part of the answer to show.
	call func(ctx context.Context, c *sandboxClient, args []string) ([]byte, error)
	// columns are the table of a list, "head=member"; without them members are listed.
	columns []string
	pretty  func(w io.Writer, value gjson.Result) // instead of the table, for people; may be nil
}

// lookCommand makes the cobra command of it.
func (a *app) lookCommand(l *sandboxLook) *cobra.Command {
	l.cmd.Annotations = map[string]string{usesFlags: sandboxFlags}
	l.cmd.Flags().SortFlags = false
	l.target.declare(l.cmd)
	if l.cmd.Args == nil {
		l.cmd.Args = noArguments
	}
	l.cmd.RunE = func(cmd *cobra.Command, args []string) error {
		c, s, err := a.sandboxAt(cmd.Context(), &l.target, cmd.Flags().Changed)
		if err != nil {
			return err
		}
		printer, err := a.printer(s)
		if err != nil {
			return err
		}
		answer, err := l.call(cmd.Context(), c, args)
		if err != nil {
			return err
		}
		return a.print(printer, l.result(answer))
	}
	return l.cmd
}

// result is what is shown of a list or an object.
func (l *sandboxLook) result(answer []byte) present.Result {
	value := gjson.ParseBytes(answer)
	result := present.Result{Value: json.RawMessage(answer), Raw: answer}
	if l.pretty != nil {
		result.Pretty = func(w io.Writer) { l.pretty(w, value) }
	}
	if len(l.columns) == 0 || !value.IsArray() {
		return result
	}
	for _, column := range l.columns {
		head, _, _ := strings.Cut(column, "=")
		result.Head = append(result.Head, head)
	}
	value.ForEach(func(_, item gjson.Result) bool {
		row := make([]string, len(l.columns))
		for i, column := range l.columns {
			head, member, _ := strings.Cut(column, "=")
			if cell := cellOf(item.Get(cmp.Or(member, head))); cell != "0" || !slices.Contains(noneIsZero, head) {
				row[i] = cell
			}
		}
		result.Rows = append(result.Rows, row)
		return true
	})
	if l.pretty == nil {
		result.Pretty = func(w io.Writer) {
			if len(result.Rows) == 0 {
				fmt.Fprintln(w, "none")
				return
			}
			writeTable(w, append([][]string{result.Head}, result.Rows...))
		}
	}
	return result
}

// noneIsZero are the columns in which 0 stands for none: no error code, no answer, no user.
var noneIsZero = []string{"code", "status", "authy_id"}

// cellOf is a value in a table: times without fractions of seconds, lists without brackets.
func cellOf(value gjson.Result) string {
	if value.IsArray() {
		var parts []string
		for _, item := range value.Array() {
			parts = append(parts, oneLineOf(item.String()))
		}
		return strings.Join(parts, ",")
	}
	if t, err := time.Parse(time.RFC3339Nano, value.String()); err == nil {
		return t.UTC().Format(time.RFC3339)
	}
	return oneLineOf(value.String())
}

// part is a member of an answer, as the result of a call.
func part(member string, answer []byte, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	found := gjson.GetBytes(answer, member)
	if !found.Exists() {
		return nil, &authy.ResponseError{Field: member, Reason: "is missing", Status: http.StatusOK}
	}
	return []byte(found.Raw), nil
}
