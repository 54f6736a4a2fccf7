package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/authysh/authysh/cmd/authysh/internal/config"
	"github.com/authysh/authysh/cmd/authysh/internal/private"
	"github.com/authysh/authysh/cmd/authysh/internal/wording"
	"github.com/authysh/authysh/luabind"
	"github.com/authysh/authysh/repl"
)

// commands are the dot-commands of this program, beside those that every prompt has.
func (p *prompter) commands() []repl.Command {
	among := func(words func() []string) func(string) []repl.Candidate {
		return func(word string) []repl.Candidate {
			var found []repl.Candidate
			for _, w := range words() {
				if strings.HasPrefix(w, word) {
					found = append(found, repl.Candidate{Text: w})
				}
			}
			return found
		}
	}
	return []repl.Command{
		{Name: "profile", Usage: "[name]", Complete: among(p.app.profileNames), Run: p.runProfile,
			Doc: "lists the profiles of the configuration, or switches to one"},
		{Name: "host", Run: p.runHost, Doc: "tells where calls go, and where the key came from"},
		{Name: "sandbox", Run: p.runSandbox, Doc: "switches to a private sandbox: no key, no network"},
		{Name: "calls", Usage: "[count]", Run: p.runCalls, Doc: "lists the last API calls with outcome and time"},
		{Name: "unmask", Usage: "[on|off]", Complete: among(func() []string { return []string{"on", "off"} }), Run: p.runUnmask,
			Doc: "shows secrets and codes inside values, or hides them again"},
		{Name: "tasks", Run: p.runTasks, Doc: "lists the tasks that run in the background"},
		{Name: "cancel", Usage: "<number>|all", Run: p.runCancel, Complete: among(p.taskNumbers),
			Doc: "stops a task, and what it has started"},
		{Name: "reset", Run: p.runReset, Doc: "starts over with a fresh interpreter: all variables are gone"},
		{Name: "ls", Usage: "[name]", Run: p.runLs, Doc: "lists your variables, or what a table or module holds"},
	}
}

// profileNames lists the profiles of the configuration file.
func (a *app) profileNames() []string {
	file, err := a.findConfig()
	if err != nil {
		return nil
	}
	return file.ProfileNames()
}

// runProfile switches all that a profile decides: host, key, timeout, guards.
func (p *prompter) runProfile(ctx context.Context, c *repl.Context, name string) error {
	if name == "" {
		names := p.app.profileNames()
		if len(names) == 0 {
			fmt.Fprintln(c.Stderr(), "the configuration has no profiles")
		}
		for _, known := range names {
			mark := "  "
			if known == p.profile && p.box == nil {
				mark = "* "
			}
			fmt.Fprintln(c.Stdout(), mark+known)
		}
		return nil
	}
	s, err := p.app.settingsOf(name)
	if err != nil {
		return err
	}
	client, err := p.app.client(s)
	if err != nil {
		return err
	}
	if client.Key, err = p.app.key(ctx, s); err != nil {
		return err
	}
	if err := checkClient(client, s); err != nil {
		return err
	}
	if p.box != nil {
		fmt.Fprintf(c.Stderr(), "leaving the sandbox: calls now go to %s\n", hostOf(client))
	}
	p.app.loaded, p.client, p.profile, p.box = s, client, name, nil
	p.runtime.SetClient(client)
	return nil
}

// settingsOf are the settings with another profile than the arguments and the environment chose.
func (a *app) settingsOf(profile string) (*config.Settings, error) {
	return a.settingsWith(config.Layer{config.ProfileSetting: {Value: profile, Origin: config.Origin{Where: ".profile"}}})
}

func (p *prompter) runHost(_ context.Context, c *repl.Context, _ string) error {
	key := "no key"
	if p.box != nil {
		key = "a key of its own"
	}
	if source, by := p.app.loaded.KeySource(); source != "" && p.box == nil {
		key = "key from " + by.String()
	}
	fmt.Fprintf(c.Stdout(), "%s, %s\n", p.client.Host, key)
	return nil
}

func (p *prompter) runSandbox(_ context.Context, c *repl.Context, _ string) error {
	if p.box != nil {
		fmt.Fprintln(c.Stderr(), "calls go to the sandbox already")
		return nil
	}
	box := private.New()
	client := box.Client(p.app.loaded)
	client.Logger = p.app.logger()
	if err := p.runtime.Define(box.Module); err != nil {
		return err
	}
	p.client, p.profile, p.box = client, "", box
	p.runtime.SetClient(client)
	fmt.Fprintln(c.Stderr(), "calls now go to a private sandbox, which the module sandbox looks into")
	return nil
}

func (p *prompter) runCalls(_ context.Context, c *repl.Context, args string) error {
	n := 20
	if args != "" {
		var err error
		if n, err = strconv.Atoi(args); err != nil || n < 1 {
			return &repl.UsageError{Reason: fmt.Sprintf("wants a number of calls, got %q", wording.Clip(args))}
		}
	}
	for _, call := range p.calls.last(n) {
		fmt.Fprintf(c.Stdout(), "%s  %-28s %-12s %s\n", call.at.Format(time.TimeOnly), call.op, call.outcome, call.took.Round(10*time.Microsecond))
	}
	return nil
}

func (p *prompter) runUnmask(_ context.Context, c *repl.Context, args string) error {
	switch args {
	case "on", "off":
		p.session.Unmask(args == "on")
	case "":
		p.session.Unmask(!p.session.Unmasked())
	default:
		return &repl.UsageError{Reason: fmt.Sprintf("want on or off, got %q", wording.Clip(args))}
	}
	state := "hidden"
	if p.session.Unmasked() {
		state = "shown"
	}
	fmt.Fprintf(c.Stderr(), "secrets and codes are %s\n", state)
	return nil
}

func (p *prompter) runReset(_ context.Context, c *repl.Context, _ string) error {
	if err := p.open(); err != nil {
		return err
	}
	fmt.Fprintln(c.Stderr(), "a fresh interpreter: all variables are gone")
	return nil
}

// globals are the names that completion knows at the top, with what they hold.
func (p *prompter) globals() []luabind.Candidate {
	var found []luabind.Candidate
	for first := 'A'; first <= 'z'; first++ {
		for _, candidate := range p.session.Complete(string(first), 1).Candidates {
			if candidate.Text[0] == byte(first) {
				found = append(found, candidate)
			}
		}
	}
	return found
}

// runLs lists the fields of a name, or the globals that the user has made.
func (p *prompter) runLs(_ context.Context, c *repl.Context, name string) error {
	var found []luabind.Candidate
	if name != "" {
		found = p.session.Complete(name+".", len(name)+1).Candidates
	} else {
		for _, candidate := range p.globals() {
			if _, _, known := p.session.Manual().Help(candidate.Text); !known && candidate.Doc != "keyword" && candidate.Text != "_G" {
				found = append(found, candidate)
			}
		}
	}
	if len(found) == 0 && name == "" {
		fmt.Fprintln(c.Stderr(), "you have no variables yet; .help lists the modules")
		return nil
	}
	width := 0
	for _, candidate := range found {
		width = max(width, min(len(candidate.Text), 32))
	}
	var b strings.Builder
	for _, candidate := range found {
		fmt.Fprintf(&b, "%-*s  %s\n", width, candidate.Text, candidate.Doc)
	}
	if b.Len() == 0 {
		fmt.Fprintln(c.Stderr(), "nothing there")
		return nil
	}
	return c.Page(b.String())
}
