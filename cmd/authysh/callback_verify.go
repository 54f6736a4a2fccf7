package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/cmd/authysh/internal/present"
)

// callbackUses are the global flags that callback commands heed: a key is all that they need of a service.
const callbackUses = "key config profile " + showsResult

func (a *app) callbackVerifyCommand() *cobra.Command {
	var given callbackFlags
	var dump string
	var maxAge time.Duration
	var explain bool
	cmd := &cobra.Command{
		Use:   "verify --url URL --header 'Name: value' --body-file file",
		Short: "check the signature of a callback, and show what it says",
		Long: "It exits with 3 and says why if the callback is not genuine. The key is that of the\n" +
			"application. --request reads a whole request as it came over the wire.",
		Example: "  authysh callback verify --url https://example.com/callback/onetouch \\\n" +
			"    -H 'X-Authy-Signature: hqB6las5...' \\\n" +
			"    -H 'X-Authy-Signature-Nonce: 1455825429' \\\n" +
			"    --body-file body.json",
		Args:                  noArguments,
		Annotations:           map[string]string{usesFlags: callbackUses},
		DisableFlagsInUseLine: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			s, key, err := a.callbackKey(ctx)
			if err != nil {
				return err
			}
			printer, err := a.printer(s)
			if err != nil {
				return err
			}
			var request authy.CallbackRequest
			if cmd.Flags().Changed("request") {
				request, err = a.dumpedCallback(cmd, dump, given)
			} else {
				request, err = a.callbackRequest(ctx, &given)
			}
			if err != nil {
				return err
			}
			if explain {
				a.explainSignature(request)
			}
			callback, err := authy.CallbackVerifier{Key: key, MaxAge: maxAge}.Verify(request)
			switch {
			case errors.Is(err, authy.ErrBadSignature) && !explain:
				return &hinted{err, "--explain shows the text that the signature covers"}
			case err != nil:
				return err
			}
			return a.print(printer, present.Result{Value: callback})
		},
	}
	flags := cmd.Flags()
	given.addTo(flags)
	flags.StringVar(&dump, "request", "", "`file` with the whole request; - is standard input")
	flags.DurationVar(&maxAge, "max-age", 0, "refuse a callback that was signed longer ago than this `time`")
	flags.BoolVar(&explain, "explain", false, "show on standard error the text that the signature covers")
	return cmd
}

// dumpedCallback is the callback of --request.
func (a *app) dumpedCallback(cmd *cobra.Command, name string, given callbackFlags) (authy.CallbackRequest, error) {
	for _, flag := range []string{"method", "body-file", "header"} {
		if cmd.Flags().Changed(flag) {
			return authy.CallbackRequest{}, &usageError{message: "--request and --" + flag + " contradict each other: the request has its own"}
		}
	}
	dump, err := a.readInput(cmd.Context(), "--request", name)
	if err != nil {
		return authy.CallbackRequest{}, err
	}
	return dumpedRequest(dump, given.url)
}

// explainSignature shows what is signed, for who compares it with a program of their own.
func (a *app) explainSignature(request authy.CallbackRequest) {
	text, err := request.SignedText()
	if err != nil {
		return // verification will say so
	}
	fmt.Fprintf(a.err, "signed text, nonce|METHOD|URL|params, of which the signature is the HMAC-SHA-256 with the key, in base64:\n%s\n", withoutControls(text))
}

// callbackKey is the settings and the key with which callbacks are signed.
func (a *app) callbackKey(ctx context.Context) (*settings, string, error) {
	s, err := a.settings()
	if err != nil {
		return nil, "", err
	}
	a.loaded = s
	key, err := a.key(ctx, s)
	if err == nil && key == "" {
		err = &usageError{message: "a callback is signed with the API key, and there is none", hint: "set AUTHY_KEY, --key or key in the configuration"}
	}
	return s, key, err
}
