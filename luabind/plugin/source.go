package plugin

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/luabind/internal/luatext"
)

// Source is the code of a plugin, as it was on disk when it was looked at.
type Source struct {
	// Name is that of the directory.
	Name string
	// Dir is the directory; empty for one that is not on disk yet.
	Dir string
	// Checksum is over names, contents and modes of all files.
	Checksum string
	// Files has a checksum of each file by its path with slashes.
	Files map[string]string

	code     map[string]string // the Lua files
	compiled sync.Map          // what was made of them, by file; see Compiled
}

// Limits of a plugin's directory. A plugin is some pages of text; what is larger was put there by mistake.
const (
	maxFiles = 2000
	maxBytes = 32 << 20
)

// Find looks for a plugin in directories, the first that has it wins. They must be absolute: what is found must not depend on
// where a program was started.
func Find(dirs []string, name string) (*Source, error) {
	if err := CheckName(name); err != nil {
		return nil, err
	}
	for _, dir := range dirs {
		if !filepath.IsAbs(dir) {
			return nil, fmt.Errorf("plugin directory %q must be an absolute path: plugins are never searched for in the working directory", dir)
		}
	}
	for _, dir := range dirs {
		place := filepath.Join(dir, name)
		if _, err := os.Lstat(filepath.Join(place, MainFile)); err == nil {
			return Open(place)
		}
	}
	where := "no directories for plugins are set"
	if len(dirs) > 0 {
		where = "looked in " + strings.Join(dirs, ", ")
	}
	known, _ := List(dirs)
	return nil, fmt.Errorf("no plugin %q: %s%s", name, where, nearHint(name, names(known)))
}

func names(found []Found) []string {
	list := make([]string, len(found))
	for i, f := range found {
		list[i] = f.Name
	}
	return list
}

// Found is a directory that holds a plugin.
type Found struct {
	Name, Dir string
	// Shadowed says that an earlier directory has a plugin of the same name, so that this one is never used.
	Shadowed bool
}

// List finds all plugins in directories, in the order of these and then by name. Directories that do not exist are passed
// over; one that cannot be read is an error, beside what was found.
func List(dirs []string) ([]Found, error) {
	var found []Found
	var failures []error
	seen := map[string]bool{}
	for _, dir := range dirs {
		entries, err := os.ReadDir(dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			failures = append(failures, fmt.Errorf("cannot list plugins: %w", err))
		}
		for _, entry := range entries {
			place := filepath.Join(dir, entry.Name())
			if _, err := os.Lstat(filepath.Join(place, MainFile)); err != nil || CheckName(entry.Name()) != nil {
				continue
			}
			found = append(found, Found{entry.Name(), place, seen[entry.Name()]})
			seen[entry.Name()] = true
		}
	}
	return found, errors.Join(failures...)
}

// Open takes the plugin in a directory. Links that lead out of it, and what is neither file nor directory, are refused.
// The directory of a version control system at the top, such as .git, is no part of the plugin.
func Open(dir string) (*Source, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("cannot open the plugin: %w", err)
	}
	defer root.Close()
	absolute, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("cannot open the plugin: %w", err)
	}
	c := &collector{files: map[string]file{}}
	if err := c.walk(root); err != nil {
		return nil, fmt.Errorf("plugin %s: %w", dir, err)
	}
	return c.source(filepath.Base(absolute), absolute)
}

// file is one entry of a plugin.
type file struct {
	content    []byte
	link       string // its target, for a symbolic link
	executable bool
}

// collector gathers the files of a plugin from wherever they come.
type collector struct {
	files map[string]file
	bytes int64
}

func (c *collector) add(name string, f file) error {
	if err := checkPath(name); err != nil {
		return err
	}
	if _, twice := c.files[name]; twice {
		return fmt.Errorf("%s is there twice", name)
	}
	if len(c.files) >= maxFiles {
		return fmt.Errorf("has more than %d files", maxFiles)
	}
	if c.bytes += int64(len(f.content)); c.bytes > maxBytes {
		return fmt.Errorf("is larger than %d MiB", maxBytes>>20)
	}
	c.files[name] = f
	return nil
}

// checkPath refuses names that mean different things in different places.
func checkPath(name string) error {
	switch {
	case !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl):
		return fmt.Errorf("the file name %q has characters that cannot be shown", name)
	case !fs.ValidPath(name) || name == "." || strings.ContainsAny(name, `\:`) || len(name) > 400:
		return fmt.Errorf("%s is no path inside of the plugin", luatext.Excerpt(name))
	}
	return nil
}

// ignored are directories at the top that are no part of a plugin.
var ignored = []string{".git", ".hg", ".svn", ".jj"}

func (c *collector) walk(root *os.Root) error {
	return fs.WalkDir(root.FS(), ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case slices.Contains(ignored, name):
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		case entry.IsDir():
			return nil
		case entry.Type()&fs.ModeSymlink != 0:
			return c.addLink(root, name)
		case !entry.Type().IsRegular():
			return fmt.Errorf("%s is neither a file nor a directory", name)
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		content, err := c.read(root, name)
		if err != nil {
			return err
		}
		return c.add(name, file{content: content, executable: info.Mode()&0o111 != 0})
	})
}

// read is a file with no more bytes than are still allowed.
func (c *collector) read(root *os.Root, name string) ([]byte, error) {
	f, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", name)
	}
	return io.ReadAll(io.LimitReader(f, maxBytes+1-c.bytes))
}

// addLink takes a symbolic link: its target, and what a file there holds.
func (c *collector) addLink(root *os.Root, name string) error {
	target, err := root.Readlink(name)
	if err != nil {
		return err
	}
	info, err := root.Stat(name) // fails when it leads out
	if err != nil {
		return fmt.Errorf("%s is a link to %s, which is not inside of the plugin's directory; put a copy in its place", name, target)
	}
	f := file{link: filepath.ToSlash(target)}
	if info.Mode().IsRegular() {
		if f.content, err = c.read(root, name); err != nil {
			return err
		}
	}
	return c.add(name, f)
}

// source sums up what was gathered.
func (c *collector) source(name, dir string) (*Source, error) {
	if _, ok := c.files[MainFile]; !ok {
		return nil, fmt.Errorf("plugin %s: has no %s", name, MainFile)
	}
	s := &Source{Name: name, Dir: dir, Files: map[string]string{}, code: map[string]string{}}
	whole := sha256.New()
	paths := make([]string, 0, len(c.files))
	for name := range c.files {
		paths = append(paths, name)
	}
	slices.Sort(paths)
	for _, name := range paths {
		f := c.files[name]
		one := sha256.New()
		fmt.Fprintf(one, "%t\x00%s\x00", f.executable, f.link)
		one.Write(f.content)
		s.Files[name] = hex.EncodeToString(one.Sum(nil)[:12])
		fmt.Fprintf(whole, "%s\x00%t\x00%s\x00%d\x00", name, f.executable, f.link, len(f.content))
		whole.Write(f.content)
		if path.Ext(name) == ".lua" {
			s.code[name] = string(f.content)
		}
	}
	s.Checksum = "sha256:" + hex.EncodeToString(whole.Sum(nil))
	return s, nil
}

// moduleName is what require takes: names with dots between them.
var moduleName = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_-]*(\.[A-Za-z0-9_][A-Za-z0-9_-]*)*$`)
})

// Module finds the Lua file of a module of the plugin: "a.b" is a/b.lua or a/b/init.lua.
func (s *Source) Module(name string) (file, text string, ok bool) {
	if !moduleName().MatchString(name) {
		return "", "", false
	}
	base := strings.ReplaceAll(name, ".", "/")
	for _, file := range []string{base + ".lua", base + "/init.lua"} {
		if text, ok := s.code[file]; ok && file != MainFile {
			return file, text, true
		}
	}
	return "", "", false
}

// Main is the text of init.lua.
func (s *Source) Main() string { return s.code[MainFile] }

// Modules lists the names that Module knows, sorted.
func (s *Source) Modules() []string {
	var list []string
	for file := range s.code {
		name := strings.TrimSuffix(strings.TrimSuffix(file, ".lua"), "/init")
		if name = strings.ReplaceAll(name, "/", "."); file != MainFile && moduleName().MatchString(name) {
			list = append(list, name)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// Suggest is the module that a misspelt name may have meant; empty when there is none.
func (s *Source) Suggest(name string) string { return authy.Nearest(name, s.Modules()) }

// FromText makes a source of Lua files that are not on disk, by their paths: for tests and for hosts that embed plugins.
func FromText(name string, files map[string]string) (*Source, error) {
	if err := CheckName(name); err != nil {
		return nil, err
	}
	c := &collector{files: map[string]file{}}
	for path, text := range files {
		if err := c.add(path, file{content: []byte(text)}); err != nil {
			return nil, fmt.Errorf("plugin %s: %w", name, err)
		}
	}
	return c.source(name, "")
}
