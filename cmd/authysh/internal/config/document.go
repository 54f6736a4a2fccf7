package config

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Document is a configuration file while it is being edited.
//
// Each edit is made twice: in the tree of the YAML, and in the text, where nothing else moves. The text counts if it
// reads as the tree does; else, as with values over several lines, the tree is written anew. That keeps comments, order
// and anchors, too, but not blank lines.
type Document struct {
	files *Files
	file  *File // for its path in complaints
	text  []byte
	tree  *yaml.Node // nil for a text without any value
}

// Document makes a document of a text, which may be empty. The path is for complaints.
func (f *Files) Document(path string, text []byte) (*Document, error) {
	d := &Document{files: f, file: f.empty(path)}
	return d, d.load(text)
}

// Text is the file as the edits have left it.
func (d *Document) Text() []byte { return d.text }

func (d *Document) load(text []byte) (err error) {
	d.text = text
	d.tree, err = d.file.decode(text)
	return err
}

// root is the outermost mapping; nil for an empty file.
func (d *Document) root() *yaml.Node {
	if d.tree == nil {
		return nil
	}
	return d.tree.Content[0]
}

// set gives the key at the end of a path a value. What is missing on the way there is made.
func (d *Document) set(keys []string, value *yaml.Node) error {
	if d.tree == nil {
		d.tree = &yaml.Node{Kind: yaml.DocumentNode, Content: []*yaml.Node{{Kind: yaml.ScalarNode, Tag: "!!null"}}}
	}
	var key *yaml.Node // of the mapping
	mapping := d.root()
	moved := false // what follows has no place in the text
	for i, name := range keys {
		if isNull(mapping) {
			splice := d.insertion(key, mapping, keys[i:], value)
			become(mapping, nested(keys[i:], value))
			return d.apply(splice)
		}
		if mapping.Kind == yaml.AliasNode {
			overlay(mapping)
			moved = true
		}
		if mapping.Kind != yaml.MappingNode {
			return &Error{Message: fmt.Sprintf("%s: %s must hold keys and values, got %s", d.file.at(mapping), strings.Join(keys[:i], "."), describe(mapping))}
		}
		at := indexOf(mapping, name)
		if at < 0 {
			var splice *splice
			if !moved {
				splice = d.insertion(key, mapping, keys[i:], value)
			}
			add := nested(keys[i:], value).Content
			mapping.Content = slices.Insert(mapping.Content, placeFor(mapping, name), add...)
			return d.apply(splice)
		}
		key, mapping = mapping.Content[at], mapping.Content[at+1]
	}
	splice := d.replacement(mapping, value)
	become(mapping, value)
	return d.apply(splice)
}

// unset removes the key at the end of a path; false if it is not there.
func (d *Document) unset(keys []string) (bool, error) {
	mapping := d.root()
	for i, name := range keys {
		if mapping == nil || mapping.Kind != yaml.MappingNode {
			return false, nil
		}
		at := indexOf(mapping, name)
		if at < 0 {
			return false, nil
		}
		if i < len(keys)-1 {
			mapping = mapping.Content[at+1]
			continue
		}
		key, value := mapping.Content[at], mapping.Content[at+1]
		if alias := d.referredTo(value); alias != nil {
			return false, &Error{
				Message: fmt.Sprintf("%s: %s cannot be removed, as line %d refers to it with *%s", d.file.at(key), strings.Join(keys, "."), alias.Line, alias.Value),
				Hint:    "change that line first",
			}
		}
		splice := d.removal(key, value)
		if mapping.Content = slices.Delete(mapping.Content, at, at+2); len(mapping.Content) == 0 {
			*mapping = yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Anchor: mapping.Anchor, Line: mapping.Line, Column: mapping.Column}
		}
		return true, d.apply(splice)
	}
	return false, nil
}

// apply makes the edit in the text, if that comes to what the tree says, or else writes the tree.
func (d *Document) apply(edit *splice) error {
	if edit != nil {
		text := slices.Concat(d.text[:edit.from], []byte(edit.text), d.text[edit.to:])
		if tree, err := d.file.decode(text); err == nil && sameDocument(tree, d.tree) {
			d.text, d.tree = text, tree
			return nil
		}
	}
	if len(bytes.TrimSpace(d.text)) > 0 && d.commentsOnly() {
		return &Error{Message: "cannot add to " + d.file.Path + ", as it has an unusual form", Hint: "edit it by hand"}
	}
	var b bytes.Buffer
	encoder := yaml.NewEncoder(&b)
	encoder.SetIndent(2)
	if err := encoder.Encode(d.tree); err != nil {
		return fmt.Errorf("cannot write the configuration: %w", err)
	}
	return d.load(b.Bytes())
}

// commentsOnly reports whether the text has comments but no value, so that the tree lacks them.
func (d *Document) commentsOnly() bool {
	tree, err := d.file.decode(d.text)
	return err == nil && (tree == nil || isNull(tree.Content[0]))
}

// referredTo finds an alias, elsewhere in the file, for something in the node.
func (d *Document) referredTo(node *yaml.Node) (alias *yaml.Node) {
	inside := map[*yaml.Node]bool{}
	visit(node, func(n *yaml.Node) { inside[n] = true })
	visit(d.root(), func(n *yaml.Node) {
		if n.Kind == yaml.AliasNode && inside[n.Alias] && !inside[n] {
			alias = n
		}
	})
	return alias
}

// visit calls f for the node and all below it, but does not follow aliases.
func visit(node *yaml.Node, f func(*yaml.Node)) {
	f(node)
	for _, child := range node.Content {
		visit(child, f)
	}
}

func isNull(node *yaml.Node) bool {
	return node.Kind == yaml.ScalarNode && node.ShortTag() == "!!null"
}

// indexOf finds a key that the mapping has itself; -1 for none.
func indexOf(mapping *yaml.Node, name string) int {
	for i := 0; i < len(mapping.Content); i += 2 {
		if key := mapping.Content[i]; key.Kind == yaml.ScalarNode && key.Tag != "!!merge" && key.Value == name {
			return i
		}
	}
	return -1
}

// placeFor is where a new key goes: behind the others, but settings in front of the profiles if some are there already.
func placeFor(mapping *yaml.Node, name string) int {
	at := indexOf(mapping, ProfilesKey)
	if _, setting := Named(name); !setting || at <= 0 || at+2 < len(mapping.Content) {
		return len(mapping.Content)
	}
	return at
}

// nested is the mapping that holds the value at the end of a path.
func nested(keys []string, value *yaml.Node) *yaml.Node {
	for _, name := range slices.Backward(keys) {
		key := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: name}
		value = &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Content: []*yaml.Node{key, value}}
	}
	return value
}

// become gives a node another value. Its anchor and comments stay.
func become(node, value *yaml.Node) {
	node.Kind, node.Tag, node.Value, node.Style = value.Kind, value.Tag, value.Value, value.Style
	node.Content, node.Alias = value.Content, nil
}

// overlay makes an alias for a mapping a mapping that merges it, so that it can have keys of its own.
func overlay(node *yaml.Node) {
	merge := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!merge", Value: "<<"}
	alias := &yaml.Node{Kind: yaml.AliasNode, Value: node.Value, Alias: node.Alias}
	become(node, &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Content: []*yaml.Node{merge, alias}})
}

// sameDocument reports whether two trees say the same in the same order. Comments and styles do not matter.
func sameDocument(a, b *yaml.Node) bool {
	if a == nil || b == nil {
		left := a
		if left == nil {
			left = b
		}
		return left == nil || left.Kind == yaml.DocumentNode && isNull(left.Content[0])
	}
	if a.Kind != b.Kind || a.Value != b.Value || a.Anchor != b.Anchor || len(a.Content) != len(b.Content) {
		return false
	}
	if a.Kind == yaml.ScalarNode && a.ShortTag() != b.ShortTag() {
		return false
	}
	for i := range a.Content {
		if !sameDocument(a.Content[i], b.Content[i]) {
			return false
		}
	}
	return true
}
