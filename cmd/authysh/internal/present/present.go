// Package present shows the result of a command: as text for people, as JSON, YAML or a table for programs, or as the
// part of it that a JMESPath query or a Go template picks.
//
// A [Printer] is made before the command does its work, so that a broken query is found while nothing has been done yet.
// The package knows no process: where to write, how wide the terminal is and whether it takes colours is told to it.
package present

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/authysh/authysh/authy"
)

// The forms of a result.
const (
	Pretty = "pretty" // for people
	JSON   = "json"   // compact, on one line
	YAML   = "yaml"
	Table  = "table" // a row per member of a list
	CSV    = "csv"   // that table for spreadsheets, uncut
	Raw    = "raw"   // the answer as it came; with a query, texts without quotes
)

// Forms lists the forms in the order of the help.
func Forms() []string { return []string{Pretty, JSON, YAML, Table, CSV, Raw} }

// Options say how results are shown.
type Options struct {
	// Form is one of [Forms]; empty is [JSON]. Another one is that of Render.
	Form string
	// Render makes the text of a form that is none of [Forms]: of the result, or of what the query picked, as encoding/json
	// decodes it, with numbers as json.Number.
	Render func(value any) (string, error)
	// Query is a JMESPath expression; what it picks is shown instead of the result. Empty is none.
	Query string
	// Template is a Go template, which takes the place of a form. Empty is none.
	Template string
	// Color permits escape sequences in the forms for people.
	Color bool
	// Width is the columns of the terminal that shows the result; 0 is no terminal, and lines of any length.
	Width int
	// Now is the present, for times in words; time.Now by default.
	Now func() time.Time
}

// OptionError is an option that makes no sense, or that cannot be applied to the result at hand.
type OptionError struct {
	Option string // as in --help, without dashes
	Reason string // reads on after the option
	Hint   string // what to do about it; may be empty
}

// Error names the option and what is wrong with it.
func (e *OptionError) Error() string { return "--" + e.Option + " " + e.Reason }

// Result is what a command has to show.
type Result struct {
	// Value is the result as JSON has it: anything that encoding/json takes.
	Value any
	// Fields describe the value, where it comes from an operation of the catalogue.
	Fields []authy.Field
	// Raw is the service's answer as it came.
	Raw []byte
	// Pretty writes the result for people; by default its members are listed.
	Pretty func(io.Writer)
	// Head and Rows are the table; by default it follows from the value.
	Head []string
	Rows [][]string
}

// Printer shows results in the way that its options say. It is safe for concurrent use.
type Printer struct {
	options  Options
	query    *query
	template *layout
}

// New makes a printer; its error is an [*OptionError].
func New(o Options) (*Printer, error) {
	p := &Printer{options: o}
	if o.Template != "" {
		switch {
		case o.Query != "":
			return nil, &OptionError{"query", "and --template contradict each other: a template picks by itself", "leave one of them out"}
		case o.Form != "":
			return nil, &OptionError{"template", "and --output contradict each other: a template is a form of its own", "leave one of them out"}
		}
	}
	if p.options.Form == "" {
		p.options.Form = JSON
	}
	if !slices.Contains(Forms(), p.options.Form) && o.Render == nil {
		return nil, fmt.Errorf("present: no form %q", p.options.Form)
	}
	if p.options.Now == nil {
		p.options.Now = time.Now
	}
	var err error
	if o.Query != "" {
		if p.query, err = compileQuery(o.Query); err != nil {
			return nil, err
		}
	}
	if o.Template != "" {
		if p.template, err = p.compileTemplate(o.Template); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// Picks reports whether a query or a template shows a part of the result only.
func (p *Printer) Picks() bool { return p.query != nil || p.template != nil }

// Print writes a result. What cannot be shown is an [*OptionError], and then nothing has been written.
func (p *Printer) Print(w io.Writer, r Result) error {
	text, err := p.text(r)
	if err != nil {
		return err
	}
	_, err = w.Write(text)
	return err
}

func (p *Printer) text(r Result) ([]byte, error) {
	form := p.options.Form
	switch {
	case p.Picks():
	case form == JSON:
		return encode(r.Value)
	case form == Raw && r.Raw != nil:
		return p.raw(r.Raw), nil
	case form == Pretty && r.Pretty != nil:
		var b bytes.Buffer
		r.Pretty(&b)
		return b.Bytes(), nil
	case (form == Table || form == CSV) && r.Head != nil:
		pen := p.pen(r.Fields)
		pen.table(r.Head, r.Rows)
		return pen.Bytes(), nil
	}
	value, err := treeOf(r.Value)
	if err != nil {
		return nil, err
	}
	if p.template != nil {
		return p.template.apply(value, r.Fields)
	}
	fields := r.Fields
	if p.query != nil {
		if value, err = p.query.apply(value); err != nil {
			return nil, err
		}
		fields = nil // what is picked has a shape of its own
	}
	if p.options.Render != nil && !slices.Contains(Forms(), form) {
		return p.rendered(value)
	}
	switch form {
	case YAML:
		return encodeYAML(value)
	case Raw:
		return bare(value), nil
	case Table, CSV:
		pen := p.pen(r.Fields)
		pen.tableOf(value, fields)
		return pen.Bytes(), nil
	case Pretty:
		pen := p.pen(r.Fields)
		pen.value(value)
		return pen.Bytes(), nil
	}
	return append(appendJSON(nil, value), '\n'), nil
}

// rendered is a value in a form of the caller's. What a terminal would obey is left out of it.
func (p *Printer) rendered(value any) ([]byte, error) {
	decoder := json.NewDecoder(bytes.NewReader(appendJSON(nil, value)))
	decoder.UseNumber()
	var plain any
	if err := decoder.Decode(&plain); err != nil {
		return nil, fmt.Errorf("cannot show the result: %w", err)
	}
	text, err := p.options.Render(plain)
	if err != nil {
		return nil, err
	}
	if text = WithoutControls(text); !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	return []byte(text), nil
}

// raw is an answer byte for byte; on a terminal the line is ended, so that the prompt has its own.
func (p *Printer) raw(answer []byte) []byte {
	if p.options.Width > 0 && !bytes.HasSuffix(answer, []byte("\n")) {
		return append(slices.Clone(answer), '\n')
	}
	return answer
}

// bare is a value for shell scripts: texts without quotes, the texts and numbers of a list on lines of their own.
func bare(value any) []byte {
	items, list := value.([]any)
	if !list || slices.ContainsFunc(items, composite) {
		return append(appendBare(nil, value), '\n')
	}
	var lines []byte
	for _, item := range items {
		lines = append(appendBare(lines, item), '\n')
	}
	return lines
}

func appendBare(b []byte, value any) []byte {
	if text, ok := value.(string); ok {
		return append(b, text...)
	}
	return appendJSON(b, value)
}

// ForPeople reports whether results are shown whole, in the form for people.
func (p *Printer) ForPeople() bool {
	return p.options.Form == Pretty && p.query == nil && p.template == nil
}
