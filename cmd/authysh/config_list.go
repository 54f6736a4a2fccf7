package main

import (
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/spf13/cobra"
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

func (a *app) listConfig(t configTarget) error {
	only, err := a.profileFlag()
	if err != nil {
		return err
	}
	files := a.configFiles()
	path, named, err := files.path(t)
	if err != nil {
		return err
	}
	file, exists, err := files.open(path, named)
	if err != nil {
		return err
	}
	if !exists && named {
		return &usageError{message: "cannot read the configuration: there is no file " + path}
	}
	if !exists {
		fmt.Fprintf(a.err, "authysh: there is no configuration file; authysh config init makes one\n")
	}
	profiles := slices.Sorted(maps.Keys(file.profiles))
	if only != "" {
		if _, err := file.profile(only, origin{where: "--profile"}); err != nil {
			return err
		}
		profiles = []string{only}
	}
	listed := []shownSetting{}
	if only == "" {
		listed = append(listed, listLayer(file.top, "")...)
	}
	for _, name := range profiles {
		listed = append(listed, listLayer(file.profiles[name], name)...)
	}
	return a.showList(file, listed)
}

// listLayer lists the settings of a level in the order of the table.
func listLayer(l layer, profile string) []shownSetting {
	var listed []shownSetting
	for i := range table {
		known := &table[i]
		if v, ok := l[known.name]; ok {
			listed = append(listed, shownSetting{Name: configKey{profile, known}.String(), Value: known.show(v.value), Origin: v.origin.where})
		}
	}
	return listed
}

func (a *app) showList(file *configFile, listed []shownSetting) error {
	s, err := a.settingsOver(file.top)
	if err != nil {
		return err
	}
	var rows [][]string
	for _, line := range listed {
		rows = append(rows, []string{line.Name, line.Value, line.Origin})
	}
	used := ""
	if v, ok := file.top[profileSetting]; ok {
		used = v.value.(string)
	}
	result := struct {
		File     string         `json:"file" yaml:"file"`
		Profile  string         `json:"profile" yaml:"profile"`
		Profiles []string       `json:"profiles" yaml:"profiles"`
		Settings []shownSetting `json:"settings" yaml:"settings"`
	}{file.path, used, slices.AppendSeq([]string{}, slices.Values(slices.Sorted(maps.Keys(file.profiles)))), listed}
	return a.show(s, result, func(w io.Writer) { writeTable(w, rows) }, []string{"name", "value", "origin"}, rows)
}
