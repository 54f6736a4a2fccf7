package config

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/authysh/authysh/cmd/authysh/internal/wording"
)

// Key names what a configuration file may say: a setting at the top or in a profile, what plugins are set to, or a whole
// profile. All that can be read, written or removed has one.
type Key struct {
	Profile string   // empty for the top
	Setting *Setting // nil for a whole profile
	plugins []string // the way to what plugins are set to; nil for the program's own settings
}

// String is the key as config list shows it: "profiles.staging.host".
func (k Key) String() string {
	return strings.Join(k.Path(), ".")
}

// Path is the key's way through the file.
func (k Key) Path() []string {
	if k.OfPlugins() {
		return k.plugins
	}
	var keys []string
	if k.Profile != "" {
		keys = append(keys, ProfilesKey, k.Profile)
	}
	if k.Setting != nil {
		keys = append(keys, k.Setting.Name)
	}
	return keys
}

// Single refuses the key of something that has no value of its own, but holds several settings.
func (k Key) Single() error {
	switch {
	case k.Setting == nil:
		return &Error{
			Message: fmt.Sprintf("%s is a whole profile", k),
			Hint:    fmt.Sprintf("set one of its settings, as in: authysh config set %s.%s VALUE", k, exampleSetting),
		}
	case k.Setting.Kind == Group:
		return &Error{Message: fmt.Sprintf("%s holds several settings", wording.Clip(k.String())), Hint: pluginKeys}
	}
	return nil
}

// ParseKey reads "host", "profiles.staging.host" or "plugins.config.guard.daily". The flag --profile, whose value is
// chosen, puts the first one into a profile.
func ParseKey(written, chosen string) (Key, error) {
	if written == PluginsKey || strings.HasPrefix(written, PluginsKey+".") {
		return parsePluginKey(written, chosen)
	}
	var key Key
	name := written
	if rest, dotted := strings.CutPrefix(written, ProfilesKey+"."); dotted {
		key.Profile, name = rest, ""
		if dot := strings.LastIndexByte(rest, '.'); dot >= 0 {
			key.Profile, name = rest[:dot], rest[dot+1:]
		}
		if key.Profile == "" {
			return key, &Error{Message: fmt.Sprintf("%q names no profile", wording.Clip(written)), Hint: "write profiles.NAME." + exampleSetting}
		}
		if _, ok := Named(name); !ok && name != "" {
			return key, noSuchSetting(name, true)
		}
	}
	switch {
	case chosen != "" && key.Profile != "" && key.Profile != chosen:
		return key, &Error{Message: fmt.Sprintf("%s is in profile %q, but --profile names %q", wording.Clip(written), key.Profile, wording.Clip(chosen))}
	case chosen != "":
		key.Profile = chosen
	}
	if err := checkProfileName(key.Profile); err != nil {
		return key, err
	}
	if name == "" && key.Profile != "" {
		return key, nil
	}
	known, ok := Named(name)
	if !ok || key.Profile != "" && known.TopLevel {
		return key, noSuchSetting(name, key.Profile != "")
	}
	key.Setting = known
	return key, nil
}

// checkProfileName refuses names that nobody could type again.
func checkProfileName(name string) error {
	if !utf8.ValidString(name) || strings.TrimSpace(name) != name || strings.ContainsFunc(name, unicode.IsControl) {
		return &Error{Message: fmt.Sprintf("a profile's name must be plain text without blanks at its ends, got %q", wording.Clip(name))}
	}
	return nil
}

// exampleSetting stands for any setting in hints.
const exampleSetting = "host"

func noSuchSetting(name string, inProfile bool) error {
	var names []string
	for s := range All() {
		if !inProfile || !s.TopLevel {
			names = append(names, s.Name)
		}
	}
	where := ""
	if inProfile {
		where = " in a profile"
	}
	e := &Error{Message: fmt.Sprintf("there is no setting %q%s%s", wording.Clip(name), where, wording.Suggest(name, names))}
	if wording.Suggest(name, names) == "" {
		e.Hint = "settings: " + strings.Join(names, ", ")
	}
	return e
}

// node is the value as it stands in a file. The error reads on after the setting's name, and shows no secret.
func (s *Setting) node(written string) (*yaml.Node, error) {
	switch s.Kind {
	case Any, Verbatim, Paths:
		return s.pluginNode(written)
	}
	value, err := s.Parse(written)
	if err != nil {
		return nil, err
	}
	if !utf8.ValidString(written) {
		return nil, fmt.Errorf("must be text in UTF-8")
	}
	scalar := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: written}
	switch v := value.(type) {
	case bool:
		scalar.Tag, scalar.Value = "!!bool", strconv.FormatBool(v)
	case int:
		scalar.Tag, scalar.Value = "!!int", strconv.Itoa(v)
	case float64:
		scalar.Tag, scalar.Value = "!!float", strconv.FormatFloat(v, 'g', -1, 64)
		if v == float64(int64(v)) {
			scalar.Tag, scalar.Value = "!!int", strconv.FormatInt(int64(v), 10)
		}
	case time.Duration:
		if ms, err := strconv.ParseFloat(written, 64); err == nil && ms == float64(int64(ms)) {
			scalar.Tag, scalar.Value = "!!int", strconv.FormatInt(int64(ms), 10)
		}
	}
	return scalar, nil
}

// forFile makes a path as users type it, from where they are, one for the file, which starts at its own folder.
func (s *Setting) forFile(written, file string) string {
	if s.Kind != Path || written == s.Word || filepath.IsAbs(written) || strings.HasPrefix(written, "~/") || written == "" {
		return written
	}
	absolute, err := filepath.Abs(written)
	if err != nil {
		return written
	}
	if here, err := os.Getwd(); err == nil {
		if folder, err := filepath.Abs(filepath.Dir(file)); err == nil && folder == here {
			return written
		}
	}
	return absolute
}
