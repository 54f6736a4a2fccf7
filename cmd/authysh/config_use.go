package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/authysh/authysh/cmd/authysh/internal/config"
	"github.com/authysh/authysh/cmd/authysh/internal/wording"
)

// configUseCommand is authysh config use.
func (a *app) configUseCommand() *cobra.Command {
	var none bool
	use := &cobra.Command{
		Use:               "use profile | --none",
		Short:             "choose the profile that holds from now on",
		Long:              "It is written into the configuration file. --profile and AUTHYSH_PROFILE are\nstronger. --none, or an empty name, goes back to the settings without a profile.",
		Example:           "  authysh config use staging\n  authysh config use --none",
		Annotations:       map[string]string{usesFlags: "config output"},
		Args:              cobra.ArbitraryArgs,
		ValidArgsFunction: a.completeUsedProfile,
	}
	target := configTargetFlags(use)
	use.Flags().BoolVar(&none, "none", false, "use no profile")
	use.RunE = func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) > 1:
			return &usageError{message: fmt.Sprintf("authysh config use takes one profile; %d arguments are too many", len(args)), hint: helpHint(cmd)}
		case none && len(args) == 1 && args[0] != "":
			return &usageError{message: "--none and a profile contradict each other", hint: helpHint(cmd)}
		case !none && len(args) == 0:
			return a.lacksProfile(*target)
		}
		return a.useProfile(cmd.Context(), *target, strings.Join(args, ""))
	}
	return use
}

// lacksProfile says what could have been named.
func (a *app) lacksProfile(t config.Target) error {
	e := &usageError{message: "authysh config use needs the name of a profile, or --none"}
	files := a.configFiles()
	at, err := files.Place(t)
	if err != nil {
		return err
	}
	if file, _, err := files.Open(at); err == nil && len(file.Profiles) > 0 {
		e.hint = "profiles: " + strings.Join(file.ProfileNames(), ", ")
	}
	return e
}

func (a *app) useProfile(ctx context.Context, t config.Target, name string) error {
	s, err := a.quickSettings()
	if err != nil {
		return err
	}
	file, err := a.configFiles().Edit(ctx, t, func(d *config.Document) error { return d.Use(name) })
	if err != nil {
		return err
	}
	if by, ok := a.lookupEnv("AUTHYSH_PROFILE"); ok && by != "" && by != name {
		a.warn(fmt.Sprintf("AUTHYSH_PROFILE in the environment is stronger, and names %q", wording.Clip(by)), "")
	}
	words := fmt.Sprintf("%s uses the profile %s", file.Path, name)
	if name == "" {
		words = file.Path + " uses no profile"
	}
	if s.Text("output") == "" {
		fmt.Fprintf(a.err, "authysh: %s\n", words)
		return nil
	}
	result := struct {
		File    string `json:"file" yaml:"file"`
		Profile string `json:"profile" yaml:"profile"`
	}{file.Path, name}
	return a.show(s, result, func(w io.Writer) { fmt.Fprintln(w, words) }, []string{"file", "profile"}, [][]string{{file.Path, name}})
}
