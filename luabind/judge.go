package luabind

import (
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/authysh/authysh/authy"
	lua "github.com/yuin/gopher-lua"
)

// Unknown stands, among the arguments of [Manual.Judge], for a value that only a run would tell. As a key of a table it says
// that there may be further entries.
var Unknown lua.LValue = &lua.LUserData{Value: "unknown"}

// FaultKind sorts faults of a call.
type FaultKind string

// The kinds of faults.
const (
	UnknownParameter FaultKind = "unknown-parameter"
	MissingParameter FaultKind = "missing-parameter"
	InvalidValue     FaultKind = "invalid-value"
	WrongArgument    FaultKind = "wrong-argument"
	TooManyArguments FaultKind = "too-many-arguments"
)

// Fault is something wrong with the arguments of a call. Param and Reason are those that the call itself would raise.
type Fault struct {
	authy.Problem
	Kind FaultKind
	// At is the place within the argument, such as "logos[1].url"; empty when it is about the argument as a whole.
	At string
	// Argument is the number of the argument at fault, from 1; 0 when it is the call as a whole.
	Argument int
}

// Judge finds what is wrong with the arguments of a call, as far as that shows without making it. The name is full, as in
// "authy.try.request_sms" or "csv.Reader:read"; a method's self is not among the arguments, and what [Unknown] stands for
// is not judged. more says that there may be further arguments. Calls of Lua's own functions have no faults.
func (m *Manual) Judge(name string, arguments []lua.LValue, more bool) []Fault {
	s := m.signature(name)
	switch {
	case s == nil || !m.isOurs(name):
		return nil
	case s.op != nil:
		return judgeOperation(s, styleOf(name), arguments, more)
	}
	return judgeFunction(s, strings.Contains(name, ":"), arguments, more)
}

// styleOf is the table that an operation is taken from, such as "authy.try" or "notify.async", if that is one of a style; else it
// is empty.
func styleOf(name string) string {
	table := name[:max(strings.LastIndexByte(name, '.'), 0)]
	for _, style := range styles {
		if strings.HasSuffix(table, strings.TrimPrefix(style.table, apiModule)) {
			return table
		}
	}
	return ""
}

// judgeOperation judges a call of the API: a table, and perhaps a callback.
func judgeOperation(s *signature, style string, arguments []lua.LValue, more bool) []Fault {
	var faults []Fault
	wrong := func(argument int, param, reason string) {
		faults = append(faults, Fault{Problem: authy.Problem{Param: param, Reason: reason}, Kind: WrongArgument, Argument: argument})
	}
	if len(arguments) > 1 && arguments[1] != Unknown && arguments[1] != lua.LNil {
		switch _, isFunction := arguments[1].(*lua.LFunction); {
		case !isFunction:
			wrong(2, "callback", mistyped("a function", arguments[1]).Error())
		case style != "":
			wrong(2, "callback", "is not taken by "+style+", which has the error in another way")
		}
	}
	table := &lua.LTable{}
	switch {
	case len(arguments) == 0 && more:
		return faults
	case len(arguments) == 0 || arguments[0] == lua.LNil:
	case arguments[0] == Unknown:
		return faults
	default:
		given, ok := arguments[0].(*lua.LTable)
		if !ok {
			problem := notOneTable(s.op.Name, arguments[0])
			wrong(1, problem.Param, problem.Reason)
			return faults
		}
		table = given
	}
	return append(faults, judgeParameters(s, table)...)
}

// judgeParameters asks the operation itself what is wrong, and leaves out what follows from values that are not known.
func judgeParameters(s *signature, table *lua.LTable) []Fault {
	known := newKnowledge(table)
	invalid, ok := errors.AsType[*authy.ValidationError](validate(*s.op, known.table))
	if !ok {
		return nil
	}
	slots := s.params[0].inner
	var faults []Fault
	for _, problem := range invalid.Problems {
		if known.isVague(problem.Param, slots) {
			continue
		}
		faults = append(faults, Fault{problem, known.kindOf(problem.Param, slots), problem.Param, 1})
	}
	return faults
}

// judgeFunction judges a call of a module's function or of a method.
func judgeFunction(s *signature, method bool, arguments []lua.LValue, more bool) []Fault {
	params := s.params
	variadic := len(params) > 0 && params[len(params)-1].Name == "..."
	if variadic {
		params = params[:len(params)-1]
	}
	given := len(arguments)
	for given > len(params) && arguments[given-1] == lua.LNil {
		given--
	}
	if most := len(params); given > most && most > 0 && !variadic && !method {
		return []Fault{{authy.Problem{Param: s.name, Reason: tooMany(most, given)}, TooManyArguments, "", most + 1}}
	}
	var faults []Fault
	for i, p := range params {
		switch {
		case i < len(arguments):
			faults = append(faults, judgeArgument(p, arguments[i], i+1)...)
		case !more && !p.Optional && p.Type != "any":
			faults = append(faults, Fault{Problem: authy.Problem{Param: p.Name, Reason: "is required"}, Kind: MissingParameter})
		}
	}
	return faults
}

func judgeArgument(p slot, v lua.LValue, argument int) []Fault {
	table, isTable := v.(*lua.LTable)
	if !isTable {
		problems := judgeValue(p, v, p.Name)
		faults := make([]Fault, len(problems))
		for i, problem := range problems {
			faults[i] = Fault{problem, WrongArgument, "", argument}
		}
		return faults
	}
	known := newKnowledge(table)
	var faults []Fault
	for _, problem := range judgeValue(p, known.table, "") {
		at, kind := problem.Param, WrongArgument
		if known.isVague(at, p.inner) {
			continue
		}
		if at == "" || at[0] == '[' {
			problem.Param = p.Name + at
		}
		if at != "" {
			kind = known.kindOf(at, p.inner)
		}
		faults = append(faults, Fault{problem, kind, at, argument})
	}
	return faults
}

// judgeValue judges a value, which is no part of any other when at is empty.
func judgeValue(p slot, v lua.LValue, at string) []authy.Problem {
	if v == Unknown || v == lua.LNil && p.Optional {
		return nil
	}
	if p.accepts != nil {
		if err := p.accepts(v); err != nil {
			return authy.Within(at, err)
		}
	} else if !fits(p.Type, v) {
		return []authy.Problem{{Param: at, Reason: mistyped(typeWords(p.Type), v).Error()}}
	}
	switch v := v.(type) {
	case lua.LString:
		folded := func(value string) bool { return strings.EqualFold(value, string(v)) }
		if len(p.values) > 0 && !slices.ContainsFunc(p.values, folded) {
			return []authy.Problem{{Param: at, Reason: oneOf(string(v), p.values)}}
		}
	case *lua.LTable:
		if len(p.inner) == 0 {
			return nil
		}
		if !p.list {
			return judgeFields(p.inner, v, at)
		}
		var problems []authy.Problem
		for i := range v.Len() {
			place := at + "[" + strconv.Itoa(i+1) + "]"
			element, ok := v.RawGetInt(i + 1).(*lua.LTable)
			if ok {
				problems = append(problems, judgeFields(p.inner, element, place)...)
			} else if v.RawGetInt(i+1) != Unknown {
				problems = append(problems, authy.Problem{Param: place, Reason: mistyped("a table", v.RawGetInt(i+1)).Error()})
			}
		}
		return problems
	}
	return nil
}

// judgeFields judges a table of named options, as readOptions does.
func judgeFields(fields []slot, t *lua.LTable, at string) []authy.Problem {
	join := func(name string) string { return strings.TrimPrefix(at+"."+name, ".") }
	var problems []authy.Problem
	var names []string
	places := map[string]bool{}
	for _, f := range fields {
		names = append(names, f.Name)
		value, place := t.RawGetString(f.Name), join(f.Name)
		if f.Place > 0 {
			key := "[" + strconv.Itoa(f.Place) + "]"
			places[key] = true
			if value == lua.LNil {
				value = t.RawGetInt(f.Place)
				place = at + key
			}
		}
		switch {
		case value != lua.LNil:
			problems = append(problems, judgeValue(f, value, place)...)
		case !f.Optional:
			problems = append(problems, authy.Problem{Param: join(f.Name), Reason: "is required"})
		}
	}
	for _, name := range slices.Sorted(slices.Values((tableArguments{t}).Names())) {
		if !slices.Contains(names, name) && !places[name] {
			problems = append(problems, authy.Problem{Param: join(name), Reason: notAField(name, names)})
		}
	}
	return problems
}

// fits reports whether a value is of one of the alternatives of a type.
func fits(kinds string, v lua.LValue) bool {
	return slices.ContainsFunc(strings.Split(kinds, "|"), func(kind string) bool {
		switch kind {
		case "any":
			return true
		case "string":
			return v.Type() == lua.LTString
		case "number":
			return v.Type() == lua.LTNumber
		case "integer":
			n, ok := v.(lua.LNumber)
			return ok && float64(n) == math.Trunc(float64(n))
		case "boolean":
			return v.Type() == lua.LTBool
		case "function":
			return v.Type() == lua.LTFunction
		}
		return (kind == "table" || strings.HasSuffix(kind, "[]")) && v.Type() == lua.LTTable
	})
}

// typeWords names a type as errors do: "a string or a table".
func typeWords(kinds string) string {
	words := strings.Split(kinds, "|")
	for i, kind := range words {
		switch kind {
		case "integer":
			words[i] = "a whole number"
		case "boolean":
			words[i] = "true or false"
		default:
			if strings.HasSuffix(kind, "[]") {
				kind = "list"
			}
			words[i] = "a " + kind
		}
	}
	return strings.Join(words, " or ")
}
