package luabind

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/luabind/plugin"
)

// limitBench is a runtime with limits, whose service answers by itself.
type limitBench struct {
	rt          *Runtime
	service     service
	stdout, log bytes.Buffer
}

func newLimitBench(t testing.TB, options ...Option) *limitBench {
	t.Helper()
	b := &limitBench{}
	rt, err := New(&authy.Client{Key: secretKey, HTTPClient: &http.Client{Transport: &b.service}}, append([]Option{
		Stdout(&b.stdout), Log(slog.New(slog.NewTextHandler(&b.log, nil))),
	}, options...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := rt.Close(); err != nil {
			t.Error(err)
		}
	})
	b.rt = rt
	return b
}

func (b *limitBench) run(t testing.TB, source string) (string, error) {
	t.Helper()
	b.stdout.Reset()
	err := b.rt.Run(t.Context(), Script{Name: "test.lua", Source: source})
	return strings.TrimSuffix(b.stdout.String(), "\n"), err
}

// wantLimit checks that a run was ended by a limit, and says so in the words of want.
func wantLimit(t testing.TB, err error, limit, want string) {
	t.Helper()
	e, ok := errors.AsType[*LimitError](err)
	switch {
	case !ok:
		t.Errorf("got error %v (%T), want a *LimitError", err, err)
	case e.Limit != limit || !strings.Contains(err.Error(), want):
		t.Errorf("got limit %s: %v; want %s: %s", e.Limit, err, limit, want)
	}
}

// exceeding are scripts that go beyond one limit, in a runtime whose scripts are trusted.
var exceeding = []struct {
	name, code  string
	limits      Limits
	limit, want string
}{
	{"loop", `while true do end`, Limits{Time: 20 * time.Millisecond}, "Time", "took longer than 20ms"},
	{"loop in pcall", `while true do pcall(function() while true do end end) end`, Limits{Time: 20 * time.Millisecond}, "Time", "test.lua:1: "},
	{"loop in a coroutine", `while true do coroutine.wrap(function() while true do end end)() end`, Limits{Time: 20 * time.Millisecond}, "Time", ""},
	{"loop in a task", `task.spawn(function() while true do end end):await()`, Limits{Time: 20 * time.Millisecond}, "Time", ""},
	{"loop in a task that nothing waits for", `task.spawn(function() while true do end end)`, Limits{Time: 20 * time.Millisecond}, "Time", ""},
	{"sleep", `while true do pcall(time.sleep, 3600) end`, Limits{Time: 20 * time.Millisecond}, "Time", ""},
	{"sleep in task.timeout", `task.timeout("1h", time.sleep, 3600)`, Limits{Time: 20 * time.Millisecond}, "Time", ""},
	{"timer that nobody awaits", `task.spawn(task.sleep, "1h")`, Limits{Time: 20 * time.Millisecond}, "Time", ""},
	{"steps", `for i = 1, 1e6 do end`, Limits{Steps: 10_000}, "Steps", "ran more than 10000 instructions"},
	{"steps of tasks", `for i = 1, 100 do task.spawn(function() for i = 1, 1000 do end end) end`, Limits{Steps: 50_000}, "Steps", ""},
	{"steps of a coroutine in a task", `task.spawn(function() coroutine.wrap(function() for i = 1, 1e6 do end end)() end):await()`, Limits{Steps: 50_000}, "Steps", ""},
	{"steps within task.timeout", `task.timeout("1h", function() for i = 1, 1e6 do end end)`, Limits{Steps: 50_000}, "Steps", ""},
	{"steps within a flow", `flow.define("f", { { "a", function() for i = 1, 1e6 do end end } }):run{}`, Limits{Steps: 50_000}, "Steps", ""},
	{"steps within a batch", `batch.run{ source = { 1, 2, 3 }, each = function() for i = 1, 1e6 do end end }`, Limits{Steps: 50_000}, "Steps", ""},
	{"steps in pcall", `while true do pcall(function() while true do end end) end`, Limits{Steps: 50_000}, "Steps", ""},
	{"tasks", `while true do task.spawn(task.sleep, 3600) end`, Limits{Tasks: 20}, "Tasks", "more than 20 tasks"},
	{"tasks of tasks", `local function f() task.spawn(f) task.spawn(f) task.sleep(3600) end f()`, Limits{Tasks: 20}, "Tasks", ""},
	{"tasks of map", `task.map({ 1, 2, 3, 4 }, function() task.sleep(1) end, { concurrency = 4 })`, Limits{Tasks: 3}, "Tasks", ""},
	{"tasks of async", `for i = 1, 30 do authy.async.list_webhooks{} end`, Limits{Tasks: 20}, "Tasks", ""},
	{"sends", `while true do pcall(authy.request_sms, { authy_id = 1635 }) end`, Limits{Sends: 3}, "Sends", "more than 3 requests"},
	{"sends of tasks", `for i = 1, 10 do authy.async.request_sms{ authy_id = 1635 } end`, Limits{Sends: 3}, "Sends", ""},
	{"sends of try", `for i = 1, 10 do authy.try.request_call{ authy_id = 1635 } end`, Limits{Sends: 3}, "Sends", ""},
	{"sends of a second client", `for i = 1, 10 do authy.client{ key = "other" }:request_sms{ authy_id = 1635 } end`, Limits{Sends: 3}, "Sends", ""},
	{"sends of a batch", `batch.run{ source = { 1, 2, 3, 4, 5 }, each = function() authy.request_sms{ authy_id = 1635 } end }`, Limits{Sends: 3}, "Sends", ""},
	{"sends of a flow", `flow.define("f", { { "a", function() for i = 1, 5 do authy.request_sms{ authy_id = 1635 } end end } }):run{}`, Limits{Sends: 3}, "Sends", ""},
	{"output", `while true do print(("x"):rep(100)) end`, Limits{Output: 1000}, "Output", "more than 1000 bytes"},
	{"output in pcall", `while true do pcall(io.write, ("x"):rep(100)) end`, Limits{Output: 1000}, "Output", ""},
	{"errors", `while true do io.stderr:write(("x"):rep(100)) end`, Limits{Output: 1000}, "Output", ""},
	{"log", `while true do log.info(("x"):rep(100)) end`, Limits{Output: 1000}, "Output", ""},
	{"fields of the log", `while true do log.info("x", { ("x"):rep(100) }) end`, Limits{Output: 1000}, "Output", ""},
	{"rows of csv", `local w = csv.create("-", { header = { "a" } }) while true do w:write{ a = ("x"):rep(100) } end`, Limits{Output: 1000}, "Output", ""},
}

func TestLimits(t *testing.T) {
	t.Parallel()
	for _, test := range exceeding {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			b := newLimitBench(t, Limit(test.limits))
			_, err := b.run(t, test.code)
			wantLimit(t, err, test.limit, test.want)
			if sent := b.service.calls.Load(); test.limits.Sends > 0 && sent != int64(test.limits.Sends) {
				t.Errorf("%d requests were sent, want %d", sent, test.limits.Sends)
			}
			if wrote := int64(b.stdout.Len()); test.limits.Output > 0 && wrote > test.limits.Output {
				t.Errorf("%d bytes were written, want at most %d", wrote, test.limits.Output)
			}
			// Limits count anew, and nothing is left of the run.
			if got, err := b.run(t, `print(1 + 1)`); err != nil || got != "2" {
				t.Errorf("afterwards: got %q and %v", got, err)
			}
			if n := len(b.rt.tasks.running); n != 0 {
				t.Errorf("%d tasks are left", n)
			}
		})
	}
}

// TestLimitsThatSuffice uses as much as is allowed.
func TestLimitsThatSuffice(t *testing.T) {
	t.Parallel()
	b := newLimitBench(t, Limit(Limits{Time: time.Minute, Steps: 100_000, Tasks: 3, Sends: 3, Output: 20}))
	for range 3 {
		got, err := b.run(t, `for i = 1, 3 do authy.request_sms{ authy_id = 1635 } authy.try.get_application_details{} end
			task.map({ 1, 2, 3 }, function() task.sleep(0.001) end, { concurrency = 3 })
			for i = 1, 1e4 do end
			print("0123456789012345678")`)
		if err != nil || got != "0123456789012345678" {
			t.Errorf("got %q and %v", got, err)
		}
	}
}

// TestLimitsOfCall has the error come out of Call, RunFile and a session too.
func TestLimitsOfCall(t *testing.T) {
	t.Parallel()
	b := newLimitBench(t, Limit(Limits{Steps: 10_000}))
	if _, err := b.run(t, `function forever() while true do end end`); err != nil {
		t.Fatal(err)
	}
	_, err := b.rt.Call(t.Context(), "forever")
	wantLimit(t, err, "Steps", "test.lua:1: the script ran more than 10000 instructions (limit Steps)")
	err = b.rt.RunFile(t.Context(), "testdata/forever.lua")
	wantLimit(t, err, "Steps", "forever.lua:")
	s := b.rt.NewSession(SessionOptions{})
	_, err = s.Eval(t.Context(), `forever()`)
	wantLimit(t, err, "Steps", "")
	_, err = s.Eval(t.Context(), `task.spawn(forever)`)
	wantLimit(t, err, "Steps", "")
	if got, err := s.Eval(t.Context(), `1 + 1`); err != nil || got != "2" {
		t.Errorf("afterwards: got %q and %v", got, err)
	}
}

// TestLimitsAndTheContext has the context of the host end first.
func TestLimitsAndTheContext(t *testing.T) {
	t.Parallel()
	b := newLimitBench(t, Limit(Limits{Time: time.Minute, Steps: 1 << 40}))
	ctx, cancel := context.WithTimeoutCause(t.Context(), 20*time.Millisecond, io.ErrClosedPipe)
	defer cancel()
	if err := b.rt.Run(ctx, Script{Name: "test.lua", Source: `while true do end`}); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("got %v, want the cause of the context", err)
	}
	err := b.rt.Run(t.Context(), Script{Name: "test.lua", Source: `os.exit(3)`})
	if exit, ok := errors.AsType[*ExitError](err); !ok || exit.Code != 3 {
		t.Errorf("got %v, want the exit code 3", err)
	}
}

// TestOptions has an error for every option that makes no sense.
func TestOptions(t *testing.T) {
	t.Parallel()
	module := func(m Module) Option { return With(func(*Host) Module { return m }) }
	for _, test := range []struct {
		name   string
		option Option
		want   string
	}{
		{"nil option", nil, "luabind: option 1 of New is nil"},
		{"nil module", With(nil), "luabind: With was given a nil module"},
		{"module without a name", module(Module{}), "luabind: a module has no name"},
		{"module twice", func(rt *Runtime) error {
			return errors.Join(module(Module{Name: "a"})(rt), module(Module{Name: "a"})(rt))
		}, `luabind: there are two modules "a"`},
		{"module of ours", module(Module{Name: "json"}), `luabind: there are two modules "json"`},
		{"module authy", module(Module{Name: "authy"}), `luabind: there are two modules "authy"`},
		{"module of Lua", module(Module{Name: "string"}), `luabind: a module or global "string" exists already`},
		{"function without code", module(Module{Name: "a", Functions: []Function{{Name: "f"}}}), `luabind: the module "a" has a function without a name or without Call: "f"`},
		{"two functions", module(Module{Name: "a", Functions: []Function{{Name: "f", Call: loadString}, {Name: "f", Call: loadString}}}), `luabind: the module "a" has two of "f"`},
		{"operation of no name", module(Module{Name: "a", Operations: []authy.Operation{{}}}),
			`luabind: the module "a" has an operation ""; it must be called a. and a name in snake_case`},
		{"operation of no effect", module(Module{Name: "a", Operations: []authy.Operation{{Route: authy.Route{Name: "a.b"}}}}),
			`luabind: the operation "a.b" has no effect: its route must say that it reads, sends, writes or deletes`},
		{"value without code", module(Module{Name: "a", Values: []Value{{Name: "v"}}}), `luabind: the module "a" has a value without a name or without Make: "v"`},
		{"nil stdin", Stdin(nil), "luabind: Stdin was given no reader; leave the option out for its default"},
		{"nil stdout", Stdout(nil), "luabind: Stdout was given no writer; leave the option out for its default"},
		{"nil stderr", Stderr(nil), "luabind: Stderr was given no writer; leave the option out for its default"},
		{"nil log", Log(nil), "luabind: Log was given no logger; leave the option out for its default"},
		{"nil clock", Clock(nil), "luabind: Clock was given no clock; leave the option out for its default"},
		{"nil middleware", Use(nil), "luabind: Use was given a nil middleware"},
		{"nil files", Files(nil), "luabind: Files was given no file system"},
		{"operation without a name", Operations(authy.Operation{}), "luabind: Operations was given an operation without a name; make them with authy.Op or authy.Declare"},
		{"operation without an effect", Operations(routed(authy.Route{Name: "score"})), `luabind: the operation "score" has no effect: its route must say that it reads, sends, writes or deletes`},
		{"operation that scripts cannot write", Operations(routed(authy.Route{Name: "score user", Effect: authy.Reads})), `luabind: the operation "score user" must have a name in snake_case, which scripts can write behind a dot`},
		{"negative time", Limit(Limits{Time: -time.Second}), "luabind: Limit: Time must not be negative, got -1s; 0 is the default"},
		{"negative steps", Limit(Limits{Steps: -1}), "luabind: Limit: Steps must not be negative, got -1; 0 is the default"},
		{"negative memory", Limit(Limits{Memory: -1}), "luabind: Limit: Memory must not be negative, got -1; 0 is the default"},
		{"memory of trusted scripts", Limit(Limits{Memory: 1 << 20}), "luabind: Limit: Memory needs Untrusted: what trusted scripts keep cannot be measured"},
		{"negative tasks", Limit(Limits{Tasks: -1}), "luabind: Limit: Tasks must not be negative, got -1; 0 is the default"},
		{"negative sends", Limit(Limits{Sends: -1}), "luabind: Limit: Sends must not be negative, got -1; 0 is the default"},
		{"negative output", Limit(Limits{Output: -1}), "luabind: Limit: Output must not be negative, got -1; 0 is the default"},
		{"negative limits of plugins", LimitPlugins(PluginLimits{Memory: -1}), "luabind: LimitPlugins: Memory must not be negative, got -1; 0 is the default"},
	} {
		rt, err := New(&authy.Client{}, test.option)
		if err == nil {
			rt.Close()
			t.Errorf("%s: no error", test.name)
			continue
		}
		wantText(t, test.name, err.Error(), test.want)
	}
}

// TestNothingGiven: what is given nothing outside of New says so, and does not fail later, in the middle of a script.
func TestNothingGiven(t *testing.T) {
	t.Parallel()
	if _, err := InspectPlugin(t.Context(), nil); err == nil || err.Error() != "luabind: InspectPlugin was given a plugin without code" {
		t.Errorf("InspectPlugin: %v", err)
	}
	if Deferrable(t.Context(), plugin.Enabled{}, nil) {
		t.Error("nothing is deferrable")
	}
	defer func() {
		if got := recover(); got == nil || !strings.Contains(got.(error).Error(), "option 1 of Loader is nil") {
			t.Errorf("Loader panics with %v", got)
		}
	}()
	Loader(&authy.Client{}, nil)
}

// routed is an operation of a host that does nothing.
func routed(route authy.Route) authy.Operation {
	return authy.Op("score", "Score.", route, func(*authy.Client, context.Context, struct{}) (*struct{}, error) { return nil, nil })
}
