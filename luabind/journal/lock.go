package journal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/gofrs/flock"
)

// lockPath is the file whose lock stands for the journal's. It is the journal itself, so that nothing is left lying
// about, and two names of one journal share one lock; but on Windows a locked file cannot be read by others, nor
// replaced.
func lockPath(path string) string {
	if runtime.GOOS == "windows" {
		return path + ".lock"
	}
	return path
}

// held is a journal that is open and locked.
type held struct {
	*os.File
	lock *flock.Flock
}

// acquire opens a journal and locks it. With create it makes an empty file if there is none.
func acquire(path string, create bool) (*held, error) {
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return nil, fmt.Errorf("%s is a folder: name a file for the journal", path)
	case err == nil && !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is not a regular file: name another file for the journal", path)
	case err != nil && !(create && errors.Is(err, fs.ErrNotExist)):
		return nil, cannotOpen(path, err)
	}
	for {
		h, replaced, err := tryAcquire(path, create)
		if !replaced {
			return h, err
		}
	}
}

// tryAcquire reports replaced if the path came to mean another file between opening and locking it, as Compact does.
func tryAcquire(path string, create bool) (h *held, replaced bool, err error) {
	flag := os.O_RDWR
	if create {
		flag |= os.O_CREATE
	}
	lockFlag := flag
	if lockPath(path) != path {
		lockFlag |= os.O_CREATE
	}
	lock := flock.New(lockPath(path), flock.SetFlag(lockFlag), flock.SetPermissions(0o600))
	locked, err := lock.TryLock()
	if err != nil {
		return nil, false, cannotOpen(path, err)
	}
	if !locked {
		return nil, false, &LockedError{path}
	}
	file, err := os.OpenFile(path, flag, 0o600)
	if err != nil {
		_ = lock.Unlock()
		return nil, false, cannotOpen(path, err)
	}
	h = &held{file, lock}
	if lockPath(path) != path {
		return h, false, nil
	}
	opened, err := file.Stat()
	if err != nil {
		_ = h.release()
		return nil, false, cannotOpen(path, err)
	}
	locks, err := lock.Stat()
	if err != nil {
		_ = h.release()
		return nil, false, cannotOpen(path, err)
	}
	if !os.SameFile(opened, locks) {
		_ = h.release()
		return nil, true, nil
	}
	return h, false, nil
}

// release closes the file and gives up the lock.
func (h *held) release() error {
	err := h.File.Close()
	name := h.lock.Path()
	if unlocked := h.lock.Unlock(); err == nil {
		err = unlocked
	}
	if name != h.Name() {
		_ = os.Remove(name) // Windows refuses if another run has it open by now, which is right
	}
	return err
}

// Close closes the file and gives up the lock.
func (h *held) Close() error { return h.release() }

// cannotOpen says what is wrong with the path, and what to do.
func cannotOpen(path string, err error) error {
	folder := filepath.Dir(path)
	cause := err
	if failed, ok := errors.AsType[*fs.PathError](err); ok {
		cause = failed.Err
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if _, missing := os.Stat(folder); missing != nil {
			return fmt.Errorf("%s: cannot open the journal: there is no folder %s: make it, or name a journal elsewhere%w", path, folder, silent{err})
		}
		return fmt.Errorf("%s: there is no such journal%w", path, silent{err})
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%s: cannot open the journal: %w; name a journal in a folder where you may write", path, cause)
	}
	return fmt.Errorf("%s: cannot open the journal: %w", path, cause)
}

// silent is an error that can be matched but adds nothing to the text.
type silent struct{ error }

func (silent) Error() string   { return "" }
func (s silent) Unwrap() error { return s.error }

// syncFolder makes a new name in a folder durable. Where folders cannot be synced, the file system does it itself.
func syncFolder(path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return nil // a folder that may not be read, but written
	}
	err = folder.Sync()
	if closed := folder.Close(); err == nil {
		err = closed
	}
	return err
}
