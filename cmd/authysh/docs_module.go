package main

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/luabind"
)

// The pages of modules: what scripts can call, from the same manual that help reads.

// apiModule is the module whose functions are the operations of the catalogue.
const apiModule = "authy"

// moduleNote is what the pages show beside the name of a module.
func moduleNote(m *luabind.Module) string { return luaName + " " + m.Name }

// writeModule writes all that a module holds.
func (w *pageWriter) writeModule() {
	m := w.module
	if w.forMan {
		w.heading("Description")
		w.b.WriteString(escaped(m.Doc) + "\n")
	}
	manual := w.app.manualOf(m)
	onlyPlugins := manual != w.app.manual()
	if onlyPlugins {
		w.b.WriteString("\nOnly plugins have it.\n")
	}
	if m.Name == apiModule || len(m.Operations) > 0 {
		w.heading("Styles")
		w.b.WriteString("Each of the operations below is also in these tables:\n\n")
		for _, style := range luabind.Styles() {
			name := m.Name + strings.TrimPrefix(style.Name, apiModule)
			w.item("`"+name+"`", escaped(strings.Replace(style.Doc, "of authy", "of "+m.Name, 1)))
		}
	}
	if len(m.Functions) > 0 {
		w.heading("Functions")
		for _, f := range m.Functions {
			w.function(manual, m.Name+".", f)
		}
	}
	if len(m.Values) > 0 {
		w.heading("Values")
		for _, v := range m.Values {
			w.item("`"+m.Name+"."+v.Name+"` *"+escaped(v.Type)+"*", escaped(v.Doc))
		}
	}
	if len(m.Types) > 0 {
		w.heading("Types")
	}
	for _, t := range m.Types {
		w.luaType(manual, t)
	}
	pages := []page{{book: w.book, cmd: w.root}}
	for i, t := range w.topics {
		if t.Name == "scripting" && !onlyPlugins || t.Name == "plugins" && onlyPlugins || t.Name == m.Name {
			pages = append(pages, page{book: w.book, topic: &w.topics[i]})
		}
	}
	w.seeAlso(pages)
}

// luaType writes an object and its methods. Those of a second client are the functions of authy.
func (w *pageWriter) luaType(manual *luabind.Manual, t luabind.Type) {
	w.subheading(t.Name)
	w.b.WriteString(escaped(t.Doc) + "\n\n")
	for _, f := range t.Fields {
		w.parameter("", f)
	}
	if w.module.Name == apiModule {
		return
	}
	for _, f := range t.Methods {
		w.function(manual, t.Name+":", f)
	}
}

// function writes one function: how it is called, its parameters, result, errors and example.
func (w *pageWriter) function(manual *luabind.Manual, prefix string, f luabind.Function) {
	usage := manual.Usage(prefix + f.Name)
	w.subheading(prefix + f.Name)
	w.code(usage)
	w.b.WriteString("\n" + escaped(f.Doc) + "\n")
	op, isOperation := w.app.operation(strings.TrimPrefix(prefix+f.Name, apiModule+"."))
	if isOperation {
		w.b.WriteString("It " + op.Effect.String() + ".\n")
	}
	params, returns := f.Params, f.Returns
	if isOperation {
		params, returns = params[0].Fields, returns[0].Fields
	}
	w.parameters("Parameters", params)
	w.parameters("Result", returns)
	if isOperation {
		w.part("Errors")
		for _, failure := range w.app.manual().Failures(op) {
			w.item("`"+failure[0]+"`", escaped(failure[1]))
		}
	}
	if f.Example != "" {
		title := "Example"
		if strings.Contains(f.Example, "sandbox.") && w.module.Name != "sandbox" {
			title = "Example, for the sandbox"
		}
		w.part(title)
		w.luaCode(f.Example)
	}
	if isOperation && op.Command != "" {
		w.command(op)
	}
}

// command leads to the command of an operation.
func (w *pageWriter) command(op authy.Operation) {
	for _, p := range w.app.commandPages(w.root) {
		if leaf := w.app.leaves[p.cmd]; leaf != nil && leaf.has(op.Name) {
			p.book = w.book
			w.part("Command")
			w.b.WriteString(w.reference(p) + "\n")
			return
		}
	}
}

func (c *operationCommand) has(operation string) bool {
	for _, op := range c.variants {
		if op.Name == operation {
			return true
		}
	}
	return false
}

func (w *pageWriter) parameters(title string, list []luabind.Param) {
	if len(list) == 0 {
		return
	}
	w.part(title)
	for _, p := range list {
		w.parameter("", p)
	}
}

// parameter writes a parameter and the members that it has: "details.visible".
func (w *pageWriter) parameter(prefix string, p luabind.Param) {
	name := prefix + p.Name
	mark := ""
	if p.Optional {
		mark = "?"
	}
	doc := strings.TrimSuffix(p.Doc, ".")
	limit := p.Limit
	if limit == "" && len(p.Values) > 0 {
		limit = "one of " + strings.Join(p.Values, ", ")
	}
	if limit != "" && !strings.Contains(doc, limit) {
		doc = strings.TrimPrefix(doc+"; "+limit, "; ")
	}
	if p.Result != "" {
		doc = strings.TrimPrefix(doc+"; the result of "+p.Result, "; ")
	}
	w.item("`"+name+mark+"` *"+escaped(p.Type)+"*", escaped(doc))
	if strings.HasSuffix(p.Type, "[]") {
		name += "[]"
	}
	for _, inner := range p.Fields {
		w.parameter(name+".", inner)
	}
}

// subheading begins what belongs to one function or type.
func (w *pageWriter) subheading(text string) {
	if w.forMan {
		w.b.WriteString("\n## " + escaped(text) + "\n\n")
	} else {
		w.b.WriteString("\n### " + escaped(text) + "\n\n")
	}
}

// part begins a part of what is said about a function.
func (w *pageWriter) part(title string) { w.b.WriteString("\n" + title + ":\n\n") }

// luaCode writes a piece of Lua, which pages on the web may colour.
func (w *pageWriter) luaCode(text string) {
	if w.forMan {
		w.code(text)
		return
	}
	w.b.WriteString("```lua\n" + strings.Trim(text, "\n") + "\n```\n")
}

// moduleOf is the module in which scripts find the operation of a command.
func (a *app) moduleOf(cmd *cobra.Command) string {
	name, _, dotted := strings.Cut(a.leaves[cmd].variants[0].Name, ".")
	if dotted {
		return name
	}
	return apiModule
}
