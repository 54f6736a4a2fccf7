package authy

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Spec describes a parameter or a result of an operation that no Go struct declares: see [Declare].
type Spec struct {
	// Name is in snake_case.
	Name string `json:"name"`
	// Type is one of [SpecTypes].
	Type string `json:"type"`
	// Doc is one short sentence.
	Doc string `json:"doc,omitempty"`
	// Required parameters must be given.
	Required bool `json:"required,omitempty"`
	// Values are what a string may be; nil for any.
	Values []string `json:"values,omitempty"`
	// Rule is a limit as in the rule tags of parameter structs, such as "email" or "range 1-10"; empty for none.
	Rule string `json:"rule,omitempty"`
}

// SpecTypes are the types that a [Spec] may have. A table is an object with names.
var SpecTypes = []string{"string", "integer", "number", "boolean", "string[]", "table"}

var specTypes = map[string]reflect.Type{
	"string": reflect.TypeFor[string](), "integer": reflect.TypeFor[int](), "number": reflect.TypeFor[float64](),
	"boolean": reflect.TypeFor[bool](), "string[]": reflect.TypeFor[[]string](), "table": reflect.TypeFor[map[string]any](),
}

// ruleTypes are the types that a rule can judge, by its first word.
var ruleTypes = map[string]string{
	"authy_id": "string", "country_code": "string", "phone": "string", "email": "string", "ip": "string", "segment": "string",
	"text": "string", "url": "string", "digits": "string", "length": "string", "enum": "string", "range": "integer",
	"seconds": "integer", "events": "string[]", "json": "table", "details": "table",
}

// Check tells what is wrong with the description; nil when nothing is.
func (s Spec) Check() (err error) {
	word, _, _ := strings.Cut(s.Rule, " ")
	want, known := ruleTypes[word]
	switch {
	case s.Name == "" || s.Doc == "":
		return fmt.Errorf("name and doc are required")
	case !isSnakeCase(s.Name):
		return fmt.Errorf("name must be in snake_case, got %s", quote(s.Name))
	case specTypes[s.Type] == nil:
		return fmt.Errorf("type must be one of %s, got %s%s", strings.Join(SpecTypes, ", "), quote(s.Type), didYouMean(s.Type, SpecTypes))
	case s.Values != nil && (s.Type != "string" || s.Rule != ""):
		return fmt.Errorf("values are for strings without another rule")
	case s.Rule != "" && !known:
		names := slices.Sorted(maps.Keys(ruleTypes))
		return fmt.Errorf("rule %s is not known%s; known are %s", quote(s.Rule), didYouMean(word, names), strings.Join(names, ", "))
	case s.Rule != "" && want != s.Type:
		return fmt.Errorf("rule %s is for values of type %s, not %s", quote(s.Rule), want, s.Type)
	}
	defer func() {
		if recover() != nil { // a mistake in the program's own tags would be one of these
			err = fmt.Errorf("rule %s cannot be read; it is like \"digits 6-8\", \"range 1-10\" or \"enum locale\"", quote(s.Rule))
		}
	}()
	parseRule(s.rule())
	return nil
}

func isSnakeCase(name string) bool {
	for i, r := range name {
		if letter := 'a' <= r && r <= 'z'; !letter && (i == 0 || r != '_' && (r < '0' || r > '9')) {
			return false
		}
	}
	return true
}

// rule is the tag of the rule.
func (s Spec) rule() string {
	if s.Values == nil {
		return s.Rule
	}
	list, _ := json.Marshal(s.Values) // strings always can be
	return "values " + string(list)
}

// valuesRule is the rule of [Spec.Values].
func valuesRule(tag, argument string) Rule {
	var values []string
	if json.Unmarshal([]byte(argument), &values) != nil || len(values) == 0 {
		panic("authy: bad values in rule " + strconv.Quote(tag))
	}
	return enumRule(values, false)
}

// Declare makes an operation that no method of [Client] performs, with parameters that are known only when the program runs,
// as those of a plugin. Its calls are checked like any others, go by the [Pacer] of their context, and so are in the
// journals of batches with the effect that the route declares.
//
// F gets the parameters that were given, by name: string, int, float64, bool, []string or map[string]any. What it returns is
// the result. The route has a name and an effect; Method and Path must be empty.
func Declare(command, doc string, route Route, params, result []Spec, f func(ctx context.Context, params map[string]any) (any, error)) (Operation, error) {
	if route.Name == "" || route.Effect < Reads || route.Effect > Deletes || route.Method != "" || route.Path != "" || doc == "" || f == nil {
		return Operation{}, fmt.Errorf("authy: Declare: %s needs a name, a doc, an effect and a function, and has neither method nor path", quote(route.Name))
	}
	p, err := structOf(params, true)
	if err == nil {
		var r reflect.Type
		if r, err = structOf(result, false); err == nil {
			return Operation{
				Route: route, Command: command, Doc: doc, Params: planOf(p).fields, params: p, result: r,
				call: func(ctx context.Context, _ *Client, params any) (any, error) {
					return f(ctx, planOf(p).given(reflect.ValueOf(params).Elem()))
				},
			}, nil
		}
	}
	return Operation{}, fmt.Errorf("authy: Declare: %s: %w", route.Name, err)
}

// structOf makes the struct that a programmer would have written. Parameters are pointers, so that it can be told which were
// given.
func structOf(specs []Spec, parameters bool) (reflect.Type, error) {
	fields := make([]reflect.StructField, len(specs))
	for i, s := range specs {
		if err := s.Check(); err != nil {
			return nil, fmt.Errorf("%s: %w", s.Name, err)
		}
		if slices.ContainsFunc(specs[:i], func(other Spec) bool { return other.Name == s.Name }) {
			return nil, fmt.Errorf("%s is there twice", s.Name)
		}
		t := specTypes[s.Type]
		tag := fmt.Sprintf("json:%q doc:%s", s.Name, strconv.Quote(s.Doc))
		switch {
		case !parameters && s.Type == "integer":
			t = reflect.TypeFor[Int]()
		case !parameters && s.Type == "table":
			t = reflect.TypeFor[Object]()
		case parameters && t.Kind() != reflect.Slice && t.Kind() != reflect.Map:
			t = reflect.PointerTo(t)
		}
		if parameters {
			tag += " rule:" + strconv.Quote(s.rule())
			if s.Required {
				tag += ` required:""`
			}
		}
		fields[i] = reflect.StructField{Name: "F" + strconv.Itoa(i), Type: t, Tag: reflect.StructTag(tag)}
	}
	return reflect.StructOf(fields), nil
}

// given lists the parameters that are there.
func (p *plan) given(v reflect.Value) map[string]any {
	values := make(map[string]any, len(p.params))
	for i := range p.params {
		if value, present := p.params[i].value(v); present {
			values[p.params[i].name] = value.Interface()
		}
	}
	return values
}

// OfAPI reports whether the operation is a call of the Authy API. Others are those of a host or plugin; the settings of a
// client do not matter to them.
func (o Operation) OfAPI() bool { return o.Path != "" }

// Check tells what is wrong with the arguments, as a [*ValidationError], without running anything; nil when nothing is.
// Settings of a client are not looked at.
func (b *BoundCall) Check() error {
	if problems := b.judge(nil); problems != nil {
		return &ValidationError{b.op.Name, problems}
	}
	return nil
}

// judge adds to problems those of the arguments that could not be stored, and what the rules find in the others.
func (b *BoundCall) judge(problems []Problem) []Problem {
	problems = append(problems, b.problems...)
	for _, problem := range planOf(b.op.params).check(b.params) {
		if !slices.ContainsFunc(b.problems, func(p Problem) bool { return overlap(p.Param, problem.Param) }) {
			problems = append(problems, problem)
		}
	}
	return problems
}

// runForeign runs a call that is none of the API, as one attempt.
func (b *BoundCall) runForeign(ctx context.Context, c *Client) (result any, err error) {
	if err := b.Check(); err != nil {
		return nil, err
	}
	pacer := pacerOf(ctx)
	err = ctx.Err()
	if err == nil && pacer != nil {
		err = pacer.Wait(ctx, b.op.Route)
	}
	if err != nil {
		return nil, newNetworkError(ctx, b.op.Name, 0, err)
	}
	if pacer != nil {
		defer func() { pacer.Observe(err) }()
	}
	return b.op.call(ctx, c, b.params.Interface())
}
