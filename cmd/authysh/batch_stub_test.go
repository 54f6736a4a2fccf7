//go:build unix

package main

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	firstPhone = 911000000 // of the rows, which follow each other
	firstID    = 5000      // of the users, likewise
)

// batchStub is a service that remembers every call of a batch, asks for the kill of who calls, and may misbehave.
type batchStub struct {
	*httptest.Server
	seed uint64
	bad  bool

	due    chan struct{} // the program is to be killed
	killed chan struct{} // it was

	mu       sync.Mutex
	rows     []rowCalls
	problems []string
	verdicts map[string]int // how often each was given

	// Of the life that the program is in:
	calls       int // received in it
	killAt      int // at which of them it ends; 0 for never
	killLate    bool
	burstBegins int // the first call that is pushed back; 0 for none
	burstLasts  time.Duration
	burstEnds   time.Time // zero before it has begun
	burst       verdict
}

// rowCalls is what was asked for one row.
type rowCalls struct {
	received   map[string]int  // by operation
	sent       map[string]int  // what went out, by operation
	mayBeSent  map[string]bool // who asked for it was not told that nothing went out
	registered bool
}

// verdict is what becomes of a call.
type verdict struct {
	name       string
	done       bool // carried out, whatever the caller is told
	clear      bool // the caller is told that nothing was done
	status     int
	html       bool
	retryAfter string
}

// The ways to misbehave on the wire.
const (
	asked    = "answered"
	hungUp   = "answered and hung up"
	brokeOff = "answer broken off"
	reset    = "reset without an answer"
	hung     = "never answered"
	unread   = "reset before reading"
)

func newBatchStub(t *testing.T, rows int, seed uint64, bad bool) *batchStub {
	s := &batchStub{seed: seed, bad: bad, rows: make([]rowCalls, rows), verdicts: map[string]int{}}
	for i := range s.rows {
		s.rows[i] = rowCalls{received: map[string]int{}, sent: map[string]int{}, mayBeSent: map[string]bool{}}
	}
	s.Server = httptest.NewUnstartedServer(s)
	if bad {
		s.Listener = &resettingListener{Listener: s.Listener, dice: rand.New(rand.NewPCG(seed, 1)), stub: s}
	}
	s.Start()
	t.Cleanup(s.Close)
	return s
}

// begins starts a life of the program, which is to be killed at a call; 0 for none.
func (s *batchStub) begins(killAt int, dice *rand.Rand) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.due, s.killed = make(chan struct{}), make(chan struct{})
	s.calls, s.killAt, s.killLate = 0, killAt, dice.IntN(2) == 0
	s.burstBegins, s.burstEnds = 0, time.Time{}
	if !s.bad {
		return
	}
	v := verdict{status: http.StatusTooManyRequests, html: dice.IntN(2) == 0}
	if dice.IntN(2) == 0 {
		v.status = http.StatusServiceUnavailable
	}
	if dice.IntN(2) == 0 {
		v.retryAfter = "1"
	}
	v.name = fmt.Sprintf("%d html=%t retry-after=%q", v.status, v.html, v.retryAfter)
	s.burst, s.burstBegins = v, 1+dice.IntN(80)
	s.burstLasts = time.Duration(1+dice.IntN(300)) * time.Millisecond
}

func (s *batchStub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the program died
	}
	op, row, err := s.read(r, body)
	if err != nil {
		s.mu.Lock()
		s.problems = append(s.problems, err.Error())
		s.mu.Unlock()
		http.Error(w, err.Error(), http.StatusNotFound)
		return
	}
	v, kill, late, killed := s.receive(op, row)
	if kill && !late {
		<-killed
	}
	s.answer(w, r, v, op, row)
	if kill && late {
		close(s.due)
		<-killed
	}
}

// read finds out what is asked for which row.
func (s *batchStub) read(r *http.Request, body []byte) (op string, row int, err error) {
	var id string
	path, first := strings.TrimPrefix(r.URL.Path, "/protected/json/"), firstID
	switch {
	case path == "users/new":
		var registration struct {
			User struct {
				Cellphone string `json:"cellphone"`
			} `json:"user"`
		}
		if err := json.Unmarshal(body, &registration); err != nil {
			return "", 0, err
		}
		op, id, first = "register_user", registration.User.Cellphone, firstPhone
	case path == "phones/verification/start":
		var verification struct {
			Phone string `json:"phone_number"`
		}
		if err := json.Unmarshal(body, &verification); err != nil {
			return "", 0, err
		}
		op, id, first = "start_phone_verification", verification.Phone, firstPhone
	case strings.HasPrefix(path, "sms/"):
		op, id = "request_sms", strings.TrimPrefix(path, "sms/")
	case strings.HasPrefix(path, "users/") && strings.HasSuffix(path, "/remove"):
		op, id = "delete_user", strings.TrimSuffix(strings.TrimPrefix(path, "users/"), "/remove")
	}
	n, err := strconv.Atoi(id)
	if row = n - first; err != nil || row < 0 || row >= len(s.rows) {
		return "", 0, fmt.Errorf("a call for no row: %s %s %s", r.Method, r.URL, body)
	}
	return op, row, nil
}

// receive records a call, and decides what becomes of it.
func (s *batchStub) receive(op string, row int) (v verdict, kill, late bool, killed chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	known := &s.rows[row]
	known.received[op]++
	s.calls++
	v = s.judge(op, row)
	s.verdicts[op+" "+v.name]++
	problem := func(format string, args ...any) {
		s.problems = append(s.problems, fmt.Sprintf("row %d: ", row+1)+fmt.Sprintf(format, args...))
	}
	switch op {
	case "register_user":
		known.registered = known.registered || v.done
	case "delete_user":
		known.registered = known.registered && !v.done
	case "request_sms", "start_phone_verification":
		if known.mayBeSent[op] {
			problem("%s is called for the %d. time although a text may have been sent", op, known.received[op])
		}
		if op == "request_sms" && !known.registered {
			problem("%s is called although the user is not registered", op)
		}
		if v.done {
			known.sent[op]++
		}
		known.mayBeSent[op] = known.mayBeSent[op] || !v.clear
	}
	if kill = s.calls == s.killAt; kill && !s.killLate {
		close(s.due)
	}
	return v, kill, s.killLate, s.killed
}

// judge decides by dice that depend on the call alone, and not on the order in which calls come.
func (s *batchStub) judge(op string, row int) verdict {
	normal := verdict{name: asked, done: true, status: http.StatusOK}
	if !s.bad {
		return normal
	}
	h := fnv.New64a()
	fmt.Fprintf(h, "%s %d %d", op, row, s.rows[row].received[op])
	dice := rand.New(rand.NewPCG(s.seed, h.Sum64()))
	done := dice.IntN(2) == 0
	if s.burstBegins > 0 && s.burstBegins <= s.calls && s.burstEnds.IsZero() {
		s.burstEnds = time.Now().Add(s.burstLasts)
	}
	if time.Now().Before(s.burstEnds) {
		v := s.burst
		v.clear, v.done = !v.html, v.html && done // of a gateway's page nobody knows what is behind it
		return v
	}
	switch n := dice.IntN(1000); {
	case n < 15:
		return verdict{name: hungUp, done: true, status: http.StatusOK}
	case n < 30:
		return verdict{name: brokeOff, done: true, status: http.StatusOK}
	case n < 45:
		return verdict{name: reset, done: done}
	case n < 50:
		return verdict{name: hung, done: done}
	}
	return normal
}

// answer does what was decided.
func (s *batchStub) answer(w http.ResponseWriter, r *http.Request, v verdict, op string, row int) {
	body := `{"success":true,"message":"ok"}`
	switch {
	case v.name == hung:
		<-r.Context().Done()
		return
	case v.name == reset:
		resetConnection(w, "")
		return
	case op == "register_user":
		body = fmt.Sprintf(`{"success":true,"message":"ok","user":{"id":%d}}`, firstID+row)
	}
	if v.name == brokeOff {
		resetConnection(w, fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body[:len(body)/2]))
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	switch {
	case v.html:
		h.Set("Content-Type", "text/html")
		body = "<html><body><h1>try again later</h1></body></html>"
	case v.status != http.StatusOK:
		body = `{"success":false,"error_code":"60003","message":"try again later"}`
	}
	if v.retryAfter != "" {
		h.Set("Retry-After", v.retryAfter)
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(v.status)
	_, _ = io.WriteString(w, body)
	_ = http.NewResponseController(w).Flush()
	if v.name == hungUp {
		resetConnection(w, "")
	}
}

// resetConnection sends what it is given as it is, and then breaks the connection.
func resetConnection(w http.ResponseWriter, text string) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	_, _ = io.WriteString(conn, text)
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

// resettingListener resets some connections before anything is read from them.
type resettingListener struct {
	net.Listener
	dice *rand.Rand
	stub *batchStub
}

func (l *resettingListener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil || l.dice.IntN(10) > 0 {
			return conn, err
		}
		if tcp, ok := conn.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0)
		}
		_ = conn.Close()
		l.stub.mu.Lock()
		l.stub.verdicts[unread]++
		l.stub.mu.Unlock()
	}
}
