package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/authysh/authysh/cmd/authysh/internal/config"
	"github.com/authysh/authysh/luabind/plugin"
)

// shownPluginSetting is a setting of a plugin as the commands show it.
type shownPluginSetting struct {
	Name     string   `json:"name" yaml:"name"`
	Type     string   `json:"type" yaml:"type"`
	Doc      string   `json:"doc" yaml:"doc"`
	Required bool     `json:"required,omitempty" yaml:"required,omitempty"`
	Values   []string `json:"values,omitempty" yaml:"values,omitempty"`
	Default  any      `json:"default,omitempty" yaml:"default,omitempty"`
	// Value is what it is set to. Texts are hidden, as they are by config show.
	Value any `json:"value,omitempty" yaml:"value,omitempty"`
}

func shownSettingsOf(m *plugin.Manifest, set map[string]any) []shownPluginSetting {
	var shown []shownPluginSetting
	for _, s := range m.Config {
		value := set[s.Name]
		if _, maybeSecret := value.(string); maybeSecret {
			value = "********"
		}
		shown = append(shown, shownPluginSetting{s.Name, s.Type, s.Doc, s.Required, s.Values, s.Default, value})
	}
	return shown
}

// sentence is the setting on one line: "integer, default 3, set to 7: How many."
func (s shownPluginSetting) sentence() string {
	parts := []string{s.Type}
	if len(s.Values) > 0 {
		parts = append(parts, "one of "+strings.Join(s.Values, " "))
	}
	if s.Required {
		parts = append(parts, "required")
	}
	if s.Default != nil {
		parts = append(parts, "default "+encoded(s.Default))
	}
	switch {
	case s.Value != nil:
		parts = append(parts, "set to "+encoded(s.Value))
	case s.Default == nil:
		parts = append(parts, "not set")
	}
	return singleLine(strings.Join(parts, ", ") + ": " + s.Doc)
}

// encoded is a value as one would write it; a text stands as it is.
func encoded(v any) string {
	if text, ok := v.(string); ok && text != "" {
		return text
	}
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(text)
}

// pluginRemedy tells how to mend what keeps a plugin from being loaded, where that is a setting; otherwise it is other.
func pluginRemedy(err error, other string) string {
	if wrong, ok := errors.AsType[*plugin.ManifestError](err); ok && len(wrong.Problems) > 0 {
		if field := wrong.Problems[0].Field; strings.HasPrefix(field, config.PluginsKey+".config.") {
			if strings.HasPrefix(wrong.Problems[0].Reason, "is not known") {
				return "authysh config unset " + field + " removes it"
			}
			return "authysh config set " + field + " VALUE sets it"
		}
	}
	return other
}

// noSuchPlugin is the error about a plugin that was not found. One that lies here, where plugins are not searched for, has to
// be installed.
func noSuchPlugin(err error, name string) error {
	hint := pluginHere(name)
	if hint == "" {
		return pluginProblem(err)
	}
	return &usageError{message: singleLine(err.Error()), hint: hint}
}

// pluginHere says how the plugin in a directory is brought to run; it is empty where there is none.
func pluginHere(path string) string {
	dir := filepath.Clean(path)
	if _, missing := os.Stat(filepath.Join(dir, plugin.MainFile)); missing != nil || path == "" {
		return ""
	}
	if !filepath.IsAbs(dir) {
		dir = "." + string(filepath.Separator) + dir
	}
	return fmt.Sprintf("authysh plugin add %s installs the one that is there; or --plugin-dir %s looks for it where it is", dir, filepath.Dir(dir))
}
