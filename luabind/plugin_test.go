package luabind

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"regexp"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/luabind/plugin"
	"github.com/google/go-cmp/cmp"
)

// pluginOf makes an enabled plugin of Lua text.
func pluginOf(t testing.TB, name, main string, change ...func(*plugin.Enabled)) plugin.Enabled {
	t.Helper()
	source, err := plugin.FromText(name, map[string]string{"init.lua": main})
	if err != nil {
		t.Fatal(err)
	}
	e := plugin.Enabled{Source: source}
	for _, f := range change {
		f(&e)
	}
	return e
}

// late gives a plugin its manifest, so that its code is loaded when it is needed.
func late(t testing.TB) func(*plugin.Enabled) {
	t.Helper()
	return func(e *plugin.Enabled) {
		m, err := InspectPlugin(t.Context(), e.Source)
		if err != nil {
			t.Fatal(err)
		}
		if !Deferrable(t.Context(), *e, m) {
			t.Fatalf("the plugin %s cannot be loaded late", e.Name)
		}
		e.Manifest = m
	}
}

// definition is a plugin whose definition has some more fields; before them may stand what is local.
func definition(name, before, fields string) string {
	return before + `
local plugin = require "plugin"
return plugin.define { name = "` + name + `", version = "1.0.0", summary = "For a test.", ` + fields + ` }`
}

// service answers every request with the same body, and counts.
type service struct {
	calls atomic.Int64
	last  atomic.Value // the path and query of the last request
}

func (s *service) RoundTrip(r *http.Request) (*http.Response, error) {
	s.calls.Add(1)
	text := ""
	if r.Body != nil {
		body, _ := io.ReadAll(r.Body)
		text = " " + string(body)
	}
	s.last.Store(r.URL.RequestURI() + text)
	status, body := http.StatusOK, `{"success":true,"message":"fine","cellphone":"+351-XXX","app":{"name":"Bank"}}`
	if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/remove") {
		status, body = http.StatusNotFound, `{"success":false,"message":"User not found.","error_code":"60026"}`
	}
	return &http.Response{
		StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(body)), Request: r,
	}, nil
}

// pluginBench is a runtime with plugins, whose service answers by itself.
type pluginBench struct {
	rt          *Runtime
	service     service
	stdout, log bytes.Buffer
}

func newPluginBench(t testing.TB, plugins []plugin.Enabled, options ...Option) *pluginBench {
	t.Helper()
	b := &pluginBench{}
	rt, err := New(&authy.Client{Key: secretKey, HTTPClient: &http.Client{Transport: &b.service}}, append([]Option{
		Stdout(&b.stdout), Log(slog.New(slog.NewTextHandler(&b.log, nil))), Plugins(plugins...),
	}, options...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := rt.Close(); err != nil {
			t.Error(err)
		}
		for _, text := range []string{b.stdout.String(), b.log.String()} {
			if strings.Contains(text, secretKey) {
				t.Errorf("the key was seen:\n%s", text)
			}
		}
	})
	b.rt = rt
	return b
}

const secretKey = "the-secret-api-key"

// run runs a script and returns what it printed, and its error behind that.
func (b *pluginBench) run(t testing.TB, source string) string {
	t.Helper()
	b.stdout.Reset()
	err := b.rt.Run(t.Context(), Script{Name: "test.lua", Source: source})
	text := strings.TrimSuffix(b.stdout.String(), "\n")
	if err != nil {
		text = strings.TrimPrefix(text+"\nerror: "+err.Error(), "\n")
	}
	return text
}

func wantText(t testing.TB, what, got, want string) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

const notifyOperations = `operations = {
  send = { doc = "Post one message.", effect = "sends", result = { ok = "boolean", length = "integer" },
    params = { { "text", "string", "Message text.", required = true, rule = "length 1-10" }, { "room", "string", "Where.", values = { "ops", "dev" } } },
    run = function(p, ctx) return { ok = true, length = #p.text, room = p.room } end },
  fail = { doc = "Fails.", effect = "writes", run = function() error({ message = "boom" }) end },
  wrong = { doc = "Gives the wrong type.", effect = "reads", result = { ok = "boolean" }, run = function() return { ok = 1 } end },
  leak = { doc = "Gives a function.", effect = "reads", run = function() return { f = function() end } end },
}`

func TestPluginOperations(t *testing.T) {
	t.Parallel()
	tests := []luaTest{
		{"direct", `local r = chat_room.send{ text = "abc", room = "ops" } print(r.ok, r.length, r.room)`, "true\t3\tops"},
		{"under authy", `print(authy.plugins.chat_room.send{ text = "abc" }.length, authy.plugins.chat_room == chat_room, require "chat_room" == chat_room)`, "3\ttrue\ttrue"},
		{"try", `print(chat_room.try.send{})`, "nil\tchat_room.send: text is required"},
		{"try under authy", `print(authy.try.plugins.chat_room.send{ text = "x" }.ok)`, "true"},
		{"callback", `chat_room.send({ text = "abc" }, function(err, r) print(err, r.length) end) chat_room.fail({}, function(err) print(err.kind, err.plugin) end)`, "nil\t3\nplugin\tchat-room"},
		{"task", `local t = chat_room.async.send{ text = "abc" } print(t:await().length)`, "3"},
		{"unknown", `print(chat_room.try.send{ text = "a", rom = "ops" })`, `nil	chat_room.send: rom is not a parameter, did you mean "room"?`},
		{"type", `print(chat_room.try.send{ text = 5 })`, "nil\tchat_room.send: text must be a string, got a number"},
		{"rule", `local _, err = chat_room.try.send{ text = ("x"):rep(11), room = "opps" } print(err.kind, err.fields.text, err.fields.room)`,
			`validation	must be 1 to 10 characters, got 11	must be one of ops, dev; got "opps", did you mean "ops"?`},
		{"misspelt", `print(pcall(function() return chat_room.sent end))`, "false\ttest.lua:1: chat_room has no sent, did you mean chat_room.send?"},
		{"raises", `print(pcall(chat_room.fail))`, "false\tchat_room.fail: plugin chat-room: fail: chat-room/init.lua:7: boom"},
		{"wrong result", `print(chat_room.try.wrong())`, "nil\tchat_room.wrong: plugin chat-room: wrong: gave a result whose ok is no boolean"},
		{"function in result", `print(chat_room.try.leak())`, "nil\tchat_room.leak: plugin chat-room: leak: the result holds a function"},
		{"function in params", `print(chat_room.try.send{ text = print })`, "nil\tchat_room.send: text must be a string, got a function"},
		{"rehearsed", `flow.define("f", { { "a", function(ctx) return chat_room.send{ text = "abc" } end } }):run({}, { dry_run = true })`,
			"dry run of flow f\n  step a\n    would call chat_room.send{ text = \"abc\" }  -- sends"},
	}
	for name, change := range map[string]func(*plugin.Enabled){"at once": func(*plugin.Enabled) {}, "late": late(t)} {
		b := newPluginBench(t, []plugin.Enabled{pluginOf(t, "chat-room", definition("chat-room", "", notifyOperations), change)})
		if err := b.rt.PluginError(); err != nil {
			t.Fatal(err)
		}
		for _, test := range tests {
			wantText(t, name+": "+test.name, b.run(t, test.source), test.want)
		}
	}
}

// heapNow is the memory that the process uses now.
func heapNow() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// addresses are what tostring shows of tables.
var addresses = regexp.MustCompile(`table: 0x[0-9a-f]+`)
