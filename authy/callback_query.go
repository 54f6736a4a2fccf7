package authy

import (
	"net/url"
	"strings"
)

// callbackQuery rebuilds the fields that a GET callback carries in its query: the tree of a POST body,
// flattened with brackets, all values text.
//
// It is called on a query whose signature is right. Keys whose brackets do not pair up stay as they are, and
// of two values for one place the last counts: the callback is authentic, so reading it errs towards leniency.
func callbackQuery(query string) (map[string]any, error) {
	fields := map[string]any{}
	for part := range strings.SplitSeq(query, "&") {
		if part == "" {
			continue
		}
		rawKey, rawValue, _ := strings.Cut(part, "=")
		key, err := url.QueryUnescape(rawKey)
		if err != nil {
			return nil, badCallback("the query holds a broken escape in the name " + quote(rawKey))
		}
		value, err := url.QueryUnescape(rawValue)
		if err != nil {
			return nil, badCallback("the query holds a broken escape in the value of " + quote(key))
		}
		path, err := bracketPath(key)
		if err != nil {
			return nil, err
		}
		fields[path[0]] = placeValue(fields[path[0]], path[1:], value)
	}
	return fields, nil
}

// bracketPath splits "a[b][]" into "a", "b", "". A name may itself hold paired brackets, as details do that
// users name: "details[a[b]]" is "details", "a[b]".
func bracketPath(key string) ([]string, error) {
	open := strings.IndexByte(key, '[')
	if open <= 0 || key[len(key)-1] != ']' {
		return []string{key}, nil
	}
	path := []string{key[:open]}
	depth, start := 0, 0
	for i := open; i < len(key); i++ {
		switch key[i] {
		case '[':
			if depth++; depth == 1 {
				start = i + 1
			}
		case ']':
			if depth--; depth == 0 {
				path = append(path, key[start:i])
			}
		default:
			if depth == 0 {
				return []string{key}, nil
			}
		}
		if depth < 0 {
			return []string{key}, nil
		}
	}
	if depth != 0 {
		return []string{key}, nil
	}
	if len(path) > maxCallbackDepth {
		return nil, tooDeep()
	}
	return path, nil
}

// placeValue puts value at path below node and returns the node to keep in its place.
//
// Elements of a list of objects have no index. As Rack does it, a pair that the last element already has
// begins the next one.
func placeValue(node any, path []string, value string) any {
	if len(path) == 0 {
		return value
	}
	if path[0] != "" {
		fields, ok := node.(map[string]any)
		if !ok {
			fields = map[string]any{}
		}
		fields[path[0]] = placeValue(fields[path[0]], path[1:], value)
		return fields
	}
	list, _ := node.([]any)
	if last := len(list) - 1; last >= 0 && len(path) > 1 && path[1] != "" {
		if element, ok := list[last].(map[string]any); ok && !holds(element, path[1:]) {
			placeValue(element, path[1:], value)
			return list
		}
	}
	return append(list, placeValue(nil, path[1:], value))
}

// holds reports whether something is already at path, other than a list that can take one more.
func holds(fields map[string]any, path []string) bool {
	node, found := fields[path[0]]
	if !found || len(path) == 1 {
		return found
	}
	if inner, ok := node.(map[string]any); ok && path[1] != "" {
		return holds(inner, path[1:])
	}
	return false
}
