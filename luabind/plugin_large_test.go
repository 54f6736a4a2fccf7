package luabind

import (
	"strings"
	"testing"

	"github.com/authysh/authysh/luabind/plugin"
)

// TestPluginLargeValues has a plugin hand out small values that are large when they are written: one text in many places.
func TestPluginLargeValues(t *testing.T) {
	const many = `local many, text = {}, ("x"):rep(4e6) for i = 1, 9e4 do many["k" .. i] = text end
		local list = {} for i = 1, 9e4 do list[i] = ("x"):rep(1e5) break end for i = 2, 9e4 do list[i] = list[1] end `
	b := newPluginBench(t, []plugin.Enabled{pluginOf(t, "large", definition("large", "", `permissions = { net = { "hooks.example.com" }, exec = { "true" } },
		operations = {
			result = { doc = "Gives it.", effect = "reads", run = function() `+many+` return many end },
			post = { doc = "Posts it.", effect = "sends", run = function() `+many+` http.post("https://hooks.example.com/", { json = many }) end },
			form = { doc = "Posts it.", effect = "sends", run = function() `+many+` http.post("https://hooks.example.com/", { form = many }) end },
			exec = { doc = "Runs it.", effect = "sends", run = function() `+many+` exec.run("true", list) end },
		}, hooks = { before_call = function(call) local many, text = {}, ("x"):rep(4e6) for i = 1, 1e4 do many["k" .. i] = text end
			if call.op == "list_webhooks" then call:answer(many) end end }`),
		func(e *plugin.Enabled) {
			e.Granted = plugin.Permissions{Net: []string{"hooks.example.com"}, Exec: []string{"true"}}
		})})
	if err := b.rt.PluginError(); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ call, want string }{
		{"large.try.result{}", "the result has more than 100000 values, or texts of more than 12 MB"},
		{"large.try.post{}", "makes a text of more than 4 MiB"},
		{"large.try.form{}", "is too large"},
		{"large.try.exec{}", "must not be longer than 1 MiB together"},
		{"authy.try.list_webhooks{}", "the answer has more than 100000 values, or texts of more than 12 MB"},
	} {
		before := heapNow()
		got := b.run(t, `local _, err = `+test.call+` print(err and err.message)`)
		if !strings.Contains(got, test.want) || len(got) > 1000 {
			t.Errorf("%s: got %.300s, want %s", test.call, got, test.want)
		}
		if grown := int64(heapNow()) - int64(before); grown > 150<<20 {
			t.Errorf("%s: the process grew by %d MiB", test.call, grown>>20)
		}
	}
}

// TestPluginCyclicParams compares parameters that contain themselves, which must not go on for ever.
func TestPluginCyclicParams(t *testing.T) {
	t.Parallel()
	b := newPluginBench(t, []plugin.Enabled{pluginOf(t, "cyclic", definition("cyclic", "", `hooks = { before_call = function(call)
		local p = { authy_id = 1635 } p.details = p call.params = p end }`))})
	got := b.run(t, `local p = { authy_id = 1635 } p.details = p local _, err = authy.try.request_sms(p) print(err.kind, err.message)`)
	wantText(t, "cyclic", got, "plugin\tplugin cyclic: before_call: call.params contains itself")
	got = b.run(t, `local p = { authy_id = 1635 } for i = 1, 60 do p = { a = p, b = p } end print(authy.try.request_sms(p))`)
	if !strings.Contains(got, "cyclic") {
		t.Errorf("got %.300s", got)
	}
}
