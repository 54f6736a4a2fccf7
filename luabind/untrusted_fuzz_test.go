package luabind

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/authysh/authysh/authy"
)

// FuzzUntrusted runs any text as the script of a stranger, twice: as a program and at a prompt. It must end within the limits,
// with an error of the script's or of a limit if any, and leave the runtime usable.
func FuzzUntrusted(f *testing.F) {
	for _, g := range greedy {
		f.Add(g.code)
	}
	for _, e := range strangers {
		f.Add(e.code)
	}
	limits := Limits{Time: 20 * time.Millisecond, Steps: 20_000, Memory: 1 << 20, Tasks: 5, Sends: 3, Output: 4 << 10}
	f.Fuzz(func(t *testing.T, source string) {
		rt, err := New(&authy.Client{Key: secretKey, HTTPClient: &http.Client{Transport: &service{}}},
			Untrusted(), Limit(limits), Files(fstest.MapFS{"lib.lua": {Data: []byte(source)}}))
		if err != nil {
			t.Fatal(err)
		}
		begun := time.Now()
		check := func(what string, err error) {
			if _, ok := errors.AsType[*LimitError](err); ok || err == nil {
				return
			}
			_, script := errors.AsType[*ScriptError](err)
			_, typed := errors.AsType[*EvalError](err)
			_, tasks := errors.AsType[*TasksError](err)
			if !script && !typed && !tasks {
				t.Errorf("%s: got %T: %v", what, err, err)
			}
			if text := fmt.Sprint(err); strings.Contains(text, secretKey) || strings.Contains(text, "runtime error") {
				t.Errorf("%s: got %v", what, err)
			}
		}
		check("run", rt.Run(t.Context(), Script{Name: "fuzz.lua", Source: source}))
		_, err = rt.NewSession(SessionOptions{}).Eval(t.Context(), source)
		check("prompt", err)
		check("require", rt.Run(t.Context(), Script{Name: "fuzz.lua", Source: `require "lib"`}))
		if took := time.Since(begun); took > 30*time.Second {
			t.Errorf("it took %v", took)
		}
		// Nothing runs any more, and what is left in globals is the script's own affair.
		if n := len(rt.tasks.running); n != 0 {
			t.Errorf("%d tasks are left", n)
		}
		err = rt.Run(t.Context(), Script{Name: "after.lua", Source: `local x = 1 + 1`})
		if limit, ok := errors.AsType[*LimitError](err); err != nil && !(ok && (limit.Limit == "Memory" || limit.Limit == "Time")) { // a slow machine
			t.Errorf("afterwards: %v", err)
		}
		if err := rt.Close(); err != nil {
			t.Error(err)
		}
	})
}
