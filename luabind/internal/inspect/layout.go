package inspect

import "strings"
import "github.com/authysh/authysh/luabind/internal/luatext"

// indentation of one level.
const indentation = "  "

// layout writes the values at the top: on one line, or each on its own.
func (p *Printer) layout(all *node) string {
	if text, ok := all.flatParts(p.Width); ok {
		return text
	}
	var b strings.Builder
	last := len(all.parts) - 1
	for i, part := range all.parts {
		end := ","
		if i == last {
			end = ""
		}
		p.write(&b, part.value, "", 0, end)
		if i < last {
			b.WriteByte('\n')
		}
	}
	if all.more != "" {
		b.WriteString("\n-- " + all.more)
	}
	return b.String()
}

// flat is a node on one line, if that has no more than width columns.
func (n *node) flat(width int) (string, bool) {
	if n.hint || n.isTabular() {
		return "", false
	}
	text := n.text
	if n.table {
		inner, ok := n.flatParts(width)
		if !ok {
			return "", false
		}
		if inner == "" {
			text += "{}"
		} else {
			text += "{ " + inner + " }"
		}
	}
	if n.note != "" {
		text = strings.TrimPrefix(text+" "+luatext.Comment(n.note), " ")
	}
	return text, luatext.Columns(text) <= width
}

// flatParts is what stands between the braces.
func (n *node) flatParts(width int) (string, bool) {
	var b strings.Builder
	used := 0
	for i, part := range n.parts {
		text, ok := part.value.flat(width)
		if !ok {
			return "", false
		}
		if part.key != "" {
			text = part.key + " = " + text
		}
		separator := ", "
		if i == 0 {
			separator = ""
		} else if n.parts[i-1].value.onlyNote() {
			separator = " "
		}
		if used += luatext.Columns(separator) + luatext.Columns(text); used > width {
			return "", false
		}
		b.WriteString(separator + text)
	}
	if n.more != "" {
		if b.Len() > 0 {
			b.WriteString(" ")
		}
		b.WriteString(luatext.Comment(n.more))
	}
	return b.String(), luatext.Columns(b.String()) <= width
}

// onlyNote reports whether a node is a comment and no value.
func (n *node) onlyNote() bool { return !n.table && n.text == "" }

func (n *node) flatOr(otherwise string) string {
	const width = 60
	if text, ok := n.flat(width); ok {
		return text
	}
	return otherwise
}

// write writes a node whose first line begins after taken columns and ends with end, a comma or nothing.
func (p *Printer) write(b *strings.Builder, n *node, indent string, taken int, end string) {
	room := p.Width - luatext.Columns(indent) - taken - len(end)
	if text, ok := n.flat(room); ok {
		b.WriteString(text)
		if !n.onlyNote() {
			b.WriteString(end)
		}
		return
	}
	if !n.table {
		b.WriteString(n.text)
		if !n.onlyNote() {
			b.WriteString(end)
		}
		if n.note != "" {
			b.WriteString(" -- " + n.note)
		}
		return
	}
	b.WriteString(n.text + "{")
	if n.note != "" {
		b.WriteString(" -- " + n.note)
	}
	b.WriteByte('\n')
	inner := indent + indentation
	switch rows := n.rows(p.Width - luatext.Columns(inner)); {
	case rows != nil:
		for _, row := range rows {
			b.WriteString(inner + row + "\n")
		}
	case n.isFill():
		p.fill(b, n, inner)
	default:
		p.block(b, n, inner)
	}
	if n.more != "" {
		b.WriteString(inner + "-- " + n.more + "\n")
	}
	b.WriteString(indent + "}" + end)
}

// block writes each part on a line of its own, the signs = below each other.
func (p *Printer) block(b *strings.Builder, n *node, indent string) {
	const most = 32
	width := 0
	for _, part := range n.parts {
		if w := luatext.Columns(part.key); w <= most {
			width = max(width, w)
		}
	}
	for _, part := range n.parts {
		b.WriteString(indent)
		taken := 0
		if part.key != "" {
			key := luatext.Padded(part.key, width) + " = "
			b.WriteString(key)
			taken = luatext.Columns(key)
		}
		p.write(b, part.value, indent, taken, ",")
		b.WriteByte('\n')
	}
}

// isFill reports whether a node is a list of short values, several of which share a line.
func (n *node) isFill() bool {
	const longest = 24
	for _, part := range n.parts {
		if part.key != "" || part.value.table || part.value.note != "" || luatext.Columns(part.value.text) > longest {
			return false
		}
	}
	return len(n.parts) > 1
}

func (p *Printer) fill(b *strings.Builder, n *node, indent string) {
	used := 0
	for _, part := range n.parts {
		text := part.value.text + ","
		switch {
		case used == 0:
			b.WriteString(indent)
			used = luatext.Columns(indent)
		case used+1+luatext.Columns(text) > p.Width:
			b.WriteString("\n" + indent)
			used = luatext.Columns(indent)
		default:
			b.WriteByte(' ')
			used++
		}
		b.WriteString(text)
		used += luatext.Columns(text)
	}
	b.WriteByte('\n')
}

// rows writes a list of records below each other, a column for each name; nil when the records differ too much or are
// too wide.
func (n *node) rows(width int) []string {
	if len(n.parts) < 2 {
		return nil
	}
	var names []string
	index := map[string]int{}
	cells := make([][]string, len(n.parts))
	for i, part := range n.parts {
		if part.key != "" || !part.value.isRecord() {
			return nil
		}
		for _, field := range part.value.parts {
			if _, known := index[field.key]; !known {
				if i > 0 && len(index) >= 2*len(n.parts[0].value.parts) {
					return nil // hardly a field in common
				}
				index[field.key] = len(names)
				names = append(names, field.key)
			}
		}
	}
	widths, numeric := make([]int, len(names)), make([]bool, len(names))
	for i := range numeric {
		numeric[i] = true
	}
	for i, part := range n.parts {
		cells[i] = make([]string, len(names))
		for _, field := range part.value.parts {
			column := index[field.key]
			text := field.value.cell()
			cells[i][column] = text
			widths[column] = max(widths[column], luatext.Columns(text))
			numeric[column] = numeric[column] && text != "" && text[0] != '"' && strings.Trim(text, "-.0123456789") == ""
		}
	}
	rows := make([]string, len(cells))
	for i, row := range cells {
		rows[i] = rowText(row, names, widths, numeric)
		if luatext.Columns(rows[i]) > width {
			return nil
		}
	}
	return rows
}

// isTabular reports whether a node is a list of records, which are easier to read below each other.
func (n *node) isTabular() bool {
	if len(n.parts) < 2 {
		return false
	}
	for _, part := range n.parts {
		if part.key != "" || !part.value.isRecord() || len(part.value.parts) < 2 {
			return false
		}
	}
	return true
}

// isRecord reports whether a node is a table with named scalars only.
func (n *node) isRecord() bool {
	if !n.table || len(n.parts) == 0 || n.more != "" || n.note != "" {
		return false
	}
	for _, part := range n.parts {
		if part.key == "" || part.value.table {
			return false
		}
	}
	return true
}

func rowText(row, names []string, widths []int, numeric []bool) string {
	last := len(row) - 1
	for last > 0 && row[last] == "" {
		last--
	}
	var b strings.Builder
	b.WriteString("{ ")
	for i, cell := range row {
		separator := ", "
		if i >= last {
			separator = "  "
		}
		if i == len(row)-1 {
			separator = " "
		}
		width := widths[i] + len(separator)
		switch {
		case cell == "":
			b.WriteString(strings.Repeat(" ", luatext.Columns(names[i])+len(" = ")+width))
		case numeric[i]:
			b.WriteString(names[i] + " = " + strings.Repeat(" ", widths[i]-luatext.Columns(cell)) + cell + separator)
		default:
			b.WriteString(names[i] + " = " + luatext.Padded(cell+separator, width))
		}
	}
	return b.String() + "},"
}

// cell is the text of a scalar in a row, where there is no room for explanations.
func (n *node) cell() string {
	if n.note == "" || n.hint || n.text == maskText {
		return n.text
	}
	return n.text + " " + luatext.Comment(n.note)
}
