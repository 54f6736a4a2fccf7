package authy_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/authysh/authysh/authy"
)

func TestParsePhoneLeniency(t *testing.T) {
	t.Parallel()
	portugal := authy.PhoneNumber{CallingCode: 351, National: "911234567", Region: "PT"}
	tests := []struct {
		name, country, phone string
		want                 authy.PhoneNumber
	}{
		{"blanks around the country", " pt\t", "911234567", portugal},
		{"calling code with plus", "+351", "911234567", portugal},
		{"mixed case", "pT", "911234567", portugal},
		{"line end", "PT", "911234567\r\n", portugal},
		{"tel URI", "PT", "tel:+351-911-234-567", portugal},
		{"tel URI in capitals", "PT", "TEL:911234567", portugal},
		{"tel URI with context", "PT", "tel:911234567;phone-context=+351", portugal},
		{"tel URI with extension", "PT", "tel:+351911234567;ext=12", portugal},
		{"tel URI of no country", "882", "tel:13300655", authy.PhoneNumber{CallingCode: 882, National: "13300655"}},
		{"extension", "PT", "911234567 x99", portugal},
		{"full-width digits and plus", "PT", "＋３５１９１１２３４５６７", portugal},
		{"Arabic-Indic digits", "PT", "٩١١٢٣٤٥٦٧", portugal},
		{"no-break and thin spaces", "PT", "911\u00a0234\u2009567", portugal},
		{"narrow no-break spaces", "PT", "911\u202f234\u202f567", portugal},
		{"tabs", "PT", "911\t234\t567", portugal},
		{"marks of writing direction", "PT", "\u202a+351 911 234 567\u202c", portugal},
		{"mark of writing direction inside", "PT", "+351\u202c 911 234 567", portugal},
		{"zero-width space inside", "PT", "911\u200b234567", portugal},
		{"punctuation at the end", "PT", "911234567.;!", portugal},
		{"emoji around", "PT", "📱 911234567 📱", portugal},
		{"dial-out prefix to itself", "PT", "00351911234567", portugal},
		{"calling code without plus", "PT", "351911234567", portugal},
		{"brackets", "PT", "(+351) 911 234 567", portugal},
		{"local numbers of Guernsey", "GG", "256789", authy.PhoneNumber{CallingCode: 44, National: "1481256789", Region: "GG"}},
		{"leading zero kept", "39", "+39 06 1234 5678", authy.PhoneNumber{CallingCode: 39, National: "0612345678", Region: "IT"}},
		{"Vatican in the Italian plan", "VA", "06 698 12345", authy.PhoneNumber{CallingCode: 39, National: "0669812345", Region: "VA"}},
		{"region is the main one of a shared range", "CA", "800 234 5678", authy.PhoneNumber{CallingCode: 1, National: "8002345678", Region: "US"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := authy.ParsePhone(tt.country, tt.phone)
			if err != nil || got != tt.want {
				t.Errorf("ParsePhone(%q, %q) = %#v, %v, want %#v", tt.country, tt.phone, got, err, tt.want)
			}
		})
	}
}

func TestParsePhoneErrors(t *testing.T) {
	t.Parallel()
	const rule = `country_code must be an ISO 3166 alpha-2 code such as "PT" or a calling code such as "351", got `
	tests := []struct{ name, country, phone, want string }{
		{"unknown country", "XY", "911234567", rule + `"XY"`},
		{"no country", " ", "911234567", `country_code must not be empty, want an ISO 3166 alpha-2 code such as "PT" or a calling code such as "351"`},
		{"alpha-3", "prt", "911234567", rule + `"prt", did you mean "PT"?`},
		{"deprecated code", "UK", "07400 123456", rule + `"UK", did you mean "GB"?`},
		{"name of the country", "portugal", "911234567", rule + `"portugal", did you mean "PT"?`},
		{"country told by the phone", "??", "+351 911 234 567", rule + `"??", did you mean "PT"?`},
		{"dial-out prefix", "00351", "911234567", rule + `"00351", did you mean "351"?`},
		{"area code in the country", "1809", "2345678", rule + `"1809", did you mean "1" with phone "8092345678"?`},
		{"digits of another script", "３５１", "911234567", rule + `"３５１"`},
		{"plus alone", "+", "911234567", rule + `"+"`},
		{"huge calling code", "99999999999999999999999", "911234567", rule + `"99999999999999999999999"`},
		{"hostile country", "P\x00\xff\x1b[31m", "911234567", rule + `"P\x00\xff\x1b[31m"`},
		{"both", "XY", "FOO", rule + `"XY"; phone must be a phone number, got "FOO"`},
		{"both, international", "XY", "+999 123 456", rule + `"XY"; phone must have a known calling code after +, got "+999 123 456"`},
		{"both empty", "", "", `country_code must not be empty, want an ISO 3166 alpha-2 code such as "PT" or a calling code such as "351"` +
			`; phone must not be empty, want a phone number such as "911234567" or "+351911234567"`},
		{"too short", "PT", "91123", `phone is too short for Portugal (PT, +351), has 5 digits, want 9, got "91123"`},
		{"far too short", "PT", "9", `phone must be a phone number, got "9"`},
		{"short after plus", "PT", "+351", `phone is too short to be a phone number, got "+351"`},
		{"too long", "PT", "9112345678", `phone is too long for Portugal (PT, +351), has 10 digits, want 9, got "9112345678"`},
		{"without the area code", "AU", "4123456", `phone is not a valid number of Australia (AU, +61), want one such as "+61 412 345 678", got "4123456"`},
		{"between two lengths", "GW", "95512345", `phone has the wrong length for Guinea-Bissau (GW, +245), has 8 digits, want 7 or 9, got "95512345"`},
		{"far too long", "PT", strings.Repeat("9", 60), `phone is too long to be a phone number, got "` + strings.Repeat("9", 40) + `"…`},
		{"over the limit", "PT", strings.Repeat("9", 251), `phone must be a phone number of at most 250 bytes, got 251 bytes: "` + strings.Repeat("9", 40) + `"…`},
		{"unused range", "PT", "511234567", `phone is not a valid number of Portugal (PT, +351), want one such as "+351 912 345 678", got "511234567"`},
		{"plus forgotten", "PT", "34915555555", `phone is too long for Portugal (PT, +351), has 11 digits, want 9, got "34915555555", or is it "+34 915 55 55 55"?`},
		{"too short abroad", "PT", "+34 12345", `phone is too short for Spain (ES, +34), has 5 digits, want 9, got "+34 12345"`},
		{"dialled abroad", "PT", "0034 12345", `phone is too short for Spain (ES, +34) as dialled from Portugal (PT, +351), has 5 digits, want 9, got "0034 12345"`},
		{"of no country", "PT", "+882 13300655", `phone is a valid number of calling code +882, not of Portugal (PT, +351): use country_code = "882"`},
		{"of a country", "882", "+351911234567", `phone is a valid number of Portugal (PT, +351), not of calling code +882: use country_code = "PT"`},
		{"NUL", "PT", "911\x00234567", `phone must be a phone number in UTF-8 without control characters, got "911\x00234567"`},
		{"two lines", "PT", "911234567\n912345678", `phone must be a phone number in UTF-8 without control characters, got "911234567\n912345678"`},
		{"invalid UTF-8", "PT", "\xff911234567", `phone must be a phone number in UTF-8 without control characters, got "\xff911234567"`},
		{"only punctuation", "PT", "--", `phone must be a phone number, got "--"`},
		{"only an emoji", "PT", "📱", `phone must be a phone number, got "📱"`},
		{"bad context", "PT", "tel:911234567;phone-context=", `phone must be a phone number, got "tel:911234567;phone-context="`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := authy.ParsePhone(tt.country, tt.phone)
			if err == nil {
				t.Fatalf("ParsePhone(%q, %q) = %#v, want an error", tt.country, tt.phone, got)
			}
			if err.Error() != tt.want {
				t.Errorf("error:\n%s\nwant:\n%s", err, tt.want)
			}
			if got != (authy.PhoneNumber{}) {
				t.Errorf("number %#v beside an error, want none", got)
			}
		})
	}
}

func TestPhoneErrorNamesTheParameters(t *testing.T) {
	t.Parallel()
	tests := []struct {
		country, phone string
		want           []string
	}{
		{"XY", "911234567", []string{"country_code"}},
		{"PT", "FOO", []string{"phone"}},
		{"XY", "FOO", []string{"country_code", "phone"}},
	}
	for _, tt := range tests {
		_, err := authy.ParsePhone(tt.country, tt.phone)
		failure, ok := errors.AsType[*authy.PhoneError](err)
		if !ok {
			t.Fatalf("ParsePhone(%q, %q): %T, want *PhoneError", tt.country, tt.phone, err)
		}
		var got []string
		for _, problem := range failure.Problems {
			got = append(got, problem.Param)
			if problem.Reason == "" || strings.HasSuffix(problem.Reason, ".") || !utf8.ValidString(problem.Reason) {
				t.Errorf("%s: reason %q", problem.Param, problem.Reason)
			}
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("ParsePhone(%q, %q) blames %q, want %q", tt.country, tt.phone, got, tt.want)
		}
	}
}

func TestPhoneNumberFormats(t *testing.T) {
	t.Parallel()
	tests := []struct {
		number                        authy.PhoneNumber
		e164, international, national string
		numberType                    authy.NumberType
	}{
		{authy.PhoneNumber{351, "911234567", "PT"}, "+351911234567", "+351 911 234 567", "911 234 567", authy.NumberMobile},
		{authy.PhoneNumber{1, "4155552671", "US"}, "+14155552671", "+1 415-555-2671", "(415) 555-2671", authy.NumberFixedLineOrMobile},
		{authy.PhoneNumber{33, "612345678", "FR"}, "+33612345678", "+33 6 12 34 56 78", "06 12 34 56 78", authy.NumberMobile},
		{authy.PhoneNumber{39, "0612345678", "IT"}, "+390612345678", "+39 06 1234 5678", "06 1234 5678", authy.NumberFixedLine},
		{authy.PhoneNumber{44, "5612345678", "GB"}, "+445612345678", "+44 56 1234 5678", "056 1234 5678", authy.NumberVoIP},
		{authy.PhoneNumber{44, "7012345678", "GB"}, "+447012345678", "+44 70 1234 5678", "070 1234 5678", authy.NumberPersonal},
		{authy.PhoneNumber{44, "7640123456", "GB"}, "+447640123456", "+44 76 4012 3456", "076 4012 3456", authy.NumberPager},
		{authy.PhoneNumber{44, "5512345678", "GB"}, "+445512345678", "+44 55 1234 5678", "055 1234 5678", authy.NumberUAN},
		{authy.PhoneNumber{44, "9012345678", "GB"}, "+449012345678", "+44 901 234 5678", "0901 234 5678", authy.NumberPremiumRate},
		{authy.PhoneNumber{351, "808123456", "PT"}, "+351808123456", "+351 808 123 456", "808 123 456", authy.NumberSharedCost},
		{authy.PhoneNumber{351, "600110000", "PT"}, "+351600110000", "+351 600 110 000", "600 110 000", authy.NumberVoicemail},
		{authy.PhoneNumber{800, "12345678", ""}, "+80012345678", "+800 1234 5678", "1234 5678", authy.NumberTollFree},
		{authy.PhoneNumber{351, "1", ""}, "+3511", "+351 1", "1", authy.NumberUnknown},
		{authy.PhoneNumber{351, "nine", ""}, "+351nine", "+351nine", "+351nine", authy.NumberUnknown},
		{authy.PhoneNumber{-3, "911234567", ""}, "+-3911234567", "+-3911234567", "+-3911234567", authy.NumberUnknown},
		{authy.PhoneNumber{351, strings.Repeat("9", 99), ""}, "+351" + strings.Repeat("9", 99), "+351" + strings.Repeat("9", 99), "+351" + strings.Repeat("9", 99), authy.NumberUnknown},
		{authy.PhoneNumber{39, "000", ""}, "+39000", "+39 000", "000", authy.NumberUnknown},
		{authy.PhoneNumber{}, "", "", "", authy.NumberUnknown},
	}
	for _, tt := range tests {
		n := tt.number
		if n.E164() != tt.e164 || n.String() != tt.e164 {
			t.Errorf("%#v: E164() = %q, String() = %q, want %q", n, n.E164(), n.String(), tt.e164)
		}
		if got := n.FormatInternational(); got != tt.international {
			t.Errorf("%#v: FormatInternational() = %q, want %q", n, got, tt.international)
		}
		if got := n.FormatNational(); got != tt.national {
			t.Errorf("%#v: FormatNational() = %q, want %q", n, got, tt.national)
		}
		if got := n.Type(); got != tt.numberType {
			t.Errorf("%#v: Type() = %q, want %q", n, got, tt.numberType)
		}
	}
}

func TestCountries(t *testing.T) {
	t.Parallel()
	countries := authy.Countries()
	if len(countries) < 240 {
		t.Errorf("%d countries, want the world", len(countries))
	}
	if !slices.IsSortedFunc(countries, func(a, b authy.Country) int { return strings.Compare(a.Alpha2, b.Alpha2) }) {
		t.Error("countries are not sorted by alpha-2 code")
	}
	codes := authy.CallingCodes()
	for _, c := range countries {
		if len(c.Alpha2) != 2 || c.Name() == "" || c.Name() == c.Alpha2 {
			t.Errorf("%#v has the name %q", c, c.Name())
		}
		if !slices.Contains(codes, c.CallingCode) {
			t.Errorf("%#v: calling code is not listed", c)
		}
	}
	for _, want := range []authy.Country{{"PT", 351}, {"US", 1}, {"CA", 1}, {"XK", 383}} {
		if !slices.Contains(countries, want) {
			t.Errorf("%#v is missing", want)
		}
	}
	if got := (authy.Country{Alpha2: "??"}).Name(); got != "??" {
		t.Errorf("the name of no country is %q, want its code", got)
	}
}

func TestCallingCodes(t *testing.T) {
	t.Parallel()
	codes := authy.CallingCodes()
	if !slices.IsSorted(codes) || len(slices.Compact(slices.Clone(codes))) != len(codes) {
		t.Errorf("calling codes are not sorted or not unique: %v", codes)
	}
	for _, want := range []int{1, 7, 351, 800, 808, 870, 878, 881, 882, 883, 888, 979} {
		if !slices.Contains(codes, want) {
			t.Errorf("%d is missing", want)
		}
	}
	if slices.Contains(codes, 999) || slices.Contains(codes, 0) {
		t.Error("a code that does not exist is listed")
	}
}

// The lists belong to the caller: a change to one must not reach the next caller or ParsePhone.
func TestListsAreTheCallersOwn(t *testing.T) {
	t.Parallel()
	countries, codes := authy.Countries(), authy.CallingCodes()
	clear(countries)
	clear(codes)
	if authy.Countries()[0].Alpha2 == "" || authy.CallingCodes()[0] == 0 {
		t.Error("a list is shared between callers")
	}
}
