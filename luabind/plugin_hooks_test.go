package luabind

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/luabind/internal/luatext"
	"github.com/authysh/authysh/luabind/plugin"
)

// hooks is a plugin with hooks alone.
func hooks(t testing.TB, name, text string, change ...func(*plugin.Enabled)) plugin.Enabled {
	t.Helper()
	return pluginOf(t, name, definition(name, "", "hooks = { "+text+" }"), change...)
}

// hookTest is a script, the hooks of one plugin, and what the script prints.
type hookTest struct{ name, hooks, script, want string }

func TestPluginHooks(t *testing.T) {
	t.Parallel()
	const sms = `print(authy.try.request_sms{ authy_id = 7, force = true })`
	for _, test := range []hookTest{
		{"observe", `before_call = function(call, ctx) print(call.op, call.effect, call.params.authy_id, call.params.force, call.dry_run, ctx.plugin) end`,
			`print(authy.request_sms{ authy_id = 7, force = true }.message)`, "fine\nlog: request_sms sends 7 true false p"},
		{"change a field", `before_call = function(call) call.params.authy_id = call.params.authy_id + 1 call.params.force = nil end`,
			`local args = { authy_id = 7, force = true } authy.request_sms(args) print(args.authy_id, args.force)`, "7\ttrue\nsent /protected/json/sms/8"},
		{"change all", `before_call = function(call) call.params = { authy_id = "99" } end`,
			`authy.request_sms{ authy_id = 7 }`, "\nsent /protected/json/sms/99"},
		{"change nested", `before_call = function(call) call.params.data.b = { 1, 2 } end`,
			`authy.register_activity{ authy_id = 7, type = "banned", data = { a = 1 } }`, "\n" + `sent /protected/json/users/7/register_activity {"type":"banned","data":{"a":1,"b":[1,2]}}`},
		{"change is checked", `before_call = function(call) call.params.autyh_id = 1 end`, sms, "nil\trequest_sms: autyh_id is not a parameter, did you mean \"authy_id\"?"},
		{"change to no table", `before_call = function(call) call.params = 5 end`, sms, "nil\trequest_sms: plugin p: before_call: call.params must be a table, got a number"},
		{"change to a function", `before_call = function(call) call.params.force = print end`, sms,
			"nil\trequest_sms: plugin p: before_call: call.params holds a function; only texts, numbers, booleans and tables of these cross between plugins and scripts"},
		{"refuse", `before_call = function(call) return call:refuse("not today") end`,
			`local _, err = authy.try.request_sms{ authy_id = 7 } print(err, err.kind, err.op, err.plugin, err.message)`,
			"request_sms: refused by the plugin p: not today\trefused\trequest_sms\tp\trefused by the plugin p: not today"},
		{"refuse without reason", `before_call = function(call) call:refuse() end`, sms,
			`nil	request_sms: plugin p: before_call: p/init.lua:3: call:refuse needs a reason, as in call:refuse("not in this country")`},
		{"refuse wins over answer", `before_call = function(call) call:answer{} call:refuse("no") end`, sms, "nil\trequest_sms: refused by the plugin p: no"},
		{"answer", `before_call = function(call) return call:answer{ success = true, mocked = { list = { 1, json.null } } } end`,
			`local r = authy.request_sms{ authy_id = 7 } print(r.success, r.mocked.list[1], r.mocked.list[2] == json.null)`, "true\t1\ttrue"},
		{"answer with a function", `before_call = function(call) call:answer{ f = print } end`, sms,
			"nil\trequest_sms: plugin p: before_call: the answer holds a function; only texts, numbers, booleans and tables of these cross between plugins and scripts"},
		{"answer with itself", `before_call = function(call) local t = {} t.t = t call:answer(t) end`, sms, "nil\trequest_sms: plugin p: before_call: the answer contains itself"},
		{"raise", `before_call = function(call) error("boom") end`, sms, "nil\trequest_sms: plugin p: before_call: p/init.lua:3: boom"},
		{"raise a table", `before_call = function(call) error(setmetatable({}, { __tostring = function() return "odd" end })) end`, sms, "nil\trequest_sms: plugin p: before_call: p/init.lua:3: odd"},
		{"after", `after_call = function(call) print(call.op, call.result.message, call.took < 60) end`, sms + ` print("x")`, "table: 0x\nx\nlog: request_sms fine true\nsent /protected/json/sms/7?force=true"},
		{"after answers", `after_call = function(call) local r = call.result r.extra = 1 call:answer(r) end`, `print(authy.request_sms{ authy_id = 7 }.extra)`, "1\nsent /protected/json/sms/7"},
		{"after raises", `after_call = function(call) error("boom") end`, `print(authy.request_sms{ authy_id = 7 }.message)`, "fine\nlog: a hook of the plugin failed\nsent /protected/json/sms/7"},
		{"after refuses", `after_call = function(call) call:refuse("hidden") end`, sms, "nil\trequest_sms: refused by the plugin p: hidden\nsent /protected/json/sms/7?force=true"},
		{"on error", `on_error = function(call) print(call.error.kind, call.error.code, call.error.status, call.error.message, call.result) end`,
			`print(authy.try.delete_user{ authy_id = 7 })`, "nil\tdelete_user: User not found. (HTTP 404, code 60026)\nlog: api 60026 404 User not found. nil\nsent /protected/json/users/7/remove {}"},
		{"the error is plain", `on_error = function(call) print(getmetatable(call.error), call.error.where) end`, `authy.try.request_sms{}`, "\nlog: nil nil"},
		{"on error answers", `on_error = function(call) call:answer{ success = true } end`, `print(authy.delete_user{ authy_id = 7 }.success)`, "true\nsent /protected/json/users/7/remove {}"},
		{"validation is an error too", `on_error = function(call) print(call.error.kind, call.error.fields.authy_id) end`, `print(authy.try.request_sms{})`, "nil\trequest_sms: authy_id is required\nlog: validation is required"},
		{"an old call", `before_call = function(call) if not kept then kept = call return end print(kept.op, rawget(kept, "op"), pcall(function() return kept.refuse end)) end`,
			`authy.request_sms{ authy_id = 7 } authy.delete_webhook{ id = "x" }`, "error: test.lua:1: delete_webhook: access_key is required for dashboard calls: the console's access key; signing_key is required for dashboard calls: the console's API signing key\nlog: nil nil true nil\nsent /protected/json/sms/7"},
		{"second client", `before_call = function(call) print(call.op, call.params.key) end`, `authy.client{ key = "other" }.request_sms{ authy_id = 7 }`, "\nlog: request_sms nil\nsent /protected/json/sms/7"},
		{"tasks", `before_call = function(call) time.sleep("5ms") n = (n or 0) + 1 end, after_call = function() m = (m or 0) + 1 if m == 9 then print(n) end end`,
			`local ts = {} for i = 1, 9 do ts[i] = authy.async.request_sms{ authy_id = 7 } end task.all(ts):await()`, "\nlog: 9\nsent /protected/json/sms/7"},
	} {
		run := func(t *testing.T, change ...func(*plugin.Enabled)) {
			t.Parallel()
			b := newPluginBench(t, []plugin.Enabled{hooks(t, "p", test.hooks, change...)})
			if err := b.rt.PluginError(); err != nil {
				t.Fatal(err)
			}
			got := addresses.ReplaceAllString(b.run(t, test.script), "table: 0x")
			for line := range strings.Lines(b.log.String()) {
				_, line, _ = strings.Cut(line, "msg=")
				line, _, _ = strings.Cut(line, " plugin=")
				got += "\nlog: " + strings.ReplaceAll(strings.Trim(line, `"`), `\t`, " ")
			}
			if last, ok := b.service.last.Load().(string); ok && strings.Contains(test.want, "sent ") {
				got += "\nsent " + strings.TrimSpace(last)
			}
			wantText(t, "printed", got, test.want)
			if refused := strings.Contains(test.want, "plugin p: before_call") || strings.HasPrefix(test.name, "refuse"); refused && b.service.calls.Load() != 0 {
				t.Error("the call was made")
			}
		}
		t.Run(test.name, func(t *testing.T) { run(t) })
		t.Run(test.name+", loaded late", func(t *testing.T) { run(t, late(t)) })
	}
}

// TestPluginOrder has two plugins and a middleware of the host: the host's is outermost, then the plugins in their order.
func TestPluginOrder(t *testing.T) {
	t.Parallel()
	var order []string
	outer := func(next CallFunc) CallFunc {
		return func(ctx context.Context, call *Call) (any, error) {
			order = append(order, "host before")
			defer func() { order = append(order, "host after") }()
			return next(ctx, call)
		}
	}
	const both = `before_call = function(call) print(call.op .. " before") end, after_call = function(call) print(call.op .. " after") end`
	b := newPluginBench(t, []plugin.Enabled{hooks(t, "first", both), hooks(t, "second", both)}, Use(outer))
	b.run(t, `authy.request_sms{ authy_id = 7 }`)
	for line := range strings.Lines(b.log.String()) {
		_, line, _ = strings.Cut(line, "msg=\"request_sms ")
		order = append(order, strings.ReplaceAll(strings.TrimSpace(line), `" plugin=`, " "))
	}
	want := []string{"host before", "host after", "before first", "before second", "after second", "after first"}
	if !slices.Equal(order, want) {
		t.Errorf("order %q, want %q", order, want)
	}
	for i, info := range b.rt.Plugins() {
		if info.Order != i+1 || info.Name != []string{"first", "second"}[i] || !slices.Equal(info.Hooks, []string{"after_call", "before_call"}) || info.Limits.HookTime == 0 {
			t.Errorf("listed as %+v", info)
		}
	}
}

// TestPluginErrorInGo reaches the plugin's error from the host.
func TestPluginErrorInGo(t *testing.T) {
	t.Parallel()
	b := newPluginBench(t, []plugin.Enabled{hooks(t, "p", `before_call = function(call) call:refuse("no") end`)})
	err := b.rt.Run(t.Context(), Script{Name: "x.lua", Source: `authy.request_sms{ authy_id = 7 }`})
	failure, ok := errors.AsType[*PluginError](err)
	if !ok || !failure.Refused || failure.Plugin != "p" || failure.Reason != "no" || failure.Kind() != KindRefused || !strings.HasPrefix(err.Error(), "x.lua:1: ") {
		t.Errorf("%v", err)
	}
	op, _ := authy.ByName("request_sms")
	if _, err := b.rt.Perform(t.Context(), op, map[string]any{"authy_id": "7"}); !errors.As(err, &failure) {
		t.Errorf("Perform: %v", err)
	}
}

// TestPluginCallbacks has hooks that look at callbacks.
func TestPluginCallbacks(t *testing.T) {
	t.Parallel()
	const script = `local r = authy.sign_callback{ url = "https://example.com/cb", body = { authy_id = 1635, status = "approved", uuid = "4a725520-bff5-0135-eb01-0e5d90336a8c", callback_action = "approval_request_status", device_uuid = 1 } }
		print(authy.try.verify_callback(r) ~= nil, select(2, authy.try.verify_callback(r)))`
	b := newPluginBench(t, []plugin.Enabled{hooks(t, "p", `on_callback = function(call) if call.callback.status ~= "approved" then error("?") end end`)})
	wantText(t, "accepted", b.run(t, script), "true")
	b = newPluginBench(t, []plugin.Enabled{hooks(t, "p", `on_callback = function(call) call:refuse("user " .. call.callback.authy_id .. " is banned") end`)})
	wantText(t, "refused", b.run(t, script), "false\tverify_callback: refused by the plugin p: user 1635 is banned")
}

// TestPluginBatch runs operations of a plugin in a batch: they are journalled with their effect, and one that may have been
// carried out is in doubt; the end of the batch is told.
func TestPluginBatch(t *testing.T) {
	t.Parallel()
	b := newPluginBench(t, []plugin.Enabled{pluginOf(t, "p", definition("p", "local ran = 0", `
		operations = {
			send = { doc = "Post.", effect = "sends", params = { { "n", "integer", "Which.", required = true } }, run = function(p) ran = ran + 1
				if p.n == 2 then pcall(exec.run, "true") error("lost") elseif p.n == 3 then error("no") end return { ran = ran } end },
			look = { doc = "Look.", effect = "reads", run = function() return { ran = ran } end },
		},
		hooks = { on_batch_end = function(call) print(call.summary.rows, call.summary.done, call.summary.failed, call.summary.in_doubt) error("too late") end }`),
		func(e *plugin.Enabled) { e.Granted.Exec = []string{"true"} })})
	file := filepath.Join(t.TempDir(), "journal")
	script := `local s = batch.run{ source = { { n = 1 }, { n = 2 }, { n = 3 }, { n = 4 } }, key = "n", workers = 1, journal = ` + luatext.Quote(file) + `, max_errors = 10,
		each = function(row) p.look() p.send{ n = row.n } end }
		print(s.done, s.failed, s.in_doubt, p.look().ran)`
	wantText(t, "first run", b.run(t, script), "2\t1\t1\t4")
	wantText(t, "resumed", b.run(t, script), "2\t1\t1\t4")
	if log := b.log.String(); !strings.Contains(log, `msg="4\t2\t1\t1"`) || !strings.Contains(log, "too late") {
		t.Errorf("log: %s", log)
	}
	if info := b.rt.Plugins()[0]; info.Failures != 2 || !strings.Contains(info.LastFailure, "on_batch_end") {
		t.Errorf("%+v", info)
	}
}
