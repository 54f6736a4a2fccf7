package authy

import (
	"strconv"
	"strings"
	"testing"

	"github.com/nyaruka/phonenumbers"
)

// phoneRow is one pair as authy-client judges and rewrites it: the assert of the country, the assert of
// the phone, and the normaliser, each on its own. want is "351 911234567", or "" where reading fails.
type phoneRow struct {
	country, phone       string
	countryOK, phoneOK   bool
	want                 string
	region               string // of the whole; unset where an assert rejects
	numberType           NumberType
	rejectedCountry, why string // words of the reasons, where an assert rejects
}

// phoneRows are pairs with authy-client's results on current numbering data. Two kinds of rejected rows are read
// otherwise here on purpose: where authy-client hands an unreadable number on unchanged ("001", "OO", "XY"),
// reading fails; where it leaves a foreign calling code in the number (AU and 41, dialled abroad), the number
// is the one dialled.
var phoneRows = []phoneRow{
	{country: "PT", phone: "911234567", countryOK: true, phoneOK: true, want: "351 911234567", region: "PT", numberType: NumberMobile},
	{country: "PT", phone: "915 555 555", countryOK: true, phoneOK: true, want: "351 915555555", region: "PT", numberType: NumberMobile},
	{country: "PT", phone: "+351 915 555 555", countryOK: true, phoneOK: true, want: "351 915555555", region: "PT", numberType: NumberMobile},
	{country: "PT", phone: "+34 915 555 555", countryOK: true, want: "34 915555555", why: `a valid number of Spain (ES, +34), not of Portugal (PT, +351): use country_code = "ES"`},
	{country: "351", phone: "91 555 5555", countryOK: true, phoneOK: true, want: "351 915555555", region: "PT", numberType: NumberMobile},
	{country: "351", phone: "+351 912 345 679", countryOK: true, phoneOK: true, want: "351 912345679", region: "PT", numberType: NumberMobile},
	{country: "351", phone: "912 345 679", countryOK: true, phoneOK: true, want: "351 912345679", region: "PT", numberType: NumberMobile},
	{country: "US", phone: "7754615609", countryOK: true, phoneOK: true, want: "1 7754615609", region: "US", numberType: NumberFixedLineOrMobile},
	{country: "US", phone: "1-541-754-3010", countryOK: true, phoneOK: true, want: "1 5417543010", region: "US", numberType: NumberFixedLineOrMobile},
	{country: "US", phone: "(415) 555-2671", countryOK: true, phoneOK: true, want: "1 4155552671", region: "US", numberType: NumberFixedLineOrMobile},
	{country: "1", phone: "408-555-5555", countryOK: true, phoneOK: true, want: "1 4085555555", region: "US", numberType: NumberFixedLineOrMobile},
	{country: "1", phone: "408-550-3542", countryOK: true, phoneOK: true, want: "1 4085503542", region: "US", numberType: NumberFixedLineOrMobile},
	{country: "1", phone: "758-2845678", countryOK: true, phoneOK: true, want: "1 7582845678", region: "LC", numberType: NumberMobile},
	{country: "1", phone: "829 590 5555", countryOK: true, phoneOK: true, want: "1 8295905555", region: "DO", numberType: NumberFixedLineOrMobile},
	{country: "1", phone: "011 1 408-550-3542", countryOK: true, phoneOK: true, want: "1 4085503542", region: "US", numberType: NumberFixedLineOrMobile},
	{country: "1", phone: "+1 809 234 5678", countryOK: true, phoneOK: true, want: "1 8092345678", region: "DO", numberType: NumberFixedLineOrMobile},
	{country: "DO", phone: "(809) 234 5678", countryOK: true, phoneOK: true, want: "1 8092345678", region: "DO", numberType: NumberFixedLineOrMobile},
	{country: "DO", phone: "1 809 555 5555", countryOK: true, phoneOK: true, want: "1 8095555555", region: "DO", numberType: NumberFixedLineOrMobile},
	{country: "1809", phone: "2345678", want: "1 8092345678", rejectedCountry: `got "1809", did you mean "1" with phone "8092345678"?`, why: "without a known country"},
	{country: "1809", phone: "+1 809 234 5678", phoneOK: true, want: "1 8092345678", rejectedCountry: `got "1809", did you mean "1"?`},
	{country: "1758", phone: "2845678", want: "1 7582845678", rejectedCountry: `did you mean "1" with phone "7582845678"?`, why: "without a known country"},
	{country: "LC", phone: "758-2845678", countryOK: true, phoneOK: true, want: "1 7582845678", region: "LC", numberType: NumberMobile},
	{country: "CA", phone: "604-555-0123", countryOK: true, phoneOK: true, want: "1 6045550123", region: "CA", numberType: NumberFixedLineOrMobile},
	// Mexico gave up 044 and +52 1 in 2019; older numbering data still takes these three.
	{country: "MX", phone: "044 55 1502-5000", countryOK: true, want: "52 0445515025000", why: "is too long for Mexico (MX, +52), has 13 digits"},
	{country: "MX", phone: "044 55 1234 5678", countryOK: true, want: "52 0445512345678", why: "is too long for Mexico (MX, +52), has 13 digits"},
	{country: "MX", phone: "+5215555123123", countryOK: true, want: "52 15555123123", why: "is too long for Mexico (MX, +52), has 11 digits, want 10"},
	{country: "MX", phone: "55 1234 5678", countryOK: true, phoneOK: true, want: "52 5512345678", region: "MX", numberType: NumberFixedLineOrMobile},
	{country: "52", phone: "5512345678", countryOK: true, phoneOK: true, want: "52 5512345678", region: "MX", numberType: NumberFixedLineOrMobile},
	{country: "GB", phone: "07400 123456", countryOK: true, phoneOK: true, want: "44 7400123456", region: "GB", numberType: NumberMobile},
	{country: "GB", phone: "(809) 234 5678", countryOK: true, want: "44 8092345678", why: "is not a valid number of United Kingdom (GB, +44)"},
	{country: "GB", phone: "07624 300000", countryOK: true, want: "44 7624300000", why: `a valid number of Isle of Man (IM, +44), not of United Kingdom (GB, +44): use country_code = "IM"`},
	{country: "44", phone: "07400 123456", countryOK: true, phoneOK: true, want: "44 7400123456", region: "GB", numberType: NumberMobile},
	{country: "44", phone: "+44 7400 123456", countryOK: true, phoneOK: true, want: "44 7400123456", region: "GB", numberType: NumberMobile},
	{country: "44", phone: "07624 300000", countryOK: true, phoneOK: true, want: "44 7624300000", region: "IM", numberType: NumberMobile},
	{country: "GG", phone: "07781 123456", countryOK: true, phoneOK: true, want: "44 7781123456", region: "GG", numberType: NumberMobile},
	{country: "IM", phone: "07924 123456", countryOK: true, phoneOK: true, want: "44 7924123456", region: "GB", numberType: NumberMobile},
	{country: "JE", phone: "07797 712345", countryOK: true, phoneOK: true, want: "44 7797712345", region: "JE", numberType: NumberMobile},
	{country: "IT", phone: "+39 0187 1234(12)", countryOK: true, phoneOK: true, want: "39 0187123412", region: "IT", numberType: NumberFixedLine},
	{country: "IT", phone: "00 39 312 123 1234", countryOK: true, phoneOK: true, want: "39 3121231234", region: "IT", numberType: NumberMobile},
	{country: "39", phone: "02 1234 5678", countryOK: true, phoneOK: true, want: "39 0212345678", region: "IT", numberType: NumberFixedLine},
	{country: "AR", phone: "011 15-2345-6789", countryOK: true, phoneOK: true, want: "54 91123456789", region: "AR", numberType: NumberMobile},
	{country: "54", phone: "9 11 2345-6789", countryOK: true, phoneOK: true, want: "54 91123456789", region: "AR", numberType: NumberMobile},
	{country: "BR", phone: "(11) 96123-4567", countryOK: true, phoneOK: true, want: "55 11961234567", region: "BR", numberType: NumberMobile},
	{country: "IN", phone: "074104 10123", countryOK: true, phoneOK: true, want: "91 7410410123", region: "IN", numberType: NumberFixedLineOrMobile},
	{country: "AU", phone: "0412 345 678", countryOK: true, phoneOK: true, want: "61 412345678", region: "AU", numberType: NumberMobile},
	{country: "AU", phone: "0011 1 201-555-0123", countryOK: true, want: "1 2015550123", why: `a valid number of United States (US, +1), not of Australia (AU, +61): use country_code = "US" and phone = "+12015550123"`},
	{country: "882", phone: "13300655", countryOK: true, phoneOK: true, want: "882 13300655", numberType: NumberVoIP},
	{country: "882", phone: "+88213300655", countryOK: true, phoneOK: true, want: "882 13300655", numberType: NumberVoIP},
	{country: "883", phone: "510012345", countryOK: true, phoneOK: true, want: "883 510012345", numberType: NumberVoIP},
	{country: "883", phone: "5100 1234 567", countryOK: true, want: "883 51001234567", why: "is not a valid number of calling code +883, want one such as"},
	{country: "001", phone: "+88213300655", phoneOK: true, want: "882 13300655", rejectedCountry: `got "001", did you mean "882"?`},
	{country: "001", phone: "+88513300655", rejectedCountry: `did you mean "1"?`, why: "must have a known calling code after +"},
	{country: "341", phone: "+351 915 555 555", phoneOK: true, want: "351 915555555", rejectedCountry: `got "341", did you mean "351"?`},
	{country: "OO", phone: "408-555-5555", rejectedCountry: `got "OO"`, why: "without a known country"},
	{country: "XY", phone: "912345678", rejectedCountry: `must be an ISO 3166 alpha-2 code such as "PT" or a calling code such as "351", got "XY"`, why: "without a known country"},
	{country: "7", phone: "9123456789", countryOK: true, phoneOK: true, want: "7 9123456789", region: "RU", numberType: NumberMobile},
	{country: "KZ", phone: "8 771 000 9998", countryOK: true, phoneOK: true, want: "7 7710009998", region: "KZ", numberType: NumberMobile},
	{country: "FR", phone: "06 12 34 56 78", countryOK: true, phoneOK: true, want: "33 612345678", region: "FR", numberType: NumberMobile},
	{country: "DE", phone: "01512 3456789", countryOK: true, phoneOK: true, want: "49 15123456789", region: "DE", numberType: NumberMobile},
	{country: "CH", phone: "078 123 45 67", countryOK: true, phoneOK: true, want: "41 781234567", region: "CH", numberType: NumberMobile},
	{country: "39", phone: "+41 44 668 18 00", countryOK: true, want: "41 446681800", why: `a valid number of Switzerland (CH, +41), not of calling code +39: use country_code = "CH"`},
	{country: "41", phone: "00 1 201-555-0123", countryOK: true, want: "1 2015550123", why: `a valid number of United States (US, +1), not of Switzerland (CH, +41): use country_code = "US" and phone = "+12015550123"`},
	{country: "1", phone: "+351 912 345 678", countryOK: true, want: "351 912345678", why: `a valid number of Portugal (PT, +351), not of calling code +1: use country_code = "PT"`},
	{country: "800", phone: "12345678", countryOK: true, phoneOK: true, want: "800 12345678", numberType: NumberTollFree},
	{country: "800", phone: "+80012345678", countryOK: true, phoneOK: true, want: "800 12345678", numberType: NumberTollFree},
	{country: "878", phone: "101234567890", countryOK: true, phoneOK: true, want: "878 101234567890", numberType: NumberVoIP},
	{country: "999", phone: "12345", rejectedCountry: `got "999"`, why: "without a known country"},
	{country: "80", phone: "12345678", rejectedCountry: `got "80"`, why: "without a known country"},
	{country: "12345", phone: "123456789", want: "1 2345123456789", rejectedCountry: `got "12345"`, why: "without a known country"},
	{country: "PT", phone: "FOO", countryOK: true, why: `must be a phone number, got "FOO"`},
	{country: "pt", phone: "911234567", countryOK: true, phoneOK: true, want: "351 911234567", region: "PT", numberType: NumberMobile},
	{country: "US", phone: "202-555-0158 ext 5", countryOK: true, phoneOK: true, want: "1 2025550158", region: "US", numberType: NumberFixedLineOrMobile},
	{country: "US", phone: "1-800-FLOWERS", countryOK: true, phoneOK: true, want: "1 8003569377", region: "US", numberType: NumberTollFree},
}

func TestPhoneTableHasEveryRow(t *testing.T) {
	t.Parallel()
	if len(phoneRows) != 73 {
		t.Errorf("the table has %d rows, want 73", len(phoneRows))
	}
}

func TestCountryAssert(t *testing.T) {
	t.Parallel()
	for i, row := range phoneRows {
		t.Run(row.name(i), func(t *testing.T) {
			t.Parallel()
			c := lookupCountry(row.country)
			if c.known() != row.countryOK {
				t.Fatalf("lookupCountry(%q).known() = %v, want %v", row.country, c.known(), row.countryOK)
			}
			if reason := c.unknownReason(row.phone); !row.countryOK && !strings.Contains(reason, row.rejectedCountry) {
				t.Errorf("reason %q does not say %q", reason, row.rejectedCountry)
			}
		})
	}
}

func TestPhoneAssert(t *testing.T) {
	t.Parallel()
	for i, row := range phoneRows {
		t.Run(row.name(i), func(t *testing.T) {
			t.Parallel()
			_, reason := lookupCountry(row.country).assertPhone(row.phone)
			switch {
			case (reason == "") != row.phoneOK:
				t.Errorf("assertPhone(%q) in %q gives reason %q, want accepted: %v", row.phone, row.country, reason, row.phoneOK)
			case !row.phoneOK && (row.why == "" || !strings.Contains(reason, row.why)):
				t.Errorf("reason %q does not say %q", reason, row.why)
			}
		})
	}
}

func TestPhoneNormaliser(t *testing.T) {
	t.Parallel()
	for i, row := range phoneRows {
		t.Run(row.name(i), func(t *testing.T) {
			t.Parallel()
			text, reason := tidyPhone(row.phone)
			if reason != "" {
				t.Fatalf("tidyPhone(%q): %s", row.phone, reason)
			}
			got := ""
			if number, err := lookupCountry(row.country).read(text); err == nil {
				got = strconv.Itoa(int(number.GetCountryCode())) + " " + phonenumbers.GetNationalSignificantNumber(number)
			}
			if got != row.want {
				t.Errorf("read(%q) in %q = %q, want %q", row.phone, row.country, got, row.want)
			}
		})
	}
}

func TestParsePhoneTable(t *testing.T) {
	t.Parallel()
	for i, row := range phoneRows {
		t.Run(row.name(i), func(t *testing.T) {
			t.Parallel()
			got, err := ParsePhone(row.country, row.phone)
			if accepted := row.countryOK && row.phoneOK; accepted != (err == nil) {
				t.Fatalf("ParsePhone(%q, %q) = %v, %v, want accepted: %v", row.country, row.phone, got, err, accepted)
			}
			if err != nil {
				return
			}
			code, national, _ := strings.Cut(row.want, " ")
			callingCode, _ := strconv.Atoi(code)
			if want := (PhoneNumber{CallingCode: callingCode, National: national, Region: row.region}); got != want {
				t.Errorf("got %#v, want %#v", got, want)
			}
			if got.Type() != row.numberType {
				t.Errorf("Type() = %q, want %q", got.Type(), row.numberType)
			}
		})
	}
}

func (r phoneRow) name(i int) string { return strconv.Itoa(i+1) + " " + r.country + " " + r.phone }
