package main

import "path/filepath"

// configFiles finds, reads and changes configuration files. The fields are all that it needs to know of the process.
type configFiles struct {
	// named is the file of --config; empty to look for one.
	named     string
	lookupEnv func(name string) (string, bool)
	// userID is who runs the program; -1 where users have no number.
	userID int
	// lock is a file that keeps changes by several processes apart; empty does without.
	lock string
	// warn tells of something that does not keep the program from going on.
	warn func(message, hint string)
	// note tells of something that a change has brought with it.
	note func(text string)
}

// user is where the user's own configuration file is looked for; empty if there is no home.
func (f *configFiles) user() string {
	if dir, _ := f.lookupEnv("XDG_CONFIG_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "authysh", "config.yaml")
	}
	if home := f.home(); home != "" {
		return filepath.Join(home, ".config", "authysh", "config.yaml")
	}
	return ""
}

// home is the user's home folder; empty for none.
func (f *configFiles) home() string {
	for _, name := range []string{"HOME", "USERPROFILE"} {
		if home, _ := f.lookupEnv(name); home != "" {
			return home
		}
	}
	return ""
}

// empty is a file that sets nothing yet.
func (f *configFiles) empty(path string) *configFile {
	return &configFile{path: path, top: layer{}, profiles: map[string]layer{}, home: f.home()}
}

// configError is a mistake in a setting, wherever it is from. The hint is a line of its own.
type configError struct {
	message, hint string
}

func (e *configError) Error() string { return e.message }
