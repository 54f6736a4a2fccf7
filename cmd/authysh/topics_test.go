package main

import (
	"io"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/authysh/authysh/cmd/authysh/internal/config"
	"github.com/authysh/authysh/repl"
)

// commandTree is the program's commands, as execute puts them together.
func commandTree(t *testing.T) (*app, *cobra.Command) {
	t.Helper()
	world := stdio{stdin: strings.NewReader(""), stdout: io.Discard, stderr: io.Discard, lookupEnv: func(string) (string, bool) { return "", false }}
	console := repl.NewConsole(world.stdin, world.stdout, world.stderr)
	a := &app{stdio: world, console: console, out: newOutput(io.Discard, false), err: io.Discard, in: world.stdin}
	root := a.rootCommand()
	a.nameCommands()
	a.plant(root, []string{"help"})
	root.InitDefaultHelpCmd() // as Execute does
	return a, root
}

func TestTopics(t *testing.T) {
	t.Parallel()
	a, root := commandTree(t)
	for _, topic := range a.manual().Topics() {
		for line := range strings.Lines(topic.Text) {
			if utf8.RuneCountInString(strings.TrimSuffix(line, "\n")) > helpWidth {
				t.Errorf("%s: longer than %d columns: %s", topic.Name, helpWidth, line)
			}
		}
	}
	for _, topic := range helpTopics() {
		if !strings.HasSuffix(topic.Text, "\n") || strings.HasSuffix(topic.Text, "\n\n") || strings.Contains(topic.Text, "\n\n\n") {
			t.Errorf("%s: blank lines: %q", topic.Name, topic.Text)
		}
	}
	for _, topic := range a.manual().Topics() {
		if slices.Contains(a.commandNames, topic.Name) || topic.Name == topicsName || topic.Name == luaName {
			t.Errorf("the topic %s has the name of a command, so that nobody can read it", topic.Name)
		}
	}
	for _, topic := range programTopics {
		for _, command := range topic.about {
			if command == "*" {
				continue
			}
			if _, err := subcommand(root, command); err != nil {
				t.Errorf("topic %s is about %s, which is no command", topic.name, command)
			}
		}
	}
	known, _ := config.Named("output")
	for _, form := range known.Choices {
		if !strings.Contains(outputTopic().Text, "\n  "+form+" ") {
			t.Errorf("the topic output does not say what %s is", form)
		}
	}
}
