package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// profileSetting names the setting that chooses a profile.
const profileSetting = "profile"

// layers are those of the file: what holds always, and what the chosen profile adds. The profile may be chosen by any
// level; stronger ones come first in over's place. A nil file has no layers.
func (c *configFile) layers(flags, env layer) (top, profile layer, name string, err error) {
	if c != nil {
		top = c.top
	}
	for _, level := range []layer{flags, env, top} {
		chosen, ok := level["profile"]
		if !ok {
			continue
		}
		name = chosen.value.(string)
		if profile, err = c.profile(name, chosen.origin); err != nil {
			return nil, nil, "", err
		}
		break
	}
	return top, profile, name, nil
}

// profile finds a profile; an unknown one is an error that lists those there are.
func (c *configFile) profile(name string, by origin) (layer, error) {
	if c == nil {
		return nil, &configError{
			message: fmt.Sprintf("%s: there is no profile %q, as there is no configuration file", by, clip(name)),
			hint:    "config.example.yaml shows what one looks like; --config names one",
		}
	}
	if profile, ok := c.profiles[name]; ok {
		return profile, nil
	}
	known := slices.Sorted(maps.Keys(c.profiles))
	e := &configError{message: fmt.Sprintf("%s: there is no profile %q in %s%s", by, clip(name), c.path, suggest(name, known))}
	if e.hint = "profiles: " + strings.Join(known, ", "); len(known) == 0 {
		e.hint = "the file has no profiles"
	}
	return nil, e
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

// stronger says what keeps a setting of the file from having an effect: the environment, or the profile in use. Empty is
// nothing.
func (c *configFile) stronger(key configKey, env layer) string {
	names := []string{key.setting.name}
	if slices.Contains(keySources, key.setting.name) {
		names = keySources
	}
	for _, name := range names {
		if by, ok := env[name]; ok {
			return fmt.Sprintf("%s in the environment is stronger than %s in the file", by.origin, key.setting.name)
		}
	}
	_, profile, _, err := c.layers(layer{}, env)
	if err != nil || key.profile != "" {
		return ""
	}
	for _, name := range names {
		if by, ok := profile[name]; ok {
			return fmt.Sprintf("the profile in use is stronger: %s sets %s", by.origin, name)
		}
	}
	return ""
}
