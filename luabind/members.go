package luabind

import (
	"encoding"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"sync"
)

// member is a struct field that becomes a field of a Lua table.
type member struct {
	name      string
	index     []int
	omitEmpty bool
}

// structPlan is how a struct becomes a Lua value.
type structPlan struct {
	text    bool // as the text that it marshals to, like a time.Time
	members []member
}

var structPlans sync.Map // reflect.Type → *structPlan

// planOf plans the conversion of a struct once per type, by its json tags; embedded structs are spread.
func planOf(t reflect.Type) *structPlan {
	if known, ok := structPlans.Load(t); ok {
		return known.(*structPlan)
	}
	plan := &structPlan{text: t.Implements(reflect.TypeFor[encoding.TextMarshaler]())}
	if !plan.text {
		plan.members = collectMembers(t, nil)
	}
	known, _ := structPlans.LoadOrStore(t, plan)
	return known.(*structPlan)
}

func collectMembers(t reflect.Type, index []int) []member {
	var members []member
	for i := range t.NumField() {
		f := t.Field(i)
		at := append(append([]int(nil), index...), i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && name == "" && f.Type.Kind() == reflect.Struct:
			members = append(members, collectMembers(f.Type, at)...)
		case !f.IsExported() || name == "-":
		default:
			if name == "" {
				name = f.Name
			}
			members = append(members, member{name, at, strings.HasPrefix(options, "omit")})
		}
	}
	return members
}

// FieldsOf describes the table that [ToLua] makes of a T, for the Fields of a [Param].
func FieldsOf[T any]() []Param {
	t := reflect.TypeFor[T]()
	known, ok := resultFields.Load(t)
	if !ok {
		known, _ = resultFields.LoadOrStore(t, fieldsOfStruct(t, nil))
	}
	return slices.Clone(known.([]Param))
}

// resultFields are what is known of structs: modules are described anew for every runtime.
var resultFields sync.Map // reflect.Type → []Param

// fieldsOfStruct leaves the fields of a struct out that is inside itself.
func fieldsOfStruct(t reflect.Type, outer []reflect.Type) []Param {
	if slices.Contains(outer, t) {
		return nil
	}
	outer = append(outer, t)
	var fields []Param
	for _, m := range planOf(t).members {
		field := t.FieldByIndex(m.index).Type
		p := Param{Name: m.name, Optional: m.omitEmpty || field.Kind() == reflect.Pointer}
		p.Type, p.Fields = shownType(field, outer)
		fields = append(fields, p)
	}
	return fields
}

// shownType is what [ToLua] makes of a Go type, in the words of LuaCATS.
func shownType(t reflect.Type, outer []reflect.Type) (name string, fields []Param) {
	switch t {
	case durationType:
		return "number", nil
	case idType, reflect.TypeFor[json.Number]():
		return "integer|string", nil
	}
	switch t.Kind() {
	case reflect.Pointer:
		return shownType(t.Elem(), outer)
	case reflect.Struct:
		if planOf(t).text {
			return "string", nil
		}
		return "table", fieldsOfStruct(t, outer)
	case reflect.Slice, reflect.Array:
		name, fields = shownType(t.Elem(), outer)
		if name == "integer|string" {
			return "table", nil
		}
		return name + "[]", fields
	case reflect.Interface:
		return "any", nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "integer", nil
	}
	return luaType(t, target{}), nil
}
