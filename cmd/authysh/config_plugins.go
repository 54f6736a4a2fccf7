package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/authysh/authysh/cmd/authysh/internal/config"
	"github.com/authysh/authysh/luabind"
	"github.com/authysh/authysh/luabind/plugin"
)

// The settings of plugins in config set, get, unset and show: plugins.dirs, and plugins.config.NAME.SETTING. They stand at
// the top of the file only, and come from nowhere else.

// pluginKey is where a setting of plugins stands in the file: "plugins", "config", the plugin, and its setting.
type pluginKey []string

func (k pluginKey) String() string { return strings.Join(k, ".") }

// isPluginKey reports whether a key is about plugins.
func isPluginKey(written string) bool {
	return written == config.PluginsKey || strings.HasPrefix(written, config.PluginsKey+".")
}

// pluginKey reads "plugins.dirs" or "plugins.config.guard.daily"; whole permits what holds several settings.
func (a *app) pluginKey(written string, whole bool) (pluginKey, error) {
	if chosen, err := a.profileFlag(); err != nil || chosen != "" {
		if err == nil {
			err = &usageError{message: fmt.Sprintf("%s is the same in all profiles", clip(written)), hint: "leave --profile out"}
		}
		return nil, err
	}
	const hint = "keys of plugins: plugins.dirs, plugins.config.NAME.SETTING"
	key := pluginKey(strings.Split(written, "."))
	wrong := ""
	switch {
	case slices.Contains(key, ""):
		wrong = fmt.Sprintf("%q has an empty part", clip(written))
	case len(key) == 1 && !whole:
		wrong = config.PluginsKey + " holds several settings"
	case len(key) > 1 && key[1] != "dirs" && key[1] != "config":
		wrong = fmt.Sprintf("there is no setting %q%s", clip(written), suggest(key[1], []string{"dirs", "config"}))
	case len(key) > 4 || len(key) > 2 && key[1] == "dirs":
		wrong = fmt.Sprintf("there is no setting %q", clip(written))
	case len(key) > 2 && plugin.CheckName(key[2]) != nil:
		wrong = plugin.CheckName(key[2]).Error()
	case !whole && !(len(key) == 2 && key[1] == "dirs" || len(key) == 4):
		wrong = fmt.Sprintf("%s holds several settings", clip(written))
	}
	if wrong != "" {
		return nil, &usageError{message: wrong, hint: hint}
	}
	return key, nil
}

// setPluginConfig writes a setting of plugins. The value is YAML: 100, [PT, ES], or a text.
func (a *app) setPluginConfig(ctx context.Context, t config.Target, args []string) error {
	key, err := a.pluginKey(args[0], false)
	if err != nil {
		return err
	}
	s, err := a.quickSettings()
	if err != nil {
		return err
	}
	if len(args) < 2 {
		return &usageError{message: fmt.Sprintf("authysh config set %s needs a value", key), hint: "a list is written as [PT, ES]"}
	}
	text, err := a.typed(ctx, key.String(), args[1])
	if err != nil {
		return err
	}
	known, err := a.knownPluginSetting(ctx, key)
	if err != nil {
		return err
	}
	node, err := checkedPluginValue(key, strings.TrimSpace(string(text)), known)
	if err != nil {
		return err
	}
	file, err := a.configFiles().Edit(ctx, t, func(d *config.Document) error { return d.Set(key, node) })
	if err != nil {
		return err
	}
	return a.tellPluginChange(s, file, key, args[1], fmt.Sprintf("%s is set in %s", key, file.Path))
}

// pluginValue is a value as it stands in the file. What a plugin declares as text stays text, whatever it looks like.
func pluginValue(key pluginKey, written string, known *plugin.Setting) (*yaml.Node, error) {
	if known != nil && known.Type == "string" {
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: written}, nil
	}
	var document yaml.Node
	if err := yaml.Unmarshal([]byte(written), &document); err != nil || len(document.Content) != 1 {
		return nil, &usageError{message: fmt.Sprintf("%s must be a value in YAML, such as 100 or [PT, ES], got %q", key, clip(written))}
	}
	node := document.Content[0]
	if key[1] == "dirs" && node.Kind == yaml.ScalarNode {
		node = &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Style: yaml.FlowStyle, Content: []*yaml.Node{node}}
	}
	node.Line, node.Column = 0, 0
	return node, nil
}

// knownPluginSetting is what the plugin says of its setting; nil where the plugin is not installed or cannot be read.
func (a *app) knownPluginSetting(ctx context.Context, key pluginKey) (*plugin.Setting, error) {
	if len(key) < 4 {
		return nil, nil
	}
	declared := a.declaredSettings(ctx, key[2])
	if declared == nil {
		return nil, nil
	}
	var names []string
	for i := range declared {
		if declared[i].Name == key[3] {
			return &declared[i], nil
		}
		names = append(names, declared[i].Name)
	}
	return nil, &usageError{
		message: fmt.Sprintf("the plugin %s has no setting %q%s", key[2], clip(key[3]), suggest(key[3], names)), hint: "authysh plugin info " + key[2] + " lists them",
	}
}

func (a *app) declaredSettings(ctx context.Context, name string) []plugin.Setting {
	s, err := a.settings()
	if err != nil {
		return nil
	}
	dirs, err := a.pluginDirs(s)
	if err != nil {
		return nil
	}
	found, err := plugin.Find(dirs, name)
	if err != nil {
		return nil
	}
	m, err := luabind.InspectPlugin(ctx, found)
	if err != nil {
		return nil
	}
	return m.Config
}

// unsetPluginConfig removes a setting of plugins, or several together.
func (a *app) unsetPluginConfig(ctx context.Context, t config.Target, written string) error {
	key, err := a.pluginKey(written, true)
	if err != nil {
		return err
	}
	s, err := a.quickSettings()
	if err != nil {
		return err
	}
	found := false
	file, err := a.configFiles().Edit(ctx, t, func(d *config.Document) error {
		found, err = d.Unset(key)
		return err
	})
	if err != nil {
		return err
	}
	words := fmt.Sprintf("%s is removed from %s", key, file.Path)
	if !found {
		words = fmt.Sprintf("%s is not set in %s", key, file.Path)
	}
	return a.tellPluginChange(s, file, key, "", words)
}

func (a *app) tellPluginChange(s *config.Settings, file *config.File, key pluginKey, value, words string) error {
	if s.Text(config.OutputSetting) == "" {
		fmt.Fprintf(a.err, "authysh: %s\n", words)
		return nil
	}
	return a.show(s, changedSetting{File: file.Path, Key: key.String(), Value: value}, nil, []string{"file", "key", "value"}, [][]string{{file.Path, key.String(), value}})
}

// getPluginConfig prints what holds of a setting of plugins.
func (a *app) getPluginConfig(written string) error {
	key, err := a.pluginKey(written, true)
	if err != nil {
		return err
	}
	s, err := a.settings()
	if err != nil {
		return err
	}
	value, origin, err := a.pluginSetting(s, key)
	if err != nil {
		return err
	}
	if value == nil {
		return &usageError{message: key.String() + " is not set", hint: fmt.Sprintf("authysh config set %s VALUE sets it", key)}
	}
	word, isText := value.(string)
	if !isText {
		text, err := json.Marshal(value)
		if err != nil {
			return fmt.Errorf("%s cannot be shown: %w", key, err)
		}
		word = string(text)
	}
	return a.showBare(s, word, map[string]any{"name": key.String(), "value": value, "origin": origin}, []string{"name", "value", "origin"},
		[][]string{{key.String(), word, origin}})
}

// pluginSetting is the value of a key; nil for one that is not set.
func (a *app) pluginSetting(s *config.Settings, key pluginKey) (value any, origin string, err error) {
	dirs, err := a.pluginDirs(s)
	if err != nil {
		return nil, "", err
	}
	origin = s.File
	all := make(map[string]any, len(s.Plugins.Config))
	for name, values := range s.Plugins.Config {
		all[name] = values
	}
	switch {
	case len(key) == 1:
		return map[string]any{"dirs": dirs, "config": all}, origin, nil
	case key[1] == "dirs":
		if s.Plugins.Dirs == nil {
			origin = config.DefaultOrigin
		}
		return dirs, origin, nil
	case len(key) == 2 && len(all) > 0:
		return all, origin, nil
	case len(key) == 3 && s.Plugins.Config[key[2]] != nil:
		return all[key[2]], origin, nil
	case len(key) == 4:
		return s.Plugins.Config[key[2]][key[3]], origin, nil
	}
	return nil, "", nil
}

// shownPluginSettings are the lines of config show about plugins. What plugins are set to may be a secret, which none of
// their definitions tells: so numbers, truth values and lists show, and texts do not.
func (a *app) shownPluginSettings(s *config.Settings) ([]shownSetting, error) {
	dirs, origin, err := a.pluginSetting(s, pluginKey{config.PluginsKey, "dirs"})
	if err != nil {
		return nil, err
	}
	shown := []shownSetting{{Name: config.PluginsKey + ".dirs", Value: strings.Join(dirs.([]string), ", "), Origin: origin}}
	for _, name := range slices.Sorted(maps.Keys(s.Plugins.Config)) {
		values := s.Plugins.Config[name]
		for _, setting := range slices.Sorted(maps.Keys(values)) {
			text := "********"
			if _, secret := values[setting].(string); !secret {
				if encoded, err := json.Marshal(values[setting]); err == nil {
					text = string(encoded)
				}
			}
			shown = append(shown, shownSetting{Name: pluginKey{config.PluginsKey, "config", name, setting}.String(), Value: text, Origin: s.File})
		}
	}
	return shown, nil
}

// offerPluginSettings completes the keys of plugins: of those that are installed, and of those that are set.
func (a *app) offerPluginSettings(ctx context.Context) []string {
	offered := []string{config.PluginsKey + ".dirs\twhere plugins are searched for"}
	s, err := a.settings()
	if err != nil {
		return offered
	}
	dirs, err := a.pluginDirs(s)
	if err != nil {
		return offered
	}
	found, _ := plugin.List(dirs)
	for _, f := range found {
		if f.Shadowed {
			continue
		}
		for _, setting := range a.declaredSettings(ctx, f.Name) {
			offered = append(offered, pluginKey{config.PluginsKey, "config", f.Name, setting.Name}.String()+"\t"+setting.Doc)
		}
	}
	return offered
}
