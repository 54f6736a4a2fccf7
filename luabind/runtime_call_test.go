package luabind_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/authy/sandbox"
	"github.com/authysh/authysh/luabind"
)

// callable is a runtime in which a script has left functions.
func callable(t testing.TB, client *authy.Client, source string) *luabind.Runtime {
	t.Helper()
	rt, err := luabind.New(client)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = rt.Close() })
	if err := rt.Run(t.Context(), luabind.Script{Name: "rules.lua", Source: source}); err != nil {
		t.Fatal(err)
	}
	return rt
}

func TestCallConverts(t *testing.T) {
	t.Parallel()
	rt := callable(t, &authy.Client{}, `
		function echo(...) return ... end
		rules = { deep = { pair = function() return { 1, 2 }, { a = json.null } end } }
		function waits() return task.spawn(function() return "ended" end):await() end`)
	for _, c := range []struct {
		function  string
		arguments []any
		want      []any
	}{
		{"echo", nil, nil},
		{"echo", []any{1, "x", true, 1.5}, []any{1.0, "x", true, 1.5}},
		{"echo", []any{[]string{"a", "b"}, map[string]any{"n": 1}}, []any{[]any{"a", "b"}, map[string]any{"n": 1.0}}},
		{"echo", []any{nil, 2}, []any{nil, 2.0}},
		{"echo", []any{[]string{}}, []any{[]any{}}},
		{"rules.deep.pair", nil, []any{[]any{1.0, 2.0}, map[string]any{"a": nil}}},
		{"json.encode", []any{map[string]int{"a": 1}}, []any{`{"a":1}`}},
		{"waits", nil, []any{"ended"}},
	} {
		got, err := rt.Call(t.Context(), c.function, c.arguments...)
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s(%v) = %#v, %v; want %#v", c.function, c.arguments, got, err, c.want)
		}
	}
}

func TestCallRefuses(t *testing.T) {
	t.Parallel()
	type ring struct{ Next *ring }
	self := &ring{}
	self.Next = self
	rt := callable(t, &authy.Client{}, `
		value = 1
		function echo(...) return ... end
		function gives() return 1, { print } end
		function fails() error("no luck") end
		function leaves() os.exit(3) end`)
	for _, c := range []struct {
		function string
		argument any
		want     string
	}{
		{"missing", nil, `"missing" is no function but nil`},
		{"value", nil, `"value" is no function but a number`},
		{"value.x", nil, `"value.x" is no function`},
		{"", nil, `is no function`},
		{"gives", nil, "result 2 of gives holds a function"},
		{"fails", nil, "rules.lua:5: no luck"},
		{"leaves", nil, "script exited with code 3"},
		{"echo", self, "contains itself"},
	} {
		got, err := rt.Call(t.Context(), c.function, c.argument)
		if err == nil || got != nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, %v; want an error with %q", c.function, got, err, c.want)
		}
	}
	if got, err := rt.Call(t.Context(), "echo", "still here"); err != nil || len(got) != 1 {
		t.Errorf("after the errors: %v, %v", got, err)
	}
}

// The error of the API comes through the Lua stack, with the position in the script.
func TestCallReachesTheAPIError(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNotFound)
		_, _ = w.Write([]byte(`{"success":false,"message":"User not found.","error_code":"60026"}`))
	}))
	defer server.Close()
	rt := callable(t, &authy.Client{Key: "k", Host: server.URL}, `function status(id)
		return authy.get_user_status{ authy_id = id }
	end`)
	_, err := rt.Call(t.Context(), "status", 404)
	refusal, ok := errors.AsType[*authy.APIError](err)
	if !ok || refusal.Status != http.StatusNotFound || !strings.HasPrefix(err.Error(), "rules.lua:2: ") {
		t.Errorf("got %v", err)
	}
}

func TestCallEndsWithItsContext(t *testing.T) {
	t.Parallel()
	rt := callable(t, &authy.Client{}, `function spin() while true do end end`)
	ctx, cancel := context.WithCancelCause(t.Context())
	reason := errors.New("the customer has gone")
	cancel(reason)
	if _, err := rt.Call(ctx, "spin"); !errors.Is(err, reason) {
		t.Errorf("got %v", err)
	}
}

func TestCallFromManyGoroutines(t *testing.T) {
	t.Parallel()
	rt := callable(t, &authy.Client{}, `n = 0 function count() n = n + 1 return n end`)
	var group sync.WaitGroup
	for range 50 {
		group.Go(func() {
			if _, err := rt.Call(t.Context(), "count"); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if got, err := rt.Call(t.Context(), "count"); err != nil || got[0] != 51.0 {
		t.Errorf("got %v, %v", got, err)
	}
}

// BenchmarkNew is a runtime with all modules, from its making to its end.
func BenchmarkNew(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		rt, err := luabind.New(&authy.Client{Key: "k"})
		if err != nil {
			b.Fatal(err)
		}
		_ = rt.Close()
	}
}

// A service loads its rules once, and asks them at every login.
func ExampleRuntime_Call() {
	service := sandbox.New() // in earnest: your key, and no Host
	server := httptest.NewServer(service)
	defer server.Close()
	rt, err := luabind.New(&authy.Client{Key: service.Key(), Host: server.URL})
	if err != nil {
		log.Fatal(err)
	}
	defer rt.Close()
	ctx := context.Background()
	err = rt.Run(ctx, luabind.Script{Name: "rules.lua", Source: `
		rules = {}
		function rules.needs_code(login) return login.country ~= "PT", "signed in from " .. login.country end
		function rules.status(id) return authy.get_user_status{ authy_id = id } end
	`})
	if err != nil {
		log.Fatal(err)
	}
	answer, err := rt.Call(ctx, "rules.needs_code", map[string]string{"country": "BR"})
	fmt.Println(answer, err)
	_, err = rt.Call(ctx, "rules.status", 404)
	refusal, _ := errors.AsType[*authy.APIError](err)
	fmt.Println(err, "- status", refusal.Status)
	// Output:
	// [true signed in from BR] <nil>
	// rules.lua:4: get_user_status: User not found. (HTTP 404, code 60026) - status 404
}
