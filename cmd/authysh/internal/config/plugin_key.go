package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/authysh/authysh/cmd/authysh/internal/wording"
	"github.com/authysh/authysh/luabind/plugin"
)

// What plugins are set to: plugins.dirs, and plugins.config.NAME.SETTING. It stands at the top of the file only, and comes
// from nowhere else.

const (
	dirsKey   = "dirs"
	configKey = "config"
	// pluginKeys is the hint for a key that is none of them.
	pluginKeys = "keys of plugins: plugins.dirs, plugins.config.NAME.SETTING"
)

// PluginDirs is the key of the directories in which plugins are searched for.
func PluginDirs() Key { return pluginKey([]string{PluginsKey, dirsKey}) }

// PluginSetting is the key of a setting of a plugin's.
func PluginSetting(plugin, name string) Key {
	return pluginKey([]string{PluginsKey, configKey, plugin, name})
}

// pluginKey is the key at the end of a way that was checked.
func pluginKey(way []string) Key {
	known := &Setting{Name: strings.Join(way, "."), Kind: Group, Guarded: true, TopLevel: true}
	switch {
	case len(way) == 2 && way[1] == dirsKey:
		known.Kind, known.Doc = Paths, "where plugins are searched for"
	case len(way) == 4:
		known.Kind = Any
	}
	return Key{Setting: known, plugins: way}
}

// parsePluginKey reads "plugins.dirs", "plugins.config.guard.daily", or what holds several of these.
func parsePluginKey(written, chosen string) (Key, error) {
	if chosen != "" {
		return Key{}, &Error{Message: fmt.Sprintf("%s is the same in all profiles", wording.Clip(written)), Hint: "leave --profile out"}
	}
	way := strings.Split(written, ".")
	wrong := ""
	switch {
	case slices.Contains(way, ""):
		wrong = fmt.Sprintf("%q has an empty part", wording.Clip(written))
	case len(way) > 1 && way[1] != dirsKey && way[1] != configKey:
		wrong = fmt.Sprintf("there is no setting %q%s", wording.Clip(written), wording.Suggest(way[1], []string{dirsKey, configKey}))
	case len(way) > 4 || len(way) > 2 && way[1] == dirsKey:
		wrong = fmt.Sprintf("there is no setting %q", wording.Clip(written))
	case len(way) > 2 && plugin.CheckName(way[2]) != nil:
		wrong = plugin.CheckName(way[2]).Error()
	}
	if wrong != "" {
		return Key{}, &Error{Message: wrong, Hint: pluginKeys}
	}
	return pluginKey(way), nil
}

// OfPlugins reports whether the key is about what plugins are set to.
func (k Key) OfPlugins() bool { return k.plugins != nil }

// Plugin names the plugin that one setting belongs to; empty for any other key.
func (k Key) Plugin() string {
	if len(k.plugins) < 4 {
		return ""
	}
	return k.plugins[2]
}

// Declared is the key with what its plugin says of its settings, of which it must be one. What a plugin declares as text
// stays text, whatever it looks like.
func (k Key) Declared(by []plugin.Setting) (Key, error) {
	name := k.plugins[3]
	i := slices.IndexFunc(by, func(s plugin.Setting) bool { return s.Name == name })
	if i < 0 {
		var names []string
		for _, s := range by {
			names = append(names, s.Name)
		}
		return k, &Error{
			Message: fmt.Sprintf("the plugin %s has no setting %q%s", k.Plugin(), wording.Clip(name), wording.Suggest(name, names)),
			Hint:    "authysh plugin info " + k.Plugin() + " lists them",
		}
	}
	declared := *k.Setting
	declared.accepts = by[i].Check
	if by[i].Type == "string" {
		declared.Kind = Verbatim
	}
	k.Setting = &declared
	return k, nil
}

// pluginNode is what a plugin is set to as it stands in the file. The error reads on after the setting's name.
func (s *Setting) pluginNode(written string) (*yaml.Node, error) {
	if !utf8.ValidString(written) {
		return nil, fmt.Errorf("must be text in UTF-8")
	}
	if s.Kind == Verbatim {
		node := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: written}
		return node, s.admit(node)
	}
	var document yaml.Node
	if err := yaml.Unmarshal([]byte(written), &document); err != nil || len(document.Content) != 1 {
		return nil, fmt.Errorf("must be a value in YAML, such as 100 or [PT, ES], got %q", wording.Clip(written))
	}
	node := document.Content[0]
	if s.Kind == Paths && node.Kind == yaml.ScalarNode {
		node = &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Style: yaml.FlowStyle, Content: []*yaml.Node{node}}
	}
	node.Line, node.Column = 0, 0
	return node, s.admit(node)
}

// admit asks the plugin's declaration whether a value is one of its setting's.
func (s *Setting) admit(node *yaml.Node) error {
	if s.accepts == nil {
		return nil
	}
	var value any
	if err := node.Decode(&value); err != nil {
		return err
	}
	return s.accepts(value)
}

// keys lists the keys of what plugins are set to, by name.
func (p Plugins) keys() []Key {
	keys := []Key{PluginDirs()}
	for _, name := range slices.Sorted(maps.Keys(p.Config)) {
		for _, setting := range slices.Sorted(maps.Keys(p.Config[name])) {
			keys = append(keys, PluginSetting(name, setting))
		}
	}
	return keys
}
