package config

import (
	"fmt"
	"iter"

	"go.yaml.in/yaml/v3"

	"github.com/authysh/authysh/cmd/authysh/internal/wording"
)

// Plugins are what a configuration file says of plugins.
type Plugins struct {
	Dirs   []string // nil for the default
	Config map[string]map[string]any

	where map[string]string // the places of settings in the file, by their keys
}

// Set lists what the file sets of plugins, each setting with its value and its place in the file.
func (p Plugins) Set() iter.Seq2[Key, Sourced] {
	return func(yield func(Key, Sourced) bool) {
		for _, key := range p.keys() {
			if value := p.at(key.Path()); value != nil || key.Plugin() != "" {
				if !yield(key, Sourced{Value: value, Origin: Origin{Where: p.where[key.String()], InFile: true}}) {
					return
				}
			}
		}
	}
}

// at is what a way leads to; nil for nothing.
func (p Plugins) at(way []string) any {
	switch len(way) {
	case 1:
		if p.Dirs != nil || len(p.Config) > 0 {
			return map[string]any{"dirs": p.Dirs, "config": withoutType(p.Config)}
		}
	case 2:
		if way[1] == dirsKey && p.Dirs != nil {
			return p.Dirs
		}
		if way[1] == configKey && len(p.Config) > 0 {
			return withoutType(p.Config)
		}
	case 3:
		if values := p.Config[way[2]]; values != nil {
			return values
		}
	case 4:
		return p.Config[way[2]][way[3]]
	}
	return nil
}

// note keeps the place of a setting.
func (p *Plugins) note(key Key, where string) {
	if p.where == nil {
		p.where = map[string]string{}
	}
	p.where[key.String()] = where
}

// withoutType makes all that plugins are set to a value like any other.
func withoutType(config map[string]map[string]any) map[string]any {
	all := make(map[string]any, len(config))
	for name, values := range config {
		all[name] = values
	}
	return all
}

// parsePlugins reads the settings of plugins. A plugin itself checks those that are its own.
func (c *File) parsePlugins(e entry) error {
	if c.foreign != "" {
		return &Error{
			Message: fmt.Sprintf("%s: %s is not taken from this file, as %s", c.at(e.key), PluginsKey, c.foreign),
			Hint:    "if you trust it, say so with --config " + c.Path,
		}
	}
	entries, err := c.entries(e.value, PluginsKey)
	if err != nil {
		return err
	}
	for _, e := range entries {
		switch e.key.Value {
		case dirsKey:
			err = c.parsePluginDirs(e.value)
		case configKey:
			err = c.parsePluginConfig(e.value)
		default:
			err = &Error{Message: fmt.Sprintf("%s: unknown key %q in %s%s", c.at(e.key), wording.Clip(e.key.Value), PluginsKey,
				wording.Suggest(e.key.Value, []string{dirsKey, configKey})), Hint: "known keys: dirs, config"}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *File) parsePluginDirs(node *yaml.Node) error {
	var dirs []string
	if err := node.Decode(&dirs); err != nil || node.Kind != yaml.SequenceNode {
		return &Error{Message: c.at(node) + ": plugins.dirs must be a list of directories, as in [~/authysh-plugins]"}
	}
	c.Plugins.Dirs = []string{}
	c.Plugins.note(PluginDirs(), c.at(node))
	for _, dir := range dirs {
		if dir == "" {
			return &Error{Message: c.at(node) + ": plugins.dirs must not have an empty directory"}
		}
		c.Plugins.Dirs = append(c.Plugins.Dirs, c.resolve(dir))
	}
	return nil
}

func (c *File) parsePluginConfig(node *yaml.Node) error {
	entries, err := c.entries(node, "plugins.config")
	if err != nil {
		return err
	}
	c.Plugins.Config = map[string]map[string]any{}
	for _, e := range entries {
		var values map[string]any
		if err := e.value.Decode(&values); err != nil {
			return &Error{Message: fmt.Sprintf("%s: plugins.config.%s must hold keys and values, got %s",
				c.at(e.value), wording.Clip(e.key.Value), describe(target(e.value)))}
		}
		c.Plugins.Config[e.key.Value] = values
		settings, err := c.entries(e.value, "plugins.config."+wording.Clip(e.key.Value))
		if err != nil {
			return err
		}
		for _, setting := range settings {
			c.Plugins.note(PluginSetting(e.key.Value, setting.key.Value), c.at(setting.key))
		}
	}
	return nil
}
