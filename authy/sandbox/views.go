package sandbox

import (
	"maps"
	"time"
)

// User is what the sandbox knows about a user; its JSON form is an element of GET /sandbox/users.
type User struct {
	ID int64 `json:"id"`
	// Phone is in E.164 form; empty for a user who registered by QR code.
	Phone string `json:"phone"`
	// CustomUserID is the application's own id of a user who registered by QR code; empty for others.
	CustomUserID string    `json:"custom_user_id"`
	CountryCode  int       `json:"country_code"`
	Emails       []string  `json:"emails"`
	Created      time.Time `json:"created_at"`
	Confirmed    bool      `json:"confirmed"`
	Registered   bool      `json:"registered"`
	Devices      []Device  `json:"devices"`
	Suspended    bool      `json:"suspended"`
	// Failures is how many wrong tokens were entered since the last right one.
	Failures int `json:"failures"`
	// Leaving reports that the user was deleted and will be gone soon.
	Leaving bool `json:"account_disabled"`
	// AppToken is what the Authy app shows now; empty while the user has no app. AppTokenSeconds is how long
	// it goes on showing it; 0 with no token.
	AppToken        string `json:"app_token"`
	AppTokenSeconds int    `json:"app_token_seconds"`
	// GenericToken is what another authenticator app shows now, and for how long; empty until a secret was made.
	GenericToken        string `json:"generic_token"`
	GenericTokenSeconds int    `json:"generic_token_seconds"`
}

// Device is one installation of the Authy app.
type Device struct {
	ID      int64     `json:"id"`
	OS      string    `json:"os_type"`
	Created time.Time `json:"created_at"`
}

// Approval is an approval request as its user sees it, and more; its JSON form is an element of
// GET /sandbox/approvals.
type Approval struct {
	// ID orders approval requests; the API itself knows them by UUID.
	ID      int64             `json:"id"`
	UUID    string            `json:"uuid"`
	AuthyID int64             `json:"authy_id"`
	Status  string            `json:"status"`
	Message string            `json:"message"`
	Details map[string]string `json:"details"`
	Hidden  map[string]string `json:"hidden_details"`
	Logos   []Logo            `json:"logos"`
	// SecondsToExpire is 0 for a request that never expires.
	SecondsToExpire int       `json:"seconds_to_expire"`
	Created         time.Time `json:"created_at"`
	// Expires is nil for a request that never expires, Processed is nil while it is pending.
	Expires   *time.Time `json:"expires_at"`
	Processed *time.Time `json:"processed_at"`
}

// DefaultLimit is how many elements a listing gives when its limit is 0.
const DefaultLimit = 100

// OutboxFilter narrows [Service.Outbox]; zero fields do not.
type OutboxFilter struct {
	AuthyID int64
	Phone   string // E.164 with or without "+", separators allowed, or the national number alone
	Channel Channel
	Limit   int // 0 means DefaultLimit
	// Before and After are exclusive bounds of the messages' ids; 0 means none.
	Before, After int64
}

func (a *application) view(u *user, now time.Time) User {
	v := User{
		ID: u.id, Phone: u.phone.e164(), CustomUserID: u.custom, CountryCode: u.phone.code,
		Emails: append([]string{}, u.emails...), Created: u.created,
		Confirmed: u.confirmed, Registered: u.registered(), Devices: []Device{},
		Suspended: u.suspended, Failures: u.failures, Leaving: u.leaving(),
	}
	for _, d := range u.devices {
		v.Devices = append(v.Devices, Device{ID: d.id, OS: d.os, Created: d.created})
	}
	if u.registered() {
		kind := appTOTP(a.config.tokenDigits)
		v.AppToken, v.AppTokenSeconds = kind.now(u.appSecret, now), kind.left(now)
	}
	if u.genericSecret != nil {
		v.GenericToken, v.GenericTokenSeconds = genericTOTP.now(u.genericSecret, now), genericTOTP.left(now)
	}
	return v
}

func viewApproval(p *approval, now time.Time) Approval {
	status, processed := p.at(now)
	v := Approval{
		ID: p.number, UUID: p.uuid, AuthyID: p.authyID, Status: status, Message: p.message,
		Details: maps.Clone(p.details), Hidden: maps.Clone(p.hidden), Logos: append([]Logo{}, p.logos...),
		SecondsToExpire: p.seconds, Created: p.created,
	}
	if v.Details == nil {
		v.Details = map[string]string{}
	}
	if v.Hidden == nil {
		v.Hidden = map[string]string{}
	}
	if end := p.expires(); !end.IsZero() {
		v.Expires = &end
	}
	if !processed.IsZero() {
		v.Processed = &processed
	}
	return v
}
