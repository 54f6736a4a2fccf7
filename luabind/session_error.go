package luabind

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/luabind/internal/luatext"
	"github.com/authysh/authysh/luabind/internal/luavalue"
	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"
	"github.com/yuin/gopher-lua/parse"
)

// EvalError is a chunk that failed, with what a good report needs.
//
// errors.As reaches the [*ScriptError] with the value that was raised, and the error of an API call behind that.
type EvalError struct {
	script       *ScriptError
	message      string
	line, column int
	remedy       string
}

// Error is what went wrong, with the position when that is in another chunk: "input 3:1: no such file".
func (e *EvalError) Error() string { return e.message }

// Line is the line of the chunk at fault, from 1; 0 when it is unknown.
func (e *EvalError) Line() int { return e.line }

// Column is the byte of the line where the fault is, from 1; 0 when it is unknown.
func (e *EvalError) Column() int { return e.column }

// Remedy is what to do about it, in one sentence without a period; empty when there is nothing to say.
func (e *EvalError) Remedy() string { return e.remedy }

// Traceback lists the calls from the innermost outwards; empty for a chunk that is no Lua.
func (e *EvalError) Traceback() []string { return e.script.Traceback }

// Unwrap is the script's error.
func (e *EvalError) Unwrap() error { return e.script }

// explain makes the report of a failure in the chunk called name. The caller holds the interpreter.
func (s *Session) explain(failure *ScriptError, name string) *EvalError {
	e := &EvalError{script: failure, message: failure.Message}
	source := s.sources[name]
	at, line := splitWhere(failure.Where)
	if at != "" && at != name && !failure.Syntax {
		e.message = failure.Error()
		line = lineInTraceback(failure.Traceback, name)
		if line == 0 && !strings.Contains(strings.TrimRight(source, "\n"), "\n") {
			line = 1 // a tail call has left no trace
		}
	}
	if e.line = line; source != "" {
		e.line = min(line, strings.Count(source, "\n")+1)
	}
	switch {
	case failure.Syntax:
		s.explainSyntax(e, source)
	case goErrorOf(failure) != nil:
		e.line, e.column = placeOfCall(source, e.line, goErrorOf(failure))
		e.remedy = s.remedyFor(goErrorOf(failure))
	default:
		s.explainNil(e, failure, at, cmp.Or(lineOf(failure.Where), line), name)
	}
	return e
}

// splitWhere takes "input 3:2" apart.
func splitWhere(where string) (name string, line int) {
	i := strings.LastIndexByte(where, ':')
	if i < 0 {
		return where, 0
	}
	line, err := strconv.Atoi(where[i+1:])
	if err != nil {
		return where, 0
	}
	return where[:i], line
}

func lineOf(where string) int { _, line := splitWhere(where); return line }

// lineInTraceback is the line of the chunk from which what failed was called.
func lineInTraceback(traceback []string, name string) int {
	for _, call := range traceback {
		if rest, ok := strings.CutPrefix(call, name+":"); ok {
			digits, _, _ := strings.Cut(rest, ":")
			if line, err := strconv.Atoi(digits); err == nil {
				return line
			}
		}
	}
	return 0
}

func goErrorOf(failure *ScriptError) authy.Error {
	err, _ := errors.AsType[authy.Error](failure.cause)
	return err
}

func (s *Session) explainSyntax(e *EvalError, source string) {
	cause, ok := errors.AsType[*parse.Error](e.script.cause)
	if !ok {
		return
	}
	if cause.Pos.Line == parse.EOF {
		e.line = strings.Count(strings.TrimRight(source, "\n"), "\n") + 1
		return
	}
	e.column = min(max(1, cause.Pos.Column), len(lineAt(source, e.line))+1)
	if cause.Message == "unterminated string" {
		if s := luatext.NewScan(lineAt(source, e.line)); s.Quoted {
			e.column = s.Quote + 1
		}
		return
	}
	// A misspelt keyword is taken for a variable, and what follows it is what the parser complains of.
	for _, t := range luatext.NewScan(source).Tokens {
		line, column := positionOf(source, t.Start)
		if line == e.line && column <= e.column && t.Kind == luatext.TokenName && !luatext.IsKeyword(t.Text) && len(t.Text) > 2 &&
			s.global(t.Text) == lua.LNil {
			if near := authy.Nearest(t.Text, luatext.Keywords); near != "" && (near != t.Text) {
				e.column, e.remedy = column, "did you mean "+near+"?"
				return
			}
		}
	}
}

func (s *Session) global(name string) lua.LValue { return s.rt.state.G.Global.RawGetString(name) }

func lineAt(source string, line int) string {
	lines := strings.Split(source, "\n")
	if line < 1 || line > len(lines) {
		return ""
	}
	return lines[line-1]
}

// positionOf is the line and column of a byte.
func positionOf(source string, at int) (line, column int) {
	before := source[:at]
	return strings.Count(before, "\n") + 1, at - (strings.LastIndexByte(before, '\n') + 1) + 1
}

// columnOf is where a name stands in a line of the source; 0 when it does not.
func columnOf(source string, line int, name string) int {
	for _, t := range luatext.NewScan(source).Tokens {
		if t.Kind == luatext.TokenName && t.Text == name {
			if at, column := positionOf(source, t.Start); at == line {
				return column
			}
		}
	}
	return 0
}

// placeOfCall is where the parameter at fault stands, or else the operation. A call over several lines counts as on one
// of them, so the name may be on another.
func placeOfCall(source string, line int, err authy.Error) (atLine, column int) {
	var names []string
	if refusal, ok := err.(*authy.ValidationError); ok {
		for _, problem := range refusal.Problems {
			steps := strings.FieldsFunc(problem.Param, func(r rune) bool { return r == '.' || r == '[' })
			slices.Reverse(steps)
			names = append(names, steps...)
		}
	}
	_, operation, qualified := strings.Cut(err.Operation(), ".")
	if !qualified {
		operation = err.Operation()
	}
	for _, name := range append(names, operation) {
		if column = columnOf(source, line, name); column > 0 {
			return line, column
		}
		if at := onlyPlaceOf(source, name); at >= 0 && line > 0 {
			return positionOf(source, at)
		}
	}
	return line, 0
}

// onlyPlaceOf is where a name stands that the source has once; -1 for others.
func onlyPlaceOf(source, name string) int {
	at := -1
	for _, t := range luatext.NewScan(source).Tokens {
		if t.Kind == luatext.TokenName && t.Text == name {
			if at >= 0 {
				return -1
			}
			at = t.Start
		}
	}
	return at
}

// remedyFor says what to do about a failed call.
func (s *Session) remedyFor(err authy.Error) string {
	refusal, _ := err.(*authy.APIError)
	_, _, documented := s.manual.Help(err.Operation())
	switch {
	case errors.Is(err, authy.ErrUnauthorized):
		return "check that the API key belongs to this host"
	case refusal != nil && refusal.RetryAfter > 0:
		return "try again in " + refusal.RetryAfter.String()
	case errors.Is(err, authy.ErrRateLimited):
		return "wait before trying again"
	case refusal != nil && codeRemedies[refusal.Code] != "":
		return codeRemedies[refusal.Code]
	case err.Kind() == authy.KindValidation && documented:
		name := err.Operation()
		if !strings.Contains(name, ".") {
			name = "authy." + name
		}
		return "?" + name + " lists the parameters and their limits"
	case err.Kind() == authy.KindTimeout && err.Operation() != "wait_approval":
		return "a larger timeout gives the service more time"
	case err.Kind() == authy.KindNetwork:
		return "check the host and the network"
	}
	return ""
}

// codeRemedies say what to do about some of Authy's error codes.
var codeRemedies = map[string]string{
	"60016": "register_user gives the id of a user",
	"60019": "a code works once: request a new one",
	"60020": "ask for the code again, or request a new one",
	"60022": "ask for the code again",
	"60023": "start_phone_verification sends a new code",
	"60026": "register_user gives the id of a user",
	"60049": "create_approval_request gives the id of a request",
}

// Messages of the interpreter about nil, and of modules about names that they do not have.
var (
	indexesNil = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^attempt to index .*\ba nil value\b`) })
	callsNil   = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^attempt to call .*\ba nil value\b`) })
	operateNil = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^attempt to (perform arithmetic|compare|concatenate|get length) .*\bnil\b`)
	})
	hasNo = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[\w.]+ has no (\w+)`) })
)

// explainNil names the variable that is nil where an error speaks of none, and suggests the near one. Reading a variable
// that is nil stays allowed: it is looked for only when something has failed.
func (s *Session) explainNil(e *EvalError, failure *ScriptError, at string, line int, name string) {
	text := failure.Message
	if match := hasNo().FindStringSubmatch(text); match != nil && at == name {
		e.column = columnOf(s.sources[name], e.line, match[1])
		owner, _, _ := strings.Cut(text, " ")
		if _, _, known := s.manual.Help(owner); known && !strings.Contains(text, "did you mean") {
			e.remedy = "?" + owner + " lists what it has"
		}
		return
	}
	var kind useKind
	switch {
	case indexesNil().MatchString(text):
		kind = useIndexed
	case callsNil().MatchString(text):
		kind = useCalled
	case operateNil().MatchString(text):
		kind = useOperand
	default:
		return
	}
	c, bad := readChunk(s.sources[at], at)
	if bad != nil {
		return
	}
	var reason string
	var word string
	for _, use := range usesOf(c.stmts) {
		if use.kind != kind || use.line != line {
			continue
		}
		r, w := s.missing(use)
		if r == "" {
			continue
		}
		if reason == "" || strings.Contains(r, "did you mean") && !strings.Contains(reason, "did you mean") {
			reason, word = r, w
		}
	}
	if reason == "" {
		return
	}
	e.message = reason
	if at == name {
		e.column = columnOf(s.sources[name], e.line, word)
	} else {
		e.message = failure.Where + ": " + reason
	}
}

// missing says that what a use reads is not there, and which word of it is at fault; empty when it is there.
func (s *Session) missing(u use) (reason, word string) {
	globals := s.rt.state.G.Global
	if v := globals.RawGetString(u.path[0]); v == lua.LNil {
		return u.path[0] + " is not defined" + suggestion("", authy.Nearest(u.path[0], nameKeys(globals, luatext.IsName))), u.path[0]
	}
	for i := 1; i < len(u.path); i++ {
		t, ok := rawPath(globals, strings.Join(u.path[:i], ".")).(*lua.LTable)
		if !ok {
			return "", ""
		}
		if luavalue.RawIndex(t, u.path[i]) == lua.LNil {
			owner := strings.Join(u.path[:i], ".")
			return owner + " has no " + u.path[i] + suggestion(owner+".", authy.Nearest(u.path[i], nameKeys(t, luatext.IsName))), u.path[i]
		}
	}
	return "", ""
}

func suggestion(prefix, near string) string {
	if near == "" {
		return ""
	}
	return fmt.Sprintf(", did you mean %s%s?", prefix, near)
}

// nameKeys lists the string keys of a table that pass.
func nameKeys(t *lua.LTable, pass func(string) bool) []string {
	var names []string
	t.ForEach(func(k, _ lua.LValue) {
		if name, ok := k.(lua.LString); ok && pass(string(name)) {
			names = append(names, string(name))
		}
	})
	slices.Sort(names) // for ties between near names
	return names
}

// useKind is what is done with a variable.
type useKind int

const (
	useIndexed useKind = iota + 1
	useCalled
	useOperand
)

// use is a place where a global, or a field of one, must not be nil.
type use struct {
	path []string // the global and the fields that are read from it
	line int
	kind useKind
}

// pathOfExpr is the global and fields that an expression reads; nil for any other expression.
func pathOfExpr(e ast.Expr) []string {
	switch e := e.(type) {
	case *ast.IdentExpr:
		return []string{e.Value}
	case *ast.AttrGetExpr:
		key, ok := e.Key.(*ast.StringExpr)
		if path := pathOfExpr(e.Object); ok && path != nil && luatext.IsName(key.Value) {
			return append(path, key.Value)
		}
	}
	return nil
}
