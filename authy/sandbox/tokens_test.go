package sandbox_test

import (
	"strings"
	"testing"
	"time"

	"github.com/authysh/authysh/authy/sandbox"
)

const (
	msgInvalid = "Token is invalid"
	msgReused  = "Token is invalid. Token was used recently"
)

// verify checks with force and returns status and error code; code is empty for a valid token.
func (b *box) verify(id int64, token string, params ...string) (int, string) {
	b.t.Helper()
	a := b.get("/protected/json/verify/%s/%d?%s", token, id, strings.Join(append(params, "force=true"), "&"))
	if a.status == 200 {
		if a.at("token") != "is valid" || a.at("success") != "true" {
			b.t.Fatalf("valid token: %s", a.body)
		}
		return 200, ""
	}
	if a.at("token") != "is invalid" && a.status == 401 {
		b.t.Fatalf("invalid token: %s", a.body)
	}
	return a.status, a.text("error_code")
}

func (b *box) wantVerify(id int64, token string, status int, code string, params ...string) {
	b.t.Helper()
	if s, c := b.verify(id, token, params...); s != status || c != code {
		b.t.Fatalf("verify %s: %d %q, want %d %q", token, s, c, status, code)
	}
}

func TestTokenLife(t *testing.T) {
	t.Parallel()
	for channel, request := range map[sandbox.Channel]string{
		sandbox.ChannelSMS:   "GET /protected/json/sms/",
		sandbox.ChannelCall:  "GET /protected/json/call/",
		sandbox.ChannelEmail: "POST /protected/json/email/",
	} {
		t.Run(string(channel), func(t *testing.T) {
			t.Parallel()
			b := newBox(t)
			id := b.register()
			send := func() string {
				t.Helper()
				b.raw(request + itoa(id) + keyHeader).wants(200)
				m := b.Outbox(sandbox.OutboxFilter{AuthyID: id, Channel: channel, Limit: 1})[0]
				to := "+351911234567"
				if channel == sandbox.ChannelEmail {
					to = "ana@example.com"
				}
				if m.To != to || len(m.Code) != 7 || !strings.Contains(m.Text, m.Code) || m.AuthyID != id {
					t.Fatalf("message %+v", m)
				}
				return m.Code
			}

			first, second := send(), send()
			b.wantVerify(id, first, 200, "") // a second request does not end the first
			b.wantVerify(id, first, 401, "60019")
			b.get("/protected/json/verify/%s/%d", first, id).fails(401, "60019", msgReused)
			b.advance(10*time.Minute - time.Second)
			b.wantVerify(id, second, 200, "")

			late := send()
			b.advance(10 * time.Minute)
			b.wantVerify(id, late, 401, "60020")
			b.wantVerify(id, first, 401, "60020") // no longer recent
		})
	}
}

func TestActionBindsToken(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	id := b.register()
	b.get("/protected/json/sms/%d?action=pay&action_message=Pay+10+EUR.", id).wants(200)
	if text := b.Outbox(sandbox.OutboxFilter{})[0].Text; !strings.HasPrefix(text, "Pay 10 EUR. ") {
		t.Errorf("text %q", text)
	}
	code := b.lastCode()
	b.wantVerify(id, code, 401, "60020")
	b.wantVerify(id, code, 401, "60020", "action=login")
	b.wantVerify(id, code, 200, "", "action=pay")

	b.get("/protected/json/sms/%d", id).wants(200)
	code = b.lastCode()
	b.wantVerify(id, code, 401, "60020", "action=pay")
	b.wantVerify(id, code, 200, "")
	b.get("/protected/json/sms/%d?action=%s", id, strings.Repeat("a", 256)).
		fails(400, "60004", "Invalid parameter: action - is longer than 255 characters")
}

func TestUnconfirmedUserIsNotLockedOut(t *testing.T) {
	t.Parallel()
	b := newBox(t, sandbox.WithLimits(sandbox.Limits{Failures: 2}))
	id := b.register()
	for range 3 {
		a := b.get("/protected/json/verify/0000000/%d", id).wants(200)
		if strings.Contains(a.body, `"token":"is valid"`) || a.text("message") == "Token is valid." {
			t.Fatalf("taken for success: %s", a.body)
		}
	}
	if u, _ := b.User(id); u.Confirmed || u.Failures != 0 {
		t.Errorf("user %+v", u)
	}
	b.get("/protected/json/sms/%d", id)
	b.get("/protected/json/verify/%s/%d", b.lastCode(), id).wants(200) // confirms, without force too
	b.get("/protected/json/verify/0000000/%d", id).fails(401, "60020", msgInvalid)
	if a := b.get("/protected/json/users/%d/status", id); a.at("status", "confirmed") != true {
		t.Errorf("status %s", a.body)
	}
}

func TestSuspension(t *testing.T) {
	t.Parallel()
	b := newBox(t, sandbox.WithLimits(sandbox.Limits{Failures: 3}))
	id := b.register()
	const suspended = "User has been suspended."
	b.wantVerify(id, "0000001", 401, "60020")
	b.wantVerify(id, "0000002", 401, "60020")
	b.get("/protected/json/sms/%d", id)
	b.wantVerify(id, b.lastCode(), 200, "") // clears the count
	for range 3 {
		b.wantVerify(id, "nonsense", 401, "60020")
	}
	b.get("/protected/json/verify/0000003/%d?force=true", id).fails(503, "60017", suspended)
	b.get("/protected/json/sms/%d", id).fails(503, "60017", suspended)
	b.post("/onetouch/json/users/"+itoa(id)+"/approval_requests", "message=m").fails(503, "60017", suspended)
	b.get("/protected/json/users/%d/status", id).wants(200)

	if a := b.post("/sandbox/users/" + itoa(id) + "/unsuspend").wants(200); a.at("user", "suspended") != false {
		t.Errorf("unsuspend: %s", a.body)
	}
	b.get("/protected/json/sms/%d", id).wants(200)
	b.wantVerify(id, b.lastCode(), 200, "")
	b.post("/sandbox/users/" + itoa(id) + "/suspend").wants(200)
	b.get("/protected/json/call/%d", id).fails(503, "60017", suspended)
}

func TestNoSuspensionWithoutLimit(t *testing.T) {
	t.Parallel()
	b := newBox(t, sandbox.WithLimits(sandbox.Limits{Failures: -1}))
	id := b.register()
	for range 50 {
		b.wantVerify(id, "0000000", 401, "60020")
	}
}

func TestIgnoredForAppUsers(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	id := b.register()
	b.post("/sandbox/users/"+itoa(id)+"/register-app", "os_type=iphone").wants(200)
	b.get("/protected/json/sms/%d", id).wants(200).
		says(`{"message":"Ignored: SMS is not needed for smartphones. Pass force=true if you want to actually send it anyway.","cellphone":"+351-XXX-XXX-XX67","device":"iphone","ignored":true,"success":true}`)
	a := b.get("/protected/json/call/%d?force=false", id).wants(200)
	if want := "Call ignored. User is using  App Tokens and this call is not necessary. Pass force=true if you still want to call users that are using the App."; a.text("message") != want {
		t.Errorf("call: %s", a.body)
	}
	for _, m := range b.Outbox(sandbox.OutboxFilter{}) {
		if m.Channel != sandbox.ChannelPush || m.Code != "" {
			t.Errorf("sent %+v", m)
		}
	}
	b.get("/protected/json/sms/%d?force=true", id).says(`{"success":true,"message":"SMS token was sent","cellphone":"+351-XXX-XXX-XX67"}`)
	b.get("/protected/json/call/%d?force=1", id).says(`{"success":true,"message":"Call started...","cellphone":"+351-XXX-XXX-XX67"}`)
	if got := b.Outbox(sandbox.OutboxFilter{})[0].Channel; got != sandbox.ChannelCall {
		t.Errorf("channel %s", got)
	}
}

func TestTokenRateLimit(t *testing.T) {
	t.Parallel()
	b := newBox(t, sandbox.WithLimits(sandbox.Limits{TokensPerHour: 2}))
	id, other := b.register(), b.registerPhone("1", "7754615609")
	b.get("/protected/json/sms/%d", id).wants(200)
	b.advance(59 * time.Minute)
	b.get("/protected/json/call/%d", id).wants(200)
	a := b.get("/protected/json/sms/%d", id).fails(429, "60003", "DoS protection: User has requested too many tokens in the last hour.")
	if got := a.header.Get("Retry-After"); got != "60" {
		t.Errorf("Retry-After %q, want 60", got)
	}
	b.get("/protected/json/sms/%d", other).wants(200)
	b.advance(time.Minute)
	b.get("/protected/json/sms/%d", id).wants(200)
}

func TestTokenLocales(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	pt, us := b.register(), b.registerPhone("1", "7754615609")
	for _, c := range []struct {
		id           int64
		locale, want string
	}{
		{us, "", "Your "}, {pt, "", "O seu "}, {us, "es", "Tu "}, {us, "PT-br", "O seu "}, {us, "fr", "Votre "},
		{pt, "en", "Your "}, {pt, "ja", "Your "}, {pt, "nonsense", "Your "},
	} {
		b.get("/protected/json/sms/%d?locale=%s", c.id, c.locale).wants(200)
		if text := b.Outbox(sandbox.OutboxFilter{})[0].Text; !strings.HasPrefix(text, c.want) {
			t.Errorf("locale %q: %q, want %q...", c.locale, text, c.want)
		}
	}
}

func TestFixedCodesStayUsable(t *testing.T) {
	t.Parallel()
	b := newBox(t, sandbox.WithCodes(func(digits int) string { return strings.Repeat("7", digits) }))
	id := b.register()
	for range 3 { // the same code again, each time fresh
		b.get("/protected/json/sms/%d", id).wants(200)
		b.wantVerify(id, "7777777", 200, "")
		b.wantVerify(id, "7777777", 401, "60019")
	}
}

func TestTokenDigits(t *testing.T) {
	t.Parallel()
	b := newBox(t, sandbox.WithTokenDigits(8), sandbox.WithCodes(func(int) string { return "12" })) // a bad source is not used
	id := b.register()
	b.get("/protected/json/sms/%d", id)
	if code := b.lastCode(); len(code) != 8 {
		t.Errorf("code %q", code)
	}
}
