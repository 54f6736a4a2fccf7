package luabind

import (
	"cmp"
	"slices"
	"strings"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/luabind/internal/luatext"
)

// helpWidth is how many columns the text of help takes at most, long words aside.
const helpWidth = 80

// Help explains a name or a topic; an empty topic lists all there is. Functions are found by their full or last name,
// parameters by "request_sms.locale". When there is nothing, ok is false and near is a name that may have been meant.
func (m *Manual) Help(topic string) (text, near string, ok bool) {
	topic = strings.TrimSpace(topic)
	topic = strings.TrimRight(topic, "?(){}:. ")
	if topic == "" {
		return m.contents(), "", true
	}
	if text = m.explain(topic); text != "" {
		return text, "", true
	}
	if candidates := m.endingIn(topic); len(candidates) == 1 {
		return m.explain(candidates[0]), "", true
	} else if len(candidates) > 1 {
		return m.choice(topic, candidates), "", true
	}
	if text, ok = m.onlyInPlugins(topic); ok {
		return text, "", true
	}
	return "", m.nearest(topic), false
}

// explain gives the text for an exact name; empty when there is none.
func (m *Manual) explain(name string) string {
	if s := m.signature(name); s != nil {
		return m.functionText(s)
	}
	if s := m.signature("authy." + name); s != nil {
		return m.functionText(s)
	}
	for _, topic := range m.topics {
		if topic.Name == strings.ToLower(name) {
			return topic.Doc + "\n\n" + topic.Text + "\n"
		}
	}
	if t, found := m.types[name]; found {
		return m.typeText(t)
	}
	for _, module := range m.modules {
		if module.Name == name || module.Name == "authy" && (styleDoc(name) != "" || name == clientType && m.hasClients()) {
			return m.moduleText(module, name)
		}
		for _, v := range module.Values {
			if module.Name+"."+v.Name == name {
				return name + "  (" + v.Type + ")\n\n" + v.Doc + "\n"
			}
		}
	}
	for _, library := range m.lua {
		if library.Name == name {
			return m.libraryText(library)
		}
		for _, v := range library.Values {
			if libraryPrefix(library)+v.Name == name {
				return name + "  (" + v.Type + ")\n\n" + v.Doc + "\n"
			}
		}
	}
	if text := m.pluginText(name); text != "" {
		return text
	}
	return m.parameterText(name)
}

// pluginText explains the other tables in which operations of plugins and hosts are: authy.plugins,
// authy.try.plugins.notify, notify.async.
func (m *Manual) pluginText(name string) string {
	const table = "authy.plugins"
	doc, plain := "", name
	for _, style := range styles {
		last := strings.TrimPrefix(style.table, apiModule)
		if rest, ok := strings.CutPrefix(name, style.table+".plugins"); ok {
			doc, plain = style.doc, table+rest
		} else if rest, ok := strings.CutSuffix(name, last); ok && rest != apiModule {
			doc, plain = style.doc, rest
		}
	}
	if plain == table {
		return m.pluginsText(name)
	}
	inPlugins := strings.HasPrefix(plain, table+".")
	for _, module := range m.modules[1:] {
		if module.Name != strings.TrimPrefix(plain, table+".") || len(module.Operations) == 0 || inPlugins && !module.Plugin {
			continue
		}
		if doc == "" {
			return m.moduleText(module, name)
		}
		module.Functions, module.Values, module.Types = nil, nil, nil // which are not in this form
		first, below, _ := strings.Cut(m.moduleText(module, name), "\n")
		return first + "\n\n" + strings.Replace(doc, "of authy", "of "+module.Name, 1) + "\n" + below
	}
	return ""
}

// pluginsText lists the plugins, which are in the table called name.
func (m *Manual) pluginsText(name string) string {
	var lines [][2]string
	for _, module := range m.modules[1:] {
		if module.Plugin && len(module.Operations) > 0 {
			lines = append(lines, [2]string{module.Name, module.Doc})
		}
	}
	if lines == nil {
		return ""
	}
	var b strings.Builder
	b.WriteString(name + ": What plugins add.\n\n")
	writeTable(&b, lines)
	return b.String()
}

// endingIn lists the full names whose last part is the topic.
func (m *Manual) endingIn(topic string) []string {
	var found []string
	for _, name := range m.names {
		if i := strings.LastIndexAny(name, ".:"); i >= 0 && name[i+1:] == topic {
			found = append(found, name)
		}
	}
	return found
}

func (m *Manual) choice(topic string, names []string) string {
	var b strings.Builder
	b.WriteString(topic + " is several things:\n\n")
	var lines [][2]string
	for _, name := range names {
		doc := ""
		if s := m.signature(name); s != nil {
			doc = s.doc
		}
		lines = append(lines, [2]string{name, doc})
	}
	writeTable(&b, lines)
	return b.String()
}

// nearest is the name that a misspelt topic most likely meant.
func (m *Manual) nearest(topic string) string {
	if near := authy.Nearest(topic, m.names); near != "" {
		return near
	}
	last := make([]string, len(m.names))
	for i, name := range m.names {
		last[i] = name[strings.LastIndexAny(name, ".:")+1:]
	}
	if near := authy.Nearest(topic, last); near != "" {
		return m.names[slices.Index(last, near)]
	}
	return ""
}

// contents lists all that there is help for.
func (m *Manual) contents() string {
	var b strings.Builder
	b.WriteString("The API (authy.NAME{ ... }):\n\n")
	var lines [][2]string
	for _, op := range slices.Concat(operations(), m.modules[0].Operations) {
		lines = append(lines, [2]string{op.Name, op.Effect.String() + ": " + op.Doc})
	}
	writeTable(&b, lines)
	b.WriteString("\nModules:\n\n")
	lines = nil
	for _, module := range m.modules {
		lines = append(lines, [2]string{module.Name, module.Doc})
	}
	writeTable(&b, lines)
	b.WriteString("\nLua's own libraries:\n\n")
	lines = nil
	for _, library := range m.lua {
		if library.Name != fileLibrary {
			lines = append(lines, [2]string{library.Name, library.Doc})
		}
	}
	writeTable(&b, lines)
	b.WriteString("\nTopics:\n\n")
	lines = nil
	for _, topic := range m.topics {
		lines = append(lines, [2]string{topic.Name, topic.Doc})
	}
	writeTable(&b, lines)
	return b.String()
}

func (m *Manual) moduleText(module Module, name string) string {
	var b strings.Builder
	b.WriteString(name + ": " + module.Doc + "\n")
	if module.Name == "authy" {
		switch doc := styleDoc(name); {
		case doc != "":
			b.WriteString("\n" + doc + "\n")
		case name == clientType:
			b.WriteString("\nA second client, made by authy.client{ ... }. Its functions are those of authy,\nas methods: c:request_sms{ ... }.\n")
		}
		writeOperations(&b, slices.Concat(operations(), module.Operations))
	} else if len(module.Operations) > 0 {
		writeOperations(&b, module.Operations)
	}
	var lines [][2]string
	if len(module.Functions) > 0 {
		b.WriteString("\nFunctions:\n\n")
		for _, f := range module.Functions {
			lines = append(lines, [2]string{f.Name, f.Doc})
		}
		writeTable(&b, lines)
	}
	if len(module.Values) > 0 {
		b.WriteString("\nValues:\n\n")
		lines = nil
		for _, v := range module.Values {
			lines = append(lines, [2]string{v.Name, v.Doc})
		}
		writeTable(&b, lines)
	}
	if len(module.Types) > 0 {
		b.WriteString("\nTypes:\n\n")
		lines = nil
		for _, t := range module.Types {
			lines = append(lines, [2]string{t.Name, t.Doc})
		}
		writeTable(&b, lines)
	}
	return b.String()
}

func writeOperations(b *strings.Builder, list []authy.Operation) {
	b.WriteString("\nOperations:\n\n")
	var lines [][2]string
	for _, op := range list {
		lines = append(lines, [2]string{op.Name, op.Effect.String() + ": " + op.Doc})
	}
	writeTable(b, lines)
}

func (m *Manual) libraryText(library Module) string {
	var b strings.Builder
	b.WriteString(library.Name + ": " + library.Doc + "\n\n")
	var lines [][2]string
	for _, f := range library.Functions {
		lines = append(lines, [2]string{f.Name + "(" + slotNames(slotsOfParams("", f.Params)) + ")", f.Doc})
	}
	for _, v := range library.Values {
		lines = append(lines, [2]string{v.Name, v.Doc})
	}
	writeTable(&b, lines)
	b.WriteString("\n? marks what may be left out.\n")
	return b.String()
}

func (m *Manual) typeText(t Type) string {
	var b strings.Builder
	b.WriteString(t.Name + ": " + t.Doc + "\n\nMethods:\n\n")
	var lines [][2]string
	for _, f := range t.Methods {
		lines = append(lines, [2]string{f.Name + "(" + slotNames(slotsOfParams("", f.Params)) + ")", f.Doc})
	}
	writeTable(&b, lines)
	if len(t.Fields) > 0 {
		b.WriteString("\nFields:\n\n")
		writeSlots(&b, slotsOfParams("", t.Fields), "", false)
	}
	return b.String()
}

// parameterText explains "request_sms.locale": one parameter of a function.
func (m *Manual) parameterText(name string) string {
	i := strings.LastIndexByte(name, '.')
	if i < 0 {
		return ""
	}
	s := m.signature(name[:i])
	if s == nil {
		s = m.signature("authy." + name[:i])
	}
	if s == nil {
		return ""
	}
	slots := s.params
	if s.named() {
		slots = s.params[0].inner
	}
	for _, p := range slots {
		if p.Name != name[i+1:] {
			continue
		}
		var b strings.Builder
		b.WriteString("Parameter of " + s.usage() + "\n\n")
		writeSlots(&b, []slot{p}, "", true)
		if len(p.values) > 0 {
			b.WriteString("\nValues:\n\n")
			writeWrapped(&b, strings.Join(p.values, ", "), "  ")
		}
		return b.String()
	}
	return ""
}

// functionText explains a function or operation.
func (m *Manual) functionText(s *signature) string {
	var b strings.Builder
	writeWrapped(&b, s.usage(), "")
	b.WriteString("\n" + s.doc)
	if s.op != nil {
		b.WriteString("  (" + s.op.Effect.String() + ")")
	}
	b.WriteString("\n")
	params := s.params
	if s.named() {
		params = s.params[0].inner
	}
	if len(params) > 0 {
		b.WriteString("\nParameters:\n\n")
		writeSlots(&b, params, "", true)
	}
	returns := s.returns
	if s.op != nil {
		returns = s.returns[0].inner
	}
	if len(returns) > 0 {
		b.WriteString("\nResult:\n\n")
		writeSlots(&b, returns, "", false)
	}
	if s.op != nil {
		operationErrors(&b, s.op)
	}
	writeExample(&b, s)
	if s.op != nil {
		operationSource(&b, s.op)
	}
	return b.String()
}

func writeExample(b *strings.Builder, s *signature) {
	if s.example == "" {
		return
	}
	if strings.Contains(s.example, "sandbox.") {
		b.WriteString("\nExample, for the sandbox:\n\n")
	} else {
		b.WriteString("\nExample:\n\n")
	}
	for _, line := range strings.Split(s.example, "\n") {
		b.WriteString("  " + line + "\n")
	}
}

// operationErrors lists what a call may raise.
func operationErrors(b *strings.Builder, op *authy.Operation) {
	b.WriteString("\nErrors (err.kind, and err.code of the service; see the topic errors):\n\n")
	writeTable(b, failuresOf(op))
}

// failuresOf are kinds and codes of the errors of an operation, each with what it means.
func failuresOf(op *authy.Operation) [][2]string {
	lines := [][2]string{}
	if len(op.Params) > 0 {
		lines = append(lines, [2]string{"validation", "a parameter breaks its rule; nothing was sent"})
	}
	if !op.OfAPI() {
		return append(lines, [2]string{"plugin, refused", "it failed, or a plugin refused it"})
	}
	for _, code := range append(slices.Clone(operationNotes[op.Name].codes), commonCodes...) {
		lines = append(lines, [2]string{"api " + code, errorCodes[code]})
	}
	return append(lines, [2]string{"network, timeout", "the service was not reached, or too slow"},
		[2]string{"response", "the answer is not what the API promises"})
}

// CommandOf is the command line of an operation as its users type it: authysh user create <email>, and discount set <code> for
// one of a host's own, which is another program. It is empty for an operation without command.
func CommandOf(op authy.Operation) string {
	if op.Command == "" || !op.OfAPI() && !strings.Contains(op.Name, ".") { // names of plugins' operations have a dot
		return op.Command
	}
	return "authysh " + op.Command
}

func operationSource(b *strings.Builder, op *authy.Operation) {
	if command := CommandOf(*op); command != "" {
		b.WriteString("\nCommand:  " + command + "\n")
	}
	if !op.OfAPI() {
		return
	}
	b.WriteString("Request:  " + op.Method + " " + op.Path + "\n")
	b.WriteString("Source:   " + operationNotes[op.Name].source + "\n")
}

// writeTable writes two columns, the second one wrapped.
func writeTable(b *strings.Builder, lines [][2]string) {
	width := 0
	for _, line := range lines {
		width = max(width, luatext.Columns(line[0]))
	}
	width = min(width, 32)
	for _, line := range lines {
		left := "  " + luatext.Padded(line[0], width) + "  "
		writeHanging(b, left, line[1])
	}
}

// writeSlots writes parameters or fields: name, type, whether it is required, and what it is. Members are indented.
func writeSlots(b *strings.Builder, slots []slot, indent string, parameters bool) {
	lines := slotLines(slots, indent, parameters)
	var widths [2]int
	for _, line := range lines {
		widths[0], widths[1] = max(widths[0], luatext.Columns(line[0])), max(widths[1], luatext.Columns(line[1]))
	}
	for _, line := range lines {
		writeHanging(b, "  "+luatext.Padded(line[0], widths[0])+"  "+luatext.Padded(line[1], widths[1])+"  ", line[2])
	}
}

func slotLines(slots []slot, indent string, parameters bool) [][3]string {
	var lines [][3]string
	for _, s := range slots {
		name := s.Name
		if s.Optional {
			name += "?"
		}
		doc := strings.TrimSuffix(s.Doc, ".")
		if doc == strings.ReplaceAll(s.Name, "_", " ") { // the doc of one that has none
			doc = ""
		}
		if limit := s.limitText(); limit != "" && !strings.Contains(doc, limit) {
			doc = strings.TrimPrefix(doc+"; "+limit, "; ")
		}
		lines = append(lines, [3]string{indent + name, s.Type, doc})
		lines = append(lines, slotLines(s.inner, indent+"  ", parameters)...)
	}
	return lines
}

// limitText is the rule that a value must keep; long lists of values are counted instead.
func (s slot) limitText() string {
	const many = 8
	if len(s.values) > many {
		return strings.Join(s.values[:3], ", ") + ", … (" + luatext.Thousands(len(s.values)) + " values)"
	}
	return cmp.Or(s.limit, oneOfText(s.values))
}

func oneOfText(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return "one of " + strings.Join(values, ", ")
}

// writeHanging writes a text behind a left column, further lines below its beginning.
func writeHanging(b *strings.Builder, left, text string) {
	width := max(24, helpWidth-luatext.Columns(left))
	for i, line := range wrapped(text, width) {
		if i > 0 {
			left = strings.Repeat(" ", luatext.Columns(left))
		}
		b.WriteString(strings.TrimRight(left+line, " ") + "\n")
	}
}

func writeWrapped(b *strings.Builder, text, indent string) {
	for i, line := range wrapped(text, helpWidth-luatext.Columns(indent)-2) {
		if i > 0 {
			line = "  " + line
		}
		b.WriteString(indent + line + "\n")
	}
}

// wrapped cuts a text into lines at its blanks.
func wrapped(text string, width int) []string {
	lines := []string{""}
	for _, word := range strings.Fields(text) {
		last := &lines[len(lines)-1]
		switch {
		case *last == "":
			*last = word
		case luatext.Columns(*last)+1+luatext.Columns(word) > width:
			lines = append(lines, word)
		default:
			*last += " " + word
		}
	}
	return lines
}
