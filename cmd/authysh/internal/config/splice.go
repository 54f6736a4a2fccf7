package config

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// splice puts a text in place of a part of the document's. A splice may be wrong, as YAML has more forms than are looked
// for here: [document.apply] checks it.
type splice struct {
	from, to int
	text     string
}

// insertion adds a path of keys with a value to a mapping, behind its last entry, or as the first below its key.
func (d *Document) insertion(key, mapping *yaml.Node, keys []string, value *yaml.Node) *splice {
	if mapping.Kind == yaml.MappingNode && (mapping.Style&yaml.FlowStyle != 0 || len(mapping.Content) == 0) {
		return nil
	}
	line, indent := 0, 0 // the line to write behind
	switch {
	case mapping.Kind == yaml.MappingNode:
		if at := placeFor(mapping, keys[0]); at > 0 {
			line = d.lastLine(mapping.Content[at-1])
		}
		indent = mapping.Content[0].Column - 1
	case key != nil:
		line, indent = key.Line, key.Column+1
	default: // an empty file
		line = bytes.Count(d.text, []byte("\n")) + 1
	}
	var b strings.Builder
	for i, name := range keys {
		b.WriteString(strings.Repeat(" ", indent+2*i) + inline(&yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: name}) + ":")
		if i == len(keys)-1 {
			b.WriteString(" " + inline(value))
		}
		b.WriteString(d.lineEnd())
	}
	at := d.startOf(line + 1)
	text := b.String()
	if at > 0 && d.text[at-1] != '\n' {
		text = d.lineEnd() + text
	}
	return &splice{at, at, text}
}

// replacement puts one value in place of another.
func (d *Document) replacement(old, value *yaml.Node) *splice {
	from, to, ok := d.span(old)
	if !ok {
		return nil
	}
	return &splice{from, to, inline(value)}
}

// removal takes away the lines of a key and its value. Comments above it stay.
func (d *Document) removal(key, value *yaml.Node) *splice {
	from := d.startOf(key.Line)
	if len(bytes.TrimSpace(d.text[from:d.offset(key)])) > 0 {
		return nil // something else is on the line
	}
	return &splice{from, d.startOf(d.lastLine(value) + 1), ""}
}

// inline is a scalar as it is written on a line.
func inline(scalar *yaml.Node) string {
	written, err := yaml.Marshal(scalar)
	if err != nil {
		return ""
	}
	return strings.TrimSuffix(string(written), "\n")
}

// lineEnd is that of the document's first line.
func (d *Document) lineEnd() string {
	if first, _, found := bytes.Cut(d.text, []byte("\n")); found && bytes.HasSuffix(first, []byte("\r")) {
		return "\r\n"
	}
	return "\n"
}

// startOf is the offset of a line, or the end of the text if there are not so many.
func (d *Document) startOf(line int) int {
	at := 0
	for range line - 1 {
		end := bytes.IndexByte(d.text[at:], '\n')
		if end < 0 {
			return len(d.text)
		}
		at += end + 1
	}
	return at
}

// offset is where a node begins. Columns count characters.
func (d *Document) offset(node *yaml.Node) int {
	at := d.startOf(node.Line)
	for range node.Column - 1 {
		_, size := utf8.DecodeRune(d.text[at:])
		at += size
	}
	return at
}

// span is where the text of a scalar or an alias begins and ends, without its anchor.
func (d *Document) span(node *yaml.Node) (from, to int, ok bool) {
	from = d.offset(node)
	if anchor := "&" + node.Anchor + " "; node.Anchor != "" {
		if !bytes.HasPrefix(d.text[from:], []byte(anchor)) {
			return 0, 0, false
		}
		from += len(anchor)
	}
	rest := d.text[from:]
	written := node.Value
	switch {
	case node.Kind == yaml.AliasNode:
		written = "*" + written
	case node.Kind != yaml.ScalarNode || written == "" && node.Style == 0:
		return 0, 0, false
	case node.Style == yaml.SingleQuotedStyle:
		to = from + quotedEnd(rest, '\'')
		return from, to, to > from
	case node.Style == yaml.DoubleQuotedStyle:
		to = from + quotedEnd(rest, '"')
		return from, to, to > from
	case node.Style != 0:
		return 0, 0, false
	}
	return from, from + len(written), bytes.HasPrefix(rest, []byte(written))
}

// quotedEnd is how long a quoted scalar at the start of a text is; 0 if there is none.
func quotedEnd(text []byte, quote byte) int {
	if len(text) == 0 || text[0] != quote {
		return 0
	}
	for i := 1; i < len(text); i++ {
		switch {
		case quote == '"' && text[i] == '\\':
			i++
		case text[i] == quote && quote == '\'' && i+1 < len(text) && text[i+1] == quote:
			i++
		case text[i] == quote:
			return i + 1
		}
	}
	return 0
}

// lastLine is the line on which a node ends.
func (d *Document) lastLine(node *yaml.Node) int {
	last := node.Line
	visit(node, func(n *yaml.Node) {
		line := n.Line
		switch {
		case n.Style == yaml.LiteralStyle || n.Style == yaml.FoldedStyle:
			line += max(1, strings.Count(strings.TrimSuffix(n.Value, "\n"), "\n")+1)
		default:
			if from, to, ok := d.span(n); ok {
				line += bytes.Count(d.text[from:to], []byte("\n"))
			}
		}
		last = max(last, line)
	})
	return last
}
