package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/cmd/authysh/internal/wording"
)

// synopses are the ways to call the program, in the order of --help.
var synopses = [][2]string{
	{"authysh [flags]", "open the prompt"},
	{"authysh [flags] script.lua [args...]", "run a script"},
	{"authysh [flags] -e code [args...]", "run code"},
	{"authysh [flags] - [args...]", "run what standard input holds"},
	{"authysh [flags] command", ""},
}

// usage writes the help of a command to standard output.
func (a *app) usage(cmd *cobra.Command) {
	var b strings.Builder
	if cmd.HasParent() {
		a.commandUsage(&b, cmd)
	} else {
		programUsage(&b, cmd)
	}
	io.WriteString(a.out, b.String()) // run reports a failure when it flushes
}

func programUsage(b *strings.Builder, root *cobra.Command) {
	b.WriteString(root.Short + "\n\nusage:\n")
	width := 0
	for _, s := range synopses {
		width = max(width, len(s[0]))
	}
	for _, s := range synopses {
		b.WriteString(strings.TrimRight(fmt.Sprintf("  %-*s  %s", width, s[0], s[1]), " ") + "\n")
	}
	for _, group := range root.Groups() {
		b.WriteString("\n" + group.Title + ":\n")
		listCommands(b, root, group.ID)
	}
	b.WriteString("\ncommands:\n")
	listCommands(b, root, "")
	b.WriteString("\nflags (those behind a script's name are the script's):\n")
	listFlags(b, root.Flags())
	b.WriteString("\nA flag is stronger than the environment (AUTHY_KEY, AUTHYSH_HOST, ...), that\n")
	b.WriteString("than a profile, and that than the rest of the file: --config, ./authysh.yaml, or\n")
	b.WriteString("~/.config/authysh/config.yaml. 'authysh config show' tells what holds.\n")
	b.WriteString("\nexit codes:\n")
	listExitCodes(b)
	b.WriteString("\n'authysh help topics' lists what else there is to read.\n")
}

func listExitCodes(b *strings.Builder) {
	line := " "
	for i, e := range exitCodes {
		item := fmt.Sprintf(" %d %s", e.code, e.doc)
		if i < len(exitCodes)-1 {
			item += " ·"
		}
		if len(line)+len(item) > 80 {
			b.WriteString(line + "\n")
			line = " "
		}
		line += item
	}
	b.WriteString(line + "\n")
}

func (a *app) commandUsage(b *strings.Builder, cmd *cobra.Command) {
	if cmd.Short == strings.Join(namesOf(cmd.Commands()), ", ") { // as lists of commands have it
		writeWrapped(b, "operations of the API below "+commandPath(cmd))
	} else {
		writeWrapped(b, cmd.Short)
	}
	if cmd.Long != "" {
		b.WriteString("\n" + wrapped(cmd.Long) + "\n")
	}
	b.WriteString("\nusage:\n  " + cmd.UseLine() + "\n")
	if leaf := a.leaves[cmd]; leaf != nil {
		leaf.listArguments(b)
	}
	if cmd.HasAvailableSubCommands() {
		b.WriteString("\ncommands:\n")
		listCommands(b, cmd, "")
	}
	if own := cmd.NonInheritedFlags(); own.HasAvailableFlags() {
		b.WriteString("\nflags:\n")
		listFlags(b, own)
	}
	if used := cmd.Annotations[usesFlags]; used != "" {
		shared := pflag.NewFlagSet("", pflag.ContinueOnError)
		shared.SortFlags = false
		for _, name := range strings.Fields(used) {
			shared.AddFlag(cmd.InheritedFlags().Lookup(name))
		}
		b.WriteString("\nglobal flags:\n")
		listFlags(b, shared)
	}
	if _, limited := cmd.Annotations[usesFlags]; !limited && cmd.Runnable() {
		b.WriteString("\nIt takes the global flags, which authysh --help lists.\n")
	}
	if cmd.Example != "" {
		b.WriteString("\nexample:\n" + cmd.Example + "\n")
	}
	a.writeSeeAlso(b, cmd)
}

// listCommands lists the commands of a group, aligned.
func listCommands(b *strings.Builder, parent *cobra.Command, group string) {
	width := 0
	for _, c := range parent.Commands() {
		width = max(width, len(c.Name()))
	}
	for _, c := range parent.Commands() {
		if c.GroupID == group && (c.IsAvailableCommand() || c.Name() == "help") {
			writeEntry(b, c.Name(), c.Short, width)
		}
	}
}

// helpWidth is how wide help is: it should fit a window that nobody has widened.
const helpWidth = 80

// writeWrapped writes a sentence in lines that fit.
func writeWrapped(b *strings.Builder, sentence string) {
	line := ""
	for word := range strings.FieldsSeq(sentence) {
		if line != "" && len(line)+1+len(word) > helpWidth {
			b.WriteString(line + "\n")
			line = ""
		}
		line = strings.TrimLeft(line+" "+word, " ")
	}
	b.WriteString(line + "\n")
}

// wrapped breaks the lines of a text anew. A line that begins with a blank stays as it is.
func wrapped(text string) string {
	var b strings.Builder
	column := 0
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if line == "" || line[0] == ' ' {
			if column > 0 {
				b.WriteByte('\n')
			}
			b.WriteString(line + "\n")
			column = 0
			continue
		}
		for word := range strings.FieldsSeq(line) {
			width := utf8.RuneCountInString(word)
			switch {
			case column == 0:
			case column+1+width > helpWidth:
				b.WriteByte('\n')
				column = 0
			default:
				b.WriteByte(' ')
				column++
			}
			b.WriteString(word)
			column += width
		}
	}
	return strings.TrimRight(b.String(), "\n")
}

// writeEntry writes a name and what it means. A long sentence goes on below itself; a name that is too long for its
// column has its sentence below it.
func writeEntry(b *strings.Builder, name, doc string, width int) {
	indent := width + 4
	line := "  " + name
	if len(name) > width {
		b.WriteString(line + "\n")
		line = ""
	}
	first := true
	for word := range strings.FieldsSeq(doc) {
		if !first && len(line)+1+len(word) > helpWidth && len(line) > indent {
			b.WriteString(line + "\n")
			line, first = "", true
		}
		if first {
			line = fmt.Sprintf("%-*s", indent, line)
		} else {
			line += " "
		}
		line, first = line+word, false
	}
	b.WriteString(strings.TrimRight(line, " ") + "\n")
}

// listFlags lists flags in the order declared: a table of flag and sentence.
func listFlags(b *strings.Builder, flags *pflag.FlagSet) {
	var lines [][2]string
	width := 0
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		arg, doc := pflag.UnquoteUsage(f)
		left := "    "
		if f.Shorthand != "" {
			left = "-" + f.Shorthand + ", "
		}
		left += "--" + f.Name
		if arg != "" {
			left += " " + arg
		}
		width = max(width, len(left))
		lines = append(lines, [2]string{left, doc})
	})
	for _, line := range lines {
		writeEntry(b, line[0], line[1], min(width, mostFlagWidth))
	}
}

// mostFlagWidth is the widest column of flags; longer ones get a line of their own.
const mostFlagWidth = 30

// helpCommand is authysh help: of commands, and of what scripts can call, in the words of the prompt's help.
func (a *app) helpCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "help [command | name | topic]",
		Short: "explain a command, a Lua function or a topic",
		Long: "'authysh help topics' lists the topics. A command goes before a name of Lua;\n" +
			"'authysh help lua name' shows the latter.",
		ValidArgsFunction: a.completeHelp,
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case len(args) == 1 && args[0] == topicsName:
				return a.listTopics()
			case len(args) > 0 && args[0] == luaName:
				return a.explain(strings.Join(args[1:], " "))
			case len(args) == 1 && !slices.Contains(a.commandNames, args[0]):
				return a.explain(args[0])
			}
			found := cmd.Root()
			for _, name := range args {
				next, err := subcommand(found, name)
				if err != nil {
					return err
				}
				found = next
			}
			return found.Help()
		},
	}
}

// parentCommand is a command that only has others below it; by itself it shows its help.
func parentCommand(name, short string) *cobra.Command {
	return &cobra.Command{
		Use:   name + " command",
		Short: short,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			_, err := subcommand(cmd, args[0])
			return err
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
}

// subcommand finds a command by name; an unknown one is an error with a suggestion.
func subcommand(parent *cobra.Command, name string) (*cobra.Command, error) {
	commands := parent.Commands()
	if i := slices.IndexFunc(commands, func(c *cobra.Command) bool { return c.Name() == name }); i >= 0 {
		return commands[i], nil
	}
	e := &usageError{message: fmt.Sprintf("%s has no command %q", parent.CommandPath(), wording.Clip(name)), hint: helpHint(parent)}
	if near := authy.Nearest(name, namesOf(commands)); near != "" {
		e.message += fmt.Sprintf(", did you mean %q?", near)
	}
	return nil, e
}

// noArguments refuses arguments of a command that takes none.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return &usageError{message: fmt.Sprintf("authysh %s takes no arguments, got %q", commandPath(cmd), wording.Clip(args[0])), hint: helpHint(cmd)}
	}
	return nil
}
