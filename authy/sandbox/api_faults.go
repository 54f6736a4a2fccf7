package sandbox

import (
	"net/http"
	"slices"
	"strings"

	"github.com/authysh/authysh/authy/sandbox/fault"
)

// ownFaults are the rules that a caller may see and change: with an application's key those for it alone.
func (s *Service) ownFaults(rq *request) []fault.Status {
	return slices.DeleteFunc(s.faults.List(), func(r fault.Status) bool {
		return !rq.admin && !strings.EqualFold(r.App, rq.app.name)
	})
}

func apiFaults(s *Service, rq *request) (any, error) {
	return object{{"faults", s.ownFaults(rq)}, {"targets", fault.Targets()}, {"success", true}}, nil
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
