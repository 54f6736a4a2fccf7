package receiver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

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

// Handler acts on a verified delivery. Its error makes the answer 500, upon which the sender tries again.
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
	// State is a file that keeps the memory across restarts; empty keeps none.
	State string
	// Log gets refusals, at most one a second, and failures of handlers; nil discards them.
	Log *slog.Logger
	// Now tells the time; nil is [time.Now].
	Now func() time.Time
}

// filled judges the options and puts defaults in.
func (o Options) filled() (Options, error) {
	switch {
	case o.Key == "" && len(o.WebhookKeys) == 0:
		return o, errors.New("receiver: key is empty: give the API key of the application whose callbacks are received")
	case o.Handle == nil:
		return o, errors.New("receiver: handle is missing")
	case o.Path != "" && !strings.HasPrefix(o.Path, "/"):
		return o, fmt.Errorf("receiver: path must begin with /, got %q", o.Path)
	case o.Path == healthPath:
		return o, fmt.Errorf("receiver: path %s is taken: it tells whether the receiver is up", healthPath)
	case o.MaxAge < 0 || o.MaxBody < 0 || o.HandlerTimeout < 0 || o.Concurrency < 0 || o.Memory < 0:
		return o, errors.New("receiver: max age, max body, handler timeout, concurrency and memory must not be negative")
	case o.MaxBody > authy.DefaultMaxCallbackBody:
		return o, fmt.Errorf("receiver: max body must be at most %d bytes, got %d", authy.DefaultMaxCallbackBody, o.MaxBody)
	}
	for _, key := range o.WebhookKeys {
		if key == "" {
			return o, errors.New("receiver: a webhook key is empty, under which anybody could sign")
		}
	}
	if o.PublicURL != "" {
		u, err := url.Parse(o.PublicURL)
		if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
			return o, errors.New("receiver: public url must be a whole URL, such as https://example.com/callback/onetouch")
		}
	}
	setDefault(&o.MaxAge, DefaultMaxAge)
	setDefault(&o.MaxBody, DefaultMaxBody)
	setDefault(&o.HandlerTimeout, DefaultHandlerTimeout)
	setDefault(&o.Concurrency, DefaultConcurrency)
	setDefault(&o.Memory, DefaultMemory)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o, nil
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
