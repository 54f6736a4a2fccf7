package sandbox

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/authysh/authysh/authy/sandbox/fault"
)

// Option sets one property of a sandbox; see [New] and [Start].
type Option func(*config) error

// Feature is a part of the service that an application may lack.
type Feature string

// The features that [WithoutFeatures] can take away, each with what its endpoints then answer.
const (
	FeatureSMS           Feature = "sms"            // 503, code 60007
	FeatureCalls         Feature = "calls"          // 503, code 60006
	FeatureOneTouch      Feature = "onetouch"       // 403, code 60065
	FeatureGenericTokens Feature = "generic_tokens" // 403, code 60123
	FeatureExports       Feature = "exports"        // 403, code 60154
	FeatureCustomCodes   Feature = "custom_codes"   // 403, code 60091; covers custom_code and custom_message
)

// Limits bounds what callers may do and how much the sandbox remembers.
//
// A zero field means its default. A negative value lifts the limit for the first four fields; the others
// bound memory and must be positive.
type Limits struct {
	// Failures is how many wrong tokens in a row suspend a user. Default 10.
	Failures int
	// TokensPerHour is how many texts, calls and e-mails one user may request in an hour. Default 1000.
	TokensPerHour int
	// VerificationsPerHour is how many phone verifications one number may start in an hour. Default 1000.
	VerificationsPerHour int
	// VerificationChecks is how many wrong codes close a phone verification. Default 5.
	VerificationChecks int

	// Users is how many users one application holds. Default 1,000,000.
	Users int
	// Outbox is how many sent messages are remembered; the oldest give way. Default 10,000.
	Outbox int
	// Activities is how many activities are remembered; the oldest give way. Default 10,000.
	Activities int
	// Records is how many approval requests and how many phone verifications are remembered; the oldest
	// give way. Default 50,000 of each.
	Records int
	// Deliveries is how many callbacks and webhooks are remembered by one application; the oldest give way,
	// even unsent ones. Default 10,000.
	Deliveries int
	// Requests is how many requests to the API the log remembers; the oldest give way. Default 1000.
	Requests int
	// Events is how many events are kept for watchers that come back. Default 1000.
	Events int
	// BodyBytes is how large a request body may be. Default 65,536.
	BodyBytes int
}

// DashboardKeys are the credentials of the dashboard API, which manages webhooks.
type DashboardKeys struct {
	// AccessKey names the caller; it travels as the parameter access_key.
	AccessKey string
	// SigningKey is the secret that signs requests; it never travels.
	SigningKey string
}

type config struct {
	main          App   // the first application
	others        []App // those beside it
	now           func() time.Time
	seed          *uint64
	codes         func(digits int) string
	tokenDigits   int
	limits        Limits
	noInstallLink bool
	deletionDelay time.Duration
	logger        *slog.Logger
	remote        bool
	adminToken    string
	delivery      Delivery
	faults        []fault.Rule
	dir           string
	openDisk      func(dir string) (disk, error) // nil for a store
	users         []SeedUser
	hosts         []string
}

func newConfig(opts []Option) (*config, error) {
	c := &config{
		main:        App{Name: "Sandbox App"},
		tokenDigits: 7,
		logger:      slog.New(slog.DiscardHandler),
	}
	if err := WithLimits(Limits{})(c); err != nil {
		return nil, err
	}
	for _, opt := range opts {
		if err := opt(c); err != nil {
			return nil, fmt.Errorf("sandbox: %w", err)
		}
	}
	if err := checkApps(c.apps()); err != nil {
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	return c, nil
}

// isKey reports whether a key fits an HTTP header. Not a regular expression: compiling its 128 repetitions would take
// longer than all else that every start of a program with this package does for it.
func isKey(key string) bool {
	const longest = 128
	return key != "" && len(key) <= longest && !strings.ContainsFunc(key, func(r rune) bool { return r < '!' || r > '~' })
}

// WithKeys sets the API keys that open the application; the first is [Service.Key].
//
// Several keys are for rotation: they all see the same users; [WithApps] has keys that do not. Without this
// option the key is 32 random letters and digits.
func WithKeys(keys ...string) Option {
	return func(c *config) error {
		if len(keys) == 0 {
			return errors.New("keys: none given: give at least one, or leave the option out for a random key")
		}
		if err := checkKeys(keys); err != nil {
			return err
		}
		c.main.Keys = keys
		return nil
	}
}

// WithClock makes now the sandbox's only source of time.
//
// The clock can then not be set, moved or frozen through the sandbox: those calls fail with
// [ErrClockInjected]. Now is called from many goroutines.
func WithClock(now func() time.Time) Option {
	return func(c *config) error {
		if now == nil {
			return errors.New("clock: function is nil")
		}
		c.now = now
		return nil
	}
}

// WithSeed makes every random value (ids, codes, secrets, and the API key unless given) follow from seed.
//
// It is for tests with goldens; anyone who knows the seed knows the key.
func WithSeed(seed uint64) Option {
	return func(c *config) error {
		c.seed = &seed
		return nil
	}
}

// WithCodes makes next the source of one-time codes: it returns exactly the given number of digits.
//
// It is called with the application locked, so it must be quick and must not call the sandbox. An answer
// of the wrong form is replaced by a random code.
func WithCodes(next func(digits int) string) Option {
	return func(c *config) error {
		if next == nil {
			return errors.New("codes: function is nil")
		}
		c.codes = next
		return nil
	}
}

// WithAppName sets the application's name, 1 to 30 characters; the default is "Sandbox App".
func WithAppName(name string) Option {
	return func(c *config) error {
		if err := checkAppName(name); err != nil {
			return err
		}
		c.main.Name = name
		return nil
	}
}

// WithTokenDigits sets the length of texted tokens and of the app's tokens, 6 to 8; the default is 7.
func WithTokenDigits(n int) Option {
	return func(c *config) error {
		if n < 6 || n > 8 {
			return fmt.Errorf("token digits: must be 6, 7 or 8, got %d", n)
		}
		c.tokenDigits = n
		return nil
	}
}

// WithLimits replaces the limits; fields left zero keep their defaults.
func WithLimits(l Limits) Option {
	return func(c *config) error {
		for _, f := range []struct {
			name      string
			value     *int
			def       int
			unlimited bool
		}{
			{"Failures", &l.Failures, 10, true},
			{"TokensPerHour", &l.TokensPerHour, 1000, true},
			{"VerificationsPerHour", &l.VerificationsPerHour, 1000, true},
			{"VerificationChecks", &l.VerificationChecks, 5, true},
			{"Users", &l.Users, 1_000_000, false},
			{"Outbox", &l.Outbox, 10_000, false},
			{"Activities", &l.Activities, 10_000, false},
			{"Records", &l.Records, 50_000, false},
			{"Deliveries", &l.Deliveries, 10_000, false},
			{"Requests", &l.Requests, 1000, false},
			{"Events", &l.Events, 1000, false},
			{"BodyBytes", &l.BodyBytes, 64 << 10, false},
		} {
			if *f.value == 0 {
				*f.value = f.def
			}
			if *f.value < 0 && !f.unlimited {
				return fmt.Errorf("limits: %s must be positive, or 0 for %d, got %d", f.name, f.def, *f.value)
			}
		}
		c.limits = l
		return nil
	}
}

// WithDashboard sets the credentials of the dashboard API; without it they are random.
func WithDashboard(keys DashboardKeys) Option {
	return func(c *config) error {
		if err := keys.check(); err != nil {
			return err
		}
		c.main.Dashboard = keys
		return nil
	}
}

// WithInstallLink says whether new users get the app's install link by text when the request does not say.
//
// It stands for the setting in Authy's console; like there, the default is true.
func WithInstallLink(send bool) Option {
	return func(c *config) error {
		c.noInstallLink = !send
		return nil
	}
}

// WithDeletionDelay sets how long a deleted user lingers: tokens still verify, all else answers 60127.
//
// Authy takes about 24 hours. The default is 0: a deleted user is gone at once.
func WithDeletionDelay(d time.Duration) Option {
	return func(c *config) error {
		if d < 0 {
			return fmt.Errorf("deletion delay: must not be negative, got %s", d)
		}
		c.deletionDelay = d
		return nil
	}
}

// WithoutFeatures takes features away from the application; by default it has them all.
func WithoutFeatures(features ...Feature) Option {
	return func(c *config) error {
		if err := checkFeatures(features); err != nil {
			return err
		}
		c.main.Without = append(c.main.Without, features...)
		return nil
	}
}

// WithLogger makes the sandbox log one line per request; by default it logs nothing.
//
// A line has method, route, status, error code and duration. The route is the pattern, not the path: no
// key, token, phone or address is ever logged.
func WithLogger(logger *slog.Logger) Option {
	return func(c *config) error {
		if logger == nil {
			return errors.New("logger: is nil: leave the option out for no logging")
		}
		c.logger = logger
		return nil
	}
}

// WithRemoteAccess lets [Start] listen on an address that other machines can reach.
//
// Hosts are names under which they will call it, such as "devbox.lan"; the /sandbox/ pages refuse any
// other Host header that is a name, because a web page could point its own name at this machine.
func WithRemoteAccess(hosts ...string) Option {
	return func(c *config) error {
		c.remote = true
		for _, h := range hosts {
			c.hosts = append(c.hosts, strings.ToLower(h))
		}
		return nil
	}
}
