package config

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"github.com/authysh/authysh/cmd/authysh/internal/wholefile"
)

// Target is which configuration file a command works on, by its flags.
type Target struct {
	Local, User bool
}

// Place is where a configuration file is.
type Place struct {
	Path  string
	Named bool // by the user, who so trusts it
}

// Place finds the file: the one that a flag names, or else the one that is read.
func (f *Files) Place(t Target) (Place, error) {
	switch {
	case t.Local && t.User:
		return Place{}, &Error{Message: "--local and --user contradict each other", Hint: "leave one of them out"}
	case f.Named != "" && (t.Local || t.User):
		return Place{}, &Error{Message: "--config names a file, and --local or --user another one", Hint: "leave one of them out"}
	case f.Named != "":
		return Place{f.Named, true}, nil
	case t.Local:
		return Place{LocalFile, false}, nil
	case !t.User:
		if _, err := os.Lstat(LocalFile); err == nil {
			return Place{LocalFile, false}, nil
		}
	}
	path := f.User()
	if path == "" {
		return Place{}, &Error{Message: "there is no home folder for a configuration file", Hint: "name a file with --config"}
	}
	return Place{path, false}, nil
}

// fileText is the text of a configuration file, which may be missing.
type fileText struct {
	Place
	text   []byte
	info   fs.FileInfo // nil for a file that does not exist
	target string      // what the path links to
}

// readText reads a file without looking into it.
func readText(at Place) (*fileText, error) {
	c := &fileText{Place: at, target: at.Path}
	if _, err := os.Lstat(at.Path); err != nil && missing(err) {
		return c, nil
	}
	target, err := filepath.EvalSymlinks(at.Path)
	if absent, ok := errors.AsType[*fs.PathError](err); ok && missing(err) {
		return nil, &Error{
			Message: "cannot read the configuration: " + at.Path + " links to " + absent.Path + ", which is not there",
			Hint:    "make that file, or remove the link",
		}
	}
	if err != nil {
		return nil, cannotRead(fmt.Errorf("%s: %w", at.Path, err))
	}
	c.target = target
	if info, err := os.Stat(target); err == nil && !info.Mode().IsRegular() { // first: to open a pipe may take for ever
		return nil, &Error{Message: "cannot change the configuration: " + at.Path + " is not a regular file"}
	}
	opened, err := os.Open(target)
	if err != nil {
		return nil, cannotRead(err)
	}
	defer opened.Close()
	if c.info, err = opened.Stat(); err != nil {
		return nil, cannotRead(err)
	}
	c.text, err = io.ReadAll(io.LimitReader(opened, maxFile+1))
	switch {
	case err != nil:
		return nil, cannotRead(err)
	case len(c.text) > maxFile:
		return nil, &Error{Message: "cannot read the configuration: " + at.Path + " is larger than 1 MiB"}
	}
	return c, nil
}

// checked reads a text as the program will.
func (f *Files) checked(c *fileText, text []byte) (*File, error) {
	file := f.empty(c.Path)
	if !c.Named && c.info != nil {
		file.foreign = foreignTo(c.info, f.UserID)
	}
	return file, file.parse(text)
}

// Open reads a file, which may be missing: then it sets nothing.
func (f *Files) Open(at Place) (file *File, exists bool, err error) {
	c, err := readText(at)
	if err != nil {
		return nil, false, err
	}
	file, err = f.checked(c, c.text)
	return file, c.info != nil, err
}

// Vacant keeps a file from being lost: there must be none yet, unless it is to be replaced.
func (f *Files) Vacant(at Place, replace bool) error {
	_, err := os.Lstat(at.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist) || err == nil && replace:
		return nil
	case err != nil:
		return cannotRead(err)
	}
	return &Error{Message: at.Path + " is there already", Hint: "authysh config set changes a setting of it; --force replaces it"}
}

// Create writes a new file that only its owner can read. What the file needs besides, prepare makes before.
func (f *Files) Create(ctx context.Context, at Place, replace bool, text []byte, prepare func(*File) error) error {
	c := &fileText{Place: at, target: at.Path}
	file, err := f.checked(c, text)
	if err != nil {
		return err
	}
	if err := prepare(file); err != nil {
		return err
	}
	unlock, err := f.Exclusively(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	if err := f.Vacant(at, replace); err != nil {
		return err
	}
	if there, err := readText(at); err == nil {
		c.target = there.target // a link stays one
	}
	return f.write(c, text, true)
}

// Edit changes a file. What comes out must be readable by this program, or else nothing is written. It returns the
// file as it is now.
func (f *Files) Edit(ctx context.Context, t Target, change func(*Document) error) (*File, error) {
	at, err := f.Place(t)
	if err != nil {
		return nil, err
	}
	unlock, err := f.Exclusively(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	c, err := readText(at)
	if err != nil {
		return nil, err
	}
	d, err := f.Document(at.Path, c.text)
	if err != nil {
		return nil, err
	}
	before := string(d.text)
	if err := change(d); err != nil {
		return nil, err
	}
	file, err := f.checked(c, d.text)
	if err != nil {
		return nil, unchanged(err)
	}
	if before == string(d.text) && !exposed(c, file) {
		return file, nil
	}
	return file, f.write(c, d.text, file.secret() != "")
}

// unchanged says that a mistake is the reason for which a file was left as it is.
func unchanged(err error) error {
	misuse, ok := errors.AsType[*Error](err)
	if !ok {
		return err
	}
	return &Error{Message: "nothing was written, as the file would be wrong: " + misuse.Message, Hint: misuse.Hint}
}

// exposed reports whether others can read a secret in the file.
func exposed(c *fileText, file *File) bool {
	return c.info != nil && file.secret() != "" && ReadableByOthers(c.info)
}

// write puts a text in place of the file, at once: whoever reads meanwhile sees the old or the new one. The mode
// stays, but a file with a secret is for its owner only.
func (f *Files) write(c *fileText, text []byte, private bool) error {
	mode := fs.FileMode(0o600)
	if c.info != nil {
		mode = c.info.Mode().Perm()
		if private && ReadableByOthers(c.info) {
			mode &^= 0o077
			f.Note(fmt.Sprintf("%s holds a secret, so that from now on only you can read it", c.Path))
		}
	} else if err := os.MkdirAll(filepath.Dir(c.Path), 0o700); err != nil {
		return cannotWrite(err)
	}
	if err := wholefile.Replace(c.target, text, mode); err != nil {
		return cannotWrite(err)
	}
	return nil
}

func cannotWrite(err error) error {
	return &Error{Message: "cannot write the configuration: " + err.Error()}
}

// Exclusively lets one process of the user at a time change configuration files and what stands beside them, so that no
// change is lost: what is changed is read after it. Where the lock cannot be had, as in a home that cannot be written to, it
// does without.
func (f *Files) Exclusively(ctx context.Context) (unlock func(), err error) {
	const again = 5 * time.Millisecond
	if f.Lock == "" || os.MkdirAll(filepath.Dir(f.Lock), 0o700) != nil {
		return func() {}, nil
	}
	lock := flock.New(f.Lock, flock.SetPermissions(0o600))
	if _, err := lock.TryLockContext(ctx, again); err != nil && ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return func() { lock.Close() }, nil
}
