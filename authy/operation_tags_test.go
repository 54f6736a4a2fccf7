package authy

import (
	"context"
	"fmt"
	"strings"
	"testing"
)

// declared is the panic of declaring an operation with parameters P; empty for none.
func declared[P any]() (reason string) {
	defer func() {
		if p := recover(); p != nil {
			reason = fmt.Sprint(p)
		}
	}()
	Op("x y", "Do it.", Route{Name: "y", Effect: Reads}, func(*Client, context.Context, P) (*struct{}, error) { return nil, nil })
	return ""
}

// TestOpNamesTheField tests that a mistake in the tags of a host's operation says where it is, and what would be right.
func TestOpNamesTheField(t *testing.T) {
	t.Parallel()
	type fine struct {
		ID    ID             `json:"authy_id" rule:"authy_id" doc:"Whom."`
		Mode  *string        `json:"mode" rule:"values [\"soft\",\"firm\"]" doc:"How."`
		Score int            `json:"score" rule:"range 0-" doc:"How much."`
		More  map[string]any `json:"more" rule:"json" doc:"More."`
	}
	type unknown struct {
		ID string `json:"id" rule:"required" doc:"Whom."`
	}
	type bounds struct {
		Name string `json:"name" rule:"length 20" doc:"Who."`
	}
	type mistyped struct {
		ID int `json:"id" rule:"authy_id" doc:"Whom."`
	}
	type fraction struct {
		Share *float64 `json:"share" rule:"range 0-1" doc:"How much."`
	}
	type inner struct {
		List []struct {
			Name string `json:"name" rule:"emial" doc:"Who."`
		} `json:"list" doc:"All."`
	}
	for _, test := range []struct{ got, want string }{
		{declared[fine](), ""},
		{declared[unknown](), `authy: authy.unknown.ID: unknown rule "required": known are authy_id, country_code, details, `},
		{declared[unknown](), "; a field is required unless it is a pointer, a list or a map"},
		{declared[bounds](), `authy: authy.bounds.Name: bad bounds in rule "length 20"`},
		{declared[mistyped](), `authy: authy.mistyped.ID: the rule authy_id is for values of type string, not int`},
		{declared[fraction](), `authy: authy.fraction.Share: the rule range is for values of type integer, not *float64`},
		{declared[inner](), `.Name: unknown rule "emial"`},
	} {
		if !strings.Contains(test.got, test.want) || test.want == "" && test.got != "" {
			t.Errorf("%s, want ...%s...", test.got, test.want)
		}
	}
}
