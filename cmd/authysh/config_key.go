package main

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
)

// configKey names an entry of a configuration file: a setting at the top or in a profile, or a whole profile.
type configKey struct {
	profile string   // empty for the top
	setting *setting // nil for a whole profile
}

// String is the key as config list shows it: "profiles.staging.host".
func (k configKey) String() string {
	return strings.Join(k.path(), ".")
}

// path is the key's way through the file.
func (k configKey) path() []string {
	var keys []string
	if k.profile != "" {
		keys = append(keys, profilesKey, k.profile)
	}
	if k.setting != nil {
		keys = append(keys, k.setting.name)
	}
	return keys
}

// parseConfigKey reads "host" or "profiles.staging.host". The flag --profile, whose value is chosen, puts the first one into
// a profile.
func parseConfigKey(written, chosen string) (configKey, error) {
	var key configKey
	name := written
	if rest, dotted := strings.CutPrefix(written, profilesKey+"."); dotted {
		key.profile, name = rest, ""
		if dot := strings.LastIndexByte(rest, '.'); dot >= 0 {
			key.profile, name = rest[:dot], rest[dot+1:]
		}
		if key.profile == "" {
			return key, &configError{message: fmt.Sprintf("%q names no profile", clip(written)), hint: "write profiles.NAME." + exampleSetting}
		}
		if _, ok := settingNamed(name); !ok && name != "" {
			return key, noSuchSetting(name, true)
		}
	}
	switch {
	case chosen != "" && key.profile != "" && key.profile != chosen:
		return key, &configError{message: fmt.Sprintf("%s is in profile %q, but --profile names %q", clip(written), key.profile, clip(chosen))}
	case chosen != "":
		key.profile = chosen
	}
	if err := checkProfileName(key.profile); err != nil {
		return key, err
	}
	if name == "" && key.profile != "" {
		return key, nil
	}
	known, ok := settingNamed(name)
	if !ok || key.profile != "" && known.topLevel {
		return key, noSuchSetting(name, key.profile != "")
	}
	key.setting = known
	return key, nil
}

// checkProfileName refuses names that nobody could type again.
func checkProfileName(name string) error {
	if !utf8.ValidString(name) || strings.TrimSpace(name) != name || strings.ContainsFunc(name, unicode.IsControl) {
		return &configError{message: fmt.Sprintf("a profile's name must be plain text without blanks at its ends, got %q", clip(name))}
	}
	return nil
}

// exampleSetting stands for any setting in hints.
const exampleSetting = "host"

func noSuchSetting(name string, inProfile bool) error {
	var names []string
	for _, s := range table {
		if !inProfile || !s.topLevel {
			names = append(names, s.name)
		}
	}
	where := ""
	if inProfile {
		where = " in a profile"
	}
	e := &configError{message: fmt.Sprintf("there is no setting %q%s%s", clip(name), where, suggest(name, names))}
	if suggest(name, names) == "" {
		e.hint = "settings: " + strings.Join(names, ", ")
	}
	return e
}

// node is the value as it stands in a file. The error reads on after the setting's name, and shows no secret.
func (s *setting) node(written string) (*yaml.Node, error) {
	value, err := s.parse(written)
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

// plain is a value as users write it, so that config set takes what config get gives. Secrets are shown.
func plain(value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case time.Duration:
		return v.String()
	}
	return fmt.Sprint(value)
}

// forFile makes a path as users type it, from where they are, one for the file, which starts at its own folder.
func (s *setting) forFile(written, file string) string {
	if s.kind != path || written == s.word || filepath.IsAbs(written) || strings.HasPrefix(written, "~/") || written == "" {
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
