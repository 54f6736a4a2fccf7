package sandbox

import (
	"cmp"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/authysh/authysh/authy/sandbox/fault"
)

// APIVersion is the version of the paths under /sandbox/api/.
const APIVersion = 1

// AdminHeader carries the admin token; "Authorization: Bearer" does, too.
const AdminHeader = "X-Sandbox-Token"

// maxImport bounds an import.
const maxImport = 256 << 20

// WithAdminToken sets the token that opens the paths under /sandbox/ for every application; without it the
// token is 32 random letters and digits, see [Service.AdminToken].
func WithAdminToken(token string) Option {
	return func(c *config) error {
		if !isKey(token) {
			return errors.New("admin token: must be 1 to 128 printable ASCII characters without spaces")
		}
		c.adminToken = token
		return nil
	}
}

// apiRoutes are the paths under /sandbox/api/; see the package comment.
var apiRoutes = []route{
	{method: "GET", pattern: "/sandbox/api", access: byInspector, service: apiInfo},
	{method: "GET", pattern: "/sandbox/api/apps", access: byInspector, service: apiApps},
	{method: "POST", pattern: "/sandbox/api/callback", access: byInspector, handle: apiSetCallback},
	{method: "GET", pattern: "/sandbox/api/users", access: byInspector, handle: apiUsers},
	{method: "GET", pattern: "/sandbox/api/users/{id}", access: byInspector, handle: inspectUser},
	{method: "POST", pattern: "/sandbox/api/users/{id}/suspend", access: byInspector, handle: inspectSuspend},
	{method: "POST", pattern: "/sandbox/api/users/{id}/unsuspend", access: byInspector, handle: inspectUnsuspend},
	{method: "POST", pattern: "/sandbox/api/users/{id}/register-app", access: byInspector, handle: inspectRegisterApp},
	{method: "GET", pattern: "/sandbox/api/outbox", access: byInspector, handle: apiOutbox},
	{method: "GET", pattern: "/sandbox/api/activities", access: byInspector, handle: inspectActivities},
	{method: "GET", pattern: "/sandbox/api/approvals", access: byInspector, handle: inspectApprovals},
	{method: "GET", pattern: "/sandbox/api/approvals/{uuid}", access: byInspector, handle: apiApproval},
	{method: "POST", pattern: "/sandbox/api/approvals/{uuid}/approve", access: byInspector, handle: inspectApprove},
	{method: "POST", pattern: "/sandbox/api/approvals/{uuid}/deny", access: byInspector, handle: inspectDeny},
	{method: "POST", pattern: "/sandbox/api/registrations/{custom_user_id}/complete", access: byInspector, handle: inspectRegistration},
	{method: "GET", pattern: "/sandbox/api/requests", access: byInspector, service: apiRequests},
	{method: "GET", pattern: "/sandbox/api/callbacks", access: byInspector, handle: apiCallbacks},
	{method: "GET", pattern: "/sandbox/api/callbacks/{id}", access: byInspector, handle: apiCallback},
	{method: "POST", pattern: "/sandbox/api/callbacks/{id}/resend", access: byInspector, handle: apiResend},
	{method: "GET", pattern: "/sandbox/api/faults", access: byInspector, service: apiFaults},
	{method: "POST", pattern: "/sandbox/api/faults", access: byInspector, service: apiAddFault},
	{method: "DELETE", pattern: "/sandbox/api/faults", access: byInspector, service: apiClearFaults},
	{method: "DELETE", pattern: "/sandbox/api/faults/{id}", access: byInspector, service: apiDeleteFault},
	{method: "POST", pattern: "/sandbox/api/faults/{id}/enable", access: byInspector, service: apiEnableFault},
	{method: "POST", pattern: "/sandbox/api/faults/{id}/disable", access: byInspector, service: apiDisableFault},
	{method: "GET", pattern: "/sandbox/api/clock", access: byInspector, service: inspectClock},
	{method: "POST", pattern: "/sandbox/api/clock", access: byInspector, service: inspectSetClock},
	{method: "POST", pattern: "/sandbox/api/reset", access: byInspector, service: inspectReset},
	{method: "GET", pattern: "/sandbox/api/export", access: byInspector, service: apiExport},
	{method: "POST", pattern: "/sandbox/api/import", access: byInspector, service: apiImport, raw: true},
	{method: "GET", pattern: "/sandbox/api/events", access: byInspector, stream: streamEvents, link: true},
}

// inspector admits who has the admin token, for the application that the parameter app names, or an
// application's key, for that one. Only headers count: a form on a foreign page cannot set them. Browsers
// cannot set them either for an event stream, so there the token may be a parameter.
func (s *Service) inspector(rq *request) (*application, error) {
	token := rq.Header.Get(AdminHeader)
	if scheme, credentials, ok := strings.Cut(rq.Header.Get("Authorization"), " "); token == "" && ok && strings.EqualFold(scheme, "Bearer") {
		token = strings.TrimSpace(credentials)
	}
	if token == "" && rq.route.link {
		token = rq.URL.Query().Get("token")
	}
	if token == "" {
		return s.byKey(rq.Header.Get("X-Authy-API-Key"))
	}
	if subtle.ConstantTimeCompare([]byte(token), []byte(s.admin)) != 1 {
		return nil, &refusal{code: codeAPIKey, message: "Invalid admin token"}
	}
	rq.admin = true
	name := rq.URL.Query().Get("app")
	if name == "" {
		return s.apps[0], nil
	}
	x, err := s.App(name)
	if err != nil {
		return nil, &refusal{code: codeNoApplication, message: "Application not found: " + clip(name)}
	}
	return x.app, nil
}

// seen are the applications that a caller may see: all with the admin token, unless it names one.
func (s *Service) seen(rq *request) []*application {
	if rq.admin && rq.URL.Query().Get("app") == "" {
		return s.apps
	}
	return []*application{rq.app}
}

// appView is an application as the API shows it; its dashboard's signing key and API keys are not shown.
type appView struct {
	ID             int       `json:"id"`
	Name           string    `json:"name"`
	CallbackURL    string    `json:"callback_url"`
	CallbackMethod string    `json:"callback_method"`
	Users          int       `json:"users"`
	Without        []Feature `json:"without"`
}

func (s *Service) viewApps(apps []*application) []appView {
	out := make([]appView, len(apps))
	for i, a := range apps {
		a.mu.Lock()
		out[i] = appView{a.id, a.name, a.callback.target, a.callback.verb(), len(a.users), []Feature{}}
		for f := range a.off {
			out[i].Without = append(out[i].Without, f)
		}
		a.mu.Unlock()
		slices.Sort(out[i].Without)
	}
	return out
}

func apiInfo(s *Service, rq *request) (any, error) {
	return object{
		{"version", APIVersion},
		{"admin", rq.admin},
		{"apps", s.viewApps(s.seen(rq))},
		{"clock", s.clock.state()},
		{"persistent", s.disk != nil},
		{"success", true},
	}, nil
}

func apiApps(s *Service, rq *request) (any, error) {
	return object{{"apps", s.viewApps(s.seen(rq))}, {"success", true}}, nil
}

func apiSetCallback(a *application, rq *request) (any, error) {
	target, method := rq.params.text("url"), rq.params.text("method")
	if err := checkCallback(target, method); err != nil {
		return nil, badParam("url", strings.TrimPrefix(err.Error(), "callback "))
	}
	a.callback = callback{target, method}
	return object{{"callback", object{{"url", target}, {"method", a.callback.verb()}}}, {"success", true}}, nil
}

// SetCallback changes where answers to approval requests are sent; an empty target stops it.
func (x *Application) SetCallback(target, method string) error {
	if err := checkCallback(target, method); err != nil {
		return err
	}
	_, err := run(x, "callback", func(a *application, _ time.Time) (struct{}, error) {
		a.callback = callback{target, method}
		return struct{}{}, nil
	})
	return err
}

// page is a part of a listing whose elements are numbered, the latest first.
type page struct {
	limit         int
	before, after int64 // numbers; 0 is none
}

func (rq *request) page() (p page, err error) {
	if p.limit, err = rq.params.integer("limit", DefaultLimit, 1, maxLimit); err != nil {
		return p, err
	}
	for name, to := range map[string]*int64{"before": &p.before, "after": &p.after} {
		text := rq.params.text(name)
		if text == "" {
			continue
		}
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || n < 0 {
			return p, badParam(name, "'"+clip(text)+"' is not a valid Integer")
		}
		*to = n
	}
	return p, nil
}

// has reports whether an element is within the page's bounds.
func (p page) has(n int64) bool { return (p.before == 0 || n < p.before) && n > p.after }

// next is the value of before for the page that follows, null after the last.
func next[T any](p page, found []T, number func(T) int64) any {
	if len(found) < p.limit {
		return nil
	}
	return number(found[len(found)-1])
}

func apiUsers(a *application, rq *request) (any, error) {
	p, err := rq.page()
	if err != nil {
		return nil, err
	}
	out := []User{}
	for _, id := range slices.Backward(a.userIDs) {
		if len(out) == p.limit {
			break
		}
		if p.has(id) {
			out = append(out, a.view(a.users[id], rq.now))
		}
	}
	return object{{"users", out}, {"next", next(p, out, func(u User) int64 { return u.ID })}, {"success", true}}, nil
}

func apiOutbox(a *application, rq *request) (any, error) {
	p, err := rq.page()
	if err != nil {
		return nil, err
	}
	f, err := outboxFilter(rq)
	if err != nil {
		return nil, err
	}
	wants := a.wants(f)
	out := take(a.outbox.newest(), p.limit, func(m Message) bool { return p.has(m.ID) && wants(m) })
	return object{{"outbox", out}, {"next", next(p, out, func(m Message) int64 { return m.ID })}, {"success", true}}, nil
}

func apiApproval(a *application, rq *request) (any, error) {
	p, err := a.approval(rq.arg("uuid"))
	if err != nil {
		return nil, err
	}
	return named("approval", viewApproval(p, rq.now), nil)
}

func apiRequests(s *Service, rq *request) (any, error) {
	p, err := rq.page()
	if err != nil {
		return nil, err
	}
	unmasked, _ := rq.params.flag("unmask")
	apps := s.seen(rq)
	mine := func(x *exchange) bool {
		return x.App == "" && rq.admin || slices.ContainsFunc(apps, func(a *application) bool { return a.name == x.App })
	}
	out := s.requests.list(p.limit, unmasked, func(x *exchange) bool { return p.has(x.ID) && mine(x) })
	return object{{"requests", out}, {"next", next(p, out, func(r Request) int64 { return r.ID })}, {"success", true}}, nil
}

// Sent is a callback or webhook with what became of it; its JSON form is an element of
// GET /sandbox/api/callbacks.
type Sent struct {
	ID int64 `json:"id"`
	// Kind is DeliveryCallback or DeliveryWebhook.
	Kind string `json:"kind"`
	// Event is "approved" or "denied", or the webhook's event.
	Event   string `json:"event"`
	AuthyID int64  `json:"authy_id"` // 0 for webhooks
	// Subject is the approval request's uuid or the webhook's id.
	Subject string    `json:"subject"`
	Method  string    `json:"method"`
	URL     string    `json:"url"`
	Created time.Time `json:"created_at"`
	// State is pending, delivered, failed or dropped.
	State string `json:"state"`
	// Content is what is told: the fields of a callback, the claims of a webhook.
	Content json.RawMessage `json:"content"`
	// Attempts are the latest 20, oldest first.
	Attempts []Attempt `json:"attempts"`
}

func viewDelivery(d *delivery) Sent {
	return Sent{
		d.ID, d.Kind, d.Event, d.AuthyID, d.Subject, d.Method, d.URL, d.Created, d.State, d.Content,
		append([]Attempt{}, d.Attempts...),
	}
}

func apiCallbacks(a *application, rq *request) (any, error) {
	p, err := rq.page()
	if err != nil {
		return nil, err
	}
	out := a.listDeliveries(p, rq.params.text("subject"))
	return object{{"callbacks", out}, {"next", next(p, out, func(d Sent) int64 { return d.ID })}, {"success", true}}, nil
}

func (a *application) listDeliveries(p page, subject string) []Sent {
	found := take(a.deliveries.newest(), p.limit, func(d *delivery) bool {
		return p.has(d.ID) && (subject == "" || d.Subject == subject)
	})
	out := make([]Sent, len(found))
	for i, d := range found {
		out[i] = viewDelivery(d)
	}
	return out
}

func (a *application) sentDelivery(id string) (*delivery, error) {
	d, ok := a.deliveries.get(id)
	if !ok {
		return nil, &refusal{code: codeRequest, status: http.StatusNotFound, message: "Callback not found: " + clip(id)}
	}
	return d, nil
}

func apiCallback(a *application, rq *request) (any, error) {
	d, err := a.sentDelivery(rq.arg("id"))
	if err != nil {
		return nil, err
	}
	return named("callback", viewDelivery(d), nil)
}

func apiResend(a *application, rq *request) (any, error) {
	d, err := a.resend(rq.arg("id"))
	if err != nil {
		return nil, err
	}
	return named("callback", viewDelivery(d), nil)
}

// resend puts a delivery on its way once more, signed anew, under a number of its own.
func (a *application) resend(id string) (*delivery, error) {
	d, err := a.sentDelivery(id)
	if err != nil {
		return nil, err
	}
	again := *d
	again.Attempts = nil
	a.dispatch(&again)
	return &again, nil
}

// Callbacks lists up to limit callbacks and webhooks, the latest first; 0 means [DefaultLimit].
func (x *Application) Callbacks(limit int) []Sent {
	out, _ := run(x, "callbacks", func(a *application, _ time.Time) ([]Sent, error) {
		return a.listDeliveries(page{limit: cmp.Or(limit, DefaultLimit)}, ""), nil
	})
	return out
}

// Resend delivers a callback or webhook once more, signed anew; the result is the new one.
func (x *Application) Resend(id int64) (Sent, error) {
	return run(x, "callback "+strconv.FormatInt(id, 10), func(a *application, _ time.Time) (Sent, error) {
		d, err := a.resend(strconv.FormatInt(id, 10))
		if err != nil {
			return Sent{}, err
		}
		return viewDelivery(d), nil
	})
}

// Approval gives one approval request, or [ErrNotFound].
func (x *Application) Approval(uuid string) (Approval, error) {
	return run(x, "approval request "+clip(uuid), func(a *application, now time.Time) (Approval, error) {
		p, err := a.approval(uuid)
		if err != nil {
			return Approval{}, err
		}
		return viewApproval(p, now), nil
	})
}

// ownFaults are the rules that a caller may see and change: with an application's key those for it alone.
func (s *Service) ownFaults(rq *request) []fault.Status {
	return slices.DeleteFunc(s.faults.List(), func(r fault.Status) bool {
		return !rq.admin && !strings.EqualFold(r.App, rq.app.name)
	})
}

func apiFaults(s *Service, rq *request) (any, error) {
	return object{{"faults", s.ownFaults(rq)}, {"success", true}}, nil
}

// apiAddFault takes the fields of a rule, or rule: a line.
func apiAddFault(s *Service, rq *request) (any, error) {
	var rule fault.Rule
	var err error
	if line := rq.params.text("rule"); line != "" {
		rule, err = fault.Parse(line)
	} else {
		rule, err = fault.FromFields(rq.params)
	}
	if err == nil && !rq.admin {
		rule.App = rq.app.name
	}
	var status fault.Status
	if err == nil {
		status, err = s.AddFault(rule)
	}
	if err != nil {
		return nil, badRequest(err.Error())
	}
	return named("fault", status, nil)
}

// ownFault reads the number of a rule that the caller may change.
func (s *Service) ownFault(rq *request) (int, error) {
	id := int(number(rq.arg("id")))
	if !slices.ContainsFunc(s.ownFaults(rq), func(r fault.Status) bool { return r.ID == id }) {
		return 0, &refusal{code: codeRequest, status: http.StatusNotFound, message: "Fault rule not found: " + clip(rq.arg("id"))}
	}
	return id, nil
}

func apiDeleteFault(s *Service, rq *request) (any, error) {
	id, err := s.ownFault(rq)
	if err != nil {
		return nil, err
	}
	s.DeleteFault(id)
	return object{{"success", true}}, nil
}

func apiClearFaults(s *Service, rq *request) (any, error) {
	for _, r := range s.ownFaults(rq) {
		s.faults.Delete(r.ID)
	}
	s.tellFaults()
	return object{{"success", true}}, nil
}

func apiEnableFault(s *Service, rq *request) (any, error)  { return s.switchFault(rq, true) }
func apiDisableFault(s *Service, rq *request) (any, error) { return s.switchFault(rq, false) }

func (s *Service) switchFault(rq *request, on bool) (any, error) {
	id, err := s.ownFault(rq)
	if err != nil {
		return nil, err
	}
	status, err := s.SwitchFault(id, on)
	return named("fault", status, err)
}

func apiExport(s *Service, rq *request) (any, error) {
	if !rq.admin {
		return s.export(nil, s.seen(rq)), nil
	}
	clock := s.clock.record()
	return s.export(&clock, s.seen(rq)), nil
}

func apiImport(s *Service, rq *request) (any, error) {
	text, err := io.ReadAll(io.LimitReader(rq.Body, maxImport+1))
	if err != nil || len(text) > maxImport {
		return nil, badRequest("the import could not be read, or is larger than 256 MB")
	}
	if err := s.importInto(text, s.seen(rq), rq.admin); err != nil {
		return nil, badRequest(strings.TrimPrefix(err.Error(), "sandbox: "))
	}
	return object{{"success", true}}, nil
}
