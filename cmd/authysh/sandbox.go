package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/authysh/authysh/authy/sandbox"
	"github.com/authysh/authysh/cmd/authysh/internal/present"
)

// errServing marks a sandbox that stopped by itself.
var errServing = errors.New("the sandbox has stopped")

// stopTimeout is how long requests under way may take when the sandbox is stopped.
const stopTimeout = 2 * time.Second

// sandboxOptions are the flags of authysh sandbox.
type sandboxOptions struct {
	listen, key, appName string
	seed                 uint64
	digits               int
	remote               bool
}

// sandboxCommand is authysh sandbox.
func (a *app) sandboxCommand() *cobra.Command {
	o := new(sandboxOptions)
	cmd := &cobra.Command{
		Use:   "sandbox",
		Short: "serve an Authy service in memory, for any Authy client",
		Long: "Nothing is really sent: texts, calls, e-mails and pushes land in an outbox, and\n" +
			"GET /sandbox/outbox shows it to who has the key. Ctrl-C stops the sandbox, and\n" +
			"all is forgotten.",
		Example:     "  authysh sandbox --listen 127.0.0.1:8047 --key sandbox-key",
		Args:        noArguments,
		Annotations: map[string]string{usesFlags: showsResult + " verbose"},
		RunE:        func(cmd *cobra.Command, _ []string) error { return a.serveSandbox(cmd, o) },
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&o.listen, "listen", sandbox.DefaultAddr, "listen on this `address`; port 0 is a free one")
	flags.StringVar(&o.key, "key", "", "accept this API `key`; a random one when left out")
	flags.StringVar(&o.appName, "app-name", "", "`name` of the application in messages")
	flags.Uint64Var(&o.seed, "seed", 0, "make ids, codes and keys follow from this `number`")
	flags.IntVar(&o.digits, "token-digits", 0, "length of codes, 6 to 8 `digits` (7)")
	flags.BoolVar(&o.remote, "allow-remote", false, "permit an address that other machines reach")
	return cmd
}

// options are those of the sandbox package. Each flag that was given is passed on, so that an empty value is refused.
func (o *sandboxOptions) options(cmd *cobra.Command, log *slog.Logger) []sandbox.Option {
	var options []sandbox.Option
	for _, flag := range []struct {
		name   string
		option func() sandbox.Option
	}{
		{"key", func() sandbox.Option { return sandbox.WithKeys(o.key) }},
		{"app-name", func() sandbox.Option { return sandbox.WithAppName(o.appName) }},
		{"seed", func() sandbox.Option { return sandbox.WithSeed(o.seed) }},
		{"token-digits", func() sandbox.Option { return sandbox.WithTokenDigits(o.digits) }},
	} {
		if cmd.Flags().Changed(flag.name) {
			options = append(options, flag.option())
		}
	}
	if o.remote {
		options = append(options, sandbox.WithRemoteAccess())
	}
	if log != nil {
		options = append(options, sandbox.WithLogger(log))
	}
	return options
}

// serveSandbox serves until it is interrupted, which is how it is meant to end.
func (a *app) serveSandbox(cmd *cobra.Command, o *sandboxOptions) error {
	s, err := a.quickSettings()
	if err != nil {
		return err
	}
	printer, err := a.printer(s)
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
	server, err := sandbox.Start(context.WithoutCancel(ctx), address, o.options(cmd, a.logger())...)
	if err != nil {
		e := &usageError{message: err.Error()}
		if strings.Contains(e.message, "allow remote access") {
			e.hint = "--allow-remote does; whoever has the key can then read every code"
		}
		return e
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

// announce says where the sandbox is and how to use it. A program reads it as one line of JSON.
func (a *app) announce(p *present.Printer, server *sandbox.Server) error {
	keys := server.Dashboard()
	result := struct {
		URL        string `json:"url" yaml:"url"`
		Key        string `json:"key" yaml:"key"`
		AccessKey  string `json:"access_key" yaml:"access_key"`
		SigningKey string `json:"signing_key" yaml:"signing_key"`
	}{server.URL(), server.Key(), keys.AccessKey, keys.SigningKey}
	pretty := func(w io.Writer) {
		fmt.Fprintf(w, "sandbox   %s\nkey       %s\n\n", result.URL, result.Key)
		fmt.Fprintf(w, "try it in another terminal:\n  authysh --host %s --key %s -e 'print(authy.get_application_details().app.name)'\n\n", result.URL, result.Key)
		fmt.Fprintf(w, "what it sent, with the codes:\n  curl -H 'X-Authy-API-Key: %s' %s/sandbox/outbox\n\n", result.Key, result.URL)
		fmt.Fprintf(w, "Ctrl-C stops it\n")
	}
	err := a.printPlain(p, present.Result{
		Value: result, Pretty: pretty, Head: []string{"url", "key", "access_key", "signing_key"},
		Rows: [][]string{{result.URL, result.Key, result.AccessKey, result.SigningKey}},
	})
	if err != nil {
		return err
	}
	return a.out.Flush()
}
