package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"
	"github.com/spf13/viper"

	"github.com/authysh/authysh/luabind/plugin"
)

// layer is the settings that come from one place.
type layer map[string]sourced

// sourced is a value and where it was found.
type sourced struct {
	value  any
	origin origin
}

// origin is where a value comes from: "--host", "AUTHYSH_HOST", "authysh.yaml:3" or "default".
type origin struct {
	where   string
	profile string // of the configuration file
	inFile  bool
}

func (o origin) String() string {
	if o.profile != "" {
		return o.where + " (profile " + o.profile + ")"
	}
	return o.where
}

// defaultOrigin is where a value comes from that nobody gave.
const defaultOrigin = "default"

// complain is a usage error about the setting called name, whose reason reads on after that.
func (o origin) complain(name, reason string) error {
	if o.inFile {
		return &configError{message: o.where + ": " + name + " " + reason}
	}
	return &configError{message: o.where + " " + reason}
}

// settings is what the layers come to.
type settings struct {
	values  *viper.Viper
	origins map[string]origin
	layers  []layer // what was put over each other, the weakest first
	file    string  // the configuration file; empty for none
	profile string
	plugins pluginSettings
}

// merge puts layers over each other, the weakest first, and all of them over the defaults.
func merge(layers ...layer) (*settings, error) {
	s := &settings{values: viper.New(), origins: map[string]origin{}}
	for i := range table {
		known := &table[i]
		s.origins[known.name] = origin{}
		if known.def != "" {
			value, err := known.parse(known.def)
			if err != nil {
				return nil, fmt.Errorf("default of %s: %w", known.name, err)
			}
			s.values.SetDefault(known.name, value)
			s.origins[known.name] = origin{where: defaultOrigin}
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
func (s *settings) put(l layer) error {
	values := make(map[string]any, len(l))
	sources, err := l.keySource()
	if err != nil {
		return err
	}
	if sources != "" {
		for _, name := range keySources {
			values[name] = ""
			s.origins[name] = origin{}
		}
	}
	for name, v := range l {
		values[name] = v.value
		s.origins[name] = v.origin
	}
	s.layers = append(s.layers, l)
	return s.values.MergeConfigMap(values)
}

// keySource is which of the ways to give a key the layer uses; it may use only one.
func (l layer) keySource() (string, error) {
	used := ""
	for _, name := range keySources {
		switch second, ok := l[name]; {
		case !ok:
		case used == "":
			used = name
		default:
			first := l[used].origin
			return "", &configError{
				message: fmt.Sprintf("%s and %s: %s and %s are both given, but only one can hold", first, second.origin, used, name),
				hint:    "keep one of " + strings.Join(keySources, ", "),
			}
		}
	}
	return used, nil
}

func (s *settings) text(name string) string            { return s.values.GetString(name) }
func (s *settings) duration(name string) time.Duration { return s.values.GetDuration(name) }
func (s *settings) count(name string) int              { return s.values.GetInt(name) }
func (s *settings) rate(name string) float64           { return s.values.GetFloat64(name) }
func (s *settings) on(name string) bool                { return s.values.GetBool(name) }

// fromFlags is the layer of the flags that were given.
func fromFlags(flags *pflag.FlagSet) (layer, error) {
	l := layer{}
	for i := range table {
		known := &table[i]
		given := flags.Lookup(known.flag())
		if known.flag() == "" || given == nil || !given.Changed {
			continue
		}
		where := origin{where: "--" + known.flag()}
		value, err := known.parse(given.Value.String())
		if err != nil && known.name == outputSetting && plugin.CheckName(given.Value.String()) == nil {
			value, err = given.Value.String(), nil // perhaps a plugin's; see checkForm
		}
		if err != nil {
			return nil, where.complain(known.name, err.Error())
		}
		l[known.name] = sourced{value, where}
	}
	return l, nil
}

// fromEnv is the layer of the environment. An empty variable counts as none.
func fromEnv(lookup func(string) (string, bool), names []string) (layer, error) {
	if err := unknownEnv(names); err != nil {
		return nil, err
	}
	l := layer{}
	for i := range table {
		known := &table[i]
		for _, name := range known.env() {
			written, _ := lookup(name)
			if written == "" {
				continue
			}
			where := origin{where: name}
			value, err := known.parse(written)
			if err != nil {
				return nil, where.complain(known.name, err.Error())
			}
			l[known.name] = sourced{value, where}
			break
		}
	}
	return l, nil
}

// unknownEnv refuses a variable that looks like one of ours but is none: a misspelt AUTHYSH_HOST would send the key
// elsewhere.
func unknownEnv(names []string) error {
	var known []string
	for i := range table {
		known = append(known, table[i].env()...)
	}
	for _, name := range names {
		if strings.HasPrefix(name, envPrefix) && !slices.Contains(known, name) {
			return &configError{message: fmt.Sprintf("unknown environment variable %s%s", name, suggest(name, known)),
				hint: "authysh config show lists the settings"}
		}
	}
	return nil
}
