package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/authysh/authysh/cmd/authysh/internal/config"
	"github.com/authysh/authysh/cmd/authysh/internal/present"
)

// configCommand is authysh config.
func (a *app) configCommand() *cobra.Command {
	cmd := &cobra.Command{
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
	cmd.AddCommand(
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
	return cmd
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
		result.Path = file.Path
	} else if result.Path == "" {
		_, err := a.configFiles().Place(config.Target{User: true})
		return err
	} else {
		fmt.Fprintf(a.err, "authysh: there is no configuration file; this is where one is looked for, after ./%s\n", config.LocalFile)
	}
	if s.Text("output") == "" && !a.picks() {
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
