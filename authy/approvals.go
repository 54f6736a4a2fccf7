package authy

import (
	"context"
	"errors"
	"time"
)

// CreateApprovalRequestParams describes a push that asks a user to approve something.
type CreateApprovalRequestParams struct {
	AuthyID ID       `json:"authy_id" rule:"authy_id" doc:"Authy id from register_user."`
	Message string   `json:"message" rule:"length 1-144" private:"" doc:"Question shown to the user."`
	Details *Details `json:"details" doc:"Facts shown to the user and facts only stored."`
	Logos   []Logo   `json:"logos" rule:"logos" doc:"Logos to show; default should be among them."`
	// TTL is in seconds. Nil is Authy's default, 86400; zero never expires.
	TTL *int `json:"ttl" wire:"seconds_to_expire" rule:"seconds 0-" doc:"Seconds to answer; 0 never expires, 86400 by default."`
}

// Details are facts about an approval request. Keys have at most 20 characters; values are strings, numbers,
// booleans or objects of these.
type Details struct {
	Visible map[string]any `json:"visible" wire:"details" rule:"details" private:"" doc:"Facts shown to the user."`
	Hidden  map[string]any `json:"hidden" wire:"hidden_details" rule:"details" private:"" doc:"Facts stored but not shown."`
}

// Logo is an image shown with an approval request.
type Logo struct {
	Res string `json:"res" rule:"enum resolution" doc:"Resolution of the screens it is for."`
	URL string `json:"url" doc:"Absolute URI of the image."`
}

// ApprovalCreation is the answer to create_approval_request.
type ApprovalCreation struct {
	Answer
	ApprovalRequest CreatedApproval `json:"approval_request" doc:"The request."`
}

// CreatedApproval holds the id of a new approval request.
type CreatedApproval struct {
	UUID string `json:"uuid" doc:"Id for get_approval_request; callbacks carry it too."`
}

func (a *ApprovalCreation) essential() string {
	if a.ApprovalRequest.UUID == "" {
		return "approval_request.uuid"
	}
	return ""
}

var createApprovalRequest = Route{Name: "create_approval_request", Method: "POST", Path: "/onetouch/json/users/{authy_id}/approval_requests", Effect: Sends}

// CreateApprovalRequest pushes a question to a user's Authy app.
func (c *Client) CreateApprovalRequest(ctx context.Context, p CreateApprovalRequestParams) (*ApprovalCreation, error) {
	return do[ApprovalCreation](ctx, c, createApprovalRequest, p)
}

// GetApprovalRequestParams names an approval request.
type GetApprovalRequestParams struct {
	ID string `json:"id" rule:"segment" doc:"uuid from create_approval_request."`
}

// ApprovalRequest is the answer to get_approval_request.
type ApprovalRequest struct {
	Answer
	ApprovalRequest ApprovalDetails `json:"approval_request" doc:"The request."`
}

// ApprovalDetails is the state of an approval request.
type ApprovalDetails struct {
	UUID            string `json:"uuid" doc:"Id of the request."`
	Status          string `json:"status" doc:"pending, approved, denied or expired."`
	AuthyID         ID     `json:"_authy_id,omitempty" doc:"Authy id of the user."`
	UserEmail       string `json:"_user_email,omitempty" private:"" doc:"E-mail address of the user."`
	AppName         string `json:"_app_name,omitempty" doc:"Name of the application."`
	AppSerialID     ID     `json:"_app_serial_id,omitempty" doc:"Number of the application."`
	InternalID      string `json:"_id,omitempty" doc:"Internal id of the request."`
	AppID           string `json:"app_id,omitempty" doc:"Internal id of the application."`
	UserID          string `json:"user_id,omitempty" doc:"Internal id of the user."`
	CreatedAt       string `json:"created_at,omitempty" doc:"Creation, RFC 3339."`
	UpdatedAt       string `json:"updated_at,omitempty" doc:"Last change, RFC 3339."`
	ProcessedAt     string `json:"processed_at,omitempty" doc:"Answer or expiry, RFC 3339; missing while pending."`
	SecondsToExpire Int    `json:"seconds_to_expire" doc:"Time to answer as asked for; 0 never expires."`
	Notified        Bool   `json:"notified" doc:"The user's device was notified."`
}

func (a *ApprovalRequest) essential() string {
	switch {
	case a.ApprovalRequest.UUID == "":
		return "approval_request.uuid"
	case a.ApprovalRequest.Status == "":
		return "approval_request.status"
	}
	return ""
}

var getApprovalRequest = Route{Name: "get_approval_request", Method: "GET", Path: "/onetouch/json/approval_requests/{id}", Effect: Reads}

// GetApprovalRequest tells whether a user has approved or denied.
func (c *Client) GetApprovalRequest(ctx context.Context, p GetApprovalRequestParams) (*ApprovalRequest, error) {
	return do[ApprovalRequest](ctx, c, getApprovalRequest, p)
}

// WaitOptions say how long and how often WaitApproval asks. The zero value asks every one to five seconds for as
// long as the context lasts.
type WaitOptions struct {
	// Timeout is how long to wait for an answer; zero waits until the context ends.
	Timeout time.Duration
	// Interval is the pause between two questions; zero starts at one second and grows to five.
	Interval time.Duration
}

// The pauses of WaitApproval without an interval of the caller's.
const (
	firstPause = time.Second
	lastPause  = 5 * time.Second
)

// WaitApproval asks for an approval request until it is no longer pending, and returns it.
//
// When options.Timeout passes first the error is a [*NetworkError] of [KindTimeout]. A rate limit or a lost
// connection in between does not end the wait; any other failure does.
func (c *Client) WaitApproval(ctx context.Context, id string, options WaitOptions) (*ApprovalRequest, error) {
	if options.Timeout < 0 || options.Interval < 0 {
		return nil, &ValidationError{waitApproval, []Problem{{"timeout", "and interval must not be negative"}}}
	}
	if options.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, options.Timeout)
		defer cancel()
	}
	pause := options.Interval
	if pause == 0 {
		pause = firstPause
	}
	for {
		request, err := c.GetApprovalRequest(ctx, GetApprovalRequestParams{ID: id})
		wait := pause
		switch refusal, refused := errors.AsType[*APIError](err); {
		case ctx.Err() != nil:
		case refused && (refusal.rejected || transientStatus(refusal)):
			wait = max(wait, refusal.RetryAfter)
		case err != nil && !lostConnection(err):
			return nil, err
		case err == nil && request.ApprovalRequest.Status != "pending":
			return request, nil
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil, newNetworkError(ctx, waitApproval, options.Timeout, ctx.Err())
		}
		if options.Interval == 0 {
			pause = min(pause*3/2, lastPause)
		}
	}
}

const waitApproval = "wait_approval"

func lostConnection(err error) bool {
	failure, ok := errors.AsType[*NetworkError](err)
	return ok && failure.kind == KindNetwork
}
