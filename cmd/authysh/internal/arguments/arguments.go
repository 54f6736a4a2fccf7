// Package arguments turns what is typed in a shell into the arguments of an operation.
//
// A value is typed as text, and becomes what its parameter is declared as: digits stay text where the parameter is
// text, and "0012345" keeps its zeros. A name with dots reaches into objects and lists: "data.reason", "logos.0.url".
// JSON values keep the types that they have.
//
// It reads no files and knows no flags: who calls says with a [Notation] how names are written.
package arguments

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/authysh/authysh/authy"
)

// Text is a value as typed, whose type the parameter decides.
type Text string

// Notation is how users write the name and value of a parameter, for errors: "--data.KEY VALUE" or "data.KEY=VALUE".
type Notation func(name, value string) string

// Set is the arguments of one call. The zero value is none. It is not safe for concurrent use.
type Set struct {
	// Notation is how names are written; nil is name=value.
	Notation Notation

	values  members
	aliases map[string]string // root → where it stands, such as "visible" → "details.visible"
}

// members are the values of an object by name. A value is a Text, a JSON value, or members again.
type members map[string]any

// For makes an empty set for an operation. Members of its objects may be named without the object, where no other
// parameter has the name: "visible" is "details.visible".
func For(op authy.Operation, notation Notation) *Set {
	return &Set{Notation: notation, values: members{}, aliases: Roots(op)}
}

// Roots are the names that may be followed by a dot, and the paths that they stand for.
func Roots(op authy.Operation) map[string]string {
	roots := map[string]string{}
	for _, f := range op.Params {
		if !composite(f.Type) {
			continue
		}
		roots[f.Name] = f.Name
		if f.Type.Kind() != reflect.Struct {
			continue
		}
		for _, member := range f.Fields {
			if _, taken := op.Param(member.Name); !taken && composite(member.Type) {
				roots[member.Name] = f.Name + "." + member.Name
			}
		}
	}
	return roots
}

// composite types have members.
func composite(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Struct, reflect.Map:
		return true
	case reflect.Slice:
		return t.Elem().Kind() == reflect.Struct
	}
	return false
}

// Put stores a value, a [Text] or a JSON value, under a name that may have dots. A value that is there already, or one
// below or above it, is an error that reads on after the name: "is given twice".
func (s *Set) Put(name string, value any) error {
	if s.values == nil {
		s.values = members{}
	}
	steps := strings.Split(name, ".")
	if whole, ok := s.aliases[steps[0]]; ok {
		steps = append(strings.Split(whole, "."), steps[1:]...)
	}
	within := s.values
	for i, step := range steps {
		if step == "" {
			return fmt.Errorf("lacks a name around a dot: write %s", s.written(steps[0]+".KEY", "VALUE"))
		}
		if i == len(steps)-1 {
			break
		}
		switch next := within[step].(type) {
		case nil:
			inner := members{}
			within[step], within = inner, inner
		case members:
			within = next
		default:
			return fmt.Errorf("is given twice: as a whole, and in parts")
		}
	}
	last := steps[len(steps)-1]
	switch there := within[last].(type) {
	case nil:
		within[last] = value
	case members:
		return fmt.Errorf("is given twice: as a whole, and in parts")
	case []any: // a list of texts, which may be given one by one
		if text, ok := value.(Text); ok {
			within[last] = append(there, text)
			return nil
		}
		return fmt.Errorf("is given twice")
	default:
		return fmt.Errorf("is given twice")
	}
	return nil
}

// Add stores one more element of a list.
func (s *Set) Add(name string, element Text) error {
	if s.values == nil || s.values[name] == nil {
		return s.Put(name, []any{element})
	}
	return s.Put(name, element)
}

// Has reports whether there is a value, or a part of one, for a parameter.
func (s *Set) Has(name string) bool {
	_, ok := s.values[name]
	return ok
}

// Len is how many parameters have values.
func (s *Set) Len() int { return len(s.values) }

// Names lists the parameters that have values.
func (s *Set) Names() []string { return slices.Sorted(maps.Keys(s.values)) }

// Assign stores the value of a parameter by its declared type. See [authy.Arguments].
func (s *Set) Assign(f authy.Field, v reflect.Value) (given bool, err error) {
	value, ok := s.values[f.Name]
	if !ok {
		return false, nil
	}
	return true, s.assign(v, value, targetOf(f), f.Name)
}

func (s *Set) written(name, value string) string {
	if s.Notation == nil {
		return name + "=" + value
	}
	return s.Notation(name, value)
}

// elements lists the members of a list that were given one by one: "0" and "1", without gaps.
func (s *Set) elements(m members, name string) ([]any, error) {
	list := make([]any, len(m))
	for _, key := range sortedKeys(m) {
		i, err := strconv.Atoi(key)
		switch {
		case err != nil || i < 0 || key != strconv.Itoa(i):
			return nil, fmt.Errorf("must have numbers as keys, as in %s, got %q", s.written(name+".0.KEY", "VALUE"), clip(key))
		case i < len(m):
			list[i] = m[key]
		}
	}
	for i := range list {
		if _, given := m[strconv.Itoa(i)]; !given {
			return nil, fmt.Errorf("must be numbered from 0 without gaps, and %d is missing", i)
		}
	}
	return list, nil
}
