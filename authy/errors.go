package authy

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Kind says which of six things went wrong with a call.
//
// Scripts see it as err.kind, the program turns it into an exit code.
type Kind string

// The kinds of failure, from the caller's side outwards.
const (
	// KindValidation is a mistake in the parameters or settings, found before anything was sent.
	KindValidation Kind = "validation"
	// KindAPI is a refusal by the service, which answered with an error.
	KindAPI Kind = "api"
	// KindNetwork is a failure to reach the service or to read its answer.
	KindNetwork Kind = "network"
	// KindTimeout is a call that did not end within the client's timeout.
	KindTimeout Kind = "timeout"
	// KindResponse is an answer that is not what the API promises.
	KindResponse Kind = "response"
	// KindCanceled is a call whose context was canceled by the caller.
	KindCanceled Kind = "canceled"
)

// Kinds are all kinds, in the order above.
var Kinds = []Kind{KindValidation, KindAPI, KindNetwork, KindTimeout, KindResponse, KindCanceled}

// Error is what every failed call returns: the kind of failure and the operation that failed.
//
// The concrete types are [*ValidationError], [*APIError], [*NetworkError], [*ResponseError] and, for callbacks,
// [*CallbackError]; reach them with [errors.As] for the details that only they have.
type Error interface {
	error
	// Kind says what sort of failure it is.
	Kind() Kind
	// Operation is the catalogue name of the call that failed, such as "register_user".
	Operation() string
}

// Sentinel errors, matched by [errors.Is] against an [*APIError].
var (
	// ErrNotFound matches a 404 (unknown user, approval request, webhook or verification) and the 401 with code
	// 60016 that some servers answer to the code of an unknown user.
	ErrNotFound = errors.New("not found")
	// ErrUnauthorized matches a refused API key (code 60001), or a 401 or 403 that has no code and is about no field.
	ErrUnauthorized = errors.New("not authorized")
	// ErrRateLimited matches 429, and the 503 with code 60003 that older servers answer instead.
	ErrRateLimited = errors.New("rate limited")
	// ErrInvalidToken matches a wrong (60020, 60022) or already used (60019) code, and an answer without error code
	// that says "is invalid" of the field token.
	ErrInvalidToken = errors.New("invalid token")
)

// Problem is one thing wrong with one parameter.
type Problem struct {
	// Param is the parameter's name as users type it, such as "country_code" or "logos[2].url".
	Param string
	// Reason says what is wrong and what the rule is; it reads on after the name: "must be 6 to 8 digits, got 5".
	Reason string
}

// ValidationError reports every parameter that broke a rule; nothing was sent.
type ValidationError struct {
	Op       string
	Problems []Problem
}

// Error lists the problems in one line.
func (e *ValidationError) Error() string {
	parts := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		parts[i] = p.Param + " " + p.Reason
	}
	return prefix(e.Op) + strings.Join(parts, "; ")
}

// Kind is [KindValidation].
func (e *ValidationError) Kind() Kind { return KindValidation }

// Operation is the call whose parameters are wrong; empty for client settings.
func (e *ValidationError) Operation() string { return e.Op }

// Fields maps each parameter at fault to what is wrong with it.
func (e *ValidationError) Fields() map[string]string {
	fields := make(map[string]string, len(e.Problems))
	for _, p := range e.Problems {
		if first, ok := fields[p.Param]; ok {
			fields[p.Param] = first + "; " + p.Reason
		} else {
			fields[p.Param] = p.Reason
		}
	}
	return fields
}

// APIError is a refusal by the service.
//
// Authy answers errors with a message, a five-digit code and sometimes one reason per field; gateways in
// front of it answer with HTML. In the latter case Code and Fields are empty and Body holds what came.
type APIError struct {
	Op      string
	Status  int    // HTTP status
	Code    string // Authy's error_code, such as "60026"; empty when the body had none
	Message string // the service's own words, or a description of the status

	// Fields maps parameters, by their names in this API, to the service's reason.
	Fields map[string]string
	// RetryAfter is how long the service asked to wait; zero when it did not say.
	RetryAfter time.Duration
	// Body is the raw answer, cut after [MaxErrorBody] bytes.
	Body []byte

	rejected bool // the service said in so many words that it did nothing
}

// Error is one line: operation, message, fields, status and code.
func (e *APIError) Error() string {
	var b strings.Builder
	b.WriteString(prefix(e.Op))
	b.WriteString(e.Message)
	if len(e.Fields) > 0 {
		names := make([]string, 0, len(e.Fields))
		for name := range e.Fields {
			names = append(names, name)
		}
		slices.Sort(names)
		b.WriteString(": ")
		for i, name := range names {
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteString(name + " " + e.Fields[name])
		}
	}
	fmt.Fprintf(&b, " (HTTP %d", e.Status)
	if e.Code != "" {
		b.WriteString(", code " + e.Code)
	}
	if e.RetryAfter > 0 {
		b.WriteString(", retry after " + e.RetryAfter.String())
	}
	b.WriteString(")")
	return b.String()
}

// Kind is [KindAPI].
func (e *APIError) Kind() Kind { return KindAPI }

// Operation is the refused call.
func (e *APIError) Operation() string { return e.Op }

// Is matches the sentinel errors of this package.
func (e *APIError) Is(target error) bool {
	switch target {
	case ErrNotFound:
		return e.Status == 404 || e.Code == "60016"
	case ErrUnauthorized:
		return e.Code == "60001" || e.Code == "" && (e.Status == 401 || e.Status == 403) && e.Fields == nil
	case ErrRateLimited:
		return e.Status == 429 || e.Code == "60003"
	case ErrInvalidToken:
		return e.Code == "60019" || e.Code == "60020" || e.Code == "60022" || e.Code == "" && e.Fields["token"] != ""
	}
	return false
}

// NetworkError is a call that got no complete answer: the service could not be reached, the connection
// broke, the timeout passed or the caller canceled.
type NetworkError struct {
	Op  string
	Err error // the cause, without URL or key

	kind  Kind
	limit time.Duration // the client's timeout, for the message of KindTimeout
}

// Error is one line with the cause.
func (e *NetworkError) Error() string {
	switch e.kind {
	case KindTimeout:
		if e.limit > 0 {
			return fmt.Sprintf("%sno complete answer within the timeout of %s", prefix(e.Op), e.limit)
		}
		return prefix(e.Op) + "no complete answer before the deadline"
	case KindCanceled:
		return prefix(e.Op) + "canceled"
	}
	return prefix(e.Op) + e.Err.Error()
}

// Kind is [KindNetwork], [KindTimeout] or [KindCanceled].
func (e *NetworkError) Kind() Kind { return e.kind }

// Operation is the call that got no answer.
func (e *NetworkError) Operation() string { return e.Op }

// Unwrap gives the cause, so that errors.Is finds [context.Canceled] and its like.
func (e *NetworkError) Unwrap() error { return e.Err }

// Timeout reports whether the call ran out of time, as [net.Error] does.
func (e *NetworkError) Timeout() bool { return e.kind == KindTimeout }

// newNetworkError classifies err by ctx, the context of the whole call, before its own text.
func newNetworkError(ctx context.Context, op string, limit time.Duration, err error) *NetworkError {
	kind := KindNetwork
	var timeout interface{ Timeout() bool }
	switch cause := ctx.Err(); {
	case errors.Is(cause, context.Canceled) || errors.Is(err, context.Canceled):
		kind = KindCanceled
	case errors.Is(cause, context.DeadlineExceeded) || errors.Is(err, context.DeadlineExceeded):
		kind = KindTimeout
	case errors.As(err, &timeout) && timeout.Timeout():
		kind, limit = KindTimeout, 0
	}
	return &NetworkError{Op: op, Err: err, kind: kind, limit: limit}
}

// ResponseError is an answer that breaks the API's contract: a success that is not JSON, lacks a field
// without which the result is useless, is larger than [Client.MaxResponse], or redirects elsewhere.
type ResponseError struct {
	Op     string
	Status int    // HTTP status
	Field  string // the missing or wrong field as a JSON path, such as "user.id"; may be empty
	Reason string
	Body   []byte // the raw answer, cut after [MaxErrorBody] bytes
}

// Error is one line: what the answer lacks.
func (e *ResponseError) Error() string {
	field := ""
	if e.Field != "" {
		field = e.Field + " "
	}
	return fmt.Sprintf("%sunexpected answer: %s%s (HTTP %d)", prefix(e.Op), field, e.Reason, e.Status)
}

// Kind is [KindResponse].
func (e *ResponseError) Kind() Kind { return KindResponse }

// Operation is the call whose answer is unusable.
func (e *ResponseError) Operation() string { return e.Op }

// MaxErrorBody is how many bytes of an unusable or refusing answer an error keeps.
const MaxErrorBody = 4 << 10

func prefix(op string) string {
	if op == "" {
		return ""
	}
	return op + ": "
}
