package luabind

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"time"
	"weak"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/luabind/journal"
	lua "github.com/yuin/gopher-lua"
)

// Module is a Lua module as data: what require gives, and what completion, help and editor stubs tell of it.
type Module struct {
	// Name is what scripts require, such as "json". In a runtime it is a global too.
	Name string
	// Doc is one sentence.
	Doc string
	// Functions are the module's functions in the order that help lists them.
	Functions []Function
	// Operations are calls that go through middlewares, hooks and journals, in the direct, callback, try and task styles:
	// see [authy.Op] and [authy.Declare]. Their names begin with that of the module and a dot.
	Operations []authy.Operation
	// Values are its constants and tables.
	Values []Value
	// Plugin says that it is the module of a plugin, whose operations are in authy.plugins too. It is for [NewManual]; what
	// [With] is given is none.
	Plugin bool
	// Types are the objects that its functions return, such as the reader of csv.open.
	Types []Type
}

// Function is one Lua function of a module, or a method of a type.
type Function struct {
	Name string
	// Doc is one sentence.
	Doc string
	// Params and Returns are in order; a method's self is not among them.
	Params, Returns []Param
	// Call is the function itself. It checks its own arguments. The method of a type has self as argument 1.
	Call lua.LGFunction
	// Example is a chunk that calls it; [Manual.Modules] knows those of luabind's own functions.
	Example string

	takesSelf bool // may be called with the module or client in front, with a colon
}

// Param is a parameter or a returned value.
type Param struct {
	Name string
	// Type is in the words of LuaCATS: string, number, integer, boolean, table, function, any, a type of the module,
	// a list such as string[], alternatives such as string|number.
	Type string
	// Doc is a short sentence; empty when the name says it all.
	Doc string
	// Optional parameters may be left out; an optional returned value may be nil.
	Optional bool
	// Fields are the named options that a table may hold.
	Fields []Param
	// Values are the texts that it may be, if these are few.
	Values []string
	// Limit is the rule that a value must keep, in words.
	Limit string
	// Place is, of a field, where it may also stand without its name: 1 is the first element of the table. 0 is nowhere.
	Place int
	// Result names, of a returned table, the operation whose result it is like.
	Result string

	accepts func(lua.LValue) error // how the function reads it; nil when only the type is known
}

// Value is a constant of a module.
type Value struct {
	Name, Type, Doc string
	// Fields are what a table holds, if that is always the same.
	Fields []Param
	// Make builds it for a state.
	Make func(L *lua.LState) lua.LValue
}

// Type is an object with methods.
type Type struct {
	// Name is qualified by the module: "csv.Reader".
	Name    string
	Doc     string
	Methods []Function
	// Fields are what scripts may read of it beside its methods.
	Fields []Param
}

// Host is what a module may use of the runtime or host program that loads it.
type Host struct {
	// Stdin, Stdout and Stderr are the script's streams.
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	// Log receives what the log module writes.
	Log *slog.Logger
	// Now is the clock.
	Now func() time.Time

	client      *authy.Client  // nil for none
	serving     atomic.Int64   // servers of callbacks
	handling    atomic.Int64   // deliveries that are handled
	interpreter *interpreter   // nil in a state that has no lock
	script      journal.Script // what runs
	service     string         // what journals say that calls go to
	batches     batches
	plugins     *pluginSet // nil for none
	files       fs.FS      // where require looks; nil for the disk

	// sessions are told of every operation that succeeded, while the interpreter is held. They are weak, as nobody closes a session.
	sessions []weak.Pointer[Session]
}

// tell tells the sessions of an operation.
func (h *Host) tell(op authy.Operation, args *lua.LTable, result lua.LValue) {
	for _, p := range h.sessions {
		if s := p.Value(); s != nil {
			s.seen.call(op, args, result)
		}
	}
}

// tellNext has a session be told from now on; those that were dropped are forgotten.
func (h *Host) tellNext(s *Session) {
	h.sessions = append(slices.DeleteFunc(h.sessions, func(p weak.Pointer[Session]) bool { return p.Value() == nil }), weak.Make(s))
}

// table makes the Lua table of a module.
func (m Module) table(L *lua.LState) *lua.LTable {
	t := L.CreateTable(0, len(m.Functions)+len(m.Values))
	for _, f := range m.Functions {
		t.RawSetString(f.Name, L.NewFunction(f.strict(m.Name+"."+f.Name)))
	}
	for _, v := range m.Values {
		t.RawSetString(v.Name, v.Make(L))
	}
	return t
}

// strict is the function with a check that it gets no more arguments than it takes: an option that stands one place too
// far would else be ignored without a word. A last parameter named "..." takes any number, as does a function whose
// parameters are not told.
func (f Function) strict(name string) lua.LGFunction {
	most := len(f.Params)
	if most == 0 || f.Params[most-1].Name == "..." {
		return f.Call
	}
	return func(L *lua.LState) int {
		given := L.GetTop()
		for given > most && L.Get(given) == lua.LNil { // what a call passed on may be nothing
			given--
		}
		if given > most && !(f.takesSelf && given == most+1) {
			L.RaiseError("%s %s", name, tooMany(most, given))
		}
		return f.Call(L)
	}
}

// tooMany says that a call has more arguments than it takes; it reads on after the function's name.
func tooMany(most, given int) string {
	plural := "s"
	if most == 1 {
		plural = ""
	}
	return fmt.Sprintf("takes at most %d argument%s, got %d", most, plural, given)
}

// hostModule is a module that the host has given.
func hostModule(m Module) Module {
	m.Plugin, m.Functions = false, guarded(m.Name, m.Functions)
	return m
}

// checkModules refuses modules that scripts could not use.
func checkModules(modules []Module) error {
	seen := map[string]bool{"authy": true}
	for _, m := range modules {
		switch {
		case m.Name == "":
			return errors.New("luabind: a module has no name")
		case seen[m.Name]:
			return fmt.Errorf("luabind: there are two modules %q", m.Name)
		}
		seen[m.Name] = true
		members := map[string]bool{}
		twice := func(name string) error {
			if members[name] {
				return fmt.Errorf("luabind: the module %q has two of %q", m.Name, name)
			}
			members[name] = true
			return nil
		}
		for _, f := range m.Functions {
			if f.Name == "" || f.Call == nil {
				return fmt.Errorf("luabind: the module %q has a function without a name or without Call: %q", m.Name, f.Name)
			}
			if err := twice(f.Name); err != nil {
				return err
			}
		}
		for _, op := range m.Operations {
			name, ok := strings.CutPrefix(op.Name, m.Name+".")
			if !ok || !isOperationName(name) {
				return fmt.Errorf("luabind: the module %q has an operation %q; it must be called %s and a name in snake_case", m.Name, op.Name, m.Name+".")
			}
			if err := checkOperation(op); err != nil {
				return err
			}
			if err := twice(name); err != nil {
				return err
			}
		}
		for _, v := range m.Values {
			if v.Name == "" || v.Make == nil {
				return fmt.Errorf("luabind: the module %q has a value without a name or without Make: %q", m.Name, v.Name)
			}
			if err := twice(v.Name); err != nil {
				return err
			}
		}
	}
	return nil
}

// methods makes the metatable of a type, once per state; tostring shows the type's name.
func (t Type) metatable(L *lua.LState) *lua.LTable {
	if known, ok := L.GetTypeMetatable(t.Name).(*lua.LTable); ok {
		return known
	}
	mt := L.NewTypeMetatable(t.Name)
	methods := L.CreateTable(0, len(t.Methods))
	for _, f := range t.Methods {
		methods.RawSetString(f.Name, L.NewFunction(f.Call))
	}
	mt.RawSetString("__index", methods)
	mt.RawSetString("__metatable", lua.LString(t.Name))
	name := t.Name
	mt.RawSetString("__tostring", L.NewFunction(func(L *lua.LState) int {
		L.Push(lua.LString(name))
		return 1
	}))
	return mt
}
