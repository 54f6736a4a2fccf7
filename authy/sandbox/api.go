package sandbox

import (
	"crypto/subtle"
	"errors"
	"slices"
	"strings"
	"time"
)

// APIVersion is the version of the paths under /sandbox/api/.
const APIVersion = 1

// AdminHeader carries the admin token; "Authorization: Bearer" does, too.
const AdminHeader = "X-Sandbox-Token"

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
	{method: "POST", pattern: "/sandbox/api/users", access: byInspector, handle: apiAddUser},
	{method: "GET", pattern: "/sandbox/api/users/{id}", access: byInspector, handle: inspectUser},
	{method: "POST", pattern: "/sandbox/api/users/{id}/suspend", access: byInspector, handle: inspectSuspend},
	{method: "POST", pattern: "/sandbox/api/users/{id}/unsuspend", access: byInspector, handle: inspectUnsuspend},
	{method: "POST", pattern: "/sandbox/api/users/{id}/register-app", access: byInspector, handle: inspectRegisterApp},
	{method: "GET", pattern: "/sandbox/api/outbox", access: byInspector, handle: apiOutbox},
	{method: "GET", pattern: "/sandbox/api/activities", access: byInspector, handle: apiActivities},
	{method: "GET", pattern: "/sandbox/api/approvals", access: byInspector, handle: apiApprovals},
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
// application's key, for that one. Only headers count: a form on a foreign page cannot set them. An
// EventSource cannot either, so for the stream of events the token may be a parameter.
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
		return nil, &refusal{code: codeNoApplication, message: "Application not found: " + clip(name) + s.whichApp(name)}
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

func apiApproval(a *application, rq *request) (any, error) {
	p, err := a.approval(rq.arg("uuid"))
	if err != nil {
		return nil, err
	}
	return named("approval", viewApproval(p, rq.now), nil)
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
