package inspect

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

// Options say how values become text. A zero field means its default, a negative limit none. They are what luabind's
// PrintOptions are, where the defaults are told.
type Options struct {
	Width  int
	Depth  int
	Items  int
	Total  int
	Text   int
	Unmask bool
	Plain  bool
}

// Printer turns values into text. It is for one text: limits count all that it has shown.
type Printer struct {
	Options
	Now      time.Time                   // zero: no hints that depend on it
	Secrets  []string                    // never shown, wherever they stand
	Top      []string                    // names of the values at the top, for hints
	Path     func(lua.LValue) string     // the expression that stands for a value; empty for most
	Describe func(*lua.LFunction) string // of a function at the top
	Opaque   func(*lua.LTable) string    // what a table is that has no form in Lua text; empty for others
	IsModule func(*lua.LTable) bool      // the names of its fields say nothing about secrets

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

// New makes a printer that knows Lua alone.
func New(o Options) *Printer {
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
	return &Printer{
		Options: o, Describe: Prototype, Path: func(lua.LValue) string { return "" },
		Opaque: func(*lua.LTable) string { return "" }, IsModule: func(*lua.LTable) bool { return false },
	}
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

// Lua is the text of all values: on one line if they fit there.
func (p *Printer) Lua(values []lua.LValue) string {
	all := &node{}
	for i, v := range values {
		if i == p.Items {
			all.more = more(len(values) - i)
			break
		}
		name := ""
		if i < len(p.Top) {
			name = p.Top[i]
		}
		all.parts = append(all.parts, part{"", p.topNode(v, name)})
	}
	return p.layout(all)
}

// topNode shows one value for itself: unlike inside a table, a function may be described in full.
func (p *Printer) topNode(v lua.LValue, name string) *node {
	n := p.node(v, "", name)
	if n.table {
		return n
	}
	switch v := v.(type) {
	case *lua.LFunction:
		n.note = luatext.InComment(p.Describe(v))
		n.hint = true
	case *lua.LUserData, *lua.LState, lua.LChannel:
		if n.text != "json.null" {
			n.note = luatext.InComment(Describe(v))
			n.hint = true
		}
	}
	return n
}

// Single is one value by itself, as it stands inside of a table.
func (p *Printer) Single(v lua.LValue) string { return p.node(v, "", "").text }

// node shows a value. secret is the name of the secret that it is part of; name is under what it was found.
func (p *Printer) node(v lua.LValue, secret, name string) *node {
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
		if path := p.Path(v); path != "" {
			return &node{text: path}
		}
		return &node{text: "nil", note: luatext.InComment(Prototype(v))}
	}
	if luavalue.IsNull(v) {
		return &node{text: "json.null"}
	}
	if path := p.Path(v); path != "" {
		return &node{text: path}
	}
	return &node{text: "nil", note: luatext.InComment(Describe(v))}
}

// MinSecret is how long a key must be to be searched for in texts: a shorter one would tear words up.
const MinSecret = 6

const maskText = `"` + masking.Mask + `"`

func masked() *node { return &node{text: maskText, note: "masked"} }

// plainValues are what stands under a secret's name in answers and is none.
var plainValues = []string{"", "is valid", "is invalid"}

func (p *Printer) textNode(text, secret, name string) *node {
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
func (p *Printer) withoutKeys(text string) string {
	if !p.Unmask {
		for _, s := range p.Secrets {
			text = strings.ReplaceAll(text, s, masking.Mask)
		}
	}
	return text
}

func (p *Printer) tableNode(t *lua.LTable, secret, name string) *node {
	for _, above := range p.open {
		if above.t == t {
			return &node{text: "nil", note: "cycle: " + cmp.Or(above.name, "the whole")}
		}
	}
	if len(p.open) > 0 {
		if path := p.Path(t); path != "" {
			return &node{text: path}
		}
	}
	if what := p.Opaque(t); what != "" {
		return &node{text: "nil", note: what}
	}
	n := &node{table: true}
	if luavalue.IsArray(t) && t.Len() == 0 {
		n.text = "json.array"
	}
	if failure := luavalue.Error(t); failure != nil {
		secret = "" // the code of an error is none
		n.note, n.hint = luatext.InComment(luatext.Clip(luatext.OneLine(failure.Error()), 200)), len(p.open) == 0
	}
	if len(p.open) >= p.Depth {
		if count := Count(t); count > 0 {
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
func (p *Printer) entries(n *node, t *lua.LTable, secret string) {
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
	mayBeCode := luavalue.Error(t) == nil && !p.IsModule(t)
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
			key, value = "", &node{note: luatext.InComment("[" + Describe(k) + "] = " + value.flatOr("{…}"))}
		}
		n.parts = append(n.parts, part{key, value})
		shown++
	}
	if left {
		n.more = more(Count(t) - shown)
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

// Count counts without showing, holes in a list aside.
func Count(t *lua.LTable) int {
	count := 0
	t.ForEach(func(lua.LValue, lua.LValue) { count++ })
	return count
}

// keyName is a key as part of a path.
func keyName(k lua.LValue) string {
	if name, ok := k.(lua.LString); ok {
		return string(name)
	}
	return luavalue.ScalarText(k)
}

// keyText is a key as it stands in a table constructor; empty when there is no way to write it.
func (p *Printer) keyText(k lua.LValue) string {
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
	if path := p.Path(k); path != "" {
		return "[" + path + "]"
	}
	return ""
}

// Prototype tells of a function what its code says: the parameters and where it is.
func Prototype(f *lua.LFunction) string {
	if f.IsG || f.Proto == nil {
		return "function"
	}
	return fmt.Sprintf("function (%s), %s:%d", strings.Join(Parameters(f), ", "), f.Proto.SourceName, f.Proto.LineDefined)
}

// Parameters are the names of a Lua function's parameters.
func Parameters(f *lua.LFunction) []string {
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

// Describe tells what a value is that has no form in Lua text.
func Describe(v lua.LValue) string {
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
		return Prototype(v)
	}
	return v.Type().String()
}
