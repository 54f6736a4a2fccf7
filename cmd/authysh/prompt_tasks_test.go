//go:build unix

package main

import "testing"

// TestPromptTasks has tasks go on while a line is typed.
func TestPromptTasks(t *testing.T) {
	t.Parallel()
	p := begins(t, t.TempDir(), nil, "--sandbox")
	p.answers(".tasks", "no tasks are running")
	p.enters("t = task.spawn(function() while not go do task.sleep('1ms') end return 40 + 2 end)", `sandbox\[1\]> $`)
	p.answers(".tasks", `(?m)^ +1 +\S+ +function at input 1:1  input 1:1$`)
	p.answers("1 + 1", value("2"))
	p.enters("go = true", `task 1 \(function at input 1:1\) done after \S+: 42`)
	p.sees(`sandbox> $`) // the number has gone from the prompt
	p.enters("s = task.spawn(function() error('lost') end)", `task 2 \(function at input \d+:1\) failed after \S+: input \d+:1: lost`)
	p.sees(ready)
	p.answers("_err", "lost")
	p.answers("u = task.spawn(task.sleep, 60)", "")
	p.enters(".cancel 3", `task 3 \(a Go function\) canceled`)
	p.sees(ready)
	p.answers(".cancel 3", "no task 3 is running")
	p.answers(".cancel x", "wants the number of a task or all")

	// Ctrl-C ends the call that is waited for, not what runs in the background.
	p.answers("v = task.spawn(task.sleep, 60)", "")
	p.types("v:await()\r")
	p.sees(`v:await\(\)\n`)
	p.types("\x03")
	p.sees("interrupted")
	p.sees(ready)
	p.answers("v:status()", `"running"`)

	// A task that keeps the interpreter can be stopped all the same.
	p.answers("w = task.spawn(function() while true do end end)", "")
	p.answers(".tasks", "a task is computing")
	p.enters(".cancel all", "canceled after")
	p.sees(ready)
	p.answers("w:status()", `"canceled"`)
	p.types("\x04")
	p.leaves(0)
}
