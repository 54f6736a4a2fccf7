package authy_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/authysh/authysh/authy"
)

// arguments is what a script or a command line would hand over.
type arguments map[string]any

func (a arguments) Assign(f authy.Field, v reflect.Value) (bool, error) {
	value, ok := a[f.Name]
	if !ok {
		return false, nil
	}
	if problem, wrong := value.(error); wrong {
		return true, problem
	}
	given := reflect.ValueOf(value)
	if !given.Type().ConvertibleTo(f.Type) || given.Kind() != f.Type.Kind() {
		return true, fmt.Errorf("must be a %s, got a %T", f.Type, value)
	}
	v.Set(given.Convert(f.Type))
	return true, nil
}

func (a arguments) Len() int { return len(a) }

func (a arguments) Names() []string { return slices.Collect(maps.Keys(a)) }

func TestDynamicCalls(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		op   string
		args arguments
		want problems // nil: the call goes through
	}{
		"good":               {"request_sms", arguments{"authy_id": "1635", "force": true, "locale": "PT"}, nil},
		"unknown, near":      {"request_sms", arguments{"authyId": "1635"}, problems{{"authyId", `is not a parameter, did you mean "authy_id"?`}, {"authy_id", "is required"}}},
		"unknown, far":       {"request_sms", arguments{"authy_id": "1635", "colour": "red"}, problems{{"colour", "is not a parameter; known are authy_id, force, action, message, locale"}}},
		"unknown, none":      {"list_webhooks", arguments{"page": 1}, problems{{"page", "is not a parameter; it takes none"}}},
		"unknown, odd names": {"list_webhooks", arguments{"": 1, "a b": 1, "x\x1b": 1}, problems{{`""`, "is not a parameter; it takes none"}, {`"a b"`, "is not a parameter; it takes none"}, {`"x\x1b"`, "is not a parameter; it takes none"}}},
		"unknown, huge":      {"list_webhooks", arguments{strings.Repeat("z", 1<<20): 1}, problems{{`"` + strings.Repeat("z", 40) + `"…`, "is not a parameter; it takes none"}}},
		"case":               {"verify_token", arguments{"authy-id": "1", "Token": "123456"}, problems{{"Token", `is not a parameter, did you mean "token"?`}, {"authy-id", `is not a parameter, did you mean "authy_id"?`}, {"authy_id", "is required"}, {"token", "is required"}}},
		"mistyped and wrong": {"verify_token", arguments{"authy_id": 1.5, "token": "12", "ip": "x", "fource": true},
			problems{{"authy_id", "must be a authy.ID, got a float64"}, {"fource", `is not a parameter, did you mean "force"?`}, {"token", "must be 6 to 8 digits, got 2"}, {"ip", `must be an IPv4 or IPv6 address, got "x"`}}},
		"parts": {"create_approval_request", arguments{"authy_id": "1", "message": "m", "details": authy.Problems{{".visible.name", "must be text"}, {".hidden", "must be a table"}}, "logos": authy.Problems{{"[2].url", "is required"}}},
			problems{{"details.visible.name", "must be text"}, {"details.hidden", "must be a table"}, {"logos[2].url", "is required"}}},
		"required list":          {"create_webhook", arguments{"name": "n", "url": "https://example.com"}, problems{{"events", "is required"}}},
		"required list mistyped": {"create_webhook", arguments{"name": "n", "url": "https://example.com", "events": 7}, problems{{"events", "must be a []string, got a int"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o, ok := authy.ByName(tc.op)
			if !ok {
				t.Fatalf("no operation %s", tc.op)
			}
			if tc.want != nil {
				checkProblems(t, invocation{tc.args, func(ctx context.Context, c *authy.Client) (any, error) { return o.Call(ctx, c, tc.args) }}, tc.want)
				return
			}
			if result, err := o.Call(t.Context(), answering(200, answers[tc.op]), tc.args); err != nil || result.(*authy.TokenRequest).Cellphone == "" {
				t.Errorf("got %v and %v", result, err)
			}
		})
	}
}

// TestNamesAreLeftAlone: Call must not reorder the list that the arguments gave.
func TestNamesAreLeftAlone(t *testing.T) {
	t.Parallel()
	names := listed{"z", "a"}
	o, _ := authy.ByName("list_webhooks")
	c, _ := unreachable(t)
	if _, err := o.Call(t.Context(), c, names); kindOf(err) != authy.KindValidation {
		t.Errorf("got %v", err)
	}
	if names[0] != "z" {
		t.Errorf("the names are now %q", names)
	}
}

type listed []string

func (listed) Assign(authy.Field, reflect.Value) (bool, error) { return false, nil }
func (l listed) Len() int                                      { return len(l) }
func (l listed) Names() []string                               { return l }

// TestDynamicAndTypedAgree: both ways of calling send the same request.
func TestDynamicAndTypedAgree(t *testing.T) {
	t.Parallel()
	for _, tc := range wireCases {
		args, v := arguments{}, reflect.ValueOf(tc.call.params)
		for i := range v.NumField() {
			if f := v.Field(i); !f.IsZero() {
				args[v.Type().Field(i).Tag.Get("json")] = reflect.Indirect(f).Interface()
			}
		}
		var lines []string
		c := clientOf(func(r *http.Request) (*http.Response, error) {
			lines = append(lines, r.Method+" "+r.URL.String())
			return reply(200, answers[tc.op]), nil
		})
		o, _ := authy.ByName(tc.op)
		typed, err := tc.call.run(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		dynamic, err := o.Call(t.Context(), c, args)
		if err != nil {
			t.Errorf("%s: %v", tc.op, err)
			continue
		}
		if lines[0] != lines[1] {
			t.Errorf("%s: typed %s, dynamic %s", tc.op, lines[0], lines[1])
		}
		if diff := cmp.Diff(typed, dynamic); diff != "" {
			t.Errorf("%s (-typed +dynamic):\n%s", tc.op, diff)
		}
	}
}

func details(visible map[string]any) invocation {
	return call((*authy.Client).CreateApprovalRequest, authy.CreateApprovalRequestParams{AuthyID: "1", Message: "m", Details: &authy.Details{Visible: visible}})
}

func data(values map[string]any) invocation {
	return call((*authy.Client).RegisterActivity, authy.RegisterActivityParams{AuthyID: "1", Type: "banned", Data: values})
}

func TestValues(t *testing.T) {
	t.Parallel()
	const plain = "must be a string, number, boolean or object, got "
	for name, tc := range map[string]struct {
		call invocation
		want problems
	}{
		"things that are no values": {data(map[string]any{"a": func() {}, "b": make(chan int), "c": struct{ X int }{1}, "d": new(7), "e": complex(1, 2), "f": time.Now}),
			problems{{"data.a", "must be a JSON value, got a Go func()"}, {"data.b", "must be a JSON value, got a Go chan int"}, {"data.c", "must be a JSON value, got a Go struct { X int }"},
				{"data.d", "must be a JSON value, got a Go *int"}, {"data.e", "must be a JSON value, got a Go complex128"}, {"data.f", "must be a JSON value, got a Go func() time.Time"}}},
		"numbers": {data(map[string]any{"a": math.NaN(), "b": math.Inf(-1), "c": json.Number("1x"), "d": json.Number(`"1"`), "e": json.Number(""), "f": json.Number("1 "), "g": []any{float32(math.Inf(1))}}),
			problems{{"data.a", "must be a finite number, got NaN"}, {"data.b", "must be a finite number, got -Inf"}, {"data.c", `must be a number, got "1x"`}, {"data.d", `must be a number, got "\"1\""`},
				{"data.e", `must be a number, got ""`}, {"data.f", `must be a number, got "1 "`}, {"data.g[1]", "must be a finite number, got +Inf"}}},
		"texts":             {data(map[string]any{"a": "\xff", "b": []any{"ok", "\x00"}, "c": map[string]any{"d": "\xff"}}), problems{{"data.a", "must be valid UTF-8"}, {"data.b[2]", "must not contain a NUL byte"}, {"data.c.d", "must be valid UTF-8"}}},
		"keys":              {data(map[string]any{"\xff": 1, "\x00": 1, "x": map[int]string{1: "a"}, "a\nb": "\xff"}), problems{{"data", "has a key that must not contain a NUL byte"}, {`data."a\nb"`, "must be valid UTF-8"}, {"data.x", "must have strings as keys, got int"}, {"data", "has a key that must be valid UTF-8"}}},
		"details, other":    {details(map[string]any{"list": []any{1}, "null": nil, "strings": []string{"a"}}), problems{{"details.visible.list", plain + "a list"}, {"details.visible.null", plain + "null"}, {"details.visible.strings", plain + "a list"}}},
		"details, long key": {details(map[string]any{"x": map[string]any{strings.Repeat("é", 21): "v"}}), problems{{"details.visible.x", `has a key of 21 characters, "` + strings.Repeat("é", 21) + `"; at most 20 are allowed`}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			checkProblems(t, tc.call, tc.want)
		})
	}
	good := map[string]any{"a": "ü", "b": []any{nil, 1, -2.5, json.Number("123456789012345678901234567890"), json.Number("-1e999"), true}, "c": map[string]string{"x": "y"}, "d": []int{1}, "e": [2]bool{}, "f": uint64(math.MaxUint64), "": "empty key"}
	if _, err := data(good).run(t.Context(), answering(200, answers["register_activity"])); err != nil {
		t.Error(err)
	}
}

// TestEndlessValues: maps that contain themselves, or unfold without end, are refused in no time.
func TestEndlessValues(t *testing.T) {
	t.Parallel()
	self := map[string]any{"ok": 1}
	self["self"] = self
	twice := map[string]any{}
	twice["a"], twice["b"] = twice, twice
	list := []any{nil, nil}
	list[0], list[1] = list, map[string]any{"list": list}
	tower := map[string]any{"end": 1}
	for range maxNesting - 4 {
		tower = map[string]any{"a": tower, "b": tower}
	}
	chain := map[string]any{}
	for range maxNesting + 1 {
		chain = map[string]any{"x": chain}
	}
	const deep, many = "is nested more than 64 deep, or contains itself", "is one of more than 100000 values"
	for name, tc := range map[string]struct {
		values map[string]any
		want   string
	}{
		"contains itself": {self, deep}, "contains itself twice": {twice, deep}, "list": {map[string]any{"l": list}, deep},
		"tower": {tower, many}, "chain": {chain, deep}, "wide": {map[string]any{"l": make([]bool, 100_001)}, many},
	} {
		for _, call := range []invocation{data(tc.values), details(tc.values)} {
			c, _ := unreachable(t)
			_, err := call.run(t.Context(), c)
			failure, ok := errors.AsType[*authy.ValidationError](err)
			if !ok {
				t.Fatalf("%s: got %v, want a *ValidationError", name, err)
			}
			if _, lists := tc.values["l"]; lists && strings.Contains(err.Error(), "got a list") {
				continue // details take none at all
			}
			if len(failure.Problems) != 1 || failure.Problems[0].Reason != tc.want {
				t.Errorf("%s: got %d problems, the first %q, want %q", name, len(failure.Problems), failure.Problems[0].Reason, tc.want)
			}
		}
	}
}

const maxNesting = 64

func TestNearest(t *testing.T) {
	t.Parallel()
	known := []string{"authy_id", "country_code", "email", "host", "ip", "id"}
	for name, want := range map[string]string{
		"authyId": "authy_id", "AUTHY-ID": "authy_id", "authi_id": "authy_id", "countrycode": "country_code", "country": "country_code", "emial": "email", "mail": "email", "hots": "host", "coutnry": "",
		"i": "ip", "": "", "zzz": "", strings.Repeat("email", 1000): "",
	} {
		if got := authy.Nearest(name, known); got != want {
			t.Errorf("%.20q: got %q, want %q", name, got, want)
		}
	}
}
