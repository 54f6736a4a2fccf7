package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/authysh/authysh/cmd/authysh/internal/config"
)

// configShowCommand is authysh config show.
func (a *app) configShowCommand() *cobra.Command {
	var everyOrigin bool
	show := &cobra.Command{
		Use:   "show",
		Short: "show the effective settings and their origins",
		Long: "What holds, and the flag, the variable or the line of the file that it is from.\n" +
			"A profile has what the top level of the file has, unless it says otherwise.",
		Args: noArguments,
		RunE: func(*cobra.Command, []string) error { return a.showConfig(everyOrigin) },
	}
	show.Flags().BoolVar(&everyOrigin, "origin", false, "also every weaker place that sets the same")
	return show
}

// shownSetting is one line of config show. The value is text as users would write it, "********" for secrets.
type shownSetting struct {
	Name   string `json:"name" yaml:"name"`
	Value  string `json:"value" yaml:"value"`
	Origin string `json:"origin" yaml:"origin"`
	// Overridden are the places that lost, the strongest first.
	Overridden []overridden `json:"overridden,omitempty" yaml:"overridden,omitempty"`
}

// overridden is a value that a stronger place replaced.
type overridden struct {
	Value  string `json:"value" yaml:"value"`
	Origin string `json:"origin" yaml:"origin"`
}

// showConfig shows every setting, also those that nobody set.
func (a *app) showConfig(everyOrigin bool) error {
	s, err := a.settings()
	if err != nil {
		return err
	}
	if _, err := a.client(s); err != nil {
		return err
	}
	dirs, err := a.pluginDirs(s)
	if err != nil {
		return err
	}
	var shown []shownSetting
	var rows [][]string
	for _, key := range s.Keys() {
		found, by, ok := s.Find(key, dirs)
		line := shownSetting{Name: key.String(), Value: key.Setting.Show(found), Origin: by}
		value := line.Value
		if !ok {
			value, by = "-", "not set"
		}
		rows = append(rows, []string{line.Name, value, by})
		if everyOrigin {
			for _, lost := range s.Overridden(line.Name) {
				line.Overridden = append(line.Overridden, overridden{key.Setting.Show(lost.Value), lost.Origin.String()})
			}
		}
		for _, lost := range line.Overridden {
			rows = append(rows, []string{"", lost.Value, "overridden: " + lost.Origin})
		}
		shown = append(shown, line)
	}
	result := struct {
		File     string         `json:"file" yaml:"file"`
		Profile  string         `json:"profile" yaml:"profile"`
		Settings []shownSetting `json:"settings" yaml:"settings"`
	}{s.File, s.Profile, shown}
	return a.show(s, result, func(w io.Writer) { writeTable(w, rows) }, []string{"name", "value", "origin"}, rows)
}

// configGetCommand is authysh config get.
func (a *app) configGetCommand() *cobra.Command {
	var unmask bool
	get := &cobra.Command{
		Use:               "get key",
		Short:             "print the effective value of one setting",
		Long:              "It is the value that holds: of a flag, the environment, the file or the default.\nWhat is not set is an error. Secrets show as ******** unless --unmask is given.",
		Example:           "  authysh config get host\n  authysh config get --profile staging timeout",
		Args:              betweenArguments(1, 1, "one key"),
		ValidArgsFunction: a.completeSetting,
		RunE:              func(_ *cobra.Command, args []string) error { return a.getConfig(args[0], unmask) },
	}
	get.Flags().BoolVar(&unmask, "unmask", false, "show a secret as it is")
	return get
}

// gotSetting is the result of config get. The value is text as users would write it, but that of a plugin's setting keeps
// the type that it has in the file.
type gotSetting struct {
	Name   string `json:"name" yaml:"name"`
	Value  any    `json:"value" yaml:"value"`
	Origin string `json:"origin" yaml:"origin"`
}

func (a *app) getConfig(written string, unmask bool) error {
	key, err := a.configKey(written)
	if err != nil {
		return err
	}
	if key.Setting == nil {
		return &usageError{message: fmt.Sprintf("%s is a whole profile", key), hint: "authysh config show --profile " + key.Profile + " shows what holds with it"}
	}
	strongest := config.Layer{}
	if key.Profile != "" {
		strongest[config.ProfileSetting] = config.Sourced{Value: key.Profile, Origin: config.Origin{Where: written}}
	}
	s, err := a.settingsWith(strongest)
	if err != nil {
		return err
	}
	var dirs []string
	if key.OfPlugins() {
		if dirs, err = a.pluginDirs(s); err != nil {
			return err
		}
	}
	known := key.Setting
	value, by, ok := s.Find(key, dirs)
	if !ok {
		e := &usageError{message: known.Name + " is not set", hint: fmt.Sprintf("authysh config set %s VALUE sets it", key)}
		if source, other := s.KeySource(); source != "" && known.GivesKey() {
			e.hint = fmt.Sprintf("the key comes from %s, which %s sets", source, other)
		}
		return e
	}
	shown, err := known.Plain(value)
	if err != nil {
		return fmt.Errorf("%s cannot be shown: %w", key, err)
	}
	if masked := known.Show(value); !unmask && known.Hides() && masked != shown {
		shown = masked
		if a.stderrTerminal {
			a.hint("--unmask shows the secret")
		}
	}
	result := gotSetting{Name: known.Name, Value: shown, Origin: by}
	if key.OfPlugins() {
		result.Value = value
	}
	return a.showBare(s, shown, result, []string{"name", "value", "origin"}, [][]string{{known.Name, shown, by}})
}

// showBare prints one word for scripts, unless a form of output was asked for.
func (a *app) showBare(s *config.Settings, word string, value any, head []string, rows [][]string) error {
	if by := s.Origin("output"); by.Where == "" || by.InFile {
		_, err := fmt.Fprintln(a.out, word)
		return err
	}
	return a.show(s, value, func(w io.Writer) { fmt.Fprintln(w, word) }, head, rows)
}
