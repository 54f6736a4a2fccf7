package receiver_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/authy/receiver"
)

const (
	key        = "a-key-of-an-application"
	webhookKey = "a-signing-key"
	target     = "http://example.com/callback"
)

// signed is a genuine callback of the given age, which makes its nonce another.
func signed(t testing.TB, method, uuid, status string, age time.Duration) *http.Request {
	t.Helper()
	in, err := authy.SignCallback(key, authy.CallbackRequest{
		Method: method, URL: target,
		Header:  http.Header{authy.CallbackNonceHeader: {fmt.Sprint(time.Now().Add(-age).Unix())}},
		Decoded: map[string]any{"callback_action": "approval_request_status", "uuid": uuid, "status": status, "authy_id": 7},
	})
	if err != nil {
		t.Fatal(err)
	}
	return request(in)
}

func request(in authy.CallbackRequest) *http.Request {
	r := httptest.NewRequest(in.Method, in.URL, bytes.NewReader(in.Body))
	r.RequestURI = strings.TrimPrefix(in.URL, "http://example.com")
	r.Header = in.Header
	return r
}

func webhook(t testing.TB, method jwt.SigningMethod, key any) *http.Request {
	t.Helper()
	token, err := jwt.NewWithClaims(method, jwt.MapClaims{
		"webhook_id": "WH_1", "events": []any{map[string]any{"event": "user_added", "time": "2026-01-01T00:00:00Z"}},
	}).SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return httptest.NewRequest("POST", target, strings.NewReader(token))
}

// calls keeps what reached the handler.
type calls struct {
	mu  sync.Mutex
	got []string
	err error
}

func (c *calls) handle(_ context.Context, d *receiver.Delivery) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.got = append(c.got, d.Name())
	return c.err
}

func (c *calls) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.got)
}

func start(t testing.TB, c *calls, change func(*receiver.Options)) *receiver.Receiver {
	t.Helper()
	o := receiver.Options{Key: key, WebhookKeys: []string{"another", webhookKey}, Path: "/callback", Handle: c.handle}
	if change != nil {
		change(&o)
	}
	r, err := receiver.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

func send(h http.Handler, r *http.Request) int {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	forged := func() *http.Request {
		r := signed(t, "POST", "u1", "approved", 0)
		r.Header.Set(authy.CallbackNonceHeader, "1")
		return r
	}
	large := signed(t, "POST", "u1", "approved", 0)
	large.Body = http.NoBody
	large.ContentLength = 1 << 30
	endless := signed(t, "POST", "u1", "approved", 0)
	endless.Body, endless.ContentLength = io.NopCloser(strings.NewReader(strings.Repeat(" ", 1<<20))), -1
	elsewhere := signed(t, "POST", "u1", "approved", 0)
	elsewhere.URL.Path = "/other"
	for _, test := range []struct {
		name    string
		request *http.Request
		want    int
		handled int
	}{
		{"post", signed(t, "POST", "u1", "approved", 0), 200, 1},
		{"get", signed(t, "GET", "u1", "denied", 0), 200, 1},
		{"webhook", webhook(t, jwt.SigningMethodHS256, []byte(webhookKey)), 200, 1},
		{"not signed", httptest.NewRequest("GET", target+"?status=approved", nil), 401, 0},
		{"neither callback nor webhook", httptest.NewRequest("POST", target, strings.NewReader(`{"a":1}`)), 401, 0},
		{"forged", forged(), 401, 0},
		{"stale", signed(t, "POST", "u1", "approved", time.Hour), 401, 0},
		{"from the future", signed(t, "POST", "u1", "approved", -time.Hour), 401, 0},
		{"no known status", signed(t, "POST", "u1", "perhaps", 0), 400, 0},
		{"announced too large", large, 413, 0},
		{"too large", endless, 413, 0},
		{"method", httptest.NewRequest("PUT", target, nil), 405, 0},
		{"path", elsewhere, 404, 0},
		{"health", httptest.NewRequest("GET", "/healthz", nil), 200, 0},
		{"webhook of another key", webhook(t, jwt.SigningMethodHS256, []byte("who knows")), 401, 0},
		{"webhook of no algorithm", webhook(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType), 401, 0},
		{"webhook of another algorithm", webhook(t, jwt.SigningMethodHS512, []byte(webhookKey)), 401, 0},
	} {
		var c calls
		if got := send(start(t, &c, nil), test.request); got != test.want || c.count() != test.handled {
			t.Errorf("%s: %d, handled %d; want %d, %d", test.name, got, c.count(), test.want, test.handled)
		}
	}
}

func TestOnce(t *testing.T) {
	t.Parallel()
	var c calls
	r := start(t, &c, nil)
	c.err = errors.New("out of order")
	if got := send(r, signed(t, "POST", "u1", "approved", 0)); got != 500 {
		t.Errorf("a handler that fails: %d", got)
	}
	c.err = nil
	for _, step := range []struct {
		request *http.Request
		want    int
	}{
		{signed(t, "POST", "u1", "approved", 0), 200},           // tried again
		{signed(t, "POST", "u1", "approved", 0), 409},           // or a second later, 200
		{signed(t, "POST", "u1", "approved", time.Minute), 200}, // signed anew
		{signed(t, "POST", "u1", "approved", time.Minute), 409},
		{webhook(t, jwt.SigningMethodHS256, []byte(webhookKey)), 200},
		{webhook(t, jwt.SigningMethodHS256, []byte(webhookKey)), 200},
	} {
		got := send(r, step.request)
		if got != step.want && !(step.want == 409 && got == 200) {
			t.Errorf("%d, want %d", got, step.want)
		}
	}
	if c.count() != 3 {
		t.Errorf("the handler saw %v", c.got)
	}
	if got := r.Counts(); got.Handled != 2 || got.Failed != 1 || got.Repeated != 4 {
		t.Errorf("%+v", got)
	}
}

func TestMethods(t *testing.T) {
	t.Parallel()
	var c calls
	r := start(t, &c, func(o *receiver.Options) { o.Methods = []string{"GET"} })
	for _, step := range []struct {
		request *http.Request
		want    int
	}{
		{signed(t, "GET", "u1", "approved", 0), 200},
		{signed(t, "POST", "u2", "approved", 0), 405},
		{webhook(t, jwt.SigningMethodHS256, []byte(webhookKey)), 200},
	} {
		if got := send(r, step.request); got != step.want {
			t.Errorf("%s: %d, want %d", step.request.Method, got, step.want)
		}
	}
	only := start(t, &c, func(o *receiver.Options) { o.Methods, o.WebhookKeys = []string{"GET"}, nil })
	if got := send(only, signed(t, "POST", "u2", "approved", 0)); got != 405 || c.count() != 2 {
		t.Errorf("%d, handled %d", got, c.count())
	}
}

// TestRefusedByHandler: a handler may want nothing to do with a delivery, for good.
func TestRefusedByHandler(t *testing.T) {
	t.Parallel()
	c := calls{err: fmt.Errorf("%w: not from there", receiver.ErrRefused)}
	r := start(t, &c, nil)
	if got := send(r, signed(t, "POST", "u1", "approved", 0)); got != 403 {
		t.Error(got)
	}
	if got := r.Counts(); got != (receiver.Counts{Refused: 1}) {
		t.Errorf("%+v", got)
	}
}

// TestClosed: a receiver that is closed takes nothing, and what a handler did that ended late is not forgotten.
func TestClosed(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state")
	begun := make(chan struct{})
	var c calls
	r := start(t, &c, func(o *receiver.Options) {
		o.State = path
		o.Handle = func(ctx context.Context, _ *receiver.Delivery) error {
			close(begun)
			<-ctx.Done()
			return nil
		}
	})
	status := make(chan int)
	go func() { status <- send(r, signed(t, "POST", "u1", "approved", 0)) }()
	<-begun
	r.Close()
	if got := <-status; got != 200 {
		t.Error(got)
	}
	if got := send(r, signed(t, "POST", "u2", "approved", 0)); got != 503 {
		t.Errorf("when closed: %d", got)
	}
	again := start(t, &c, func(o *receiver.Options) { o.State = path })
	if got := send(again, signed(t, "POST", "u1", "approved", time.Minute)); got != 200 || c.count() != 0 {
		t.Errorf("%d, handled %d", got, c.count())
	}
}

func TestReplayIsRefused(t *testing.T) {
	t.Parallel()
	var c calls
	r := start(t, &c, nil)
	first := signed(t, "GET", "u1", "approved", 0)
	second := first.Clone(t.Context())
	if one, two := send(r, first), send(r, second); one != 200 || two != 409 || c.count() != 1 {
		t.Errorf("%d, %d, handled %d", one, two, c.count())
	}
}

func TestPanicIsFailure(t *testing.T) {
	t.Parallel()
	r := start(t, new(calls), func(o *receiver.Options) {
		o.Handle = func(context.Context, *receiver.Delivery) error { panic("no") }
	})
	if got := send(r, signed(t, "POST", "u1", "approved", 0)); got != 500 {
		t.Error(got)
	}
}

func TestDuplicateInFlightWaits(t *testing.T) {
	t.Parallel()
	begun, end := make(chan struct{}), make(chan struct{})
	var handled atomic.Int32
	r := start(t, new(calls), func(o *receiver.Options) {
		o.Concurrency = 1
		o.Handle = func(context.Context, *receiver.Delivery) error {
			handled.Add(1)
			close(begun)
			<-end
			return nil
		}
	})
	var wg sync.WaitGroup
	wg.Go(func() {
		if got := send(r, signed(t, "POST", "u1", "approved", 0)); got != 200 {
			t.Error(got)
		}
	})
	<-begun
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if got := send(r, signed(t, "POST", "u1", "approved", time.Minute).WithContext(gone)); got != 503 {
		t.Errorf("a duplicate whose sender hung up: %d", got)
	}
	for range 5 {
		wg.Go(func() {
			if got := send(r, signed(t, "POST", "u1", "approved", time.Minute)); got != 200 && got != 409 {
				t.Error(got)
			}
		})
	}
	close(end)
	wg.Wait()
	if handled.Load() != 1 {
		t.Errorf("handled %d times", handled.Load())
	}
}

func TestState(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state")
	keep := func(o *receiver.Options) { o.State, o.Memory = path, 4 }
	var c calls
	r := start(t, &c, keep)
	if _, err := receiver.New(receiver.Options{Key: key, Handle: c.handle, State: path}); err == nil || !strings.Contains(err.Error(), "in use by another receiver") {
		t.Errorf("a second receiver: %v", err)
	}
	for i := range 20 { // so that the file is written anew in between
		send(r, signed(t, "POST", fmt.Sprint("u", i), "approved", 0))
	}
	r.Close()
	f, _ := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	f.WriteString("0123") // what a crash cut off
	f.Close()
	r = start(t, &c, keep)
	send(r, signed(t, "POST", "u19", "approved", 0))
	if c.count() != 20 {
		t.Errorf("after a restart: handled %d", c.count())
	}
	send(r, signed(t, "POST", "u20", "approved", 0))
	r.Close()
	r = start(t, &c, keep)
	send(r, signed(t, "POST", "u20", "approved", 0))
	if c.count() != 21 {
		t.Errorf("after two restarts: handled %d", c.count())
	}
	r.Close()
}

func TestOptions(t *testing.T) {
	t.Parallel()
	handle := new(calls).handle
	for want, o := range map[string]receiver.Options{
		"key is empty":      {Handle: handle},
		"handle is missing": {Key: key},
		"path must begin":   {Key: key, Handle: handle, Path: "x"},
		"is taken":          {Key: key, Handle: handle, Path: "/healthz"},
		"must be a plain":   {Key: key, Handle: handle, Path: "/a?b"},
		"methods must be":   {Key: key, Handle: handle, Methods: []string{"PUT"}},
		"negative":          {Key: key, Handle: handle, MaxAge: -1},
		"max body":          {Key: key, Handle: handle, MaxBody: 1 << 30},
		"webhook keys":      {Key: key, Handle: handle, WebhookKeys: []string{""}},
		"public url":        {Key: key, Handle: handle, PublicURL: "example.com"},
	} {
		if _, err := receiver.New(o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

func TestCloseWaitsForHandlers(t *testing.T) {
	t.Parallel()
	begun, end := make(chan struct{}), make(chan struct{})
	r := start(t, new(calls), func(o *receiver.Options) {
		o.PublicURL = target
		o.Handle = func(context.Context, *receiver.Delivery) error {
			close(begun)
			<-end
			return nil
		}
	})
	s, err := receiver.Start("127.0.0.1:0", r)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := receiver.Start(strings.TrimSuffix(strings.TrimPrefix(s.URL(), "http://"), "/callback"), r); err == nil {
		t.Error("a port was taken twice")
	}
	status := make(chan int, 1)
	go func() {
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		out := signed(t, "POST", "u1", "approved", 0)
		out.RequestURI = ""
		out.URL.Host = strings.TrimPrefix(strings.TrimSuffix(s.URL(), "/callback"), "http://")
		answer, err := client.Do(out)
		if err != nil {
			t.Error(err)
			status <- 0
			return
		}
		answer.Body.Close()
		status <- answer.StatusCode
	}()
	<-begun
	closed := make(chan error, 1)
	go func() { closed <- s.Close(context.WithoutCancel(t.Context())) }()
	<-s.Done() // no more requests are taken
	close(end)
	if got := <-status; got != 200 {
		t.Error(got)
	}
	if err := <-closed; err != nil {
		t.Error(err)
	}
}
