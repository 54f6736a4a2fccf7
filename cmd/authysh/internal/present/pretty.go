package present

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/authysh/authysh/authy"
)

// The form for people. Members stand below each other, their names aligned and as scripts and queries spell them; what
// is empty is left out. Nothing is wider than the terminal, and nothing that the service sent steers it.

// style is how a terminal shows a piece of text.
type style string

const (
	plain   style = ""
	bold    style = "1"
	faint   style = "2"
	numeric style = "36"
	truth   style = "35"
)

// pen writes for people.
type pen struct {
	bytes.Buffer
	width int // 0 is any
	depth int // branches that are being written
	color bool
	csv   bool // tables are for spreadsheets
	now   time.Time
	times map[string]bool // members that are times by the catalogue
}

func (p *Printer) pen(fields []authy.Field) *pen {
	return &pen{width: p.options.Width, color: p.options.Color, csv: p.options.Form == CSV, now: p.options.Now(), times: timeNames(fields)}
}

func (p *pen) put(text string, s style) {
	if p.color && s != plain && text != "" {
		text = "\x1b[" + string(s) + "m" + text + "\x1b[0m"
	}
	p.WriteString(text)
}

func (p *pen) spaces(n int) { p.WriteString(strings.Repeat(" ", n)) }

// value writes a whole result.
func (p *pen) value(tree any) {
	switch v := tree.(type) {
	case object:
		if !slices.ContainsFunc(v, shows) {
			p.put("nothing", faint)
			p.WriteString("\n")
			return
		}
		p.object(v, 0)
	case []any:
		p.list(v, 0)
	default:
		p.lines(p.scalar("", v), 0)
	}
}

// shows reports whether a member says something.
func shows(m member) bool {
	switch v := m.value.(type) {
	case nil:
		return false
	case string:
		return v != ""
	case object:
		return slices.ContainsFunc(v, shows)
	}
	return true
}

// phrase is a value on one line, perhaps with a remark.
type phrase struct {
	text, remark string
	style        style
}

func (f phrase) String() string {
	if f.remark == "" {
		return f.text
	}
	return f.text + " (" + f.remark + ")"
}

// scalar is a value without branches; name is whose value it is.
func (p *pen) scalar(name string, value any) phrase {
	switch v := value.(type) {
	case nil:
		return phrase{text: "-", style: faint}
	case bool:
		if v {
			return phrase{text: "yes", style: truth}
		}
		return phrase{text: "no", style: truth}
	case json.Number:
		if string(v) == "0" && p.times[name] {
			return phrase{text: "-", style: faint} // there was no such time yet
		}
		f := phrase{text: string(v), style: numeric}
		if at, ok := p.time(name, string(v)); ok {
			f.remark = at.UTC().Format("2006-01-02 15:04:05") + " UTC, " + inWords(at, p.now)
		}
		return f
	case string:
		f := phrase{text: WithoutControls(v)}
		if at, ok := p.time(name, v); ok {
			f.remark = inWords(at, p.now)
		}
		return f
	}
	return phrase{text: WithoutControls(string(appendJSON(nil, value)))}
}

func (p *pen) time(name, text string) (time.Time, bool) {
	sure := p.times[name]
	if !sure && !namesTime(name) {
		return time.Time{}, false
	}
	return timeIn(text, sure)
}

// deepest is how many branches may stand within each other; those beyond are written as JSON, as a small answer can be
// nested ten thousand deep.
const deepest = 20

// inline is a member's value where that has its place beside the name: what has branches has not, unless it is deep in
// the tree.
func (p *pen) inline(m member) (phrase, bool) {
	if p.depth >= deepest && composite(m.value) {
		return p.scalar("", m.value), true
	}
	switch v := m.value.(type) {
	case object:
		return phrase{}, false
	case []any:
		if len(v) == 0 {
			return phrase{text: "none", style: faint}, true
		}
		if slices.ContainsFunc(v, composite) {
			return phrase{}, false
		}
		texts := make([]string, len(v))
		for i, item := range v {
			texts[i] = p.scalar("", item).text
		}
		return phrase{text: strings.Join(texts, ", ")}, true
	}
	return p.scalar(m.name, m.value), true
}

// object writes the members of an object, each on lines of its own. Values that have no place in a narrow column stand
// below their names.
func (p *pen) object(o object, indent int) {
	const narrow = 20
	p.depth++
	defer func() { p.depth-- }()
	names := 0
	for _, m := range o {
		if _, beside := p.inline(m); beside && shows(m) {
			names = max(names, columns(oneLine(m.name)))
		}
	}
	column := indent + names + gap
	for _, m := range o {
		if !shows(m) {
			continue
		}
		name := oneLine(m.name)
		p.spaces(indent)
		f, beside := p.inline(m)
		if room := p.width - column; beside && (p.width == 0 || columns(f.String()) <= room || room >= narrow && widestWord(f.String()) <= room) {
			p.put(name, bold)
			p.spaces(column - indent - columns(name))
			p.lines(f, column)
			continue
		}
		p.lines(phrase{text: name, style: bold}, indent)
		inner := p.deeper(indent)
		switch v := m.value.(type) {
		case object:
			if !beside {
				p.object(v, inner)
				continue
			}
		case []any:
			if !beside {
				p.list(v, inner)
				continue
			}
		}
		p.spaces(inner)
		p.lines(f, inner)
	}
}

// deeper is the indentation of what belongs to a line; a narrow terminal has room for a few levels only.
func (p *pen) deeper(indent int) int {
	if p.width > 0 && p.width-indent < 12 {
		return indent
	}
	return indent + 2
}

// lines writes a value whose first line has begun at a column. Far to the right it uses more than its share.
func (p *pen) lines(f phrase, column int) {
	const least = 8
	width := 0
	if p.width > 0 {
		width = max(least, p.width-column)
	}
	lines := wrap(f.String(), width)
	if len(lines) == 1 && f.remark != "" {
		p.put(f.text, f.style)
		p.put(" ("+f.remark+")", faint)
		p.WriteString("\n")
		return
	}
	for i, line := range lines {
		if i > 0 && line != "" {
			p.spaces(column)
		}
		p.put(line, f.style)
		p.WriteString("\n")
	}
}

// list writes a list: texts below each other, objects as a table where that has room.
func (p *pen) list(items []any, indent int) {
	if len(items) == 0 {
		p.spaces(indent)
		p.put("none", faint)
		p.WriteString("\n")
		return
	}
	if head, rows, ok := p.flatRows(items); ok && p.fits(head, rows, indent) {
		p.grid(head, rows, indent)
		return
	}
	p.depth++
	defer func() { p.depth-- }()
	marked := slices.ContainsFunc(items, composite)
	for i, item := range items {
		if _, after := item.(object); after && i > 0 {
			if _, between := items[i-1].(object); between {
				p.WriteString("\n")
			}
		}
		if !marked {
			p.spaces(indent)
			p.lines(p.scalar("", item), indent)
			continue
		}
		at := p.Len()
		p.item(item, indent+2)
		p.Bytes()[at+indent] = '-' // in the place of a space
	}
}

// item writes one of several that are told apart by a mark.
func (p *pen) item(item any, indent int) {
	o, isObject := item.(object)
	list, isList := item.([]any)
	switch {
	case isObject && slices.ContainsFunc(o, shows) && p.depth < deepest:
		p.object(o, indent)
	case isList && p.depth < deepest:
		p.list(list, indent)
	default:
		p.spaces(indent)
		p.lines(p.scalar("", item), indent)
	}
}

// flatRows are the rows of a small table, if no item has branches.
func (p *pen) flatRows(items []any) (head []string, rows [][]string, ok bool) {
	for _, item := range items {
		o, isObject := item.(object)
		if !isObject {
			return nil, nil, false
		}
		for _, m := range o {
			if _, beside := p.inline(m); !beside {
				return nil, nil, false
			}
			if !slices.Contains(head, m.name) && shows(m) {
				head = append(head, m.name)
			}
		}
	}
	for _, item := range items {
		row := make([]string, len(head))
		for _, m := range item.(object) {
			if i := slices.Index(head, m.name); i >= 0 && shows(m) {
				f, _ := p.inline(m)
				row[i] = f.String()
			}
		}
		rows = append(rows, row)
	}
	return head, rows, len(head) > 0
}
