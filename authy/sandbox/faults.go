package sandbox

import (
	"fmt"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/authysh/authysh/authy/sandbox/fault"
)

// ScenarioHeader forces a fault or an error for the one request that carries it. Its value is what a rule
// would do, such as "latency=2s, json=truncated", or the number of an error code, such as "60017".
const ScenarioHeader = "X-Sandbox-Scenario"

// WithFaults lets things go wrong from the start; see [fault.Rule].
func WithFaults(rules ...fault.Rule) Option {
	return func(c *config) error {
		c.faults = append(c.faults, rules...)
		return nil
	}
}

// WithFaultFile is [WithFaults] with the rules of a YAML file, a list of objects or lines.
func WithFaultFile(path string) Option {
	return func(c *config) error {
		text, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("fault file: %w", err)
		}
		rules, err := fault.ParseYAML(text)
		if err != nil {
			return fmt.Errorf("fault file %s: %w", path, err)
		}
		c.faults = append(c.faults, rules...)
		return nil
	}
}

// AddFault adds a rule; it holds from the next request on.
func (s *Service) AddFault(r fault.Rule) (fault.Status, error) {
	if err := checkCode(r.Code); err != nil {
		return fault.Status{}, err
	}
	if r.App != "" {
		if _, err := s.App(r.App); err != nil {
			return fault.Status{}, &fault.Error{Field: "app", Reason: "there is no application " + strconv.Quote(clip(r.App)) + s.whichApp(r.App)}
		}
	}
	status, err := s.faults.Add(r)
	if err == nil {
		s.tellFaults()
	}
	return status, err
}

// Faults lists the rules with how often each fired.
func (s *Service) Faults() []fault.Status { return s.faults.List() }

// DeleteFault removes a rule; [ErrNotFound] if there is none with this number.
func (s *Service) DeleteFault(id int) error {
	if !s.faults.Delete(id) {
		return fmt.Errorf("sandbox: fault rule %d: %w", id, ErrNotFound)
	}
	s.tellFaults()
	return nil
}

// SwitchFault turns a rule off or on again; it keeps its counts.
func (s *Service) SwitchFault(id int, on bool) (fault.Status, error) {
	status, ok := s.faults.Switch(id, on)
	if !ok {
		return status, fmt.Errorf("sandbox: fault rule %d: %w", id, ErrNotFound)
	}
	s.tellFaults()
	return status, nil
}

// ClearFaults removes all rules.
func (s *Service) ClearFaults() {
	s.faults.Clear()
	s.tellFaults()
}

func (s *Service) tellFaults() {
	s.hub.publish(EventFault, "", struct{}{})
}

// checkCode refuses codes that the API does not have; 0 is none.
func checkCode(n int) error {
	if _, _, known := code(n).known(); n != 0 && !known {
		return &fault.Error{Field: "code", Reason: fmt.Sprintf("%d is not an error code of the API", n)}
	}
	return nil
}

// effect says what is to happen to a request, by its scenario and by the rules.
func (s *Service) effect(route *route, rq *request, x *exchange) (fault.Effect, error) {
	scenario := rq.Header.Get(ScenarioHeader)
	if scenario == "" && s.faults.Empty() || route.access == byInspector || route.access == byLink {
		return fault.Effect{}, nil
	}
	if scenario != "" {
		x.Scenario = clip(scenario)
		e, err := fault.ParseScenario(scenario)
		if err == nil {
			err = checkCode(e.Code)
		}
		if err != nil {
			return e, badRequest(ScenarioHeader + ": " + strings.TrimPrefix(err.Error(), "fault rule: "))
		}
		return e.Picked(), nil
	}
	e, fired := s.faults.Match(s.describe(route, rq))
	x.Faults = fired
	if len(fired) > 0 {
		s.tellFaults()
	}
	return e, nil
}

// describe is a request as rules see it.
func (s *Service) describe(route *route, rq *request) fault.Request {
	a := rq.app
	f := fault.Request{Path: oneSlash(rq.URL.Path), App: a.name, AppID: a.serial(), User: rq.arg("id")}
	if route.operation != nil {
		f.Operation = route.operation.Name
	}
	f.Key = a.keys[0]
	for _, given := range []string{rq.Header.Get("X-Authy-API-Key"), rq.params.text("api_key"), rq.arg("api_key"), rq.params.text("app_api_key")} {
		if slices.Contains(a.keys, given) {
			f.Key = given
		}
	}
	if f.User == "" {
		f.User = rq.params.text("authy_id")
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if p, ok := a.approvals.byKey[strings.ToLower(rq.arg("uuid"))]; ok {
		f.User = strconv.FormatInt(p.authyID, 10)
	}
	if u := a.users[number(f.User)]; u != nil {
		f.Phone = u.phone.e164()
	} else if ph, bad := parsePhone(rq.params.text("country_code"), rq.params.text("phone_number")); bad == phoneOK {
		f.Phone = ph.e164()
	} else if ph, bad := parsePhone(rq.params.text("user", "country_code"), rq.params.text("user", "cellphone")); bad == phoneOK {
		f.Phone = ph.e164()
	}
	return f
}

// instead is the answer of a fault that stands in for carrying the request out.
func instead(e fault.Effect) error {
	f := &refusal{code: code(e.Code), status: e.Status}
	if e.Code == 0 {
		f.code = codeInternal
		if e.Status == http.StatusTooManyRequests || e.Status == 0 && e.RetryAfter != 0 {
			f.code = codeTooMany
		}
	}
	f.retryAfter = time.Duration(e.RetryAfter)
	switch f.code { // what these have beside the usual
	case codeTokenInvalid, codeTokenReused:
		f.extra = object{{"token", "is invalid"}}
	case codeApprovalNotFound:
		f.bare = true
	case codeUserInvalid:
		f.fields = map[string]string{"cellphone": "is invalid"}
	}
	return f
}
