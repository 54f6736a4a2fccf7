package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"

	"github.com/spf13/cobra"
	"github.com/tidwall/gjson"

	"github.com/authysh/authysh/cmd/authysh/internal/present"
)

// The commands for the clock of a sandbox and for all that it knows.

func prettyClock(w io.Writer, clock gjson.Result) {
	state := ""
	if clock.Get("frozen").Bool() {
		state = "  frozen"
	}
	fmt.Fprintf(w, "%s%s\n", oneLineOf(clock.Get("now").String()), state)
}

func (a *app) sandboxClockCommand() *cobra.Command {
	parent := a.lookCommand(&sandboxLook{
		cmd:    &cobra.Command{Use: "clock", Short: "show or change what time it is in a sandbox", Args: belowOrNothing},
		pretty: prettyClock,
		call: func(ctx context.Context, c *sandboxClient, _ []string) ([]byte, error) {
			answer, err := c.get(ctx, "/clock", nil)
			return part("clock", answer, err)
		},
	})
	change := func(use, short, example string, args cobra.PositionalArgs, fields func(args []string) map[string]any, aliases ...string) {
		parent.AddCommand(a.lookCommand(&sandboxLook{
			cmd:    &cobra.Command{Use: use, Aliases: aliases, Short: short, Example: example, Args: args},
			pretty: prettyClock,
			call: func(ctx context.Context, c *sandboxClient, args []string) ([]byte, error) {
				answer, err := c.post(ctx, "/clock", fields(args))
				return part("clock", answer, err)
			},
		}))
	}
	change("advance time", "move the clock on", "  authysh sandbox clock advance 10m", exactlyOne("a length of time, such as 10m or 24h"),
		func(args []string) map[string]any { return map[string]any{"advance": args[0]} })
	change("set time", "set the clock", "  authysh sandbox clock set 2030-01-02T15:04:05Z", exactlyOne("a time, such as 2030-01-02T15:04:05Z, a date, or Unix seconds"),
		func(args []string) map[string]any { return map[string]any{"set": args[0]} })
	change("freeze", "let time stand still", "", noArguments, func([]string) map[string]any { return map[string]any{"freeze": true} })
	change("thaw", "let time go on", "", noArguments, func([]string) map[string]any { return map[string]any{"freeze": false} }, "unfreeze")
	change("real", "return to the real time", "", noArguments, func([]string) map[string]any { return map[string]any{"real": true} })
	return parent
}

func (a *app) sandboxResetCommand() *cobra.Command {
	return a.lookCommand(&sandboxLook{
		cmd: &cobra.Command{Use: "reset", Short: "forget all users and messages, and return to the real time"},
		call: func(ctx context.Context, c *sandboxClient, _ []string) ([]byte, error) {
			return c.post(ctx, "/reset", nil)
		},
		pretty: says("the sandbox is empty"),
	})
}

func (a *app) sandboxExportCommand() *cobra.Command {
	t := new(sandboxTarget)
	var out string
	cmd := &cobra.Command{
		Use: "export", Short: "write all that a sandbox knows, for import",
		Long: "The result is JSON. It holds secrets and codes, but no API keys; keep it as you\n" +
			"would keep passwords. With a key it is about one application, with the admin\n" +
			"token about all.",
		Example: "  authysh sandbox export --out state.json",
		Args:    noArguments, Annotations: map[string]string{usesFlags: sandboxFlags},
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, s, err := a.sandboxAt(cmd.Context(), t, cmd.Flags().Changed)
			if err != nil {
				return err
			}
			printer, err := a.printer(s)
			if err != nil {
				return err
			}
			answer, err := c.get(cmd.Context(), "/export", nil)
			if err != nil {
				return err
			}
			if cmd.Flags().Changed("out") {
				return writeNew(out, answer)
			}
			if !a.flags.Changed("output") && !a.picks() {
				_, err := fmt.Fprintf(a.out, "%s\n", answer)
				return err
			}
			return a.print(printer, present.Result{Value: json.RawMessage(answer), Raw: answer})
		},
	}
	cmd.Flags().SortFlags = false
	t.declare(cmd)
	cmd.Flags().StringVar(&out, "out", "", "write it to this new `file`, which only you can read")
	return cmd
}

func (a *app) sandboxImportCommand() *cobra.Command {
	return a.lookCommand(&sandboxLook{
		cmd: &cobra.Command{
			Use: "import file", Short: "replace what a sandbox knows by what export wrote; - is standard input",
			Example: "  authysh sandbox import state.json",
			Args:    exactlyOne("the file that export wrote"),
		},
		call: func(ctx context.Context, c *sandboxClient, args []string) ([]byte, error) {
			text, err := a.readImport(args[0])
			if err != nil {
				return nil, err
			}
			return c.do(ctx, http.MethodPost, "/import", nil, text)
		},
		pretty: says("the sandbox knows what the file says"),
	})
}

// readImport reads an export. It is looked at here first, so that the wrong file is not sent anywhere.
func (a *app) readImport(path string) ([]byte, error) {
	var text []byte
	var err error
	if path == "-" {
		path = "standard input"
		text, err = io.ReadAll(a.in)
	} else {
		text, err = os.ReadFile(path)
	}
	if err != nil {
		if cause := errors.Unwrap(err); cause != nil {
			err = cause
		}
		return nil, &usageError{message: fmt.Sprintf("%s cannot be read: %s", path, err)}
	}
	if !gjson.ValidBytes(text) || !gjson.GetBytes(text, "version").Exists() || !gjson.GetBytes(text, "apps").IsArray() {
		return nil, &usageError{message: path + " is no export of a sandbox", hint: "'authysh sandbox export --out state.json' makes one"}
	}
	return text, nil
}
