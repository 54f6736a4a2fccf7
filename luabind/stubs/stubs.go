package stubs

import (
	"slices"
	"strings"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/luabind"
)

// Marker is the first line of every definition file, by which it is known as one.
const Marker = "-- Made by authysh stubs, which will replace it: do not edit."

// File is one definition file.
type File struct {
	// Name is that of the module, with .lua.
	Name string
	Text string
}

// Generate makes a file for each module of the manual, in their order. The same manual makes the same files.
func Generate(manual *luabind.Manual) []File {
	var files []File
	modules := manual.Modules()
	for _, m := range modules {
		w := &writer{
			module: m.Name, aliases: map[string]string{}, taken: map[string]string{}, operations: operationsOf(m),
			plugins: slices.ContainsFunc(modules, isPlugin),
		}
		files = append(files, File{m.Name + ".lua", w.moduleText(m, modules)})
	}
	return files
}

// The names that definitions refer to each other by.
const (
	api        = "authy"
	clientType = "authy.Client"
	taskType   = "task.Task"
)

// writer writes one file.
type writer struct {
	strings.Builder
	module  string
	plugins bool              // there are some with operations
	aliases map[string]string // of lists of values, by the values
	taken   map[string]string // the values of an alias, by its name

	operations map[string]authy.Operation // of the module, by the names that scripts call them by
}

// operationsOf are the operations of a module: those of the API with those of the host among them, or those of a plugin.
func operationsOf(m luabind.Module) map[string]authy.Operation {
	known := map[string]authy.Operation{}
	if m.Name != api {
		for _, op := range m.Operations {
			known[op.Name] = op
		}
		return known
	}
	for _, op := range slices.Concat(authy.Operations(), m.Operations) {
		known[api+"."+op.Name] = op
	}
	return known
}

func (w *writer) line(parts ...string) {
	for _, part := range parts {
		w.WriteString(part)
	}
	w.WriteByte('\n')
}

// doc writes a text as comment.
func (w *writer) doc(text string) {
	for line := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		w.line("---", line)
	}
}

func (w *writer) moduleText(m luabind.Module, all []luabind.Module) string {
	w.line(Marker)
	w.line("---@meta ", m.Name)
	w.line()
	w.doc(m.Doc)
	w.line("---@class authysh.", m.Name)
	global := ""
	if !luabind.IsGlobal(m.Name) {
		global = "local "
	}
	w.line(global, m.Name, " = {}")
	for _, v := range m.Values {
		w.value(m.Name+"."+v.Name, v)
	}
	for _, f := range m.Functions {
		w.line()
		w.function(m.Name+".", f, m.Name+"."+f.Name, direct)
	}
	if m.Name == api {
		w.styles(m)
		w.pluginTables(all)
	} else {
		w.moduleStyles(m)
	}
	for _, t := range m.Types {
		w.object(t, m)
	}
	w.line()
	w.line("return ", m.Name)
	return w.String()
}

// styles writes the tables of the module that have its functions in another form.
func (w *writer) styles(m luabind.Module) {
	forms := [...]form{returning, starting}
	for i, style := range luabind.Styles() {
		w.line()
		w.doc(style.Doc)
		w.line("---@class authysh.", style.Name)
		w.line(style.Name, " = {}")
		for _, f := range m.Functions {
			w.line()
			w.function(style.Name+".", f, m.Name+"."+f.Name, forms[i])
		}
	}
}

// form is how a function hands over its result.
type form int

const (
	direct    form = iota // returns it, or raises
	returning             // returns it, or nil and the error
	starting              // returns a task
)

// function writes a function, and in its direct form the classes that it needs, whose names begin with base.
func (w *writer) function(prefix string, f luabind.Function, base string, how form) {
	op, isOperation := w.operations[base]
	params, returns := f.Params, f.Returns
	if how == direct && !strings.HasSuffix(prefix, ":") {
		w.functionClasses(base, f, isOperation)
		if prefix == api+"." || isOperation {
			w.task(base, f, isOperation)
		}
	}
	w.doc(f.Doc)
	if isOperation {
		w.doc("\nIt " + op.Effect.String() + commandText(op))
	}
	if f.Example != "" && how == direct {
		w.doc("\n```lua\n" + f.Example + "\n```")
	}
	var names []string
	for _, p := range params {
		name, mark := safeName(p.Name), ""
		if p.Optional || isOperation && !needsAny(p.Fields) {
			mark = "?"
		}
		names = append(names, name)
		if name == "..." {
			mark = ""
		}
		w.line("---@param ", name, mark, " ", w.typeOf(p, w.className(base, p, isOperation, "Parameters")), docOf(p))
	}
	switch how {
	case starting:
		w.line("---@return ", base, ".Task")
	case returning:
		if len(returns) == 0 {
			w.line("---@return any result")
		}
		for _, p := range returns {
			w.line("---@return ", orNil(w.typeOf(p, w.className(base, p, isOperation, "Result"))), " ", p.Name)
		}
		w.line("---@return ", luabind.ErrorType, "? err")
	default:
		w.returns(base, returns, isOperation)
	}
	if isOperation && how == direct {
		self := ""
		if strings.HasSuffix(prefix, ":") {
			self = "self: " + clientType + ", "
		}
		given := w.typeOf(params[0], base+".Parameters")
		result := w.typeOf(returns[0], base+".Result")
		w.line("---@overload fun(", self, "parameters: ", given, ", callback: fun(err: ", luabind.ErrorType, "?, result: ", orNil(result), "))")
	}
	w.line("function ", prefix, f.Name, "(", strings.Join(names, ", "), ") end")
}

// functionClasses writes the classes of the tables that a function takes and gives.
func (w *writer) functionClasses(base string, f luabind.Function, isOperation bool) {
	for _, p := range f.Params {
		w.classes(w.className(base, p, isOperation, "Parameters"), p)
	}
	for _, p := range f.Returns {
		w.classes(w.className(base, p, isOperation, "Result"), p)
	}
}

func (w *writer) returns(base string, returns []luabind.Param, isOperation bool) {
	for _, p := range returns {
		kind := w.typeOf(p, w.className(base, p, isOperation, "Result"))
		if p.Name == "..." {
			w.line("---@return ", kind, " ...")
			continue
		}
		if p.Optional {
			kind = orNil(kind)
		}
		w.line("---@return ", kind, " ", p.Name, docOf(p))
	}
}

// task writes the class of a task that gives what the function does.
func (w *writer) task(base string, f luabind.Function, isOperation bool) {
	result := "any"
	if len(f.Returns) > 0 {
		result = w.typeOf(f.Returns[0], w.className(base, f.Returns[0], isOperation, "Result"))
	}
	name := base + ".Task"
	w.line("---@class ", name, ": ", taskType)
	w.line("---@field await fun(self: ", name, "): ", result)
	w.line("---@field next fun(self: ", name, ", f: fun(result: ", result, "): any): ", taskType)
	w.line()
}

// needsAny reports whether one of the fields must be given.
func needsAny(fields []luabind.Param) bool {
	for _, f := range fields {
		if !f.Optional {
			return true
		}
	}
	return false
}

// object writes a class with methods.
func (w *writer) object(t luabind.Type, m luabind.Module) {
	w.line()
	for _, p := range t.Fields {
		w.classes(t.Name+"."+p.Name, p)
	}
	if t.Name != clientType {
		for _, f := range t.Methods {
			w.functionClasses(t.Name+"."+f.Name, f, false)
		}
	}
	w.doc(t.Doc)
	w.line("---@class ", t.Name)
	w.fields(t.Name, t.Fields)
	if t.Name == clientType {
		for _, style := range luabind.Styles() {
			w.line("---@field ", strings.TrimPrefix(style.Name, m.Name+"."), " authysh.", style.Name)
		}
		if w.plugins {
			w.line("---@field plugins authysh.", api, ".plugins")
		}
	}
	_, local, _ := strings.Cut(t.Name, ".")
	w.line("local ", local, " = {}")
	for _, f := range t.Methods {
		base := t.Name + "." + f.Name
		if t.Name == clientType {
			base = m.Name + "." + f.Name
		}
		w.line()
		w.function(local+":", f, base, direct)
	}
}

// value writes a constant or a table of them.
func (w *writer) value(name string, v luabind.Value) {
	w.line()
	w.doc(v.Doc)
	if len(v.Fields) == 0 {
		w.line("---@type ", v.Type)
		w.line(name, " = nil")
		return
	}
	w.line(name, " = {")
	w.constants(v.Fields, "  ")
	w.line("}")
}

func (w *writer) constants(fields []luabind.Param, indent string) {
	for _, f := range fields {
		if len(f.Fields) == 0 {
			w.line(indent, f.Name, " = ", quoted(strings.Join(f.Values, "")), ",")
			continue
		}
		w.line(indent, f.Name, " = {")
		w.constants(f.Fields, indent+"  ")
		w.line(indent, "},")
	}
}

func commandText(op authy.Operation) string {
	if command := luabind.CommandOf(op); command != "" {
		return ". Command: `" + command + "`"
	}
	return "."
}
