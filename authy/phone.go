package authy

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/nyaruka/phonenumbers"
)

// PhoneNumber is a valid phone number in the parts that Authy wants on the wire.
//
// Values are comparable: however a number was typed, [ParsePhone] gives the same one. The zero value is
// no number. A number put together by hand is not checked; its methods then format what they can.
type PhoneNumber struct {
	// CallingCode is the country calling code, such as 351; Authy's country_code.
	CallingCode int
	// National is the national significant number: digits only, without calling code, national prefix
	// or extension. A leading zero is part of the number (Italy).
	National string
	// Region is the ISO 3166 alpha-2 code of the region that the number belongs to. It is empty when there
	// is none, as for +882. Where regions share numbers it is the main one: an 800 number in +1 is of the US.
	Region string
}

// E164 is the number as "+351911234567"; empty for the zero value.
func (n PhoneNumber) E164() string {
	if n == (PhoneNumber{}) {
		return ""
	}
	return "+" + strconv.Itoa(n.CallingCode) + n.National
}

// String is the number in E.164 form.
func (n PhoneNumber) String() string { return n.E164() }

// FormatInternational is the number grouped as its country groups it, with the calling code: "+351 911 234 567".
func (n PhoneNumber) FormatInternational() string {
	return n.format(phonenumbers.INTERNATIONAL)
}

// FormatNational is the number as it is written and dialled inside its country: "(415) 555-2671", "06 12 34 56 78".
func (n PhoneNumber) FormatNational() string {
	return n.format(phonenumbers.NATIONAL)
}

// format falls back to E.164 when the parts are not those of a number.
func (n PhoneNumber) format(style phonenumbers.PhoneNumberFormat) string {
	if number := n.number(); number != nil {
		return phonenumbers.Format(number, style)
	}
	return n.E164()
}

// NumberType is what a number is used for, as far as its digits tell.
type NumberType string

// The types of numbers. Where one range serves fixed and mobile lines alike (all of +1), the digits cannot tell them apart.
const (
	NumberFixedLine         NumberType = "fixed_line"
	NumberMobile            NumberType = "mobile"
	NumberFixedLineOrMobile NumberType = "fixed_line_or_mobile"
	NumberTollFree          NumberType = "toll_free"
	NumberPremiumRate       NumberType = "premium_rate"
	NumberSharedCost        NumberType = "shared_cost"
	NumberVoIP              NumberType = "voip"
	NumberPersonal          NumberType = "personal_number"
	NumberPager             NumberType = "pager"
	NumberUAN               NumberType = "uan" // universal access: one number of a company
	NumberVoicemail         NumberType = "voicemail"
	NumberUnknown           NumberType = "unknown"
)

var numberTypes = map[phonenumbers.PhoneNumberType]NumberType{
	phonenumbers.FIXED_LINE:           NumberFixedLine,
	phonenumbers.MOBILE:               NumberMobile,
	phonenumbers.FIXED_LINE_OR_MOBILE: NumberFixedLineOrMobile,
	phonenumbers.TOLL_FREE:            NumberTollFree,
	phonenumbers.PREMIUM_RATE:         NumberPremiumRate,
	phonenumbers.SHARED_COST:          NumberSharedCost,
	phonenumbers.VOIP:                 NumberVoIP,
	phonenumbers.PERSONAL_NUMBER:      NumberPersonal,
	phonenumbers.PAGER:                NumberPager,
	phonenumbers.UAN:                  NumberUAN,
	phonenumbers.VOICEMAIL:            NumberVoicemail,
}

// Type is the type of the number; [NumberUnknown] when it is not a valid one.
func (n PhoneNumber) Type() NumberType {
	number := n.number()
	if number == nil {
		return NumberUnknown
	}
	return cmp.Or(numberTypes[phonenumbers.GetNumberType(number)], NumberUnknown)
}

// number is the library's form, or nil when the parts cannot be those of a number.
func (n PhoneNumber) number() *phonenumbers.PhoneNumber {
	if n.CallingCode <= 0 || n.CallingCode > 999 || len(n.National) > phonenumbers.MAX_LENGTH_FOR_NSN || !isDigits(n.National) {
		return nil
	}
	value, err := strconv.ParseUint(n.National, 10, 64)
	if err != nil {
		return nil
	}
	number := &phonenumbers.PhoneNumber{CountryCode: new(int32(n.CallingCode)), NationalNumber: &value}
	if zeros := len(n.National) - len(strconv.FormatUint(value, 10)); zeros > 0 {
		number.ItalianLeadingZero, number.NumberOfLeadingZeros = new(true), new(int32(zeros))
	}
	return number
}

// newPhoneNumber takes a valid number and the region that the library finds for it.
func newPhoneNumber(number *phonenumbers.PhoneNumber, region string) PhoneNumber {
	if region == phonenumbers.REGION_CODE_FOR_NON_GEO_ENTITY {
		region = ""
	}
	return PhoneNumber{
		CallingCode: int(number.GetCountryCode()),
		National:    phonenumbers.GetNationalSignificantNumber(number),
		Region:      region,
	}
}

// ParsePhone reads a phone number of a country and checks it as Authy's own clients do before they send it.
//
// The country is an ISO 3166 alpha-2 code in any case ("PT") or a calling code, with or without "+" ("351");
// blanks around it do not count. The phone may be national, with or without the national prefix, or
// international with "+" or the country's dial-out prefix; separators, letters (1-800-FLOWERS), an
// extension, which is dropped, digits of other scripts and a leading "tel:" are understood.
//
// The number must be valid for the country: for an alpha-2 code, for that region; for a calling code, for
// one of the regions that share it. The error is a [*PhoneError] with the parameters at fault. ParsePhone
// is safe for concurrent use; it knows the numbering plans, not which numbers are in service.
func ParsePhone(countryCode, phone string) (PhoneNumber, error) {
	c := lookupCountry(countryCode)
	n, phoneReason := c.assertPhone(phone)
	if c.known() && phoneReason == "" {
		return n, nil
	}
	failure := &PhoneError{}
	if !c.known() {
		failure.add("country_code", c.unknownReason(phone))
		phoneReason = c.faultsOf(phone)
	}
	if phoneReason != "" {
		failure.add("phone", phoneReason)
	}
	return PhoneNumber{}, failure
}

// assertPhone is the number that phone means in the country, or why it is not a valid one of it.
//
// With an unknown country it judges international numbers alone.
func (c country) assertPhone(phone string) (PhoneNumber, string) {
	text, reason := tidyPhone(phone)
	if reason != "" {
		return PhoneNumber{}, reason
	}
	if !c.known() && !strings.Contains(text, "+") {
		return PhoneNumber{}, "cannot be checked without a known country, write it with + and the calling code, got " + quote(phone)
	}
	number, err := c.read(text)
	if err != nil {
		return PhoneNumber{}, c.unreadable(err, phone, text)
	}
	region := phonenumbers.GetRegionCodeForNumber(number)
	if region == "" || !phonenumbers.IsValidNumberForRegion(number, region) {
		return PhoneNumber{}, c.invalid(number, phone, text)
	}
	if !c.owns(number, region) {
		return PhoneNumber{}, c.foreign(number, region, text)
	}
	return newPhoneNumber(number, region), ""
}

// owns reports whether a valid number, which belongs to region, counts as one of the country.
func (c country) owns(number *phonenumbers.PhoneNumber, region string) bool {
	switch {
	case !c.known():
		return true
	case c.alpha2 == "":
		return int(number.GetCountryCode()) == c.callingCode
	}
	// A number can be valid in several regions: +1 800 is of the US, and of Canada.
	return c.alpha2 == region || phonenumbers.IsValidNumberForRegion(number, c.alpha2)
}

// read takes the tidied phone for a number, valid or not, the way the country would dial it.
//
// An unknown calling code is read together with the phone, which puts together again what was split at
// the wrong place: "1809" and "2345678" are +1 809 234 5678.
func (c country) read(text string) (*phonenumbers.PhoneNumber, error) {
	switch {
	case strings.Contains(text, "+"):
	case !c.known() && !isDigits(c.text):
		return nil, phonenumbers.ErrInvalidCountryCode
	case !c.known() || c.nonGeographic():
		text = "+" + c.text + text
	}
	return phonenumbers.Parse(text, c.home())
}

// tidyPhone removes what may surround a number and what the library does not: blanks at both ends, "tel:",
// invisible characters from copied text, punctuation at the end. The reason is set when it is no text for a number at all.
func tidyPhone(phone string) (text, reason string) {
	if len(phone) > phonenumbers.MAX_INPUT_STRING_LENGTH {
		return "", "must be a phone number of at most " + strconv.Itoa(phonenumbers.MAX_INPUT_STRING_LENGTH) +
			" bytes, got " + strconv.Itoa(len(phone)) + " bytes: " + quote(phone)
	}
	text = strings.TrimSpace(phone)
	if text == "" {
		return "", `must not be empty, want a phone number such as "911234567" or "+351911234567"`
	}
	text = strings.Map(tidyRune, text)
	if strings.ContainsRune(text, unicode.ReplacementChar) {
		return "", "must be a phone number in UTF-8 without control characters, got " + quote(phone)
	}
	const scheme = "tel:"
	if len(text) > len(scheme) && strings.EqualFold(text[:len(scheme)], scheme) {
		text = text[len(scheme):]
	}
	return strings.TrimRightFunc(text, func(r rune) bool {
		return r != '#' && !unicode.IsLetter(r) && !unicode.IsNumber(r)
	}), ""
}

// tidyRune drops a rune (-1), or gives the one the library knows. Control characters and invalid
// UTF-8 become the replacement character, which no number holds.
func tidyRune(r rune) rune {
	switch {
	case '0' <= r && r <= '9' || r == ' ':
		return r
	case r == '\uFF0B': // full-width plus
		return '+'
	case r == '\t' || unicode.Is(unicode.Zs, r):
		return ' '
	case unicode.Is(unicode.Cf, r):
		return -1
	case unicode.IsControl(r):
		return unicode.ReplacementChar
	}
	return r
}

func isDigits(s string) bool {
	return s != "" && !slices.ContainsFunc([]byte(s), func(b byte) bool { return b < '0' || b > '9' })
}
