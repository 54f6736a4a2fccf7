package luabind

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/luabind/plugin"
)

// everyPart is a definition with an operation, hooks and a format.
const everyPart = `operations = { hello = { doc = "Greet.", effect = "reads", result = { text = "string" }, run = function(p, ctx) return { text = ctx.config.greeting } end } },
	hooks = { before_call = function(call) end, after_call = function() end, on_callback = function() end, on_batch_end = function() end },
	formats = { shout = function(v) return tostring(v.text):upper() end }, config = { greeting = { type = "string", doc = "D.", default = "hi" } }`

// TestPluginLate loads the code of a plugin when that is first needed, in every way that it can be.
func TestPluginLate(t *testing.T) {
	t.Parallel()
	callback := `local r = authy.sign_callback{ url = "https://example.com/cb", body = { authy_id = 1635, status = "approved", uuid = "4a725520-bff5-0135-eb01-0e5d90336a8c", callback_action = "approval_request_status", device_uuid = 1 } } `
	for name, need := range map[string]string{
		"nothing":      `print(p.hello ~= nil, authy.plugins.p.try.hello ~= nil)`,
		"an operation": `p.hello()`,
		"a hook":       `authy.request_sms{ authy_id = 7 }`,
		"a callback":   callback + `authy.verify_callback(r)`,
		"a batch":      `batch.run{ source = { 1 }, each = function() end }`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newPluginBench(t, []plugin.Enabled{pluginOf(t, "p", definition("p", `print("loaded")`, everyPart), late(t))})
			g := b.rt.plugins.list[0].guest
			list, formats := b.rt.Plugins(), b.rt.Formats()
			if len(list) != 1 || list[0].Err != nil || !slices.Equal(list[0].Operations, []string{"hello"}) || len(list[0].Hooks) != 4 || !slices.Equal(formats, []string{"shout"}) {
				t.Errorf("listed as %+v, formats %q", list, formats)
			}
			if g.state != nil || b.log.Len() > 0 {
				t.Error("the code was loaded at the start")
			}
			if got := b.run(t, need); strings.Contains(got, "error") {
				t.Error(got)
			}
			if needed := g.state != nil; needed != (name != "nothing") || strings.Count(b.log.String(), "msg=loaded") > 1 {
				t.Errorf("loaded: %t, log: %s", needed, &b.log)
			}
			if err := b.rt.LoadPlugins(); err != nil || g.state == nil || strings.Count(b.log.String(), "msg=loaded") != 1 {
				t.Errorf("LoadPlugins: %v, log: %s", err, &b.log)
			}
		})
	}
}

// TestPluginLateAtOnce needs a plugin from many sides at the same time; it is loaded once.
func TestPluginLateAtOnce(t *testing.T) {
	t.Parallel()
	b := newPluginBench(t, []plugin.Enabled{pluginOf(t, "p", definition("p", `print("loaded")`, everyPart), late(t))})
	op, _ := authy.ByName("request_sms")
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			text, err := b.rt.Format(t.Context(), "shout", map[string]any{"text": "hey"})
			if err != nil || text != "HEY" {
				t.Errorf("%q, %v", text, err)
			}
		})
		group.Go(func() {
			if _, err := b.rt.Perform(t.Context(), op, map[string]any{"authy_id": 7}); err != nil {
				t.Error(err)
			}
		})
		group.Go(func() {
			if err := b.rt.LoadPlugins(); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if n := strings.Count(b.log.String(), "msg=loaded"); n != 1 {
		t.Errorf("loaded %d times", n)
	}
}

// TestPluginLateClosed closes a runtime that has never needed a plugin.
func TestPluginLateClosed(t *testing.T) {
	t.Parallel()
	b := newPluginBench(t, []plugin.Enabled{pluginOf(t, "p", definition("p", "", everyPart), late(t))})
	if err := b.rt.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := b.rt.Format(t.Context(), "shout", map[string]any{}); err == nil || !strings.Contains(err.Error(), "the plugin is closed") {
		t.Errorf("got %v", err)
	}
	if err := b.rt.PluginError(); err != nil {
		t.Error(err)
	}
}

// TestPluginLateFailures has plugins that do not define what their manifests say. No call is made that such a plugin was to
// look at before.
func TestPluginLateFailures(t *testing.T) {
	t.Parallel()
	manifest, err := InspectPlugin(t.Context(), pluginOf(t, "p", definition("p", "", everyPart)).Source)
	if err != nil {
		t.Fatal(err)
	}
	const other = "defines something else than when it was enabled; look at it and run: authysh plugin enable p"
	for _, test := range []struct{ name, code, want string }{
		{"another hook", definition("p", "", strings.Replace(everyPart, "on_callback", "on_error", 1)), other},
		{"no operation", definition("p", "", strings.Replace(everyPart, "operations = {", "operations = {}, permissions = { env = {", 1)), "p/init.lua: "},
		{"another effect", definition("p", "", strings.Replace(everyPart, `"reads"`, `"deletes"`, 1)), other},
		{"another permission", definition("p", "", everyPart+`, permissions = { net = { "example.com" } }`), other},
		{"raises", `error("boom", 0)`, "boom"},
		{"syntax", `return return`, "p/init.lua:1"},
		{"waits", definition("p", `time.sleep(0)`, everyPart), "time.sleep cannot be used before the plugin is defined"},
		{"reaches outside", definition("p", `env.get "HOME"`, everyPart), "env.get cannot be used before the plugin is defined"},
		{"loop", `while true do end`, "p/init.lua "},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			bad := pluginOf(t, "p", test.code)
			bad.Manifest, bad.Granted.Env = manifest, []string{"HOME"}
			b := newPluginBench(t, []plugin.Enabled{bad})
			if err := b.rt.PluginError(); err != nil {
				t.Fatal(err)
			}
			got := b.run(t, `print(authy.try.request_sms{ authy_id = 7 })`)
			if !strings.HasPrefix(got, "nil\trequest_sms: plugin p: before_call: ") || !strings.Contains(got, test.want) || b.service.calls.Load() != 0 {
				t.Errorf("a call: %s", got)
			}
			got = b.run(t, `print(p.try.hello())`) // the hook is asked first
			if !strings.HasPrefix(got, "nil\tp.hello: plugin p: before_call: ") || !strings.Contains(got, test.want) {
				t.Errorf("an operation: %s", got)
			}
			_, err := b.rt.Format(t.Context(), "shout", map[string]any{})
			for name, err := range map[string]error{"Format": err, "PluginError": b.rt.PluginError(), "LoadPlugins": b.rt.LoadPlugins(), "Plugins": b.rt.Plugins()[0].Err} {
				if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "plugin p: plugin p") {
					t.Errorf("%s: %v", name, err)
				}
			}
		})
	}
}

// TestPluginLateAtStart has mistakes that are found at the start although the code is not loaded.
func TestPluginLateAtStart(t *testing.T) {
	t.Parallel()
	const hook = "hooks = { on_error = function() end }"
	for want, bad := range map[string]plugin.Enabled{
		"plugins.config.p.url is required: The URL.":                     pluginOf(t, "p", definition("p", "", hook+`, config = { url = { type = "string", doc = "The URL.", required = true } }`), late(t)),
		"plugin p needs the plugin other >=1":                            pluginOf(t, "p", definition("p", "", hook+`, requires = { other = ">=1" }`), late(t)),
		"plugin p needs authysh >=9":                                     pluginOf(t, "p", definition("p", "", hook+`, requires = { authysh = ">=9" }`), late(t)),
		`plugin json: scripts have a global "json" already`:              pluginOf(t, "json", definition("json", "", notifyOperations), late(t)),
		`plugin p: permission net "*" must name a host`:                  pluginOf(t, "p", definition("p", "", hook), late(t), func(e *plugin.Enabled) { e.Granted.Net = []string{"*"} }),
		`plugins.config.p.greeting must be of type string, got a number`: pluginOf(t, "p", definition("p", "", everyPart), late(t), func(e *plugin.Enabled) { e.Config = map[string]any{"greeting": 5.0} }),
	} {
		b := newPluginBench(t, []plugin.Enabled{bad}, ProgramVersion("0.1.0"))
		if err := b.rt.PluginError(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
		wantText(t, want, b.run(t, `print(authy.request_sms{ authy_id = 7 }.message)`), "fine")
	}
}

// TestDeferrable tells definitions that depend on the code alone from others.
func TestDeferrable(t *testing.T) {
	t.Setenv("AUTHYSH_TEST_PLUGIN", "x")
	for _, test := range []struct {
		name, before, fields string
		want                 bool
	}{
		{"plain", "", "", true},
		{"with modules and files of its own", `local n = json.decode("[1]") require "part"`, "", true},
		{"uses permissions later", `local function f() return env.get "AUTHYSH_TEST_PLUGIN" end`, "", true},
		{"depends on what it is granted", "", `summary = env and "A." or "B."`, false},
		{"reads the environment", `local x = env and env.get "AUTHYSH_TEST_PLUGIN"`, "", false},
		{"tries to", `pcall(function() return env.get "AUTHYSH_TEST_PLUGIN" end)`, "", false},
		{"writes a file", `if fs then fs.write("f", "x") end`, "", false},
		{"waits", `time.sleep("1ms")`, "", false},
		{"by chance", "", `summary = "No. " .. math.random(1, 1e15)`, false},
		{"raises with permissions", `if env then error "x" end`, "", false},
	} {
		source, err := plugin.FromText("p", map[string]string{"part.lua": "return 1", "init.lua": test.before + `
			return require("plugin").define { name = "p", version = "1.0.0", ` + cmp.Or(test.fields, `summary = "S."`) + ` }`})
		if err != nil {
			t.Fatal(err)
		}
		m, err := InspectPlugin(t.Context(), source)
		if err != nil {
			t.Fatal(err)
		}
		enabled := plugin.Enabled{Source: source, DataDir: t.TempDir(), Granted: plugin.Permissions{Env: []string{"AUTHYSH_TEST_PLUGIN"}, Write: []string{"f"}}}
		if got := Deferrable(t.Context(), enabled, m); got != test.want {
			t.Errorf("%s: %t", test.name, got)
		}
	}
}
