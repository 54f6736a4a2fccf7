package authy

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
	"unicode/utf8"
)

// maxDepth bounds how deep values may nest, and so ends a walk through a map that contains itself.
const maxDepth = 64

// maxDetailKey is Authy's limit for a key of an approval request's details.
const maxDetailKey = 20

// valueWalk checks a tree of JSON values and reports every leaf that JSON or Authy will not take.
type valueWalk struct {
	report  func(param, reason string)
	details bool // keys are limited, lists and null refused
}

func checkData(v reflect.Value, param string, report func(param, reason string)) {
	valueWalk{report: report}.object(v, param, 1)
}

func checkDetails(v reflect.Value, param string, report func(param, reason string)) {
	valueWalk{report: report, details: true}.object(v, param, 1)
}

func (w valueWalk) object(v reflect.Value, at string, depth int) {
	if depth > maxDepth {
		w.report(at, fmt.Sprintf("is nested more than %d deep, or contains itself", maxDepth))
		return
	}
	entries := make(map[string]reflect.Value, v.Len())
	for _, key := range v.MapKeys() {
		entries[key.String()] = v.MapIndex(key)
	}
	for _, key := range slices.Sorted(maps.Keys(entries)) {
		inner := at + "." + key
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

func (w valueWalk) value(v reflect.Value, at string, depth int) {
	for v.Kind() == reflect.Interface && !v.IsNil() {
		v = v.Elem()
	}
	switch v.Kind() {
	case reflect.String:
		if number, ok := v.Interface().(json.Number); ok {
			if !json.Valid([]byte(number)) {
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

func (w valueWalk) list(v reflect.Value, at string, depth int) {
	if w.details {
		w.report(at, "must be a string, number, boolean or object, got a list")
		return
	}
	if depth > maxDepth {
		w.report(at, fmt.Sprintf("is nested more than %d deep, or contains itself", maxDepth))
		return
	}
	for i := range v.Len() {
		w.value(v.Index(i), fmt.Sprintf("%s[%d]", at, i+1), depth)
	}
}
