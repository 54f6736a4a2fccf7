package luabind

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/luabind/internal/luatext"
	"github.com/authysh/authysh/luabind/internal/luavalue"
	lua "github.com/yuin/gopher-lua"
)

const writerType = "csv.Writer"

// csvWriter is what csv.create gives.
//
// Rows gather in a buffer. It is written out when it is full, when the last time was more than a second ago, by flush, by
// close and at the end of the state; so what a script that works for hours has done is in the file. Rows for
// standard output are passed on one by one: they must keep their order among what print writes.
type csvWriter struct {
	csvSink
	h       *Host
	name    string
	file    *os.File // nil for standard output
	flushed time.Time
	closed  bool

	reported bool // the script got the error of a write
}

// csvSink turns rows into CSV.
type csvSink struct {
	out    *bufio.Writer
	text   *csv.Writer
	header []string
	fields int // how many every row has; 0 before the first
	record []string
}

func newCSVSink(w io.Writer, separator rune, header []string) csvSink {
	out := bufio.NewWriterSize(w, 64<<10)
	text := csv.NewWriter(out) // takes out itself as its buffer, as it is large enough
	text.Comma = separator
	return csvSink{out: out, text: text, header: header, fields: len(header)}
}

// write adds a row; the error reads on after "row".
func (s *csvSink) write(row *lua.LTable) error {
	var err error
	if s.record, err = csvRecord(row, s.header, s.fields, s.record[:0]); err != nil {
		return err
	}
	s.fields = len(s.record)
	return s.writeRecord(s.record)
}

func (s *csvSink) writeRecord(record []string) error {
	if len(record) == 1 && record[0] == "" {
		// encoding/csv writes an empty line for it, which readers skip.
		s.text.Flush()
		_, err := s.out.WriteString("\"\"\n")
		return err
	}
	return s.text.Write(record)
}

// csvRecord puts the fields of a row in order. Without a header, the first row says how many there are.
func csvRecord(row *lua.LTable, header []string, fields int, record []string) ([]string, error) {
	list, err := isListRow(row, header)
	if err != nil {
		return nil, err
	}
	if !list {
		for _, name := range header {
			if record, err = appendField(record, row.RawGetString(name), luatext.Excerpt(name)); err != nil {
				return nil, err
			}
		}
		return record, nil
	}
	length := row.MaxN()
	switch {
	case length > fields && fields > 0:
		return nil, fmt.Errorf("has %d fields, want %d", length, fields)
	case fields == 0 && length == 0:
		return nil, errors.New("is empty, want at least one field")
	}
	// A row may end in nil, and a Lua list cannot: what is missing up to the number of fields is empty.
	for i := range max(length, fields) {
		if record, err = appendField(record, row.RawGetInt(i+1), fmt.Sprint(i+1)); err != nil {
			return nil, err
		}
	}
	return record, nil
}

// isListRow tells the two forms of rows apart, and refuses names that are no columns.
func isListRow(row *lua.LTable, header []string) (bool, error) {
	first, _ := row.Next(lua.LNil)
	if _, named := first.(lua.LString); !named && (row.MaxN() > 0 || header == nil) {
		last := lua.LNil
		if length := row.MaxN(); length > 0 {
			last = lua.LNumber(length)
		}
		if other, _ := row.Next(last); other != lua.LNil {
			return false, errors.New("mixes fields by number with the key " + luavalue.KeyText(other))
		}
		return true, nil
	}
	if header == nil {
		return false, errors.New("has names: give the option header, which says their order, or write a list")
	}
	for key, _ := row.Next(lua.LNil); key != lua.LNil; key, _ = row.Next(key) {
		if name, ok := key.(lua.LString); !ok || !slices.Contains(header, string(name)) {
			return false, unknownColumn(key, header)
		}
	}
	return false, nil
}

func unknownColumn(key lua.LValue, header []string) error {
	reason := "has " + luavalue.KeyText(key) + ", which is no column"
	if near := authy.Nearest(key.String(), header); near != "" {
		return fmt.Errorf("%s, did you mean %s?", reason, luatext.Excerpt(near))
	}
	return errors.New(reason + "; the columns are " + listNames(header))
}

// appendField adds the text of a field; nil and json.null are empty.
func appendField(record []string, v lua.LValue, column string) ([]string, error) {
	switch v := v.(type) {
	case lua.LString, lua.LNumber, lua.LBool:
		return append(record, v.String()), nil
	case *lua.LNilType:
		return append(record, ""), nil
	}
	if luavalue.IsNull(v) {
		return append(record, ""), nil
	}
	return nil, fmt.Errorf("has %s in column %s, want a string, a number or a boolean", luavalue.TypeName(v), column)
}

// csvWriterType describes the writers to help and editors, and makes their metatable.
func csvWriterType() Type {
	return Type{
		Name: writerType, Doc: "A CSV file that is written row by row.",
		Methods: []Function{
			{
				Name: "write", Doc: "Adds a row: a table by column, or a list.",
				Params: []Param{{Name: "row", Type: "table", Doc: "strings, numbers, booleans; what is missing is empty"}},
				Call:   writerWrite,
			},
			{
				Name: "flush", Doc: "Writes to the file what was gathered so far.",
				Call: func(L *lua.LState) int {
					w := checkWriter(L, 1)
					w.mustBeOpen(L)
					w.raise(L, w.flush())
					return 0
				},
			},
			{
				Name: "close", Doc: "Writes out the rest and closes the file.",
				Call: func(L *lua.LState) int {
					w := checkWriter(L, 1)
					openFilesOf(L).forget(w)
					w.raise(L, w.finish())
					return 0
				},
			},
		},
	}
}

func checkWriter(L *lua.LState, i int) *csvWriter {
	if data, ok := L.Get(i).(*lua.LUserData); ok {
		if w, ok := data.Value.(*csvWriter); ok {
			return w
		}
	}
	L.ArgError(i, "csv.Writer expected, got "+L.Get(i).Type().String()+" (call methods with a colon, as in writer:write(row))")
	return nil
}

func writerWrite(L *lua.LState) int {
	w := checkWriter(L, 1)
	w.mustBeOpen(L)
	row := tableAt(L, 2, writerType, "row")
	if err := w.write(row); err != nil {
		L.RaiseError("%s", writerType+": "+w.name+": row "+err.Error())
	}
	switch now := w.h.clock(); {
	case w.file == nil:
		w.raise(L, w.flush())
	case now.Sub(w.flushed) > time.Second || now.Before(w.flushed): // a clock that was set back would keep the rows for long
		w.flushed = now
		w.raise(L, w.flush())
	}
	return 0
}

func (w *csvWriter) mustBeOpen(L *lua.LState) {
	if w.closed {
		L.RaiseError("%s: %s was closed", writerType, w.name)
	}
}

// raise raises a failure to write, which buffered writers report late.
func (w *csvWriter) raise(L *lua.LState, err error) {
	if err != nil {
		w.reported = true
		raise(L, fmt.Errorf("%s: cannot write to %s: %w", writerType, w.name, err))
	}
}

func (s *csvSink) flush() error {
	s.text.Flush() // flushes out: it is the same buffer
	return s.text.Error()
}

// finish flushes and closes; a second time it does nothing.
func (w *csvWriter) finish() error {
	if w.closed {
		return nil
	}
	w.closed = true
	err := w.flush()
	if w.file != nil {
		if closing := w.file.Close(); err == nil {
			err = closing
		}
	}
	return err
}

// encodeCSV writes rows as text; without a header, the names of named rows in alphabetical order are the header.
func encodeCSV(rows *lua.LTable, separator rune, header []string, most int) (string, error) {
	if header == nil {
		header = namesOf(rows)
	}
	var b bytes.Buffer
	sink := newCSVSink(&b, separator, header)
	if header != nil {
		if err := sink.writeRecord(header); err != nil {
			return "", err
		}
	}
	for i := 1; i <= rows.MaxN(); i++ {
		row, ok := rows.RawGetInt(i).(*lua.LTable)
		if !ok {
			return "", fmt.Errorf("rows[%d] %w", i, mistyped("a table", rows.RawGetInt(i)))
		}
		if most > 0 && b.Len()+textsIn(row) > most {
			return "", fmt.Errorf("rows[%d] makes a text of more than %d MiB", i, most>>20)
		}
		if err := sink.write(row); err != nil {
			return "", fmt.Errorf("rows[%d] %w", i, err)
		}
	}
	if err := sink.flush(); err != nil {
		return "", err
	}
	return b.String(), nil
}

// textsIn is how many bytes the texts of a row have.
func textsIn(row *lua.LTable) (bytes int) {
	row.ForEach(func(_, v lua.LValue) {
		if text, ok := v.(lua.LString); ok {
			bytes += len(text)
		}
	})
	return bytes
}

// namesOf is every name that a row has, sorted; nil when the rows are lists.
func namesOf(rows *lua.LTable) []string {
	var names []string
	seen := make(map[string]bool)
	for i := 1; i <= rows.MaxN(); i++ {
		row, ok := rows.RawGetInt(i).(*lua.LTable)
		if !ok {
			continue
		}
		row.ForEach(func(key, _ lua.LValue) {
			if name, ok := key.(lua.LString); ok && !seen[string(name)] {
				seen[string(name)] = true
				names = append(names, string(name))
			}
		})
	}
	slices.Sort(names)
	return names
}
