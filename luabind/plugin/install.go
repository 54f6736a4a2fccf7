package plugin

import (
	"archive/tar"
	"archive/zip"
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/authysh/authysh/luabind/internal/luatext"
)

// Read takes a plugin from a directory, or from a .zip, .tar, .tar.gz or .tgz archive. An archive may have all files in one
// directory. Paths that lead out, links in archives, special files and what is too large are refused.
func Read(from string) (*Source, error) {
	_, s, err := read(from)
	return s, err
}

func read(from string) (*collector, *Source, error) {
	info, err := os.Stat(from)
	if err != nil {
		return nil, nil, fmt.Errorf("cannot read the plugin: %w", err)
	}
	c := &collector{files: map[string]file{}}
	switch {
	case info.IsDir():
		var root *os.Root
		if root, err = os.OpenRoot(from); err == nil {
			err = c.walk(root)
			root.Close()
		}
	case strings.HasSuffix(from, ".zip"):
		err = c.readZip(from)
	case strings.HasSuffix(from, ".tar"), strings.HasSuffix(from, ".tar.gz"), strings.HasSuffix(from, ".tgz"):
		err = c.readTar(from)
	default:
		return nil, nil, fmt.Errorf("%s is neither a directory nor a .zip, .tar, .tar.gz or .tgz archive", from)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("plugin %s: %w", from, err)
	}
	if !info.IsDir() {
		c.stripDirectory()
		c.dropIgnored()
	}
	absolute, err := filepath.Abs(from)
	if err != nil {
		return nil, nil, err
	}
	s, err := c.source(filepath.Base(absolute), "")
	return c, s, err
}

// dropIgnored leaves out what is no part of a plugin in a directory either.
func (c *collector) dropIgnored() {
	maps.DeleteFunc(c.files, func(name string, _ file) bool {
		top, _, _ := strings.Cut(name, "/")
		return slices.Contains(ignored, top)
	})
}

// stripDirectory takes away the one directory that all files of an archive are in.
func (c *collector) stripDirectory() {
	top := ""
	for name := range c.files {
		first, _, below := strings.Cut(name, "/")
		if !below || top != "" && top != first {
			return
		}
		top = first
	}
	files := make(map[string]file, len(c.files))
	for name, f := range c.files {
		files[strings.TrimPrefix(name, top+"/")] = f
	}
	c.files = files
}

// archived takes one entry of an archive.
func (c *collector) archived(name string, mode fs.FileMode, content io.Reader) error {
	if mode.IsDir() {
		return nil
	}
	if !mode.IsRegular() {
		return fmt.Errorf("%s is a link or special file, which archives of plugins must not have", luatext.Excerpt(name))
	}
	clean := strings.TrimPrefix(name, "./")
	if clean != path.Clean(clean) {
		return fmt.Errorf("%s is no path inside of the plugin", luatext.Excerpt(name))
	}
	if slices.Contains(strings.Split(clean, "/"), ".git") {
		return nil
	}
	text, err := io.ReadAll(io.LimitReader(content, maxBytes+1-c.bytes))
	if err != nil {
		return fmt.Errorf("%s cannot be read: %w", luatext.Excerpt(name), err)
	}
	return c.add(clean, file{content: text, executable: mode&0o111 != 0})
}

func (c *collector) readZip(from string) error {
	archive, err := zip.OpenReader(from)
	if err != nil {
		return err
	}
	defer archive.Close()
	for _, entry := range archive.File {
		content, err := entry.Open()
		if err != nil {
			return err
		}
		err = c.archived(entry.Name, entry.Mode(), content)
		content.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *collector) readTar(from string) error {
	archive, err := os.Open(from)
	if err != nil {
		return err
	}
	defer archive.Close()
	var content io.Reader = bufio.NewReader(archive)
	if !strings.HasSuffix(from, ".tar") {
		unpacked, err := gzip.NewReader(content)
		if err != nil {
			return err
		}
		content = unpacked
	}
	// Headers count too: an archive of nothing but names has no end either.
	entries := tar.NewReader(io.LimitReader(content, 2*maxBytes))
	for n := 0; ; n++ {
		header, err := entries.Next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case n > 2*maxFiles:
			return fmt.Errorf("has more than %d files", maxFiles)
		case header.Typeflag == tar.TypeXGlobalHeader: // git archive writes the commit there
			continue
		}
		mode := header.FileInfo().Mode()
		if header.Typeflag == tar.TypeLink {
			mode |= fs.ModeIrregular
		}
		if err := c.archived(header.Name, mode, entries); err != nil {
			return err
		}
	}
}

// ErrInstalled is what [Install] finds when the plugin is there already and is not to be replaced.
var ErrInstalled = errors.New("is installed already")

// Install puts a plugin from a directory or archive into dir, under the name that it has by its manifest, which inspect
// reads; see the function InspectPlugin of luabind. Nothing of it is enabled by that. A plugin that is there already is
// [ErrInstalled], unless replace is set.
func Install(dir, from string, inspect func(*Source) (*Manifest, error), replace bool) (*Source, *Manifest, error) {
	c, source, err := read(from)
	if err != nil {
		return nil, nil, err
	}
	source.Name = "" // that of an archive says nothing
	m, err := inspect(source)
	if err == nil {
		err = CheckName(m.Name)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("plugin %s: %w", from, err)
	}
	target := filepath.Join(dir, m.Name)
	if _, err := os.Lstat(target); err == nil && !replace {
		return nil, nil, fmt.Errorf("plugin %s %w, in %s", m.Name, ErrInstalled, target)
	}
	if err := c.write(dir, target, source.Checksum); err != nil {
		return nil, nil, fmt.Errorf("cannot install the plugin %s: %w", m.Name, err)
	}
	installed, err := Open(target)
	return installed, m, err
}

// write makes the directory beside its place first, so that there is never half a plugin, or another one than was read.
func (c *collector) write(dir, target, checksum string) (err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	temporary, err := os.MkdirTemp(dir, ".installing-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temporary)
	if err := os.Chmod(temporary, 0o755); err != nil {
		return err
	}
	root, err := os.OpenRoot(temporary)
	if err != nil {
		return err
	}
	defer root.Close()
	for name, f := range c.files {
		if err := root.MkdirAll(path.Dir(name), 0o755); err != nil {
			return err
		}
		if f.link != "" {
			err = root.Symlink(f.link, name)
		} else {
			mode := fs.FileMode(0o644)
			if f.executable {
				mode = 0o755
			}
			err = writeNew(root, name, f.content, mode)
		}
		if err != nil {
			return err
		}
	}
	switch written, err := Open(temporary); {
	case err != nil:
		return err
	case written.Checksum != checksum:
		return fmt.Errorf("on disk it is not what was read; does another program write to %s?", dir)
	}
	return exchange(temporary, target)
}

// exchange puts a new directory in the place of an old one, if there is one, which stays when that fails.
func exchange(with, target string) error {
	old := with + "-old"
	switch err := os.Rename(target, old); {
	case errors.Is(err, fs.ErrNotExist):
		return os.Rename(with, target)
	case err != nil:
		return err
	}
	if err := os.Rename(with, target); err != nil {
		return errors.Join(err, os.Rename(old, target))
	}
	return os.RemoveAll(old)
}

func writeNew(root *os.Root, name string, content []byte, mode fs.FileMode) error {
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, bytes.NewReader(content))
	return errors.Join(err, f.Close())
}
