package luabind

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/luabind/internal/luatext"
	lua "github.com/yuin/gopher-lua"
)

// refuse raises the validation error of one parameter of a module's function; the reason reads on after its name.
func refuse(L *lua.LState, op, param, reason string) {
	raise(L, &authy.ValidationError{Op: op, Problems: []authy.Problem{{Param: param, Reason: reason}}})
}

// fail raises err as the plain text "op: what went wrong", with the position that Lua puts in front.
//
// It is for what a script meets in its data (broken JSON, a missing file); mistakes in parameters are for [refuse].
func fail(L *lua.LState, op string, err error) {
	L.RaiseError("%s", op+": "+err.Error())
}

// optionsAt reads the options table that is argument n of op, if there is one, into a struct: see [readOptions].
func optionsAt(L *lua.LState, n int, op string, into any) {
	switch t := L.Get(n).(type) {
	case *lua.LNilType:
	case *lua.LTable:
		if err := readOptions(op, t, into); err != nil {
			raise(L, err)
		}
	default:
		refuse(L, op, "options", mistyped("a table", t).Error())
	}
}

// textAt is argument n of op, which must be a string.
func textAt(L *lua.LState, n int, op, param string) string {
	text, ok := L.Get(n).(lua.LString)
	if !ok {
		refuse(L, op, param, mistyped("a string", L.Get(n)).Error())
	}
	return string(text)
}

// tableAt is argument n of op, which must be a table.
func tableAt(L *lua.LState, n int, op, param string) *lua.LTable {
	t, ok := L.Get(n).(*lua.LTable)
	if !ok {
		refuse(L, op, param, mistyped("a table", L.Get(n)).Error())
	}
	return t
}

// oneOf is a reason to refuse a value that must be one of a few names; it suggests the near one.
func oneOf(got string, names []string) string {
	if near := authy.Nearest(got, names); near != "" {
		return fmt.Sprintf("must be one of %s, got %s, did you mean %q?", quotedList(names), luatext.Excerpt(got), near)
	}
	return fmt.Sprintf("must be one of %s, got %s", quotedList(names), luatext.Excerpt(got))
}

func quotedList(names []string) string {
	text := ""
	for i, name := range names {
		if i > 0 {
			text += ", "
		}
		text += fmt.Sprintf("%q", name)
	}
	return text
}

// clock is the time of the host; a host without a clock has the system's.
func (h *Host) clock() time.Time {
	if h.Now == nil {
		return time.Now()
	}
	return h.Now()
}

// logger is the host's log; a host without one discards.
func (h *Host) logger() *slog.Logger {
	if h.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return h.Log
}
