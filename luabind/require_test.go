package luabind

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/authysh/authysh/authy"
)

// requireTests are about modules that several tasks ask for. They run in a runtime whose scripts are trusted, and in one whose
// scripts are not.
var requireTests = []struct {
	name  string
	files string // "name: source" each, on a line
	code  string
	want  string
}{
	{"two tasks", `slow: print "loads" task.sleep(1) return { n = 7 }`,
		`local function f() return require "slow" end
		local a, b = task.spawn(f), task.spawn(f)
		print(a:await().n, a:await() == b:await(), require "slow" == a:await())`,
		"loads\n7\ttrue\ttrue\n"},
	{"the script and a task", `slow: task.sleep(1) return 7`,
		`local t = task.spawn(function() return require "slow" end)
		print(require "slow", t:await())`,
		"7\t7\n"},
	{"a module that returns nothing", `slow: task.sleep(1)`,
		`local function f() return require "slow" end
		print(unpack(task.all{ task.spawn(f), task.spawn(f) }:await()))`,
		"true\ttrue\n"},
	{"a failure is that of all who waited, and can be tried again", `bad: n = (n or 0) + 1 task.sleep(1) if n == 1 then error("boom " .. n) end return n`,
		`local function f() return pcall(require, "bad") end
		local a, b = task.spawn(f), task.spawn(f)
		print(a:await()) print(b:await()) print(f())`,
		"false\tbad.lua:1: boom 1\nfalse\tbad.lua:1: boom 1\ntrue\t2\n"},
	{"an error value is the same", `bad: task.sleep(1) error { code = 7 }`,
		`local function f() return select(2, pcall(require, "bad")) end
		local a, b = task.spawn(f), task.spawn(f)
		print(a:await().code, a:await() == b:await())`,
		"7\ttrue\n"},
	{"whoever waits for one that is canceled loads it", `slow: n = (n or 0) + 1 task.sleep(1) return n`,
		`local function f() return require "slow" end
		local a = task.spawn(f)
		task.sleep(0.1)
		local b, c = task.spawn(f), task.spawn(f)
		task.sleep(0.5) a:cancel()
		print(pcall(a.await, a)) print(b:await(), c:await())`,
		"false\tthe task was canceled\n2\t2\n"},
	{"a wait is canceled", `slow: task.sleep(1) return 7`,
		`local function f() return require "slow" end
		local a = task.spawn(f)
		task.sleep(0.1)
		local b = task.spawn(f)
		task.sleep(0.5) b:cancel()
		print(select(2, pcall(b.await, b)).kind, a:status(), b:status()) print(a:await())`,
		"canceled\trunning\tcanceled\n7\n"},
	{"one that is canceled waits no more", `a: t = task.spawn(function() return require "a" end) task.sleep(1) t:cancel() return pcall(t.await, t)`,
		`print(require "a", t:status())`,
		"false\tcanceled\n"},
	{"a wait has a timeout", `slow: task.sleep(1) return 7`,
		`local a = task.spawn(function() return require "slow" end)
		task.sleep(0.5)
		print(select(2, pcall(task.timeout, 0.1, require, "slow")).kind, a:await(), require "slow")`,
		"timeout\t7\t7\n"},
	{"a load has a timeout", `slow: n = (n or 0) + 1 task.sleep(n == 1 and 9 or 0) return n`,
		`local a = task.spawn(function() return pcall(task.timeout, 1, require, "slow") end)
		task.sleep(0.5)
		print(require "slow", (a:await()))`,
		"2\tfalse\n"},
	{"modules that require others meanwhile", "a: task.sleep(1) return require 'c' + 1\nb: return require 'c' + 2\nc: task.sleep(2) return 10",
		`local a, b = task.spawn(require, "a"), task.spawn(require, "b")
		print(a:await(), b:await())`,
		"11\t12\n"},
	{"a cycle", "a: return require 'b'\nb: return require 'a'",
		`print(pcall(require, "a")) print(pcall(require, "b"))`,
		"false\tb.lua:1: module a requires itself: a requires b requires a\nfalse\ta.lua:1: module b requires itself: b requires a requires b\n"},
	{"a cycle in a coroutine", "a: return coroutine.wrap(function() return require 'b' end)()\nb: return require 'a'",
		`print(pcall(require, "a"))`,
		"false\ta.lua:1: b.lua:1: module a requires itself: a requires b requires a\n"},
	{"a cycle of two tasks", "a: task.sleep(1) return require 'b'\nb: task.sleep(2) return require 'a'",
		`local a, b = task.spawn(require, "a"), task.spawn(require, "b")
		print(pcall(a.await, a)) print(pcall(b.await, b)) print(pcall(require, "a"))`,
		strings.Repeat("false\tb.lua:1: module a requires itself: a requires b requires a\n", 3)},
	{"a cycle of three tasks and more modules", "a: task.sleep(1) return require 'i'\ni: return require 'b'\nb: task.sleep(2) return require 'c'\nc: task.sleep(4) return require 'a'",
		`local a, b, c = task.spawn(require, "a"), task.spawn(require, "b"), task.spawn(require, "c")
		print(pcall(c.await, c)) print((pcall(b.await, b)), (pcall(a.await, a)))`,
		"false\tc.lua:1: module a requires itself: a requires i requires b requires c requires a\nfalse\tfalse\n"},
	{"a module that waits for a task that requires it", `a: return task.spawn(function() return require "a" end):await()`,
		`print(pcall(require, "a"))`,
		"false\ta.lua:1: module a requires itself: a waits for task 1 (function at a.lua:1) that requires a\n"},
	{"a module that comes to wait for a task that requires it", `a: local t = task.spawn(function() return require "a" end) task.sleep(1) return t:await()`,
		`print(pcall(require, "a"))`,
		"false\ta.lua:1: module a requires itself: a waits for task 1 (function at a.lua:1) that requires a\n"},
	{"a module that waits for all of its tasks", `a: return task.map({ 1, 2 }, function(x) return require "a" end)`,
		`print((select(2, pcall(require, "a")):gsub("%d+ %(", "N (")))`,
		"a.lua:1: module a requires itself: a waits for task N (task.map) that requires a\n"},
	{"a module that races with a task that requires it", `a: return task.race{ task.spawn(function() return require "a" end), task.spawn(function() task.sleep(1) return 7 end) }:await()`,
		`print(require "a")`,
		"7\n"},
	{"a module that leaves behind a task that requires it", `a: later = task.spawn(function() return require "a" end) task.sleep(1) return 7`,
		`print(require "a", later:await())`,
		"7\t7\n"},
}

func TestRequire(t *testing.T) {
	t.Parallel()
	for kind, options := range map[string][]Option{"trusted": nil, "untrusted": {Untrusted()}} {
		for _, test := range requireTests {
			t.Run(kind+": "+test.name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					var out strings.Builder
					rt := newRequire(t, &out, test.files, options...)
					err := rt.Run(t.Context(), Script{Name: "main.lua", Source: test.code})
					if err != nil || out.String() != test.want {
						t.Errorf("got %q, %v, want %q", out.String(), err, test.want)
					}
					if b := &rt.interpreter.blocked; len(b.loads) > 0 || len(b.waits) > 0 {
						t.Errorf("left behind: %v", b)
					}
				})
			})
		}
	}
}

// newRequire makes a runtime whose modules are those in files.
func newRequire(t *testing.T, out *strings.Builder, files string, options ...Option) *Runtime {
	t.Helper()
	system := fstest.MapFS{}
	for line := range strings.Lines(files) {
		name, source, _ := strings.Cut(line, ": ")
		system[name+".lua"] = &fstest.MapFile{Data: []byte(source)}
	}
	rt, err := New(&authy.Client{}, append(options, Stdout(out), Files(system))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { rt.Close() })
	return rt
}

// TestRequirePartly has modules that give their value before they are at their end: who is in their own chain gets it, as in
// Lua 5.1, and others wait.
func TestRequirePartly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out strings.Builder
		rt := newRequire(t, &out, "a: local M = {} package.loaded[...] = M task.sleep(1) M.b = require 'b' M.whole = true\nb: return { a = require 'a' }")
		err := rt.Run(t.Context(), Script{Name: "main.lua", Source: `
			local one, two = task.spawn(require, "a"), task.spawn(function() return require("a").whole end)
			print(two:await(), one:await().b.a == one:await(), require "a" == one:await())
			package.loaded.a = nil
			print(require "a" ~= one:await())
			package.preload.p = function(name) return name .. "!" end
			print(require "p", require "p")
			table.insert(package.loaders, 1, function(name) return name == "mine" and function() return "found" end or nil end)
			print(require "mine", (pcall(require, "none")), (pcall(require)))`})
		want := "true\ttrue\ttrue\ntrue\np!\tp!\nfound\tfalse\tfalse\n"
		if err != nil || out.String() != want {
			t.Errorf("got %q, %v, want %q", out.String(), err, want)
		}
	})
}

// TestRequireInterrupted ends a run whose tasks wait for a module.
func TestRequireInterrupted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out strings.Builder
		rt := newRequire(t, &out, "slow: task.sleep(1000) return 7")
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := rt.Run(ctx, Script{Name: "main.lua", Source: `task.spawn(require, "slow") task.sleep(0.1) require "slow"`})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		if b := &rt.interpreter.blocked; len(b.loads) > 0 || len(b.waits) > 0 {
			t.Errorf("left behind: %v", b)
		}
	})
}
