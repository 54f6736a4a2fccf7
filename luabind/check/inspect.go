package check

import "github.com/yuin/gopher-lua/ast"

// inspection walks through a tree and shows what it comes by, in the order of the text.
type inspection struct {
	read     func(ast.Expr) // each expression that is read, before those in it
	assigned func(ast.Expr) // each target of an assignment, those of local variables aside
}

// inspect shows all expressions of statements: those that are read, and the targets of assignments. What a target consists of
// is read.
func inspect(statements []ast.Stmt, read, assigned func(ast.Expr)) {
	(&inspection{read, assigned}).statements(statements)
}

func (i *inspection) statements(statements []ast.Stmt) {
	for _, statement := range statements {
		i.statement(statement)
	}
}

func (i *inspection) statement(statement ast.Stmt) {
	switch n := statement.(type) {
	case *ast.AssignStmt:
		for _, target := range n.Lhs {
			i.target(target)
		}
		i.expressions(n.Rhs...)
	case *ast.LocalAssignStmt:
		i.expressions(n.Exprs...)
	case *ast.FuncCallStmt:
		i.expressions(n.Expr)
	case *ast.DoBlockStmt:
		i.statements(n.Stmts)
	case *ast.WhileStmt:
		i.expressions(n.Condition)
		i.statements(n.Stmts)
	case *ast.RepeatStmt:
		i.statements(n.Stmts)
		i.expressions(n.Condition)
	case *ast.IfStmt:
		i.expressions(n.Condition)
		i.statements(n.Then)
		i.statements(n.Else)
	case *ast.NumberForStmt:
		i.expressions(n.Init, n.Limit, n.Step)
		i.statements(n.Stmts)
	case *ast.GenericForStmt:
		i.expressions(n.Exprs...)
		i.statements(n.Stmts)
	case *ast.FuncDefStmt:
		if n.Name.Func != nil {
			i.target(n.Name.Func)
		} else {
			i.expressions(n.Name.Receiver)
		}
		i.statements(n.Func.Stmts)
	case *ast.ReturnStmt:
		i.expressions(n.Exprs...)
	}
}

// target shows what is assigned to, and as read what that is part of.
func (i *inspection) target(e ast.Expr) {
	i.assigned(e)
	if member, ok := e.(*ast.AttrGetExpr); ok {
		i.expressions(member.Object, member.Key)
	}
}

func (i *inspection) expressions(expressions ...ast.Expr) {
	for _, e := range expressions {
		if e == nil {
			continue
		}
		i.read(e)
		switch n := e.(type) {
		case *ast.TableExpr:
			for _, field := range n.Fields {
				i.expressions(field.Key, field.Value)
			}
		case *ast.FunctionExpr:
			i.statements(n.Stmts)
		case *ast.FuncCallExpr:
			i.expressions(n.Receiver, n.Func)
			i.expressions(n.Args...)
		default:
			i.expressions(operands(e)...)
		}
	}
}
