package main

import (
	"embed"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/authysh/authysh/cmd/authysh/internal/present"
	"github.com/authysh/authysh/luabind/plugin"
)

// pluginSkeleton is what authysh plugin new writes, with NAME, MODULE and VARIABLE in place of the name.
//
//go:embed skeleton
var pluginSkeleton embed.FS

// skeletonFiles are its files, as they are called in a plugin.
var skeletonFiles = []string{"init.lua", "tests/send.lua", "tests/config.json"}

func (a *app) pluginNewCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "new name",
		Short: "write the beginnings of a plugin, with a test",
		Long: "The directory is made here, or in --plugin-dir, and called like the plugin.\n" +
			"The name has lower-case letters, digits and single dashes.",
		Example:     "  authysh plugin new notify && authysh plugin test notify",
		Args:        oneOf("the name of the plugin"),
		Annotations: map[string]string{usesFlags: pluginFlagsUsed},
		RunE:        func(_ *cobra.Command, args []string) error { return a.newPlugin(args[0]) },
	}
}

func (a *app) newPlugin(name string) error {
	_, printer, err := a.readyToShow(a.quickSettings)
	if err != nil {
		return err
	}
	if err := plugin.CheckName(name); err != nil {
		return &usageError{message: err.Error()}
	}
	if slices.Contains(a.ownNames, name) {
		return &usageError{message: fmt.Sprintf("plugin name must not be %q, which is a command of authysh", name)}
	}
	dir := name
	if len(a.plugins.dirs) > 0 {
		dir = filepath.Join(a.plugins.dirs[0], name)
	}
	if _, err := os.Lstat(dir); err == nil {
		return &usageError{message: dir + " exists already", hint: "choose another name, or remove it"}
	}
	if err := os.MkdirAll(filepath.Join(dir, "tests"), 0o755); err != nil {
		return &usageError{message: "cannot make the plugin: " + err.Error()}
	}
	module := plugin.LuaName(name)
	names := strings.NewReplacer("MODULE", module, "VARIABLE", strings.ToUpper(module), "NAME", name)
	written := make([]writtenFile, len(skeletonFiles))
	for i, file := range skeletonFiles {
		text, err := pluginSkeleton.ReadFile("skeleton/" + file)
		if err != nil {
			return err
		}
		path := filepath.Join(dir, filepath.FromSlash(file))
		if err := os.WriteFile(path, []byte(names.Replace(string(text))), 0o644); err != nil {
			return fmt.Errorf("cannot write the plugin: %w", err)
		}
		written[i] = writtenFile{path, "written"}
	}
	rows := make([][]string, len(written))
	for i, f := range written {
		rows[i] = []string{f.Path, f.State}
	}
	pretty := func(w io.Writer) {
		for _, f := range written {
			fmt.Fprintln(w, f.Path)
		}
		fmt.Fprintf(w, "authysh plugin test %s runs its test\n", dir)
	}
	return a.print(printer, present.Result{Value: written, Pretty: pretty, Head: []string{"path", "state"}, Rows: rows})
}
