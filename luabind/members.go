package luabind

import (
	"encoding"
	"reflect"
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
