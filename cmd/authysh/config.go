package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/authysh/authysh/cmd/authysh/internal/present"
)

// configCommand is authysh config.
func (a *app) configCommand() *cobra.Command {
	config := &cobra.Command{
		Use:   "config command",
		Short: "show the settings and where they come from",
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
		&cobra.Command{
			Use:   "show",
			Short: "show the effective settings and their origins",
			Args:  noArguments,
			RunE:  func(*cobra.Command, []string) error { return a.showConfig() },
		},
	)
	return config
}

// showConfigPath prints one path, so that an editor can be started with it.
func (a *app) showConfigPath() error {
	file, err := a.findConfig(a.config)
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

// shownSetting is one line of config show. The value is text as users would write it, "********" for secrets.
type shownSetting struct {
	Name   string `json:"name" yaml:"name"`
	Value  string `json:"value" yaml:"value"`
	Origin string `json:"origin" yaml:"origin"`
}

// showConfig shows every setting, also those that nobody set.
func (a *app) showConfig() error {
	s, err := a.settings()
	if err != nil {
		return err
	}
	if _, err := a.client(s); err != nil {
		return err
	}
	var shown []shownSetting
	var rows [][]string
	for i := range table {
		known := &table[i]
		line := shownSetting{known.name, known.show(s.values.Get(known.name)), s.origins[known.name].String()}
		shown = append(shown, line)
		value, by := line.Value, line.Origin
		if by == "" {
			value, by = "-", "not set"
		}
		rows = append(rows, []string{known.name, value, by})
	}
	result := struct {
		File     string         `json:"file" yaml:"file"`
		Profile  string         `json:"profile" yaml:"profile"`
		Settings []shownSetting `json:"settings" yaml:"settings"`
	}{s.file, s.profile, shown}
	return a.show(s, result, func(w io.Writer) { writeTable(w, rows) }, []string{"name", "value", "origin"}, rows)
}
