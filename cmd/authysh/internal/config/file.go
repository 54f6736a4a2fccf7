package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"

	"go.yaml.in/yaml/v3"

	"github.com/authysh/authysh/cmd/authysh/internal/wording"
)

const (
	// LocalFile is looked for in the working directory.
	LocalFile = "authysh.yaml"
	// maxFile bounds a configuration file: what is larger is not one.
	maxFile = 1 << 20
)

// File is a configuration file that was read and checked.
type File struct {
	Path     string
	Top      Layer
	Profiles map[string]Layer
	Plugins  Plugins
	// foreign is why the file may not set guarded settings; empty for a file that the user named or owns.
	foreign string
	home    string // for paths that begin with ~/
}

// Find opens the configuration file: the one that --config names, or the first that exists. No file at all is nil.
func (f *Files) Find() (*File, error) {
	if f.Named != "" {
		return f.read(f.Named, true)
	}
	for _, path := range []string{LocalFile, f.User()} {
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
func (f *Files) read(path string, named bool) (*File, error) {
	if text, known := f.Pipes.text(path); known {
		file := f.empty(path)
		return file, file.parse(text)
	}
	if info, err := os.Stat(path); err == nil && !named && info.Mode()&os.ModeNamedPipe != 0 { // it may have no other end
		return nil, &Error{
			Message: "cannot read the configuration: " + path + " is a named pipe, and nobody asked for it",
			Hint:    "remove it, or name it with --config",
		}
	}
	opened, err := os.Open(path)
	if err != nil && missing(err) && !named {
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
		return nil, &Error{Message: "cannot read the configuration: " + path + " is a directory"}
	}
	source, err := io.ReadAll(io.LimitReader(opened, maxFile+1))
	switch {
	case err != nil:
		return nil, cannotRead(err)
	case len(source) > maxFile:
		return nil, &Error{Message: "cannot read the configuration: " + path + " is larger than 1 MiB"}
	}
	if named && !info.Mode().IsRegular() {
		f.Pipes.keep(path, source)
	}
	file := f.empty(path)
	if !named {
		file.foreign = foreignTo(info, f.UserID)
	}
	if err := file.parse(source); err != nil {
		return nil, err
	}
	if name := file.secret(); name != "" && info.Mode().IsRegular() && ReadableByOthers(info) {
		f.Warn(fmt.Sprintf("%s holds a secret (%s) and other users can read it", path, name), "chmod 600 "+path)
	}
	return file, nil
}

// missing reports whether a file is not there: it or a folder on the way to it, such as with a home that is /dev/null.
func missing(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}

func cannotRead(err error) error {
	return &Error{Message: "cannot read the configuration: " + err.Error()}
}

// secret names a secret that the file holds; empty for none.
func (c *File) secret() string {
	for known := range All() {
		for _, l := range append([]Layer{c.Top}, slices.Collect(maps.Values(c.Profiles))...) {
			if _, ok := l[known.Name]; ok && known.Secret {
				return known.Name
			}
		}
	}
	return ""
}

// yamlPosition is what the YAML library puts in front of its complaints.
var yamlPosition = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^yaml: (?:line (\d+): )?`) })

// parse fills the layers from the text of the file.
func (c *File) parse(source []byte) error {
	document, err := c.decode(source)
	if err != nil || document == nil {
		return err // an empty file sets nothing
	}
	entries, err := c.entries(document.Content[0], "the file")
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.key.Value == ProfilesKey {
			err = c.parseProfiles(e.value)
		} else if e.key.Value == PluginsKey {
			err = c.parsePlugins(e)
		} else {
			err = c.assign(c.Top, e, "")
		}
		if err != nil {
			return err
		}
	}
	_, err = c.Top.keySource()
	return err
}

// decode reads the one YAML document of a file; an empty file has none.
func (c *File) decode(source []byte) (*yaml.Node, error) {
	var document yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(source))
	switch err := decoder.Decode(&document); {
	case errors.Is(err, io.EOF):
		return nil, nil
	case err != nil:
		match := yamlPosition().FindStringSubmatch(err.Error())
		where := c.Path
		if match != nil && match[1] != "" {
			where += ":" + match[1]
		}
		complaint := strings.TrimPrefix(err.Error(), match[0])
		if strings.HasPrefix(complaint, "unknown anchor") {
			complaint = "a value that begins with * must be quoted" // and may be a key
		}
		return nil, &Error{Message: where + ": is not YAML: " + complaint}
	}
	if err := decoder.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, &Error{Message: c.Path + ": must be one YAML document, but another one follows"}
	}
	return &document, nil
}

func (c *File) parseProfiles(node *yaml.Node) error {
	profiles, err := c.entries(node, ProfilesKey)
	if err != nil {
		return err
	}
	for _, profile := range profiles {
		name := profile.key.Value
		entries, err := c.entries(profile.value, ProfilesKey+"."+name)
		if err != nil {
			return err
		}
		l := Layer{}
		for _, e := range entries {
			if err := c.assign(l, e, name); err != nil {
				return err
			}
		}
		if _, err := l.keySource(); err != nil {
			return err
		}
		c.Profiles[name] = l
	}
	return nil
}

// assign checks one entry and puts it into the layer.
func (c *File) assign(l Layer, e entry, profile string) error {
	where := Origin{Where: c.at(e.key), Profile: profile, InFile: true}
	known, ok := Named(e.key.Value)
	if !ok || profile != "" && known.TopLevel {
		return c.unknown(e.key, profile)
	}
	where.Where = c.at(e.value)
	value, err := known.fromYAML(e.value)
	if err != nil {
		return where.Complain(e.name(profile), err.Error())
	}
	if known.Guarded && c.foreign != "" {
		return &Error{
			Message: fmt.Sprintf("%s: %s is not taken from this file, as %s", where.Where, e.name(profile), c.foreign),
			Hint:    "if you trust it, say so with --config " + c.Path,
		}
	}
	if known.Kind == Path && value != known.Word {
		value = c.resolve(value.(string))
	}
	l[known.Name] = Sourced{value, where}
	return nil
}

// unknown complains about a key that is no setting.
func (c *File) unknown(key *yaml.Node, profile string) error {
	var names []string
	for s := range All() {
		if profile == "" || !s.TopLevel {
			names = append(names, s.Name)
		}
	}
	if profile == "" {
		names = append(names, ProfilesKey, PluginsKey)
	}
	inside := ""
	if profile != "" {
		inside = " in profile " + profile
	}
	e := &Error{Message: fmt.Sprintf("%s: unknown key %q%s%s", c.at(key), wording.Clip(key.Value), inside, wording.Suggest(key.Value, names))}
	if wording.Suggest(key.Value, names) == "" {
		e.Hint = "known keys: " + strings.Join(names, ", ")
	}
	return e
}

// resolve makes a path of the file one for the working directory.
func (c *File) resolve(path string) string {
	if rest, ok := strings.CutPrefix(path, "~/"); ok && c.home != "" {
		return filepath.Join(c.home, rest)
	}
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(filepath.Dir(c.Path), path)
}

func (c *File) at(node *yaml.Node) string { return fmt.Sprintf("%s:%d", c.Path, node.Line) }
