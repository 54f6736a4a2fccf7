package main

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/authysh/authysh/authy"
)

func (a *app) callbackSignCommand() *cobra.Command {
	var given callbackFlags
	var status, user, id, nonce string
	var curl bool
	cmd := &cobra.Command{
		Use:   "sign --url URL [--status approved|denied]",
		Short: "make a callback as Authy would send it, to test a receiver",
		Long: "Without --body-file it is the answer of a user to an approval request. --curl prints\n" +
			"a command that delivers it.",
		Example:               "  authysh callback sign --url http://localhost:8080/callback --curl | sh",
		Args:                  noArguments,
		Annotations:           map[string]string{usesFlags: callbackUses},
		DisableFlagsInUseLine: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, key, err := a.callbackKey(cmd.Context())
			if err != nil {
				return err
			}
			printer, err := a.printer(s)
			if err != nil {
				return err
			}
			request, err := a.callbackRequest(cmd.Context(), &given)
			if err != nil {
				return err
			}
			if nonce != "" {
				request.Header.Set(authy.CallbackNonceHeader, nonce)
			}
			if given.body == "" && !(strings.EqualFold(given.method, http.MethodGet) && strings.Contains(given.url, "?")) {
				if request.Decoded, err = sampleCallback(status, user, id); err != nil {
					return err
				}
			} else if cmd.Flags().Changed("status") || cmd.Flags().Changed("authy-id") || cmd.Flags().Changed("uuid") {
				return &usageError{message: "--status, --authy-id and --uuid are for a made-up callback, and this one is given"}
			}
			signed, err := authy.SignCallback(key, request)
			if err != nil {
				return err
			}
			address, err := url.Parse(signed.URL)
			if err != nil {
				return err
			}
			r := &http.Request{Method: signed.Method, URL: address, Header: signed.Header}
			if curl {
				_, err := fmt.Fprintln(a.out, curlLine(&authy.Client{}, r, signed.Body))
				return err
			}
			return a.print(printer, requestResult(r, signed.Body, strings.NewReplacer()))
		},
	}
	flags := cmd.Flags()
	given.addTo(flags)
	flags.StringVar(&status, "status", "approved", "the user's `answer`: approved or denied")
	flags.StringVar(&user, "authy-id", "1635", "Authy `id` of the user")
	flags.StringVar(&id, "uuid", "", "`id` of the approval request; a random one when left out")
	flags.StringVar(&nonce, "nonce", "", "`nonce` of the signature; the time in Unix seconds when left out")
	flags.BoolVar(&curl, "curl", false, "print a line for the shell that delivers it")
	return cmd
}

// sampleCallback is the fields of an answer, as those that matter to a receiver.
func sampleCallback(status, user, id string) (map[string]any, error) {
	if status != "approved" && status != "denied" {
		return nil, &usageError{message: fmt.Sprintf("--status must be approved or denied, got %q%s", clip(status), suggest(status, []string{"approved", "denied"}))}
	}
	number, err := strconv.ParseInt(user, 10, 64)
	if err != nil || number <= 0 {
		return nil, &usageError{message: fmt.Sprintf("--authy-id must be an Authy id: digits, above 0, got %q", clip(user))}
	}
	if id == "" {
		id = uuid.NewString()
	}
	return map[string]any{
		"authy_id": number, "callback_action": "approval_request_status", "device_uuid": int64(1), "status": status, "uuid": id,
		"approval_request": map[string]any{
			"logos": nil, "expiration_timestamp": int64(0),
			"transaction": map[string]any{
				"details": map[string]any{}, "hidden_details": map[string]any{}, "message": "Log in?", "status": status, "uuid": id,
			},
		},
	}, nil
}
