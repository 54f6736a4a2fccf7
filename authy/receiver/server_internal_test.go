package receiver

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

func serving(t *testing.T, timing timing) *Server {
	t.Helper()
	r, err := New(Options{Key: "k", WebhookKeys: []string{"w"}, Handle: func(context.Context, *Delivery) error { return nil }})
	if err != nil {
		t.Fatal(err)
	}
	s, err := start("0", r, timing)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close(context.WithoutCancel(t.Context())) })
	return s
}

// TestSlowClientsAreCutOff: neither a head nor a body that does not end holds a connection for long.
func TestSlowClientsAreCutOff(t *testing.T) {
	t.Parallel()
	brief := usualTiming
	brief.header, brief.read, brief.idle = 50*time.Millisecond, 100*time.Millisecond, 50*time.Millisecond
	s := serving(t, brief)
	for what, begins := range map[string]string{
		"nothing": "", "a head": "POST / HTTP/1.1\r\nHost: x\r\nX-Slow: ",
		"a body": "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{",
		"chunks": "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n",
	} {
		c, err := net.Dial("tcp", s.Addr())
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(c, begins)
		c.SetReadDeadline(time.Now().Add(20 * time.Second))
		if _, err := io.Copy(io.Discard, c); errors.Is(err, context.DeadlineExceeded) || isTimeout(err) {
			t.Errorf("%s: the connection was not cut off", what)
		}
		c.Close()
	}
}

func isTimeout(err error) bool {
	failure, ok := errors.AsType[net.Error](err)
	return ok && failure.Timeout()
}

// TestConnectionsAreLimited: one too many waits until another ends, and Close does not wait for it.
func TestConnectionsAreLimited(t *testing.T) {
	t.Parallel()
	few := usualTiming
	few.open = 2
	s := serving(t, few)
	ask := func(c net.Conn) string {
		fmt.Fprint(c, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
		c.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
		answer, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			return "none"
		}
		answer.Body.Close()
		return answer.Status
	}
	var conns []net.Conn
	for range 3 {
		c, err := net.Dial("tcp", s.Addr())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		conns = append(conns, c)
		if len(conns) < 3 {
			for ask(c) == "none" { // a busy machine
			}
		}
	}
	if got := ask(conns[2]); got != "none" {
		t.Errorf("one too many: %s", got)
	}
	conns[0].Close()
	conns[2].SetReadDeadline(time.Now().Add(20 * time.Second))
	if answer, err := http.ReadResponse(bufio.NewReader(conns[2]), nil); err != nil || answer.StatusCode != 200 {
		t.Errorf("when another has ended: %v", err)
	}
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{"0": "http://127.0.0.1:", ":0": "http://127.0.0.1:", "127.0.0.1:0": "http://127.0.0.1:"} {
		r, _ := New(Options{Key: "k", Path: "/callback", Handle: func(context.Context, *Delivery) error { return nil }})
		s, err := Start(address, r)
		if err != nil {
			t.Fatal(err)
		}
		if got := s.URL(); !strings.HasPrefix(got, want) || !strings.HasSuffix(got, "/callback") {
			t.Errorf("%s: %s", address, got)
		}
		_, port, _ := net.SplitHostPort(s.Addr())
		if _, err := Start(port, r); err == nil || !strings.Contains(err.Error(), "in use") {
			t.Errorf("a port that is taken: %v", err)
		}
		s.Close(t.Context())
	}
	r, _ := New(Options{Key: "k", Handle: func(context.Context, *Delivery) error { return nil }})
	defer r.Close()
	for _, address := range []string{"nowhere", "127.0.0.1:99999", "127.0.0.1:0:0"} {
		_, err := Start(address, r)
		if wrong, ok := errors.AsType[*OptionError](err); !ok || wrong.Option != "addr" {
			t.Errorf("%s: %v", address, err)
		}
	}
}
