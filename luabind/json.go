package luabind

import (
	"math"
	"strings"

	"github.com/authysh/authysh/luabind/internal/luajson"
	"github.com/authysh/authysh/luabind/internal/luatext"
	"github.com/authysh/authysh/luabind/internal/luavalue"
	lua "github.com/yuin/gopher-lua"
)

// jsonModule is json: text to tables and back.
func jsonModule(*Host) Module {
	return Module{
		Name: "json", Doc: "Reads and writes JSON.",
		Functions: []Function{
			{
				Name: "encode", Doc: "Gives the JSON text of a value.",
				Params: []Param{
					{Name: "value", Type: "any", Doc: "keys 1 to n make a list, names an object, {} an object"},
					{Name: "options", Type: "table", Optional: true, Fields: optionParams[jsonOptions]()},
				},
				Returns: []Param{{Name: "text", Type: "string"}},
				Call:    jsonEncode,
			},
			{
				Name: "decode", Doc: "Reads a JSON text; whole numbers beyond 2^53 become strings.",
				Params:  []Param{{Name: "text", Type: "string"}},
				Returns: []Param{{Name: "value", Type: "any", Doc: "null becomes json.null"}},
				Call:    jsonDecode,
			},
			{
				Name: "array", Doc: "Marks a table as a list, so that an empty one is written as [].",
				Params:  []Param{{Name: "list", Type: "table", Doc: "a new table when left out", Optional: true}},
				Returns: []Param{{Name: "list", Type: "table", Doc: "the same table"}},
				Call:    jsonArray,
			},
		},
		Values: []Value{{
			Name: "null", Type: "userdata", Doc: "JSON's null, which a table could not hold as nil.",
			Make: func(L *lua.LState) lua.LValue { return luavalue.Null(L) },
		}},
	}
}

type jsonOptions struct {
	Indent lua.LValue `json:"indent" doc:"blanks per level: a number, a string of blanks, or true for 2; one line when left out"`
	Sort   *bool      `json:"sort" doc:"names in alphabetical order; false: as they were set; true when left out"`
}

func jsonEncode(L *lua.LState) int {
	var options jsonOptions
	optionsAt(L, 2, "json.encode", &options)
	e := luajson.Encoder{Most: longestText(L), Sorted: options.Sort == nil || *options.Sort}
	var reason string
	if e.Indent, reason = indentOf(options.Indent); reason != "" {
		refuse(L, "json.encode", "indent", reason)
	}
	text, err := e.Encode(L.Get(1))
	if err != nil {
		fail(L, "json.encode", err)
	}
	L.Push(lua.LString(text))
	return 1
}

// indentOf reads the indent option, or gives the reason to refuse it.
func indentOf(v lua.LValue) (indent, reason string) {
	const most = 16
	const rule = "must be a number of blanks from 0 to 16, a string of blanks or tabs, or true, got "
	switch v := v.(type) {
	case nil:
		return "", ""
	case lua.LBool:
		if v {
			return "  ", ""
		}
		return "", ""
	case lua.LNumber:
		if n := float64(v); n == math.Trunc(n) && 0 <= n && n <= most {
			return strings.Repeat(" ", int(n)), ""
		}
		return "", rule + v.String()
	case lua.LString:
		if len(v) <= most && strings.Trim(string(v), " \t") == "" {
			return string(v), ""
		}
		return "", rule + luatext.Excerpt(string(v))
	}
	return "", rule + luavalue.TypeName(v)
}

// decodeJSON makes the Lua value of a JSON text, and charges code with a budget for it.
func decodeJSON(L *lua.LState, text string) (lua.LValue, error) {
	made := newTally(L)
	if made.budget == nil {
		return luajson.Decode(L, text, nil)
	}
	return decodeCharged(L, text, made)
}

func decodeCharged(L *lua.LState, text string, made tally) (lua.LValue, error) {
	v, err := luajson.Decode(L, text, func(t *lua.LTable) { made.add(L, t) })
	if err != nil {
		return nil, err
	}
	L.Push(v)
	made.done(L)
	L.Pop(1)
	return v, nil
}

func jsonDecode(L *lua.LState) int {
	v, err := decodeJSON(L, textAt(L, 1, "json.decode", "text"))
	if err != nil {
		fail(L, "json.decode", err)
	}
	L.Push(v)
	return 1
}

func jsonArray(L *lua.LState) int {
	if L.Get(1) == lua.LNil {
		L.SetTop(0)
		L.Push(L.NewTable())
	}
	t := tableAt(L, 1, "json.array", "list")
	if t.Metatable != lua.LNil && !luavalue.IsArray(t) {
		refuse(L, "json.array", "list", "has a metatable already, which the mark would replace: copy its elements into a new table")
	}
	t.Metatable = luavalue.ArrayMetatable(L)
	L.Push(t)
	return 1
}
