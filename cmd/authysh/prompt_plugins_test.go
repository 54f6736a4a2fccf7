//go:build unix

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

const promptPlugin = `return require("plugin").define {
  name = "hook-bell", version = "1.0.0", summary = "Rings a bell.",
  operations = {
    ring = { doc = "Ring a bell.", effect = "sends", params = { { "times", "integer", "How often.", required = true, rule = "range 1-9" } },
      result = { rung = "integer" }, run = function(params) return { rung = params.times } end },
    fail = { doc = "Break.", effect = "reads", run = function() error("no luck") end },
  },
  hooks = {
    before_call = function(call)
      if call.op == "delete_user" then return call:refuse("nobody is deleted here") end
      if call.op == "get_application_statistics" then error("before it broke") end
    end,
    after_call = function(call) log.info("told", { op = call.op }) end,
  },
  formats = { short = function(value) return "short: " .. type(value) end },
}
`

// TestPromptPlugins: what a plugin adds is at the prompt like anything built in.
func TestPromptPlugins(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	dir := filepath.Join(home, ".local", "share", "authysh", "plugins", "hook-bell")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "init.lua"), []byte(promptPlugin), 0o600); err != nil {
		t.Fatal(err)
	}
	enable := exec.Command("authysh", "plugin", "enable", "hook-bell", "--yes")
	enable.Env = []string{"HOME=" + home, "PATH=" + os.Getenv("PATH"), "GORACE=" + noRaceSleep}
	if out, err := enable.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	p := begins(t, home, nil, "--sandbox")
	for _, c := range []struct{ keys, menu string }{
		{"hook_b", `hook_bell`},
		{"hook_bell.", `ring +sends: Ring a bell`},
		{"hook_bell.ring{ ", `times = +required: How often`},
		{"hook_bell.async.", `fail +reads: Break`},
		{"authy.plugins.hook_bell.", `ring +sends: Ring a bell`},
		{".output s", `short`},
	} {
		p.types(c.keys)
		p.sees(c.menu)
		p.types("\x03")
		p.sees(dropped)
	}
	p.answers("?hook_bell.ring", `(?s)hook_bell\.ring\{ times \}\n\nRing a bell\.  \(sends\)\n.*range|1 to 9`)
	p.answers("?authy.plugins", `hook_bell +Rings a bell\.`)
	p.answers("hook_bell.ring{ times = 3 }", value("{ rung = 3 }"))
	p.answers("hook_bell.async.ring{ times = 4 }:await().rung", value("4"))
	p.answers("hook_bell.ring{ times = 30 }", `(?m)^[%\s]*error: .*times`)
	p.answers("hook_bell.ring{ tims = 3 }", `did you mean "?'?times`)
	p.answers("hook_bell.fail{}", `plugin hook-bell: fail: .*no luck`)
	p.answers("authy.delete_user{ authy_id = 7 }", `delete_user: refused by the plugin hook-bell: nobody is deleted here\n`)
	p.answers("authy.get_application_statistics{}", `plugin hook-bell: before_call: .*before it broke`)
	p.answers(".output short", "")
	p.answers("{ 1 }", value("short: table"))
	p.answers(".output lua", "")

	// What a plugin writes to the log while a line is typed stands above it, and the line goes on.
	p.answers("t = task.spawn(function() while not go do task.sleep('1ms') end authy.get_application_details{} end)", "")
	p.answers("u = task.spawn(function() task.sleep('300ms') go = true end)", "")
	p.types("1 + 4")
	p.sees(`time=\S+ level=INFO msg=told plugin=hook-bell op=get_application_details\n`)
	p.sees(`> 1 \+ 4`)
	p.types("1\r")
	p.sees(value("42"))
	p.sees(`> $`)
	p.types("\x04")
	p.leaves(0)
}
