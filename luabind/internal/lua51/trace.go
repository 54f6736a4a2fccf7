package lua51

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// A level is what Lua 5.1 counts as one on its call stack: a function call, or one that a tail call replaced.
type level struct {
	frame frame
	name  string   // of the library function that a function of shims.lua stands for
	tail  bool     // replaced
	lost  []string // instead of a level: traceback lines of frames that are gone
}

// levels goes through the levels of L from the running function outwards. The parts of pcall are one level; a function
// that a pcall in a coroutine runs in a thread of its own is followed by the levels of the coroutine.
func (v *vm) levels(L *lua.LState) iter.Seq[level] {
	return func(yield func(level) bool) {
		for thread, ok := L, true; ok; thread, ok = v.proxies[thread] {
			for f := topFrame(thread); !f.none(); f = f.parent() {
				if !v.levelsOf(thread, f, yield) {
					return
				}
			}
		}
	}
}

// levelsOf yields the levels of one frame: none, one, or one and the tail calls.
func (v *vm) levelsOf(thread *lua.LState, f frame, yield func(level) bool) bool {
	fn := f.fn()
	if _, ok := v.hidden[fn]; ok {
		if lost := v.lost[thread]; fn == v.handler && lost != nil {
			return yield(level{lost: lost})
		}
		return true
	}
	if !fn.IsG && fn.Proto.SourceName == source {
		name, ok := v.shown[fn.Proto]
		if !ok {
			return true
		}
		replaced := f.tailCalls() > 0 && name != ""
		return yield(level{frame: f, name: libraryName(f, name, replaced)}) && (!replaced || yield(level{tail: true}))
	}
	if !yield(level{frame: f}) {
		return false
	}
	for range f.tailCalls() {
		if !yield(level{tail: true}) {
			return false
		}
	}
	return true
}

// position is "file:line: ", or nothing if the level is not that of a Lua function.
func (l level) position() string {
	if l.tail || l.name != "" || l.lost != nil || l.frame.fn().IsG {
		return ""
	}
	proto, pc := l.frame.fn().Proto, l.frame.pc()
	if pc < 0 || pc >= len(proto.DbgSourcePositions) {
		return proto.SourceName + ": "
	}
	return fmt.Sprintf("%s:%d: ", proto.SourceName, proto.DbgSourcePositions[pc])
}

// String is the line of the level in a traceback.
func (l level) String() string {
	switch {
	case l.tail:
		return "(tail call): ?"
	case l.name != "":
		return "[G]: in function '" + l.name + "'"
	}
	name, fn := calledName(l.frame), l.frame.fn()
	switch {
	case fn.IsG && name == "":
		return "[G]: ?"
	case fn.IsG:
		return "[G]: in function '" + name + "'"
	case name != "" && l.frame.tailCalls() == 0:
		return l.position() + "in function '" + name + "'"
	case fn.Proto.LineDefined == 0:
		return l.position() + "in main chunk"
	default:
		return fmt.Sprintf("%sin function <%s:%d>", l.position(), fn.Proto.SourceName, fn.Proto.LineDefined)
	}
}

// calledName is the name under which the function of a frame was called, or nothing.
func calledName(f frame) string {
	caller := f.parent()
	if caller.none() || caller.fn().IsG || caller.fn().Proto.SourceName == source {
		return ""
	}
	pc := caller.pc()
	for _, call := range caller.fn().Proto.DbgCalls {
		if call.Pc == pc && call.Name != "?" {
			return call.Name
		}
	}
	return ""
}

// libraryName is the name to show for the library function that a function of shims.lua stands for. Its own name is
// empty if it was tail called by one that knows it; then all that is left is the call, unless that was a tail call too.
func libraryName(f frame, name string, replaced bool) string {
	called := calledName(f)
	switch {
	case replaced, name == "" && called != "xpcall", called == "":
		return cmp.Or(name, "pcall")
	}
	return called
}

// where is the position of the nth level of L, 0 being the running function: "file:line: ", or nothing.
func (v *vm) where(L *lua.LState, n int) string {
	for l := range v.levels(L) {
		if n == 0 {
			return l.position()
		}
		n--
	}
	return ""
}

// withoutShim is an error value without a position in shims.lua. Go functions put the innermost Lua function's position
// before their errors; if pcall called one, Lua 5.1 has none to put there.
func withoutShim(value lua.LValue) lua.LValue {
	text, ok := value.(lua.LString)
	if !ok || !strings.HasPrefix(string(text), source+":") {
		return value
	}
	_, message, _ := strings.Cut(string(text), " ") // gopher-lua: "source:line: message"
	return lua.LString(message)
}

// lines are the lines of a traceback of L.
func (v *vm) lines(L *lua.LState) []string {
	var lines []string
	for l := range v.levels(L) {
		if l.lost != nil {
			lines = append(lines, l.lost...)
			continue
		}
		lines = append(lines, l.String())
	}
	return lines
}

// traceback is the traceback of L from the nth level on, with the middle left out if it is long, as in Lua 5.1.
func (v *vm) traceback(L *lua.LState, n int) string {
	const first, last = 12, 10
	lines := v.lines(L)
	root := v.owner(L)
	if root == L.G.MainThread || v.isActive(root) {
		lines = append(lines, "[G]: ?")
	}
	lines = lines[min(max(n, 0), len(lines)):]
	if len(lines) > first+last {
		lines = slices.Concat(lines[:first], []string{"..."}, lines[len(lines)-last:])
	}
	return strings.Join(slices.Insert(lines, 0, "stack traceback:"), "\n\t")
}

// Traceback is the traceback of L as debug.traceback gives it: the running function is level 0. In a state without
// [Install] it is empty.
func Traceback(L *lua.LState, level int) string {
	if v := of(L); v != nil {
		return v.traceback(L, level)
	}
	return ""
}

// debugTraceback is debug.traceback([thread,] [message [, level]]).
func (v *vm) debugTraceback(L *lua.LState) int {
	thread, arg, n := L, 0, 1
	if th, ok := L.Get(1).(*lua.LState); ok {
		arg = 1
		if th != v.owner(L) {
			thread, n = th, 0
		}
	}
	message := L.Get(arg + 1)
	switch message.(type) {
	case lua.LString, lua.LNumber:
		L.Push(lua.LString(message.String() + "\n" + v.traceback(thread, L.OptInt(arg+2, n))))
	case *lua.LNilType:
		L.Push(lua.LString(v.traceback(thread, L.OptInt(arg+2, n))))
	default:
		L.Push(message)
	}
	return 1
}

// raiseError is error(value [, level]).
func (v *vm) raiseError(L *lua.LState) int {
	value, n := L.Get(1), L.OptInt(2, 1)
	switch value.(type) {
	case lua.LString, lua.LNumber:
		if n > 0 {
			value = lua.LString(v.where(L, n) + value.String())
		}
	}
	L.Error(value, 0)
	return 0
}

// assert is assert(value [, message]). A message of any type but string is raised as it is: Lua 5.1 would complain of
// its type, and so hide the error that a function returned as its second value.
func (v *vm) assert(L *lua.LState) int {
	if L.GetTop() == 0 {
		v.argError(L, "assert", 1, "value expected")
	}
	if L.ToBool(1) {
		return L.GetTop()
	}
	switch message := L.Get(2).(type) {
	case *lua.LNilType:
		L.Error(lua.LString(v.where(L, 1)+"assertion failed!"), 0)
	case lua.LString, lua.LNumber:
		L.Error(lua.LString(v.where(L, 1)+message.String()), 0)
	default:
		L.Error(message, 0)
	}
	return 0
}

// argError raises the error for an argument of a library function, at the line that called it.
func (v *vm) argError(L *lua.LState, function string, n int, problem string) {
	L.Error(lua.LString(fmt.Sprintf("%sbad argument #%d to '%s' (%s)", v.where(L, 1), n, function, problem)), 0)
}
