package luabind

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"

	"github.com/authysh/authysh/luabind/internal/lua51"
	"github.com/authysh/authysh/luabind/internal/luavalue"
	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/parse"
)

// compile turns a script into a function.
func (rt *Runtime) compile(L *lua.LState, script Script) (*lua.LFunction, error) {
	if rt.untrusted != nil {
		return compileGuarded(L, script.Source, script.Name)
	}
	return compileSource(L, script.Source, script.Name)
}

// syntaxError says where and near what the source stops being Lua.
func syntaxError(text, name string, err error) *ScriptError {
	e := &ScriptError{Where: name, Message: err.Error(), Syntax: true, Value: lua.LString(err.Error())}
	switch cause := err.(type) {
	case *parse.Error:
		e.Message = strings.TrimSpace(cause.Message)
		if cause.Pos.Line == parse.EOF {
			// A short string ends with its line, so no further line can mend it.
			e.Where, e.Incomplete = name, cause.Message != "unterminated string"
			e.Message += " at the end of the source"
			if strings.HasSuffix(cause.Message, "syntax error") || cause.Message == "parse error" {
				e.Message += ": " + unfinished(text)
			}
			break
		}
		e.Where = fmt.Sprintf("%s:%d", name, cause.Pos.Line)
		e.line, e.column = cause.Pos.Line, cause.Pos.Column
		if cause.Token != "" {
			e.Message += fmt.Sprintf(" near '%s'", strings.TrimSpace(cause.Token))
		}
	case *lua.CompileError:
		if e.Message = cause.Message; cause.Line > 0 {
			e.Where, e.line = fmt.Sprintf("%s:%d", name, cause.Line), cause.Line
		}
	}
	e.Value = lua.LString(e.Error())
	return e
}

// positioned is the "file:line: " that Lua puts in front of a message.
var positioned = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^([^\n]+?:\d+): `) })

// ErrorOf reads the error of a host's own state, what L.DoString or L.PCall returned after a script of [Loader]'s called
// the API: errors.As on the result reaches the Go error of the call. A nil error stays nil.
func ErrorOf(err error) error {
	if err == nil {
		return nil
	}
	return newScriptError(err)
}

// newScriptError reads what a protected call returned.
func newScriptError(err error) *ScriptError {
	refusal, ok := errors.AsType[*lua.ApiError](err)
	if !ok {
		return &ScriptError{Message: err.Error(), Value: lua.LNil, cause: err}
	}
	e := &ScriptError{Value: refusal.Object, Traceback: tracebackLines(refusal.StackTrace), cause: refusal.Cause}
	switch value := refusal.Object.(type) {
	case lua.LString:
		e.Message = string(value)
	case *lua.LTable:
		e.describeTable(value)
	case *lua.LNilType:
		e.Message = "nil was raised as an error"
	case nil:
		e.Value, e.Message = lua.LNil, err.Error()
	default:
		e.Message = fmt.Sprintf("a %s value was raised as an error: %s", value.Type(), value)
	}
	if e.Where == "" {
		const within = 1 << 10 // bytes, of a message that may be very long
		if match := positioned().FindStringSubmatch(e.Message[:min(len(e.Message), within)]); match != nil {
			e.Where, e.Message = match[1], strings.TrimPrefix(e.Message, match[0])
		}
	}
	if e.Where == "" && len(e.Traceback) > 0 {
		if match := positioned().FindStringSubmatch(e.Traceback[0]); match != nil {
			e.Where = match[1]
		}
	}
	return e
}

// scriptErrorIn is newScriptError for an error whose value may be an object of the script's own: its __tostring is asked,
// and may fail.
func scriptErrorIn(L *lua.LState, err error) *ScriptError {
	e := newScriptError(err)
	t, ok := e.Value.(*lua.LTable)
	if !ok || luavalue.Error(t) != nil || L.GetMetaField(t, "__tostring") == lua.LNil {
		return e
	}
	L.Push(L.GetMetaField(t, "__tostring"))
	L.Push(t)
	if lua51.PCall(L, 1, 1, nil) != nil {
		return e
	}
	if text, ok := L.Get(-1).(lua.LString); ok {
		e.Message = string(text)
	}
	L.Pop(1)
	return e
}

// describeTable reads an error table: one of ours, or one that the script made.
func (e *ScriptError) describeTable(t *lua.LTable) {
	if where, ok := t.RawGetString("where").(lua.LString); ok {
		e.Where = string(where)
	}
	if err := luavalue.Error(t); err != nil {
		e.cause, e.Message = err, oneLine(err.Error())
		return
	}
	message, ok := t.RawGetString("message").(lua.LString)
	if !ok {
		e.Message = "a table without a message was raised as an error"
		return
	}
	e.Message = string(message)
}

// tracebackLines are the script's own calls in a traceback: position and function, innermost first.
func tracebackLines(stack string) []string {
	var lines []string
	for _, line := range strings.Split(stack, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "stack traceback") || strings.HasPrefix(line, "[G]") {
			continue
		}
		lines = append(lines, line)
	}
	return lines
}
