package sandbox_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/authysh/authysh/authy/sandbox"
)

// loadClients is how many clients call at once, each over a connection of its own.
const loadClients = 64

// TestLoad: many clients, every sort of call, no error, and no more memory in the end than half way.
func TestLoad(t *testing.T) {
	small := sandbox.Limits{Outbox: 200, Activities: 200, Records: 200, Deliveries: 200, Requests: 200, Events: 200}
	s, err := sandbox.Start(t.Context(), "", sandbox.WithKeys(testKey), sandbox.WithLimits(small))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close(t.Context())
	l := newCrowd(t, s.Addr().String())
	l.run(loadRequests / 2)
	before := heap()
	l.run(loadRequests / 2)
	after := heap()
	l.hangUp()
	t.Logf("%d requests, %.0f a second, p99 %s; heap %d KiB, then %d KiB", l.total(), l.rate(), l.percentile(99), before>>10, after>>10)
	const noise = 4 << 20
	if after > before+noise {
		t.Errorf("the heap grew from %d KiB to %d KiB", before>>10, after>>10)
	}
	if n := len(s.Users(10_000)); n > loadClients {
		t.Errorf("%d users are left of %d clients", n, loadClients)
	}
}

// BenchmarkLoad compares the sandbox under load with a bare handler that gives the same answers, in turns.
// BenchmarkLoadKept does so for one that keeps everything on disk. An iteration is one request to each.
func BenchmarkLoad(b *testing.B) { compareLoad(b) }

func BenchmarkLoadKept(b *testing.B) { compareLoad(b, sandbox.WithData(b.TempDir())) }

func compareLoad(b *testing.B, opts ...sandbox.Option) {
	s, err := sandbox.Start(b.Context(), "", append(opts, sandbox.WithKeys(testKey))...)
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close(b.Context())
	ours := newCrowd(b, s.Addr().String())
	defer ours.hangUp()
	ours.run(1000)
	bare := httptest.NewServer(&replay{answers: ours.answers})
	defer bare.Close()
	theirs := newCrowd(b, bare.Listener.Addr().String())
	defer theirs.hangUp()
	theirs.run(1000)
	for _, l := range []*crowd{ours, theirs} {
		l.forget()
	}
	b.ResetTimer()
	const turns = 10
	for range turns {
		theirs.run(b.N / turns)
		ours.run(b.N / turns)
	}
	b.StopTimer()
	if b.N < turns {
		return
	}
	b.ReportMetric(ours.rate(), "req/s")
	b.ReportMetric(theirs.rate(), "bare-req/s")
	b.ReportMetric(ours.rate()/theirs.rate(), "ratio")
	for _, p := range []int{50, 99} {
		b.ReportMetric(float64(ours.percentile(p).Microseconds()), fmt.Sprintf("p%d-µs", p))
		b.ReportMetric(float64(theirs.percentile(p).Microseconds()), fmt.Sprintf("bare-p%d-µs", p))
	}
}

func heap() uint64 {
	runtime.GC()
	runtime.GC() // what finalizers and pools let go of
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// callName is the header by which a replay knows which answer is asked for.
const callName = "X-Call"

// replay answers each call as it was once answered.
type replay struct{ answers map[string]loadAnswer }

func (p *replay) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a := p.answers[r.Header.Get(callName)]
	h := w.Header()
	for name, values := range a.header {
		h[name] = values
	}
	w.WriteHeader(a.status)
	w.Write(a.body)
}

type loadAnswer struct {
	status int
	header http.Header
	body   []byte
}

// crowd is a number of clients that call a service, each in sessions of every sort of call.
type crowd struct {
	testing.TB
	clients []*loadClient
	answers map[string]loadAnswer // one of each call
	took    time.Duration
}

func newCrowd(t testing.TB, addr string) *crowd {
	t.Helper()
	l := &crowd{TB: t, answers: map[string]loadAnswer{}}
	var mu sync.Mutex
	for n := range loadClients {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		c := &loadClient{number: n, conn: conn, in: bufio.NewReader(conn)}
		c.sample = func(call string, a loadAnswer) {
			mu.Lock()
			defer mu.Unlock()
			l.answers[call] = a
		}
		l.clients = append(l.clients, c)
	}
	return l
}

func (l *crowd) hangUp() {
	for _, c := range l.clients {
		c.conn.Close()
	}
}

// run makes a number of requests, in whole sessions. It can be called again.
func (l *crowd) run(requests int) {
	l.Helper()
	var left atomic.Int64
	left.Store(int64(requests))
	var wg sync.WaitGroup
	started := time.Now()
	for _, c := range l.clients {
		wg.Go(func() {
			for left.Load() > 0 && c.err == nil {
				c.session()
				left.Add(-int64(c.calls))
			}
		})
	}
	wg.Wait()
	l.took += time.Since(started)
	for _, c := range l.clients {
		if c.err != nil {
			l.Fatal(c.err)
		}
	}
}

func (l *crowd) forget() {
	l.took = 0
	for _, c := range l.clients {
		c.times = c.times[:0]
	}
}

func (l *crowd) total() (n int) {
	for _, c := range l.clients {
		n += len(c.times)
	}
	return n
}

func (l *crowd) rate() float64 { return float64(l.total()) / l.took.Seconds() }

func (l *crowd) percentile(p int) time.Duration {
	var all []time.Duration
	for _, c := range l.clients {
		all = append(all, c.times...)
	}
	slices.Sort(all)
	return all[(len(all)-1)*p/100]
}

// loadClient is one client. It speaks as little HTTP as will do, so that what is measured is the service.
type loadClient struct {
	number   int
	sessions int
	calls    int // of the latest session
	conn     net.Conn
	in       *bufio.Reader
	out      bytes.Buffer
	times    []time.Duration
	sample   func(call string, a loadAnswer)
	err      error
}

// session is the life of a user, with every sort of call.
func (c *loadClient) session() {
	c.calls = 0
	c.sessions++
	phone := fmt.Sprintf("9%02d%06d", c.number, c.sessions%1_000_000)
	number := "country_code=351&phone_number=" + phone
	user := c.call("register", "POST", "/protected/json/users/new", "user[email]=ana@example.com&user[country_code]=351&user[cellphone]="+phone).Get("user.id").String()
	c.call("status", "GET", "/protected/json/users/"+user+"/status", "")
	c.call("sms", "GET", "/protected/json/sms/"+user+"?force=true&action=login&action_message=Log+in", "")
	code := c.call("outbox", "GET", "/sandbox/api/outbox?limit=1&channel=sms&authy_id="+user, "").Get("outbox.0.code").String()
	c.call("verify", "GET", "/protected/json/verify/"+code+"/"+user+"?force=true&action=login", "")
	c.call("update", "POST", "/protected/json/users/"+user+"/update", "email=ana@example.org")
	c.call("email", "POST", "/protected/json/email/"+user, "")
	c.call("activity", "POST", "/protected/json/users/"+user+"/register_activity", "type=password_reset&data[reason]=forgotten&user_ip=192.0.2.1")
	uuid := c.call("ask", "POST", "/onetouch/json/users/"+user+"/approval_requests", `{"message":"log in?","details":{"city":"Porto"},"hidden_details":{"ip":"192.0.2.1"},"logos":[{"res":"default","url":"https://example.com/logo.png"}],"seconds_to_expire":120}`).Get("approval_request.uuid").String()
	c.call("asked", "GET", "/onetouch/json/approval_requests/"+uuid, "")
	c.call("approve", "POST", "/sandbox/api/approvals/"+uuid+"/approve", "")
	c.call("answered", "GET", "/onetouch/json/approval_requests/"+uuid, "")
	c.call("start", "POST", "/protected/json/phones/verification/start", "via=sms&locale=en&"+number)
	code = c.call("phone outbox", "GET", "/sandbox/api/outbox?limit=1&channel=verification&phone=%2B351"+phone, "").Get("outbox.0.code").String()
	c.call("check", "GET", "/protected/json/phones/verification/check?verification_code="+code+"&"+number, "")
	c.call("phone status", "GET", "/protected/json/phones/verification/status?"+number, "")
	c.call("phone information", "GET", "/protected/json/phones/info?"+number, "")
	c.call("details", "GET", "/protected/json/app/details", "")
	c.call("statistics", "GET", "/protected/json/app/stats", "")
	c.call("users", "GET", "/sandbox/api/users?limit=2", "")
	c.call("secret", "POST", "/protected/json/users/"+user+"/secret", "label=ana")
	c.call("remove", "POST", "/protected/json/users/"+user+"/remove", "")
}

// call makes one request, and remembers the first failure and how long the answer took.
func (c *loadClient) call(name, method, path, body string) gjson.Result {
	if c.err != nil {
		return gjson.Result{}
	}
	kind := "application/x-www-form-urlencoded"
	if strings.HasPrefix(body, "{") {
		kind = "application/json"
	}
	c.out.Reset()
	fmt.Fprintf(&c.out, "%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Authy-API-Key: %s\r\n%s: %s\r\nUser-Agent: load\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s",
		method, path, testKey, callName, name, kind, len(body), body)
	started := time.Now()
	var a loadAnswer
	if _, c.err = c.conn.Write(c.out.Bytes()); c.err == nil {
		a, c.err = c.answer()
	}
	c.times = append(c.times, time.Since(started))
	c.calls++
	if c.err == nil && a.status != http.StatusOK {
		c.err = fmt.Errorf("answer %d: %s", a.status, a.body)
	}
	if c.err != nil {
		c.err = fmt.Errorf("client %d, session %d, %s: %w", c.number, c.sessions, name, c.err)
		return gjson.Result{}
	}
	if c.number == 0 && c.sessions == 1 {
		c.sample(name, a)
	}
	return gjson.ParseBytes(a.body)
}

func (c *loadClient) answer() (a loadAnswer, err error) {
	line, err := c.in.ReadSlice('\n')
	if err != nil {
		return a, err
	}
	if a.status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return a, err
	}
	length := -1
	sampling := c.number == 0 && c.sessions == 1
	if sampling {
		a.header = http.Header{}
	}
	for {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return a, err
		}
		name, value, found := bytes.Cut(bytes.TrimSuffix(line, []byte("\r\n")), []byte(": "))
		if !found {
			break
		}
		if string(name) == "Content-Length" {
			if length, err = strconv.Atoi(string(value)); err != nil {
				return a, err
			}
		}
		if sampling {
			a.header.Add(string(name), string(value))
		}
	}
	if length < 0 {
		return a, fmt.Errorf("answer without a length")
	}
	a.body = make([]byte, length)
	_, err = io.ReadFull(c.in, a.body)
	return a, err
}
