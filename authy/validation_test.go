package authy_test

import (
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/authysh/authysh/authy"
)

type problems = []authy.Problem

// checkProblems runs a call that must fail validation, completely and before anything is sent.
func checkProblems(t *testing.T, call invocation, want problems) {
	t.Helper()
	c, _ := unreachable(t)
	_, err := call.run(t.Context(), c)
	failure, ok := err.(*authy.ValidationError)
	if !ok {
		t.Fatalf("got %v, want a *ValidationError", err)
	}
	if diff := cmp.Diff(want, failure.Problems); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if failure.Kind() != authy.KindValidation || failure.Operation() == "" {
		t.Errorf("the error is of %q, kind %s", failure.Operation(), failure.Kind())
	}
	for _, p := range failure.Problems {
		if failure.Fields()[p.Param] == "" || !strings.Contains(err.Error(), p.Param+" "+p.Reason) {
			t.Errorf("%s is not in Fields or text: %v", p.Param, err)
		}
	}
}

func TestValidation(t *testing.T) {
	t.Parallel()
	status := func(id string) invocation {
		return call((*authy.Client).GetUserStatus, authy.GetUserStatusParams{AuthyID: authy.ID(id)})
	}
	token := func(s string) invocation {
		return call((*authy.Client).VerifyToken, authy.VerifyTokenParams{AuthyID: "1", Token: s})
	}
	email := func(s string) invocation {
		return call((*authy.Client).UpdateUser, authy.UpdateUserParams{AuthyID: "1", Email: s})
	}
	ip := func(s string) invocation {
		return call((*authy.Client).DeleteUser, authy.DeleteUserParams{AuthyID: "1", IP: &s})
	}
	sms := func(p authy.RequestSMSParams) invocation {
		p.AuthyID = "1"
		return call((*authy.Client).RequestSMS, p)
	}
	start := func(p authy.StartPhoneVerificationParams) invocation {
		p.CountryCode, p.Phone = "PT", "911234567"
		if p.Via == "" {
			p.Via = "sms"
		}
		return call((*authy.Client).StartPhoneVerification, p)
	}
	approval := func(id string) invocation {
		return call((*authy.Client).GetApprovalRequest, authy.GetApprovalRequestParams{ID: id})
	}
	push := func(p authy.CreateApprovalRequestParams) invocation {
		p.AuthyID, p.Message = "1", "m"
		return call((*authy.Client).CreateApprovalRequest, p)
	}
	state := func(p authy.GetPhoneVerificationStatusParams) invocation {
		return call((*authy.Client).GetPhoneVerificationStatus, p)
	}
	hook := func(p authy.CreateWebhookParams) invocation { return call((*authy.Client).CreateWebhook, p) }
	const emailRule = "must be an e-mail address such as ana@example.com, got "
	const locales = "must be one of af, ar, ca, zh, zh-CN, zh-HK, hr, cs, da, nl, en, fi, fr, de, el, he, hi, hu, id, it, ja, ko, ms, nb, pl, pt-BR, pt, ro, ru, es, sv, tl, th, tr, vi; got "
	for name, tc := range map[string]struct {
		call invocation
		want problems
	}{
		"everything missing": {call((*authy.Client).RegisterUser, authy.RegisterUserParams{}),
			problems{{"country_code", "is required"}, {"phone", "is required"}, {"email", "is required"}}},
		"everything wrong": {call((*authy.Client).VerifyToken, authy.VerifyTokenParams{AuthyID: "12x", Token: "12 345", Action: new(""), IP: new("localhost")}),
			problems{{"authy_id", `must be digits only, got "12x"`}, {"token", "must be 6 to 8 digits, got a character that is no digit"},
				{"action", "must not be empty; leave it out for the default"}, {"ip", `must be an IPv4 or IPv6 address, got "localhost"`}}},

		"id zero":          {status("0"), problems{{"authy_id", "must be above 0"}}},
		"id zeros":         {status("000"), problems{{"authy_id", "must be above 0"}}},
		"id negative":      {status("-5"), problems{{"authy_id", `must be digits only, got "-5"`}}},
		"id fraction":      {status("1.5"), problems{{"authy_id", `must be digits only, got "1.5"`}}},
		"id exponent":      {status("1e5"), problems{{"authy_id", `must be digits only, got "1e5"`}}},
		"id leading zero":  {status("0123"), problems{{"authy_id", `must not start with 0, got "0123"`}}},
		"id Arabic digits": {status("١٢٣"), problems{{"authy_id", `must be digits only, got "١٢٣"`}}},
		"id too long":      {status("123456789012345678901"), problems{{"authy_id", "must have at most 20 digits, got 21"}}},
		"id with NUL":      {status("1\x002"), problems{{"authy_id", "must not contain a NUL byte"}}},
		"id path":          {status("1/../2"), problems{{"authy_id", `must be digits only, got "1/../2"`}}},

		"token short":        {token("12345"), problems{{"token", "must be 6 to 8 digits, got 5"}}},
		"token long":         {token("123456789"), problems{{"token", "must be 6 to 8 digits, got 9"}}},
		"token other digits": {token("１２３４５６"), problems{{"token", "must be 6 to 8 digits, got a character that is no digit"}}},
		"token not UTF-8":    {token("654321\xff"), problems{{"token", "must be valid UTF-8"}}},
		"token NUL":          {token("654321\x00"), problems{{"token", "must not contain a NUL byte"}}},
		"phone code short":   {call((*authy.Client).VerifyPhone, authy.VerifyPhoneParams{CountryCode: "PT", Phone: "911234567", Token: "123"}), problems{{"token", "must be 4 to 10 digits, got 3"}}},
		"phone code long":    {call((*authy.Client).VerifyPhone, authy.VerifyPhoneParams{CountryCode: "PT", Phone: "911234567", Token: "12345678901"}), problems{{"token", "must be 4 to 10 digits, got 11"}}},

		"e-mail without at":     {email("ana"), problems{{"email", emailRule + `"ana"`}}},
		"e-mail with name":      {email("Ana <ana@example.com>"), problems{{"email", emailRule + `"Ana <ana@example.com>"`}}},
		"e-mail without dot":    {email("ana@localhost"), problems{{"email", emailRule + `"ana@localhost"`}}},
		"e-mail with line":      {email("ana@example.com\nBcc: x@example.com"), problems{{"email", emailRule + `"ana@example.com\nBcc: x@example.com"`}}},
		"e-mail, two":           {email("a@example.com, b@example.com"), problems{{"email", emailRule + `"a@example.com, b@example.com"`}}},
		"e-mail blank":          {email(" "), problems{{"email", emailRule + `" "`}}},
		"e-mail too long":       {email(strings.Repeat("a", 250) + "@example.com"), problems{{"email", emailRule + `"` + strings.Repeat("a", 40) + `"…`}}},
		"e-mail not UTF-8":      {email("\xe9@example.com"), problems{{"email", "must be valid UTF-8"}}},
		"ip empty":              {ip(""), problems{{"ip", "must not be empty; leave it out for the default"}}},
		"ip with zone":          {ip("fe80::1%eth0"), problems{{"ip", `must be an IPv4 or IPv6 address, got "fe80::1%eth0"`}}},
		"ip with port":          {ip("127.0.0.1:80"), problems{{"ip", `must be an IPv4 or IPv6 address, got "127.0.0.1:80"`}}},
		"ip out of range":       {ip("256.0.0.1"), problems{{"ip", `must be an IPv4 or IPv6 address, got "256.0.0.1"`}}},
		"action long":           {sms(authy.RequestSMSParams{Action: new(strings.Repeat("é", 256))}), problems{{"action", "must be 1 to 255 characters, got 256"}}},
		"message long":          {sms(authy.RequestSMSParams{Message: new(strings.Repeat("x", 300))}), problems{{"message", "must be 1 to 255 characters, got 300"}}},
		"locale near":           {sms(authy.RequestSMSParams{Locale: new("pt_BR")}), problems{{"locale", locales + `"pt_BR", did you mean "pt-BR"?`}}},
		"locale far":            {sms(authy.RequestSMSParams{Locale: new("klingon")}), problems{{"locale", locales + `"klingon"`}}},
		"via case":              {start(authy.StartPhoneVerificationParams{Via: "SMS"}), problems{{"via", `must be one of sms, call; got "SMS", did you mean "sms"?`}}},
		"code_length low, high": {start(authy.StartPhoneVerificationParams{CodeLength: new(3)}), problems{{"code_length", "must be a whole number from 4 to 10, got 3"}}},
		"code_length 11":        {start(authy.StartPhoneVerificationParams{CodeLength: new(11)}), problems{{"code_length", "must be a whole number from 4 to 10, got 11"}}},
		"custom code":           {start(authy.StartPhoneVerificationParams{CustomCode: new("987")}), problems{{"custom_code", "must be 4 to 10 characters, got 3"}}},
		"custom code not UTF-8": {start(authy.StartPhoneVerificationParams{CustomCode: new("98765\xff")}), problems{{"custom_code", "must be valid UTF-8"}}},
		"custom message blank":  {start(authy.StartPhoneVerificationParams{CustomMessage: new("\t ")}), problems{{"custom_message", "must not be blank"}}},
		"ttl negative":          {push(authy.CreateApprovalRequestParams{TTL: new(-1)}), problems{{"ttl", "must be a whole number, 0 or more, got -1"}}},
		"qr_size":               {call((*authy.Client).CreateUserSecret, authy.CreateUserSecretParams{AuthyID: "1", QRSize: new(0), Label: new("")}), problems{{"qr_size", "must be a whole number from 1 to 4096, got 0"}, {"label", "must not be empty; leave it out for the default"}}},
		"message of 145":        {call((*authy.Client).CreateApprovalRequest, authy.CreateApprovalRequestParams{AuthyID: "1", Message: strings.Repeat("🦉", 145)}), problems{{"message", "must be 1 to 144 characters, got 145"}}},
		"activity":              {call((*authy.Client).RegisterActivity, authy.RegisterActivityParams{AuthyID: "1", Type: "password-reset"}), problems{{"type", `must be one of password_reset, banned, unbanned, cookie_login; got "password-reset", did you mean "password_reset"?`}}},
		"outcome":               {call((*authy.Client).SendFeedback, authy.SendFeedbackParams{SMSID: "..", Outcome: "lost"}), problems{{"sms_id", `must not be ".."`}, {"outcome", `must be one of received, not-received; got "lost"`}}},
		"segment dot":           {approval("."), problems{{"id", `must not be "."`}}},
		"segment dots":          {approval(".."), problems{{"id", `must not be ".."`}}},
		"segment blank":         {approval("  "), problems{{"id", `must not be "  "`}}},
		"segment NUL":           {approval("a\x00"), problems{{"id", "must not contain a NUL byte"}}},
		"custom_user_id":        {call((*authy.Client).GetRegistrationStatus, authy.GetRegistrationStatusParams{CustomUserID: " "}), problems{{"custom_user_id", "must not be blank"}}},
		"no way to find it":     {state(authy.GetPhoneVerificationStatusParams{}), problems{{"uuid", "is required, or country_code and phone"}}},
		"phone alone":           {state(authy.GetPhoneVerificationStatusParams{Phone: new("911234567")}), problems{{"country_code", "is required with phone"}}},
		"country alone":         {state(authy.GetPhoneVerificationStatusParams{CountryCode: new("PT")}), problems{{"phone", "is required with country_code"}}},
		"both ways": {state(authy.GetPhoneVerificationStatusParams{UUID: new("u"), CountryCode: new("PT"), Phone: new("911234567")}),
			problems{{"uuid", "must not be given together with country_code and phone"}}},
		"logos": {push(authy.CreateApprovalRequestParams{Logos: []authy.Logo{{}, {Res: "Default", URL: "logo.png"}, {Res: "low", URL: "https://"}, {Res: "med", URL: "https://example.com/\x00"}}}),
			problems{{"logos[1].res", "is required"}, {"logos[1].url", "is required"}, {"logos[2].res", `must be one of default, low, med, high; got "Default", did you mean "default"?`},
				{"logos[2].url", `must be an absolute URI, got "logo.png"`}, {"logos[3].url", `must be an absolute URI, got "https://"`}, {"logos[4].url", `must be an absolute URI, got "https://example.com/\x00"`}}},
		"logos empty":  {push(authy.CreateApprovalRequestParams{Logos: []authy.Logo{}}), problems{{"logos", "must hold at least one logo; leave it out for none"}}},
		"webhook":      {hook(authy.CreateWebhookParams{Name: strings.Repeat("n", 256), URL: "ftp://example.com"}), problems{{"name", "must be 1 to 255 characters, got 256"}, {"url", `must be an absolute http or https URL, got "ftp://example.com"`}, {"events", "is required"}}},
		"events empty": {hook(authy.CreateWebhookParams{Name: "n", URL: "/x", Events: []string{}}), problems{{"url", `must be an absolute http or https URL, got "/x"`}, {"events", "must name at least one event"}}},
		"events blank": {hook(authy.CreateWebhookParams{Name: "n", URL: "https://example.com", Events: []string{"user_added", " ", "\xff"}}),
			problems{{"events[2]", `must be an event name such as user_added, got " "`}, {"events[3]", `must be an event name such as user_added, got "\xff"`}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			checkProblems(t, tc.call, tc.want)
		})
	}
}

// TestPhoneAndOthersTogether: the pair of country and phone is reported with the rest.
func TestPhoneAndOthersTogether(t *testing.T) {
	t.Parallel()
	c, _ := unreachable(t)
	_, err := c.RegisterUser(t.Context(), authy.RegisterUserParams{CountryCode: "PT", Phone: "12", Email: "x"})
	failure, ok := errors.AsType[*authy.ValidationError](err)
	if !ok {
		t.Fatalf("got %v", err)
	}
	fields := failure.Fields()
	if len(fields) != 2 || fields["phone"] == "" || fields["email"] == "" {
		t.Errorf("got %v, want phone and email", fields)
	}
	_, err = c.RegisterUser(t.Context(), authy.RegisterUserParams{CountryCode: "P\x00", Phone: "12\xff", Email: "a@example.com"})
	if failure, ok = errors.AsType[*authy.ValidationError](err); !ok || len(failure.Problems) != 2 {
		t.Errorf("got %v, want one problem each for country_code and phone", err)
	}
}

// TestLimitsAreInclusive: the edge values pass.
func TestLimitsAreInclusive(t *testing.T) {
	t.Parallel()
	for op, calls := range map[string][]invocation{
		"create_approval_request": {
			call((*authy.Client).CreateApprovalRequest, authy.CreateApprovalRequestParams{AuthyID: "1", Message: strings.Repeat("🦉", 144), TTL: new(math.MaxInt)}),
			call((*authy.Client).CreateApprovalRequest, authy.CreateApprovalRequestParams{AuthyID: "1", Message: "m", Details: &authy.Details{Visible: map[string]any{strings.Repeat("é", 20): "v"}}}),
			call((*authy.Client).CreateApprovalRequest, authy.CreateApprovalRequestParams{AuthyID: "1", Message: "m", Details: &authy.Details{}}),
		},
		"verify_token": {
			call((*authy.Client).VerifyToken, authy.VerifyTokenParams{AuthyID: "1", Token: "000000", Action: new(strings.Repeat("é", 255))}),
			call((*authy.Client).VerifyToken, authy.VerifyTokenParams{AuthyID: "1", Token: "00000000"}),
		},
		"start_phone_verification": {
			call((*authy.Client).StartPhoneVerification, authy.StartPhoneVerificationParams{CountryCode: "PT", Phone: "911234567", Via: "call", CodeLength: new(4), CustomCode: new("1234567890")}),
		},
		"create_user_secret": {call((*authy.Client).CreateUserSecret, authy.CreateUserSecretParams{AuthyID: "1", QRSize: new(4096)})},
		"update_user":        {call((*authy.Client).UpdateUser, authy.UpdateUserParams{AuthyID: "1", Email: "josé+tag@exämple.com"})},
	} {
		for _, call := range calls {
			if _, err := call.run(t.Context(), answering(200, answers[op])); err != nil {
				t.Errorf("%s: %v", op, err)
			}
		}
	}
}

// TestLocalesOnTheWire: any case is taken, the documented one travels, and the caller's variable stays.
func TestLocalesOnTheWire(t *testing.T) {
	t.Parallel()
	for _, locale := range authy.Locales {
		for _, typed := range []string{locale, strings.ToUpper(locale), strings.ToLower(locale)} {
			mine := typed
			c, urls := recording()
			if _, err := c.RequestSMS(t.Context(), authy.RequestSMSParams{AuthyID: "1", Locale: &mine}); err != nil {
				t.Fatal(err)
			}
			if got := (*urls)[0].Query().Get("locale"); got != locale {
				t.Errorf("%s travels as %s, want %s", typed, got, locale)
			}
			if mine != typed {
				t.Errorf("the caller's %s became %s", typed, mine)
			}
		}
	}
}

// TestPhonePointersStay: so do the pointers of the one call whose phone is optional.
func TestPhonePointersStay(t *testing.T) {
	t.Parallel()
	country, phone := "pt", "+351 911 234 567"
	c, _ := recording()
	if _, err := c.GetPhoneVerificationStatus(t.Context(), authy.GetPhoneVerificationStatusParams{CountryCode: &country, Phone: &phone}); err != nil {
		t.Fatal(err)
	}
	if country != "pt" || phone != "+351 911 234 567" {
		t.Errorf("the caller's variables are %q and %q", country, phone)
	}
}

// TestEnumerationsAreTheCatalogues: what a rule accepts is what the catalogue lists.
func TestEnumerationsAreTheCatalogues(t *testing.T) {
	t.Parallel()
	for op, list := range map[[2]string][]string{
		{"register_activity", "type"}: authy.Activities, {"start_phone_verification", "via"}: authy.VerificationChannels,
		{"request_sms", "locale"}: authy.Locales, {"send_feedback", "outcome"}: authy.FeedbackOutcomes, {"create_webhook", "events"}: authy.WebhookEvents,
	} {
		o, _ := authy.ByName(op[0])
		f, ok := o.Param(op[1])
		if !ok || !slices.Equal(f.Rule.Values, list) {
			t.Errorf("%v lists %v, want %v", op, f.Rule.Values, list)
		}
	}
}

func TestIDs(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		`7`: "7", `"7"`: "7", `null`: "", `"b6fe-1"`: "b6fe-1", `18446744073709551616`: "18446744073709551616", `{"id":7}`: "", `[7]`: "", `true`: "true", `""`: "",
	} {
		id := authy.ID("old")
		if err := json.Unmarshal([]byte(in), &id); err != nil || string(id) != want {
			t.Errorf("%s: got %q and %v, want %q", in, id, err, want)
		}
	}
	for id, want := range map[authy.ID]string{"": "null", "7": "7", "0": "0", "007": `"007"`, "b6fe": `"b6fe"`, "-1": `"-1"`, authy.IntID(1 << 62): "4611686018427387904"} {
		if got := jsonText(id); got != want {
			t.Errorf("%q: got %s, want %s", id, got, want)
		}
	}
}
