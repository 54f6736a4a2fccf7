package luabind

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/authysh/authysh/luabind/plugin"
)

// TestPluginKept has a plugin that may read and write everything of a home reach for what is the program's own.
func TestPluginKept(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	path := func(parts ...string) string { return filepath.Join(append([]string{home}, parts...)...) }
	for name, text := range map[string]string{
		"conf/config.yaml": "key: k", "keys/main": "k", "state/p/own": "mine", "state/other/own": "theirs", "notes": "n",
	} {
		if err := os.MkdirAll(filepath.Dir(path(name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path(name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for link, target := range map[string]string{"dirlink": "conf", "filelink": "keys/main"} {
		if err := os.Symlink(target, path(link)); err != nil {
			t.Skipf("no symbolic links here: %v", err)
		}
	}
	if err := os.Link(path("keys", "main"), path("hardlink")); err != nil {
		t.Skipf("no hard links here: %v", err)
	}
	b := newPluginBench(t, []plugin.Enabled{pluginOf(t, "p", definition("p", "", `operations = {
		go = { doc = "Go.", effect = "reads", params = { { "home", "string", "Home." } }, run = function(p)
			local out = {}
			local function try(name, f, ...)
				local ok, text = pcall(f, p.home .. name, ...)
				out[#out + 1] = name .. ": " .. (ok and tostring(text) or text:match("program's own") or text)
			end
			for _, name in ipairs{ "/conf/config.yaml", "/conf/../conf/config.yaml", "/dirlink/config.yaml", "/keys/main", "/filelink", "/hardlink",
				"/state/other/own", "/state/p/own", "/notes" } do try(name, fs.read) end
			try("/conf", fs.list) try("/state", fs.list)
			try("/conf/plugins.json", fs.write, "{}") try("/later/config.yaml", fs.write, "x") try("/state/p/new", fs.write, "x")
			return { text = table.concat(out, "\n") }
		end } }`), func(e *plugin.Enabled) {
		e.Granted = plugin.Permissions{Read: []string{home}, Write: []string{home}}
		e.DataDir = path("state", "p")
		e.Kept = []string{path("conf"), path("keys", "main"), path("state"), path("later")}
	})})
	if err := b.rt.PluginError(); err != nil {
		t.Fatal(err)
	}
	got := b.run(t, `print(p.go{ home = [[`+home+`]] }.text)`)
	want := `/conf/config.yaml: program's own
/conf/../conf/config.yaml: program's own
/dirlink/config.yaml: program's own
/keys/main: program's own
/filelink: program's own
/hardlink: program's own
/state/other/own: program's own
/state/p/own: mine
/notes: n
/conf: program's own
/state: program's own
/conf/plugins.json: program's own
/later/config.yaml: program's own
/state/p/new: nil`
	if strings.TrimSpace(got) != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if _, err := os.Stat(path("conf", "plugins.json")); err == nil {
		t.Error("the plugin wrote what it may do")
	}
}
