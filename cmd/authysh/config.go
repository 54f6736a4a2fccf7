package main

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/authysh/authysh/cmd/authysh/internal/present"
	"github.com/authysh/authysh/repl"
)

// configCommand is authysh config.
func (a *app) configCommand() *cobra.Command {
	config := &cobra.Command{
		Use:   "config command",
		Short: "show and change the settings",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			_, err := subcommand(cmd, args[0])
			return err
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	config.AddCommand(
		&cobra.Command{
			Use:         "path",
			Short:       "show which configuration file is read",
			Args:        noArguments,
			Annotations: map[string]string{usesFlags: "config " + showsResult},
			RunE:        func(*cobra.Command, []string) error { return a.showConfigPath() },
		},
		a.configShowCommand(),
		a.configGetCommand(),
		a.configListCommand(),
		a.configInitCommand(),
		a.configSetCommand(),
		a.configUnsetCommand(),
		a.configUseCommand(),
	)
	return config
}

// showConfigPath prints one path, so that an editor can be started with it.
func (a *app) showConfigPath() error {
	file, err := a.findConfig()
	if err != nil {
		return err
	}
	s, err := a.quickSettings()
	if err != nil {
		return err
	}
	result := struct {
		Path   string `json:"path" yaml:"path"`
		Exists bool   `json:"exists" yaml:"exists"`
	}{a.userConfig(), file != nil}
	if file != nil {
		result.Path = file.path
	} else {
		fmt.Fprintf(a.err, "authysh: there is no configuration file; this is where one is looked for, after ./%s\n", localConfig)
	}
	if s.text("output") == "" && !a.picks() {
		_, err := fmt.Fprintln(a.out, result.Path)
		return err
	}
	p, err := a.printer(s)
	if err != nil {
		return err
	}
	return a.print(p, present.Result{
		Value: result, Raw: []byte(result.Path + "\n"), Pretty: func(w io.Writer) { fmt.Fprintln(w, result.Path) },
		Head: []string{"path", "exists"}, Rows: [][]string{{result.Path, fmt.Sprint(result.Exists)}},
	})
}

// configFiles finds the configuration files of this run.
func (a *app) configFiles() *configFiles {
	f := &configFiles{
		named: a.config, lookupEnv: a.lookupEnv, userID: a.userID, warn: a.warn,
		note: func(text string) { fmt.Fprintf(a.err, "authysh: %s\n", printable(text)) },
	}
	if history := repl.HistoryFile("authysh", a.lookupEnv); history != "" {
		f.lock = filepath.Join(filepath.Dir(history), "config.lock")
	}
	return f
}

// findConfig opens the configuration file; nil for none.
func (a *app) findConfig() (*configFile, error) { return a.configFiles().find() }

// userConfig is where the user's own configuration file is looked for; empty if there is no home.
func (a *app) userConfig() string { return a.configFiles().user() }

func (a *app) home() string { return a.configFiles().home() }

// configKey reads a key as typed, with the profile of --profile.
func (a *app) configKey(written string) (configKey, error) {
	chosen, err := a.profileFlag()
	if err != nil {
		return configKey{}, err
	}
	return parseConfigKey(written, chosen)
}

// profileFlag is what --profile names; empty if it was not given.
func (a *app) profileFlag() (string, error) {
	given := a.flags.Lookup("profile")
	if given == nil || !given.Changed {
		return "", nil
	}
	name := given.Value.String()
	if strings.TrimSpace(name) == "" {
		return "", &usageError{message: "--profile must not be empty"}
	}
	return name, nil
}
