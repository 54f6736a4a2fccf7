package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/cmd/authysh/internal/private"
	"github.com/authysh/authysh/luabind"
	"github.com/authysh/authysh/luabind/check"
	"github.com/authysh/authysh/luabind/plugin"
)

// Plugins see less of Lua than scripts do, and other modules; their tests see what scripts do, and the plugin.

// checkers are those that a run needs, each made when the first file asks for it.
type checkers struct {
	app   *app
	hints bool

	scripts, plugins *check.Checker
	tests            map[string]*check.Checker // by the directory of the plugin
}

// of is the checker of a file, with the directory where what it requires is searched for.
func (c *checkers) of(ctx context.Context, file, dir string) (checker *check.Checker, root string) {
	home, isTest := pluginOfFile(file)
	switch {
	case home == "":
		if c.scripts == nil {
			c.scripts = check.New(c.app.manual())
		}
		checker, root = c.scripts, dir
	case isTest:
		if c.tests[home] == nil {
			c.tests[home] = c.app.pluginTestChecker(ctx, home)
		}
		checker, root = c.tests[home], dir
	default:
		if c.plugins == nil {
			c.plugins = check.ForPlugins()
		}
		checker, root = c.plugins, home
	}
	checker.Hints = c.hints
	return checker, root
}

// pluginTestChecker checks the tests of a plugin, which need not be enabled.
func (a *app) pluginTestChecker(ctx context.Context, home string) *check.Checker {
	modules := append([]func(*luabind.Host) luabind.Module{private.New().Module}, a.pluginModules()...)
	checker := check.New(luabind.NewManual(helpTopics(), modules...))
	checker.Globals = []string{"test"}
	source, err := plugin.Open(home)
	if err != nil {
		return checker
	}
	checker.Globals = append(checker.Globals, plugin.LuaName(source.Name)) // if it cannot be loaded
	config, err := pluginTestConfig(home)
	if err != nil || ctx.Err() != nil {
		return checker
	}
	runtime, err := luabind.New(&authy.Client{}, luabind.Plugins(plugin.Enabled{Source: source, Config: config}),
		luabind.ProgramVersion(thisBuild().Version), luabind.Stdout(io.Discard), luabind.Stderr(io.Discard))
	if err != nil {
		return checker
	}
	defer runtime.Close()
	if own := modulesOfPlugins(runtime); len(own) > 0 {
		name := own[0](nil).Name
		modules = slices.DeleteFunc(modules, func(module func(*luabind.Host) luabind.Module) bool { return module(&luabind.Host{}).Name == name })
		globals := checker.Globals
		checker = check.New(luabind.NewManual(helpTopics(), append(modules, own...)...))
		checker.Globals = globals
	}
	return checker
}

// definesPlugin finds what the main file of a plugin has and hardly any other.
var definesPlugin = regexp.MustCompile(`require\s*\(?\s*["']plugin["'][\s\S]*\bdefine\b`)

// pluginOfFile finds the directory of the plugin that a file belongs to, if it belongs to one.
func pluginOfFile(file string) (home string, isTest bool) {
	const deepest = 5
	path, err := filepath.Abs(file)
	if err != nil || file == "-" {
		return "", false
	}
	dir := path
	for range deepest {
		dir = filepath.Dir(dir)
		if text, err := os.ReadFile(filepath.Join(dir, plugin.MainFile)); err == nil && definesPlugin.Match(text) {
			below, err := filepath.Rel(dir, path)
			return dir, err == nil && (filepath.Dir(below) == "tests" || below == "init_test.lua")
		}
	}
	return "", false
}
