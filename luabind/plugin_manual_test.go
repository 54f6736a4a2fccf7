package luabind

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/authysh/authysh/luabind/plugin"
	lua "github.com/yuin/gopher-lua"
)

// TestPluginManualIsWhatPluginsSee compares the manual with the globals of a plugin that is granted something of everything.
func TestPluginManualIsWhatPluginsSee(t *testing.T) {
	t.Parallel()
	source, err := plugin.FromText("all", map[string]string{"init.lua": `local plugin, everything = require "plugin", _G -- whose name opens all modules
		return plugin.define{ name = "all", version = "1.0.0", summary = "All.", config = { x = { type = "integer", doc = "X.", default = 1 } } }`})
	if err != nil {
		t.Fatal(err)
	}
	all := plugin.Permissions{Net: []string{"example.com"}, Env: []string{"X"}, Read: []string{"r"}, Write: []string{"w"}, Exec: []string{"date"}}
	g := newGuest(source, all, t.TempDir(), processHost(), PluginLimits{})
	defer g.close()
	g.interpreter.Lock()
	err = g.ready()
	g.interpreter.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	var got, want []string
	add := func(list *[]string, library string, t *lua.LTable) {
		t.ForEach(func(k, v lua.LValue) {
			if _, isLibrary := v.(*lua.LTable); library != "" || !isLibrary || k.String() == "_G" {
				*list = append(*list, strings.TrimPrefix(library+"."+k.String(), "."))
			}
		})
	}
	globals := g.state.G.Global
	add(&got, "", globals)
	globals.ForEach(func(k, v lua.LValue) {
		if library, ok := v.(*lua.LTable); ok && library != globals {
			add(&got, k.String(), library)
		}
	})
	add(&got, "plugin", g.loaded["plugin"].(*lua.LTable))
	m := PluginManual()
	for _, described := range append(m.Libraries(), m.Modules()...) {
		name := described.Name + "."
		if described.Name == baseLibrary {
			name = ""
		}
		for _, f := range described.Functions {
			want = append(want, name+f.Name)
		}
		for _, v := range described.Values {
			want = append(want, name+v.Name)
		}
	}
	for _, name := range got {
		if !slices.Contains(want, name) {
			t.Errorf("plugins have %s, which the manual does not describe", name)
		}
	}
	for _, name := range want {
		if !slices.Contains(got, name) {
			t.Errorf("the manual describes %s, which plugins do not have", name)
		}
	}
}

func TestHelpOfWhatOnlyPluginsHave(t *testing.T) {
	t.Parallel()
	m := NewManual(nil)
	for topic, want := range map[string]string{
		"http":          "Speaks to the hosts that the permission net names.",
		"http.post":     "http.post(url, options?)",
		"fs.update":     "gets the text, or nil, and gives the new one",
		"exec.run":      "Runs a program to its end, without a shell.",
		"plugin.define": "before_call?   function",
		"plugin.config": "The settings of the plugin.",
	} {
		text, _, ok := m.Help(topic)
		if !ok || !strings.Contains(text, want) || !strings.Contains(text, "Only plugins have the module ") {
			t.Errorf("%s: %v\n%s", topic, ok, text)
		}
	}
	for _, topic := range []string{"http.nothing", "fsx", "plugin.x"} {
		if text, _, ok := m.Help(topic); ok {
			t.Errorf("%s is explained:\n%s", topic, text)
		}
	}
	for name := range outsideModules {
		if _, _, ok := m.Help(name); !ok {
			t.Errorf("the module %s has no help", name)
		}
	}
}

// TestExamplesOfPlugins runs the example of each function that only plugins have in a plugin.
func TestExamplesOfPlugins(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.Method) }))
	t.Cleanup(server.Close)
	url := regexp.MustCompile(`https://[\w.]+`)
	for _, m := range outsideDescriptions() {
		for _, f := range m.Functions {
			t.Run(m.Name+"."+f.Name, func(t *testing.T) {
				t.Parallel()
				code := url.ReplaceAllString(f.Example, server.URL)
				if !strings.Contains(code, m.Name+"."+f.Name) {
					t.Fatalf("the example does not show it:\n%s", code)
				}
				for line := range strings.SplitSeq(f.Example, "\n") {
					if utf8.RuneCountInString(line) > helpWidth+8 {
						t.Errorf("a line is too long: %s", line)
					}
				}
				name := "p"
				if f.Name == "define" {
					name = "notify"
				} else {
					code = definition(name, "", "operations = { run = { doc = \"Run.\", effect = \"reads\", run = function() "+code+" end } }")
				}
				b := newPluginBench(t, []plugin.Enabled{pluginOf(t, name, code, func(e *plugin.Enabled) {
					e.Granted = plugin.Permissions{
						Net: []string{"private:" + server.URL}, Env: []string{"NOTIFY_URL"},
						Write: []string{"."}, Exec: []string{"date"},
					}
					e.DataDir = t.TempDir()
				})})
				if got := b.run(t, map[bool]string{true: "authy.request_sms{ authy_id = 7 }", false: "p.run()"}[f.Name == "define"]); got != "" {
					t.Errorf("%s\n%s", got, code)
				}
				if strings.Contains(code, "print(") && !strings.Contains(b.log.String(), "msg=") {
					t.Errorf("prints nothing:\n%s", code)
				}
			})
		}
	}
}
