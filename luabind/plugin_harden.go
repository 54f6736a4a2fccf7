package luabind

import (
	"fmt"
	"reflect"
	"strconv"

	"github.com/authysh/authysh/luabind/internal/lua51"
	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"
)

// Code of plugins, and of scripts that are not trusted, is compiled with five guards in it, because gopher-lua has no bound for what a single instruction makes:
// every result of .. goes through join, every assignment to a computed index through store, every computed key of a
// table constructor through index, all values of ... through spread, and every new table through table. Their names cannot be written in Lua, so that nothing can replace them.
const (
	guardJoin   = "(join)"
	guardStore  = "(store)"
	guardIndex  = "(index)"
	guardSpread = "(spread)"
	guardTable  = "(table)"

	guardGlobals = "(globals)" // the table
)

// compileGuarded is compileSource for the code of a plugin. The function takes the arguments of the chunk.
func compileGuarded(L *lua.LState, source, name string) (*lua.LFunction, error) {
	code, err := compileHardened(source, name)
	if err != nil {
		return nil, err
	}
	return code.function(L)
}

// hardened is a compiled chunk with the guards in it. It is only read, and belongs to no state.
type hardened struct {
	proto *lua.FunctionProto
	names map[string]bool // all names and constants in it, so those of the globals that it may use
}

// function is the function of the chunk in a state, with its guards.
func (h *hardened) function(L *lua.LState) (*lua.LFunction, error) {
	L.Push(L.NewFunctionFromProto(h.proto))
	for _, guard := range []lua.LGFunction{joinGuard, storeGuard, indexGuard, spreadGuard, tableGuard} {
		L.Push(L.NewFunction(guard))
	}
	L.Push(L.G.Global)
	if err := L.PCall(6, 1, nil); err != nil {
		return nil, err
	}
	chunk := L.CheckFunction(-1)
	L.Pop(1)
	return chunk, nil
}

func compileHardened(source, name string) (*hardened, error) {
	text := sourceText(source)
	if err := tooLong(len(text), name); err != nil {
		return nil, err
	}
	if err := refuseBinary(text, name); err != nil {
		return nil, err
	}
	statements, err := parseSource(text, name)
	if err != nil {
		return nil, syntaxError(text, name, err)
	}
	return hardenTree(statements, name)
}

// tooLong is the error of a source text that is.
func tooLong(length int, name string) *ScriptError {
	if length <= longestSource {
		return nil
	}
	return &ScriptError{Where: name, Syntax: true, Message: fmt.Sprintf("is longer than %d KiB", longestSource>>10), Value: lua.LNil}
}

// hardenTree compiles a tree, into which it puts the guards.
func hardenTree(statements []ast.Stmt, name string) (*hardened, error) {
	h := &hardener{constants: map[string]bool{}}
	body := h.block(statements)
	problem := ""
	switch {
	case len(h.constants) > mostConstants:
		problem = fmt.Sprintf("has more than %d different constants and names", mostConstants)
	case h.functions > mostFunctions:
		problem = fmt.Sprintf("has more than %d functions", mostFunctions)
	}
	if problem != "" {
		return nil, &ScriptError{Where: name, Syntax: true, Message: problem, Value: lua.LNil}
	}
	// A function with ... has a variable arg of its own in gopher-lua, unlike a main chunk.
	arg := at(&ast.AttrGetExpr{Object: at(&ast.IdentExpr{Value: guardGlobals}, 1), Key: at(&ast.StringExpr{Value: "arg"}, 1)}, 1)
	body = append([]ast.Stmt{at(&ast.LocalAssignStmt{Names: []string{"arg"}, Exprs: []ast.Expr{arg}}, 1)}, body...)
	chunk := at(&ast.FunctionExpr{ParList: &ast.ParList{HasVargs: true, Names: []string{}}, Stmts: body}, 1)
	chunk.SetLastLine(lastLine(statements))
	proto, err := lua51.Compile([]ast.Stmt{
		at(&ast.LocalAssignStmt{Names: []string{guardJoin, guardStore, guardIndex, guardSpread, guardTable, guardGlobals}, Exprs: []ast.Expr{at(&ast.Comma3Expr{}, 1)}}, 1),
		at(&ast.ReturnStmt{Exprs: []ast.Expr{chunk}}, 1),
	}, name)
	if err != nil {
		return nil, syntaxError("", name, err)
	}
	return &hardened{proto, h.constants}, nil
}

func lastLine(statements []ast.Stmt) int {
	if len(statements) == 0 {
		return 1
	}
	last := statements[len(statements)-1]
	return max(last.Line(), last.LastLine())
}

// at gives a node its line.
func at[T ast.PositionHolder](node T, line int) T {
	node.SetLine(line)
	node.SetLastLine(line)
	return node
}

// hardener rewrites a tree. It is as deep as parseSource lets trees be.
type hardener struct {
	temporaries int
	functions   int
	constants   map[string]bool
}

// Bounds of a source text: the compiler cannot be stopped. It looks through all constants of a function for each, and makes
// room for some 16 KiB for every function.
const (
	longestSource = 256 << 10
	mostConstants = 1 << 13
	mostFunctions = 1 << 12
)

var (
	exprType  = reflect.TypeFor[ast.Expr]()
	exprsType = reflect.TypeFor[[]ast.Expr]()
	stmtsType = reflect.TypeFor[[]ast.Stmt]()
)

func (h *hardener) block(statements []ast.Stmt) []ast.Stmt {
	for i, statement := range statements {
		h.inside(statement)
		if assign, ok := statement.(*ast.AssignStmt); ok {
			statements[i] = h.assignment(assign)
		}
	}
	return statements
}

// inside rewrites all that a node holds.
func (h *hardener) inside(node any) {
	if _, ok := node.(*ast.FunctionExpr); ok {
		h.functions++
	}
	v := reflect.ValueOf(node)
	if v.Kind() != reflect.Pointer || v.IsNil() || v.Elem().Kind() != reflect.Struct {
		return
	}
	v = v.Elem()
	for i := range v.NumField() {
		field := v.Field(i)
		switch {
		case !field.CanSet() || field.IsZero():
		case field.Type() == exprType:
			field.Set(reflect.ValueOf(h.expression(field.Interface().(ast.Expr))))
		case field.Type() == exprsType:
			for j, e := range field.Interface().([]ast.Expr) {
				field.Index(j).Set(reflect.ValueOf(h.expression(e)))
			}
		case field.Type() == stmtsType:
			h.block(field.Interface().([]ast.Stmt))
		case field.Kind() == reflect.Pointer:
			h.inside(field.Interface())
		case field.Kind() == reflect.Slice:
			for j := range field.Len() {
				h.inside(field.Index(j).Interface())
			}
		}
	}
}

func (h *hardener) expression(e ast.Expr) ast.Expr {
	h.inside(e)
	switch e := e.(type) {
	case *ast.StringConcatOpExpr:
		return call(guardJoin, e.Line(), e)
	case *ast.StringExpr:
		h.constants[e.Value] = true
	case *ast.FuncCallExpr:
		h.constants[e.Method] = true
	case *ast.NumberExpr:
		h.constants[e.Value] = true
	case *ast.IdentExpr:
		h.constants[e.Value] = true
	case *ast.Comma3Expr:
		if !e.AdjustRet {
			return callAll(guardSpread, e.Line(), e)
		}
	case *ast.TableExpr:
		for _, field := range e.Fields {
			if field.Key != nil && !isConstantText(field.Key) {
				field.Key = call(guardIndex, field.Key.Line(), field.Key)
			}
		}
		return call(guardTable, e.Line(), e)
	}
	return e
}

// isConstantText reports whether a key is a constant text, which makes no list longer.
func isConstantText(key ast.Expr) bool {
	_, ok := key.(*ast.StringExpr)
	return ok
}

// call makes a call of a guard that gives one value.
func call(guard string, line int, arguments ...ast.Expr) *ast.FuncCallExpr {
	return at(&ast.FuncCallExpr{Func: at(&ast.IdentExpr{Value: guard}, line), Args: arguments, AdjustRet: true}, line)
}

// callAll is call for a guard that gives all its values.
func callAll(guard string, line int, arguments ...ast.Expr) *ast.FuncCallExpr {
	c := call(guard, line, arguments...)
	c.AdjustRet = false
	return c
}

// assignment makes calls of store of the assignments to computed indices. Of several targets, all parts are evaluated first,
// as Lua does.
func (h *hardener) assignment(s *ast.AssignStmt) ast.Stmt {
	computed := false
	for _, target := range s.Lhs {
		if index, ok := target.(*ast.AttrGetExpr); ok && !isConstantText(index.Key) {
			computed = true
		}
	}
	line := s.Line()
	switch {
	case !computed:
		return s
	case len(s.Lhs) == 1 && len(s.Rhs) == 1:
		index := s.Lhs[0].(*ast.AttrGetExpr)
		return at(&ast.FuncCallStmt{Expr: call(guardStore, line, index.Object, index.Key, one(s.Rhs[0]))}, line)
	}
	var statements []ast.Stmt
	targets := make([]ast.Expr, len(s.Lhs))
	for i, target := range s.Lhs {
		targets[i] = target
		if index, ok := target.(*ast.AttrGetExpr); ok {
			object, key := h.temporary(line), h.temporary(line)
			statements = append(statements, at(&ast.LocalAssignStmt{
				Names: []string{object.Value, key.Value}, Exprs: []ast.Expr{one(index.Object), one(index.Key)},
			}, line))
			targets[i] = at(&ast.AttrGetExpr{Object: object, Key: key}, line)
		}
	}
	values := &ast.LocalAssignStmt{Exprs: s.Rhs}
	given := make([]*ast.IdentExpr, len(s.Lhs))
	for i := range s.Lhs {
		given[i] = h.temporary(line)
		values.Names = append(values.Names, given[i].Value)
	}
	statements = append(statements, at(values, line))
	for i, target := range targets {
		if index, ok := target.(*ast.AttrGetExpr); ok {
			statements = append(statements, at(&ast.FuncCallStmt{Expr: call(guardStore, line, index.Object, index.Key, given[i])}, line))
		} else {
			statements = append(statements, at(&ast.AssignStmt{Lhs: []ast.Expr{target}, Rhs: []ast.Expr{given[i]}}, line))
		}
	}
	return at(&ast.DoBlockStmt{Stmts: statements}, line)
}

func (h *hardener) temporary(line int) *ast.IdentExpr {
	h.temporaries++
	return at(&ast.IdentExpr{Value: "(" + strconv.Itoa(h.temporaries) + ")"}, line)
}

// one makes an expression give a single value.
func one(e ast.Expr) ast.Expr {
	switch e := e.(type) {
	case *ast.FuncCallExpr:
		e.AdjustRet = true
	case *ast.Comma3Expr:
		e.AdjustRet = true
	}
	return e
}

// joinGuard gives back its argument, unless that is too long a text.
func joinGuard(L *lua.LState) int {
	if text, ok := L.Get(1).(lua.LString); ok {
		if len(text) > longestString {
			L.RaiseError("a text of more than %d MiB", longestString>>20)
		}
		spend(L, len(text))
	}
	L.SetTop(1)
	return 1
}

// indexGuard gives back the key of a new table, and charges for the room that it takes.
func indexGuard(L *lua.LState) int {
	chargeIndex(L, nil, L.Get(1))
	L.SetTop(1)
	return 1
}

// spreadGuard gives back its arguments, and charges for them: a list or call that they go into takes as much.
func spreadGuard(L *lua.LState) int {
	const perValue, few = 16, 16
	if n := L.GetTop(); n > few {
		spend(L, n*perValue)
	}
	return L.GetTop()
}

// tableGuard gives back a new table, and counts it where that has what is kept measured in time: instructions that make
// tables make far more than others. An empty one will hardly stay so, and its first name makes room for many.
func tableGuard(L *lua.LState) int {
	const empty, call = 512, 2
	b := budgetOf(L)
	b.steps -= call // tables are too common for the guard to count as instructions of the script
	if t, ok := L.Get(1).(*lua.LTable); ok && b.keeps != nil {
		spend(L, max(empty, int(lua51.TableSize(t))))
	}
	L.SetTop(1)
	return 1
}

// storeGuard is t[key] = value.
func storeGuard(L *lua.LState) int {
	t, _ := L.Get(1).(*lua.LTable)
	chargeIndex(L, t, L.Get(2))
	L.SetTable(L.Get(1), L.Get(2), L.Get(3))
	return 0
}

// chargeIndex refuses an index for which a list would become too long, and charges for the elements before it that are
// made with it.
func chargeIndex(L *lua.LState, t *lua.LTable, key lua.LValue) {
	const few = 256
	n, ok := key.(lua.LNumber)
	if !ok || n <= few || n >= lua.LNumber(lua.MaxArrayIndex) {
		return
	}
	if n > largestIndex {
		L.RaiseError("the index %s makes too long a list; use a text as key, as in t[tostring(id)]", n.String())
	}
	length := 0
	if t != nil {
		length = t.Len()
	}
	if gap := int(n) - length; gap > few {
		const perElement = 16
		spend(L, gap*perElement)
	}
}
