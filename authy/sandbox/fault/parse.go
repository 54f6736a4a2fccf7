package fault

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// Parse reads a rule from one line: a target, a colon, and fields such as every=3 between commas. The colon
// may be missing when there is only one part, fields or target. A value with commas or spaces at its ends is
// written as a JSON string.
func Parse(text string) (Rule, error) {
	target, rest, found := strings.Cut(text, ":")
	if (!found || strings.Contains(target, "=")) && checkTarget(strings.TrimSpace(text)) != nil {
		target, rest = "", text
	}
	var r Rule
	target = strings.TrimSpace(target)
	if err := checkTarget(target); err != nil {
		return r, &Error{Rule: quote(withoutKey(text)), Field: "on", Reason: err.Error()}
	}
	r.On = target
	if err := r.setAll(rest); err != nil {
		err.Rule = quote(withoutKey(text))
		return r, err
	}
	return r, r.Check()
}

// ParseScenario reads what is to happen to one request: fields as in a rule, or a code alone.
func ParseScenario(text string) (Effect, error) {
	text = strings.TrimSpace(text)
	if _, err := strconv.Atoi(text); err == nil {
		text = "code=" + text
	}
	var r Rule
	if err := r.setAll(text); err != nil {
		err.Rule = quote(withoutKey(text))
		return Effect{}, err
	}
	if narrowed := r; narrowed.Effect != (Effect{}) {
		narrowed.Effect = Effect{}
		if narrowed != (Rule{}) {
			return Effect{}, &Error{Rule: quote(withoutKey(text)), Reason: "a scenario is for the one request that names it: give it effects only"}
		}
	}
	return r.Effect, r.Check()
}

// keyField is an API key in a line.
var keyField = regexp.MustCompile(`(?i)\bkey\s*=\s*("(\\.|[^"\\])*"?|[^,]*)`)

// withoutKey is a line that may be shown.
func withoutKey(text string) string { return keyField.ReplaceAllString(text, "key=***") }

func (r *Rule) setAll(text string) *Error {
	if !utf8.ValidString(text) {
		return &Error{Reason: "must be text in UTF-8: a rule is shown and kept as JSON, which has no other bytes"}
	}
	var seen []string
	set := func(name, value string) *Error {
		if slices.Contains(seen, name) {
			return &Error{Field: name, Reason: "is given twice"}
		}
		seen = append(seen, name)
		return r.set(name, value)
	}
	for text = strings.TrimSpace(text); text != ""; {
		name, rest, hasValue := strings.Cut(text, "=")
		if i := strings.IndexByte(name, ','); i >= 0 || !hasValue { // a bare word, such as drop
			name, text, _ = strings.Cut(text, ",")
			name = strings.TrimSpace(name)
			if name != "drop" && name != "off" {
				return &Error{Field: quote(name), Reason: "must have a value, such as latency=200ms" + didYouMean(name, Fields(), "")}
			}
			if err := set(name, "true"); err != nil {
				return err
			}
			text = strings.TrimSpace(text)
			continue
		}
		value, after, err := cutValue(strings.TrimSpace(rest))
		name = strings.TrimSpace(name)
		if err != nil {
			return &Error{Field: name, Reason: err.Error()}
		}
		if err := set(name, value); err != nil {
			return err
		}
		text = after
	}
	return nil
}

// cutValue takes a value off the front of a list.
func cutValue(text string) (value, rest string, err error) {
	if !strings.HasPrefix(text, `"`) {
		value, rest, _ = strings.Cut(text, ",")
		return strings.TrimSpace(value), strings.TrimSpace(rest), nil
	}
	dec := json.NewDecoder(strings.NewReader(text))
	if err := dec.Decode(&value); err != nil {
		return "", "", errors.New("its quoted value is not a JSON string")
	}
	rest = strings.TrimSpace(text[dec.InputOffset():])
	if rest != "" && rest[0] != ',' {
		return "", "", errors.New("a comma must follow its quoted value")
	}
	return value, strings.TrimSpace(strings.TrimPrefix(rest, ",")), nil
}

// ParseYAML reads a list of rules, each an object of fields or a text for [Parse]. JSON is YAML, too.
func ParseYAML(text []byte) ([]Rule, error) {
	dec := yaml.NewDecoder(bytes.NewReader(text))
	var doc yaml.Node
	if err := dec.Decode(&doc); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, nil
		}
		return nil, fmt.Errorf("faults: %s", strings.TrimPrefix(err.Error(), "yaml: "))
	}
	list := doc.Content[0]
	if list.Kind == yaml.MappingNode && len(list.Content) == 2 && list.Content[0].Value == "faults" {
		list = list.Content[1]
	}
	if list.Kind != yaml.SequenceNode {
		return nil, &Error{Line: list.Line, Reason: "the file must be a list of rules"}
	}
	rules := make([]Rule, len(list.Content))
	for i, node := range list.Content {
		r, err := fromNode(node)
		if bad, ok := errors.AsType[*Error](err); ok {
			if bad.Line == 0 {
				bad.Line = node.Line
			}
			bad.Rule = strings.TrimSpace(strconv.Itoa(i+1) + " " + bad.Rule)
		}
		if err != nil {
			return nil, err
		}
		rules[i] = r
	}
	return rules, nil
}

func fromNode(node *yaml.Node) (Rule, error) {
	var r Rule
	switch node.Kind {
	case yaml.ScalarNode:
		return Parse(node.Value)
	case yaml.MappingNode:
	default:
		return r, &Error{Reason: "must be an object or a text"}
	}
	var seen []string
	for i := 0; i+1 < len(node.Content); i += 2 {
		name, value := node.Content[i], node.Content[i+1]
		if slices.Contains(seen, name.Value) {
			return r, &Error{Line: name.Line, Field: name.Value, Reason: "is given twice"}
		}
		seen = append(seen, name.Value)
		if value.Kind != yaml.ScalarNode {
			return r, &Error{Line: value.Line, Field: name.Value, Reason: "must be a plain value"}
		}
		if value.Tag == "!!null" {
			continue
		}
		if bad := r.set(name.Value, value.Value); bad != nil {
			bad.Line = name.Line
			return r, bad
		}
	}
	return r, r.Check()
}

// UnmarshalJSON reads a rule from an object of fields or from a text for [Parse].
func (r *Rule) UnmarshalJSON(text []byte) error {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return err
	}
	if line, ok := v.(string); ok {
		parsed, err := Parse(line)
		*r = parsed
		return err
	}
	fields, ok := v.(map[string]any)
	if !ok {
		return &Error{Reason: "must be an object or a text"}
	}
	parsed, err := FromFields(fields)
	*r = parsed
	return err
}

// FromFields makes a rule of decoded JSON; values are texts, numbers and booleans.
func FromFields(fields map[string]any) (Rule, error) {
	var r Rule
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		var text string
		switch v := fields[name].(type) {
		case nil:
			continue
		case string:
			text = v
		case json.Number:
			text = v.String()
		case bool:
			text = strconv.FormatBool(v)
		default:
			return r, &Error{Field: quote(name), Reason: "must be a text, a number or a boolean"}
		}
		if bad := r.set(name, text); bad != nil {
			return r, bad
		}
	}
	return r, r.Check()
}
