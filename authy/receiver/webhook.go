package receiver

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"

	"github.com/golang-jwt/jwt/v5"
)

// Webhook is a verified message about events.
type Webhook struct {
	// WebhookID is the webhook that was created for these events.
	WebhookID string `json:"webhook_id"`
	// Events are what happened.
	Events []Event `json:"events"`
}

// Event is one thing that happened in an account.
type Event struct {
	// Event is its kind, such as "user_registration_completed".
	Event string `json:"event"`
	// Time is when it happened, as it was written.
	Time   string `json:"time"`
	Public bool   `json:"public"`
	// Objects are the app, the user and what else it concerns. Their attributes have prefixes: s_ is text.
	Objects map[string]map[string]any `json:"objects"`
	// Request tells whose request it was.
	Request map[string]any `json:"request,omitempty"`
}

// webhookClaims are those of a webhook's token. Times in it, where it has any, are judged by the library.
type webhookClaims struct {
	jwt.RegisteredClaims
	Webhook
}

// Sentinel errors of [ParseWebhook].
var (
	// ErrBadToken matches a token that is malformed, expired or not signed with one of the keys.
	ErrBadToken = errors.New("webhook token is wrong")
	// ErrBadWebhook matches a token that is signed but holds no events.
	ErrBadWebhook = errors.New("webhook is unusable")
)

// webhookParser knows one algorithm: that a token names another, or none, must not decide how it is verified.
var webhookParser = jwt.NewParser(jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}))

// ParseWebhook verifies the body of a webhook with the signing keys of webhooks, and reads it.
//
// The body is the token itself, or a JSON object with a token as the value of one of its fields: no published source
// shows which of the two it is. Its error is [ErrBadToken] or [ErrBadWebhook] with the reason.
func ParseWebhook(body []byte, keys ...string) (*Webhook, error) {
	token, ok := webhookToken(body)
	if !ok {
		return nil, refusedToken(ErrBadToken, errors.New("the body holds no token"))
	}
	var failure error = errors.New("there is no signing key to verify it with")
	for _, key := range keys {
		if key == "" {
			continue
		}
		var claims webhookClaims
		_, err := webhookParser.ParseWithClaims(token, &claims, func(*jwt.Token) (any, error) { return []byte(key), nil })
		if err != nil {
			failure = err
			continue
		}
		if claims.WebhookID == "" || len(claims.Events) == 0 {
			return nil, refusedToken(ErrBadWebhook, errors.New("its signature is right, but it lacks webhook_id or events"))
		}
		return &claims.Webhook, nil
	}
	return nil, refusedToken(ErrBadToken, failure)
}

type tokenError struct{ sentinel, cause error }

func refusedToken(sentinel, cause error) error { return &tokenError{sentinel, cause} }

func (e *tokenError) Error() string   { return e.sentinel.Error() + ": " + e.cause.Error() }
func (e *tokenError) Unwrap() []error { return []error{e.sentinel, e.cause} }

// webhookToken finds the token in a body.
func webhookToken(body []byte) (string, bool) {
	body = bytes.TrimSpace(body)
	if len(body) == 0 {
		return "", false
	}
	if body[0] != '{' {
		return string(body), looksLikeToken(string(body))
	}
	var wrapper map[string]json.RawMessage
	if json.Unmarshal(body, &wrapper) != nil {
		return "", false
	}
	found := ""
	for _, value := range wrapper {
		var text string
		if json.Unmarshal(value, &text) != nil || !looksLikeToken(text) {
			continue
		}
		if found != "" {
			return "", false // which of them is meant, nobody can say
		}
		found = text
	}
	return found, found != ""
}

func looksLikeToken(text string) bool {
	return strings.HasPrefix(text, "eyJ") && strings.Count(text, ".") == 2
}
