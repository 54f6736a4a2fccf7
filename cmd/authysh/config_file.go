package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"
)

const (
	localConfig = "authysh.yaml"
	// maxConfig bounds a configuration file: what is larger is not one.
	maxConfig = 1 << 20
)

// configFile is a configuration file that was read and checked.
type configFile struct {
	path     string
	top      layer
	profiles map[string]layer
	plugins  pluginSettings
	// foreign is why the file may not set guarded settings; empty for a file that the user named or owns.
	foreign string
	home    string // for paths that begin with ~/
}

// find opens the configuration file: the one that --config names, or the first that exists. No file at all is nil.
func (f *configFiles) find() (*configFile, error) {
	if f.named != "" {
		return f.read(f.named, true)
	}
	for _, path := range []string{localConfig, f.user()} {
		if path == "" {
			continue
		}
		file, err := f.read(path, false)
		if file != nil || err != nil {
			return file, err
		}
	}
	return nil, nil
}

// read reads the file at path; one that nobody named may be missing.
func (f *configFiles) read(path string, named bool) (*configFile, error) {
	opened, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) && !named {
		return nil, nil
	}
	if err != nil {
		return nil, cannotRead(err)
	}
	defer opened.Close()
	info, err := opened.Stat()
	if err != nil {
		return nil, cannotRead(err)
	}
	if info.IsDir() {
		return nil, &configError{message: "cannot read the configuration: " + path + " is a directory"}
	}
	source, err := io.ReadAll(io.LimitReader(opened, maxConfig+1))
	switch {
	case err != nil:
		return nil, cannotRead(err)
	case len(source) > maxConfig:
		return nil, &configError{message: "cannot read the configuration: " + path + " is larger than 1 MiB"}
	}
	file := f.empty(path)
	if !named {
		file.foreign = foreignTo(info, f.userID)
	}
	if err := file.parse(source); err != nil {
		return nil, err
	}
	if name := file.secret(); name != "" && info.Mode().IsRegular() && readableByOthers(info) {
		f.warn(fmt.Sprintf("%s holds a secret (%s) and other users can read it", path, name), "chmod 600 "+path)
	}
	return file, nil
}

func cannotRead(err error) error {
	return &configError{message: "cannot read the configuration: " + err.Error()}
}

// secret names a secret that the file holds; empty for none.
func (c *configFile) secret() string {
	for _, known := range table {
		for _, l := range append([]layer{c.top}, slices.Collect(maps.Values(c.profiles))...) {
			if _, ok := l[known.name]; ok && known.secret {
				return known.name
			}
		}
	}
	return ""
}

// yamlPosition is what the YAML library puts in front of its complaints.
var yamlPosition = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^yaml: (?:line (\d+): )?`) })

// parse fills the layers from the text of the file.
func (c *configFile) parse(source []byte) error {
	document, err := c.decode(source)
	if err != nil || document == nil {
		return err // an empty file sets nothing
	}
	entries, err := c.entries(document.Content[0], "the file")
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.key.Value == profilesKey {
			err = c.parseProfiles(e.value)
		} else if e.key.Value == pluginsKey {
			err = c.parsePlugins(e)
		} else {
			err = c.assign(c.top, e, "")
		}
		if err != nil {
			return err
		}
	}
	_, err = c.top.keySource()
	return err
}

// decode reads the one YAML document of a file; an empty file has none.
func (c *configFile) decode(source []byte) (*yaml.Node, error) {
	var document yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(source))
	switch err := decoder.Decode(&document); {
	case errors.Is(err, io.EOF):
		return nil, nil
	case err != nil:
		match := yamlPosition().FindStringSubmatch(err.Error())
		where := c.path
		if match != nil && match[1] != "" {
			where += ":" + match[1]
		}
		complaint := strings.TrimPrefix(err.Error(), match[0])
		if strings.HasPrefix(complaint, "unknown anchor") {
			complaint = "a value that begins with * must be quoted" // and may be a key
		}
		return nil, &configError{message: where + ": is not YAML: " + complaint}
	}
	if err := decoder.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, &configError{message: c.path + ": must be one YAML document, but another one follows"}
	}
	return &document, nil
}

func (c *configFile) parseProfiles(node *yaml.Node) error {
	profiles, err := c.entries(node, profilesKey)
	if err != nil {
		return err
	}
	for _, profile := range profiles {
		name := profile.key.Value
		entries, err := c.entries(profile.value, profilesKey+"."+name)
		if err != nil {
			return err
		}
		l := layer{}
		for _, e := range entries {
			if err := c.assign(l, e, name); err != nil {
				return err
			}
		}
		if _, err := l.keySource(); err != nil {
			return err
		}
		c.profiles[name] = l
	}
	return nil
}

// assign checks one entry and puts it into the layer.
func (c *configFile) assign(l layer, e entry, profile string) error {
	where := origin{where: c.at(e.key), profile: profile, inFile: true}
	known, ok := settingNamed(e.key.Value)
	if !ok || profile != "" && known.topLevel {
		return c.unknown(e.key, profile)
	}
	where.where = c.at(e.value)
	value, err := known.fromYAML(e.value)
	if err != nil {
		return where.complain(e.name(profile), err.Error())
	}
	if known.guarded && c.foreign != "" {
		return &configError{
			message: fmt.Sprintf("%s: %s is not taken from this file, as %s", where.where, e.name(profile), c.foreign),
			hint:    "if you trust it, say so with --config " + c.path,
		}
	}
	if known.kind == path && value != known.word {
		value = c.resolve(value.(string))
	}
	l[known.name] = sourced{value, where}
	return nil
}

// unknown complains about a key that is no setting.
func (c *configFile) unknown(key *yaml.Node, profile string) error {
	var names []string
	for _, s := range table {
		if profile == "" || !s.topLevel {
			names = append(names, s.name)
		}
	}
	if profile == "" {
		names = append(names, profilesKey, pluginsKey)
	}
	inside := ""
	if profile != "" {
		inside = " in profile " + profile
	}
	e := &configError{message: fmt.Sprintf("%s: unknown key %q%s%s", c.at(key), clip(key.Value), inside, suggest(key.Value, names))}
	if suggest(key.Value, names) == "" {
		e.hint = "known keys: " + strings.Join(names, ", ")
	}
	return e
}

// resolve makes a path of the file one for the working directory.
func (c *configFile) resolve(path string) string {
	if rest, ok := strings.CutPrefix(path, "~/"); ok && c.home != "" {
		return filepath.Join(c.home, rest)
	}
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(filepath.Dir(c.path), path)
}

func (c *configFile) at(node *yaml.Node) string { return fmt.Sprintf("%s:%d", c.path, node.Line) }

// clip keeps an error to one short line.
func clip(text string) string {
	if len(text) > 60 {
		return strings.ToValidUTF8(text[:60], "") + "..."
	}
	return text
}
