package luabind

import (
	"errors"
	"fmt"
	"strings"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/luabind/internal/luatext"
	"github.com/authysh/authysh/luabind/internal/luavalue"
	lua "github.com/yuin/gopher-lua"
)

// raise raises err as an error value: a table for failed calls, see [errorTable].
func raise(L *lua.LState, err error) {
	L.Error(errorTable(L, err), 1)
}

// errorTable makes the error value that scripts catch.
//
// It has kind, op and message, and where known status, code, fields and retry_after (seconds); where is the position of
// the call in the script. tostring gives one line. The Go error stays attached, so that a host gets it back
// from [ScriptError].
func errorTable(L *lua.LState, err error) *lua.LTable {
	t := L.CreateTable(0, 8)
	set := func(name string, v lua.LValue) { t.RawSetString(name, v) }
	set("message", lua.LString(messageOf(err)))
	if where := callSite(L); where != "" {
		set("where", lua.LString(where))
	}
	if failure, ok := errors.AsType[authy.Error](err); ok {
		set("kind", lua.LString(failure.Kind()))
		if op := failure.Operation(); op != "" {
			set("op", lua.LString(op))
		}
	}
	switch e := err.(type) {
	case *authy.ValidationError:
		set("fields", stringTable(L, e.Fields()))
	case *authy.APIError:
		set("status", lua.LNumber(e.Status))
		if e.Code != "" {
			set("code", lua.LString(e.Code))
		}
		if len(e.Fields) > 0 {
			set("fields", stringTable(L, e.Fields))
		}
		if e.RetryAfter > 0 {
			set("retry_after", lua.LNumber(e.RetryAfter.Seconds()))
		}
	case *PluginError:
		set("plugin", lua.LString(e.Plugin))
	case *authy.ResponseError:
		set("status", lua.LNumber(e.Status))
		if e.Field != "" {
			set("fields", stringTable(L, map[string]string{e.Field: e.Reason}))
		}
	}
	mt := L.CreateTable(0, 4)
	mt.RawSetString("__name", lua.LString(luavalue.ErrorType))
	mt.RawSetString("__metatable", lua.LString(luavalue.ErrorType)) // no script needs the Go error
	mt.RawSetString("__tostring", L.NewFunction(errorToString))
	mt.RawSetString("error", &lua.LUserData{Value: err, Metatable: lua.LNil})
	t.Metatable = mt
	return t
}

// callSite is the position of the script's call, "file.lua:12"; Go functions in between have none.
func callSite(L *lua.LState) string {
	const most = 6
	for level := range most {
		if where := strings.TrimRight(L.Where(level), ": "); where != "" && !strings.HasPrefix(where, "[") {
			return where
		}
	}
	if t := currentTask(L); t != nil {
		return t.where
	}
	return ""
}

// messageOf is the text of err without the operation, which the table has in op.
func messageOf(err error) string {
	if e, ok := err.(*authy.APIError); ok {
		return e.Message
	}
	text := err.Error()
	if failure, ok := errors.AsType[authy.Error](err); ok && failure.Operation() != "" {
		text = strings.TrimPrefix(text, failure.Operation()+": ")
	}
	return text
}

func stringTable(L *lua.LState, fields map[string]string) *lua.LTable {
	t := L.CreateTable(0, len(fields))
	for name, reason := range fields {
		t.RawSetString(name, lua.LString(reason))
	}
	return t
}

func errorToString(L *lua.LState) int {
	L.Push(lua.LString(oneLine(errorText(L.CheckTable(1)))))
	return 1
}

// errorText is the Go error's text; a table that a script changed or made like ours shows its message.
func errorText(t *lua.LTable) string {
	if err := luavalue.Error(t); err != nil {
		return err.Error()
	}
	return t.RawGetString("message").String()
}

// oneLine keeps what a server sent from breaking an error message over several lines.
func oneLine(text string) string { return luatext.OneLine(text) }

// clip cuts a text after n characters, so that an error stays short.
func clip(text string, n int) string { return luatext.Clip(text, n) }

// ScriptError is a script that ended with an error which nothing caught.
//
// errors.As reaches the error of the API call that caused it, such as [*authy.APIError].
type ScriptError struct {
	// Message is the error without its position.
	Message string
	// Where is the position, "file.lua:12"; empty when unknown.
	Where string
	// Syntax reports that the script could not be compiled, so that none of it ran.
	Syntax bool
	// Incomplete reports a syntax error at the end of the source, which more lines might mend.
	Incomplete bool
	// Traceback lists the calls from the innermost outwards, one per line; empty for syntax errors.
	Traceback []string
	// Value is the error value itself: a string, an error table, or whatever the script raised.
	Value lua.LValue

	cause        error
	line, column int // of a syntax error
}

// Position is where a syntax error is, counted from 1. The column is 0 when it is not known, and so is the line of an
// error at the end of the source.
func (e *ScriptError) Position() (line, column int) { return e.line, e.column }

// Error is the position and the message in one line.
func (e *ScriptError) Error() string {
	if e.Where == "" {
		return e.Message
	}
	return e.Where + ": " + e.Message
}

// Unwrap is the Go error behind an error table.
func (e *ScriptError) Unwrap() error { return e.cause }

// ExitError is a script that called os.exit.
type ExitError struct{ Code int }

// Error names the code.
func (e *ExitError) Error() string { return fmt.Sprintf("script exited with code %d", e.Code) }
