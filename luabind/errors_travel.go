package luabind

import (
	"encoding/json"

	lua "github.com/yuin/gopher-lua"
)

// travelingScriptError is a [ScriptError] as JSON: all but the Lua value and the Go error behind it.
type travelingScriptError struct {
	Message    string   `json:"message"`
	Where      string   `json:"where,omitempty"`
	Syntax     bool     `json:"syntax,omitempty"`
	Incomplete bool     `json:"incomplete,omitempty"`
	Traceback  []string `json:"traceback,omitempty"`
	Line       int      `json:"line,omitempty"`
	Column     int      `json:"column,omitempty"`
}

// MarshalJSON writes the error without its value and its cause, which belong to the interpreter.
func (e *ScriptError) MarshalJSON() ([]byte, error) {
	return json.Marshal(travelingScriptError{e.Message, e.Where, e.Syntax, e.Incomplete, e.Traceback, e.line, e.column})
}

// UnmarshalJSON reads what MarshalJSON wrote. Value is nil in Lua, and nothing is behind the error.
func (e *ScriptError) UnmarshalJSON(text []byte) error {
	var t travelingScriptError
	if err := json.Unmarshal(text, &t); err != nil {
		return err
	}
	*e = ScriptError{
		Message: t.Message, Where: t.Where, Syntax: t.Syntax, Incomplete: t.Incomplete, Traceback: t.Traceback,
		Value: lua.LNil, line: t.Line, column: t.Column,
	}
	return nil
}

// travelingLimitError is a [LimitError] as JSON.
type travelingLimitError struct {
	Limit string `json:"limit"`
	Where string `json:"where,omitempty"`
	Text  string `json:"text"`
}

// MarshalJSON writes the error with all its words.
func (e *LimitError) MarshalJSON() ([]byte, error) {
	return json.Marshal(travelingLimitError{e.Limit, e.Where, e.text})
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (e *LimitError) UnmarshalJSON(text []byte) error {
	var t travelingLimitError
	if err := json.Unmarshal(text, &t); err != nil {
		return err
	}
	*e = LimitError{Limit: t.Limit, Where: t.Where, text: t.Text}
	return nil
}
