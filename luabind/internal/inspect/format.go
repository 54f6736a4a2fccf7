package inspect

import (
	"fmt"
	"slices"
	"strings"

	"github.com/authysh/authysh/luabind/internal/luajson"
	"github.com/authysh/authysh/luabind/internal/luatext"
	"github.com/authysh/authysh/luabind/internal/luavalue"
	"github.com/authysh/authysh/luabind/internal/masking"
	lua "github.com/yuin/gopher-lua"
)

// JSON is JSON with indentation, whole and without limits. What JSON cannot hold is written as Lua.
func (p *Printer) JSON(values []lua.LValue) string {
	lines := make([]string, len(values))
	for i, v := range values {
		v = p.Masked(v)
		e := luajson.Encoder{Indent: indentation}
		text, err := e.Encode(v)
		lines[i] = string(text)
		if v == lua.LNil {
			lines[i] = "null"
		} else if err != nil {
			lines[i] = "// " + luatext.InComment(err.Error()) + "\n" + p.Lua([]lua.LValue{v})
		}
	}
	return strings.Join(lines, "\n")
}

// Raw is what Lua's print would write, without limits.
func (p *Printer) Raw(values []lua.LValue) string {
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = p.raw(v)
	}
	return strings.Join(texts, "\t")
}

// Table is columns with a header for lists of records, name and value for a record, and Lua for all else.
func (p *Printer) Table(values []lua.LValue) string {
	blocks := make([]string, len(values))
	for i, v := range values {
		if blocks[i] = p.grid(v); blocks[i] == "" {
			blocks[i] = p.Lua([]lua.LValue{v})
		}
	}
	return strings.Join(blocks, "\n")
}

// raw is a value as tostring shows it, without calling metamethods but our own.
func (p *Printer) raw(v lua.LValue) string {
	if failure := luavalue.Error(v); failure != nil {
		return luatext.OneLine(failure.Error())
	}
	if text, isText := v.(lua.LString); isText {
		return p.withoutKeys(string(text))
	}
	return v.String()
}

// Masked is a value with its secrets masked: a copy, if there are any.
func (p *Printer) Masked(v lua.LValue) lua.LValue {
	v, _ = p.hidden(v, "", nil)
	return v
}

func (p *Printer) hidden(v lua.LValue, secret string, above []*lua.LTable) (lua.LValue, bool) {
	switch v := v.(type) {
	case lua.LString, lua.LNumber:
		if n := p.node(v, secret, ""); n.text == maskText && v.String() != masking.Mask {
			return lua.LString(masking.Mask), true
		}
		if text := p.raw(v); text != v.String() {
			return lua.LString(text), true
		}
	case *lua.LTable:
		return p.hiddenTable(v, secret, above)
	}
	return v, false
}

func (p *Printer) hiddenTable(t *lua.LTable, secret string, above []*lua.LTable) (lua.LValue, bool) {
	for _, other := range above {
		if other == t || len(above) > luavalue.MaxDepth {
			return t, false
		}
	}
	above = append(above, t)
	masked, changed := &lua.LTable{Metatable: t.Metatable}, false
	for k, v := t.Next(lua.LNil); k != lua.LNil; k, v = t.Next(k) {
		inner := secret
		if name, ok := k.(lua.LString); ok && !p.Unmask && luavalue.Error(t) == nil && masking.IsSecret(string(name)) {
			inner = string(name)
		}
		v, hid := p.hidden(v, inner, above)
		if name, ok := k.(lua.LString); ok && p.withoutKeys(string(name)) != string(name) {
			k, hid = lua.LString(p.withoutKeys(string(name))), true
		}
		changed = changed || hid
		masked.RawSet(k, v)
	}
	if !changed {
		return t, false
	}
	return masked, true
}

// A table is for reading down its rows, so that it shows more of them than one reads of Lua.
const (
	gridItems = 1000
	gridTotal = 20_000
)

// grid is a table in columns; empty when the value is none that fits.
func (p *Printer) grid(v lua.LValue) string {
	t, ok := v.(*lua.LTable)
	if !ok {
		return ""
	}
	patient := *p
	patient.Items, patient.Total = max(p.Items, gridItems), max(p.Total, gridTotal)
	n := patient.node(t, "", "")
	if !n.table || len(n.parts) == 0 {
		return ""
	}
	if inner, name := n.onlyList(); inner != nil {
		return name + "\n" + inner.grid(p.Width)
	}
	return n.grid(p.Width)
}

// onlyList is the one list of records among the fields of an answer, and its name.
func (n *node) onlyList() (*node, string) {
	var found *node
	name := ""
	for _, part := range n.parts {
		if part.key != "" && part.value.table && part.value.isRecords() {
			if found != nil {
				return nil, ""
			}
			found, name = part.value, part.key
		}
	}
	return found, name
}

func (n *node) isRecords() bool {
	for _, part := range n.parts {
		if part.key != "" || !part.value.table || len(part.value.parts) == 0 || part.value.parts[0].key == "" {
			return false
		}
	}
	return len(n.parts) > 0
}

// grid writes records below each other under their names, or the fields of one.
func (n *node) grid(width int) string {
	var text string
	switch {
	case n.isRecords():
		var names []string
		index := map[string]int{}
		records := make([][]part, len(n.parts))
		for i, record := range n.parts {
			records[i] = record.value.flattened("")
			for _, field := range records[i] {
				if _, known := index[field.key]; !known && field.key != "" {
					index[field.key] = len(names)
					names = append(names, field.key)
				}
			}
		}
		lines := [][]string{names}
		for _, record := range records {
			line := make([]string, len(names))
			for _, field := range record {
				if field.key != "" {
					line[index[field.key]] = field.value.plain()
				}
			}
			lines = append(lines, line)
		}
		text = gridText(lines, width)
	case n.parts[0].key != "":
		text = pairsText(n.flattened(""))
	default:
		return ""
	}
	if n.more != "" {
		text += "\n" + n.more
	}
	return text
}

// flattened are the fields of a record; those of records inside it have the names of both, with a dot between.
func (n *node) flattened(prefix string) []part {
	var fields []part
	for _, field := range n.parts {
		key := prefix + field.key
		inner := field.value
		isRecord := inner.table && inner.text == "" && inner.more == "" && len(inner.parts) > 0 &&
			!slices.ContainsFunc(inner.parts, func(f part) bool { return f.key == "" })
		if field.key != "" && isRecord {
			fields = append(fields, inner.flattened(key+".")...)
		} else if field.key != "" {
			fields = append(fields, part{key, inner})
		}
	}
	return fields
}

// plain is a value in a column: text without quotes, where these say nothing.
func (n *node) plain() string {
	if n.table {
		if len(n.parts) == 0 && n.more == "" {
			return "{}" // rather than json.array{}
		}
		return n.flatOr(fmt.Sprintf("{ %d }", len(n.parts)))
	}
	if bare := strings.Trim(n.text, `"`); len(bare) == len(n.text)-2 && bare != "" && !strings.ContainsAny(bare, `\"`) {
		return bare
	}
	return n.text
}

// pairsText writes fields below each other, their values in one column.
func pairsText(fields []part) string {
	lines := make([][]string, len(fields))
	for i, field := range fields {
		lines[i] = []string{field.key, field.value.plain()}
	}
	return alignedText(lines, widthsOf(lines))
}

// gridText writes rows below their head. The widest columns are cut as far as the width demands; if they would say nothing
// any more, each row becomes lines of its own.
func gridText(lines [][]string, width int) string {
	const least, gap = 8, 2
	widths := widthsOf(lines)
	total, needed := -gap, -gap
	for _, w := range widths {
		total += w + gap
		needed += min(w, least) + gap
	}
	if needed > width {
		blocks := make([]string, len(lines)-1)
		for i, line := range lines[1:] {
			var pairs [][]string
			for j, cell := range line {
				if cell != "" {
					pairs = append(pairs, []string{lines[0][j], cell})
				}
			}
			blocks[i] = alignedText(pairs, widthsOf(pairs))
		}
		return strings.Join(blocks, "\n\n")
	}
	for ; total > width; total-- {
		widest := 0
		for i, w := range widths {
			if w > widths[widest] {
				widest = i
			}
		}
		widths[widest]--
	}
	return alignedText(lines, widths)
}

func widthsOf(lines [][]string) []int {
	var widths []int
	for _, line := range lines {
		for i, cell := range line {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], luatext.Columns(cell))
		}
	}
	return widths
}

func alignedText(lines [][]string, widths []int) string {
	texts := make([]string, len(lines))
	for i, line := range lines {
		cells := make([]string, len(line))
		for j, cell := range line {
			cells[j] = luatext.Padded(luatext.Shortened(cell, widths[j]), widths[j])
		}
		texts[i] = strings.TrimRight(strings.Join(cells, "  "), " ")
	}
	return strings.Join(texts, "\n")
}
