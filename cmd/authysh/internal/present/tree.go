package present

import (
	"bytes"
	"encoding/json"
	"fmt"
	"unicode/utf8"
)

// A tree is a JSON value that keeps the order of members and the digits of numbers: nil, a bool, a json.Number, a string,
// a []any of trees, or an object.

// object is a JSON object with its members in order.
type object []member

type member struct {
	name  string
	value any
}

// composite reports whether a tree has branches.
func composite(value any) bool {
	switch value.(type) {
	case object, []any:
		return true
	}
	return false
}

// encode writes a value as one line of JSON.
func encode(value any) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, fmt.Errorf("cannot show the result as JSON: %w", err)
	}
	return escapeSteering(b.Bytes()), nil
}

// treeOf makes a tree of any value that has a JSON form.
func treeOf(value any) (any, error) {
	line, err := encode(value)
	if err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.UseNumber()
	return readTree(decoder)
}

func readTree(d *json.Decoder) (any, error) {
	token, err := d.Token()
	if err != nil {
		return nil, fmt.Errorf("cannot show the result: %w", err)
	}
	switch token {
	case json.Delim('['):
		list := []any{}
		for d.More() {
			item, err := readTree(d)
			if err != nil {
				return nil, err
			}
			list = append(list, item)
		}
		_, err = d.Token()
		return list, err
	case json.Delim('{'):
		o := object{}
		for d.More() {
			name, err := d.Token()
			if err != nil {
				return nil, err
			}
			value, err := readTree(d)
			if err != nil {
				return nil, err
			}
			o = append(o, member{name.(string), value})
		}
		_, err = d.Token()
		return o, err
	}
	return token, nil
}

// appendJSON writes a tree without spaces.
func appendJSON(b []byte, value any) []byte {
	switch v := value.(type) {
	case nil:
		return append(b, "null"...)
	case bool:
		return fmt.Append(b, v)
	case json.Number:
		return append(b, v...)
	case string:
		return appendText(b, v)
	case []any:
		b = append(b, '[')
		for i, item := range v {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendJSON(b, item)
		}
		return append(b, ']')
	case object:
		b = append(b, '{')
		for i, m := range v {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(appendText(b, m.name), ':')
			b = appendJSON(b, m.value)
		}
		return append(b, '}')
	}
	panic(fmt.Sprintf("present: a tree with a %T", value))
}

func appendText(b []byte, text string) []byte {
	quoted, _ := encode(text) // text always has a JSON form
	return append(b, bytes.TrimSuffix(quoted, []byte("\n"))...)
}

// escapeSteering writes what a terminal would obey as an escape of JSON. encoding/json does so with ASCII only.
func escapeSteering(line []byte) []byte {
	plain := true
	for i := 0; i < len(line) && plain; i++ {
		plain = line[i] < utf8.RuneSelf && line[i] != 0x7f
	}
	if plain {
		return line
	}
	escaped := make([]byte, 0, len(line))
	for len(line) > 0 {
		r, size := utf8.DecodeRune(line)
		switch {
		case r == utf8.RuneError: // also what is no UTF-8, as an answer may have it
			escaped = utf8.AppendRune(escaped, r)
		case r != '\n' && steers(r):
			escaped = fmt.Appendf(escaped, `\u%04x`, r)
		default:
			escaped = append(escaped, line[:size]...)
		}
		line = line[size:]
	}
	return escaped
}
