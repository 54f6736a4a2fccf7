package luabind

import (
	"context"
	"net/http"
	"strings"
	"testing"
)

// TestBatchGoesAnotherWay resumes rows that do not come to their flows as they did before they were stopped. A step that
// was finished is taken over only where it belongs, and nothing that it may have sent is sent again.
func TestBatchGoesAnotherWay(t *testing.T) {
	t.Parallel()
	const run = `show(batch.run{ source = { 1 }, key = tostring, journal = at "journal", each = function(row) %s end })`
	const prelude = `local function text(id) return authy.request_sms{ authy_id = id }.message end
		local function look(id) return authy.get_user_status{ authy_id = id }.message end
		local f = flow.define("f", { { "look", function() return look(7) end }, { "send", function(ctx) return text(ctx.input or 1) end } }) `
	refuseOnce := func() func(call string, r *http.Request) (*http.Response, error) {
		refused := false
		return func(call string, _ *http.Request) (*http.Response, error) {
			if call == "users/7/status" && !refused {
				refused = true
				return reply(503, `{"success":false,"error_code":"60000"}`), nil
			}
			return answerByID(call)
		}
	}
	for name, c := range map[string]struct {
		each          string
		answer, later func(call string, r *http.Request) (*http.Response, error)
		calls, want   string // of the second run
	}{
		"the second try is the first": {
			each: `if not pcall(f.run, f) then f:run() end look(9)`, answer: refuseOnce(),
			calls: "users/7/status users/9/status", want: "rows 1 done 0 failed 0 doubt 1 dup 0 left 0 earlier 0",
		},
		"a step of another flow was retried": {
			each:  `flow.define("outer", { { "all", function() f:run() look(9) end, retry = { times = 1, backoff = "1ms" } } }):run()`,
			calls: "users/9/status", want: "rows 1 done 1 failed 0 doubt 0 dup 0 left 0 earlier 0", answer: refuseOnce(),
		},
		"the same flow in two steps": {
			each:  `flow.define("outer", { { "mother", function() f:run(111) end }, { "father", function() look(9) f:run(222) end } }):run()`,
			calls: "sms/222 users/7/status users/9/status", want: "rows 1 done 1 failed 0 doubt 0 dup 0 left 0 earlier 0",
		},
		"a run that is not made again": {
			each: `for _, id in ipairs{ 111, 222 } do look(9) if look(id) ~= "texted" then f:run(id) end end`,
			later: func(call string, _ *http.Request) (*http.Response, error) {
				if call == "users/111/status" {
					return reply(200, strings.Replace(fine, `"ok"`, `"texted"`, 1)), nil
				}
				return answerByID(call)
			},
			calls: "users/111/status users/222/status users/7/status users/9/status users/9/status",
			want:  "rows 1 done 0 failed 0 doubt 1 dup 0 left 0 earlier 0",
		},
		"another order": { // it might be other input for the same run
			each:  `for _, id in ipairs(arg[2] and { 222, 111 } or { 111, 222 }) do f:run(id) if id == 111 then look(9) end end`,
			calls: "users/7/status", want: "rows 1 done 0 failed 0 doubt 1 dup 0 left 0 earlier 0",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			source := prelude + strings.Replace(run, "%s", c.each, 1)
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			w := &wire{answer: c.answer}
			seen := 0
			w.before = func(call string) {
				if call == "users/9/status" {
					if seen++; seen == 1+strings.Count(c.each, "ipairs{") {
						stop()
					}
				}
			}
			_, err := w.scriptIn(ctx, t, dir, source)
			if err == nil || !strings.Contains(w.sorted(), "sms/1") {
				t.Fatalf("first run: %v, called %s", err, w.sorted())
			}
			again := &wire{answer: c.later}
			got := again.must(t, dir, strings.ReplaceAll(source, "arg[2]", "true"))
			if got = strings.SplitN(got, "\n", 2)[0]; got != c.want || again.sorted() != c.calls {
				t.Errorf("second run: %s, called %s\nwant %s, called %s\njournal:\n%s", got, again.sorted(), c.want, c.calls, readFile(t, dir, "journal"))
			}
		})
	}
}
