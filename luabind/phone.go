package luabind

import (
	"errors"
	"strconv"
	"strings"

	"github.com/authysh/authysh/authy"
	lua "github.com/yuin/gopher-lua"
)

// phoneStyles are the forms of phone.format.
var phoneStyles = []string{"e164", "international", "national"}

// phoneModule is phone: numbers judged as Authy's own clients judge them, without a call to the service.
func phoneModule(*Host) Module {
	number := Param{Name: "number", Type: "string|integer", Doc: "in any common form"}
	country := Param{
		Name: "country", Type: "string|integer", Optional: true,
		Doc: `"PT" or 351; may be left out when the number begins with +`,
	}
	return Module{
		Name: "phone", Doc: "Parses, checks and formats phone numbers.",
		Functions: []Function{
			{
				Name: "parse", Doc: "Takes a phone number apart; raises when it is not valid.",
				Params:  []Param{number, country},
				Returns: []Param{{Name: "parts", Type: "table", Fields: phoneFields()}},
				Call:    phoneParse,
			},
			{
				Name: "valid", Doc: "Tells whether a phone number is valid, and if not, why.",
				Params: []Param{number, country},
				Returns: []Param{
					{Name: "valid", Type: "boolean"},
					{Name: "reason", Type: "string", Doc: "when it is not", Optional: true},
				},
				Call: phoneValid,
			},
			{
				Name: "format", Doc: "Writes a phone number in one form; raises when it is not valid.",
				Params: []Param{number, country, {
					Name: "style", Type: "string", Optional: true, Values: phoneStyles,
					Doc: `"e164" (when left out), "international" or "national"`,
				}},
				Returns: []Param{{Name: "text", Type: "string"}},
				Call:    phoneFormat,
			},
			{
				Name: "countries", Doc: "Lists the countries that have phone numbers.",
				Returns: []Param{{Name: "countries", Type: "table[]", Fields: []Param{
					{Name: "region", Type: "string", Doc: `ISO 3166 code, such as "PT"`},
					{Name: "calling_code", Type: "integer"},
					{Name: "name", Type: "string", Doc: "in English"},
				}}},
				Call: phoneCountries,
			},
		},
	}
}

func phoneFields() []Param {
	return []Param{
		{Name: "calling_code", Type: "integer", Doc: "such as 351; Authy's country_code"},
		{Name: "national", Type: "string", Doc: "the digits after it; Authy's phone"},
		{Name: "region", Type: "string", Doc: `such as "PT"`, Optional: true},
		{Name: "e164", Type: "string", Doc: `such as "+351911234567"`},
		{Name: "international", Type: "string", Doc: `such as "+351 911 234 567"`},
		{Name: "national_format", Type: "string", Doc: "as it is written inside its country"},
		{Name: "type", Type: "string", Doc: `such as "mobile" or "fixed_line"`},
	}
}

// phoneAt parses the number and the country that are arguments 1 and 2 of op. Other types than text and whole numbers
// are raised; an invalid number is returned, for the caller to raise or tell.
func phoneAt(L *lua.LState, op string) (authy.PhoneNumber, *authy.PhoneError) {
	number := digitsAt(L, 1, op, "number")
	country := ""
	if L.Get(2) != lua.LNil {
		country = digitsAt(L, 2, op, "country")
	} else if country = callingCodeOf(number); country == "" {
		refuse(L, op, "country", `is required, unless the number begins with + and a calling code: "PT" or 351`)
	}
	n, err := authy.ParsePhone(country, number)
	failure, _ := errors.AsType[*authy.PhoneError](err)
	return n, failure
}

// digitsAt is an argument that is text, or a whole number in its place.
func digitsAt(L *lua.LState, i int, op, param string) string {
	switch v := L.Get(i).(type) {
	case lua.LString:
		return string(v)
	case lua.LNumber:
		whole, err := wholeNumber(float64(v))
		if err != nil {
			refuse(L, op, param, err.Error())
		}
		return strconv.FormatInt(whole, 10)
	}
	refuse(L, op, param, mistyped("a string or a whole number", L.Get(i)).Error())
	return ""
}

// callingCodeOf is the calling code that an international number begins with. No calling code is the start of another.
func callingCodeOf(number string) string {
	rest, ok := strings.CutPrefix(strings.TrimSpace(number), "+")
	if !ok {
		return ""
	}
	digits := strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, rest)
	for _, code := range authy.CallingCodes() {
		if text := strconv.Itoa(code); strings.HasPrefix(digits, text) {
			return text
		}
	}
	return ""
}

func phoneParse(L *lua.LState) int {
	n := mustPhone(L, "phone.parse")
	t := L.CreateTable(0, 7)
	t.RawSetString("calling_code", lua.LNumber(n.CallingCode))
	t.RawSetString("national", lua.LString(n.National))
	if n.Region != "" {
		t.RawSetString("region", lua.LString(n.Region))
	}
	t.RawSetString("e164", lua.LString(n.E164()))
	t.RawSetString("international", lua.LString(n.FormatInternational()))
	t.RawSetString("national_format", lua.LString(n.FormatNational()))
	t.RawSetString("type", lua.LString(n.Type()))
	L.Push(t)
	return 1
}

func mustPhone(L *lua.LState, op string) authy.PhoneNumber {
	n, failure := phoneAt(L, op)
	if failure != nil {
		raise(L, &authy.ValidationError{Op: op, Problems: failure.Problems})
	}
	return n
}

func phoneValid(L *lua.LState) int {
	if _, failure := phoneAt(L, "phone.valid"); failure != nil {
		L.Push(lua.LFalse)
		L.Push(lua.LString(failure.Error()))
		return 2
	}
	L.Push(lua.LTrue)
	return 1
}

func phoneFormat(L *lua.LState) int {
	style := phoneStyles[0]
	if L.Get(3) != lua.LNil {
		style = textAt(L, 3, "phone.format", "style")
	}
	n := mustPhone(L, "phone.format")
	switch style {
	case "e164":
		L.Push(lua.LString(n.E164()))
	case "international":
		L.Push(lua.LString(n.FormatInternational()))
	case "national":
		L.Push(lua.LString(n.FormatNational()))
	default:
		refuse(L, "phone.format", "style", oneOf(style, phoneStyles))
	}
	return 1
}

func phoneCountries(L *lua.LState) int {
	countries := authy.Countries()
	list := L.CreateTable(len(countries), 0)
	for _, country := range countries {
		t := L.CreateTable(0, 3)
		t.RawSetString("region", lua.LString(country.Alpha2))
		t.RawSetString("calling_code", lua.LNumber(country.CallingCode))
		t.RawSetString("name", lua.LString(country.Name()))
		list.Append(t)
	}
	L.Push(list)
	return 1
}
