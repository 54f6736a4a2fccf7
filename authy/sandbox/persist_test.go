package sandbox_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/authysh/authysh/authy/sandbox"
)

// openBox is a box with a data directory, at the epoch when it is new.
func openBox(t *testing.T, dir string, opts ...sandbox.Option) *box {
	t.Helper()
	s, err := sandbox.Open(append([]sandbox.Option{
		sandbox.WithKeys(testKey), sandbox.WithInstallLink(false), sandbox.WithData(dir),
		sandbox.WithDashboard(sandbox.DashboardKeys{AccessKey: "BBB222", SigningKey: "api-signing-key-0123456789abcdef"}),
	}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close(context.Background()) })
	if !s.Clock().Frozen {
		if err := s.FreezeClock(true); err != nil {
			t.Fatal(err)
		}
		if err := s.SetClock(epoch); err != nil {
			t.Fatal(err)
		}
	}
	return &box{s, t}
}

// reopened closes a box and opens its directory again.
func (b *box) reopened(dir string, opts ...sandbox.Option) *box {
	b.t.Helper()
	if err := b.Close(b.t.Context()); err != nil {
		b.t.Fatal(err)
	}
	return openBox(b.t.(*testing.T), dir, opts...)
}

func exportOf(t *testing.T, b *box) any {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(b.export()), &v); err != nil {
		t.Fatal(err)
	}
	for _, app := range v.(map[string]any)["apps"].([]any) {
		own := app.(map[string]any)["records"].(map[string]any)["app"].(map[string]any)[""].(map[string]any)
		delete(own, "starts") // the one thing that a restart changes
	}
	return v
}

// Whatever a request changes is the same after a restart. After every step the directory is read anew, so
// a handler whose changes were not noted would be found out.
func TestEverythingSurvives(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	small := sandbox.WithLimits(sandbox.Limits{Outbox: 3, Activities: 2, Records: 3, Failures: 3, VerificationChecks: 2, Deliveries: 3})
	opts := []sandbox.Option{small, sandbox.WithDeletionDelay(time.Hour), sandbox.WithSeed(3), sandbox.WithDelivery(sandbox.Delivery{Transport: &receiver{}})}
	b := openBox(t, dir, opts...)
	id := b.register()
	user := "/protected/json/users/" + itoa(id)
	n := 0
	webhook := func(method, form, sorted string) func() answer {
		return func() answer {
			n++
			nonce := fmt.Sprint("nonce-", n)
			r, err := http.NewRequest(method, hooksURL, strings.NewReader("app_api_key="+testKey+"&access_key=BBB222"+form))
			if err != nil {
				t.Fatal(err)
			}
			r.TLS = tlsState
			r.Header.Set("X-Authy-Signature-Nonce", nonce)
			r.Header.Set("X-Authy-Signature", sign(nonce, method, hooksURL, "access_key=BBB222&app_api_key="+testKey+sorted))
			return b.do(r)
		}
	}
	verify := func() answer { return b.get("/protected/json/verify/%s/%d?force=true", b.lastCode(), id) }
	wrong := func() answer { return b.get("/protected/json/verify/0000000/%d?force=true", id) }
	start := func() answer { return b.post(startPath, "via=sms&custom_code=1234&"+phoneForm) }
	ask := func() answer {
		return b.post("/onetouch/json/users/"+itoa(id)+"/approval_requests", "message=m&details[a]=b")
	}
	tick := func() answer { return b.post("/sandbox/clock", "advance=31m") }
	steps := []struct {
		name string
		do   func() answer
	}{
		{"sms", func() answer { return b.get("/protected/json/sms/%d", id) }},
		{"verify", verify}, {"wrong", wrong}, {"wrong again", wrong},
		{"call", func() answer { return b.get("/protected/json/call/%d", id) }},
		{"email", func() answer { return b.post("/protected/json/email/" + itoa(id)) }},
		{"sms, the outbox overflows", func() answer { return b.get("/protected/json/sms/%d", id) }},
		{"second address", func() answer {
			return b.post("/protected/json/users/new", "user[email]=b@example.com&user[cellphone]=911234567&user[country_code]=351")
		}},
		{"update", func() answer { return b.post(user+"/update", "email=c@example.com") }},
		{"secret", func() answer { return b.post(user + "/secret") }},
		{"activity", func() answer { return b.post(user+"/register_activity", "type=banned") }},
		{"activity", func() answer { return b.post(user+"/register_activity", "type=banned") }},
		{"activity", func() answer { return b.post(user+"/register_activity", "type=banned") }},
		{"app", func() answer { return b.post("/sandbox/api/users/" + itoa(id) + "/register-app") }},
		{"app token", func() answer {
			u, err := b.User(id)
			if err != nil {
				t.Fatal(err)
			}
			return b.get("/protected/json/verify/%s/%d", u.AppToken, id)
		}},
		{"ticket", func() answer { return b.post("/protected/json/sdk/registrations", "authy_id="+itoa(id)) }},
		{"device gone", func() answer {
			u, _ := b.User(id)
			return b.call("DELETE", fmt.Sprintf("/protected/json/sdk/devices/%d", u.Devices[0].ID))
		}},
		{"registration", func() answer { return b.post("/sandbox/api/registrations/custom/complete") }},
		{"callback URL", func() answer { return b.post("/sandbox/api/callback", "url=https://app.example/cb") }},
		{"webhook", webhook("POST", "&events[]=user_added&name=h&url=https://h.example/", "&events%5B%5D=user_added&name=h&url=https%3A%2F%2Fh.example%2F")},
		{"approval", ask}, {"approval", ask},
		{"approve", func() answer { return b.post("/sandbox/api/approvals/" + b.Approvals(1)[0].UUID + "/approve") }},
		{"approval", ask}, {"approval, the oldest gives way", ask},
		{"start", start}, {"start again", start},
		{"check wrong", func() answer { return b.get("%s", checkPath+"9") }},
		{"check", func() answer { return b.get("%s", checkPath+"1234") }},
		{"list webhooks", webhook("GET", "", "")},
		{"status", func() answer { return b.get("%s/status", user) }},
		{"time", tick}, {"next month", func() answer { return b.post("/sandbox/clock", "advance=720h") }},
		{"sms next month", func() answer { return b.get("/protected/json/sms/%d?force=true", id) }},
		{"suspend", func() answer { return b.post("/sandbox/users/" + itoa(id) + "/suspend") }},
		{"remove", func() answer { return b.post(user + "/remove") }},
		{"time", tick}, {"time, the user is gone", tick},
		{"after", func() answer { return b.get("/protected/json/app/stats") }},
		{"reset", func() answer {
			a := b.post("/sandbox/reset")
			b.FreezeClock(true)
			b.SetClock(epoch)
			return a
		}},
	}
	for _, step := range steps {
		want := 200
		if strings.Contains(step.name, "wrong") {
			want = 401
		}
		if a := step.do(); a.status != want {
			t.Fatalf("%s: %d %s", step.name, a.status, a.body)
		}
		b.settle()
		before := exportOf(t, b)
		b = b.reopened(dir, opts...)
		if diff := cmp.Diff(before, exportOf(t, b)); diff != "" {
			t.Fatalf("after %q a restart changed\n%s", step.name, diff)
		}
	}
}

// settle waits until no delivery is pending.
func (b *box) settle() {
	for {
		pending := false
		done := make(chan struct{}, 1)
		stop := b.Watch(func(sandbox.Event) {
			select {
			case done <- struct{}{}:
			default:
			}
		})
		for _, d := range b.Callbacks(0) {
			pending = pending || d.State == sandbox.DeliveryPending
		}
		if pending {
			<-done
		}
		stop()
		if !pending {
			return
		}
	}
}

// A number with more zeros before it than its country has is kept as one that is read back, and so as one phone.
func TestPhonesSurvive(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	numbers := map[string]int64{"+4902079460": 0, "+49002079460": 0, "+55009558365407": 0, "+2700085521": 0, "+3900687123456": 0}
	b := openBox(t, dir)
	for number := range numbers {
		numbers[number] = b.registerPhone(number[1:3], number[3:])
	}
	b = b.reopened(dir)
	for number, id := range numbers {
		u, err := b.User(id)
		if err != nil || u.Phone == "" {
			t.Errorf("%s is %q after a restart, %v", number, u.Phone, err)
			continue
		}
		b.get("/protected/json/sms/%d", id).wants(200)
		for _, again := range []string{number[3:], url.QueryEscape(u.Phone)} {
			if got := b.registerPhone(number[1:3], again); got != id {
				t.Errorf("%s, read back as %s, is user %d, want %d", number, again, got, id)
			}
		}
	}
}

// Keys, ids and what was pending go on; with one seed the second run makes other ids.
func TestRestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first, err := sandbox.Open(sandbox.WithData(dir), sandbox.WithSeed(9))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sandbox.Open(sandbox.WithData(dir)); err == nil || !strings.Contains(err.Error(), "another process is using it") {
		t.Errorf("second process: %v", err)
	}
	key, id, dashboard := first.Key(), first.AppID(), first.Dashboard()
	b := &box{first, t}
	a := b.as(key, "POST /protected/json/users/new", "user[email]=a@b.example&user[cellphone]=911234567&user[country_code]=351").wants(200)
	u := a.text("user", "id")
	one := b.as(key, "POST /onetouch/json/users/"+u+"/approval_requests", "message=m").text("approval_request", "uuid")
	first.Close(t.Context())

	second, err := sandbox.Open(sandbox.WithData(dir), sandbox.WithSeed(9))
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close(t.Context())
	if second.Key() != key || second.AppID() != id || second.Dashboard() != dashboard {
		t.Error("another key or id after a restart")
	}
	b = &box{second, t}
	two := b.as(key, "POST /onetouch/json/users/"+u+"/approval_requests", "message=m").text("approval_request", "uuid")
	if one == two || len(second.Approvals(0)) != 2 {
		t.Error("the seed repeated an id after a restart")
	}
}

// A callback that was due when the sandbox stopped is delivered by the next one.
func TestPendingDeliverySurvives(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	callback := sandbox.WithCallback("https://app.example/cb", "")
	b := openBox(t, dir, callback, sandbox.WithDelivery(sandbox.Delivery{Transport: &receiver{statuses: []int{500}}, Backoff: time.Hour}))
	b.answered("approve")
	r := &receiver{}
	b = b.reopened(dir, callback, sandbox.WithDelivery(sandbox.Delivery{Transport: r}))
	b.settle()
	if got := b.Callbacks(0); len(got) != 1 || got[0].State != sandbox.DeliveryDelivered || r.count() != 1 {
		t.Errorf("%+v", got)
	}
}

func TestBadDataDirectory(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	os.WriteFile(file, nil, 0o600)
	for dir, want := range map[string]string{file: "not a directory", "": "must not be empty"} {
		if _, err := sandbox.Start(t.Context(), "", sandbox.WithData(dir)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want ...%s...", err, want)
		}
	}
	// A start that fails lets go of the directory.
	dir := t.TempDir()
	if _, err := sandbox.Start(t.Context(), "192.0.2.1:0", sandbox.WithData(dir)); err == nil {
		t.Fatal("started")
	}
	if _, err := sandbox.Open(sandbox.WithData(dir), sandbox.WithUsers(sandbox.SeedUser{})); err == nil || strings.Contains(err.Error(), "another process") {
		t.Fatal(err)
	}
	s, err := sandbox.Open(sandbox.WithData(dir))
	if err != nil {
		t.Fatal(err)
	}
	s.Close(t.Context())
}

// What cannot be kept is not acknowledged.
func TestDiskGone(t *testing.T) {
	t.Parallel()
	b := openBox(t, t.TempDir())
	id, other := b.register(), b.registerPhone("351", "961234567")
	if err := b.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.get("/protected/json/sms/%d", id).fails(500, "60000", "An error occurred: the data directory is closed")
	b.get("/protected/json/users/%d/status", id).fails(500, "60000", "An error occurred: the data directory is closed") // nor shown
	b.get("/protected/json/users/%d/status", other).wants(200)
}

// serveUntilKilled is the child of the test below: it tells its URL and serves.
func serveUntilKilled(dir string) {
	s, err := sandbox.Start(context.Background(), "", sandbox.WithKeys(testKey), sandbox.WithData(dir))
	if err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
	fmt.Println(s.URL())
	<-s.Done()
}

// Kill -9 under load loses nothing that was acknowledged: users, verified tokens, answered approvals, and a
// code that was used stays used.
func TestKill(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	acknowledged := map[string]string{} // user → token that was used
	for round := range killedTimes {
		child := exec.Command(os.Args[0])
		child.Env = append(os.Environ(), "SANDBOX_TEST_DATA="+dir)
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		base, err := bufio.NewReader(out).ReadString('\n')
		base = strings.TrimSpace(base)
		if err != nil || !strings.HasPrefix(base, "http://") {
			child.Process.Kill()
			child.Wait()
			t.Fatalf("round %d: %s, %v", round, base, err)
		}
		checkAcknowledged(t, base, acknowledged)
		load(base, round, func(n int) {
			if n == killedAfter {
				child.Process.Kill()
			}
		}, acknowledged)
		child.Wait()
	}
	s, err := sandbox.Start(t.Context(), "", sandbox.WithKeys(testKey), sandbox.WithData(dir))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close(t.Context())
	checkAcknowledged(t, s.URL(), acknowledged)
	if len(acknowledged) < killedTimes*killedAfter {
		t.Errorf("only %d acknowledged", len(acknowledged))
	}
}

// try is a request that may fail.
func try(method, target string, form url.Values) (int, map[string]any) {
	r, err := http.NewRequest(method, target, strings.NewReader(form.Encode()))
	if err != nil {
		return 0, nil
	}
	r.Header.Set("X-Authy-API-Key", testKey)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, nil
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	var v map[string]any
	if err != nil || json.Unmarshal(body, &v) != nil {
		return 0, nil
	}
	return res.StatusCode, v
}

// load enrols users and verifies a token of each until the service is gone.
func load(base string, round int, done func(n int), acknowledged map[string]string) {
	var mu sync.Mutex
	var wg sync.WaitGroup
	n := 0
	for w := range 4 {
		wg.Go(func() {
			for i := range 100_000 {
				status, v := try("POST", base+"/protected/json/users/new", url.Values{
					"user[email]": {"a@b.example"}, "user[country_code]": {"351"},
					"user[cellphone]": {fmt.Sprintf("91%02d%d%04d", round, w, i)},
				})
				if status != 200 {
					return
				}
				id := fmt.Sprintf("%.0f", v["user"].(map[string]any)["id"])
				if status, _ = try("GET", base+"/protected/json/sms/"+id+"?force=true", nil); status != 200 {
					return
				}
				status, v = try("GET", base+"/sandbox/outbox?limit=1&channel=sms&authy_id="+id, nil)
				if status != 200 {
					return
				}
				list := v["outbox"].([]any)
				token := list[0].(map[string]any)["code"].(string)
				if token == "" {
					continue
				}
				if status, _ = try("GET", base+"/protected/json/verify/"+token+"/"+id+"?force=true", nil); status != 200 {
					return
				}
				mu.Lock()
				acknowledged[id] = token
				n++
				now := n
				mu.Unlock()
				done(now)
			}
		})
	}
	wg.Wait()
	http.DefaultClient.CloseIdleConnections()
}

func checkAcknowledged(t *testing.T, base string, acknowledged map[string]string) {
	t.Helper()
	for id, token := range acknowledged {
		status, v := try("GET", base+"/protected/json/verify/"+token+"/"+id+"?force=true", nil)
		if status != 401 || v["error_code"] != "60019" {
			t.Fatalf("user %s: a used token answers %d %v, want 60019", id, status, v)
		}
	}
}
