package lua51

import (
	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"
)

// Compile is [lua.Compile] without two faults of it: loops that jump to the wrong place, see mendLoops, and wrong ends of local
// variables, see mendLocals. It may add statements that do nothing to the tree.
func Compile(statements []ast.Stmt, name string) (*lua.FunctionProto, error) {
	mendLoops(statements)
	proto, err := lua.Compile(statements, name)
	if err == nil {
		mendLocals(proto, statements)
	}
	return proto, err
}

// mendLoops keeps loops and labels from beginning with a jump. The compiler of gopher-lua lets a jump to a jump go where that
// goes, but a jump back finds there what has been put in place of the label already, and takes it for one: the loop goes on
// anywhere, as in "for _ in pairs{1} do while true do break end x = 1 end". So something that does nothing stands before.
func mendLoops(statements []ast.Stmt) {
	for i, statement := range statements {
		switch n := statement.(type) {
		case *ast.LabelStmt:
			if i+1 < len(statements) && !begins(statements[i+1:]) {
				switch next := statements[i+1].(type) {
				case *ast.LabelStmt, *ast.LocalAssignStmt: // which must stay in this block
				default:
					statements[i+1] = &ast.DoBlockStmt{Stmts: []ast.Stmt{nothing(next), next}}
				}
			}
		case *ast.WhileStmt:
			n.Condition = slowly(n.Condition)
			mendLoops(n.Stmts)
			n.Stmts = begun(n, n.Stmts)
		case *ast.RepeatStmt:
			mendLoops(n.Stmts)
			n.Stmts = begun(n, n.Stmts)
		case *ast.GenericForStmt:
			mendLoops(n.Stmts)
			n.Stmts = begun(n, n.Stmts)
		case *ast.NumberForStmt:
			mendLoops(n.Stmts)
		case *ast.DoBlockStmt:
			mendLoops(n.Stmts)
		case *ast.IfStmt:
			mendLoops(n.Then)
			mendLoops(n.Else)
		}
	}
	d := &declarations{}
	d.statements(statements)
	for _, f := range d.functions {
		mendLoops(f.Stmts)
	}
}

// begun is a block that does not begin with a jump.
func begun(loop ast.PositionHolder, statements []ast.Stmt) []ast.Stmt {
	if begins(statements) {
		return statements
	}
	return append([]ast.Stmt{nothing(loop)}, statements...)
}

// nothing is one instruction that does nothing, on the line of a statement.
func nothing(at ast.PositionHolder) ast.Stmt {
	local := &ast.LocalAssignStmt{Names: []string{"(nothing)"}}
	block := &ast.DoBlockStmt{Stmts: []ast.Stmt{local}}
	for _, made := range []ast.PositionHolder{local, block} {
		made.SetLine(at.Line())
		made.SetLastLine(at.Line())
	}
	return block
}

// begins reports whether the first instruction of a block is certainly none that jumps.
func begins(statements []ast.Stmt) bool {
	if len(statements) == 0 {
		return false
	}
	switch n := statements[0].(type) {
	case *ast.LocalAssignStmt:
		return len(n.Exprs) == 0 || computes(n.Exprs[0])
	case *ast.AssignStmt:
		return computes(n.Lhs[0]) && computes(n.Rhs[0])
	case *ast.FuncCallStmt, *ast.FuncDefStmt, *ast.NumberForStmt:
		return true
	case *ast.ReturnStmt:
		return len(n.Exprs) == 0 || computes(n.Exprs[0])
	case *ast.IfStmt:
		return tests(n.Condition)
	case *ast.DoBlockStmt:
		return begins(n.Stmts)
	}
	return false
}

// computes reports whether an expression certainly begins with an instruction, and that is no jump.
func computes(e ast.Expr) bool {
	switch n := e.(type) {
	case *ast.LogicalOpExpr:
		return !isFixed(n.Lhs) && computes(n.Lhs)
	case *ast.UnaryNotOpExpr:
		return computes(n.Expr)
	case *ast.RelationalOpExpr:
		return computes(n.Lhs) && computes(n.Rhs)
	case *ast.ArithmeticOpExpr:
		return computes(n.Lhs) && computes(n.Rhs)
	case *ast.StringConcatOpExpr:
		return computes(n.Lhs) && computes(n.Rhs)
	}
	return true
}

// tests is computes for a condition, of which a constant is not computed.
func tests(e ast.Expr) bool {
	switch n := e.(type) {
	case *ast.LogicalOpExpr:
		return tests(n.Lhs)
	case *ast.UnaryNotOpExpr:
		return tests(n.Expr)
	}
	return !isFixed(e) && computes(e)
}

// isFixed reports whether the compiler knows if an expression is true.
func isFixed(e ast.Expr) bool {
	switch n := e.(type) {
	case *ast.TrueExpr, *ast.FalseExpr, *ast.NilExpr, *ast.NumberExpr, *ast.StringExpr:
		return true
	case *ast.UnaryNotOpExpr:
		return isFixed(n.Expr)
	}
	return false
}

// slowly is the condition of a loop without a constant that the compiler would make a jump of; what is true alone makes none.
func slowly(e ast.Expr) ast.Expr {
	switch n := e.(type) {
	case *ast.FalseExpr, *ast.NilExpr:
		compared := &ast.RelationalOpExpr{Operator: "==", Lhs: &ast.NumberExpr{Value: "0"}, Rhs: &ast.NumberExpr{Value: "1"}}
		for _, made := range []ast.PositionHolder{compared, compared.Lhs, compared.Rhs} {
			made.SetLine(e.Line())
			made.SetLastLine(e.Line())
		}
		return compared
	case *ast.UnaryNotOpExpr:
		n.Expr = slowly(n.Expr)
	case *ast.LogicalOpExpr:
		n.Lhs, n.Rhs = slowly(n.Lhs), slowly(n.Rhs)
	}
	return e
}
