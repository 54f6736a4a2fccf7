package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/cmd/authysh/internal/config"
	"github.com/authysh/authysh/cmd/authysh/internal/private"
)

// The checks of what is on this machine.

// usualKeyLength is how long the keys are that Authy gives out; other services may have others.
const usualKeyLength = 32

// checkSettings checks the environment and the file each by itself, then what they come to. Where all is well, it
// leaves settings and client.
func (e *examination) checkSettings() {
	a := e.app
	e.found(checkEnvironment, a.checkEnvironment())
	var warning finding
	a.warnings = func(message, hint string) { warning = warned(hint, "%s", message) }
	defer func() { a.warnings = nil }()
	file, err := a.findConfig()
	if err != nil {
		e.found(checkConfig, failed(exitUsage, cmp.Or(remedyOf(err), "correct the file, or name another with --config"), "%s", err))
		return
	}
	if !e.healthy(checkEnvironment) {
		e.found(checkConfig, skipped("the environment has to be in order first"))
		return
	}
	s, err := a.settings()
	if err == nil {
		a.loaded = s
		e.client, err = a.doctorClient(s)
	}
	if err != nil {
		e.found(checkConfig, failed(exitUsage, remedyOf(err), "%s", err))
		return
	}
	e.settings = s
	switch {
	case warning.Status != "":
		e.found(checkConfig, warning)
	case file == nil:
		e.found(checkConfig, fine("there is no file, so defaults hold"))
	case s.Profile != "":
		e.found(checkConfig, fine("%s, profile %s", s.File, s.Profile))
	default:
		e.found(checkConfig, fine("%s", s.File))
	}
}

// doctorClient is a client without its key, unless that is the sandbox's.
func (a *app) doctorClient(s *config.Settings) (*authy.Client, error) {
	if !a.sandbox {
		return a.client(s)
	}
	a.box = private.New()
	client := a.box.Client(s)
	client.Logger = a.logger()
	return client, nil
}

// checkEnvironment names the variables that are heeded, not their values.
func (a *app) checkEnvironment() finding {
	if _, err := a.envLayer(); err != nil {
		return failed(exitUsage, cmp.Or(remedyOf(err), "unset the variable, or correct it"), "%s", err)
	}
	var given []string
	for known := range config.All() {
		for _, name := range known.Env() {
			if value, _ := a.lookupEnv(name); value != "" {
				given = append(given, name)
			}
		}
	}
	if given == nil {
		return fine("no variable is set")
	}
	return fine("%s", strings.Join(given, ", "))
}

// checkKey finds the key, and tells of it only where it was and how long it is.
func (e *examination) checkKey(ctx context.Context) {
	if e.app.sandbox {
		e.found(checkKey, fine("the private sandbox has its own"))
		return
	}
	key, err := e.app.key(ctx, e.settings)
	if err == nil {
		e.client.Key = key
		err = checkClient(e.client, e.settings)
	}
	if err != nil {
		e.found(checkKey, failed(exitUsage, cmp.Or(remedyOf(err), "authysh help configuration tells how a key is given"), "%s", err))
		return
	}
	if key == "" {
		e.found(checkKey, failed(exitUsage, keyHint, "there is none"))
		return
	}
	from := "the configuration"
	if name, by := e.settings.KeySource(); by.InFile {
		from = fmt.Sprintf("%s of %s", name, by)
	} else if name != "" {
		from = by.String()
	}
	detail := fmt.Sprintf("from %s, %d characters", from, len(key))
	if len(key) != usualKeyLength && e.settings.Text("host") == authy.DefaultHost {
		e.found(checkKey, warned("compare it with the one in the console: something may be missing, or copied along",
			"%s; keys of Authy have %d", detail, usualKeyLength))
		return
	}
	e.found(checkKey, fine("%s", detail))
}

// checkHistory tries to write where the prompt's history is, and leaves no trace.
func (a *app) checkHistory() finding {
	const remedy = "set history_file to a file that you can write, or to none"
	file := a.historyFile()
	if file == "" {
		return fine("none is kept")
	}
	info, err := os.Stat(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if err := writableFolder(filepath.Dir(file)); err != nil {
			return warned(remedy, "%s cannot be made: %s", file, causeOf(err))
		}
		return fine("%s, not there yet", file)
	case err != nil:
		return warned(remedy, "%s: %s", file, causeOf(err))
	case !info.Mode().IsRegular():
		return warned(remedy, "%s is not a file", file)
	}
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return warned(remedy, "%s: %s", file, causeOf(err))
	}
	f.Close()
	if config.ReadableByOthers(info) {
		return warned("chmod 600 "+file, "%s can be read by other users", file)
	}
	return fine("%s", file)
}

// causeOf is why a file operation failed, without the path.
func causeOf(err error) error {
	if failure, ok := errors.AsType[*fs.PathError](err); ok {
		return failure.Err
	}
	return err
}

// writableFolder tries to make a file in a folder, or in the nearest one above that exists.
func writableFolder(dir string) error {
	for {
		f, err := os.CreateTemp(dir, ".authysh-*")
		if err == nil {
			f.Close()
			return os.Remove(f.Name())
		}
		above := filepath.Dir(dir)
		if !errors.Is(err, fs.ErrNotExist) || above == dir {
			return err
		}
		dir = above
	}
}

// checkTerminal tells what the prompt and the results will look like.
func (a *app) checkTerminal() finding {
	if !a.stdoutTerminal {
		return fine("standard output is none: results are JSON without colours")
	}
	name, _ := a.lookupEnv("TERM")
	columns, rows := a.console.Size()
	colors := "colours"
	if !a.resultColors() {
		colors = "no colours"
	}
	detail := fmt.Sprintf("%s, %d by %d, %s", cmp.Or(name, "of unknown type"), columns, rows, colors)
	switch {
	case name == "" || name == "dumb":
		return warned("set TERM to the terminal's type, such as xterm-256color", "%s: the prompt has no editing", detail)
	case !a.speaksUTF8():
		return warned("set LC_ALL to a UTF-8 locale, such as C.UTF-8", "%s, the locale is not UTF-8", detail)
	case columns < 40 || rows < 6:
		return warned("make the window larger", "%s: there is hardly room for the prompt's menu", detail)
	}
	return fine("%s, UTF-8", detail)
}

// speaksUTF8 reports whether the locale is one of UTF-8, by the variables in the order that POSIX gives them. Windows
// has no such variables, and its terminals do.
func (a *app) speaksUTF8() bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if locale, _ := a.lookupEnv(name); locale != "" {
			locale = strings.ToLower(locale)
			return strings.Contains(locale, "utf-8") || strings.Contains(locale, "utf8")
		}
	}
	_, windows := a.lookupEnv("SystemRoot")
	return windows
}
