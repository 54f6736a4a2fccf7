package luabind

import (
	"fmt"
	"math"
	"strconv"

	"github.com/authysh/authysh/luabind/internal/luavalue"
	lua "github.com/yuin/gopher-lua"
)

// border has what a state puts in place of the values that belong to another state.
type border struct {
	null  *lua.LUserData
	array *lua.LTable
}

func borderOf(L *lua.LState) border { return border{luavalue.Null(L), luavalue.ArrayMetatable(L)} }

// maxCarried bounds what crosses a border at a time: values, and for each that many bytes of texts on average. A text that
// stands in many places is one in memory, but whoever writes it out writes it as often.
const (
	maxCarried = 100_000
	perCarried = 128
)

// carry copies a value into the state that the border is of. Texts, numbers, booleans, json.null and tables of these
// cross; metatables do not, but for the mark of a list. Anything else would take its own state along.
//
// It touches neither state, so only the tables that are copied must not change meanwhile.
func (to border) carry(v lua.LValue) (lua.LValue, error) {
	c := carrier{to: to}
	return c.value(v, nil)
}

type carrier struct {
	to    border
	count int
}

func (c *carrier) value(v lua.LValue, path []*lua.LTable) (lua.LValue, error) {
	if c.count += weight(v); c.count > maxCarried {
		return nil, errTooMuch
	}
	switch v := v.(type) {
	case *lua.LNilType, lua.LBool, lua.LNumber, lua.LString:
		return v, nil
	case *lua.LTable:
		return c.table(v, path)
	}
	if luavalue.IsNull(v) {
		return c.to.null, nil
	}
	return nil, fmt.Errorf("holds %s; only texts, numbers, booleans and tables of these cross between plugins and scripts", luavalue.TypeName(v))
}

// weight is what a value counts.
func weight(v lua.LValue) int {
	if text, ok := v.(lua.LString); ok {
		return 1 + len(text)/perCarried
	}
	return 1
}

// errTooMuch is a value that is larger than maxCarried.
var errTooMuch = fmt.Errorf("has more than %d values, or texts of more than %d MB", maxCarried, maxCarried*perCarried/1_000_000)

func (c *carrier) table(t *lua.LTable, path []*lua.LTable) (lua.LValue, error) {
	for _, above := range path {
		if above == t {
			return nil, fmt.Errorf("contains itself")
		}
	}
	if len(path) >= luavalue.MaxDepth {
		return nil, fmt.Errorf("is nested more than %d deep", luavalue.MaxDepth)
	}
	path = append(path, t)
	result := &lua.LTable{Metatable: lua.LNil}
	if luavalue.IsArray(t) {
		result.Metatable = c.to.array
	}
	var failure error
	t.ForEach(func(k, v lua.LValue) {
		if failure != nil {
			return
		}
		switch key := k.(type) {
		case lua.LString:
			c.count += weight(key) - 1
		case lua.LBool:
		case lua.LNumber:
			if key > largestIndex && key < lua.LNumber(lua.MaxArrayIndex) && int(key) > t.Len() {
				failure = fmt.Errorf("has the index %s, which makes too long a list", key.String())
				return
			}
		default:
			failure = fmt.Errorf("has %s as a key", luavalue.TypeName(k))
			return
		}
		copied, err := c.value(v, path)
		if err != nil {
			failure = err
			return
		}
		result.RawSet(k, copied)
	})
	if failure != nil {
		return nil, failure
	}
	return result, nil
}

// equalAcross reports whether two values that can cross a border are equal. What is too large to cross, or contains itself, is
// equal to nothing.
func equalAcross(a, b lua.LValue) bool {
	left := maxCarried
	return equalWithin(a, b, 0, &left)
}

func equalWithin(a, b lua.LValue, depth int, left *int) bool {
	if *left--; *left < 0 || depth > luavalue.MaxDepth {
		return false
	}
	ta, ok := a.(*lua.LTable)
	if !ok {
		return a == b || luavalue.IsNull(a) && luavalue.IsNull(b)
	}
	tb, ok := b.(*lua.LTable)
	if !ok || luavalue.IsArray(ta) != luavalue.IsArray(tb) {
		return false
	}
	same, count := true, 0
	ta.ForEach(func(k, v lua.LValue) {
		count++
		same = same && equalWithin(v, tb.RawGet(k), depth+1, left)
	})
	if same {
		tb.ForEach(func(lua.LValue, lua.LValue) { count-- })
	}
	return same && count == 0
}

// export makes a Go value of what a plugin gives: nil, string, float64, bool, []any or map[string]any.
func export(v lua.LValue) (any, error) {
	e := exporter{}
	return e.value(v, nil)
}

// exporter may let functions pass, as a mark.
type exporter struct {
	count     int
	functions bool
}

func (e *exporter) value(v lua.LValue, path []*lua.LTable) (any, error) {
	if e.count += weight(v); e.count > maxCarried {
		return nil, errTooMuch
	}
	switch v := v.(type) {
	case *lua.LNilType:
		return nil, nil
	case lua.LBool:
		return bool(v), nil
	case lua.LNumber:
		return float64(v), nil
	case lua.LString:
		return string(v), nil
	case *lua.LFunction:
		if e.functions {
			return functionMark{}, nil
		}
	case *lua.LTable:
		for _, above := range path {
			if above == v {
				return nil, fmt.Errorf("contains itself")
			}
		}
		if len(path) >= luavalue.MaxDepth {
			return nil, fmt.Errorf("is nested more than %d deep", luavalue.MaxDepth)
		}
		return e.table(v, append(path, v))
	}
	if luavalue.IsNull(v) {
		return nil, nil
	}
	return nil, fmt.Errorf("holds %s", luavalue.TypeName(v))
}

// functionMark stands for a function, which does not cross.
type functionMark struct{}

// table makes a list of a table whose keys are 1 to n, and else a map; numbers among names become texts.
func (e *exporter) table(t *lua.LTable, path []*lua.LTable) (any, error) {
	length, count := t.Len(), 0
	t.ForEach(func(lua.LValue, lua.LValue) { count++ })
	if count == length && (length > 0 || luavalue.IsArray(t)) {
		list := make([]any, length)
		for i := range length {
			var err error
			if list[i], err = e.value(t.RawGetInt(i+1), path); err != nil {
				return nil, err
			}
		}
		return list, nil
	}
	object := make(map[string]any, count)
	var failure error
	t.ForEach(func(k, v lua.LValue) {
		name := ""
		switch k := k.(type) {
		case lua.LString:
			name = string(k)
		case lua.LNumber:
			if n := float64(k); n == math.Trunc(n) && math.Abs(n) <= luavalue.MaxExact {
				name = strconv.FormatInt(int64(n), 10)
			}
		}
		if name == "" && failure == nil {
			failure = fmt.Errorf("has the key %s; keys are names", clip(oneLine(k.String()), 40))
		}
		if failure != nil {
			return
		}
		object[name], failure = e.value(v, path)
	})
	return object, failure
}
