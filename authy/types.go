package authy

import (
	"bytes"
	"encoding/json"
	"strconv"
)

// ID is an identifier that the wire carries as a number or as a string.
//
// It holds the digits as text, so that no id loses its last ones to a float64. Authy ids are digits;
// device and customer ids were UUIDs until 2016 and are integers since. The zero value is "no id".
type ID string

// IntID is the ID of a numeric identifier.
func IntID(n int64) ID { return ID(strconv.FormatInt(n, 10)) }

// IsNumeric reports whether the id is a positive whole number in decimal digits.
func (id ID) IsNumeric() bool {
	for i := range len(id) {
		if id[i] < '0' || id[i] > '9' {
			return false
		}
	}
	return id != "" && id[0] != '0'
}

// MarshalJSON writes a numeric id as a JSON number and any other as a string; no id is null.
func (id ID) MarshalJSON() ([]byte, error) {
	switch {
	case id == "":
		return []byte("null"), nil
	case id.IsNumeric() || id == "0":
		return []byte(id), nil
	}
	return json.Marshal(string(id))
}

// UnmarshalJSON accepts a number, a string or null; any other JSON value is taken as no id.
func (id *ID) UnmarshalJSON(data []byte) error {
	*id = ID(scalarText(data))
	return nil
}

// Bool is a boolean that old servers and proxies also send as "true", "false", 1 or 0.
//
// Any other value, null included, counts as false: what is not plainly true must not pass for it.
type Bool bool

// UnmarshalJSON accepts true, "true", 1 and "1" as true.
func (b *Bool) UnmarshalJSON(data []byte) error {
	text := scalarText(data)
	*b = text == "true" || text == "1"
	return nil
}

// Int is a whole number that the wire carries as a number or as a string of digits.
type Int int64

// UnmarshalJSON accepts an integer or a string holding one; any other value counts as zero.
func (n *Int) UnmarshalJSON(data []byte) error {
	*n = 0
	if text := scalarText(data); text != "" {
		if v, err := strconv.ParseInt(text, 10, 64); err == nil {
			*n = Int(v)
		}
	}
	return nil
}

// Object is a JSON object whose numbers keep their digits, as [json.Number].
type Object map[string]any

// UnmarshalJSON accepts an object; null, an empty list or any other value leaves it empty,
// because Authy writes an empty object as {}, [] or null.
func (o *Object) UnmarshalJSON(data []byte) error {
	*o = nil
	if len(data) == 0 || data[0] != '{' {
		return nil
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	return decoder.Decode((*map[string]any)(o))
}

// scalarText is the text of a JSON number, boolean or string; empty for null, objects and lists.
func scalarText(data []byte) string {
	switch {
	case len(data) == 0:
		return ""
	case data[0] == '"':
		var text string
		if json.Unmarshal(data, &text) != nil {
			return ""
		}
		return text
	case data[0] == '{' || data[0] == '[' || data[0] == 'n':
		return ""
	}
	return string(data)
}
