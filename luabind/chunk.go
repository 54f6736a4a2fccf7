package luabind

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/parse"
)

// compile turns a script into a function.
func compile(L *lua.LState, script Script) (*lua.LFunction, error) {
	source := strings.TrimPrefix(script.Source, "\ufeff")
	if strings.HasPrefix(source, "#") {
		source = "--" + source
	}
	if strings.ContainsRune(source, 0) || strings.HasPrefix(source, "\x1bLua") {
		return nil, &ScriptError{Where: script.Name, Syntax: true,
			Message: "is not Lua source text but a binary file", Value: lua.LNil}
	}
	chunk, err := L.Load(strings.NewReader(source), script.Name)
	if err != nil {
		return nil, syntaxError(script.Name, err)
	}
	return chunk, nil
}

// syntaxError says where and near what the source stops being Lua.
func syntaxError(name string, err error) *ScriptError {
	e := &ScriptError{Where: name, Message: err.Error(), Syntax: true, Value: lua.LString(err.Error())}
	refusal, ok := errors.AsType[*lua.ApiError](err)
	if !ok {
		return e
	}
	switch cause := refusal.Cause.(type) {
	case *parse.Error:
		e.Message = strings.TrimSpace(cause.Message)
		if cause.Pos.Line == parse.EOF {
			// A short string ends with its line, so no further line can mend it.
			e.Where, e.Incomplete = name, cause.Message != "unterminated string"
			e.Message += " at the end of the source"
			if e.Incomplete {
				e.Message += ": something that was opened is not closed"
			}
			break
		}
		e.Where = fmt.Sprintf("%s:%d", name, cause.Pos.Line)
		if cause.Token != "" {
			e.Message += fmt.Sprintf(" near '%s'", strings.TrimSpace(cause.Token))
		}
	case *lua.CompileError:
		e.Where, e.Message = fmt.Sprintf("%s:%d", name, cause.Line), cause.Message
	}
	return e
}

// positioned is the "file:line: " that Lua puts in front of a message.
var positioned = regexp.MustCompile(`^([^\n]+?:\d+): `)

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
		if match := positioned.FindStringSubmatch(e.Message); match != nil {
			e.Where, e.Message = match[1], strings.TrimPrefix(e.Message, match[0])
		}
	}
	if e.Where == "" && len(e.Traceback) > 0 {
		if match := positioned.FindStringSubmatch(e.Traceback[0]); match != nil {
			e.Where = match[1]
		}
	}
	return e
}

// describeTable reads an error table: one of ours, or one that the script made.
func (e *ScriptError) describeTable(t *lua.LTable) {
	if where, ok := t.RawGetString("where").(lua.LString); ok {
		e.Where = string(where)
	}
	if err := goError(t); err != nil {
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
