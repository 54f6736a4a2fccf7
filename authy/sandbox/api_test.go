package sandbox_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/authysh/authysh/authy/sandbox"
)

func (b *box) admin(line string, form ...string) answer {
	b.t.Helper()
	text := line + "\nX-Sandbox-Token: admin"
	if len(form) > 0 {
		text += "\n\n" + strings.Join(form, "&")
	}
	return b.raw(text)
}

func TestAPIAccess(t *testing.T) {
	t.Parallel()
	b := newTwoApps(t, sandbox.WithAdminToken("admin"))
	b.register()
	for head, want := range map[string]int{
		keyHeader:                                  200,
		"\nX-Sandbox-Token: admin":                 200,
		"\nAuthorization: Bearer admin":            200,
		"\nauthorization: bearer admin":            200,
		"\nX-Sandbox-Token: wrong":                 401,
		"\nX-Sandbox-Token: wrong" + keyHeader:     401,
		"\nAuthorization: Basic admin":             401,
		"":                                         401,
		"\nX-Authy-API-Key: admin":                 401,
		"\nX-Sandbox-Token: admin\nHost: evil.com": 403,
		"\nX-Sandbox-Token: admin\nHost: localhost\nOrigin: http://evil.com": 403,
	} {
		for _, path := range []string{"/sandbox/api", "/sandbox/api/users", "/sandbox/outbox", "/sandbox/api/requests", "/sandbox/api/export"} {
			if a := b.raw("GET " + path + head); a.status != want {
				t.Errorf("%s%q: %d %s, want %d", path, head, a.status, a.body, want)
			}
		}
	}
	b.raw("GET /sandbox/api/users?token=admin").wants(401)
	b.raw("GET /sandbox/api/events?token=wrong").wants(401)
	b.raw("GET /sandbox/api/events?token=admin&types=nonsense").wants(400)
	if a := b.admin("GET /sandbox/api/users?app=other"); strings.Contains(a.body, "911234567") {
		t.Error("another application's users")
	}
	if a := b.admin("GET /sandbox/api"); a.text("version") != "1" || strings.Count(a.body, `"callback_url"`) != 2 || strings.Contains(a.body, testKey) {
		t.Errorf("%s", a.body)
	}
	if a := b.as(otherKey, "GET /sandbox/api/apps"); strings.Contains(a.body, "Sandbox App") || !strings.Contains(a.body, "https://other.example/cb") {
		t.Errorf("%s", a.body)
	}
	if s := sandbox.New(); len(s.AdminToken()) != 32 || s.AdminToken() == sandbox.New().AdminToken() {
		t.Error("the token is not random")
	}
}

func TestPages(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	id := b.register()
	for range 5 {
		b.get("/protected/json/sms/%d", id).wants(200)
	}
	ids := func(query string) string {
		t.Helper()
		a := b.get("/sandbox/api/outbox%s", query).wants(200)
		var got []string
		for _, m := range a.at("outbox").([]any) {
			got = append(got, fmt.Sprint(m.(map[string]any)["id"]))
		}
		return strings.Join(got, " ") + ", " + fmt.Sprint(a.at("next"))
	}
	for query, want := range map[string]string{
		"":                                      "5 4 3 2 1, <nil>",
		"?limit=2":                              "5 4, 4",
		"?limit=2&before=4":                     "3 2, 2",
		"?limit=2&before=2":                     "1, <nil>",
		"?after=3":                              "5 4, <nil>",
		"?limit=10&channel=email":               ", <nil>",
		"?limit=1&after=2&before=5&channel=sms": "4, 4",
	} {
		if got := ids(query); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
	b.get("/sandbox/api/outbox?before=x").fails(400, "60004", "Invalid parameter: before - 'x' is not a valid Integer")
	for range 3 {
		b.registerPhone("1", "775461560"+fmt.Sprint(len(b.Users(0))))
	}
	a := b.get("/sandbox/api/users?limit=2")
	if more := b.get("/sandbox/api/users?limit=9&before=%s", a.text("next")); len(more.at("users").([]any)) != 2 || more.at("next") != nil {
		t.Errorf("%s", more.body)
	}
}

func TestAPIUsersAndApprovals(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	id := b.register()
	b.post("/sandbox/api/users/" + itoa(id) + "/register-app").wants(200)
	b.post("/protected/json/users/" + itoa(id) + "/secret").wants(200)
	b.advance(7 * time.Second)
	a := b.get("/sandbox/api/users/%d", id)
	if a.text("user", "app_token_seconds") != "3" || a.text("user", "generic_token_seconds") != "3" || len(a.text("user", "app_token")) != 7 {
		t.Errorf("%s", a.body)
	}
	uuid := b.ask(id)
	if got := b.get("/sandbox/api/approvals/%s", uuid).text("approval", "status"); got != "pending" {
		t.Error(got)
	}
	b.post("/sandbox/api/approvals/" + uuid + "/deny").wants(200)
	if p, err := b.Approval(uuid); err != nil || p.Status != "denied" {
		t.Errorf("%+v, %v", p, err)
	}
	b.get("/sandbox/api/approvals/x").wants(404)
	b.post("/sandbox/api/clock", "advance=10m").wants(200)
	b.raw("POST /sandbox/api/clock" + keyHeader + "\nContent-Type: application/json\n\n{\"set\":\"2030-01-01T00:00:00Z\",\"freeze\":true}").
		says(`{"clock":{"now":"2030-01-01T00:00:00Z","frozen":true,"adjustable":true},"success":true}`)
}

// The log shows what was asked and answered, without what is personal unless asked for, and never a key.
func TestRequestLog(t *testing.T) {
	t.Parallel()
	b := newTwoApps(t, sandbox.WithAdminToken("admin"), sandbox.WithLimits(sandbox.Limits{Requests: 6}))
	id := b.register()
	b.get("/protected/json/sms/%d?api_key=%s", id, testKey)
	code := b.lastCode()
	b.get("/protected/json/verify/%s/%d", code, id).wants(200)
	b.raw("GET /nowhere/" + testKey)
	b.as(otherKey, "GET /protected/json/app/details")

	masked, open := b.admin("GET /sandbox/api/requests").wants(200), b.admin("GET /sandbox/api/requests?unmask=1").wants(200)
	for _, secret := range []string{code, "ana@example.com", "911234567"} {
		if strings.Contains(masked.body, secret) {
			t.Errorf("%s is shown in %s", secret, masked.body)
		}
		if !strings.Contains(open.body, secret) {
			t.Errorf("%s is not in %s", secret, open.body)
		}
	}
	for _, a := range []answer{masked, open} {
		if strings.Contains(a.body, testKey) || strings.Contains(a.body, otherKey) {
			t.Errorf("a key is shown in %s", a.body)
		}
	}
	first := masked.at("requests").([]any)[4].(map[string]any)
	if first["operation"] != "register_user" || first["path"] != "/protected/json/users/new" || fmt.Sprint(first["status"]) != "200" || first["app"] != "Sandbox App" {
		t.Errorf("%v", first)
	}
	if got := len(b.as(otherKey, "GET /sandbox/api/requests").at("requests").([]any)); got != 1 {
		t.Errorf("another application sees %d requests", got)
	}
	for range 10 {
		b.get("/protected/json/app/details")
	}
	if got := b.Requests(0, false); len(got) != 6 || got[0].ID != 15 {
		t.Errorf("%d kept, the latest is %d", len(got), got[0].ID)
	}
}

func TestAPIFaults(t *testing.T) {
	t.Parallel()
	b := newTwoApps(t, sandbox.WithAdminToken("admin"))
	json := func(head, body string) answer {
		t.Helper()
		return b.raw("POST /sandbox/api/faults" + head + "\nContent-Type: application/json\n\n" + body)
	}
	a := json("\nX-Sandbox-Token: admin", `{"on":"request_sms","status":503,"every":2,"retry_after":"2s"}`).wants(200)
	if got := a.text("fault", "id") + a.text("fault", "every") + a.text("fault", "retry_after"); got != "122s" {
		t.Errorf("%s", a.body)
	}
	mine := json(keyHeader, `{"rule":"verify_token: code=60003"}`).wants(200)
	if mine.text("fault", "app") != "Sandbox App" {
		t.Errorf("an application's key made a rule for others: %s", mine.body)
	}
	json(keyHeader, `{"on":"request_sms","statuss":503}`).fails(400, "60002", `Invalid request: fault rule: "statuss": is unknown, did you mean status?`)
	json(keyHeader, `{"rule":"code=60998"}`).fails(400, "60002", `Invalid request: fault rule: code: 60998 is not an error code of the API`)
	json("\nX-Sandbox-Token: admin", `{"app":"none","status":500}`).
		fails(400, "60002", `Invalid request: fault rule: app: there is no application "none": it is one of "Sandbox App", "Other"`)
	json("\nX-Sandbox-Token: admin", `{"app":"othr","status":500}`).
		fails(400, "60002", `Invalid request: fault rule: app: there is no application "othr", did you mean "Other"?`)

	id := b.register()
	b.get("/protected/json/sms/%d", id).wants(200)
	if a := b.get("/protected/json/sms/%d", id).wants(503); a.header.Get("Retry-After") != "2" {
		t.Errorf("%v", a.header)
	}
	b.get("/protected/json/verify/1/%d", id).fails(429, "60003", "DoS protection")
	if got := len(b.Outbox(sandbox.OutboxFilter{})); got != 1 {
		t.Errorf("%d texts: one of two was refused", got)
	}
	list := b.admin("GET /sandbox/api/faults")
	if !strings.Contains(list.body, `"seen":2,"fired":1`) || !strings.Contains(list.body, `"seen":1,"fired":1`) {
		t.Errorf("%s", list.body)
	}
	if a := b.as(otherKey, "GET /sandbox/api/faults"); !strings.HasPrefix(a.body, `{"faults":[],`) {
		t.Errorf("%s", a.body)
	}
	b.as(otherKey, "DELETE /sandbox/api/faults/1").wants(404)
	b.admin("POST /sandbox/api/faults/1/disable").wants(200)
	b.get("/protected/json/sms/%d", id).wants(200)
	b.get("/protected/json/sms/%d", id).wants(200)
	b.admin("POST /sandbox/api/faults/1/enable").wants(200)
	b.get("/protected/json/sms/%d", id).wants(200)
	b.get("/protected/json/sms/%d", id).wants(503)
	b.admin("DELETE /sandbox/api/faults/1").wants(200)
	b.admin("DELETE /sandbox/api/faults/1").wants(404)
	b.call("DELETE", "/sandbox/api/faults").wants(200)
	if len(b.Faults()) != 0 {
		t.Errorf("%+v", b.Faults())
	}
	if got := b.Requests(3, false); len(got[0].Faults) != 1 || got[0].Faults[0] != 1 {
		t.Errorf("%+v", got)
	}
}

func TestExportImport(t *testing.T) {
	t.Parallel()
	b := newTwoApps(t, sandbox.WithAdminToken("admin"))
	id := b.register()
	b.get("/protected/json/sms/%d", id)
	code := b.lastCode()
	uuid := b.ask(id)
	text := b.admin("GET /sandbox/api/export").wants(200).body
	if strings.Contains(text, testKey) || strings.Contains(text, b.Dashboard().SigningKey) {
		t.Error("a key is exported")
	}
	c := newTwoApps(t, sandbox.WithAdminToken("admin"), sandbox.WithSeed(7))
	c.registerPhone("351", "961234567")
	c.raw("POST /sandbox/api/import\nX-Sandbox-Token: admin\n\n" + text).wants(200)
	if c.export() != b.export() {
		// ids of the application itself stay those of the importing sandbox
		if got, want := len(c.Users(0)), 1; got != want {
			t.Errorf("%d users", got)
		}
	}
	c.get("/protected/json/verify/%s/%d?force=true", code, id).wants(200)
	if _, err := c.Approve(uuid); err != nil {
		t.Error(err)
	}
	if c.registerPhone("351", "961234568") <= id {
		t.Error("an id could be given twice")
	}
	// With its own key an application reads back its own part only.
	own := b.get("/sandbox/api/export").wants(200)
	if strings.Contains(own.body, `"clock"`) || strings.Contains(own.body, "Other") {
		t.Errorf("%s", own.body)
	}
	c.raw("POST /sandbox/api/import" + keyHeader + "\n\n" + own.body).wants(200)
	for body, want := range map[string]string{
		"":                                     "not an export of a sandbox",
		"{}":                                   "version is missing",
		`{"version":2}`:                        "version 2 is newer than this program knows",
		`{"version":1,"apps":[]} x`:            "more than one JSON value",
		`{"version":1,"apps":[{"name":"No"}]}`: `app "No": not found: this sandbox has "Sandbox App", "Other"`,
		`{"version":1,"apps":[{"name":"Other","records":{"user":{"1":null}}}]}`:               "user 1: has no id",
		`{"version":1,"apps":[{"name":"Other","records":{"approval":{"1":null}}}]}`:           "must not be null",
		`{"version":1,"apps":[{"name":"Other","records":{"verification":{"1":{"code":1}}}}]}`: "verification 1",
	} {
		if a := c.raw("POST /sandbox/api/import\nX-Sandbox-Token: admin\n\n" + body); a.status != 400 || !strings.Contains(a.text("message"), want) {
			t.Errorf("%s: %d %s, want ...%s...", body, a.status, a.body, want)
		}
	}
	if len(c.Users(0)) != 1 {
		t.Error("a failed import changed something")
	}
}

const seedText = `# people
users:
  - phone: 911 234 567
    country_code: 351
    email: ana@example.com
    authy_id: 1635
    secret: JBSWY3DPEHPK3PXP
    devices: [android, iphone]
    confirmed: true
  - {phone: "7754615609", country_code: US, email: bo@example.com, app: other, suspended: true}
`

func TestSeed(t *testing.T) {
	t.Parallel()
	users, err := sandbox.ParseSeed([]byte(seedText))
	if err != nil {
		t.Fatal(err)
	}
	b := newTwoApps(t, sandbox.WithUsers(users...))
	u, err := b.User(1635)
	if err != nil || u.Phone != "+351911234567" || len(u.Devices) != 2 || !u.Confirmed || u.AppToken != "7876561" || u.GenericToken != "324550" {
		t.Errorf("%+v, %v", u, err)
	}
	if got := b.register(); got != 1635 {
		t.Errorf("the phone belongs to %d", got)
	}
	other, _ := b.App("Other")
	if got := other.Users(0); len(got) != 1 || !got[0].Suspended {
		t.Errorf("%+v", got)
	}
	dir := t.TempDir()
	for range 2 { // planted once
		s, err := sandbox.Open(sandbox.WithData(dir), sandbox.WithUsers(users[0]))
		if err != nil {
			t.Fatal(err)
		}
		if got := len(s.Users(0)); got != 1 {
			t.Errorf("%d users", got)
		}
		s.Close(t.Context())
	}
	for text, want := range map[string]string{
		"- phne: 1\n":                  `line 1: "phne" is unknown, did you mean phone?`,
		"user: []\n":                   `line 1: "user" is unknown, did you mean users?`,
		"users:\n  a: b\n":             `line 2: users must be a list`,
		"- a\n":                        `line 1: a user must be an object`,
		"- phone: [1]\n":               `line 1: phone: must be a plain value`,
		"- authy_id: x\n":              `line 1: authy_id: must be a whole number from 1 to 9007199254740991, got "x"`,
		"- authy_id: 0\n":              `line 1: authy_id: must be a whole number from 1 to 9007199254740991, got "0"`,
		"- {phone: 1,\n   phone: 2}\n": `line 2: phone: is given twice`,
		"- confirmed: maybe\n":         `line 1: confirmed: must be true or false, got "maybe"`,
		"- devices: {a: b}\n":          `line 1: devices: must be a list of systems`,
		"- a: [\n":                     `line `,
		"\n- {phone: 1}\n":             `seed: line 2: user 1: country_code is invalid and can't be blank`,
		"- {phone: 911234567, country_code: 351, email: a@b.example, secret: '1'}\n":                                                                          `secret: must be base32`,
		"- {phone: 911234567, country_code: 351, email: a@b.example, devices: [androd]}\n":                                                                    `devices: "androd" is unknown, did you mean android?`,
		"- {phone: 911234567, country_code: 351, email: a@b.example, authy_id: 9007199254740992}\n":                                                           `line 1: authy_id: must be a whole number from 1 to 9007199254740991, got "9007199254740992"`,
		"- &a {phone: 911234567, country_code: 351, email: a@b.example}\n- {phone: 0911 234 567, country_code: PT, email: c@d.example}\n":                     `seed: line 2: user 2: phone: is that of user 1, too`,
		"- {phone: 911234567, country_code: 351, email: a@b.example, authy_id: 7}\n- {phone: 911234568, country_code: PT, email: c@d.example, authy_id: 7}\n": `seed: line 2: user 2: authy_id: is that of user 1, too`,
		"- {phone: 911234567, country_code: XX, email: a@b.example}\n":                                                                                        `country_code: must be a calling code such as 351 or a country such as PT, got "XX"`,
		"- {phone: 911234567, country_code: 351, email: a@b.example, app: X}\n":                                                                               `app: there is no application "X": it is one of "Sandbox App"`,
	} {
		users, err := sandbox.ParseSeed([]byte(text))
		if err == nil {
			_, err = sandbox.Open(sandbox.WithUsers(users...))
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want ...%s...", text, err, want)
		}
	}
}

// Ids that a seed gives have no influence on those that follow, which stay in the range that all clients read.
func TestSeededIDs(t *testing.T) {
	t.Parallel()
	if _, err := sandbox.Open(sandbox.WithUsers(sandbox.SeedUser{AuthyID: -1, Phone: "911234567", CountryCode: "351", Email: "a@b.example"})); err == nil ||
		!strings.Contains(err.Error(), `seed user 1: authy_id: must be a whole number from 1 to 9007199254740991, got -1`) {
		t.Error(err)
	}
	dir := t.TempDir()
	users, err := sandbox.ParseSeed([]byte("- {phone: 911234560, country_code: 351, email: a@b.example, authy_id: 9007199254740991, secret: null, app: ~, devices: null}\n"))
	if err != nil {
		t.Fatal(err)
	}
	seeded := sandbox.WithUsers(users...)
	b := openBox(t, dir, seeded)
	for range 2 {
		b = b.reopened(dir, seeded)
		if id := b.registerPhone("351", fmt.Sprint(911234561+len(b.Users(0)))); id <= 0 || id > math.MaxInt32 {
			t.Errorf("a user has the id %d", id)
		}
	}
	exported := b.export()
	other := newBox(t)
	if err := other.Import([]byte(exported)); err != nil {
		t.Fatal(err)
	}
	if id := other.register(); id <= 0 || id > math.MaxInt32 {
		t.Errorf("after an import a user has the id %d", id)
	}
	if err := other.Import([]byte(`{"version":1,"apps":[{"name":"Sandbox App","records":{"app":{"":{"last_id":9223372036854775807}}}}]}`)); err == nil ||
		!strings.Contains(err.Error(), `invalid: last_id must be at most 9007199254740991, got 9223372036854775807`) {
		t.Error(err)
	}
}

// stream is a watcher of events without a network.
type stream struct {
	header http.Header
	lines  chan string
}

func (s *stream) Header() http.Header { return s.header }
func (s *stream) WriteHeader(int)     {}
func (s *stream) Flush()              {}
func (s *stream) Write(p []byte) (int, error) {
	for line := range strings.SplitSeq(strings.TrimRight(string(p), "\n"), "\n") {
		s.lines <- line
	}
	return len(p), nil
}

// watch connects, and gives what was written and the way to leave.
func (b *box) watch(t *testing.T, query, last string) (lines chan string, leave func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	r := b.request("GET /sandbox/api/events" + query + "\nX-Sandbox-Token: admin\nLast-Event-ID: " + last).WithContext(ctx)
	s := &stream{http.Header{}, make(chan string, 10_000)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		b.ServeHTTP(s, r)
	}()
	return s.lines, func() { cancel(); <-done }
}

func drain(lines chan string) []string {
	var got []string
	for {
		select {
		case line := <-lines:
			got = append(got, line)
		default:
			return got
		}
	}
}

func TestEvents(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newTwoApps(t, sandbox.WithAdminToken("admin"), sandbox.WithLimits(sandbox.Limits{Events: 20}))
		lines, leave := b.watch(t, "", "")
		synctest.Wait()
		id := b.register()
		b.get("/protected/json/sms/%d", id)
		uuid := b.ask(id)
		b.post("/sandbox/api/approvals/" + uuid + "/approve")
		b.advance(time.Second)
		b.post("/sandbox/api/faults", "rule=status=503")
		b.as(otherKey, "GET /protected/json/app/details")
		time.Sleep(16 * time.Second)
		synctest.Wait()
		got := drain(lines)
		leave()
		text := strings.Join(got, "\n")
		for _, want := range []string{
			"retry: 1000", "event: user", "event: message", "event: request", "event: approval", "event: clock", "event: fault",
			`"status":"approved"`, `{"app":"Other"`, ": still here",
		} {
			if !strings.Contains(text, want) {
				t.Errorf("no %s in\n%s", want, text)
			}
		}
		if strings.Contains(text, "ana@example.com") || strings.Contains(text, testKey) {
			t.Errorf("not masked: %s", text)
		}
		var second string
		for _, line := range got {
			if id, ok := strings.CutPrefix(line, "id: "); ok && strings.HasSuffix(id, "-4") {
				second = id
			}
		}

		// Who comes back gets what it missed, and only what it asks for.
		lines, leave = b.watch(t, "?types=request,clock&app=Other", second)
		synctest.Wait()
		again := strings.Join(drain(lines), "\n")
		leave()
		if strings.Contains(again, "resync") || strings.Contains(again, "Sandbox App") || !strings.Contains(again, "event: clock") || !strings.Contains(again, `{"app":"Other"`) || strings.Contains(again, "event: fault") {
			t.Errorf("after %s:\n%s", second, again)
		}
		// Who comes back too late, or from another run, is told to read everything anew.
		b.ClearFaults()
		for range 30 {
			b.get("/protected/json/app/details")
		}
		for _, last := range []string{second, "other-3", "nonsense"} {
			lines, leave = b.watch(t, "", last)
			synctest.Wait()
			if again := strings.Join(drain(lines), "\n"); !strings.Contains(again, "event: resync") {
				t.Errorf("%s: %s", last, again)
			}
			leave()
		}
	})
}

// A watcher that does not read is dropped, and holds up nobody.
func TestSlowWatcher(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBox(t, sandbox.WithAdminToken("admin"))
		r := b.request("GET /sandbox/api/events\nX-Sandbox-Token: admin").WithContext(t.Context())
		s := &stream{http.Header{}, make(chan string)} // every line waits for a reader
		done := make(chan struct{})
		go func() { b.ServeHTTP(s, r); close(done) }()
		<-s.lines // retry
		for range 300 {
			b.get("/protected/json/app/details").wants(200)
		}
		var all []string
		for {
			select {
			case line := <-s.lines:
				all = append(all, line)
				continue
			case <-done:
			}
			break
		}
		if len(all) == 0 || !strings.Contains(strings.Join(all, "\n"), "event: dropped") {
			t.Errorf("%d lines, no word of being dropped", len(all))
		}
	})
}

// Over a real connection a stream outlives the server's write timeout setting and ends with the server.
func TestEventsOverHTTP(t *testing.T) {
	t.Parallel()
	s := start(t, "", sandbox.WithAdminToken("admin"))
	r, err := http.NewRequestWithContext(t.Context(), "GET", s.URL()+"/sandbox/api/events?token=admin", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.Header.Get("Content-Type") != "text/event-stream" {
		t.Errorf("%v", res.Header)
	}
	seen := make(chan string)
	go func() {
		defer close(seen)
		for lines := bufio.NewScanner(res.Body); lines.Scan(); {
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				seen <- data
			}
		}
	}()
	s.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/protected/json/app/details", nil))
	var event struct {
		Data sandbox.Request `json:"data"`
	}
	if err := json.Unmarshal([]byte(<-seen), &event); err != nil || event.Data.Status != 401 {
		t.Errorf("%+v, %v", event, err)
	}
	if err := s.Close(t.Context()); err != nil {
		t.Error(err)
	}
	for range seen {
	}
}

func TestWatch(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	events := make(chan sandbox.Event, 100)
	stop := b.Watch(func(e sandbox.Event) { events <- e })
	b.register()
	if e := <-events; e.Kind != sandbox.EventUser || e.App != "Sandbox App" || e.Data.(sandbox.UserChange).ID == 0 {
		t.Errorf("%+v", e)
	}
	stop()
	stop()
}
