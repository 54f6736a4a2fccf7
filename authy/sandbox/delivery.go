package sandbox

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"
)

// Delivery says how callbacks and webhooks are delivered; zero fields mean the defaults.
type Delivery struct {
	// Timeout bounds one attempt. Default 10 s.
	Timeout time.Duration
	// Retries is how many attempts follow a first one that failed, at most 19; negative is none. Default 5.
	Retries int
	// Backoff is the wait before the first retry; it doubles each time, up to a minute. Default 1 s.
	Backoff time.Duration
	// Transport sends the requests; nil means one of its own that follows the proxy of the environment.
	Transport http.RoundTripper
}

// maxBackoff bounds the wait between attempts.
const maxBackoff = time.Minute

// WithDelivery sets how callbacks and webhooks are delivered.
func WithDelivery(d Delivery) Option {
	return func(c *config) error {
		if d.Timeout < 0 || d.Backoff < 0 {
			return errors.New("delivery: timeout and backoff must not be negative")
		}
		if d.Retries >= maxAttempts {
			return fmt.Errorf("delivery: retries must be at most %d, got %d", maxAttempts-1, d.Retries)
		}
		c.delivery = d
		return nil
	}
}

// filled has the defaults in place of zeros.
func (d Delivery) filled() Delivery {
	if d.Timeout == 0 {
		d.Timeout = 10 * time.Second
	}
	switch {
	case d.Retries == 0:
		d.Retries = 5
	case d.Retries < 0:
		d.Retries = 0
	}
	if d.Backoff == 0 {
		d.Backoff = time.Second
	}
	return d
}

// wait is how long to wait after a number of failed attempts.
func (d Delivery) wait(attempts int) time.Duration {
	return min(maxBackoff, d.Backoff<<min(attempts-1, 20))
}

// The kinds of deliveries.
const (
	DeliveryCallback = "callback" // the answer to an approval request
	DeliveryWebhook  = "webhook"
)

// The states of deliveries.
const (
	DeliveryPending   = "pending"
	DeliveryDelivered = "delivered" // answered with a status of 200 to 299
	DeliveryFailed    = "failed"    // all attempts are used up
	DeliveryDropped   = "dropped"   // by a fault
)

// maxAttempts is how many attempts of one delivery are remembered.
const maxAttempts = 20

// delivery is one callback or webhook on its way; the JSON form is also how it is kept.
type delivery struct {
	ID       int64     `json:"id"`
	Kind     string    `json:"kind"`
	Event    string    `json:"event"` // approved, denied, or the webhook's event
	AuthyID  int64     `json:"authy_id,omitempty"`
	Subject  string    `json:"subject,omitempty"` // the approval request's uuid or the webhook's id
	Method   string    `json:"method"`
	URL      string    `json:"url"` // without the fields of a GET callback
	Created  time.Time `json:"created_at"`
	State    string    `json:"state"`
	Attempts []Attempt `json:"attempts,omitempty"`

	// Content is what is told: the fields of a callback, the claims of a webhook.
	Content json.RawMessage `json:"content"`
}

// Attempt is one try to deliver, with what was sent and what came back.
type Attempt struct {
	Time   time.Time   `json:"time"`
	Method string      `json:"method"`
	URL    string      `json:"url"`
	Header http.Header `json:"header"`
	Body   string      `json:"body"`
	Status int         `json:"status"` // 0 when no answer came
	Answer string      `json:"answer"` // the first 4096 bytes
	Error  string      `json:"error"`
	Millis float64     `json:"duration_ms"`
}

// key is what the table knows a delivery by.
func (d *delivery) key() string { return strconv.FormatInt(d.ID, 10) }

// failures is how many attempts failed since the last that did not.
func (d *delivery) failures() int {
	n := 0
	for _, t := range slices.Backward(d.Attempts) {
		if t.ok() {
			break
		}
		n++
	}
	return n
}

func (t Attempt) ok() bool { return t.Status >= 200 && t.Status <= 299 }

// objects are the things that a webhook's event is about, by their kinds.
type objects map[string]object

// dispatch puts a delivery on its way once the request that caused it is done.
func (a *application) dispatch(d *delivery) {
	d.ID, d.State, d.Created = a.nextID(), DeliveryPending, a.turn.now
	a.deliveries.put(d.key(), d)
	a.turn.outgoing = append(a.turn.outgoing, d.ID)
	a.tell(EventCallback, viewDelivery(d))
}

// callBack tells the application how an approval request was answered.
func (a *application) callBack(p *approval) {
	if a.callback.target == "" {
		return
	}
	a.dispatch(&delivery{
		Kind: DeliveryCallback, Event: p.status, AuthyID: p.authyID, Subject: p.uuid,
		Method: a.callback.verb(), URL: a.callback.target, Content: compact(a.callbackFields(p)),
	})
}

// callbackFields is the body of a callback. Identifiers are texts and values plain where the clients'
// verifiers differ, so that all of them accept it.
func (a *application) callbackFields(p *approval) map[string]any {
	device := map[string]any{
		"id": 0, "os_type": "sandbox", "city": "", "country": "", "region": "", "ip": "127.0.0.1",
		"registration_city": "", "registration_country": "", "registration_region": "", "registration_ip": "127.0.0.1",
		"registration_method": "sms", "registration_date": p.created.Unix(), "last_sync_date": p.processed.Unix(),
		"last_account_recovery_at": nil,
	}
	if u := a.users[p.authyID]; u != nil && u.registered() {
		d := u.devices[len(u.devices)-1]
		device["id"], device["os_type"], device["registration_date"] = d.id, d.os, d.created.Unix()
	}
	var expires int64
	if end := p.expires(); !end.IsZero() {
		expires = end.Unix()
	}
	var pictures any
	if len(p.logos) > 0 {
		var list []any
		for _, l := range p.logos {
			list = append(list, map[string]any{"res": l.Res, "url": l.URL})
		}
		pictures = list
	}
	return map[string]any{
		"authy_id":        p.authyID,
		"device_uuid":     fmt.Sprint(device["id"]), // a text, for authy-client
		"callback_action": "approval_request_status",
		"uuid":            p.uuid,
		"status":          p.status,
		"signature":       a.deviceSignature(p),
		"device":          device,
		"approval_request": map[string]any{
			"app_id":               a.mongoID,
			"expiration_timestamp": expires,
			"logos":                pictures,
			"transaction": map[string]any{
				"details":             plain(p.details),
				"hidden_details":      plain(p.hidden),
				"device_details":      map[string]any{},
				"device_geolocation":  "",
				"device_signing_time": p.processed.Unix(),
				"encrypted":           false,
				"flagged":             false,
				"message":             p.message,
				"reason":              "",
				"requester_details":   "",
				"status":              p.status,
				"uuid":                p.uuid,
				"created_at_time":     p.created.Unix(),
				"customer_uuid":       a.serial(),
			},
		},
	}
}

func plain(m map[string]string) map[string]any {
	out := make(map[string]any, len(m))
	for k, v := range m {
		out[k] = v
	}
	return out
}

// deviceSignature stands for the device's RSA signature: 256 bytes that nobody can check.
func (a *application) deviceSignature(p *approval) string {
	return base64.StdEncoding.EncodeToString(a.random.bytes(256))
}

// emit tells the webhooks that asked for an event.
func (a *application) emit(event string, about func() objects) {
	for _, hook := range a.webhooks {
		if !slices.Contains(hook.Events, event) {
			continue
		}
		all := map[string]any{"app": object{{"s_id", a.serial()}, {"s_account_sid", a.account}}}
		for name, o := range about() {
			all[name] = o
		}
		a.dispatch(&delivery{
			Kind: DeliveryWebhook, Event: event, Subject: hook.ID, Method: http.MethodPost, URL: hook.URL,
			Content: compact(object{
				{"webhook_id", hook.ID},
				{"events", []any{object{
					{"event", event},
					{"time", a.turn.now.Format(time.RFC3339)},
					{"objects", all},
					{"request", object{{"id", a.random.uuid()}, {"ip", a.turn.ip()}}},
					{"public", true},
				}}},
			}),
		})
	}
}

func (u *user) object() object {
	o := append(object{{"s_authy_id", strconv.FormatInt(u.id, 10)}}, u.phone.object()...)
	return append(o, member{"b_banned", u.suspended})
}

func (p phone) object() object {
	if p.code == 0 {
		return object{}
	}
	return object{{"s_country_code", p.countryCode()}, {"s_phone_number", p.national}}
}

func (v *verification) object(now time.Time) object {
	return append(v.phone.object(),
		member{"s_id", v.uuid},
		member{"i_code_length", utf8.RuneCountInString(v.code)},
		member{"i_seconds_to_expire", v.left(now)},
		member{"s_status", v.status(now)},
	)
}

func (p *approval) object() object {
	o := object{
		{"s_uuid", p.uuid},
		{"s_status", p.status},
		{"i_seconds_to_expire", p.seconds},
		{"s_device_geolocation", ""},
		{"s_device_signing_time", strconv.FormatInt(p.processed.Unix(), 10)},
	}
	if end := p.expires(); !end.IsZero() {
		o = append(o, member{"i_expiration_timestamp", end.Unix()})
	}
	return o
}

// signingKey is the webhook's, empty once it was deleted.
func (a *application) signingKey(id string) string {
	for _, hook := range a.webhooks {
		if hook.ID == id {
			return hook.SigningKey
		}
	}
	return ""
}
