package sandbox

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/authysh/authysh/authy"
)

// App describes one application of a sandbox: what Authy's console would hold about it.
//
// Applications share a port and a clock, and nothing else: users, codes, approval requests, messages and
// counts of one are unknown to the others, as on Authy itself.
type App struct {
	// Name is 1 to 30 characters, and no other application's.
	Name string
	// Keys are the API keys that open it; none means one of 32 random letters and digits.
	Keys []string
	// Dashboard has the credentials of the dashboard API; the zero value means random ones.
	Dashboard DashboardKeys
	// CallbackURL is called when a user answers an approval request; empty means that nothing is.
	CallbackURL string
	// CallbackMethod is POST, which is also what empty means, or GET.
	CallbackMethod string
	// Without names the features that it lacks.
	Without []Feature
}

// maxAppName is how long an application's name may be, as in Authy's console.
const maxAppName = 30

// WithApps adds applications beside the first, which [WithKeys], [WithAppName], [WithDashboard],
// [WithoutFeatures] and [WithCallback] describe.
func WithApps(apps ...App) Option {
	return func(c *config) error {
		for _, app := range apps {
			if err := app.check(); err != nil {
				return fmt.Errorf("app %q: %w", clip(app.Name), err)
			}
		}
		c.others = append(c.others, apps...)
		return nil
	}
}

// WithCallback sets the URL that is called when a user answers an approval request, and the method: POST,
// which is also what empty means, or GET.
func WithCallback(target, method string) Option {
	return func(c *config) error {
		if err := checkCallback(target, method); err != nil {
			return err
		}
		c.main.CallbackURL, c.main.CallbackMethod = target, method
		return nil
	}
}

// apps are all applications, the first one first.
func (c *config) apps() []App { return append([]App{c.main}, c.others...) }

func (app App) check() error {
	if err := checkAppName(app.Name); err != nil {
		return err
	}
	if err := checkKeys(app.Keys); err != nil {
		return err
	}
	if app.Dashboard != (DashboardKeys{}) {
		if err := app.Dashboard.check(); err != nil {
			return err
		}
	}
	if err := checkCallback(app.CallbackURL, app.CallbackMethod); err != nil {
		return err
	}
	return checkFeatures(app.Without)
}

func checkAppName(name string) error {
	if n := utf8.RuneCountInString(name); n < 1 || n > maxAppName || strings.TrimSpace(name) == "" {
		return fmt.Errorf("app name: must be 1 to %d characters, got %d", maxAppName, n)
	}
	return nil
}

func checkKeys(keys []string) error {
	for i, key := range keys {
		if !isKey(key) {
			return fmt.Errorf("keys: key %d must be 1 to 128 printable ASCII characters without spaces", i+1)
		}
	}
	return nil
}

func (k DashboardKeys) check() error {
	if !isKey(k.AccessKey) || !isKey(k.SigningKey) {
		return errors.New("dashboard keys: each must be 1 to 128 printable ASCII characters without spaces")
	}
	return nil
}

func checkCallback(target, method string) error {
	if m := strings.ToUpper(method); m != "" && m != http.MethodPost && m != http.MethodGet {
		return fmt.Errorf("callback method: must be POST or GET, got %q", clip(method))
	}
	if target == "" {
		return nil
	}
	if !isHTTP(target) {
		return fmt.Errorf("callback URL: must be a whole http or https URL in ASCII without spaces, such as https://example.com/callback, got %q", clip(target))
	}
	return nil
}

// isHTTP reports whether something can be sent to a URL, and arrives as it was signed: what is not ASCII would be
// encoded on its way, and spaces end the request line. What Authy does with such URLs is not known.
func isHTTP(target string) bool {
	const longest = 2000
	u, err := url.Parse(target)
	return err == nil && u.Host != "" && (u.Scheme == "http" || u.Scheme == "https") && len(target) <= longest &&
		!strings.ContainsFunc(target, func(r rune) bool { return r <= ' ' || r > '~' })
}

func checkFeatures(features []Feature) error {
	for _, f := range features {
		switch f {
		case FeatureSMS, FeatureCalls, FeatureOneTouch, FeatureGenericTokens, FeatureExports, FeatureCustomCodes:
		default:
			return fmt.Errorf("features: %q is unknown: use the Feature constants", string(f))
		}
	}
	return nil
}

// checkApps sees to it that a key or name means one application.
func checkApps(apps []App) error {
	names, keys := map[string]bool{}, map[string]bool{}
	for _, app := range apps {
		if names[strings.ToLower(app.Name)] {
			return fmt.Errorf("apps: two are called %q: give each its own name", app.Name)
		}
		names[strings.ToLower(app.Name)] = true
		for _, key := range app.Keys {
			if keys[key] {
				return fmt.Errorf("apps: a key of %q opens another application, too: give each its own", app.Name)
			}
		}
		for _, key := range app.Keys {
			keys[key] = true
		}
	}
	return nil
}

// Application is one application of a sandbox, seen from inside. A [Service] has the methods of its first.
type Application struct {
	service *Service
	app     *application
}

// Key is the API key that opens the application, the first one if several were given.
func (x *Application) Key() string { return x.app.keys[0] }

// Name is the application's name.
func (x *Application) Name() string { return x.app.name }

// Dashboard gives the credentials for the dashboard API, under which webhooks are managed.
func (x *Application) Dashboard() DashboardKeys { return x.app.dashboard }

// AppID is the application's number, as app/details shows it.
func (x *Application) AppID() int { return x.app.id }

// Callback tells where answers to approval requests are sent, and the method; the URL is empty for nowhere.
func (x *Application) Callback() (target, method string) {
	x.app.mu.Lock()
	defer x.app.mu.Unlock()
	return x.app.callback.target, x.app.callback.verb()
}

// callback is where answers to approval requests go.
type callback struct {
	target string
	method string
}

func (c callback) verb() string {
	if c.method == "" {
		return http.MethodPost
	}
	return strings.ToUpper(c.method)
}

// Apps gives the applications, the first one first.
func (s *Service) Apps() []*Application {
	out := make([]*Application, len(s.apps))
	for i, a := range s.apps {
		out[i] = &Application{s, a}
	}
	return out
}

// whichApp goes on after a name that no application has: with the one that it nearly is, or with all.
func (s *Service) whichApp(name string) string {
	all := make([]string, len(s.apps))
	for i, a := range s.apps {
		all[i] = a.name
	}
	if near := authy.Nearest(name, all); near != "" {
		return ", did you mean " + strconv.Quote(near) + "?"
	}
	return ": it is one of " + names(s.apps)
}

// App finds an application by its name, in any case, or its number; [ErrNotFound] if there is none.
func (s *Service) App(name string) (*Application, error) {
	for _, a := range s.apps {
		if strings.EqualFold(a.name, name) || a.serial() == name {
			return &Application{s, a}, nil
		}
	}
	return nil, fmt.Errorf("sandbox: app %s: %w", strconv.Quote(clip(name)), ErrNotFound)
}
