package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/authysh/authysh/authy/sandbox"
	"github.com/authysh/authysh/cmd/authysh/internal/qrcode"
)

// askedService is a sandbox that calls onAsked before it tells about an approval request.
type askedService struct {
	*sandbox.Service
	onAsked atomic.Value // func(id string)
}

func (s *askedService) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if id, ok := strings.CutPrefix(r.URL.Path, "/onetouch/json/approval_requests/"); ok && r.Method == http.MethodGet {
		if tell, ok := s.onAsked.Load().(func(string)); ok {
			tell(id)
		}
	}
	s.Service.ServeHTTP(w, r)
}

// serveAsked starts one with a user, and gives the environment of a program that calls it.
func serveAsked(t *testing.T) (s *askedService, env map[string]string, user string) {
	t.Helper()
	s = &askedService{Service: sandbox.New(sandbox.WithKeys("wait-key-0123456789"))}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	env = map[string]string{"AUTHYSH_HOST": server.URL, "AUTHY_KEY": "wait-key-0123456789"}
	code, out, said := authysh(t, "", env, "user", "create", "911234567", "PT", "ana@example.com")
	if code != 0 {
		t.Fatalf("exit code %d: %s", code, said)
	}
	return s, env, gjson.Get(out, "user.id").String()
}

func TestWaitForAnswer(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		answer func(*sandbox.Service, string) error
		code   int
		status string
		said   string
	}{
		"approved": {func(s *sandbox.Service, id string) error { _, err := s.Approve(id); return err }, 0, "approved", ""},
		"denied":   {func(s *sandbox.Service, id string) error { _, err := s.Deny(id); return err }, 4, "denied", "authysh: the request was denied\n"},
		"expired":  {func(s *sandbox.Service, _ string) error { return s.AdvanceClock(25 * time.Hour) }, 4, "expired", "authysh: the request has expired without an answer\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, env, user := serveAsked(t)
			s.onAsked.Store(func(id string) {
				if err := tc.answer(s.Service, id); err != nil {
					t.Error(err)
				}
			})
			code, out, said := authysh(t, "", env, "onetouch", "create", user, "Log in?", "--wait")
			if status := gjson.Get(out, "approval_request.status").String(); code != tc.code || status != tc.status || said != tc.said {
				t.Errorf("exit code %d, status %q, said %q; want %d, %q, %q", code, status, said, tc.code, tc.status, tc.said)
			}
		})
	}
}

func TestWaitIsOver(t *testing.T) {
	t.Parallel()
	_, env, user := serveAsked(t)
	code, out, said := authysh(t, "", env, "onetouch", "create", user, "Log in?", "--wait=1ms")
	id := gjson.Get(out, "approval_request.uuid").String()
	if code != 6 || id == "" || !strings.Contains(said, "hint: ask again with authysh onetouch get status "+id+"\n") {
		t.Errorf("exit code %d, printed %q, said %q", code, out, said)
	}
	for wait, want := range map[string]string{
		"soon": `--wait must be a length of time such as "60s" or "5m", got "soon"`, "0s": `--wait must be more than nothing, got "0s"`,
	} {
		code, out, said := authysh(t, "", env, "onetouch", "create", user, "Log in?", "--wait="+wait)
		if code != 2 || out != "" || !strings.Contains(said, want) {
			t.Errorf("--wait=%s: exit code %d, printed %q, said %q", wait, code, out, said)
		}
	}
}

// TestCodeInFile has the QR code written to a file.
func TestCodeInFile(t *testing.T) {
	t.Parallel()
	_, env, user := serveAsked(t)
	file := filepath.Join(t.TempDir(), "code.png")
	code, out, said := authysh(t, "", env, "user", "create-secret", user, "--out", file)
	if code != 0 || said != "" || !strings.Contains(out, `"qr_code":"http`) {
		t.Fatalf("exit code %d, printed %q, said %q", code, out, said)
	}
	picture, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := qrcode.Read(picture); err != nil {
		t.Error(err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file has mode %v, %v", info.Mode(), err)
	}
	code, out, said = authysh(t, "", env, "user", "get", "qr", user, "--out", file)
	if code != 2 || out != "" || !strings.Contains(said, "exists already") {
		t.Errorf("a second time: exit code %d, printed %q, said %q", code, out, said)
	}
	if code, _, said := authysh(t, "", env, "user", "get", "qr", user, "--out", filepath.Join(file, "x")); code == 0 {
		t.Errorf("a file that cannot be written: exit code %d, said %q", code, said)
	}
}
