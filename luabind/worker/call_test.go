package worker

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/luabind"
	"github.com/google/go-cmp/cmp"
)

func (b *bench) load(t testing.TB, source string) {
	t.Helper()
	if err := b.Load(t.Context(), luabind.Script{Name: "rules.lua", Source: source}); err != nil {
		t.Fatal(err)
	}
}

// TestCall calls functions of a script, which keeps what it knows.
func TestCall(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	if _, err := b.Call(t.Context(), "f"); err == nil || err.Error() != "worker: Call: no script is loaded; call Load first" {
		t.Errorf("got %v", err)
	}
	b.load(t, `
		local n = 0
		function count(by) n = n + (by or 1) return n end
		rules = { echo = function(...) return ... end, kind = function(x) return type(x), tostring(x) end }
		function status(id) return authy.get_user_status{ authy_id = id } end
		function name() print "called" return authy.get_application_details().app.name end`)
	for _, test := range []struct {
		function  string
		arguments []any
		want      []any
	}{
		{"count", nil, []any{1.0}}, {"count", []any{5}, []any{6.0}},
		{"rules.echo", []any{nil, "ä\x00", true, 1.5, []int{1, 2}, map[string]any{"a": []any{}, "b": nil}, struct {
			X int `json:"x"`
		}{7}}, []any{nil, "ä\x00", true, 1.5, []any{1.0, 2.0}, map[string]any{"a": []any{}, "b": nil}, map[string]any{"x": 7.0}}},
		{"rules.echo", []any{"\ufffd", `\ufffd`, "<&>"}, []any{"\ufffd", `\ufffd`, "<&>"}},
		{"rules.echo", nil, []any{}},
		{"rules.kind", []any{int64(1) << 60}, []any{"string", "1152921504606846976"}},
		{"rules.kind", []any{uint64(math.MaxUint64)}, []any{"string", "18446744073709551615"}},
		{"rules.kind", []any{1e300}, []any{"number", "1e+300"}},
		{"name", nil, []any{"Sandbox App"}},
	} {
		got, err := b.Call(t.Context(), test.function, test.arguments...)
		if diff := cmp.Diff(test.want, got); err != nil || diff != "" {
			t.Errorf("%s(%v): %v (-want +got)\n%s", test.function, test.arguments, err, diff)
		}
	}
	if got := b.out.take(); got != "called\n" {
		t.Errorf("printed %q", got)
	}
	if err := b.run(t, `print(count)`); err != nil || b.out.take() != "nil\n" {
		t.Errorf("a run saw the globals of the script that was loaded, or failed: %v", err)
	}
	if got, err := b.Call(t.Context(), "count"); err != nil || got[0] != 7.0 {
		t.Errorf("got %v, %v", got, err)
	}
	b.load(t, `function other() return 1 end`)
	if _, err := b.Call(t.Context(), "count"); err == nil || !strings.Contains(err.Error(), `"count" is no function but nil`) {
		t.Errorf("got %v", err)
	}
	if err := b.Load(t.Context(), luabind.Script{Source: `error "no"`}); err == nil {
		t.Error("a script that fails was loaded")
	}
	if _, err := b.Call(t.Context(), "other"); err == nil || !strings.Contains(err.Error(), "no script is loaded") {
		t.Errorf("got %v", err)
	}
}

// TestCallRefuses has values that do not cross.
func TestCallRefuses(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	b.load(t, `
		function echo(...) return ... end
		function bytes() return "ok", "\255" end
		function infinite() return 1/0 end
		function func() return print end
		function long() return ("x"):rep(600000) end
		function deep() local t = {} for i = 1, 1000 do t = { t } end return t end`)
	for _, test := range []struct {
		function  string
		arguments []any
		want      string
	}{
		{"echo", []any{1, "\xff"}, "worker: Call: argument 2 holds a text that is not UTF-8; write it in another form, such as base64"},
		{"echo", []any{map[string]any{"\xff": 1}}, "argument 1 holds a text that is not UTF-8"},
		{"echo", []any{math.Inf(1)}, "argument 1: json: unsupported value: +Inf"},
		{"echo", []any{func() {}}, "argument 1: json: unsupported type"},
		{"echo", []any{strings.Repeat("x", mostArguments)}, "the arguments have more than 33554432 bytes as JSON"},
		{"bytes", nil, "result 2 holds a text that is not UTF-8"},
		{"infinite", nil, "result 1: json: unsupported value: +Inf"},
		{"func", nil, "result 1 of func holds a function"},
		{"long", nil, "the results have more than 524288 bytes as JSON"},
		{"deep", nil, "nested more than"},
		{"none.at.all", nil, `"none.at.all" is no function`},
	} {
		if _, err := b.Call(t.Context(), test.function, test.arguments...); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %s", test.function, err, test.want)
		}
	}
	if got, err := b.Call(t.Context(), "echo", "still here"); err != nil || got[0] != "still here" {
		t.Errorf("got %v, %v", got, err)
	}
}

// TestCallErrors has errors of calls come back with what they were made of; the script goes on with what it knows.
func TestCallErrors(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(o *Options) { o.Limits = luabind.Limits{Steps: 100_000} })
	b.load(t, "n = 0\nfunction f(code) n = n + 1 return assert(loadcode[code])() end\n"+`loadcode = {
		api = function() authy.get_user_status{ authy_id = 404 } end, invalid = function() authy.get_user_status{} end,
		loop = function() while true do end end, exit = function() os.exit(0) end, raise = function() error { code = 1 } end,
		network = function() authy.send_feedback{ sms_id = "none", outcome = "received" } end, n = function() return n end }`)
	failure := func(code string) error {
		_, err := b.Call(t.Context(), "f", code)
		return err
	}
	err := failure("api")
	api, isAPI := errors.AsType[*authy.APIError](err)
	script, isScript := errors.AsType[*luabind.ScriptError](err)
	if !isAPI || !isScript || api.Code != "60026" || script.Where != "rules.lua:4" || !errors.Is(err, authy.ErrNotFound) || len(script.Traceback) == 0 {
		t.Errorf("got %v, with %v and %v", err, api, script)
	}
	if invalid, ok := errors.AsType[*authy.ValidationError](failure("invalid")); !ok || invalid.Op != "get_user_status" {
		t.Errorf("got %v", invalid)
	}
	limit, ok := errors.AsType[*luabind.LimitError](failure("loop"))
	if !ok || limit.Limit != "Steps" || limit.Error() != "rules.lua:5: the script ran more than 100000 instructions (limit Steps)" {
		t.Errorf("got %v", limit)
	}
	if script, ok := errors.AsType[*luabind.ScriptError](failure("raise")); !ok || script.Message == "" {
		t.Errorf("got %v", script)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = listener.Close()
	b.proxy.base.Host = listener.Addr().String() // nobody listens
	if other, ok := errors.AsType[authy.Error](failure("network")); !ok || other.Kind() != authy.KindNetwork || other.Operation() != "send_feedback" {
		t.Errorf("got %v", other)
	}
	if got, err := b.Call(t.Context(), "f", "n"); err != nil || got[0] != 6.0 {
		t.Errorf("got %v, %v", got, err)
	}
}

// TestCallAfterDeath loads the script anew in another child.
func TestCallAfterDeath(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(o *Options) { o.Time = time.Second })
	b.load(t, `n = 0 function count() n = n + 1 return n end function loop() while true do end end`)
	for range 2 {
		if got, err := b.Call(t.Context(), "count"); err != nil || len(got) != 1 {
			t.Fatal(got, err)
		}
	}
	_, err := b.Call(t.Context(), "loop")
	wantReason(t, err, ReasonTime)
	if got, err := b.Call(t.Context(), "count"); err != nil || got[0] != 1.0 {
		t.Errorf("got %v, %v", got, err)
	}
	b.child.kill(ReasonDied, "for the test")
	b.program = &program{luabind.Script{Name: "again.lua", Source: `error "not again"`}}
	if _, err := b.Call(t.Context(), "count"); err == nil || !strings.HasSuffix(err.Error(), "does not load again: again.lua:1: not again") {
		t.Errorf("got %v", err)
	}
}

// TestCallCanceled ends a call and keeps what the script knows.
func TestCallCanceled(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	b.load(t, `n = 0 function count() n = n + 1 return n end function loop() print "begun" while true do end end`)
	unwanted := errors.New("no longer wanted")
	for _, want := range []float64{1, 2} {
		ctx, cancel := context.WithCancelCause(t.Context())
		b.options.Stdout = writerFunc(func(p []byte) (int, error) { cancel(unwanted); return len(p), nil })
		if _, err := b.Call(ctx, "loop"); err != unwanted {
			t.Errorf("got %v", err)
		}
		if got, err := b.Call(t.Context(), "count"); err != nil || got[0] != want {
			t.Errorf("got %v, %v, want %v", got, err, want)
		}
		if _, err := b.Call(ctx, "count"); err != unwanted {
			t.Errorf("got %v", err)
		}
	}
}

// TestCallTooDeep refuses what the child could not read, and does not wait for an answer.
func TestCallTooDeep(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	b.load(t, `function f() return 1 end`)
	pid, deep := b.pid(), any(nil)
	for range 20_000 {
		deep = []any{deep}
	}
	if _, err := b.Call(t.Context(), "f", deep); err == nil || !strings.Contains(err.Error(), "exceeded max depth") {
		t.Errorf("got %v", err)
	}
	if got, err := b.Call(t.Context(), "f"); err != nil || got[0] != 1.0 || b.pid() != pid {
		t.Errorf("afterwards %v, %v, in child %d", got, err, b.pid())
	}
}

// TestCallTogether has many call at once: none is lost, and none runs beside another.
func TestCallTogether(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	b.load(t, `n = 0 function count() local before = n task.sleep(0.001) n = before + 1 return n end`)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 5 {
				if _, err := b.Call(t.Context(), "count"); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if got, err := b.Call(t.Context(), "count"); err != nil || got[0] != 21.0 {
		t.Errorf("got %v, %v", got, err)
	}
}

// FuzzHasReplaced compares with what comes back.
func FuzzHasReplaced(f *testing.F) {
	for _, text := range []string{"", "a", "\ufffd", `\ufffd`, `\\ufffd`, "\xff", `\` + "\xff", "\xff\ufffd"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, given string) {
		text, err := json.Marshal(given)
		if err != nil {
			t.Fatal(err)
		}
		var back string
		if err := json.Unmarshal(text, &back); err != nil {
			t.Fatal(err)
		}
		if got, want := hasReplaced(text), back != given; got != want {
			t.Errorf("%q is %s: %v, want %v", given, text, got, want)
		}
	})
}
