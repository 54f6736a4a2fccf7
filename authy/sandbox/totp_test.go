package sandbox_test

import (
	"bytes"
	"image/png"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/authysh/authysh/authy/sandbox"
	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"
)

func TestAppTokens(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	id := b.register()
	if u, _ := b.User(id); u.AppToken != "" {
		t.Fatalf("a token without the app: %+v", u)
	}
	if _, err := b.RegisterApp(id, ""); err != nil {
		t.Fatal(err)
	}
	token := func() string { u, _ := b.User(id); return u.AppToken }

	now := token()
	if len(now) != 7 {
		t.Fatalf("token %q", now)
	}
	b.wantVerify(id, now, 200, "")
	b.wantVerify(id, now, 401, "60019")

	b.advance(10 * time.Second)
	old := token()
	b.advance(30 * time.Second) // three steps late is fine
	b.wantVerify(id, old, 200, "")
	older := token()
	b.advance(40 * time.Second) // four are not
	b.wantVerify(id, older, 401, "60020")

	b.advance(10 * time.Second)
	early := token()
	b.advance(-10 * time.Second) // one step early is fine
	b.wantVerify(id, early, 200, "")
	b.advance(10 * time.Second) // but still that step's only use
	b.wantVerify(id, early, 401, "60019")
	b.advance(20 * time.Second)
	tooEarly := token()
	b.advance(-20 * time.Second)
	b.wantVerify(id, tooEarly, 401, "60020")
}

func TestGenericTokens(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	id := b.register()
	b.get("/protected/json/users/%d/secret/export", id).fails(404, "60109", "Authentication method not found")
	b.post("/protected/json/users/"+itoa(id)+"/secret", "label=ana").wants(200)
	secret := b.get("/protected/json/users/%d/secret/export", id).wants(200).text("secret")

	at := func(shift time.Duration) string {
		code, err := totp.GenerateCodeCustom(secret, b.Clock().Now.Add(shift), totp.ValidateOpts{Period: 30, Digits: 6, Algorithm: otp.AlgorithmSHA1})
		if err != nil {
			t.Fatal(err)
		}
		return code
	}
	if got := b.get("/protected/json/users/%d/secret/export", id).text("otp"); got != at(0) {
		t.Errorf("otp %q, want %q", got, at(0))
	}
	if u, _ := b.User(id); u.GenericToken != at(0) {
		t.Errorf("user %+v, want token %s", u, at(0))
	}
	b.wantVerify(id, at(60*time.Second), 401, "60020")
	b.wantVerify(id, at(-60*time.Second), 401, "60020")
	b.wantVerify(id, at(-30*time.Second), 200, "")
	b.wantVerify(id, at(30*time.Second), 200, "")
	b.wantVerify(id, at(0), 200, "")
	b.wantVerify(id, at(0), 401, "60019")

	b.post("/protected/json/users/" + itoa(id) + "/secret").wants(200) // asking again changes nothing
	if again := b.get("/protected/json/users/%d/secret/export", id).text("secret"); again != secret {
		t.Error("the secret changed")
	}
}

func TestQRCode(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	id := b.register()
	path := "/protected/json/users/" + itoa(id) + "/secret"
	link, err := url.Parse(b.post(path, "qr_size=240").wants(200).text("qr_code"))
	if err != nil || link.Host != "127.0.0.1:4000" {
		t.Fatalf("link %v, %v", link, err)
	}
	a := b.raw("GET " + link.Path).wants(200) // without a key
	img, err := png.Decode(bytes.NewReader([]byte(a.body)))
	if err != nil || img.Bounds().Dx() != 240 || a.header.Get("Content-Type") != "image/png" {
		t.Errorf("picture: %v, %v", a.header, err)
	}
	if other := b.post(path).text("qr_code"); strings.HasSuffix(other, link.Path) {
		t.Error("two pictures have one name")
	}
	b.raw("GET " + strings.TrimSuffix(link.Path, ".png")).wants(404)
	b.post(path, "qr_size=x").fails(400, "60004", "Invalid parameter: qr_size - 'x' is not a valid Integer")
	b.post(path, "qr_size=5000").fails(400, "60004", "Invalid parameter: qr_size - must be from 1 to 4096")
	b.post(path, "label="+strings.Repeat("x", 256)).fails(400, "60004", "Invalid parameter: label - is longer than 255 characters")
	b.post(path, "label="+strings.Repeat("☂", 255)).fails(500, "60122", "QR code generation failed")
	b.post("/protected/json/users/1/secret").fails(404, "60026", "User not found.")
	// The most that the Go client asks for.
	b.raw("GET " + strings.TrimPrefix(b.post(path, "qr_size=4096&label="+strings.Repeat("ü", 255)).wants(200).text("qr_code"), "http://127.0.0.1:4000")).wants(200)
}

func TestOptionsOutOfRange(t *testing.T) {
	t.Parallel()
	for name, opt := range map[string]sandbox.Option{
		"token digits":   sandbox.WithTokenDigits(5),
		"keys: none":     sandbox.WithKeys(),
		"keys: key 2":    sandbox.WithKeys("a", "has space"),
		"app name":       sandbox.WithAppName(strings.Repeat("a", 31)),
		"clock":          sandbox.WithClock(nil),
		"codes":          sandbox.WithCodes(nil),
		"logger":         sandbox.WithLogger(nil),
		"limits: Outbox": sandbox.WithLimits(sandbox.Limits{Outbox: -1}),
		"dashboard keys": sandbox.WithDashboard(sandbox.DashboardKeys{}),
		"deletion delay": sandbox.WithDeletionDelay(-1),
		"features":       sandbox.WithoutFeatures("fax"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := sandbox.Start(t.Context(), "", opt)
			if err == nil || !strings.HasPrefix(err.Error(), "sandbox: "+name) {
				t.Errorf("Start: %v, want sandbox: %s...", err, name)
			}
			defer func() {
				if recover() == nil {
					t.Error("New did not panic")
				}
			}()
			sandbox.New(opt)
		})
	}
}
