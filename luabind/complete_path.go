package luabind

import (
	"strconv"
	"strings"

	"github.com/authysh/authysh/luabind/internal/inspect"
	"github.com/authysh/authysh/luabind/internal/luatext"
	"github.com/authysh/authysh/luabind/internal/luavalue"
	lua "github.com/yuin/gopher-lua"
)

// finding is what completion knows of an expression without evaluating it: from raw reads of tables, the catalogue and
// the descriptions of modules.
type finding struct {
	value lua.LValue // nil when it is not known
	typ   string     // "string", clientType, or a type of a module such as "csv.Reader"
	slots []slot     // its fields, where they are documented
	list  bool       // slots are those of its elements
	sig   *signature // of a function that help knows
	name  string     // of a function
}

// completer is one completion.
type completer struct {
	s      *Session
	text   string
	scan   *luatext.Scan
	locals map[string]int // variables that the text itself declares → token of their value; -1 for none
	steps  int            // bounds how far expressions are followed
}

// maxSteps bounds the work of one completion on a text made to be long.
const maxSteps = 2000

func (c *completer) token(i int) luatext.Token {
	if i < 0 || i >= len(c.scan.Tokens) {
		return luatext.Token{}
	}
	return c.scan.Tokens[i]
}

// endsCallee reports whether token i may end an expression that a bracket or string behind it calls or indexes.
func (c *completer) endsCallee(i int) bool { return c.scan.IsVariable(i) || c.scan.Is(i, ")", "]") }

// resolve tells what is known of the expression that ends with token end.
func (c *completer) resolve(end int) finding {
	if c.steps++; c.steps > maxSteps || end < 0 || end >= len(c.scan.Tokens) {
		return finding{}
	}
	t := c.token(end)
	open := c.scan.Pair[end]
	switch {
	case c.scan.IsVariable(end) && c.scan.Is(end-1, ".", ":"):
		return c.field(c.resolve(end-2), t.Text)
	case c.scan.IsVariable(end):
		return c.variable(t.Text)
	case t.Kind == luatext.TokenString && c.endsCallee(end-1):
		return c.called(c.resolve(end-1), t.Text)
	case t.Kind == luatext.TokenString:
		return finding{value: lua.LString(t.Text), typ: "string"}
	case open < 0:
		return finding{}
	case c.scan.Is(end, "}", ")") && c.endsCallee(open-1):
		argument := ""
		if c.token(open+1).Kind == luatext.TokenString {
			argument = c.token(open + 1).Text
		}
		return c.called(c.resolve(open-1), argument)
	case c.scan.Is(end, ")") && c.start(end-1) == open+1:
		return c.resolve(end - 1)
	case c.scan.Is(end, "]") && c.endsCallee(open-1) && end == open+2:
		return c.indexed(c.resolve(open-1), c.token(open+1))
	}
	return finding{}
}

// start is the token with which the expression begins that ends with token end; -1 when there is no telling.
func (c *completer) start(end int) int {
	for c.steps <= maxSteps {
		c.steps++
		switch {
		case c.scan.IsVariable(end) && c.scan.Is(end-1, ".", ":"):
			end -= 2
		case c.scan.IsVariable(end):
			return end
		case c.token(end).Kind == luatext.TokenString && c.endsCallee(end-1):
			end--
		case c.token(end).Kind == luatext.TokenString:
			return end
		case end < 0 || end >= len(c.scan.Pair) || c.scan.Pair[end] < 0:
			return -1
		case c.endsCallee(c.scan.Pair[end] - 1):
			end = c.scan.Pair[end] - 1
		default:
			return c.scan.Pair[end]
		}
	}
	return -1
}

// variable is a global, or a local of the text whose value stands there.
func (c *completer) variable(name string) finding {
	if value, local := c.locals[name]; local {
		if value < 0 {
			return finding{}
		}
		delete(c.locals, name) // local x = x.y speaks of another x
		defer func() { c.locals[name] = value }()
		return c.resolve(value)
	}
	return c.found(c.s.global(name))
}

// found tells what is known of a value.
func (c *completer) found(v lua.LValue) finding {
	f := finding{value: v}
	switch v := v.(type) {
	case *lua.LFunction:
		if name, ok := c.s.functionNames()[v]; ok {
			f.name, f.sig = name, c.s.manual.signature(name)
		}
	case *lua.LTable:
		switch name := luavalue.MetaName(v.Metatable); name {
		case clientType:
			f.typ = name
		case resultType:
			op, _ := v.Metatable.(*lua.LTable).RawGetString("__operation").(lua.LString)
			if sig := c.s.manual.signature("authy." + string(op)); sig != nil {
				f.slots = sig.returns[0].inner
			}
		}
	case *lua.LUserData:
		f.typ = inspect.Describe(v)
	case lua.LString:
		f.typ = "string"
	}
	return f
}

// field is a named part of an expression.
func (c *completer) field(base finding, name string) finding {
	f := finding{}
	if t, ok := base.value.(*lua.LTable); ok {
		if v := luavalue.RawIndex(t, name); v != lua.LNil {
			f = c.found(v)
		}
	}
	if base.typ == clientType && base.value == nil {
		if of := c.field(c.found(c.s.global(apiModule)), name); luavalue.MetaName(tableMeta(of.value)) != "" {
			f = of // authy.try and others, which clients have too
		}
	}
	if base.typ == "string" {
		f = c.field(c.found(c.s.global("string")), name)
	}
	if f.sig == nil && base.typ != "" {
		f.sig = c.s.manual.signature(base.typ + ":" + name)
	}
	if f.slots != nil || base.list {
		return f
	}
	for _, s := range base.slots {
		if s.Name == name {
			f.slots, f.list = s.inner, s.list
			if f.typ == "" {
				f.typ = plainType(s.Type)
			}
		}
	}
	return f
}

// plainType is the type of a documented value, as far as completion can use it.
func plainType(words string) string {
	if strings.HasSuffix(words, "[]") || strings.Contains(words, "|") {
		return ""
	}
	return words
}

// indexed is base[key].
func (c *completer) indexed(base finding, key luatext.Token) finding {
	switch key.Kind {
	case luatext.TokenString:
		return c.field(base, key.Text)
	case luatext.TokenNumber:
		f := finding{}
		if t, ok := base.value.(*lua.LTable); ok {
			if index, err := parseNumber(key.Text); err == nil {
				f = c.found(t.RawGet(lua.LNumber(index)))
			}
		}
		if base.list && f.slots == nil {
			f.slots = base.slots
		}
		return f
	}
	return finding{}
}

// called is what a function gives; argument is the string that it is called with, if there is one.
func (c *completer) called(f finding, argument string) finding {
	if f.name == "require" && argument != "" {
		if loaded, ok := rawPath(c.s.rt.state.G.Global, "package.loaded").(*lua.LTable); ok {
			return c.found(loaded.RawGetString(argument))
		}
	}
	if f.sig == nil || len(f.sig.returns) == 0 {
		return finding{}
	}
	result := f.sig.returns[0]
	return finding{slots: result.inner, list: result.list, typ: plainType(result.Type)}
}

// tableMeta is the metatable of a table.
func tableMeta(v lua.LValue) lua.LValue {
	if t, ok := v.(*lua.LTable); ok {
		return t.Metatable
	}
	return lua.LNil
}

// declare notes the variables that the text declares up to the cursor: locals, parameters, loop variables.
func (c *completer) declare() {
	for i := range c.scan.Tokens {
		switch {
		case c.scan.Is(i, "local") && !c.scan.Is(i+1, "function"):
			c.declareNames(i + 1)
		case c.scan.Is(i, "local") && c.scan.IsVariable(i+2):
			c.locals[c.token(i+2).Text] = -1
		case c.scan.Is(i, "for"):
			c.declareNames(i + 1)
		case c.scan.Is(i, "function"):
			j := i + 1
			for j < len(c.scan.Tokens) && !c.scan.Is(j, "(") && j < i+8 {
				j++
			}
			if c.scan.Is(j, "(") {
				c.declareNames(j + 1)
			}
		}
	}
}

// declareNames notes "a, b = value"; the value counts for a single name, when it is a plain expression.
func (c *completer) declareNames(i int) {
	first := i
	for c.scan.IsVariable(i) && i < len(c.scan.Tokens)-1 { // the last token is the word being typed
		c.locals[c.token(i).Text] = -1
		if !c.scan.Is(i+1, ",") {
			break
		}
		i += 2
	}
	if i == first && c.scan.Is(i+1, "=") && !c.scan.Is(i-1, "for") {
		if end := c.expressionEnd(i + 2); end >= 0 {
			c.locals[c.token(i).Text] = end
		}
	}
}

// expressionEnd is the last token of the variable, call or field that begins at token i; -1 when there is none.
func (c *completer) expressionEnd(i int) int {
	if !c.scan.IsVariable(i) {
		return -1
	}
	for i < len(c.scan.Tokens) {
		switch {
		case c.scan.Is(i+1, ".", ":") && c.scan.IsVariable(i+2):
			i += 2
		case c.scan.Is(i+1, "(", "{", "[") && c.scan.Pair[i+1] > 0:
			i = c.scan.Pair[i+1]
		case c.token(i+1).Kind == luatext.TokenString:
			i++
		default:
			return i
		}
	}
	return -1
}

// parseNumber reads a number as Lua writes it.
func parseNumber(text string) (float64, error) {
	return strconv.ParseFloat(text, 64)
}
