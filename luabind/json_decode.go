package luabind

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/authysh/authysh/luabind/internal/luavalue"
	lua "github.com/yuin/gopher-lua"
)

// decodeJSON makes the Lua value of a JSON text.
//
// null becomes json.null; a list is marked as one, so that it stays a list even when empty; a whole number that a
// Lua number cannot hold exactly (beyond 2^53) becomes a string of its digits; of duplicate names the last wins; half of
// a surrogate pair becomes U+FFFD. A byte order mark in front is skipped. Refused are invalid UTF-8, values nested
// more than 64 deep, and anything after the value. The error tells line, column and path, but none of the content.
//
// It reads straight into Lua tables: by way of encoding/json the same takes more than twice as long, and leaves the
// position of an error, the path and the digits of numbers to be found out separately.
func decodeJSON(L *lua.LState, data []byte) (lua.LValue, error) {
	return decodeJSONText(L, string(data))
}

func decodeJSONText(L *lua.LState, text string) (lua.LValue, error) {
	d := jsonDecoder{L: L, text: text, null: luavalue.Null(L), list: luavalue.ArrayMetatable(L), names: make(map[string]string), made: newTally(L)}
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
	L.Push(v)
	d.made.done(L)
	L.Pop(1)
	return v, nil
}

// jsonDecoder reads a text from front to back. Elements wait on stacks until their container ends, so that tables are
// made at their final size; gopher-lua's grow from room for 32.
type jsonDecoder struct {
	L     *lua.LState
	text  string
	at    int // offset of the next byte
	stack []lua.LValue
	keys  []string
	names map[string]string // the names seen so far: one copy of each serves all
	null  lua.LValue
	list  lua.LValue // metatable of lists
	made  tally
}

// jsonFault is why a text or a value cannot be converted; containers put their step in front of path on the way up.
type jsonFault struct {
	at     int // offset in the text, when decoding
	path   string
	reason string
}

func (f *jsonFault) under(step string) *jsonFault {
	f.path = step + f.path
	return f
}

func (d *jsonDecoder) value(depth int) (lua.LValue, *jsonFault) {
	if d.at == len(d.text) {
		return nil, d.unexpected("a value")
	}
	switch c := d.text[d.at]; {
	case c == '"':
		s, fault := d.string(false)
		return lua.LString(s), fault
	case c == '{' || c == '[':
		if depth == luavalue.MaxDepth {
			return nil, &jsonFault{at: d.at, reason: fmt.Sprintf("is nested more than %d deep", luavalue.MaxDepth)}
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

func (d *jsonDecoder) array(depth int) (lua.LValue, *jsonFault) {
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
	d.made.add(d.L, t)
	d.stack = d.stack[:base]
	return t, nil
}

func (d *jsonDecoder) object(depth int) (lua.LValue, *jsonFault) {
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
			return nil, fault.under(jsonStep(name))
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
	d.made.add(d.L, t)
	d.stack, d.keys = d.stack[:base], d.keys[:keysBase]
	return t, nil
}

// member reads a name and the colon behind it.
func (d *jsonDecoder) member() (string, *jsonFault) {
	if d.at == len(d.text) || d.text[d.at] != '"' {
		return "", d.unexpected("a name in double quotes")
	}
	name, fault := d.string(true)
	if fault != nil {
		return "", fault
	}
	d.skipBlanks()
	if !d.take(':') {
		return "", d.unexpected("':'").under(jsonStep(name))
	}
	d.skipBlanks()
	return name, nil
}

func (d *jsonDecoder) skipBlanks() {
	for d.at < len(d.text) {
		switch d.text[d.at] {
		case ' ', '\n', '\t', '\r':
			d.at++
		default:
			return
		}
	}
}

func (d *jsonDecoder) take(c byte) bool {
	if d.at < len(d.text) && d.text[d.at] == c {
		d.at++
		return true
	}
	return false
}

func (d *jsonDecoder) word(word string) bool {
	if !strings.HasPrefix(d.text[d.at:], word) {
		return false
	}
	d.at += len(word)
	return true
}
