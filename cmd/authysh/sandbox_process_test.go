//go:build unix

package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/authysh/authysh/authy"
)

// TestSandboxSurvivesKill: what a sandbox has acknowledged is there after kill -9, and so is its key.
func TestSandboxSurvivesKill(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "made", "as needed")
	first := scriptProcess(t, []string{"sandbox", "--data", dir})
	line := first.line()
	url, key := field(line, "url"), field(line, "key")
	code, id, problems := authysh(t, "", nil, "--host", url, "--key", key, "--query", "user.id",
		"user", "create", "--country-code", "351", "--phone", "911234567", "--email", "ana@example.com")
	first.finish(os.Kill)
	if code != 0 {
		t.Fatalf("user create: exit code %d: %s", code, problems)
	}
	second := scriptProcess(t, []string{"sandbox", "--data", dir})
	defer second.finish(os.Interrupt)
	line = second.line()
	if field(line, "key") != key {
		t.Error("another key after a restart, want the same")
	}
	code, found, problems := authysh(t, "", nil, "--key", key, "--query", "[].id | [0]", "sandbox", "users", "--url", field(line, "url"))
	if code != 0 || found != id {
		t.Errorf("users: exit code %d, found %q, want %q: %s", code, found, id, problems)
	}
}

// TestSandboxCallsBack: an answer from another terminal reaches the application, signed with its key, and again on request.
func TestSandboxCallsBack(t *testing.T) {
	t.Parallel()
	const key = "shop-key-0123456789"
	arrived := make(chan *authy.Callback, 2)
	receiver := httptest.NewServer(nil)
	defer receiver.Close()
	address := receiver.URL + "/callback"
	receiver.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got, err := authy.CallbackVerifier{Key: key}.VerifyHTTP(r, address)
		if err != nil {
			t.Errorf("callback: %v", err)
			http.Error(w, "refused", http.StatusForbidden)
		}
		arrived <- got
	})
	p := scriptProcess(t, []string{"sandbox", "--key", key, "--callback", address, "--callback-method", "GET"})
	defer p.finish(os.Interrupt)
	env := map[string]string{"AUTHYSH_HOST": field(p.line(), "url"), "AUTHY_KEY": key}
	does := func(args ...string) string {
		t.Helper()
		code, out, problems := authysh(t, "", env, args...)
		if code != 0 {
			t.Fatalf("%v: exit code %d: %s", args, code, problems)
		}
		return strings.TrimSpace(out)
	}
	does("-e", `local id = authy.register_user{ country_code = 351, phone = "911234567", email = "ana@example.com" }.user.id
		authy.create_approval_request{ authy_id = id, message = "log in?" }`)
	uuid := does("sandbox", "deny", "--query", "uuid", "--output", "raw")
	again := func() { does("sandbox", "callbacks", "resend", does("sandbox", "callbacks", "--query", "[0].id")) }
	for _, next := range []func(){again, func() {}} {
		select {
		case got := <-arrived:
			if got == nil || got.Status != "denied" || got.UUID != uuid {
				t.Errorf("callback %+v, want that %s was denied", got, uuid)
			}
		case <-time.After(20 * time.Second):
			t.Fatal("no callback arrived")
		}
		next()
	}
}

// TestSandboxAccessLog: a log of requests names no key, and standard output has the announcement alone.
func TestSandboxAccessLog(t *testing.T) {
	t.Parallel()
	const key = "shop-key-0123456789"
	p := scriptProcess(t, []string{"sandbox", "--access-log", "--key", key})
	url := field(p.line(), "url")
	code, _, problems := authysh(t, "", nil, "--host", url, "--key", key, "application", "get", "details")
	_, rest, _ := p.finish(os.Interrupt)
	if code != 0 || rest != "" {
		t.Errorf("exit code %d, further output %q: %s", code, rest, problems)
	}
	if log := p.stderr.String(); !strings.Contains(log, "msg=request") || !strings.Contains(log, "status=200") || strings.Contains(log, key) {
		t.Errorf("log %q, want one request without the key", log)
	}
}

// TestSandboxAnnounces what people need: where it is, what opens it and where its page is.
func TestSandboxAnnounces(t *testing.T) {
	t.Parallel()
	p := scriptProcess(t, []string{"sandbox", "--output", "pretty", "--app", "shop=shop-key-0123", "--app", "bank=bank-key-0123", "--admin-token", "a&b"})
	url := strings.TrimSpace(strings.TrimPrefix(p.line(), "sandbox"))
	_, rest, _ := p.finish(os.Interrupt)
	lines := strings.Split(rest, "\n")
	for _, want := range []string{
		"shop  shop-key-0123", "bank  bank-key-0123", "admin token  a&b", "page         " + url + "/sandbox/?token=a%26b",
		"  authysh sandbox outbox --url " + url + " --key shop-key-0123",
	} {
		if !slices.Contains(lines, want) {
			t.Errorf("no line %q in\n%s", want, rest)
		}
	}
}

// TestSandboxFollow: requests are shown as they come, also those to a sandbox that was started again meanwhile.
func TestSandboxFollow(t *testing.T) {
	t.Parallel()
	const key = "shop-key-0123456789"
	first := scriptProcess(t, []string{"sandbox", "--key", key})
	address := field(first.line(), "url")
	calls := func(args ...string) {
		t.Helper()
		if code, _, problems := authysh(t, "", map[string]string{"AUTHYSH_HOST": address, "AUTHY_KEY": key}, args...); code != 0 {
			t.Fatalf("%v: exit code %d: %s", args, code, problems)
		}
	}
	calls("application", "get", "details")
	f := scriptProcess(t, []string{"sandbox", "requests", "--follow", "--url", address, "--key", key, "--query", "operation", "--output", "raw"})
	shows := func(want string) {
		t.Helper()
		if got := f.line(); got != want {
			t.Errorf("shows %q, want %q", got, want)
		}
	}
	shows("get_application_details")
	calls("user", "create", "--country-code", "351", "--phone", "911234567", "--email", "ana@example.com")
	shows("register_user")
	first.finish(os.Kill)
	second := scriptProcess(t, []string{"sandbox", "--key", key, "--listen", strings.TrimPrefix(address, "http://")})
	defer second.finish(os.Interrupt)
	second.line()
	calls("application", "get", "statistics")
	shows("get_application_statistics")
	code, rest, _ := f.finish(os.Interrupt)
	if code != 0 || rest != "" {
		t.Errorf("exit code %d, further output %q, want an end without either", code, rest)
	}
	if said := f.stderr.String(); strings.Count(said, "trying again until it is") != 1 || !strings.Contains(said, "is there again") || strings.Contains(said, key) {
		t.Errorf("standard error %q", said)
	}
}
