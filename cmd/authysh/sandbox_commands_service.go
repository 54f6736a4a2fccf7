package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/tidwall/gjson"

	"github.com/authysh/authysh/authy/sandbox/fault"
	"github.com/authysh/authysh/cmd/authysh/internal/present"
)

// The commands that are about a sandbox itself: what it was asked and told others, its faults, clock and state.

func (a *app) sandboxRequestsCommand() *cobra.Command {
	var list sandboxListFlags
	var unmask bool
	l := &sandboxLook{
		cmd:     &cobra.Command{Use: "requests", Short: "list the requests that a sandbox answered"},
		columns: []string{"id", "time", "operation", "method", "path", "status", "code=error_code", "ms=duration_ms", "faults"},
		call: func(ctx context.Context, c *sandboxClient, _ []string) ([]byte, error) {
			query := list.query()
			if unmask {
				query.Set("unmask", "true")
			}
			answer, err := c.get(ctx, "/requests", query)
			return part("requests", answer, err)
		},
	}
	l.cmd.Flags().BoolVar(&unmask, "unmask", false, "show personal data and codes; keys are never shown")
	list.declare(l.cmd)
	return a.lookCommand(l)
}

// belowOrNothing is the rule for arguments of a command that lists by itself and has others below it.
func belowOrNothing(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	_, err := subcommand(cmd, args[0])
	return err
}

func (a *app) sandboxCallbacksCommand() *cobra.Command {
	var list sandboxListFlags
	l := &sandboxLook{
		cmd:     &cobra.Command{Use: "callbacks", Short: "list the callbacks and webhooks that a sandbox sent", Args: belowOrNothing},
		columns: []string{"id", "created_at", "kind", "event", "authy_id", "state", "attempts=attempts.#", "status=attempts.@reverse.0.status", "url"},
		call: func(ctx context.Context, c *sandboxClient, _ []string) ([]byte, error) {
			answer, err := c.get(ctx, "/callbacks", list.query())
			return part("callbacks", answer, err)
		},
	}
	list.declare(l.cmd)
	var method string
	target := &sandboxLook{
		cmd: &cobra.Command{
			Use: "set url", Short: "say where answers to approval requests are sent; '' stops them",
			Args: func(cmd *cobra.Command, args []string) error {
				if len(args) == 1 {
					return nil
				}
				return exactlyOne("the URL to call")(cmd, args)
			},
		},
		call: func(ctx context.Context, c *sandboxClient, args []string) ([]byte, error) {
			verb, err := checkCallbackMethod(method)
			if err != nil {
				return nil, err
			}
			if args[0] != "" {
				if err := checkCallbackURL("the URL", args[0]); err != nil {
					return nil, err
				}
			}
			answer, err := c.post(ctx, "/callback", map[string]any{"url": args[0], "method": verb})
			return part("callback", answer, err)
		},
	}
	target.cmd.Flags().StringVar(&method, "method", "", "the `method`, POST (by default) or GET")
	completeWith(target.cmd, "method", callbackMethods...)
	parent := a.lookCommand(l)
	parent.AddCommand(
		a.lookCommand(&sandboxLook{
			cmd: &cobra.Command{Use: "resend id", Short: "send a callback or webhook once more, signed anew", Args: exactlyOne("the id of a callback")},
			call: func(ctx context.Context, c *sandboxClient, args []string) ([]byte, error) {
				answer, err := c.post(ctx, "/callbacks/"+url.PathEscape(args[0])+"/resend", nil)
				return part("callback", answer, err)
			},
		}),
		a.lookCommand(target),
	)
	return parent
}

// describeFault is a rule in one line, as its own syntax has it, from its JSON form.
func describeFault(rule gjson.Result) string {
	var parts []string
	for _, name := range fault.Fields() {
		if value := rule.Get(name); name != "on" && value.Exists() {
			parts = append(parts, name+"="+value.String())
		}
	}
	if rule.Get("key_given").Bool() {
		parts = append(parts, "key=***")
	}
	target := rule.Get("on").String()
	if target == "" {
		target = "*"
	}
	return target + ": " + strings.Join(parts, ", ")
}

func prettyFaults(w io.Writer, faults gjson.Result) {
	if len(faults.Array()) == 0 {
		fmt.Fprintln(w, "none")
		return
	}
	rows := [][]string{{"id", "fired", "seen", "rule"}}
	for _, rule := range faults.Array() {
		rows = append(rows, []string{rule.Get("id").String(), rule.Get("fired").String(), rule.Get("seen").String(), oneLineOf(describeFault(rule))})
	}
	writeTable(w, rows)
}

func prettyFault(w io.Writer, rule gjson.Result) {
	fmt.Fprintf(w, "%s  %s\n", rule.Get("id"), oneLineOf(describeFault(rule)))
}

func (a *app) sandboxFaultsCommand() *cobra.Command {
	list := func(short, use string, args cobra.PositionalArgs) *sandboxLook {
		return &sandboxLook{
			cmd:     &cobra.Command{Use: use, Short: short, Args: args},
			columns: []string{"id", "on", "app", "user", "off", "fired", "seen"},
			pretty:  prettyFaults,
			call: func(ctx context.Context, c *sandboxClient, _ []string) ([]byte, error) {
				answer, err := c.get(ctx, "/faults", nil)
				return part("faults", answer, err)
			},
		}
	}
	parent := a.lookCommand(list("list or change what a sandbox does wrong on purpose", "faults", belowOrNothing))
	parent.AddCommand(a.lookCommand(list("list the rules with how often each fired", "list", noArguments)), a.addFaultCommand())
	for _, c := range [][2]string{{"enable", "let a rule fire again"}, {"disable", "keep a rule without letting it fire"}} {
		parent.AddCommand(a.lookCommand(&sandboxLook{
			cmd:    &cobra.Command{Use: c[0] + " id", Short: c[1], Args: exactlyOne("the id of a rule")},
			pretty: prettyFault,
			call: func(ctx context.Context, client *sandboxClient, args []string) ([]byte, error) {
				answer, err := client.post(ctx, "/faults/"+url.PathEscape(args[0])+"/"+c[0], nil)
				return part("fault", answer, faultNotFound(err))
			},
		}))
	}
	parent.AddCommand(
		a.lookCommand(&sandboxLook{
			cmd: &cobra.Command{Use: "delete id", Short: "remove a rule", Args: exactlyOne("the id of a rule")},
			call: func(ctx context.Context, c *sandboxClient, args []string) ([]byte, error) {
				answer, err := c.do(ctx, http.MethodDelete, "/faults/"+url.PathEscape(args[0]), nil, nil)
				return answer, faultNotFound(err)
			},
			pretty: says("the rule is gone"),
		}),
		a.lookCommand(&sandboxLook{
			cmd: &cobra.Command{Use: "clear", Short: "remove all rules"},
			call: func(ctx context.Context, c *sandboxClient, _ []string) ([]byte, error) {
				return c.do(ctx, http.MethodDelete, "/faults", nil, nil)
			},
			pretty: says("no rules are left"),
		}),
	)
	return parent
}

// says is what people see of something that has no result.
func says(text string) func(io.Writer, gjson.Result) {
	return func(w io.Writer, _ gjson.Result) { fmt.Fprintln(w, text) }
}

// faultNotFound adds where the ids are.
func faultNotFound(err error) error {
	if err != nil && strings.Contains(err.Error(), "Fault rule not found") {
		return &hinted{err, "'authysh sandbox faults' lists the rules"}
	}
	return err
}

func (a *app) addFaultCommand() *cobra.Command {
	return a.lookCommand(&sandboxLook{
		cmd: &cobra.Command{
			Use: "add rule", Short: "let things go wrong from now on",
			Long: "A rule is a target, a colon, and fields between commas. The target is an\n" +
				"operation, a path with *, callback, webhook, or * for every request.\n\n" +
				"which      app=, key=, user= narrow it\n" +
				"how often  nth=3, every=3, first=3, probability=0.1, times=3\n" +
				"slow       latency=200ms±50ms, slow_headers=100ms, drip=100ms\n" +
				"answers    status=503, code=60017, body=text, retry_after=5s\n" +
				"broken     reset=request, before or after; json=truncated, wrong or html\n" +
				"time       skew=5m\n" +
				"callbacks  duplicate=2, delay=5s, drop\n",
			Example: "  authysh sandbox faults add 'request_sms: status=503, every=3'\n" +
				"  authysh sandbox faults add '/onetouch/*: latency=2s, probability=0.1'\n" +
				"  authysh sandbox faults add 'callback: duplicate=1, delay=5s'",
			Args: exactlyOne("a rule"),
		},
		pretty: prettyFault,
		call: func(ctx context.Context, c *sandboxClient, args []string) ([]byte, error) {
			if _, err := fault.Parse(args[0]); err != nil {
				return nil, &usageError{message: err.Error(), hint: "see authysh sandbox faults add --help"}
			}
			answer, err := c.post(ctx, "/faults", map[string]any{"rule": args[0]})
			return part("fault", answer, err)
		},
	})
}

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
	change := func(use, short, example string, args cobra.PositionalArgs, fields func(args []string) map[string]any) {
		parent.AddCommand(a.lookCommand(&sandboxLook{
			cmd:    &cobra.Command{Use: use, Short: short, Example: example, Args: args},
			pretty: prettyClock,
			call: func(ctx context.Context, c *sandboxClient, args []string) ([]byte, error) {
				answer, err := c.post(ctx, "/clock", fields(args))
				return part("clock", answer, err)
			},
		}))
	}
	change("advance time", "move the clock on", "  authysh sandbox clock advance 10m", exactlyOne("a length of time, such as 10m or 24h"),
		func(args []string) map[string]any { return map[string]any{"advance": args[0]} })
	change("set time", "set the clock", "  authysh sandbox clock set 2030-01-02T15:04:05Z", exactlyOne("a time, such as 2030-01-02T15:04:05Z, or Unix seconds"),
		func(args []string) map[string]any { return map[string]any{"set": args[0]} })
	change("freeze", "let time stand still", "", noArguments, func([]string) map[string]any { return map[string]any{"freeze": true} })
	change("thaw", "let time go on", "", noArguments, func([]string) map[string]any { return map[string]any{"freeze": false} })
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
