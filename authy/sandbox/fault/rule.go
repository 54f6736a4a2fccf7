package fault

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/authysh/authysh/authy"
)

// Rule is one fault: what it is about, how often it fires and what it does.
type Rule struct {
	// On is an operation, a path pattern, "callback" or "webhook"; empty means every request to the API.
	On string `json:"on"`
	// App is an application's name or number, Key an API key, User an Authy id or a phone; empty means any.
	App  string `json:"app,omitempty"`
	Key  string `json:"-"` // an API key is never shown
	User string `json:"user,omitempty"`

	Nth         int     `json:"nth,omitempty"`
	Every       int     `json:"every,omitempty"`
	First       int     `json:"first,omitempty"`
	Times       int     `json:"times,omitempty"`
	Probability float64 `json:"probability,omitempty"`

	// Off keeps the rule without letting it fire.
	Off bool `json:"off,omitempty"`

	Effect
}

// The targets of rules that are about what the sandbox sends.
const (
	OnCallback = "callback"
	OnWebhook  = "webhook"
)

// The bounds of what a rule may ask for.
const (
	maxWait  = 10 * time.Minute
	maxSkew  = 100 * 365 * 24 * time.Hour
	maxCount = 1_000_000_000
	maxText  = 64 << 10
	maxExtra = 100
)

// Error says what is wrong with a rule.
type Error struct {
	// Rule is which one: its place in a list and its target, as far as they are known.
	Rule string
	// Line is where it stands in a file; 0 when there is none.
	Line int
	// Field is the name that is wrong or whose value is; empty when it is the rule as a whole.
	Field  string
	Reason string
}

// Error is one line: where, which field, why.
func (e *Error) Error() string {
	var b strings.Builder
	if e.Line > 0 {
		fmt.Fprintf(&b, "line %d: ", e.Line)
	}
	b.WriteString("fault rule")
	if e.Rule != "" {
		b.WriteString(" " + e.Rule)
	}
	b.WriteString(": ")
	if e.Field != "" {
		b.WriteString(e.Field + ": ")
	}
	b.WriteString(e.Reason)
	return b.String()
}

// setters read the value of each field from its text.
var setters = map[string]func(*Rule, string) error{
	"on":           func(r *Rule, s string) error { r.On = s; return checkTarget(s) },
	"app":          func(r *Rule, s string) error { r.App = s; return nil },
	"key":          func(r *Rule, s string) error { r.Key = s; return nil },
	"user":         func(r *Rule, s string) error { r.User = s; return checkUser(s) },
	"nth":          func(r *Rule, s string) (err error) { r.Nth, err = whole(s, 1, maxCount); return },
	"every":        func(r *Rule, s string) (err error) { r.Every, err = whole(s, 1, maxCount); return },
	"first":        func(r *Rule, s string) (err error) { r.First, err = whole(s, 1, maxCount); return },
	"times":        func(r *Rule, s string) (err error) { r.Times, err = whole(s, 1, maxCount); return },
	"probability":  func(r *Rule, s string) (err error) { r.Probability, err = probability(s); return },
	"off":          func(r *Rule, s string) (err error) { r.Off, err = truth(s); return },
	"latency":      func(r *Rule, s string) (err error) { r.Latency, err = parseSpread(s); return },
	"slow_headers": func(r *Rule, s string) (err error) { r.SlowHeaders, err = wait(s); return },
	"drip":         func(r *Rule, s string) (err error) { r.Drip, err = wait(s); return },
	"status":       func(r *Rule, s string) (err error) { r.Status, err = whole(s, 200, 599); return },
	"code":         func(r *Rule, s string) (err error) { r.Code, err = whole(s, 60000, 60999); return },
	"body":         func(r *Rule, s string) (err error) { r.Body = &s; return short(s) },
	"retry_after":  func(r *Rule, s string) (err error) { r.RetryAfter, err = wait(s); return },
	"reset": func(r *Rule, s string) (err error) {
		r.Reset, err = oneOf(s, ResetRequest, ResetBefore, ResetAfter)
		return
	},
	"json": func(r *Rule, s string) (err error) {
		r.JSON, err = oneOf(s, JSONTruncated, JSONWrong, JSONHTML)
		return
	},
	"skew":      func(r *Rule, s string) (err error) { r.Skew, err = duration(s, -maxSkew, maxSkew); return },
	"duplicate": func(r *Rule, s string) (err error) { r.Duplicate, err = whole(s, 1, maxExtra); return },
	"delay":     func(r *Rule, s string) (err error) { r.Delay, err = wait(s); return },
	"drop":      func(r *Rule, s string) (err error) { r.Drop, err = truth(s); return },
}

// Fields are the names that a rule may have, sorted.
func Fields() []string { return slices.Sorted(maps.Keys(setters)) }

// set reads one field; the error is only the reason.
func (r *Rule) set(name, value string) *Error {
	setter, known := setters[name]
	if !known {
		return &Error{Field: quote(name), Reason: "is unknown" + didYouMean(name, Fields(), "the fields are ")}
	}
	if err := setter(r, value); err != nil {
		return &Error{Field: name, Reason: err.Error()}
	}
	return nil
}

// Check says what is missing or does not fit together in a rule that was filled in field by field.
func (r *Rule) Check() error {
	if err := checkTarget(r.On); err != nil {
		return &Error{Rule: quote(r.On), Field: "on", Reason: err.Error()}
	}
	refuse := func(field, reason string) error {
		return &Error{Rule: quote(r.target()), Field: field, Reason: reason}
	}
	outgoing := r.On == OnCallback || r.On == OnWebhook
	switch {
	case r.Effect == Effect{}:
		return refuse("", "does nothing: give it an effect, such as latency=200ms or status=503")
	case outgoing && r.Effect != r.Effect.outgoing():
		return refuse("", "only skew, duplicate, delay and drop can happen to what the sandbox sends")
	case !outgoing && (r.Duplicate != 0 || r.Delay != 0 || r.Drop):
		return refuse("", "duplicate, delay and drop are for what the sandbox sends: its target must be callback or webhook")
	}
	return nil
}

func (r *Rule) target() string {
	if r.On == "" {
		return "*"
	}
	return r.On
}

// Targets are the names that on may have: callback, webhook and the operations of the API.
func Targets() []string {
	names := []string{OnCallback, OnWebhook}
	for _, op := range authy.Operations() {
		names = append(names, op.Name)
	}
	return names
}

func checkTarget(on string) error {
	if on == "" || on == "*" || strings.HasPrefix(on, "/") {
		return nil
	}
	names := Targets()
	if slices.Contains(names, on) {
		return nil
	}
	return fmt.Errorf("must be an operation, a path such as /protected/json/sms/*, callback, webhook or *, got %s%s", quote(on), didYouMean(on, names, ""))
}

func checkUser(s string) error {
	if strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsDigit(r) && !strings.ContainsRune("+ -.()", r) }) || digits(s) == "" {
		return fmt.Errorf("must be an Authy id, or a phone with country code, got %s", quote(s))
	}
	return nil
}

func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
}

func whole(s string, lo, hi int) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < lo || n > hi {
		return 0, fmt.Errorf("must be a whole number from %d to %d, got %s", lo, hi, quote(s))
	}
	return n, nil
}

func short(s string) error {
	if len(s) > maxText {
		return fmt.Errorf("must not be longer than %d bytes, got %d", maxText, len(s))
	}
	return nil
}

func probability(s string) (float64, error) {
	text, percent := strings.CutSuffix(s, "%")
	p, err := strconv.ParseFloat(text, 64)
	if percent {
		p /= 100
	}
	if err != nil || !(p > 0 && p <= 1) {
		return 0, fmt.Errorf("must be above 0 and at most 1, such as 0.1 or 10%%, got %s", quote(s))
	}
	return p, nil
}

func truth(s string) (bool, error) {
	switch strings.ToLower(s) {
	case "true", "yes", "on", "1", "":
		return true, nil
	case "false", "no", "off", "0":
		return false, nil
	}
	return false, fmt.Errorf("must be true or false, got %s", quote(s))
}

func oneOf(s string, words ...string) (string, error) {
	if slices.Contains(words, s) {
		return s, nil
	}
	return "", fmt.Errorf("must be %s, got %s%s", strings.Join(words, ", "), quote(s), didYouMean(s, words, ""))
}

func wait(s string) (Duration, error) { return duration(s, 0, maxWait) }

func duration(s string, lo, hi time.Duration) (Duration, error) {
	d, err := time.ParseDuration(s)
	if err != nil {
		return 0, fmt.Errorf("must be a duration such as 250ms, 5s or 2m, got %s", quote(s))
	}
	if d < lo || d > hi {
		return 0, fmt.Errorf("must be from %s to %s, got %s", lo, hi, d)
	}
	return Duration(d), nil
}

// didYouMean suggests a near name; otherwise, if told how to introduce them, it lists all.
func didYouMean(name string, names []string, all string) string {
	if near := authy.Nearest(name, names); near != "" {
		return ", did you mean " + near + "?"
	}
	if all == "" {
		return ""
	}
	return ": " + all + strings.Join(names, ", ")
}

// quote shows what was given, shortened.
func quote(s string) string {
	const most = 60
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "..."
	}
	return strconv.Quote(s)
}
