package plugin

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/luabind/internal/luatext"
)

// Decode reads a definition: the table of plugin.define as a tree of maps, lists, strings, float64, bool and [Function].
// All that is wrong is in one [*ManifestError], for which file names the source. Directory is the name of the plugin's
// directory, which its own must match; empty does not compare.
func Decode(file, directory string, tree any) (*Manifest, error) {
	d := &decoder{}
	m := &Manifest{}
	top, ok := d.table("the definition", tree, "name", "version", "summary", "requires", "permissions", "config", "operations", "hooks", "formats")
	if ok {
		d.identity(m, top, directory)
		m.Requires = d.requires(top["requires"])
		m.Permissions = d.permissions(top["permissions"])
		m.Config = d.settings(top["config"])
		m.Operations = d.operations(top["operations"])
		m.Hooks = d.functions("hooks", top["hooks"], HookNames)
		m.Formats = d.functions("formats", top["formats"], nil)
	}
	if len(d.problems) > 0 {
		return nil, &ManifestError{file, d.problems}
	}
	return m, nil
}

// decoder collects what is wrong.
type decoder struct{ problems []Problem }

func (d *decoder) refuse(field, reason string, args ...any) {
	d.problems = append(d.problems, Problem{field, fmt.Sprintf(reason, args...)})
}

// under is the place of a field of a table.
func under(at, name string) string {
	if at == "" || at == "the definition" {
		return name
	}
	return at + "." + name
}

// table takes a table whose keys are known; nothing given is an empty one.
func (d *decoder) table(at string, v any, known ...string) (map[string]any, bool) {
	if v == nil {
		return map[string]any{}, true
	}
	t, ok := v.(map[string]any)
	if list, isList := v.([]any); isList && len(list) == 0 {
		return map[string]any{}, true
	}
	if !ok {
		d.refuse(at, "must be a table, got %s", kindOf(v))
		return nil, false
	}
	if known != nil {
		for _, name := range slices.Sorted(maps.Keys(t)) {
			if !slices.Contains(known, name) {
				d.refuse(under(at, bare(name)), "is not known%s", suggestion(name, known))
			}
		}
	}
	return t, true
}

func suggestion(name string, known []string) string {
	if near := authy.Nearest(name, known); near != "" {
		return fmt.Sprintf(", did you mean %q?", near)
	}
	return "; known are " + strings.Join(known, ", ")
}

// bare is a name as it stands in a place, where there are no quotes around it.
func bare(text string) string {
	const most = 40
	quoted := strconv.Quote(luatext.Clip(text, most))
	return quoted[1 : len(quoted)-1]
}

// kindOf names what was found where something else was wanted.
func kindOf(v any) string {
	switch v.(type) {
	case nil:
		return "nothing"
	case string:
		return "a string"
	case float64:
		return "a number"
	case bool:
		return "a boolean"
	case Function:
		return "a function"
	case []any:
		return "a list"
	case map[string]any:
		return "a table"
	}
	return "another value"
}

// text takes a string that must not be blank, if there is one.
func (d *decoder) text(at string, v any, required bool, example string) string {
	text, ok := v.(string)
	switch {
	case v == nil && required:
		d.refuse(at, "is required, as in %s", example)
	case v == nil:
	case !ok:
		d.refuse(at, "must be a string, as in %s, got %s", example, kindOf(v))
	case strings.TrimSpace(text) == "":
		d.refuse(at, "must not be blank, as in %s", example)
	case strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\u2028' || r == '\u2029' }):
		d.refuse(at, "must be one line without control characters")
	case len(text) > 500:
		d.refuse(at, "has %d bytes; at most 500 are allowed", len(text))
	default:
		return text
	}
	return ""
}

func (d *decoder) flag(at string, v any) bool {
	b, ok := v.(bool)
	if v != nil && !ok {
		d.refuse(at, "must be true or false, got %s", kindOf(v))
	}
	return b
}

// texts takes a list of strings.
func (d *decoder) texts(at string, v any) []string {
	var texts []string
	for i, item := range d.list(at, v) {
		place := fmt.Sprintf("%s[%d]", at, i+1)
		if text := d.text(place, item, true, `"a string"`); text != "" {
			if slices.Contains(texts, text) {
				d.refuse(place, "is there twice: %s", luatext.Excerpt(text))
				continue
			}
			texts = append(texts, text)
		}
	}
	return texts
}

func (d *decoder) list(at string, v any) []any {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		return v
	case map[string]any:
		if len(v) == 0 {
			return nil
		}
	}
	d.refuse(at, "must be a list in braces, got %s", kindOf(v))
	return nil
}

func (d *decoder) identity(m *Manifest, top map[string]any, directory string) {
	if m.Name = d.text("name", top["name"], true, `name = "notify"`); m.Name != "" {
		if err := CheckName(m.Name); err != nil {
			d.refuse("name", "%s", strings.TrimPrefix(err.Error(), "plugin name "))
		} else if directory != "" && directory != m.Name {
			d.refuse("name", "is %q, but the directory is called %q; give both the same name", m.Name, directory)
		}
	}
	if m.Version = d.text("version", top["version"], true, `version = "1.0.0"`); m.Version != "" && !validVersion(m.Version) {
		d.refuse("version", "must be numbers with dots, as in \"1.0.0\", got %s", luatext.Excerpt(m.Version))
	}
	m.Summary = d.text("summary", top["summary"], true, `summary = "Posts results to a chat room."`)
}

func (d *decoder) requires(v any) map[string]string {
	t, _ := d.table("requires", v)
	requires := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(t)) {
		at := under("requires", bare(name))
		if err := CheckName(name); err != nil {
			d.refuse(at, "is no name of a plugin: %v", err)
			continue
		}
		if text := d.text(at, t[name], true, `">=0.1"`); text != "" {
			if _, err := parseConstraint(text); err != nil {
				d.refuse(at, "%v", err)
			}
			requires[name] = text
		}
	}
	return requires
}

func (d *decoder) permissions(v any) Permissions {
	t, _ := d.table("permissions", v, PermissionNames...)
	var p Permissions
	for _, name := range PermissionNames {
		at := under("permissions", name)
		list := p.of(name)
		*list = d.texts(at, t[name])
		for i, grant := range *list {
			if reason := grantProblem(name, grant); reason != "" {
				d.refuse(fmt.Sprintf("%s[%d]", at, i+1), "%s", reason)
			}
		}
	}
	return p
}

// functions takes a table of functions by name; known is nil for names of any kind.
func (d *decoder) functions(at string, v any, known []string) []string {
	t, _ := d.table(at, v, known...)
	names := slices.Sorted(maps.Keys(t))
	for _, name := range names {
		place := under(at, bare(name))
		if known == nil {
			if reason := nameProblem(name, pluginName(), "lower-case letters, digits and single dashes"); reason != "" {
				d.refuse(place, "%s", reason)
			}
		}
		if _, ok := t[name].(Function); !ok {
			d.refuse(place, "must be a function, got %s", kindOf(t[name]))
		}
	}
	return names
}
