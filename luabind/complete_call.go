package luabind

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/luabind/internal/inspect"
	"github.com/authysh/authysh/luabind/internal/luatext"
	"github.com/authysh/authysh/luabind/internal/luavalue"
	lua "github.com/yuin/gopher-lua"
)

// shape is what may stand in a table constructor that is an argument.
type shape struct {
	known bool
	slots []slot // named fields
	list  bool   // the table is a list
	of    slot   // the parameter that the table is for
}

// slot is the description of one field; the zero slot when there is none.
func (s shape) slot(name string) slot {
	for _, known := range s.slots {
		if known.Name == name {
			return known
		}
	}
	return slot{}
}

// innermost is the bracket that the cursor is in; -1 for none.
func (c *completer) innermost() int {
	if len(c.scan.Open) == 0 {
		return -1
	}
	return c.scan.Open[len(c.scan.Open)-1]
}

// enclosing is the bracket around an open bracket; -1 for none.
func (c *completer) enclosing(open int) int {
	if i := slices.Index(c.scan.Open, open); i > 0 {
		return c.scan.Open[i-1]
	}
	return -1
}

// shapeOf tells what may stand in the table that begins at an open brace.
func (c *completer) shapeOf(open int) shape {
	if c.steps++; c.steps > maxSteps {
		return shape{}
	}
	before := open - 1
	outer := c.enclosing(open)
	switch {
	case c.endsCallee(before): // f{
		return shapeOfSlot(argumentOf(c.resolve(before).sig, 0))
	case c.scan.Is(before, "(", ",") && outer >= 0 && c.scan.Is(outer, "("): // f(a, {
		return shapeOfSlot(c.argumentAt(outer, open))
	case c.scan.Is(before, "=") && outer >= 0 && c.scan.Is(outer, "{"): // { name = {
		return shapeOfSlot(c.shapeOf(outer).slot(c.token(before - 1).Text))
	case c.scan.Is(before, "{", ",", ";") && outer >= 0 && c.scan.Is(outer, "{"): // { {
		if around := c.shapeOf(outer); around.list {
			return shape{known: true, slots: around.of.inner}
		}
	}
	return shape{}
}

// shapeOfSlot is the table that a parameter takes.
func shapeOfSlot(s slot) shape {
	switch {
	case s.Name == "":
		return shape{}
	case s.list:
		return shape{known: true, list: true, of: s}
	}
	return shape{known: len(s.inner) > 0, slots: s.inner, of: s}
}

// argument is the parameter at the cursor inside the parentheses that begin at open.
func (c *completer) argument(open int) slot { return c.argumentAt(open, len(c.scan.Tokens)) }

// argumentAt is the parameter that token at belongs to.
func (c *completer) argumentAt(open, at int) slot {
	if !c.endsCallee(open - 1) {
		return slot{}
	}
	place := 0
	for i := open + 1; i < at; i++ {
		if pair := c.scan.Pair[i]; pair > i {
			i = pair
		} else if c.scan.Is(i, ",") {
			place++
		}
	}
	return argumentOf(c.resolve(open-1).sig, place)
}

// argumentOf is the nth parameter, from 0. Operations take their table also behind a client.
func argumentOf(sig *signature, place int) slot {
	switch {
	case sig == nil:
		return slot{}
	case sig.named() && place <= 1:
		return sig.params[0]
	case place < len(sig.params):
		return sig.params[place]
	}
	return slot{}
}

// parameterNames are the fields that a table may still be given, those that are required first.
func (c *completer) parameterNames(s shape, open int) []offer {
	given := c.givenNames(open)
	slots := slices.Clone(s.slots)
	slices.SortStableFunc(slots, func(a, b slot) int {
		if a.Optional == b.Optional {
			return 0
		}
		return cmp.Compare(strconv.FormatBool(a.Optional), strconv.FormatBool(b.Optional))
	})
	var offers []offer
	for _, field := range slots {
		if given[field.Name] {
			continue
		}
		doc := field.Doc
		if limit := field.limitText(); limit != "" {
			doc += " (" + limit + ")"
		}
		if !field.Optional {
			doc = "required: " + doc
		}
		offers = append(offers, offer{text: field.Name + " = ", note: doc, kept: true})
	}
	return offers
}

// givenNames are the names set in the table that begins at an open brace, before the cursor and after it.
func (c *completer) givenNames(open int) map[string]bool {
	given := map[string]bool{}
	whole := luatext.NewScan(c.text)
	if open >= len(whole.Tokens) || whole.Tokens[open] != c.token(open) {
		whole = c.scan
	}
	for i := open + 1; i < len(whole.Tokens); i++ {
		if i == whole.Pair[open] {
			break
		}
		if pair := whole.Pair[i]; pair > i {
			i = pair
		} else if whole.Is(i+1, "=") && whole.Tokens[i].Kind == luatext.TokenName && whole.Is(i-1, "{", ",", ";") {
			given[whole.Tokens[i].Text] = true
		}
	}
	return given
}

// values are what a parameter may be; inside of quotes without them.
func (c *completer) values(s slot, quoted bool) []offer {
	var offers []offer
	add := func(text, doc, also string) {
		if !quoted {
			text = luatext.Quote(text)
		}
		offers = append(offers, offer{text: text, note: doc, also: also, kept: true})
	}
	if s.Type == "boolean" && !quoted {
		offers = append(offers, offer{text: "true", note: "boolean", kept: true}, offer{text: "false", note: "boolean", kept: true})
	}
	for _, value := range s.values {
		add(value, s.Name, "")
	}
	for _, seen := range c.s.seen.of(s.kind) {
		doc := strings.TrimSuffix(string(seen.kind)+": "+seen.doc, ": ")
		if number, err := strconv.ParseInt(seen.value, 10, 64); err == nil && !quoted && number <= luavalue.MaxExact &&
			seen.kind == kindUser && strconv.FormatInt(number, 10) == seen.value {
			offers = append(offers, offer{text: seen.value, note: doc, kept: true})
		} else {
			add(seen.value, doc, "")
		}
	}
	if s.country {
		for _, country := range countryOffers() {
			add(country[0], country[1], country[1])
		}
	}
	return offers
}

// countryOffers are the codes of all countries, each with name and calling code.
var countryOffers = sync.OnceValue(func() [][2]string {
	var offers [][2]string
	for _, country := range authy.Countries() {
		offers = append(offers, [2]string{country.Alpha2, fmt.Sprintf("%s, +%d", country.Name(), country.CallingCode)})
	}
	return offers
})

// hint is the usage of the innermost call around the cursor.
func (c *completer) hint() string {
	if last := len(c.scan.Tokens) - 1; c.scan.Quoted && c.endsCallee(last) { // f "
		if hint := c.hintFor(c.resolve(last), last, false); hint != "" {
			return hint
		}
	}
	for i := len(c.scan.Open) - 1; i >= 0; i-- {
		open := c.scan.Open[i]
		if !c.scan.Is(open, "(", "{") || !c.endsCallee(open-1) || c.scan.Is(c.start(open-1)-1, "function") {
			continue
		}
		hint := c.hintFor(c.resolve(open-1), open-1, c.scan.Is(open, "{"))
		if hint != "" || c.scan.Is(open, "(") {
			return hint
		}
	}
	return ""
}

// hintFor is the usage of a function that stands at token at; braces asks for the form that is called with a table.
func (c *completer) hintFor(f finding, at int, braces bool) string {
	if f.sig == nil {
		if fn, ok := f.value.(*lua.LFunction); ok && !fn.IsG {
			return c.token(at).Text + "(" + strings.Join(inspect.Parameters(fn), ", ") + ")"
		}
		return ""
	}
	usage := f.sig.usage()
	if braces && !f.sig.named() && len(argumentOf(f.sig, 0).inner) > 0 {
		usage = f.sig.name + "{ " + slotNames(f.sig.params[0].inner) + " }"
	}
	return usage + "  " + f.sig.summary()
}

// inQuotes offers what may stand in the string that the cursor is in.
func (c *completer) inQuotes() []offer {
	last := len(c.scan.Tokens) - 1
	typed := c.text[c.scan.Quote+len(c.scan.Opening):]
	open := c.innermost()
	switch {
	case c.scan.Is(last, "=") && open >= 0 && c.scan.Is(open, "{") && c.scan.IsVariable(last-1):
		return c.values(c.shapeOf(open).slot(c.token(last-1).Text), true)
	case c.scan.Is(last, "{", ",", ";") && open >= 0 && c.scan.Is(open, "{"):
		if s := c.shapeOf(open); s.list {
			return c.values(s.of, true)
		}
	case c.scan.Is(last, "[") && c.endsCallee(last-1):
		return c.keys(c.resolve(last - 1))
	case c.endsCallee(last): // f "
		return c.textArgument(c.resolve(last), argumentOf(c.resolve(last).sig, 0), typed, 0)
	case c.scan.Is(last, "(", ",") && open >= 0 && c.scan.Is(open, "(") && c.endsCallee(open-1):
		place := 0
		if last > open {
			place = 1
		}
		return c.textArgument(c.resolve(open-1), c.argument(open), typed, place)
	}
	return nil
}

// textArgument offers values of a parameter of a function: names of files and modules for those that take them.
func (c *completer) textArgument(f finding, param slot, typed string, place int) []offer {
	switch {
	case f.name == "require" && place == 0:
		return c.moduleNames(typed)
	case pathFunctions[f.name] && place == 0:
		return fileOffers(typed)
	}
	return c.values(param, true)
}

// keys are the string keys of a table, for t["...
func (c *completer) keys(base finding) []offer {
	t, ok := base.value.(*lua.LTable)
	if !ok {
		return nil
	}
	var offers []offer
	t.ForEach(func(k, v lua.LValue) {
		if name, isText := k.(lua.LString); isText && !strings.ContainsFunc(string(name), luatext.IsUnprintable) &&
			!strings.ContainsAny(string(name), `"'\`) {
			offers = append(offers, offer{text: string(name), value: v, in: &base})
		}
	})
	return offers
}
