package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/authysh/authysh/cmd/authysh/internal/private"
	"github.com/spf13/cobra"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/cmd/authysh/internal/config"
	"github.com/authysh/authysh/luabind"
)

// The names under which scripts without a file appear in errors and in arg[0].
const (
	codeName  = "-e"
	stdinName = "stdin"
)

// runScript is the program without a command: it runs code, a file or standard input.
func (a *app) runScript(cmd *cobra.Command, options *rootOptions, args []string) error {
	code := options.code
	a.quiet = options.quiet
	ctx := cmd.Context()
	if code == nil && len(args) == 0 && a.stdinTerminal {
		return a.runPrompt(ctx, options, nil)
	}
	script, err := a.readScript(ctx, code, args)
	if err != nil {
		return err
	}
	script.Program = a.program
	a.script = script
	if options.interactive {
		return a.runPrompt(ctx, options, &script)
	}
	client, runtimeOptions, err := a.prepare(ctx)
	if err != nil {
		return err
	}
	runtime, err := luabind.New(client, runtimeOptions...)
	if err != nil {
		return fmt.Errorf("cannot start the interpreter: %w", err)
	}
	a.loadedPlugins(runtime)
	a.tellPlugins()
	if err := a.checkForm(a.loaded.Text(config.OutputSetting), runtime); err != nil {
		return errors.Join(err, runtime.Close())
	}
	err = a.runIn(ctx, runtime, script)
	if err == nil {
		a.loadedPlugins(runtime) // of those whose code was needed
		a.tellPlugins()
	}
	unsaved := runtime.Close()
	if err != nil && unsaved != nil {
		a.warn(unsaved.Error(), "what the script wrote may be incomplete")
		return err
	}
	return cmp.Or(err, unsaved)
}

// runIn runs the script.
func (a *app) runIn(ctx context.Context, runtime *luabind.Runtime, script luabind.Script) error {
	if !a.sandbox {
		if err := runtime.Run(ctx, sandboxIsMissing); err != nil {
			return err
		}
	}
	return a.runDraining(ctx, runtime, script)
}

// runDraining runs the script so that the first interrupt lets its batches finish the rows in the works.
func (a *app) runDraining(ctx context.Context, runtime *luabind.Runtime, script luabind.Script) error {
	interrupt := runtime.Interrupt
	a.interrupt.Store(&interrupt)
	defer a.interrupt.Store(nil)
	serving := runtime.Serving
	a.serving.Store(&serving)
	defer a.serving.Store(nil)
	err := runtime.Run(ctx, script)
	code := exitCode(a.drained.Load())
	if code == 0 {
		return err
	}
	if failure, ok := errors.AsType[authy.Error](withoutTasks(err)); err != nil && (!ok || failure.Kind() != authy.KindCanceled) {
		a.report(err)
	}
	return &interrupted{code}
}

// sandboxIsMissing makes require "sandbox" say what is wrong rather than where it looked.
var sandboxIsMissing = luabind.Script{
	Name:   "authysh",
	Source: `package.preload.sandbox = function() error("the module sandbox is there only with --sandbox", 3) end`,
}

// readScript finds the program to run.
func (a *app) readScript(ctx context.Context, code, args []string) (luabind.Script, error) {
	switch {
	case code != nil:
		return luabind.Script{Name: codeName, Source: strings.Join(code, "\n"), Args: args}, nil
	case len(args) == 0:
		return a.readStdin(ctx, nil)
	case args[0] == "-":
		return a.readStdin(ctx, args[1:])
	}
	script, err := luabind.ReadScript(args[0])
	if err != nil {
		if missing := a.noPluginCommand(args[0]); missing != nil {
			return script, missing
		}
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return script, a.noSuchScript(args[0])
	case err != nil:
		return script, &usageError{message: err.Error(), hint: pluginHere(args[0])}
	case isBinary(script.Source):
		return script, notText(args[0])
	}
	script.Args = args[1:]
	return script, nil
}

func (a *app) readStdin(ctx context.Context, args []string) (luabind.Script, error) {
	source, err := io.ReadAll(io.LimitReader(a.in, luabind.MaxScript+1))
	switch {
	case ctx.Err() != nil:
		return luabind.Script{}, context.Cause(ctx)
	case err != nil:
		return luabind.Script{}, &usageError{message: "cannot read the script from standard input: " + err.Error()}
	case len(source) > luabind.MaxScript:
		return luabind.Script{}, &usageError{message: fmt.Sprintf("cannot read the script from standard input: it is larger than %d MiB", luabind.MaxScript>>20)}
	case isBinary(string(source)):
		return luabind.Script{}, notText(stdinName)
	}
	return luabind.Script{Name: stdinName, Source: string(source), Args: args}, nil
}

// isBinary reports whether a file is no text at all, such as a compiled script: its first part holds a zero byte.
func isBinary(source string) bool {
	const part = 8 << 10
	return bytes.IndexByte([]byte(source[:min(part, len(source))]), 0) >= 0 || strings.HasPrefix(source, "\x1bLua")
}

func notText(name string) error {
	return &usageError{message: name + " is a binary file", hint: "a script is Lua source text; compiled Lua is not run"}
}

// prepare makes the client and what else the interpreter needs.
func (a *app) prepare(ctx context.Context) (*authy.Client, []luabind.Option, error) {
	s, err := a.settings()
	if err != nil {
		return nil, nil, err
	}
	a.loaded = s
	options := []luabind.Option{
		luabind.Stdin(a.in), luabind.Stdout(a.out), luabind.Stderr(a.err), luabind.Log(a.scriptLog()),
		luabind.BatchStarted(a.batchStarted(a.err)),
	}
	if err := a.findPlugins(s); err != nil {
		return nil, nil, err
	}
	options = append(options, a.pluginOptions()...)
	client, err := a.connect(ctx, s)
	if err != nil {
		return nil, nil, err
	}
	if a.box != nil {
		return client, append(options, luabind.Clock(a.box.Now), luabind.With(a.box.Module), luabind.Service(private.Name)), nil
	}
	return client, append(options, luabind.Use(requireKey)), nil
}
