package repl

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// Command is a dot-command, entered as ".name args". Help, completion and the suggestion after a misspelt one all
// read the one table of them.
type Command struct {
	// Name is without the dot.
	Name string
	// Usage is the arguments: <required>, [optional], a|b; "" = none.
	Usage string
	// Doc is one sentence, without a capital or a period.
	Doc string
	// Complete offers values for the last word of the arguments; nil = none.
	Complete func(word string) []Candidate
	// Run runs it. ctx ends when the user interrupts it. A misuse is a [*UsageError].
	Run func(ctx context.Context, c *Context, args string) error
}

// UsageError is a command with wrong arguments. The report tells the right ones.
type UsageError struct {
	// Reason is what is wrong, such as `want on or off, got "maybe"`.
	Reason string
}

// Error is the reason.
func (e *UsageError) Error() string { return e.Reason }

func misuse(format string, args ...any) error { return &UsageError{fmt.Sprintf(format, args...)} }

// usage is how the command is entered.
func (c *Command) usage() string { return strings.TrimSpace("." + c.Name + " " + c.Usage) }

// noArgs wraps the commands that take none.
func noArgs(run func(ctx context.Context, c *Context) error) func(context.Context, *Context, string) error {
	return func(ctx context.Context, c *Context, args string) error {
		if args != "" {
			return misuse("takes no arguments, got %q", args)
		}
		return run(ctx, c)
	}
}

// newTable joins the commands, sorted by name. A later one replaces an earlier one of the same name.
func newTable(own, hosts []Command) []Command {
	table := slices.Clone(own)
	for _, command := range hosts {
		same := func(c Command) bool { return c.Name == command.Name }
		if i := slices.IndexFunc(table, same); i >= 0 {
			table[i] = command
		} else {
			table = append(table, command)
		}
	}
	slices.SortFunc(table, func(a, b Command) int { return strings.Compare(a.Name, b.Name) })
	return table
}

// find is the command of that name, or nil.
func (sh *shell) find(name string) *Command {
	i, ok := slices.BinarySearchFunc(sh.table, name, func(c Command, name string) int { return strings.Compare(c.Name, name) })
	if !ok {
		return nil
	}
	return &sh.table[i]
}

// commandNames are the names in the table, with their dot.
func (sh *shell) commandNames() []string {
	names := make([]string, len(sh.table))
	for i, c := range sh.table {
		names[i] = "." + c.Name
	}
	return names
}

var (
	dotWord  = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^\.[A-Za-z][\w-]*`) })
	askAfter = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z_.][\w.:]*\?{1,2}$`) })
)

// commandName is the word that makes a text a command and no Lua: ".name", "?", or "". A number such as .5 is Lua.
func commandName(text string) string {
	text = strings.TrimSpace(text)
	switch {
	case strings.HasPrefix(text, "?"):
		return "?"
	case askAfter().MatchString(text):
		return text
	}
	return dotWord().FindString(text)
}

// isCommand reports whether a text of one line is a command.
func isCommand(text string) bool { return commandName(text) != "" }

// isKnownCommand reports whether a line in the middle of a text is a command: one that exists, at the very start of
// the line, as ".name(x)" may also go on with the line before.
func (sh *shell) isKnownCommand(line string) bool {
	if strings.HasPrefix(line, "?") {
		return true
	}
	name := dotWord().FindString(line)
	rest := line[len(name):]
	return name != "" && sh.find(name[1:]) != nil && (rest == "" || isBlank(rest[0]))
}

// parseCommand is the command and the arguments of a text that is one. ?x and x? are .help x.
func parseCommand(text string) (name, args string) {
	text = strings.TrimSpace(text)
	if strings.HasPrefix(text, "?") || askAfter().MatchString(text) {
		return "help", strings.TrimSpace(strings.Trim(text, "?"))
	}
	name = dotWord().FindString(text)
	return name[1:], strings.TrimSpace(text[len(name):])
}

// command runs a text that is a command.
func (sh *shell) command(ctx context.Context, text string) error {
	name, args := parseCommand(text)
	command := sh.find(name)
	if command == nil {
		reason := fmt.Sprintf("unknown command %q", "."+name)
		near := nearest("."+name, sh.commandNames())
		if name == "quit" {
			near = ".exit"
		}
		if near != "" {
			reason += fmt.Sprintf(", did you mean %q?", near)
		}
		return &commandError{reason: reason, remedy: ".help lists the commands"}
	}
	err := command.Run(ctx, &Context{sh}, args)
	if wrong, ok := err.(*UsageError); ok {
		return &commandError{reason: "." + name + ": " + wrong.Reason, remedy: "usage: " + command.usage()}
	}
	return err
}

// commandError is a command that could not even start.
type commandError struct{ reason, remedy string }

func (e *commandError) Error() string       { return e.reason }
func (e *commandError) Line() int           { return 0 }
func (e *commandError) Column() int         { return 0 }
func (e *commandError) Remedy() string      { return e.remedy }
func (e *commandError) Traceback() []string { return nil }

// onOff reads a switch; the empty word asks for the state.
func onOff(word string, values ...string) (string, error) {
	if word == "" || slices.Contains(values, word) {
		return word, nil
	}
	list := strings.Join(values[:len(values)-1], ", ") + " or " + values[len(values)-1]
	return "", misuse("want %s, got %q", list, word)
}

// candidatesFrom are the words that begin with what is typed.
func candidatesFrom(word string, words ...string) []Candidate {
	var candidates []Candidate
	for _, w := range words {
		if strings.HasPrefix(w, word) {
			candidates = append(candidates, Candidate{Text: w})
		}
	}
	return candidates
}
