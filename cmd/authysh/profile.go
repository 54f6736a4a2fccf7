package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

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
		return nil, &usageError{
			message: fmt.Sprintf("%s: there is no profile %q, as there is no configuration file", by, clip(name)),
			hint:    "config.example.yaml shows what one looks like; --config names one",
		}
	}
	if profile, ok := c.profiles[name]; ok {
		return profile, nil
	}
	known := slices.Sorted(maps.Keys(c.profiles))
	e := &usageError{message: fmt.Sprintf("%s: there is no profile %q in %s%s", by, clip(name), c.path, suggest(name, known))}
	if e.hint = "profiles: " + strings.Join(known, ", "); len(known) == 0 {
		e.hint = "the file has no profiles"
	}
	return nil, e
}
