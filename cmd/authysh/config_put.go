package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// put gives a key a value, after a look at what would make that wrong or a surprise. use says what keeps settings from
// being used.
func (d *document) put(key configKey, value string, use func(*settings) error) error {
	known := key.setting
	value = known.forFile(value, d.file.path)
	node, err := known.node(value)
	if err != nil {
		return origin{where: known.name}.complain(known.name, err.Error())
	}
	before := d.files.empty(d.file.path)
	if err := before.parse(d.text); err == nil { // a file that is wrong may be mended by this very change
		if err := d.checkPut(before, key, value, use); err != nil {
			return err
		}
	}
	return d.set(key.path(), node)
}

// checkPut refuses what the file could hold but no call could be made with, and a second source of the key.
func (d *document) checkPut(before *configFile, key configKey, value string, use func(*settings) error) error {
	level := before.level(key.profile)
	if level == nil {
		names := slices.Sorted(maps.Keys(before.profiles))
		d.files.note(fmt.Sprintf("profile %s is new in %s%s", key.profile, before.path, suggest(key.profile, names)))
	}
	known := key.setting
	if known.name == profileSetting {
		_, err := before.profile(value, origin{where: "config set"})
		return err
	}
	if slices.Contains(keySources, known.name) {
		for _, other := range keySources {
			if there, ok := level[other]; ok && other != known.name {
				return &configError{
					message: fmt.Sprintf("%s: %s is set already, and only one of %s can hold", there.origin, other, strings.Join(keySources, ", ")),
					hint:    "authysh config unset " + configKey{key.profile, mustSetting(other)}.String() + " makes room",
				}
			}
		}
	}
	s, err := before.alone(key, value)
	if s == nil || err != nil {
		return err
	}
	return use(s)
}

// alone is what the settings are with one of them only, and with what it depends on; nil for a value that cannot be read,
// as that is told when it is written.
func (c *configFile) alone(key configKey, value string) (*settings, error) {
	known := key.setting
	parsed, err := known.parse(value)
	if err != nil {
		return nil, nil
	}
	if known.kind == path && value != known.word {
		parsed = c.resolve(value)
	}
	probe := layer{known.name: {parsed, origin{where: known.name}}}
	if allow, ok := c.top["allow_http"]; ok && known.name == "host" {
		probe["allow_http"] = allow
	}
	if allow, ok := c.profiles[key.profile]["allow_http"]; ok && known.name == "host" {
		probe["allow_http"] = allow
	}
	return merge(probe)
}

// remove takes a key away, and reports whether it was there.
func (d *document) remove(key configKey) (found bool, err error) {
	if found, err = d.unset(key.path()); err != nil || !found {
		return found, err
	}
	return true, d.checkRemoved(key)
}

// checkRemoved refuses to remove the profile that the file has in use.
func (d *document) checkRemoved(key configKey) error {
	if key.setting != nil {
		return nil
	}
	after := d.files.empty(d.file.path)
	if err := after.parse(d.text); err != nil {
		return nil // told by who checks the whole
	}
	if used, ok := after.top[profileSetting]; ok && used.value == key.profile {
		if _, kept := after.profiles[key.profile]; !kept {
			return &configError{
				message: fmt.Sprintf("%s is the profile in use, by %s", key.profile, used.origin),
				hint:    "authysh config use --none first, or another profile",
			}
		}
	}
	return nil
}

// use writes which profile holds from now on; empty for none.
func (d *document) use(profile string) error {
	key := configKey{setting: mustSetting(profileSetting)}
	if profile == "" {
		_, err := d.unset(key.path())
		return err
	}
	file := d.files.empty(d.file.path)
	if err := file.parse(d.text); err != nil {
		return err
	}
	if _, err := file.profile(profile, origin{where: "config use"}); err != nil {
		return err
	}
	node, err := key.setting.node(profile)
	if err != nil {
		return origin{where: "the profile's name"}.complain(profileSetting, err.Error())
	}
	return d.set(key.path(), node)
}
