package authy

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Operation is one call of the API as data: everything that Lua functions, commands, completion, help and
// documentation need to know of it.
type Operation struct {
	Route
	// Command is the shell command, its positional parameters in <angle> or [square] brackets.
	Command string
	// Doc is one sentence.
	Doc string
	// Params are the parameters in the order declared.
	Params []Field

	params, result reflect.Type // the structs
	call           func(ctx context.Context, c *Client, params any) (any, error)
}

// Op declares an operation: its command, a sentence, its route and the method that performs it.
//
// Hosts may declare operations of their own. Their route has a Name, in snake_case, and an Effect; Method and Path may be
// empty, as f does the work. The fields of P are the parameters, in order, each with tags:
//
//	AuthyID ID       `json:"authy_id" rule:"authy_id" doc:"Whom to score."`
//	Reason  *string  `json:"reason" rule:"length 1-20" doc:"Why, for the log."`
//	Tags    []string `json:"tags" doc:"Where to file it."`
//
// A field may be a string, bool, int, float64, a type made of one, []string, map[string]any, a struct of these, or a list of
// such structs. It is required unless it is a pointer, a list or a map; the tag required:"" makes the latter required, too.
// The rule is checked before f is called, and shown wherever the parameter is: "authy_id", "email", "ip", "url", "text"
// (not blank), "segment" (of a path), "json", "digits 6-8", "length 1-255", "range 0-100" or "range 0-" without an end,
// "seconds 1-3600", `values ["soft","firm"]`, and "country_code" and "phone" for a pair of fields. What is private:"" is
// masked in logs.
//
// It panics on parameters that the catalogue cannot carry (no json name or doc, an unknown rule, an unsupported type), so
// that a mistake shows at the first test and never to a user.
func Op[P, R any](command, doc string, route Route, f func(*Client, context.Context, P) (*R, error)) Operation {
	t := reflect.TypeFor[P]()
	return Operation{
		Route: route, Command: command, Doc: doc,
		Params: planOf(t).fields,
		params: t, result: reflect.TypeFor[R](),
		call: func(ctx context.Context, c *Client, params any) (any, error) {
			result, err := f(c, ctx, *params.(*P))
			if err != nil {
				return nil, err // a nil *R in an interface would not be nil
			}
			return result, nil
		},
	}
}

// Result describes what a call gives, in the order declared. It panics on results that the catalogue cannot carry, which a
// test of a new row must find.
func (o Operation) Result() []Field { return resultFields(o.result) }

// ByName finds an operation of the catalogue.
func ByName(name string) (Operation, bool) {
	operations := Operations()
	i := slices.IndexFunc(operations, func(o Operation) bool { return o.Name == name })
	if i < 0 {
		return Operation{}, false
	}
	return operations[i], true
}

// Param finds a parameter by name.
func (o Operation) Param(name string) (Field, bool) {
	i := slices.IndexFunc(o.Params, func(f Field) bool { return f.Name == name })
	if i < 0 {
		return Field{}, false
	}
	return o.Params[i], true
}

// Arguments supplies the values of a call from outside Go: a Lua table, flags, a JSON document.
type Arguments interface {
	// Assign stores the argument called f.Name in v, which has f.Type, and reports whether there was one.
	// The error reads on after the parameter's name: "must be a string, got a boolean".
	Assign(f Field, v reflect.Value) (given bool, err error)
	// Len is how many arguments there are, and Names lists them, so that unknown ones are found.
	Len() int
	Names() []string
}

// Problems is an error of [Arguments.Assign] that is about parts of the value: their Param is relative, such as
// ".visible.name" or "[2].url".
type Problems []Problem

// Error joins the problems.
func (p Problems) Error() string { return (&ValidationError{Problems: p}).Error() }

// Err is the problems as an error, nil when there are none: an empty Problems in an interface would not be nil.
func (p Problems) Err() error {
	if len(p) == 0 {
		return nil
	}
	return p
}

// Within puts the place of a value, such as ".visible" or "[2]", in front of the problems found in it. A nil error is
// none, and any other than [Problems] is one, about the value as a whole.
func Within(place string, err error) Problems {
	switch err := err.(type) {
	case nil:
		return nil
	case Problems:
		moved := make(Problems, len(err))
		for i, p := range err {
			moved[i] = Problem{place + p.Param, p.Reason}
		}
		return moved
	}
	return Problems{{place, err.Error()}}
}

// Call runs the operation with arguments from outside Go: Bind and Run in one.
func (o Operation) Call(ctx context.Context, c *Client, arguments Arguments) (any, error) {
	return o.Bind(arguments).Run(ctx, c)
}

// BoundCall is an operation with its parameters, ready to run.
type BoundCall struct {
	op       Operation
	params   reflect.Value // pointer to the parameter struct
	problems []Problem     // arguments that could not be stored
}

// Bind stores arguments from outside Go in the operation's parameters.
//
// Nothing is judged yet, so that a caller whose arguments must not be touched later (an interpreter that other
// goroutines enter) can run the call elsewhere.
func (o Operation) Bind(arguments Arguments) *BoundCall {
	params := reflect.New(o.params)
	return &BoundCall{o, params, o.assign(params.Elem(), arguments)}
}

// Run performs the call, once. The result is a pointer to the operation's result struct.
//
// Unknown and mistyped arguments are reported in one [*ValidationError], together with everything that the rules
// find in the others.
func (b *BoundCall) Run(ctx context.Context, c *Client) (any, error) {
	switch {
	case !b.op.OfAPI():
		return b.runForeign(ctx, c)
	case len(b.problems) == 0:
		return b.op.call(ctx, c, b.params.Interface())
	}
	c.prepare()
	return nil, &ValidationError{b.op.Name, b.judge(c.problemsFor(b.op.Route))}
}

// overlap reports whether one of two places is the other or a part of it: "logos" and "logos[2].url".
func overlap(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	rest, within := strings.CutPrefix(b, a)
	return within && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

func (o Operation) assign(params reflect.Value, arguments Arguments) []Problem {
	var problems []Problem
	found := 0
	for _, f := range o.Params {
		target := params.Field(f.index)
		value := target
		if target.Kind() == reflect.Pointer {
			value = reflect.New(f.Type).Elem()
		}
		given, err := arguments.Assign(f, value)
		if given {
			found++
		}
		switch parts, ok := err.(Problems); {
		case ok:
			for _, p := range parts {
				problems = append(problems, Problem{f.Name + p.Param, p.Reason})
			}
		case err != nil:
			problems = append(problems, Problem{f.Name, err.Error()})
		}
		if given && target.Kind() == reflect.Pointer && !mistypedWhole(err) {
			target.Set(value.Addr())
		}
	}
	if found < arguments.Len() {
		problems = append(problems, o.unknown(arguments.Names())...)
	}
	return problems
}

// mistypedWhole reports an error about a whole argument; one about parts of it leaves the rest to be judged.
func mistypedWhole(err error) bool {
	_, parts := err.(Problems)
	return err != nil && !parts
}

// unknown reports the names that are no parameters, each with the parameter it may have meant.
func (o Operation) unknown(names []string) []Problem {
	known := make([]string, len(o.Params))
	for i, f := range o.Params {
		known[i] = f.Name
	}
	var problems []Problem
	const most = 20 // whoever makes more mistakes has made one
	for _, name := range slices.Sorted(slices.Values(names)) {
		switch {
		case slices.Contains(known, name):
			continue
		case len(problems) == most:
			return problems
		}
		reason := "is not a parameter"
		if hint := didYouMean(name, known); hint != "" {
			reason += hint
		} else if len(known) == 0 {
			reason += "; it takes none"
		} else {
			reason += "; known are " + strings.Join(known, ", ")
		}
		problems = append(problems, Problem{quoteName(name), reason})
	}
	return problems
}

// quoteName shows an ordinary name bare and any other quoted.
func quoteName(name string) string {
	for _, r := range name {
		if r <= ' ' || r > '~' {
			return quote(name)
		}
	}
	if name == "" || len(name) > 40 {
		return quote(name)
	}
	return name
}

// resultFields describes a result struct: its own fields, then those that every answer has.
func resultFields(t reflect.Type) []Field {
	var fields []Field
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous {
			fields = append(fields, resultFields(f.Type)...)
			continue
		}
		if f.Tag.Get("json") == "-" {
			continue
		}
		field := describe(t, f)
		field.index = i
		field.Type, field.Optional = optional(f.Type)
		if strings.Contains(f.Tag.Get("json"), ",omit") {
			field.Optional = true
		}
		if object := elementStruct(field.Type); object != nil {
			field.Fields = resultFields(object)
		} else if !readable(field.Type) {
			panic(fmt.Sprintf("authy: %s.%s: results of type %s cannot be bound", t, f.Name, f.Type))
		}
		fields = append(fields, field)
	}
	return fields
}

// readable reports whether the binders know how to show a result of type t.
func readable(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.String, reflect.Bool, reflect.Int, reflect.Int64, reflect.Float64:
		return true
	case reflect.Slice:
		return t.Elem().Kind() == reflect.String
	case reflect.Map:
		return t.ConvertibleTo(reflect.TypeFor[Object]())
	}
	return false
}
