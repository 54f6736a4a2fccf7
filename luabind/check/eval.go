package check

import (
	"strconv"
	"strings"

	"github.com/authysh/authysh/luabind"
	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"
)

// mostSteps bounds how far a value is followed through variables.
const mostSteps = 64

// thingOf tells what an expression is, as far as the text says so.
func (s *script) thingOf(e ast.Expr) thing { return s.follow(e, 0) }

func (s *script) follow(e ast.Expr, steps int) thing {
	if steps++; steps > mostSteps {
		return thing{}
	}
	switch n := e.(type) {
	case *ast.IdentExpr:
		if v := s.uses[n]; v != nil {
			if v.assigned || v.value == nil {
				return thing{}
			}
			return s.follow(v.value, steps)
		}
		if s.globals[n.Value] {
			return thing{}
		}
		return s.world.globals[n.Value]
	case *ast.StringExpr:
		return thing{library, "string"} // whose functions are its methods
	case *ast.AttrGetExpr:
		key, ok := n.Key.(*ast.StringExpr)
		if !ok {
			return thing{}
		}
		of := s.follow(n.Object, steps)
		if _, isText := n.Object.(*ast.StringExpr); isText || s.patched[of.name+"."+key.Value] {
			return thing{}
		}
		member, _ := s.world.member(of, key.Value)
		return member
	case *ast.FuncCallExpr:
		return s.resultOf(n, steps)
	}
	return thing{}
}

// resultOf tells what a call gives.
func (s *script) resultOf(n *ast.FuncCallExpr, steps int) thing {
	var f thing
	if n.Receiver != nil {
		of := s.follow(n.Receiver, steps)
		if !s.patched[of.name+"."+n.Method] {
			f, _ = s.world.member(of, n.Method)
		}
	} else {
		f = s.follow(n.Func, steps)
	}
	if f.sort != function {
		return thing{}
	}
	if f.name == "require" {
		name, ok := literalText(n.Args, 0)
		if !ok || !s.world.modules[name] {
			return thing{}
		}
		return thing{library, name}
	}
	if kind := s.world.returns[f.name]; kind != "" {
		return thing{object, kind}
	}
	return s.world.results[f.name]
}

// literalText is an argument that is written as a text.
func literalText(arguments []ast.Expr, i int) (string, bool) {
	if i >= len(arguments) {
		return "", false
	}
	text, ok := arguments[i].(*ast.StringExpr)
	if !ok {
		return "", false
	}
	return text.Value, true
}

// values are arguments as far as they are written out; more says that there may be further ones.
func (s *script) values(arguments []ast.Expr) (values []lua.LValue, more bool) {
	for i, e := range arguments {
		if i == len(arguments)-1 && isMany(e) {
			return append(values, luabind.Unknown), true
		}
		values = append(values, s.value(e))
	}
	return values, false
}

// isMany reports whether an expression at the end of a list may be several values, or none.
func isMany(e ast.Expr) bool {
	switch n := e.(type) {
	case *ast.FuncCallExpr:
		return !n.AdjustRet
	case *ast.Comma3Expr:
		return !n.AdjustRet
	}
	return false
}

// value is what an expression gives, or [luabind.Unknown].
func (s *script) value(e ast.Expr) lua.LValue {
	switch n := e.(type) {
	case *ast.StringExpr:
		return lua.LString(n.Value)
	case *ast.NumberExpr:
		return number(n.Value)
	case *ast.TrueExpr:
		return lua.LTrue
	case *ast.FalseExpr:
		return lua.LFalse
	case *ast.NilExpr:
		return lua.LNil
	case *ast.FunctionExpr:
		return &lua.LFunction{}
	case *ast.UnaryMinusOpExpr:
		if n, ok := s.value(n.Expr).(lua.LNumber); ok {
			return -n
		}
	case *ast.TableExpr:
		return s.table(n)
	case *ast.IdentExpr:
		if v := s.uses[n]; v != nil && !v.assigned {
			switch v.value.(type) {
			case *ast.StringExpr, *ast.NumberExpr, *ast.TrueExpr, *ast.FalseExpr:
				return s.value(v.value)
			}
		}
	}
	return luabind.Unknown
}

func number(text string) lua.LValue {
	if n, err := strconv.ParseFloat(text, 64); err == nil && !strings.ContainsAny(text, "xX_") {
		return lua.LNumber(n)
	}
	if n, err := strconv.ParseUint(text, 0, 63); err == nil && !strings.Contains(text, "_") {
		return lua.LNumber(n)
	}
	return luabind.Unknown
}

// table is a table that is written out. A key that is not, or values that are not counted, stand for more entries.
func (s *script) table(n *ast.TableExpr) *lua.LTable {
	t := &lua.LTable{}
	count := 0
	for i, field := range n.Fields {
		switch {
		case field.Key != nil:
			key := s.value(field.Key)
			if number, ok := key.(lua.LNumber); key == lua.LNil || ok && number != number {
				key = luabind.Unknown
			}
			t.RawSet(key, s.value(field.Value))
		case i == len(n.Fields)-1 && isMany(field.Value):
			t.RawSet(luabind.Unknown, luabind.Unknown)
		default:
			count++
			t.RawSetInt(count, s.value(field.Value))
		}
	}
	return t
}

// within finds the expression at a place such as "logos[1].url" of a table: its key if it has one, for problems are best shown
// at the name. What is not there is shown at what it is missing from.
func (s *script) within(e ast.Expr, at string) any {
	table, ok := e.(*ast.TableExpr)
	if !ok || at == "" {
		return e
	}
	count := 0
	var best any = e
	for _, field := range table.Fields {
		prefix := ""
		if field.Key == nil {
			count++
			prefix = "[" + strconv.Itoa(count) + "]"
		} else if key, ok := s.value(field.Key).(lua.LString); ok {
			prefix = string(key)
		} else {
			prefix = "[" + s.value(field.Key).String() + "]"
		}
		rest, ok := strings.CutPrefix(at, prefix)
		switch {
		case !ok:
		case rest == "" && field.Key != nil:
			return field.Key
		case rest == "":
			return field.Value
		case rest[0] == '.' || rest[0] == '[':
			if best = s.within(field.Value, strings.TrimPrefix(rest, ".")); best == any(field.Value) && field.Key != nil {
				best = field.Key
			}
		}
	}
	return best
}
