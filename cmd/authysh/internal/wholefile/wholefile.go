// Package wholefile writes files at once: whoever reads one meanwhile sees what it was or what it is, and never a part.
package wholefile

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
)

// Replace writes beside the file and then renames, so that there is no moment without a whole file. A failure leaves
// nothing behind.
func Replace(path string, text []byte, mode fs.FileMode) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	if err := f.Chmod(mode); err != nil {
		return err
	}
	if _, err := f.Write(text); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	if dir, err := os.Open(filepath.Dir(path)); err == nil {
		dir.Sync() // not every system can
		dir.Close()
	}
	return nil
}

// Renew writes a file that a program makes, and that others may read: "written". One that has the text already keeps its
// time: "unchanged". A link stays one.
func Renew(path string, text []byte) (state string, err error) {
	if known, err := os.ReadFile(path); err == nil && bytes.Equal(known, text) {
		return "unchanged", nil
	}
	mode := fs.FileMode(0o644)
	if resolved, err := filepath.EvalSymlinks(path); err == nil {
		path = resolved
		if info, err := os.Stat(path); err == nil {
			mode = info.Mode().Perm()
		}
	}
	if err := Replace(path, text, mode); err != nil {
		return "", err
	}
	return "written", nil
}
