package luabind

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/luabind/plugin"
)

// TestPluginFailures has plugins that cannot be loaded beside one that can: that one works.
func TestPluginFailures(t *testing.T) {
	t.Parallel()
	files := func(name string, files map[string]string) plugin.Enabled {
		source, err := plugin.FromText(name, files)
		if err != nil {
			t.Fatal(err)
		}
		return plugin.Enabled{Source: source}
	}
	const hook = "hooks = { on_error = function() end }"
	operation := `operations = { send = { doc = "D.", effect = "reads", run = function() return {} end } }`
	for _, test := range []struct {
		name string
		bad  plugin.Enabled
		want string
	}{
		{"syntax", pluginOf(t, "bad", "return {"), "plugin bad: bad/init.lua: "},
		{"binary", pluginOf(t, "bad", "\x1bLua"), "is not Lua source text"},
		{"raises", pluginOf(t, "bad", "error('boom')"), "plugin bad: bad/init.lua:1: boom"},
		{"no definition", pluginOf(t, "bad", "return { name = 'bad' }"), "bad/init.lua: must end with: return plugin.define{ ... }, got a table"},
		{"nothing", pluginOf(t, "bad", ""), "must end with: return plugin.define{ ... }, got nil"},
		{"loop", pluginOf(t, "bad", "while true do end"), "plugin bad: bad/init.lua "},
		{"another name", pluginOf(t, "bad", definition("good", "", hook)), `bad/init.lua: name is "good", but the directory is called "bad"`},
		{"two mistakes", pluginOf(t, "bad", definition("bad", "", "hooks = { befor_call = print }, operations = { send = { doc = 'D.' } }")),
			`operations.send.effect is required, as in effect = "sends"; reads, sends, writes or deletes; operations.send.run must be a function, as in run = function(params, ctx) ... end, got nothing; hooks.befor_call is not known, did you mean "before_call"?`},
		{"itself", pluginOf(t, "bad", `local d = {} d.name = d return require("plugin").define(d)`), "the definition contains itself"},
		{"cycle of files", files("bad", map[string]string{"init.lua": `return require "a"`, "a.lua": `return require "b"`, "b.lua": `return require "a"`}), "module a requires itself: a requires b requires a"},
		{"no module", files("bad", map[string]string{"init.lua": `return require "utli"`, "lib/util.lua": "", "util.lua": ""}), `no module "utli" in the plugin, did you mean "util"?`},
		{"requires another", pluginOf(t, "bad", definition("bad", "", hook+`, requires = { other = ">=1" }`)), "plugin bad needs the plugin other >=1, which is not enabled"},
		{"requires a newer one", pluginOf(t, "bad", definition("bad", "", hook+`, requires = { good = ">=2" }`)), "plugin bad needs good >=2, but 1.0.0 is enabled"},
		{"requires a newer program", pluginOf(t, "bad", definition("bad", "", hook+`, requires = { authysh = ">=9" }`)), "plugin bad needs authysh >=9, this is 0.1.0"},
		{"named as a module", pluginOf(t, "json", definition("json", "", operation)), `plugin json: scripts have a global "json" already; the plugin needs another name`},
		{"twice", pluginOf(t, "good", definition("good", "", hook)), "plugin good: another plugin is called good in scripts already"},
		{"missing setting", pluginOf(t, "bad", definition("bad", "", hook+`, config = { url = { type = "string", doc = "The URL.", required = true } }`)), "plugins.config.bad.url is required: The URL."},
		{"bad grant", pluginOf(t, "bad", definition("bad", "", hook), func(e *plugin.Enabled) { e.Granted.Net = []string{"*"} }), `plugin bad: permission net "*" must name a host`},
	} {
		b := newPluginBench(t, []plugin.Enabled{pluginOf(t, "good", definition("good", "", operation)), test.bad}, ProgramVersion("0.1.0"))
		if err := b.rt.PluginError(); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %s", test.name, err, test.want)
		}
		wantText(t, test.name, b.run(t, `print(good.send{} ~= nil, authy.request_sms{ authy_id = 7 }.message)`), "true\tfine")
		if list := b.rt.Plugins(); len(list) != 2 || list[0].Err != nil || list[1].Err == nil {
			t.Errorf("%s: listed as %+v", test.name, list)
		}
	}
}

func TestInspectPlugin(t *testing.T) {
	t.Parallel()
	source, err := plugin.FromText("p", map[string]string{
		"init.lua":      definition("p", `local lib = require "lib.names"`, `permissions = { net = { "hooks.example.com" } }, hooks = { [lib.hook] = function() end }`),
		"lib/names.lua": `local name = ... return { hook = name == "lib.names" and "on_error" }`,
	})
	if err != nil {
		t.Fatal(err)
	}
	m, err := InspectPlugin(t.Context(), source)
	if err != nil || m.Name != "p" || !slices.Equal(m.Hooks, []string{"on_error"}) || !slices.Equal(m.Permissions.Net, []string{"hooks.example.com"}) {
		t.Errorf("%+v, %v", m, err)
	}
}

// TestPluginConfig gives settings to operations, hooks and the module plugin.
func TestPluginConfig(t *testing.T) {
	t.Parallel()
	b := newPluginBench(t, []plugin.Enabled{pluginOf(t, "p", definition("p", "", `
		config = { url = { type = "string", doc = "U." }, tries = { type = "integer", doc = "T.", default = 3 }, rooms = { type = "string[]", doc = "R." } },
		operations = { go = { doc = "D.", effect = "reads", run = function(p, ctx) return { a = ctx.config.url .. plugin.config.tries .. #ctx.config.rooms, m = plugin.mask{ token = "1", deep = { password = "2", name = "x" } } } end } },
		formats = { markdown = function(value, ctx) return "# " .. value.title .. ctx.config.tries end, broken = function() return {} end }`),
		func(e *plugin.Enabled) { e.Config = map[string]any{"url": "u", "rooms": []string{"a", "b"}} })})
	wantText(t, "config", b.run(t, `local r = p.go() print(r.a, r.m.token, r.m.deep.password, r.m.deep.name)`), "u32\t***\t***\tx")
	if got, err := b.rt.Format(t.Context(), "markdown", map[string]any{"title": "T"}); err != nil || got != "# T3" || !slices.Equal(b.rt.Formats(), []string{"broken", "markdown"}) {
		t.Errorf("%q, %v", got, err)
	}
	_, err := b.rt.Format(t.Context(), "broken", nil)
	if err == nil || err.Error() != "plugin p: format broken: must give a text, got a table" {
		t.Error(err)
	}
}

// TestHostOperations has an operation of a host: it is like one of the API.
func TestHostOperations(t *testing.T) {
	t.Parallel()
	type params struct {
		Name string `json:"name" doc:"Who."`
	}
	type result struct {
		Text string `json:"text" doc:"The greeting."`
	}
	greet := authy.Op("greet <name>", "Greet somebody.", authy.Route{Name: "greet", Effect: authy.Writes},
		func(_ *authy.Client, _ context.Context, p params) (*result, error) {
			return &result{"hello " + p.Name}, nil
		})
	b := newPluginBench(t, []plugin.Enabled{hooks(t, "p", `before_call = function(call) call.params.name = call.params.name:upper() end`)}, Operations(greet))
	wantText(t, "host", b.run(t, `print(authy.greet{ name = "ana" }.text, authy.async.greet{ name = "eva" }:await().text, authy.client{ key = "x" }.greet{ name = "c" }.text)
		print(authy.try.greet{ name = "x", nam = 1 })`), "hello ANA\thello EVA\thello C\nnil\tgreet: nam is not a parameter, did you mean \"name\"?")
	text, _, ok := b.rt.NewSession(SessionOptions{}).Manual().Help("greet")
	if !ok || !strings.Contains(text, "authy.greet{ name }") || strings.Contains(text, "Request:") {
		t.Errorf("help:\n%s", text)
	}
	if ops := b.rt.Operations(); len(ops) != len(operations())+1 {
		t.Errorf("%d operations", len(ops))
	}
	if _, err := New(&authy.Client{}, Operations(greet, greet)); err == nil {
		t.Error("one operation twice")
	}
}

// TestPluginHelp has the operations of a plugin in help and completion.
func TestPluginHelp(t *testing.T) {
	t.Parallel()
	b := newPluginBench(t, []plugin.Enabled{pluginOf(t, "chat-room", definition("chat-room", "", notifyOperations))})
	s := b.rt.NewSession(SessionOptions{})
	for topic, wants := range map[string][]string{
		"chat_room.send":               {"chat_room.send{ text, room? }", "Post one message.  (sends)", "text", "1 to 10 characters", "one of ops, dev", "ok", "Command:  authysh chat-room send"},
		"authy.plugins.chat_room.send": {"Post one message."}, "chat_room.try.send": {"Post one message."}, "authy.async.plugins.chat_room.send": {"Post one message."},
		"chat_room": {"chat_room: For a test.", "Operations:", "sends: Post one message."}, "chat_room.send.room": {"ops, dev"},
		"": {"chat_room", "For a test."},
	} {
		text, _, ok := s.Manual().Help(topic)
		for _, want := range wants {
			if !ok || !strings.Contains(text, want) {
				t.Errorf("help %s lacks %q:\n%s", topic, want, text)
			}
		}
		for line := range strings.Lines(text) {
			if len([]rune(strings.TrimRight(line, "\n"))) > helpWidth {
				t.Errorf("help %s: a long line: %s", topic, line)
			}
		}
	}
	for line, want := range map[string]string{
		"chat_room.se": "send", "authy.plugins.chat": "chat_room", "chat_room.send{ ": "text = ", `chat_room.send{ text = "a", r`: "room = ",
		`chat_room.send{ room = "o`: "ops", "chat_room.try.send{ te": "text = ", "authy.plugins.chat_room.async.send{ te": "text = ", "chat_room.send{ text = 'a' }.le": "length", "chat_r": "chat_room",
	} {
		found := s.Complete(line, len(line)).Candidates
		if !slices.ContainsFunc(found, func(c Candidate) bool { return c.Text == want }) {
			t.Errorf("%s completes to %v, want %s", line, found, want)
		}
	}
	if hint := s.Complete("chat_room.send{ ", 16).Hint; hint != "chat_room.send{ text, room? }  sends: Post one message." {
		t.Errorf("hint %q", hint)
	}
}

// TestPluginRequires has operations of a plugin that ask for one file from several tasks.
func TestPluginRequires(t *testing.T) {
	t.Parallel()
	operation := func(name, run string) string {
		return name + ` = { doc = "D.", effect = "reads", result = { n = "integer" }, run = function() ` + run + ` end }`
	}
	source, err := plugin.FromText("p", map[string]string{
		"init.lua": definition("p", "", "operations = {"+strings.Join([]string{
			operation("slow", `return { n = require "slow" }`), operation("bad", `return { n = require "bad" }`),
			operation("a", `return { n = require "a" }`), operation("b", `return { n = require "b" }`),
			operation("hurried", `return { n = require "late" }`),
		}, ", ")+"}"),
		"slow.lua": `n = (n or 0) + 1 time.sleep "10ms" return n`,
		"bad.lua":  `m = (m or 0) + 1 time.sleep "10ms" if m == 1 then error("boom " .. m) end return m`,
		"a.lua":    `time.sleep "10ms" return require "b"`,
		"b.lua":    `time.sleep "20ms" return require "a"`,
		"late.lua": `k = (k or 0) + 1 time.sleep(k == 1 and "1h" or 0) return k`,
	})
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		b := newPluginBench(t, []plugin.Enabled{{Source: source}}, LimitPlugins(PluginLimits{OperationTime: time.Minute}))
		if err := b.rt.PluginError(); err != nil {
			t.Fatal(err)
		}
		got := b.run(t, `
			local function both(one, two)
				local a, b = task.spawn(one, {}), task.spawn(two, {})
				for _, t in ipairs{ a, b } do
					local ok, result = pcall(t.await, t)
					print(ok, ok and result.n or result.message)
				end
			end
			both(p.slow, p.slow)
			both(p.bad, p.bad) both(p.bad, p.bad)
			both(p.a, p.b)
			local first = task.spawn(p.hurried, {}) task.sleep "1s"
			print(p.hurried{}.n, (pcall(first.await, first)))`)
		wantText(t, "plugin", got, `true	1
true	1
false	plugin p: bad: p/bad.lua:1: boom 1
false	plugin p: bad: p/bad.lua:1: boom 1
true	2
true	2
false	plugin p: a: p/b.lua:1: module a requires itself: a requires b requires a
false	plugin p: b: p/b.lua:1: module a requires itself: a requires b requires a
2	false`)
	})
}
