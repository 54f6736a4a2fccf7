package authy

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/nyaruka/phonenumbers"
)

// checkPlain compares the short way with the long one, which is ParsePhone.
func checkPlain(t *testing.T, countryCode, phone string) (taken bool) {
	t.Helper()
	short, ok := plainNumber(countryCode, phone)
	if !ok {
		return false
	}
	if long, err := ParsePhone(countryCode, phone); err != nil || long != short {
		t.Errorf("%s %s: got %+v, want %+v, %v", countryCode, phone, short, long, err)
	}
	return true
}

// TestPlainNumbersAgree tries example numbers of every kind in every country, and neighbours of them, with alpha-2 and
// calling code.
func TestPlainNumbersAgree(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	tried, taken := 0, 0
	for _, country := range Countries() {
		for kind := range phonenumbers.VOICEMAIL + 1 {
			example := phonenumbers.GetExampleNumberForType(country.Alpha2, kind)
			if example == nil {
				continue
			}
			digits := []byte(phonenumbers.GetNationalSignificantNumber(example))
			for range 5 {
				for _, code := range []string{country.Alpha2, strconv.Itoa(country.CallingCode)} {
					if tried++; checkPlain(t, code, string(digits)) {
						taken++
					}
				}
				digits[random.IntN(len(digits))] = byte('0' + random.IntN(10))
				switch random.IntN(6) {
				case 0:
					digits = append(digits, byte('0'+random.IntN(10)))
				case 1:
					digits = slices.Insert(digits, 0, byte('0'+random.IntN(10)))
				}
			}
		}
	}
	if taken < tried/8 {
		t.Errorf("the short way was taken for %d of %d numbers", taken, tried)
	}
}

// TestPlainNumbersOfUsualPhones: what lists hold most takes the short way, and what needs thought does not.
func TestPlainNumbersOfUsualPhones(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		country, phone string
		want           bool
	}{
		{"PT", "911234567", true}, {"351", "911234567", true}, {"us", "4155552671", true}, {"+1", "4155552671", true}, {"GB", "7400123456", true}, {"IT", "3123456789", true},
		{"PT", "351911234567", false}, {"PT", "+351911234567", false}, {"PT", "911 234 567", false}, {"PT", "91123456", false}, {"PT", "00911234567", false},
		{"FR", "0612345678", false}, {"BY", "8104943418", false}, // 810 is the dial-out prefix
		{"CA", "6132345678", false}, {"882", "13123456789", false}, {"ZZ", "911234567", false}, {"PT", "", false}, {"PT", "٩١١٢٣٤٥٦٧", false},
	} {
		if got := checkPlain(t, tc.country, tc.phone); got != tc.want {
			t.Errorf("%s %s: the short way is taken: %v, want %v", tc.country, tc.phone, got, tc.want)
		}
	}
}

func FuzzPlainNumbers(f *testing.F) {
	for _, country := range Countries() {
		if example := phonenumbers.GetExampleNumber(country.Alpha2); example != nil {
			f.Add(country.Alpha2, phonenumbers.GetNationalSignificantNumber(example))
		}
	}
	f.Fuzz(func(t *testing.T, country, phone string) { checkPlain(t, country, phone) })
}
