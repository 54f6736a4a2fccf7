package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/authysh/authysh/cmd/authysh/internal/config"
)

// configListCommand is authysh config list.
func (a *app) configListCommand() *cobra.Command {
	list := &cobra.Command{
		Use:         "list",
		Short:       "list what the configuration file sets",
		Long:        "The keys are as config set takes them. With --profile, only those of that profile.\n'authysh config show' tells what holds after flags, environment and defaults.",
		Example:     "  authysh config list\n  authysh config list --profile staging",
		Annotations: map[string]string{usesFlags: "config profile output"},
		Args:        noArguments,
	}
	target := configTargetFlags(list)
	list.RunE = func(*cobra.Command, []string) error { return a.listConfig(*target) }
	return list
}

func (a *app) listConfig(t config.Target) error {
	only, err := a.profileFlag()
	if err != nil {
		return err
	}
	files := a.configFiles()
	at, err := files.Place(t)
	if err != nil {
		return err
	}
	file, exists, err := files.Open(at)
	if err != nil {
		return err
	}
	if !exists && at.Named {
		return &usageError{message: "cannot read the configuration: there is no file " + at.Path}
	}
	if !exists {
		fmt.Fprintf(a.err, "authysh: there is no configuration file; authysh config init makes one\n")
	}
	profiles := file.ProfileNames()
	if only != "" {
		if _, err := file.Profile(only, config.Origin{Where: "--profile"}); err != nil {
			return err
		}
		profiles = []string{only}
	}
	listed := []shownSetting{}
	if only == "" {
		listed = append(listed, listLayer(file.Top, "")...)
		for key, v := range file.Plugins.Set() {
			listed = append(listed, shownSetting{Name: key.String(), Value: key.Setting.Show(v.Value), Origin: v.Origin.Where})
		}
	}
	for _, name := range profiles {
		listed = append(listed, listLayer(file.Profiles[name], name)...)
	}
	return a.showList(file, listed)
}

// listLayer lists the settings of a level in the order of the table.
func listLayer(l config.Layer, profile string) []shownSetting {
	var listed []shownSetting
	for known := range config.All() {
		if v, ok := l[known.Name]; ok {
			key := config.Key{Profile: profile, Setting: known}
			listed = append(listed, shownSetting{Name: key.String(), Value: known.Show(v.Value), Origin: v.Origin.Where})
		}
	}
	return listed
}

func (a *app) showList(file *config.File, listed []shownSetting) error {
	s, err := a.settingsOver(file.Top)
	if err != nil {
		return err
	}
	var rows [][]string
	for _, line := range listed {
		rows = append(rows, []string{line.Name, line.Value, line.Origin})
	}
	used := ""
	if v, ok := file.Top[config.ProfileSetting]; ok {
		used = v.Value.(string)
	}
	result := struct {
		File     string         `json:"file" yaml:"file"`
		Profile  string         `json:"profile" yaml:"profile"`
		Profiles []string       `json:"profiles" yaml:"profiles"`
		Settings []shownSetting `json:"settings" yaml:"settings"`
	}{file.Path, used, append([]string{}, file.ProfileNames()...), listed}
	return a.show(s, result, func(w io.Writer) { writeTable(w, rows) }, []string{"name", "value", "origin"}, rows)
}
