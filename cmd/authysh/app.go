package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync/atomic"

	"github.com/authysh/authysh/cmd/authysh/internal/private"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/authysh/authysh/cmd/authysh/internal/config"
	"github.com/authysh/authysh/luabind"
	"github.com/authysh/authysh/repl"
)

// app is one run of the program: its world and its global flags.
type app struct {
	stdio
	out *output   // standard output
	err io.Writer // standard error
	in  io.Reader // standard input

	console *repl.Console // what all three go through, so that a status line does not get into their way

	// graceful is set by a command that ends by itself when interrupted, and may take a moment for it.
	graceful atomic.Bool
	// prompting is set while the prompt sees to signals itself.
	prompting atomic.Bool
	// interrupt lets batches that are going on end by themselves, and reports whether there were any.
	interrupt atomic.Pointer[func() bool]
	// serving tells how many servers of callbacks the script runs, and how many deliveries they handle just now.
	serving atomic.Pointer[func() (servers, handling int)]
	// dying ends what should not outlive a process that is ended at once: the programs of authysh listen --exec.
	dying atomic.Pointer[func()]
	// drained is the exit code of a program whose batches did so; 0 for none.
	drained atomic.Int32

	flags    *pflag.FlagSet // the global flags, as given
	pipes    *config.Pipes  // what came out of --config, if that can be read only once
	sandbox  bool
	verbose  bool
	quiet    bool
	config   string
	query    string // JMESPath that picks from a result
	template string // Go template that shows a result

	plugins  pluginUse
	ownNames []string // of the commands that are the program's own

	leaves       map[*cobra.Command]*operationCommand
	stdinTaken   bool            // by a value that is "-"
	args         []string        // as given
	known        *luabind.Manual // made when it is asked for
	commandNames []string        // what the first argument may be, beside a script

	// warnings takes what warn would show; nil is standard error.
	warnings func(message, hint string)

	script luabind.Script   // what runs, for error reports
	loaded *config.Settings // what it runs with
	box    *private.Sandbox // of --sandbox
	shows  *config.Settings // what a command shows its result with
}

// run is the program but for the process around it. It returns the exit code.
func run(ctx context.Context, args []string, world stdio) int {
	console := repl.NewConsole(world.stdin, world.stdout, world.stderr)
	out := newOutput(console.Stdout(), world.stdoutTerminal)
	a := &app{
		stdio: world, console: console, out: out, args: args, pipes: new(config.Pipes),
		err: flushingWriter{console.Stderr(), out}, in: flushingReader{world.stdin, out},
	}
	ctx, stop := a.interruptible(ctx)
	defer stop()
	err := a.execute(ctx, args)
	if lost := a.lostOutput(); lost != nil {
		if err == nil {
			err = lost
		} else if _, said := errors.AsType[*luabind.ExitError](err); said { // in words that nobody has seen
			a.report(lost)
		}
	}
	a.report(err)
	if err == nil {
		return int(a.pluginCode())
	}
	return int(exitCodeOf(err))
}

// lostOutput is why standard output takes nothing more; nil while it does. What is kept is written first.
func (a *app) lostOutput() error {
	if err := a.out.Flush(); err != nil {
		return fmt.Errorf("cannot write to standard output: %w", err)
	}
	return nil
}

// logger is what --verbose shows: every call, on standard error. Without the flag it is nil.
func (a *app) logger() *slog.Logger {
	if !a.verbose {
		return nil
	}
	return slog.New(slog.NewTextHandler(a.err, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// scriptLog is where the log module of scripts writes: standard error, from level info on.
func (a *app) scriptLog() *slog.Logger {
	level := slog.LevelInfo
	if a.verbose {
		level = slog.LevelDebug
	}
	return slog.New(slog.NewTextHandler(a.err, &slog.HandlerOptions{Level: level}))
}

// warn tells of something that does not keep the program from going on.
func (a *app) warn(message, hint string) {
	if a.warnings != nil {
		a.warnings(message, hint)
		return
	}
	fmt.Fprintf(a.err, "authysh: warning: %s\n", message)
	a.hint(hint)
}

func (a *app) hint(hint string) {
	if hint != "" {
		fmt.Fprintf(a.err, "hint: %s\n", hint)
	}
}

// envNames lists the environment's variables that are not empty.
func (a *app) envNames() []string {
	if a.environ == nil {
		return nil
	}
	var names []string
	for _, entry := range a.environ() {
		if name, value, _ := strings.Cut(entry, "="); value != "" {
			names = append(names, name)
		}
	}
	return names
}
