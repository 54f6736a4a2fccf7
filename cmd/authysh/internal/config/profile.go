package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/authysh/authysh/cmd/authysh/internal/wording"
)

// ProfileNames lists the names of the profiles; a nil file has none.
func (c *File) ProfileNames() []string {
	if c == nil {
		return nil
	}
	return slices.Sorted(maps.Keys(c.Profiles))
}

// layers are those of the file: what holds always, and what the chosen profile adds. The flags choose it before the
// environment does, and that before the file. A nil file has no layers.
func (c *File) layers(env, flags Layer) (top, profile Layer, name string, err error) {
	if c != nil {
		top = c.Top
	}
	for _, level := range []Layer{flags, env, top} {
		chosen, ok := level["profile"]
		if !ok {
			continue
		}
		name = chosen.Value.(string)
		if profile, err = c.Profile(name, chosen.Origin); err != nil {
			return nil, nil, "", err
		}
		break
	}
	return top, profile, name, nil
}

// Profile finds a profile; an unknown one is an error that lists those there are.
func (c *File) Profile(name string, by Origin) (Layer, error) {
	if c == nil {
		return nil, &Error{
			Message: fmt.Sprintf("%s: there is no profile %q, as there is no configuration file", by, wording.Clip(name)),
			Hint:    "config.example.yaml shows what one looks like; --config names one",
		}
	}
	if profile, ok := c.Profiles[name]; ok {
		return profile, nil
	}
	known := c.ProfileNames()
	e := &Error{Message: fmt.Sprintf("%s: there is no profile %q in %s%s", by, wording.Clip(name), c.Path, wording.Suggest(name, known))}
	if e.Hint = "profiles: " + strings.Join(known, ", "); len(known) == 0 {
		e.Hint = "the file has no profiles"
	}
	return nil, e
}

// Level is the top, or a profile; nil for one that is not there.
func (c *File) Level(profile string) Layer {
	if profile == "" {
		return c.Top
	}
	return c.Profiles[profile]
}

// Value is what the file itself says for a key; nil for nothing.
func (c *File) Value(key Key) any {
	switch {
	case key.OfPlugins():
		return c.Plugins.at(key.Path())
	case key.Setting == nil:
		return nil
	}
	return c.Level(key.Profile)[key.Setting.Name].Value
}

// Holds reports whether the file sets the key in some way.
func (c *File) Holds(key Key) bool {
	if key.Setting == nil {
		_, ok := c.Profiles[key.Profile]
		return ok
	}
	return c.Value(key) != nil
}

// Stronger says what keeps a setting of the file from having an effect: the environment, or the profile in use. Empty is
// nothing.
func (c *File) Stronger(key Key, env Layer) string {
	names := []string{key.Setting.Name}
	if slices.Contains(keySources, key.Setting.Name) {
		names = keySources
	}
	for _, name := range names {
		if by, ok := env[name]; ok {
			return fmt.Sprintf("%s in the environment is stronger than %s in the file", by.Origin, key.Setting.Name)
		}
	}
	_, profile, _, err := c.layers(env, Layer{})
	if err != nil || key.Profile != "" {
		return ""
	}
	for _, name := range names {
		if by, ok := profile[name]; ok {
			return fmt.Sprintf("the profile in use is stronger: %s sets %s", by.Origin, name)
		}
	}
	return ""
}
