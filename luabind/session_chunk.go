package luabind

import (
	"errors"
	"strings"

	"github.com/authysh/authysh/luabind/internal/lua51"
	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"
	"github.com/yuin/gopher-lua/parse"
)

// typed is a chunk that was typed, parsed.
type typed struct {
	name  string
	stmts []ast.Stmt
	exprs []ast.Expr // of an expression; nil when it was read as statements
}

// returning turns an expression into a statement.
const returning = "return "

// readChunk reads src as an expression, and if it is none, as statements. An error is a [*ScriptError] whose Incomplete
// reports that further lines could complete it.
func readChunk(src, name string) (*typed, *ScriptError) {
	src, asked := withoutEquals(src)
	if strings.ContainsRune(src, 0) {
		return nil, &ScriptError{Where: name, Message: "a zero byte cannot be typed: write \\0 inside a string", Syntax: true, Value: lua.LNil}
	}
	// The line break ends a short string, so that an unfinished one is wrong rather than incomplete.
	stmts, notExpression := parseSource(returning+src+"\n", name)
	if notExpression == nil {
		c := &typed{name: name, stmts: stmts}
		if ret, ok := soleReturn(stmts); ok {
			c.exprs = ret.Exprs
		}
		return c, nil
	}
	var notStatements error
	if !asked {
		if stmts, notStatements = parseSource(src+"\n", name); notStatements == nil {
			keepLocals(stmts)
			return &typed{name: name, stmts: stmts}, nil
		}
	}
	failure := furthest(src, name, notExpression, notStatements)
	failure.Incomplete = atEnd(notExpression) || atEnd(notStatements)
	return nil, failure
}

// withoutEquals blanks the "=" that asks for a value, as in Lua 5.1's prompt; columns stay as they are.
func withoutEquals(src string) (plain string, asked bool) {
	trimmed := strings.TrimLeft(src, " \t")
	if !strings.HasPrefix(trimmed, "=") || strings.HasPrefix(trimmed, "==") {
		return src, false
	}
	return strings.Replace(src, "=", " ", 1), true
}

func soleReturn(stmts []ast.Stmt) (*ast.ReturnStmt, bool) {
	if len(stmts) != 1 {
		return nil, false
	}
	ret, ok := stmts[0].(*ast.ReturnStmt)
	return ret, ok
}

// atEnd reports whether a parser's error is that the text has ended.
func atEnd(err error) bool {
	failure, ok := errors.AsType[*parse.Error](err)
	return ok && failure.Pos.Line == parse.EOF
}

// furthest is the error of the two that comes later in the text: of the reading that fitted longer.
func furthest(src, name string, expression, statements error) *ScriptError {
	e, isParse := errors.AsType[*parse.Error](expression)
	s, alsoParse := errors.AsType[*parse.Error](statements)
	if isParse && e.Pos.Line == 1 {
		e.Pos.Column = max(1, e.Pos.Column-len(returning))
	}
	later := isParse && alsoParse && s.Pos.Line != parse.EOF &&
		(e.Pos.Line == parse.EOF || e.Pos.Line > s.Pos.Line || e.Pos.Line == s.Pos.Line && e.Pos.Column > s.Pos.Column)
	chosen := statements
	if statements == nil || later {
		chosen = expression
	}
	failure := syntaxError(src, name, chosen)
	failure.cause = chosen
	return failure
}

// keepLocals makes the local variables at the top of a chunk globals: the next chunk could not see them otherwise.
func keepLocals(stmts []ast.Stmt) {
	for i, stmt := range stmts {
		local, ok := stmt.(*ast.LocalAssignStmt)
		if !ok {
			continue
		}
		global := &ast.AssignStmt{Rhs: local.Exprs}
		global.SetLine(local.Line())
		global.SetLastLine(local.LastLine())
		for _, name := range local.Names {
			variable := &ast.IdentExpr{Value: name}
			variable.SetLine(local.Line())
			variable.SetLastLine(local.Line())
			global.Lhs = append(global.Lhs, variable)
		}
		if len(global.Rhs) == 0 {
			none := &ast.NilExpr{}
			none.SetLine(local.Line())
			none.SetLastLine(local.Line())
			global.Rhs = []ast.Expr{none}
		}
		stmts[i] = global
	}
}

// function compiles the chunk.
func (c *typed) function(L *lua.LState) (*lua.LFunction, *ScriptError) {
	proto, err := lua51.Compile(c.stmts, c.name)
	if err != nil {
		return nil, syntaxError("", c.name, err)
	}
	return L.NewFunctionFromProto(proto), nil
}

// readChunk is the function of that name for sources that may be too long.
func (rt *Runtime) readChunk(src, name string) (*typed, *ScriptError) {
	if rt.untrusted != nil {
		if failure := tooLong(len(src), name); failure != nil {
			return nil, failure
		}
	}
	return readChunk(src, name)
}

// function compiles a chunk, with guards for scripts that are not trusted.
func (rt *Runtime) function(L *lua.LState, c *typed) (*lua.LFunction, *ScriptError) {
	if rt.untrusted == nil {
		return c.function(L)
	}
	code, err := hardenTree(c.stmts, c.name)
	var fn *lua.LFunction
	if err == nil {
		fn, err = code.function(L)
	}
	if failure, ok := errors.AsType[*ScriptError](err); ok {
		return nil, failure
	} else if err != nil {
		return nil, newScriptError(err)
	}
	return fn, nil
}

// writes reports whether the chunk is a call such as io.write(...) or io.stdout:flush().
func (c *typed) writes() bool {
	if len(c.exprs) != 1 {
		return false
	}
	call, ok := c.exprs[0].(*ast.FuncCallExpr)
	if !ok {
		return false
	}
	method, root := call.Method, call.Receiver
	if get, ok := call.Func.(*ast.AttrGetExpr); ok {
		method, root = lastName(get), get.Object
	}
	if get, ok := root.(*ast.AttrGetExpr); ok {
		root = get.Object
	}
	variable, ok := root.(*ast.IdentExpr)
	return ok && variable.Value == "io" && (method == "write" || method == "flush")
}

// Incomplete reports whether more lines could complete src: something in it is open, such as a function without its end.
func (s *Session) Incomplete(src string) bool { return Incomplete(src) }

// Incomplete reports whether more lines could complete src, a chunk of Lua as typed at a prompt.
func Incomplete(src string) bool {
	_, failure := readChunk(src, "input")
	return failure != nil && failure.Incomplete
}
