package luabind

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// flowCut is a batch of one row with a journal that is killed at a call, as if by a signal, and then resumed.
type flowCut struct {
	name   string
	source string
	cut    string // at the first of these calls the context ends, and the call is lost
	first  string // calls of the first run, in order
	want   string // printed by the second
	second string // calls of the second run, in order
}

// flowBatch is the batch of those tests.
func flowBatch(each string) string {
	return `show(batch.run{ source = { 7 }, key = tostring, journal = at "journal", retry_failed = true, each = function(id) ` + each + ` end })`
}

const (
	threeSteps = `local f = flow.define("f", { { "one", function(ctx) return authy.request_sms{ authy_id = 1 }.message .. ctx.input end }, { "two", function(ctx) print("two after", ctx.one) authy.request_call{ authy_id = 2 } end },
		{ "three", function(ctx) print("three after", ctx.one, ctx.two) return authy.get_user_status{ authy_id = 3 } end } }) `
	doneOnce = "rows 1 done 1 failed 0 doubt 0 dup 0 left 0 earlier 0\n"
	doubted  = "rows 1 done 0 failed 0 doubt 1 dup 0 left 0 earlier 1\n"
)

func TestFlowResumes(t *testing.T) {
	t.Parallel()
	for _, c := range []flowCut{
		{"after its last step", threeSteps + flowBatch(`f:run(id)`), "users/3/status",
			"sms/1 call/2 users/3/status", "three after\tok7\tnil\n" + doneOnce, "users/3/status"},
		{"not what was on its way", threeSteps + flowBatch(`f:run(id)`), "call/2", "sms/1 call/2", doubted, ""},
		{"the second of the same flow", threeSteps + flowBatch(`f:run("x") print "again" f:run("y")`) + `-- `, "users/3/status#2",
			"sms/1 call/2 users/3/status sms/1 call/2 users/3/status", "again\nthree after\toky\tnil\n" + doneOnce, "users/3/status"},
		{"an inner flow", `local inner = flow.define("inner", { { "text", function() authy.request_sms{ authy_id = 1 } end }, { "look", function() authy.get_user_status{ authy_id = 3 } end } })
			local f = flow.define("f", { { "a", function() inner:run() end, retry = 5 }, { "b", function() authy.request_call{ authy_id = 2 } end } }) ` + flowBatch(`f:run()`),
			"users/3/status", "sms/1 users/3/status", doneOnce, "users/3/status call/2"},
		{"but a call before the flow is in doubt", threeSteps + flowBatch(`authy.request_email{ authy_id = 9 } f:run(id)`), "users/3/status",
			"email/9 sms/1 call/2 users/3/status", doubted, ""},
		{"but a call beside the flow is in doubt", threeSteps + flowBatch(`f:run(id)`), "call/2", "sms/1 call/2", doubted, ""},
		{"but a call between steps is in doubt", threeSteps + flowBatch(`f:run(id) authy.request_email{ authy_id = 9 } f:run(id)`), "users/3/status#2",
			"sms/1 call/2 users/3/status email/9 sms/1 call/2 users/3/status", doubted, ""},
		{"but a call before an inner flow is in doubt", `local inner = flow.define("inner", { { "text", function() authy.request_sms{ authy_id = 1 } end } })
			local f = flow.define("f", { { "a", function() authy.request_email{ authy_id = 9 } inner:run() authy.get_user_status{ authy_id = 3 } end } }) ` + flowBatch(`f:run()`),
			"users/3/status", "email/9 sms/1 users/3/status", doubted, ""},
		{"a refused call before the flow is none", threeSteps + flowBatch(`authy.try.request_email{ authy_id = 400 } f:run(id)`), "users/3/status",
			"email/400 sms/1 call/2 users/3/status", "three after\tok7\tnil\n" + doneOnce, "email/400 users/3/status"},
		{"a flow in a task beside another", `
			local a = flow.define("a", { { "one", function() authy.request_sms{ authy_id = 1 } end } })
			local sent
			local b = flow.define("b", { { "one", function() authy.request_call{ authy_id = 2 } sent = true task.sleep(60) end } }) ` +
			flowBatch(`local t = task.spawn(b.run, b) while not sent do task.sleep "1ms" end a:run() authy.get_user_status{ authy_id = 3 } t:await()`), "users/3/status",
			"call/2 sms/1 users/3/status", doubted, ""},
		{"undone steps run again", `
			local f = flow.define("f", { { "one", function() authy.request_sms{ authy_id = 1 } end }, { "two", function() authy.request_call{ authy_id = 2 } end, undo = function() authy.delete_user{ authy_id = 4 } end },
				{ "three", function() authy.get_user_status{ authy_id = 400 } end } }) ` + flowBatch(`pcall(f.run, f) authy.get_user_status{ authy_id = 3 }`), "users/3/status",
			"sms/1 call/2 users/400/status users/4/remove users/3/status", doneOnce, "call/2 users/400/status users/4/remove users/3/status"},
		{"but not those that nothing undoes", `
			local f = flow.define("f", { { "one", function() authy.request_sms{ authy_id = 1 } end, undo = function() authy.delete_user{ authy_id = 4 } end }, { "two", function() authy.request_call{ authy_id = 2 } end },
				{ "three", function() authy.get_user_status{ authy_id = 400 } end } }) ` + flowBatch(`pcall(f.run, f) authy.get_user_status{ authy_id = 3 }`), "users/3/status",
			"sms/1 call/2 users/400/status users/4/remove users/3/status", doubted, ""},
		{"an undo on its way is in doubt", `
			local f = flow.define("f", { { "one", function() authy.request_sms{ authy_id = 1 } end, undo = function() authy.delete_user{ authy_id = 3 } end }, { "three", function() authy.get_user_status{ authy_id = 400 } end } }) ` +
			flowBatch(`f:run()`), "users/3/remove", "sms/1 users/400/status users/3/remove", doubted, ""},
		{"a retry that was unsafe", `
			local n = 0
			local f = flow.define("f", { { "one", function() n = n + 1 authy.request_sms{ authy_id = n == 1 and 600 or 1 } end, retry = { times = 1, backoff = "1ms", unsafe = true } }, { "two", function() authy.get_user_status{ authy_id = 3 } end } }) ` +
			flowBatch(`f:run()`), "users/3/status", "sms/600 sms/1 users/3/status", doneOnce, "users/3/status"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			w := new(wire)
			cut, nth, _ := strings.Cut(c.cut, "#")
			left := 1 + len(nth) // "#2" is the second
			w.answer = func(call string, r *http.Request) (*http.Response, error) {
				if call == cut {
					if left--; left == 0 {
						cancel()
						<-r.Context().Done()
						return nil, r.Context().Err()
					}
				}
				return answerByID(call)
			}
			if _, err := w.scriptIn(ctx, t, dir, c.source); err == nil {
				t.Error("the first run went well")
			}
			if got := strings.Join(w.calls, " "); got != c.first {
				t.Errorf("first called %q, want %q", got, c.first)
			}
			w.forget()
			w.answer = nil
			got := w.must(t, dir, c.source)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("second printed (-want +got):\n%s", diff)
			}
			if got := strings.Join(w.calls, " "); got != c.second {
				t.Errorf("second called %q, want %q", got, c.second)
			}
			if t.Failed() {
				t.Logf("journal:\n%s", readFile(t, dir, "journal"))
			}
		})
	}
}

// TestFlowFailsInBatch has a row fail in its flow, and run again.
func TestFlowFailsInBatch(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	source := func(id string) string {
		return `local f = flow.define("f", { { "one", function() return authy.request_sms{ authy_id = 1 }.message end }, { "two", function(ctx) print(ctx.one) authy.request_call{ authy_id = ` + id + ` } end } }) ` + flowBatch(`f:run()`)
	}
	w := new(wire)
	for run, c := range []struct{ id, want, calls string }{
		{"400", "ok\nrows 1 done 0 failed 1 doubt 0 dup 0 left 0 earlier 0\n" +
			"api\trequest_call\t60026\t1\t1\tflow f failed in step two: request_call: no such user (HTTP 400, code 60026)\n", "sms/1 call/400"},
		{"2", "ok\n" + doneOnce, "call/2"}, // goes on after its last finished step
		{"2", "rows 1 done 1 failed 0 doubt 0 dup 0 left 0 earlier 1\n", ""},
	} {
		w.forget()
		got := w.must(t, dir, source(c.id))
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("run %d printed (-want +got):\n%s", run+1, diff)
		}
		if got := strings.Join(w.calls, " "); got != c.calls {
			t.Errorf("run %d called %q, want %q", run+1, got, c.calls)
		}
	}
	if text := readFile(t, dir, "journal"); !strings.Contains(text, `"step":"two"`) || !strings.Contains(text, `"f.one"`) {
		t.Errorf("the journal does not name the steps:\n%s", text)
	}
	undone := `local f = flow.define("f", { { "one", function() authy.request_sms{ authy_id = 1 } end, undo = function() authy.delete_user{ authy_id = 4 } end }, { "two", function(ctx) authy.request_call{ authy_id = ID } end } }) ` + flowBatch(`f:run()`)
	dir = t.TempDir()
	w.forget()
	w.must(t, dir, strings.Replace(undone, "ID", "400", 1))
	if got := w.must(t, dir, strings.Replace(undone, "ID", "2", 1)); got != doneOnce {
		t.Errorf("an undone flow is not run again: %s", got)
	}
	if got, want := strings.Join(w.calls, " "), "sms/1 call/400 users/4/remove sms/1 call/2"; got != want {
		t.Errorf("called %q, want %q", got, want)
	}
}

// TestFlowRetriesInBatch has a step fail after a flow inside it has recorded a step: a retry would make that call again.
func TestFlowRetriesInBatch(t *testing.T) {
	t.Parallel()
	w := new(wire)
	got := w.must(t, t.TempDir(), `
		local inner = flow.define("inner", { { "text", function() authy.request_sms{ authy_id = 1 } end }, { "look", function() authy.get_user_status{ authy_id = 600 } end } })
		local f = flow.define("f", { { "a", function() inner:run() end, retry = { times = 3, backoff = "1ms" } } }) `+flowBatch(`f:run()`))
	if want := "rows 1 done 0 failed 1 "; !strings.HasPrefix(got, want) {
		t.Errorf("printed %q, want %q", got, want)
	}
	if got, want := strings.Join(w.calls, " "), "sms/1 users/600/status"; got != want {
		t.Errorf("called %q, want %q", got, want)
	}
}
