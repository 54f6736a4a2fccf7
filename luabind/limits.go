package luabind

import (
	"cmp"
	"errors"
	"fmt"
	"time"
)

// Limits bound what scripts may use. They count anew for every [Runtime.Run], [Runtime.RunFile], [Runtime.Call],
// [Runtime.Perform] and [Session.Eval], each with all the tasks and coroutines that it starts. Zero is no limit in a
// runtime whose scripts are trusted, and the default that stands here in one of [Untrusted].
type Limits struct {
	// Time is how long a run may take, waiting included. Default: 10s.
	Time time.Duration
	// Steps are how many instructions of Lua it may run; a call of a library function is one, however much that does.
	// Default: 100 million.
	Steps int64
	// Memory is about how many bytes of Lua values scripts may keep, those in globals from earlier runs included. It can only be
	// measured in a runtime of [Untrusted], and New refuses it in any other. Default: 64 MiB.
	Memory int64
	// Tasks are how many tasks may be under way at a time; the workers of task.map and batch.run are tasks. Default: 64.
	Tasks int
	// Sends are how many requests may go out that send something: those of operations with the effect Sends, through
	// whichever client and in whichever style; one that is tried again counts again. Default: 100.
	Sends int
	// Output is how many bytes may be written by print, io.write and io.stderr, and to the log by the module log. A text that
	// would go beyond it is not written at all. Default: 1 MiB.
	Output int64
}

// Limit bounds what scripts may use. A run that goes beyond a limit ends, whatever it catches, and its error is a
// [*LimitError]. Limits are checked between instructions of Lua and while a script waits. In a runtime whose scripts are trusted a
// library function that computes is not interrupted but where its documentation says so, and may outlast Time.
func Limit(limits Limits) Option {
	return func(rt *Runtime) error {
		if err := limits.check(); err != nil {
			return err
		}
		rt.limits = limits
		return nil
	}
}

// check refuses limits below zero.
func (l Limits) check() error {
	return notNegative("Limit", []limitValue{
		{"Time", l.Time < 0, l.Time}, {"Steps", l.Steps < 0, l.Steps},
		{"Memory", l.Memory < 0, l.Memory},
		{"Tasks", l.Tasks < 0, l.Tasks}, {"Sends", l.Sends < 0, l.Sends}, {"Output", l.Output < 0, l.Output},
	})
}

// limitValue is a limit that an option was given.
type limitValue struct {
	name     string
	negative bool
	value    any
}

func notNegative(option string, values []limitValue) error {
	for _, v := range values {
		if v.negative {
			return fmt.Errorf("luabind: %s: %s must not be negative, got %v; 0 is the default", option, v.name, v.value)
		}
	}
	return nil
}

// applyLimits makes the limits of a runtime hold.
func (rt *Runtime) applyLimits() error {
	switch {
	case rt.untrusted != nil:
		rt.limits = rt.limits.orDefaults()
		if rt.plugins.enabled != nil {
			return errors.New("luabind: Untrusted takes no Plugins: they would lend strangers what is granted to them; wrap calls with Use")
		}
	case rt.limits.Memory > 0:
		return errMemoryTrusted
	}
	if rt.limits.Output > 0 {
		rt.host.Stdout = &limitedWriter{rt.host.Stdout, &rt.now}
		rt.host.Stderr = &limitedWriter{rt.host.Stderr, &rt.now}
	}
	return nil
}

// errMemoryTrusted is a limit that could not be kept.
var errMemoryTrusted = errors.New("luabind: Limit: Memory needs Untrusted: what trusted scripts keep cannot be measured")

// orDefaults are the limits of scripts that are not trusted.
func (l Limits) orDefaults() Limits {
	return Limits{
		Time: cmp.Or(l.Time, 10*time.Second), Steps: cmp.Or(l.Steps, 100_000_000), Memory: cmp.Or(l.Memory, 64<<20),
		Tasks: cmp.Or(l.Tasks, 64), Sends: cmp.Or(l.Sends, 100), Output: cmp.Or(l.Output, 1<<20),
	}
}

// LimitError is a run that went beyond one of its [Limits], and was ended.
type LimitError struct {
	// Limit is the name of the field of [Limits]: "Time", "Steps", "Memory", "Tasks", "Sends" or "Output".
	Limit string
	// Where is the position of the script at its end, "file.lua:12"; empty when unknown.
	Where string

	text string
}

// Error says what was too much, and which limit that was.
func (e *LimitError) Error() string {
	text := e.text + " (limit " + e.Limit + ")"
	if e.Where != "" {
		text = e.Where + ": " + text
	}
	return text
}
