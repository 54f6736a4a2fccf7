package plugin

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/luabind/internal/luatext"
)

func (d *decoder) typeName(at string, v any) string {
	name := d.text(at, v, true, `type = "string"`)
	if name != "" && !slices.Contains(authy.SpecTypes, name) {
		d.refuse(at, "must be one of %s, got %s%s", strings.Join(authy.SpecTypes, ", "), luatext.Excerpt(name),
			strings.TrimPrefix(suggestion(name, authy.SpecTypes), "; known are "+strings.Join(authy.SpecTypes, ", ")))
		return ""
	}
	return name
}

var effects = []string{"reads", "sends", "writes", "deletes"}

// styleNames are taken in the table of a plugin's operations.
var styleNames = []string{"try", "async"}

func (d *decoder) operations(v any) []Operation {
	t, _ := d.table("operations", v)
	var operations []Operation
	for _, name := range slices.Sorted(maps.Keys(t)) {
		at := under("operations", bare(name))
		if reason := nameProblem(name, snakeCaseName(), "a name in snake_case"); reason != "" {
			d.refuse(at, "%s", reason)
			continue
		}
		if slices.Contains(styleNames, name) {
			d.refuse(at, "must have another name: %s is how the operations are called that raise no errors, or give tasks", name)
		}
		fields, ok := d.table(at, t[name], "doc", "effect", "params", "result", "run")
		if !ok {
			continue
		}
		o := Operation{Name: name, Doc: d.text(at+".doc", fields["doc"], true, `doc = "Post one message."`)}
		o.Effect = d.effect(at+".effect", fields["effect"])
		o.Params = d.specs(at+".params", fields["params"], true)
		o.Result = d.specs(at+".result", fields["result"], false)
		if _, ok := fields["run"].(Function); !ok {
			d.refuse(at+".run", "must be a function, as in run = function(params, ctx) ... end, got %s", kindOf(fields["run"]))
		}
		operations = append(operations, o)
	}
	return operations
}

func (d *decoder) effect(at string, v any) authy.Effect {
	name := d.text(at, v, true, `effect = "sends"; reads, sends, writes or deletes`)
	if name == "" {
		return 0
	}
	i := slices.Index(effects, name)
	if i < 0 {
		d.refuse(at, "must be one of %s, got %s", strings.Join(effects, ", "), luatext.Excerpt(name))
	}
	return authy.Effect(i + 1)
}

// specs takes parameters or results: a list of { "name", "type", "doc", required = true }, or of results a table of
// types by name.
func (d *decoder) specs(at string, v any, parameters bool) []authy.Spec {
	var specs []authy.Spec
	if t, ok := v.(map[string]any); ok && !parameters {
		for _, name := range slices.Sorted(maps.Keys(t)) {
			specs = append(specs, authy.Spec{Name: name, Type: d.typeName(under(at, bare(name)), t[name])})
		}
	} else {
		for i, item := range d.list(at, v) {
			if spec, ok := d.spec(fmt.Sprintf("%s[%d]", at, i+1), item, parameters); ok {
				specs = append(specs, spec)
			}
		}
	}
	names := map[string]bool{}
	for i := range specs {
		s := &specs[i]
		if reason := nameProblem(s.Name, snakeCaseName(), "a name in snake_case"); reason != "" {
			d.refuse(at, "has a name that %s", reason)
		}
		if names[s.Name] {
			d.refuse(at, "has %q twice", s.Name)
		}
		names[s.Name] = true
		s.Doc = cmp.Or(s.Doc, strings.ReplaceAll(s.Name, "_", " "))
		if s.Type == "" {
			continue
		}
		if err := s.Check(); err != nil {
			d.refuse(at, "has %s: %v", s.Name, err)
		}
	}
	return specs
}

// spec takes one parameter: its first three values may stand without names.
func (d *decoder) spec(at string, v any, parameters bool) (authy.Spec, bool) {
	known := []string{"name", "type", "doc"}
	if parameters {
		known = append(known, "required", "values", "rule")
	}
	fields := map[string]any{}
	switch v := v.(type) {
	case []any:
		for i, item := range v {
			if i < 3 {
				fields[known[i]] = item
			} else {
				d.refuse(at, "has %d values without a name; they are name, type and doc", len(v))
				break
			}
		}
	case map[string]any:
		for name, item := range v {
			if i, err := strconv.Atoi(name); err == nil && 1 <= i && i <= 3 {
				name = known[i-1]
			}
			fields[name] = item
		}
	default:
		d.refuse(at, `must be a table, as in { "text", "string", "Message text." }, got %s`, kindOf(v))
		return authy.Spec{}, false
	}
	if _, ok := d.table(at, fields, known...); !ok {
		return authy.Spec{}, false
	}
	return authy.Spec{
		Name: d.text(at+".name", fields["name"], true, `{ "text", "string", "Message text." }`),
		Type: d.typeName(at+".type", fields["type"]), Doc: d.text(at+".doc", fields["doc"], parameters, `"Message text."`),
		Required: d.flag(at+".required", fields["required"]), Values: d.texts(at+".values", fields["values"]),
		Rule: d.text(at+".rule", fields["rule"], false, `rule = "length 1-200"`),
	}, true
}
