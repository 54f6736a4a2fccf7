package luabind

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/authy/sandbox"
	"github.com/authysh/authysh/luabind/plugin"
)

// TestPluginStartMemory bounds what the start of a runtime takes, with all modules and five plugins.
func TestPluginStartMemory(t *testing.T) { // not parallel: it measures
	plugins := fivePlugins(t)
	recorded := slices.Clone(plugins)
	for i := range recorded {
		late(t)(&recorded[i])
	}
	for _, test := range []struct {
		name    string
		plugins []plugin.Enabled
		most    uint64
	}{{"no plugins", nil, 400 << 10}, {"plugins", plugins, 1100 << 10}, {"recorded plugins", recorded, 500 << 10}} {
		start := func() {
			rt, err := New(&authy.Client{Key: "k"}, Plugins(test.plugins...))
			if err == nil {
				err = errors.Join(rt.PluginError(), rt.Close())
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		start() // compiles
		const times = 5
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range times {
			start()
		}
		runtime.ReadMemStats(&after)
		if took := (after.TotalAlloc - before.TotalAlloc) / times; took > test.most {
			t.Errorf("%s: a start takes %d KiB, at most %d KiB are wanted", test.name, took>>10, test.most>>10)
		}
	}
}

// fivePlugins have an operation and a hook each.
func fivePlugins(t testing.TB) (plugins []plugin.Enabled) {
	t.Helper()
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		plugins = append(plugins, pluginOf(t, name, definition(name, "", notifyOperations+", hooks = { before_call = function() end }")))
	}
	return plugins
}

// BenchmarkPluginHooks is a call over loopback without plugins, with three whose hooks do nothing, and with three that read
// and change a parameter.
func BenchmarkPluginHooks(b *testing.B) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"success":true,"message":"fine","status":{"authy_id":1635}}`))
	}))
	defer server.Close()
	for _, bench := range []struct{ name, hook string }{
		{"none", ""}, {"no-op", `before_call = function(call) end`},
		{"changing", `before_call = function(call) call.params.force = not call.params.force end`},
	} {
		b.Run(bench.name, func(b *testing.B) {
			var plugins []plugin.Enabled
			for _, name := range []string{"a", "b", "c"} {
				if bench.hook != "" {
					plugins = append(plugins, pluginOf(b, name, definition(name, "", "hooks = { "+bench.hook+" }")))
				}
			}
			rt, err := New(&authy.Client{Key: "k", Host: server.URL}, Plugins(plugins...))
			if err != nil {
				b.Fatal(err)
			}
			defer rt.Close()
			op, _ := authy.ByName("request_sms")
			params := map[string]any{"authy_id": 1635, "force": true}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := rt.Perform(b.Context(), op, params); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkPluginOverhead has a script make the same calls over loopback without plugins and with hooks that do nothing, twenty
// each in turn so that a noisy machine slows both alike: to a handler that knows its answer, and to the sandbox. The hooks are
// all that one plugin can have around a call, or one of each of three plugins, whose interpreters are three. It reports what the
// hooks add to a call, the median of the differences between neighbours, and that in percent of the median call without them.
func BenchmarkPluginOverhead(b *testing.B) {
	bare := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"success":true,"message":"fine","status":{"authy_id":1635}}`))
	}))
	defer bare.Close()
	box := sandbox.New()
	service := httptest.NewServer(box)
	defer service.Close()
	client := &authy.Client{Key: box.Key(), Host: service.URL}
	user, err := client.RegisterUser(b.Context(), authy.RegisterUserParams{Email: "ana@example.com", CountryCode: "351", Phone: "912345678"})
	if err != nil {
		b.Fatal(err)
	}
	const none = "function(call) end"
	for _, hooks := range []struct {
		name    string
		plugins []string
		code    string
	}{
		{"3-hooks", []string{"a"}, "hooks = { before_call = " + none + ", after_call = " + none + ", on_error = " + none + " }"},
		{"3-plugins", []string{"a", "b", "c"}, "hooks = { before_call = " + none + " }"},
	} {
		var plugins []plugin.Enabled
		for _, name := range hooks.plugins {
			plugins = append(plugins, pluginOf(b, name, definition(name, "", hooks.code)))
		}
		b.Run(hooks.name+"/bare", func(b *testing.B) {
			benchmarkOverhead(b, &authy.Client{Key: box.Key(), Host: bare.URL}, user.User.ID, plugins)
		})
		b.Run(hooks.name+"/sandbox", func(b *testing.B) { benchmarkOverhead(b, client, user.User.ID, plugins) })
	}
}

func benchmarkOverhead(b *testing.B, client *authy.Client, user any, plugins []plugin.Enabled) {
	const batch = 20
	script := Script{Name: "calls.lua", Source: fmt.Sprintf(
		"function calls() for i = 1, %d do authy.get_user_status{ authy_id = %v } end end", batch, user)}
	var runtimes [2]*Runtime
	for i, enabled := range [][]plugin.Enabled{nil, plugins} {
		rt, err := New(client, Plugins(enabled...))
		if err != nil {
			b.Fatal(err)
		}
		defer rt.Close()
		if err := rt.Run(b.Context(), script); err != nil {
			b.Fatal(err)
		}
		runtimes[i] = rt
	}
	var without, added []time.Duration
	for b.Loop() {
		var took [2]time.Duration
		for turn := range runtimes {
			i := (turn + len(added)) % 2 // neither is always the first
			begun := time.Now()
			if _, err := runtimes[i].Call(b.Context(), "calls"); err != nil {
				b.Fatal(err)
			}
			took[i] = time.Since(begun)
		}
		without, added = append(without, took[0]), append(added, took[1]-took[0])
	}
	slices.Sort(without)
	slices.Sort(added)
	middle := len(added) / 2
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(without[middle].Nanoseconds())/batch/1000, "µs/call")
	b.ReportMetric(float64(added[middle].Nanoseconds())/batch/1000, "µs-hooks")
	b.ReportMetric(100*float64(added[middle])/float64(without[middle]), "%-hooks")
}

// BenchmarkPluginLoad is the start of a runtime without plugins, with one and with five, each with an operation and a hook.
// The code of a plugin is compiled once for all runtimes, so the first start with it costs more than those that follow; and when
// it comes with its manifest, as one does that authysh plugin enable has recorded, the start does not need the code at all.
func BenchmarkPluginLoad(b *testing.B) {
	for _, bench := range []struct {
		count int
		how   string
	}{{0, ""}, {1, ""}, {5, ""}, {1, "-first"}, {5, "-first"}, {1, "-recorded"}, {5, "-recorded"}} {
		b.Run(strconv.Itoa(bench.count)+bench.how, func(b *testing.B) {
			plugins := fivePlugins(b)[:bench.count]
			if bench.how == "-recorded" {
				for i := range plugins {
					late(b)(&plugins[i])
				}
			}
			b.ReportAllocs()
			for b.Loop() {
				if bench.how == "-first" {
					plugins = fivePlugins(b)[:bench.count]
				}
				rt, err := New(&authy.Client{Key: "k"}, Plugins(plugins...))
				if err == nil {
					err = rt.PluginError()
				}
				if err != nil {
					b.Fatal(err)
				}
				rt.Close()
			}
		})
	}
}
