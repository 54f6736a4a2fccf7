package luabind

import (
	"slices"
	"strings"

	"github.com/authysh/authysh/luabind/plugin"
)

// PluginManual describes what the code of a plugin sees when it is granted all that it can ask for: parts of Lua, modules
// that reach nothing outside, and those that do. There is no API in it: a plugin meets calls in its hooks.
func PluginManual() *Manual {
	var modules []Module
	for _, m := range standardModules(processHost()) {
		if known, ok := pluginModules[m.Name]; ok {
			own := func(name string) bool { return m.Name == "time" && name == "sleep" } // it waits in its own way
			modules = append(modules, m.lacking(slices.DeleteFunc(slices.Clone(known.lacks), own)))
		}
	}
	var libraries []Module
	for _, library := range luaLibraries() {
		if names, ok := pluginBasics(library.Name); ok {
			libraries = append(libraries, library.only(names))
		}
	}
	return newManual(append(modules, outsideDescriptions()...), nil, libraries)
}

// definingModule is what plugins are defined with.
const definingModule = "plugin"

// IsGlobal reports whether a module that a [Manual] describes is a global where it can be used. That with which plugins are
// defined is not: only require gives it.
func IsGlobal(module string) bool { return module != definingModule }

// pluginBasics are the functions and values of one of Lua's libraries that plugins have.
func pluginBasics(library string) (names []string, ok bool) {
	if library != baseLibrary {
		names, ok = harmlessBasics[library]
		return names, ok
	}
	return append(slices.Clone(harmlessBasics[""]), "_G", "require", "print"), true
}

// only is the library with no more than the functions and values of these names.
func (m Module) only(names []string) Module {
	m.Functions = slices.DeleteFunc(slices.Clone(m.Functions), func(f Function) bool { return !slices.Contains(names, f.Name) })
	m.Values = slices.DeleteFunc(slices.Clone(m.Values), func(v Value) bool { return !slices.Contains(names, v.Name) })
	return m
}

// outsideDescriptions describe the modules that only plugins have.
func outsideDescriptions() []Module {
	url := Param{Name: "url", Type: "string", Doc: "its host must be permitted by net"}
	answer := []Param{{Name: "answer", Type: "table", Doc: "of any status", Fields: []Param{
		{Name: "status", Type: "integer"}, {Name: "headers", Type: "table", Doc: "texts by their names in lower case"}, {Name: "body", Type: "string"},
	}}}
	options := Param{Name: "options", Type: "table", Fields: optionParams[httpOptions]()}
	further := Param{Name: "options", Type: "table", Optional: true, Fields: slices.DeleteFunc(optionParams[httpOptions](), func(p Param) bool {
		return p.Name == "url" || p.Name == "method"
	})}
	read := Param{Name: "path", Type: "string", Doc: "permitted by read or write; a relative one is in the plugin's own directory"}
	write := Param{Name: "path", Type: "string", Doc: "permitted by write; a relative one is in the plugin's own directory"}
	text := Param{Name: "text", Type: "string"}
	return []Module{
		{
			Name: definingModule, Doc: "Defines a plugin; require gives it.",
			Functions: []Function{
				{
					Name: "define", Doc: "Defines the plugin; init.lua returns what it gives.",
					Params: []Param{{Name: "definition", Type: "table", Fields: definitionFields()}}, Returns: []Param{{Name: "definition", Type: "table"}},
					Example: `local plugin = require "plugin"
return plugin.define{
  name = "notify", version = "1.0.0", summary = "Tells of every text message.",
  config = { room = { type = "string", doc = "Where.", default = "ops" } },
  hooks = {
    after_call = function(call)
      if call.op == "request_sms" then print(plugin.config.room, call.took) end
    end,
  },
}`,
				},
				{
					Name: "mask", Doc: "Gives a copy of a value, with *** for what is secret by its name.",
					Params: []Param{{Name: "value", Type: "any"}}, Returns: []Param{{Name: "copy", Type: "any"}},
					Example: `local plugin = require "plugin"
print(json.encode(plugin.mask{ authy_id = 1635, token = "1234567" }))`,
				},
			},
			Values: []Value{{Name: "config", Type: "table", Doc: "The settings of the plugin."}},
		},
		{
			Name: "http", Doc: "Speaks to the hosts that the permission net names.",
			Functions: []Function{
				{Name: "get", Doc: "Fetches what is at a URL.", Params: []Param{url, further}, Returns: answer, Example: `local answer = http.get("https://status.example.com/api", { timeout = "2s" })
if answer.status == 200 then print(answer.body) end`},
				{Name: "post", Doc: "Sends a body, JSON or a form to a URL.", Params: []Param{url, further}, Returns: answer, Example: `local answer = http.post("https://hooks.example.com/ops", { json = { text = "done" } })
print(answer.status)`},
				{Name: "request", Doc: "Makes a request with any method.", Params: []Param{options}, Returns: answer, Example: `local answer = http.request{
  method = "PUT", url = "https://store.example.com/users/1635",
  form = { state = "known" },
}
print(answer.status)`},
			},
		},
		{
			Name: "env", Doc: "Reads the environment variables that the permission env names.",
			Functions: []Function{{
				Name: "get", Doc: "Gives an environment variable.",
				Params: []Param{{Name: "name", Type: "string"}}, Returns: []Param{{Name: "value", Type: "string", Optional: true}},
				Example: `print(env.get("NOTIFY_URL") or "nobody is told")`,
			}},
		},
		{
			Name: "fs", Doc: "Reads and writes the files that the permissions read and write name.",
			Functions: []Function{
				{Name: "read", Doc: "Gives what a file holds; nil when there is none.", Params: []Param{read}, Returns: []Param{{Name: "text", Type: "string", Optional: true}}, Example: `print(fs.read("seen.txt") or "nothing was seen yet")`},
				{Name: "list", Doc: "Gives the names in a directory; nil when there is none.", Params: []Param{read}, Returns: []Param{{Name: "names", Type: "string[]", Optional: true}}, Example: `fs.write("reports/last.json", json.encode{ done = 7 })
for _, name in ipairs(fs.list("reports")) do print(name) end`},
				{Name: "write", Doc: "Replaces what a file holds.", Params: []Param{write, text}, Example: `fs.write("reports/last.json", json.encode{ done = 7 })`},
				{Name: "append", Doc: "Adds to the end of a file.", Params: []Param{write, text}, Example: `fs.append("seen.txt", "1635\n")`},
				{
					Name: "update", Doc: "Replaces what a file holds, by a function; others that update it wait.",
					Params:  []Param{write, {Name: "change", Type: "function", Doc: "gets the text, or nil, and gives the new one; nil leaves it"}},
					Returns: []Param{{Name: "text", Type: "string", Doc: "what the file holds then", Optional: true}},
					Example: `local count = fs.update("count.txt", function(text)
  return tostring((tonumber(text) or 0) + 1)
end)
print(count)`,
				},
			},
		},
		{
			Name: "exec", Doc: "Runs the programs that the permission exec names.",
			Functions: []Function{{
				Name: "run", Doc: "Runs a program to its end, without a shell.",
				Params: []Param{
					{Name: "program", Type: "string"}, {Name: "arguments", Type: "string[]", Optional: true},
					{Name: "options", Type: "table", Optional: true, Fields: optionParams[execOptions]()},
				},
				Returns: []Param{{Name: "result", Type: "table", Fields: []Param{
					{Name: "code", Type: "integer"}, {Name: "stdout", Type: "string"}, {Name: "stderr", Type: "string"},
				}}},
				Example: `local done = exec.run("date", { "-u" }, { timeout = "5s" })
if done.code == 0 then print(done.stdout) end`,
			}},
		},
	}
}

// definitionFields are what a definition may have.
func definitionFields() []Param {
	permissions := []Param{}
	for _, name := range plugin.PermissionNames {
		permissions = append(permissions, Param{Name: name, Type: "string[]", Optional: true})
	}
	hooks := []Param{}
	for _, name := range plugin.HookNames {
		hooks = append(hooks, Param{Name: name, Type: "function", Optional: true})
	}
	return []Param{
		{Name: "name", Type: "string", Doc: "that of the directory"},
		{Name: "version", Type: "string", Doc: `numbers with dots, such as "1.0.0"`},
		{Name: "summary", Type: "string", Doc: "one sentence"},
		{Name: "requires", Type: "table", Doc: `versions by name, such as { authysh = ">=0.1" }`, Optional: true},
		{Name: "permissions", Type: "table", Doc: "what it may use of the outside", Optional: true, Fields: permissions},
		{Name: "config", Type: "table", Doc: "its settings by name", Optional: true},
		{Name: "operations", Type: "table", Doc: "the calls that it adds, by name", Optional: true},
		{Name: "hooks", Type: "table", Doc: "what happens around every call", Optional: true, Fields: hooks},
		{Name: "formats", Type: "table", Doc: "functions by name that show a value as a text", Optional: true},
	}
}

// onlyInPlugins is what help says of a module that scripts do not have, and plugins do.
func (m *Manual) onlyInPlugins(topic string) (text string, ok bool) {
	name, _, _ := strings.Cut(topic, ".")
	called := func(module Module) bool { return module.Name == name }
	if slices.ContainsFunc(m.modules, called) || !slices.ContainsFunc(outsideDescriptions(), called) {
		return "", false
	}
	text, _, ok = PluginManual().Help(topic)
	return text + "\nOnly plugins have the module " + name + "; see the topic plugins.\n", ok
}
