package authy

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// PhoneError says what is wrong with a country and a phone number; [ParsePhone] returns it.
//
// Each problem's Param is "country_code" or "phone"; both may be at fault, the country is named first.
type PhoneError struct {
	Problems []Problem
}

// Error lists the problems in one line.
func (e *PhoneError) Error() string {
	parts := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		parts[i] = p.Param + " " + p.Reason
	}
	return strings.Join(parts, "; ")
}

func (e *PhoneError) add(param, reason string) {
	e.Problems = append(e.Problems, Problem{Param: param, Reason: reason})
}

// faultsOf says what is wrong with a phone whatever its country, which is not known; else it is empty.
func (c country) faultsOf(phone string) string {
	text, reason := tidyPhone(phone)
	if reason != "" {
		return reason
	}
	if strings.Contains(text, "+") {
		_, reason = c.assertPhone(phone)
		return reason
	}
	// Without a country the library gets no further than whether the text could be a number at all.
	if _, err := phonenumbers.Parse(text, phonenumbers.UNKNOWN_REGION); err != nil && !errors.Is(err, phonenumbers.ErrInvalidCountryCode) {
		return c.unreadable(err, phone, text)
	}
	return ""
}

// unreadable words the library's refusal to take the text for a number.
func (c country) unreadable(err error, phone, text string) string {
	got := ", got " + quote(phone)
	switch {
	case errors.Is(err, phonenumbers.ErrInvalidCountryCode):
		return "must have a known calling code after +" + got
	case errors.Is(err, phonenumbers.ErrTooShortNSN) || errors.Is(err, phonenumbers.ErrTooShortAfterIDD):
		return "is too short to be a phone number" + got
	case errors.Is(err, phonenumbers.ErrNumTooLong):
		return "is too long to be a phone number" + got + c.missingPlus(text)
	}
	return "must be a phone number" + got
}

// foreign says to which country a valid number belongs and how to send it there.
func (c country) foreign(number *phonenumbers.PhoneNumber, region, text string) string {
	n := newPhoneNumber(number, region)
	owner := lookupCountry(n.Region)
	if n.Region == "" {
		owner = lookupCountry(strconv.Itoa(n.CallingCode))
	}
	reason := fmt.Sprintf("is a valid number of %v, not of %v: use country_code = %q", owner, c, strings.ToUpper(owner.text))
	// Dialled with the prefix of the wrong country ("0011 1 …" from AU), the text means nothing in the right one.
	if there, err := owner.read(text); err != nil || n != newPhoneNumber(there, phonenumbers.GetRegionCodeForNumber(there)) {
		reason += fmt.Sprintf(" and phone = %q", n.E164())
	}
	return reason
}

// invalid says why a readable number is none of its numbering plan: its length, or its leading digits.
func (c country) invalid(number *phonenumbers.PhoneNumber, phone, text string) string {
	plan := c
	if code := int(number.GetCountryCode()); code != c.callingCode {
		plan = lookupCountry(strconv.Itoa(code))
	}
	place := plan.String()
	if plan.callingCode != c.callingCode && c.known() && !strings.Contains(text, "+") {
		place += " as dialled from " + c.String()
	}
	digits := len(phonenumbers.GetNationalSignificantNumber(number))
	got := ", got " + quote(phone) + c.missingPlus(text)
	lengths := plan.lengths()
	fault := "has the wrong length for"
	switch {
	case len(lengths) == 0 || slices.Contains(lengths, digits):
		return "is not a valid number of " + place + plan.example() + got
	case digits < lengths[0]:
		fault = "is too short for"
	case digits > lengths[len(lengths)-1]:
		fault = "is too long for"
	}
	return fmt.Sprintf("%s %s, has %d digits, want %s%s", fault, place, digits, either(lengths), got)
}

// missingPlus is the hint for a number that is valid once a "+" is put in front: "34915555555" for PT.
func (c country) missingPlus(text string) string {
	if strings.Contains(text, "+") {
		return ""
	}
	number, err := phonenumbers.Parse("+"+text, phonenumbers.UNKNOWN_REGION)
	if err != nil || !phonenumbers.IsValidNumber(number) || int(number.GetCountryCode()) == c.callingCode {
		return ""
	}
	n := newPhoneNumber(number, phonenumbers.GetRegionCodeForNumber(number))
	return fmt.Sprintf(", or is it %q?", n.FormatInternational())
}

// lengths are the numbers of digits that the country's numbers may have, ascending.
func (c country) lengths() []int {
	collection, err := phonenumbers.MetadataCollection()
	if err != nil {
		return nil
	}
	for _, plan := range collection.GetMetadata() {
		if plan.GetId() != c.home() && !(c.nonGeographic() && int(plan.GetCountryCode()) == c.callingCode) {
			continue
		}
		var lengths []int
		for _, length := range plan.GetGeneralDesc().GetPossibleLength() {
			lengths = append(lengths, int(length))
		}
		return lengths
	}
	return nil
}

// example shows what a number of the country looks like.
func (c country) example() string {
	number := phonenumbers.GetExampleNumberForType(c.home(), phonenumbers.MOBILE)
	if c.nonGeographic() {
		number = phonenumbers.GetExampleNumberForNonGeoEntity(c.callingCode)
	}
	if number == nil {
		return ""
	}
	return fmt.Sprintf(", want one such as %q", phonenumbers.Format(number, phonenumbers.INTERNATIONAL))
}

// either joins numbers for people: "9", "7 or 10", "5, 6 or 9".
func either(numbers []int) string {
	var b strings.Builder
	for i, n := range numbers {
		switch {
		case i == 0:
		case i == len(numbers)-1:
			b.WriteString(" or ")
		default:
			b.WriteString(", ")
		}
		b.WriteString(strconv.Itoa(n))
	}
	return b.String()
}
