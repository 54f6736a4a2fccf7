package luabind

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/authysh/authysh/luabind/journal"
	lua "github.com/yuin/gopher-lua"
)

// resultColumns are those of results in CSV.
var resultColumns = []string{"row", "key", "status", "result", "error_kind", "error_code", "error"}

// resultColumn is where among them the result stands.
const resultColumn = 3

// mostAhead is how many records may wait for an earlier one when they are to be in order.
const mostAhead = 10_000

// batchResults writes one record per row. It belongs to whoever has the interpreter.
type batchResults struct {
	file    *os.File
	out     *bufio.Writer
	asCSV   bool
	columns []string // fields of results that get a column each; nil for one column for all
	ordered bool
	next    int64            // the row whose record is to come next, when they are in order
	waiting map[int64][]byte // records of later rows
	moved   chan struct{}    // gets a value when next has risen
	err     error            // the first failure
}

// createResults makes the file, or empties the one that is there: a resumed batch writes the records of earlier runs again.
func createResults(path, journal string, ordered bool, columns []string) (*batchResults, error) {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("cannot write the results: %w", err)
	}
	if err := emptyUnless(file, journal); err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("cannot write the results: %w", err)
	}
	r := &batchResults{
		file: file, out: bufio.NewWriterSize(file, 64<<10), asCSV: strings.EqualFold(filepath.Ext(path), ".csv"),
		columns: columns, ordered: ordered, next: 1, waiting: map[int64][]byte{}, moved: make(chan struct{}, 1),
	}
	if r.asCSV {
		header := resultColumns
		if columns != nil {
			header = slices.Replace(slices.Clone(header), resultColumn, resultColumn+1, columns...)
		}
		r.put(csvLine(header))
	}
	return r, nil
}

// emptyUnless empties a file, but not if it is the journal under another name.
func emptyUnless(file *os.File, journal string) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if other, err := os.Stat(journal); err == nil && os.SameFile(info, other) {
		return fmt.Errorf("%s is the journal: name another file", file.Name())
	}
	if !info.Mode().IsRegular() {
		return nil
	}
	return file.Truncate(0)
}

// resultRecord is a record in JSON.
type resultRecord struct {
	Row    int64           `json:"row"`
	Key    string          `json:"key,omitempty"`
	Status string          `json:"status"`
	Result json.RawMessage `json:"result,omitempty"`
	Error  json.RawMessage `json:"error,omitempty"`
}

// report writes the record of a row that has ended.
func (b *batch) report(n int64, key string, outcome journal.Outcome) {
	if b.results == nil {
		return
	}
	b.results.add(n, b.results.encode(n, key, outcome))
	if b.results.err != nil {
		b.fatal(fmt.Errorf("cannot write the results: %w", b.results.err))
	}
}

// settle says that there will be no record of a row.
func (b *batch) settle(n int64) {
	if b.results != nil {
		b.results.add(n, nil)
	}
}

func (r *batchResults) encode(n int64, key string, outcome journal.Outcome) []byte {
	if !r.asCSV {
		line, _ := json.Marshal(resultRecord{n, key, statusName(outcome.Status), outcome.Result, outcome.Error})
		return append(line, '\n')
	}
	var failure rowError
	if outcome.Error != nil {
		_ = json.Unmarshal(outcome.Error, &failure)
	}
	record := []string{strconv.FormatInt(n, 10), key, statusName(outcome.Status)}
	record = append(record, r.resultFields(outcome.Result)...)
	return csvLine(append(record, failure.Kind, failure.Code, failure.Message))
}

// resultFields is a result as it stands in a row: text as it is, other values in JSON.
func (r *batchResults) resultFields(result json.RawMessage) []string {
	if r.columns == nil {
		return []string{plainText(result)}
	}
	var named map[string]json.RawMessage
	_ = json.Unmarshal(result, &named) // one that is no table has none of the fields
	fields := make([]string, len(r.columns))
	for i, name := range r.columns {
		fields[i] = plainText(named[name])
	}
	return fields
}

func plainText(value json.RawMessage) string {
	var text string
	if json.Unmarshal(value, &text) == nil {
		return text // null is nothing
	}
	return string(value)
}

// statusName is what scripts and results call a status: a word.
func statusName(s journal.Status) string { return strings.ReplaceAll(s.String(), " ", "_") }

func csvLine(fields []string) []byte {
	var line bytes.Buffer
	w := csv.NewWriter(&line)
	_ = w.Write(fields) // into memory
	w.Flush()
	return line.Bytes()
}

// add takes the record of a row, or notes that it has none.
func (r *batchResults) add(n int64, record []byte) {
	if !r.ordered {
		r.put(record)
		return
	}
	r.waiting[n] = record
	before := r.next
	for {
		record, known := r.waiting[r.next]
		if !known {
			break
		}
		delete(r.waiting, r.next)
		r.put(record)
		r.next++
	}
	if r.next > before {
		select {
		case r.moved <- struct{}{}:
		default:
		}
	}
}

func (r *batchResults) put(record []byte) {
	if r.err == nil {
		_, r.err = r.out.Write(record)
	}
}

// isCrowded reports whether row n is too far ahead of the record that is to come next.
func (r *batchResults) isCrowded(n int64) bool { return r.ordered && n-r.next > mostAhead }

// makeRoom waits until row n is not too far ahead. False means that the script was interrupted meanwhile.
func (r *batchResults) makeRoom(L *lua.LState, h *Host, n int64) bool {
	for r.isCrowded(n) {
		canceled := false
		h.Wait(L, func(ctx context.Context) {
			select {
			case <-r.moved:
			case <-ctx.Done():
				canceled = true
			}
		})
		if canceled {
			return false
		}
	}
	return true
}

// close writes what is left, in the order of the rows as far as they have ended.
func (r *batchResults) close() error {
	for n := r.next; len(r.waiting) > 0; n++ {
		if record, known := r.waiting[n]; known {
			r.put(record)
			delete(r.waiting, n)
		}
	}
	if r.err != nil { // it was told already
		_ = r.file.Close()
		return nil
	}
	err := r.out.Flush()
	if closed := r.file.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return fmt.Errorf("cannot write the results: %w", err)
	}
	return nil
}
