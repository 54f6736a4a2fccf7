package sandbox

import (
	"encoding/json"
	"time"
)

// The records below are how users, approval requests and the like are kept on disk and in exports. Members
// are added, never changed, so that older data stays readable.

type phoneRecord struct {
	Code     int    `json:"country_code,omitempty"`
	National string `json:"national,omitempty"`
}

func (p phone) record() phoneRecord { return phoneRecord{p.code, p.national} }

// phone reads the number again; one that the present numbering plans refuse keeps its digits.
func (r phoneRecord) phone() phone {
	if r.Code == 0 {
		return phone{}
	}
	p := phone{code: r.Code, national: r.National}
	if full, ok := possible("+"+p.countryCode()+r.National, r.Code); ok && full.national == r.National {
		return full
	}
	return p
}

type deviceRecord struct {
	ID      int64     `json:"id"`
	OS      string    `json:"os_type"`
	Created time.Time `json:"created_at"`
}

func deviceRecords(devices []device) []deviceRecord {
	var out []deviceRecord
	for _, d := range devices {
		out = append(out, deviceRecord{d.id, d.os, d.created})
	}
	return out
}

func devicesOf(records []deviceRecord) []device {
	var out []device
	for _, d := range records {
		out = append(out, device{d.ID, d.OS, d.Created})
	}
	return out
}

type issuedRecord struct {
	Code    string    `json:"code"`
	Action  string    `json:"action,omitempty"`
	Channel Channel   `json:"channel"`
	Expires time.Time `json:"expires_at"`
	Used    bool      `json:"used,omitempty"`
}

type windowRecord struct {
	Start time.Time `json:"start,omitzero"`
	Count int       `json:"count,omitempty"`
}

type userRecord struct {
	ID             int64          `json:"id"`
	MongoID        string         `json:"mongo_id"`
	Phone          phoneRecord    `json:"phone,omitzero"`
	Emails         []string       `json:"emails,omitempty"`
	Created        time.Time      `json:"created_at"`
	Updated        time.Time      `json:"updated_at"`
	Confirmed      bool           `json:"confirmed,omitempty"`
	Suspended      bool           `json:"suspended,omitempty"`
	Failures       int            `json:"failures,omitempty"`
	GoneAt         time.Time      `json:"gone_at,omitzero"`
	Devices        []deviceRecord `json:"devices,omitempty"`
	DeletedDevices []deviceRecord `json:"deleted_devices,omitempty"`
	AppSecret      []byte         `json:"app_secret"`
	GenericSecret  []byte         `json:"generic_secret,omitempty"`
	AppUsed        counters       `json:"app_used,omitempty"`
	GenericUsed    counters       `json:"generic_used,omitempty"`
	Tokens         []issuedRecord `json:"tokens,omitempty"`
	Requests       windowRecord   `json:"requests,omitzero"`
}

func (u *user) MarshalJSON() ([]byte, error) {
	r := userRecord{
		ID: u.id, MongoID: u.mongoID, Phone: u.phone.record(), Emails: u.emails,
		Created: u.created, Updated: u.updated, Confirmed: u.confirmed, Suspended: u.suspended,
		Failures: u.failures, GoneAt: u.goneAt,
		Devices: deviceRecords(u.devices), DeletedDevices: deviceRecords(u.deletedDevices),
		AppSecret: u.appSecret, GenericSecret: u.genericSecret, AppUsed: u.appUsed, GenericUsed: u.genericUsed,
		Requests: windowRecord{u.requests.start, u.requests.count},
	}
	for _, t := range u.tokens {
		r.Tokens = append(r.Tokens, issuedRecord{t.code, t.action, t.channel, t.expires, t.used})
	}
	return json.Marshal(r)
}

func (u *user) UnmarshalJSON(text []byte) error {
	var r userRecord
	if err := json.Unmarshal(text, &r); err != nil {
		return err
	}
	*u = user{
		id: r.ID, mongoID: r.MongoID, phone: r.Phone.phone(), emails: r.Emails,
		created: r.Created, updated: r.Updated, confirmed: r.Confirmed, suspended: r.Suspended,
		failures: r.Failures, goneAt: r.GoneAt,
		devices: devicesOf(r.Devices), deletedDevices: devicesOf(r.DeletedDevices),
		appSecret: r.AppSecret, genericSecret: r.GenericSecret, appUsed: r.AppUsed, genericUsed: r.GenericUsed,
		requests: window{r.Requests.Start, r.Requests.Count},
	}
	for _, t := range r.Tokens {
		u.tokens = append(u.tokens, issued{t.Code, t.Action, t.Channel, t.Expires, t.Used})
	}
	return nil
}

type approvalRecord struct {
	UUID      string            `json:"uuid"`
	MongoID   string            `json:"mongo_id"`
	AuthyID   int64             `json:"authy_id"`
	UserID    string            `json:"user_id"`
	Email     string            `json:"email"`
	Message   string            `json:"message"`
	Details   map[string]string `json:"details,omitempty"`
	Hidden    map[string]string `json:"hidden_details,omitempty"`
	Logos     []Logo            `json:"logos,omitempty"`
	Seconds   int               `json:"seconds_to_expire"`
	Notified  bool              `json:"notified,omitempty"`
	Created   time.Time         `json:"created_at"`
	Processed time.Time         `json:"processed_at,omitzero"`
	Status    string            `json:"status"`
	Number    int64             `json:"number,omitempty"`
}

func (p *approval) MarshalJSON() ([]byte, error) {
	return json.Marshal(approvalRecord{
		p.uuid, p.mongoID, p.authyID, p.userID, p.email, p.message, p.details, p.hidden, p.logos,
		p.seconds, p.notified, p.created, p.processed, p.status, p.number,
	})
}

func (p *approval) UnmarshalJSON(text []byte) error {
	var r approvalRecord
	if err := json.Unmarshal(text, &r); err != nil {
		return err
	}
	*p = approval{
		r.Number, r.UUID, r.MongoID, r.AuthyID, r.UserID, r.Email, r.Message, r.Details, r.Hidden, r.Logos,
		r.Seconds, r.Notified, r.Created, r.Processed, r.Status,
	}
	return nil
}

type verificationRecord struct {
	UUID     string       `json:"uuid"`
	Phone    phoneRecord  `json:"phone"`
	Code     string       `json:"code"`
	Started  time.Time    `json:"started_at"`
	Failures int          `json:"failures,omitempty"`
	Verified bool         `json:"verified,omitempty"`
	Starts   windowRecord `json:"starts,omitzero"`
}

func (v *verification) MarshalJSON() ([]byte, error) {
	return json.Marshal(verificationRecord{
		v.uuid, v.phone.record(), v.code, v.started, v.failures, v.verified, windowRecord{v.starts.start, v.starts.count},
	})
}

func (v *verification) UnmarshalJSON(text []byte) error {
	var r verificationRecord
	if err := json.Unmarshal(text, &r); err != nil {
		return err
	}
	*v = verification{
		r.UUID, r.Phone.phone(), r.Code, r.Started, r.Failures, r.Verified, window{r.Starts.Start, r.Starts.Count},
	}
	return nil
}

type textRecord struct {
	Outcome string    `json:"outcome,omitempty"`
	Created time.Time `json:"created_at"`
}

func (t *customText) MarshalJSON() ([]byte, error) {
	return json.Marshal(textRecord{t.outcome, t.created})
}

func (t *customText) UnmarshalJSON(text []byte) error {
	var r textRecord
	err := json.Unmarshal(text, &r)
	*t = customText{r.Outcome, r.Created}
	return err
}

type pictureRecord struct {
	Content string `json:"content"`
	Size    int    `json:"size"`
}

func (q qrCode) MarshalJSON() ([]byte, error) { return json.Marshal(pictureRecord{q.content, q.size}) }

func (q *qrCode) UnmarshalJSON(text []byte) error {
	var r pictureRecord
	err := json.Unmarshal(text, &r)
	*q = qrCode{r.Content, r.Size}
	return err
}

// appRecord is what an application remembers of itself.
type appRecord struct {
	Name           string        `json:"name"`
	Keys           []string      `json:"keys,omitempty"`
	Dashboard      DashboardKeys `json:"dashboard,omitzero"`
	ID             int           `json:"id,omitempty"`
	MongoID        string        `json:"mongo_id,omitempty"`
	Account        string        `json:"account,omitempty"`
	CallbackURL    string        `json:"callback_url,omitempty"`
	CallbackMethod string        `json:"callback_method,omitempty"`
	LastID         int64         `json:"last_id"`
	Starts         int           `json:"starts,omitempty"`
}
