package main

import (
	"slices"
	"testing"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/cmd/authysh/internal/private"
	"github.com/authysh/authysh/luabind"
	"github.com/authysh/authysh/luabind/plugin"
)

// shippedPlugin is a plugin of those that ship, with all that it asks for.
func shippedPlugin(t *testing.T, name string, config map[string]any) plugin.Enabled {
	t.Helper()
	source, err := plugin.Open("../../scripts/plugins/" + name)
	if err != nil {
		t.Fatal(err)
	}
	m, err := luabind.InspectPlugin(t.Context(), source)
	if err != nil {
		t.Fatal(err)
	}
	return plugin.Enabled{Source: source, Granted: m.Permissions, Config: config}
}

// TestHelpIsTheSameEverywhere: the command and the prompt know the same names, and say the same of them, of operations,
// modules, functions and topics as of what a plugin adds.
func TestHelpIsTheSameEverywhere(t *testing.T) {
	t.Parallel()
	a, _ := commandTree(t)
	enabled := luabind.Plugins(shippedPlugin(t, "http-notify", map[string]any{"url": "https://hooks.example.com/x"}))
	open := func(options ...luabind.Option) *luabind.Runtime {
		rt, err := luabind.New(&authy.Client{}, options...)
		if err == nil {
			err = rt.PluginError()
		}
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { rt.Close() })
		return rt
	}
	a.plugins.runtime = open(enabled)
	session := open(enabled, luabind.With(private.New().Module)).NewSession(luabind.SessionOptions{Topics: helpTopics()})
	names := a.manual().Names()
	if known := session.Manual().Names(); !slices.Equal(known, names) {
		t.Errorf("the prompt knows %v, the command %v", known, names)
	}
	if !slices.Contains(names, "http_notify.send") || !slices.Contains(names, "sandbox.outbox") || len(names) < 250 {
		t.Errorf("%d names: %v", len(names), names)
	}
	for _, op := range a.allOperations() {
		names = append(names, op.Name)
		for _, p := range op.Params {
			names = append(names, op.Name+"."+p.Name)
		}
	}
	more := []string{"", "authy.plugins.http_notify.send", "authy.try.request_sms", "http_notify.async.send", "authy.async.plugins.http_notify.send",
		"authy.try.plugins.http_notify.send", "authy.plugins", "authy.plugins.http_notify", "authy.try.plugins", "authy.async.plugins.http_notify", "http_notify.try", "encode", "parse", "request_smz"}
	for _, name := range append(names, more...) {
		text, near, ok := a.manual().Help(name)
		shown, shownNear, shownOK := session.Help(name)
		if text != shown || near != shownNear || ok != shownOK {
			t.Errorf("%q: the command says %q, %q, %v, the prompt %q, %q, %v", name, text, near, ok, shown, shownNear, shownOK)
		}
		if !ok && name != "request_smz" {
			t.Errorf("%q is not explained", name)
		}
	}
}
