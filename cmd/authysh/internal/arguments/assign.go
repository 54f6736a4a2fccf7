package arguments

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/authysh/authysh/authy"
)

// target is what a value is wanted for, beside its Go type.
type target struct {
	digits bool          // text of digits, for which a whole number will do
	unit   time.Duration // a length of time, and what a bare number counts
	fields []authy.Field // members of a struct, or of the structs in a list
}

func targetOf(f authy.Field) target {
	return target{digits: f.Rule.Digits || f.Type == reflect.TypeFor[authy.ID](), unit: f.Rule.Unit, fields: f.Fields}
}

// assign stores a value in v. The error reads on after the parameter's name, or is [authy.Problems].
func (s *Set) assign(v reflect.Value, value any, to target, name string) error {
	switch {
	case v.Kind() == reflect.Pointer:
		element := reflect.New(v.Type().Elem())
		if err := s.assign(element.Elem(), value, to, name); err != nil {
			return err
		}
		v.Set(element)
		return nil
	case to.unit != 0:
		return assignDuration(v, value, to.unit)
	}
	switch v.Kind() {
	case reflect.String:
		return assignText(v, value, to.digits)
	case reflect.Bool:
		return assignBool(v, value)
	case reflect.Int, reflect.Int64:
		n, err := wholeNumber(value)
		if err == nil {
			v.SetInt(n)
		}
		return err
	case reflect.Float64:
		n, err := number(value)
		if err == nil {
			v.SetFloat(n)
		}
		return err
	case reflect.Slice:
		return s.assignList(v, value, to, name)
	case reflect.Map:
		return s.assignMap(v, value, name)
	case reflect.Struct:
		return s.assignStruct(v, value, to.fields, name)
	}
	return fmt.Errorf("cannot be given here (Go type %s)", v.Type())
}

func assignText(v reflect.Value, value any, digits bool) error {
	switch value := value.(type) {
	case Text:
		v.SetString(string(value))
		return nil
	case string:
		v.SetString(value)
		return nil
	case json.Number:
		if !digits {
			break
		}
		if strings.ContainsAny(string(value), ".eE") {
			return fmt.Errorf("must be a string or a whole number, got %s", value)
		}
		v.SetString(string(value))
		return nil
	}
	if digits {
		return mistyped("a string or a whole number", value)
	}
	return mistyped("a string", value)
}

func assignBool(v reflect.Value, value any) error {
	switch value := value.(type) {
	case bool:
		v.SetBool(value)
		return nil
	case Text:
		if value == "true" || value == "false" {
			v.SetBool(value == "true")
			return nil
		}
	}
	return mistyped("true or false", value)
}

func wholeNumber(value any) (int64, error) {
	var digits string
	switch value := value.(type) {
	case Text:
		digits = string(value)
	case json.Number:
		digits = string(value)
	default:
		return 0, mistyped("a whole number", value)
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	switch {
	case errors.Is(err, strconv.ErrRange):
		return 0, fmt.Errorf("is too large, got %s", clip(digits))
	case err != nil:
		return 0, mistyped("a whole number", value)
	}
	return n, nil
}

// number takes a finite number, in digits as JSON and people write it.
func number(value any) (float64, error) {
	var digits string
	switch value := value.(type) {
	case Text:
		digits = string(value)
	case json.Number:
		digits = string(value)
	default:
		return 0, mistyped("a number", value)
	}
	n, err := strconv.ParseFloat(digits, 64)
	switch {
	case errors.Is(err, strconv.ErrRange):
		return 0, fmt.Errorf("is too large, got %s", clip(digits))
	case err != nil || math.IsNaN(n) || math.IsInf(n, 0) || strings.ContainsAny(digits, "xX_pP"):
		return 0, mistyped("a number", value)
	}
	return n, nil
}

// assignDuration takes "2m" or a bare number of units, as text or in JSON.
func assignDuration(v reflect.Value, value any, unit time.Duration) error {
	rule := fmt.Sprintf(`a length of time such as "90s" or "2m", or a number of %s`, unitName(unit))
	var written string
	switch value := value.(type) {
	case Text:
		written = string(value)
	case string:
		written = value
	case json.Number:
		written = string(value)
	default:
		return mistyped(rule, value)
	}
	if n, err := strconv.ParseInt(written, 10, 64); err == nil {
		v.SetInt(n)
		return nil
	}
	d, err := time.ParseDuration(written)
	switch {
	case err != nil:
		return mistyped(rule, value)
	case d%unit != 0:
		return fmt.Errorf("must be a whole number of %s, got %s", unitName(unit), d)
	}
	v.SetInt(int64(d / unit))
	return nil
}

func unitName(unit time.Duration) string {
	if unit == time.Second {
		return "seconds"
	}
	return "units of " + unit.String()
}

func (s *Set) assignList(v reflect.Value, value any, to target, name string) error {
	var elements []any
	switch value := value.(type) {
	case []any:
		elements = value
	case Text:
		if v.Type().Elem().Kind() != reflect.String {
			parsed, err := s.parse(value, name, "0.KEY", "[")
			if err != nil {
				return err
			}
			return s.assignList(v, parsed, to, name)
		}
		elements = []any{value}
	case members:
		var err error
		if elements, err = s.elements(value, name); err != nil {
			return err
		}
	default:
		return mistyped("a list", value)
	}
	list := reflect.MakeSlice(v.Type(), 0, len(elements))
	var problems authy.Problems
	for _, element := range split(elements, v.Type().Elem()) {
		slot := reflect.New(v.Type().Elem()).Elem()
		at := "[" + strconv.Itoa(list.Len()+1) + "]" // as everywhere in this catalogue, the first is 1
		problems = append(problems, authy.Within(at, s.assign(slot, element, to, name+"."+strconv.Itoa(list.Len())))...)
		list = reflect.Append(list, slot)
	}
	v.Set(list)
	return problems.Err()
}

// split makes several texts of one with commas, where the list holds texts.
func split(elements []any, of reflect.Type) []any {
	if of.Kind() != reflect.String {
		return elements
	}
	var all []any
	for _, e := range elements {
		text, ok := e.(Text)
		if !ok {
			all = append(all, e)
			continue
		}
		for part := range strings.SplitSeq(string(text), ",") {
			all = append(all, Text(strings.TrimSpace(part)))
		}
	}
	return all
}

func (s *Set) assignMap(v reflect.Value, value any, name string) error {
	if text, ok := value.(Text); ok {
		parsed, err := s.parse(text, name, "KEY", "{")
		if err != nil {
			return err
		}
		value = parsed
	}
	switch value := plain(value).(type) {
	case map[string]any:
		v.Set(reflect.ValueOf(value).Convert(v.Type()))
		return nil
	default:
		return mistyped("an object", value)
	}
}

func (s *Set) assignStruct(v reflect.Value, value any, fields []authy.Field, name string) error {
	if text, ok := value.(Text); ok {
		parsed, err := s.parse(text, name, "KEY", "{")
		if err != nil {
			return err
		}
		value = parsed
	}
	var object map[string]any
	switch value := value.(type) {
	case members:
		object = value
	case map[string]any:
		object = value
	default:
		return mistyped("an object", value)
	}
	var problems authy.Problems
	known := make([]string, len(fields))
	for i, f := range fields {
		known[i] = f.Name
		if inner, given := object[f.Name]; given {
			problems = append(problems, authy.Within("."+f.Name, s.assign(f.In(v), inner, targetOf(f), name+"."+f.Name))...)
		}
	}
	for _, key := range sortedKeys(object) {
		if !slices.Contains(known, key) {
			problems = append(problems, authy.Problem{Param: "." + key, Reason: unknownMember(key, known)})
		}
	}
	return problems.Err()
}

// parse reads the text of a whole object or list as JSON, which begins with open.
func (s *Set) parse(text Text, name, key, open string) (any, error) {
	if !strings.HasPrefix(strings.TrimSpace(string(text)), open) {
		what := "an object"
		if open == "[" {
			what = "a list"
		}
		return nil, fmt.Errorf("needs a key: write %s, or %s as JSON", s.written(name+"."+key, "VALUE"), what)
	}
	return ParseJSON([]byte(text))
}

// plain makes JSON values of typed ones: in an object that may hold anything, text is a string.
func plain(value any) any {
	switch value := value.(type) {
	case Text:
		return string(value)
	case members:
		object := make(map[string]any, len(value))
		for name, inner := range value {
			object[name] = plain(inner)
		}
		return object
	}
	return value
}

func unknownMember(name string, known []string) string {
	if near := authy.Nearest(name, known); near != "" {
		return fmt.Sprintf("is not known, did you mean %q?", near)
	}
	return "is not known; known are " + strings.Join(known, ", ")
}

func mistyped(want string, got any) error {
	return fmt.Errorf("must be %s, got %s", want, describe(got))
}

// describe names a value as an error does: typed text in quotes, JSON by its type.
func describe(value any) string {
	switch value := value.(type) {
	case Text:
		return strconv.Quote(clip(string(value)))
	case nil:
		return "null"
	case string:
		return "a string"
	case bool:
		return "a boolean"
	case json.Number:
		return "the number " + clip(string(value))
	case []any:
		return "a list"
	}
	return "an object"
}

func clip(text string) string {
	const most = 40
	if len(text) > most {
		return strings.ToValidUTF8(text[:most], "") + "..."
	}
	return text
}
