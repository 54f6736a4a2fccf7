package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
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

func (a *app) unsetConfig(ctx context.Context, t configTarget, written string) error {
	if isPluginKey(written) {
		return a.unsetPluginConfig(ctx, t, written)
	}
	key, err := a.configKey(written)
	if err != nil {
		return err
	}
	s, err := a.quickSettings()
	if err != nil {
		return err
	}
	found := false
	file, err := a.editConfig(ctx, t, func(d *document) error {
		var err error
		if found, err = d.unset(key.path()); err != nil || !found {
			return err
		}
		return a.checkUnset(d, key)
	})
	if err != nil {
		return err
	}
	words := fmt.Sprintf("%s is removed from %s", key, file.path)
	switch inherited := file.holds(key); {
	case !found && inherited:
		return &usageError{
			message: fmt.Sprintf("%s is not set there itself: the profile merges it from another part of %s", key, file.path),
			hint:    "edit the file, or set another value over it",
		}
	case !found:
		words = fmt.Sprintf("%s is not set in %s", key, file.path)
	case key.setting != nil && key.setting.name == "key_keyring":
		words += "; the key itself stays in the keyring"
	}
	return a.tellChanged(s, file, key, words)
}

// checkUnset refuses to remove the profile that the file has in use.
func (a *app) checkUnset(d *document, key configKey) error {
	if key.setting != nil {
		return nil
	}
	after := a.newConfigFile(d.file.path)
	if err := after.parse(d.text); err != nil {
		return nil // told by who checks the whole
	}
	if used, ok := after.top[profileSetting]; ok && used.value == key.profile {
		if _, kept := after.profiles[key.profile]; !kept {
			return &usageError{
				message: fmt.Sprintf("%s is the profile in use, by %s", key.profile, used.origin),
				hint:    "authysh config use --none first, or another profile",
			}
		}
	}
	return nil
}

// level is the top, or a profile; nil for one that is not there.
func (c *configFile) level(profile string) layer {
	if profile == "" {
		return c.top
	}
	return c.profiles[profile]
}

// holds reports whether the file sets the key in some way.
func (c *configFile) holds(key configKey) bool {
	if key.setting == nil {
		_, ok := c.profiles[key.profile]
		return ok
	}
	_, ok := c.level(key.profile)[key.setting.name]
	return ok
}
