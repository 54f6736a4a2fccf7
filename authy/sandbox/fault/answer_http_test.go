package fault_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/authysh/authysh/authy/sandbox/fault"
)

// A server's time for reading a request is not the time that a fault may take.
func TestWaitsBeyondTheReadTimeout(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"latency=150ms", "drip=10ms"} {
		e := effect(t, text)
		s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { e.Write(w, r, answer()) }))
		s.Config.ReadTimeout, s.Config.WriteTimeout = 50*time.Millisecond, 50*time.Millisecond
		s.Start()
		defer s.Close()
		res, err := http.Post(s.URL, "text/plain", strings.NewReader("x"))
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		body, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil || string(body) != string(answer().Body) {
			t.Errorf("%s: %q, %v", text, body, err)
		}
	}
}

// Slow headers end in a reset, too, if that is asked for.
func TestSlowHeadersAndReset(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"slow_headers=1ms, reset=after", "slow_headers=1ms, drip=1ms, reset=after"} {
		res, err := serve(t, text)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err == nil || string(body) != string(answer().Body) {
			t.Errorf("%s: body %q, %v, want the body and then an error", text, body, err)
		}
	}
}

// Statuses that have no body get none, so that the next answer on the connection is where it belongs.
func TestStatusWithoutBody(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"status=204", "status=304", "status=204, slow_headers=1ms", "status=304, json=html, drip=1ms", "status=204, slow_headers=1ms, reset=after",
	} {
		e := effect(t, text)
		a := answer()
		a.Status = e.Status
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { e.Write(w, r, a) }))
		defer s.Close()
		conn, err := net.Dial("tcp", s.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
		raw, err := io.ReadAll(bufio.NewReader(conn))
		if err != nil || !strings.HasSuffix(string(raw), "\r\n\r\n") || strings.Contains(string(raw), "Content-Length") {
			t.Errorf("%s: %q, %v", text, raw, err)
		}
	}
}

// Whoever has gone away is not waited for, though the server no longer looks after the connection.
func TestCallerOfSlowHeadersGoesAway(t *testing.T) {
	t.Parallel()
	e := effect(t, "slow_headers=10m")
	entered, left := make(chan struct{}), make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(entered)
		e.Write(w, r, answer())
		close(left)
	}))
	defer s.Close()
	ctx, cancel := context.WithCancel(t.Context())
	rq, err := http.NewRequestWithContext(ctx, "GET", s.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		<-entered
		cancel()
	}()
	if res, err := http.DefaultClient.Do(rq); err == nil {
		res.Body.Close()
		t.Fatal("answered")
	}
	select {
	case <-left:
	case <-time.After(10 * time.Second):
		t.Fatal("still waiting")
	}
}

func TestLongBodyIsRefused(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 65_537)
	if _, err := fault.Parse("*: body=" + long); err == nil || !strings.Contains(err.Error(), "body: must not be longer than 65536 bytes, got 65537") {
		t.Error(err)
	}
	if _, err := fault.Parse("*: body=" + long[1:]); err != nil {
		t.Error(err)
	}
}
