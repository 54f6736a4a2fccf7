package luabind

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/luabind/internal/luatext"
	lua "github.com/yuin/gopher-lua"
)

// addOutside adds the modules that reach outside, those for which something is granted. Each use is checked again.
func (g *guest) addOutside() {
	add := func(name string, functions map[string]lua.LGFunction) {
		g.unopened[name] = func() *lua.LTable {
			t := g.state.CreateTable(0, len(functions))
			for function, f := range functions {
				t.RawSetString(function, g.state.NewFunction(charged(g.outside(name+"."+function, f), 0)))
			}
			return t
		}
	}
	if len(g.granted.Net) > 0 {
		add("http", map[string]lua.LGFunction{"get": g.httpGet, "post": g.httpPost, "request": g.httpRequest})
	}
	if len(g.granted.Env) > 0 {
		add("env", map[string]lua.LGFunction{"get": g.envGet})
	}
	if len(g.granted.Read)+len(g.granted.Write) > 0 {
		files := map[string]lua.LGFunction{"read": g.fsRead, "list": g.fsList}
		if len(g.granted.Write) > 0 {
			files["write"], files["append"], files["update"] = g.fsWrite, g.fsAppend, g.fsUpdate
		}
		add("fs", files)
	}
	if len(g.granted.Exec) > 0 {
		add("exec", map[string]lua.LGFunction{"run": g.execRun})
	}
}

// notGranted raises the error about a use that the plugin has no permission for.
func (g *guest) notGranted(L *lua.LState, op, permission, what string) {
	L.RaiseError("%s: %s is not permitted: the plugin has no permission %s for it", op, luatext.Excerpt(what), permission)
}

// envGet is env.get(name).
func (g *guest) envGet(L *lua.LState) int {
	name := textAt(L, 1, "env.get", "name")
	if !g.granted.AllowsEnv(name) {
		g.notGranted(L, "env.get", "env", name)
	}
	if value, ok := os.LookupEnv(name); ok {
		L.Push(lua.LString(value))
	} else {
		L.Push(lua.LNil)
	}
	return 1
}

// Limits of what programs and servers give.
const (
	maxOutput    = 1 << 20
	maxArgument  = 128 << 10
	maxArguments = 1 << 20 // all together; each is copied for the program, even if they are one text
)

type execOptions struct {
	Stdin   string         `json:"stdin" doc:"what the program reads"`
	Timeout *time.Duration `json:"timeout" doc:"how long it may take; as long as the plugin when left out" unit:"ms"`
}

// execRun is exec.run(program, arguments, options). No shell is involved: arguments arrive as they are.
func (g *guest) execRun(L *lua.LState) int {
	const op = "exec.run"
	program := textAt(L, 1, op, "program")
	if !g.granted.AllowsExec(program) {
		g.notGranted(L, op, "exec", program)
	}
	var arguments []string
	if L.Get(2) != lua.LNil {
		list := tableAt(L, 2, op, "arguments")
		total := 0
		for i := range list.Len() {
			text, ok := list.RawGetInt(i + 1).(lua.LString)
			if !ok || len(text) > maxArgument || strings.ContainsRune(string(text), 0) {
				refuse(L, op, "arguments", fmt.Sprintf("must be a list of texts without NUL bytes; item %d is none", i+1))
			}
			const perText = 16 // what the system wants beside each
			if total += len(text) + perText; total > maxArguments {
				refuse(L, op, "arguments", fmt.Sprintf("must not be longer than %d MiB together; hand over more by stdin", maxArguments>>20))
			}
			arguments = append(arguments, string(text))
		}
	}
	var options execOptions
	optionsAt(L, 3, op, &options)
	var result *lua.LTable
	var failure error
	budgetOf(L).touched = true
	g.wait(L, func(ctx context.Context) {
		result, failure = g.execute(ctx, program, arguments, options)
	})
	if failure != nil {
		L.RaiseError("%s: %v", op, failure)
	}
	result.ForEach(func(_, v lua.LValue) {
		if text, ok := v.(lua.LString); ok {
			spend(L, len(text))
		}
	})
	L.Push(result)
	return 1
}

func (g *guest) execute(ctx context.Context, program string, arguments []string, options execOptions) (*lua.LTable, error) {
	if options.Timeout != nil {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, *options.Timeout)
		defer cancel()
	}
	path, err := exec.LookPath(program) // a program in the working directory is an error
	if err != nil {
		return nil, fmt.Errorf("%s cannot be run: %w", luatext.Excerpt(program), err)
	}
	cmd := exec.CommandContext(ctx, path, arguments...)
	cmd.WaitDelay = time.Second
	cmd.Stdin = strings.NewReader(options.Stdin)
	out, problems := &cappedBuffer{}, &cappedBuffer{}
	cmd.Stdout, cmd.Stderr = out, problems
	cmd.Env = []string{} // not the program's own, which may hold its keys
	for _, name := range append([]string{"PATH", "HOME", "LANG"}, g.granted.Env...) {
		if value, ok := os.LookupEnv(name); ok {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
	}
	if g.dataDir != "" {
		if err := os.MkdirAll(g.dataDir, 0o700); err != nil {
			return nil, err
		}
		cmd.Dir = g.dataDir
	} else {
		cmd.Dir = os.TempDir()
	}
	err = cmd.Run()
	code := 0
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && ctx.Err() == nil {
		code = exit.ExitCode()
	} else if err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return nil, fmt.Errorf("%s: %w", luatext.Excerpt(program), err)
	}
	result := &lua.LTable{Metatable: lua.LNil}
	result.RawSetString("code", lua.LNumber(code))
	result.RawSetString("stdout", lua.LString(out.text()))
	result.RawSetString("stderr", lua.LString(problems.text()))
	return result, nil
}

// cappedBuffer keeps the first bytes of an output, and drops the rest.
type cappedBuffer struct{ kept []byte }

func (b *cappedBuffer) Write(p []byte) (int, error) {
	b.kept = append(b.kept, p[:min(len(p), maxOutput-len(b.kept))]...)
	return len(p), nil
}

func (b *cappedBuffer) text() string { return string(b.kept) }

// homeDir is the user's home; empty when there is none.
func homeDir() string {
	home, err := os.UserHomeDir()
	if err != nil || !filepath.IsAbs(home) {
		return ""
	}
	return home
}

// PluginError is a plugin that failed, or that refused a call.
type PluginError struct {
	// Plugin is its name, Where the hook, operation or format, such as "before_call".
	Plugin, Where string
	// Op is the call that it was about; empty for none.
	Op string
	// Refused says that a hook refused the call: Reason is then for the user, and else what went wrong.
	Refused bool
	Reason  string

	untouched bool // the call has not been made, and nothing else outside was asked for
}

// KindPlugin and KindRefused are the kinds of a [*PluginError].
const (
	KindPlugin  authy.Kind = "plugin"
	KindRefused authy.Kind = "refused"
)

// Error names the plugin.
func (e *PluginError) Error() string {
	if e.Refused {
		return fmt.Sprintf("%s: refused by the plugin %s: %s", e.Op, e.Plugin, e.Reason)
	}
	text := fmt.Sprintf("plugin %s: %s: %s", e.Plugin, e.Where, e.Reason)
	if e.Op != "" {
		text = e.Op + ": " + text
	}
	return text
}

// Kind is [KindRefused] or [KindPlugin].
func (e *PluginError) Kind() authy.Kind {
	if e.Refused {
		return KindRefused
	}
	return KindPlugin
}

// Operation is the call that it was about.
func (e *PluginError) Operation() string { return e.Op }

// DidNothing reports that the call has not been made.
func (e *PluginError) DidNothing() bool { return e.untouched }
