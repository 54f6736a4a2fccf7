package luabind

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/authysh/authysh/luabind/internal/luatext"
	"github.com/authysh/authysh/luabind/internal/luavalue"
	"github.com/authysh/authysh/luabind/internal/masking"
	lua "github.com/yuin/gopher-lua"
)

// PrintOptions say how values become text. A zero field means its default, a negative limit none.
type PrintOptions struct {
	// Width is how many columns a line should have at most. Default 80.
	Width int
	// Depth is how deep tables are shown inside each other. Default 8.
	Depth int
	// Items is how many elements of one table are shown. Default 50.
	Items int
	// Total is how many values are shown altogether. Default 2000.
	Total int
	// Text is how many bytes of a string are shown. Default 2000.
	Text int
	// Unmask shows the secrets and codes inside tables.
	Unmask bool
	// Plain leaves out the comments that explain times and lengths of time.
	Plain bool
}

// Print gives the text of Lua values as Lua that can be pasted back: keys bare where that is possible, what cannot be
// written as Lua (functions, userdata) as nil with a comment, limits and cycles as comments. It runs no Lua code and
// takes bounded time. The values' state must not run meanwhile.
func Print(options PrintOptions, values ...lua.LValue) string {
	return newPrinter(options).text(values)
}

// printer turns values into text.
type printer struct {
	PrintOptions
	now      time.Time // zero: no hints that depend on it
	secrets  []string  // never shown, wherever they stand
	top      []string  // names of the values at the top, for hints
	path     func(lua.LValue) string
	describe func(*lua.LFunction) string

	used    int // values so far
	written int // bytes of text so far
	open    []opened
}

// opened is a table that is being shown.
type opened struct {
	t    *lua.LTable
	name string
}

// unlimited is a limit that nothing reaches.
const unlimited = 1 << 60

func newPrinter(o PrintOptions) *printer {
	limit := func(field *int, otherwise int) {
		*field = cmp.Or(*field, otherwise)
		if *field < 0 {
			*field = unlimited
		}
	}
	limit(&o.Width, 80)
	limit(&o.Depth, 8)
	limit(&o.Items, 50)
	limit(&o.Total, 2000)
	limit(&o.Text, 2000)
	return &printer{PrintOptions: o, describe: describePrototype, path: func(lua.LValue) string { return "" }}
}

// node is a value on its way to text: a leaf with text, or a table with parts.
type node struct {
	text  string // of a leaf; of a table, what stands before its brace
	table bool
	parts []part
	note  string // a comment behind
	hint  bool   // the note explains the value and wants a line of its own
	more  string // a comment at the end of the parts
}

// part is an element of a table; its key is empty in a list.
type part struct {
	key   string
	value *node
}

// text is the text of all values: on one line if they fit there.
func (p *printer) text(values []lua.LValue) string {
	all := &node{}
	for i, v := range values {
		if i == p.Items {
			all.more = more(len(values) - i)
			break
		}
		name := ""
		if i < len(p.top) {
			name = p.top[i]
		}
		all.parts = append(all.parts, part{"", p.topNode(v, name)})
	}
	return p.layout(all)
}

// topNode shows one value for itself: unlike inside a table, a function may be described in full.
func (p *printer) topNode(v lua.LValue, name string) *node {
	n := p.node(v, "", name)
	if n.table {
		return n
	}
	switch v := v.(type) {
	case *lua.LFunction:
		n.note = luatext.InComment(p.describe(v))
		n.hint = true
	case *lua.LUserData, *lua.LState, lua.LChannel:
		if n.text != "json.null" {
			n.note = luatext.InComment(describeOther(v))
			n.hint = true
		}
	}
	return n
}

// node shows a value. secret is the name of the secret that it is part of; name is under what it was found.
func (p *printer) node(v lua.LValue, secret, name string) *node {
	p.used++
	switch v := v.(type) {
	case lua.LString:
		return p.textNode(string(v), secret, name)
	case lua.LNumber:
		if secret != "" && (v >= 1000 || v <= -1000) { // a code; smaller numbers are counts
			return masked()
		}
		n := &node{text: luatext.Number(float64(v))}
		p.explain(n, name, v)
		return n
	case lua.LBool, *lua.LNilType:
		return &node{text: v.String()}
	case *lua.LTable:
		return p.tableNode(v, secret, name)
	case *lua.LFunction:
		if path := p.path(v); path != "" {
			return &node{text: path}
		}
		return &node{text: "nil", note: luatext.InComment(describePrototype(v))}
	}
	if luavalue.IsNull(v) {
		return &node{text: "json.null"}
	}
	if path := p.path(v); path != "" {
		return &node{text: path}
	}
	return &node{text: "nil", note: luatext.InComment(describeOther(v))}
}

// minSecret is how long a key must be to be searched for in texts: a shorter one would tear words up.
const minSecret = 6

const maskText = `"` + masking.Mask + `"`

func masked() *node { return &node{text: maskText, note: "masked"} }

// plainValues are what stands under a secret's name in answers and is none.
var plainValues = []string{"", "is valid", "is invalid"}

func (p *printer) textNode(text, secret, name string) *node {
	if secret != "" && !slices.Contains(plainValues, text) {
		return masked()
	}
	text = p.withoutKeys(text)
	const plenty, little = 32 << 10, 40
	limit := p.Text
	if p.written > plenty && limit < unlimited {
		limit = min(limit, little) // many long texts
	}
	if p.written += min(len(text), limit); len(text) <= limit {
		n := &node{text: luatext.Quote(text)}
		p.explain(n, name, lua.LString(text))
		return n
	}
	cut := limit
	for cut > 0 && cut > limit-4 && text[cut]&0xc0 == 0x80 { // not inside a character
		cut--
	}
	return &node{text: luatext.Quote(text[:cut]), note: "… " + luatext.Thousands(len(text)-cut) + " more bytes"}
}

// withoutKeys hides the client's keys in a text.
func (p *printer) withoutKeys(text string) string {
	if !p.Unmask {
		for _, s := range p.secrets {
			text = strings.ReplaceAll(text, s, masking.Mask)
		}
	}
	return text
}

func (p *printer) tableNode(t *lua.LTable, secret, name string) *node {
	for _, above := range p.open {
		if above.t == t {
			return &node{text: "nil", note: "cycle: " + cmp.Or(above.name, "the whole")}
		}
	}
	if len(p.open) > 0 {
		if path := p.path(t); path != "" {
			return &node{text: path}
		}
	}
	if luavalue.MetaName(t.Metatable) == clientType {
		return &node{text: "nil", note: clientType + ", with the functions of authy as methods"}
	}
	n := &node{table: true}
	if luavalue.IsArray(t) && t.Len() == 0 {
		n.text = "json.array"
	}
	if failure := luavalue.Error(t); failure != nil {
		secret = "" // the code of an error is none
		n.note, n.hint = luatext.InComment(luatext.Clip(oneLine(failure.Error()), 200)), len(p.open) == 0
	}
	if len(p.open) >= p.Depth {
		if count := countEntries(t); count > 0 {
			n.more = more(count)
		}
		return n
	}
	inner := name
	if len(p.open) > 0 {
		inner = p.open[len(p.open)-1].name
		if luatext.IsName(name) {
			inner = strings.TrimPrefix(inner+"."+name, ".")
		} else {
			inner += "[" + luatext.Clip(name, 40) + "]"
		}
	}
	p.open = append(p.open, opened{t, luatext.InComment(inner)})
	p.entries(n, t, secret)
	p.open = p.open[:len(p.open)-1]
	return n
}

// entries adds what is in a table: the list first, then all else in the order in which it was set.
func (p *printer) entries(n *node, t *lua.LTable, secret string) {
	shown, left := 0, false
	full := func() bool { return shown >= p.Items || p.used >= p.Total }
	length := t.Len()
	for i := 1; i <= length; i++ {
		if left = full(); left {
			break
		}
		v := t.RawGetInt(i)
		n.parts = append(n.parts, part{"", p.node(v, secret, strconv.Itoa(i))})
		shown++
	}
	mayBeCode := luavalue.Error(t) == nil && !isModule(t)
	for k, v := t.Next(lua.LNil); k != lua.LNil && !left; k, v = t.Next(k) {
		if index, ok := k.(lua.LNumber); ok && index >= 1 && index <= lua.LNumber(length) && index == lua.LNumber(int(index)) {
			continue
		}
		if left = full(); left {
			break
		}
		inner := secret
		if name, ok := k.(lua.LString); ok && !p.Unmask && mayBeCode && masking.IsSecret(string(name)) {
			inner = string(name)
		}
		value := p.node(v, inner, keyName(k))
		key := p.keyText(k)
		if text, ok := k.(lua.LString); ok && len(text) > p.Text {
			key, value = "", &node{note: luatext.InComment("[" + luatext.Quote(luatext.Clip(p.withoutKeys(string(text)), 40)) + "] = " + value.flatOr("{…}"))}
		} else if key == "" { // nothing that can be written as a key
			key, value = "", &node{note: luatext.InComment("[" + describeOther(k) + "] = " + value.flatOr("{…}"))}
		}
		n.parts = append(n.parts, part{key, value})
		shown++
	}
	if left {
		n.more = more(countEntries(t) - shown)
	}
	// gopher-lua 1.1.2 adds the results of a call that is the last field to the list as well, unless it stands in
	// parentheses.
	if last := len(n.parts) - 1; last > 0 && n.parts[0].key == "" && n.parts[last].key != "" {
		if v := n.parts[last].value; v.table && v.text != "" && len(v.parts) == 0 && v.more == "" {
			n.parts[last].value = &node{text: "(" + v.text + "{})"}
		}
	}
}

func more(count int) string { return "… " + luatext.Thousands(max(1, count)) + " more" }

// countEntries counts without showing, holes in a list aside.
func countEntries(t *lua.LTable) int {
	count := 0
	t.ForEach(func(lua.LValue, lua.LValue) { count++ })
	return count
}

// keyName is a key as part of a path.
func keyName(k lua.LValue) string {
	if name, ok := k.(lua.LString); ok {
		return string(name)
	}
	return scalarText(k)
}

// keyText is a key as it stands in a table constructor; empty when there is no way to write it.
func (p *printer) keyText(k lua.LValue) string {
	switch k := k.(type) {
	case lua.LString:
		if luatext.IsName(p.withoutKeys(string(k))) {
			return p.withoutKeys(string(k))
		}
		return "[" + luatext.Quote(p.withoutKeys(string(k))) + "]"
	case lua.LNumber:
		return "[" + luatext.Number(float64(k)) + "]"
	case lua.LBool:
		return "[" + k.String() + "]"
	}
	if luavalue.IsNull(k) {
		return "[json.null]"
	}
	if path := p.path(k); path != "" {
		return "[" + path + "]"
	}
	return ""
}

// describePrototype tells of a function what its code says: the parameters and where it is.
func describePrototype(f *lua.LFunction) string {
	if f.IsG || f.Proto == nil {
		return "function"
	}
	return fmt.Sprintf("function (%s), %s:%d", strings.Join(parametersOf(f), ", "), f.Proto.SourceName, f.Proto.LineDefined)
}

// parametersOf are the names of a Lua function's parameters.
func parametersOf(f *lua.LFunction) []string {
	if f.IsG || f.Proto == nil {
		return nil
	}
	var names []string
	for i := range int(f.Proto.NumParameters) {
		if i < len(f.Proto.DbgLocals) {
			names = append(names, f.Proto.DbgLocals[i].Name)
		}
	}
	if f.Proto.IsVarArg != 0 {
		names = append(names, "...")
	}
	return names
}

// describeOther tells what a value is that has no form in Lua text.
func describeOther(v lua.LValue) string {
	switch v := v.(type) {
	case *lua.LUserData:
		if mt, ok := v.Metatable.(*lua.LTable); ok {
			if name, ok := mt.RawGetString("__metatable").(lua.LString); ok {
				return string(name)
			}
			if luavalue.RawIndex(mt, "setvbuf") != lua.LNil {
				return "file"
			}
		}
		return cmp.Or(luavalue.MetaName(v.Metatable), "userdata")
	case *lua.LState:
		return "coroutine"
	case *lua.LFunction:
		return describePrototype(v)
	}
	return v.Type().String()
}
