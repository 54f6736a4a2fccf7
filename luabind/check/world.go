package check

import (
	"maps"
	"slices"
	"strings"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/luabind"
)

// sort says what sort of thing a value is, as far as the text tells.
type sort int

const (
	anything   sort = iota // not known
	library                // a table that always has the same members, such as json or authy.enums.locale
	function               // one that the manual knows
	object                 // something with methods, such as a csv.Reader
	enumerator             // a value of an enumeration
	record                 // a table with known fields, such as the result of a call
)

// thing is a value as far as the text tells; name is the full name of a library or function, the type of an object, or where a
// record comes from: "authy.register_user().user".
type thing struct {
	sort sort
	name string
}

// world is what a script finds there when it begins.
type world struct {
	manual  *luabind.Manual
	globals map[string]thing
	modules map[string]bool             // what require knows without a file
	members map[string]map[string]thing // of libraries, types and records
	returns map[string]string           // the types that functions return
	results map[string]thing            // the records that they return

	withheld map[string]bool // globals that other scripts have
}

func newWorld(manual *luabind.Manual) *world {
	w := &world{
		manual: manual, globals: map[string]thing{}, modules: map[string]bool{}, members: map[string]map[string]thing{},
		returns: map[string]string{}, results: map[string]thing{},
	}
	for _, l := range manual.Libraries() {
		w.addLibrary(l)
	}
	modules := manual.Modules()
	for _, m := range modules {
		w.addModule(m)
	}
	types := map[string]bool{}
	for _, m := range modules {
		for _, t := range m.Types {
			types[t.Name] = true
		}
	}
	maps.DeleteFunc(w.returns, func(_, kind string) bool { return !types[kind] })
	return w
}

// baseLibrary and fileType are how the manual calls the global functions and the methods of files.
const (
	baseLibrary = "lua"
	fileType    = "file"
)

func (w *world) addLibrary(l luabind.Module) {
	switch l.Name {
	case baseLibrary:
		for _, f := range l.Functions {
			w.globals[f.Name] = thing{function, f.Name}
		}
		for _, v := range l.Values {
			w.globals[v.Name] = thing{}
		}
		return
	case fileType:
		w.addType(luabind.Type{Name: l.Name, Methods: l.Functions})
		return
	}
	w.modules[l.Name] = true
	w.globals[l.Name] = thing{library, l.Name}
	w.members[l.Name] = membersOf(l)
	for _, v := range l.Values {
		if v.Type == fileType {
			w.members[l.Name][v.Name] = thing{object, fileType}
		}
	}
}

func membersOf(m luabind.Module) map[string]thing {
	members := map[string]thing{}
	for _, f := range m.Functions {
		members[f.Name] = thing{function, m.Name + "." + f.Name}
	}
	for _, v := range m.Values {
		members[v.Name] = thing{}
	}
	return members
}

func (w *world) addModule(m luabind.Module) {
	w.modules[m.Name] = true
	if luabind.IsGlobal(m.Name) {
		w.globals[m.Name] = thing{library, m.Name}
	}
	members := membersOf(m)
	w.members[m.Name] = members
	for _, f := range m.Functions {
		if len(f.Returns) > 0 {
			w.returns[m.Name+"."+f.Name] = f.Returns[0].Type
			w.results[m.Name+"."+f.Name] = w.addRecord(m.Name+"."+f.Name+"()", f.Returns[0])
		}
	}
	for _, v := range m.Values {
		if len(v.Fields) > 0 {
			members[v.Name] = w.addFields(m.Name+"."+v.Name, v.Fields)
		}
	}
	for _, t := range m.Types {
		w.addType(t)
	}
	w.addStyles(m)
}

// addStyles adds the tables in which a module has its functions in another form. Modules of plugins and hosts have only their
// operations there.
func (w *world) addStyles(m luabind.Module) {
	styled := m.Functions
	if m.Name != api {
		styled = slices.DeleteFunc(slices.Clone(m.Functions), func(f luabind.Function) bool {
			return !slices.ContainsFunc(m.Operations, func(op authy.Operation) bool { return op.Name == m.Name+"."+f.Name })
		})
	}
	if len(styled) == 0 {
		return
	}
	w.addPlugin(m, api, m.Name)
	for i, style := range luabind.Styles() {
		last := strings.TrimPrefix(style.Name, api+".")
		table := thing{library, m.Name + "." + last}
		w.addStyle(styled, table.name, i == 1)
		w.members[m.Name][last] = table
		if client := w.members[clientType]; m.Name == api && client != nil {
			client[last] = table
		}
		w.addPlugin(m, style.Name, table.name)
	}
	if plugins, ok := w.members[api]["plugins"]; ok && w.members[clientType] != nil {
		w.members[clientType]["plugins"] = plugins
	}
}

// addPlugin adds the operations of a plugin, which are in a table of its module, to those below a table of authy.
func (w *world) addPlugin(m luabind.Module, below, table string) {
	if !m.Plugin {
		return
	}
	plugins := thing{library, below + ".plugins"}
	if w.members[plugins.name] == nil {
		w.members[plugins.name] = map[string]thing{}
	}
	w.members[plugins.name][m.Name] = thing{library, table}
	w.members[below]["plugins"] = plugins
}

const (
	api        = "authy"
	clientType = "authy.Client"
	taskType   = "task.Task"
)

// addStyle adds a table with functions in another form.
func (w *world) addStyle(functions []luabind.Function, name string, tasks bool) {
	members := map[string]thing{}
	for _, f := range functions {
		members[f.Name] = thing{function, name + "." + f.Name}
		switch {
		case tasks:
			w.returns[name+"."+f.Name] = taskType
		case len(f.Returns) > 0:
			w.returns[name+"."+f.Name] = f.Returns[0].Type
			w.results[name+"."+f.Name] = w.addRecord(name+"."+f.Name+"()", f.Returns[0])
		}
	}
	w.members[name] = members
}

// addRecord adds a table that is returned, if its fields are known, and those in it.
func (w *world) addRecord(name string, p luabind.Param) thing {
	if p.Type != "table" || len(p.Fields) == 0 {
		return thing{}
	}
	members := map[string]thing{}
	for _, f := range p.Fields {
		members[f.Name] = w.addRecord(name+"."+f.Name, f)
	}
	w.members[name] = members
	return thing{record, name}
}

func (w *world) addFields(name string, fields []luabind.Param) thing {
	members := map[string]thing{}
	for _, f := range fields {
		if members[f.Name] = (thing{enumerator, name + "." + f.Name}); len(f.Fields) > 0 {
			members[f.Name] = w.addFields(name+"."+f.Name, f.Fields)
		}
	}
	w.members[name] = members
	return thing{library, name}
}

func (w *world) addType(t luabind.Type) {
	members := map[string]thing{}
	for _, f := range t.Fields {
		members[f.Name] = thing{}
	}
	for _, f := range t.Methods {
		members[f.Name] = thing{function, t.Name + ":" + f.Name}
		if len(f.Returns) > 0 {
			w.returns[t.Name+":"+f.Name] = f.Returns[0].Type
		}
	}
	w.members[t.Name] = members
}

// member finds a member of a library, object or record.
func (w *world) member(of thing, name string) (member thing, known bool) {
	if of.sort != library && of.sort != object && of.sort != record {
		return thing{}, true
	}
	member, known = w.members[of.name][name]
	return member, known
}

// names are the members of a library, object or record, sorted.
func (w *world) names(of thing) []string { return slices.Sorted(maps.Keys(w.members[of.name])) }

// nearField is the field of a record that a name which it has not was meant to be: one with a similar name, or of the same name
// a level further in, as in result.user.id; empty for none.
func (w *world) nearField(of thing, name string) string {
	names := w.names(of)
	if near := authy.Nearest(name, names); near != "" {
		return near
	}
	for _, outer := range names {
		if inner := w.members[of.name][outer]; inner.sort == record {
			if _, has := w.members[inner.name][name]; has {
				return outer + "." + name
			}
		}
	}
	return ""
}
