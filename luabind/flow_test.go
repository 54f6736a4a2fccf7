package luabind

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/authysh/authysh/authy"
	"github.com/google/go-cmp/cmp"
)

func TestFlowDefinitions(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]string{
		`flow.define()`:                                                              `flow.define: name must be a string, got nil`,
		`flow.define("a b", {})`:                                                     `flow.define: name must be a word of letters, digits, _ and -, got "a b"`,
		`flow.define("a")`:                                                           `flow.define: steps must be a table, got nil`,
		`flow.define("a", {})`:                                                       `flow.define: steps must be a list of at least one step`,
		`flow.define("a", { 7 })`:                                                    "flow.define: steps[1] must be a table such as { \"name\", function(ctx) ... end }, got a number",
		`flow.define("a", { { "b" } })`:                                              `flow.define: steps[1].run is required`,
		`flow.define("a", { { print } })`:                                            `flow.define: steps[1].name must be a string, got a function; steps[1].run is required`,
		`flow.define("a", { { "b", 7 } })`:                                           `flow.define: steps[1].run must be a function, got a number`,
		`flow.define("a", { { "", print } })`:                                        `flow.define: steps[1].name must be a word of letters, digits, _ and -, got ""`,
		`flow.define("a", { { "é", print } })`:                                       `flow.define: steps[1].name must be a word of letters, digits, _ and -, got "é"`,
		`flow.define("a", { { "input", print } })`:                                   `flow.define: steps[1].name must not be "input", where ctx has what the flow is run with`,
		`flow.define("a", { { "b", print }, { "b", print } })`:                       `flow.define: steps[2] is the second step named "b"`,
		`flow.define("a", { { "b", print, undone = print } })`:                       `flow.define: steps[1].undone is not known, did you mean "undo"?`,
		`flow.define("a", { { "b", print, print } })`:                                `flow.define: steps[1].[3] is not known; known are name, run, undo, retry`,
		`flow.define("a", { { "b", print, undo = 7 } })`:                             `flow.define: steps[1].undo must be a function, got a number`,
		`flow.define("a", { { "b", print, retry = 1.5 } })`:                          `flow.define: steps[1].retry must be a whole number, got 1.5`,
		`flow.define("a", { { "b", print, retry = -1 } })`:                           `flow.define: steps[1].retry.times must be from 1 to 100, got -1`,
		`flow.define("a", { { "b", print, retry = {} } })`:                           `flow.define: steps[1].retry.times is required`,
		`flow.define("a", { { "b", print, retry = "3" } })`:                          `flow.define: steps[1].retry must be a number or a table, got a string`,
		`flow.define("a", { { "b", print, retry = { times = 101 } } })`:              `flow.define: steps[1].retry.times must be from 1 to 100, got 101`,
		`flow.define("a", { { "b", print, retry = { times = 1, on = true } } })`:     `flow.define: steps[1].retry.on must be a list of kinds and codes, or a function, got a boolean`,
		`flow.define("a", { { "b", print, retry = { times = 1, backof = 1 } } })`:    `flow.define: steps[1].retry.backof is not known, did you mean "backoff"?`,
		`flow.define("a", { { "b", print, retry = { times = 1, backoff = "1" } } })`: `flow.define: steps[1].retry.backoff must have a unit, got "1": write "1s", or the number without quotes for seconds`,
		`flow.define("a", { { "b", print, retry = { times = 1, backoff = -1 } } })`:  `flow.define: steps[1].retry.backoff must not be negative, got -1`,
		`flow.define("a", { { "b", print } }):run({}, { dryrun = true })`:            `flow:run: dryrun is not known, did you mean "dry_run"?`,
		`flow.define("a", { { "b", print } }).run()`:                                 `bad argument #1 to run (flow.Flow expected, got nil (call methods with a colon, as in f:run{...}))`,
	} {
		got := strings.TrimSpace(new(wire).must(t, t.TempDir(), `local ok, e = pcall(function() `+source+` end) print(e)`))
		if got = strings.TrimPrefix(got, "test:1: "); got != want {
			t.Errorf("%s\n got %s\nwant %s", source, got, want)
		}
	}
}

func TestFlows(t *testing.T) {
	t.Parallel()
	runBatchTests(t, []batchTest{
		{"results, in order", "", `
			local f = flow.define("f", { { "one", function(ctx) return ctx.input.n + 1 end }, { name = "two", run = function(ctx) return ctx.one * 2, "lost" end }, { "none", function() end } })
			local done = f:run{ n = 4 } print(done.input.n, done.one, done.two, done.none, f.name, f) print(f:run{ n = 0 }.two) print(f.unknown)
			local g = flow.define("g", { { "one", function(ctx) return ctx.input end } }) print(g:run().one, g:run(7).one)`,
			"4\t5\t10\tnil\tf\tflow f (3 steps)\n2\nnil\nnil\t7\n", ""},
		{"undone, the last first", "", `
			local function undo(ctx) print("undo", ctx.a, ctx.b, ctx.c) end
			local f = flow.define("f", { { "a", function() return 1 end, undo = undo }, { "b", function() return 2 end },
				{ "c", function() return 3 end, undo = function() print "undo c" error({ message = "stuck", kind = "own" }) end }, { "d", function() error("no d", 0) end, undo = print }, { "e", print } })
			local ok, e = pcall(f.run, f, {})
			print(ok, e) print(e.flow, e.step, e.cause, e.kind, e.op, e.message, e.where)
			for _, u in ipairs(e.undone) do print(u.step, u.ok, u.error and u.error.message) end`,
			"undo c\nundo\t1\t2\t3\n" +
				"false\tflow f failed in step d: no d; step c could not be undone: stuck; step a was undone\n" +
				"f\td\tno d\tnil\tnil\tflow f failed in step d: no d; step c could not be undone: stuck; step a was undone\ttest:4\nc\tfalse\tstuck\na\ttrue\tnil\n", ""},
		{"the fields of the cause", "", `
			local f = flow.define("f", { { "text", function(ctx) authy.request_sms{ authy_id = ctx.input } end } })
			local ok, e = pcall(f.run, f, 400) print(e.kind, e.op, e.code, e.status, e.step, e.flow, e.cause.kind, #e.undone)
			local ok, e = pcall(f.run, f, {}) print(e.kind, e.op, e.fields.authy_id)`,
			"api\trequest_sms\t60026\t400\ttext\tf\tapi\t0\nvalidation\trequest_sms\tmust be a string or a whole number, got a table\n", "sms/400"},
		{"tasks of a step", "", `
			local f = flow.define("f", { { "a", function() task.spawn(function() task.sleep "2ms" print "a" end) end }, { "b", function() print "b" task.spawn(error, "lost", 0) end }, { "c", print } })
			print(pcall(f.run, f))`, "a\nb\nfalse\tflow f failed in step b: lost\n", ""},
		{"retried", "", `
			local n = 0
			local function step(retry) n = 0 return flow.define("f", { { "a", function(ctx) n = n + 1 authy[ctx.input[1]]{ authy_id = ctx.input[2] } end, retry = retry } }) end
			local function try(retry, ...) local f = step(retry) pcall(f.run, f, { ... }) io.write(n, " ") end
			local now = "1ms"
			try({ times = 3, backoff = now }, "get_user_status", 600) -- lost, but only a question
			try({ times = 3, backoff = now }, "get_user_status", 602)
			try({ times = 3, backoff = now }, "get_user_status", 500)
			try({ times = 3, backoff = now }, "get_user_status", 400) -- would not pass
			try({ times = 3, backoff = now }, "get_user_status", {})
			try({ times = 3, backoff = now }, "request_sms", 600)     -- may have been sent
			try({ times = 3, backoff = now }, "request_sms", 500)
			try({ times = 3, backoff = now }, "request_sms", 400)
			try({ times = 3, backoff = now, unsafe = true }, "request_sms", 600)
			try({ times = 3, backoff = now, unsafe = true }, "request_sms", 400)
			print()
			try({ times = 2, backoff = now, on = { "network" } }, "get_user_status", 600)
			try({ times = 2, backoff = now, on = { "network" } }, "get_user_status", 500)
			try({ times = 2, backoff = now, on = { 500, "network" } }, "get_user_status", 500)
			try({ times = 2, backoff = now, on = "60026" }, "get_user_status", 400)
			try({ times = 2, backoff = now, on = 60026 }, "request_sms", 400)     -- refused, so nothing was sent
			try({ times = 2, backoff = now, on = "network" }, "request_sms", 600)
			try({ times = 5, backoff = now, on = function(e) return e.kind == "api" and n < 3 end }, "get_user_status", 400)
			try({ times = 5, backoff = now, on = function(e) return true end }, "request_sms", 600)
			try({ times = 5, backoff = now, on = function(e) error("asked", 0) end }, "get_user_status", 400)
			local f = step{ times = 2, on = function(e) error("asked", 0) end } print(select(2, pcall(f.run, f, { "get_user_status", 400 })))
			local f = flow.define("f", { { "a", function(ctx) n = n + 1 error("own", 0) end, retry = 3 } }) n = 0 pcall(f.run, f) print(n)`,
			"4 4 4 1 1 1 1 1 4 1 \n3 1 3 3 3 1 3 1 1 flow f failed in step a: asked\n1\n",
			strings.TrimSpace(strings.Repeat("sms/400 ", 5) + "sms/500 " + strings.Repeat("sms/600 ", 7) +
				strings.Repeat("users/400/status ", 9) + strings.Repeat("users/500/status ", 8) + strings.Repeat("users/600/status ", 7) + strings.Repeat("users/602/status ", 4))},
		{"a retry repeats no inner call", "", `
			local inner = flow.define("inner", { { "text", function() authy.request_sms{ authy_id = 1 } end }, { "look", function() authy.get_user_status{ authy_id = 600 } end } })
			local f = flow.define("f", { { "a", function() inner:run() end, retry = { times = 3, backoff = "1ms" } } })
			print(select(2, pcall(f.run, f)))
			local reads = flow.define("reads", { { "look", function() authy.get_user_status{ authy_id = 600 } end } })
			local g = flow.define("g", { { "a", function() reads:run() end, retry = { times = 1, backoff = "1ms" } } })
			local ok, e = pcall(g.run, g) print(e) print(e.cause.step, e.kind)`,
			"flow f failed in step a: flow inner failed in step look: get_user_status: read tcp: connection reset by peer\n" +
				"flow g failed in step a: flow reads failed in step look: get_user_status: read tcp: connection reset by peer\nlook\tnetwork\n",
			"sms/1 users/600/status users/600/status users/600/status"},
		{"a retry repeats no batch", "", `
			local f = flow.define("f", { { "a", function() batch.run{ source = { 1 }, each = function() authy.request_sms{ authy_id = 1 } end } authy.get_user_status{ authy_id = 600 } end, retry = { times = 3, backoff = "1ms" } } })
			print((pcall(f.run, f)))`, "false\n", "sms/1 users/600/status"},
		{"description", "", `flow.define("onboard", { { "register", function() end, undo = print }, { "text", function() end, retry = 1 },
			{ "last-one", print, retry = { times = 3, on = { "network", 503 }, unsafe = true } } }):describe()`,
			"flow onboard\n   1  register  test:1, can be undone\n   2  text      test:1, one retry\n" +
				"   3  last-one  up to 3 retries on network, 503, also when what was sent may have arrived\n", ""},
		{"dry run", "", `
			local inner = flow.define("inner", { { "look", function() return authy.get_user_status{ authy_id = 7 } end } })
			local f = flow.define("f", {
				{ "register", function(ctx) return authy.register_user(ctx.input) end, undo = function() print "undone" end },
				{ "text", function(ctx) return authy.try.request_sms{ authy_id = ctx.register.user.id } end },
				{ "inner", function(ctx) return inner:run() end }, { "later", function() authy.async.delete_user{ authy_id = 7 }:await() end } })
			local done = f:run({ phone = "911234567", country_code = "PT", email = "a@example.com" }, { dry_run = true })
			print(done.register.user.id, done.inner.look.status.registered)
			print(select(2, pcall(f.run, f, { phone = "911234567", country_code = "PT", email = "nobody" }, { dry_run = true })))
			show(batch.run{ source = { 1 }, each = function() inner:run(nil, { dry_run = true }) end })
			local g = flow.define("g", { { "b", function() batch.run{ source = { 1 }, each = function() authy.request_sms{ authy_id = 1 } end } end } })
			print(select(2, pcall(g.run, g, {}, { dry_run = true })))
			local loop = {} loop.authy_id = loop loop.again = loop loop.message = "a < b"
			local h = flow.define("h", { { "c", function() authy.request_sms(loop) end } })
			print(select(2, pcall(h.run, h, {}, { dry_run = true })))`,
			`dry run of flow f
  step register
    would call authy.register_user{ phone = "911234567", country_code = "PT", email = "a@example.com" }  -- writes
  step text
    would call authy.request_sms{ authy_id = "<register_user.user.id>" }  -- sends
  step inner
dry run of flow inner
  step look
    would call authy.get_user_status{ authy_id = 7 }  -- reads
  step later
    would call authy.delete_user{ authy_id = 7 }  -- deletes
<register_user.user.id>	true
dry run of flow f
  step register
flow f failed in step register: register_user: email must be an e-mail address such as ana@example.com, got "nobody"
dry run of flow inner
  step look
    would call authy.get_user_status{ authy_id = 7 }  -- reads
rows 1 done 1 failed 0 doubt 0 dup 0 left 0 earlier 0
dry run of flow g
  step b
flow g failed in step b: batch.run cannot run in a dry run
dry run of flow h
  step c
flow h failed in step c: request_sms: authy_id must be a string or a whole number, got a table; again is not a parameter; known are authy_id, force, action, message, locale
`, ""},
	})
}

// TestFlowErrors takes a flow's failure apart from Go.
func TestFlowErrors(t *testing.T) {
	t.Parallel()
	_, err := new(wire).script(t, t.TempDir(), `
		flow.define("f", { { "a", print, undo = function() error("stuck", 0) end }, { "b", function() authy.request_sms{ authy_id = 400 } end } }):run()`)
	refusal, isRefusal := errors.AsType[*authy.APIError](err)
	failure, isFlow := errors.AsType[*FlowError](err)
	if !isRefusal || !isFlow {
		t.Fatalf("got %T %v", err, err)
	}
	if refusal.Code != "60026" || failure.Flow != "f" || failure.Step != "b" || failure.Cause == nil || len(failure.Undone) != 1 ||
		failure.Undone[0].Step != "a" || failure.Undone[0].Err.Message != "stuck" {
		t.Errorf("got %+v", failure)
	}
	want := "flow f failed in step b: request_sms: no such user (HTTP 400, code 60026); step a could not be undone: stuck"
	if diff := cmp.Diff(want, failure.Error()); diff != "" {
		t.Error(diff)
	}
}

// TestFlowBackoff has pauses double, and the service say how long they must be.
func TestFlowBackoff(t *testing.T) {
	t.Parallel()
	tries := &times{answer: func(n int) (int, string, []string) {
		if n == 3 {
			return 429, `{"success":false}`, []string{"Retry-After", "40"}
		}
		return 503, `{"success":false}`, nil
	}}
	got, _ := tries.inBubble(t, `local f = flow.define("f", { { "a", function() authy.request_sms{ authy_id = 1 } end, retry = { times = 5, backoff = "20s" } } }) print(pcall(f.run, f))`)
	if !strings.HasPrefix(got, "false") {
		t.Errorf("printed %s", got)
	}
	var gaps []time.Duration
	for i := 1; i < len(tries.at); i++ {
		if gap := tries.at[i] - tries.at[i-1]; gap >= 10*time.Second {
			gaps = append(gaps, gap.Round(time.Second))
		}
	}
	if diff := cmp.Diff([]time.Duration{40 * time.Second, 40 * time.Second, time.Minute, time.Minute, time.Minute}, gaps); diff != "" {
		t.Errorf("paused (-want +got):\n%s\ncalls at %v", diff, tries.at)
	}
}
