package luabind

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"sync/atomic"

	"github.com/authysh/authysh/luabind/internal/luavalue"
	"github.com/authysh/authysh/luabind/journal"
	lua "github.com/yuin/gopher-lua"
)

// batchSource is where the rows of a batch come from. Whoever uses it has the batch's turn.
type batchSource struct {
	items  *items     // a list or an iterator
	reader *csvReader // rows that are read without Lua; nil for items
	count  int64      // of the rows so far
	read   atomic.Int64
	size   int64 // what read ends at, in bytes or rows; 0 when unknown
	whole  bool  // it is a file, whose contents can be compared
}

// newBatchSource takes what csv.open gives, which it reads past Lua, or anything that task.map takes.
func newBatchSource(L *lua.LState, v lua.LValue) (source *batchSource, reason string) {
	if data, ok := v.(*lua.LUserData); ok {
		if reader, ok := data.Value.(*csvReader); ok {
			return newCSVSource(reader)
		}
	}
	items := itemsOf(L, v)
	if items == nil {
		return nil, mistyped("what csv.open gives, another iterator, or a list", v).Error()
	}
	source = &batchSource{items: items}
	if items.list != nil {
		source.size = int64(items.list.Len())
	}
	return source, ""
}

func newCSVSource(reader *csvReader) (source *batchSource, reason string) {
	switch {
	case reader.closed:
		return nil, "is a csv.Reader that was closed"
	case reader.rows.begun:
		return nil, "is a csv.Reader that rows were read from already: the first row of a batch must be the first of the file"
	}
	source = &batchSource{reader: reader}
	if reader.file != nil {
		if info, err := reader.file.Stat(); err == nil && info.Mode().IsRegular() {
			source.size, source.whole = info.Size(), true
		}
	}
	return source, ""
}

// describe says what the rows come from. Only a file can be told from another by what is in it.
func (s *batchSource) describe(ctx context.Context) (journal.Source, error) {
	switch {
	case s.whole:
		return journal.Fingerprint(ctx, s.reader.file.Name())
	case s.reader != nil:
		return journal.Source{Name: s.reader.rows.name}, nil
	case s.items.list != nil:
		return journal.Source{Name: "a list"}, nil
	}
	return journal.Source{Name: "an iterator"}, nil
}

// columns are the names of a CSV file's columns.
func (s *batchSource) columns() []string {
	if s.reader == nil {
		return nil
	}
	return s.reader.rows.header
}

// sourceRow is one row as it comes.
type sourceRow struct {
	n     int64
	value lua.LValue // nil when the row was passed over
	fault error      // what is wrong with it; there is no value then
}

// next is the next row; ok is false at the end. For each record of a CSV file, pass is asked whether the row is of no
// interest; it gets the fields by column.
func (s *batchSource) next(L *lua.LState, h *Host, pass func(n int64, record []string) bool) (row sourceRow, ok bool) {
	if s.reader == nil {
		item, _, ok := s.items.next(L, h)
		if ok {
			s.count++
			s.read.Store(s.count)
		}
		return sourceRow{n: s.count, value: item}, ok
	}
	if s.reader.closed {
		L.RaiseError("%s: %s was closed", batchOp, s.reader.rows.name)
	}
	rows := s.reader.rows
	var err error
	s.reader.use(L, func(*bufio.Reader) {
		var record []string
		for {
			s.reader.in.quota = csvMaxRow // for each row
			record, err = rows.next()
			s.read.Store(rows.text.InputOffset())
			if err != nil && rows.ended {
				return
			}
			s.count++
			row = sourceRow{n: s.count}
			if err != nil {
				row.fault, err = err, nil
				return
			}
			if !pass(s.count, record) {
				row.value = rowTable(L, rows.header, record)
				return
			}
			if s.count%4096 == 0 && L.Context() != nil && L.Context().Err() != nil {
				err = L.Context().Err()
				return
			}
		}
	})
	switch {
	case err == nil:
		return row, true
	case errors.Is(err, io.EOF), isCanceled(err):
		s.reader.release()
		return row, false
	}
	s.reader.release()
	raiseCSV(L, batchOp, err)
	return row, false
}

// mostKey bounds a key, in bytes: what names a row is short.
const mostKey = 1000

// keyOf names a row: by its column, by the script's function, or not at all.
func (b *batch) keyOf(L *lua.LState, row lua.LValue) (key string, err error) {
	var v lua.LValue
	switch {
	case b.keyFunction != nil:
		if v, err = callback(L, b.keyFunction, row); err != nil {
			return "", err
		}
	case b.keyColumn != "":
		t, ok := row.(*lua.LTable)
		if !ok {
			return "", fmt.Errorf("key is a column, but the row is a %s", luavalue.TypeName(row))
		}
		v = L.GetField(t, b.keyColumn)
	default:
		return "", nil
	}
	switch v := v.(type) {
	case lua.LString:
		key = string(v)
	case lua.LNumber:
		key = strconv.FormatFloat(float64(v), 'f', -1, 64)
	default:
		return "", fmt.Errorf("the row's key must be text or a number, got %s", luavalue.TypeName(v))
	}
	switch {
	case key == "":
		return "", errors.New("the row's key is empty")
	case len(key) > mostKey:
		return "", fmt.Errorf("the row's key has %d bytes, and may have %d", len(key), mostKey)
	}
	return key, nil
}
