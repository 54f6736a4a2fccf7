package luabind

import "github.com/yuin/gopher-lua/ast"

// usesOf finds where a chunk indexes, calls or computes with globals and their fields, in the order of the text.
func usesOf(stmts []ast.Stmt) []use {
	w := &useWalk{}
	w.block(stmts)
	return w.uses
}

// useWalk walks a chunk and knows which names are local.
type useWalk struct {
	uses   []use
	scopes []map[string]bool
}

func (w *useWalk) declare(names ...string) {
	for _, name := range names {
		w.scopes[len(w.scopes)-1][name] = true
	}
}

func (w *useWalk) isLocal(name string) bool {
	for _, scope := range w.scopes {
		if scope[name] {
			return true
		}
	}
	return false
}

// note records a use of e, if it is a global or a field of one.
func (w *useWalk) note(e ast.Expr, line int, kind useKind) {
	if path := pathOfExpr(e); path != nil && !w.isLocal(path[0]) {
		w.uses = append(w.uses, use{path, line, kind})
	}
}

func (w *useWalk) block(stmts []ast.Stmt, names ...string) {
	w.scopes = append(w.scopes, map[string]bool{})
	w.declare(names...)
	for _, stmt := range stmts {
		w.stmt(stmt)
	}
	w.scopes = w.scopes[:len(w.scopes)-1]
}

func (w *useWalk) stmt(stmt ast.Stmt) {
	switch s := stmt.(type) {
	case *ast.AssignStmt:
		w.exprs(s.Rhs)
		for _, target := range s.Lhs {
			w.expr(target)
		}
	case *ast.LocalAssignStmt:
		if _, function := first(s.Exprs).(*ast.FunctionExpr); function {
			w.declare(s.Names...) // local function: visible in itself
		}
		w.exprs(s.Exprs)
		w.declare(s.Names...)
	case *ast.FuncCallStmt:
		w.expr(s.Expr)
	case *ast.DoBlockStmt:
		w.block(s.Stmts)
	case *ast.WhileStmt:
		w.expr(s.Condition)
		w.block(s.Stmts)
	case *ast.RepeatStmt:
		w.block(s.Stmts)
		w.expr(s.Condition)
	case *ast.IfStmt:
		w.expr(s.Condition)
		w.block(s.Then)
		w.block(s.Else)
	case *ast.NumberForStmt:
		w.exprs([]ast.Expr{s.Init, s.Limit, s.Step})
		w.block(s.Stmts, s.Name)
	case *ast.GenericForStmt:
		w.exprs(s.Exprs)
		w.block(s.Stmts, s.Names...)
	case *ast.FuncDefStmt:
		if s.Name.Receiver != nil {
			w.note(s.Name.Receiver, s.Line(), useIndexed)
		}
		w.expr(s.Name.Func)
		w.function(s.Func, s.Name.Method != "")
	case *ast.ReturnStmt:
		w.exprs(s.Exprs)
	}
}

func first(exprs []ast.Expr) ast.Expr {
	if len(exprs) == 0 {
		return nil
	}
	return exprs[0]
}

func (w *useWalk) exprs(exprs []ast.Expr) {
	for _, e := range exprs {
		w.expr(e)
	}
}

func (w *useWalk) function(f *ast.FunctionExpr, method bool) {
	var names []string
	if f.ParList != nil {
		names = append(names, f.ParList.Names...)
	}
	if method {
		names = append(names, "self")
	}
	w.block(f.Stmts, names...)
}

func (w *useWalk) expr(e ast.Expr) {
	switch e := e.(type) {
	case *ast.AttrGetExpr:
		w.note(e.Object, e.Line(), useIndexed)
		w.expr(e.Object)
		w.expr(e.Key)
	case *ast.FuncCallExpr:
		if e.Receiver != nil {
			w.note(e.Receiver, e.Line(), useIndexed)
			key := &ast.StringExpr{Value: e.Method}
			w.note(&ast.AttrGetExpr{Object: e.Receiver, Key: key}, e.Line(), useCalled)
			w.expr(e.Receiver)
		} else {
			w.note(e.Func, e.Line(), useCalled)
			w.expr(e.Func)
		}
		w.exprs(e.Args)
	case *ast.TableExpr:
		for _, field := range e.Fields {
			w.expr(field.Key)
			w.expr(field.Value)
		}
	case *ast.LogicalOpExpr:
		w.exprs([]ast.Expr{e.Lhs, e.Rhs})
	case *ast.RelationalOpExpr:
		w.operands(e.Line(), e.Lhs, e.Rhs)
	case *ast.StringConcatOpExpr:
		w.operands(e.Line(), e.Lhs, e.Rhs)
	case *ast.ArithmeticOpExpr:
		w.operands(e.Line(), e.Lhs, e.Rhs)
	case *ast.UnaryMinusOpExpr:
		w.operands(e.Line(), e.Expr)
	case *ast.UnaryLenOpExpr:
		w.operands(e.Line(), e.Expr)
	case *ast.UnaryNotOpExpr:
		w.expr(e.Expr)
	case *ast.FunctionExpr:
		w.function(e, false)
	}
}

func (w *useWalk) operands(line int, exprs ...ast.Expr) {
	for _, e := range exprs {
		w.note(e, line, useOperand)
		w.expr(e)
	}
}
