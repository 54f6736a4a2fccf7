package sandbox

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// Errors of the methods that act on the sandbox, matched with [errors.Is].
var (
	// ErrNotFound is returned for a user or an approval request that does not exist.
	ErrNotFound = errors.New("not found")
	// ErrNotPending is returned when an approval request was answered before or has expired.
	ErrNotPending = errors.New("not pending")
	// ErrInvalid is returned for an argument that breaks a rule; the message says which.
	ErrInvalid = errors.New("invalid")
)

// wants tells which messages a filter lets through.
func (a *application) wants(f OutboxFilter) func(Message) bool {
	digits := onlyDigits(f.Phone)
	return func(m Message) bool {
		return (f.AuthyID == 0 || m.AuthyID == f.AuthyID) &&
			(f.Channel == "" || m.Channel == f.Channel) &&
			(f.Phone == "" || digits != "" && samePhone(m, digits, a.users[m.AuthyID]))
	}
}

// samePhone compares digits with the whole number, or with the user's number without country code.
func samePhone(m Message, digits string, u *user) bool {
	if u != nil && u.phone.national == digits {
		return true
	}
	return m.Channel != ChannelEmail && onlyDigits(m.To) == digits || u != nil && onlyDigits(u.phone.e164()) == digits
}

func onlyDigits(s string) string {
	var b []byte
	for i := range len(s) {
		if s[i] >= '0' && s[i] <= '9' {
			b = append(b, s[i])
		}
	}
	return string(b)
}

// registerSDKApp is registerApp for an app that shows a registration token, which is spent.
func (a *application) registerSDKApp(id, os, ticket string, now time.Time) (User, error) {
	owner, _ := a.tickets.get(ticket)
	if owner == 0 || strconv.FormatInt(owner, 10) != id {
		return User{}, badParam("registration_token", "is unknown or was used before")
	}
	v, err := a.registerApp(id, os, now)
	if err == nil {
		a.tickets.put(ticket, 0)
	}
	return v, err
}

// registerApp gives a user the app on one more device.
func (a *application) registerApp(id, os string, now time.Time) (User, error) {
	u, err := a.present(id)
	if err != nil {
		return User{}, err
	}
	if os == "" {
		os = defaultOS
	}
	if !slices.Contains(deviceSystems, os) {
		return User{}, badParam("os_type", "'"+clip(os)+"' is not a known system")
	}
	a.addDevice(u, os, now)
	a.tellUser(u)
	return a.view(u, now), nil
}

func (a *application) setSuspended(id string, suspended bool, now time.Time) (User, error) {
	u, err := a.find(id)
	if err != nil {
		return User{}, err
	}
	u.suspended, u.failures = suspended, 0
	a.tellUser(u)
	return a.view(u, now), nil
}

// run calls f with the application locked and up to date, for the methods below.
func run[T any](x *Application, subject string, f func(a *application, now time.Time) (T, error)) (T, error) {
	var v T
	err := x.service.transact(x.app, nil, func(now time.Time) error {
		var err error
		v, err = f(x.app, now)
		return err
	})
	if err == nil {
		return v, nil
	}
	cause := ErrInvalid
	if _, lost := errors.AsType[*lostError](err); lost {
		cause = err
	}
	if refused, ok := err.(*refusal); ok {
		switch {
		case refused.code == codeApprovalDone:
			cause = ErrNotPending
		case refused.httpStatus() == http.StatusNotFound:
			cause = ErrNotFound
		default:
			cause = fmt.Errorf("%w: %s", ErrInvalid, refused.Error())
		}
	}
	return v, fmt.Errorf("sandbox: %s: %w", subject, cause)
}

func subject(id int64) string { return "user " + strconv.FormatInt(id, 10) }

// Outbox lists what was sent, the latest first.
func (x *Application) Outbox(f OutboxFilter) []Message {
	out, _ := run(x, "outbox", func(a *application, _ time.Time) ([]Message, error) {
		found, _ := a.findMessages(f)
		return viewed(found, same), nil
	})
	return out
}

// Users lists up to limit users, the newest first; 0 means [DefaultLimit].
func (x *Application) Users(limit int) []User {
	return x.FindUsers(UserFilter{Page: Page{Limit: limit}})
}

// User gives one user, or [ErrNotFound].
func (x *Application) User(id int64) (User, error) {
	return run(x, subject(id), func(a *application, now time.Time) (User, error) {
		u, err := a.find(strconv.FormatInt(id, 10))
		if err != nil {
			return User{}, err
		}
		return a.view(u, now), nil
	})
}

// SetSuspended suspends a user or lifts the suspension; both clear the count of wrong tokens.
func (x *Application) SetSuspended(id int64, suspended bool) (User, error) {
	return run(x, subject(id), func(a *application, now time.Time) (User, error) {
		return a.setSuspended(strconv.FormatInt(id, 10), suspended, now)
	})
}

// RegisterApp gives a user the Authy app on a device of the given system, such as "android" (the default
// for an empty os) or "iphone". From then on texts without force are ignored, and the app's tokens count.
func (x *Application) RegisterApp(id int64, os string) (User, error) {
	return run(x, subject(id), func(a *application, now time.Time) (User, error) {
		return a.registerApp(strconv.FormatInt(id, 10), os, now)
	})
}

// Approvals lists up to limit approval requests, the latest first; 0 means [DefaultLimit].
func (x *Application) Approvals(limit int) []Approval {
	return x.FindApprovals(ApprovalFilter{Page: Page{Limit: limit}})
}

// Approve answers an approval request as its user; [ErrNotPending] if it is too late for that.
func (x *Application) Approve(uuid string) (Approval, error) { return x.answer(uuid, statusApproved) }

// Deny answers an approval request as its user; [ErrNotPending] if it is too late for that.
func (x *Application) Deny(uuid string) (Approval, error) { return x.answer(uuid, statusDenied) }

func (x *Application) answer(uuid, status string) (Approval, error) {
	return run(x, "approval request "+clip(uuid), func(a *application, now time.Time) (Approval, error) {
		p, err := a.answer(uuid, status, now)
		if err != nil {
			return Approval{}, err
		}
		return viewApproval(p, now), nil
	})
}

// CompleteRegistration does what scanning an application's registration QR code does.
//
// It makes a user who has the app but neither phone nor e-mail, unless the id was completed before.
func (x *Application) CompleteRegistration(customUserID string) (Registration, error) {
	return run(x, "registration", func(a *application, now time.Time) (Registration, error) {
		return a.completeRegistration(customUserID, now)
	})
}

// Activities lists up to limit activities, the latest first; 0 means [DefaultLimit].
func (x *Application) Activities(limit int) []Activity {
	return x.FindActivities(ActivityFilter{Page: Page{Limit: limit}})
}
