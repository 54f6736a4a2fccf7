package sandbox

import (
	"strconv"
	"strings"
)

// searchUsers tells which users a text finds: by a part of the phone, an e-mail, the id or the custom id, in
// any case. Spaces, brackets and the like between the digits of a phone do not matter. An empty text finds all.
func searchUsers(text string) func(*user) bool {
	text = strings.ToLower(strings.TrimSpace(text))
	digits := ""
	if !strings.ContainsFunc(text, func(r rune) bool { return !strings.ContainsRune("0123456789+-.() /", r) }) {
		digits = onlyDigits(text)
	}
	return func(u *user) bool {
		if text == "" {
			return true
		}
		for _, email := range u.emails {
			if strings.Contains(strings.ToLower(email), text) {
				return true
			}
		}
		return strings.Contains(strings.ToLower(u.custom), text) || digits != "" &&
			(strings.Contains(u.phone.e164(), digits) || strings.Contains(strconv.FormatInt(u.id, 10), digits))
	}
}

// apiAddUser does what the API's registration of a user does, for who has no key at hand. No text with a link
// is sent.
func apiAddUser(a *application, rq *request) (any, error) {
	inner := *rq
	country, number := rq.params.text("country_code"), rq.params.text("phone")
	inner.params = params{
		"user":                      map[string]any{"country_code": country, "cellphone": number, "email": rq.params.text("email")},
		"send_install_link_via_sms": "false",
	}
	if _, err := registerUser(a, &inner); err != nil {
		return nil, err
	}
	ph, _ := parsePhone(country, number)
	return named("user", a.view(a.byPhone[ph.e164()], rq.now), nil)
}
