package authy

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxDepth bounds how deep values may nest, and so ends a walk through a map that contains itself.
const maxDepth = 64

// maxValues bounds how many values a parameter may hold. A map that holds another twice, that one a third twice,
// and so on, is small in memory and endless on the wire; so is one that contains itself twice.
const maxValues = 100_000

// maxDetailKey is Authy's limit for a key of an approval request's details.
const maxDetailKey = 20

// valueWalk checks a tree of JSON values and reports every leaf that JSON or Authy will not take.
type valueWalk struct {
	report  func(param, reason string)
	details bool // keys are limited, lists and null refused
	seen    int  // values so far
}

func checkData(v reflect.Value, param string, report func(param, reason string)) {
	(&valueWalk{report: report}).object(v, param, 1)
}

func checkDetails(v reflect.Value, param string, report func(param, reason string)) {
	(&valueWalk{report: report, details: true}).object(v, param, 1)
}

func (w *valueWalk) object(v reflect.Value, at string, depth int) {
	if w.tooDeep(at, depth) {
		return
	}
	entries := make(map[string]reflect.Value, v.Len())
	for _, key := range v.MapKeys() {
		entries[key.String()] = v.MapIndex(key)
	}
	for _, key := range slices.Sorted(maps.Keys(entries)) {
		inner := at + "." + pathKey(key)
		if reason := textProblem(key); reason != "" {
			w.report(at, "has a key that "+reason)
			continue
		}
		if n := utf8.RuneCountInString(key); w.details && n > maxDetailKey {
			w.report(at, fmt.Sprintf("has a key of %d characters, %s; at most %d are allowed", n, quote(key), maxDetailKey))
		}
		w.value(entries[key], inner, depth)
	}
}

// pathKey is a key as it stands in the name of a value: bare, unless that would spoil the line.
func pathKey(key string) string {
	if len(key) > 40 || strings.ContainsFunc(key, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return quote(key)
	}
	return key
}

// isNumber reports whether text is a number of JSON, of any size.
func isNumber(text string) bool {
	_, err := strconv.ParseFloat(text, 64)
	return (err == nil || errors.Is(err, strconv.ErrRange)) && json.Valid([]byte(text))
}

// tooDeep reports the first value that is nested too deep, and ends the walk there: what contains itself does so
// without end.
func (w *valueWalk) tooDeep(at string, depth int) bool {
	if depth > maxDepth && w.seen <= maxValues {
		w.report(at, fmt.Sprintf("is nested more than %d deep, or contains itself", maxDepth))
		w.seen = maxValues + 1
	}
	return depth > maxDepth
}

func (w *valueWalk) value(v reflect.Value, at string, depth int) {
	switch w.seen++; {
	case w.seen == maxValues+1:
		w.report(at, fmt.Sprintf("is one of more than %d values", maxValues))
		return
	case w.seen > maxValues:
		return
	}
	for v.Kind() == reflect.Interface && !v.IsNil() {
		v = v.Elem()
	}
	switch v.Kind() {
	case reflect.String:
		if number, ok := v.Interface().(json.Number); ok {
			if !isNumber(string(number)) {
				w.report(at, "must be a number, got "+quote(string(number)))
			}
		} else if reason := textProblem(v.String()); reason != "" {
			w.report(at, reason)
		}
	case reflect.Float32, reflect.Float64:
		if f := v.Float(); math.IsNaN(f) || math.IsInf(f, 0) {
			w.report(at, "must be a finite number, got "+strconv.FormatFloat(f, 'g', -1, 64))
		}
	case reflect.Bool, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
	case reflect.Invalid, reflect.Interface:
		if w.details {
			w.report(at, "must be a string, number, boolean or object, got null")
		}
	case reflect.Map:
		if v.Type().Key().Kind() != reflect.String {
			w.report(at, "must have strings as keys, got "+v.Type().Key().String())
			return
		}
		w.object(v, at, depth+1)
	case reflect.Slice, reflect.Array:
		w.list(v, at, depth+1)
	default:
		w.report(at, "must be a JSON value, got a Go "+v.Type().String())
	}
}

func (w *valueWalk) list(v reflect.Value, at string, depth int) {
	if w.details {
		w.report(at, "must be a string, number, boolean or object, got a list")
		return
	}
	if w.tooDeep(at, depth) {
		return
	}
	for i := range v.Len() {
		w.value(v.Index(i), fmt.Sprintf("%s[%d]", at, i+1), depth)
	}
}
