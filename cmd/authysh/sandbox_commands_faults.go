package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/spf13/cobra"
	"github.com/tidwall/gjson"

	"github.com/authysh/authysh/authy/sandbox/fault"
)

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
			cmd: &cobra.Command{Use: "delete id", Aliases: []string{"remove"}, Short: "remove a rule", Args: exactlyOne("the id of a rule")},
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
				"  which      app=, key=, user= narrow it\n" +
				"  how often  nth=3, every=3, first=3, probability=0.1, times=3\n" +
				"  slow       latency=200ms±50ms, slow_headers=100ms, drip=100ms\n" +
				"  answers    status=503, code=60017, body=text, retry_after=5s\n" +
				"  broken     reset=request, before or after; json=truncated, wrong or html\n" +
				"  time       skew=5m\n" +
				"  callbacks  duplicate=2, delay=5s, drop\n",
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
