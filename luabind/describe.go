package luabind

import (
	"cmp"
	"slices"
	"strings"

	"github.com/authysh/authysh/authy"
)

// ErrorType is the name by which [Manual.Modules] calls the error values of failed calls.
const ErrorType = "authy.Error"

// Modules are the modules with all that is known of them: the operations are functions of authy, in the order of the
// catalogue, and functions have their examples. The types of authy are its clients and errors.
func (m *Manual) Modules() []Module {
	modules := slices.Clone(m.modules)
	for i, module := range modules {
		functions := slices.Clone(module.Functions)
		for j, f := range functions {
			functions[j].Example = cmp.Or(f.Example, functionExamples[module.Name+"."+f.Name])
		}
		if module.Name == apiModule {
			var calls []Function
			for _, op := range slices.Concat(operations(), module.Operations) { // the latter are the host's
				calls = append(calls, m.callOf(op, op.Name))
			}
			functions = append(calls, functions...)
			modules[i].Types = slices.Clone(module.Types)
			if slices.ContainsFunc(functions, func(f Function) bool { return f.Name == "client" }) {
				modules[i].Types = append(modules[i].Types, clientObject(functions))
			}
			modules[i].Types = append(modules[i].Types, errorObject())
		}
		if module.Name != apiModule {
			for _, op := range module.Operations {
				functions = append(functions, m.callOf(op, strings.TrimPrefix(op.Name, module.Name+".")))
			}
		}
		modules[i].Functions = functions
	}
	return modules
}

// callOf is an operation as a function of its module.
func (m *Manual) callOf(op authy.Operation, name string) Function {
	s := m.functions[scriptName(op.Name)]
	return Function{
		Name: name, Doc: s.doc, Params: paramsOf(s.params), Returns: paramsOf(s.returns), Example: operationNotes[op.Name].example,
	}
}

// apiModule is the module whose functions are the operations.
const apiModule = "authy"

// paramsOf is what slots say, in the words of a module.
func paramsOf(slots []slot) []Param {
	params := make([]Param, len(slots))
	for i, s := range slots {
		p := s.Param
		p.Fields, p.Values, p.Limit = paramsOf(s.inner), s.values, s.limit
		params[i] = p
	}
	return params
}

// clientObject is a second client: the functions of the module are its methods.
func clientObject(functions []Function) Type {
	methods := slices.DeleteFunc(slices.Clone(functions), func(f Function) bool { return f.Name == "client" })
	return Type{Name: clientType, Doc: "A second client: its functions are those of authy, as methods.", Methods: methods}
}

// errorObject is what a failed call raises or returns.
func errorObject() Type {
	kinds := make([]string, len(authy.Kinds))
	for i, kind := range authy.Kinds {
		kinds[i] = string(kind)
	}
	return Type{
		Name: ErrorType, Doc: "What a failed call raises or returns; tostring gives one line.",
		Fields: []Param{
			{Name: "kind", Type: "string", Doc: "what sort of failure it is", Values: kinds},
			{Name: "message", Type: "string", Doc: "what went wrong"},
			{Name: "op", Type: "string", Doc: "the call that failed", Optional: true},
			{Name: "where", Type: "string", Doc: "the position of the call in the script", Optional: true},
			{Name: "status", Type: "integer", Doc: "HTTP status of the answer", Optional: true},
			{Name: "code", Type: "string", Doc: "the service's error code", Optional: true},
			{Name: "fields", Type: "table<string, string>", Doc: "what is wrong with each parameter", Optional: true},
			{Name: "retry_after", Type: "number", Doc: "seconds that the service asks to wait", Optional: true},
			{Name: "flow", Type: "string", Doc: "of a flow that failed: its name", Optional: true},
			{Name: "step", Type: "string", Doc: "of a flow that failed: the step", Optional: true},
			{Name: "cause", Type: "any", Doc: "of a flow that failed: the error of the step", Optional: true},
			{Name: "undone", Type: "table[]", Doc: "of a flow that failed: what was undone", Optional: true, Fields: []Param{
				{Name: "step", Type: "string"}, {Name: "ok", Type: "boolean"}, {Name: "error", Type: "any", Optional: true},
			}},
		},
	}
}

// Usage is how a function is called, by its full name: "authy.request_sms{ authy_id, force? }", where ? marks what may be
// left out. It is empty for what is no function.
func (m *Manual) Usage(name string) string {
	if s := m.functions[name]; s != nil {
		return s.usage()
	}
	return ""
}

// Failures are the errors of an operation: the kind, or "api" and the code of the service, and what that means.
func (m *Manual) Failures(op authy.Operation) [][2]string { return failuresOf(&op) }

// Style is a table of authy that has its functions in another form.
type Style struct {
	// Name is the full name of the table, such as "authy.try".
	Name string
	// Doc is one sentence.
	Doc string
}

// Styles are the tables of authy that have its functions in another form: those that return their errors first, then those
// that give tasks.
func Styles() [2]Style {
	var found [2]Style
	for i, style := range styles {
		found[i] = Style{style.table, style.doc}
	}
	return found
}

// Libraries are Lua's own libraries, without code: as far as scripts that are not trusted have them, in the manual of a runtime
// for such. The functions and values of the one called "lua" are globals, the functions of "file" methods of files.
func (m *Manual) Libraries() []Module { return slices.Clone(m.lua) }

// isOurs reports whether a function belongs to a module, not to Lua.
func (m *Manual) isOurs(name string) bool {
	module, _, _ := strings.Cut(name, ".")
	return slices.ContainsFunc(m.modules, func(known Module) bool { return known.Name == module })
}
