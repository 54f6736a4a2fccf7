package main

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/cmd/authysh/internal/arguments"
	"github.com/authysh/authysh/cmd/authysh/internal/config"
)

// flagValues is the annotation of a flag that lists what it may be, for the shell and for the documentation.
const flagValues = "authysh_values"

// completeWith tells the values that a flag of a command may have.
func completeWith(cmd *cobra.Command, flag string, values ...string) {
	f := cmd.Flag(flag)
	if f == nil {
		panic("completeWith: " + cmd.Name() + " has no flag --" + flag) // a mistake in the program, found by any test
	}
	completeFlagWith(f, values...)
}

// completeFlagWith is completeWith for a flag that has no command yet.
func completeFlagWith(f *pflag.Flag, values ...string) {
	if f.Annotations == nil {
		f.Annotations = map[string][]string{}
	}
	f.Annotations[flagValues] = values
}

// shell is one that completion is made for.
type shell struct {
	name, install string
	script        func(root *cobra.Command, w io.Writer) error
}

var shells = []shell{
	{"bash", "for now, and as a line of ~/.bashrc for good:\n" +
		"  eval \"$(authysh completion bash)\"\n" +
		"for good, where the package bash-completion is installed:\n" +
		"  authysh completion bash > ~/.local/share/bash-completion/completions/authysh", bashCompletion},
	{"zsh", "for now, and as a line of ~/.zshrc behind the one with compinit for good:\n" +
		"  source <(authysh completion zsh)\n" +
		"or once, into a folder of $fpath:\n" +
		"  authysh completion zsh > \"${fpath[1]}/_authysh\"", (*cobra.Command).GenZshCompletion},
	{"fish", "for now:\n" +
		"  authysh completion fish | source\n" +
		"for good:\n" +
		"  authysh completion fish > ~/.config/fish/completions/authysh.fish",
		func(root *cobra.Command, w io.Writer) error { return root.GenFishCompletion(w, true) }},
	{"powershell", "for now, and as a line of the file $PROFILE for good:\n" +
		"  authysh completion powershell | Out-String | Invoke-Expression",
		(*cobra.Command).GenPowerShellCompletionWithDesc},
}

// completionCommand is authysh completion.
func (a *app) completionCommand() *cobra.Command {
	parent := parentCommand("completion", "print the script that lets a shell complete commands")
	for _, s := range shells {
		parent.AddCommand(&cobra.Command{
			Use:         s.name,
			Short:       "print the completion script for " + s.name,
			Long:        "The shell has to read the script,\n" + s.install,
			Args:        noArguments,
			Annotations: map[string]string{usesFlags: ""},
			RunE:        func(cmd *cobra.Command, _ []string) error { return s.script(cmd.Root(), a.out) },
		})
	}
	return parent
}

// bashCompletion is cobra's script, but for its need of the package bash-completion, which gives it the words of the
// line: it is missing on many machines, and its old versions on others.
func bashCompletion(root *cobra.Command, w io.Writer) error {
	var script bytes.Buffer
	if err := root.GenBashCompletionV2(&script, true); err != nil {
		return err
	}
	const theirs = `_get_comp_words_by_ref "$@" cur prev words cword`
	if strings.Count(script.String(), theirs) != 1 {
		return fmt.Errorf("cobra's script for bash has changed: it has no single %s", theirs)
	}
	own := strings.Replace(script.String(), theirs, "__"+root.Name()+"_words", 1)
	_, err := io.WriteString(w, own+strings.ReplaceAll(bashWords, "PROGRAM", root.Name()))
	return err
}

// bashWords finds the words of the line up to the cursor. Bash breaks them at = and :, which are parts of flags and
// values, so what stood together is put together.
const bashWords = `
__PROGRAM_words()
{
    local rest="${COMP_LINE}" before="" word="" last="" blank=1 i n over
    words=() cword=0
    for ((i = 0; i < ${#COMP_WORDS[@]}; i++)); do
        word="${COMP_WORDS[i]}"
        before="${rest%%[![:space:]]*}"
        rest="${rest#"${before}"}"
        rest="${rest#"${word}"}"
        n=${#words[@]}
        if [[ ${i} -gt 0 && -z ${before} && ( ${word} == [=:]* || ${last} == *[=:] ) ]]; then
            words[n - 1]+="${word}"
        else
            words[n]="${word}"
        fi
        last="${word}"
        if ((i == COMP_CWORD)); then
            cword=$((${#words[@]} - 1))
            over=$((${#COMP_LINE} - ${#rest} - COMP_POINT))
            cur="${words[cword]}"
            if ((over > 0 && over <= ${#cur})); then
                cur="${cur:0:${#cur} - over}"
            fi
            words[cword]="${cur}"
            break
        fi
    done
    prev=""
    if ((cword > 0)); then
        prev="${words[cword - 1]}"
    fi
}
`

// asksForCompletion reports whether a completion script called the program.
func asksForCompletion(args []string) bool {
	return len(args) > 1 && (args[0] == cobra.ShellCompRequestCmd || args[0] == cobra.ShellCompNoDescRequestCmd)
}

// complete answers a completion script: cobra does, but for the arguments of a script, which cobra would take for
// commands.
func (a *app) complete(ctx context.Context, root *cobra.Command, args []string) error {
	if amongScriptArguments(args[1:len(args)-1], a.commandNames) {
		_, err := fmt.Fprintf(a.out, ":%d\n", cobra.ShellCompDirectiveDefault)
		return err
	}
	if cmd, _, err := root.Find(args[1:]); err == nil {
		if leaf := a.leaves[cmd]; leaf != nil {
			leaf.declareDotted(args[1:])
		}
		hideUnused(cmd)
	}
	a.offer(root)
	root.SetArgs(args)
	return root.ExecuteContext(ctx)
}

// amongScriptArguments reports whether what follows the arguments is one of a script.
func amongScriptArguments(args, commandNames []string) bool {
	flags, options, err := probeRoot(args)
	if err != nil || flags.NArg() == 0 && flags.ArgsLenAtDash() < 0 {
		return false
	}
	return len(options.code) > 0 || flags.ArgsLenAtDash() == 0 && flags.NArg() > 0 || flags.NArg() > 0 && !slices.Contains(commandNames, flags.Arg(0))
}

// offer tells cobra what flags and arguments may be. That is done only when a shell asks.
func (a *app) offer(root *cobra.Command) {
	for known := range config.All() {
		switch {
		case known.Flag() == "":
		case known.Name == config.OutputSetting:
			completeWith(root, known.Flag(), a.forms()...)
		case known.Choices != nil:
			completeWith(root, known.Flag(), known.Choices...)
		case known.Kind == config.Toggle:
			completeWith(root, known.Flag(), "true", "false")
		}
	}
	_ = root.RegisterFlagCompletionFunc("profile", a.completeProfile) // an error is that there is one already
	_ = root.RegisterFlagCompletionFunc("config", cobra.FixedCompletions([]string{"yaml", "yml"}, cobra.ShellCompDirectiveFilterFileExt))
	root.ValidArgsFunction = completeScript
	a.offerBelow(root)
}

// offerBelow goes through a command and those below it.
func (a *app) offerBelow(cmd *cobra.Command) {
	cmd.LocalFlags().VisitAll(func(f *pflag.Flag) { _ = cmd.RegisterFlagCompletionFunc(f.Name, completeFlag(f)) })
	if cmd.ValidArgsFunction == nil && cmd.ValidArgs == nil && !strings.Contains(cmd.Use, "file") {
		cmd.ValidArgsFunction = cobra.NoFileCompletions
	}
	for _, below := range cmd.Commands() {
		a.offerBelow(below)
	}
}

// hideUnused keeps global flags that a command does not heed from being offered.
func hideUnused(cmd *cobra.Command) {
	used, limited := cmd.Annotations[usesFlags]
	if !limited {
		return
	}
	cmd.InheritedFlags().VisitAll(func(f *pflag.Flag) {
		f.Hidden = f.Hidden || f.Name != "help" && !slices.Contains(strings.Fields(used), f.Name)
	})
}

// completeFlag offers the values of a flag, or files where its value is one. A value may be read from a file: @file.
func completeFlag(f *pflag.Flag) cobra.CompletionFunc {
	arg, doc := pflag.UnquoteUsage(f)
	f.Usage = doc // as shells show it
	return func(_ *cobra.Command, _ []string, toComplete string) ([]string, cobra.ShellCompDirective) {
		values := f.Annotations[flagValues]
		switch arg {
		case "file":
			return nil, cobra.ShellCompDirectiveDefault
		case "dir":
			return nil, cobra.ShellCompDirectiveFilterDirs
		}
		if name, ok := strings.CutPrefix(toComplete, "@"); ok && values == nil {
			files, directive := filesFrom(name, func(string) bool { return true })
			for i := range files {
				files[i] = "@" + files[i]
			}
			return files, directive
		}
		return beginningWith(toComplete, values), cobra.ShellCompDirectiveNoFileComp
	}
}

func beginningWith(prefix string, values []string) []string {
	var found []string
	for _, value := range values {
		if strings.HasPrefix(value, prefix) {
			found = append(found, value)
		}
	}
	return found
}

// completeProfile offers the profiles of the configuration file.
func (a *app) completeProfile(_ *cobra.Command, _ []string, toComplete string) ([]string, cobra.ShellCompDirective) {
	a.warnings = func(string, string) {} // nobody sees them, and the next command repeats them
	file, err := a.findConfig()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return beginningWith(toComplete, file.ProfileNames()), cobra.ShellCompDirectiveNoFileComp
}

// completeScript offers the scripts of a folder, beside the commands that cobra offers.
func completeScript(cmd *cobra.Command, _ []string, toComplete string) ([]string, cobra.ShellCompDirective) {
	if cmd.Flags().Changed("eval") {
		return nil, cobra.ShellCompDirectiveDefault
	}
	return filesFrom(toComplete, func(name string) bool { return filepath.Ext(name) == ".lua" })
}

// filesFrom lists the files that a path may become, and folders on the way there. A lone folder gets no space behind
// it, as it goes on.
func filesFrom(prefix string, wanted func(name string) bool) ([]string, cobra.ShellCompDirective) {
	dir, base := filepath.Split(prefix)
	entries, err := os.ReadDir(cmp.Or(dir, "."))
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var found []string
	folders := 0
	for _, entry := range entries {
		name := entry.Name()
		if !strings.HasPrefix(name, base) || base == "" && name[0] == '.' {
			continue
		}
		info, err := os.Stat(filepath.Join(dir, name)) // what a link leads to
		switch {
		case err != nil:
		case info.IsDir():
			found, folders = append(found, dir+name+"/"), folders+1
		case wanted(name):
			found = append(found, dir+name)
		}
	}
	if folders > 0 && folders == len(found) {
		return found, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	}
	return found, cobra.ShellCompDirectiveNoFileComp
}

// valuesAt are those that a parameter may have, or a part of it: "type", "logos.0.res".
func valuesAt(op authy.Operation, place string) []string {
	root, rest, _ := strings.Cut(place, ".")
	if whole, ok := arguments.Roots(op)[root]; ok {
		place = strings.TrimSuffix(whole+"."+rest, ".")
	}
	names := strings.Split(place, ".")
	field, ok := op.Param(names[0])
	for _, name := range names[1:] {
		if name != "" && strings.Trim(name, "0123456789") == "" {
			continue // the place in a list
		}
		i := slices.IndexFunc(field.Fields, func(f authy.Field) bool { return f.Name == name })
		if i < 0 {
			return nil
		}
		field = field.Fields[i]
	}
	if !ok {
		return nil
	}
	return field.Rule.Values
}

// completeAssignment offers the values of what is left of the sign in "type=".
func completeAssignment(op authy.Operation, toComplete string) []string {
	name, value, _ := strings.Cut(toComplete, "=")
	var found []string
	for _, known := range beginningWith(value, valuesAt(op, name)) {
		found = append(found, name+"="+known)
	}
	return found
}
