package config

import "path/filepath"

// Files finds, reads and changes configuration files. The fields are all that it needs to know of the process.
type Files struct {
	// Named is the file of --config; empty to look for one.
	Named     string
	LookupEnv func(name string) (string, bool)
	// UserID is who runs the program; -1 where users have no number.
	UserID int
	// Pipes keeps what can be read only once; nil keeps nothing.
	Pipes *Pipes
	// Lock is a file that keeps changes by several processes apart; empty does without.
	Lock string
	// Warn tells of something that does not keep the program from going on.
	Warn func(message, hint string)
	// Note tells of something that a change has brought with it.
	Note func(text string)
}

// User is where the user's own configuration file is looked for; empty if there is no home.
func (f *Files) User() string {
	if dir, _ := f.LookupEnv("XDG_CONFIG_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "authysh", "config.yaml")
	}
	if home := f.Home(); home != "" {
		return filepath.Join(home, ".config", "authysh", "config.yaml")
	}
	return ""
}

// Home is the user's home folder; empty for none.
func (f *Files) Home() string {
	for _, name := range []string{"HOME", "USERPROFILE"} {
		if home, _ := f.LookupEnv(name); home != "" {
			return home
		}
	}
	return ""
}

// empty is a file that sets nothing yet.
func (f *Files) empty(path string) *File {
	return &File{Path: path, Top: Layer{}, Profiles: map[string]Layer{}, home: f.Home()}
}

// Error is a mistake in a setting, wherever it is from. The hint is a line of its own.
type Error struct {
	Message, Hint string
}

// Error is the mistake without its remedy.
func (e *Error) Error() string { return e.Message }
