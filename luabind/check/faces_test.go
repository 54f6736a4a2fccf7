package check

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/luabind"
	"github.com/authysh/authysh/luabind/plugin"
	"github.com/authysh/authysh/luabind/stubs"
	lua "github.com/yuin/gopher-lua"
)

// TestFaces compares what is there in runtimes with what check, help, completion and the definitions for editors know of it:
// the same, no less and no more. Nothing in it is a list of names, so that they cannot drift apart.
func TestFaces(t *testing.T) {
	t.Parallel()
	for name, options := range map[string][]luabind.Option{
		"plain":     nil,
		"host":      {luabind.With(shop, bare), luabind.Operations(mustDeclare("discount"))},
		"plugins":   {luabind.With(shop), luabind.Plugins(pluginOf(t, "notify", `operations = { send = { doc = "D.", effect = "sends", run = function() end } }`), pluginOf(t, "watch", `hooks = { before_call = function() end }`))},
		"hooks":     {luabind.Plugins(pluginOf(t, "watch", `hooks = { before_call = function() end }`))},
		"untrusted": {luabind.Untrusted(), luabind.With(shop, bare), luabind.Operations(mustDeclare("discount"))},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out strings.Builder
			rt, err := luabind.New(&authy.Client{}, append(options, luabind.Stdout(&out))...)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { rt.Close() })
			if err := rt.PluginError(); err != nil {
				t.Fatal(err)
			}
			if err := rt.Run(t.Context(), luabind.Script{Name: "walk.lua", Source: walker}); err != nil {
				t.Fatal(err)
			}
			there := walked(out.String())
			manual := rt.Manual()
			compare(t, "check", there, pathsOfWorld(newWorld(manual)))
			compareCompletion(t, rt, there)
			compareHelp(t, manual, there)
			compareStubs(t, manual, there)
		})
	}
}

// shop is a module of a host that has all that modules may have.
func shop(*luabind.Host) luabind.Module {
	return luabind.Module{
		Name: "shop", Doc: "A shop.",
		Functions:  []luabind.Function{{Name: "open", Doc: "Opens it.", Call: func(*lua.LState) int { return 0 }}},
		Operations: []authy.Operation{mustDeclare("shop.buy"), mustDeclare("shop.sell")},
		Values: []luabind.Value{{Name: "sizes", Type: "table", Doc: "The sizes.", Fields: []luabind.Param{{Name: "S", Type: "string", Values: []string{"small"}}}, Make: func(L *lua.LState) lua.LValue {
			t := L.NewTable()
			t.RawSetString("S", lua.LString("small"))
			return t
		}}},
	}
}

// bare is a module of a host without operations.
func bare(*luabind.Host) luabind.Module {
	return luabind.Module{Name: "bare", Doc: "Little.", Functions: []luabind.Function{{Name: "f", Doc: "Does it.", Call: func(*lua.LState) int { return 0 }}}}
}

func mustDeclare(name string) authy.Operation {
	op, err := authy.Declare(strings.ReplaceAll(name, ".", " "), "Does something.", authy.Route{Name: name, Effect: authy.Writes},
		[]authy.Spec{{Name: "n", Type: "integer", Doc: "How much."}}, []authy.Spec{{Name: "ok", Type: "boolean", Doc: "Whether."}},
		func(context.Context, map[string]any) (any, error) { return nil, nil })
	if err != nil {
		panic(err)
	}
	return op
}

func pluginOf(t *testing.T, name, fields string) plugin.Enabled {
	t.Helper()
	source, err := plugin.FromText(name, map[string]string{"init.lua": `return require("plugin").define { name = "` + name + `", version = "1.0.0", summary = "For a test.", ` + fields + ` }`})
	if err != nil {
		t.Fatal(err)
	}
	return plugin.Enabled{Source: source}
}

// walker prints the paths of all that scripts can reach by names, but what only repeats it, with the type of each.
const walker = `
local repeats = { _G = true, arg = true, ["package.loaded"] = true, ["package.preload"] = true, ["package.loaders"] = true }
local function walk(path, t)
	for k, v in pairs(t) do
		local name = path .. tostring(k)
		if type(k) == "string" then print(name .. " " .. type(v)) end
		if type(v) == "table" and not repeats[name] then walk(name .. ".", v) end
	end
end
walk("", _G)
walk("authy.Client:", rawget(authy, "client") and authy.client{ key = "another-key-of-thirty-two-letters" } or {})
`

// walked are the paths that the walker has printed, and their types.
func walked(text string) map[string]string {
	there := map[string]string{}
	for line := range strings.Lines(text) {
		path, kind, _ := strings.Cut(strings.TrimSpace(line), " ")
		there[path] = kind
	}
	return there
}

// compare compares paths.
func compare(t *testing.T, who string, there, known map[string]string) {
	t.Helper()
	for _, path := range slices.Sorted(maps.Keys(there)) {
		if _, ok := known[path]; !ok {
			t.Errorf("%s does not know %s", who, path)
		}
	}
	for _, path := range slices.Sorted(maps.Keys(known)) {
		if _, ok := there[path]; !ok {
			t.Errorf("%s knows %s, which is not there", who, path)
		}
	}
}

// pathsOfWorld are all that check knows by a name.
func pathsOfWorld(w *world) map[string]string {
	known := map[string]string{}
	var add func(path string, of thing)
	add = func(path string, of thing) {
		known[path] = ""
		if of.sort == library {
			for name, member := range w.members[of.name] {
				add(path+"."+name, member)
			}
		}
	}
	for name, global := range w.globals {
		add(name, global)
	}
	for name, member := range w.members[clientType] {
		add(clientType+":"+name, member)
	}
	return known
}

// compareCompletion asks for what may stand behind each table, and wants each function described.
func compareCompletion(t *testing.T, rt *luabind.Runtime, there map[string]string) {
	t.Helper()
	offers := func(text string) map[string]string {
		found := map[string]string{}
		for _, c := range rt.Complete(text, len(text)).Candidates {
			found[c.Text] = c.Doc
		}
		return found
	}
	for table, kind := range there {
		if kind != "table" || strings.Contains(table, ":") || repeated(table) {
			continue
		}
		offered, want := offers("x = "+table+"."), map[string]string{}
		for path, kind := range there {
			name, below := strings.CutPrefix(path, table+".")
			if !below || strings.ContainsAny(name, ".:") {
				continue
			}
			want[name] = kind
			if kind == "function" && (offered[name] == "" || strings.HasPrefix(offered[name], "function")) {
				t.Errorf("completion says of %s only %q", path, offered[name])
			}
		}
		compare(t, "completion of "+table, want, offered)
	}
	for before, functions := range map[string]bool{`authy.client{ key = "" }:`: true, `local c = authy.client{ key = "" } print(c.`: false} {
		want := map[string]string{}
		for path, kind := range there {
			if name, ok := strings.CutPrefix(path, clientType+":"); ok && !strings.Contains(name, ".") && (kind == "function" || !functions) {
				want[name] = ""
			}
		}
		if len(want) > 0 {
			compare(t, "completion of "+before, want, offers(before))
			compare(t, "completion of try of a client", offers("x = authy.try."), offers(before[:len(before)-1]+".try."))
		}
	}
}

// repeated reports whether a path leads to a table that only repeats others, or is of the script.
func repeated(path string) bool {
	return slices.Contains([]string{"_G", "arg", "package.loaded", "package.preload", "package.loaders"}, path)
}

// compareHelp asks for each path, and whether what is listed is there.
func compareHelp(t *testing.T, manual *luabind.Manual, there map[string]string) {
	t.Helper()
	for path := range there {
		if enumeration := strings.Contains(path, ".enums.") || strings.Contains(path, ".sizes."); enumeration || strings.HasPrefix(path, clientType+":") {
			continue
		}
		if _, _, ok := manual.Help(path); !ok {
			t.Errorf("help does not know %s", path)
		}
	}
	types := map[string]bool{}
	for _, m := range manual.Modules() {
		for _, kind := range m.Types {
			types[kind.Name] = true
		}
	}
	topics := map[string]bool{"file": true, "lua": true}
	for _, topic := range manual.Topics() {
		topics[topic.Name] = true
	}
	for _, name := range manual.Names() {
		if _, ok := there[name]; !ok && !strings.Contains(name, ":") && !types[name] && !topics[name] {
			t.Errorf("help knows %s, which is not there", name)
		}
	}
}

// compareStubs runs the definitions, which are Lua, and looks what they make.
func compareStubs(t *testing.T, manual *luabind.Manual, there map[string]string) {
	t.Helper()
	var out strings.Builder
	rt, err := luabind.New(&authy.Client{}, luabind.Stdout(&out))
	if err != nil {
		t.Fatal(err)
	}
	defer rt.Close()
	fields := regexp.MustCompile(`(?m)^---@field (\w+) authysh\.([\w.]+)$`)
	class := regexp.MustCompile(`(?m)^---@class (?:authysh\.)?([\w.]+)\n((?:---@field .*\n)+)(?:local )?([\w.]+) = \{\}$`)
	constant := regexp.MustCompile(`(?m)^([\w.]+) = nil$`)
	var script, later strings.Builder
	script.WriteString("for name in pairs(_G) do if not keep[name] then _G[name] = nil end end\n")
	modules := map[string]bool{}
	for _, file := range stubs.Generate(manual) {
		modules[strings.TrimSuffix(file.Name, ".lua")] = true
		for _, found := range class.FindAllStringSubmatch(file.Text, -1) {
			for _, field := range fields.FindAllStringSubmatch(found[2], -1) {
				fmt.Fprintf(&later, "%s.%s = %s\n", found[3], field[1], field[2])
			}
		}
		text := constant.ReplaceAllString(file.Text, "$1 = true")
		text = strings.ReplaceAll(text, "\nlocal Client = {}\n", "\nClient = {}\n")
		fmt.Fprintf(&script, "do %s end\n", text[:strings.LastIndex(text, "\nreturn ")+1])
	}
	source := "keep = { _G = true, pairs = true, type = true, tostring = true, print = true, rawget = true }\n" + script.String() + later.String() +
		"local made = Client Client, keep = nil, nil\n" + strings.Replace(walker, `rawget(authy, "client") and authy.client{ key = "another-key-of-thirty-two-letters" } or {}`, "made or {}", 1)
	if err := rt.Run(t.Context(), luabind.Script{Name: "stubs.lua", Source: source}); err != nil {
		t.Fatal(err)
	}
	ours := func(paths map[string]string) map[string]string {
		kept := map[string]string{}
		for path, kind := range paths {
			if root, _, _ := strings.Cut(strings.ReplaceAll(path, ":", "."), "."); modules[root] {
				kept[path] = kind
			}
		}
		return kept
	}
	compare(t, "the definition for editors", ours(there), ours(walked(out.String())))
}

// TestFacesOfPlugins compares the globals that the definitions for editors make with those that check knows of in plugins. A
// definition of more would make editors take them for known in every script.
func TestFacesOfPlugins(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	rt, err := luabind.New(&authy.Client{}, luabind.Stdout(&out))
	if err != nil {
		t.Fatal(err)
	}
	defer rt.Close()
	manual := luabind.PluginManual()
	known := map[string]string{}
	for _, m := range manual.Modules() {
		if _, ok := ForPlugins().world.globals[m.Name]; ok {
			known[m.Name] = ""
		}
	}
	script := "local pairs, print, globals = pairs, print, _G for name in pairs(_G) do globals[name] = nil end\n"
	for _, file := range stubs.Generate(manual) {
		script += "(function() " + file.Text + " end)();\n"
	}
	if err := rt.Run(t.Context(), luabind.Script{Name: "stubs.lua", Source: script + "for name in pairs(globals) do print(name) end"}); err != nil {
		t.Fatal(err)
	}
	compare(t, "check", walked(out.String()), known)
}

// TestModuleStyles checks calls of operations in the forms in which modules of hosts and plugins have them.
func TestModuleStyles(t *testing.T) {
	t.Parallel()
	rt, err := luabind.New(&authy.Client{}, luabind.With(shop), luabind.Plugins(pluginOf(t, "notify", `operations = { send = { doc = "D.", effect = "sends", params = { { "text", "string", "T.", required = true } }, run = function() end } }`)))
	if err != nil {
		t.Fatal(err)
	}
	defer rt.Close()
	checker := New(rt.Manual())
	for source, want := range map[string]string{
		`shop.try.buy({}, function() end)`:                         "is not taken by shop.try",
		`shop.async.buy({}, function() end)`:                       "is not taken by shop.async",
		`shop.buy({}, function() end)`:                             "",
		`shop.buy{ n = "x" }`:                                      "n must be",
		`shop.try.open()`:                                          "shop.try has no open",
		`shop.async.buy{}:await()`:                                 "",
		`shop.async.buy{}:awiat()`:                                 "task.Task has no awiat",
		`authy.plugins.shop.buy{}`:                                 "authy.plugins has no shop",
		`authy.plugins.notify.sned{}`:                              "notify has no sned",
		`authy.plugins.notify.send{}`:                              "text is required",
		`authy.try.plugins.notify.send{ text = 1 }`:                "text must be",
		`authy.async.plugins.notify.send{ text = "a" }:await()`:    "",
		`authy.client{ key = "k" }.try.plugins.notify.send{}`:      "text is required",
		`local c = authy.client{ key = "k" } c.plugins.notify.x{}`: "notify has no x",
	} {
		found := checker.Check("x.lua", source)
		if want == "" && len(found) > 0 || want != "" && (len(found) != 1 || !strings.Contains(found[0].Message, want)) {
			t.Errorf("%s: found %v, want %q", source, found, want)
		}
	}
}
