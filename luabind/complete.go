package luabind

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/luabind/internal/inspect"
	"github.com/authysh/authysh/luabind/internal/luatext"
	"github.com/authysh/authysh/luabind/internal/luavalue"
	"github.com/authysh/authysh/luabind/internal/masking"
	lua "github.com/yuin/gopher-lua"
)

// Completions are what the text before a position can go on with: a candidate replaces text[From:pos].
type Completions struct {
	From       int
	Candidates []Candidate
	// Hint is how the function is called whose arguments the cursor is in; empty when it is in none.
	Hint string
}

// Candidate is one way to go on.
type Candidate struct {
	// Text replaces what was typed.
	Text string
	// Doc is one short line about it, without anything that should not be read over a shoulder.
	Doc string
}

// maxCandidates bounds a list that nobody reads to its end.
const maxCandidates = 200

// Complete offers ways to go on with text at the byte pos: globals and fields, methods, keywords, and inside calls the
// names and values of parameters, names of files and modules, and ids that the session has seen.
//
// It runs no Lua code and sends nothing; tables are read raw. Nothing is offered inside comments, for an empty line, and
// in the middle of a word.
func (s *Session) Complete(text string, pos int) Completions {
	pos = min(max(pos, 0), len(text))
	result := Completions{From: pos}
	if !s.enterBriefly() {
		return result
	}
	defer s.rt.interpreter.Unlock()
	if s.rt.closed {
		return result
	}
	c := &completer{s: s, text: text, scan: luatext.NewScan(text[:pos]), locals: map[string]int{}}
	if c.scan.Comment {
		return result
	}
	c.declare()
	result.Hint = c.hint()
	if pos < len(text) && luatext.IsNameByte(text[pos]) {
		return result
	}
	if c.scan.Quoted {
		result.From = c.scan.Quote + len(c.scan.Opening)
		result.Candidates = c.matching(text[result.From:pos], c.inQuotes())
		return result
	}
	before := len(c.scan.Tokens) - 1 // the token before the word
	if last := c.token(before); last.End == pos && last.Kind == luatext.TokenName {
		result.From = last.Start
		before--
	} else if last.End == pos && last.Kind == luatext.TokenNumber {
		return result
	}
	prefix := text[result.From:pos]
	result.Candidates = c.matching(prefix, c.words(prefix, before))
	return result
}

// enterBriefly takes the interpreter, unless another task keeps it: completion must not wait for a script.
func (s *Session) enterBriefly() bool {
	for range 10 {
		if s.rt.interpreter.TryLock() {
			return true
		}
		time.Sleep(200 * time.Microsecond)
	}
	return false
}

// offer is a candidate before it is compared with what was typed.
type offer struct {
	text  string
	note  string     // its line of text, or:
	value lua.LValue // what the line tells of
	in    *finding   // the table that value is a field of; nil for a variable
	also  string     // another text by which it is found, such as a country's name
	kept  bool       // keeps its place among the others, as parameters do
}

// ranked is an offer that fits.
type ranked struct {
	offer
	rank, place, number int
}

func compareRanked(a, b ranked) int {
	return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(a.place, b.place), cmp.Compare(a.text, b.text), cmp.Compare(a.number, b.number))
}

// matching keeps the offers that fit what was typed: those that begin with it, then those that differ in case, then
// those with a later word that begins with it. It sorts no more than it must, as a table may have a million fields.
func (c *completer) matching(prefix string, offers []offer) []Candidate {
	var fitting []ranked
	cut := false
	for i, o := range offers {
		r := ranked{offer: o, rank: rankOf(prefix, o), number: i}
		if o.kept {
			r.place = i - len(offers) // before those that have no place
		}
		if r.rank < 0 || cut && compareRanked(r, fitting[maxCandidates-1]) > 0 {
			continue
		}
		if fitting = append(fitting, r); len(fitting) == 2*maxCandidates {
			slices.SortFunc(fitting, compareRanked)
			fitting, cut = fitting[:maxCandidates], true
		}
	}
	slices.SortFunc(fitting, compareRanked)
	var candidates []Candidate
	listed := map[string]bool{}
	for _, f := range fitting {
		if listed[f.text] || len(candidates) == maxCandidates {
			continue
		}
		listed[f.text] = true
		candidates = append(candidates, Candidate{Text: f.text, Doc: clip(oneLine(c.docOf(f.offer)), 80)})
	}
	if len(candidates) == 1 && candidates[0].Text == prefix {
		return nil // it stands there already
	}
	return candidates
}

// docOf is the line of text for an offer.
func (c *completer) docOf(o offer) string {
	switch {
	case o.value == nil:
		return o.note
	case o.in != nil:
		return c.describeField(*o.in, o.text, o.value)
	}
	return c.describe(o.value, o.text)
}

// rankOf is how well an offer fits what was typed; -1 when it does not.
func rankOf(prefix string, o offer) int {
	bare := strings.TrimPrefix(o.text, `"`)
	switch {
	case strings.HasPrefix(o.text, prefix) || strings.HasPrefix(bare, prefix):
		return 0
	case hasPrefixFold(bare, prefix):
		return 1
	case len(prefix) >= 2 && (containsWord(bare, prefix) || hasPrefixFold(o.also, prefix)):
		return 2
	}
	return -1
}

func hasPrefixFold(text, prefix string) bool {
	return len(text) >= len(prefix) && strings.EqualFold(text[:len(prefix)], prefix)
}

// containsWord reports whether a later word of a name begins with prefix.
func containsWord(name, prefix string) bool {
	for i := 1; i < len(name); i++ {
		if (name[i-1] == '_' || name[i-1] == '-') && hasPrefixFold(name[i:], prefix) {
			return true
		}
	}
	return false
}

// words offers what may stand at the cursor outside of strings; before is the token in front of the word.
func (c *completer) words(prefix string, before int) []offer {
	switch {
	case c.scan.Is(before, ".", ":"):
		return c.members(c.resolve(before-1), c.scan.Is(before, ":"))
	case c.scan.Is(before, "function", "local", "for", "goto", "::", "..."):
		return nil
	}
	var offers []offer
	if open := c.innermost(); open >= 0 && c.scan.Is(open, "{") {
		shape := c.shapeOf(open)
		switch {
		case shape.known && c.scan.Is(before, "{", ",", ";"):
			offers = c.parameterNames(shape, open)
		case shape.known && c.scan.Is(before, "=") && c.scan.IsVariable(before-1):
			offers = c.values(shape.slot(c.token(before-1).Text), false)
		}
		if shape.known && shape.list && c.scan.Is(before, "{", ",", ";") {
			offers = append(offers, quotedOffers(shape.of, c)...)
		}
	} else if open >= 0 && c.scan.Is(open, "(") && c.scan.Is(before, "(", ",") {
		offers = c.values(c.argument(open), false)
	}
	if prefix != "" {
		offers = append(offers, c.variables(prefix)...)
	}
	return offers
}

// quotedOffers are the values of the elements of a list.
func quotedOffers(of slot, c *completer) []offer {
	if len(of.inner) > 0 {
		return nil
	}
	return c.values(of, false)
}

// variables are the names that can begin an expression or statement.
func (c *completer) variables(prefix string) []offer {
	var offers []offer
	for name := range c.locals {
		offers = append(offers, offer{text: name, note: "local"})
	}
	c.s.rt.state.G.Global.ForEach(func(k, v lua.LValue) {
		name, ok := k.(lua.LString)
		if !ok || name == "" || name[0] == '_' && prefix[0] != '_' || !hasPrefixFold(string(name), prefix) && !containsWord(string(name), prefix) {
			return
		}
		if luatext.IsName(string(name)) {
			offers = append(offers, offer{text: string(name), value: v})
		}
	})
	for _, word := range luatext.Keywords {
		offers = append(offers, offer{text: word, note: "keyword"})
	}
	return offers
}

// members are the fields of an expression, or with a colon its functions. Of two with the same name the first counts.
func (c *completer) members(base finding, colon bool) []offer {
	var offers []offer
	add := func(o offer) {
		if luatext.IsName(o.text) && !strings.HasPrefix(o.text, "__") {
			offers = append(offers, o)
		}
	}
	if t, ok := c.s.manual.types[base.typ]; ok {
		for _, f := range t.Methods {
			add(offer{text: f.Name, note: f.Doc})
		}
		for _, f := range t.Fields {
			if !colon {
				add(offer{text: f.Name, note: f.Doc})
			}
		}
	}
	c.ownMembers(base, colon, add)
	switch {
	case base.typ == "string" && colon:
		c.ownMembers(c.found(c.s.global("string")), true, add)
	case base.typ == clientType && base.value == nil:
		c.clientMembers(colon, add)
	}
	if colon || base.list {
		return offers
	}
	for _, s := range base.slots {
		add(offer{text: s.Name, note: s.Doc})
	}
	return offers
}

// clientMembers are the members of a client that is not there yet: those of authy, but for the functions that clients have not,
// and the tables that are no values.
func (c *completer) clientMembers(colon bool, add func(offer)) {
	api := c.found(c.s.global(apiModule))
	c.ownMembers(api, colon, func(o offer) {
		if o.text != "client" && o.text != "enums" {
			add(o)
		}
	})
}

// ownMembers are what a table or userdata holds, and what tables behind __index hold.
func (c *completer) ownMembers(base finding, colon bool, add func(offer)) {
	t, ok := base.value.(*lua.LTable)
	if data, isData := base.value.(*lua.LUserData); isData {
		if t, ok = luavalue.IndexTable(data.Metatable); t != nil {
			colon = true
		}
	}
	const most = 10
	for range most {
		if !ok {
			return
		}
		isResult := luavalue.MetaName(t.Metatable) == resultType
		t.ForEach(func(k, v lua.LValue) {
			name, isText := k.(lua.LString)
			_, isFunction := v.(*lua.LFunction)
			if isText && (isFunction || !colon) {
				add(offer{text: string(name), value: v, in: &base})
			}
		})
		if isResult && !colon {
			add(offer{text: "raw_body", note: "the answer as it came"})
			return
		}
		t, ok = luavalue.IndexTable(t.Metatable)
	}
}

// describeField is one line about a field: what is documented, and the value.
func (c *completer) describeField(base finding, name string, v lua.LValue) string {
	if base.typ == clientType {
		if sig := c.s.manual.signature("authy." + name); sig != nil {
			return sig.summary()
		}
	}
	for _, s := range base.slots {
		if s.Name == name {
			return s.Doc + ": " + c.describe(v, name)
		}
	}
	if t, ok := base.value.(*lua.LTable); ok && isModule(t) {
		name = "" // what modules offer is no secret, whatever it is called
	}
	return c.describe(v, name)
}

// describe is one line about a value: of a function what it does, of others the type and a short form.
func (c *completer) describe(v lua.LValue, name string) string {
	const longest = 40
	switch v := v.(type) {
	case *lua.LFunction:
		if known := c.s.manual.signature(c.s.functionNames()[v]); known != nil {
			return known.summary()
		}
		if v.IsG {
			return "function"
		}
		return "function (" + strings.Join(inspect.Parameters(v), ", ") + ")"
	case *lua.LTable:
		return c.describeTable(v, name)
	case lua.LString, lua.LNumber:
		if masking.IsSecret(name) {
			return v.Type().String() + ", masked"
		}
		if k := kindsOfParams[name]; k == kindPhone || k == kindEmail {
			return v.Type().String() + " " + mask(k, v.String())
		}
		p := c.s.printer()
		p.Unmask, p.Text, p.Plain = false, longest, true
		return v.Type().String() + " " + clip(p.Single(v), longest)
	case lua.LBool:
		return v.String()
	}
	return inspect.Describe(v)
}

func (c *completer) describeTable(t *lua.LTable, name string) string {
	if c.s.manual.isLibrary(name) {
		return c.s.manual.docOf(name)
	}
	if isModule(t) {
		if doc := c.s.manual.docOf(luavalue.MetaName(t.Metatable)); doc != "" {
			return doc
		}
	}
	switch typ := luavalue.MetaName(t.Metatable); typ {
	case resultType:
		op, _ := t.Metatable.(*lua.LTable).RawGetString("__operation").(lua.LString)
		return "result of " + string(op)
	case clientType:
		return "client"
	case luavalue.ErrorType:
		if failure, ok := luavalue.Error(t).(authy.Error); ok {
			return "error: " + string(failure.Kind()) + " " + failure.Operation()
		}
		return "error"
	}
	if n := t.Len(); n > 0 {
		return "list of " + luatext.Thousands(n)
	}
	return "table of " + luatext.Thousands(inspect.Count(t))
}

// docOf is the sentence about a module, a part of one, or a library; empty when there is none of that name.
func (m *Manual) docOf(name string) string {
	if doc := styleDoc(name); doc != "" {
		return doc
	}
	for _, module := range m.modules {
		if module.Name == name {
			return module.Doc
		}
		for _, v := range module.Values {
			if module.Name+"."+v.Name == name {
				return v.Doc
			}
		}
	}
	return m.libraries[name]
}
