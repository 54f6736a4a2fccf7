package plugin

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/authysh/authysh/authy"
	"github.com/google/go-cmp/cmp"
)

type (
	table = map[string]any
	list  = []any
)

// definition is that of a plugin with everything in it.
func definition() table {
	return table{
		"name": "notify", "version": "1.0.0", "summary": "Post results to a chat room.", "requires": table{"authysh": ">=0.1"},
		"permissions": table{"net": list{"hooks.example.com"}, "env": list{"NOTIFY_URL"}, "read": table{}, "write": list{}, "exec": list{}},
		"config":      table{"url": table{"type": "string", "doc": "Incoming webhook URL.", "required": true}, "tries": table{"type": "integer", "doc": "How often.", "default": 3.0}},
		"operations": table{"send": table{
			"doc": "Post one message.", "effect": "sends", "run": Function{}, "result": table{"ok": "boolean"},
			"params": list{table{"1": "text", "2": "string", "3": "Message text.", "required": true}, list{"level", "string", "How loud."}},
		}},
		"hooks":   table{"before_call": Function{}, "on_error": Function{}},
		"formats": table{"markdown": Function{}},
	}
}

func TestDecode(t *testing.T) {
	t.Parallel()
	m, err := Decode("notify/init.lua", "notify", definition())
	if err != nil {
		t.Fatal(err)
	}
	want := &Manifest{
		Name: "notify", Version: "1.0.0", Summary: "Post results to a chat room.", Requires: map[string]string{"authysh": ">=0.1"},
		Permissions: Permissions{Net: []string{"hooks.example.com"}, Env: []string{"NOTIFY_URL"}},
		Config: []Setting{{Name: "tries", Type: "integer", Doc: "How often.", Default: 3.0},
			{Name: "url", Type: "string", Doc: "Incoming webhook URL.", Required: true}},
		Operations: []Operation{{
			Name: "send", Doc: "Post one message.", Effect: authy.Sends,
			Params: []authy.Spec{{Name: "text", Type: "string", Doc: "Message text.", Required: true}, {Name: "level", Type: "string", Doc: "How loud."}},
			Result: []authy.Spec{{Name: "ok", Type: "boolean", Doc: "ok"}},
		}},
		Hooks: []string{"before_call", "on_error"}, Formats: []string{"markdown"},
	}
	if diff := cmp.Diff(want, m); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestManifestRecorded has the form in which manifests are recorded. A change of it makes all that users have recorded unequal to
// what their plugins define, so that each must be enabled anew.
func TestManifestRecorded(t *testing.T) {
	t.Parallel()
	everything := definition()
	everything["operations"].(table)["count"] = table{"doc": "Count.", "effect": "deletes", "run": Function{}, "result": list{list{"n", "integer", "How many."}},
		"params": list{table{"name": "kind", "type": "string", "doc": "Which.", "values": list{"a", "b"}}, table{"name": "n", "type": "integer", "doc": "How.", "rule": "range 1-10"}}}
	everything["config"].(table)["mode"] = table{"type": "string", "doc": "How.", "values": list{"x", "y"}, "default": "x"}
	for _, test := range []struct {
		tree table
		want string
	}{
		{table{"name": "a", "version": "1", "summary": "S."}, `{"name":"a","version":"1","summary":"S.","permissions":{}}`},
		{everything, `{"name":"notify","version":"1.0.0","summary":"Post results to a chat room.","requires":{"authysh":"\u003e=0.1"},` +
			`"permissions":{"net":["hooks.example.com"],"env":["NOTIFY_URL"]},` +
			`"config":[{"name":"mode","type":"string","doc":"How.","default":"x","values":["x","y"]},` +
			`{"name":"tries","type":"integer","doc":"How often.","default":3},{"name":"url","type":"string","doc":"Incoming webhook URL.","required":true}],` +
			`"operations":[{"name":"count","doc":"Count.","effect":4,"params":[{"name":"kind","type":"string","doc":"Which.","values":["a","b"]},` +
			`{"name":"n","type":"integer","doc":"How.","rule":"range 1-10"}],"result":[{"name":"n","type":"integer","doc":"How many."}]},` +
			`{"name":"send","doc":"Post one message.","effect":2,"params":[{"name":"text","type":"string","doc":"Message text.","required":true},` +
			`{"name":"level","type":"string","doc":"How loud."}],"result":[{"name":"ok","type":"boolean","doc":"ok"}]}],` +
			`"hooks":["before_call","on_error"],"formats":["markdown"]}`},
	} {
		m, err := Decode("init.lua", "", test.tree)
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(m)
		if diff := cmp.Diff(test.want, string(text)); err != nil || diff != "" {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
		var read Manifest
		if err := json.Unmarshal(text, &read); err != nil || !read.Equal(m) || read.check() != nil {
			t.Errorf("%v, %v, read as %+v", err, read.check(), read)
		}
		read.Summary += "!"
		if read.Equal(m) || m.Equal(nil) {
			t.Error("unequal manifests are equal")
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	set := func(path string, value any) func(table) {
		return func(d table) {
			names := strings.Split(path, ".")
			for _, name := range names[:len(names)-1] {
				d = d[name].(table)
			}
			d[names[len(names)-1]] = value
		}
	}
	for _, test := range []struct {
		change func(table)
		want   string
	}{
		{func(d table) { delete(d, "name") }, `name is required, as in name = "notify"`},
		{set("name", 1.0), `name must be a string, as in name = "notify", got a number`},
		{set("name", "../notify"), `name must be lower-case letters, digits and single dashes, beginning with a letter, got "../notify"`},
		{set("name", "end"), `name must not be "end", a word of Lua`},
		{set("name", "other"), `name is "other", but the directory is called "notify"; give both the same name`},
		{set("version", "one"), `version must be numbers with dots, as in "1.0.0", got "one"`},
		{set("summary", "a\nb"), "summary must be one line without control characters"},
		{set("sumary", "x"), `sumary is not known, did you mean "summary"?`},
		{set("version", `1\2`), `version must be numbers with dots, as in "1.0.0", got "1\\2"`},
		{set("version", strings.Repeat("1ä", 40)), `version must be numbers with dots, as in "1.0.0", got "` + strings.Repeat("1ä", 20) + `"…`},
		{set("x\ny\"", "x"), `x\ny\" is not known; known are name, version, summary, requires, permissions, config, operations, hooks, formats`},
		{set("requires.authysh", "newest"), `requires.authysh must be versions such as ">=0.1" or ">=1.2, <2", got "newest"`},
		{set("permissions.nett", list{}), `permissions.nett is not known, did you mean "net"?`},
		{set("permissions.net", "hooks.example.com"), "permissions.net must be a list in braces, got a string"},
		{set("permissions.net", list{"*"}), "permissions.net[1] must name a host; a permission for all hosts does not exist"},
		{set("permissions.env", list{"AUTHY_KEY"}), "permissions.env[1] must not be AUTHY_KEY: the program's own keys and settings are out of reach for plugins"},
		{set("permissions.write", list{"a", "/"}), `permissions.write[2] must not be as wide as "/"; name the directory that is needed`},
		{set("config.url", table{"type": "text", "doc": "D."}), `config.url.type must be one of string, integer, number, boolean, string[], table, got "text"`},
		{set("config.url", table{"type": "sting", "doc": "D."}), `config.url.type must be one of string, integer, number, boolean, string[], table, got "sting", did you mean "string"?`},
		{set("config.url", table{"type": "string"}), `config.url.doc is required, as in doc = "Incoming webhook URL."`},
		{set("config.tries.default", "many"), "config.tries.default must be of type integer, got a string"},
		{set("config.tries.required", true), "config.tries is required and has a default; leave one of the two out"},
		{set("operations.send.run", "x"), "operations.send.run must be a function, as in run = function(params, ctx) ... end, got a string"},
		{set("operations.send.effect", "send"), `operations.send.effect must be one of reads, sends, writes, deletes, got "send"`},
		{set("operations.send.params", list{list{"a", "string", "D.", 4.0}}), "operations.send.params[1] has 4 values without a name; they are name, type and doc"},
		{set("operations.send.params", list{table{"1": "a", "2": "string", "3": "D.", "requird": true}}), `operations.send.params[1].requird is not known, did you mean "required"?`},
		{set("operations.send.params", list{list{"a", "string", "D."}, list{"a", "string", "D."}}), `operations.send.params has "a" twice`},
		{set("operations.send.params", list{table{"1": "a", "2": "string", "3": "D.", "rule": "range 1-2"}}), `operations.send.params has a: rule "range 1-2" is for values of type integer, not string`},
		{set("operations.try", definition()["operations"].(table)["send"]), "operations.try must have another name: try is how the operations are called that raise no errors, or give tasks"},
		{set("hooks.before", Function{}), `hooks.before is not known, did you mean "before_call"?`},
		{set("hooks.on_error", 1.0), "hooks.on_error must be a function, got a number"},
		{set("formats.Mark", Function{}), `formats.Mark must be lower-case letters, digits and single dashes, got "Mark"`},
	} {
		d := definition()
		test.change(d)
		_, err := Decode("notify/init.lua", "notify", d)
		if err == nil || err.Error() != "notify/init.lua: "+test.want {
			t.Errorf("got  %v\nwant notify/init.lua: %s", err, test.want)
		}
	}
	if _, err := Decode("f", "", 7.0); err == nil || err.Error() != "f: the definition must be a table, got a number" {
		t.Error(err)
	}
}

func TestConfigure(t *testing.T) {
	t.Parallel()
	m, err := Decode("f", "", definition())
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		given table
		want  any
	}{
		{table{"url": "u"}, table{"url": "u", "tries": 3.0}},
		{table{"url": "u", "tries": 4}, table{"url": "u", "tries": 4.0}},
		{table{}, "c.yaml: plugins.config.notify.url is required: Incoming webhook URL."},
		{table{"url": 1, "tries": 1.5}, "c.yaml: plugins.config.notify.tries must be a whole number, got 1.5; plugins.config.notify.url must be of type string, got a number"},
		{table{"url": "u", "trie": 1}, `c.yaml: plugins.config.notify.trie is not known, did you mean "tries"?`},
	} {
		values, err := m.Configure("c.yaml", test.given)
		var got any = values
		if err != nil {
			got = err.Error()
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%v (-want +got):\n%s", test.given, diff)
		}
	}
}

func TestCheckRequires(t *testing.T) {
	t.Parallel()
	plugin := func(name, version string, requires ...string) *Manifest {
		m := &Manifest{Name: name, Version: version, Requires: map[string]string{}}
		for i := 0; i < len(requires); i += 2 {
			m.Requires[requires[i]] = requires[i+1]
		}
		return m
	}
	failures := CheckRequires("0.1.0", []*Manifest{
		plugin("fine", "1.2.0", "authysh", ">=0.1, <1", "base", ">1"), plugin("base", "1.5"),
		plugin("new", "1", "authysh", ">=0.2"), plugin("lost", "1", "nowhere", ">=1"), plugin("old", "1", "base", ">=2"),
		plugin("a", "1", "b", "1"), plugin("b", "1", "c", "1"), plugin("c", "1", "a", "1"), plugin("after", "1", "old", "1"),
	})
	got := map[string]string{}
	for name, err := range failures {
		got[name] = err.Error()
	}
	want := map[string]string{
		"new":   "plugin new needs authysh >=0.2, this is 0.1.0; install another version of either",
		"lost":  "plugin lost needs the plugin nowhere >=1, which is not enabled",
		"old":   "plugin old needs base >=2, but 1.5 is enabled; install another version of either",
		"a":     "plugin a needs itself: a needs b needs c needs a",
		"b":     "plugin b needs itself: b needs c needs a needs b",
		"c":     "plugin c needs itself: c needs a needs b needs c",
		"after": "plugin after needs the plugin old, which cannot run",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if f := CheckRequires("(devel)", []*Manifest{plugin("x", "1", "authysh", ">=9")}); len(f) > 0 {
		t.Errorf("a build without a version: %v", f)
	}
}

// FuzzDecode builds definitions from bytes: whatever they are, Decode answers with a manifest or with an error.
func FuzzDecode(f *testing.F) {
	f.Add([]byte("name notify"), uint8(3), "x")
	f.Add([]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, uint8(1), "send")
	f.Fuzz(func(t *testing.T, program []byte, depth uint8, text string) {
		d := definition()
		keys := []string{"name", "version", "summary", "requires", "permissions", "config", "operations", "hooks", "formats", "send", "params", "1", "rule", text}
		values := []any{text, 1.0, 0.5, true, nil, Function{}, table{}, list{}, list{text, "string", "D."}, table{text: text}, table{"1": text, "rule": text}, list{list{}, text}}
		at := d
		for i := 0; i+1 < len(program); i += 2 {
			key := keys[int(program[i])%len(keys)]
			if inner, ok := at[key].(table); ok && program[i+1]%3 == 0 {
				at = inner
				continue
			}
			at[key] = values[int(program[i+1])%len(values)]
			at = d
		}
		m, err := Decode("init.lua", "", d)
		if (m == nil) == (err == nil) {
			t.Errorf("manifest %v and error %v", m, err)
		}
		if err != nil && strings.ContainsAny(err.Error(), "\n\x00\x1b") {
			t.Errorf("an error with control characters: %q", err)
		}
		if m != nil {
			for _, o := range m.Operations {
				if _, err := authy.Declare("", o.Doc, authy.Route{Name: "p." + o.Name, Effect: o.Effect}, o.Params, o.Result, nothing); err != nil {
					t.Errorf("a manifest with an operation that cannot be: %v", err)
				}
			}
		}
	})
}
