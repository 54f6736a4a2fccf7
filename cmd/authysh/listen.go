package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"github.com/authysh/authysh/authy/receiver"
	"github.com/authysh/authysh/cmd/authysh/internal/present"
)

// errReceiving marks a receiver that stopped by itself.
var errReceiving = fmt.Errorf("%w: the receiver of callbacks", errServing)

// listenOptions are the flags of authysh listen.
type listenOptions struct {
	addr, path, publicURL          string
	script, forward, exec          string
	state, maxAge, webhookKeysFile string
	once                           bool
	count                          int
}

// listenCommand is authysh listen.
func (a *app) listenCommand() *cobra.Command {
	o := new(listenOptions)
	cmd := &cobra.Command{
		Use:   "listen",
		Short: "receive callbacks and webhooks, verify them and hand them on",
		Long: "Each callback that is genuine is shown, once: the signature is checked before\n" +
			"anything else, and what is stale or was there before goes no further. With a\n" +
			"script, a URL or a program it is handed on; when that fails, the answer is 500,\n" +
			"upon which the sender tries again. Ctrl-C ends it when what runs is done.\n\n" +
			"A script finds a callback in the global callback, a webhook in event. A program\n" +
			"is run without a shell and gets the JSON on standard input.\n\n" +
			"GET /healthz tells whether it is up.",
		Example: "  authysh listen --public-url https://example.com/callback/onetouch\n" +
			"  authysh listen --script on_callback.lua --state seen.state\n" +
			"  authysh listen --once | jq -r .status",
		Args:        noArguments,
		Annotations: map[string]string{usesFlags: callbackFlags + " verbose"},
		RunE:        func(cmd *cobra.Command, _ []string) error { return a.listen(cmd, o) },
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&o.addr, "addr", "127.0.0.1:8080", "listen on this `address` (127.0.0.1:8080)")
	flags.StringVar(&o.path, "path", "/callback/onetouch", "serve this `path` (/callback/onetouch)")
	flags.StringVar(&o.publicURL, "public-url", "", "the `url` that Authy calls, behind a proxy or tunnel")
	flags.StringVar(&o.script, "script", "", "run this Lua `file` for each")
	flags.StringVar(&o.forward, "forward", "", "send each on to this `url`, as it came")
	flags.StringVar(&o.exec, "exec", "", "run this `command` for each")
	flags.StringVar(&o.state, "state", "", "keep in this `file` what was handled, for a restart")
	flags.StringVar(&o.maxAge, "max-age", "5m", "refuse what was signed longer ago than this `time` (5m)")
	flags.StringVar(&o.webhookKeysFile, "webhook-keys", "", "signing keys of webhooks, one a line of this `file`")
	flags.BoolVar(&o.once, "once", false, "stop after the first one")
	flags.IntVar(&o.count, "count", 0, "stop after this `number`")
	return cmd
}

func (a *app) listen(cmd *cobra.Command, o *listenOptions) error {
	ctx := cmd.Context()
	options, printer, err := a.receiverOptions(cmd, o)
	if err != nil {
		return err
	}
	hand, closeHand, err := a.listenHandlers(ctx, o, printer)
	if err != nil {
		return err
	}
	defer closeHand()
	enough := make(chan struct{})
	broken := make(chan error, 1) // standard output: from then on every delivery would fail
	var begun, done, handling atomic.Int64
	serving := func() (servers, handled int) { return 1, int(handling.Load()) }
	a.serving.Store(&serving)
	defer a.serving.Store(nil)
	options.Handle = func(ctx context.Context, d *receiver.Delivery) error {
		handling.Add(1)
		defer handling.Add(-1)
		if o.count > 0 && begun.Add(1) > int64(o.count) {
			begun.Add(-1)
			return errors.New("enough were received, the program is about to end")
		}
		if err := hand(ctx, d); err != nil {
			begun.Add(-1)
			if lost := a.lostOutput(); lost != nil {
				select {
				case broken <- lost:
				default: // it is known
				}
			}
			return err
		}
		if done.Add(1) == int64(o.count) {
			close(enough)
		}
		return nil
	}
	r, err := receiver.New(options)
	if err != nil {
		return receiverMistake(err)
	}
	a.graceful.Store(true)
	server, err := receiver.Start(o.addr, r)
	if err != nil {
		r.Close()
		err = receiverMistake(err)
		if mistake, ok := err.(*usageError); ok && mistake.hint == "" {
			mistake.hint = "--addr takes another address; port 0 is any that is free"
		}
		return err
	}
	fmt.Fprintf(a.err, "authysh: listening on %s (Ctrl-C stops)\n", server.URL())
	select {
	case <-server.Done():
		err = fmt.Errorf("%w has stopped: %w", errReceiving, server.Err())
	case err = <-broken:
	case <-enough:
	case <-ctx.Done():
	}
	patience, cancel := context.WithTimeout(context.WithoutCancel(ctx), receiver.DefaultHandlerTimeout)
	defer cancel()
	return errors.Join(err, server.Close(patience))
}

// receiverMistake is what the receiver finds wrong with its settings.
func receiverMistake(err error) error {
	if wrong, ok := errors.AsType[*receiver.OptionError](err); ok {
		return &usageError{message: "--" + strings.ReplaceAll(wrong.Option, " ", "-") + " " + wrong.Reason}
	}
	return &usageError{message: strings.TrimPrefix(err.Error(), "receiver: ")}
}

// receiverOptions are those that the flags and the settings give, but for the handler.
func (a *app) receiverOptions(cmd *cobra.Command, o *listenOptions) (receiver.Options, *present.Printer, error) {
	var none receiver.Options
	given := cmd.Flags().Changed
	if given("count") && o.count < 1 {
		return none, nil, &usageError{message: fmt.Sprintf("--count must be at least 1, got %d", o.count)}
	}
	if o.once {
		if given("count") {
			return none, nil, &usageError{message: "--once and --count contradict each other", hint: "leave one of them out"}
		}
		o.count = 1
	}
	for _, name := range []string{"addr", "path", "public-url", "script", "forward", "exec", "state", "webhook-keys"} {
		if flag := cmd.Flags().Lookup(name); flag.Changed && strings.TrimSpace(flag.Value.String()) == "" {
			return none, nil, &usageError{message: "--" + name + " must not be empty"}
		}
	}
	for name, written := range map[string]string{"public-url": o.publicURL, "forward": o.forward} {
		if written != "" {
			if err := checkCallbackURL("--"+name, written); err != nil {
				return none, nil, err
			}
		}
	}
	maxAge, err := parseMaxAge(o.maxAge, true)
	if err != nil {
		return none, nil, err
	}
	s, key, err := a.callbackKey(cmd.Context())
	if err != nil {
		return none, nil, err
	}
	printer, err := a.printer(s)
	if err != nil {
		return none, nil, err
	}
	var webhookKeys []string
	if o.webhookKeysFile != "" {
		text, err := a.readInput(cmd.Context(), "--webhook-keys", o.webhookKeysFile)
		if err != nil {
			return none, nil, err
		}
		if webhookKeys = strings.Fields(string(text)); len(webhookKeys) == 0 {
			return none, nil, &usageError{message: "--webhook-keys names a file without a key", hint: "create_webhook tells the signing_key of each webhook"}
		}
	}
	level := slog.LevelInfo
	if a.verbose {
		level = slog.LevelDebug
	}
	return receiver.Options{
		Key: key, WebhookKeys: webhookKeys, Path: o.path, PublicURL: o.publicURL, MaxAge: maxAge, State: o.state,
		HandlerTimeout: handTimeout + time.Second,
		Log:            slog.New(slog.NewTextHandler(a.err, &slog.HandlerOptions{Level: level})),
	}, printer, nil
}
