package sandbox_test

import (
	"strings"
	"testing"
	"time"

	"github.com/authysh/authysh/authy/sandbox"
)

const (
	startPath  = "/protected/json/phones/verification/start"
	checkPath  = "/protected/json/phones/verification/check?country_code=1&phone_number=9876543210&verification_code="
	statusPath = "/protected/json/phones/verification/status?"
	phoneForm  = "country_code=1&phone_number=987-654-3210"
	nonePhone  = "No pending verifications for +1 987-654-3210 found."
)

func TestVerificationLife(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	b.get("%s", checkPath+"1234").fails(404, "60023", nonePhone)
	first := b.post(startPath, "via=sms", phoneForm).wants(200)
	m := b.Outbox(sandbox.OutboxFilter{Phone: "+1 (987) 654-3210"})
	if len(m) != 1 || m[0].Channel != sandbox.ChannelVerification || m[0].Via != sandbox.ChannelSMS || len(m[0].Code) != 4 || m[0].AuthyID != 0 {
		t.Fatalf("outbox %+v", m)
	}
	code := m[0].Code

	b.advance(4 * time.Minute)
	second := b.post(startPath, "via=call&code_length=8", phoneForm).wants(200)
	if second.text("uuid") != first.text("uuid") || second.text("seconds_to_expire") != "360" || b.lastCode() != code {
		t.Errorf("restart: %s, code %s, want %s", second.body, b.lastCode(), code)
	}
	if a := b.get("%s", statusPath+"uuid="+first.text("uuid")); a.status == 200 {
		a.says(`{"message":"Phone Verification status.","status":"pending","seconds_to_expire":360,"success":true}`)
	} else {
		t.Errorf("status: %s", a.body)
	}

	b.get("%s", checkPath+"wrong").fails(401, "60022", "Verification code is incorrect")
	b.get("%s", checkPath+code).wants(200).says(`{"message":"Verification code is correct.","success":true}`)
	b.get("%s", checkPath+code).fails(404, "60023", nonePhone)
	if a := b.get("%s", statusPath+phoneForm); a.text("status") != "verified" || a.text("seconds_to_expire") != "0" {
		t.Errorf("status: %s", a.body)
	}

	third := b.post(startPath, "via=sms", phoneForm)
	if third.text("uuid") == first.text("uuid") {
		t.Error("a verified verification was reused")
	}
	code = b.lastCode()
	b.advance(10 * time.Minute)
	b.get("%s", checkPath+code).fails(404, "60023", nonePhone)
	if a := b.get("%s", statusPath+phoneForm); a.text("status") != "expired" {
		t.Errorf("status: %s", a.body)
	}
	if a := b.get("%s", statusPath+"uuid="+first.text("uuid")); a.text("status") != "verified" {
		t.Errorf("status by the first uuid: %s", a.body)
	}
	b.advance(25 * time.Hour)
	b.get("%s", statusPath+phoneForm).fails(404, "60023", nonePhone)
	b.get("%s", statusPath+"uuid="+first.text("uuid")).fails(404, "60023", "Phone verification not found")
}

func TestVerificationAttempts(t *testing.T) {
	t.Parallel()
	b := newBox(t, sandbox.WithLimits(sandbox.Limits{VerificationChecks: 2}))
	b.post(startPath, "via=sms", phoneForm)
	code := b.lastCode()
	b.get("%s", checkPath+"x").wants(401)
	b.get("%s", checkPath+"y").wants(401)
	a := b.get("%s", checkPath+code).fails(429, "60003", "DoS protection: Too many wrong codes were entered for this phone number.")
	if got := a.header.Get("Retry-After"); got != "600" {
		t.Errorf("Retry-After %s", got)
	}
	b.advance(10 * time.Minute)
	b.post(startPath, "via=sms", phoneForm)
	b.get("%s", checkPath+b.lastCode()).wants(200)
}

func TestVerificationRateLimit(t *testing.T) {
	t.Parallel()
	b := newBox(t, sandbox.WithLimits(sandbox.Limits{VerificationsPerHour: 2}))
	b.post(startPath, "via=sms", phoneForm).wants(200)
	b.advance(11 * time.Minute) // a new verification goes on with the number's count
	b.post(startPath, "via=sms", phoneForm).wants(200)
	a := b.post(startPath, "via=sms", phoneForm).fails(429, "60003", "DoS protection: Too many verifications were started for this phone number in the last hour.")
	if got := a.header.Get("Retry-After"); got != "2940" {
		t.Errorf("Retry-After %s", got)
	}
	b.post(startPath, "via=sms&country_code=1&phone_number=7754615609").wants(200)
	b.advance(49 * time.Minute)
	b.post(startPath, "via=sms", phoneForm).wants(200)
}

func TestVerificationRefusals(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	for _, c := range []struct {
		form, code, message string
		status              int
	}{
		{phoneForm, "60004", "Invalid parameter: via - Parameter is required", 400},
		{"via=fax&" + phoneForm, "60004", "Invalid parameter: via - 'fax' is neither sms nor call", 400},
		{"via=sms&country_code=1", "60004", "Invalid parameter: phone_number - Parameter is required", 400},
		{"via=sms&country_code=1&phone_number=12", "60033", "Phone number is invalid", 400},
		{"via=sms&country_code=zz&phone_number=12", "60004", "Invalid parameter: country_code - 'zz' is not a valid Integer", 400},
		{"via=sms&country_code=999&phone_number=12345678", "60078", "Invalid country code", 403},
		{"via=sms&country_code=351&phone_number=211234567", "60082", "Can not send SMS to landline phone numbers", 403},
		{"via=sms&country_code=1&phone_number=800-356-9377", "60083", "Phone number not provisioned with any carrier", 403},
		{"via=sms&code_length=3&" + phoneForm, "60004", "Invalid parameter: code_length - must be from 4 to 10", 400},
		{"via=sms&code_length=11&" + phoneForm, "60004", "Invalid parameter: code_length - must be from 4 to 10", 400},
		{"via=sms&custom_code=abc&" + phoneForm, "60004", "Invalid parameter: custom_code - must be 4 to 10 printable characters", 400},
	} {
		b.post(startPath, c.form).fails(c.status, c.code, c.message)
	}
	b.post(startPath, "via=call&country_code=351&phone_number=211234567").wants(200)
	b.get("%s", strings.TrimSuffix(checkPath, "verification_code=")).fails(400, "60004", "Invalid parameter: verification_code - Parameter is required")
	b.get("%s", statusPath).fails(400, "60042", "Either uuid or country_code and phone number are required")
	b.get("%s", statusPath+"country_code=1").fails(400, "60042", "Either uuid or country_code and phone number are required")
	b.get("%s", statusPath+"uuid=x").fails(404, "60023", "Phone verification not found")
}

func TestVerificationCodesAndLanguages(t *testing.T) {
	t.Parallel()
	for form, want := range map[string]struct{ message, text string }{
		"via=sms&code_length=10":           {"Text message sent to +1 987-654-3210.", "Your Sandbox App verification code is: 7777777777"},
		"via=sms&locale=es":                {"Mensaje de texto enviado a +1 987-654-3210.", "Tu código de verificación de Sandbox App es: 7777"},
		"via=call&locale=pt-BR":            {"Chamada para +1 987-654-3210 iniciada.", "O seu código de verificação de Sandbox App é: 7777"},
		"via=call&locale=fr":               {"Appel vers +1 987-654-3210 lancé.", "Votre code de vérification Sandbox App est : 7777"},
		"via=sms&custom_message={{code}}!": {"Text message sent to +1 987-654-3210.", "7777!"},
		"via=sms&custom_message=Use":       {"Text message sent to +1 987-654-3210.", "Use 7777"},
		"via=sms&custom_code=ab12":         {"Text message sent to +1 987-654-3210.", "Your Sandbox App verification code is: ab12"},
	} {
		b := newBox(t, sandbox.WithCodes(func(n int) string { return strings.Repeat("7", n) }))
		a := b.post(startPath, form, phoneForm).wants(200)
		if got := b.Outbox(sandbox.OutboxFilter{})[0].Text; got != want.text || a.text("message") != want.message {
			t.Errorf("%s: %q and %q, want %+v", form, a.text("message"), got, want)
		}
	}
}

// Numbers are rendered as in recorded answers.
func TestNumberRendering(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	for form, want := range map[string]string{
		"country_code=84&phone_number=0866742932":  "+84 86-674-2932",
		"country_code=64&phone_number=0210393363":  "+64 21-039-3363",
		"country_code=351&phone_number=0912345678": "+351 91-234-5678",
		"country_code=1&phone_number=1-9876543210": "+1 987-654-3210",
	} {
		b.post(startPath, "via=sms&locale=en", form).wants(200)
		if got := b.post(startPath, "via=sms&locale=en", form).text("message"); got != "Text message sent to "+want+"." {
			t.Errorf("%s: %s", form, got)
		}
	}
}

func TestFeedback(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	id := b.post(startPath, "via=sms&custom_code=abcd", phoneForm).wants(200).text("sms_id")
	b.get("%s", checkPath+"abcd").wants(200)
	b.advance(time.Minute)
	path := "POST /2010-04-01/Accounts/{key}/SMS/Messages/" + id + "/Feedback.json"
	b.raw(path + "\n\nOutcome=received").wants(200).says(`{"account_sid":"","message_sid":"` + id + `","outcome":"received",` +
		`"date_created":"Tue, 14 Nov 2023 22:13:20 +0000","date_updated":"Tue, 14 Nov 2023 22:14:20 +0000","uri":"","success":true}`)
	b.raw(path+"\n\nOutcome=lost").fails(400, "60004", "Invalid parameter: Outcome - must be received or not-received")
	b.raw("POST /2010-04-01/Accounts/{key}/SMS/Messages/SM1/Feedback.json\n\nOutcome=received").fails(400, "60032", "SMS was not found")
}

func TestPhoneInformation(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	for form, want := range map[string]string{
		"country_code=351&phone_number=911234567":   "cellphone",
		"country_code=351&phone_number=211234567":   "landline",
		"country_code=351&phone_number=301234567":   "voip",
		"country_code=1&phone_number=(775)461-5609": "cellphone",
		"country_code=1&phone_number=8003569377":    "landline",
		"country_code=1&phone_number=9876543210":    "unknown",
	} {
		if got := b.get("/protected/json/phones/info?%s", form).wants(200).text("type"); got != want {
			t.Errorf("%s: %s, want %s", form, got, want)
		}
	}
}
