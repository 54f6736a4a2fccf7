package main

import (
	"errors"
	"io/fs"
	"log/slog"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/authysh/authysh/authy/sandbox"
	"github.com/authysh/authysh/authy/sandbox/fault"
)

// sandboxOptions are the flags of authysh sandbox.
type sandboxOptions struct {
	listen, appName, adminToken string
	keys, apps                  []string
	data, seed                  string
	callback, callbackMethod    string
	faults                      []string
	faultFile                   string
	random                      uint64
	digits                      int
	remote, accessLog           bool
}

// declare gives the flags to the command.
func (o *sandboxOptions) declare(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&o.listen, "listen", sandbox.DefaultAddr, "listen on this `address`; port 0 is a free one")
	flags.BoolVar(&o.remote, "allow-remote", false, "permit an address that other machines reach")
	flags.StringArrayVar(&o.keys, "key", nil, "accept this API `key`; repeat it for several, or leave it out for a random one")
	flags.StringVar(&o.appName, "app-name", "", "`name` of the application in messages")
	flags.StringArrayVar(&o.apps, "app", nil, "serve an application, `name` or name=key; repeat it for several, which know nothing of each other")
	flags.StringVar(&o.adminToken, "admin-token", "", "`token` that opens the page and all applications; else a random one")
	flags.StringVar(&o.data, "data", "", "keep users, secrets and counters in this `dir`")
	flags.StringVar(&o.seed, "seed", "", "begin with the users of this YAML `file`")
	flags.StringVar(&o.callback, "callback", "", "call this `url` when an approval request is answered")
	flags.StringVar(&o.callbackMethod, "callback-method", "", "the `method` of such calls, POST (by default) or GET")
	flags.StringArrayVar(&o.faults, "fault", nil, "let things go wrong by this `rule`; 'authysh sandbox faults add' tells how")
	flags.StringVar(&o.faultFile, "faults", "", "take such rules from this YAML `file`")
	flags.BoolVar(&o.accessLog, "access-log", false, "log requests to standard error")
	flags.IntVar(&o.digits, "token-digits", 0, "length of codes, 6 to 8 `digits` (7)")
	flags.Uint64Var(&o.random, "random-seed", 0, "make ids, codes and keys follow from this `number`")
	completeWith(cmd, "callback-method", callbackMethods...)
}

// options are those of the sandbox package. Each flag that was given is passed on, so that an empty value is refused.
func (o *sandboxOptions) options(given func(flag string) bool, log *slog.Logger) ([]sandbox.Option, error) {
	var options []sandbox.Option
	for _, flag := range []struct {
		name   string
		option func() sandbox.Option
	}{
		{"key", func() sandbox.Option { return sandbox.WithKeys(o.keys...) }},
		{"app-name", func() sandbox.Option { return sandbox.WithAppName(o.appName) }},
		{"admin-token", func() sandbox.Option { return sandbox.WithAdminToken(o.adminToken) }},
		{"data", func() sandbox.Option { return sandbox.WithData(o.data) }},
		{"seed", func() sandbox.Option { return sandbox.WithSeedFile(o.seed) }},
		{"callback", func() sandbox.Option { return sandbox.WithCallback(o.callback, o.callbackMethod) }},
		{"faults", func() sandbox.Option { return sandbox.WithFaultFile(o.faultFile) }},
		{"random-seed", func() sandbox.Option { return sandbox.WithSeed(o.random) }},
		{"token-digits", func() sandbox.Option { return sandbox.WithTokenDigits(o.digits) }},
	} {
		if given(flag.name) {
			options = append(options, flag.option())
		}
	}
	if given("callback-method") && !given("callback") {
		return nil, &usageError{message: "--callback-method means nothing without --callback", hint: "--callback names the URL to call"}
	}
	apps, err := o.applications(given("key") || given("app-name"))
	if err != nil {
		return nil, err
	}
	options = append(options, apps...)
	for _, line := range o.faults {
		rule, err := fault.Parse(line)
		if err != nil {
			return nil, faultUsage("--fault", err)
		}
		options = append(options, sandbox.WithFaults(rule))
	}
	if o.remote {
		options = append(options, sandbox.WithRemoteAccess())
	}
	if log != nil {
		options = append(options, sandbox.WithLogger(log))
	}
	return options, nil
}

// applications reads --app. The first is the sandbox's first application, unless other flags describe that one.
func (o *sandboxOptions) applications(described bool) ([]sandbox.Option, error) {
	var options []sandbox.Option
	for i, text := range o.apps {
		name, key, keyed := strings.Cut(text, "=")
		if name == "" || keyed && key == "" {
			return nil, &usageError{message: "--app must be a name, or name=key, such as --app shop=shop-key", hint: "without a key the application gets a random one"}
		}
		if i == 0 && !described {
			options = append(options, sandbox.WithAppName(name))
			if keyed {
				options = append(options, sandbox.WithKeys(key))
			}
			continue
		}
		app := sandbox.App{Name: name, CallbackURL: o.callback, CallbackMethod: o.callbackMethod}
		if keyed {
			app.Keys = []string{key}
		}
		options = append(options, sandbox.WithApps(app))
	}
	return options, nil
}

// faultUsage says which flag or argument has a rule that cannot be read.
func faultUsage(where string, err error) error {
	return &usageError{message: where + ": " + err.Error(), hint: "such as 'request_sms: status=503, every=3'; see authysh sandbox faults add --help"}
}

// naming is the text of an error with the seed file's name, which whoever finds a bad user in it does not know.
func (o *sandboxOptions) naming(err error) string {
	return strings.Replace(err.Error(), "sandbox: seed: ", "sandbox: seed file "+o.seed+": ", 1)
}

// remedy is what to do about a sandbox that does not start; empty when the error says it.
func (o *sandboxOptions) remedy(err error) string {
	_, notNumber := strconv.ParseUint(o.seed, 10, 64)
	text := err.Error()
	switch {
	case strings.Contains(text, "allow remote access"):
		return "--allow-remote does; whoever has the key can then read every code"
	case notNumber == nil && errors.Is(err, fs.ErrNotExist):
		return "--seed names a file of users; --random-seed takes a number"
	case strings.Contains(text, "seed file") && errors.Is(err, fs.ErrNotExist), strings.Contains(text, "fault file") && errors.Is(err, fs.ErrNotExist):
		return "check the path; it starts from the working directory"
	case strings.Contains(text, "data directory") && (strings.Contains(text, "permission denied") || strings.Contains(text, "not a directory") || strings.Contains(text, "file exists")):
		return "--data wants a directory that you can write to, or one that can be made"
	}
	return ""
}

// requestLog is where requests to a sandbox are logged; nil for nowhere.
func (a *app) requestLog(o *sandboxOptions) *slog.Logger {
	if o.accessLog && !a.verbose {
		return slog.New(slog.NewTextHandler(a.err, nil))
	}
	return a.logger()
}
