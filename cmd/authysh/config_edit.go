package main

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

// configTarget is which configuration file a command works on.
type configTarget struct {
	local, user bool
}

// path finds the file: the one that a flag names, or else the one that is read. named says that the user trusts it.
func (f *configFiles) path(t configTarget) (path string, named bool, err error) {
	switch {
	case t.local && t.user:
		return "", false, &configError{message: "--local and --user contradict each other", hint: "leave one of them out"}
	case f.named != "" && (t.local || t.user):
		return "", false, &configError{message: "--config names a file, and --local or --user another one", hint: "leave one of them out"}
	case f.named != "":
		return f.named, true, nil
	case t.local:
		return localConfig, false, nil
	case !t.user:
		if _, err := os.Lstat(localConfig); err == nil {
			return localConfig, false, nil
		}
	}
	if path = f.user(); path == "" {
		return "", false, &configError{message: "there is no home folder for a configuration file", hint: "name a file with --config"}
	}
	return path, false, nil
}

// configText is the text of a configuration file, which may be missing.
type configText struct {
	path   string
	named  bool
	text   []byte
	info   fs.FileInfo // nil for a file that does not exist
	target string      // what the path links to
}

// readConfigText reads a file without looking into it.
func readConfigText(path string, named bool) (*configText, error) {
	c := &configText{path: path, named: named, target: path}
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		return c, nil
	}
	target, err := filepath.EvalSymlinks(path)
	if err != nil {
		return nil, cannotRead(err)
	}
	c.target = target
	opened, err := os.Open(target)
	if err != nil {
		return nil, cannotRead(err)
	}
	defer opened.Close()
	if c.info, err = opened.Stat(); err != nil {
		return nil, cannotRead(err)
	}
	if !c.info.Mode().IsRegular() {
		return nil, &configError{message: "cannot change the configuration: " + path + " is not a regular file"}
	}
	c.text, err = io.ReadAll(io.LimitReader(opened, maxConfig+1))
	switch {
	case err != nil:
		return nil, cannotRead(err)
	case len(c.text) > maxConfig:
		return nil, &configError{message: "cannot read the configuration: " + path + " is larger than 1 MiB"}
	}
	return c, nil
}

// checked reads a text as the program will.
func (f *configFiles) checked(c *configText, text []byte) (*configFile, error) {
	file := f.empty(c.path)
	if !c.named && c.info != nil {
		file.foreign = foreignTo(c.info, f.userID)
	}
	return file, file.parse(text)
}

// open reads a file, which may be missing: then it sets nothing.
func (f *configFiles) open(path string, named bool) (file *configFile, exists bool, err error) {
	c, err := readConfigText(path, named)
	if err != nil {
		return nil, false, err
	}
	file, err = f.checked(c, c.text)
	return file, c.info != nil, err
}

// vacant keeps a file from being lost: there must be none yet, unless it is to be replaced.
func (f *configFiles) vacant(path string, replace bool) error {
	_, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) || err == nil && replace:
		return nil
	case err != nil:
		return cannotRead(err)
	}
	return &configError{message: path + " is there already", hint: "authysh config set changes a setting of it; --force replaces it"}
}

// create writes a new file that only its owner can read. What the file needs besides, prepare makes before.
func (f *configFiles) create(ctx context.Context, path string, named, replace bool, text []byte, prepare func(*configFile) error) error {
	c := &configText{path: path, named: named, target: path}
	file, err := f.checked(c, text)
	if err != nil {
		return err
	}
	if err := prepare(file); err != nil {
		return err
	}
	unlock, err := f.lockAll(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	if err := f.vacant(path, replace); err != nil {
		return err
	}
	if there, err := readConfigText(path, named); err == nil {
		c.target = there.target // a link stays one
	}
	return f.write(c, text, true)
}

// edit changes a file. What comes out must be readable by this program, or else nothing is written. It returns the
// file as it is now.
func (f *configFiles) edit(ctx context.Context, t configTarget, change func(*document) error) (*configFile, error) {
	path, named, err := f.path(t)
	if err != nil {
		return nil, err
	}
	unlock, err := f.lockAll(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	c, err := readConfigText(path, named)
	if err != nil {
		return nil, err
	}
	d, err := f.document(path, c.text)
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
	misuse, ok := errors.AsType[*configError](err)
	if !ok {
		return err
	}
	return &configError{message: "nothing was written, as the file would be wrong: " + misuse.message, hint: misuse.hint}
}

// exposed reports whether others can read a secret in the file.
func exposed(c *configText, file *configFile) bool {
	return c.info != nil && file.secret() != "" && readableByOthers(c.info)
}

// write puts a text in place of the file, at once: whoever reads meanwhile sees the old or the new one. The mode
// stays, but a file with a secret is for its owner only.
func (f *configFiles) write(c *configText, text []byte, private bool) error {
	mode := fs.FileMode(0o600)
	if c.info != nil {
		mode = c.info.Mode().Perm()
		if private && readableByOthers(c.info) {
			mode &^= 0o077
			f.note(fmt.Sprintf("%s holds a secret, so that from now on only you can read it", c.path))
		}
	} else if err := os.MkdirAll(filepath.Dir(c.path), 0o700); err != nil {
		return cannotWrite(err)
	}
	if err := wholefile.Replace(c.target, text, mode); err != nil {
		return cannotWrite(err)
	}
	return nil
}

func cannotWrite(err error) error {
	return &configError{message: "cannot write the configuration: " + err.Error()}
}

// lockAll lets one process of the user at a time change configuration files, so that no change is lost. Where the
// lock cannot be had, as in a home that cannot be written to, it does without.
func (f *configFiles) lockAll(ctx context.Context) (unlock func(), err error) {
	const again = 5 * time.Millisecond
	if f.lock == "" || os.MkdirAll(filepath.Dir(f.lock), 0o700) != nil {
		return func() {}, nil
	}
	lock := flock.New(f.lock, flock.SetPermissions(0o600))
	if _, err := lock.TryLockContext(ctx, again); err != nil && ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return func() { lock.Close() }, nil
}
