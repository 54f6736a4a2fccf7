package luabind

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/authysh/authysh/authy"
	lua "github.com/yuin/gopher-lua"
)

// TestErrorsTravel has errors of scripts as JSON, and as they were again.
func TestErrorsTravel(t *testing.T) {
	t.Parallel()
	rt, err := New(&authy.Client{}, Limit(Limits{Steps: 10_000}))
	if err != nil {
		t.Fatal(err)
	}
	defer rt.Close()
	for _, source := range []string{"\n error { code = 7 }", "x = ", "x = = 1", "while true do end"} {
		err := rt.Run(t.Context(), Script{Name: "s.lua", Source: source})
		var before, after error
		if failure, ok := errors.AsType[*ScriptError](err); ok {
			before, after = failure, &ScriptError{}
		} else if limit, ok := errors.AsType[*LimitError](err); ok {
			before, after = limit, &LimitError{}
		} else {
			t.Fatalf("%s: %v", source, err)
		}
		text, err := json.Marshal(before)
		if err == nil {
			err = json.Unmarshal(text, after)
		}
		again, _ := json.Marshal(after)
		if err != nil || before.Error() != after.Error() || string(text) != string(again) {
			t.Errorf("%v became %v by %s, %v", before, after, text, err)
		}
		if failure, ok := after.(*ScriptError); ok {
			line, column := failure.Position()
			wantLine, wantColumn := before.(*ScriptError).Position()
			if line != wantLine || column != wantColumn || failure.Value != lua.LNil {
				t.Errorf("%v is at %d:%d, want %d:%d", failure, line, column, wantLine, wantColumn)
			}
		}
	}
}
