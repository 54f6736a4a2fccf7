package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/cmd/authysh/internal/private"
	"github.com/authysh/authysh/luabind"
	"github.com/authysh/authysh/repl"
)

// prompter is the prompt of this program: the session, and what its own commands switch.
type prompter struct {
	app     *app
	console *repl.Console
	runtime *luabind.Runtime
	session *luabind.Session
	client  *authy.Client
	profile string // the profile in use; empty for none
	box     *private.Sandbox
	calls   callLog
}

// runPrompt opens the prompt, after the script that -i asked for, if any.
func (a *app) runPrompt(ctx context.Context, options *rootOptions, script *luabind.Script) error {
	client, _, err := a.prepare(ctx)
	if err != nil {
		return err
	}
	p := &prompter{
		app: a, console: a.console,
		client: client, profile: a.loaded.Profile, box: a.box,
	}
	if err := p.open(); err != nil {
		return err
	}
	defer func() { p.runtime.Close() }()
	if script != nil {
		if err := a.runDraining(ctx, p.runtime, *script); err != nil {
			if _, left := errors.AsType[*luabind.ExitError](err); left || ctx.Err() != nil {
				return err
			}
			a.report(err)
		}
	}
	a.prompting.Store(true) // from here on the prompt sees to signals
	defer a.prompting.Store(false)
	code, err := repl.Run(ctx, sessionOf{p}, repl.Options{
		Console:     p.console,
		Prompt:      p.prompt,
		Greeting:    p.greeting(),
		Quiet:       a.quiet,
		Commands:    p.commands(),
		HistoryFile: a.historyFile(),
		Secrets:     p.secrets,
		Startup:     p.startup(options.noRC),
		Running:     func() int { return p.session.RunningTasks() },
		Interrupt:   func() bool { return p.session.Interrupt() },
		NoColor:     !a.colours(a.stdoutTerminal), ColorDecided: true,
		LookupEnv: a.lookupEnv,
	})
	switch {
	case err != nil:
		return err
	case code != 0:
		return &luabind.ExitError{Code: code}
	}
	return nil
}

// open makes a fresh interpreter with the client in use, in place of the one there was.
func (p *prompter) open() error {
	options := []luabind.Option{
		luabind.Stdin(p.app.in), luabind.Stdout(p.console.Stdout()), luabind.Stderr(p.console.Stderr()),
		luabind.Log(p.app.scriptLog()), luabind.BatchStarted(p.app.batchStarted(p.console.Stderr())), luabind.Use(p.calls.watch, requireKey, p.guard),
	}
	options = append(options, p.app.pluginOptions()...)
	if p.box != nil {
		options = append(options, luabind.Clock(p.box.Now), luabind.With(p.box.Module), luabind.Service(private.Name))
	}
	runtime, err := luabind.New(p.client, options...)
	if err != nil {
		return fmt.Errorf("cannot start the interpreter: %w", err)
	}
	if p.runtime != nil {
		err = p.runtime.Close()
	} else {
		p.app.loadedPlugins(runtime)
		p.app.tellPlugins()
	}
	p.runtime = runtime
	p.session = runtime.NewSession(luabind.SessionOptions{Topics: helpTopics(), TaskEnded: p.taskEnded})
	return err
}

// historyFile is where the prompt keeps what was entered.
func (a *app) historyFile() string {
	if file := a.loaded.Text("history_file"); file != "" {
		if file == "none" {
			return ""
		}
		return file
	}
	return repl.HistoryFile("authysh", a.lookupEnv)
}

// prompt tells where calls go: to the sandbox, a profile or a host. It is red where they are real.
func (p *prompter) prompt() repl.Prompt {
	switch {
	case p.box != nil:
		return repl.Prompt{Text: "sandbox"}
	case p.profile != "" && p.production():
		return repl.Prompt{Text: p.profile, Sign: "!", Alert: true}
	case p.profile != "":
		return repl.Prompt{Text: p.profile}
	case p.client.Key == "":
		return repl.Prompt{Text: "no key"}
	}
	return repl.Prompt{Text: hostOf(p.client)}
}

// hostOf is the client's host without its scheme.
func hostOf(client *authy.Client) string {
	host := client.Host
	if host == "" {
		host = authy.DefaultHost
	}
	_, rest, _ := strings.Cut(host, "://")
	return strings.TrimRight(rest, "/")
}

func (p *prompter) production() bool { return p.box == nil && p.app.loaded.On("production") }

func (p *prompter) greeting() string {
	where := "calls go to " + hostOf(p.client)
	switch {
	case p.box != nil:
		where = "calls go to a private sandbox: nothing is sent to anybody"
	case p.client.Key == "":
		where = "there is no key, so calls fail: " + keyHint
	}
	if p.profile != "" {
		where = "profile " + p.profile + ", " + where
	}
	return fmt.Sprintf("authysh %s, .help lists commands, Ctrl-D leaves\n%s", thisBuild().Version, where)
}

// secrets are what must not get into files.
func (p *prompter) secrets() []string {
	var secrets []string
	for _, secret := range []string{p.client.Key, p.client.AccessKey, p.client.SigningKey} {
		if secret != "" {
			secrets = append(secrets, secret)
		}
	}
	return secrets
}

// startup runs rc.lua of the configuration folder, if there is one.
func (p *prompter) startup(skip bool) func(context.Context, *repl.Context) error {
	if skip {
		return nil
	}
	rc := filepath.Join(filepath.Dir(p.app.userConfig()), "rc.lua")
	return func(ctx context.Context, c *repl.Context) error {
		if _, err := os.Stat(rc); errors.Is(err, os.ErrNotExist) {
			return nil
		}
		return c.Load(ctx, rc)
	}
}

// sessionOf fits the luabind session in use to the prompt.
type sessionOf struct{ p *prompter }

// Eval runs a chunk; its values are laid out for the terminal as wide as it is now.
func (s sessionOf) Eval(ctx context.Context, src string) (string, error) {
	columns, _ := s.p.console.Size()
	s.p.session.SetWidth(columns)
	shown, err := s.p.session.Eval(ctx, src)
	if exit, ok := errors.AsType[*luabind.ExitError](err); ok {
		return shown, &repl.ExitError{Code: exit.Code}
	}
	return shown, err
}

func (s sessionOf) Incomplete(src string) bool { return s.p.session.Incomplete(src) }

func (s sessionOf) Help(topic string) (text, near string, ok bool) { return s.p.session.Help(topic) }

func (s sessionOf) Complete(text string, pos int) repl.Completions {
	found := s.p.session.Complete(text, pos)
	completions := repl.Completions{From: found.From, Hint: found.Hint, Candidates: make([]repl.Candidate, len(found.Candidates))}
	for i, candidate := range found.Candidates {
		completions.Candidates[i] = repl.Candidate(candidate)
	}
	return completions
}

// Formats, Format and SetFormat serve the command .output.
func (s sessionOf) Formats() []string {
	var names []string
	for _, format := range s.p.session.Formats() {
		names = append(names, string(format))
	}
	return names
}

func (s sessionOf) Format() string { return string(s.p.session.Format()) }

func (s sessionOf) SetFormat(name string) error {
	s.p.session.SetFormat(luabind.Format(name))
	return nil
}
