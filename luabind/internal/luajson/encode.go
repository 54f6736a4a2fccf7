package luajson

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/authysh/authysh/luabind/internal/luavalue"
	lua "github.com/yuin/gopher-lua"
)

// Encode is the JSON text of a Lua value; with an indent, one element per line.
//
// A table is a list if its keys are exactly 1 to n, or if it is marked as one; an empty one that is not marked is an
// object. Names are sorted. Whole numbers up to 2^53 have no point and no exponent. What JSON cannot hold is
// an error that names the path: "value.items[3].x is a function, …".
func Encode(v lua.LValue, indent string) ([]byte, error) {
	return (&Encoder{Indent: indent, Sorted: true}).Encode(v)
}

// Encoder writes one value as JSON text. The zero value writes one line, with names in the order in which they were set.
type Encoder struct {
	Most   int    // bytes of text, about; 0 for no limit
	Indent string // of one level; with one, each element has a line of its own
	Sorted bool   // names stand in alphabetical order
	text   []byte
	above  []*lua.LTable // the tables around the place at hand
}

// Encode is the text of a value; see the function [Encode].
func (e *Encoder) Encode(v lua.LValue) ([]byte, error) {
	if fault := e.value(v); fault != nil {
		return nil, errors.New("value" + fault.path + " " + fault.reason)
	}
	return e.text, nil
}

func (e *Encoder) value(v lua.LValue) *failure {
	if e.Most > 0 && len(e.text) > e.Most {
		return &failure{reason: fmt.Sprintf("makes a text of more than %d MiB", e.Most>>20)}
	}
	switch v := v.(type) {
	case lua.LString:
		return e.string(string(v))
	case lua.LNumber:
		return e.number(float64(v))
	case lua.LBool:
		e.text = strconv.AppendBool(e.text, bool(v))
		return nil
	case *lua.LTable:
		return e.table(v)
	}
	if luavalue.IsNull(v) {
		e.text = append(e.text, "null"...)
		return nil
	}
	return &failure{reason: "is " + luavalue.TypeName(v) + ", which JSON cannot hold" + nilHint(v)}
}

func nilHint(v lua.LValue) string {
	if v == lua.LNil {
		return ": use json.null"
	}
	return ""
}

func (e *Encoder) number(n float64) *failure {
	switch {
	case math.IsNaN(n) || math.IsInf(n, 0):
		return &failure{reason: fmt.Sprintf("is %v, which JSON cannot hold", lua.LNumber(n))}
	case n == math.Trunc(n) && math.Abs(n) <= 1<<53:
		e.text = strconv.AppendInt(e.text, int64(n), 10)
	default:
		e.text = strconv.AppendFloat(e.text, n, 'g', -1, 64)
	}
	return nil
}

func (e *Encoder) table(t *lua.LTable) *failure {
	switch {
	case slices.Contains(e.above, t):
		return &failure{reason: "contains itself"}
	case len(e.above) == luavalue.MaxDepth:
		return &failure{reason: fmt.Sprintf("is nested more than %d deep", luavalue.MaxDepth)}
	}
	e.above = append(e.above, t)
	defer func() { e.above = e.above[:len(e.above)-1] }()
	// Keys in the table's array part come first; the key after the last of them tells whether there are others.
	length := t.MaxN()
	last := lua.LNil
	if length > 0 {
		last = lua.LNumber(length)
	}
	other, _ := t.Next(last)
	switch {
	case other != lua.LNil && (length > 0 || luavalue.IsArray(t)):
		return &failure{reason: "mixes list elements with other keys, such as " + luavalue.KeyText(other)}
	case length > 0 || luavalue.IsArray(t):
		return e.list(t, length)
	}
	return e.object(t)
}

func (e *Encoder) list(t *lua.LTable, length int) *failure {
	e.text = append(e.text, '[')
	for i := 1; i <= length; i++ {
		e.separate(i == 1)
		v := t.RawGetInt(i)
		if v == lua.LNil {
			return &failure{reason: fmt.Sprintf("is a list of %d with a hole at [%d]: put json.null there, or use strings as keys", length, i)}
		}
		if fault := e.value(v); fault != nil {
			return fault.under("[" + strconv.Itoa(i) + "]")
		}
	}
	e.close(']', length == 0)
	return nil
}

func (e *Encoder) object(t *lua.LTable) *failure {
	names, fault := e.names(t)
	if fault != nil {
		return fault
	}
	e.text = append(e.text, '{')
	for i, name := range names {
		e.separate(i == 0)
		if fault := e.string(name); fault != nil {
			return &failure{reason: "has a name that is not UTF-8"}
		}
		e.text = append(e.text, ':')
		if e.Indent != "" {
			e.text = append(e.text, ' ')
		}
		if fault := e.value(t.RawGetString(name)); fault != nil {
			return fault.under(stepTo(name))
		}
	}
	e.close('}', len(names) == 0)
	return nil
}

func (e *Encoder) names(t *lua.LTable) ([]string, *failure) {
	var names []string
	for key, _ := t.Next(lua.LNil); key != lua.LNil; key, _ = t.Next(key) {
		switch key := key.(type) {
		case lua.LString:
			names = append(names, string(key))
		case lua.LNumber:
			return nil, &failure{reason: "has the number key " + luavalue.KeyText(key) + ", want keys 1 to n or strings"}
		default:
			return nil, &failure{reason: "has " + luavalue.TypeName(key) + " as a key, want strings"}
		}
	}
	if e.Sorted {
		slices.Sort(names)
	}
	return names, nil
}

// separate goes to the place of the next element.
func (e *Encoder) separate(first bool) {
	if !first {
		e.text = append(e.text, ',')
	}
	e.newLine(len(e.above))
}

func (e *Encoder) close(bracket byte, empty bool) {
	if !empty {
		e.newLine(len(e.above) - 1)
	}
	e.text = append(e.text, bracket)
}

func (e *Encoder) newLine(depth int) {
	if e.Indent == "" {
		return
	}
	e.text = append(e.text, '\n')
	for range depth {
		e.text = append(e.text, e.Indent...)
	}
}

// string writes a string with no more escapes than JSON demands; markup characters stay readable.
func (e *Encoder) string(s string) *failure {
	if !utf8.ValidString(s) {
		return &failure{reason: "is not UTF-8, which JSON text must be"}
	}
	const hex = "0123456789abcdef"
	e.text = append(e.text, '"')
	clean := 0
	for i := range len(s) {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		e.text = append(e.text, s[clean:i]...)
		clean = i + 1
		switch c {
		case '"', '\\':
			e.text = append(e.text, '\\', c)
		case '\n':
			e.text = append(e.text, `\n`...)
		case '\r':
			e.text = append(e.text, `\r`...)
		case '\t':
			e.text = append(e.text, `\t`...)
		default:
			e.text = append(e.text, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
	}
	e.text = append(e.text, s[clean:]...)
	e.text = append(e.text, '"')
	return nil
}
