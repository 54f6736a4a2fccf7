package luabind

import (
	"bufio"
	"errors"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/authysh/authysh/luabind/internal/luatext"
	"github.com/authysh/authysh/luabind/internal/luavalue"
	lua "github.com/yuin/gopher-lua"
)

// csvModule is csv: rows of files one by one, or of texts at once.
func csvModule(h *Host) Module {
	path := Param{Name: "path", Type: "string"}
	options := Param{Name: "options", Type: "table", Optional: true}
	reading, creating, encoding := options, options, options
	reading.Fields = optionParams[csvReadOptions]()
	creating.Fields = optionParams[csvCreateOptions]()
	encoding.Fields = optionParams[csvEncodeOptions]()
	input, output := path, path
	input.Doc = `"-" is standard input`
	output.Doc = `"-" is standard output; a new file is readable by its owner alone`
	return Module{
		Name: "csv", Doc: "Reads and writes CSV files of any size.",
		Functions: []Function{
			{
				Name: "open", Doc: "Opens a CSV file: for row in csv.open(path) do ... end.",
				Params:  []Param{input, reading},
				Returns: []Param{{Name: "reader", Type: readerType}},
				Call:    csvOpen(h),
			},
			{
				Name: "create", Doc: "Creates a CSV file, or empties the one that is there.",
				Params:  []Param{output, creating},
				Returns: []Param{{Name: "writer", Type: writerType}},
				Call:    csvCreate(h),
			},
			{
				Name: "parse", Doc: "Reads all rows of a CSV text.",
				Params:  []Param{{Name: "text", Type: "string"}, reading},
				Returns: []Param{{Name: "rows", Type: "table[]"}},
				Call:    csvParse,
			},
			{
				Name: "encode", Doc: "Gives the CSV text of a list of rows.",
				Params:  []Param{{Name: "rows", Type: "table[]", Doc: "tables by column, or lists"}, encoding},
				Returns: []Param{{Name: "text", Type: "string"}},
				Call:    csvEncode,
			},
		},
		Types: []Type{csvReaderType(), csvWriterType()},
	}
}

type csvReadOptions struct {
	Header    lua.LValue `json:"header" doc:"true: the first line has the names; false: rows are lists; or a list of names for a text without them"`
	Separator *string    `json:"separator" doc:"between fields; a comma when left out"`
	Columns   []string   `json:"columns" doc:"names that the header must have"`
	Trim      bool       `json:"trim" doc:"drop blanks around every field"`
	Comment   string     `json:"comment" doc:"a character; lines that begin with it are skipped"`
}

type csvEncodeOptions struct {
	Header    []string `json:"header" doc:"the columns in their order; by default all names of the rows, sorted"`
	Separator *string  `json:"separator" doc:"between fields; a comma when left out"`
}

// csvFormatAt reads the options of open and parse.
func csvFormatAt(L *lua.LState, i int, op string) csvFormat {
	var options csvReadOptions
	optionsAt(L, i, op, &options)
	format := csvFormat{
		separator: separatorOf(L, op, options.Separator), named: true, required: options.Columns, trim: options.Trim,
	}
	switch header := options.Header.(type) {
	case nil:
	case lua.LBool:
		format.named = bool(header)
	case *lua.LTable:
		names := struct {
			Header []string `json:"header"`
		}{}
		wrapped := L.CreateTable(0, 1)
		wrapped.RawSetString("header", header)
		if err := readOptions(op, wrapped, &names); err != nil {
			raise(L, err)
		}
		checkHeaderOption(L, op, names.Header)
		format.header = names.Header
	default:
		refuse(L, op, "header", mistyped("true, false or a list of names", header).Error())
	}
	if !format.named && len(format.required) > 0 {
		refuse(L, op, "columns", "needs a header, which header = false says there is none of")
	}
	if options.Comment != "" {
		format.comment = markOf(L, op, "comment", options.Comment)
		if format.comment == format.separator {
			refuse(L, op, "comment", "must not be the separator")
		}
	}
	return format
}

func checkHeaderOption(L *lua.LState, op string, names []string) {
	if names == nil {
		return
	}
	if len(names) == 0 {
		refuse(L, op, "header", "must have at least one name")
	}
	if err := checkCSVHeader(names); err != nil {
		refuse(L, op, "header", "must name every column once: "+err.Error())
	}
}

func separatorOf(L *lua.LState, op string, separator *string) rune {
	if separator == nil {
		return ','
	}
	return markOf(L, op, "separator", *separator)
}

// markOf is the one character of an option, which must not be one that CSV itself or trimming needs.
func markOf(L *lua.LState, op, param, text string) rune {
	r, size := utf8.DecodeRuneInString(text)
	if size == 0 || size != len(text) || r == utf8.RuneError || r == '"' || r == '\uFEFF' || r != '\t' && unicode.IsControl(r) {
		refuse(L, op, param, `must be one character such as ";" or "\t", and no quote or line break, got `+luatext.Excerpt(text))
	}
	return r
}

func csvParse(L *lua.LState) int {
	text := textAt(L, 1, "csv.parse", "text")
	format := csvFormatAt(L, 2, "csv.parse")
	rows, err := newCSVRows("", bufio.NewReader(strings.NewReader(text)), format)
	if err != nil {
		fail(L, "csv.parse", err)
	}
	list := L.NewTable()
	list.Metatable = luavalue.ArrayMetatable(L)
	made := newTally(L)
	for {
		record, err := rows.next()
		if errors.Is(err, io.EOF) {
			L.Push(list)
			made.done(L)
			return 1
		}
		if err != nil {
			fail(L, "csv.parse", err)
		}
		row := rowTable(L, rows.header, record)
		made.add(L, row)
		list.Append(row)
	}
}

func csvEncode(L *lua.LState) int {
	rows := tableAt(L, 1, "csv.encode", "rows")
	var options csvEncodeOptions
	optionsAt(L, 2, "csv.encode", &options)
	checkHeaderOption(L, "csv.encode", options.Header)
	text, err := encodeCSV(rows, separatorOf(L, "csv.encode", options.Separator), options.Header, longestText(L))
	if err != nil {
		fail(L, "csv.encode", err)
	}
	L.Push(lua.LString(text))
	return 1
}
