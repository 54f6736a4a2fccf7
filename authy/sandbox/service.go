package sandbox

import (
	"context"
	"crypto/subtle"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/authysh/authysh/authy/sandbox/fault"
)

// Service is an Authy service in memory: an [http.Handler] with the API's endpoints and the sandbox's own.
//
// It is safe for concurrent use. Requests of one application run one at a time; they never wait for
// anything but each other.
//
// Its embedded Application is the first one, and the only one without [WithApps].
type Service struct {
	*Application

	config   *config
	clock    *clock
	apps     []*application // fixed at the start; the first is the embedded one
	routes   *router
	faults   *fault.Set
	requests *requestLog
	hub      *hub
	courier  *courier
	disk     disk   // nil in memory
	admin    string // the admin token

	mending sync.Mutex // held by who makes memory follow the disk
	setting sync.Mutex // held by who changes the clock
}

// New makes a service.
//
// It panics when an option is out of range, as that is a mistake of the program; [Open] and [Start] return
// such an error instead, for options that users gave.
func New(opts ...Option) *Service {
	s, err := newService(opts)
	if err != nil {
		panic(err)
	}
	return s
}

// Open makes a service, as [New] does, for options that users gave. Close it at the end.
func Open(opts ...Option) (*Service, error) { return newService(opts) }

func newService(opts []Option) (*Service, error) {
	c, err := newConfig(opts)
	if err != nil {
		return nil, err
	}
	s := &Service{config: c, clock: newClock(c.now), routes: namedRoutes(), admin: c.adminToken, courier: newCourier(c.delivery)}
	s.requests = &requestLog{kept: newRing[*exchange](c.limits.Requests)}
	chance := newRandom(c.seed, -1, nil)
	s.hub = newHub(c.limits.Events, newRandom(nil, 0, nil).hex(8))
	s.faults = fault.NewSet(chance.rand.Uint64())
	if s.admin == "" {
		s.admin = chance.key(32)
	}
	for _, app := range c.apps() {
		a := newApplication(c, app, s.apps)
		a.hub = s.hub
		s.apps = append(s.apps, a)
	}
	s.Application = &Application{s, s.apps[0]}
	for _, rule := range c.faults {
		if _, err := s.AddFault(rule); err != nil {
			return nil, fmt.Errorf("sandbox: %w", err)
		}
	}
	if err := s.recall(); err != nil {
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	if err := s.plant(c.users); err != nil {
		s.Close(context.Background())
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	return s, nil
}

// AdminToken opens all of the paths under /sandbox/, for every application.
func (s *Service) AdminToken() string { return s.admin }

// Close ends what goes on by itself: deliveries under way get until ctx ends, those that wait are left, to
// be taken up by the next service with the same data directory. It may be called more than once; requests
// must have ended before. A service that neither delivers nor keeps data need not be closed.
func (s *Service) Close(ctx context.Context) error {
	s.hub.close()
	s.courier.close(ctx)
	if s.disk == nil {
		return nil
	}
	return s.disk.Close()
}

// request is one request on its way to a handler.
type request struct {
	*http.Request
	params params
	args   []pathArg
	now    time.Time
	route  *route
	app    *application
	admin  bool  // admitted by the admin token
	read   int64 // bytes of the body
}

// countedBody counts what is read of a body, whose length not every request tells.
type countedBody struct {
	io.ReadCloser
	n *int64
}

func (b countedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	*b.n += int64(n)
	return n, err
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
	if s.servePage(w, r) {
		return
	}
	started := time.Now()
	route, args := s.routes.find(r)
	rq := &request{Request: r, args: args}
	x := &exchange{route: route, args: args}
	var a answer
	switch {
	case route == nil:
		a = answerOf(nil, errUnknownURL)
	case route.stream != nil:
		_, err := s.enter(route, rq)
		if err == nil {
			err = route.stream(s, w, rq)
		}
		if err == nil {
			return
		}
		a = answerOf(nil, err)
	default:
		body, effect, err := s.serve(route, rq, x)
		a = answerOf(body, err)
		if effect != (fault.Effect{}) {
			s.note(x, rq, a, started)
			effect.Write(w, r, a.plain())
			s.log(r.Context(), r.Method, route, a, started)
			return
		}
	}
	a.write(w)
	s.note(x, rq, a, started)
	s.log(r.Context(), r.Method, route, a, started)
}

// enter reads the parameters and finds the application.
func (s *Service) enter(route *route, rq *request) (*application, error) {
	rq.route, rq.params = route, params{}
	var unreadable error
	if rq.Body != nil && rq.Body != http.NoBody {
		rq.Body = countedBody{rq.Body, &rq.read}
	}
	if !route.raw {
		rq.params, unreadable = readParams(rq.Request, s.config.limits.BodyBytes)
	}
	rq.now = s.clock.now()
	a, err := s.admit(route.access, rq)
	if err != nil {
		return nil, err
	}
	rq.app = a
	return a, unreadable
}

func (s *Service) serve(route *route, rq *request, x *exchange) (any, fault.Effect, error) {
	a, err := s.enter(route, rq)
	if err != nil {
		return nil, fault.Effect{}, err
	}
	if route.service != nil {
		v, err := route.service(s, rq)
		return v, fault.Effect{}, err
	}
	effect, err := s.effect(route, rq, x)
	if err != nil {
		return nil, fault.Effect{}, err
	}
	if effect.Instead() {
		return nil, effect, instead(effect)
	}
	var v any
	err = s.transact(a, rq, func(now time.Time) error {
		rq.now = now
		if route.access.counts() {
			a.month(now).APICalls++
		}
		var err error
		v, err = route.handle(a, rq)
		return err
	})
	return v, effect, err
}

// turn is what one request does to an application beside its state.
type turn struct {
	now      time.Time
	rq       *request
	outgoing []int64
}

// ip is where the request came from.
func (t turn) ip() string {
	if t.rq == nil {
		return "127.0.0.1"
	}
	host, _, err := net.SplitHostPort(t.rq.RemoteAddr)
	if err != nil {
		return "127.0.0.1"
	}
	return host
}

// transact runs f with the application locked and up to date, waits until what it did is kept, and then
// delivers what it put on its way. Rq is nil for what is no request.
func (s *Service) transact(a *application, rq *request, f func(now time.Time) error) error {
	if err := s.mend(); err != nil {
		return errStored(err)
	}
	outgoing, wait, err := s.locked(a, rq, f)
	if wait != nil {
		if lost := wait(); lost != nil {
			s.mend() // so that nobody is shown what was lost; the next caller is told if that fails
			return errStored(lost)
		}
	}
	if len(outgoing) > 0 {
		s.deliver(a, outgoing)
	}
	return err
}

func (s *Service) locked(a *application, rq *request, f func(now time.Time) error) (outgoing []int64, wait func() error, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if s.disk != nil && s.disk.Err() != nil { // what is in memory now may be lost
		return nil, nil, errStored(s.disk.Err())
	}
	if rq == nil || !rq.route.access.counts() {
		a.noteAll()
	}
	a.turn = turn{now: s.clock.now(), rq: rq}
	a.note(kindApp, "")
	a.enter(a.turn.now)
	err = f(a.turn.now)
	outgoing = a.turn.outgoing
	a.turn = turn{}
	return outgoing, a.commit(s.disk), err
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
		return s.inspector(rq)
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

func (s *Service) log(ctx context.Context, method string, route *route, a answer, started time.Time) {
	if !s.config.logger.Enabled(ctx, slog.LevelInfo) {
		return
	}
	pattern := "unknown" // never the path: it can hold a token or a key
	if route != nil {
		pattern = route.pattern
	}
	attrs := []slog.Attr{
		slog.String("method", clip(strings.ToValidUTF8(method, ""))),
		slog.String("route", pattern),
		slog.Int("status", a.status),
		slog.Duration("took", time.Since(started)),
	}
	if a.code != 0 {
		attrs = append(attrs, slog.Int("error_code", int(a.code)))
	}
	s.config.logger.LogAttrs(ctx, slog.LevelInfo, "request", attrs...)
}

// note puts a request to the API into the log of requests.
func (s *Service) note(x *exchange, rq *request, a answer, started time.Time) {
	if x.route != nil && !x.route.access.logged() {
		return
	}
	x.Time, x.Method, x.Status, x.ErrorCode = started.UTC(), clip(rq.Method), a.status, int(a.code)
	x.Millis = millis(time.Since(started))
	x.Remote, x.UserAgent = rq.RemoteAddr, clip(rq.UserAgent())
	if rq.app != nil {
		x.App = rq.app.name
	}
	if x.route != nil && x.route.operation != nil {
		x.Operation = x.route.operation.Name
	}
	if rq.read <= maxLogged && len(rq.URL.RawQuery) <= maxLogged {
		x.params = rq.params // never changed after it was read
	}
	if len(rq.URL.RawPath)+len(rq.URL.Path) > maxLogged {
		for i := range x.args {
			x.args[i].value = clip(x.args[i].value)
		}
	}
	if len(a.text) <= maxLogged && a.kind != "image/png" {
		x.answer = a.text
	}
	s.requests.add(x)
	s.hub.publish(EventRequest, x.App, x)
}
