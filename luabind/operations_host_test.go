package luabind_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/luabind"
	"github.com/authysh/authysh/luabind/check"
	"github.com/authysh/authysh/luabind/journal"
	"github.com/authysh/authysh/luabind/stubs"
)

// discountParams are the parameters of an operation that is none of the API.
type discountParams struct {
	Code    string `json:"code" rule:"values [\"SPRING\",\"SUMMER\"]" doc:"Name of the discount."`
	Percent *int   `json:"percent" rule:"range 1-90" doc:"How much; 10 by default."`
}

// discountResult is its result.
type discountResult struct {
	Code    string `json:"code" doc:"Name of the discount."`
	Percent int    `json:"percent" doc:"How much it is."`
}

// errSoldOut is an error of the host's own.
var errSoldOut = errors.New("sold out")

// discount is an operation of the host.
var discount = authy.Op("discount set <code> [percent]", "Set a discount.", authy.Route{Name: "discount", Effect: authy.Writes},
	func(_ *authy.Client, _ context.Context, p discountParams) (*discountResult, error) {
		result := &discountResult{p.Code, 10}
		if p.Percent != nil {
			result.Percent = *p.Percent
		}
		if result.Percent == 66 {
			return nil, errSoldOut
		}
		return result, nil
	})

// TestHostOperationStyles: an operation of the host has every style, in the module and in clients, and its limits are kept.
func TestHostOperationStyles(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	var seen []string
	log := func(next luabind.CallFunc) luabind.CallFunc {
		return func(ctx context.Context, call *luabind.Call) (any, error) {
			seen = append(seen, call.Op.Name)
			return next(ctx, call)
		}
	}
	rt, err := luabind.New(&authy.Client{}, luabind.Operations(discount), luabind.Stdout(&out), luabind.Use(log))
	if err != nil {
		t.Fatal(err)
	}
	defer rt.Close()
	err = rt.Run(t.Context(), luabind.Script{Name: "d.lua", Source: `
		print(authy.discount{ code = "SPRING", percent = 20 }.percent)
		authy.discount({ code = "SPRING" }, function(err, res) print(err, res.percent) end)
		authy.discount({ code = "AUTUMN" }, function(err, res) print(err.kind, err.fields.code, res) end)
		print(authy.async.discount{ code = "SUMMER" }:await().code)
		print(authy.try.discount{ code = "SPRING", percent = 99 })
		print(authy.try.discount{ coed = "SPRING" })
		print(authy.client{ key = "another-key" }:discount{ code = "SUMMER" }.percent)
		print(pcall(authy.discount, { code = "SPRING", percent = 66 }))
		authy.discount{ code = "SPRING", percent = 66 }`})
	const want = `20
nil	10
validation	must be one of SPRING, SUMMER; got "AUTUMN"	nil
SUMMER
nil	discount: percent must be a whole number from 1 to 90, got 99
nil	discount: coed is not a parameter, did you mean "code"?; code is required
10
false	sold out
`
	if got := out.String(); got != want {
		t.Errorf("printed:\n%s\nwant:\n%s", got, want)
	}
	if len(seen) != 9 {
		t.Errorf("the middleware saw %d calls, want 9", len(seen))
	}
	failure, ok := errors.AsType[*luabind.ScriptError](err)
	if !ok || failure.Where != "d.lua:10" || !errors.Is(err, errSoldOut) {
		t.Errorf("got %v, which should be errSoldOut at d.lua:10", err)
	}
}

// TestHostOperationIsDescribed has it where the catalogue's are: help, the linter and the definitions for editors.
func TestHostOperationIsDescribed(t *testing.T) {
	t.Parallel()
	rt, err := luabind.New(&authy.Client{}, luabind.Operations(discount))
	if err != nil {
		t.Fatal(err)
	}
	defer rt.Close()
	manual := rt.Manual()
	for _, topic := range []string{"discount", "authy.discount", "authy.try.discount", "discount.percent"} {
		if text, _, ok := manual.Help(topic); !ok || !strings.Contains(text, "percent") || strings.Contains(text, "authysh") {
			t.Errorf("help %s is\n%s", topic, text)
		}
	}
	if text, _, _ := manual.Help("authy"); !strings.Contains(text, "Set a discount.") {
		t.Error("the contents of authy lack it")
	}
	checker := check.New(manual)
	for source, want := range map[string]string{
		`print(authy.discount{ code = "SPRING" }.percent)`:            "",
		`print(authy.async.discount{ code = "SPRING" }:await().code)`: "",
		`authy.discount{ code = "AUTUMN" }`:                           "must be one of SPRING, SUMMER",
		`authy.discount{ percent = 5 }`:                               "code",
		`authy.discuont{ code = "SPRING" }`:                           `authy.discount`,
	} {
		found := checker.Check("x.lua", source)
		if want == "" && len(found) > 0 || want != "" && (len(found) != 1 || !strings.Contains(found[0].Message, want)) {
			t.Errorf("%s: found %v, want %q", source, found, want)
		}
	}
	var text string
	for _, file := range stubs.Generate(manual) {
		if file.Name == "authy.lua" {
			text = file.Text
		}
	}
	for _, want := range []string{
		"function authy.discount(parameters) end", "function authy.try.discount(parameters) end", "function authy.async.discount(parameters) end",
		"It writes. Command: `discount set <code> [percent]`", "one of SPRING, SUMMER", "function Client:discount(parameters) end",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the definitions lack %q", want)
		}
	}
}

// TestHostOperationInBatch: its calls are in the journal of a batch with its effect, and are not repeated.
func TestHostOperationInBatch(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "journal")
	calls := 0
	count := func(next luabind.CallFunc) luabind.CallFunc {
		return func(ctx context.Context, call *luabind.Call) (any, error) { calls++; return next(ctx, call) }
	}
	for range 2 {
		var out strings.Builder
		rt, err := luabind.New(&authy.Client{}, luabind.Operations(discount), luabind.Use(count), luabind.Stdout(&out))
		if err != nil {
			t.Fatal(err)
		}
		err = rt.Run(t.Context(), luabind.Script{Args: []string{path}, Source: `
			local s = batch.run{ source = { { id = "SPRING" }, { id = "SUMMER" } }, key = "id", journal = (...),
				each = function(row) return authy.discount{ code = row.id }.percent end }
			print(s.done)`})
		if err != nil || out.String() != "2\n" {
			t.Fatalf("%v, printed %q", err, out.String())
		}
		if err := rt.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if calls != 2 {
		t.Errorf("%d calls in two runs of one batch, want 2", calls)
	}
	text, err := os.ReadFile(path)
	if err != nil || !strings.Contains(string(text), "discount") {
		t.Errorf("the journal does not tell of the calls: %v\n%s", err, text)
	}
	if _, err := journal.Summarize(t.Context(), path); err != nil {
		t.Error(err)
	}
}
