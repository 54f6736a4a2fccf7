package luabind

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/authysh/authysh/authy"
	lua "github.com/yuin/gopher-lua"
)

// placeholder begins what stands for a value that only the service could give, as in "<register_user.user.id>".
const placeholder = "<"

// rehearse prints a call instead of making it, and gives a result whose fields name themselves. Parameters are checked as
// they would be, unless such a name is among them.
func rehearse(c *Call) (any, error) {
	if !hasPlaceholder(c.Args, map[*lua.LTable]bool{}) {
		if err := validate(c.Op, c.Args); err != nil {
			return nil, err
		}
	}
	options := PrintOptions{Width: -1, Plain: true}
	fmt.Fprintf(c.host.Stdout, "    would call %s%s  -- %s\n", scriptName(c.Op.Name), Print(options, c.Args), c.Op.Effect)
	return imagine(c.Op.Name, c.Op.Result()), nil
}

// validate finds what is wrong with the parameters of a call, as the call itself would. The error is an
// [*authy.ValidationError].
func validate(op authy.Operation, args *lua.LTable) error {
	return op.Bind(tableArguments{args}).Check()
}

// hasPlaceholder reports whether there is a name such as "<register_user.user.id>" in v. Seen are the tables that were
// looked into, as one may hold itself.
func hasPlaceholder(v lua.LValue, seen map[*lua.LTable]bool) bool {
	switch v := v.(type) {
	case lua.LString:
		_, name, begun := strings.Cut(string(v), placeholder)
		name, _, ended := strings.Cut(name, ">")
		return begun && ended && strings.Contains(name, ".")
	case *lua.LTable:
		if seen[v] {
			return false
		}
		seen[v] = true
		found := false
		v.ForEach(func(_, inner lua.LValue) { found = found || hasPlaceholder(inner, seen) })
		return found
	}
	return false
}

// imagine makes a result of the fields that an operation gives.
func imagine(path string, fields []authy.Field) map[string]any {
	result := make(map[string]any, len(fields))
	for _, f := range fields {
		at := path + "." + f.Name
		list := f.Type.Kind() == reflect.Slice
		switch {
		case f.Fields != nil && list:
			result[f.Name] = []any{imagine(at+"[1]", f.Fields)}
		case f.Fields != nil:
			result[f.Name] = imagine(at, f.Fields)
		case f.Type.Kind() == reflect.Bool:
			result[f.Name] = true
		case list:
			result[f.Name] = []any{placeholder + at + "[1]>"}
		default:
			result[f.Name] = placeholder + at + ">"
		}
	}
	return result
}
