package plugin

import (
	"fmt"
	"os"
	"path/filepath"
)

// Installed finds the directory of a plugin by its name, in the first of some directories that has it. Its code need not be
// right, or readable.
func Installed(dirs []string, name string) (string, error) {
	if err := CheckName(name); err != nil {
		return "", err
	}
	for _, dir := range dirs {
		place := filepath.Join(dir, name)
		if _, err := os.Lstat(place); err == nil {
			return place, nil
		}
	}
	_, err := Find(dirs, name) // which says where it was looked for
	if err == nil {
		err = fmt.Errorf("no plugin %s", name)
	}
	return "", err
}

// Within reports whether a plugin's directory is one of those right in dir.
func Within(dir, place string) bool { return dir != "" && filepath.Dir(place) == filepath.Clean(dir) }

// Remove deletes the directory of a plugin. Of one that is a symbolic link only the link is deleted.
func Remove(place string) error { return os.RemoveAll(place) }
