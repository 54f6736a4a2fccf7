package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/authysh/authysh/cmd/authysh/internal/private"
	"github.com/spf13/cobra"

	"github.com/authysh/authysh/cmd/authysh/internal/config"
	"github.com/authysh/authysh/cmd/authysh/internal/wording"
	"github.com/authysh/authysh/luabind"
	"github.com/authysh/authysh/luabind/check"
)

// checkCommand is authysh check.
func (a *app) checkCommand() *cobra.Command {
	var hints bool
	cmd := &cobra.Command{
		Use:         "check file...",
		Short:       "find mistakes in scripts without running them",
		Long:        checkHelp(),
		Example:     "  authysh check onboard.lua scripts/\n  authysh check --output json - < onboard.lua",
		Args:        someFiles,
		Annotations: map[string]string{usesFlags: "output"},
		RunE:        func(cmd *cobra.Command, args []string) error { return a.checkScripts(cmd, args, hints) },
	}
	cmd.Flags().BoolVar(&hints, "hints", false, "show hints too; they do not change the exit code")
	return cmd
}

func checkHelp() string {
	var b strings.Builder
	b.WriteString("Of a directory all *.lua files are checked, of - standard input. Each finding is\n" +
		"a line file:line:column: severity: message [rule]. The exit code is 1 when there\n" +
		"are any. A comment -- check: ignore RULE silences a rule on its line, or on the\n" +
		"next when it stands alone. In the directory of a plugin its code is checked by\n" +
		"what plugins have, and its tests by what authysh plugin test gives them.\n\n" +
		"The rules:\n\n")
	for i, rule := range check.Rules {
		if i > 0 {
			b.WriteString("\n")
		}
		fmt.Fprintf(&b, "  %-19s %-8s %s", rule.Name, rule.Severity, rule.Doc)
	}
	return b.String()
}

// someFiles wants at least one file.
func someFiles(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return &usageError{message: fmt.Sprintf("authysh %s needs a script or a directory", commandPath(cmd)), hint: helpHint(cmd)}
	}
	if slices.Contains(args, "") {
		return &usageError{message: "the name of a script must not be empty", hint: helpHint(cmd)}
	}
	return nil
}

func (a *app) checkScripts(cmd *cobra.Command, args []string, hints bool) error {
	s, err := a.quickSettings()
	if err != nil {
		return err
	}
	files, err := scriptsIn(args)
	if err != nil {
		return err
	}
	checkers := &checkers{app: a, hints: hints, tests: map[string]*check.Checker{}}
	found := []check.Finding{}
	for _, file := range files {
		if cmd.Context().Err() != nil {
			return cmd.Context().Err()
		}
		script, err := a.scriptToCheck(file)
		if err != nil {
			return err
		}
		checker, root := checkers.of(cmd.Context(), file, script.Dir)
		checker.Module = func(name string) (string, bool) { return moduleSource(root, name) }
		found = append(found, checker.Check(script.Name, script.Source)...)
	}
	if err := a.showFindings(s, found); err != nil {
		return err
	}
	if slices.ContainsFunc(found, func(f check.Finding) bool { return f.Severity != check.Hint }) {
		return &luabind.ExitError{Code: int(exitScript)}
	}
	return nil
}

// manual describes all that scripts can call.
func (a *app) manual() *luabind.Manual {
	if a.known == nil {
		a.known = luabind.NewManual(helpTopics(), append([]func(*luabind.Host) luabind.Module{private.New().Module}, a.pluginModules()...)...)
	}
	return a.known
}

func (a *app) showFindings(s *config.Settings, found []check.Finding) error {
	switch s.Text("output") {
	case "", "pretty":
		for _, f := range found {
			if _, err := fmt.Fprintln(a.out, withoutControls(f.String())); err != nil {
				return err
			}
		}
		return nil
	}
	rows := make([][]string, len(found))
	for i, f := range found {
		rows[i] = []string{f.File, strconv.Itoa(f.Line), strconv.Itoa(f.Column), string(f.Severity), f.Rule, f.Message}
	}
	return a.show(s, found, nil, []string{"file", "line", "column", "severity", "rule", "message"}, rows)
}

// scriptToCheck reads a script; - is standard input.
func (a *app) scriptToCheck(file string) (luabind.Script, error) {
	if file == "-" {
		source, err := io.ReadAll(a.in)
		if err != nil {
			return luabind.Script{}, fmt.Errorf("cannot read standard input: %w", err)
		}
		return luabind.Script{Name: stdinName, Source: string(source)}, nil
	}
	script, err := luabind.ReadScript(file)
	if err != nil {
		return script, &usageError{message: err.Error()}
	}
	return script, nil
}

// scriptsIn lists the scripts that the arguments name, each once. Of directories these are all *.lua files, but for those in
// hidden directories.
func scriptsIn(args []string) ([]string, error) {
	var files []string
	for _, arg := range args {
		if arg == "-" {
			files = append(files, arg)
			continue
		}
		err := filepath.WalkDir(arg, func(path string, entry fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case !entry.IsDir():
				if path == arg || filepath.Ext(path) == ".lua" {
					files = append(files, path)
				}
			case path != arg && strings.HasPrefix(entry.Name(), "."):
				return filepath.SkipDir
			}
			return nil
		})
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil, &usageError{message: fmt.Sprintf("script %s does not exist%s", wording.Clip(arg), suggestScript(arg))}
		case err != nil:
			return nil, &usageError{message: fmt.Sprintf("cannot look for scripts: %v", err)}
		}
	}
	var once []string
	for _, file := range files {
		if !slices.Contains(once, file) {
			once = append(once, file)
		}
	}
	return once, nil
}

// moduleSource finds what require would: beside the script, then in the working directory.
func moduleSource(dir, name string) (source string, ok bool) {
	path := strings.ReplaceAll(name, ".", string(filepath.Separator))
	for _, place := range []string{dir, "."} {
		for _, file := range []string{path + ".lua", filepath.Join(path, "init.lua")} {
			if text, err := os.ReadFile(filepath.Join(place, file)); err == nil {
				return string(text), true
			}
		}
	}
	return "", false
}
