package authy_test

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/authysh/authysh/authy"
	"github.com/google/go-cmp/cmp"
)

// values are arguments by name.
type values map[string]any

func (a values) Assign(f authy.Field, v reflect.Value) (bool, error) {
	value, ok := a[f.Name]
	if !ok {
		return false, nil
	}
	if got := reflect.TypeOf(value); got != v.Type() {
		return true, errors.New("must be a " + v.Type().String() + ", got a " + got.String())
	}
	v.Set(reflect.ValueOf(value))
	return true, nil
}
func (a values) Len() int { return len(a) }
func (a values) Names() []string {
	var names []string
	for name := range a {
		names = append(names, name)
	}
	return names
}

var declared = []authy.Spec{
	{Name: "text", Type: "string", Doc: "Message text.", Required: true, Rule: "length 1-10"},
	{Name: "level", Type: "string", Doc: "How loud.", Values: []string{"info", "a \"quoted`one"}},
	{Name: "times", Type: "integer", Doc: "How often.", Rule: "range 1-3"},
	{Name: "share", Type: "number", Doc: "A part."},
	{Name: "silent", Type: "boolean", Doc: "No sound.", Required: true},
	{Name: "rooms", Type: "string[]", Doc: "Where."},
	{Name: "extra", Type: "table", Doc: "More.", Rule: "json"},
}

func TestDeclare(t *testing.T) {
	t.Parallel()
	var got map[string]any
	op, err := authy.Declare("notify send", "Post.", authy.Route{Name: "notify.send", Effect: authy.Sends}, declared,
		[]authy.Spec{{Name: "ok", Type: "boolean", Doc: "Done."}, {Name: "n", Type: "integer", Doc: "Count."}, {Name: "t", Type: "table", Doc: "More."}},
		func(_ context.Context, params map[string]any) (any, error) { got = params; return "done", nil })
	if err != nil {
		t.Fatal(err)
	}
	if len(op.Params) != len(declared) || !op.Params[1].Optional || op.Params[4].Optional || op.OfAPI() || len(op.Result()) != 3 {
		t.Errorf("described as %+v", op.Params)
	}
	for _, test := range []struct {
		name string
		args values
		want string // of the error
	}{
		{"all", values{"text": "hi", "level": "a \"quoted`one", "times": 2, "share": 0.5, "silent": false, "rooms": []string{"a"}, "extra": map[string]any{"a": 1.5}}, ""},
		{"few", values{"text": "hi", "silent": true}, ""},
		{"none", values{}, "notify.send: text is required; silent is required"},
		{"empty", values{"text": "", "silent": true}, "notify.send: text is required"},
		{"unknown", values{"text": "hi", "silent": true, "txt": "hi"}, `notify.send: txt is not a parameter, did you mean "text"?`},
		{"mistyped", values{"text": 1, "silent": true}, "notify.send: text must be a string, got a int"},
		{"rules", values{"text": "far too long a text", "silent": true, "times": 4, "level": "inf"},
			`notify.send: text must be 1 to 10 characters, got 19; level must be one of info, a "quoted` + "`" + `one; got "inf", did you mean "info"?; times must be a whole number from 1 to 3, got 4`},
	} {
		got = nil
		_, err := op.Call(t.Context(), &authy.Client{}, test.args) // a client without key is fine
		text := ""
		if err != nil {
			text = err.Error()
		}
		if diff := cmp.Diff(test.want, text); diff != "" {
			t.Errorf("%s: error (-want +got):\n%s", test.name, diff)
		}
		if (got != nil) != (test.want == "") || err == nil && !cmp.Equal(map[string]any(test.args), got) {
			t.Errorf("%s: the function got %v", test.name, got)
		}
		if checked := op.Bind(test.args).Check(); (checked == nil) != (err == nil) {
			t.Errorf("%s: Check = %v", test.name, checked)
		}
	}
}

// TestDeclareRefuses has descriptions that would panic later.
func TestDeclareRefuses(t *testing.T) {
	t.Parallel()
	for want, spec := range map[string]authy.Spec{
		"name and doc":        {Name: "a", Type: "string"},
		"snake_case":          {Name: "aB", Type: "string", Doc: "D."},
		"did you mean":        {Name: "a", Type: "strin", Doc: "D."},
		"values are for":      {Name: "a", Type: "integer", Doc: "D.", Values: []string{"x"}},
		"is not known":        {Name: "a", Type: "string", Doc: "D.", Rule: "emial"},
		"of type integer":     {Name: "a", Type: "string", Doc: "D.", Rule: "range 1-2"},
		"cannot be read":      {Name: "a", Type: "string", Doc: "D.", Rule: "digits x"},
		"rule \"enum wrong\"": {Name: "a", Type: "string", Doc: "D.", Rule: "enum wrong"},
	} {
		_, err := authy.Declare("", "D.", authy.Route{Name: "x", Effect: authy.Reads}, []authy.Spec{spec}, nil, func(context.Context, map[string]any) (any, error) { return nil, nil })
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %s", spec, err, want)
		}
	}
}

// pacer counts what it is told.
type countingPacer struct {
	waited   []string
	observed []error
	refuse   error
}

func (p *countingPacer) Wait(_ context.Context, r authy.Route) error {
	p.waited = append(p.waited, r.Name+" "+r.Effect.String())
	return p.refuse
}
func (p *countingPacer) Observe(err error) { p.observed = append(p.observed, err) }

// TestForeignPace holds that operations which are none of the API go by the pacer, and so are in journals.
func TestForeignPace(t *testing.T) {
	t.Parallel()
	ran := 0
	failure := errors.New("no")
	type params struct {
		Name string `json:"name" doc:"Who."`
	}
	type result struct {
		OK bool `json:"ok" doc:"Done."`
	}
	own := authy.Op("", "A call of the host's own.", authy.Route{Name: "greet", Effect: authy.Writes},
		func(_ *authy.Client, _ context.Context, p params) (*result, error) {
			ran++
			if p.Name == "nobody" {
				return nil, failure
			}
			return &result{true}, nil
		})
	p := &countingPacer{}
	ctx := authy.WithPacer(t.Context(), p)
	_, first := own.Call(ctx, nil, values{"name": "ana"})
	_, second := own.Call(ctx, nil, values{"name": "nobody"})
	_, third := own.Call(ctx, nil, values{})
	p.refuse = errors.New("the journal is full")
	_, fourth := own.Call(ctx, nil, values{"name": "ana"})
	if first != nil || second != failure || third == nil || !errors.Is(fourth, p.refuse) || ran != 2 {
		t.Errorf("errors %v, %v, %v, %v; ran %d times", first, second, third, fourth, ran)
	}
	if diff := cmp.Diff([]string{"greet writes", "greet writes", "greet writes"}, p.waited); diff != "" || len(p.observed) != 2 || p.observed[1] != failure {
		t.Errorf("paced %v, observed %v", p.waited, p.observed)
	}
}
