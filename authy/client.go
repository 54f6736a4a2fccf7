package authy

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"math"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Defaults of the [Client] fields.
const (
	DefaultHost        = "https://api.authy.com"
	DefaultTimeout     = 5 * time.Second
	DefaultRetries     = 2
	DefaultMaxResponse = 4 << 20
)

// NoTimeout as a [Client.Timeout] lets a call take as long as its context allows.
const NoTimeout = time.Duration(1<<63 - 1)

// NoRetries as [Client.Retries] makes every call a single attempt.
const NoRetries = -1

// Client calls the Authy API. &Client{Key: key} is ready to use.
//
// Set the fields before the first call and leave them alone afterwards; then all methods are safe for
// concurrent use. Every failure is an [Error]; bad settings are reported by each call, and by Validate.
type Client struct {
	// Key is the application's API key. It travels in the X-Authy-API-Key header, and in a URL only for
	// send_feedback, whose path Authy defines so. It never shows in errors or logs.
	Key string
	// Host is the service's base URL, scheme included, such as "https://api.authy.com" (the default).
	// A path is kept in front of every route.
	Host string
	// AllowHTTP permits a plain http Host that is not this machine; without it that is an error,
	// because the key would travel in the clear.
	AllowHTTP bool
	// Timeout bounds a whole call: waits, retries and a server that drips its answer included.
	// Zero is [DefaultTimeout]; use [NoTimeout] for none.
	Timeout time.Duration
	// Retries is how many times a failed call is tried again, where that is safe: reads and idempotent
	// writes after a lost connection, 429, 502, 503 or 504; others only if nothing can have been sent, or
	// the service says that it did nothing. Zero is [DefaultRetries]; use [NoRetries] for none.
	Retries int
	// RateLimit is how many requests per second may start, retries included, shared by all callers; zero is
	// unlimited. Time spent waiting for it does not count against Timeout.
	RateLimit float64
	// MaxResponse is the largest answer in bytes that is read, after decompression. Zero is [DefaultMaxResponse];
	// a larger answer is a [*ResponseError].
	MaxResponse int64
	// AccessKey and SigningKey are the console's dashboard credentials, which only the webhook calls need.
	AccessKey, SigningKey string
	// HTTPClient sends the requests; nil is a client of this package that keeps connections alive and honours
	// the proxy environment variables. Its CheckRedirect is not used: redirects are always refused.
	// Of a client without cookie jar and timeout only the Transport is.
	HTTPClient *http.Client
	// UserAgent is sent with every request; empty is "authysh".
	UserAgent string
	// Logger gets one Debug record per attempt (operation, status, time, and why it is tried again) and a Warn
	// for an answer with a field of another type than expected. Neither keys nor parameters nor answers are logged. Nil logs nothing.
	Logger *slog.Logger
	// Now is the clock for nonces and the age of callbacks; nil is [time.Now].
	Now func() time.Time

	once     sync.Once
	settings settings
	problems []Problem
}

// settings is what the fields of a Client come to, worked out at its first use.
type settings struct {
	base      *url.URL
	http      http.Client
	transport http.RoundTripper
	timeout   time.Duration
	retries   int
	maxAnswer int64
	limiter   *rate.Limiter
	agent     []string
	key       []string
	secrets   *strings.Replacer
	log       *slog.Logger
	now       func() time.Time
}

// Validate reports every mistake in the settings at once, as a [*ValidationError], or nil.
func (c *Client) Validate() error {
	c.prepare()
	if c.problems != nil {
		return &ValidationError{Problems: c.problems}
	}
	return nil
}

func (c *Client) prepare() { c.once.Do(c.resolve) }

// resolve fills in the defaults and judges the fields.
func (c *Client) resolve() {
	report := func(field, reason string) { c.problems = append(c.problems, Problem{field, reason}) }
	if reason := keyProblem(c.Key); reason != "" {
		report("key", reason)
	}
	s := &c.settings
	s.base = c.baseURL(report)
	s.timeout = c.Timeout
	switch {
	case c.Timeout < 0:
		report("timeout", "must not be negative, got "+c.Timeout.String())
	case c.Timeout == 0:
		s.timeout = DefaultTimeout
	}
	s.retries = max(c.Retries, 0)
	if c.Retries == 0 {
		s.retries = DefaultRetries
	}
	if c.RateLimit < 0 || math.IsNaN(c.RateLimit) {
		report("rate_limit", "must be requests per second, 0 for no limit; got "+strconv.FormatFloat(c.RateLimit, 'g', -1, 64))
	} else if c.RateLimit > 0 {
		s.limiter = rate.NewLimiter(rate.Limit(c.RateLimit), 1)
	}
	s.maxAnswer = min(cmp.Or(c.MaxResponse, DefaultMaxResponse), math.MaxInt64-1)
	if c.MaxResponse < 0 {
		report("max_response", "must be a number of bytes, 0 for the default; got "+strconv.FormatInt(c.MaxResponse, 10))
	}
	s.http = *defaultHTTPClient()
	if c.HTTPClient != nil {
		s.http = *c.HTTPClient
	}
	if s.transport = s.http.Transport; s.transport == nil {
		s.transport = http.DefaultTransport
	}
	s.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	s.agent, s.key = []string{cmp.Or(c.UserAgent, "authysh")}, []string{c.Key}
	if strings.ContainsFunc(c.UserAgent, func(r rune) bool { return r < ' ' || r > '~' }) {
		report("user_agent", "must be printable ASCII, got "+quote(c.UserAgent))
	}
	s.secrets = newRedactor(c.Key, c.AccessKey, c.SigningKey)
	if s.log = c.Logger; s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.now = c.Now; s.now == nil {
		s.now = time.Now
	}
}

func keyProblem(key string) string {
	switch {
	case key == "":
		return "is required: the application's API key"
	case strings.TrimSpace(key) == "":
		return "must not be blank"
	case strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }):
		return "must be printable ASCII without spaces; check for a line break that was copied along"
	}
	return ""
}

func (c *Client) baseURL(report func(field, reason string)) *url.URL {
	host := c.Host
	if host == "" {
		host = DefaultHost
	}
	u, err := url.Parse(host)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		report("host", "must be an http or https URL such as "+DefaultHost+", got "+quote(redactURL(host)))
	case u.User != nil:
		report("host", "must not hold a user name or password")
	case u.RawQuery != "" || u.Fragment != "" || u.ForceQuery:
		before, _, _ := strings.Cut(host, "?") // what follows may be a key
		before, _, _ = strings.Cut(before, "#")
		report("host", "must not hold a query or fragment; use "+quote(before))
	case u.Scheme == "http" && !isLoopback(u.Hostname()) && !c.AllowHTTP:
		report("host", "must be https: over plain http the key would travel in the clear to "+
			quote(u.Hostname())+"; allow_http permits it all the same")
	}
	if err != nil {
		return &url.URL{}
	}
	u.Path, u.RawPath = strings.TrimRight(u.EscapedPath(), "/"), ""
	return u
}

// redactURL drops what stands before an @, which may be a password, and the query, which may hold a key.
func redactURL(host string) string {
	host, _, _ = strings.Cut(host, "?")
	if at := strings.LastIndexByte(host, '@'); at >= 0 {
		return "...@" + host[at+1:]
	}
	return host
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

// defaultHTTPClient serves all clients without one of their own, so that they share connections. Go keeps two
// idle connections per host; a batch has dozens of calls in flight to a single host.
var defaultHTTPClient = sync.OnceValue(func() *http.Client {
	return &http.Client{Transport: NewTransport()}
})

// NewTransport is a transport like that of a client without an HTTPClient, for hosts that have to change something in it.
//
// It keeps many connections to one host, and an error says so when it was a proxy that refused, not the service.
func NewTransport() *http.Transport {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxResponseHeaderBytes = 1 << 20 // the 10 MiB of net/http take a slow sender the whole timeout
	transport.MaxIdleConns, transport.MaxIdleConnsPerHost = 0, 256
	transport.OnProxyConnectResponse = func(_ context.Context, _ *url.URL, _ *http.Request, answer *http.Response) error {
		if answer.StatusCode == http.StatusOK {
			return nil
		}
		return &net.OpError{Op: "proxyconnect", Net: "tcp", Err: errors.New("the proxy refused with " + answer.Status)}
	}
	return transport
}
