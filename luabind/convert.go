package luabind

import (
	"encoding"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/luabind/internal/luavalue"
	lua "github.com/yuin/gopher-lua"
)

// tableArguments hands the fields of a Lua table to an operation.
type tableArguments struct{ t *lua.LTable }

// Assign stores a field, by the parameter's declared type and never by guess.
func (a tableArguments) Assign(f authy.Field, v reflect.Value) (given bool, err error) {
	value := a.t.RawGetString(f.Name)
	if value == lua.LNil {
		return false, nil
	}
	return true, assign(v, value, target{digits: f.Rule.Digits || f.Type == idType, unit: f.Rule.Unit, fields: f.Fields})
}

// Len counts the fields, those that are no parameters included.
func (a tableArguments) Len() int {
	n := 0
	a.t.ForEach(func(lua.LValue, lua.LValue) { n++ })
	return n
}

// Names lists the keys; one that is no string is shown in brackets.
func (a tableArguments) Names() []string {
	var names []string
	a.t.ForEach(func(key, _ lua.LValue) {
		if name, ok := key.(lua.LString); ok {
			names = append(names, string(name))
		} else {
			names = append(names, "["+key.String()+"]")
		}
	})
	return names
}

// target is what assign needs to know beyond the Go type.
type target struct {
	digits bool          // text of digits, for which a whole number will do
	unit   time.Duration // a length of time, and what a bare number counts
	fields []authy.Field // members of a struct, or of the structs in a list
}

var (
	idType       = reflect.TypeFor[authy.ID]()
	durationType = reflect.TypeFor[time.Duration]()
	luaValueType = reflect.TypeFor[lua.LValue]()
	functionType = reflect.TypeFor[*lua.LFunction]()
)

// assign stores a Lua value in v. The error reads on after the parameter's name, or is [authy.Problems].
func assign(v reflect.Value, value lua.LValue, to target) error {
	switch {
	case v.Type() == luaValueType:
		v.Set(reflect.ValueOf(&value).Elem())
		return nil
	case v.Type() == functionType:
		function, ok := value.(*lua.LFunction)
		if !ok {
			return mistyped("a function", value)
		}
		v.Set(reflect.ValueOf(function))
		return nil
	case to.unit != 0 && v.Kind() != reflect.Pointer:
		return assignDuration(v, value, to.unit)
	}
	switch v.Kind() {
	case reflect.Pointer:
		element := reflect.New(v.Type().Elem())
		if err := assign(element.Elem(), value, to); err != nil {
			return err
		}
		v.Set(element)
		return nil
	case reflect.String:
		return assignText(v, value, to.digits)
	case reflect.Bool:
		b, ok := value.(lua.LBool)
		if !ok {
			return mistyped("true or false", value)
		}
		v.SetBool(bool(b))
		return nil
	case reflect.Int, reflect.Int64:
		n, ok := value.(lua.LNumber)
		if !ok {
			return mistyped("a whole number", value)
		}
		whole, err := wholeNumber(float64(n))
		if err != nil {
			return err
		}
		v.SetInt(whole)
		return nil
	case reflect.Float64:
		n, ok := value.(lua.LNumber)
		if !ok {
			return mistyped("a number", value)
		}
		v.SetFloat(float64(n))
		return nil
	}
	return assignTable(v, value, to)
}

func assignDuration(v reflect.Value, value lua.LValue, unit time.Duration) error {
	d, err := parseDuration(value, unit)
	switch {
	case err != nil:
		return err
	case v.Type() == durationType:
		v.SetInt(int64(d))
	case d%unit != 0:
		return fmt.Errorf("must be a whole number of seconds, got %s", d)
	default:
		v.SetInt(int64(d / unit))
	}
	return nil
}

func assignText(v reflect.Value, value lua.LValue, digits bool) error {
	switch value := value.(type) {
	case lua.LString:
		v.SetString(string(value))
		return nil
	case lua.LNumber:
		if !digits {
			break
		}
		whole, err := wholeNumber(float64(value))
		if err != nil {
			return err
		}
		v.SetString(strconv.FormatInt(whole, 10))
		return nil
	}
	if digits {
		return mistyped("a string or a whole number", value)
	}
	return mistyped("a string", value)
}

// wholeNumber refuses what a float64 cannot hold exactly: the digits would change without notice.
func wholeNumber(n float64) (int64, error) {
	switch {
	case math.IsNaN(n) || math.IsInf(n, 0) || n != math.Trunc(n):
		return 0, fmt.Errorf("must be a whole number, got %v", n)
	case math.Abs(n) > luavalue.MaxExact:
		return 0, fmt.Errorf("is too large for a Lua number to keep its digits (2^53 or more): write it as a string")
	}
	return int64(n), nil
}

func assignTable(v reflect.Value, value lua.LValue, to target) error {
	t, ok := value.(*lua.LTable)
	if !ok {
		return mistyped("a table", value)
	}
	switch v.Kind() {
	case reflect.Slice:
		return assignList(v, t, to)
	case reflect.Map:
		object, err := toObject(t)
		if err != nil {
			return err
		}
		v.Set(reflect.ValueOf(object).Convert(v.Type()))
		return nil
	case reflect.Struct:
		return assignStruct(v, t, to.fields, "").Err()
	}
	return fmt.Errorf("cannot be set from Lua (Go type %s)", v.Type())
}

func assignList(v reflect.Value, t *lua.LTable, to target) error {
	length := t.Len()
	count := 0
	t.ForEach(func(lua.LValue, lua.LValue) { count++ })
	switch {
	case count != length:
		return fmt.Errorf("must be a list with keys 1 to n, got a table with other keys")
	case !(&goValues{}).mayHold(t, 0):
		return fmt.Errorf("is too large")
	}
	list := reflect.MakeSlice(v.Type(), length, length)
	var problems authy.Problems
	for i := range length {
		at := "[" + strconv.Itoa(i+1) + "]"
		element := t.RawGetInt(i + 1)
		err := assign(list.Index(i), element, to)
		if parts, ok := err.(authy.Problems); ok {
			for _, p := range parts {
				problems = append(problems, authy.Problem{Param: at + p.Param, Reason: p.Reason})
			}
		} else if err != nil {
			problems = append(problems, authy.Problem{Param: at, Reason: err.Error()})
		}
		if len(problems) >= mostProblems { // the rest is of the same kind
			break
		}
	}
	v.Set(list)
	return problems.Err()
}

// assignStruct fills the declared fields of a struct and reports keys that are none of them.
func assignStruct(v reflect.Value, t *lua.LTable, fields []authy.Field, at string) authy.Problems {
	var problems authy.Problems
	known := make([]string, len(fields))
	for i, f := range fields {
		known[i] = f.Name
		value := t.RawGetString(f.Name)
		if value == lua.LNil {
			continue
		}
		err := assign(f.In(v), value, target{digits: f.Rule.Digits, unit: f.Rule.Unit, fields: f.Fields})
		problems = append(problems, authy.Within(at+"."+f.Name, err)...)
	}
	return append(problems, unknownFields(t, at+".", known)...)
}

// mostProblems is how many mistakes of one kind are told: who makes more has made one.
const mostProblems = 20

// unknownFields are the keys of a table that are no fields, each with its place in front, sorted.
func unknownFields(t *lua.LTable, at string, known []string) authy.Problems {
	var problems authy.Problems
	for _, name := range slices.Sorted(slices.Values((tableArguments{t}).Names())) {
		switch {
		case slices.Contains(known, name):
		case len(problems) == mostProblems:
			return problems
		default:
			problems = append(problems, authy.Problem{Param: at + clip(name, 100), Reason: notAField(name, known)})
		}
	}
	return problems
}

func notAField(name string, known []string) string {
	if near := authy.Nearest(name, known); near != "" {
		return fmt.Sprintf("is not known, did you mean %q?", near)
	}
	return "is not known; known are " + strings.Join(known, ", ")
}

func mistyped(want string, got lua.LValue) error {
	return fmt.Errorf("must be %s, got %s", want, luavalue.TypeName(got))
}

// toObject makes a JSON object of a table whose keys are strings; an empty table is an empty object.
func toObject(t *lua.LTable) (map[string]any, error) {
	value, problems := (&goValues{}).object(t, "", nil)
	return value, problems.Err()
}

// goValues turns Lua values into the Go values that encoding/json writes.
//
// A table that stands in it twice is written twice, so a small one may have a large text: there is a bound to that.
type goValues struct {
	problems authy.Problems
	count    int
}

func (g *goValues) refuse(at, reason string) {
	if len(g.problems) >= mostProblems {
		return
	}
	g.problems = append(g.problems, authy.Problem{Param: at, Reason: reason})
}

func (g *goValues) object(t *lua.LTable, at string, path []*lua.LTable) (map[string]any, authy.Problems) {
	if !g.enter(t, at, path) {
		return nil, g.problems
	}
	if t.Len() > 0 || luavalue.IsArray(t) {
		g.refuse(at, "must be an object with names as keys, got a list")
		return nil, g.problems
	}
	path = append(path, t)
	object := make(map[string]any)
	t.ForEach(func(key, value lua.LValue) {
		name, ok := key.(lua.LString)
		if !ok {
			g.refuse(at, "must have strings as keys, got the key "+key.String())
			return
		}
		if !g.fits(len(name)) {
			g.refuse(clip(at, 100), "is too large")
			return
		}
		object[string(name)] = g.value(value, at+"."+clip(string(name), 40), path)
	})
	return object, g.problems
}

// enter refuses a table that contains itself, or nests too deep to be meant.
func (g *goValues) enter(t *lua.LTable, at string, path []*lua.LTable) bool {
	switch {
	case slices.Contains(path, t):
		g.refuse(at, "contains itself")
		return false
	case len(path) >= luavalue.MaxDepth:
		g.refuse(at, fmt.Sprintf("is nested more than %d deep", luavalue.MaxDepth))
		return false
	case !g.fits(1):
		g.refuse(at, "is too large")
		return false
	}
	return true
}

// fits counts a value of some bytes, and reports whether there may be as many.
func (g *goValues) fits(bytes int) bool {
	g.count += 1 + bytes/perCarried
	return g.count <= maxCarried
}

// mayHold reports whether a table, with all in it, is small enough to be made into Go values. What is wrong with it
// otherwise is for whoever converts it to find.
func (g *goValues) mayHold(t *lua.LTable, depth int) bool {
	fits := g.fits(1)
	t.ForEach(func(k, v lua.LValue) {
		if !fits {
			return
		}
		if name, ok := k.(lua.LString); ok {
			fits = g.fits(len(name))
		}
		switch v := v.(type) {
		case lua.LString:
			fits = fits && g.fits(len(v))
		case *lua.LTable:
			fits = fits && (depth >= luavalue.MaxDepth || g.mayHold(v, depth+1))
		default:
			fits = fits && g.fits(1)
		}
	})
	return fits
}

func (g *goValues) value(v lua.LValue, at string, path []*lua.LTable) any {
	switch v := v.(type) {
	case lua.LString:
		if !g.fits(len(v)) {
			g.refuse(clip(at, 100), "is too large")
			return nil
		}
		return string(v)
	case lua.LBool:
		return bool(v)
	case lua.LNumber:
		if n := float64(v); n == math.Trunc(n) && math.Abs(n) <= luavalue.MaxExact {
			return int64(n)
		}
		return float64(v)
	case *lua.LTable:
		if v.Len() == 0 && !luavalue.IsArray(v) {
			object, _ := g.object(v, at, path)
			return object
		}
		return g.list(v, at, path)
	}
	if !luavalue.IsNull(v) {
		g.refuse(at, "must be a JSON value, got "+luavalue.TypeName(v))
	}
	return nil
}

func (g *goValues) list(t *lua.LTable, at string, path []*lua.LTable) any {
	if !g.enter(t, at, path) {
		return nil
	}
	length, count := t.Len(), 0
	t.ForEach(func(lua.LValue, lua.LValue) { count++ })
	if count != length {
		g.refuse(at, "mixes list elements and names")
		return nil
	}
	path = append(path, t)
	list := make([]any, length)
	for i := range length {
		list[i] = g.value(t.RawGetInt(i+1), at+"["+strconv.Itoa(i+1)+"]", path)
	}
	return list
}

// ToLua makes a Lua value of a Go value.
//
// Structs become tables by their json tags, slices lists, maps tables, nil pointers nothing; keys of maps stay numbers and
// booleans where they are. A slice of bytes becomes a string of them, and a [json.RawMessage] what it says. A whole number
// beyond 2^53 becomes a string, so that it keeps its digits; a value that marshals to text becomes that text, and an error its
// message. A value that contains itself, a channel or a function raises a Lua error.
func ToLua(L *lua.LState, v any) lua.LValue {
	switch v := v.(type) {
	case nil:
		return lua.LNil
	case lua.LValue:
		return v
	}
	return toLua(L, reflect.ValueOf(v), 0)
}

func toLua(L *lua.LState, v reflect.Value, depth int) lua.LValue {
	if depth > luavalue.MaxDepth {
		L.RaiseError("a Go value of type %s is nested more than %d deep, or contains itself", v.Type(), luavalue.MaxDepth)
	}
	if text, ok := textOf(v); ok {
		return text
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return lua.LNil
		}
		return toLua(L, v.Elem(), depth)
	case reflect.Bool:
		return lua.LBool(v.Bool())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		if v.Type() == durationType {
			return lua.LNumber(time.Duration(v.Int()).Seconds())
		}
		if n := v.Int(); -luavalue.MaxExact <= n && n <= luavalue.MaxExact {
			return lua.LNumber(n)
		}
		return lua.LString(strconv.FormatInt(v.Int(), 10))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		if n := v.Uint(); n <= luavalue.MaxExact {
			return lua.LNumber(n)
		}
		return lua.LString(strconv.FormatUint(v.Uint(), 10))
	case reflect.Float32, reflect.Float64:
		return lua.LNumber(v.Float())
	case reflect.String:
		return textToLua(v)
	case reflect.Slice, reflect.Array:
		if v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Uint8 {
			return bytesToLua(L, v)
		}
		return listToLua(L, v, depth+1)
	case reflect.Map:
		return mapToLua(L, v, depth+1)
	case reflect.Struct:
		return structToLua(L, v, depth+1)
	case reflect.Complex64, reflect.Complex128:
		return lua.LString(fmt.Sprint(v.Interface()))
	}
	L.RaiseError("a Go value of type %s has no counterpart in Lua", v.Type())
	return lua.LNil
}

// textToLua keeps text as it is; ids and JSON numbers become Lua numbers when these can hold them.
func textToLua(v reflect.Value) lua.LValue {
	text := v.String()
	switch v.Type() {
	case idType:
		if id := authy.ID(text); !id.IsNumeric() && id != "0" {
			return lua.LString(text)
		}
	case reflect.TypeFor[json.Number]():
	default:
		return lua.LString(text)
	}
	if whole, err := strconv.ParseInt(text, 10, 64); err == nil && -luavalue.MaxExact <= whole && whole <= luavalue.MaxExact {
		return lua.LNumber(whole)
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || n == math.Trunc(n) && math.Abs(n) >= luavalue.MaxExact {
		return lua.LString(text)
	}
	return lua.LNumber(n)
}

func listToLua(L *lua.LState, v reflect.Value, depth int) lua.LValue {
	list := L.CreateTable(v.Len(), 0)
	for i := range v.Len() {
		element := toLua(L, v.Index(i), depth)
		if element == lua.LNil {
			element = luavalue.Null(L)
		}
		list.RawSetInt(i+1, element)
	}
	if v.Len() == 0 {
		list.Metatable = luavalue.ArrayMetatable(L)
	}
	return list
}

func mapToLua(L *lua.LState, v reflect.Value, depth int) lua.LValue {
	t := L.CreateTable(0, v.Len())
	keys := v.MapKeys()
	slices.SortFunc(keys, compareKeys)
	for _, key := range keys { // sorted, as tables remember the order, and pairs and the prompt show it
		value := toLua(L, v.MapIndex(key), depth)
		if value == lua.LNil {
			value = luavalue.Null(L)
		}
		t.RawSet(keyToLua(L, key), value)
	}
	return t
}

func structToLua(L *lua.LState, v reflect.Value, depth int) lua.LValue {
	plan := planOf(v.Type())
	if plan.text {
		encoded, err := v.Interface().(encoding.TextMarshaler).MarshalText()
		if err != nil {
			return lua.LString(fmt.Sprint(v.Interface()))
		}
		return lua.LString(encoded)
	}
	t := L.CreateTable(0, len(plan.members))
	for _, m := range plan.members {
		field := v.FieldByIndex(m.index)
		if m.omitEmpty && field.IsZero() {
			continue
		}
		if value := toLua(L, field, depth); value != lua.LNil {
			t.RawSetString(m.name, value)
		}
	}
	return t
}
