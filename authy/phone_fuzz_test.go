package authy

import (
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/nyaruka/phonenumbers"
)

// FuzzParsePhone feeds any two strings. A number that is accepted must be canonical: read again from its own
// parts, from its E.164 form and under its region, it is the same number. A refusal must be short and printable.
//
// One exception is inherent: national digits may themselves begin with what the country dials before a
// national or a foreign number, and then read as dialled. Belarus has toll-free numbers that begin with
// 810, which is also its dial-out prefix; such a number can only be typed with the 0 in front.
func FuzzParsePhone(f *testing.F) {
	for _, row := range phoneRows {
		f.Add(row.country, row.phone)
	}
	for _, seed := range [][2]string{
		{"BY", "08102450911"}, {"GG", "256789"}, {"VA", "06 698 12345"}, {"", ""}, {"+351", "\u202a+351 911 234 567\u202c"},
		{"PT", "＋３５１９１１２３４５６７"}, {"PT", "tel:911234567;phone-context=+351"}, {"PT", ";phone-context=tel:"},
		{"PT", "911\x00234567"}, {"PT", "\xff911234567"}, {"PT", "📱 911234567"}, {"PT", strings.Repeat("9", 251)},
		{"882", "tel:13300655"}, {"00351", "911234567"}, {"prt", "FOO"}, {"DE", "𝟎𝟏𝟓𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖𝟗"}, {"P\x00\xff", "+"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, countryCode, phone string) {
		n, err := ParsePhone(countryCode, phone)
		if err != nil {
			checkPhoneRefusal(t, n, err)
			return
		}
		checkPhoneNumber(t, n)
		again := [][2]string{{strconv.Itoa(n.CallingCode), n.National}, {strconv.Itoa(n.CallingCode), n.E164()}}
		if n.Region != "" {
			again = append(again, [2]string{n.Region, n.National})
		}
		for _, pair := range again {
			if same, err := ParsePhone(pair[0], pair[1]); same != n && !beginsLikeDialling(n) {
				t.Errorf("ParsePhone(%q, %q) = %#v, but %q in %q = %#v, %v", countryCode, phone, n, pair[1], pair[0], same, err)
			}
		}
	})
}

func checkPhoneNumber(t *testing.T, n PhoneNumber) {
	t.Helper()
	if !isDigits(n.National) || len(n.National) > phonenumbers.MAX_LENGTH_FOR_NSN {
		t.Errorf("%#v: the national number is not 1 to %d digits", n, phonenumbers.MAX_LENGTH_FOR_NSN)
	}
	if !lookupCountry(strconv.Itoa(n.CallingCode)).known() || n.Region != "" && !lookupCountry(n.Region).known() {
		t.Errorf("%#v: calling code or region is not known", n)
	}
	if n.Type() == NumberUnknown {
		t.Errorf("%#v: an accepted number has no type", n)
	}
	for _, text := range []string{n.FormatInternational(), n.FormatNational()} {
		if text == "" || text == n.E164() {
			t.Errorf("%#v: formatted as %q", n, text)
		}
	}
}

func checkPhoneRefusal(t *testing.T, n PhoneNumber, err error) {
	t.Helper()
	if n != (PhoneNumber{}) {
		t.Errorf("%#v beside an error", n)
	}
	text := err.Error()
	if !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return !strconv.IsPrint(r) }) {
		t.Errorf("error cannot be printed: %q", text)
	}
	// Twice 40 characters of input, each escaped to 10 bytes at most (\U0001f4f1), beside the words.
	if len(text) > 1200 {
		t.Errorf("error has %d bytes: %s", len(text), text)
	}
}

// beginsLikeDialling reports whether the national digits begin with a national or dial-out prefix of a
// region with the number's calling code.
func beginsLikeDialling(n PhoneNumber) bool {
	collection, err := phonenumbers.MetadataCollection()
	if err != nil {
		return false
	}
	for _, plan := range collection.GetMetadata() {
		if int(plan.GetCountryCode()) != n.CallingCode {
			continue
		}
		for _, prefix := range []string{plan.GetNationalPrefixForParsing(), plan.GetInternationalPrefix()} {
			if prefix != "" && regexp.MustCompile("^(?:"+prefix+")").MatchString(n.National) {
				return true
			}
		}
	}
	return false
}

// The exception of the fuzz target, as it happens: when the library learns to read such numbers, it can go.
func TestDialledDigitsAreAmbiguous(t *testing.T) {
	t.Parallel()
	n, err := ParsePhone("BY", "08102450911")
	if err != nil || n.National != "8102450911" {
		t.Fatalf("ParsePhone = %#v, %v", n, err)
	}
	if !beginsLikeDialling(n) {
		t.Errorf("%v does not begin like something dialled", n)
	}
	if same, err := ParsePhone("BY", n.National); err == nil {
		t.Errorf("%q is read as %v, want the refusal of a foreign number", n.National, same)
	}
}

// Every remedy that an error names must work: what it says to use is accepted.
func TestForeignRemedyWorks(t *testing.T) {
	t.Parallel()
	remedy := regexp.MustCompile(`use country_code = "(\w+)"(?: and phone = "([+\d]+)")?$`)
	seen := 0
	for _, home := range []string{"AU", "PT", "GB", "882", "1", "BY"} {
		for _, other := range Countries() {
			number := phonenumbers.GetExampleNumberForType(other.Alpha2, phonenumbers.MOBILE)
			for _, phone := range []string{
				phonenumbers.Format(number, phonenumbers.INTERNATIONAL),
				phonenumbers.FormatOutOfCountryCallingNumber(number, home),
			} {
				_, err := ParsePhone(home, phone)
				if err == nil {
					continue
				}
				found := remedy.FindStringSubmatch(err.Error())
				if found == nil {
					continue
				}
				seen++
				if found[2] != "" {
					phone = found[2]
				}
				if _, again := ParsePhone(found[1], phone); again != nil {
					t.Errorf("%s in %s: %v; following it: %v", phone, home, err, again)
				}
			}
		}
	}
	if seen < 1000 {
		t.Errorf("%d remedies tried, want at least 1000", seen)
	}
}

func BenchmarkParsePhone(b *testing.B) {
	for _, bench := range []struct{ name, country, phone string }{
		{"national", "PT", "911234567"},
		{"international", "PT", "+351 911 234 567"},
		{"calling_code", "351", "911 234 567"},
		{"shared_code", "1", "(415) 555-2671"},
		{"shared_code_last_region", "1", "340 642 1234"},
		{"refused", "PT", "91123"},
		{"foreign", "PT", "+34 915 555 555"},
		{"no_number", "PT", "FOO"},
	} {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = ParsePhone(bench.country, bench.phone)
			}
		})
	}
}

func BenchmarkCountries(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		_ = Countries()
	}
}
