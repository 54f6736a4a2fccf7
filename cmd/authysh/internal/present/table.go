package present

import (
	"encoding/csv"
	"reflect"
	"slices"
	"strings"

	"github.com/authysh/authysh/authy"
)

// The table: a row per member of a list, columns aligned and two spaces apart, so that awk can take it apart. On a
// terminal it keeps within the width; what it has to cut ends in "…".

const gap = 2 // columns between columns

// tableOf writes a tree as a table. The fields tell which member of an answer is its list.
func (p *pen) tableOf(tree any, fields []authy.Field) {
	if o, ok := tree.(object); ok {
		if list, members, ok := soleList(o, fields); ok {
			p.rowsOf(list, members)
			return
		}
		var rows [][]string
		for _, m := range flatten("", o) {
			rows = append(rows, []string{m.name, cell(m.value)})
		}
		if len(rows) > 0 {
			p.table([]string{"name", "value"}, rows)
		}
		return
	}
	if list, ok := tree.([]any); ok {
		p.rowsOf(list, nil)
		return
	}
	p.WriteString(cell(tree) + "\n")
}

// soleList is the list of objects that an answer is about: the only one on its top level.
func soleList(o object, fields []authy.Field) (list []any, members []authy.Field, found bool) {
	for _, m := range o {
		items, ok := m.value.([]any)
		var about []authy.Field
		for _, f := range fields {
			if f.Name == m.name && f.Type.Kind() == reflect.Slice {
				about = f.Fields
			}
		}
		ofObjects := len(items) > 0 && !slices.ContainsFunc(items, func(item any) bool { _, is := item.(object); return !is })
		if !ok || !ofObjects && about == nil {
			continue
		}
		if found {
			return nil, nil, false
		}
		list, members, found = items, about, true
	}
	return list, members, found
}

// rowsOf writes a row per item. The fields, if there are any, are the columns of an empty list.
func (p *pen) rowsOf(items []any, fields []authy.Field) {
	var head []string
	flat := make([]object, len(items))
	for i, item := range items {
		o, ok := item.(object)
		if !ok {
			o = object{{"value", item}}
		}
		flat[i] = flatten("", o)
		for _, m := range flat[i] {
			if !slices.Contains(head, m.name) {
				head = append(head, m.name)
			}
		}
	}
	if len(items) == 0 {
		for _, f := range fields {
			head = append(head, f.Name)
		}
	}
	if len(head) == 0 {
		return
	}
	rows := make([][]string, len(flat))
	for i, o := range flat {
		rows[i] = make([]string, len(head))
		for _, m := range o {
			rows[i][slices.Index(head, m.name)] = cell(m.value)
		}
	}
	p.table(head, rows)
}

// flatten joins the names of nested objects with dots.
func flatten(prefix string, o object) object {
	var flat object
	for _, m := range o {
		name := prefix + m.name
		if inner, ok := m.value.(object); ok && len(inner) > 0 {
			flat = append(flat, flatten(name+".", inner)...)
		} else {
			flat = append(flat, member{name, m.value})
		}
	}
	return flat
}

// cell is a value in a table: exact, for programs may read it.
func cell(value any) string {
	if value == nil {
		return ""
	}
	return oneLine(string(appendBare(nil, value)))
}

// table writes rows below a head, or where they have no room at all, each row as lines.
func (p *pen) table(head []string, rows [][]string) {
	if p.csv {
		p.commas(head, rows)
		return
	}
	const least = 8 // columns, below which a column says nothing
	needed := 0
	for _, width := range widths(head, rows) {
		needed += min(width, least) + gap
	}
	if p.width == 0 || needed-gap <= p.width {
		p.grid(head, rows, 0)
		return
	}
	for i, row := range rows {
		if i > 0 {
			p.WriteString("\n")
		}
		var o object
		for j, text := range row {
			if j < len(head) {
				o = append(o, member{head[j], text})
			}
		}
		p.object(o, 0)
	}
}

// commas writes a table for spreadsheets, every row as long as the head.
func (p *pen) commas(head []string, rows [][]string) {
	w := csv.NewWriter(p)
	for _, row := range append([][]string{head}, rows...) {
		line := make([]string, len(head))
		for i, text := range row[:min(len(row), len(head))] {
			line[i] = oneLine(text)
		}
		_ = w.Write(line) // a buffer takes everything
	}
	w.Flush()
}

func widths(head []string, rows [][]string) []int {
	all := make([]int, len(head))
	for _, row := range append([][]string{head}, rows...) {
		for i, text := range row {
			if i < len(all) {
				all[i] = max(all[i], columns(oneLine(text)), 1)
			}
		}
	}
	return all
}

// fits reports whether a table keeps within the terminal uncut, or within what is readable elsewhere.
func (p *pen) fits(head []string, rows [][]string, indent int) bool {
	needed := indent - gap
	for _, width := range widths(head, rows) {
		needed += width + gap
	}
	limit := p.width
	if limit == 0 {
		limit = 120
	}
	return needed <= limit
}

// grid writes aligned columns, the widest ones cut as far as the terminal demands.
func (p *pen) grid(head []string, rows [][]string, indent int) {
	width := widths(head, rows)
	for p.width > 0 {
		total, widest := indent-gap, 0
		for i, w := range width {
			total += w + gap
			if w > width[widest] {
				widest = i
			}
		}
		if total <= p.width || width[widest] == 1 {
			break
		}
		width[widest]--
	}
	for i, row := range append([][]string{head}, rows...) {
		var line strings.Builder
		for j := range width {
			text := ""
			if j < len(row) {
				text = oneLine(row[j])
			}
			if text == "" {
				text = "-"
			}
			line.WriteString(pad(shorten(text, width[j]), width[j]+gap))
		}
		p.spaces(indent)
		s := plain
		if i == 0 {
			s = bold
		}
		p.put(strings.TrimRight(line.String(), " "), s)
		p.WriteString("\n")
	}
}
