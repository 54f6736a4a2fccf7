package luabind

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

const readerType = "csv.Reader"

// csvReader is what csv.open gives.
type csvReader struct {
	rows   *csvRows
	in     *input
	file   *os.File // nil for standard input, and when closed
	header *lua.LTable
	closed bool
}

// csvReaderType describes the readers to help and editors, and makes their metatable.
func csvReaderType() Type {
	return Type{
		Name: readerType, Doc: "The rows of a CSV file, read one by one.",
		Methods: []Function{
			{
				Name: "read", Doc: "Gives the next row, nil at the end; raises for a faulty row.",
				Returns: []Param{{Name: "row", Type: "table", Doc: "fields by column, or by number without header", Optional: true}},
				Call:    func(L *lua.LState) int { return checkReader(L, 1).read(L) },
			},
			{
				Name: "rows", Doc: "Gives an iterator over the rows, for a for loop.",
				Returns: []Param{{Name: "next", Type: "function"}},
				Call: func(L *lua.LState) int {
					reader := checkReader(L, 1)
					L.Push(L.NewFunction(reader.read))
					return 1
				},
			},
			{
				Name: "line", Doc: "Gives the line in the file where the last row began.",
				Returns: []Param{{Name: "line", Type: "integer", Doc: "faulty rows count; 0 before anything was read"}},
				Call: func(L *lua.LState) int {
					L.Push(lua.LNumber(checkReader(L, 1).rows.line))
					return 1
				},
			},
			{
				Name: "close", Doc: "Closes the file; the end of the rows does too.",
				Call: func(L *lua.LState) int {
					reader := checkReader(L, 1)
					reader.closed = true
					reader.release()
					return 0
				},
			},
		},
		Fields: []Param{{Name: "header", Type: "string[]", Doc: "the names of the columns; nil without header", Optional: true}},
	}
}

// readerMetatable lets a reader be called, so that it serves a for loop, and shows its field.
func readerMetatable(L *lua.LState) *lua.LTable {
	mt := csvReaderType().metatable(L)
	methods, ok := mt.RawGetString("__index").(*lua.LTable)
	if !ok {
		return mt
	}
	mt.RawSetString("__index", L.NewFunction(func(L *lua.LState) int {
		if L.Get(2) == lua.LString("header") {
			if reader := checkReader(L, 1); reader.header != nil {
				L.Push(reader.header)
				return 1
			}
		}
		L.Push(methods.RawGet(L.Get(2)))
		return 1
	}))
	mt.RawSetString("__call", methods.RawGetString("read"))
	return mt
}

func checkReader(L *lua.LState, i int) *csvReader {
	if data, ok := L.Get(i).(*lua.LUserData); ok {
		if reader, ok := data.Value.(*csvReader); ok {
			return reader
		}
	}
	L.ArgError(i, "csv.Reader expected, got "+L.Get(i).Type().String()+" (call methods with a colon, as in reader:read())")
	return nil
}

// csvOpen is csv.open.
func csvOpen(h *Host) lua.LGFunction {
	return func(L *lua.LState) int {
		path := textAt(L, 1, "csv.open", "path")
		format := csvFormatAt(L, 2, "csv.open")
		reader := &csvReader{}
		name := path
		if path == "-" {
			reader.in, name = streamsOf(L, h).in, "standard input"
		} else {
			var err error
			h.Wait(L, func(context.Context) { reader.file, err = openCSV(path) })
			if err != nil {
				fail(L, "csv.open", err)
			}
			reader.in = newInput(h, reader.file)
			openFilesOf(L).reading(reader)
		}
		var err error
		reader.use(L, func(r *bufio.Reader) { reader.rows, err = newCSVRows(name, r, format) })
		if err != nil {
			reader.release()
			raiseCSV(L, "csv.open", err)
		}
		reader.header = headerTable(L, reader.rows.header)
		L.Push(&lua.LUserData{Value: reader, Metatable: readerMetatable(L), Env: L.Env})
		return 1
	}
}

// headerTable is the names of the columns as a list.
func headerTable(L *lua.LState, header []string) *lua.LTable {
	if header == nil {
		return nil
	}
	list := L.CreateTable(len(header), 0)
	for _, name := range header {
		list.Append(lua.LString(name))
	}
	return list
}

// use reads from the file on behalf of one task, within the bound of a row.
func (c *csvReader) use(L *lua.LState, f func(r *bufio.Reader)) {
	c.in.use(L, func(r *bufio.Reader) {
		c.in.quota = csvMaxRow
		defer func() { c.in.quota = -1 }()
		f(r)
	})
}

// read pushes the next row: nothing but nil at the end, where the file is closed.
func (c *csvReader) read(L *lua.LState) int {
	if c.closed {
		L.RaiseError("%s: %s was closed", readerType, c.rows.name)
	}
	var record []string
	var row *lua.LTable
	var err error
	c.use(L, func(*bufio.Reader) {
		if record, err = c.rows.next(); err == nil {
			row = rowTable(L, c.rows.header, record) // the record is the reader's: make the row while it is our turn
		}
	})
	switch {
	case errors.Is(err, io.EOF):
		c.release()
		L.Push(lua.LNil)
		return 1
	case err != nil:
		if c.rows.ended {
			c.release()
		}
		raiseCSV(L, readerType, err)
	}
	L.Push(row)
	return 1
}

// rowTable makes a row: by the names of the columns, or as a list.
func rowTable(L *lua.LState, header, record []string) *lua.LTable {
	if header == nil {
		row := L.CreateTable(len(record), 0)
		for _, field := range record {
			row.Append(lua.LString(field))
		}
		return row
	}
	row := L.CreateTable(0, len(record))
	for i, field := range record {
		row.RawSetString(header[i], lua.LString(field))
	}
	return row
}

// release closes the file; standard input stays open for others.
func (c *csvReader) release() {
	if c.file != nil {
		_ = c.file.Close()
		c.file = nil
	}
}

func raiseCSV(L *lua.LState, op string, err error) {
	if isCanceled(err) {
		L.RaiseError("canceled")
	}
	fail(L, op, err)
}

// openCSV opens a file to read; a folder is refused here, where the error can say so.
func openCSV(path string) (*os.File, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	if info, err := file.Stat(); err == nil && info.IsDir() {
		_ = file.Close()
		return nil, errors.New("open " + strings.TrimSpace(path) + ": is a folder, want a file")
	}
	return file, nil
}
