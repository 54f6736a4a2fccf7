package sandbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// params are the parameters of one request, whichever way they travelled.
//
// Values are string, json.Number, bool, nil, map[string]any and []any. A JSON null, an empty object and an
// empty list count as absent, as some clients send them for options that were not given.
type params map[string]any

// maxDepth bounds the nesting of parameters, far beyond what any client sends.
const maxDepth = 32

var errTooDeep = errors.New("parameters are nested too deeply")

// readParams merges query string, form body and JSON body, in this order, whatever the method.
//
// Authy's clients send forms and JSON on GET, and put everything into the query string on POST; some
// label the body wrongly. So the body's own look decides what it is. What could be read is returned even
// with an error, which is the first, because the key that decides whether the caller may see the error can be
// among it.
func readParams(r *http.Request, limit int) (params, error) {
	p := params{}
	bad := p.addForm(r.URL.RawQuery)
	if r.Body == nil || r.Body == http.NoBody {
		return p, bad
	}
	body, err := readBody(r, limit)
	if err == nil {
		err = p.addBody(body, r.Header.Get("Content-Type"))
	}
	if bad == nil {
		bad = err
	}
	return p, bad
}

func (p params) addBody(body []byte, kind string) error {
	body = bytes.TrimPrefix(body, []byte("\ufeff")) // some .NET clients write it before what they send
	trimmed := bytes.TrimSpace(body)
	switch {
	case len(trimmed) == 0:
		return nil
	case trimmed[0] == '{' || trimmed[0] == '[':
		if !utf8.Valid(body) {
			return fail(codeEncoding)
		}
		return p.addJSON(trimmed)
	case strings.Contains(strings.ToLower(kind), "json"):
		if !utf8.Valid(body) {
			return fail(codeEncoding)
		}
		if string(trimmed) == "null" { // no parameters, as Go and JavaScript write them
			return nil
		}
		return badRequest("the body is not a JSON object")
	}
	form := params{}
	var err error
	if strings.HasPrefix(strings.ToLower(kind), multipartForm) {
		err = form.addMultipart(body, kind)
	} else {
		err = form.addForm(string(body))
	}
	merge(p, form)
	return err
}

func readBody(r *http.Request, limit int) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, int64(limit)+1))
	if err != nil {
		return nil, badRequest("the body could not be read")
	}
	if len(body) > limit {
		return nil, badRequest("the body is larger than " + strconv.Itoa(limit) + " bytes")
	}
	return body, nil
}

func (p params) addJSON(body []byte) error {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber() // integers keep their text
	var doc map[string]any
	if err := dec.Decode(&doc); err != nil {
		return badRequest("the body is not a JSON object")
	}
	if _, err := dec.Token(); err != io.EOF {
		return badRequest("the body has more than one JSON value")
	}
	if depth(doc) > maxDepth {
		maps.DeleteFunc(doc, func(_ string, v any) bool { return depth(v) > 0 })
		merge(p, doc)
		return badRequest(errTooDeep.Error())
	}
	merge(p, doc)
	return nil
}

// depth measures no further than it must.
func depth(v any) int {
	deepest := 0
	below := func(child any) {
		deepest = max(deepest, depth(child))
	}
	switch v := v.(type) {
	case map[string]any:
		for _, child := range v {
			below(child)
		}
	case []any:
		for _, child := range v {
			below(child)
		}
	default:
		return 0
	}
	return deepest + 1
}

// merge lays src over dst: objects are joined, other values replaced, and null replaces nothing.
func merge(dst, src map[string]any) {
	for name, v := range src {
		old, exists := dst[name]
		if v == nil && exists {
			continue
		}
		oldMap, ok1 := old.(map[string]any)
		newMap, ok2 := v.(map[string]any)
		if ok1 && ok2 {
			merge(oldMap, newMap)
			continue
		}
		dst[name] = v
	}
}

// addForm reads key=value pairs, percent-encoded or not, with Rails brackets in the keys. Bad pairs are left out,
// and the error is that of the first.
func (p params) addForm(raw string) error {
	var bad error
	for pair := range strings.SplitSeq(raw, "&") {
		if pair == "" {
			continue
		}
		key, value, _ := strings.Cut(pair, "=")
		key, err1 := url.QueryUnescape(key)
		value, err2 := url.QueryUnescape(value)
		var err error
		if err1 != nil || err2 != nil {
			err = badRequest("a parameter has a broken percent escape")
		} else {
			err = p.addPair(key, value)
		}
		if bad == nil {
			bad = err
		}
	}
	return bad
}

// addPair adds one parameter under a key with Rails brackets.
func (p params) addPair(key, value string) error {
	if !utf8.ValidString(key) || !utf8.ValidString(value) {
		return fail(codeEncoding)
	}
	if key == "" {
		return nil
	}
	path := keyPath(key)
	if len(path) > maxDepth {
		return badRequest(errTooDeep.Error())
	}
	p[path[0]] = assign(p[path[0]], path[1:], value)
	return nil
}

// keyPath cuts "logos[][res]" into "logos", "" and "res". A key whose brackets do not match is one name.
func keyPath(key string) []string {
	open := strings.IndexByte(key, '[')
	if open <= 0 {
		return []string{key}
	}
	path := []string{key[:open]}
	for rest := key[open:]; rest != ""; {
		end := strings.IndexByte(rest, ']')
		if rest[0] != '[' || end < 0 {
			return []string{key}
		}
		path = append(path, rest[1:end])
		rest = rest[end+1:]
	}
	return path
}

// assign returns node with value at path; an empty step appends to a list.
//
// Repeated "logos[][res]" keys start a new element as soon as the last one has that key, as Rack does it.
// Where two keys disagree about the shape of a value, the later wins.
func assign(node any, path []string, value any) any {
	if len(path) == 0 {
		return value
	}
	step, rest := path[0], path[1:]
	if step != "" {
		m, ok := node.(map[string]any)
		if !ok {
			m = map[string]any{}
		}
		m[step] = assign(m[step], rest, value)
		return m
	}
	list, _ := node.([]any)
	if len(list) > 0 && len(rest) > 0 && rest[0] != "" {
		if last, ok := list[len(list)-1].(map[string]any); ok && !has(last, rest) {
			list[len(list)-1] = assign(last, rest, value)
			return list
		}
	}
	return append(list, assign(nil, rest, value))
}

// has reports whether path leads to a value; a path that goes on into a list never does, since it appends.
func has(m map[string]any, path []string) bool {
	if slices.Contains(path, "") {
		return false
	}
	v, ok := m[path[0]]
	if !ok || len(path) == 1 {
		return ok
	}
	child, ok := v.(map[string]any)
	return ok && has(child, path[1:])
}

// at follows names through nested objects; nil when there is nothing.
func (p params) at(names ...string) any {
	var v any = map[string]any(p)
	for _, name := range names {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[name]
	}
	return v
}

// text is a string, number or boolean as text, without surrounding space; empty when absent.
func (p params) text(names ...string) string {
	s, _ := scalar(p.at(names...))
	return strings.TrimSpace(s)
}

func scalar(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	case bool:
		return strconv.FormatBool(v), true
	}
	return "", false
}

// flag reads true, "true" and 1; given tells whether it was there at all.
func (p params) flag(names ...string) (on, given bool) {
	switch s := strings.ToLower(p.text(names...)); s {
	case "":
		return false, false
	case "true", "1":
		return true, true
	}
	return false, true
}

// required is a text that must be there; else the error that Authy gives.
func (p params) required(name string) (string, error) {
	if s := p.text(name); s != "" {
		return s, nil
	}
	return "", badParam(name, "Parameter is required")
}

// integer reads a whole number from lo to hi; def when absent.
func (p params) integer(name string, def, lo, hi int) (int, error) {
	s := p.text(name)
	if s == "" {
		return def, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0, badParam(name, "'"+clip(s)+"' is not a valid Integer")
	}
	if n < lo || n > hi {
		return 0, badParam(name, "must be from "+strconv.Itoa(lo)+" to "+strconv.Itoa(hi))
	}
	return n, nil
}

// list reads values sent as a list, under indexes ("logos[0]"), or singly.
func (p params) list(name string) []any {
	switch v := p.at(name).(type) {
	case nil:
		return nil
	case []any:
		return v
	case map[string]any:
		return indexed(v)
	default:
		return []any{v}
	}
}

// indexed turns an object whose keys are all numbers into a list in their order; else it is nil.
func indexed(m map[string]any) []any {
	positions := make(map[string]int, len(m))
	for key := range m {
		n, err := strconv.Atoi(key)
		if err != nil || !isDigits(key) {
			return nil
		}
		positions[key] = n
	}
	keys := slices.SortedFunc(maps.Keys(positions), func(a, b string) int { return positions[a] - positions[b] })
	list := make([]any, len(keys))
	for i, key := range keys {
		list[i] = m[key]
	}
	return list
}

// texts reads an object of texts; a value that is itself an object or list is kept as its JSON text.
func (p params) texts(name string) map[string]string {
	m, _ := p.at(name).(map[string]any)
	if len(m) == 0 {
		return nil
	}
	out := make(map[string]string, len(m))
	for key, v := range m {
		s, ok := scalar(v)
		if !ok && v != nil {
			s = string(compact(v))
		}
		out[key] = s
	}
	return out
}

// clip shortens what a caller sent before it is repeated in a message.
func clip(s string) string {
	const most = 40
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "..."
}
