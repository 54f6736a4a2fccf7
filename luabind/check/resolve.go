package check

import (
	"github.com/authysh/authysh/luabind"
	"github.com/yuin/gopher-lua/ast"
	"github.com/yuin/gopher-lua/parse"
)

// place is where something is in the text, from 1.
type place struct{ line, column int }

// named is a name that is no expression of the tree: the i-th of a node, or a method's.
type named struct {
	node any
	i    int
}

// methodName is the number of a method's name.
const methodName = -1

// placeOf is where a node or name is. What has no place of its own has that of its line.
func (s *script) placeOf(at any) place {
	if p, ok := s.places[at]; ok {
		return p
	}
	switch at := at.(type) {
	case *ast.AttrGetExpr:
		return s.placeOf(at.Object)
	case *ast.FuncCallExpr:
		if at.Receiver != nil {
			return s.placeOf(at.Receiver)
		}
		return s.placeOf(at.Func)
	}
	if node, ok := at.(ast.PositionHolder); ok {
		return place{max(node.Line(), 1), 1}
	}
	return place{1, 1}
}

// variable is a local variable.
type variable struct {
	name     string
	value    ast.Expr // what it begins with; nil when that is not known
	assigned bool     // it may be something else later
}

// scope is a block with its variables.
type scope struct {
	outer     *scope
	variables map[string]*variable
}

func (s *scope) find(name string) *variable {
	for ; s != nil; s = s.outer {
		if v := s.variables[name]; v != nil {
			return v
		}
	}
	return nil
}

// resolver finds out which variable each name means, and where everything is.
//
// The parser keeps lines only, and of some nodes not even these. But each name, text, number and brace of the tree is one
// token, and the walk comes by them in the order of the text; so the place of each is that of the next token that is
// the same.
type resolver struct {
	*script
	tokens []ast.Token
	next   int
	scope  *scope
}

func (s *script) resolve(tree *luabind.Tree) {
	r := &resolver{script: s, tokens: tree.Tokens}
	r.block(tree.Statements, nil)
}

// at notes that node is the next token that satisfies is.
func (r *resolver) at(node any, is func(ast.Token) bool) {
	for i := r.next; i < len(r.tokens); i++ {
		if is(r.tokens[i]) {
			r.places[node] = place{r.tokens[i].Pos.Line, r.tokens[i].Pos.Column}
			r.next = i + 1
			return
		}
	}
}

func (r *resolver) atWord(node any, text string) {
	r.at(node, func(t ast.Token) bool { return (t.Type == parse.TIdent || t.Type == parse.TString) && t.Str == text })
}

func (r *resolver) atSign(node any, sign int) {
	r.at(node, func(t ast.Token) bool { return t.Type == sign })
}

// declare makes a variable of the innermost block.
func (r *resolver) declare(name string, value ast.Expr) {
	r.scope.variables[name] = &variable{name: name, value: value}
}

// block walks through a block; before declares what belongs to it from the beginning.
func (r *resolver) block(statements []ast.Stmt, before func()) {
	r.enter(before)
	for _, statement := range statements {
		r.statement(statement)
	}
	r.leave()
}

func (r *resolver) enter(before func()) {
	r.scope = &scope{outer: r.scope, variables: map[string]*variable{}}
	if before != nil {
		before()
	}
}

func (r *resolver) leave() { r.scope = r.scope.outer }

func (r *resolver) statement(statement ast.Stmt) {
	switch n := statement.(type) {
	case *ast.AssignStmt:
		r.expressions(n.Lhs)
		r.expressions(n.Rhs)
		for _, target := range n.Lhs {
			r.assign(target)
		}
	case *ast.LocalAssignStmt:
		r.local(n)
	case *ast.FuncCallStmt:
		r.expression(n.Expr)
	case *ast.DoBlockStmt:
		r.block(n.Stmts, nil)
	case *ast.WhileStmt:
		r.expression(n.Condition)
		r.block(n.Stmts, nil)
	case *ast.RepeatStmt: // its condition sees the variables of the block
		r.enter(nil)
		for _, inner := range n.Stmts {
			r.statement(inner)
		}
		r.expression(n.Condition)
		r.leave()
	case *ast.IfStmt:
		r.expression(n.Condition)
		r.block(n.Then, nil)
		r.block(n.Else, nil)
	case *ast.NumberForStmt:
		r.atWord(named{n, 0}, n.Name)
		r.expressions([]ast.Expr{n.Init, n.Limit, n.Step})
		r.block(n.Stmts, func() { r.declare(n.Name, nil) })
	case *ast.GenericForStmt:
		for i, name := range n.Names {
			r.atWord(named{n, i}, name)
		}
		r.expressions(n.Exprs)
		r.block(n.Stmts, func() {
			for _, name := range n.Names {
				r.declare(name, nil)
			}
		})
	case *ast.FuncDefStmt:
		r.definition(n)
	case *ast.ReturnStmt:
		r.expressions(n.Exprs)
	}
}

// local declares variables: behind their values, but a local function knows itself.
func (r *resolver) local(n *ast.LocalAssignStmt) {
	for i, name := range n.Names {
		r.atWord(named{n, i}, name)
	}
	if r.next >= 2 && r.tokens[r.next-2].Type == parse.TFunction {
		if f, ok := n.Exprs[0].(*ast.FunctionExpr); ok {
			r.declare(n.Names[0], nil)
			r.function(f, nil)
			return
		}
	}
	r.expressions(n.Exprs)
	for i, name := range n.Names {
		var value ast.Expr
		if i < len(n.Exprs) {
			value = n.Exprs[i]
		}
		r.declare(name, value)
	}
}

func (r *resolver) definition(n *ast.FuncDefStmt) {
	var before func()
	if n.Name.Func != nil {
		r.expression(n.Name.Func)
		r.assign(n.Name.Func)
	} else {
		r.expression(n.Name.Receiver)
		r.atWord(named{n, methodName}, n.Name.Method)
		before = func() { r.declare("self", nil) }
	}
	r.function(n.Func, before)
}

// assign notes that a variable does not keep its first value.
func (r *resolver) assign(target ast.Expr) {
	if name, ok := target.(*ast.IdentExpr); ok && r.uses[name] != nil {
		r.uses[name].assigned = true
	}
}

func (r *resolver) function(f *ast.FunctionExpr, before func()) {
	for i, name := range f.ParList.Names {
		r.atWord(named{f, i}, name)
	}
	r.block(f.Stmts, func() {
		if before != nil {
			before()
		}
		for _, name := range f.ParList.Names {
			r.declare(name, nil)
		}
	})
}

func (r *resolver) expressions(expressions []ast.Expr) {
	for _, e := range expressions {
		r.expression(e)
	}
}

func (r *resolver) expression(expression ast.Expr) {
	switch n := expression.(type) {
	case *ast.IdentExpr:
		r.atWord(n, n.Value)
		if v := r.scope.find(n.Value); v != nil {
			r.uses[n] = v
		}
	case *ast.StringExpr:
		r.atWord(n, n.Value)
	case *ast.NumberExpr:
		r.at(n, func(t ast.Token) bool { return t.Type == parse.TNumber && t.Str == n.Value })
	case *ast.TrueExpr:
		r.atSign(n, parse.TTrue)
	case *ast.FalseExpr:
		r.atSign(n, parse.TFalse)
	case *ast.NilExpr:
		r.atSign(n, parse.TNil)
	case *ast.Comma3Expr:
		r.atSign(n, parse.T3Comma)
	case *ast.TableExpr:
		r.atSign(n, '{')
		for _, field := range n.Fields {
			if field.Key != nil {
				r.expression(field.Key)
			}
			r.expression(field.Value)
		}
		r.atSign(named{n, 1}, '}')
	case *ast.FunctionExpr:
		r.atSign(n, parse.TFunction)
		r.function(n, nil)
	case *ast.FuncCallExpr:
		if n.Receiver != nil {
			r.expression(n.Receiver)
			r.atWord(named{n, methodName}, n.Method)
		} else {
			r.expression(n.Func)
		}
		r.expressions(n.Args)
	default:
		r.expressions(operands(expression))
	}
}

// operands are the parts of an operation, in the order of the text; nil of anything else.
func operands(expression ast.Expr) []ast.Expr {
	switch n := expression.(type) {
	case *ast.AttrGetExpr:
		return []ast.Expr{n.Object, n.Key}
	case *ast.LogicalOpExpr:
		return []ast.Expr{n.Lhs, n.Rhs}
	case *ast.RelationalOpExpr:
		return []ast.Expr{n.Lhs, n.Rhs}
	case *ast.StringConcatOpExpr:
		return []ast.Expr{n.Lhs, n.Rhs}
	case *ast.ArithmeticOpExpr:
		return []ast.Expr{n.Lhs, n.Rhs}
	case *ast.UnaryMinusOpExpr:
		return []ast.Expr{n.Expr}
	case *ast.UnaryNotOpExpr:
		return []ast.Expr{n.Expr}
	case *ast.UnaryLenOpExpr:
		return []ast.Expr{n.Expr}
	}
	return nil
}
