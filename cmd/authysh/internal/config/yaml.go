package config

import (
	"errors"
	"fmt"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/authysh/authysh/cmd/authysh/internal/wording"
)

// entry is a key and its value in a YAML mapping.
type entry struct{ key, value *yaml.Node }

// name is the whole name of the key.
func (e entry) name(profile string) string {
	if profile == "" {
		return e.key.Value
	}
	return ProfilesKey + "." + profile + "." + e.key.Value
}

// entries lists a mapping, with what merge keys (<<) bring in unless the mapping has the key itself.
func (c *File) entries(node *yaml.Node, what string) ([]entry, error) {
	return c.collect(node, what, true)
}

// collect is entries; a mapping that was merged into another cannot merge further ones, so that there are no cycles.
func (c *File) collect(node *yaml.Node, what string, mayMerge bool) ([]entry, error) {
	node = target(node)
	if node.Kind == yaml.ScalarNode && node.Tag == "!!null" {
		return nil, nil
	}
	if node.Kind != yaml.MappingNode {
		return nil, &Error{Message: fmt.Sprintf("%s: %s must hold keys and values, as in \"timeout: 5s\", got %s", c.at(node), what, describe(node))}
	}
	var merged, own []entry
	for i := 0; i < len(node.Content); i += 2 {
		e := entry{node.Content[i], node.Content[i+1]}
		switch {
		case e.key.Tag == "!!merge" && !mayMerge:
			return nil, &Error{Message: c.at(e.key) + ": what is merged with << cannot merge further keys itself"}
		case e.key.Tag == "!!merge":
			inherited, err := c.inherited(e.value, what)
			if err != nil {
				return nil, err
			}
			merged = append(merged, inherited...)
		case e.key.Kind != yaml.ScalarNode:
			return nil, &Error{Message: c.at(e.key) + ": a key must be a plain name"}
		default:
			if first := find(own, e.key.Value); first >= 0 {
				return nil, &Error{Message: fmt.Sprintf("%s: key %q is there already, in line %d", c.at(e.key), wording.Clip(e.key.Value), own[first].key.Line)}
			}
			own = append(own, e)
		}
	}
	for _, e := range merged {
		if find(own, e.key.Value) < 0 {
			own = append(own, e)
		}
	}
	return own, nil
}

// inherited lists what a merge key brings in: a mapping, or a list of which the first ones win.
func (c *File) inherited(node *yaml.Node, what string) ([]entry, error) {
	node = target(node)
	if node.Kind != yaml.SequenceNode {
		return c.collect(node, what, false)
	}
	var all []entry
	for _, element := range node.Content {
		some, err := c.collect(element, what, false)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, nil
}

func find(entries []entry, key string) int {
	return slices.IndexFunc(entries, func(e entry) bool { return e.key.Value == key })
}

// target follows an alias.
func target(node *yaml.Node) *yaml.Node {
	for node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	return node
}

// fromYAML reads the value of a setting. The error reads on after the setting's name, and shows no secret.
func (s *Setting) fromYAML(node *yaml.Node) (any, error) {
	node = target(node)
	tag := node.ShortTag()
	switch {
	case node.Kind != yaml.ScalarNode:
		return nil, fmt.Errorf("must be %s, got %s", s.Kind, describe(node))
	case tag == "!!null":
		return nil, errors.New("has no value; give one or remove the line")
	case !s.Kind.takes(tag):
		return nil, fmt.Errorf("must be %s, got %s", s.Kind, s.quote(node))
	}
	return s.Parse(node.Value)
}

func (s *Setting) quote(node *yaml.Node) string {
	if s.Secret {
		return describe(node)
	}
	return describe(node) + " " + fmt.Sprintf("%q", wording.Clip(node.Value))
}

// takes reports whether a value of this YAML type can be of the kind. Text may look like a number, as a key of digits.
func (k Kind) takes(tag string) bool {
	switch k {
	case Toggle:
		return tag == "!!bool"
	case Count:
		return tag == "!!int"
	case Rate, Duration:
		return tag == "!!int" || tag == "!!float" || k == Duration && tag == "!!str"
	}
	return tag != "!!bool"
}

// String is the rule for values of the kind.
func (k Kind) String() string {
	switch k {
	case Duration:
		return `a length of time such as "5s", or a number of milliseconds`
	case Count:
		return "a whole number"
	case Rate:
		return "a number"
	case Toggle:
		return "true or false"
	case Path:
		return "the path of a file"
	}
	return "text"
}

// describe names the type of a YAML value.
func describe(node *yaml.Node) string {
	switch node.Kind {
	case yaml.MappingNode:
		return "keys and values"
	case yaml.SequenceNode:
		return "a list"
	}
	switch node.ShortTag() {
	case "!!bool":
		return "the boolean"
	case "!!int", "!!float":
		return "the number"
	case "!!null":
		return "nothing"
	}
	return "the text"
}
