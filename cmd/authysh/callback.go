package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/authysh/authysh/cmd/authysh/internal/config"
	"github.com/authysh/authysh/cmd/authysh/internal/wording"
)

// callbackCommand is authysh callback: the calls by which the service tells an application what a user answered.
func (a *app) callbackCommand() *cobra.Command {
	parent := parentCommand("callback", "check or make a signed callback, to debug what receives them")
	parent.AddCommand(a.verifyCallbackCommand(), a.signCallbackCommand())
	return parent
}

// callbackFlags are the global flags that both commands heed. A private sandbox has a key that nobody else knows, so
// that nothing could come of it.
const callbackFlags = "key config profile " + showsResult

// callbackKey is the settings and the key with which callbacks are signed.
func (a *app) callbackKey(ctx context.Context) (*config.Settings, string, error) {
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

// checkCallbackURL refuses what is no whole URL. The service's library judges the rest.
func checkCallbackURL(flag, written string) error {
	if strings.HasPrefix(written, "https://") || strings.HasPrefix(written, "http://") {
		return nil
	}
	shown, _, _ := strings.Cut(written, "?") // which holds the fields of a GET
	return &usageError{message: fmt.Sprintf("%s must be a whole URL, such as https://example.com/authy/callback, got %q", flag, wording.Clip(shown))}
}

// callbackMethods are those that callbacks come with.
var callbackMethods = []string{"POST", "GET"}

// checkCallbackMethod reads --method; nothing is POST.
func checkCallbackMethod(written string) (string, error) {
	method := strings.ToUpper(written)
	for _, known := range callbackMethods {
		if method == known || method == "" {
			return known, nil
		}
	}
	return "", &usageError{message: fmt.Sprintf("--method must be POST or GET, got %q", wording.Clip(written))}
}

// parseMaxAge reads --max-age; nothing is any age.
func parseMaxAge(written string, given bool) (time.Duration, error) {
	if !given {
		return 0, nil
	}
	age, err := time.ParseDuration(written)
	if err != nil || age <= 0 {
		return 0, &usageError{message: fmt.Sprintf(`--max-age must be a length of time such as "5m", got %q`, wording.Clip(written))}
	}
	return age, nil
}
