package luabind

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/luabind/internal/luatext"
)

// csvMaxRow bounds one row, so that a quote that is never closed does not draw the rest of a large file into memory.
const csvMaxRow = 16 << 20

// csvFormat is how a CSV text is written and what is wanted of it.
type csvFormat struct {
	separator, comment rune
	named              bool     // rows have names: those of the first line, or else header
	header             []string // given by the script; the text has no line of names
	required           []string
	trim               bool
}

// csvRows reads rows from a text.
//
// As encoding/csv has it, empty lines are skipped, and a line break inside quotes is a LF even where it was CR LF.
type csvRows struct {
	name   string // what errors call the text; may be empty
	format csvFormat
	text   *csv.Reader
	header []string // nil: rows have no names
	fields int      // how many every row has; 0 before the first
	line   int      // of the last row
	begun  bool     // rows were read
	ended  bool
}

// csvRowError is a faulty row; the rows after it can still be read.
type csvRowError struct {
	name   string
	line   int
	reason string
}

// Error names the text and the line.
func (e *csvRowError) Error() string { return csvPlace(e.name, e.line) + ": " + e.reason }

func csvPlace(name string, line int) string {
	return strings.TrimSpace(name + " line " + strconv.Itoa(line))
}

// newCSVRows reads what comes before the first row: a byte order mark and the names of the columns.
func newCSVRows(name string, r *bufio.Reader, format csvFormat) (*csvRows, error) {
	if err := skipByteOrderMark(r); err != nil {
		return nil, (&csvRows{name: name}).named(err)
	}
	text := csv.NewReader(r)
	text.Comma, text.Comment = format.separator, format.comment
	text.FieldsPerRecord, text.ReuseRecord = -1, true
	text.TrimLeadingSpace = format.trim
	c := &csvRows{name: name, format: format, text: text}
	if !format.named {
		return c, nil
	}
	c.header = format.header
	if c.header == nil {
		record, err := c.record()
		switch {
		case errors.Is(err, io.EOF):
			return nil, c.named(errors.New("is empty, want a first line with the names of the columns"))
		case err != nil:
			return nil, err
		}
		c.header = slices.Clone(record)
		if slices.ContainsFunc(c.header, func(name string) bool { return strings.Contains(name, "\r") }) {
			return nil, c.named(errors.New("ends its lines with CR alone, as old Macs did: convert it to LF or CR LF"))
		}
		if err := checkCSVHeader(c.header); err != nil {
			return nil, &csvRowError{name, c.line, err.Error()}
		}
	}
	c.fields = len(c.header)
	return c, c.checkRequired()
}

// skipByteOrderMark skips that of UTF-8, and refuses UTF-16, which Excel calls "Unicode text".
func skipByteOrderMark(r *bufio.Reader) error {
	start, err := r.Peek(3)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	switch mark := string(start); {
	case mark == "\uFEFF":
		_, err := r.Discard(3)
		return err
	case strings.HasPrefix(mark, "\xFF\xFE"), strings.HasPrefix(mark, "\xFE\xFF"), strings.HasPrefix(mark, "\x00"), strings.HasPrefix(mark[min(1, len(mark)):], "\x00"):
		return errors.New(`is UTF-16, want UTF-8: save it as "CSV UTF-8"`)
	}
	return nil
}

// checkCSVHeader refuses names by which a column could not be told from another.
func checkCSVHeader(names []string) error {
	seen := make(map[string]int, len(names))
	for i, name := range names {
		first, twice := seen[name]
		switch {
		case strings.TrimSpace(name) == "":
			return fmt.Errorf("column %d has no name", i+1)
		case twice:
			return fmt.Errorf("columns %d and %d are both named %s", first+1, i+1, luatext.Excerpt(name))
		}
		seen[name] = i
	}
	return nil
}

// checkRequired refuses a text that lacks a column; it suggests a near name, and lists what there is.
func (c *csvRows) checkRequired() error {
	for _, name := range c.format.required {
		if slices.Contains(c.header, name) {
			continue
		}
		reason := "has no column " + luatext.Excerpt(name)
		if near := authy.Nearest(strings.TrimSpace(name), c.header); near != "" {
			reason += ", did you mean " + luatext.Excerpt(near) + "?"
		}
		return c.named(errors.New(reason + "; its columns are " + listNames(c.header)))
	}
	return nil
}

// listNames lists names for an error, the first 20 of them.
func listNames(names []string) string {
	const most = 20
	list := make([]string, 0, most)
	for _, name := range names[:min(most, len(names))] {
		list = append(list, luatext.Excerpt(name))
	}
	if len(names) > most {
		list = append(list, "…")
	}
	return strings.Join(list, ", ")
}

func (c *csvRows) named(err error) error {
	if c.name == "" {
		return fmt.Errorf("the text %w", err)
	}
	return fmt.Errorf("%s: %w", c.name, err)
}

// next is the next row, valid until the row after it is read; [io.EOF] at the end. After a [*csvRowError] reading can go
// on; after any other error the text is at its end, so that a loop that skips failed rows cannot run forever.
func (c *csvRows) next() ([]string, error) {
	c.begun = true
	record, err := c.record()
	switch {
	case err != nil:
		return nil, err
	case c.fields == 0:
		c.fields = len(record)
	case len(record) != c.fields:
		return nil, c.wrongCount(len(record))
	}
	return record, nil
}

func (c *csvRows) wrongCount(got int) error {
	want := fmt.Sprintf("want %d as in the first row", c.fields)
	if c.header != nil {
		want = fmt.Sprintf("want %d: %s", c.fields, listNames(c.header))
	}
	plural := "s"
	if got == 1 {
		plural = ""
	}
	return &csvRowError{c.name, c.line, fmt.Sprintf("row has %d field%s, %s", got, plural, want)}
}

// record is the next record, of any number of fields.
func (c *csvRows) record() ([]string, error) {
	if c.ended {
		return nil, io.EOF
	}
	record, err := c.text.Read()
	if fault, ok := errors.AsType[*csv.ParseError](err); ok {
		c.line = fault.StartLine
		return nil, &csvRowError{c.name, fault.StartLine, quoteFault(fault)}
	}
	if err != nil {
		c.ended = true
		return nil, c.readFault(err)
	}
	c.line, _ = c.text.FieldPos(0)
	for i, field := range record {
		if !utf8.ValidString(field) {
			line, _ := c.text.FieldPos(i)
			return nil, &csvRowError{c.name, line, fmt.Sprintf("%s is not UTF-8; is the text in another encoding?", c.column(i))}
		}
		if c.format.trim {
			record[i] = strings.TrimSpace(field)
		}
	}
	return record, nil
}

func (c *csvRows) column(i int) string {
	if i < len(c.header) {
		return "column " + luatext.Excerpt(c.header[i])
	}
	return "column " + strconv.Itoa(i+1)
}

// readFault passes the end and an interruption on as they are.
func (c *csvRows) readFault(err error) error {
	switch {
	case errors.Is(err, io.EOF) || isCanceled(err):
		return err
	case errors.Is(err, errRowTooLong):
		return fmt.Errorf("%s: the row after it is longer than %d MiB; is a quote not closed?", csvPlace(c.name, c.line), csvMaxRow>>20)
	}
	return c.named(err)
}

func quoteFault(fault *csv.ParseError) string {
	at := ""
	if fault.Line != fault.StartLine {
		at = fmt.Sprintf(" (line %d)", fault.Line)
	}
	if errors.Is(fault.Err, csv.ErrBareQuote) {
		return fmt.Sprintf("has a quote inside a field at byte %d%s: put the whole field in quotes, and double those in it", fault.Column, at)
	}
	return fmt.Sprintf("has a field in quotes that does not end well at byte %d%s: close it, and double the quotes in it", fault.Column, at)
}
