package sandbox

import (
	"context"
	"crypto/subtle"
	"log/slog"
	"net/http"
	"strings"
	"time"
)

// Service is an Authy service in memory: an [http.Handler] with the API's endpoints and the sandbox's own.
//
// It is safe for concurrent use. Requests of one application run one at a time; they never wait for
// anything but each other.
//
// Its embedded Application is the first one, and the only one without [WithApps].
type Service struct {
	*Application

	config *config
	clock  *clock
	apps   []*application // fixed at the start; the first is the embedded one
	routes *router
}

// New makes a service.
//
// It panics when an option is out of range, as that is a mistake of the program; [Start] returns such an
// error instead, for options that users gave.
func New(opts ...Option) *Service {
	s, err := newService(opts)
	if err != nil {
		panic(err)
	}
	return s
}

func newService(opts []Option) (*Service, error) {
	c, err := newConfig(opts)
	if err != nil {
		return nil, err
	}
	s := &Service{config: c, clock: newClock(c.now), routes: newRouter(routes)}
	for _, app := range c.apps() {
		s.apps = append(s.apps, newApplication(c, app, s.apps))
	}
	s.Application = &Application{s, s.apps[0]}
	return s, nil
}

// request is one request on its way to a handler.
type request struct {
	*http.Request
	params params
	args   []pathArg
	now    time.Time
}

// arg is the part of the path that the route's pattern names.
func (rq *request) arg(name string) string {
	for _, a := range rq.args {
		if a.name == name {
			return a.value
		}
	}
	return ""
}

// origin is scheme and host under which the caller reached the sandbox.
func (rq *request) origin() string {
	if rq.TLS != nil {
		return "https://" + rq.Host
	}
	return "http://" + rq.Host
}

// handler answers one request. It runs with the application locked, so it must not wait or draw; what it
// returns must not change afterwards, because it is encoded after the lock is gone.
type handler func(a *application, rq *request) (any, error)

// ServeHTTP answers a request to the API or to the sandbox's own pages.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	started := time.Now()
	route, args := s.routes.find(r)
	if route == nil {
		writeUnknownURL(w)
		s.log(r.Context(), r.Method, "", http.StatusNotFound, 0, started)
		return
	}
	body, err := s.serve(route, &request{Request: r, args: args})
	status, failed := write(w, body, err)
	s.log(r.Context(), r.Method, route.pattern, status, failed, started)
}

func (s *Service) serve(route *route, rq *request) (any, error) {
	params, unreadable := readParams(rq.Request, s.config.limits.BodyBytes)
	rq.params = params
	rq.now = s.clock.now()
	a, err := s.admit(route.access, rq)
	if err != nil {
		return nil, err
	}
	if unreadable != nil {
		return nil, unreadable
	}
	if route.service != nil {
		return route.service(s, rq)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.enter(rq.now)
	if route.access.counts() {
		a.month(rq.now).APICalls++
	}
	return route.handle(a, rq)
}

// admit finds the application that a request is for, if it may see it.
func (s *Service) admit(by access, rq *request) (*application, error) {
	switch by {
	case byKey:
		key := rq.Header.Get("X-Authy-API-Key")
		if key == "" {
			key = rq.params.text("api_key")
		}
		return s.byKey(key)
	case byPathKey:
		return s.byKey(rq.arg("api_key"))
	case bySignature:
		return s.bySignature(rq)
	case byInspector:
		if err := s.checkOrigin(rq); err != nil {
			return nil, err
		}
		// Only the header counts: a form on a foreign page cannot set it.
		return s.byKey(rq.Header.Get("X-Authy-API-Key"))
	}
	for _, a := range s.apps { // byLink: the picture's name is the secret
		if a.serial() == rq.arg("app_id") {
			return a, nil
		}
	}
	return nil, errUnknownURL
}

func (s *Service) byKey(key string) (*application, error) {
	var found *application
	for _, a := range s.apps {
		for _, k := range a.keys {
			if subtle.ConstantTimeCompare([]byte(k), []byte(key)) == 1 {
				found = a
			}
		}
	}
	if found == nil {
		return nil, fail(codeAPIKey)
	}
	return found, nil
}

func (s *Service) log(ctx context.Context, method, pattern string, status int, failed code, started time.Time) {
	if !s.config.logger.Enabled(ctx, slog.LevelInfo) {
		return
	}
	if pattern == "" {
		pattern = "unknown" // never the path: it can hold a token or a key
	}
	attrs := []slog.Attr{
		slog.String("method", clip(strings.ToValidUTF8(method, ""))),
		slog.String("route", pattern),
		slog.Int("status", status),
		slog.Duration("took", time.Since(started)),
	}
	if failed != 0 {
		attrs = append(attrs, slog.Int("error_code", int(failed)))
	}
	s.config.logger.LogAttrs(ctx, slog.LevelInfo, "request", attrs...)
}
