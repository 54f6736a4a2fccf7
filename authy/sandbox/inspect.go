package sandbox

import (
	"errors"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxLimit bounds the limit parameter of listings.
const maxLimit = 10_000

// checkOrigin keeps web pages away from codes and secrets: a page whose name was pointed at this machine
// shows up with its own name as Host, and a page elsewhere with its own Origin.
func (s *Service) checkOrigin(rq *request) error {
	if !s.trustedHost(rq.Request) {
		return &refusal{code: codeNotAuthorized, message: "Action not authorized: the Host header does not name this machine: call it localhost or by its address"}
	}
	if origin := rq.Header.Get("Origin"); origin != "" && origin != rq.origin() {
		return &refusal{code: codeNotAuthorized, message: "Action not authorized: the request comes from another site"}
	}
	return nil
}

func (s *Service) trustedHost(r *http.Request) bool {
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.ToLower(strings.Trim(host, "[]"))
	if loopback(host) || slices.Contains(s.config.hosts, host) {
		return true
	}
	// The address that the connection came in on: no foreign page has that as its name.
	local, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
	ip, err := netip.ParseAddr(host)
	return ok && err == nil && ip.Unmap() == local.AddrPort().Addr().Unmap()
}

func inspectOutbox(a *application, rq *request) (any, error) {
	limit, err := rq.params.integer("limit", DefaultLimit, 1, maxLimit)
	if err != nil {
		return nil, err
	}
	f, err := outboxFilter(rq)
	if err != nil {
		return nil, err
	}
	f.Limit = limit
	found, _ := a.findMessages(f)
	return object{{"outbox", viewed(found, same)}, {"success", true}}, nil
}

func outboxFilter(rq *request) (OutboxFilter, error) {
	id, err := rq.authyID()
	f := OutboxFilter{AuthyID: id, Phone: rq.params.text("phone"), Channel: Channel(rq.params.text("channel"))}
	channels := []Channel{"", ChannelSMS, ChannelCall, ChannelEmail, ChannelPush, ChannelVerification}
	if err == nil && !slices.Contains(channels, f.Channel) {
		err = badParam("channel", "must be sms, call, email, push or verification")
	}
	return f, err
}

// authyID reads the filter authy_id; 0 when absent.
func (rq *request) authyID() (int64, error) {
	s := rq.params.text("authy_id")
	if s == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n <= 0 {
		return 0, badParam("authy_id", "'"+clip(s)+"' is not a valid Integer")
	}
	return n, nil
}

func inspectUsers(a *application, rq *request) (any, error) {
	limit, err := rq.params.integer("limit", DefaultLimit, 1, maxLimit)
	if err != nil {
		return nil, err
	}
	found, _ := a.findUsers(UserFilter{Page: Page{Limit: limit}})
	return object{{"users", viewed(found, func(u *user) User { return a.view(u, rq.now) })}, {"success", true}}, nil
}

func inspectUser(a *application, rq *request) (any, error) {
	u, err := a.find(rq.arg("id"))
	if err != nil {
		return nil, err
	}
	return named("user", a.view(u, rq.now), nil)
}

// named is the answer that holds one thing.
func named(name string, v any, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return object{{name, v}, {"success", true}}, nil
}

func inspectSuspend(a *application, rq *request) (any, error) {
	u, err := a.setSuspended(rq.arg("id"), true, rq.now)
	return named("user", u, err)
}

func inspectUnsuspend(a *application, rq *request) (any, error) {
	u, err := a.setSuspended(rq.arg("id"), false, rq.now)
	return named("user", u, err)
}

func inspectRegisterApp(a *application, rq *request) (any, error) {
	id, os := rq.arg("id"), rq.params.text("os_type")
	if ticket := rq.params.text("registration_token"); ticket != "" {
		u, err := a.registerSDKApp(id, os, ticket, rq.now)
		return named("user", u, err)
	}
	u, err := a.registerApp(id, os, rq.now)
	return named("user", u, err)
}

func inspectActivities(a *application, rq *request) (any, error) {
	limit, err := rq.params.integer("limit", DefaultLimit, 1, maxLimit)
	if err != nil {
		return nil, err
	}
	id, err := rq.authyID()
	if err != nil {
		return nil, err
	}
	found, _ := a.findActivities(ActivityFilter{id, Page{Limit: limit}})
	return object{{"activities", viewed(found, same)}, {"success", true}}, nil
}

func inspectApprovals(a *application, rq *request) (any, error) {
	limit, err := rq.params.integer("limit", DefaultLimit, 1, maxLimit)
	if err != nil {
		return nil, err
	}
	id, status, err := approvalFilter(rq)
	if err != nil {
		return nil, err
	}
	found, _ := a.findApprovals(ApprovalFilter{id, status, Page{Limit: limit}}, rq.now)
	return object{{"approvals", viewed(found, func(p *approval) Approval { return viewApproval(p, rq.now) })}, {"success", true}}, nil
}

func approvalFilter(rq *request) (id int64, status string, err error) {
	if id, err = rq.authyID(); err != nil {
		return 0, "", err
	}
	status = rq.params.text("status")
	if !slices.Contains([]string{"", statusPending, statusApproved, statusDenied, statusExpired}, status) {
		return 0, "", badParam("status", "must be pending, approved, denied or expired")
	}
	return id, status, nil
}

func inspectApprove(a *application, rq *request) (any, error) {
	return inspectAnswer(a, rq, statusApproved)
}

func inspectDeny(a *application, rq *request) (any, error) {
	return inspectAnswer(a, rq, statusDenied)
}

func inspectAnswer(a *application, rq *request, status string) (any, error) {
	p, err := a.answer(rq.arg("uuid"), status, rq.now)
	if err != nil {
		return nil, err
	}
	return named("approval", viewApproval(p, rq.now), nil)
}

func inspectRegistration(a *application, rq *request) (any, error) {
	reg, err := a.completeRegistration(rq.arg("custom_user_id"), rq.now)
	return named("registration", reg, err)
}

func inspectClock(s *Service, _ *request) (any, error) {
	return named("clock", s.clock.state(), nil)
}

// inspectSetClock takes real, set (RFC 3339, a date with or without a time, in UTC, or Unix seconds), advance (such as "10m", or seconds) and freeze.
func inspectSetClock(s *Service, rq *request) (any, error) {
	var change clockChange
	change.real, _ = rq.params.flag("real")
	if text := rq.params.text("set"); text != "" {
		t, err := parseTime(text)
		if err != nil {
			return nil, badParam("set", "must be a time like 2030-01-02T15:04:05Z, a date, or Unix seconds")
		}
		change.set = &t
	}
	if text := rq.params.text("advance"); text != "" {
		d, err := parseDuration(text)
		if err != nil {
			return nil, badParam("advance", "must be a duration like 90s, 10m or 24h, or seconds")
		}
		change.advance = &d
	}
	if on, given := rq.params.flag("freeze"); given {
		change.freeze = &on
	}
	if change == (clockChange{}) {
		return nil, badParam("set", "Parameter is required, or advance, or freeze, or real")
	}
	if err := s.changeClock(change); err != nil {
		status := http.StatusBadRequest
		if _, lost := errors.AsType[*lostError](err); lost {
			return nil, err
		}
		if errors.Is(err, ErrClockInjected) {
			status = http.StatusConflict
		}
		return nil, &refusal{code: codeRequest, status: status, message: "Invalid request: " + strings.TrimPrefix(err.Error(), "sandbox: ")}
	}
	return named("clock", s.clock.state(), nil)
}

func parseTime(s string) (time.Time, error) {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return time.Unix(n, 0), nil
	}
	for _, layout := range []string{time.DateOnly, "2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02T15:04:05", time.DateTime} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, nil
		}
	}
	return time.Parse(time.RFC3339, s)
}

func parseDuration(s string) (time.Duration, error) {
	if n, err := strconv.ParseInt(s, 10, 32); err == nil {
		return time.Duration(n) * time.Second, nil
	}
	return time.ParseDuration(s)
}

// inspectReset resets everything, or only the caller's application beside others; the clock is theirs, too.
func inspectReset(s *Service, rq *request) (any, error) {
	var err error
	if apps := s.seen(rq); len(apps) < len(s.apps) {
		err = s.reset(apps[0])
	} else {
		err = s.Reset()
	}
	if err != nil {
		return nil, err
	}
	return object{{"success", true}}, nil
}
