package sandbox_test

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/authysh/authysh/authy/sandbox"
)

var tlsState = &tls.ConnectionState{}

func TestInspectorAccess(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	for name, c := range map[string]struct {
		head   string
		status int
	}{
		"loopback address":  {"\nHost: 127.0.0.1:4000" + keyHeader, 200},
		"loopback address6": {"\nHost: [::1]:4000" + keyHeader, 200},
		"localhost":         {"\nHost: LOCALHOST" + keyHeader, 200},
		"own origin":        {"\nHost: localhost:4000\nOrigin: http://localhost:4000" + keyHeader, 200},
		"rebound name":      {"\nHost: evil.example:4000" + keyHeader, 403},
		"lookalike name":    {"\nHost: localhost.evil.example" + keyHeader, 403},
		"other address":     {"\nHost: 192.0.2.1:4000" + keyHeader, 403},
		"foreign origin":    {"\nHost: localhost:4000\nOrigin: http://evil.example" + keyHeader, 403},
		"other port":        {"\nHost: localhost:4000\nOrigin: http://localhost:8000" + keyHeader, 403},
		"null origin":       {"\nHost: localhost:4000\nOrigin: null" + keyHeader, 403},
		"no key":            {"\nHost: localhost:4000", 401},
		"wrong key":         {"\nHost: localhost:4000\nX-Authy-API-Key: wrong", 401},
	} {
		t.Run(name, func(t *testing.T) {
			for _, path := range []string{"GET /sandbox/outbox", "GET /sandbox/users", "GET /sandbox/clock", "POST /sandbox/reset"} {
				b.raw(path + c.head).wants(c.status)
			}
		})
	}
	b.raw("GET /sandbox/outbox?api_key={key}").fails(401, "60001", "Invalid API key") // a form could send this
	b.raw("GET /protected/json/app/details\nHost: api.authy.com" + keyHeader).wants(200)
}

func TestOutboxFilters(t *testing.T) {
	t.Parallel()
	b := newBox(t, sandbox.WithLimits(sandbox.Limits{Outbox: 4}))
	pt, us := b.register(), b.registerPhone("1", "7754615609")
	b.get("/protected/json/sms/%d", pt) // gives way below
	b.get("/protected/json/sms/%d", us)
	b.get("/protected/json/call/%d", pt)
	b.post("/protected/json/email/" + itoa(pt))
	b.post(startPath, "via=sms", phoneForm)
	for query, want := range map[string]string{
		"":                                    "verification email call sms",
		"?authy_id=" + itoa(pt):               "email call",
		"?phone=%2B351 911 234 567":           "email call",
		"?phone=911234567&channel=call":       "call",
		"?phone=17754615609":                  "sms",
		"?phone=9876543210":                   "",
		"?phone=1-987-654-3210":               "verification",
		"?phone=nobody":                       "",
		"?limit=1":                            "verification",
		"?channel=push":                       "",
		"?authy_id=1":                         "",
		"?channel=email&authy_id=" + itoa(us): "",
	} {
		a := b.call("GET", "/sandbox/outbox"+strings.ReplaceAll(query, " ", "+")).wants(200)
		var got []string
		for _, m := range a.at("outbox").([]any) {
			got = append(got, m.(map[string]any)["channel"].(string))
		}
		if s := strings.Join(got, " "); s != want {
			t.Errorf("%s: %q, want %q", query, s, want)
		}
	}
	b.get("/sandbox/outbox?limit=0").fails(400, "60004", "Invalid parameter: limit - must be from 1 to 10000")
	b.get("/sandbox/outbox?authy_id=x").fails(400, "60004", "Invalid parameter: authy_id - 'x' is not a valid Integer")
	b.get("/sandbox/outbox?channel=x").fails(400, "60004", "Invalid parameter: channel - must be sms, call, email, push or verification")
}

// The JSON forms are promised to stay.
func TestInspectorShapes(t *testing.T) {
	t.Parallel()
	b := newBox(t, sandbox.WithCodes(func(n int) string { return "12345678"[:n] }))
	id := itoa(b.register())
	b.call("GET", "/protected/json/sms/"+id)
	b.get("/sandbox/outbox").says(`{"outbox":[{"id":1,"time":"2023-11-14T22:13:20Z","channel":"sms","via":"sms","to":"+351911234567","authy_id":` + id +
		`,"code":"1234567","text":"O seu token de Sandbox App é 1234567."}],"success":true}`)
	user := `{"id":` + id + `,"phone":"+351911234567","custom_user_id":"","country_code":351,"emails":["ana@example.com"],"created_at":"2023-11-14T22:13:20Z","confirmed":false,` +
		`"registered":false,"devices":[],"suspended":false,"failures":0,"account_disabled":false,"app_token":"","app_token_seconds":0,"generic_token":"","generic_token_seconds":0}`
	b.call("GET", "/sandbox/users/"+id).says(`{"user":` + user + `,"success":true}`)
	b.get("/sandbox/users").says(`{"users":[` + user + `],"success":true}`)
	uuid := b.ask(b.Users(1)[0].ID, "seconds_to_expire=60")
	number := fmt.Sprint(b.Approvals(1)[0].ID)
	b.get("/sandbox/approvals").says(`{"approvals":[{"id":` + number + `,"uuid":"` + uuid + `","authy_id":` + id + `,"status":"pending","message":"Log in?","details":{},"hidden_details":{},` +
		`"logos":[],"seconds_to_expire":60,"created_at":"2023-11-14T22:13:20Z","expires_at":"2023-11-14T22:14:20Z","processed_at":null}],"success":true}`)
	b.get("/sandbox/clock").says(`{"clock":{"now":"2023-11-14T22:13:20Z","frozen":true,"adjustable":true},"success":true}`)
	b.get("/sandbox/activities").says(`{"activities":[],"success":true}`)
	b.get("/sandbox/users/1").fails(404, "60026", "User not found.")
}

func TestClock(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	const path = "/sandbox/clock"
	for form, want := range map[string]string{
		"set=2030-01-02T03:04:05Z":                "2030-01-02T03:04:05Z",
		"set=1700000000":                          "2023-11-14T22:13:20Z",
		"set=2031-01-02":                          "2031-01-02T00:00:00Z",
		"set=2031-01-02 15:04":                    "2031-01-02T15:04:00Z",
		"set=2031-01-02T15:04:05":                 "2031-01-02T15:04:05Z",
		"set=1700000000&advance=1h30m":            "2023-11-14T23:43:20Z",
		"advance=90&freeze=1&set=1700000000":      "2023-11-14T22:14:50Z",
		"set=2023-11-15T00:13:20%2B02:00":         "2023-11-14T22:13:20Z",
		"set=1700000000&advance=-24h&freeze=true": "2023-11-13T22:13:20Z",
	} {
		if got := b.post(path, form).wants(200).text("clock", "now"); got != want {
			t.Errorf("%s: %s, want %s", form, got, want)
		}
	}
	b.post(path).fails(400, "60004", "Invalid parameter: set - Parameter is required, or advance, or freeze, or real")
	b.post(path, "set=now").fails(400, "60004", "Invalid parameter: set - must be a time like 2030-01-02T15:04:05Z, a date, or Unix seconds")
	b.post(path, "advance=soon").fails(400, "60004", "Invalid parameter: advance - must be a duration like 90s, 10m or 24h, or seconds")
	b.post(path, "set=9999-01-01T00:00:00Z").fails(400, "60002", "Invalid request: clock: must stay between the years 1970 and 2200, got 9999")

	b.post(path, "freeze=false&set=1700000000").wants(200)
	if c := b.Clock(); c.Frozen || c.Now.Sub(epoch) > 2*24*time.Hour || epoch.Sub(c.Now) > 2*24*time.Hour {
		t.Errorf("unfrozen: %+v", c)
	}
	b.Reset()
	if c := b.Clock(); time.Since(c.Now).Abs() > time.Minute || c.Frozen {
		t.Errorf("after reset: %+v", c)
	}
}

func TestInjectedClock(t *testing.T) {
	t.Parallel()
	s := sandbox.New(sandbox.WithKeys(testKey), sandbox.WithClock(func() time.Time { return epoch }))
	b := &box{s, t}
	b.get("/sandbox/clock").says(`{"clock":{"now":"2023-11-14T22:13:20Z","frozen":false,"adjustable":false},"success":true}`)
	b.post("/sandbox/clock", "advance=1h").fails(409, "60002", "Invalid request: the clock was given by the program and cannot be changed here")
	if err := s.AdvanceClock(time.Hour); !errors.Is(err, sandbox.ErrClockInjected) {
		t.Errorf("AdvanceClock: %v", err)
	}
	s.Reset()
	if got := s.Clock().Now; !got.Equal(epoch) {
		t.Errorf("after reset: %s", got)
	}
}

func TestReset(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	id := b.register()
	b.get("/protected/json/sms/%d", id)
	b.ask(id)
	b.post("/sandbox/reset").wants(200).says(`{"success":true}`)
	if u, o, p := b.Users(0), b.Outbox(sandbox.OutboxFilter{}), b.Approvals(0); len(u)+len(o)+len(p) != 0 {
		t.Errorf("left: %v %v %v", u, o, p)
	}
	b.get("/protected/json/users/%d/status", id).wants(404)
	if b.register() == id {
		t.Error("an id came back")
	}
}

func TestMethodErrors(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	id := b.register()
	for want, err := range map[string]error{
		"sandbox: user 1: not found":             errOf(b.User(1)),
		"sandbox: user 2: not found":             errOf(b.SetSuspended(2, true)),
		"sandbox: user 3: not found":             errOf(b.RegisterApp(3, "")),
		"sandbox: approval request x: not found": errOf(b.Approve("x")),
		"sandbox: approval request y: not found": errOf(b.Deny("y")),
	} {
		if err == nil || err.Error() != want || !errors.Is(err, sandbox.ErrNotFound) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	if _, err := b.RegisterApp(id, "toaster"); !errors.Is(err, sandbox.ErrInvalid) || !strings.Contains(err.Error(), "toaster") {
		t.Errorf("RegisterApp: %v", err)
	}
}

func errOf[T any](_ T, err error) error { return err }

// A log line tells what happened, but no key, code, phone or address.
func TestLogsKeepSecrets(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	b := newBox(t, sandbox.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
	id := b.register()
	b.get("/protected/json/sms/%d?api_key={key}", id)
	code := b.lastCode()
	b.get("/protected/json/verify/%s/%d", code, id)
	b.raw("POST /2010-04-01/Accounts/{key}/SMS/Messages/SM1/Feedback.json")
	b.raw("GET /unknown/{key}")
	text := log.String()
	for _, secret := range []string{testKey, code, "911234567", "ana@example.com", itoa(id)} {
		if strings.Contains(text, secret) {
			t.Errorf("%q in the log:\n%s", secret, text)
		}
	}
	for _, want := range []string{"route=/protected/json/verify/{token}/{id} status=200", "status=400", "error_code=60032", "route=unknown status=404"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in the log:\n%s", want, text)
		}
	}
}
