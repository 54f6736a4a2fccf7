package check

import (
	"slices"

	"github.com/authysh/authysh/luabind"
	"github.com/yuin/gopher-lua/ast"
)

// mostModules bounds how many modules are read for the globals that they make.
const mostModules = 200

// findGlobals finds what the script, and the modules that it requires, add to the globals and to the modules that are there.
func (s *script) findGlobals(statements []ast.Stmt) {
	var required []string
	collect := func(s *script, statements []ast.Stmt) {
		inspect(statements, func(e ast.Expr) {
			if call, ok := e.(*ast.FuncCallExpr); ok {
				required = append(required, s.learnFromCall(call)...)
			}
		}, s.learnFromTarget)
	}
	s.keepRequired(statements)
	collect(s, statements)
	for i := 0; i < len(required) && i < mostModules; i++ {
		name := required[i]
		if slices.Contains(required[:i], name) || s.world.modules[name] {
			continue
		}
		if s.checker.Module == nil {
			s.dynamic = true
			return
		}
		source, found := s.checker.Module(name)
		if !found {
			continue
		}
		tree, err := luabind.Parse(source, name)
		if err != nil {
			s.dynamic = true // it is reported of the module itself
			continue
		}
		module := &script{
			checker: s.checker, world: s.world, places: map[any]place{}, uses: map[*ast.IdentExpr]*variable{},
			globals: s.globals, patched: s.patched,
		}
		module.resolve(tree)
		collect(module, tree.Statements)
		s.dynamic = s.dynamic || module.dynamic
	}
}

// keepRequired lets json = require "json" mean what it did before.
func (s *script) keepRequired(statements []ast.Stmt) {
	for _, statement := range statements {
		n, ok := statement.(*ast.AssignStmt)
		if !ok || len(n.Lhs) != 1 || len(n.Rhs) != 1 {
			continue
		}
		target, ok := n.Lhs[0].(*ast.IdentExpr)
		if call, isCall := n.Rhs[0].(*ast.FuncCallExpr); ok && isCall && s.isSame(target, call) {
			s.kept = append(s.kept, target)
		}
	}
}

func (s *script) isSame(target *ast.IdentExpr, call *ast.FuncCallExpr) bool {
	f, ok := call.Func.(*ast.IdentExpr)
	name, isText := literalText(call.Args, 0)
	return ok && f.Value == "require" && isText && name == target.Value && s.world.modules[name]
}

// learnFromTarget notes a global, or a new field of a module.
func (s *script) learnFromTarget(target ast.Expr) {
	switch n := target.(type) {
	case *ast.IdentExpr:
		if s.uses[n] == nil && !slices.Contains(s.kept, n) {
			s.globals[n.Value] = true
		}
	case *ast.AttrGetExpr:
		key, written := n.Key.(*ast.StringExpr)
		if s.isGlobalTable(n.Object) {
			if written {
				s.globals[key.Value] = true
			} else {
				s.dynamic = true
			}
			return
		}
		if of := s.thingOf(n.Object); written && of.sort != anything {
			s.patched[of.name+"."+key.Value] = true
		}
	}
}

// isGlobalTable reports whether an expression is _G.
func (s *script) isGlobalTable(e ast.Expr) bool {
	n, ok := e.(*ast.IdentExpr)
	return ok && n.Value == "_G" && s.uses[n] == nil
}

// learnFromCall notes calls that make globals, and returns the modules that are required.
func (s *script) learnFromCall(call *ast.FuncCallExpr) (required []string) {
	f := s.thingOf(call.Func)
	if call.Receiver != nil || f.sort != function {
		return nil
	}
	switch f.name {
	case "require":
		if name, ok := literalText(call.Args, 0); ok {
			return []string{name}
		}
		s.dynamic = true
	case "module", "setfenv", "debug.setfenv", "dofile":
		s.dynamic = true
	case "setmetatable", "rawset":
		if len(call.Args) > 0 && s.isGlobalTable(call.Args[0]) {
			if name, ok := literalText(call.Args, 1); ok {
				s.globals[name] = true
			} else {
				s.dynamic = true
			}
		}
	}
	return nil
}
