//go:build unix

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/tidwall/gjson"
)

// TestPluginEnableWhileOthersDo: what other processes enable and disable is kept, while somebody thinks about the question
// and when several write at once.
func TestPluginEnableWhileOthersDo(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	for _, name := range []string{"asked", "first", "second", "third", "gone"} {
		dir := filepath.Join(home, ".local", "share", "authysh", "plugins", name)
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		source := `return require("plugin").define { name = "` + name + `", version = "1.0.0", summary = "One of several." }`
		if err := os.WriteFile(filepath.Join(dir, "init.lua"), []byte(source), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	start := func(args ...string) func() string {
		cmd := exec.Command("authysh", append([]string{"plugin"}, args...)...)
		cmd.Env, cmd.Dir = []string{"HOME=" + home, "PATH=" + os.Getenv("PATH"), "GORACE=" + noRaceSleep}, home
		ended := make(chan string, 1)
		go func() {
			out, err := cmd.Output()
			if err != nil {
				t.Errorf("plugin %v: %v", args, err)
			}
			ended <- string(out)
		}()
		return func() string { return <-ended }
	}
	start("enable", "gone", "--yes")()
	p := sitDown(t, home, nil, "plugin", "enable", "asked")
	p.sees(`Enable it\? \[y/N\] $`)
	var others []func() string
	for _, args := range [][]string{{"enable", "first", "--yes"}, {"enable", "second", "--yes"}, {"enable", "third", "--yes"}, {"disable", "gone"}} {
		others = append(others, start(args...))
	}
	for _, wait := range others {
		wait()
	}
	p.enters("y", "enabled asked 1.0.0")
	p.leaves(0)
	list := start("list")()
	for name, want := range map[string]string{"asked": "enabled", "first": "enabled", "second": "enabled", "third": "enabled", "gone": "disabled"} {
		if got := gjson.Get(list, `#(name=="`+name+`").state`).String(); got != want {
			t.Errorf("%s is %s, not %s: %s", name, got, want, list)
		}
	}
}
