package repl

import "strings"

// painter colours text with SGR sequences, and never changes how wide it is. Its zero value leaves text as it is.
type painter struct{ on bool }

// style is the parameters of an SGR sequence.
type style string

const (
	styleNone     style = ""
	styleDim      style = "90"
	styleError    style = "1;31"
	styleAlert    style = "1;31"
	styleGood     style = "1;32"
	styleNotice   style = "33"
	styleKeyword  style = "35"
	styleConstant style = "33"
	styleNumber   style = "36"
	styleString   style = "32"
	styleField    style = "34"
)

// text is s in one style, line by line, so that a pager may cut it anywhere.
func (p painter) text(s string, in style) string {
	if !p.on || in == styleNone || s == "" {
		return s
	}
	var b strings.Builder
	for line := range strings.Lines(s) {
		body := strings.TrimSuffix(line, "\n")
		if body != "" {
			b.WriteString("\x1b[" + string(in) + "m" + body + "\x1b[0m")
		}
		b.WriteString(line[len(body):])
	}
	return b.String()
}

func (p painter) dim(s string) string   { return p.text(s, styleDim) }
func (p painter) error(s string) string { return p.text(s, styleError) }

// tokenStyles are for source typed and for values shown.
var tokenStyles = map[tokenKind]style{
	tokenComment: styleDim, tokenKeyword: styleKeyword, tokenConstant: styleConstant,
	tokenNumber: styleNumber, tokenString: styleString,
}

// lua colours Lua source, or what looks somewhat like it. Without the sequences the result is src.
func (p painter) lua(src string) string {
	if !p.on {
		return src
	}
	var b strings.Builder
	b.Grow(2 * len(src))
	tokens := lex(src)
	for i, t := range tokens {
		in := tokenStyles[t.kind]
		if t.kind == tokenName && isField(tokens[i+1:]) {
			in = styleField
		}
		b.WriteString(p.text(t.text, in))
	}
	return b.String()
}

// isField reports whether what follows a name makes it the name of a field or a parameter.
func isField(following []token) bool {
	for _, t := range following {
		if t.kind != tokenBlank {
			return t.text == "="
		}
	}
	return false
}

// input colours a line while it is being typed: a command for the shell, or Lua.
func (p painter) input(text string) string {
	if name := commandName(text); name != "" {
		at := strings.Index(text, name) + len(name)
		return p.text(text[:at], styleKeyword) + text[at:]
	}
	return p.lua(text)
}
