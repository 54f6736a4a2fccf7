package authy

import (
	"regexp"
	"strconv"
	"sync"

	"github.com/nyaruka/phonenumbers"
)

// numbering is the part of a country's numbering plan that decides about a number in its plainest form: the national
// digits and nothing else, as most lists hold them. [ParsePhone] understands every form and takes many times as long.
type numbering struct {
	callingCode int
	region      string
	// affix is what the library might take off the start: a dial-out, country or national prefix.
	affix *regexp.Regexp
	// A valid number has the general form, and that of one kind of number.
	general digitPattern
	kinds   []digitPattern
}

// digitPattern is what digits of one kind of number look like.
type digitPattern struct {
	lengths uint32 // bit n: n digits are possible
	whole   *regexp.Regexp
}

func (p digitPattern) match(digits string) bool {
	return p.lengths&(1<<len(digits)) != 0 && p.whole.MatchString(digits)
}

// plainNumber gives what ParsePhone would, if the phone is in plain form and plainly valid. Otherwise ok is false,
// and nothing is decided.
func plainNumber(countryCode, phone string) (n PhoneNumber, ok bool) {
	if len(phone) < phonenumbers.MIN_LENGTH_FOR_NSN || len(phone) > phonenumbers.MAX_LENGTH_FOR_NSN || !isDigits(phone) {
		return n, false
	}
	c := lookupCountry(countryCode)
	if !c.known() || c.nonGeographic() || c.home() != c.regions[0] {
		return n, false // of regions that share a calling code, only the main one is certain by its own plan
	}
	plan := numberingOf(c.home())
	if plan == nil || plan.affix.MatchString(phone) || !plan.general.match(phone) {
		return n, false
	}
	for _, kind := range plan.kinds {
		if kind.match(phone) {
			return PhoneNumber{CallingCode: plan.callingCode, National: phone, Region: plan.region}, true
		}
	}
	return n, false
}

var numberings sync.Map // region → *numbering, nil when the region has none of use

func numberingOf(region string) *numbering {
	if known, ok := numberings.Load(region); ok {
		return known.(*numbering)
	}
	known, _ := numberings.LoadOrStore(region, newNumbering(region))
	return known.(*numbering)
}

func newNumbering(region string) *numbering {
	all, err := phonenumbers.MetadataCollection()
	if err != nil {
		return nil
	}
	for _, m := range all.GetMetadata() {
		if m.GetId() != region {
			continue
		}
		if m.GetLeadingDigits() != "" || m.GetGeneralDesc().GetNationalNumberPattern() == "" {
			return nil
		}
		callingCode := int(m.GetCountryCode())
		affix := strconv.Itoa(callingCode)
		for _, prefix := range []string{m.GetInternationalPrefix(), m.GetNationalPrefixForParsing()} {
			if prefix != "" {
				affix += "|" + prefix
			}
		}
		plan := &numbering{
			callingCode: callingCode, region: region, affix: regexp.MustCompile("^(?:" + affix + ")"),
			general: newDigitPattern(m.GetGeneralDesc()),
		}
		for _, kind := range []*phonenumbers.PhoneNumberDesc{ // the usual ones first
			m.GetMobile(), m.GetFixedLine(), m.GetTollFree(), m.GetPremiumRate(), m.GetSharedCost(),
			m.GetVoip(), m.GetPersonalNumber(), m.GetPager(), m.GetUan(), m.GetVoicemail(),
		} {
			if pattern := newDigitPattern(kind); pattern.lengths != 0 {
				plan.kinds = append(plan.kinds, pattern)
			}
		}
		return plan
	}
	return nil
}

// newDigitPattern has no lengths when the plan has no such numbers. A kind without lengths of its own has all.
func newDigitPattern(d *phonenumbers.PhoneNumberDesc) digitPattern {
	if d.GetNationalNumberPattern() == "" {
		return digitPattern{}
	}
	pattern := digitPattern{whole: regexp.MustCompile("^(?:" + d.GetNationalNumberPattern() + ")$")}
	for _, length := range d.GetPossibleLength() {
		if length > 0 {
			pattern.lengths |= 1 << length
		}
	}
	if len(d.GetPossibleLength()) == 0 {
		pattern.lengths = 1<<32 - 1
	}
	return pattern
}
