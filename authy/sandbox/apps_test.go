package sandbox_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/authysh/authysh/authy/sandbox"
)

const otherKey = "o456o456o456o456o456o456o456o456"

func newTwoApps(t *testing.T, opts ...sandbox.Option) *box {
	t.Helper()
	return newBox(t, append([]sandbox.Option{sandbox.WithApps(sandbox.App{
		Name: "Other", Keys: []string{otherKey}, CallbackURL: "https://other.example/cb", CallbackMethod: "get",
	})}, opts...)...)
}

// as is raw with another application's key.
func (b *box) as(key, line string, form ...string) answer {
	b.t.Helper()
	text := line + "\nX-Authy-API-Key: " + key
	if len(form) > 0 {
		text += "\nContent-Type: application/x-www-form-urlencoded\n\n" + strings.Join(form, "&")
	}
	return b.raw(text)
}

// Nothing that one application knows is known to another.
func TestAppsAreIsolated(t *testing.T) {
	t.Parallel()
	b := newTwoApps(t)
	id := b.register()
	b.get("/protected/json/sms/%d", id).wants(200)
	code := b.lastCode()
	uuid := b.ask(id)
	b.post(startPath, "via=sms", phoneForm).wants(200)

	b.as(otherKey, "GET /protected/json/users/"+itoa(id)+"/status").fails(404, "60026", "User not found.")
	b.as(otherKey, "GET /protected/json/verify/"+code+"/"+itoa(id)+"?force=true").fails(404, "60016", "User doesn't exist")
	b.as(otherKey, "GET /onetouch/json/approval_requests/"+uuid).wants(404)
	b.as(otherKey, "POST /sandbox/approvals/"+uuid+"/approve").wants(404)
	b.as(otherKey, "GET "+checkPath+b.lastCode()).wants(404)
	b.as(otherKey, "GET /sandbox/outbox").says(`{"outbox":[],"success":true}`)
	b.as(otherKey, "GET /sandbox/users").says(`{"users":[],"success":true}`)
	if got := b.as(otherKey, "GET /protected/json/app/details").text("app", "name"); got != "Other" {
		t.Errorf("name %q", got)
	}
	stats := b.as(otherKey, "GET /protected/json/app/stats").body
	if !strings.Contains(stats, `"total_users":0`) || !strings.Contains(stats, `"sms_count":0`) {
		t.Errorf("stats %s", stats)
	}

	other, err := b.App("other")
	if err != nil {
		t.Fatal(err)
	}
	mine := b.as(otherKey, "POST /protected/json/users/new", "user[email]=a@b.example", "user[cellphone]=911234567", "user[country_code]=351")
	if got := mine.text("user", "id"); got == itoa(id) {
		t.Errorf("both applications gave the same person the id %s", got)
	}
	if len(other.Users(0)) != 1 || len(b.Users(0)) != 1 || len(b.Apps()) != 2 {
		t.Errorf("users %v and %v", other.Users(0), b.Users(0))
	}
	if target, method := other.Callback(); target != "https://other.example/cb" || method != "GET" {
		t.Errorf("callback %s %s", method, target)
	}
	if other.Key() != otherKey || other.AppID() == b.AppID() || other.Dashboard() == b.Dashboard() {
		t.Error("the applications share credentials")
	}
	if _, err := b.App("nobody"); !errors.Is(err, sandbox.ErrNotFound) {
		t.Error(err)
	}
	b.post("/sandbox/api/reset").wants(200)
	if len(other.Users(0)) != 1 || len(b.Users(0)) != 0 {
		t.Error("a reset with one application's key is of that one")
	}
	b.Reset()
	if len(other.Users(0)) != 0 {
		t.Error("a reset left the second application's users")
	}
}

// Several keys of one application stay what they were: for rotation.
func TestKeysOfOneApp(t *testing.T) {
	t.Parallel()
	b := newBox(t, sandbox.WithKeys(testKey, "second"))
	id := b.register()
	b.as("second", "GET /protected/json/users/"+itoa(id)+"/status").wants(200)
}

func TestBadApps(t *testing.T) {
	t.Parallel()
	for want, opt := range map[string]sandbox.Option{
		`app "": app name: must be 1 to 30 characters, got 0`: sandbox.WithApps(sandbox.App{}),
		`two are called "sandbox app"`:                        sandbox.WithApps(sandbox.App{Name: "sandbox app"}),
		`a key of "B" opens another application`:              sandbox.WithApps(sandbox.App{Name: "A", Keys: []string{"k"}}, sandbox.App{Name: "B", Keys: []string{"k"}}),
		`key 1 must be 1 to 128`:                              sandbox.WithApps(sandbox.App{Name: "A", Keys: []string{"a b"}}),
		`callback method: must be POST or GET, got "PUT"`:     sandbox.WithCallback("http://a/", "PUT"),
		`callback URL: must be a whole http or https URL`:     sandbox.WithCallback("ftp://a/", ""),
		`https://example.com/callback, got "http://a/?b=c d"`: sandbox.WithCallback("http://a/?b=c d", ""),
		`https://example.com/callback, got "http://přijem/"`:  sandbox.WithCallback("http://přijem/", ""),
		`dashboard keys: each`:                                sandbox.WithApps(sandbox.App{Name: "A", Dashboard: sandbox.DashboardKeys{AccessKey: "a"}}),
		`features: "fax" is unknown`:                          sandbox.WithApps(sandbox.App{Name: "A", Without: []sandbox.Feature{"fax"}}),
	} {
		if _, err := sandbox.Start(t.Context(), "", opt); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want ...%s...", err, want)
		}
	}
}
