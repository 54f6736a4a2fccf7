package luabind

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/authysh/authysh/luabind/plugin"
)

// shippedPlugins are those in scripts/plugins.
const shippedPlugins = "../scripts/plugins"

// shipped is a plugin of those that ship, with all that it asks for.
func shipped(t testing.TB, name string, config map[string]any, dataDir string) plugin.Enabled {
	t.Helper()
	source, err := plugin.Open(filepath.Join(shippedPlugins, name))
	if err != nil {
		t.Fatal(err)
	}
	m, err := InspectPlugin(t.Context(), source)
	if err != nil {
		t.Fatal(err)
	}
	return plugin.Enabled{Source: source, Granted: m.Permissions, Config: config, DataDir: dataDir}
}

func TestShippedPluginsAreShort(t *testing.T) {
	t.Parallel()
	found, err := os.ReadDir(shippedPlugins)
	if err != nil || len(found) < 3 {
		t.Fatal(found, err)
	}
	for _, entry := range found {
		source := shipped(t, entry.Name(), nil, "").Source
		if lines := strings.Count(source.Main(), "\n"); lines >= 120 {
			t.Errorf("%s has %d lines", entry.Name(), lines)
		}
	}
}

func TestShippedAudit(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	b := newPluginBench(t, []plugin.Enabled{shipped(t, "audit", nil, dir)}, Clock(func() time.Time { return time.Unix(1_700_000_000, 0) }))
	b.run(t, `authy.try.verify_token{ authy_id = 7, token = "0000000" } authy.try.get_user_status{ authy_id = 7 }
		authy.try.register_user{ country_code = "PT", phone = "911234567", email = "ana@example.com" }
		authy.try.delete_user{ authy_id = 7 }
		batch.run{ source = { 1, 2 }, each = function() end }`)
	text, err := os.ReadFile(filepath.Join(dir, "audit.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for line := range bytes.Lines(text) {
		var entry struct {
			Time, Outcome, Op string
			Params            map[string]any
			Error             struct{ Kind, Code string }
			Rows              int
		}
		if err := json.Unmarshal(line, &entry); err != nil || entry.Time != "2023-11-14T22:13:20Z" {
			t.Errorf("%s: %v", line, err)
		}
		got = append(got, fmt.Sprint(entry.Outcome, " ", entry.Op, " ", entry.Params, " ", entry.Error.Kind, entry.Error.Code, entry.Rows))
	}
	joined := strings.Join(got, "\n")
	for _, line := range []string{"begins verify_token map[authy_id:7 token:***]", "begins register_user map[country_code:PT email:....com phone:...4567]", "begins delete_user map[authy_id:7]",
		"failed delete_user map[authy_id:7] api60026"} {
		if !strings.Contains(joined, line) {
			t.Errorf("no line %q in\n%s", line, joined)
		}
	}
	if bytes.Contains(text, []byte("0000000")) || bytes.Contains(text, []byte("ana@")) {
		t.Errorf("a secret is in the log:\n%s", text)
	}
}

// TestShippedAuditFails has no place for the log: nothing is sent.
func TestShippedAuditFails(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "audit.jsonl"), 0o700); err != nil {
		t.Fatal(err)
	}
	b := newPluginBench(t, []plugin.Enabled{shipped(t, "audit", nil, dir)})
	if got := b.run(t, `print(authy.try.request_sms{ authy_id = 7 })`); !strings.HasPrefix(got, "nil\trequest_sms: plugin audit: before_call: ") || b.service.calls.Load() != 0 {
		t.Error(got)
	}
}

func TestShippedGuard(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	now := time.Unix(1_700_000_000, 0)
	config := map[string]any{"operations": []string{"request_*", "start_phone_verification"}, "countries": []string{"PT", "+1"}, "daily": 2}
	open := func() *pluginBench {
		return newPluginBench(t, []plugin.Enabled{shipped(t, "guard", config, dir)}, Clock(func() time.Time { return now }))
	}
	const sms = `print(authy.try.request_sms{ authy_id = 7 } ~= nil, select(2, authy.try.request_sms{ authy_id = 7 }))`
	b := open()
	wantText(t, "operation", b.run(t, `print(authy.try.delete_user{ authy_id = 7 })`), "nil\tdelete_user: refused by the plugin guard: the operation is not among those that are allowed")
	for country, fine := range map[string]bool{"PT": true, "pt": true, "351": true, "+351": true, "1": true, "US": true, "ES": false, "34": false, "": false, "XX": false} {
		got := b.run(t, `local _, err = authy.try.start_phone_verification{ country_code = "`+country+`", phone = "1", via = "sms" } print(err.kind, err.message)`)
		if refused := strings.HasPrefix(got, "refused\trefused by the plugin guard: the country"); refused == fine {
			t.Errorf("country %q: %s", country, got)
		}
	}
	if err := os.Remove(filepath.Join(dir, "sent.json")); err != nil {
		t.Fatal(err)
	}
	b.run(t, `flow.define("f", { { "a", function() authy.request_sms{ authy_id = 7 } end } }):run({}, { dry_run = true })`)
	wantText(t, "two texts", b.run(t, sms), "true")
	refusal := "nil\trequest_sms: refused by the plugin guard: the 2 messages of 2023-11-14 are sent; the next may go out tomorrow"
	wantText(t, "a third", open().run(t, `print(authy.try.request_sms{ authy_id = 7 })`), refusal)
	now = now.Add(24 * time.Hour)
	wantText(t, "tomorrow", open().run(t, sms), "true")
}

func TestShippedHTTPNotify(t *testing.T) {
	t.Parallel()
	var calls atomic.Int64
	var last atomic.Value
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body bytes.Buffer
		_, _ = body.ReadFrom(r.Body)
		last.Store(r.Host + r.URL.Path + " " + body.String())
		if calls.Add(1) == 1 {
			w.Header().Set("Retry-After", "0")
			w.WriteHeader(http.StatusServiceUnavailable)
		} else if strings.Contains(body.String(), "bad") {
			w.WriteHeader(http.StatusBadRequest)
		}
	}))
	t.Cleanup(server.Close)
	e := shipped(t, "http-notify", map[string]any{"url": "http://hooks.example.com/secret-room"}, "")
	e.Granted.Net = []string{"http://hooks.example.com"} // the test's server has no certificate
	b := newPluginBench(t, []plugin.Enabled{e})
	pretend(b, server, map[string]string{"hooks.example.com": "93.184.216.34"})
	wantText(t, "send", b.run(t, `local r = http_notify.send{ text = "hello" } print(r.ok, r.status, r.tries)`), "true\t200\t2")
	wantText(t, "posted", last.Load().(string), `hooks.example.com/secret-room {"text":"hello"}`)
	wantText(t, "refused", b.run(t, `print(http_notify.try.send{ text = "bad" })`), "nil\thttp_notify.send: plugin http-notify: send: http-notify/init.lua:19: the server answered 400")
	b.run(t, `batch.run{ source = { 1, 2 }, each = function() end }`)
	wantText(t, "batch", last.Load().(string), `hooks.example.com/secret-room {"text":"Batch: 2 rows, 2 done, 0 failed, 0 in doubt"}`)
	if got, err := b.rt.Format(t.Context(), "message", map[string]any{"a": 1}); err != nil || got != `{"a":1}` {
		t.Errorf("%q, %v", got, err)
	}
}
