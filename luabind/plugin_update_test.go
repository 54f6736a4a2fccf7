package luabind

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/authysh/authysh/luabind/plugin"
)

func TestPluginUpdate(t *testing.T) {
	t.Parallel()
	top := t.TempDir()
	data, outside := filepath.Join(top, "data"), filepath.Join(top, "outside")
	for _, dir := range []string{data, outside} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, link := range []string{"linked", "locked.lock", "fresh" + freshEnding} {
		if err := os.Symlink(filepath.Join(outside, link), filepath.Join(data, link)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(data, "shown"), []byte("old"), 0o640); err != nil {
		t.Fatal(err)
	}
	b := runner(t, strings.ReplaceAll(`
		show(fs.update("n", function(text) show(text) return "1" end))
		show(fs.update("n", function(text) return text .. "2" end), fs.read("n"))
		show(fs.update("n", function() end), fs.read("n"))
		show(fs.update("none", function() end), fs.read("none"))
		show(fs.update("shown", function(text) return text .. "er" end))
		show(pcall(fs.update, "n", function() error("in between") end))
		show(pcall(fs.update, "n", function() return 5 end))
		show(pcall(fs.update, "n", function() fs.update("none", function() end) end))
		show(pcall(fs.update, "n", "text"))
		show(fs.update("n", function(text) return text .. "3" end)) -- the lock was given back each time
		for _, path in ipairs{ "linked", "locked", "fresh", "other", "../outside/x", "OUT/x" } do
			show(path, (pcall(fs.update, path, function() return "owned" end)))
		end`, "OUT", outside),
		plugin.Permissions{Write: []string{"n", "none", "linked", "locked", "fresh", "shown"}}, data)
	got := strings.ReplaceAll(b.run(t, runGo), outside, "OUT")
	for _, want := range []string{
		"nil\n1\n12 12\n12 12\nnil nil\nolder\nfalse p/init.lua:", "in between\n",
		"fs.update: the function must give a text, or nil to leave the file as it is, got a number\n", "fs.update cannot be used within another fs.update",
		"\n123\nlinked false\nlocked false\nfresh false\nother false\n../outside/x false\nOUT/x false",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in\n%s", want, got)
		}
	}
	if left, err := os.ReadDir(outside); err != nil || len(left) > 0 {
		t.Errorf("escaped: %v, %v", left, err)
	}
	if info, err := os.Stat(filepath.Join(data, "shown")); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("%v, %v", info, err)
	}
}

// TestPluginUpdateCounts: nothing is lost between runtimes that update at the same time.
func TestPluginUpdateCounts(t *testing.T) {
	t.Parallel()
	const runtimes, times = 4, 25
	data := t.TempDir()
	var all sync.WaitGroup
	for range runtimes {
		b := runner(t, `for i = 1, 25 do fs.update("n", function(text) return tostring((tonumber(text) or 0) + 1) end) end`, plugin.Permissions{Write: []string{"n"}}, data)
		all.Go(func() { b.run(t, runGo) })
	}
	all.Wait()
	if text, err := os.ReadFile(filepath.Join(data, "n")); err != nil || string(text) != "100" {
		t.Errorf("%s, %v, want %d", text, err, runtimes*times)
	}
}
