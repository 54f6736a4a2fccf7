package main

import (
	"context"
	"net/url"
	"strconv"

	"github.com/spf13/cobra"
)

// The commands for what a sandbox was asked and what it told others.

func (a *app) sandboxRequestsCommand() *cobra.Command {
	var list sandboxListFlags
	var unmask, follow bool
	asked := func() url.Values {
		query := list.query()
		if unmask {
			query.Set("unmask", "true")
		}
		return query
	}
	l := &sandboxLook{
		cmd: &cobra.Command{
			Use: "requests", Short: "list the requests that a sandbox answered",
			Example: "  authysh sandbox requests --follow --unmask",
		},
		columns: []string{"id", "time", "operation", "method", "path", "status", "code=error_code", "ms=duration_ms", "faults"},
		call: func(ctx context.Context, c *sandboxClient, _ []string) ([]byte, error) {
			return c.list(ctx, "requests", asked())
		},
	}
	l.cmd.Flags().BoolVarP(&follow, "follow", "f", false, "show the last ones, and then each as it comes, until Ctrl-C")
	l.cmd.Flags().BoolVar(&unmask, "unmask", false, "show personal data and codes; keys are never shown")
	list.declare(l.cmd)
	cmd := a.lookCommand(l)
	once := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if !follow {
			return once(cmd, args)
		}
		if list.before != 0 {
			return &usageError{message: "--follow and --before cannot go together", hint: "leave one of them out"}
		}
		query := asked()
		if !cmd.Flags().Changed("limit") {
			query.Set("limit", strconv.Itoa(followedBefore))
		}
		return a.followRequests(cmd, l, query)
	}
	return cmd
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
		columns: []string{"id", "created_at", "kind", "event", "authy_id", "state", "attempts=attempts.#", "status=attempts.@reverse.0.status", "error=attempts.@reverse.0.error", "url"},
		call: func(ctx context.Context, c *sandboxClient, _ []string) ([]byte, error) {
			return c.list(ctx, "callbacks", list.query())
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
