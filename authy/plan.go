package authy

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"sync"
)

// Field is one parameter or result as the catalogue shows it.
type Field struct {
	// Name is what users type: the json tag, in snake_case.
	Name string
	// Doc is one short sentence, from the doc tag.
	Doc string
	// Type is the Go type without its pointer; Optional says whether there was one.
	Type reflect.Type
	// Optional fields may be left out. Of results it means that the service may leave them out.
	Optional bool
	// Private fields hold personal data or a secret, which a log must not show: a phone number, a code, a seed.
	Private bool
	// Rule is the limit that a value must keep; the zero Rule for results.
	Rule Rule
	// Fields are the members of an object or of a list of objects, such as details or logos.
	Fields []Field

	index int // position in the struct
}

// In is the field's place in a value of the struct that declares it.
func (f Field) In(structure reflect.Value) reflect.Value { return structure.Field(f.index) }

// plan is what reflection finds out about a parameter struct, once per type.
type plan struct {
	fields  []Field
	params  []param
	body    node // the shape of a JSON body
	country int  // index in params of the pair that is judged together; -1 when there is none
	phone   int
}

// param is a leaf that travels: a field, or a member of an object that is spread over the top level.
type param struct {
	name   string // as users type it, such as "details.visible"
	index  []int
	wire   []string // "user[email]" is {"user", "email"}
	number bool     // digits that travel as a JSON number
	rule   Rule
	kind   reflect.Kind
	option bool // a pointer, slice or map: absent when nil
	needed bool // must be given although it is one of these

	private bool
}

// node is an object of a JSON body, built at plan time so that encoding only walks it.
type node struct {
	key      string // quoted, with its colon
	children []*node
	leaf     int // index into plan.params; -1 for an object
}

var plans sync.Map // reflect.Type → *plan

// planOf gives the plan of a parameter struct; it panics on a struct that the catalogue cannot carry.
func planOf(t reflect.Type) *plan {
	if known, ok := plans.Load(t); ok {
		return known.(*plan)
	}
	p := &plan{country: -1, phone: -1}
	p.fields = paramFields(t)
	p.collect(t, nil, "")
	p.body = node{leaf: -1}
	for i, param := range p.params {
		switch {
		case param.rule.pair && param.wire[len(param.wire)-1] == "country_code":
			p.country = i
		case param.rule.pair:
			p.phone = i
		}
		p.body.add(param.wire, i)
	}
	known, _ := plans.LoadOrStore(t, p)
	return known.(*plan)
}

// paramFields describes the parameters of t for the catalogue.
func paramFields(t reflect.Type) []Field {
	fields := make([]Field, 0, t.NumField())
	for i := range t.NumField() {
		f := t.Field(i)
		field := describe(t, f)
		field.index, field.Rule = i, ruleOf(t, f)
		field.Type, field.Optional = optional(f.Type)
		if _, required := f.Tag.Lookup("required"); required {
			field.Optional = false
		}
		if object := elementStruct(field.Type); object != nil {
			field.Fields = paramFields(object)
		} else if !carried(field.Type) {
			panic(fmt.Sprintf("authy: %s.%s: parameters of type %s cannot be bound; use string, bool, int, float64, []string, map[string]any or a struct", t, f.Name, f.Type))
		}
		fields = append(fields, field)
	}
	return fields
}

// ruleOf is the rule of a field; it panics on a bad tag, and says where that stands.
func ruleOf(t reflect.Type, f reflect.StructField) Rule {
	defer func() {
		if reason := recover(); reason != nil {
			panic(fmt.Sprintf("authy: %s.%s: %s", t, f.Name, strings.TrimPrefix(fmt.Sprint(reason), "authy: ")))
		}
	}()
	rule := parseRule(f.Tag.Get("rule"))
	word, _, _ := strings.Cut(f.Tag.Get("rule"), " ")
	inner, _ := optional(f.Type)
	if want, known := ruleTypes[word]; known && inner.Kind() != specTypes[want].Kind() {
		panic(fmt.Sprintf("the rule %s is for values of type %s, not %s", word, want, f.Type))
	}
	return rule
}

// describe reads the tags that every field of the catalogue must have.
func describe(t reflect.Type, f reflect.StructField) Field {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	doc := f.Tag.Get("doc")
	if name == "" || doc == "" {
		panic(fmt.Sprintf("authy: %s.%s needs a json name and a doc", t, f.Name))
	}
	_, private := f.Tag.Lookup("private")
	return Field{Name: name, Doc: doc, Private: private}
}

func optional(t reflect.Type) (reflect.Type, bool) {
	switch t.Kind() {
	case reflect.Pointer:
		return t.Elem(), true
	case reflect.Slice, reflect.Map:
		return t, true
	}
	return t, false
}

// elementStruct is the struct inside t: t itself or the element of a list; nil when there is none.
func elementStruct(t reflect.Type) reflect.Type {
	if t.Kind() == reflect.Slice || t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return nil
	}
	return t
}

// carried reports whether the binders know how to fill a parameter of type t.
func carried(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.String, reflect.Bool, reflect.Int, reflect.Float64:
		return true
	case reflect.Slice:
		return t.Elem().Kind() == reflect.String
	case reflect.Map:
		return t == reflect.TypeFor[map[string]any]()
	}
	return false
}

// collect lists the leaves of t. A struct without a wire name of its own is spread: its members travel at
// the top level, as the details of an approval request do.
func (p *plan) collect(t reflect.Type, index []int, prefix string) {
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		at := append(append([]int(nil), index...), i)
		wire, flag, _ := strings.Cut(f.Tag.Get("wire"), ",")
		inner, option := optional(f.Type)
		if inner.Kind() == reflect.Struct && wire == "" {
			p.collect(inner, at, prefix+name+".")
			continue
		}
		if wire == "" {
			wire = name
		}
		_, needed := f.Tag.Lookup("required")
		_, private := f.Tag.Lookup("private")
		p.params = append(p.params, param{
			name: prefix + name, index: at, wire: wireKeys(wire), number: flag == "number",
			rule: parseRule(f.Tag.Get("rule")), kind: inner.Kind(), option: option, needed: needed, private: private,
		})
	}
}

// wireKeys splits "user[email]" into its keys.
func wireKeys(wire string) []string {
	return strings.Split(strings.ReplaceAll(strings.TrimSuffix(wire, "]"), "][", "["), "[")
}

func (n *node) add(keys []string, leaf int) {
	key := strconv.Quote(keys[0]) + ":"
	if len(keys) == 1 {
		n.children = append(n.children, &node{key: key, leaf: leaf})
		return
	}
	for _, child := range n.children {
		if child.key == key {
			child.add(keys[1:], leaf)
			return
		}
	}
	child := &node{key: key, leaf: -1}
	child.add(keys[1:], leaf)
	n.children = append(n.children, child)
}

// value finds a leaf's value. present is false for an optional value that was left out: a nil pointer,
// an empty list or map.
func (p param) value(v reflect.Value) (value reflect.Value, present bool) {
	for _, i := range p.index {
		if v.Kind() == reflect.Pointer {
			if v.IsNil() {
				return v, false
			}
			v = v.Elem()
		}
		v = v.Field(i)
	}
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return v, false
		}
		return v.Elem(), true
	case reflect.Slice, reflect.Map:
		return v, !v.IsNil()
	}
	return v, true
}

// set replaces a top-level text. An optional one gets a new pointer: the old one is the caller's.
func (p param) set(v reflect.Value, text string) {
	field := v.Field(p.index[0])
	if field.Kind() == reflect.Pointer {
		field.Set(reflect.ValueOf(&text))
		return
	}
	field.SetString(text)
}

// completable parameters have a rule about several of them, such as "this or those two".
type completable interface {
	complete(report func(param, reason string))
}

// check judges every parameter of v, a pointer to the parameter struct, and brings those that have several
// spellings into the one that travels: phone numbers, calling codes, locales.
func (p *plan) check(v reflect.Value) []Problem {
	var problems []Problem
	const most = 100 // nobody reads more
	report := func(param, reason string) {
		if len(problems) < most {
			problems = append(problems, Problem{param, reason})
		}
	}
	if whole, ok := v.Interface().(completable); ok {
		whole.complete(report)
	}
	v = v.Elem()
	for i := range p.params {
		p.params[i].check(v, report)
	}
	if p.country >= 0 && p.phone >= 0 {
		p.checkPhone(v, report, problems)
	}
	return problems
}

func (p *param) check(v reflect.Value, report func(param, reason string)) {
	value, present := p.value(v)
	if !present {
		if p.needed {
			report(p.name, "is required")
		}
		return
	}
	if p.kind == reflect.String {
		text := value.String()
		switch {
		case text == "" && (!p.option || p.needed):
			report(p.name, "is required")
			return
		case text == "":
			report(p.name, "must not be empty; leave it out for the default")
			return
		}
		if reason := textProblem(text); reason != "" {
			report(p.name, reason)
			return
		}
	}
	if p.rule.check != nil {
		p.rule.check(value, p.name, report)
	}
	if p.rule.fold {
		if listed, ok := p.rule.canonical(value.String()); ok {
			p.set(v, listed)
		}
	}
}

// checkPhone judges the country and the phone together and writes back what goes on the wire. found are
// the problems so far: what is missing or no text has been reported and is not judged again.
func (p *plan) checkPhone(v reflect.Value, report func(param, reason string), found []Problem) {
	country, haveCountry := p.params[p.country].value(v)
	phone, havePhone := p.params[p.phone].value(v)
	if !haveCountry || !havePhone {
		return
	}
	for _, problem := range found {
		if problem.Param == p.params[p.country].name || problem.Param == p.params[p.phone].name {
			return
		}
	}
	number, ok := plainNumber(country.String(), phone.String())
	var err error
	if !ok {
		number, err = ParsePhone(country.String(), phone.String())
	}
	if err != nil {
		for _, problem := range err.(*PhoneError).Problems {
			report(problem.Param, problem.Reason)
		}
		return
	}
	p.params[p.country].set(v, strconv.Itoa(number.CallingCode))
	p.params[p.phone].set(v, number.National)
}
