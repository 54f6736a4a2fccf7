package sandbox_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/authysh/authysh/authy/sandbox"
)

func TestAPIAddUser(t *testing.T) {
	t.Parallel()
	b := newTwoApps(t, sandbox.WithAdminToken("admin"), sandbox.WithInstallLink(true))
	a := b.admin("POST /sandbox/api/users?app=Other", "phone=911 234 567", "country_code=351", "email=ana@example.com").wants(200)
	if a.text("user", "phone") != "+351911234567" || a.text("user", "emails") != "[ana@example.com]" {
		t.Errorf("%s", a.body)
	}
	again := b.admin("POST /sandbox/api/users?app=Other", "phone=911234567", "country_code=351", "email=bo@example.com").wants(200)
	if again.text("user", "id") != a.text("user", "id") || again.text("user", "emails") != "[ana@example.com bo@example.com]" {
		t.Errorf("%s", again.body)
	}
	b.admin("POST /sandbox/api/users", "phone=1", "country_code=x", "email=y").fails(400, "60027", "User was not valid")
	other, _ := b.App("Other")
	if len(b.Users(0)) != 0 || len(other.Users(0)) != 1 || len(other.Outbox(sandbox.OutboxFilter{})) != 0 {
		t.Error("the wrong application, or a text was sent")
	}
}

func TestSearchUsers(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	first, second := b.register(), b.registerPhone("1", "7754615609")
	if _, err := b.CompleteRegistration("Shop/42"); err != nil {
		t.Fatal(err)
	}
	for search, want := range map[string]int{
		"": 3, "ANA@": 2, "91123": 1, "+351 911-234": 1, "(775) 461": 1, itoa(first): 1, itoa(second)[2:]: 1, "shop/": 1, "42": 1, "nobody": 0, "0000000": 0, "@": 2, "+": 0,
	} {
		a := b.get("/sandbox/api/users?search=%s", url.QueryEscape(search)).wants(200)
		if got := len(a.at("users").([]any)); got != want {
			t.Errorf("%q finds %d, want %d", search, got, want)
		}
	}
	if a := b.get("/sandbox/api/users?search=example&limit=1"); a.text("next") != itoa(second) {
		t.Errorf("%s", a.body)
	}
}

// The id that an application gave survives where the user does.
func TestCustomUserID(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for range 2 {
		s, err := sandbox.Open(sandbox.WithData(dir))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.CompleteRegistration("shop-42"); err != nil {
			t.Fatal(err)
		}
		if got := s.Users(0); len(got) != 1 || got[0].CustomUserID != "shop-42" {
			t.Errorf("%+v", got)
		}
		if err := s.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

func TestRealClock(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	b.post("/sandbox/api/clock", "real=true", "freeze=true").wants(200)
	if c := b.Clock(); !c.Frozen || time.Since(c.Now).Abs() > time.Minute {
		t.Errorf("%+v", c)
	}
	b.post("/sandbox/api/clock", "set=2030-01-01T00:00:00Z").wants(200)
	b.post("/sandbox/api/clock", "real=1", "advance=2000000h").fails(400, "60002", fmt.Sprintf("Invalid request: clock: must stay between the years 1970 and 2200, got %d", time.Now().UTC().Add(2000000*time.Hour).Year()))
	if c := b.Clock(); !c.Frozen || c.Now.Year() != 2030 {
		t.Errorf("a refused change left %+v", c)
	}
	b.post("/sandbox/api/clock", "real=true").wants(200)
	if c := b.Clock(); c.Frozen || time.Since(c.Now).Abs() > time.Minute {
		t.Errorf("%+v", c)
	}
	b.post("/sandbox/api/clock", "real=false").wants(400)
}

func TestAPIFilters(t *testing.T) {
	t.Parallel()
	b := newBox(t, sandbox.WithCallback("http://127.0.0.1:1/cb", ""))
	id := b.register()
	b.get("/protected/json/sms/%d", id).wants(200)
	b.get("/protected/json/sms/1").wants(404)
	for query, want := range map[string]int{"": 3, "?failed=true": 1, "?operation=request_sms": 2, "?operation=request_sms&failed=1": 1, "?operation=none": 0} {
		if got := len(b.get("/sandbox/api/requests%s", query).at("requests").([]any)); got != want {
			t.Errorf("%s: %d, want %d", query, got, want)
		}
	}
	b.get("/sandbox/api/callbacks?state=lost").fails(400, "60004", "Invalid parameter: state - must be pending, delivered, failed or dropped")
	b.post("/sandbox/api/faults", "rule=callback: drop").wants(200)
	dropped := make(chan bool, 10)
	defer b.Watch(func(e sandbox.Event) {
		if sent, ok := e.Data.(sandbox.Sent); ok && sent.State == sandbox.DeliveryDropped {
			dropped <- true
		}
	})()
	if _, err := b.Approve(b.ask(id)); err != nil {
		t.Fatal(err)
	}
	<-dropped
	for state, want := range map[string]int{"dropped": 1, "delivered": 0} {
		if got := len(b.get("/sandbox/api/callbacks?state=%s", state).at("callbacks").([]any)); got != want {
			t.Errorf("%s: %d, want %d", state, got, want)
		}
	}
	if a := b.get("/sandbox/api/faults"); !strings.Contains(a.body, `"targets":["callback","webhook","register_user"`) {
		t.Errorf("%s", a.body)
	}
}

func TestActivityEvent(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	id := b.register()
	events := make(chan sandbox.Event, 10)
	defer b.Watch(func(e sandbox.Event) {
		if e.Kind == sandbox.EventActivity {
			events <- e
		}
	})()
	b.post("/protected/json/users/"+itoa(id)+"/register_activity", "type=password_reset", "data[reason]=lost").wants(200)
	if done := (<-events).Data.(sandbox.Activity); done.AuthyID != id || done.Data["reason"] != "lost" {
		t.Errorf("%+v", done)
	}
}
