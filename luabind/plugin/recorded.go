package plugin

import (
	"errors"

	"github.com/authysh/authysh/authy"
)

// check reports a manifest from a file that [Decode] would not have made: the rest of the program relies on its rules.
func (m *Manifest) check() error {
	again, err := Decode("the manifest of "+bare(m.Name), m.Name, m.tree())
	if err == nil && !again.Equal(m) {
		err = errors.New("the manifest of " + bare(m.Name) + " is not what a plugin defines")
	}
	return err
}

// tree is a definition that Decode makes this manifest of.
func (m *Manifest) tree() map[string]any {
	permissions, requires := map[string]any{}, map[string]any{}
	for _, kind := range PermissionNames {
		permissions[kind] = items(m.Permissions.List(kind))
	}
	for name, version := range m.Requires {
		requires[name] = version
	}
	config, operations := map[string]any{}, map[string]any{}
	for _, s := range m.Config {
		config[s.Name] = map[string]any{
			"type": s.Type, "doc": s.Doc, "required": s.Required, "default": s.Default, "values": items(s.Values),
		}
	}
	for _, o := range m.Operations {
		operations[o.Name] = map[string]any{
			"doc": o.Doc, "effect": o.Effect.String(), "run": Function{},
			"params": specTrees(o.Params), "result": specTrees(o.Result),
		}
	}
	return map[string]any{
		"name": m.Name, "version": m.Version, "summary": m.Summary, "requires": requires, "permissions": permissions,
		"config": config, "operations": operations, "hooks": functions(m.Hooks), "formats": functions(m.Formats),
	}
}

func specTrees(specs []authy.Spec) []any {
	list := make([]any, len(specs))
	for i, s := range specs {
		fields := map[string]any{"name": s.Name, "type": s.Type, "doc": s.Doc}
		if s.Required {
			fields["required"] = true
		}
		if s.Values != nil {
			fields["values"] = items(s.Values)
		}
		if s.Rule != "" {
			fields["rule"] = s.Rule
		}
		list[i] = fields
	}
	return list
}

func items(texts []string) []any {
	list := make([]any, len(texts))
	for i, text := range texts {
		list[i] = text
	}
	return list
}

func functions(names []string) map[string]any {
	table := map[string]any{}
	for _, name := range names {
		table[name] = Function{}
	}
	return table
}
