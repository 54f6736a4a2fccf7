package sandbox

import (
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/authysh/authysh/authy"
)

// Request is one request to the API, as the log shows it.
type Request struct {
	// ID counts from 1.
	ID   int64     `json:"id"`
	Time time.Time `json:"time"` // by the real clock
	// App is the application's name; empty when the key opened none.
	App       string `json:"app"`
	Operation string `json:"operation"` // name in the catalogue; empty for what it lacks
	Method    string `json:"method"`
	Path      string `json:"path"`
	// Parameters are those of query and body together; keys are never shown.
	Parameters map[string]any `json:"parameters"`
	Status     int            `json:"status"`
	ErrorCode  int            `json:"error_code"` // 0 for none
	Millis     float64        `json:"duration_ms"`
	Remote     string         `json:"remote"`
	UserAgent  string         `json:"user_agent"`
	Answer     any            `json:"answer"` // decoded; text when it is no JSON, null when it is too long or a picture
	// Faults are the numbers of the rules that fired.
	Faults   []int  `json:"faults"`
	Scenario string `json:"scenario"`
}

// mask stands for what is not shown.
const mask = "***"

// maxLogged bounds what the log keeps of one request or answer.
const maxLogged = 4096

// exchange is a request as it is kept; what is to be hidden is decided when it is looked at.
type exchange struct {
	Request
	route  *route
	args   []pathArg
	params params // nil when too large
	answer []byte
}

// requestLog keeps the last requests of all applications.
type requestLog struct {
	mu   sync.Mutex
	kept *ring[*exchange]
}

func (l *requestLog) add(x *exchange) {
	l.mu.Lock()
	defer l.mu.Unlock()
	x.ID = l.kept.total + 1
	l.kept.add(x)
}

// credentials are parameters that nobody is shown.
var credentials = []string{"api_key", "access_key", "app_api_key"}

// view is what may be shown.
func (x *exchange) view(unmasked bool) Request {
	r := x.Request
	privacy := authy.Privacy{}
	if x.route != nil && x.route.operation != nil {
		privacy = x.route.operation.Privacy()
	}
	r.Path = x.path(privacy, unmasked)
	r.Parameters = map[string]any{}
	if x.params != nil {
		hide := func(name string) bool {
			return slices.Contains(credentials, name) || !unmasked && (privacy.Request[name] || x.unknown())
		}
		r.Parameters = hidden(map[string]any(x.params), hide).(map[string]any)
	}
	if len(x.answer) > 0 {
		dec := json.NewDecoder(strings.NewReader(string(x.answer)))
		dec.UseNumber()
		var v any
		if dec.Decode(&v) != nil {
			v = string(x.answer)
			if !unmasked {
				v = nil
			}
		}
		r.Answer = hidden(v, func(name string) bool {
			return !unmasked && (privacy.Answer[name] || privacy.Request[name])
		})
	}
	if r.Faults == nil {
		r.Faults = []int{}
	}
	return r
}

// unknown reports that nothing tells which parameters are harmless.
func (x *exchange) unknown() bool { return x.route == nil || x.route.operation == nil }

func (x *exchange) path(privacy authy.Privacy, unmasked bool) string {
	if x.route == nil {
		return mask // it can hold anything
	}
	parts := strings.Split(strings.Trim(x.route.pattern, "/"), "/")
	for i, part := range parts {
		name, named := strings.CutPrefix(part, "{")
		if !named {
			continue
		}
		name = strings.TrimSuffix(name, "}")
		switch {
		case name == "api_key", !unmasked && (privacy.Segments[i] || name == "token" || name == "picture"):
			parts[i] = mask
		default:
			for _, a := range x.args {
				if a.name == name {
					parts[i] = a.value
				}
			}
		}
	}
	return "/" + strings.Join(parts, "/")
}

// hidden is a copy of decoded JSON with the values of some members masked.
func hidden(v any, hide func(string) bool) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for name, child := range v {
			if hide(name) && child != nil {
				out[name] = mask
				continue
			}
			out[name] = hidden(child, hide)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, child := range v {
			out[i] = hidden(child, hide)
		}
		return out
	}
	return v
}

// nameRoutes finds the catalogue's operation of each route, by method and path, or by its handler where the
// API has several paths for one thing.
func nameRoutes(routes []route) {
	type place struct{ method, path string }
	named := map[place]*authy.Operation{}
	for _, op := range authy.Operations() {
		named[place{op.Method, anonymous(op.Path)}] = &op
	}
	byHandler := map[uintptr]*authy.Operation{}
	for i := range routes {
		r := &routes[i]
		if op := named[place{r.method, anonymous(r.pattern)}]; op != nil {
			r.operation = op
			byHandler[r.identity()] = op
		}
	}
	for i := range routes {
		if r := &routes[i]; r.operation == nil && r.handle != nil {
			r.operation = byHandler[r.identity()]
		}
	}
}

// anonymous is a path whose parameters have no names.
func anonymous(path string) string {
	parts := strings.Split(path, "/")
	for i, part := range parts {
		if strings.HasPrefix(part, "{") {
			parts[i] = "{}"
		}
	}
	return strings.Join(parts, "/")
}

// Requests lists up to limit requests to the API, the latest first; 0 means [DefaultLimit]. Personal data is
// masked unless it is asked for; keys always are.
func (s *Service) Requests(limit int, unmasked bool) []Request {
	return s.FindRequests(RequestFilter{Page: Page{Limit: limit}}, unmasked)
}
