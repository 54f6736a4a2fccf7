package main

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/authysh/authysh/cmd/authysh/internal/private"
	"github.com/spf13/cobra"

	"github.com/authysh/authysh/cmd/authysh/internal/config"
	"github.com/authysh/authysh/cmd/authysh/internal/present"
	"github.com/authysh/authysh/luabind"
	"github.com/authysh/authysh/luabind/plugin"
)

// pluginTestPrelude defines test, and what tests are given.
//
//go:embed plugin_try.lua
var pluginTestPrelude string

func (a *app) pluginTestCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "test directory",
		Short: "run the tests of a plugin against a private sandbox",
		Long: "The tests are tests/*.lua, or else init_test.lua: scripts that call\n\n" +
			"  test(\"what is tested\", function(t) ... end)\n\n" +
			"where t.equal(got, want), t.ok(value), t.fails(f, pattern) and t.fail(why) judge.\n" +
			"Each file has an interpreter, a sandbox and a data directory of its own. The\n" +
			"plugin need not be enabled: it is granted all that it asks for, so test only\n" +
			"what you trust. Its settings are those of tests/config.json, if there is one.\n\n" +
			"The exit code is 1 if a test fails.",
		Example:     "  authysh plugin test ./notify",
		Args:        oneOf("the directory of a plugin"),
		Annotations: map[string]string{usesFlags: pluginFlagsUsed},
		RunE:        func(cmd *cobra.Command, args []string) error { return a.testPlugin(cmd.Context(), args[0]) },
	}
}

// testedCase is one test.
type testedCase struct {
	File    string  `json:"file" yaml:"file"`
	Name    string  `json:"name" yaml:"name"`
	Passed  bool    `json:"passed" yaml:"passed"`
	Message string  `json:"message,omitempty" yaml:"message,omitempty"`
	Seconds float64 `json:"seconds" yaml:"seconds"`
	Output  string  `json:"output,omitempty" yaml:"output,omitempty"` // of a file that failed
}

func (a *app) testPlugin(ctx context.Context, dir string) error {
	s, printer, err := a.readyToShow(a.quickSettings)
	if err != nil {
		return err
	}
	source, err := plugin.Open(dir)
	if err != nil {
		return &usageError{message: singleLine(err.Error()), hint: "authysh plugin new writes a plugin with a test"}
	}
	m, err := luabind.InspectPlugin(ctx, source)
	if err != nil {
		return &usageError{message: singleLine(err.Error()), hint: "correct " + filepath.Join(dir, plugin.MainFile)}
	}
	files, err := filepath.Glob(filepath.Join(source.Dir, "tests", "*.lua"))
	if err == nil && len(files) == 0 {
		files, err = filepath.Glob(filepath.Join(source.Dir, "init_test.lua"))
	}
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return &usageError{message: "plugin " + m.Name + " has no tests", hint: "write tests/*.lua; authysh plugin test --help shows how"}
	}
	slices.Sort(files)
	config, err := pluginTestConfig(source.Dir)
	if err != nil {
		return err
	}
	begun := time.Now()
	results := []testedCase{}
	for _, file := range files {
		cases, err := a.testPluginFile(ctx, s, plugin.Enabled{Source: source, Granted: m.Permissions, Config: config}, file)
		if err != nil {
			return err
		}
		results = append(results, cases...)
	}
	return a.showTests(printer, m.Name, results, time.Since(begun))
}

// pluginTestConfig reads the settings for tests.
func pluginTestConfig(dir string) (config map[string]any, err error) {
	path := filepath.Join(dir, "tests", "config.json")
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &config)
	}
	if err != nil {
		return nil, &usageError{message: path + ": " + err.Error(), hint: "it holds an object with the settings of the plugin"}
	}
	return config, nil
}

// testPluginFile runs one file. What keeps it from running to its end is a failure, too.
func (a *app) testPluginFile(ctx context.Context, s *config.Settings, enabled plugin.Enabled, file string) ([]testedCase, error) {
	short, err := filepath.Rel(enabled.Dir, file)
	if err != nil {
		short = filepath.Base(file)
	}
	if enabled.DataDir, err = os.MkdirTemp("", "authysh-plugin-*"); err != nil {
		return nil, err
	}
	defer os.RemoveAll(enabled.DataDir)
	box := private.New()
	var printed bytes.Buffer
	runtime, err := luabind.New(box.Client(s),
		luabind.Stdout(&printed), luabind.Stderr(&printed), luabind.Log(a.scriptLog()), luabind.Clock(box.Now), luabind.With(box.Module),
		luabind.Service(private.Name), luabind.Plugins(enabled), luabind.ProgramVersion(thisBuild().Version))
	if err != nil {
		return nil, err
	}
	defer runtime.Close()
	if err := runtime.PluginError(); err != nil {
		return nil, &usageError{message: singleLine(err.Error()), hint: "tests/config.json has the settings for tests"}
	}
	script, err := luabind.ReadScript(file)
	if err != nil {
		return nil, &usageError{message: err.Error()}
	}
	script.Name = filepath.ToSlash(short)
	if err := runtime.Run(ctx, luabind.Script{Name: "plugin test", Source: pluginTestPrelude}); err != nil {
		return nil, err
	}
	stopped := runtime.Run(ctx, script)
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	output := printed.String()
	printed.Reset()
	var cases []testedCase
	if err := runtime.Run(ctx, luabind.Script{Name: "plugin test", Source: "print(test())"}); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(printed.Bytes(), &cases); err != nil {
		return nil, fmt.Errorf("cannot read the outcome of %s: %w", short, err)
	}
	switch {
	case stopped != nil:
		cases = append(cases, testedCase{Name: "the file", Message: singleLine(stopped.Error())})
	case len(cases) == 0:
		cases = append(cases, testedCase{Name: "the file", Message: "has no test; it calls test(\"name\", function(t) ... end)"})
	}
	for i := range cases {
		cases[i].File = script.Name
		cases[i].Seconds = math.Round(cases[i].Seconds*1e6) / 1e6 // the rest is noise
		if !cases[i].Passed {
			cases[i].Output = output
		}
	}
	return cases, nil
}

func (a *app) showTests(printer *present.Printer, name string, results []testedCase, took time.Duration) error {
	rows := make([][]string, len(results))
	failures := 0
	for i, c := range results {
		word := "ok"
		if !c.Passed {
			word = "fail"
			failures++
		}
		rows[i] = []string{word, c.File, c.Name, c.Message}
	}
	pretty := func(w io.Writer) {
		shown := map[string]bool{}
		for _, c := range results {
			if c.Passed {
				continue
			}
			fmt.Fprintf(w, "--- FAIL: %s: %s (%.2fs)\n    %s\n", c.File, withoutControls(c.Name), c.Seconds, withoutControls(c.Message))
			if c.Output != "" && !shown[c.File] {
				shown[c.File] = true
				fmt.Fprintf(w, "    it printed:\n%s\n", withoutControls(c.Output))
			}
		}
		if failures > 0 {
			fmt.Fprintf(w, "FAIL  %s  %d of %d tests failed\n", name, failures, len(results))
			return
		}
		tests := fmt.Sprintf("%d tests", len(results))
		if len(results) == 1 {
			tests = "1 test"
		}
		fmt.Fprintf(w, "ok  %s  %s  %.2fs\n", name, tests, took.Seconds())
	}
	err := a.print(printer, present.Result{Value: results, Pretty: pretty, Head: []string{"outcome", "file", "test", "message"}, Rows: rows})
	if err == nil && failures > 0 {
		err = &luabind.ExitError{Code: int(exitScript)} // all is said
	}
	return err
}
