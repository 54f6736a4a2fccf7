package main

import (
	"fmt"
	"maps"
	"path/filepath"
	"strings"

	"github.com/authysh/authysh/cmd/authysh/internal/config"
	"github.com/authysh/authysh/repl"
)

// settings reads all levels of the configuration.
func (a *app) settings() (*config.Settings, error) { return a.settingsWith(nil) }

// settingsWith reads them with some that are stronger than all others.
func (a *app) settingsWith(strongest config.Layer) (*config.Settings, error) {
	flags, err := a.flagLayer()
	if err != nil {
		return nil, err
	}
	maps.Copy(flags, strongest)
	env, err := a.envLayer()
	if err != nil {
		return nil, err
	}
	file, err := a.findConfig()
	if err != nil {
		return nil, err
	}
	return config.Load(file, env, flags)
}

// quickSettings are those of the flags and the environment, for commands that need no configuration file.
func (a *app) quickSettings() (*config.Settings, error) { return a.settingsOver() }

// settingsOver are those of the flags and the environment over weaker ones.
func (a *app) settingsOver(weaker ...config.Layer) (*config.Settings, error) {
	flags, err := a.flagLayer()
	if err != nil {
		return nil, err
	}
	env, err := a.envLayer()
	if err != nil {
		return nil, err
	}
	return config.Merge(append(weaker, env, flags)...)
}

// envLayer is the layer of the environment.
func (a *app) envLayer() (config.Layer, error) { return config.FromEnv(a.lookupEnv, a.envNames()) }

// flagGiven is the value of a global flag as typed, and whether it was given.
func (a *app) flagGiven(name string) (written string, given bool) {
	flag := a.flags.Lookup(name)
	if flag == nil || !flag.Changed {
		return "", false
	}
	return flag.Value.String(), true
}

// configFiles finds the configuration files of this run.
func (a *app) configFiles() *config.Files {
	f := &config.Files{
		Named: a.config, Pipes: a.pipes, LookupEnv: a.lookupEnv, UserID: a.userID, Warn: a.warn,
		Note: func(text string) { fmt.Fprintf(a.err, "authysh: %s\n", printable(text)) },
	}
	if history := repl.HistoryFile("authysh", a.lookupEnv); history != "" {
		f.Lock = filepath.Join(filepath.Dir(history), "config.lock")
	}
	return f
}

// findConfig opens the configuration file; nil for none.
func (a *app) findConfig() (*config.File, error) { return a.configFiles().Find() }

// userConfig is where the user's own configuration file is looked for; empty if there is no home.
func (a *app) userConfig() string { return a.configFiles().User() }

func (a *app) home() string { return a.configFiles().Home() }

// config.Key reads a key as typed, with the profile of --profile.
func (a *app) configKey(written string) (config.Key, error) {
	chosen, err := a.profileFlag()
	if err != nil {
		return config.Key{}, err
	}
	return config.ParseKey(written, chosen)
}

// profileFlag is what --profile names; empty if it was not given.
func (a *app) profileFlag() (string, error) {
	name, given := a.flagGiven(config.ProfileSetting)
	if !given {
		return "", nil
	}
	if strings.TrimSpace(name) == "" {
		return "", &usageError{message: "--profile must not be empty"}
	}
	return name, nil
}
