package lua51

import (
	"fmt"
	"reflect"
	"unsafe"

	lua "github.com/yuin/gopher-lua"
)

// gopher-lua keeps things private that Lua 5.1's behaviour cannot be had without: the list of a thread's open
// upvalues (closing too many of them is yuin/gopher-lua#448), the stack of call frames with the program counter of each
// (a yield may not cross a metamethod), the loop that runs a coroutine (whose errors have to be seen where they are raised), and the
// keys of a table that have lost their values (next goes on from them). This file is the only one that reaches for them. The offsets are not assumed
// but read from the library's own types when the program starts; if a name or a type differs, Install says so.

// layout holds the offsets of the private fields that the package reads, and of two that it writes (upvalues and loop).
type layout struct {
	upvalues, frame, loop             uintptr // of lua.LState
	next                              uintptr // of lua.Upvalue
	fn, parent, pc, base              uintptr // of the call frame
	index, replacement                uintptr // of the call frame
	array, order, keys, texts, others uintptr // of lua.LTable
	registers                         uintptr // of lua.LState
	values, top                       uintptr // of what these are in
}

var offsets, errLayout = readLayout()

// readLayout looks up every field.
func readLayout() (l layout, err error) {
	state := reflect.TypeFor[lua.LState]()
	upvalue := reflect.TypeFor[lua.Upvalue]()
	table := reflect.TypeFor[lua.LTable]()
	registers, err := pointedTo(state, "reg")
	if err != nil {
		return layout{}, err
	}
	frame := reflect.TypeOf((*lua.LState).RemoveCallerFrame).Out(0) // the one place that names the type
	for _, f := range []struct {
		to   *uintptr
		in   reflect.Type
		name string
		typ  reflect.Type
	}{
		{&l.upvalues, state, "uvcache", reflect.PointerTo(upvalue)},
		{&l.frame, state, "currentFrame", frame},
		{&l.loop, state, "mainLoop", reflect.FuncOf([]reflect.Type{reflect.PointerTo(state), frame}, nil, false)},
		{&l.next, upvalue, "next", reflect.PointerTo(upvalue)},
		{&l.fn, frame.Elem(), "Fn", reflect.TypeFor[*lua.LFunction]()},
		{&l.parent, frame.Elem(), "Parent", frame},
		{&l.pc, frame.Elem(), "Pc", reflect.TypeFor[int]()},
		{&l.base, frame.Elem(), "LocalBase", reflect.TypeFor[int]()},
		{&l.index, frame.Elem(), "Idx", reflect.TypeFor[int]()},
		{&l.replacement, frame.Elem(), "TailCall", reflect.TypeFor[int]()},
		{&l.array, table, "array", reflect.TypeFor[[]lua.LValue]()},
		{&l.registers, state, "reg", reflect.PointerTo(registers)},
		{&l.values, registers, "array", reflect.TypeFor[[]lua.LValue]()},
		{&l.top, registers, "top", reflect.TypeFor[int]()},
		{&l.order, table, "k2i", reflect.TypeFor[map[lua.LValue]int]()},
		{&l.keys, table, "keys", reflect.TypeFor[[]lua.LValue]()},
		{&l.texts, table, "strdict", reflect.TypeFor[map[string]lua.LValue]()},
		{&l.others, table, "dict", reflect.TypeFor[map[lua.LValue]lua.LValue]()},
	} {
		if *f.to, err = offsetOf(f.in, f.name, f.typ); err != nil {
			return layout{}, err
		}
	}
	return l, nil
}

// pointedTo is the type of struct that a field points to.
func pointedTo(in reflect.Type, name string) (reflect.Type, error) {
	f, ok := in.FieldByName(name)
	if !ok || f.Type.Kind() != reflect.Pointer || f.Type.Elem().Kind() != reflect.Struct {
		return nil, fmt.Errorf("gopher-lua of another layout: %v has no struct at %s; build with github.com/yuin/gopher-lua v1.1.2", in, name)
	}
	return f.Type.Elem(), nil
}

// offsetOf is the offset of a field that must have a type.
func offsetOf(in reflect.Type, name string, typ reflect.Type) (uintptr, error) {
	const remedy = "; build with github.com/yuin/gopher-lua v1.1.2"
	f, ok := in.FieldByName(name)
	switch {
	case !ok:
		return 0, fmt.Errorf("gopher-lua of another layout: %v has no field %s"+remedy, in, name)
	case f.Type != typ:
		return 0, fmt.Errorf("gopher-lua of another layout: %v.%s is a %v, not a %v"+remedy, in, name, f.Type, typ)
	}
	return f.Offset, nil
}

// at is the field of type T at an offset of the struct that p points to.
func at[T any](p unsafe.Pointer, offset uintptr) *T { return (*T)(unsafe.Add(p, offset)) }

// swapUpvalues gives L another list of open upvalues and returns the one it had.
func swapUpvalues(L *lua.LState, list *lua.Upvalue) *lua.Upvalue {
	p := at[*lua.Upvalue](unsafe.Pointer(L), offsets.upvalues)
	old := *p
	*p = list
	return old
}

// closeUpvalues gives every open upvalue in L's list its own value, as the end of the function that owns the local
// variable does. An upvalue whose register is gone already becomes nil: Go's nil is no Lua value.
func closeUpvalues(L *lua.LState) {
	for uv := swapUpvalues(L, nil); uv != nil; uv = *at[*lua.Upvalue](unsafe.Pointer(uv), offsets.next) {
		uv.Close()
		if uv.Value() == nil {
			uv.SetValue(lua.LNil)
		}
	}
}

// loop is the interpreter's, which runs the function of a frame and what that calls. The frame's type is private; a pointer is
// passed like any other.
type loop func(L *lua.LState, frame unsafe.Pointer)

// atStart calls f when a thread that has not run yet begins to.
func atStart(thread *lua.LState, f func()) {
	p := at[loop](unsafe.Pointer(thread), offsets.loop)
	run := *p
	*p = func(L *lua.LState, frame unsafe.Pointer) {
		*p = run
		f()
		run(L, frame)
	}
}

// frame is a call frame of the interpreter; the zero value is none. It is valid only while the call lasts.
type frame struct{ p unsafe.Pointer }

// topFrame is the frame of the function that L runs, or none if L runs nothing.
func topFrame(L *lua.LState) frame {
	return frame{*at[unsafe.Pointer](unsafe.Pointer(L), offsets.frame)}
}

// none reports whether there is no such frame.
func (f frame) none() bool { return f.p == nil }

// fn is the function that the frame runs.
func (f frame) fn() *lua.LFunction { return *at[*lua.LFunction](f.p, offsets.fn) }

// parent is the frame of the caller.
func (f frame) parent() frame { return frame{*at[unsafe.Pointer](f.p, offsets.parent)} }

// pc is the index of the instruction that is being executed.
func (f frame) pc() int { return *at[int](f.p, offsets.pc) - 1 }

// depth is the number of frames of the thread up to and with this one.
func (f frame) depth() int {
	if f.none() {
		return 0
	}
	return *at[int](f.p, offsets.index) + 1
}

// tailCalls counts the frames that tail calls have replaced by this one.
func (f frame) tailCalls() int {
	if f.fn().IsG {
		return 0
	}
	return *at[int](f.p, offsets.replacement)
}

// instruction is the one that is being executed; OP_NOP before the first.
func (f frame) instruction() instruction {
	code, pc := f.fn().Proto.Code, f.pc()
	if pc < 0 || pc >= len(code) {
		return instruction(lua.OP_NOP << 26)
	}
	return instruction(code[pc])
}

// register is the value in a register of the frame of a Lua function of L.
func (f frame) register(L *lua.LState, n int) lua.LValue {
	array := *at[[]lua.LValue](*at[unsafe.Pointer](unsafe.Pointer(L), offsets.registers), offsets.values)
	if n += *at[int](f.p, offsets.base); n < len(array) && array[n] != nil {
		return array[n]
	}
	return lua.LNil
}

// calls reports whether the frame's current instruction is a call, rather than one that ran a metamethod or an iterator.
func (f frame) calls() bool {
	op := f.instruction().op()
	return op == lua.OP_CALL || op == lua.OP_TAILCALL
}

// calledByColon reports whether the call of the frame's function was written with a colon, as in s:rep(2): then the
// instruction that fetched the function from its table also set aside the object.
func (f frame) calledByColon() bool {
	caller := f.parent()
	if caller.none() || caller.fn().IsG || !caller.calls() {
		return false
	}
	code, pc := caller.fn().Proto.Code, caller.pc()
	register := instruction(code[pc]).a()
	for pc--; pc >= 0; pc-- {
		i := instruction(code[pc])
		if i.a() != register {
			continue
		}
		switch i.op() {
		case lua.OP_SELF:
			return true
		case lua.OP_MOVE, lua.OP_GETUPVAL, lua.OP_GETGLOBAL, lua.OP_GETTABLE, lua.OP_GETTABLEKS, lua.OP_CALL, lua.OP_CLOSURE:
			return false
		}
	}
	return false
}

// Registers are the values on the stack of a thread, and how many it has room for. Some may be Go's nil. They are good until
// the thread runs.
func Registers(L *lua.LState) (values []lua.LValue, room int) {
	if errLayout != nil {
		return nil, 0
	}
	registers := *at[unsafe.Pointer](unsafe.Pointer(L), offsets.registers)
	if registers == nil {
		return nil, 0
	}
	array := *at[[]lua.LValue](registers, offsets.values)
	return array[:min(*at[int](registers, offsets.top), len(array))], len(array)
}

// TableSize is about how many bytes a table takes, without what is in it. Room for elements and keys that are gone stays, and
// counts: nothing else tells of it.
func TableSize(t *lua.LTable) int64 {
	const (
		perTable, perElement = 96, 16
		perKey               = 16 + 40 + 50 // in the list of keys, in their order, and in one of the maps
		order                = 250          // the smallest map of it
		texts, others        = 800, 264     // the smallest maps; that of texts has room for 1 or for 32, which cannot be seen
	)
	if errLayout != nil {
		return perTable
	}
	p := unsafe.Pointer(t)
	size := int64(perTable + perElement*cap(*at[[]lua.LValue](p, offsets.array)))
	if keys := *at[[]lua.LValue](p, offsets.keys); keys != nil {
		size += order + perKey*int64(len(keys))
	}
	if *at[map[string]lua.LValue](p, offsets.texts) != nil {
		size += texts
	}
	if *at[map[lua.LValue]lua.LValue](p, offsets.others) != nil {
		size += others
	}
	return size
}

// hasKey reports whether a table has a key, or had it: the value may have been set to nil since.
func hasKey(t *lua.LTable, key lua.LValue) bool {
	if n, ok := key.(lua.LNumber); ok && n >= 1 && n == lua.LNumber(int(n)) {
		if int(n) <= len(*at[[]lua.LValue](unsafe.Pointer(t), offsets.array)) {
			return true
		}
	}
	_, ok := (*at[map[lua.LValue]int](unsafe.Pointer(t), offsets.order))[key]
	return ok
}
