package luabind

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"syscall"

	"github.com/authysh/authysh/luabind/plugin"
	lua "github.com/yuin/gopher-lua"
)

// maxFile is the largest file that a plugin reads or writes at once.
const maxFile = longestString

// maxListed is how many names of a directory a plugin gets.
const maxListed = 10_000

// place finds what permits the use of a path, or raises an error.
func (g *guest) place(L *lua.LState, op string, write bool) plugin.Place {
	name := textAt(L, 1, op, "path")
	place, ok := g.granted.FindFile(name, g.dataDir, homeDir(), write)
	if !ok {
		permission := "read"
		if write {
			permission = "write"
		}
		g.notGranted(L, op, permission, name)
	}
	if g.isKept(place) {
		L.RaiseError("%s: %s is the program's own, and no permission opens that", op, name)
	}
	return place
}

// isKept reports whether a path leads to what no permission opens, by its name, through links or by another spelling.
func (g *guest) isKept(place plugin.Place) bool {
	if len(g.kept) == 0 || place.Root == g.dataDir { // which cannot be left
		return false
	}
	for at := realPath(filepath.Join(place.Root, filepath.FromSlash(place.Name))); ; at = filepath.Dir(at) {
		if samePlace(at, g.dataDir) {
			return false
		}
		if slices.ContainsFunc(g.kept, func(kept string) bool { return samePlace(at, kept) }) {
			return true
		}
		if at == filepath.Dir(at) {
			return false
		}
	}
}

// realPath is a path without links in as much of it as there is.
func realPath(name string) string {
	if real, err := filepath.EvalSymlinks(name); err == nil {
		return real
	}
	dir := filepath.Dir(name)
	if dir == name {
		return name
	}
	return filepath.Join(realPath(dir), filepath.Base(name))
}

func samePlace(a, b string) bool {
	if a == b {
		return true
	}
	one, err := os.Stat(a)
	if err != nil {
		return a == realPath(b)
	}
	other, err := os.Stat(b)
	return err == nil && os.SameFile(one, other)
}

// openIn opens a file that must stay within its place, also through symbolic links; a permission for a single file does not
// follow one at all. Only regular files are opened, so that nothing blocks and nothing is a device.
func openIn(place plugin.Place, flag int) (*os.File, error) {
	root, err := os.OpenRoot(place.Root)
	if errors.Is(err, fs.ErrNotExist) && flag&os.O_CREATE != 0 {
		if err = os.MkdirAll(place.Root, 0o700); err == nil {
			root, err = os.OpenRoot(place.Root)
		}
	}
	if err != nil {
		return nil, err
	}
	defer root.Close()
	if flag&os.O_CREATE != 0 {
		if err := root.MkdirAll(path.Dir(place.Name), 0o700); err != nil {
			return nil, err
		}
	}
	if err := singleFile(root, place); err != nil {
		return nil, err
	}
	f, err := root.OpenFile(place.Name, flag|syscall.O_NONBLOCK, 0o600)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	switch {
	case err != nil:
	case !info.Mode().IsRegular():
		err = fmt.Errorf("%s is not a regular file", place.Name)
	default:
		err = singleFile(root, place) // it may have been put there meanwhile
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func singleFile(root *os.Root, place plugin.Place) error {
	info, err := root.Lstat(place.Name)
	if place.Single && err == nil && info.Mode()&fs.ModeSymlink != 0 {
		return fmt.Errorf("%s is a symbolic link, and the permission is for this file", place.Name)
	}
	return nil
}

// fsRead is fs.read(path): the text, or nil when there is no such file.
func (g *guest) fsRead(L *lua.LState) int {
	place := g.place(L, "fs.read", false)
	text, err := readIn(place)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		L.Push(lua.LNil)
	case err != nil:
		L.RaiseError("fs.read: %v", err)
	default:
		L.Push(lua.LString(text))
	}
	return 1
}

func readIn(place plugin.Place) ([]byte, error) {
	f, err := openIn(place, os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(text) > maxFile {
		err = fmt.Errorf("%s is larger than %d MiB", place.Name, maxFile>>20)
	}
	return text, err
}

// fsWrite is fs.write(path, text), which replaces what is there.
func (g *guest) fsWrite(L *lua.LState) int { return g.save(L, "fs.write", os.O_TRUNC) }

// fsAppend is fs.append(path, text). A line arrives as a whole, whoever else appends to the file.
func (g *guest) fsAppend(L *lua.LState) int { return g.save(L, "fs.append", os.O_APPEND) }

func (g *guest) save(L *lua.LState, op string, flag int) int {
	place := g.place(L, op, true)
	text := textAt(L, 2, op, "text")
	budgetOf(L).touched = true
	f, err := openIn(place, os.O_WRONLY|os.O_CREATE|flag)
	if err == nil {
		_, err = io.WriteString(f, text)
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		L.RaiseError("%s: %v", op, err)
	}
	return 0
}

// fsList is fs.list(path): the sorted names in a directory, those of directories with a slash; nil when there is none.
func (g *guest) fsList(L *lua.LState) int {
	place := g.place(L, "fs.list", false)
	entries, err := listIn(place)
	if errors.Is(err, fs.ErrNotExist) {
		L.Push(lua.LNil)
		return 1
	}
	if err != nil {
		L.RaiseError("fs.list: %v", err)
	}
	t := L.CreateTable(len(entries), 0)
	for i, entry := range entries {
		name := entry.Name()
		if entry.IsDir() {
			name += "/"
		}
		spend(L, 32+len(name))
		t.RawSetInt(i+1, lua.LString(name))
	}
	L.Push(t)
	return 1
}

func listIn(place plugin.Place) ([]fs.DirEntry, error) {
	root, err := os.OpenRoot(place.Root)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	if err := singleFile(root, place); err != nil {
		return nil, err
	}
	info, err := root.Stat(place.Name)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("%s is not a directory", place.Name)
	}
	entries, err := fs.ReadDir(root.FS(), place.Name)
	if len(entries) > maxListed {
		return nil, fmt.Errorf("%s has more than %d files", place.Name, maxListed)
	}
	return entries, err
}
