package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/authysh/authysh/cmd/authysh/internal/wording"
	"github.com/authysh/authysh/luabind/journal"
)

// journalRows is which rows of a journal are written, and how.
type journalRows struct {
	status journal.Status
	format string
	errors bool
}

func (o *journalRows) flags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&o.format, "format", "csv", "write rows in this `format`, csv or jsonl (csv)")
	flags.BoolVar(&o.errors, "errors", false, "add the number, key and error of each row")
}

// writeJournalRows writes rows to standard output.
func (a *app) writeJournalRows(ctx context.Context, path string, o *journalRows) error {
	switch o.format {
	case "csv":
		return journalError(a.writeJournalCSV(ctx, path, o))
	case "jsonl":
		return journalError(a.writeJournalJSON(ctx, path, o))
	}
	return &usageError{message: fmt.Sprintf("--format must be csv or jsonl, got %q", wording.Clip(o.format))}
}

// journalRow is a line of JSON with --errors.
type journalRow struct {
	N         int64           `json:"n"`
	Key       string          `json:"key"`
	Row       json.RawMessage `json:"row"`
	Operation string          `json:"operation,omitempty"`
	Error     json.RawMessage `json:"error"`
}

func (a *app) writeJournalJSON(ctx context.Context, path string, o *journalRows) error {
	encoder := json.NewEncoder(a.out)
	encoder.SetEscapeHTML(false)
	for r, err := range journal.Rows(ctx, path, o.status) {
		if err != nil {
			return err
		}
		var line any = r.Row
		if o.errors {
			full := journalRow{N: r.N, Key: r.Key, Row: r.Row, Error: r.Error}
			if o.status == journal.InDoubt {
				full.Operation = r.Op
			}
			line = full
		}
		if err := encoder.Encode(line); err != nil {
			return err
		}
	}
	return nil
}

func (a *app) writeJournalCSV(ctx context.Context, path string, o *journalRows) error {
	columns, err := journalColumns(ctx, path, o)
	if err != nil {
		return err
	}
	w := csv.NewWriter(a.out)
	if head := o.head(columns); len(head) > 0 {
		if err := w.Write(head); err != nil {
			return err
		}
	}
	lacking := int64(0)
	for r, err := range journal.Rows(ctx, path, o.status) {
		if err != nil {
			return err
		}
		cells, whole := journalCells(r, columns)
		if !whole && lacking == 0 {
			lacking = r.N
		}
		if err := w.Write(append(cells, o.more(r)...)); err != nil {
			return err
		}
	}
	if w.Flush(); w.Error() != nil {
		return w.Error()
	}
	if lacking > 0 {
		a.warn(fmt.Sprintf("row %d was recorded without its columns, and is empty", lacking), "--format jsonl shows rows as they were recorded")
	}
	return nil
}

// rowColumn is the column of rows that are no objects.
const rowColumn = "row"

// journalColumns are the columns of the source, or else all that the rows have.
func journalColumns(ctx context.Context, path string, o *journalRows) ([]string, error) {
	summary, err := journal.Summarize(ctx, path)
	if err != nil || summary.Header.Columns != nil {
		return summary.Header.Columns, err
	}
	names := make(map[string]bool)
	whole := false
	for r, err := range journal.Rows(ctx, path, o.status) {
		if err != nil {
			return nil, err
		}
		object := rowObject(r)
		whole = whole || object == nil && r.Row != nil
		for name := range object {
			names[name] = true
		}
	}
	columns := slices.Sorted(maps.Keys(names))
	if whole && !names[rowColumn] {
		columns = append(columns, rowColumn)
	}
	return columns, nil
}

// rowObject is nil if the row was not recorded as an object.
func rowObject(r journal.RowRecord) map[string]json.RawMessage {
	var object map[string]json.RawMessage
	if json.Unmarshal(r.Row, &object) != nil {
		return nil
	}
	return object
}

// journalCells are the values of a row; whole is false if nothing is known of them.
func journalCells(r journal.RowRecord, columns []string) (cells []string, whole bool) {
	object := rowObject(r)
	if object == nil {
		object = map[string]json.RawMessage{rowColumn: r.Row}
	}
	cells = make([]string, len(columns))
	for i, name := range columns {
		value, known := object[name]
		cells[i] = cell(value)
		whole = whole || known && value != nil
	}
	return cells, whole
}

// cell is a string as it is, nothing for null, and other values as JSON.
func cell(value json.RawMessage) string {
	var text *string
	switch err := json.Unmarshal(value, &text); {
	case err != nil:
		return string(value)
	case text == nil:
		return ""
	}
	return *text
}

// head is the first line. A column of --errors whose name the source has too gets another.
func (o *journalRows) head(columns []string) []string {
	head := slices.Clone(columns)
	for _, name := range o.moreNames() {
		for slices.Contains(head, name) {
			name = "journal_" + name
		}
		head = append(head, name)
	}
	return head
}

func (o *journalRows) moreNames() []string {
	if !o.errors {
		return nil
	}
	names := []string{"row_number", "key", "error_kind", "error_code", "error_message"}
	if o.status == journal.InDoubt {
		names = append(names, "operation")
	}
	return names
}

// more are the values of moreNames.
func (o *journalRows) more(r journal.RowRecord) []string {
	if !o.errors {
		return nil
	}
	kind, code, message := r.Failure()
	more := []string{strconv.FormatInt(r.N, 10), r.Key, kind, code, message}
	if o.status == journal.InDoubt {
		more = append(more, r.Op)
	}
	return more
}
