package luabind

import (
	"slices"
	"sync"

	"github.com/authysh/authysh/luabind/internal/lua51"
	lua "github.com/yuin/gopher-lua"
)

// harmlessBasics are Lua's own functions that plugins have, and scripts that are not trusted.
var harmlessBasics = map[string][]string{
	"": {
		"_VERSION", "assert", "error", "getmetatable", "ipairs", "next", "pairs", "pcall", "rawequal", "rawget", "rawset",
		"select", "setmetatable", "tonumber", "tostring", "type", "unpack", "xpcall",
	},
	"string":    {"byte", "char", "find", "format", "gmatch", "gsub", "len", "lower", "match", "rep", "reverse", "sub", "upper"},
	"table":     {"concat", "insert", "maxn", "remove", "sort"},
	"coroutine": {"create", "isyieldable", "resume", "running", "status", "wrap", "yield"},
	"math": {
		"abs", "acos", "asin", "atan", "atan2", "ceil", "cos", "cosh", "deg", "exp", "floor", "fmod", "frexp", "huge", "ldexp", "log", "log10",
		"max", "min", "mod", "modf", "pi", "pow", "rad", "random", "randomseed", "sin", "sinh", "sqrt", "tan", "tanh",
	},
}

// openHarmless fills the globals of a state with Lua's own functions as far as they reach nothing outside, with some more of
// some libraries, and _G. What they make is charged to the budget that they run under.
func openHarmless(L *lua.LState, more map[string][]string) error {
	globals := L.G.Global
	for _, libraries := range []map[string][]string{harmlessBasics, more} {
		for library, names := range libraries {
			t := globals
			if library != "" {
				t = L.CreateTable(0, len(names))
				globals.RawSetString(library, t)
			}
			for _, name := range names {
				t.RawSetString(name, copyPlain(L, plainLibraries()[library][name]))
			}
		}
	}
	if err := lua51.Install(L); err != nil {
		return err
	}
	lua51.LimitStrings(L, longestString)
	guardLibraries(L)
	globals.RawSetString("_G", globals)
	return nil
}

// plainLibraries are the functions and constants of gopher-lua's own libraries, taken once from a state that nothing runs
// in: states that have few of them are made by the hundred.
var plainLibraries = sync.OnceValue(func() map[string]map[string]lua.LValue {
	L := lua.NewState(lua.Options{SkipOpenLibs: true, MinimizeStackMemory: true, RegistrySize: 128})
	defer L.Close()
	libraries := map[string]map[string]lua.LValue{}
	for name, open := range map[string]lua.LGFunction{
		"": lua.OpenBase, "table": lua.OpenTable, "string": lua.OpenString, "math": lua.OpenMath, "coroutine": lua.OpenCoroutine, "os": lua.OpenOs,
	} {
		L.Push(L.NewFunction(open))
		L.Call(0, 1)
		library := map[string]lua.LValue{}
		L.CheckTable(-1).ForEach(func(k, v lua.LValue) {
			if _, ok := v.(*lua.LTable); !ok {
				library[k.String()] = v
			}
		})
		libraries[name] = library
		L.SetTop(0)
	}
	return libraries
})

// copyPlain makes the value of a library one of L: functions know their state.
func copyPlain(L *lua.LState, v lua.LValue) lua.LValue {
	f, ok := v.(*lua.LFunction)
	if !ok {
		return v
	}
	inner := make([]lua.LValue, len(f.Upvalues))
	for i, up := range f.Upvalues {
		inner[i] = copyPlain(L, up.Value())
	}
	return L.NewClosure(f.GFunction, inner...)
}

// What library functions cost beyond their results, in bytes.
const (
	perThread = 8 << 10
	perValue  = 16
)

// guardLibraries charges for what functions of the libraries make.
func guardLibraries(L *lua.LState) {
	guard := func(library string, wrap func(f lua.LGFunction) lua.LGFunction, names ...string) {
		t := L.G.Global
		if library != "" {
			t = t.RawGetString(library).(*lua.LTable)
		}
		for _, name := range names {
			t.RawSetString(name, L.NewFunction(wrap(t.RawGetString(name).(*lua.LFunction).GFunction)))
		}
	}
	texts := func(f lua.LGFunction) lua.LGFunction { return charged(f, 0) }
	guard("string", texts, "char", "format", "gsub", "lower", "match", "rep", "reverse", "sub", "upper")
	guard("table", texts, "concat")
	guard("table", insertGuard, "insert")
	guard("table", moveGuard, "remove")
	guard("table", sortGuard, "sort")
	guard("", valuesGuard, "unpack")
	guard("string", valuesGuard, "byte")
	guard("", rawsetGuard, "rawset")
	guard("coroutine", threadGuard, "create", "wrap")
	guard("coroutine", argumentsGuard, "resume")
}

func insertGuard(insert lua.LGFunction) lua.LGFunction {
	move := moveGuard(insert)
	return func(L *lua.LState) int {
		t, ok := L.Get(1).(*lua.LTable)
		if !ok || L.GetTop() != 3 {
			return insert(L)
		}
		if n, ok := L.Get(2).(lua.LNumber); ok && (n < 1 || n > lua.LNumber(t.Len()+1)) {
			L.RaiseError("bad argument #2 to 'insert' (position out of bounds)")
		}
		return move(L)
	}
}

// moveGuard charges for moving all that follows.
func moveGuard(f lua.LGFunction) lua.LGFunction {
	return func(L *lua.LState) int {
		if t, ok := L.Get(1).(*lua.LTable); ok && L.Get(2) != lua.LNil {
			spend(L, perValue)
			budgetOf(L).steps += t.Len() / 64
		}
		return f(L)
	}
}

// sortGuard compares by a function of its own when it is given none: the library's is not interrupted.
func sortGuard(sort lua.LGFunction) lua.LGFunction {
	return func(L *lua.LState) int {
		if L.GetTop() < 2 || L.Get(2) == lua.LNil {
			L.SetTop(1)
			L.Push(L.NewFunction(func(L *lua.LState) int {
				a, b := L.Get(1), L.Get(2)
				work := 1
				if text, ok := a.(lua.LString); ok {
					work += len(text) / 256
				}
				budgetOf(L).work(L, work)
				L.Push(lua.LBool(L.LessThan(a, b)))
				return 1
			}))
		}
		return sort(L)
	}
}

// valuesGuard charges for all results of a function that gives many.
func valuesGuard(f lua.LGFunction) lua.LGFunction {
	return func(L *lua.LState) int {
		n := f(L)
		spend(L, max(n, 0)*perValue)
		return n
	}
}

func argumentsGuard(f lua.LGFunction) lua.LGFunction {
	return func(L *lua.LState) int {
		spend(L, L.GetTop()*perValue)
		return f(L)
	}
}

func rawsetGuard(set lua.LGFunction) lua.LGFunction {
	return func(L *lua.LState) int {
		t, _ := L.Get(1).(*lua.LTable)
		chargeIndex(L, t, L.Get(2))
		return set(L)
	}
}

func threadGuard(f lua.LGFunction) lua.LGFunction {
	return func(L *lua.LState) int {
		spend(L, perThread)
		return f(L)
	}
}

// harmlessTable is the table of a module with its functions charged for what they read and make.
func harmlessTable(L *lua.LState, m Module) *lua.LTable {
	t := m.table(L)
	t.ForEach(func(k, v lua.LValue) {
		if f, ok := v.(*lua.LFunction); ok {
			const perByte = 8 // what a parsed text takes in tables
			t.RawSet(k, L.NewFunction(charged(f.GFunction, perByte)))
		}
	})
	return t
}

// lacking is the module without some of its functions.
func (m Module) lacking(names []string) Module {
	m.Functions = slices.DeleteFunc(slices.Clone(m.Functions), func(f Function) bool { return slices.Contains(names, f.Name) })
	return m
}

// longestText bounds what a function writes together, in a state whose code is not trusted; 0 for no bound.
func longestText(L *lua.LState) int {
	if _, ok := L.Context().(*budget); ok {
		return longestString
	}
	return 0
}
