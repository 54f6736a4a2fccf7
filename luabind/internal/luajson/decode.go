package luajson

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/authysh/authysh/luabind/internal/luavalue"
	lua "github.com/yuin/gopher-lua"
)

// Decode makes the Lua value of a JSON text.
//
// null becomes json.null; a list is marked as one, so that it stays a list even when empty; a whole number that a
// Lua number cannot hold exactly (beyond 2^53) becomes a string of its digits; of duplicate names the last wins; half of
// a surrogate pair becomes U+FFFD. A byte order mark in front is skipped. Refused are invalid UTF-8, values nested
// more than 64 deep, and anything after the value. The error tells line, column and path, but none of the content.
//
// It reads straight into Lua tables: by way of encoding/json the same takes more than twice as long, and leaves the
// position of an error, the path and the digits of numbers to be found out separately.
//
// It calls made, unless that is nil, with each table that it has made, which no code can reach yet.
func Decode(L *lua.LState, text string, made func(*lua.LTable)) (lua.LValue, error) {
	d := decoder{L: L, text: text, null: luavalue.Null(L), list: luavalue.ArrayMetatable(L), names: make(map[string]string), made: made}
	if strings.HasPrefix(text, "\uFEFF") {
		d.at = len("\uFEFF")
	}
	d.skipBlanks()
	if d.at == len(text) {
		return nil, fmt.Errorf("the text is empty, want a JSON value")
	}
	v, fault := d.value(0)
	if fault == nil {
		if d.skipBlanks(); d.at < len(text) {
			fault = d.unexpected("the end of the text")
		}
	}
	if fault != nil {
		return nil, d.describe(fault)
	}
	return v, nil
}

// decoder reads a text from front to back. Elements wait on stacks until their container ends, so that tables are
// made at their final size; gopher-lua's grow from room for 32.
type decoder struct {
	L     *lua.LState
	text  string
	at    int // offset of the next byte
	stack []lua.LValue
	keys  []string
	names map[string]string // the names seen so far: one copy of each serves all
	null  lua.LValue
	list  lua.LValue // metatable of lists
	made  func(*lua.LTable)
}

func (d *decoder) value(depth int) (lua.LValue, *failure) {
	if d.at == len(d.text) {
		return nil, d.unexpected("a value")
	}
	switch c := d.text[d.at]; {
	case c == '"':
		s, fault := d.string(false)
		return lua.LString(s), fault
	case c == '{' || c == '[':
		if depth == luavalue.MaxDepth {
			return nil, &failure{at: d.at, reason: fmt.Sprintf("is nested more than %d deep", luavalue.MaxDepth)}
		}
		if c == '{' {
			return d.object(depth + 1)
		}
		return d.array(depth + 1)
	case c == '-' || '0' <= c && c <= '9':
		return d.number()
	case d.word("true"):
		return lua.LTrue, nil
	case d.word("false"):
		return lua.LFalse, nil
	case d.word("null"):
		return d.null, nil
	}
	return nil, d.unexpected("a value")
}

func (d *decoder) array(depth int) (lua.LValue, *failure) {
	base := len(d.stack)
	d.at++
	d.skipBlanks()
	for first := true; ; first = false {
		if first && d.take(']') {
			break
		}
		element, fault := d.value(depth)
		if fault != nil {
			return nil, fault.under("[" + strconv.Itoa(len(d.stack)-base+1) + "]")
		}
		d.stack = append(d.stack, element)
		d.skipBlanks()
		if d.take(']') {
			break
		}
		if !d.take(',') {
			return nil, d.unexpected("',' or ']'")
		}
		d.skipBlanks()
	}
	t := d.L.CreateTable(len(d.stack)-base, 0)
	for _, element := range d.stack[base:] {
		t.Append(element)
	}
	t.Metatable = d.list
	d.count(t)
	d.stack = d.stack[:base]
	return t, nil
}

func (d *decoder) object(depth int) (lua.LValue, *failure) {
	base, keysBase := len(d.stack), len(d.keys)
	d.at++
	d.skipBlanks()
	for first := true; ; first = false {
		if first && d.take('}') {
			break
		}
		name, fault := d.member()
		if fault != nil {
			return nil, fault
		}
		value, fault := d.value(depth)
		if fault != nil {
			return nil, fault.under(stepTo(name))
		}
		d.keys, d.stack = append(d.keys, name), append(d.stack, value)
		d.skipBlanks()
		if d.take('}') {
			break
		}
		if !d.take(',') {
			return nil, d.unexpected("',' or '}'")
		}
		d.skipBlanks()
	}
	t := d.L.CreateTable(0, len(d.keys)-keysBase)
	for i, name := range d.keys[keysBase:] {
		t.RawSetString(name, d.stack[base+i])
	}
	d.count(t)
	d.stack, d.keys = d.stack[:base], d.keys[:keysBase]
	return t, nil
}

func (d *decoder) count(t *lua.LTable) {
	if d.made != nil {
		d.made(t)
	}
}

// member reads a name and the colon behind it.
func (d *decoder) member() (string, *failure) {
	if d.at == len(d.text) || d.text[d.at] != '"' {
		return "", d.unexpected("a name in double quotes")
	}
	name, fault := d.string(true)
	if fault != nil {
		return "", fault
	}
	d.skipBlanks()
	if !d.take(':') {
		return "", d.unexpected("':'").under(stepTo(name))
	}
	d.skipBlanks()
	return name, nil
}

func (d *decoder) skipBlanks() {
	for d.at < len(d.text) {
		switch d.text[d.at] {
		case ' ', '\n', '\t', '\r':
			d.at++
		default:
			return
		}
	}
}

func (d *decoder) take(c byte) bool {
	if d.at < len(d.text) && d.text[d.at] == c {
		d.at++
		return true
	}
	return false
}

func (d *decoder) word(word string) bool {
	if !strings.HasPrefix(d.text[d.at:], word) {
		return false
	}
	d.at += len(word)
	return true
}
