package main

import (
	"bytes"
	"io"
	"slices"
	"testing"

	"github.com/spf13/cobra"
)

// TestCommandsAreMadeWhenAsked: a command has the name under which it is known before it is made, and nothing else is
// made with it.
func TestCommandsAreMadeWhenAsked(t *testing.T) {
	t.Parallel()
	whole, _ := commandTree(t)
	plantedFor := func(args ...string) []string {
		var a app
		root := a.rootCommand()
		a.plant(root, args)
		return namesOf(root.Commands())
	}
	var all []string
	for _, c := range whole.commands() {
		all = append(all, c.name)
		if slices.Contains(aboutCommands, c.name) {
			continue
		}
		for _, args := range [][]string{{c.name}, {c.name, "completion"}, {"--output", "json", c.name, "--help"}, {"--help", c.name}} {
			if planted := plantedFor(args...); !slices.Equal(planted, []string{c.name}) {
				t.Errorf("%q made %v", args, planted)
			}
		}
	}
	slices.Sort(all)
	for _, args := range [][]string{{"help", "user"}, {"docs", "man"}, {"completion", "bash"}, {"--help"}, {"--unknown"}, {"no-command"}, {cobra.ShellCompRequestCmd, "us"}} {
		if planted := plantedFor(args...); !slices.Equal(planted, all) {
			t.Errorf("%q made %v, not all", args, planted)
		}
	}
	for _, args := range [][]string{nil, {"--version"}, {"--quiet", "--sandbox"}} {
		if planted := plantedFor(args...); len(planted) > 0 {
			t.Errorf("%q made %v", args, planted)
		}
	}
}

// TestHelpIsTheSameEitherWay: a command that is alone in its tree has the help that it has among all.
func TestHelpIsTheSameEitherWay(t *testing.T) {
	t.Parallel()
	helpOf := func(path, plantedFor []string) string {
		var said bytes.Buffer
		a := &app{out: newOutput(&said, false), err: io.Discard}
		a.lookupEnv = func(string) (string, bool) { return "", false }
		root := a.rootCommand()
		a.nameCommands()
		a.plant(root, plantedFor)
		root.SetArgs(append(slices.Clone(path), "--help"))
		if err := root.ExecuteContext(t.Context()); err != nil {
			t.Errorf("%v: %v", path, err)
		}
		a.out.Flush()
		return said.String()
	}
	var compare func(cmd *cobra.Command, path []string)
	compare = func(cmd *cobra.Command, path []string) {
		path = append(slices.Clone(path), cmd.Name())
		if alone, among := helpOf(path, path), helpOf(path, []string{"help"}); alone != among || alone == "" {
			t.Errorf("the help of %v alone is\n%s\nand among all commands\n%s", path, alone, among)
		}
		for _, below := range cmd.Commands() {
			compare(below, path)
		}
	}
	_, root := commandTree(t)
	for _, cmd := range root.Commands() {
		compare(cmd, nil)
	}
}
