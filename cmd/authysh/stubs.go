package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/authysh/authysh/cmd/authysh/internal/config"
	"github.com/authysh/authysh/cmd/authysh/internal/wholefile"
	"github.com/authysh/authysh/luabind/stubs"
)

// stubsOptions are the flags of authysh stubs.
type stubsOptions struct {
	dir          string
	luarc, force bool
	plugins      bool
}

// stubsCommand is authysh stubs.
func (a *app) stubsCommand() *cobra.Command {
	o := new(stubsOptions)
	cmd := &cobra.Command{
		Use:   "stubs",
		Short: "write definition files for editors",
		Long: "lua-language-server, which most editors can use, completes and checks scripts\n" +
			"by them: every function with its parameters, values, results and examples.\n" +
			"Write them again after an update of authysh.",
		Example:     "  authysh stubs --luarc\n  authysh stubs --luarc --plugins",
		Args:        noArguments,
		Annotations: map[string]string{usesFlags: "output"},
		RunE:        func(*cobra.Command, []string) error { return a.writeStubs(o) },
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&o.dir, "dir", filepath.Join(".authysh", "library"), "write into this `directory`")
	flags.BoolVar(&o.luarc, "luarc", false, "name the directory in .luarc.json here")
	flags.BoolVar(&o.plugins, "plugins", false, "describe also what only plugins and their tests have")
	flags.BoolVar(&o.force, "force", false, "replace files that something else has made")
	return cmd
}

// writtenFile is a file as the command tells of it.
type writtenFile struct {
	Path string `json:"path" yaml:"path"`
	// State is written, unchanged or removed.
	State string `json:"state" yaml:"state"`
}

// writeStubs writes all files or, when one of them is in the way, none.
func (a *app) writeStubs(o *stubsOptions) error {
	s, err := a.quickSettings()
	if err != nil {
		return err
	}
	if o.dir == "" {
		return &usageError{message: "--dir must not be empty"}
	}
	files := a.stubFiles(o.plugins)
	if !o.force {
		if err := foreignFile(o.dir, files); err != nil {
			return err
		}
	}
	var luarc []byte
	if o.luarc {
		if luarc, err = a.mergedLuarc(o.dir); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(o.dir, 0o755); err != nil {
		return &usageError{message: fmt.Sprintf("cannot make the directory: %v", err)}
	}
	var written []writtenFile
	add := func(path string, text []byte) error {
		state, err := wholefile.Renew(path, text)
		if err != nil {
			return fmt.Errorf("cannot write %s: %w", path, err)
		}
		written = append(written, writtenFile{path, state})
		return nil
	}
	for _, f := range files {
		if err := add(filepath.Join(o.dir, f.Name), []byte(f.Text)); err != nil {
			return err
		}
	}
	removed, err := removeStale(o.dir, files)
	if err != nil {
		return err
	}
	written = append(written, removed...)
	if o.luarc {
		if err := add(luarcName, luarc); err != nil {
			return err
		}
	}
	return a.showWritten(s, written)
}

func (a *app) showWritten(s *config.Settings, written []writtenFile) error {
	rows := make([][]string, len(written))
	for i, f := range written {
		rows[i] = []string{f.Path, f.State}
	}
	pretty := func(w io.Writer) {
		for _, f := range written {
			fmt.Fprintf(w, "%-9s  %s\n", f.State, f.Path)
		}
	}
	return a.show(s, written, pretty, []string{"path", "state"}, rows)
}

// foreignFile refuses to replace what is no definition file of ours.
func foreignFile(dir string, files []stubs.File) error {
	for _, f := range files {
		path := filepath.Join(dir, f.Name)
		switch own, err := isStub(path); {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return &usageError{message: fmt.Sprintf("cannot read %s: %v", path, err)}
		case !own:
			return &usageError{
				message: path + " was not made by authysh stubs, so it is not replaced",
				hint:    "--dir names another directory, --force replaces it",
			}
		}
	}
	return nil
}

// isStub reports whether a file begins as our definition files do.
func isStub(path string) (bool, error) {
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	begin := make([]byte, len(stubs.Marker)+1)
	n, err := io.ReadFull(f, begin)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return false, err
	}
	return strings.TrimRight(string(begin[:n]), "\r\n") == stubs.Marker, nil
}

// removeStale removes our files about modules that are no more.
func removeStale(dir string, files []stubs.File) ([]writtenFile, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var removed []writtenFile
	for _, entry := range entries {
		current := slices.ContainsFunc(files, func(f stubs.File) bool { return f.Name == entry.Name() })
		path := filepath.Join(dir, entry.Name())
		if current || !entry.Type().IsRegular() || filepath.Ext(path) != ".lua" {
			continue
		}
		if own, err := isStub(path); err != nil || !own {
			continue
		}
		if err := os.Remove(path); err != nil {
			return nil, err
		}
		removed = append(removed, writtenFile{path, "removed"})
	}
	return removed, nil
}
