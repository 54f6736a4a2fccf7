package authy

import "context"

// CreateWebhookParams describes a webhook.
type CreateWebhookParams struct {
	Name   string   `json:"name" rule:"length 1-255" doc:"Name of the webhook."`
	URL    string   `json:"url" rule:"url" doc:"Where events are posted."`
	Events []string `json:"events" rule:"events" required:"" doc:"Events to post."`
}

// WebhookCreation is the answer to create_webhook.
type WebhookCreation struct {
	Answer
	Webhook Webhook `json:"webhook" doc:"The webhook."`
}

// Webhook posts account-level events to a URL, each as a JWT signed with SigningKey.
type Webhook struct {
	ID           string   `json:"id" doc:"Id for delete_webhook."`
	Name         string   `json:"name" doc:"Name of the webhook."`
	AccountSID   string   `json:"account_sid,omitempty" doc:"Twilio account."`
	ServiceID    ID       `json:"service_id,omitempty" doc:"Number of the application."`
	URL          string   `json:"url" doc:"Where events are posted."`
	SigningKey   string   `json:"signing_key,omitempty" private:"" doc:"Key that signs what is posted: keep it secret."`
	Events       []string `json:"events" doc:"Events that are posted."`
	CreationDate string   `json:"creation_date,omitempty" doc:"Creation, RFC 3339."`
}

func (w *WebhookCreation) essential() string {
	if w.Webhook.ID == "" {
		return "webhook.id"
	}
	return ""
}

var createWebhook = Route{Name: "create_webhook", Method: "POST", Path: "/dashboard/json/application/webhooks", Effect: Writes, form: true, signed: true}

// CreateWebhook asks Authy to post events to a URL. It needs the dashboard's access and signing keys.
func (c *Client) CreateWebhook(ctx context.Context, p CreateWebhookParams) (*WebhookCreation, error) {
	return do[WebhookCreation](ctx, c, createWebhook, p)
}

// ListWebhooksParams is empty: all webhooks are listed.
type ListWebhooksParams struct{}

// WebhookList is the answer to list_webhooks.
type WebhookList struct {
	Answer
	Webhooks []Webhook `json:"webhooks" doc:"The webhooks."`
}

func (l *WebhookList) essential() string {
	if l.Webhooks == nil {
		return "webhooks"
	}
	return ""
}

// listWebhooks sends its credentials as a form body although it is a GET, so that no key stands in a URL.
var listWebhooks = Route{Name: "list_webhooks", Method: "GET", Path: "/dashboard/json/application/webhooks", Effect: Reads, form: true, signed: true}

// ListWebhooks lists the application's webhooks. It needs the dashboard's access and signing keys.
func (c *Client) ListWebhooks(ctx context.Context, p ListWebhooksParams) (*WebhookList, error) {
	return do[WebhookList](ctx, c, listWebhooks, p)
}

// DeleteWebhookParams names a webhook.
type DeleteWebhookParams struct {
	ID string `json:"id" rule:"segment" doc:"Id from create_webhook or list_webhooks."`
}

// WebhookDeletion is the answer to delete_webhook.
type WebhookDeletion struct{ Answer }

var deleteWebhook = Route{Name: "delete_webhook", Method: "DELETE", Path: "/dashboard/json/application/webhooks/{id}", Effect: Deletes, form: true, signed: true}

// DeleteWebhook removes a webhook. It needs the dashboard's access and signing keys.
func (c *Client) DeleteWebhook(ctx context.Context, p DeleteWebhookParams) (*WebhookDeletion, error) {
	return do[WebhookDeletion](ctx, c, deleteWebhook, p)
}
