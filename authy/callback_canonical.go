package authy

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"math"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"sync"
)

// Limits on what an unauthenticated sender can make the verifier do: flattening repeats the path of each
// value, so a body of allowed size could otherwise grow to gigabytes before its signature is checked.
const (
	maxCallbackDepth  = 64
	maxCallbackValues = 1 << 20
	maxCallbackParams = 8 << 20
)

// canonicalizer flattens a decoded body into the parameter string that Authy signs.
//
// The form is that of Rails' Hash#to_query, which Authy's service is built on: parent[key]=value pairs,
// parent[] for array elements, sorted at each object level by the bytes of the encoded text. Everything is
// appended to one reused buffer, as verification sits in the path of every incoming request.
type canonicalizer struct {
	out   []byte  // what was written so far
	path  []byte  // encoded key path of the value at hand
	parts []pairs // parameters of the object levels that are open
	spare []byte  // room to reorder out in
	count int     // values seen
}

// pairs is the text that one key of an object gave rise to: out[start:end].
type pairs struct {
	head       uint64 // the first bytes after what all keys of the level share, for quick comparison
	start, end int
}

var canonicalizers = sync.Pool{New: func() any { return new(canonicalizer) }}

// release gives c back for reuse; what it wrote must not be used any more.
func (c *canonicalizer) release() {
	const keep = 64 << 10
	if cap(c.out) > keep || cap(c.path) > keep || cap(c.parts) > keep/8 {
		return
	}
	c.out, c.path, c.parts, c.count = c.out[:0], c.path[:0], c.parts[:0], 0
	canonicalizers.Put(c)
}

// canonicalParams is the parameter string of one decoded body.
func canonicalParams(fields map[string]any) (string, error) {
	c := canonicalizers.Get().(*canonicalizer)
	defer c.release()
	if err := c.object(fields, 1); err != nil {
		return "", err
	}
	return string(c.out), nil
}

func (c *canonicalizer) object(fields map[string]any, depth int) error {
	if depth > maxCallbackDepth {
		return tooDeep()
	}
	base, outer, first := len(c.out), len(c.path), len(c.parts)
	shared := 0 // all keys of a level begin with parent%5B
	if depth > 1 {
		shared = outer + len("%5B")
	}
	for key, value := range fields {
		c.path = c.path[:outer]
		if depth == 1 {
			c.path = appendEscaped(c.path, key)
		} else {
			c.path = append(c.path, "%5B"...)
			c.path = appendEscaped(c.path, key)
			c.path = append(c.path, "%5D"...)
		}
		start := len(c.out)
		if err := c.value(value, depth); err != nil {
			return err
		}
		if end := len(c.out); end > start { // empty objects and arrays leave no trace
			c.parts = append(c.parts, pairs{head(c.out[start+shared : end]), start, end})
			c.out = append(c.out, '&')
		}
	}
	c.path = c.path[:outer]
	c.order(first, base, shared)
	return nil
}

// order sorts the pairs written since base, which each end in &, and drops the last &.
func (c *canonicalizer) order(first, base, shared int) {
	level := c.parts[first:]
	c.parts = c.parts[:first]
	if len(level) == 0 {
		return
	}
	if len(level) > 1 {
		text := c.out
		slices.SortFunc(level, func(a, b pairs) int {
			if a.head != b.head {
				return cmp.Compare(a.head, b.head)
			}
			return bytes.Compare(text[a.start+shared:a.end], text[b.start+shared:b.end])
		})
		c.spare = c.spare[:0]
		for _, p := range level {
			c.spare = append(c.spare, text[p.start:p.end+1]...)
		}
		copy(c.out[base:], c.spare)
	}
	c.out = c.out[:len(c.out)-1]
}

// head packs the first eight bytes so that integer order is byte order; the text holds no zero bytes.
func head(text []byte) uint64 {
	if len(text) >= 8 {
		return binary.BigEndian.Uint64(text)
	}
	var short [8]byte
	copy(short[:], text)
	return binary.BigEndian.Uint64(short[:])
}

func (c *canonicalizer) array(elements []any, depth int) error {
	if depth > maxCallbackDepth {
		return tooDeep()
	}
	outer, base := len(c.path), len(c.out)
	for _, element := range elements {
		c.path = append(c.path[:outer], "%5B%5D"...)
		before := len(c.out)
		if before > base {
			c.out = append(c.out, '&')
		}
		start := len(c.out)
		if err := c.value(element, depth); err != nil {
			return err
		}
		if len(c.out) == start {
			c.out = c.out[:before]
		}
	}
	c.path = c.path[:outer]
	return nil
}

func (c *canonicalizer) value(value any, depth int) error {
	if c.count++; c.count > maxCallbackValues {
		return badCallback("the body holds more than " + strconv.Itoa(maxCallbackValues) + " values")
	}
	switch v := value.(type) {
	case map[string]any:
		return c.object(v, depth+1)
	case []any:
		return c.array(v, depth+1)
	}
	c.out = append(c.out, c.path...)
	c.out = append(c.out, '=')
	var ok bool
	if c.out, ok = appendScalar(c.out, value); !ok {
		c.out = c.out[:len(c.out)-len(c.path)-1]
		plain, known := plainValue(value)
		if !known {
			return c.unfit(value)
		}
		return c.value(plain, depth)
	}
	if len(c.out) > maxCallbackParams {
		return badCallback("the body unfolds to more than " + strconv.Itoa(maxCallbackParams>>20) + " MiB of parameters")
	}
	return nil
}

// unfit names the value that has no place in a JSON body.
func (c *canonicalizer) unfit(value any) error {
	path, err := url.QueryUnescape(string(c.path))
	if err != nil {
		path = string(c.path)
	}
	what := "a value of type " + reflect.TypeOf(value).String()
	if f, ok := value.(float64); ok {
		what = strconv.FormatFloat(f, 'g', -1, 64)
	}
	return badCallback("field " + quote(path) + " holds " + what + ", which JSON cannot carry")
}

func tooDeep() error {
	return badCallback("the body nests deeper than " + strconv.Itoa(maxCallbackDepth) + " levels")
}

// appendScalar writes one value in its escaped text form; ok is false for anything but a scalar of a basic type.
//
// A whole float64 is written as an integer: that is how decoders without integers, JavaScript's and Lua's
// among them, hand on what was an integer in the JSON text.
func appendScalar(dst []byte, value any) (_ []byte, ok bool) {
	switch v := value.(type) {
	case string:
		return appendEscaped(dst, v), true
	case json.Number:
		return appendEscaped(dst, string(v)), true
	case nil:
		return dst, true
	case bool:
		return strconv.AppendBool(dst, v), true
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return dst, false
		}
		if v == 0 {
			return append(dst, '0'), true // not -0
		}
		return strconv.AppendFloat(dst, v, 'f', -1, 64), true
	case int:
		return strconv.AppendInt(dst, int64(v), 10), true
	case int64:
		return strconv.AppendInt(dst, v, 10), true
	case uint64:
		return strconv.AppendUint(dst, v, 10), true
	}
	return dst, false
}

// plainValue turns a value of another Go type into its counterpart among those that encoding/json decodes to,
// one level deep; ok is false when there is none.
func plainValue(value any) (_ any, ok bool) {
	v := reflect.ValueOf(value)
	switch kind := v.Kind(); {
	case kind == reflect.String:
		return v.String(), true
	case kind == reflect.Bool:
		return v.Bool(), true
	case v.CanInt():
		return v.Int(), true
	case v.CanUint():
		return v.Uint(), true
	case v.Type() == reflect.TypeFor[float64]():
		return nil, false // not a number, or infinite
	case kind == reflect.Float32:
		// Through text, so that 0.1 does not become 0.10000000149011612.
		f, err := strconv.ParseFloat(strconv.FormatFloat(v.Float(), 'g', -1, 32), 64)
		return f, err == nil
	case kind == reflect.Float64:
		return v.Float(), true
	case kind == reflect.Pointer:
		if v.IsNil() {
			return nil, true
		}
		return v.Elem().Interface(), true
	case kind == reflect.Map && v.Type().Key().Kind() == reflect.String:
		fields := make(map[string]any, v.Len())
		for key, element := range v.Seq2() {
			fields[key.String()] = element.Interface()
		}
		return fields, true
	case kind == reflect.Slice && v.Type().Elem().Kind() != reflect.Uint8, kind == reflect.Array:
		elements := make([]any, v.Len())
		for i := range elements {
			elements[i] = v.Index(i).Interface()
		}
		return elements, true
	}
	return nil, false
}

// unreserved holds the bytes that stay as they are.
var unreserved = func() (table [256]bool) {
	for _, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~") {
		table[c] = true
	}
	return table
}()

// appendEscaped writes s as url.QueryEscape does, into a buffer instead of a new string.
func appendEscaped(dst []byte, s string) []byte {
	const hex = "0123456789ABCDEF"
	start := 0
	for i := range len(s) {
		c := s[i]
		if unreserved[c] {
			continue
		}
		dst = append(dst, s[start:i]...)
		if c == ' ' {
			dst = append(dst, '+')
		} else {
			dst = append(dst, '%', hex[c>>4], hex[c&15])
		}
		start = i + 1
	}
	return append(dst, s[start:]...)
}
