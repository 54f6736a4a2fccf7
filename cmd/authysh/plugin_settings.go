package main

import (
	"fmt"

	"go.yaml.in/yaml/v3"
)

// pluginsKey holds the settings of plugins in a file: dirs, and config by the plugin's name.
const pluginsKey = "plugins"

// pluginSettings are what a configuration file says of plugins.
type pluginSettings struct {
	dirs   []string // nil for the default
	config map[string]map[string]any
}

// parsePlugins reads the settings of plugins. A plugin itself checks those that are its own.
func (c *configFile) parsePlugins(e entry) error {
	if c.foreign != "" {
		return &configError{
			message: fmt.Sprintf("%s: %s is not taken from this file, as %s", c.at(e.key), pluginsKey, c.foreign),
			hint:    "if you trust it, say so with --config " + c.path,
		}
	}
	entries, err := c.entries(e.value, pluginsKey)
	if err != nil {
		return err
	}
	for _, e := range entries {
		switch e.key.Value {
		case "dirs":
			err = c.parsePluginDirs(e.value)
		case "config":
			err = c.parsePluginConfig(e.value)
		default:
			err = &configError{message: fmt.Sprintf("%s: unknown key %q in %s%s", c.at(e.key), clip(e.key.Value), pluginsKey,
				suggest(e.key.Value, []string{"dirs", "config"})), hint: "known keys: dirs, config"}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *configFile) parsePluginDirs(node *yaml.Node) error {
	var dirs []string
	if err := node.Decode(&dirs); err != nil || node.Kind != yaml.SequenceNode {
		return &configError{message: c.at(node) + ": plugins.dirs must be a list of directories, as in [~/authysh-plugins]"}
	}
	c.plugins.dirs = []string{}
	for _, dir := range dirs {
		if dir == "" {
			return &configError{message: c.at(node) + ": plugins.dirs must not have an empty directory"}
		}
		c.plugins.dirs = append(c.plugins.dirs, c.resolve(dir))
	}
	return nil
}

func (c *configFile) parsePluginConfig(node *yaml.Node) error {
	entries, err := c.entries(node, "plugins.config")
	if err != nil {
		return err
	}
	c.plugins.config = map[string]map[string]any{}
	for _, e := range entries {
		var values map[string]any
		if err := e.value.Decode(&values); err != nil {
			return &configError{message: fmt.Sprintf("%s: plugins.config.%s must hold keys and values, got %s",
				c.at(e.value), clip(e.key.Value), describe(target(e.value)))}
		}
		c.plugins.config[e.key.Value] = values
	}
	return nil
}
