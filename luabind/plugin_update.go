package luabind

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"time"

	"github.com/authysh/authysh/luabind/internal/luavalue"
	"github.com/authysh/authysh/luabind/plugin"
	"github.com/gofrs/flock"
	lua "github.com/yuin/gopher-lua"
)

// lockEnding is what the file that guards another is called behind its name. It stays, as its removal would let two hold it.
const lockEnding = ".lock"

// lockRetry is how often a lock is tried that another program holds.
const lockRetry = 5 * time.Millisecond

// fsUpdate is fs.update(path, function(text) ... return text end): it reads a file, calls the function with its text, or
// with nil where there is none, and replaces the file by what it gives; nil leaves it as it is. Whoever else updates the
// file waits meanwhile, also in other programs. It gives the text that is there afterwards.
func (g *guest) fsUpdate(L *lua.LState) int {
	const op = "fs.update"
	place := g.place(L, op, true)
	change, ok := L.Get(2).(*lua.LFunction)
	if !ok {
		refuse(L, op, "change", mistyped("a function", L.Get(2)).Error())
	}
	b := budgetOf(L)
	if b.updating {
		L.RaiseError("%s cannot be used within another %s: two of them would wait for each other", op, op)
	}
	b.updating, b.touched = true, true
	defer func() { b.updating = false }()
	release, err := g.lockIn(L, place)
	if err != nil {
		L.RaiseError("%s: %v", op, err)
	}
	defer release()
	var old lua.LValue = lua.LNil
	text, err := readIn(place)
	switch {
	case err == nil:
		spend(L, len(text))
		old = lua.LString(text)
	case !errors.Is(err, fs.ErrNotExist):
		L.RaiseError("%s: %v", op, err)
	}
	L.Push(change)
	L.Push(old)
	L.Call(1, 1)
	changed := L.Get(-1)
	switch changed := changed.(type) {
	case *lua.LNilType:
		L.Push(old)
		return 1
	case lua.LString:
		if err := replaceIn(place, string(changed)); err != nil {
			L.RaiseError("%s: %v", op, err)
		}
		L.Push(changed)
		return 1
	}
	L.RaiseError("%s: the function must give a text, or nil to leave the file as it is, got %s", op, luavalue.TypeName(changed))
	return 0
}

// lockIn locks what guards a file, within its place. The wait is the plugin's, and given up when its time is.
func (g *guest) lockIn(L *lua.LState, place plugin.Place) (release func(), err error) {
	guard := place
	guard.Name += lockEnding
	f, err := openIn(guard, os.O_RDWR|os.O_CREATE)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	kept := false
	lock := flock.New(filepath.Join(guard.Root, filepath.FromSlash(guard.Name)), flock.SetFlag(os.O_RDWR))
	defer func() {
		if !kept { // also when the time was over just as it was locked
			_ = lock.Close()
		}
	}()
	g.wait(L, func(ctx context.Context) {
		_, err = lock.TryLockContext(ctx, lockRetry)
	})
	if err != nil {
		return nil, fmt.Errorf("%s is in use: %w", place.Name, err)
	}
	opened, err := f.Stat()
	if err == nil {
		var locked fs.FileInfo
		if locked, err = lock.Stat(); err == nil && !os.SameFile(opened, locked) { // the path led somewhere else meanwhile
			err = fmt.Errorf("%s was replaced meanwhile", guard.Name)
		}
	}
	if err != nil {
		return nil, err
	}
	kept = true
	return func() { _ = lock.Close() }, nil
}

// freshEnding is what a file is called until it takes the place of another.
const freshEnding = ".authysh-new"

// replaceIn replaces a file as a whole: whoever reads it sees the old text or the new one.
func replaceIn(place plugin.Place, text string) error {
	fresh := place
	fresh.Name += freshEnding
	f, err := openIn(fresh, os.O_WRONLY|os.O_CREATE|os.O_TRUNC)
	if err != nil {
		return err
	}
	defer f.Close()
	root, err := os.OpenRoot(place.Root)
	if err != nil {
		return err
	}
	defer root.Close()
	if err := singleFile(root, place); err != nil {
		return err
	}
	if info, err := root.Lstat(place.Name); err == nil {
		if !info.Mode().IsRegular() {
			return fmt.Errorf("%s is not a regular file", path.Base(place.Name))
		}
		if err := f.Chmod(info.Mode().Perm()); err != nil && !errors.Is(err, errors.ErrUnsupported) {
			return err
		}
	}
	_, err = io.WriteString(f, text)
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return root.Rename(fresh.Name, place.Name)
}
