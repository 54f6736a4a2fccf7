package authy

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/nyaruka/phonenumbers"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

// Country is a region that has phone numbers, as a country_code parameter may name it.
type Country struct {
	// Alpha2 is the ISO 3166 code, such as "PT"; "XK" for Kosovo, "AC" and "TA" for two British islands.
	Alpha2 string
	// CallingCode is the country calling code, such as 351; several regions may share one.
	CallingCode int
}

// Name is the country's name in English, such as "Portugal".
func (c Country) Name() string {
	region, err := language.ParseRegion(c.Alpha2)
	if err != nil {
		return c.Alpha2
	}
	return cmp.Or(display.English.Regions().Name(region), c.Alpha2)
}

// Countries lists every country that [ParsePhone] accepts as an alpha-2 code, sorted by that code.
//
// The list is the caller's own.
func Countries() []Country {
	regions := phonenumbers.GetSupportedRegions()
	countries := make([]Country, 0, len(regions))
	for alpha2 := range regions {
		countries = append(countries, Country{Alpha2: alpha2, CallingCode: phonenumbers.GetCountryCodeForRegion(alpha2)})
	}
	slices.SortFunc(countries, func(a, b Country) int { return cmp.Compare(a.Alpha2, b.Alpha2) })
	return countries
}

// CallingCodes lists every calling code that [ParsePhone] accepts, in ascending order.
//
// It holds the codes of no country too: 800, 808, 870, 878, 881, 882, 883, 888 and 979. The list is the caller's own.
func CallingCodes() []int {
	return slices.Sorted(maps.Keys(phonenumbers.GetSupportedCallingCodes()))
}

// country is what a country_code parameter means. The text is as typed, without blanks and "+".
type country struct {
	text        string
	callingCode int      // 0 when unknown
	alpha2      string   // empty when a calling code was given
	regions     []string // those that share the calling code, the main one first
}

// lookupCountry never fails; a country it does not find is not known.
//
// Like authy-client it takes alpha-2 codes in any case and calling codes only in their plain form: "0351"
// is none. Blanks around either and a "+" in front of a calling code are accepted beyond that.
func lookupCountry(countryCode string) country {
	text := strings.TrimSpace(countryCode)
	if plain, ok := strings.CutPrefix(text, "+"); ok && isDigits(plain) {
		text = plain
	}
	if isDigits(text) {
		code, err := strconv.Atoi(text)
		regions := phonenumbers.GetRegionCodesForCountryCode(code)
		if err != nil || text[0] == '0' || len(regions) == 0 {
			return country{text: text}
		}
		return country{text: text, callingCode: code, regions: regions}
	}
	if len(text) != 2 {
		return country{text: text}
	}
	alpha2 := strings.ToUpper(text)
	code := phonenumbers.GetCountryCodeForRegion(alpha2)
	if code == 0 {
		return country{text: text}
	}
	return country{text: text, callingCode: code, alpha2: alpha2, regions: phonenumbers.GetRegionCodesForCountryCode(code)}
}

func (c country) known() bool { return c.callingCode != 0 }

// nonGeographic reports whether the calling code is of no country, as 882 is.
func (c country) nonGeographic() bool {
	return len(c.regions) == 1 && c.regions[0] == phonenumbers.REGION_CODE_FOR_NON_GEO_ENTITY
}

// home is the region whose dialling habits a number without "+" follows.
func (c country) home() string {
	switch {
	case c.alpha2 != "":
		return c.alpha2
	case !c.known() || c.nonGeographic():
		return phonenumbers.UNKNOWN_REGION
	}
	return c.regions[0]
}

// String names the country in errors: "Portugal (PT, +351)", or "calling code +1" where that is of several.
func (c country) String() string {
	if c.alpha2 == "" && (len(c.regions) != 1 || c.nonGeographic()) {
		return "calling code +" + strconv.Itoa(c.callingCode)
	}
	region := Country{Alpha2: c.home(), CallingCode: c.callingCode}
	return region.Name() + " (" + region.Alpha2 + ", +" + strconv.Itoa(region.CallingCode) + ")"
}

// unknownReason says what a country is, and what the one given may have been meant for.
func (c country) unknownReason(phone string) string {
	const rule = `an ISO 3166 alpha-2 code such as "PT" or a calling code such as "351"`
	if c.text == "" {
		return "must not be empty, want " + rule
	}
	return "must be " + rule + ", got " + quote(c.text) + c.suggestion(phone)
}

// suggestion ends an error about an unknown country with the near one, if there is a plain candidate.
func (c country) suggestion(phone string) string {
	if isDigits(c.text) {
		return c.suggestCode(phone)
	}
	// ParseRegion also knows alpha-3 codes ("PRT") and deprecated ones ("UK").
	if region, err := language.ParseRegion(c.text); err == nil {
		if near := lookupCountry(region.Canonicalize().String()); near.known() {
			return `, did you mean "` + near.alpha2 + `"?`
		}
	}
	for _, candidate := range Countries() {
		if strings.EqualFold(candidate.Name(), c.text) {
			return `, did you mean "` + candidate.Alpha2 + `"?`
		}
	}
	if n, ok := c.valid(phone); ok && n.Region != "" {
		return `, did you mean "` + n.Region + `"?`
	}
	return ""
}

// suggestCode takes the calling code of an international phone, or looks for one at the start of the digits:
// no calling code is the start of another.
func (c country) suggestCode(phone string) string {
	n, valid := c.valid(phone)
	if valid && strings.ContainsAny(phone, phonenumbers.PLUS_CHARS) {
		return `, did you mean "` + strconv.Itoa(n.CallingCode) + `"?`
	}
	digits := strings.TrimLeft(c.text, "0")
	for length := 1; length <= min(len(digits), phonenumbers.MAX_LENGTH_COUNTRY_CODE); length++ {
		near := lookupCountry(digits[:length])
		switch {
		case !near.known():
		case length == len(digits):
			return `, did you mean "` + near.text + `"?`
		case valid:
			return `, did you mean "` + near.text + `" with phone ` + strconv.Quote(n.National) + `?`
		}
	}
	return ""
}

// valid is the number that the phone is, read with an unknown country: international, or one whose first
// digits were taken for a part of the calling code ("1809" and "234 5678").
func (c country) valid(phone string) (PhoneNumber, bool) {
	text, reason := tidyPhone(phone)
	if reason != "" {
		return PhoneNumber{}, false
	}
	number, err := c.read(text)
	if err != nil || !phonenumbers.IsValidNumber(number) {
		return PhoneNumber{}, false
	}
	return newPhoneNumber(number, phonenumbers.GetRegionCodeForNumber(number)), true
}
