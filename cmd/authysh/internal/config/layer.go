package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/authysh/authysh/cmd/authysh/internal/wording"
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
			return &Error{Message: fmt.Sprintf("unknown environment variable %s%s", name, wording.Suggest(name, known)),
				Hint: "authysh config show lists the settings"}
		}
	}
	return nil
}
