package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/cmd/authysh/internal/config"
	"github.com/authysh/authysh/cmd/authysh/internal/wording"
)

// execute finds out what the arguments ask for, and does it.
func (a *app) execute(ctx context.Context, args []string) error {
	root := a.rootCommand()
	a.nameCommands()
	if completing := asksForCompletion(args); completing || !runsScript(args, a.commandNames) {
		a.plant(root, args)
		defer a.closePlugins()
		a.plantPlugins(root, args)
		if completing {
			return a.complete(ctx, root, args)
		}
		if cmd, _, err := root.Find(args); err == nil && a.leaves[cmd] != nil {
			a.leaves[cmd].declareDotted(args)
		}
	}
	root.SetArgs(args)
	return root.ExecuteContext(ctx)
}

func namesOf(commands []*cobra.Command) []string {
	names := make([]string, len(commands))
	for i, c := range commands {
		names[i] = c.Name()
	}
	return names
}

// runsScript reports whether the arguments name a script rather than a command. cobra alone cannot tell: it would take
// the word "sandbox" for the command wherever it stands, also among a script's own arguments.
func runsScript(args, commandNames []string) bool {
	flags, options, err := probeRoot(args)
	if err != nil {
		return false
	}
	if len(options.code) > 0 || flags.ArgsLenAtDash() == 0 {
		return true
	}
	return flags.NArg() > 0 && !slices.Contains(commandNames, flags.Arg(0))
}

// probeRoot reads the flags that stand before a script or a command, and what follows them.
func probeRoot(args []string) (*pflag.FlagSet, *rootOptions, error) {
	var probe app
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	flags.AddFlagSet(probe.globalFlags())
	options := rootFlags(flags)
	flags.BoolP("help", "h", false, "")
	flags.SetInterspersed(false)
	flags.Usage = func() {}
	return flags, options, flags.Parse(args)
}

// rootOptions are the flags that stand before a script only.
type rootOptions struct {
	code        []string
	version     bool
	interactive bool
	quiet       bool
	noRC        bool
}

func rootFlags(flags *pflag.FlagSet) *rootOptions {
	o := new(rootOptions)
	flags.StringArrayVarP(&o.code, "eval", "e", nil, "run this `code`; several are lines of one script")
	flags.BoolVarP(&o.interactive, "interactive", "i", false, "open the prompt after the script")
	flags.BoolVar(&o.quiet, "quiet", false, "no greeting, no progress of batches")
	flags.BoolVar(&o.noRC, "norc", false, "open the prompt without rc.lua")
	flags.BoolVar(&o.version, "version", false, "show the version")
	return o
}

// globalFlags are the flags of every command, those of the table among them.
func (a *app) globalFlags() *pflag.FlagSet {
	flags := pflag.NewFlagSet("authysh", pflag.ContinueOnError)
	flags.SortFlags = false
	flags.BoolVar(&a.sandbox, "sandbox", false, "use a private sandbox: no key, no network")
	for known := range config.All() {
		if known.Flag() == "" {
			continue
		}
		flag := flags.VarPF(&written{arg: known.Arg}, known.Flag(), "", known.Usage())
		if known.Kind == config.Toggle {
			flag.NoOptDefVal = "true"
		}
	}
	flags.StringVar(&a.query, "query", "", "show what `expr`, in JMESPath, picks from the result")
	flags.StringVar(&a.template, "template", "", "show the result through `tpl`, a Go template")
	a.plugins.addFlags(flags)
	flags.StringVar(&a.config, "config", "", "read this configuration `file`")
	flags.BoolVar(&a.verbose, "verbose", false, "log calls to standard error")
	a.flags = flags
	return flags
}

// written is the value of a setting's flag as typed; it is parsed together with those of the other levels.
type written struct{ text, arg string }

func (w *written) String() string { return w.text }

func (w *written) Set(text string) error {
	w.text = text
	return nil
}

// Type is what --help calls the value.
func (w *written) Type() string { return w.arg }

func (a *app) rootCommand() *cobra.Command {
	var options *rootOptions
	root := &cobra.Command{
		Use:               "authysh",
		Short:             "authysh runs Lua scripts against the Authy API, or against a sandbox of it",
		Args:              cobra.ArbitraryArgs,
		SilenceErrors:     true,
		SilenceUsage:      true,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			a.plugins.ends = cmd.Context()
			return a.checkFlags(cmd)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if options.version {
				return a.showVersionLine()
			}
			return a.runScript(cmd, options, args)
		},
	}
	root.Flags().SortFlags, root.PersistentFlags().SortFlags = false, false
	root.PersistentFlags().AddFlagSet(a.globalFlags())
	options = rootFlags(root.Flags())
	root.Flags().SetInterspersed(false)
	root.PersistentFlags().BoolP("help", "h", false, "show this help")
	root.AddGroup(&cobra.Group{ID: operationsGroup, Title: "operations of the API"})
	root.SetOut(a.out)
	root.SetErr(a.err)
	root.SetIn(a.in)
	root.SetFlagErrorFunc(flagError)
	root.SetHelpFunc(func(cmd *cobra.Command, _ []string) { a.usage(cmd) })
	return root
}

// checkFlags refuses flags that contradict each other or that the command would ignore.
func (a *app) checkFlags(cmd *cobra.Command) error {
	if a.sandbox {
		for _, name := range []string{"host", "key"} {
			if a.flags.Changed(name) {
				return &usageError{
					message: fmt.Sprintf("--sandbox and --%s contradict each other: a sandbox is not another service", name),
					hint:    "leave one of them out",
				}
			}
		}
	}
	if a.flags.Changed("config") && a.config == "" {
		return &usageError{message: "--config must not be empty"}
	}
	if !cmd.HasParent() && a.picks() {
		return &usageError{message: "--query and --template mean nothing to a script: they pick from the result of a command", hint: helpHint(cmd)}
	}
	used, limited := cmd.Annotations[usesFlags]
	if !limited {
		return nil
	}
	var unused error
	cmd.InheritedFlags().VisitAll(func(f *pflag.Flag) {
		if f.Changed && f.Name != config.ColorSetting && !slices.Contains(pluginFlags, f.Name) && !slices.Contains(strings.Fields(used), f.Name) && unused == nil {
			unused = &usageError{message: fmt.Sprintf("--%s means nothing to authysh %s", f.Name, commandPath(cmd))}
		}
	})
	return unused
}

// usesFlags is the annotation of a command that lists the global flags it heeds; without it, it heeds them all.
const usesFlags = "flags"

// commandPath is the command as users type it, without the program.
func commandPath(cmd *cobra.Command) string {
	return strings.TrimPrefix(cmd.CommandPath(), cmd.Root().Name()+" ")
}

// flagError turns what pflag says into a usage error with a suggestion.
func flagError(cmd *cobra.Command, err error) error {
	if unknown, ok := errors.AsType[*pflag.NotExistError](err); ok {
		if arguments := cmd.Flags().Args(); cmd.HasParent() && cmd.HasSubCommands() && len(arguments) > 0 {
			if _, misspelt := subcommand(cmd, arguments[0]); misspelt != nil {
				return misspelt // and so its flags are unknown
			}
		}
		name := unknown.GetSpecifiedName()
		if unknown.GetSpecifiedShortnames() != "" {
			return &usageError{message: fmt.Sprintf("unknown flag -%s", name), hint: helpHint(cmd)}
		}
		var known []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) { known = append(known, f.Name) })
		e := &usageError{message: "unknown flag --" + wording.Clip(name), hint: helpHint(cmd)}
		if near := authy.Nearest(name, known); near != "" {
			e.message += ", did you mean --" + near + "?"
		}
		return e
	}
	if lacking, ok := errors.AsType[*pflag.ValueRequiredError](err); ok {
		name := "--" + lacking.GetSpecifiedName()
		if lacking.GetSpecifiedShortnames() != "" {
			name = "-" + lacking.GetSpecifiedName()
		}
		return &usageError{message: name + " needs a value", hint: helpHint(cmd)}
	}
	if invalid, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		rule := "must be a whole number"
		if invalid.GetFlag().Value.Type() == "bool" {
			rule = "must be true or false"
		}
		return &usageError{message: fmt.Sprintf("--%s %s, got %q", invalid.GetFlag().Name, rule, wording.Clip(invalid.GetValue()))}
	}
	return &usageError{message: err.Error(), hint: helpHint(cmd)}
}

func helpHint(cmd *cobra.Command) string { return "see " + cmd.CommandPath() + " --help" }

// noSuchScript says that there is neither a script nor a command of that name, and what may have been meant.
func (a *app) noSuchScript(name string) error {
	if strings.ContainsAny(name, `/\`) || filepath.Ext(name) != "" {
		return &usageError{message: fmt.Sprintf("script %s does not exist%s", name, suggestScript(name))}
	}
	e := &usageError{message: fmt.Sprintf("%q is neither a command nor a script", wording.Clip(name))}
	if near := authy.Nearest(name, a.commandNames); near != "" {
		e.message += fmt.Sprintf(", did you mean the command %q?", near)
	} else if script := suggestScript(name); script != "" {
		e.message += script
	} else if below := a.commandsBelow(name); len(below) > 0 {
		others, last := below[:len(below)-1], below[len(below)-1]
		if len(others) > 0 {
			last = strings.Join(others, ", ") + " or " + last
		}
		e.message += ", did you mean " + last + "?"
	}
	e.hint = "see authysh --help"
	return e
}

// commandsBelow are the commands below others that have a name, and that of the operation with the name: whoever knows what
// he wants to do seldom knows below which noun it stands. It gives none where too many come into question.
func (a *app) commandsBelow(name string) []string {
	const most = 3
	var found []string
	var search func(cmd *cobra.Command, path string)
	search = func(cmd *cobra.Command, path string) {
		for _, inner := range cmd.Commands() {
			full := path + " " + inner.Name()
			if inner.Name() == name {
				found = append(found, strconv.Quote(full))
			}
			search(inner, full)
		}
	}
	for _, op := range authy.Operations() {
		if op.Name == name {
			return []string{strconv.Quote(shapeOf(op).command())}
		}
	}
	a.leaves = map[*cobra.Command]*operationCommand{}
	for _, c := range a.commands() {
		search(c.make(), c.name)
	}
	if len(found) > most {
		return nil
	}
	return found
}

// suggestScript looks beside a missing script for one with nearly its name.
func suggestScript(name string) string {
	const most = 1000 // names; a directory with more is no place where people keep scripts
	dir := filepath.Dir(name)
	f, err := os.Open(dir)
	if err != nil {
		return ""
	}
	defer f.Close()
	names, _ := f.Readdirnames(most) // what could be read will do
	var scripts []string
	for _, found := range names {
		if filepath.Ext(found) == ".lua" {
			scripts = append(scripts, found)
		}
	}
	slices.Sort(scripts)
	base := filepath.Base(name)
	near := base + ".lua"
	if !slices.Contains(scripts, near) {
		near = authy.Nearest(base, scripts)
	}
	if near == "" {
		return ""
	}
	if dir != "." {
		near = filepath.Join(dir, near)
	}
	return fmt.Sprintf(", did you mean %s?", near)
}
