package sandbox_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/authy/sandbox"
	"github.com/authysh/authysh/authy/sandbox/fault"
)

// Over a real connection: what a client meets, and what was done in spite of it.
func TestFaultsOverHTTP(t *testing.T) {
	t.Parallel()
	s := start(t, "")
	fetch := func(scenario string) (int, string, error) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), "POST", s.URL()+"/protected/json/users/new?user[email]=a@b.example&user[cellphone]=911234567&user[country_code]=351", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-Authy-API-Key", s.Key())
		r.Header.Set(sandbox.ScenarioHeader, scenario)
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			return 0, "", err
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		return res.StatusCode, string(body), err
	}
	if status, _, err := fetch("reset=request"); err == nil || len(s.Users(0)) != 0 {
		t.Errorf("reset=request: %d, %d users", status, len(s.Users(0)))
	}
	if status, _, err := fetch("reset=before"); err == nil || len(s.Users(0)) != 1 {
		t.Errorf("reset=before: %d, %d users", status, len(s.Users(0)))
	}
	if status, body, err := fetch("reset=after"); err == nil || status != 200 || !strings.HasSuffix(body, "}") {
		t.Errorf("reset=after: %d %s %v", status, body, err)
	}
	if status, body, err := fetch("latency=1ms±1ms, drip=1ms, slow_headers=1ms"); err != nil || status != 200 || !strings.HasSuffix(body, "}") {
		t.Errorf("slow: %d %s %v", status, body, err)
	}
}

func TestFaultAndSeedFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	s, err := sandbox.Open(
		sandbox.WithFaultFile(file("faults.yaml", "- 'request_sms: status=503, first=1'\n")),
		sandbox.WithSeedFile(file("seed.yaml", "- {phone: 911234567, country_code: 351, email: a@b.example, authy_id: 1635}\n")),
	)
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Faults()) != 1 || len(s.Users(0)) != 1 {
		t.Errorf("%+v, %+v", s.Faults(), s.Users(0))
	}
	for want, opt := range map[string]sandbox.Option{
		"fault file: open ": sandbox.WithFaultFile(filepath.Join(dir, "none")),
		"seed file: open ":  sandbox.WithSeedFile(filepath.Join(dir, "none")),
		"bad.yaml: line 2: fault rule 1: \"latncy\": is unknown, did you mean latency?": sandbox.WithFaultFile(file("bad.yaml", "- on: request_sms\n  latncy: 3s\n")),
		"bad2.yaml: line 1: \"phon\" is unknown, did you mean phone?":                   sandbox.WithSeedFile(file("bad2.yaml", "- {phon: 1}\n")),
		"code: 60998 is not an error code of the API":                                   sandbox.WithFaults(fault.Rule{Effect: fault.Effect{Code: 60998}}),
		`there is no application "x"`:                                                   sandbox.WithFaults(fault.Rule{App: "x", Effect: fault.Effect{Status: 500}}),
		"admin token: must be":                                                          sandbox.WithAdminToken(""),
		"delivery: timeout and backoff must not be negative":                            sandbox.WithDelivery(sandbox.Delivery{Timeout: -1}),
	} {
		if _, err := sandbox.Open(opt); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want ...%s...", err, want)
		}
	}
}

// Rules go by user, phone and key; our own client sees what they do as it would see the service's own errors.
func TestFaultsByUserAndKey(t *testing.T) {
	t.Parallel()
	s := start(t, "", sandbox.WithKeys("first", "second"))
	one, two := &authy.Client{Key: "first", Host: s.URL(), Retries: authy.NoRetries}, &authy.Client{Key: "second", Host: s.URL(), Retries: authy.NoRetries}
	ctx := context.Background()
	register := func(phone string) authy.ID {
		t.Helper()
		u, err := one.RegisterUser(ctx, authy.RegisterUserParams{CountryCode: "351", Phone: phone, Email: "a@b.example"})
		if err != nil {
			t.Fatal(err)
		}
		return u.User.ID
	}
	ana, bo := register("911234567"), register("911234568")
	for _, line := range []string{"request_sms: code=60017, user=+351 911 234 567", "request_call: status=503, key=second"} {
		rule, err := fault.Parse(line)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.AddFault(rule); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := one.RequestSMS(ctx, authy.RequestSMSParams{AuthyID: ana}); err == nil || !strings.Contains(err.Error(), "suspended") {
		t.Error(err)
	}
	if _, err := one.RequestSMS(ctx, authy.RequestSMSParams{AuthyID: bo}); err != nil {
		t.Error(err)
	}
	if _, err := one.RequestCall(ctx, authy.RequestCallParams{AuthyID: ana}); err != nil {
		t.Error(err)
	}
	if _, err := two.RequestCall(ctx, authy.RequestCallParams{AuthyID: ana}); err == nil {
		t.Error("the second key's call went through")
	}
}

// Close does not leave answers behind that faults hold up.
func TestCloseWithSlowHeaders(t *testing.T) {
	t.Parallel()
	s := start(t, "")
	conn, err := net.Dial("tcp", s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "GET /protected/json/app/details?api_key=%s HTTP/1.1\r\nHost: x\r\n%s: slow_headers=10m\r\n\r\n", s.Key(), sandbox.ScenarioHeader)
	for len(s.Requests(1, false)) == 0 {
		runtime.Gosched()
	}
	if err := s.Close(t.Context()); err != nil {
		t.Error(err)
	}
	conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	if n, err := conn.Read(make([]byte, 1)); n != 0 || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("%d bytes, %v", n, err)
	}
}
