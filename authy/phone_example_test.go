package authy_test

import (
	"errors"
	"fmt"

	"github.com/authysh/authysh/authy"
)

func ExampleParsePhone() {
	n, err := authy.ParsePhone("US", "(415) 555-2671 ext 5")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(n.CallingCode, n.National, n.Region, n.Type())
	fmt.Println(n.E164())
	fmt.Println(n.FormatInternational())
	fmt.Println(n.FormatNational())
	// Output:
	// 1 4155552671 US fixed_line_or_mobile
	// +14155552671
	// +1 415-555-2671
	// (415) 555-2671
}

func ExampleParsePhone_callingCode() {
	// A calling code stands for every region that shares it; an alpha-2 code for one region only.
	n, err := authy.ParsePhone("44", "07624 300000")
	fmt.Println(n, n.Region, err)
	_, err = authy.ParsePhone("GB", "07624 300000")
	fmt.Println(err)
	// Output:
	// +447624300000 IM <nil>
	// phone is a valid number of Isle of Man (IM, +44), not of United Kingdom (GB, +44): use country_code = "IM"
}

func ExamplePhoneError() {
	_, err := authy.ParsePhone("PRT", "FOO")
	if failure, ok := errors.AsType[*authy.PhoneError](err); ok {
		for _, problem := range failure.Problems {
			fmt.Printf("%s: %s\n", problem.Param, problem.Reason)
		}
	}
	// Output:
	// country_code: must be an ISO 3166 alpha-2 code such as "PT" or a calling code such as "351", got "PRT", did you mean "PT"?
	// phone: must be a phone number, got "FOO"
}

func ExampleCountries() {
	for _, c := range authy.Countries() {
		if c.CallingCode == 44 {
			fmt.Println(c.Alpha2, c.Name())
		}
	}
	// Output:
	// GB United Kingdom
	// GG Guernsey
	// IM Isle of Man
	// JE Jersey
}
