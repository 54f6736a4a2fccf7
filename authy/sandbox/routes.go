package sandbox

import (
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/authysh/authysh/authy"
)

// access is how a route finds out which application a request is for.
type access int

const (
	byKey       access = iota // the API key as header or parameter
	byPathKey                 // the API key as {api_key} in the path
	bySignature               // dashboard: app_api_key, access_key and a signature
	byInspector               // the API key or the admin token as header, from a trusted host and origin
	byLink                    // anyone who knows the link
)

// counts reports whether requests go into the monthly count of API calls.
func (a access) counts() bool { return a == byKey || a == byPathKey }

// logged reports whether requests go into the log of requests.
func (a access) logged() bool { return a != byInspector }

// route is one endpoint.
type route struct {
	method  string
	pattern string // {names} in braces stand for one part of the path
	access  access
	handle  handler
	// operation is the catalogue's, nil for what it lacks.
	operation *authy.Operation
	// service stands in for handle where the whole sandbox is concerned; it locks what it needs.
	service func(*Service, *request) (any, error)
	// stream stands in for handle where the answer goes on; an error is answered as usual.
	stream func(*Service, http.ResponseWriter, *request) error
	raw    bool // the body is not parameters
	link   bool // the admin token may be in the query
}

// identity tells handlers apart.
func (r *route) identity() uintptr { return reflect.ValueOf(r.handle).Pointer() }

// namedRoutes is the router of all sandboxes.
var namedRoutes = sync.OnceValue(func() *router {
	all := slices.Concat(routes, apiRoutes)
	nameRoutes(all)
	return newRouter(all)
})

// routes is every endpoint of the sandbox. A path, format or method that is not here is an unknown URL:
// Authy answers a wrong method like a wrong path. Only JSON is spoken; no maintained client asks for XML.
var routes = []route{
	{method: "POST", pattern: "/protected/json/users/new", handle: registerUser},
	{method: "GET", pattern: "/protected/json/users/{id}/status", handle: userStatus},
	{method: "POST", pattern: "/protected/json/users/{id}/update", handle: updateUser},
	{method: "POST", pattern: "/protected/json/users/{id}/remove", handle: deleteUser},
	{method: "POST", pattern: "/protected/json/users/{id}/delete", handle: deleteUser},
	{method: "POST", pattern: "/protected/json/users/delete/{id}", handle: deleteUser},
	{method: "POST", pattern: "/protected/json/users/{id}/register_activity", handle: registerActivity},
	{method: "POST", pattern: "/protected/json/users/{id}/secret", handle: createSecret},
	{method: "GET", pattern: "/protected/json/users/{id}/secret/export", handle: exportSecret},
	{method: "GET", pattern: "/protected/json/users/{id}/phone_number", handle: exportPhone},
	{method: "GET", pattern: "/protected/json/registrations/status", handle: registrationStatus},

	{method: "GET", pattern: "/protected/json/sms/{id}", handle: requestSMS},
	{method: "GET", pattern: "/protected/json/call/{id}", handle: requestCall},
	{method: "POST", pattern: "/protected/json/email/{id}", handle: requestEmail},
	{method: "GET", pattern: "/protected/json/verify/{token}/{id}", handle: verifyToken},

	{method: "GET", pattern: "/protected/json/app/details", handle: appDetails},
	{method: "GET", pattern: "/protected/json/app/stats", handle: appStatistics},

	{method: "POST", pattern: "/protected/json/phones/verification/start", handle: startVerification},
	{method: "GET", pattern: "/protected/json/phones/verification/check", handle: checkVerification},
	{method: "GET", pattern: "/protected/json/phones/verification/status", handle: verificationStatus},
	{method: "GET", pattern: "/protected/json/phones/info", handle: phoneInformation},
	{method: "POST", pattern: "/2010-04-01/Accounts/{api_key}/SMS/Messages/{sms_id}/Feedback.json", access: byPathKey, handle: sendFeedback},

	{method: "POST", pattern: "/protected/json/sdk/registrations", handle: registerSDK},
	{method: "DELETE", pattern: "/protected/json/sdk/devices/{device_id}", handle: deleteDevice},

	{method: "POST", pattern: "/onetouch/json/users/{id}/approval_requests", handle: createApproval},
	{method: "GET", pattern: "/onetouch/json/approval_requests/{uuid}", handle: readApproval},

	{method: "POST", pattern: "/dashboard/json/application/webhooks", access: bySignature, handle: createWebhook},
	{method: "GET", pattern: "/dashboard/json/application/webhooks", access: bySignature, handle: listWebhooks},
	{method: "DELETE", pattern: "/dashboard/json/application/webhooks/{webhook_id}", access: bySignature, handle: deleteWebhook},
	{method: "DELETE", pattern: "/dashboard/json/application/webhooks", access: bySignature, handle: deleteWebhook},

	{method: "GET", pattern: "/qr/{app_id}/{picture}", access: byLink, handle: qrPicture},

	{method: "GET", pattern: "/sandbox/outbox", access: byInspector, handle: inspectOutbox},
	{method: "GET", pattern: "/sandbox/users", access: byInspector, handle: inspectUsers},
	{method: "GET", pattern: "/sandbox/users/{id}", access: byInspector, handle: inspectUser},
	{method: "POST", pattern: "/sandbox/users/{id}/suspend", access: byInspector, handle: inspectSuspend},
	{method: "POST", pattern: "/sandbox/users/{id}/unsuspend", access: byInspector, handle: inspectUnsuspend},
	{method: "POST", pattern: "/sandbox/users/{id}/register-app", access: byInspector, handle: inspectRegisterApp},
	{method: "GET", pattern: "/sandbox/activities", access: byInspector, handle: inspectActivities},
	{method: "GET", pattern: "/sandbox/approvals", access: byInspector, handle: inspectApprovals},
	{method: "POST", pattern: "/sandbox/approvals/{uuid}/approve", access: byInspector, handle: inspectApprove},
	{method: "POST", pattern: "/sandbox/approvals/{uuid}/deny", access: byInspector, handle: inspectDeny},
	{method: "POST", pattern: "/sandbox/registrations/{custom_user_id}/complete", access: byInspector, handle: inspectRegistration},
	{method: "GET", pattern: "/sandbox/clock", access: byInspector, service: inspectClock},
	{method: "POST", pattern: "/sandbox/clock", access: byInspector, service: inspectSetClock},
	{method: "POST", pattern: "/sandbox/reset", access: byInspector, service: inspectReset},
}

// pathArg is a part of the path that a pattern names.
type pathArg struct{ name, value string }

// router finds routes. http.ServeMux cannot: Authy's users/{id}/delete and users/delete/{id} overlap, and
// it would redirect where Authy says that it does not know the URL.
type router struct {
	bySize map[int][]entry // number of path parts → routes, in table order
}

type entry struct {
	route *route
	parts []string
}

func newRouter(routes []route) *router {
	rt := &router{bySize: map[int][]entry{}}
	for i := range routes {
		parts := strings.Split(routes[i].pattern, "/")
		rt.bySize[len(parts)] = append(rt.bySize[len(parts)], entry{&routes[i], parts})
	}
	return rt
}

func (rt *router) find(r *http.Request) (*route, []pathArg) {
	// The escaped path, so that an id may hold an escaped slash.
	parts := strings.Split(oneSlash(r.URL.EscapedPath()), "/")
	for _, e := range rt.bySize[len(parts)] {
		if e.route.method == r.Method {
			if args, ok := e.match(parts); ok {
				return e.route, args
			}
		}
	}
	return nil, nil
}

// oneSlash is a path that begins with one slash: go-authy's begin with two, which the service takes for one.
func oneSlash(path string) string { return "/" + strings.TrimLeft(path, "/") }

func (e entry) match(parts []string) ([]pathArg, bool) {
	var args []pathArg
	for i, want := range e.parts {
		if !strings.HasPrefix(want, "{") {
			if parts[i] != want {
				return nil, false
			}
			continue
		}
		value, err := url.PathUnescape(parts[i])
		if err != nil || value == "" {
			return nil, false
		}
		args = append(args, pathArg{want[1 : len(want)-1], value})
	}
	return args, true
}
