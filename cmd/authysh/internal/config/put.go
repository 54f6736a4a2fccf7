package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/authysh/authysh/cmd/authysh/internal/wording"
)

// Put gives a key a value, after a look at what would make that wrong or a surprise. use says what keeps settings from
// being used.
func (d *Document) Put(key Key, value string, use func(*Settings) error) error {
	if err := key.Single(); err != nil {
		return err
	}
	known := key.Setting
	value = known.forFile(value, d.file.Path)
	node, err := known.node(value)
	if err != nil {
		return Origin{Where: known.Name}.Complain(known.Name, err.Error())
	}
	before := d.files.empty(d.file.Path)
	if err := before.parse(d.text); err == nil { // a file that is wrong may be mended by this very change
		if err := d.checkPut(before, key, value, use); err != nil {
			return err
		}
	}
	return d.set(key.Path(), node)
}

// checkPut refuses what the file could hold but no call could be made with, and a second source of the key.
func (d *Document) checkPut(before *File, key Key, value string, use func(*Settings) error) error {
	level := before.Level(key.Profile)
	if level == nil {
		d.files.Note(fmt.Sprintf("profile %s is new in %s%s", key.Profile, before.Path, wording.Suggest(key.Profile, before.ProfileNames())))
	}
	known := key.Setting
	if known.Name == ProfileSetting {
		_, err := before.Profile(value, Origin{Where: "config set"})
		return err
	}
	if slices.Contains(keySources, known.Name) {
		for _, other := range keySources {
			if there, ok := level[other]; ok && other != known.Name {
				return &Error{
					Message: fmt.Sprintf("%s: %s is set already, and only one of %s can hold", there.Origin, other, strings.Join(keySources, ", ")),
					Hint:    "authysh config unset " + Key{Profile: key.Profile, Setting: Must(other)}.String() + " makes room",
				}
			}
		}
	}
	if key.OfPlugins() {
		return nil // calls do not depend on it
	}
	s, err := before.Alone(key, value)
	if s == nil || err != nil {
		return err
	}
	return use(s)
}

// Alone is what the settings are with one of them only, and with what it depends on; nil for a value that cannot be read,
// as that is told when it is written.
func (c *File) Alone(key Key, value string) (*Settings, error) {
	known := key.Setting
	parsed, err := known.Parse(value)
	if err != nil {
		return nil, nil
	}
	if known.Kind == Path && value != known.Word {
		parsed = c.resolve(value)
	}
	probe := Layer{known.Name: {parsed, Origin{Where: known.Name}}}
	if allow, ok := c.Top["allow_http"]; ok && known.Name == "host" {
		probe["allow_http"] = allow
	}
	if allow, ok := c.Profiles[key.Profile]["allow_http"]; ok && known.Name == "host" {
		probe["allow_http"] = allow
	}
	return Merge(probe)
}

// Remove takes a key away, and reports whether it was there.
func (d *Document) Remove(key Key) (found bool, err error) {
	if found, err = d.unset(key.Path()); err != nil || !found {
		return found, err
	}
	return true, d.checkRemoved(key)
}

// checkRemoved refuses to remove the profile that the file has in use.
func (d *Document) checkRemoved(key Key) error {
	if key.Setting != nil { // all but a whole profile
		return nil
	}
	after := d.files.empty(d.file.Path)
	if err := after.parse(d.text); err != nil {
		return nil // told by who checks the whole
	}
	if used, ok := after.Top[ProfileSetting]; ok && used.Value == key.Profile {
		if _, kept := after.Profiles[key.Profile]; !kept {
			return &Error{
				Message: fmt.Sprintf("%s is the profile in use, by %s", key.Profile, used.Origin),
				Hint:    "authysh config use --none first, or another profile",
			}
		}
	}
	return nil
}

// Use writes which profile holds from now on; empty for none.
func (d *Document) Use(profile string) error {
	key := Key{Setting: Must(ProfileSetting)}
	if profile == "" {
		_, err := d.unset(key.Path())
		return err
	}
	file := d.files.empty(d.file.Path)
	if err := file.parse(d.text); err != nil {
		return err
	}
	if _, err := file.Profile(profile, Origin{Where: "config use"}); err != nil {
		return err
	}
	node, err := key.Setting.node(profile)
	if err != nil {
		return Origin{Where: "the profile's name"}.Complain(ProfileSetting, err.Error())
	}
	return d.set(key.Path(), node)
}
