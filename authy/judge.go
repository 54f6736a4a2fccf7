package authy

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Answer is what every result carries beside its own fields.
type Answer struct {
	// Success is what the service said of itself; nil where the API has no such field.
	Success *Bool `json:"success,omitempty" doc:"True when the service did what was asked."`
	// Message is the service's sentence. Its wording changes; do not compare it.
	Message string `json:"message,omitempty" doc:"The service's sentence about it."`

	// Raw is the body as it came, fields that this package does not know included.
	Raw json.RawMessage `json:"-"`
	// Status is the HTTP status.
	Status int `json:"-"`
}

func (a *Answer) envelope() *Answer { return a }

// RawBody is the answer's body as it came.
func (a *Answer) RawBody() json.RawMessage { return a.Raw }

// enveloped is satisfied by every result through its embedded Answer.
type enveloped interface {
	envelope() *Answer
	// essential is the first field, as a JSON path, without which the result is of no use; "" when all are there.
	essential() string
}

// refusable results can carry a refusal although their status is 200.
type refusable interface{ refused() bool }

// essential of an Answer is nothing: results that need something say so themselves.
func (a *Answer) essential() string { return "" }

// judge is the one place that decides whether an answer is a success, and fills result if it is.
func (c *Client) judge(route Route, p *plan, a *answer, result any) error {
	if a.status >= http.StatusBadRequest {
		return c.refusal(route, p, a)
	}
	unusable := func(field, format string, args ...any) error {
		return &ResponseError{route.Name, a.status, field, c.words(fmt.Sprintf(format, args...)), c.excerpt(a.body)}
	}
	switch {
	case a.status >= http.StatusMultipleChoices:
		return unusable("", "redirects to %s, which is refused so that the key stays with its host; check the host setting",
			redirectTarget(a.header))
	case a.tooLarge:
		return unusable("", "is larger than the limit of %d bytes", c.settings.maxAnswer)
	case a.readErr != nil:
		return unusable("", "%v", a.readErr)
	}
	body := a.json()
	switch {
	case len(body) == 0:
		return unusable("", "is empty")
	case body[0] != '{':
		return unusable("", "is not a JSON object%s", c.describeBody(a))
	}
	answered := result.(enveloped)
	// A field of another type than expected stays at its zero value: only essential ones matter.
	if err := json.Unmarshal(body, result); err != nil {
		if _, mistyped := errors.AsType[*json.UnmarshalTypeError](err); !mistyped {
			return unusable("", "is not a JSON object%s", c.describeBody(a))
		}
		c.settings.log.Warn("authy answer has a field of unexpected type", "op", route.Name, "error", c.redact(err.Error()))
	}
	envelope := answered.envelope()
	envelope.Raw, envelope.Status = body, a.status
	if envelope.Success != nil && !*envelope.Success {
		return c.refusal(route, p, a)
	}
	if r, ok := result.(refusable); ok && r.refused() {
		return c.refusal(route, p, a)
	}
	if field := answered.essential(); field != "" {
		return unusable(field, "is missing or unusable")
	}
	if envelope.Success == nil && !route.bare {
		return unusable("success", "is missing")
	}
	return nil
}

// errorBody is Authy's error shape, read tolerantly: any field may be missing or of another type.
type errorBody struct {
	Message   json.RawMessage `json:"message"`
	Success   json.RawMessage `json:"success"`
	ErrorCode json.RawMessage `json:"error_code"`
	Errors    json.RawMessage `json:"errors"`
	Token     json.RawMessage `json:"token"` // of a refused code: "is invalid"
}

// refusal makes the error for an answer that says no, whatever its body looks like.
func (c *Client) refusal(route Route, p *plan, a *answer) error {
	e := &APIError{Op: route.Name, Status: a.status, Body: c.excerpt(a.body), RetryAfter: c.retryAfter(a.header)}
	var body errorBody
	if err := json.Unmarshal(a.json(), &body); err == nil {
		e.Message = c.words(scalarText(body.Message))
		e.Code = c.words(scalarText(body.ErrorCode))
		e.Fields = c.errorFields(p, body.Errors, &e.Message)
		if said := scalarText(body.Token); e.Fields == nil && said == tokenIsInvalid {
			e.Fields = map[string]string{"token": said}
		}
		e.rejected = scalarText(body.Success) == "false" && e.transient()
	}
	switch {
	case e.Message != "":
	case a.status < http.StatusBadRequest:
		e.Message = "the service reported a failure without saying why"
	default:
		e.Message = cmp.Or(strings.ToLower(http.StatusText(a.status)), "unknown status") + c.words(c.describeBody(a))
	}
	return e
}

// transient reports a refusal for now: the rate limits of 429 and of older servers' 503.
func (e *APIError) transient() bool {
	return (e.Status == http.StatusTooManyRequests || e.Status == http.StatusServiceUnavailable) && transientStatus(e)
}

// maxFields is how many reasons an error takes over; no operation has as many parameters.
const maxFields = 20

// errorFields reads the reasons per field and gives them the names that the caller used.
func (c *Client) errorFields(p *plan, data json.RawMessage, message *string) map[string]string {
	var entries map[string]json.RawMessage
	if json.Unmarshal(data, &entries) != nil {
		return nil
	}
	fields := make(map[string]string)
	for _, key := range slices.Sorted(maps.Keys(entries)) {
		if len(fields) == maxFields {
			break
		}
		text := c.words(fieldText(entries[key]))
		switch {
		case key == "message":
			if *message == "" {
				*message = text
			}
		case text != "":
			fields[p.nameOf(c.words(key))] = text
		}
	}
	if len(fields) == 0 {
		return nil
	}
	return fields
}

// fieldText is the reason for one field. Rails services also send a list of them.
func fieldText(value json.RawMessage) string {
	var list []json.RawMessage
	if json.Unmarshal(value, &list) != nil || list == nil {
		return scalarText(value)
	}
	var texts []string
	for _, entry := range list {
		if text := scalarText(entry); text != "" {
			texts = append(texts, text)
		}
	}
	return strings.Join(texts, ", ")
}

// nameOf is the parameter that travels as wire, or wire itself.
func (p *plan) nameOf(wire string) string {
	for i := range p.params {
		if keys := p.params[i].wire; keys[len(keys)-1] == wire {
			return p.params[i].name
		}
	}
	return wire
}

// excerpt is the part of a body that an error keeps. Redacting comes before cutting, which could halve a secret.
func (c *Client) excerpt(body []byte) []byte {
	text := c.redact(string(body))
	return []byte(text[:min(len(text), MaxErrorBody)])
}

// json is the body without what surrounds a document: blanks, and the byte order mark of some .NET gateways.
func (a *answer) json() []byte {
	return bytes.Trim(bytes.TrimPrefix(a.body, []byte("\ufeff")), " \t\r\n")
}

// describeBody says what came instead of JSON.
func (c *Client) describeBody(a *answer) string {
	text := strings.TrimSpace(c.redact(string(a.body)))
	kind, _, _ := strings.Cut(a.header.Get("Content-Type"), ";")
	switch {
	case text == "":
		return ", with an empty body"
	case strings.HasPrefix(text, "{") && a.status < http.StatusBadRequest:
		return ": it is cut off or malformed"
	case strings.HasPrefix(text, "{"):
		return ""
	case strings.HasPrefix(text, "<"):
		return ", with an HTML page: is this the API's host, or did a gateway answer?"
	case kind == "text/plain" && a.status >= http.StatusBadRequest:
		return ": " + quote(text)
	}
	return ", it starts with " + quote(text)
}

// redirectTarget is the origin of a Location, without path and query.
func redirectTarget(header http.Header) string {
	u, err := url.Parse(header.Get("Location"))
	if err != nil || u.Host == "" {
		return "another path"
	}
	return u.Scheme + "://" + u.Host
}
