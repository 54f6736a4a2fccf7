package luabind

import (
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/authysh/authysh/authy"
	lua "github.com/yuin/gopher-lua"
)

// option is one named argument of a function that takes a table but is no operation of the catalogue.
type option struct {
	name     string
	doc      string
	index    int
	to       target
	required bool
	values   []string
}

// optionsOf reads the tags of an options struct: json (the name), doc, unit (a length of time and what a bare number
// of it counts, "ms" or "s"), digits (a whole number will do for text), values (the few that there are) and required.
func optionsOf(t reflect.Type) []option {
	options := make([]option, t.NumField())
	for i := range t.NumField() {
		f := t.Field(i)
		o := option{name: f.Tag.Get("json"), doc: f.Tag.Get("doc"), index: i, values: strings.Fields(f.Tag.Get("values"))}
		switch f.Tag.Get("unit") {
		case "ms":
			o.to.unit = time.Millisecond
		case "s":
			o.to.unit = time.Second
		}
		_, o.to.digits = f.Tag.Lookup("digits")
		_, o.required = f.Tag.Lookup("required")
		options[i] = o
	}
	return options
}

// readOptions fills the struct that into points to from t, and reports every problem in one
// [*authy.ValidationError] of the function called name.
func readOptions(name string, t *lua.LTable, into any) error {
	v := reflect.ValueOf(into).Elem()
	var problems authy.Problems
	options := optionsOf(v.Type())
	known := make([]string, len(options))
	for i, o := range options {
		known[i] = o.name
		switch value := t.RawGetString(o.name); {
		case value != lua.LNil:
			problems = append(problems, authy.Within(o.name, assign(v.Field(o.index), value, o.to))...)
		case o.required:
			problems = append(problems, authy.Problem{Param: o.name, Reason: "is required"})
		}
	}
	problems = append(problems, unknownFields(t, "", known)...)
	if len(problems) == 0 {
		return nil
	}
	return &authy.ValidationError{Op: name, Problems: problems}
}

// optionParams describes an options struct for help and editors.
func optionParams[T any]() []Param {
	t := reflect.TypeFor[T]()
	known, ok := knownOptions.Load(t)
	if !ok {
		known, _ = knownOptions.LoadOrStore(t, paramsOfOptions(t))
	}
	return slices.Clone(known.([]Param))
}

var knownOptions sync.Map // reflect.Type → []Param

func paramsOfOptions(t reflect.Type) []Param {
	params := make([]Param, 0, t.NumField())
	for _, o := range optionsOf(t) {
		field := t.Field(o.index).Type
		params = append(params, Param{
			Name: o.name, Type: luaType(field, o.to), Doc: o.doc, Optional: !o.required, Values: o.values,
			accepts: func(v lua.LValue) error { return assign(reflect.New(field).Elem(), v, o.to) },
		})
	}
	return params
}

// luaType names a Go type in the words of LuaCATS.
func luaType(t reflect.Type, to target) string {
	switch {
	case to.unit != 0:
		return "number|string"
	case to.digits:
		return "string|integer"
	case t == luaValueType:
		return "any"
	case t == functionType:
		return "function"
	}
	switch t.Kind() {
	case reflect.Pointer:
		return luaType(t.Elem(), to)
	case reflect.String:
		return "string"
	case reflect.Bool:
		return "boolean"
	case reflect.Int, reflect.Int64:
		return "integer"
	case reflect.Float64:
		return "number"
	case reflect.Slice:
		return luaType(t.Elem(), to) + "[]"
	}
	return "table"
}
