package sandbox_test

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/authysh/authysh/authy/sandbox"
)

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// Whole answers, byte for byte as clients compare them; # stands for any number, * for hex digits.
func TestLiterals(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ request, want string }{
		"create": {"POST /protected/json/users/new?user[email]=b@example.com&user[cellphone]=7754615609&user[country_code]=1",
			`{"message":"User created successfully.","user":{"id":#},"success":true}`},
		"status": {"GET /protected/json/users/ID/status",
			`{"status":{"authy_id":ID,"confirmed":false,"registered":false,"country_code":351,"phone_number":"XX-XXX-4567","email":"ana@example.com","devices":[],"has_hard_token":false,"account_disabled":false,"detailed_devices":[],"deleted_devices":[]},"message":"User status.","success":true}`},
		"sms":        {"GET /protected/json/sms/ID", `{"success":true,"message":"SMS token was sent","cellphone":"+351-XXX-XXX-XX67"}`},
		"call":       {"GET /protected/json/call/ID", `{"success":true,"message":"Call started...","cellphone":"+351-XXX-XXX-XX67"}`},
		"email":      {"POST /protected/json/email/ID", `{"success":true,"message":"Email token was sent","email":"ana@example.com","email_id":"EM*"}`},
		"update":     {"POST /protected/json/users/ID/update?email=new@example.com", `{"message":"User was updated successfully","success":true}`},
		"delete":     {"POST /protected/json/users/ID/remove", `{"message":"User removed from application","success":true}`},
		"activity":   {"POST /protected/json/users/ID/register_activity?type=banned", `{"message":"Activity was created.","success":true}`},
		"details":    {"GET /protected/json/app/details", `{"message":"Application information.","app":{"app_id":#,"name":"Sandbox App","plan":"sandbox","sms_enabled":true,"onetouch_enabled":true,"phone_calls_enabled":true},"success":true}`},
		"stats":      {"GET /protected/json/app/stats", `{"app_id":#,"message":"Monthly statistics.","success":true,"total_users":1,"count":1,"stats":[{"year":2023,"month":"November","auths_count":0,"api_calls_count":2,"users_count":1,"sms_count":0,"calls_count":0}]}`},
		"start":      {"POST /protected/json/phones/verification/start?via=sms&country_code=1&phone_number=987-654-3210", `{"carrier":"Sandbox Telecom","is_cellphone":true,"is_ported":false,"message":"Text message sent to +1 987-654-3210.","seconds_to_expire":600,"uuid":"*","success":true}`},
		"start call": {"POST /protected/json/phones/verification/start?via=call&country_code=1&phone_number=7754615609&locale=es", `{"carrier":"Sandbox Telecom","is_cellphone":true,"is_ported":false,"message":"Llamada a +1 775-461-5609 fue iniciada.","seconds_to_expire":600,"uuid":"*","success":true}`},
		"info":       {"GET /protected/json/phones/info?country_code=351&phone_number=911234567", `{"message":"Phone number information as of 2023-11-14 22:13:20 UTC","type":"cellphone","provider":"Vodafone","ported":false,"success":true}`},
		"approval":   {"POST /onetouch/json/users/ID/approval_requests?message=m", `{"approval_request":{"uuid":"*"},"message":"Approval request was created.","success":true}`},
		"secret":     {"POST /protected/json/users/ID/secret", `{"label":"ana@example.com","issuer":"Sandbox App","qr_code":"http://127.0.0.1:4000/qr/#/*.png","success":true}`},
		"phone":      {"GET /protected/json/users/ID/phone_number", `{"phone_number":"91-123-4567","country_code":"351","e164":"+351911234567","updated_at":"2023-11-14T22:13:20Z"}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBox(t)
			id := itoa(b.register())
			a := b.raw(strings.ReplaceAll(c.request, "ID", id) + keyHeader).wants(200)
			pattern := regexp.QuoteMeta(strings.ReplaceAll(c.want, "ID", id))
			pattern = strings.NewReplacer("#", `\d+`, `\*`, `[0-9a-f-]{32,36}`).Replace(pattern)
			if !regexp.MustCompile("^" + pattern + "$").MatchString(a.body) {
				t.Errorf("body\n got %s\nwant %s", a.body, c.want)
			}
			if got := a.header.Get("Content-Type"); got != "application/json;charset=utf-8" {
				t.Errorf("content type %q", got)
			}
		})
	}
}

func TestLiteralErrors(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	id := b.register()
	const absent = "dda2c400-bc43-0135-d7be-1285ca17e122"
	b.get("/protected/json/users/1/status").wants(404).
		says(`{"message":"User not found.","success":false,"errors":{"message":"User not found."},"error_code":"60026"}`)
	b.get("/onetouch/json/approval_requests/" + absent).wants(404).
		says(`{"message":"Approval request not found: ` + absent + `","success":false,"errors":{},"error_code":"60049"}`)
	b.post("/protected/json/users/new", "user[email]=x&user[cellphone]=12&user[country_code]=1").wants(400).
		says(`{"message":"User was not valid","success":false,"errors":{"cellphone":"is invalid","email":"is invalid","message":"User was not valid"},"cellphone":"is invalid","email":"is invalid","error_code":"60027"}`)
	b.get("/protected/json/verify/1234567/%d?force=true", id).wants(401).
		says(`{"message":"Token is invalid","success":false,"errors":{"message":"Token is invalid"},"token":"is invalid","error_code":"60020"}`)
	b.get("/protected/json/verify/1234567/1?force=true").fails(404, "60016", "User doesn't exist")
	b.get("/protected/json/phones/info?country_code=zzz&phone_number=1").
		fails(400, "60004", "Invalid parameter: country_code - 'zzz' is not a valid Integer")
	b.get("/protected/json/phones/info?phone_number=1").
		fails(400, "60004", "Invalid parameter: country_code - Parameter is required")
	b.get("/protected/json/phones/info?country_code=999&phone_number=12345678").fails(403, "60078", "Invalid country code")
	b.get("/protected/json/phones/info?country_code=1&phone_number=FOO").fails(400, "60033", "Phone number is invalid")
}

// authy-python looks for these bytes and no others.
func TestValidTokenBytes(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	id := b.register()
	b.get("/protected/json/sms/%d", id)
	a := b.get("/protected/json/verify/%s/%d?force=true", b.lastCode(), id).wants(200)
	if want := `{"message":"Token is valid.","token":"is valid","success":"true","device":{`; !strings.HasPrefix(a.body, want) {
		t.Errorf("body %s, want prefix %s", a.body, want)
	}
}

// Nothing is escaped for HTML, as Authy does not do it either.
func TestPlainCharacters(t *testing.T) {
	t.Parallel()
	b := newBox(t, sandbox.WithAppName("A&B <c>"))
	if a := b.get("/protected/json/app/details"); !strings.Contains(a.body, `"name":"A&B <c>"`) {
		t.Errorf("body %s", a.body)
	}
}

func TestUserFieldErrors(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	for _, c := range []struct{ country, phone, email, field, want string }{
		{"", "911234567", "a@b.example", "country_code", "is invalid and can't be blank"},
		{"PT", "911234567", "a@b.example", "country_code", "is invalid"},
		{"999", "911234567", "a@b.example", "country_code", "is not supported"},
		{"0351", "911234567", "a@b.example", "country_code", "is not supported"},
		{"351", "", "a@b.example", "cellphone", "is invalid and can't be blank"},
		{"351", "91123456789", "a@b.example", "cellphone", "is invalid"},
		{"351", "%2B34911234567", "a@b.example", "cellphone", "is invalid"},
		{"351", "91123456x", "a@b.example", "cellphone", "is invalid"},
		{"351", "%D9%A9%D9%A1%D9%A1234567", "a@b.example", "cellphone", "is invalid"},
		{"351", strings.Repeat("9", 100), "a@b.example", "cellphone", "is invalid"},
		{"351", "911234567", "", "email", "is invalid and can't be blank"},
		{"351", "911234567", "Ana <a@b.example>", "email", "is invalid"},
		{"351", "911234567", "a@localhost", "email", "is invalid"},
		{"351", "911234567", "a b@c.example", "email", "is invalid"},
	} {
		a := b.post("/protected/json/users/new", fmt.Sprintf("user[country_code]=%s&user[cellphone]=%s&user[email]=%s", c.country, c.phone, c.email))
		a.fails(400, "60027", "User was not valid")
		if a.text(c.field) != c.want || a.text("errors", c.field) != c.want {
			t.Errorf("%+v: got %s", c, a.body)
		}
	}
	if got := b.Users(0); len(got) != 0 {
		t.Errorf("users %v after failures", got)
	}
}

// Every feature that is off answers its own code.
func TestFeaturesOff(t *testing.T) {
	t.Parallel()
	b := newBox(t, sandbox.WithoutFeatures(sandbox.FeatureSMS, sandbox.FeatureCalls, sandbox.FeatureOneTouch,
		sandbox.FeatureGenericTokens, sandbox.FeatureExports, sandbox.FeatureCustomCodes))
	id := b.register()
	b.get("/protected/json/sms/%d", id).fails(503, "60007", "SMS is not enabled")
	b.get("/protected/json/call/%d", id).fails(503, "60006", "Phone calls are not enabled on this account")
	b.post("/onetouch/json/users/"+itoa(id)+"/approval_requests", "message=m").fails(403, "60065", "Needs to enable OneTouch first")
	b.post("/protected/json/users/"+itoa(id)+"/secret").fails(403, "60123", "Generic tokens are disabled")
	b.get("/protected/json/users/%d/phone_number", id).fails(403, "60154", "Phone number export is disabled")
	b.post("/protected/json/phones/verification/start", "via=sms&country_code=1&phone_number=7754615609&custom_code=abcd").
		fails(403, "60091", "Custom codes and messages are not allowed")
	a := b.get("/protected/json/app/details")
	if a.at("app", "sms_enabled") != false || a.at("app", "onetouch_enabled") != false || a.at("app", "phone_calls_enabled") != false {
		t.Errorf("details %s", a.body)
	}
}
