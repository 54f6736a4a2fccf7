package plugin

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/luabind/internal/luatext"
)

func (d *decoder) settings(v any) []Setting {
	t, _ := d.table("config", v)
	var settings []Setting
	for _, name := range slices.Sorted(maps.Keys(t)) {
		at := under("config", bare(name))
		if reason := nameProblem(name, snakeCaseName(), "a name in snake_case"); reason != "" {
			d.refuse(at, "%s", reason)
			continue
		}
		fields, ok := d.table(at, t[name], "type", "doc", "required", "default", "values")
		if !ok {
			continue
		}
		s := Setting{Name: name, Required: d.flag(at+".required", fields["required"]), Values: d.texts(at+".values", fields["values"])}
		s.Type = d.typeName(at+".type", fields["type"])
		s.Doc = d.text(at+".doc", fields["doc"], true, `doc = "Incoming webhook URL."`)
		if s.Default = fields["default"]; s.Default != nil && s.Type != "" {
			if s.Required {
				d.refuse(at, "is required and has a default; leave one of the two out")
			} else if _, reason := s.convert(s.Default); reason != "" {
				d.refuse(at+".default", "%s", reason)
			}
		}
		settings = append(settings, s)
	}
	return settings
}

// Configure checks the values that a user gives a plugin, and adds the defaults. The error lists all problems; its File is
// that of the settings.
func (m *Manifest) Configure(file string, given map[string]any) (map[string]any, error) {
	d := &decoder{}
	values := map[string]any{}
	known := make([]string, len(m.Config))
	for i, s := range m.Config {
		known[i] = s.Name
		at := "plugins.config." + m.Name + "." + s.Name
		v, ok := given[s.Name]
		switch {
		case !ok && s.Required:
			d.refuse(at, "is required: %s", s.Doc)
		case !ok && s.Default == nil:
		case !ok:
			values[s.Name], _ = s.convert(s.Default)
		default:
			value, reason := s.convert(v)
			if reason != "" {
				d.refuse(at, "%s", reason)
			}
			values[s.Name] = value
		}
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if !slices.Contains(known, name) {
			if len(known) == 0 {
				d.refuse("plugins.config."+m.Name+"."+bare(name), "is not known; the plugin has no settings")
				continue
			}
			d.refuse("plugins.config."+m.Name+"."+bare(name), "is not known%s", suggestion(name, known))
		}
	}
	if len(d.problems) > 0 {
		return nil, &ManifestError{file, d.problems}
	}
	return values, nil
}

// Check tells what is wrong with a value of the setting, beginning with the rule; nil when nothing is.
func (s Setting) Check(v any) error {
	if _, reason := s.convert(v); reason != "" {
		return errors.New(reason)
	}
	return nil
}

// convert takes a value of the setting's type.
func (s Setting) convert(v any) (value any, reason string) {
	if n, ok := v.(int); ok {
		v = float64(n)
	}
	if n, ok := v.(int64); ok {
		v = float64(n)
	}
	ok := false
	switch s.Type {
	case "string":
		var text string
		if text, ok = v.(string); ok && len(s.Values) > 0 && !slices.Contains(s.Values, text) {
			return nil, fmt.Sprintf("must be one of %s, got %s%s", strings.Join(s.Values, ", "), luatext.Excerpt(text), nearHint(text, s.Values))
		}
	case "boolean":
		_, ok = v.(bool)
	case "number":
		_, ok = v.(float64)
	case "integer":
		var n float64
		if n, ok = v.(float64); ok && n != math.Trunc(n) {
			return nil, fmt.Sprintf("must be a whole number, got %v", n)
		}
	case "string[]":
		var texts []any
		if list, isList := v.([]string); isList {
			for _, text := range list {
				texts = append(texts, text)
			}
			return texts, ""
		}
		if texts, ok = v.([]any); ok {
			for i, item := range texts {
				if _, isText := item.(string); !isText {
					return nil, fmt.Sprintf("must be a list of strings; item %d is %s", i+1, kindOf(item))
				}
			}
		} else if t, isTable := v.(map[string]any); isTable && len(t) == 0 {
			return []any{}, ""
		}
	case "table":
		_, ok = v.(map[string]any)
	}
	if !ok {
		return nil, fmt.Sprintf("must be of type %s, got %s", s.Type, kindOf(v))
	}
	return v, ""
}

func nearHint(text string, values []string) string {
	if near := authy.Nearest(text, values); near != "" {
		return fmt.Sprintf(", did you mean %q?", near)
	}
	return ""
}
