package present

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

func encodeYAML(tree any) ([]byte, error) {
	encoded, err := yaml.Marshal(yamlNode(tree, 0))
	if err != nil {
		return nil, fmt.Errorf("cannot show the result as YAML: %w", err)
	}
	if !strings.ContainsFunc(string(encoded), func(r rune) bool { return r != '\n' && steers(r) }) {
		return encoded, nil
	}
	return escapeSteering(encoded), nil // within double quotes, where YAML has the escapes of JSON
}

// yamlNode is a tree as the library has it. What is deep in the tree stands on one line, as a small answer can be nested
// ten thousand deep.
func yamlNode(tree any, depth int) *yaml.Node {
	const deepest = 30
	switch v := tree.(type) {
	case object:
		node := &yaml.Node{Kind: yaml.MappingNode}
		for _, m := range v {
			node.Content = append(node.Content, yamlText(m.name), yamlNode(m.value, depth+1))
		}
		if len(v) == 0 || depth >= deepest {
			node.Style = yaml.FlowStyle
		}
		return node
	case []any:
		node := &yaml.Node{Kind: yaml.SequenceNode}
		for _, item := range v {
			node.Content = append(node.Content, yamlNode(item, depth+1))
		}
		if len(v) == 0 || depth >= deepest {
			node.Style = yaml.FlowStyle
		}
		return node
	case string:
		return yamlText(v)
	case json.Number:
		return &yaml.Node{Kind: yaml.ScalarNode, Value: string(v)}
	}
	return &yaml.Node{Kind: yaml.ScalarNode, Value: string(appendJSON(nil, tree))} // null, true, false
}

// yamlText quotes what any reader of YAML, old ones too, could take for something else than text. The library sees to
// the rest.
func yamlText(text string) *yaml.Node {
	node := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text}
	words := []string{"", "~", "null", "true", "false", "yes", "no", "on", "off", "y", "n"}
	first, _ := utf8.DecodeRuneInString(text)
	switch {
	case strings.ContainsFunc(text, func(r rune) bool { return r != '\n' && steers(r) }),
		slices.Contains(words, strings.ToLower(text)),
		!strings.Contains(text, "\n") && strings.ContainsRune("0123456789+-.", first):
		node.Style = yaml.DoubleQuotedStyle
	}
	return node
}
