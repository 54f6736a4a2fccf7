package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/cmd/authysh/internal/arguments"
	"github.com/authysh/authysh/cmd/authysh/internal/wording"
)

// callCommand is authysh call: an operation by its name in the catalogue.
func (a *app) callCommand() *cobra.Command {
	var options callOptions
	var documents []string
	cmd := &cobra.Command{
		Use:   "call <operation> [parameter=value]...",
		Short: "call an operation by its name",
		Long: "A value is text, and becomes what the parameter is declared as. parameter:=value\n" +
			"takes JSON instead, and a name may reach into objects: visible.city=Lisbon.\n" +
			"@file reads a value from a file, and - reads it from standard input.",
		Example: "  authysh call request_sms authy_id=1635 force=true\n" +
			"  echo '{\"authy_id\": 1635}' | authysh call get_user_status --json -",
		GroupID:               operationsGroup,
		DisableFlagsInUseLine: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.callByName(cmd, args, documents, options)
		},
		ValidArgsFunction: a.completeCall,
	}
	cmd.SetHelpFunc(func(cmd *cobra.Command, _ []string) {
		if _, known := a.operation(cmd.Flags().Arg(0)); known && a.explain(cmd.Flags().Arg(0)) == nil {
			return
		}
		a.usage(cmd)
	})
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringArrayVar(&documents, "json", nil, "parameters as a JSON `object`; @file or - reads it")
	options.addTo(flags, authy.Operation{})
	return cmd
}

func (a *app) callByName(cmd *cobra.Command, args []string, documents []string, options callOptions) error {
	if len(args) == 0 {
		return &usageError{message: "authysh call needs the name of an operation", hint: "authysh help authy lists them"}
	}
	op, ok := a.operation(args[0])
	if !ok {
		return &usageError{
			message: fmt.Sprintf("there is no operation %q%s", wording.Clip(args[0]), wording.Suggest(args[0], a.operationNames())),
			hint:    "authysh help authy lists them",
		}
	}
	set := arguments.For(op, nil)
	for _, arg := range args[1:] {
		if err := a.putAssignment(cmd, set, op, arg); err != nil {
			return err
		}
	}
	if len(documents) > 1 {
		return &usageError{message: "--json is given twice", hint: helpHint(cmd)}
	}
	for _, document := range documents {
		text, err := a.typed(cmd.Context(), "--json", document)
		if err != nil {
			return err
		}
		if err := set.PutJSON([]byte(text)); err != nil {
			return &usageError{message: "--json " + err.Error(), hint: `an object of parameters, such as {"authy_id": 1635}`}
		}
	}
	return a.perform(cmd, &performed{op: op, arguments: set, options: options, extra: nil})
}

// putAssignment stores parameter=value or parameter:=json.
func (a *app) putAssignment(cmd *cobra.Command, set *arguments.Set, op authy.Operation, arg string) error {
	name, value, ok := strings.Cut(arg, "=")
	name, isJSON := strings.CutSuffix(name, ":")
	if !ok || name == "" {
		return &usageError{message: fmt.Sprintf("%q is no parameter=value", wording.Clip(arg)), hint: "see authysh help " + op.Name}
	}
	text, err := a.typed(cmd.Context(), name, value)
	if err != nil {
		return err
	}
	var typed any = text
	if isJSON {
		if typed, err = arguments.ParseJSON([]byte(text)); err != nil {
			return &usageError{message: name + " " + err.Error()}
		}
	}
	f, _ := op.Param(name)
	if isTextList(f) && !isJSON {
		err = set.Add(name, text)
	} else {
		err = set.Put(name, typed)
	}
	if err != nil {
		return &usageError{message: name + " " + err.Error()}
	}
	return nil
}

func (a *app) operationNames() []string {
	var names []string
	for _, op := range a.allOperations() {
		names = append(names, op.Name)
	}
	return names
}

// completeCall completes the name of an operation, then its parameters.
func (a *app) completeCall(_ *cobra.Command, args []string, toComplete string) ([]string, cobra.ShellCompDirective) {
	if len(args) == 0 {
		return a.operationNames(), cobra.ShellCompDirectiveNoFileComp
	}
	op, ok := a.operation(args[0])
	if !ok {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	if strings.Contains(toComplete, "=") {
		return completeAssignment(op, toComplete), cobra.ShellCompDirectiveNoFileComp
	}
	var left []string
	for _, f := range op.Params {
		used := slices.ContainsFunc(args[1:], func(arg string) bool { return strings.HasPrefix(arg, f.Name+"=") })
		if !used {
			left = append(left, f.Name+"=")
		}
	}
	return left, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
}
