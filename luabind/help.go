package luabind

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/authysh/authysh/authy"
	lua "github.com/yuin/gopher-lua"
)

// Manual is what there is to know of operations, modules, functions, types and topics: for help, completion and
// documentation, with or without an interpreter. It is safe for concurrent use.
type Manual struct {
	modules   []Module
	lua       []Module // Lua's own libraries, see Libraries
	topics    []Topic
	functions map[string]*signature // by full name: "authy.request_sms", "json.encode", "csv.Reader:read", "print"
	types     map[string]Type
	libraries map[string]string // Lua's own libraries and what they are for
	names     []string          // all that Help knows, sorted
}

// Topic is a subject of help that is no name of the language.
type Topic struct {
	// Name is in lower case, with dashes between words, such as "exit-codes".
	Name string
	// Doc is one sentence.
	Doc string
	// Text is the explanation: plain lines of at most 80 columns.
	Text string
}

// NewManual makes the manual of luabind's own modules and those of the host, with further topics. No interpreter is
// needed: a module's functions are described, not called.
func NewManual(topics []Topic, modules ...func(*Host) Module) *Manual {
	host := processHost()
	all := append([]Module{(&binding{host: host}).description()}, standardModules(host)...)
	for _, make := range modules {
		all = append(all, make(host))
	}
	return newManual(all, topics, luaLibraries())
}

func newManual(modules []Module, topics []Topic, libraries []Module) *Manual {
	m := &Manual{
		modules: modules, lua: libraries, topics: append(slices.Clone(topicsOfScripts), topics...),
		functions: map[string]*signature{}, types: map[string]Type{}, libraries: map[string]string{},
	}
	for _, op := range operations() {
		m.functions["authy."+op.Name] = signatureOfOperation(op)
	}
	for _, module := range modules {
		for _, op := range module.Operations {
			m.functions[scriptName(op.Name)] = signatureOfOperation(op)
		}
		for _, f := range module.Functions {
			m.functions[module.Name+"."+f.Name] = signatureOf(module.Name+"."+f.Name, f)
		}
		for _, t := range module.Types {
			m.types[t.Name] = t
			for _, f := range t.Methods {
				m.functions[t.Name+":"+f.Name] = signatureOf(t.Name+":"+f.Name, f)
			}
		}
	}
	for _, library := range libraries {
		if library.Name == fileLibrary {
			m.types[fileLibrary] = Type{Name: fileLibrary, Doc: library.Doc, Methods: library.Functions}
			for _, f := range library.Functions {
				m.functions[fileLibrary+":"+f.Name] = signatureOf(fileLibrary+":"+f.Name, f)
			}
			continue
		}
		m.libraries[library.Name] = library.Doc
		prefix := libraryPrefix(library)
		for _, f := range library.Functions {
			m.functions[prefix+f.Name] = signatureOf(prefix+f.Name, f)
		}
	}
	m.names = m.allNames()
	return m
}

// allNames lists what Help knows.
func (m *Manual) allNames() []string {
	names := slices.Collect(maps.Keys(m.functions))
	names = append(names, slices.Collect(maps.Keys(m.types))...)
	names = append(names, slices.Collect(maps.Keys(m.libraries))...)
	for _, module := range m.modules {
		names = append(names, module.Name)
		for _, v := range module.Values {
			names = append(names, module.Name+"."+v.Name)
		}
	}
	for _, library := range m.lua {
		for _, v := range library.Values {
			names = append(names, libraryPrefix(library)+v.Name)
		}
	}
	for _, topic := range m.topics {
		names = append(names, topic.Name)
	}
	if m.hasClients() {
		names = append(names, clientType)
	}
	for _, style := range styles {
		names = append(names, style.table)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// hasClients reports whether scripts can make second clients.
func (m *Manual) hasClients() bool { return m.functions["authy.client"] != nil }

// Names lists all that Help explains, sorted: functions by their full names, modules, types and topics.
func (m *Manual) Names() []string { return slices.Clone(m.names) }

// Topics lists the subjects that are no names of the language, in the order of their declaration.
func (m *Manual) Topics() []Topic { return slices.Clone(m.topics) }

// isLibrary reports whether a global of this name is one of Lua's own libraries.
func (m *Manual) isLibrary(name string) bool {
	_, ok := m.libraries[name]
	return ok && name != baseLibrary
}

// functionsIn finds the functions that help knows among the globals.
func (m *Manual) functionsIn(globals *lua.LTable) map[*lua.LFunction]string {
	names := make(map[*lua.LFunction]string, 2*len(m.functions))
	for name := range m.functions {
		if f, ok := rawPath(globals, name).(*lua.LFunction); ok && !strings.Contains(name, ":") {
			if known := names[f]; known == "" || m.isOld(known) || name < known && !m.isOld(name) {
				names[f] = name
			}
		}
		if op, ok := strings.CutPrefix(name, "authy."); ok {
			for _, style := range styles {
				if f, ok := rawPath(globals, style.table+"."+op).(*lua.LFunction); ok {
					names[f] = style.table + "." + op
				}
			}
		} else if sig := m.functions[name]; sig.op != nil {
			module, op, _ := strings.Cut(name, ".")
			for _, style := range styles {
				styled := module + strings.TrimPrefix(style.table, "authy") + "." + op
				if f, ok := rawPath(globals, styled).(*lua.LFunction); ok {
					names[f] = styled
				}
			}
		}
	}
	return names
}

// isOld reports whether a function is there under its old name only for old programs.
func (m *Manual) isOld(name string) bool {
	return strings.HasPrefix(m.functions[name].doc, "Is the old ")
}

// styles are the tables in authy that have its functions in another form.
var styles = []struct{ table, doc string }{
	{"authy.try", "The functions of authy, which here give nil and the error instead of raising it."},
	{"authy.async", "The functions of authy, which here give a task at once: task:await() has the result."},
}

// styleDoc is the sentence about a table of styles; empty for any other name.
func styleDoc(name string) string {
	for _, style := range styles {
		if style.table == name {
			return style.doc
		}
	}
	return ""
}

// signature finds a function by its full name; those of the styles and the methods of clients are those of authy.
func (m *Manual) signature(name string) *signature {
	if sig := m.functions[name]; sig != nil {
		return sig
	}
	if rest, ok := strings.CutPrefix(name, "authy.plugins."); ok {
		return m.signature(rest)
	}
	for _, style := range styles {
		if rest, ok := strings.CutPrefix(name, style.table+".plugins."); ok {
			return m.signature(rest)
		}
		if rest, ok := strings.CutPrefix(name, style.table+"."); ok {
			return m.signature("authy." + rest)
		}
		if module, op, ok := strings.Cut(name, strings.TrimPrefix(style.table, "authy")+"."); ok && module != "authy" {
			return m.functions[module+"."+op]
		}
	}
	for _, separator := range []string{":", "."} {
		if rest, ok := strings.CutPrefix(name, clientType+separator); ok {
			return m.functions["authy."+rest]
		}
	}
	return nil
}

// signature is a function as completion and help know it.
type signature struct {
	name    string
	doc     string
	params  []slot
	returns []slot
	example string
	op      *authy.Operation // nil for functions of modules
}

// slot is a parameter, an option or a field of a result.
type slot struct {
	Param
	inner   []slot // Fields, or the members of an object
	list    bool   // inner are those of the elements of a list
	limit   string // the rule that a value must keep
	values  []string
	kind    kind
	country bool
}

// signatureOf describes a function of a module.
func signatureOf(name string, f Function) *signature {
	_, last, _ := strings.Cut(name, ".")
	return &signature{
		name: name, doc: f.Doc, params: slotsOfParams(last, f.Params), returns: slotsOfParams(last, f.Returns),
		example: cmp.Or(f.Example, functionExamples[name]),
	}
}

func slotsOfParams(function string, params []Param) []slot {
	slots := make([]slot, len(params))
	for i, p := range params {
		slots[i] = slot{
			Param: p, inner: slotsOfParams(function, p.Fields), list: strings.HasSuffix(p.Type, "[]"), values: p.Values,
			kind: kindOfParam(function, p.Name), country: p.Name == "country" || p.Name == "country_code",
		}
	}
	return slots
}

// signatureOfOperation describes a call of the API: one table with the parameters.
func signatureOfOperation(op authy.Operation) *signature {
	s := &signature{name: scriptName(op.Name), doc: op.Doc, op: &op, example: operationNotes[op.Name].example}
	s.params = []slot{{Param: Param{Name: "parameters", Type: "table"}, inner: slotsOfFields(op.Name, op.Params)}}
	s.returns = []slot{{Param: Param{Name: "result", Type: "table"}, inner: slotsOfFields("", op.Result())}}
	return s
}

// slotsOfFields describes fields of the catalogue; function is empty for results.
func slotsOfFields(function string, fields []authy.Field) []slot {
	slots := make([]slot, len(fields))
	for i, f := range fields {
		doc := strings.TrimSuffix(f.Doc, ".")
		slots[i] = slot{
			Param: Param{
				Name: f.Name, Doc: doc, Optional: f.Optional,
				Type: luaType(f.Type, target{digits: f.Rule.Digits || f.Type == idType, unit: f.Rule.Unit}),
			},
			inner: slotsOfFields(function, f.Fields), limit: f.Rule.Doc, values: f.Rule.Values,
		}
		slots[i].list = strings.HasSuffix(slots[i].Type, "[]")
		if function != "" {
			slots[i].kind, slots[i].country = kindOfParam(function, f.Name), f.Name == "country_code"
		} else if f.Type == idType {
			slots[i].Type = "integer|string"
		}
	}
	return slots
}

// named reports whether the function takes one table of named parameters, so that it is called with braces alone.
func (s *signature) named() bool {
	return len(s.params) == 1 && s.params[0].Type == "table" && len(s.params[0].inner) > 0 || s.op != nil
}

// usage is how the function is called: "authy.request_sms{ authy_id, force? }", where ? marks what may be left out.
func (s *signature) usage() string {
	if s.named() {
		names := slotNames(s.params[0].inner)
		if names == "" {
			return s.name + "()"
		}
		return s.name + "{ " + names + " }"
	}
	return s.name + "(" + slotNames(s.params) + ")"
}

// slotNames lists parameters, those that are required first.
func slotNames(slots []slot) string {
	names := make([]string, 0, len(slots))
	for _, s := range slots {
		if s.Optional {
			names = append(names, s.Name+"?")
		} else {
			names = append(names, s.Name)
		}
	}
	return strings.Join(names, ", ")
}

// summary is one line about the function.
func (s *signature) summary() string {
	if s.op != nil {
		return s.op.Effect.String() + ": " + s.doc
	}
	return s.doc
}
