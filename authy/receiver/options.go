package receiver

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/authysh/authysh/authy"
)

// What holds where [Options] leave a field at zero.
const (
	DefaultMaxAge         = 5 * time.Minute
	DefaultMaxBody        = 256 << 10
	DefaultHandlerTimeout = 30 * time.Second
	DefaultConcurrency    = 64
	DefaultMemory         = 100_000
)

// Handler acts on a verified delivery. Its error makes the answer 500, upon which the sender tries again; one that matches
// [ErrRefused] makes it 403.
//
// The context is not that of the connection: work once begun is not broken off because the sender hung up. It ends
// when the time for handlers is up or the server is closed by force. Handlers run at the same time as others.
type Handler func(ctx context.Context, d *Delivery) error

// Delivery is a callback or a webhook whose signature was found to be right.
type Delivery struct {
	// Callback is the answer to an approval request; nil for a webhook.
	Callback *authy.Callback
	// Webhook is the message about events; nil for a callback.
	Webhook *Webhook
	// Method, URL, Header and Body are the request as it came; URL is the path and query of the request line.
	Method, URL string
	Header      http.Header
	Body        []byte
	// Received is when it came.
	Received time.Time
}

// Options are the settings of a [Receiver].
type Options struct {
	// Key is the application's API key, which signs callbacks.
	Key string
	// WebhookKeys are the signing keys of the webhooks to take in, as create_webhook returned them. None refuses all.
	WebhookKeys []string
	// Path is the only path that is served, besides /healthz; empty serves every path.
	Path string
	// Methods are those by which callbacks are taken, of POST and GET; none means both. Webhooks are always POST.
	Methods []string
	// PublicURL is the URL that Authy calls, where it is another than the server sees; see [authy.NewCallbackRequest].
	PublicURL string
	// MaxAge refuses callbacks signed further from now; zero is [DefaultMaxAge].
	MaxAge time.Duration
	// MaxBody limits the body, in bytes; zero is [DefaultMaxBody].
	MaxBody int64
	// Handle acts on deliveries.
	Handle Handler
	// HandlerTimeout ends the context of a handler; zero is [DefaultHandlerTimeout].
	HandlerTimeout time.Duration
	// Concurrency is how many handlers run at once; zero is [DefaultConcurrency].
	Concurrency int
	// Memory is how many handled deliveries are remembered; zero is [DefaultMemory]. The oldest are forgotten first.
	Memory int
	// State is a file that keeps the memory across restarts; empty keeps none. What is in it has reached the disk before
	// the sender hears that a delivery was handled.
	State string
	// Log gets refusals, at most one a second, and failures of handlers; nil discards them.
	Log *slog.Logger
	// Now tells the time; nil is [time.Now].
	Now func() time.Time
}

// OptionError is an option that cannot be used. Its text says what to do about it.
type OptionError struct {
	// Option is the name of the field in lower case: "path", "max age", "webhook keys".
	Option string
	// Reason is what is wrong; it reads on after the name.
	Reason string
	// Err is what the system said, of a state file; else nil.
	Err error
}

// Error is the name and the reason.
func (e *OptionError) Error() string { return "receiver: " + e.Option + " " + e.Reason }

// Unwrap is what the system said.
func (e *OptionError) Unwrap() error { return e.Err }

func wrong(option, format string, args ...any) error {
	return &OptionError{Option: option, Reason: fmt.Sprintf(format, args...)}
}

// filled judges the options and puts defaults in.
func (o Options) filled() (Options, error) {
	if o.Key == "" && len(o.WebhookKeys) == 0 {
		return o, wrong("key", "is empty: give the API key of the application whose callbacks are received")
	}
	if o.Handle == nil {
		return o, wrong("handle", "is missing")
	}
	for _, check := range []func() error{o.checkPath, o.checkMethods, o.checkNumbers, o.checkKeys, o.checkPublicURL} {
		if err := check(); err != nil {
			return o, err
		}
	}
	setDefault(&o.MaxAge, DefaultMaxAge)
	setDefault(&o.MaxBody, DefaultMaxBody)
	setDefault(&o.HandlerTimeout, DefaultHandlerTimeout)
	setDefault(&o.Concurrency, DefaultConcurrency)
	setDefault(&o.Memory, DefaultMemory)
	if len(o.Methods) == 0 {
		o.Methods = callbackMethods
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o, nil
}

func (o Options) checkPath() error {
	switch {
	case o.Path == "":
		return nil
	case !strings.HasPrefix(o.Path, "/"):
		return wrong("path", "must begin with /, got %q", o.Path)
	case o.Path == healthPath:
		return wrong("path", "%s is taken: it tells whether the receiver is up", healthPath)
	case strings.ContainsAny(o.Path, "?#% ") || strings.ContainsFunc(o.Path, unicode.IsControl):
		return wrong("path", "must be a plain path without query, blanks or escapes, got %q", o.Path)
	}
	return nil
}

// callbackMethods are those by which Authy calls.
var callbackMethods = []string{http.MethodPost, http.MethodGet}

func (o Options) checkMethods() error {
	for _, method := range o.Methods {
		if !slices.Contains(callbackMethods, method) {
			return wrong("methods", "must be POST or GET, or both, got %q", method)
		}
	}
	return nil
}

func (o Options) checkNumbers() error {
	for _, number := range []struct {
		option   string
		negative bool
	}{
		{"max age", o.MaxAge < 0}, {"max body", o.MaxBody < 0}, {"handler timeout", o.HandlerTimeout < 0},
		{"concurrency", o.Concurrency < 0}, {"memory", o.Memory < 0},
	} {
		if number.negative {
			return wrong(number.option, "must not be negative")
		}
	}
	if o.MaxBody > authy.DefaultMaxCallbackBody {
		return wrong("max body", "must be at most %d bytes, got %d", authy.DefaultMaxCallbackBody, o.MaxBody)
	}
	return nil
}

func (o Options) checkKeys() error {
	if slices.Contains(o.WebhookKeys, "") {
		return wrong("webhook keys", "hold an empty one, under which anybody could sign")
	}
	return nil
}

func (o Options) checkPublicURL() error {
	if o.PublicURL == "" {
		return nil
	}
	u, err := url.Parse(o.PublicURL)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		return wrong("public url", "must be a whole URL, such as https://example.com/callback/onetouch")
	}
	return nil
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
