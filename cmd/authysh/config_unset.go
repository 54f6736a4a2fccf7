package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/authysh/authysh/cmd/authysh/internal/config"
)

// configUnsetCommand is authysh config unset.
func (a *app) configUnsetCommand() *cobra.Command {
	unset := &cobra.Command{
		Use:   "unset key",
		Short: "remove a setting, or a whole profile, from the file",
		Long: "The key is a setting, one of a profile such as profiles.staging.host, or a whole\n" +
			"profile such as profiles.staging.",
		Example:           "  authysh config unset timeout\n  authysh config unset profiles.staging",
		Annotations:       map[string]string{usesFlags: "config profile output"},
		Args:              betweenArguments(1, 1, "one key"),
		ValidArgsFunction: a.completeSetting,
	}
	target := configTargetFlags(unset)
	unset.RunE = func(cmd *cobra.Command, args []string) error {
		return a.unsetConfig(cmd.Context(), *target, args[0])
	}
	return unset
}

func (a *app) unsetConfig(ctx context.Context, t config.Target, written string) error {
	key, err := a.configKey(written)
	if err != nil {
		return err
	}
	s, err := a.quickSettings()
	if err != nil {
		return err
	}
	found := false
	file, err := a.configFiles().Edit(ctx, t, func(d *config.Document) (err error) {
		found, err = d.Remove(key)
		return err
	})
	if err != nil {
		return err
	}
	words := fmt.Sprintf("%s is removed from %s", key, file.Path)
	switch inherited := file.Holds(key); {
	case !found && inherited:
		return &usageError{
			message: fmt.Sprintf("%s is not set there itself, but merged from another part of %s", key, file.Path),
			hint:    "edit the file, or set another value over it",
		}
	case !found:
		words = fmt.Sprintf("%s is not set in %s", key, file.Path)
	case key.Setting != nil && key.Setting.Name == "key_keyring":
		words += "; the key itself stays in the keyring"
	}
	return a.tellChanged(s, file, key, words)
}
