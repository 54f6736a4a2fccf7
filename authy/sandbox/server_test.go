package sandbox_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/authysh/authysh/authy/sandbox"
)

func start(t *testing.T, addr string, opts ...sandbox.Option) *sandbox.Server {
	t.Helper()
	s, err := sandbox.Start(t.Context(), addr, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close(context.Background()) })
	return s
}

func fetch(t *testing.T, s *sandbox.Server, path, host string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "GET", s.URL()+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Authy-API-Key", s.Key())
	r.Host = host
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(body)
}

func TestStart(t *testing.T) {
	t.Parallel()
	s := start(t, "")
	if len(s.Key()) != 32 || !strings.HasPrefix(s.URL(), "http://127.0.0.1:") || strings.HasSuffix(s.URL(), "/") {
		t.Errorf("key %q, URL %q", s.Key(), s.URL())
	}
	if other := start(t, ""); other.Key() == s.Key() {
		t.Error("two sandboxes have one key")
	}
	if status, body := fetch(t, s, "/protected/json/app/details", ""); status != 200 {
		t.Errorf("%d %s", status, body)
	}
	if status, _ := fetch(t, s, "/sandbox/users", "evil.example"); status != 403 {
		t.Errorf("foreign host: %d", status)
	}
	if err := s.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if err := s.Close(t.Context()); err != nil { // once more is fine
		t.Error(err)
	}
	if _, err := http.Get(s.URL()); err == nil {
		t.Error("still answers after Close")
	}
	if err := s.Err(); err != nil {
		t.Error(err)
	}
}

func TestStartEndsWithContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	s, err := sandbox.Start(ctx, "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	<-s.Done()
	if err := s.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestStartAddresses(t *testing.T) {
	t.Parallel()
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	for addr, want := range map[string]string{
		":0":                 "can be reached from other machines",
		"0.0.0.0:0":          "can be reached from other machines",
		"[::]:0":             "can be reached from other machines",
		"192.0.2.1:0":        "can be reached from other machines",
		"example.com:0":      "can be reached from other machines",
		"127.0.0.1":          "must be host:port",
		busy.Addr().String(): "the port is in use",
		"127.0.0.1:notaport": "sandbox: address 127.0.0.1:notaport",
	} {
		s, err := sandbox.Start(t.Context(), addr)
		if err == nil {
			s.Close(t.Context())
			t.Errorf("%s: started", addr)
		} else if !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want ...%s...", addr, err, want)
		}
	}
}

func TestRemoteAccess(t *testing.T) {
	t.Parallel()
	s := start(t, "0.0.0.0:0", sandbox.WithRemoteAccess("DevBox.lan"))
	for host, want := range map[string]int{"": 200, "devbox.lan:80": 200, "DEVBOX.LAN": 200, "evil.example": 403, "192.0.2.1": 403} {
		if status, body := fetch(t, s, "/sandbox/users", host); status != want {
			t.Errorf("host %q: %d %s, want %d", host, status, body, want)
		}
	}
}

func TestCloseGivesUp(t *testing.T) {
	t.Parallel()
	entered, leave := make(chan struct{}), make(chan struct{})
	s := start(t, "", sandbox.WithCodes(func(int) string { close(entered); <-leave; return "" }))
	id := make(chan struct{})
	go func() {
		defer close(id)
		res, err := http.PostForm(s.URL()+startPath+"?via=sms&"+phoneForm+"&api_key="+s.Key(), nil)
		if err == nil {
			res.Body.Close()
		}
	}()
	<-entered
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Close(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Close: %v", err)
	}
	close(leave)
	<-id
}
