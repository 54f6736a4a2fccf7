package lua51

import (
	"slices"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"
)

// mendLocals corrects what a compiled chunk says of its local variables, which errors and debug.getlocal name: the compiler of
// gopher-lua notes the end of a variable at another one as soon as a register is used again. A variable now ends where the next
// one begins that takes its register, or with its function: later than its block, when nothing comes after that.
func mendLocals(chunk *lua.FunctionProto, statements []ast.Stmt) {
	mendFunction(chunk, &ast.FunctionExpr{ParList: &ast.ParList{}, Stmts: statements})
}

func mendFunction(proto *lua.FunctionProto, f *ast.FunctionExpr) {
	d := &declarations{}
	if int(proto.NumParameters) == len(f.ParList.Names)+1 {
		d.declare("self")
	}
	d.declare(f.ParList.Names...)
	if f.ParList.HasVargs {
		d.declare("arg")
	}
	d.statements(f.Stmts)
	d.mend(proto)
	for _, inner := range proto.FunctionPrototypes {
		i := slices.IndexFunc(d.functions, func(f *ast.FunctionExpr) bool {
			return f.Line() == inner.LineDefined && f.LastLine() == inner.LastLineDefined
		})
		if i >= 0 {
			f := d.functions[i]
			d.functions = slices.Delete(d.functions, i, i+1)
			mendFunction(inner, f)
		}
	}
}

// declarations are the local variables of a function in the order in which the compiler comes by them, with their registers.
type declarations struct {
	names     []string
	registers []int
	active    int // how many there are at a place
	functions []*ast.FunctionExpr
}

// mend writes the ends of variables, unless they are others than the compiler's.
func (d *declarations) mend(proto *lua.FunctionProto) {
	locals := proto.DbgLocals
	if !slices.EqualFunc(locals, d.names, func(local *lua.DbgLocalInfo, name string) bool { return local.Name == name }) {
		return
	}
	var open []int
	for i, local := range locals {
		for len(open) > 0 && d.registers[open[len(open)-1]] >= d.registers[i] {
			locals[open[len(open)-1]].EndPc = local.StartPc - 1
			open = open[:len(open)-1]
		}
		open = append(open, i)
	}
	for _, i := range open {
		locals[i].EndPc = len(proto.Code) - 1
	}
}

func (d *declarations) declare(names ...string) {
	for _, name := range names {
		d.names, d.registers = append(d.names, name), append(d.registers, d.active)
		d.active++
	}
}

// block has variables of its own, those of a loop among them.
func (d *declarations) block(statements []ast.Stmt, names ...string) {
	outer := d.active
	d.declare(names...)
	d.statements(statements)
	d.active = outer
}

func (d *declarations) statements(statements []ast.Stmt) {
	for _, statement := range statements {
		switch n := statement.(type) {
		case *ast.LocalAssignStmt:
			d.expressions(n.Exprs...)
			d.declare(n.Names...)
		case *ast.AssignStmt:
			d.expressions(n.Lhs...)
			d.expressions(n.Rhs...)
		case *ast.FuncCallStmt:
			d.expressions(n.Expr)
		case *ast.FuncDefStmt:
			d.expressions(n.Name.Func, n.Name.Receiver, n.Func)
		case *ast.ReturnStmt:
			d.expressions(n.Exprs...)
		case *ast.DoBlockStmt:
			d.block(n.Stmts)
		case *ast.WhileStmt:
			d.expressions(n.Condition)
			d.block(n.Stmts)
		case *ast.RepeatStmt:
			d.block(n.Stmts)
			d.expressions(n.Condition)
		case *ast.IfStmt:
			d.expressions(n.Condition)
			d.block(n.Then)
			d.block(n.Else)
		case *ast.NumberForStmt:
			d.expressions(n.Init, n.Limit, n.Step)
			d.block(n.Stmts, "(for index)", "(for limit)", "(for step)", n.Name)
		case *ast.GenericForStmt:
			d.expressions(n.Exprs...)
			d.block(n.Stmts, slices.Concat([]string{"(for generator)", "(for state)", "(for control)"}, n.Names)...)
		}
	}
}

// expressions collects the functions in expressions.
func (d *declarations) expressions(expressions ...ast.Expr) {
	for _, e := range expressions {
		switch n := e.(type) {
		case *ast.FunctionExpr:
			d.functions = append(d.functions, n)
		case *ast.TableExpr:
			for _, field := range n.Fields {
				d.expressions(field.Key, field.Value)
			}
		case *ast.FuncCallExpr:
			d.expressions(n.Func, n.Receiver)
			d.expressions(n.Args...)
		case *ast.AttrGetExpr:
			d.expressions(n.Object, n.Key)
		case *ast.LogicalOpExpr:
			d.expressions(n.Lhs, n.Rhs)
		case *ast.RelationalOpExpr:
			d.expressions(n.Lhs, n.Rhs)
		case *ast.StringConcatOpExpr:
			d.expressions(n.Lhs, n.Rhs)
		case *ast.ArithmeticOpExpr:
			d.expressions(n.Lhs, n.Rhs)
		case *ast.UnaryMinusOpExpr:
			d.expressions(n.Expr)
		case *ast.UnaryNotOpExpr:
			d.expressions(n.Expr)
		case *ast.UnaryLenOpExpr:
			d.expressions(n.Expr)
		}
	}
}
