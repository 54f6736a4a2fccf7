package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/authysh/authysh/authy/sandbox"
)

// errServing marks a sandbox that stopped by itself.
var errServing = errors.New("the sandbox has stopped")

// stopTimeout is how long requests under way may take when the sandbox is stopped.
const stopTimeout = 2 * time.Second

// sandboxCommand is authysh sandbox: by itself it serves one, the commands below it look into one that is served.
func (a *app) sandboxCommand() *cobra.Command {
	o := new(sandboxOptions)
	cmd := &cobra.Command{
		Use:   "sandbox",
		Short: "serve an Authy service on this machine, for any Authy client",
		Long: "Nothing is really sent: texts, calls, e-mails and pushes land in an outbox. The\n" +
			"page that it names when it starts is the phone of its users; the commands below\n" +
			"do the same from another terminal, and GET /sandbox/api/outbox from a program.\n" +
			"Ctrl-C stops the sandbox, and all is forgotten but what --data keeps.",
		Example: "  authysh sandbox --listen 127.0.0.1:8047 --key sandbox-key\n" +
			"  authysh sandbox --data ./sandbox --seed users.yaml --app shop --app bank\n" +
			"  authysh sandbox --fault 'request_sms: status=503, every=3'",
		Args:        belowOrNothing,
		Annotations: map[string]string{usesFlags: showsResult + " verbose"},
		RunE:        func(cmd *cobra.Command, _ []string) error { return a.serveSandbox(cmd, o) },
	}
	o.declare(cmd)
	cmd.AddCommand(a.sandboxCommands()...)
	return cmd
}

// serveSandbox serves until it is interrupted, which is how it is meant to end.
func (a *app) serveSandbox(cmd *cobra.Command, o *sandboxOptions) error {
	_, printer, err := a.readyToShow(a.quickSettings)
	if err != nil {
		return err
	}
	ctx := cmd.Context()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	a.graceful.Store(true)
	address := o.listen
	if strings.Trim(address, "0123456789") == "" { // a port alone
		address = "127.0.0.1:" + address
	}
	options, err := o.options(cmd.Flags().Changed, a.requestLog(o))
	if err != nil {
		return err
	}
	server, err := sandbox.Start(context.WithoutCancel(ctx), address, options...)
	if err != nil {
		return &usageError{message: o.naming(err), hint: o.remedy(err)}
	}
	if err := a.announce(printer, server); err != nil {
		return err
	}
	select {
	case <-server.Done():
		return fmt.Errorf("%w: %w", errServing, server.Err())
	case <-ctx.Done():
	}
	patience, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	server.Close(patience) // what had to be cut off was asked for by nobody any more
	return nil
}
