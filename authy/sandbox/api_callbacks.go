package sandbox

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

func apiSetCallback(a *application, rq *request) (any, error) {
	target, method := rq.params.text("url"), rq.params.text("method")
	if err := checkCallback(target, method); err != nil {
		return nil, badParam("url", strings.TrimPrefix(err.Error(), "callback "))
	}
	a.callback = callback{target, method}
	return object{{"callback", object{{"url", target}, {"method", a.callback.verb()}}}, {"success", true}}, nil
}

// SetCallback changes where answers to approval requests are sent; an empty target stops it.
func (x *Application) SetCallback(target, method string) error {
	if err := checkCallback(target, method); err != nil {
		return err
	}
	_, err := run(x, "callback", func(a *application, _ time.Time) (struct{}, error) {
		a.callback = callback{target, method}
		return struct{}{}, nil
	})
	return err
}

// Sent is a callback or webhook with what became of it; its JSON form is an element of
// GET /sandbox/api/callbacks.
type Sent struct {
	ID int64 `json:"id"`
	// Kind is DeliveryCallback or DeliveryWebhook.
	Kind string `json:"kind"`
	// Event is "approved" or "denied", or the webhook's event.
	Event   string `json:"event"`
	AuthyID int64  `json:"authy_id"` // 0 for webhooks
	// Subject is the approval request's uuid or the webhook's id.
	Subject string    `json:"subject"`
	Method  string    `json:"method"`
	URL     string    `json:"url"`
	Created time.Time `json:"created_at"`
	// State is pending, delivered, failed or dropped.
	State string `json:"state"`
	// Content is what is told: the fields of a callback, the claims of a webhook.
	Content json.RawMessage `json:"content"`
	// Attempts are the latest 20, oldest first.
	Attempts []Attempt `json:"attempts"`
}

func viewDelivery(d *delivery) Sent {
	return Sent{
		d.ID, d.Kind, d.Event, d.AuthyID, d.Subject, d.Method, d.URL, d.Created, d.State, d.Content,
		append([]Attempt{}, d.Attempts...),
	}
}

func apiCallbacks(a *application, rq *request) (any, error) {
	p, err := rq.page()
	if err != nil {
		return nil, err
	}
	state := rq.params.text("state")
	if !slices.Contains([]string{"", DeliveryPending, DeliveryDelivered, DeliveryFailed, DeliveryDropped}, state) {
		return nil, badParam("state", "must be pending, delivered, failed or dropped")
	}
	found, more := a.findDeliveries(CallbackFilter{rq.params.text("subject"), state, p})
	return listed("callbacks", found, more, numberOfDelivery, viewDelivery), nil
}

func (a *application) sentDelivery(id string) (*delivery, error) {
	d, ok := a.deliveries.get(id)
	if !ok {
		return nil, &refusal{code: codeRequest, status: http.StatusNotFound, message: "Callback not found: " + clip(id)}
	}
	return d, nil
}

func apiCallback(a *application, rq *request) (any, error) {
	d, err := a.sentDelivery(rq.arg("id"))
	if err != nil {
		return nil, err
	}
	return named("callback", viewDelivery(d), nil)
}

func apiResend(a *application, rq *request) (any, error) {
	d, err := a.resend(rq.arg("id"))
	if err != nil {
		return nil, err
	}
	return named("callback", viewDelivery(d), nil)
}

// resend puts a delivery on its way once more, signed anew, under a number of its own.
func (a *application) resend(id string) (*delivery, error) {
	d, err := a.sentDelivery(id)
	if err != nil {
		return nil, err
	}
	again := *d
	again.Attempts = nil
	a.dispatch(&again)
	return &again, nil
}

// Callbacks lists up to limit callbacks and webhooks, the latest first; 0 means [DefaultLimit].
func (x *Application) Callbacks(limit int) []Sent {
	return x.FindCallbacks(CallbackFilter{Page: Page{Limit: limit}})
}

// Resend delivers a callback or webhook once more, signed anew; the result is the new one.
func (x *Application) Resend(id int64) (Sent, error) {
	return run(x, "callback "+strconv.FormatInt(id, 10), func(a *application, _ time.Time) (Sent, error) {
		d, err := a.resend(strconv.FormatInt(id, 10))
		if err != nil {
			return Sent{}, err
		}
		return viewDelivery(d), nil
	})
}
