package sandbox

import (
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/authysh/authysh/authy"
)

// webhook is a subscription to an account's events; the JSON form is that of Authy's answers.
type webhook struct {
	ID         string   `json:"id"`
	Name       string   `json:"name"`
	AccountSID string   `json:"account_sid"`
	ServiceID  string   `json:"service_id"`
	URL        string   `json:"url"`
	SigningKey string   `json:"signing_key"`
	Events     []string `json:"events"`
	Created    string   `json:"creation_date"`
}

// maxWebhookName is the bound that the Go client keeps; Authy's is not known.
const maxWebhookName = 255

func createWebhook(a *application, rq *request) (any, error) {
	name := rq.params.text("name")
	if n := utf8.RuneCountInString(name); n < 1 || n > maxWebhookName {
		return nil, badWebhook("name must be 1 to " + strconv.Itoa(maxWebhookName) + " characters")
	}
	target := rq.params.text("url")
	if !isHTTP(target) {
		return nil, badWebhook("url must be a whole http or https URL in ASCII without spaces")
	}
	var events []string
	for _, v := range rq.params.list("events") {
		event, _ := scalar(v)
		if !slices.Contains(authy.WebhookEvents, event) {
			return nil, badWebhook("event '" + clip(event) + "' is unknown")
		}
		if !slices.Contains(events, event) {
			events = append(events, event)
		}
	}
	if len(events) == 0 {
		return nil, badWebhook("events are required")
	}
	if len(a.webhooks) >= maxWebhooks {
		return nil, badWebhook("there are " + strconv.Itoa(maxWebhooks) + " already")
	}
	hook := webhook{
		ID:         "WH_" + a.random.uuid(),
		Name:       name,
		AccountSID: a.account,
		ServiceID:  a.serial(),
		URL:        target,
		SigningKey: "whk-" + a.random.key(40),
		Events:     events,
		Created:    rq.now.Format(time.RFC3339),
	}
	a.note(kindWebhooks, "")
	a.webhooks = append(a.webhooks, hook)
	return object{{"webhook", hook}, {"message", "Webhook created"}, {"success", true}}, nil
}

func badWebhook(reason string) error {
	return &refusal{code: codeWebhookCreate, message: "Webhook could not be created: " + reason}
}

func listWebhooks(a *application, _ *request) (any, error) {
	return object{{"webhooks", append([]webhook{}, a.webhooks...)}, {"success", true}}, nil
}

// deleteWebhook takes the id from the path or, as an older vendor sample sends it, from the parameters.
func deleteWebhook(a *application, rq *request) (any, error) {
	id := rq.arg("webhook_id")
	if id == "" {
		id = rq.params.text("webhook_id")
	}
	i := slices.IndexFunc(a.webhooks, func(h webhook) bool { return h.ID == id })
	if i < 0 {
		return nil, fail(codeWebhookDelete)
	}
	a.note(kindWebhooks, "")
	a.webhooks = slices.Delete(a.webhooks, i, i+1)
	return success("Webhook deleted"), nil
}
