package luabind

import (
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/luabind/plugin"
)

// TestPluginModulesOpen shows that code gets the modules that it names in whatever way, and that the others are not made.
func TestPluginModulesOpen(t *testing.T) {
	t.Parallel()
	env := func(e *plugin.Enabled) { e.Granted.Env = []string{"HOME"} }
	for name, test := range map[string]struct {
		code string
		open string
	}{
		"none":                  {`assert(not rawequal(1, 2))`, ""},
		"a global":              {`assert(json.encode{} == "{}")`, "json"},
		"a global of a grant":   {`assert(env.get)`, "env"},
		"in a function":         {`local f = function() return phone.valid end assert(f())`, "phone"},
		"required":              {`local j = require "json" assert(j == json)`, "json"},
		"required, no literal":  {`local j = require("js" .. "on") assert(j.encode{} == "{}" and j == require("js" .. "on"))`, "json"},
		"assigned":              {`json = { encode = 1 } assert(json.encode == 1 and require("js" .. "on").encode ~= 1)`, "json"},
		"in the table of all":   {`assert(_G["js" .. "on"].encode and rawget(_G, "t" .. "otp").generate)`, "csv env json log phone time totp"},
		"in a loop":             {`local n = 0 for k, v in pairs(_G) do if k:sub(1, 2) == "cs" then n = n + 1 end end assert(n == 1)`, "csv env json log phone time totp"},
		"in a file of its own":  {`assert(require "part" == "{}")`, "json"},
		"a file is no module":   {`assert(type(require "log") == "table")`, "log"},
		"misspelt":              {`local ok, err = pcall(require, "jso") assert(err:find('did you mean "json"', 1, true), err)`, ""},
		"another's environment": {`local f = function() return totp end assert(f().generate)`, "totp"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source, err := plugin.FromText("p", map[string]string{
				"init.lua": definition("p", test.code, ""), "part.lua": `return json.encode{}`, "log.lua": `error("never run")`,
			})
			if err != nil {
				t.Fatal(err)
			}
			enabled := plugin.Enabled{Source: source}
			env(&enabled)
			b := newPluginBench(t, []plugin.Enabled{enabled})
			if err := b.rt.PluginError(); err != nil {
				t.Fatal(err)
			}
			g := b.rt.plugins.list[0].guest
			var open []string
			for _, name := range []string{"csv", "env", "json", "log", "phone", "time", "totp"} {
				if g.loaded[name] != nil {
					open = append(open, name)
				}
			}
			if got := strings.Join(open, " "); got != test.open {
				t.Errorf("opened %q, want %q", got, test.open)
			}
		})
	}
}

// TestPluginSourceShared starts runtimes with the same sources at the same time: their code is compiled once, and nothing that
// one does to its values is seen by another.
func TestPluginSourceShared(t *testing.T) {
	t.Parallel()
	shared := pluginOf(t, "p", definition("p", `local kept = { n = 0 } string.mine = string.mine and "theirs" or "mine"`, `operations = {
		count = { doc = "Count.", effect = "reads", result = { n = "integer", whose = "string" },
			run = function() kept.n = kept.n + 1 return { n = kept.n, whose = string.mine } end } }`))
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			rt, err := New(&authy.Client{Key: "k"}, Plugins(shared))
			if err != nil {
				t.Error(err)
				return
			}
			defer rt.Close()
			operations := rt.Operations()
			i := slices.IndexFunc(operations, func(op authy.Operation) bool { return op.Name == "p.count" })
			if i < 0 {
				t.Error(rt.PluginError())
				return
			}
			for n := range 3 {
				result, err := rt.Perform(t.Context(), operations[i], nil)
				got, _ := result.(map[string]any)
				if err != nil || got["n"] != float64(n+1) || got["whose"] != "mine" {
					t.Errorf("call %d gave %v, %v", n+1, result, err)
				}
			}
		})
	}
	group.Wait()
}

// TestSourceCompiledOnce keeps what was compiled, but no failure.
func TestSourceCompiledOnce(t *testing.T) {
	t.Parallel()
	broken := pluginOf(t, "p", "return return")
	for range 2 {
		b := newPluginBench(t, []plugin.Enabled{broken})
		if err := b.rt.PluginError(); err == nil || !strings.Contains(err.Error(), "p/init.lua:1") {
			t.Errorf("got %v", err)
		}
	}
}
