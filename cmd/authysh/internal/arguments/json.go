package arguments

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// ParseJSON reads one JSON value, whose numbers keep their digits as [json.Number]. The error reads on after the name of
// what was read, and says where: "is not JSON: line 1, column 8: ...".
func ParseJSON(source []byte) (any, error) {
	decoder := json.NewDecoder(bytes.NewReader(source))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, notJSON(source, decoder.InputOffset(), err)
	}
	rest := bytes.TrimLeft(source[decoder.InputOffset():], " \t\r\n")
	if len(rest) > 0 {
		line, column := position(source, len(source)-len(rest))
		if _, number := value.(json.Number); number && '0' <= rest[0] && rest[0] <= '9' && len(rest) == len(source)-int(decoder.InputOffset()) {
			return nil, fmt.Errorf("is not JSON: line %d, column %d: a number has no leading zeros; text needs quotes", line, column-1)
		}
		return nil, fmt.Errorf("is not one JSON value: another begins at line %d, column %d", line, column)
	}
	return value, memberTwice(source)
}

// memberTwice finds a member that an object of valid JSON has twice. Decoding keeps the last of them, and the other would be
// lost without a word.
func memberTwice(source []byte) error {
	type level struct {
		names map[string]bool // of an object; nil for a list
		value bool            // what comes is a value, not a name
	}
	var levels []level
	decoder := json.NewDecoder(bytes.NewReader(source))
	decoder.UseNumber() // others may be too large
	for {
		before := decoder.InputOffset()
		token, err := decoder.Token()
		if err != nil {
			return nil // the end
		}
		if end, ok := token.(json.Delim); ok && (end == '}' || end == ']') {
			levels = levels[:len(levels)-1]
			continue
		}
		if n := len(levels); n > 0 && levels[n-1].names != nil {
			within := &levels[n-1]
			if name, ok := token.(string); ok && !within.value {
				if within.names[name] {
					line, column := position(source, len(source)-len(bytes.TrimLeft(source[before:], " \t\r\n,")))
					return fmt.Errorf("has %q twice in one object, the second at line %d, column %d", clip(name), line, column)
				}
				within.names[name], within.value = true, true
				continue
			}
			within.value = false
		}
		switch token {
		case json.Delim('{'):
			levels = append(levels, level{names: map[string]bool{}})
		case json.Delim('['):
			levels = append(levels, level{})
		}
	}
}

func notJSON(source []byte, offset int64, err error) error {
	if errors.Is(err, io.EOF) {
		return errors.New("is empty, and must be JSON")
	}
	at := int(offset)
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		at = int(syntax.Offset) - 1 // of the last byte read
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		at = len(source)
		err = errors.New("it ends too early")
	}
	line, column := position(source, at)
	return fmt.Errorf("is not JSON: line %d, column %d: %s", line, column, inCharacters(err.Error(), source, at))
}

// inCharacters names the character at fault as it is. The decoder knows bytes, and makes one of each.
func inCharacters(message string, source []byte, at int) string {
	if at < 0 || at >= len(source) || source[at] < utf8.RuneSelf {
		return message
	}
	character, _ := utf8.DecodeRune(source[at:])
	return strings.Replace(message, strconv.QuoteRune(rune(source[at])), strconv.QuoteRune(character), 1)
}

// position counts lines, and characters within one, from 1.
func position(source []byte, at int) (line, column int) {
	before := source[:min(max(at, 0), len(source))]
	start := bytes.LastIndexByte(before, '\n') + 1
	return bytes.Count(before, []byte("\n")) + 1, utf8.RuneCount(before[start:]) + 1
}

// PutJSON stores the members of a JSON object as arguments. Anything else is an error.
func (s *Set) PutJSON(source []byte) error {
	value, err := ParseJSON(source)
	if err != nil {
		return err
	}
	object, ok := value.(map[string]any)
	if !ok {
		return mistyped("an object of parameters", value)
	}
	for _, name := range sortedKeys(object) {
		if s.Has(name) {
			return fmt.Errorf("gives %s, which is given otherwise too", name)
		}
		if s.values == nil {
			s.values = members{}
		}
		s.values[name] = object[name]
	}
	return nil
}

func sortedKeys[M ~map[string]V, V any](m M) []string { return slices.Sorted(maps.Keys(m)) }
