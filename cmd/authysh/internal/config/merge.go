package config

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/viper"

	"github.com/authysh/authysh/luabind/plugin"
)

// Layer is the settings that come from one place, by name.
type Layer map[string]Sourced

// Sourced is a value and where it was found.
type Sourced struct {
	Value  any
	Origin Origin
}

// Origin is where a value comes from: "--host", "AUTHYSH_HOST", "authysh.yaml:3" or "default". The zero value is nowhere.
type Origin struct {
	Where   string
	Profile string // of the configuration file
	InFile  bool
}

// String is the place, and the profile.
func (o Origin) String() string {
	if o.Profile != "" {
		return o.Where + " (profile " + o.Profile + ")"
	}
	return o.Where
}

// DefaultOrigin is where a value comes from that nobody gave.
const DefaultOrigin = "default"

// Complain is an [Error] about the setting called name, whose reason reads on after that.
func (o Origin) Complain(name, reason string) error {
	if o.InFile {
		return &Error{Message: o.Where + ": " + name + " " + reason}
	}
	return &Error{Message: o.Where + " " + reason}
}

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
	top, profile, name, err := file.layers(flags, env)
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

// keySource is which of the ways to give a key the layer uses; it may use only one.
func (l Layer) keySource() (string, error) {
	used := ""
	for _, name := range keySources {
		switch second, ok := l[name]; {
		case !ok:
		case used == "":
			used = name
		default:
			first := l[used].Origin
			return "", &Error{
				Message: fmt.Sprintf("%s and %s: %s and %s are both given, but only one can hold", first, second.Origin, used, name),
				Hint:    "keep one of " + strings.Join(keySources, ", "),
			}
		}
	}
	return used, nil
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
	by = s.File
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

// FromFlags is the layer of the flags that were given. The form of output may be a plugin's, which is for others to check.
func FromFlags(given func(flag string) (written string, ok bool)) (Layer, error) {
	l := Layer{}
	for known := range All() {
		if known.Flag() == "" {
			continue
		}
		written, ok := given(known.Flag())
		if !ok {
			continue
		}
		where := Origin{Where: "--" + known.Flag()}
		value, err := known.Parse(written)
		if err != nil && known.Name == OutputSetting && plugin.CheckName(written) == nil {
			value, err = written, nil
		}
		if err != nil {
			return nil, where.Complain(known.Name, err.Error())
		}
		l[known.Name] = Sourced{value, where}
	}
	return l, nil
}

// FromEnv is the layer of the environment. An empty variable counts as none.
func FromEnv(lookup func(string) (string, bool), names []string) (Layer, error) {
	if err := unknownEnv(names); err != nil {
		return nil, err
	}
	l := Layer{}
	for known := range All() {
		for _, name := range known.Env() {
			written, _ := lookup(name)
			if written == "" {
				continue
			}
			where := Origin{Where: name}
			value, err := known.Parse(written)
			if err != nil {
				return nil, where.Complain(known.Name, err.Error())
			}
			l[known.Name] = Sourced{value, where}
			break
		}
	}
	return l, nil
}

// unknownEnv refuses a variable that looks like one of ours but is none: a misspelt AUTHYSH_HOST would send the key
// elsewhere.
func unknownEnv(names []string) error {
	var known []string
	for s := range All() {
		known = append(known, s.Env()...)
	}
	for _, name := range names {
		if strings.HasPrefix(name, EnvPrefix) && !slices.Contains(known, name) {
			return &Error{Message: fmt.Sprintf("unknown environment variable %s%s", name, suggest(name, known)),
				Hint: "authysh config show lists the settings"}
		}
	}
	return nil
}
