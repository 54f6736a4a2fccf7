package config

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/viper"
)

// Settings is what the layers come to.
type Settings struct {
	File    string // the configuration file; empty for none
	Profile string // the one in use; empty for none
	Plugins Plugins

	values  *viper.Viper
	origins map[string]Origin
	layers  []Layer // what was put over each other, the weakest first
}

// Load puts the levels over each other: the file, its profile that the strongest of them chooses, the environment, and the
// flags. A nil file sets nothing.
func Load(file *File, env, flags Layer) (*Settings, error) {
	top, profile, name, err := file.layers(env, flags)
	if err != nil {
		return nil, err
	}
	s, err := Merge(top, profile, env, flags)
	if err != nil {
		return nil, err
	}
	if s.Profile = name; file != nil {
		s.File, s.Plugins = file.Path, file.Plugins
	}
	return s, nil
}

// Merge puts layers over each other, the weakest first, and all of them over the defaults.
func Merge(layers ...Layer) (*Settings, error) {
	s := &Settings{values: viper.New(), origins: map[string]Origin{}}
	for known := range All() {
		s.origins[known.Name] = Origin{}
		if known.Default != "" {
			value, err := known.Parse(known.Default)
			if err != nil {
				return nil, fmt.Errorf("default of %s: %w", known.Name, err)
			}
			s.values.SetDefault(known.Name, value)
			s.origins[known.Name] = Origin{Where: DefaultOrigin}
		}
	}
	for _, l := range layers {
		if err := s.put(l); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// put puts one layer over what is there.
func (s *Settings) put(l Layer) error {
	values := make(map[string]any, len(l))
	sources, err := l.keySource()
	if err != nil {
		return err
	}
	if sources != "" {
		for _, name := range keySources {
			values[name] = ""
			s.origins[name] = Origin{}
		}
	}
	for name, v := range l {
		values[name] = v.Value
		s.origins[name] = v.Origin
	}
	s.layers = append(s.layers, l)
	return s.values.MergeConfigMap(values)
}

// Text is the value of a setting that is text; empty for none. Duration, Count, Rate and On are those of other kinds.
func (s *Settings) Text(name string) string { return s.values.GetString(name) }

// Duration is a length of time.
func (s *Settings) Duration(name string) time.Duration { return s.values.GetDuration(name) }

// Count is a whole number.
func (s *Settings) Count(name string) int { return s.values.GetInt(name) }

// Rate is a number.
func (s *Settings) Rate(name string) float64 { return s.values.GetFloat64(name) }

// On is a truth value.
func (s *Settings) On(name string) bool { return s.values.GetBool(name) }

// Value is the value of a setting of any kind; nil for none.
func (s *Settings) Value(name string) any { return s.values.Get(name) }

// Origin is where the value of a setting is from; the zero value for one that nobody gave and that has no default.
func (s *Settings) Origin(name string) Origin { return s.origins[name] }

// KeySource is the way in which the API key is given, and by whom; empty for none.
func (s *Settings) KeySource() (name string, by Origin) {
	for _, source := range keySources {
		if by := s.origins[source]; by.Where != "" {
			return source, by
		}
	}
	return "", Origin{}
}

// Keys lists all that has a value or could have one: the settings in the order of the table, and what plugins are set to.
func (s *Settings) Keys() []Key {
	var keys []Key
	for known := range All() {
		keys = append(keys, Key{Setting: known})
	}
	return append(keys, s.Plugins.keys()...)
}

// Find is the value that holds for a key, whatever its profile, and where it is from. dirs are the directories of plugins
// that are searched, of which the file knows but a part.
func (s *Settings) Find(key Key, dirs []string) (value any, by string, ok bool) {
	if !key.OfPlugins() {
		by := s.Origin(key.Setting.Name)
		return s.Value(key.Setting.Name), by.String(), by.Where != ""
	}
	by = cmp.Or(s.Plugins.where[key.String()], s.File)
	if key.Setting.Kind == Paths && s.Plugins.Dirs == nil {
		by = DefaultOrigin
	}
	value = Plugins{Dirs: dirs, Config: s.Plugins.Config}.at(key.Path())
	return value, by, value != nil
}

// Overridden are the values of a setting that do not hold, the strongest first.
func (s *Settings) Overridden(name string) []Sourced {
	var lost []Sourced
	for _, l := range slices.Backward(s.layers) {
		if v, ok := l[name]; ok && v.Origin != s.origins[name] {
			lost = append(lost, v)
		}
	}
	return lost
}
