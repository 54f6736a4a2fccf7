package authy

import (
	"encoding/json"
	"net/url"
	"reflect"
	"strconv"
	"strings"
)

// wireRequest is a call in the form that travels, still without host and headers.
type wireRequest struct {
	path        string // escaped, from the root
	query       string // encoded, without "?"
	body        []byte
	contentType []string // as a header value
}

// request encodes checked parameters for route; apiKey stands in the path of the one call that wants it there.
func (p *plan) request(route Route, v reflect.Value, apiKey string) (wireRequest, error) {
	v = v.Elem()
	var req wireRequest
	inPath := p.expandPath(route.Path, v, apiKey, &req)
	switch {
	case route.form:
		req.body, req.contentType = []byte(p.form(v, inPath)), formType
	case route.Method == "GET" || route.Method == "DELETE":
		req.query = p.form(v, inPath)
	default:
		body, wrote, err := p.body.appendJSON(make([]byte, 0, 192), p, v, inPath)
		if err != nil {
			return req, err
		}
		if !wrote {
			body = []byte("{}")
		}
		req.body, req.contentType = body, jsonType
	}
	return req, nil
}

var (
	jsonType = []string{"application/json"}
	formType = []string{"application/x-www-form-urlencoded"}
)

// expandPath fills the {braces} of the path and returns the set of parameters that stand in it.
func (p *plan) expandPath(path string, v reflect.Value, apiKey string, req *wireRequest) (used uint64) {
	var b strings.Builder
	b.Grow(len(path) + 32)
	for {
		before, rest, found := strings.Cut(path, "{")
		b.WriteString(before)
		if !found {
			break
		}
		name, after, _ := strings.Cut(rest, "}")
		if name == "api_key" {
			b.WriteString(url.PathEscape(apiKey))
		}
		for i, param := range p.params {
			if param.name == name {
				value, _ := param.value(v)
				b.WriteString(url.PathEscape(value.String()))
				used |= 1 << i
			}
		}
		path = after
	}
	req.path = b.String()
	return used
}

// form encodes every present parameter outside used as key=value pairs, in the order declared.
func (p *plan) form(v reflect.Value, used uint64) string {
	var b strings.Builder
	add := func(key, value string) {
		if b.Len() > 0 {
			b.WriteByte('&')
		}
		b.WriteString(url.QueryEscape(key))
		b.WriteByte('=')
		b.WriteString(url.QueryEscape(value))
	}
	for i := range p.params {
		param := &p.params[i]
		value, present := param.value(v)
		if !present || used&(1<<i) != 0 {
			continue
		}
		key := param.wire[0]
		switch value.Kind() {
		case reflect.String:
			add(key, value.String())
		case reflect.Bool:
			add(key, strconv.FormatBool(value.Bool()))
		case reflect.Int:
			add(key, strconv.FormatInt(value.Int(), 10))
		case reflect.Float64:
			add(key, strconv.FormatFloat(value.Float(), 'g', -1, 64))
		case reflect.Slice:
			for j := range value.Len() {
				add(key+"[]", value.Index(j).String())
			}
		}
	}
	return b.String()
}

// appendJSON writes the object n with those parameters that are present; wrote is false when there are none.
func (n *node) appendJSON(b []byte, p *plan, v reflect.Value, used uint64) (_ []byte, wrote bool, err error) {
	start := len(b)
	b = append(b, '{')
	for _, child := range n.children {
		before := len(b)
		if wrote {
			b = append(b, ',')
		}
		b = append(b, child.key...)
		var added bool
		if child.leaf < 0 {
			b, added, err = child.appendJSON(b, p, v, used)
		} else if used&(1<<child.leaf) == 0 {
			b, added, err = p.params[child.leaf].appendJSON(b, v)
		}
		if err != nil {
			return nil, false, err
		}
		if !added {
			b = b[:before]
			continue
		}
		wrote = true
	}
	if !wrote {
		return b[:start], false, nil
	}
	return append(b, '}'), true, nil
}

func (p *param) appendJSON(b []byte, v reflect.Value) (_ []byte, wrote bool, err error) {
	value, present := p.value(v)
	if !present || value.Kind() == reflect.Map && value.Len() == 0 {
		return b, false, nil
	}
	switch value.Kind() {
	case reflect.Bool:
		return strconv.AppendBool(b, value.Bool()), true, nil
	case reflect.Int:
		return strconv.AppendInt(b, value.Int(), 10), true, nil
	case reflect.String:
		if p.number {
			return append(b, value.String()...), true, nil
		}
	}
	encoded, err := json.Marshal(value.Interface())
	return append(b, encoded...), true, err
}
