package sandbox

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/authysh/authysh/authy/sandbox/store"
)

// fullDisk is a store that can be without room.
type fullDisk struct {
	*store.Store
	full    atomic.Bool
	resumes atomic.Int32
	gone    atomic.Bool // cannot even be read

	mu    sync.Mutex
	err   error
	doubt bool
}

func (d *fullDisk) Queue(changes []store.Change) func() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.err == nil && d.full.Load() {
		d.err = errors.New("no space left on device")
	}
	if err := d.err; err != nil {
		return func() error { return err }
	}
	d.doubt = false
	return d.Store.Queue(changes)
}

func (d *fullDisk) Err() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.err
}

func (d *fullDisk) Doubtful() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.doubt
}

func (d *fullDisk) Resume(read func() error) error {
	d.resumes.Add(1)
	if d.gone.Load() {
		return errors.New("the data directory is gone")
	}
	// A store fails when all that was queued before is written; this one failed at once.
	if err := d.Store.Queue(nil)(); err != nil {
		return err
	}
	err := read()
	d.mu.Lock()
	defer d.mu.Unlock()
	if err == nil {
		d.err, d.doubt = nil, true
	}
	return err
}

// onFullDisk is a sandbox in a directory.
func onFullDisk(t *testing.T, dir string, opts ...Option) (*Service, *fullDisk) {
	t.Helper()
	d := &fullDisk{}
	s, err := Open(append([]Option{WithKeys("k"), WithAdminToken("admin"), WithInstallLink(false), WithData(dir), func(c *config) (err error) {
		c.openDisk = func(dir string) (disk, error) {
			d.Store, err = store.Open(dir)
			return d, err
		}
		return nil
	}}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close(t.Context()) })
	return s, d
}

// asks sends a request, "POST /path parameters", and gives status and body.
func asks(t *testing.T, s *Service, line string) (int, string) {
	t.Helper()
	method, rest, _ := strings.Cut(line, " ")
	path, form, _ := strings.Cut(rest, " ")
	r := httptest.NewRequest(method, "http://localhost"+path, strings.NewReader(form))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("X-Authy-API-Key", "k")
	r.Header.Set(AdminHeader, "admin")
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

func registers(n int) string {
	return fmt.Sprintf("POST /protected/json/users/new user[email]=a@example.com&user[cellphone]=91%07d&user[country_code]=351", n)
}

// settled is an export without what only counts up: ids are given once, and calls are counted whatever comes of them.
func settled(export []byte) string {
	return regexp.MustCompile(`"(last_id|api_calls_count)":\d+`).ReplaceAllString(string(export), "")
}

// While the disk is full every change is refused and leaves no trace, reading goes on, and nothing has to be started
// again once there is room.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, d := onFullDisk(t, dir)
	wants := func(line string, status int, text string) {
		t.Helper()
		if got, body := asks(t, s, line); got != status || !strings.Contains(body, text) {
			t.Errorf("%s: %d %s, want %d ...%s...", line, got, body, status, text)
		}
	}
	wants(registers(1), 200, `"success":true`)
	id := s.Users(0)[0].ID
	wants(fmt.Sprintf("POST /onetouch/json/users/%d/approval_requests message=m", id), 200, "uuid")
	uuid := s.Approvals(0)[0].UUID
	wants("POST /sandbox/api/callback url=https://app.example/cb", 200, "")
	if err := s.FreezeClock(true); err != nil {
		t.Fatal(err)
	}
	before, err := s.Export()
	if err != nil {
		t.Fatal(err)
	}
	now := s.Clock()
	reset := make(chan struct{})
	tell := sync.OnceFunc(func() { close(reset) })
	stop := s.Watch(func(e Event) {
		if e.Kind == EventReset {
			tell()
		}
	})

	d.full.Store(true)
	const why = "An error occurred: no space left on device"
	for _, line := range []string{
		registers(2),
		fmt.Sprintf("GET /protected/json/sms/%d", id),
		fmt.Sprintf("POST /onetouch/json/users/%d/approval_requests message=n", id),
		"POST /sandbox/api/approvals/" + uuid + "/approve",
		fmt.Sprintf("POST /sandbox/api/users/%d/suspend", id),
		"POST /sandbox/api/callback url=https://other.example/cb",
		"POST /sandbox/api/clock advance=24h",
		"POST /sandbox/api/reset",
		"POST /sandbox/api/import " + strings.ReplaceAll(string(before), "a@example.com", "b@example.com"),
		fmt.Sprintf("POST /protected/json/users/%d/remove", id),
	} {
		wants(line, 500, why)
		wants(line, 500, `"error_code":"60000"`) // once more, as what the first left must not be taken for done
		wants(fmt.Sprintf("GET /protected/json/users/%d/status", id), 200, `"authy_id":`+fmt.Sprint(id))
		if after, err := s.Export(); err != nil || settled(after) != settled(before) {
			t.Errorf("%s changed something, or %v", line, err)
		}
		if got := s.Clock(); got != now {
			t.Errorf("%s: the clock shows %v, want %v", line, got, now)
		}
	}
	if _, err := s.SetSuspended(id, true); err == nil || errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), "no space left") {
		t.Errorf("SetSuspended: %v", err)
	}
	if err := s.Reset(); err == nil || !strings.Contains(err.Error(), "no space left") {
		t.Errorf("Reset: %v", err)
	}
	// Reading alone neither writes nor has everything read anew each time.
	n := d.resumes.Load()
	for range 5 {
		wants(fmt.Sprintf("GET /protected/json/users/%d/status", id), 200, "")
	}
	if d.resumes.Load() != n {
		t.Error("readers make the sandbox read the disk again")
	}
	select {
	case <-reset:
	case <-time.After(10 * time.Second):
		t.Error("watchers are not told to read anew")
	}
	stop()

	d.full.Store(false)
	wants(registers(2), 200, `"success":true`)
	wants("POST /sandbox/api/approvals/"+uuid+"/deny", 200, "denied")
	wants("POST /sandbox/api/clock advance=1h", 200, "")
	last := s.Users(1)[0].ID
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	again, _ := onFullDisk(t, dir)
	if _, err := again.User(last); err != nil || len(again.Users(0)) != 2 || again.Approvals(0)[0].Status != statusDenied {
		t.Errorf("after a restart: %v, %v, %v", err, again.Users(0), again.Approvals(0))
	}
	if got := again.Clock().Now.Sub(now.Now); got != time.Hour {
		t.Errorf("the clock was advanced by %v", got)
	}
}

// A disk that cannot be read again is no reason to go on with what may not be there.
func TestGoneDisk(t *testing.T) {
	t.Parallel()
	s, d := onFullDisk(t, t.TempDir())
	asks(t, s, registers(1))
	d.full.Store(true)
	d.gone.Store(true)
	for _, line := range []string{registers(2), registers(2), "GET /sandbox/api/users", "GET /sandbox/api/export"} {
		if status, body := asks(t, s, line); status != 500 || !strings.Contains(body, "An error occurred: ") {
			t.Errorf("%s: %d %s", line, status, body)
		}
	}
	if _, err := s.Export(); err == nil {
		t.Error("exported what may not be there")
	}
	d.full.Store(false)
	d.gone.Store(false)
	if status, body := asks(t, s, "GET /sandbox/api/users"); status != 200 || strings.Count(body, `"phone":`) != 1 {
		t.Errorf("%d %s", status, body)
	}
}

// Under load, with a disk that is full now and then, what was acknowledged is there and nothing else.
func TestFullNowAndThen(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, d := onFullDisk(t, dir)
	var mu sync.Mutex
	acknowledged := map[string]bool{}
	refused := 0
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := range 15 {
				d.full.Store((i/3+w)%3 == 0)
				line := registers(w*1000 + i)
				status, body := asks(t, s, line)
				mu.Lock()
				switch {
				case status == 200:
					acknowledged[fmt.Sprintf("+35191%07d", w*1000+i)] = true
				case status == 500 && strings.Contains(body, "no space left"):
					refused++
				default:
					t.Errorf("%d %s", status, body)
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	d.full.Store(false)
	if refused == 0 || len(acknowledged) == 0 {
		t.Fatalf("%d refused, %d acknowledged", refused, len(acknowledged))
	}
	check := func(s *Service) {
		t.Helper()
		users := s.Users(10_000)
		for _, u := range users {
			if !acknowledged[u.Phone] {
				t.Errorf("%s was refused and is there", u.Phone)
			}
		}
		if len(users) != len(acknowledged) {
			t.Errorf("%d users, %d acknowledged", len(users), len(acknowledged))
		}
	}
	check(s)
	s.Close(t.Context())
	again, _ := onFullDisk(t, dir)
	check(again)
}

// answering is a receiver that does something before it answers.
type answering struct {
	before func()
	calls  atomic.Int32
}

func (r *answering) RoundTrip(rq *http.Request) (*http.Response, error) {
	r.calls.Add(1)
	r.before()
	return &http.Response{StatusCode: 200, Body: io.NopCloser(strings.NewReader("")), Request: rq}, nil
}

// A callback that arrived while the disk is full is not sent again, and is known to have arrived once there is room.
func TestFullDiskWhileDelivering(t *testing.T) {
	t.Parallel()
	r := &answering{}
	s, d := onFullDisk(t, t.TempDir(), WithDelivery(Delivery{Transport: r, Backoff: time.Millisecond}))
	failed := make(chan struct{})
	r.before = func() { d.full.Store(true) }
	asks(t, s, registers(1))
	if err := s.SetCallback("https://app.example/cb", ""); err != nil {
		t.Fatal(err)
	}
	stop := s.Watch(func(e Event) {
		if e.Kind == EventReset && d.full.Load() {
			select {
			case failed <- struct{}{}:
			default:
			}
		}
	})
	defer stop()
	asks(t, s, fmt.Sprintf("POST /onetouch/json/users/%d/approval_requests message=m", s.Users(1)[0].ID))
	if _, err := s.Approve(s.Approvals(1)[0].UUID); err != nil {
		t.Fatal(err)
	}
	<-failed // what became of it could not be kept
	if got := s.Callbacks(1)[0]; got.State != DeliveryPending || len(got.Attempts) != 0 {
		t.Errorf("%+v is shown and not kept", got)
	}
	arrived := make(chan struct{})
	stopWaiting := s.Watch(func(e Event) {
		if sent, ok := e.Data.(Sent); ok && sent.State == DeliveryDelivered && !d.full.Load() {
			close(arrived)
		}
	})
	defer stopWaiting()
	d.full.Store(false)
	<-arrived
	if got := s.Callbacks(1)[0]; got.State != DeliveryDelivered || len(got.Attempts) != 1 || r.calls.Load() != 1 {
		t.Errorf("%+v after %d calls", got, r.calls.Load())
	}
}
