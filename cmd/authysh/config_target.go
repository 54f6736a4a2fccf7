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
	"github.com/spf13/cobra"

	"github.com/authysh/authysh/cmd/authysh/internal/wholefile"
	"github.com/authysh/authysh/repl"
)

// configTarget is which configuration file a command works on.
type configTarget struct {
	local, user bool
}

// configTargetFlags adds the flags that choose a file.
func configTargetFlags(cmd *cobra.Command) *configTarget {
	t := new(configTarget)
	cmd.Flags().BoolVar(&t.local, "local", false, "work on ./"+localConfig)
	cmd.Flags().BoolVar(&t.user, "user", false, "work on the file in your configuration folder")
	return t
}

// path finds the file: the one that a flag names, or else the one that is read. named says that the user trusts it.
func (a *app) configPath(t configTarget) (path string, named bool, err error) {
	switch {
	case t.local && t.user:
		return "", false, &usageError{message: "--local and --user contradict each other", hint: "leave one of them out"}
	case a.config != "" && (t.local || t.user):
		return "", false, &usageError{message: "--config names a file, and --local or --user another one", hint: "leave one of them out"}
	case a.config != "":
		return a.config, true, nil
	case t.local:
		return localConfig, false, nil
	case !t.user:
		if _, err := os.Lstat(localConfig); err == nil {
			return localConfig, false, nil
		}
	}
	if path = a.userConfig(); path == "" {
		return "", false, &usageError{message: "there is no home folder for a configuration file", hint: "name a file with --config"}
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
	f, err := os.Open(target)
	if err != nil {
		return nil, cannotRead(err)
	}
	defer f.Close()
	if c.info, err = f.Stat(); err != nil {
		return nil, cannotRead(err)
	}
	if !c.info.Mode().IsRegular() {
		return nil, &usageError{message: "cannot change the configuration: " + path + " is not a regular file"}
	}
	c.text, err = io.ReadAll(io.LimitReader(f, maxConfig+1))
	switch {
	case err != nil:
		return nil, cannotRead(err)
	case len(c.text) > maxConfig:
		return nil, &usageError{message: "cannot read the configuration: " + path + " is larger than 1 MiB"}
	}
	return c, nil
}

// checked reads a text as the program will.
func (a *app) checked(c *configText, text []byte) (*configFile, error) {
	file := a.newConfigFile(c.path)
	if !c.named && c.info != nil {
		file.foreign = foreignTo(c.info, a.userID)
	}
	return file, file.parse(text)
}

func (a *app) newConfigFile(path string) *configFile {
	return &configFile{path: path, top: layer{}, profiles: map[string]layer{}, home: a.home()}
}

// editConfig changes a file. What comes out must be readable by this program, or else nothing is written. It returns the
// file as it is now.
func (a *app) editConfig(ctx context.Context, t configTarget, change func(*document) error) (*configFile, error) {
	path, named, err := a.configPath(t)
	if err != nil {
		return nil, err
	}
	unlock, err := a.lockConfigs(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	c, err := readConfigText(path, named)
	if err != nil {
		return nil, err
	}
	d, err := a.newConfigFile(path).document(c.text)
	if err != nil {
		return nil, err
	}
	before := string(d.text)
	if err := change(d); err != nil {
		return nil, err
	}
	file, err := a.checked(c, d.text)
	if err != nil {
		return nil, unchanged(err)
	}
	if before == string(d.text) && !exposed(c, file) {
		return file, nil
	}
	return file, a.writeConfig(c, d.text, file.secret() != "")
}

// unchanged says that a mistake is the reason for which a file was left as it is.
func unchanged(err error) error {
	misuse, ok := errors.AsType[*usageError](err)
	if !ok {
		return err
	}
	return &usageError{message: "nothing was written, as the file would be wrong: " + misuse.message, hint: misuse.hint}
}

// exposed reports whether others can read a secret in the file.
func exposed(c *configText, file *configFile) bool {
	return c.info != nil && file.secret() != "" && readableByOthers(c.info)
}

// writeConfig puts a text in place of the file, at once: whoever reads meanwhile sees the old or the new one. The mode
// stays, but a file with a secret is for its owner only.
func (a *app) writeConfig(c *configText, text []byte, private bool) error {
	mode := fs.FileMode(0o600)
	if c.info != nil {
		mode = c.info.Mode().Perm()
		if private && readableByOthers(c.info) {
			mode &^= 0o077
			fmt.Fprintf(a.err, "authysh: %s holds a secret, so that from now on only you can read it\n", c.path)
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
	return &usageError{message: "cannot write the configuration: " + err.Error()}
}

// lockConfigs lets one process of the user at a time change configuration files, so that no change is lost. Where the
// lock cannot be had, as in a home that cannot be written to, it does without.
func (a *app) lockConfigs(ctx context.Context) (unlock func(), err error) {
	const again = 5 * time.Millisecond
	history := repl.HistoryFile("authysh", a.lookupEnv)
	if history == "" || os.MkdirAll(filepath.Dir(history), 0o700) != nil {
		return func() {}, nil
	}
	lock := flock.New(filepath.Join(filepath.Dir(history), "config.lock"), flock.SetPermissions(0o600))
	if _, err := lock.TryLockContext(ctx, again); err != nil && ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return func() { lock.Close() }, nil
}
