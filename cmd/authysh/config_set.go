package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/authysh/authysh/cmd/authysh/internal/config"
	"github.com/authysh/authysh/cmd/authysh/internal/wording"
	"github.com/authysh/authysh/repl"
)

// configSetCommand is authysh config set.
func (a *app) configSetCommand() *cobra.Command {
	var keyStdin bool
	set := &cobra.Command{
		Use:   "set key [value]",
		Short: "write a setting into the configuration file",
		Long: "A value of - is read from standard input, @file from a file. With --profile, or a\n" +
			"key such as profiles.staging.host, the setting is the profile's, which is made if\n" +
			"it is not there. The file is the one that 'authysh config path' shows. A secret\n" +
			"without a value is asked for, and not shown.",
		Example:           "  authysh config set timeout 20s\n  authysh config set --profile staging host https://authy.staging.example.com\n  authysh config set plugins.config.guard.countries '[PT, ES]'\n  pass show authy | authysh config set key -",
		Annotations:       map[string]string{usesFlags: "config profile output"},
		Args:              betweenArguments(1, 2, "a key and a value, as in: authysh config set timeout 20s"),
		ValidArgsFunction: a.completeSetting,
	}
	target := configTargetFlags(set)
	set.Flags().BoolVar(&keyStdin, "key-stdin", false, "with key_keyring: read the key to keep there from standard input")
	set.RunE = func(cmd *cobra.Command, args []string) error {
		return a.setConfig(cmd.Context(), *target, args, keyStdin)
	}
	return set
}

// betweenArguments refuses another number of arguments than some, and says what is wanted.
func betweenArguments(least, most int, wanted string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) < least:
			return &usageError{message: fmt.Sprintf("authysh %s needs %s", commandPath(cmd), wanted), hint: helpHint(cmd)}
		case len(args) > most:
			return &usageError{message: fmt.Sprintf("authysh %s takes %s; %d arguments are too many", commandPath(cmd), wanted, len(args)), hint: helpHint(cmd)}
		}
		return nil
	}
}

// changedSetting is the result of config set and config unset.
type changedSetting struct {
	File  string `json:"file" yaml:"file"`
	Key   string `json:"key" yaml:"key"`
	Value string `json:"value" yaml:"value"`
}

func (a *app) setConfig(ctx context.Context, t config.Target, args []string, keyStdin bool) error {
	key, err := a.configKey(args[0])
	if err != nil {
		if name, _, pair := strings.Cut(args[0], "="); pair && len(args) == 1 {
			return &usageError{message: "authysh config set takes the key and the value apart", hint: fmt.Sprintf("authysh config set %s VALUE", wording.Clip(name))}
		}
		return err
	}
	if err := key.Single(); err != nil {
		return err
	}
	s, err := a.quickSettings()
	if err != nil {
		return err
	}
	if keyStdin && key.Setting.Name != "key_keyring" {
		return &usageError{message: "--key-stdin goes with key_keyring only", hint: fmt.Sprintf("authysh config set %s - reads the value from standard input", key)}
	}
	value, err := a.valueOf(ctx, key, args[1:])
	if err != nil {
		return err
	}
	if key, err = a.declared(ctx, key); err != nil {
		return err
	}
	if key.Setting.Name == "key_keyring" {
		if err := a.fillKeyring(ctx, value, keyStdin); err != nil {
			return err
		}
	}
	file, err := a.configFiles().Edit(ctx, t, func(d *config.Document) error { return d.Put(key, value, a.usable) })
	if err != nil {
		return err
	}
	a.tellStronger(file, key)
	return a.tellChanged(s, file, key, fmt.Sprintf("%s is set in %s", key, file.Path))
}

// usable says what keeps settings from being used, as far as that shows before a call.
func (a *app) usable(s *config.Settings) error {
	if command := s.Text("key_command"); command != "" {
		if _, err := splitWords(command); err != nil {
			return s.Origin("key_command").Complain("key_command", err.Error())
		}
	}
	_, err := a.client(s)
	return err
}

// valueOf is the value to set: an argument, what a file or standard input holds, or what is typed.
func (a *app) valueOf(ctx context.Context, key config.Key, args []string) (string, error) {
	known := key.Setting
	if len(args) == 0 {
		if known.Secret && a.stdinTerminal {
			return a.askSecret(ctx, known.Name+": ")
		}
		hint := fmt.Sprintf("authysh config set %s - reads it from standard input", known.Name)
		if key.OfPlugins() {
			hint = "a list is written as [PT, ES]"
		}
		return "", &usageError{message: fmt.Sprintf("authysh config set %s needs a value", known.Name), hint: hint}
	}
	written := args[0]
	from := map[bool]string{true: "standard input", false: strings.TrimPrefix(written, "@")}[written == "-"]
	switch {
	case written == "-" && a.stdinTerminal && known.Secret:
		return a.askSecret(ctx, known.Name+": ")
	case written != "-" && !strings.HasPrefix(written, "@"):
		if known.Secret {
			a.warn(known.Name+" was given as an argument, which other users see in process lists and which stays in the shell's history",
				fmt.Sprintf("authysh config set %s - reads it from standard input", known.Name))
		}
		if key.OfPlugins() {
			written = strings.TrimSpace(written)
		}
		return written, nil
	}
	text, err := a.typed(ctx, known.Name, written)
	if err != nil {
		return "", err
	}
	value := strings.TrimSpace(string(text))
	switch {
	case key.OfPlugins(): // a value in YAML may have several lines, and a text none
	case value == "":
		return "", &usageError{message: fmt.Sprintf("%s must not be empty, but %s is", known.Name, from)}
	case strings.ContainsAny(value, "\r\n"):
		return "", &usageError{message: fmt.Sprintf("%s must be one line, but %s has several", known.Name, from)}
	}
	return value, nil
}

// askSecret asks on the terminal, without showing what is typed.
func (a *app) askSecret(ctx context.Context, text string) (string, error) {
	return answered(a.console.AskSecret(ctx, text))
}

// answered makes a question that was left the end of the program.
func answered(text string, err error) (string, error) {
	if errors.Is(err, repl.ErrNoAnswer) {
		return "", &interrupted{exitInterrupted}
	}
	return strings.TrimSpace(text), err
}

// fillKeyring makes sure that there is a key in the keyring's account: one that is read from standard input, or there
// already, or asked for.
func (a *app) fillKeyring(ctx context.Context, account string, keyStdin bool) error {
	by := config.Origin{Where: "key_keyring"}
	if keyStdin {
		key, err := a.readKey()
		if err != nil {
			return err
		}
		return aboutKeyring(by, a.storeKey(ctx, account, key))
	}
	there, err := a.holdsKey(ctx, account)
	switch {
	case err != nil:
		return aboutKeyring(by, err)
	case there:
		return nil
	case !a.stdinTerminal:
		a.warn(fmt.Sprintf("the keyring holds no key for the account %q yet", wording.Clip(account)),
			"the same command with --key-stdin reads one from standard input and stores it")
		return nil
	}
	key, err := a.askKey(ctx)
	if err != nil {
		return err
	}
	return aboutKeyring(by, a.storeKey(ctx, account, key))
}

// tellStronger warns of what keeps a setting that was just written from having an effect.
func (a *app) tellStronger(file *config.File, key config.Key) {
	env, err := a.envLayer()
	if err != nil {
		return
	}
	if stronger := file.Stronger(key, env); stronger != "" {
		a.warn(stronger, "")
	}
}

// tellChanged reports a change: a line for people, or a result where a form of output was asked for.
func (a *app) tellChanged(s *config.Settings, file *config.File, key config.Key, words string) error {
	if s.Text("output") == "" {
		fmt.Fprintf(a.err, "authysh: %s\n", words)
		return nil
	}
	result := changedSetting{File: file.Path, Key: key.String()}
	if key.Setting != nil {
		result.Value = key.Setting.Show(file.Value(key))
	}
	return a.show(s, result, func(w io.Writer) { fmt.Fprintln(w, words) },
		[]string{"file", "key", "value"}, [][]string{{result.File, result.Key, result.Value}})
}
