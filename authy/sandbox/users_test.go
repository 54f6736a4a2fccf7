package sandbox_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/authysh/authysh/authy/sandbox"
)

func TestSamePhoneIsSameUser(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	first := b.register()
	b.post("/protected/json/users/new", "user[email]=bea@example.com", "user[cellphone]=911 234-567", "user[country_code]=351").wants(200)
	if other := b.registerPhone("1", "7754615609"); other == first {
		t.Error("another phone has the same id")
	}
	u, err := b.User(first)
	if err != nil || !slices.Equal(u.Emails, []string{"ana@example.com", "bea@example.com"}) {
		t.Errorf("user %+v, %v", u, err)
	}
	if got := len(b.Users(0)); got != 2 {
		t.Errorf("%d users, want 2", got)
	}
}

func TestUpdateEmail(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	id := b.register()
	b.post("/protected/json/users/"+itoa(id)+"/update", "email=new@example.com").wants(200)
	if got := b.get("/protected/json/users/%d/status", id).text("status", "email"); got != "new@example.com" {
		t.Errorf("email %q", got)
	}
	b.post("/protected/json/users/"+itoa(id)+"/update", "email=x").fails(400, "60038", "Email is invalid")
	b.post("/protected/json/users/1/update", "email=new@example.com").fails(404, "60026", "User not found.")
}

func TestDelete(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/protected/json/users/ID/remove", "/protected/json/users/ID/delete", "/protected/json/users/delete/ID"} {
		b := newBox(t)
		id := b.register()
		path = strings.ReplaceAll(path, "ID", itoa(id))
		b.post(path).wants(200)
		b.post(path).fails(404, "60026", "User not found.")
		b.get("/protected/json/users/%d/status", id).fails(404, "60026", "User not found.")
		b.get("/protected/json/sms/%d", id).fails(404, "60026", "User not found.")
		if again := b.register(); again == id {
			t.Error("the id came back")
		}
		if got := b.get("/protected/json/app/stats").text("total_users"); got != "1" {
			t.Errorf("total_users %s", got)
		}
	}
}

func TestDeleteWithDelay(t *testing.T) {
	t.Parallel()
	b := newBox(t, sandbox.WithDeletionDelay(24*time.Hour))
	id := b.register()
	b.get("/protected/json/sms/%d", id)
	code := b.lastCode()
	b.post("/protected/json/users/" + itoa(id) + "/remove").wants(200)
	if a := b.get("/protected/json/users/%d/status", id).wants(200); a.at("status", "account_disabled") != true {
		t.Errorf("status %s", a.body)
	}
	b.wantVerify(id, code, 200, "")
	b.get("/protected/json/sms/%d", id).fails(400, "60127", "User is pending for deletion")
	b.post("/protected/json/users/"+itoa(id)+"/remove").fails(400, "60127", "User is pending for deletion")
	other := b.register()
	if other == id {
		t.Error("a deleted user was registered again")
	}
	b.advance(24 * time.Hour)
	b.get("/protected/json/users/%d/status", id).fails(404, "60026", "User not found.")
	b.get("/protected/json/users/%d/status", other).wants(200)
}

func TestInstallLink(t *testing.T) {
	t.Parallel()
	for form, want := range map[string]int{
		"x=1": 1, "send_install_link_via_sms=false": 0, "user[send_install_link_via_sms]=0": 0, "send_install_link_via_sms=true": 1,
	} {
		b := newBox(t, sandbox.WithInstallLink(true))
		for range 2 { // the second registration is no news
			b.post("/protected/json/users/new", "user[email]=a@example.com&user[cellphone]=911234567&user[country_code]=351", form).wants(200)
		}
		if got := b.Outbox(sandbox.OutboxFilter{}); len(got) != want {
			t.Errorf("%s: outbox %v, want %d", form, got, want)
		}
	}
}

func TestUserLimit(t *testing.T) {
	t.Parallel()
	b := newBox(t, sandbox.WithLimits(sandbox.Limits{Users: 1}))
	b.register()
	b.register()
	b.post("/protected/json/users/new", "user[email]=a@example.com&user[cellphone]=7754615609&user[country_code]=1").
		fails(429, "60003", "DoS protection: the sandbox holds its limit of 1 users")
}

func TestRegistrationStatus(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	const path = "/protected/json/registrations/status?custom_user_id=user%2F42"
	b.get("/protected/json/registrations/status").fails(400, "60004", "Invalid parameter: custom_user_id - Parameter is required")
	b.call("GET", path).fails(404, "60035", "Registration request not found")
	a := b.post("/sandbox/registrations/user%2F42/complete").wants(200)
	id := a.text("registration", "authy_id")
	b.call("GET", path).wants(200).says(`{"registration":{"status":"completed","authy_id":` + id + `},"success":true}`)
	if again := b.post("/sandbox/registrations/user%2F42/complete").text("registration", "authy_id"); again != id {
		t.Errorf("a second scan gave %s, not %s", again, id)
	}
	// A user without phone and e-mail, who has the app.
	if a := b.get("/protected/json/users/%s/status", id).wants(200); a.at("status", "registered") != true || a.at("status", "phone_number") != "" {
		t.Errorf("status %s", a.body)
	}
	b.get("/protected/json/sms/%s?force=true", id).fails(400, "60033", "Phone number is invalid")
	b.post("/protected/json/email/"+id).fails(400, "60038", "Email is invalid")
	b.get("/protected/json/users/%s/phone_number", id).fails(400, "60033", "Phone number is invalid")
	b.post("/protected/json/users/" + id + "/remove").wants(200)
	b.call("GET", path).fails(404, "60035", "Registration request not found")
	if again := b.post("/sandbox/registrations/user%2F42/complete").text("registration", "authy_id"); again == id {
		t.Error("a user who is gone was registered again")
	}
	b.call("GET", path).wants(200)
}

// Whoever is on the way out leaves the application's id free, as they do the phone.
func TestRegistrationOfLeaver(t *testing.T) {
	t.Parallel()
	b := newBox(t, sandbox.WithDeletionDelay(24*time.Hour))
	const path = "/protected/json/registrations/status?custom_user_id=c"
	first := b.post("/sandbox/registrations/c/complete").text("registration", "authy_id")
	b.post("/protected/json/users/" + first + "/remove").wants(200)
	b.call("GET", path).fails(404, "60035", "Registration request not found")
	second := b.post("/sandbox/registrations/c/complete").text("registration", "authy_id")
	if second == first {
		t.Error("a user on the way out was registered again")
	}
	b.advance(24 * time.Hour)
	if got := b.call("GET", path).wants(200).text("registration", "authy_id"); got != second {
		t.Errorf("user %s, want %s", got, second)
	}
}

func TestDevices(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	id := itoa(b.register())
	ticket := b.post("/protected/json/sdk/registrations", "authy_id="+id).wants(200).text("registration_token")
	register := "/sandbox/users/" + id + "/register-app"
	b.post(register, "os_type=toaster").fails(400, "60004", "Invalid parameter: os_type - 'toaster' is not a known system")
	b.post(register, "registration_token="+ticket).wants(200)
	b.post(register, "registration_token="+ticket).fails(400, "60004", "Invalid parameter: registration_token - is unknown or was used before")
	b.post(register, "os_type=ipad").wants(200)

	u := b.Users(1)[0]
	if len(u.Devices) != 2 || u.Devices[1].OS != "ipad" {
		t.Fatalf("devices %+v", u.Devices)
	}
	a := b.get("/protected/json/users/%s/status", id)
	if !strings.Contains(a.body, `"devices":["android","ipad"]`) || a.at("status", "registered") != true {
		t.Errorf("status %s", a.body)
	}
	for _, d := range u.Devices {
		b.call("DELETE", "/protected/json/sdk/devices/"+itoa(d.ID)).wants(200)
		b.call("DELETE", "/protected/json/sdk/devices/"+itoa(d.ID)).fails(404, "60092", "Device not found")
	}
	a = b.get("/protected/json/users/%s/status", id)
	if a.at("status", "registered") != false || !strings.Contains(a.body, `"deleted_devices":[{"device_type":"authy","os_type":"android",`) {
		t.Errorf("status %s", a.body)
	}
}

func TestActivities(t *testing.T) {
	t.Parallel()
	b := newBox(t, sandbox.WithLimits(sandbox.Limits{Activities: 2}))
	path := "/protected/json/users/" + itoa(b.register()) + "/register_activity"
	b.post(path).fails(400, "60004", "Invalid parameter: type - Parameter is required")
	b.post(path, "type=x").fails(400, "60004", "Invalid parameter: type - must be one of password_reset, banned, unbanned, cookie_login")
	for _, kind := range []string{"password_reset", "banned", "unbanned"} {
		b.post(path, "type="+kind, "data[reason]=r&user_ip=127.0.0.1").wants(200)
	}
	got := b.Activities(0)
	if len(got) != 2 || got[0].Type != "unbanned" || got[1].Type != "banned" || got[0].Data["reason"] != "r" || got[0].UserIP != "127.0.0.1" {
		t.Errorf("activities %+v", got)
	}
	if a := b.get("/sandbox/activities?limit=1").wants(200); strings.Count(a.body, "unbanned") != 1 {
		t.Errorf("activities %s", a.body)
	}
}

func TestStatisticsCount(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	id := b.register()
	b.get("/protected/json/sms/%d", id)
	b.wantVerify(id, b.lastCode(), 200, "")
	b.advance(31 * 24 * time.Hour)
	b.get("/protected/json/call/%d", id)
	b.post("/protected/json/phones/verification/start", "via=sms&country_code=1&phone_number=7754615609")
	b.post("/sandbox/approvals/" + b.ask(id) + "/approve").wants(200) // the inspector is not counted
	b.get("/protected/json/users/1/status")                           // refused, but counted
	b.raw("GET /protected/json/app/details?api_key=wrong")            // not let in, not counted
	b.raw("GET /protected/json/app/nothing?api_key={key}")            // unknown, not counted
	want := `"count":2,"stats":[{"year":2023,"month":"November","auths_count":1,"api_calls_count":3,"users_count":1,"sms_count":1,"calls_count":0},` +
		`{"year":2023,"month":"December","auths_count":1,"api_calls_count":5,"users_count":1,"sms_count":1,"calls_count":1}]}`
	if a := b.get("/protected/json/app/stats").wants(200); !strings.HasSuffix(a.body, want) {
		t.Errorf("stats\n got %s\nwant ...%s", a.body, want)
	}
}
