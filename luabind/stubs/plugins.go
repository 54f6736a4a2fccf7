package stubs

import (
	"strings"

	"github.com/authysh/authysh/luabind"
)

// Modules of plugins and hosts may have operations of their own, which come in the same styles as those of the API.

// moduleStyles writes the tables in which a module has its operations in another form: notify.try, notify.async.
func (w *writer) moduleStyles(m luabind.Module) {
	if len(m.Operations) == 0 {
		return
	}
	forms := [...]form{returning, starting}
	for i, style := range luabind.Styles() {
		table := m.Name + strings.TrimPrefix(style.Name, api)
		w.line()
		w.doc(strings.Replace(style.Doc, "of authy", "of "+m.Name, 1))
		w.line("---@class authysh.", table)
		w.line(table, " = {}")
		for _, f := range m.Functions {
			if _, ok := w.operations[m.Name+"."+f.Name]; ok {
				w.line()
				w.function(table+".", f, m.Name+"."+f.Name, forms[i])
			}
		}
	}
}

// isPlugin reports whether a module is in authy.plugins.
func isPlugin(m luabind.Module) bool { return m.Plugin && len(m.Operations) > 0 }

// pluginTables writes the tables that lead to the operations of plugins: authy.plugins.notify, authy.try.plugins.notify.
func (w *writer) pluginTables(modules []luabind.Module) {
	for _, style := range []string{api, luabind.Styles()[0].Name, luabind.Styles()[1].Name} {
		begun := false
		for _, m := range modules {
			if !isPlugin(m) {
				continue
			}
			if !begun {
				begun = true
				w.line()
				w.doc("The operations of plugins.")
				w.line("---@class authysh.", style, ".plugins")
			}
			w.line("---@field ", m.Name, " authysh.", m.Name, strings.TrimPrefix(style, api))
		}
		if begun {
			w.line(style, ".plugins = {}")
		}
	}
}
