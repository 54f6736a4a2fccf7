package authy

import (
	"fmt"
	"maps"
	"math"
	"net/mail"
	"net/netip"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// Rule is the limit that one parameter's value must keep, declared in its `rule` tag.
type Rule struct {
	// Doc is the rule in words, such as "6 to 8 digits"; empty when any value will do.
	Doc string
	// Values lists what an enumeration accepts; nil for other rules.
	Values []string
	// Digits reports that the value is text made of digits, so that a whole number is accepted for it.
	Digits bool
	// Unit is what a bare number counts, for a length of time that may also be written "2m"; zero for others.
	Unit time.Duration

	pair  bool // country_code and phone, which are judged together
	fold  bool // Values match in any case, and travel as listed
	check func(v reflect.Value, param string, report func(param, reason string))
}

// Locales are the languages in which Authy sends texts and calls, as Twilio documents them.
var Locales = []string{
	"af", "ar", "ca", "zh", "zh-CN", "zh-HK", "hr", "cs", "da", "nl", "en", "fi", "fr", "de", "el", "he", "hi",
	"hu", "id", "it", "ja", "ko", "ms", "nb", "pl", "pt-BR", "pt", "ro", "ru", "es", "sv", "tl", "th", "tr", "vi",
}

// Activities are the types that register_activity accepts.
var Activities = []string{"password_reset", "banned", "unbanned", "cookie_login"}

// Resolutions are the sizes of logo in an approval request; "default" should be among those given.
var Resolutions = []string{"default", "low", "med", "high"}

// VerificationChannels are the ways in which a phone verification code travels.
var VerificationChannels = []string{"sms", "call"}

// ApprovalStatuses are the states of an approval request.
var ApprovalStatuses = []string{"approved", "denied", "expired", "pending"}

// FeedbackOutcomes are the answers that send_feedback reports about a custom code.
var FeedbackOutcomes = []string{"received", "not-received"}

// WebhookEvents are the events of account-level webhooks that vendor documents name.
//
// The list may be incomplete, so a name outside it is sent all the same.
var WebhookEvents = []string{
	"account_recovery_approved", "account_recovery_canceled", "account_recovery_started",
	"custom_message_not_allowed", "device_registration_completed", "one_touch_request_responded",
	"phone_change_canceled", "phone_change_pin_sent", "phone_change_requested",
	"phone_verification_code_is_invalid", "phone_verification_code_is_valid", "phone_verification_failed",
	"phone_verification_not_found", "phone_verification_started", "suspended_account", "token_invalid",
	"token_verified", "too_many_code_verifications", "too_many_phone_verifications", "totp_token_sent",
	"user_account_deleted", "user_added", "user_phone_changed", "user_registration_completed", "user_removed",
}

// enumerations are the value lists that a rule tag may name.
var enumerations = map[string][]string{
	"activity": Activities, "resolution": Resolutions, "via": VerificationChannels,
	"outcome": FeedbackOutcomes, "locale": Locales,
}

var rules sync.Map // tag → Rule

// parseRule gives the rule of a tag such as "digits 6-8", "enum via" or "email"; it panics on a bad tag.
func parseRule(tag string) Rule {
	if known, ok := rules.Load(tag); ok {
		return known.(Rule)
	}
	rule := newRule(tag)
	rules.Store(tag, rule)
	return rule
}

func newRule(tag string) Rule {
	name, argument, _ := strings.Cut(tag, " ")
	switch name {
	case "":
		return Rule{}
	case "authy_id":
		return Rule{Doc: "an Authy id: digits, above 0", Digits: true, check: checkID}
	case "country_code":
		return Rule{Doc: "an ISO 3166 alpha-2 code or a calling code", Digits: true, pair: true}
	case "phone":
		return Rule{Doc: "a number valid for its country", Digits: true, pair: true}
	case "email":
		return Rule{Doc: "an e-mail address", check: stringRule(emailProblem)}
	case "ip":
		return Rule{Doc: "an IPv4 or IPv6 address", check: stringRule(ipProblem)}
	case "segment":
		return Rule{Doc: "not empty, not . or ..", check: stringRule(segmentProblem)}
	case "text":
		return Rule{Doc: "not blank", check: stringRule(blankProblem)}
	case "url":
		return Rule{Doc: "an absolute http or https URL", check: stringRule(webURLProblem)}
	case "events":
		return Rule{Doc: "one or more event names", Values: WebhookEvents, check: checkEvents}
	case "json":
		return Rule{Doc: "an object of JSON values", check: checkData}
	case "details":
		return Rule{Doc: "an object of strings, numbers, booleans or objects; keys up to 20 characters", check: checkDetails}
	case "logos":
		return Rule{Doc: "a list of {res, url}, not empty", check: checkLogos}
	case "digits":
		low, high := bounds(tag, argument)
		return digitsRule(low, high)
	case "length":
		low, high := bounds(tag, argument)
		return lengthRule(low, high)
	case "range":
		low, high := bounds(tag, argument)
		return rangeRule(low, high)
	case "seconds":
		low, high := bounds(tag, argument)
		rule := rangeRule(low, high)
		rule.Unit = time.Second
		return rule
	case "values":
		return valuesRule(tag, argument)
	case "enum":
		values, ok := enumerations[argument]
		if !ok {
			panic("authy: no enumeration " + argument)
		}
		return enumRule(values, argument == "locale")
	}
	panic(fmt.Sprintf("authy: unknown rule %q: known are %s and values; a field is required unless it is a pointer, a list or a map",
		tag, strings.Join(slices.Sorted(maps.Keys(ruleTypes)), ", ")))
}

// bounds reads "4-10", or "0-" for a rule without an upper bound.
func bounds(tag, argument string) (low, high int) {
	first, last, ok := strings.Cut(argument, "-")
	low, err := strconv.Atoi(first)
	if !ok || err != nil {
		panic("authy: bad bounds in rule " + strconv.Quote(tag))
	}
	if last == "" {
		return low, math.MaxInt
	}
	if high, err = strconv.Atoi(last); err != nil {
		panic("authy: bad bounds in rule " + strconv.Quote(tag))
	}
	return low, high
}

// stringRule fits a judge of text to any field whose kind is string.
func stringRule(problem func(string) string) func(reflect.Value, string, func(param, reason string)) {
	return func(v reflect.Value, param string, report func(param, reason string)) {
		if reason := problem(v.String()); reason != "" {
			report(param, reason)
		}
	}
}

func digitsRule(low, high int) Rule {
	want := fmt.Sprintf("%d to %d digits", low, high)
	return Rule{Doc: want, Digits: true, check: stringRule(func(s string) string {
		// The value is a code that someone may still use, so the error never repeats it.
		for _, r := range s {
			if r < '0' || r > '9' {
				return "must be " + want + ", got a character that is no digit"
			}
		}
		if len(s) < low || len(s) > high {
			return fmt.Sprintf("must be %s, got %d", want, len(s))
		}
		return ""
	})}
}

func lengthRule(low, high int) Rule {
	want := fmt.Sprintf("%d to %d characters", low, high)
	return Rule{Doc: want, check: stringRule(func(s string) string {
		if n := utf8.RuneCountInString(s); n < low || n > high {
			return fmt.Sprintf("must be %s, got %d", want, n)
		}
		return ""
	})}
}

func rangeRule(low, high int) Rule {
	want := fmt.Sprintf("a whole number from %d to %d", low, high)
	if high == math.MaxInt {
		want = fmt.Sprintf("a whole number, %d or more", low)
	}
	return Rule{Doc: want, check: func(v reflect.Value, param string, report func(param, reason string)) {
		if n := v.Int(); n < int64(low) || n > int64(high) {
			report(param, fmt.Sprintf("must be %s, got %d", want, n))
		}
	}}
}

func enumRule(values []string, fold bool) Rule {
	rule := Rule{Doc: "one of " + strings.Join(values, ", "), Values: values, fold: fold}
	rule.check = func(v reflect.Value, param string, report func(param, reason string)) {
		value := v.String()
		if _, ok := rule.canonical(value); !ok {
			report(param, fmt.Sprintf("must be %s; got %s%s", rule.Doc, quote(value), didYouMean(value, values)))
		}
	}
	return rule
}

// canonical is the listed spelling of an enumeration's value.
func (r Rule) canonical(value string) (string, bool) {
	i := slices.IndexFunc(r.Values, func(listed string) bool {
		return listed == value || r.fold && strings.EqualFold(listed, value)
	})
	if i < 0 {
		return value, false
	}
	return r.Values[i], true
}

// maxIDDigits is the length of the largest unsigned 64-bit number.
const maxIDDigits = 20

func checkID(v reflect.Value, param string, report func(param, reason string)) {
	id := ID(v.String())
	switch {
	case strings.Trim(string(id), "0") == "" && id != "":
		report(param, "must be above 0")
	case strings.Trim(string(id), "0123456789") != "":
		report(param, "must be digits only, got "+quote(string(id)))
	case len(id) > maxIDDigits:
		report(param, fmt.Sprintf("must have at most %d digits, got %d", maxIDDigits, len(id)))
	case id[0] == '0':
		report(param, "must not start with 0, got "+quote(string(id)))
	}
}

func emailProblem(s string) string {
	address, err := mail.ParseAddress(s)
	_, domain, _ := strings.Cut(s, "@")
	if err != nil || address.Address != s || len(s) > 254 || !strings.Contains(strings.Trim(domain, "."), ".") {
		return "must be an e-mail address such as ana@example.com, got " + quote(s)
	}
	return ""
}

func ipProblem(s string) string {
	if address, err := netip.ParseAddr(s); err != nil || address.Zone() != "" {
		return "must be an IPv4 or IPv6 address, got " + quote(s)
	}
	return ""
}

func segmentProblem(s string) string {
	if s == "." || s == ".." || strings.TrimSpace(s) == "" {
		return "must not be " + quote(s)
	}
	return ""
}

func blankProblem(s string) string {
	if strings.TrimSpace(s) == "" {
		return "must not be blank"
	}
	return ""
}

func webURLProblem(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return "must be an absolute http or https URL, got " + quote(s)
	}
	return ""
}

func checkEvents(v reflect.Value, param string, report func(param, reason string)) {
	if v.Len() == 0 {
		report(param, "must name at least one event")
	}
	for i := range v.Len() {
		if event := v.Index(i).String(); textProblem(event) != "" || blankProblem(event) != "" {
			report(fmt.Sprintf("%s[%d]", param, i+1), "must be an event name such as user_added, got "+quote(event))
		}
	}
}

func checkLogos(v reflect.Value, param string, report func(param, reason string)) {
	logos := v.Interface().([]Logo)
	if len(logos) == 0 {
		report(param, "must hold at least one logo; leave it out for none")
	}
	for i, logo := range logos {
		at := fmt.Sprintf("%s[%d]", param, i+1)
		if logo.Res == "" {
			report(at+".res", "is required")
		} else if !slices.Contains(Resolutions, logo.Res) {
			report(at+".res", fmt.Sprintf("must be one of %s; got %s%s",
				strings.Join(Resolutions, ", "), quote(logo.Res), didYouMean(logo.Res, Resolutions)))
		}
		if logo.URL == "" {
			report(at+".url", "is required")
		} else if u, err := url.Parse(logo.URL); err != nil || !u.IsAbs() || u.Host == "" && u.Opaque == "" || textProblem(logo.URL) != "" {
			report(at+".url", "must be an absolute URI, got "+quote(logo.URL))
		}
	}
}

// textProblem refuses what cannot travel: bytes that are not UTF-8 (Authy's code 60005) and NUL.
func textProblem(s string) string {
	switch {
	case !utf8.ValidString(s):
		return "must be valid UTF-8" // what it holds may be a code
	case strings.ContainsRune(s, 0):
		return "must not contain a NUL byte"
	}
	return ""
}

// quote shows a value in an error, at most its first 40 characters: what cannot be printed is escaped, so that the error
// stays short and harmless whatever was typed.
func quote(s string) string {
	const limit = 40
	end := 0
	for range limit {
		_, size := utf8.DecodeRuneInString(s[end:])
		end += size
	}
	if end < len(s) {
		return strconv.Quote(s[:end]) + "…"
	}
	return strconv.Quote(s)
}
