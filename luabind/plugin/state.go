package plugin

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// State is which plugins are enabled, in the order of their hooks. It is kept in a JSON file.
type State struct {
	Plugins []Record
}

// Record is one plugin that was enabled: what was looked at and agreed to.
type Record struct {
	Name     string      `json:"name"`
	Version  string      `json:"version"`
	Checksum string      `json:"checksum"`
	Granted  Permissions `json:"granted"`
	// Enabled is when.
	Enabled time.Time `json:"enabled"`
	// Files has the checksums of single files, so that it can be told which one has changed.
	Files map[string]string `json:"files,omitempty"`
	// Manifest is what the code with that checksum defines; nil when it must be run to know. See [State.Remember].
	Manifest *Manifest `json:"manifest,omitempty"`
}

// stateFormat is the version of the file's form.
const stateFormat = 1

type stateFile struct {
	Format  int      `json:"format"`
	Plugins []Record `json:"plugins"`
}

// ReadState reads the file; one that does not exist is an empty state.
func ReadState(file string) (*State, error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) { // such as with a home that is /dev/null
		return &State{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read which plugins are enabled: %w", err)
	}
	return parseState(file, text)
}

func parseState(file string, text []byte) (*State, error) {
	broken := func(problem any) error {
		return fmt.Errorf("%s: %v; remove the file and enable the plugins again", file, problem)
	}
	var f stateFile
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&f); err != nil {
		return nil, broken(err)
	}
	if f.Format != stateFormat {
		return nil, broken(fmt.Sprintf("has the format %d, this program knows %d", f.Format, stateFormat))
	}
	seen := map[string]bool{}
	for _, r := range f.Plugins {
		switch err := errors.Join(CheckName(r.Name), r.Granted.Check()); {
		case err != nil:
			return nil, broken(err)
		case seen[r.Name]:
			return nil, broken(fmt.Sprintf("names the plugin %s twice", r.Name))
		case !strings.HasPrefix(r.Checksum, "sha256:"):
			return nil, broken(fmt.Sprintf("has no checksum of the plugin %s", r.Name))
		case r.Manifest != nil && r.Manifest.Name != r.Name:
			return nil, broken(fmt.Sprintf("has the manifest of another plugin for %s", r.Name))
		case r.Manifest != nil:
			if err := r.Manifest.check(); err != nil {
				return nil, broken(err)
			}
		}
		seen[r.Name] = true
	}
	return &State{f.Plugins}, nil
}

// Write replaces the file as a whole, readable and writable by the user alone, and makes its directory if need be.
func (s *State) Write(file string) error {
	text, err := json.MarshalIndent(stateFile{stateFormat, s.Plugins}, "", "  ")
	if err == nil {
		err = os.MkdirAll(filepath.Dir(file), 0o700)
	}
	if err == nil {
		err = replaceFile(file, append(text, '\n'))
	}
	if err != nil {
		return fmt.Errorf("cannot record which plugins are enabled: %w", err)
	}
	return nil
}

// replaceFile has either the old or the new text in the file, whatever happens. A link stays one.
func replaceFile(file string, text []byte) error {
	if target, err := filepath.EvalSymlinks(file); err == nil {
		file = target
	}
	temporary, err := os.CreateTemp(filepath.Dir(file), "."+filepath.Base(file)+"-*")
	if err != nil {
		return err
	}
	defer os.Remove(temporary.Name())
	_, err = temporary.Write(text)
	if err == nil {
		err = temporary.Sync()
	}
	if err = errors.Join(err, temporary.Close()); err != nil {
		return err
	}
	return os.Rename(temporary.Name(), file)
}

// Record finds a plugin that is enabled.
func (s *State) Record(name string) (Record, bool) {
	i := slices.IndexFunc(s.Plugins, func(r Record) bool { return r.Name == name })
	if i < 0 {
		return Record{}, false
	}
	return s.Plugins[i], true
}

// Enable notes that a plugin may run as it is now, with these permissions. One that is enabled already keeps its place in
// the order; a new one comes last.
func (s *State) Enable(source *Source, m *Manifest, granted Permissions, now time.Time) error {
	if m.Name != source.Name {
		return fmt.Errorf("plugin %s calls itself %s; rename its directory", source.Name, m.Name)
	}
	for _, kind := range PermissionNames {
		for _, grant := range granted.List(kind) {
			if !slices.Contains(m.Permissions.List(kind), grant) {
				return fmt.Errorf("plugin %s does not ask for the permission %s %q", m.Name, kind, grant)
			}
		}
	}
	r := Record{
		Name: m.Name, Version: m.Version, Checksum: source.Checksum, Granted: granted,
		Enabled: now.UTC().Truncate(time.Second), Files: maps.Clone(source.Files),
	}
	if i := slices.IndexFunc(s.Plugins, func(r Record) bool { return r.Name == m.Name }); i >= 0 {
		s.Plugins[i] = r
	} else {
		s.Plugins = append(s.Plugins, r)
	}
	return nil
}

// Remember notes what the code of an enabled plugin defines, so that runtimes need not run it to know; nil forgets it. The
// checksum vouches for both: when the code changes, the plugin must be enabled anew. It reports whether that is news.
func (s *State) Remember(name string, m *Manifest) (changed bool) {
	i := slices.IndexFunc(s.Plugins, func(r Record) bool { return r.Name == name })
	if i < 0 || m != nil && m.Name != name || m.Equal(s.Plugins[i].Manifest) {
		return false
	}
	s.Plugins[i].Manifest = m
	return true
}

// Disable forgets a plugin, and reports whether it was enabled.
func (s *State) Disable(name string) bool {
	before := len(s.Plugins)
	s.Plugins = slices.DeleteFunc(s.Plugins, func(r Record) bool { return r.Name == name })
	return len(s.Plugins) < before
}

// ChangedError is a plugin whose files are not those that were enabled.
type ChangedError struct {
	Name string
	// Changed, Added and Removed are files, sorted.
	Changed, Added, Removed []string
}

// Error names the files and says what to do.
func (e *ChangedError) Error() string {
	var parts []string
	for _, part := range []struct {
		files []string
		what  string
	}{{e.Changed, "changed"}, {e.Added, "new"}, {e.Removed, "gone"}} {
		if n := len(part.files); n > 0 {
			const most = 3
			names := strings.Join(part.files[:min(n, most)], ", ")
			if n > most {
				names += fmt.Sprintf(" and %d more", n-most)
			}
			parts = append(parts, part.what+": "+names)
		}
	}
	detail := ""
	if parts != nil {
		detail = " (" + strings.Join(parts, "; ") + ")"
	}
	return fmt.Sprintf("plugin %s is not what was enabled%s; look at it and run: authysh plugin enable %s", e.Name, detail, e.Name)
}

// Verify compares a plugin with what was enabled. The error is a [*ChangedError].
func (r Record) Verify(source *Source) error {
	if source.Name == r.Name && source.Checksum == r.Checksum {
		return nil
	}
	e := &ChangedError{Name: r.Name}
	for _, name := range slices.Sorted(maps.Keys(source.Files)) {
		switch before, known := r.Files[name]; {
		case !known:
			e.Added = append(e.Added, name)
		case before != source.Files[name]:
			e.Changed = append(e.Changed, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(r.Files)) {
		if _, there := source.Files[name]; !there {
			e.Removed = append(e.Removed, name)
		}
	}
	return e
}

// Enabled is a plugin that may run.
type Enabled struct {
	*Source
	// Granted are its permissions.
	Granted Permissions
	// Config are the user's values for its settings.
	Config map[string]any
	// DataDir is where its own files are, which relative paths in permissions mean; empty when it has none.
	DataDir string
	// Kept are files and directories that no permission opens, such as those of the program's own configuration: whoever
	// reads them has the API key, and whoever writes them grants what they like. DataDir may be in one of them.
	Kept []string
	// Manifest is what the plugin defines, if that is known from when it was enabled: its code is then loaded when it is first
	// needed, and must define the same. Without it, the code is loaded at the start.
	Manifest *Manifest
}

// Load finds the enabled plugins in directories and verifies them. Those that are gone or have changed are left out, each
// with an error by its name.
func (s *State) Load(dirs []string) (enabled []Enabled, failures map[string]error) {
	failures = map[string]error{}
	for _, r := range s.Plugins {
		source, err := Find(dirs, r.Name)
		if err == nil {
			err = r.Verify(source)
		}
		if err != nil {
			failures[r.Name] = err
			continue
		}
		enabled = append(enabled, Enabled{Source: source, Granted: r.Granted, Manifest: r.Manifest})
	}
	return enabled, failures
}
