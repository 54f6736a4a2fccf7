package main

import (
	"bytes"
	"context"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/repl"
)

// TestFlagsDoNotCollide: a parameter's flag must not hide a global flag or one of the command itself.
func TestFlagsDoNotCollide(t *testing.T) {
	t.Parallel()
	var a app
	taken := map[string]string{"help": "the flag --help"}
	a.globalFlags().VisitAll(func(f *pflag.Flag) { taken[f.Name] = "a global flag" })
	var options callOptions
	own := pflag.NewFlagSet("", pflag.ContinueOnError)
	options.addTo(own, authy.Operation{})
	own.VisitAll(func(f *pflag.Flag) { taken[f.Name] = "an option of every command" })
	for _, op := range authy.Operations() {
		extras := map[string]bool{}
		if e := extraOf(op.Name); e != nil && e.flags != nil {
			flags := pflag.NewFlagSet("", pflag.ContinueOnError)
			e.flags(flags)
			flags.VisitAll(func(f *pflag.Flag) {
				extras[f.Name] = true
				if by := taken[f.Name]; by != "" {
					t.Errorf("%s: its own flag --%s is %s, too", op.Name, f.Name, by)
				}
			})
		}
		for _, f := range op.Params {
			if by := taken[flagOf(f.Name)]; by != "" || extras[flagOf(f.Name)] {
				t.Errorf("%s: the flag of the parameter %s is %s, too", op.Name, f.Name, by)
			}
		}
	}
}

// TestEveryOperationHasItsCommand, whose help tells all that the catalogue knows, in lines that fit.
func TestEveryOperationHasItsCommand(t *testing.T) {
	t.Parallel()
	a, root := commandTree(t)
	for _, op := range authy.Operations() {
		path := shapeOf(op).path
		cmd, rest, err := root.Find(path)
		if err != nil || len(rest) > 0 || a.leaves[cmd] == nil {
			t.Errorf("%s: no command %v", op.Name, path)
			continue
		}
		code, help, stderr := authysh(t, "", nil, append(slices.Clone(path), "--help")...)
		if code != 0 || stderr != "" {
			t.Errorf("%v --help: exit code %d: %s", path, code, stderr)
		}
		words := strings.Join(strings.Fields(help), " ")
		wants := []string{op.Name, op.Effect.String(), strings.TrimSuffix(op.Doc[1:], ".")}
		for _, f := range op.Params {
			name := "--" + flagOf(f.Name)
			if s := shapeOf(op); slices.Contains(s.positional, f.Name) {
				name = "<" + f.Name + ">"
				if s.optional[f.Name] {
					name = "[" + f.Name + "]"
				}
			}
			wants = append(wants, name, strings.TrimSuffix(f.Doc[1:], "."))
			wants = append(wants, f.Rule.Values...)
			if f.Rule.Values == nil && f.Type.Kind() == boolKind {
				continue
			}
			if strings.ContainsAny(f.Rule.Doc, "0123456789") && f.Fields == nil { // a limit
				wants = append(wants, f.Rule.Doc)
			}
			if !f.Optional && strings.HasPrefix(name, "--") && !strings.Contains(usageLines(help), name+" ") {
				t.Errorf("%v: the usage does not show %s, which is required:\n%s", path, name, help)
			}
		}
		for _, want := range wants {
			if !strings.Contains(words, want) {
				t.Errorf("%v --help does not say %q:\n%s", path, want, help)
			}
		}
	}
}

func usageLines(help string) string {
	_, rest, _ := strings.Cut(help, "\nusage:\n")
	lines, _, _ := strings.Cut(rest, "\n\n")
	return lines
}

// TestCommandHelpFits: no help of any command has a line that a window of 80 columns breaks.
func TestCommandHelpFits(t *testing.T) {
	t.Parallel()
	_, root := commandTree(t)
	var check func(cmd *cobra.Command)
	check = func(cmd *cobra.Command) {
		path := strings.Fields(cmd.CommandPath())[1:]
		code, help, _ := authysh(t, "", nil, append(path, "--help")...)
		if code != 0 {
			t.Errorf("%v --help: exit code %d", path, code)
		}
		for line := range strings.SplitSeq(help, "\n") {
			if utf8.RuneCountInString(line) > helpWidth {
				t.Errorf("%v --help: %d columns: %s", path, utf8.RuneCountInString(line), line)
			}
		}
		for _, below := range cmd.Commands() {
			check(below)
		}
	}
	for _, cmd := range root.Commands() {
		check(cmd)
	}
}

// parcel is an operation that the catalogue does not have.
type parcelParams struct {
	UserID  authy.ID       `json:"user_id" rule:"authy_id" doc:"Whom it is for."`
	Weight  int            `json:"weight" rule:"range 1-20" doc:"Weight in kg."`
	Fragile *bool          `json:"fragile" doc:"Handle with care."`
	Labels  []string       `json:"labels" rule:"events" doc:"Words on the outside."`
	Notes   map[string]any `json:"notes" rule:"json" doc:"Anything else."`
}

type parcel struct {
	authy.Answer
	Summary string `json:"summary" doc:"What was asked for."`
}

// TestNewOperation: an operation that is declared has its command, with help, conversion and results.
func TestNewOperation(t *testing.T) {
	t.Parallel()
	got := make(chan parcelParams, 10)
	op := authy.Op("parcel send <user_id> [weight]", "Send a parcel.",
		authy.Route{Name: "send_parcel", Method: "POST", Path: "/parcels/{user_id}", Effect: authy.Sends},
		func(_ *authy.Client, _ context.Context, p parcelParams) (*parcel, error) {
			got <- p
			return &parcel{Summary: "a parcel"}, nil
		})
	run := func(args ...string) (string, error) {
		var stdout, stderr bytes.Buffer
		console := repl.NewConsole(strings.NewReader(""), &stdout, &stderr)
		out := newOutput(console.Stdout(), false)
		a := &app{
			stdio:   stdio{program: "authysh", lookupEnv: func(string) (string, bool) { return "", false }, userID: os.Getuid()},
			console: console, out: out, err: flushingWriter{console.Stderr(), out}, in: strings.NewReader(""),
			leaves: map[*cobra.Command]*operationCommand{},
		}
		root := a.rootCommand()
		root.AddCommand(a.operationCommands([]authy.Operation{op})...)
		if cmd, _, err := root.Find(args); err == nil && a.leaves[cmd] != nil {
			a.leaves[cmd].declareDotted(args)
		}
		root.SetArgs(args)
		err := root.ExecuteContext(t.Context())
		out.Flush()
		return stdout.String(), err
	}
	printed, err := run("--sandbox", "parcel", "send", "42", "7", "--fragile", "--labels", "a,b", "--labels", "c", "--notes.to the door", "007")
	if err != nil || !strings.Contains(printed, `"summary":"a parcel"`) {
		t.Fatalf("got %s, %v", printed, err)
	}
	p := <-got
	if p.UserID != "42" || p.Weight != 7 || p.Fragile == nil || !*p.Fragile || strings.Join(p.Labels, " ") != "a b c" || p.Notes["to the door"] != "007" {
		t.Errorf("the method got %+v", p)
	}
	for want, args := range map[string][]string{
		"authysh parcel send needs <user_id> and --weight":           {"--sandbox", "parcel", "send"},
		`unknown flag --fragil, did you mean --fragile?`:             {"--sandbox", "parcel", "send", "42", "7", "--fragil"},
		`authysh parcel has no command "sned", did you mean "send"?`: {"--sandbox", "parcel", "sned"},
	} {
		if _, err := run(args...); err == nil || err.Error() != want {
			t.Errorf("%v: got %v, want %s", args, err, want)
		}
	}
	if help, err := run("parcel", "send", "--help"); err != nil || !strings.Contains(help, "authysh parcel send <user_id> [weight]") || !strings.Contains(help, "--fragile") {
		t.Errorf("help: %v\n%s", err, help)
	}
}
