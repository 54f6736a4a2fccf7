package sandbox

import (
	"strconv"
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// phone is a number that could exist.
type phone struct {
	code     int                       // country calling code; 0 is no phone
	national string                    // national significant number
	number   *phonenumbers.PhoneNumber // nil for one that was kept and is no longer possible
}

// phoneFault is what is wrong with a country code or a phone number.
type phoneFault int

const (
	phoneOK phoneFault = iota
	countryMissing
	countryNotNumber
	countryUnknown
	numberMissing
	numberInvalid
)

// parsePhone reads a country code and a number under the service's rules, which are looser than those of
// most clients: separators and a national prefix are fine, and a number need only be possible, not assigned.
// Fictional numbers, such as +1 555-555-5555, are therefore accepted.
func parsePhone(country, number string) (phone, phoneFault) {
	country = strings.TrimPrefix(country, "+")
	switch {
	case country == "":
		return phone{}, countryMissing
	case !isDigits(country):
		return phone{}, countryNotNumber
	}
	code, err := strconv.Atoi(country)
	if err != nil || country[0] == '0' || !phonenumbers.GetSupportedCallingCodes()[code] {
		return phone{}, countryUnknown
	}
	if number == "" {
		return phone{}, numberMissing
	}
	digits, ok := stripSeparators(number)
	if !ok {
		return phone{}, numberInvalid
	}
	international := digits
	if digits[0] != '+' {
		international = "+" + country + digits
	}
	p, ok := possible(international, code)
	if !ok && digits[0] == '0' { // a national prefix where the numbering plan has none
		p, ok = possible("+"+country+digits[1:], code)
	}
	if !ok {
		return phone{}, numberInvalid
	}
	return p, phoneOK
}

// possible reads a number in the form that reads back as itself: one with two national prefixes loses both, as it
// would be another phone, or none, when it is read from disk.
func possible(international string, code int) (phone, bool) {
	for range len(international) { // each time usually takes one digit off
		n, err := phonenumbers.Parse(international, "")
		if err != nil || int(n.GetCountryCode()) != code || !phonenumbers.IsPossibleNumber(n) {
			return phone{}, false
		}
		p := phone{code: code, national: phonenumbers.GetNationalSignificantNumber(n), number: n}
		if p.e164() == international {
			return p, true
		}
		international = p.e164()
	}
	return phone{}, false
}

// stripSeparators keeps digits and a leading plus; anything else than the usual separators is refused.
func stripSeparators(number string) (string, bool) {
	const longest = 40 // with separators; E.164 allows 15 digits
	if len(number) > longest {
		return "", false
	}
	var b strings.Builder
	for i, r := range number {
		switch {
		case r >= '0' && r <= '9', r == '+' && i == 0:
			b.WriteRune(r)
		case strings.ContainsRune(" -.()/\u00a0", r):
		default:
			return "", false
		}
	}
	return b.String(), b.Len() > 0
}

// countryCode is the calling code as text.
func (p phone) countryCode() string { return strconv.Itoa(p.code) }

// e164 is the number as the outbox shows it; it identifies the phone. A user without a phone has none.
func (p phone) e164() string {
	if p.code == 0 {
		return ""
	}
	return "+" + p.countryCode() + p.national
}

// grouped is the national number in groups of 4 and 3 from the right: "91-234-5678".
func (p phone) grouped() string { return group(p.national) }

func group(s string) string {
	if len(s) <= 4 {
		return s
	}
	head, last := s[:len(s)-4], s[len(s)-4:]
	if len(head) <= 3 {
		return head + "-" + last
	}
	return head[:len(head)-3] + "-" + head[len(head)-3:] + "-" + last
}

// spoken is the number as messages render it: "+351 91-234-5678".
func (p phone) spoken() string { return "+" + p.countryCode() + " " + p.grouped() }

// masked hides all but the last four digits, as users/status does: "XX-XXX-5678".
func (p phone) masked() string {
	n := len(p.national)
	if n <= 4 {
		return p.national
	}
	return group(strings.Repeat("X", n-4) + p.national[n-4:])
}

// hinted hides all but the last two digits in a form that does not tell the length either, as the answers
// to sms and call do.
func (p phone) hinted() string {
	return "+" + p.countryCode() + "-XXX-XXX-XX" + p.national[max(0, len(p.national)-2):]
}

// lineType is one of the four that phones/info knows.
func (p phone) lineType() string {
	switch phonenumbers.GetNumberType(p.number) {
	case phonenumbers.MOBILE, phonenumbers.FIXED_LINE_OR_MOBILE, phonenumbers.PAGER:
		return "cellphone"
	case phonenumbers.FIXED_LINE, phonenumbers.TOLL_FREE, phonenumbers.PREMIUM_RATE,
		phonenumbers.SHARED_COST, phonenumbers.UAN, phonenumbers.VOICEMAIL:
		return "landline"
	case phonenumbers.VOIP:
		return "voip"
	}
	return "unknown"
}

// tollFree numbers belong to no carrier that takes texts.
func (p phone) tollFree() bool {
	return phonenumbers.GetNumberType(p.number) == phonenumbers.TOLL_FREE
}

// carrier is the one that the number's range was given to; the sandbox's own where ranges do not tell.
func (p phone) carrier() string {
	if name, err := phonenumbers.GetCarrierForNumber(p.number, "en"); err == nil && name != "" {
		return name
	}
	return "Sandbox Telecom"
}

// phoneParams reads country_code and phone_number as the phones endpoints take them.
func phoneParams(p params) (phone, error) {
	country, number := p.text("country_code"), p.text("phone_number")
	ph, fault := parsePhone(country, number)
	switch fault {
	case countryMissing:
		return ph, badParam("country_code", "Parameter is required")
	case countryNotNumber:
		return ph, badParam("country_code", "'"+clip(country)+"' is not a valid Integer")
	case countryUnknown:
		return ph, fail(codeCountryInvalid)
	case numberMissing:
		return ph, badParam("phone_number", "Parameter is required")
	case numberInvalid:
		return ph, fail(codePhoneInvalid)
	}
	return ph, nil
}
