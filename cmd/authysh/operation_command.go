package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/cmd/authysh/internal/arguments"
	"github.com/authysh/authysh/cmd/authysh/internal/wording"
)

// operationsGroup is the part of --help where the commands of the catalogue stand.
const operationsGroup = "operations"

// operationCommand is the command of one operation, or of several that share its name and differ by a flag.
type operationCommand struct {
	app      *app
	variants []authy.Operation
	cmd      *cobra.Command
	options  callOptions
	extra    *extra // what the catalogue cannot say; nil for most
	given    []givenValue
}

// givenValue is a flag as typed.
type givenValue struct{ parameter, text string }

// operationCommands makes the tree of commands that the catalogue describes.
func (a *app) operationCommands(operations []authy.Operation) []*cobra.Command {
	var top []*cobra.Command
	parents := map[string]*cobra.Command{}
	before := maps.Clone(a.leaves)
	leaves := map[string]*operationCommand{}
	attach := func(path []string, c *cobra.Command) {
		for i := len(path) - 1; i > 0; i-- {
			name := strings.Join(path[:i], " ")
			parent, known := parents[name]
			if !known {
				parent = parentCommand(path[i-1], "")
				parents[name] = parent
			}
			parent.AddCommand(c)
			if known {
				return
			}
			c = parent
		}
		c.GroupID = operationsGroup
		top = append(top, c)
	}
	for _, op := range operations {
		s := shapeOf(op)
		leaf, known := leaves[s.command()]
		if !known {
			leaf = &operationCommand{app: a, extra: extraOf(op.Name)}
			leaf.cmd = &cobra.Command{
				Use: s.path[len(s.path)-1] + strings.TrimRight(" "+s.args, " "), DisableFlagsInUseLine: true,
				RunE:              leaf.run,
				ValidArgsFunction: leaf.completeArgument,
			}
			leaf.cmd.SetFlagErrorFunc(leaf.flagError)
			leaves[s.command()] = leaf
			attach(s.path, leaf.cmd)
			if leaf.extra != nil && leaf.extra.alias != "" {
				attach(strings.Fields(leaf.extra.alias), leaf.alias())
			}
		}
		leaf.add(op)
	}
	for cmd, leaf := range a.leaves {
		if before[cmd] != nil {
			continue
		}
		leaf.addOptions()
	}
	for _, c := range parents {
		c.Short = strings.Join(namesOf(c.Commands()), ", ")
	}
	return top
}

// alias is the same command under another name.
func (c *operationCommand) alias() *cobra.Command {
	path := strings.Fields(c.extra.alias)
	twin := &operationCommand{app: c.app, extra: c.extra}
	twin.cmd = &cobra.Command{
		Use:                   strings.Replace(c.cmd.Use, c.cmd.Name(), path[len(path)-1], 1),
		DisableFlagsInUseLine: true, RunE: twin.run, ValidArgsFunction: twin.completeArgument,
	}
	twin.cmd.SetFlagErrorFunc(twin.flagError)
	for _, op := range authy.Operations() {
		if extraOf(op.Name) == c.extra {
			twin.add(op)
		}
	}
	return twin.cmd
}

// add takes in one more operation.
func (c *operationCommand) add(op authy.Operation) {
	first := len(c.variants) == 0
	c.variants = append(c.variants, op)
	doc := phrase(op.Doc)
	if first {
		c.cmd.Long = fmt.Sprintf("This is the operation %s, which %s.", op.Name, op.Effect)
		c.cmd.Short = doc
		c.app.leaves[c.cmd] = c
	} else {
		s := shapeOf(op)
		c.cmd.Short += "; with --" + flagOf(s.marks[0]) + ": " + doc
		c.cmd.Use += "\n  authysh " + s.command() + " " + s.args
		c.cmd.Long += fmt.Sprintf("\nWith --%s it is %s, which %s.", flagOf(s.marks[0]), op.Name, op.Effect)
	}
	flags := c.cmd.Flags()
	flags.SortFlags = false
	for _, f := range op.Params {
		c.addFlag(flags, op, f)
	}
}

// addOptions declares the flags that are no parameters, behind those.
func (c *operationCommand) addOptions() {
	flags := c.cmd.Flags()
	c.options.addTo(flags, c.variants[0])
	if c.extra == nil {
		return
	}
	if c.extra.note != "" {
		c.cmd.Long += "\n" + c.extra.note
	}
	if c.extra.flags != nil {
		c.extra.flags(flags)
	}
}

// addFlag declares the flag of a parameter, unless an operation with the same command did.
func (c *operationCommand) addFlag(flags *pflag.FlagSet, op authy.Operation, f authy.Field) {
	name := flagOf(f.Name)
	if flags.Lookup(name) != nil {
		return
	}
	flag := flags.VarPF(&parameterValue{c, f}, name, "", usageOf(f))
	if f.Type.Kind() == boolKind {
		flag.NoOptDefVal = "true"
	}
	shape := shapeOf(op)
	flag.Hidden = slices.Contains(shape.positional, f.Name) && !shape.optional[f.Name]
	if values := f.Rule.Values; values != nil {
		completeWith(c.cmd, name, values...)
	}
}

// declareDotted declares the flags with dots that stand among the arguments, as nobody could list them all:
// --visible.location, --logos.0.url.
func (c *operationCommand) declareDotted(args []string) {
	flags := c.cmd.Flags()
	for _, arg := range args {
		if arg == "--" {
			return
		}
		name, isFlag := strings.CutPrefix(arg, "--")
		name, _, _ = strings.Cut(name, "=")
		root, _, dotted := strings.Cut(name, ".")
		if !isFlag || !dotted || flags.Lookup(name) != nil {
			continue
		}
		for _, op := range c.variants {
			if _, ok := arguments.Roots(op)[parameterOf(root)]; ok {
				flags.VarPF(&parameterValue{c, authy.Field{Name: parameterOf(name)}}, name, "", "").Hidden = true
				completeWith(c.cmd, name, valuesAt(op, parameterOf(name))...)
				break
			}
		}
	}
}

// parameterValue is the flag of a parameter. It keeps what was typed; the parameter's type is for later.
type parameterValue struct {
	command *operationCommand
	field   authy.Field
}

func (v *parameterValue) String() string { return "" }

func (v *parameterValue) Set(text string) error {
	v.command.given = append(v.command.given, givenValue{v.field.Name, text})
	return nil
}

// Type is what --help calls the value.
func (v *parameterValue) Type() string { return placeholder(v.field) }

// run is the command.
func (c *operationCommand) run(cmd *cobra.Command, args []string) error {
	op, err := c.choose()
	if err != nil {
		return err
	}
	set, err := c.arguments(cmd, op, args)
	if err != nil {
		return err
	}
	return c.app.perform(cmd, &performed{op: op, arguments: set, options: c.options, extra: c.extra, written: c.written(op)})
}

// choose finds out which of the operations is meant: the one whose marks are given.
func (c *operationCommand) choose() (authy.Operation, error) {
	chosen := c.variants[0]
	for _, op := range c.variants[1:] {
		if slices.ContainsFunc(shapeOf(op).marks, func(mark string) bool { return c.isGiven(mark) }) {
			chosen = op
		}
	}
	for _, v := range c.given {
		root, _, _ := strings.Cut(v.parameter, ".")
		if _, ok := arguments.Roots(chosen)[root]; ok {
			continue
		}
		if _, ok := chosen.Param(root); ok {
			continue
		}
		e := &usageError{message: fmt.Sprintf("--%s means nothing to authysh %s", flagOf(root), chosen.Command), hint: helpHint(c.cmd)}
		return chosen, e
	}
	return chosen, nil
}

func (c *operationCommand) isGiven(parameter string) bool {
	return slices.ContainsFunc(c.given, func(v givenValue) bool { return v.parameter == parameter })
}

// arguments collects what was typed, flags and positional arguments.
func (c *operationCommand) arguments(cmd *cobra.Command, op authy.Operation, args []string) (*arguments.Set, error) {
	set := arguments.For(op, func(name, value string) string { return "--" + flagOf(name) + " " + value })
	s := shapeOf(op)
	for _, v := range c.given {
		text, err := c.app.typed(cmd.Context(), "--"+flagOf(v.parameter), v.text)
		if err != nil {
			return nil, err
		}
		if f, _ := op.Param(v.parameter); isTextList(f) {
			err = set.Add(v.parameter, text)
		} else {
			err = set.Put(v.parameter, text)
		}
		if err != nil {
			return nil, &usageError{message: fmt.Sprintf("--%s %s", flagOf(v.parameter), err), hint: helpHint(cmd)}
		}
	}
	for i, arg := range args {
		if i == len(s.positional) {
			return nil, c.surplus(s, arg)
		}
		name := s.positional[i]
		text, err := c.app.typed(cmd.Context(), "<"+name+">", arg)
		if err != nil {
			return nil, err
		}
		if err := set.Put(name, text); err != nil {
			return nil, &usageError{message: fmt.Sprintf("<%s> %s: as an argument and as --%s", name, err, flagOf(name)), hint: usageHint(s)}
		}
	}
	return set, c.missing(op, s, set)
}

// surplus complains about an argument too many. It may be the value of a flag that takes one only behind "=".
func (c *operationCommand) surplus(s shape, arg string) error {
	e := &usageError{
		message: fmt.Sprintf("authysh %s takes %s, got also %q", s.command(), counted(len(s.positional)), wording.Clip(arg)),
		hint:    usageHint(s),
	}
	c.cmd.Flags().Visit(func(f *pflag.Flag) {
		isBool := f.Value.Type() == "bool"
		_, noTime := time.ParseDuration(arg)
		if isBool && (arg == "true" || arg == "false") || f.Name == "dry-run" && (arg == "curl" || arg == "http") || f.Name == "wait" && noTime == nil {
			e.hint = "write --" + f.Name + "=" + arg
		}
	})
	return e
}

// missing complains about required parameters that were not given.
func (c *operationCommand) missing(op authy.Operation, s shape, set *arguments.Set) error {
	var lacking []string
	for _, f := range op.Params {
		if f.Optional || set.Has(f.Name) {
			continue
		}
		if slices.Contains(s.positional, f.Name) && !s.optional[f.Name] {
			lacking = append(lacking, "<"+f.Name+">")
		} else {
			lacking = append(lacking, "--"+flagOf(f.Name))
		}
	}
	if len(lacking) == 0 {
		return nil
	}
	return &usageError{message: fmt.Sprintf("authysh %s needs %s", s.command(), listed(lacking)), hint: usageHint(s)}
}

// written is how users of the command write the place of a problem, such as "logos[1].url".
func (c *operationCommand) written(op authy.Operation) func(place string) string {
	s := shapeOf(op)
	return func(place string) string {
		if slices.Contains(s.positional, place) && !c.isGiven(place) {
			return "<" + place + ">"
		}
		return "--" + flagPlace(op, place)
	}
}

func usageHint(s shape) string {
	return strings.TrimRight("authysh "+s.command()+" "+s.args, " ") + "; see authysh " + s.command() + " --help"
}

func counted(n int) string {
	switch n {
	case 0:
		return "no arguments"
	case 1:
		return "one argument"
	}
	return fmt.Sprintf("%d arguments", n)
}

// listed joins names as people do: "a, b and c".
func listed(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}
