package check

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/authysh/authysh/luabind"
	"github.com/authysh/authysh/luabind/internal/luatext"
	"github.com/yuin/gopher-lua/ast"
)

// statements checks statements and all that is in them.
func (s *script) statements(statements []ast.Stmt) {
	inspect(statements, func(e ast.Expr) {
		switch n := e.(type) {
		case *ast.IdentExpr:
			s.checkGlobal(n)
		case *ast.AttrGetExpr:
			s.checkMember(n)
		case *ast.FuncCallExpr:
			s.checkCall(n)
		}
	}, s.checkTarget)
}

// checkGlobal checks a name that is read.
func (s *script) checkGlobal(n *ast.IdentExpr) {
	_, known := s.world.globals[n.Value]
	if known || s.uses[n] != nil || s.globals[n.Value] || s.dynamic || slices.Contains(s.checker.Globals, n.Value) {
		return
	}
	if s.world.withheld[n.Value] {
		s.report(n, undefinedGlobalRule, fmt.Sprintf("undefined global %q: plugins do not have it", n.Value))
		return
	}
	names := append(slices.Collect(maps.Keys(s.world.globals)), slices.Collect(maps.Keys(s.globals))...)
	slices.Sort(names)
	s.report(n, undefinedGlobalRule, fmt.Sprintf("undefined global %q", luatext.Clip(n.Value, mostName))+suggestion(n.Value, "", names))
}

// checkTarget checks a name that is assigned.
func (s *script) checkTarget(e ast.Expr) {
	if n, ok := e.(*ast.IdentExpr); ok && s.uses[n] == nil {
		s.report(n, globalAssignmentRule, fmt.Sprintf("%q becomes a global: local is missing", luatext.Clip(n.Value, mostName)))
	}
}

// checkMember checks the name behind a dot.
func (s *script) checkMember(n *ast.AttrGetExpr) {
	key, ok := n.Key.(*ast.StringExpr)
	if _, isText := n.Object.(*ast.StringExpr); !ok || isText {
		return
	}
	s.checkName(s.thingOf(n.Object), key.Value, key)
}

// checkName checks that a library, object or record has a name. The words are those of the error that a script would get.
func (s *script) checkName(of thing, name string, at any) {
	if _, known := s.world.member(of, name); known || s.patched[of.name+"."+name] {
		return
	}
	if of.sort == record {
		// The service may give more than anybody has described, so what is near to nothing is let pass.
		if near := s.world.nearField(of, name); near != "" {
			s.report(at, unknownFieldRule, fmt.Sprintf("%s has no %s, did you mean %s?", of.name, luatext.Clip(name, mostName), near))
		}
		return
	}
	prefix := of.name + "."
	if of.sort == object {
		prefix = of.name + ":"
	}
	s.report(at, unknownFunctionRule, fmt.Sprintf("%s has no %s", of.name, luatext.Clip(name, mostName))+suggestion(name, prefix, s.world.names(of)))
}

func (s *script) checkCall(n *ast.FuncCallExpr) {
	if n.Receiver != nil {
		of := s.thingOf(n.Receiver)
		s.checkName(of, n.Method, named{n, methodName})
		if f, _ := s.world.member(of, n.Method); f.sort == function && (of.sort == object || of.name == "authy") && !s.patched[of.name+"."+n.Method] {
			s.judge(n, f, n.Args)
		}
		return
	}
	f := s.thingOf(n.Func)
	if f.sort != function {
		return
	}
	if f.name == "require" {
		s.checkRequire(n)
	}
	arguments := n.Args
	if skip, calls := callers[f.name]; calls { // pcall(f, ...) is a call of f
		s.judge(n, f, arguments)
		if len(arguments) < skip {
			return
		}
		if f, arguments = s.thingOf(n.Args[0]), n.Args[skip:]; f.sort != function {
			return
		}
	}
	if owner, _, isMethod := strings.Cut(f.name, ":"); isMethod {
		if len(arguments) == 0 || s.thingOf(arguments[0]) != (thing{object, owner}) {
			if owner != clientType {
				return
			}
		} else {
			arguments = arguments[1:]
		}
	}
	s.judge(n, f, arguments)
}

// callers are the functions that call their first argument, and how many arguments stand before those of that call.
var callers = map[string]int{"pcall": 1, "xpcall": 2, "task.spawn": 1}

// judge reports what the manual finds wrong with the arguments of a call.
func (s *script) judge(n *ast.FuncCallExpr, f thing, arguments []ast.Expr) {
	values, more := s.values(arguments)
	for _, fault := range s.world.manual.Judge(f.name, values, more) {
		message := f.name + ": " + fault.Param + " " + fault.Reason
		var at any = nameOf(n)
		switch {
		case fault.Kind == luabind.TooManyArguments:
			message = f.name + " " + fault.Reason
			at = arguments[fault.Argument-1]
		case fault.Argument > 0 && fault.Argument <= len(arguments):
			at = arguments[fault.Argument-1]
			if fault.Kind == luabind.WrongArgument {
				break
			}
			if at = s.within(arguments[fault.Argument-1], fault.At); fault.Kind == luabind.MissingParameter && at == any(arguments[fault.Argument-1]) {
				at = nameOf(n)
			}
		}
		s.report(at, string(fault.Kind), message)
	}
}

// nameOf is the last name of what is called.
func nameOf(n *ast.FuncCallExpr) any {
	if n.Receiver != nil {
		return named{n, methodName}
	}
	if member, ok := n.Func.(*ast.AttrGetExpr); ok {
		if key, ok := member.Key.(*ast.StringExpr); ok {
			return key
		}
	}
	return n.Func
}

// checkRequire checks that a module exists, if that can be told.
func (s *script) checkRequire(n *ast.FuncCallExpr) {
	name, ok := literalText(n.Args, 0)
	if !ok || s.world.modules[name] || s.checker.Module == nil {
		return
	}
	if _, found := s.checker.Module(name); !found {
		names := slices.Sorted(maps.Keys(s.world.modules))
		s.report(n.Args[0], unknownModuleRule, fmt.Sprintf("there is no module %q", luatext.Clip(name, mostName))+suggestion(name, "", names))
	}
}

// mostName is how much of a name is shown, in characters.
const mostName = 60
