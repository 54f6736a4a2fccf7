package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/authy/sandbox"
)

const listenKey = "listen-key-0123456789"

var handedOut sync.Map

// freeAddress is one that nothing listens on now. It is none of those that systems give to who asks for any port, which
// another test might get meanwhile.
func freeAddress(t *testing.T) string {
	t.Helper()
	for range 1000 {
		address := fmt.Sprint("127.0.0.1:", 20000+rand.IntN(12000))
		if _, taken := handedOut.LoadOrStore(address, true); taken {
			continue
		}
		if l, err := net.Listen("tcp", address); err == nil {
			l.Close()
			return address
		}
	}
	t.Fatal("no free port")
	return ""
}

// answeredAt is a sandbox whose users have answered approval requests, and which tries to deliver that to the address.
func answeredAt(t *testing.T, address, method string, answers ...func(*sandbox.Service, string) (sandbox.Approval, error)) (env map[string]string, ids []string) {
	t.Helper()
	s := sandbox.New(sandbox.WithKeys(listenKey), sandbox.WithCallback("http://"+address+"/callback/onetouch", method),
		sandbox.WithDelivery(sandbox.Delivery{Backoff: 20 * time.Millisecond, Retries: 9}))
	t.Cleanup(func() { s.Close(context.WithoutCancel(t.Context())) })
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	env = map[string]string{"AUTHYSH_HOST": server.URL, "AUTHY_KEY": listenKey}
	_, out, _ := authysh(t, "", env, "user", "create", "911234567", "PT", "ana@example.com")
	user := gjson.Get(out, "user.id").String()
	for _, answer := range answers {
		_, out, said := authysh(t, "", env, "onetouch", "create", user, "Log in?")
		id := gjson.Get(out, "approval_request.uuid").String()
		if _, err := answer(s, id); err != nil {
			t.Fatalf("%v, %s", err, said)
		}
		ids = append(ids, id)
	}
	return env, ids
}

func TestListenShowsCallbacks(t *testing.T) {
	t.Parallel()
	for _, method := range []string{"POST", "GET"} {
		address := freeAddress(t)
		env, ids := answeredAt(t, address, method, (*sandbox.Service).Approve, (*sandbox.Service).Deny)
		code, out, said := authysh(t, "", env, "listen", "--addr", address, "--count", "2")
		lines := strings.Split(strings.TrimSpace(out), "\n")
		if code != 0 || len(lines) != 2 || !strings.Contains(said, "listening on http://"+address+"/callback/onetouch") {
			t.Fatalf("%s: exit code %d, %q, %q", method, code, out, said)
		}
		slices.SortFunc(lines, func(x, y string) int {
			return strings.Compare(gjson.Get(x, "status").String(), gjson.Get(y, "status").String())
		})
		for i, want := range []string{"approved", "denied"} {
			if got := gjson.Get(lines[i], "status").String(); got != want || gjson.Get(lines[i], "uuid").String() != ids[i] {
				t.Errorf("%s: %s", method, lines[i])
			}
		}
	}
}

func TestListenScript(t *testing.T) {
	t.Parallel()
	address := freeAddress(t)
	env, ids := answeredAt(t, address, "POST", (*sandbox.Service).Approve)
	script := filepath.Join(t.TempDir(), "on_callback.lua")
	os.WriteFile(script, []byte(`
		tries = (tries or 0) + 1
		if tries == 1 then error("not yet") end
		print(tries, callback.uuid, callback.status, event)`), 0o600)
	code, out, said := authysh(t, "", env, "listen", "--addr", address, "--once", "--script", script)
	if want := "2\t" + ids[0] + "\tapproved\tnil\n"; code != 0 || out != want || !strings.Contains(said, "not yet") {
		t.Errorf("exit code %d, %q instead of %q; %s", code, out, want, said)
	}
}

func TestListenExec(t *testing.T) {
	t.Parallel()
	address := freeAddress(t)
	env, ids := answeredAt(t, address, "POST", (*sandbox.Service).Deny)
	code, out, said := authysh(t, "", env, "listen", "--addr", address, "--once", "--exec", "cat")
	if code != 0 || gjson.Get(out, "uuid").String() != ids[0] {
		t.Errorf("exit code %d, %q, %s", code, out, said)
	}
}

func TestListenForward(t *testing.T) {
	t.Parallel()
	for _, method := range []string{"POST", "GET"} {
		address := freeAddress(t)
		var tries atomic.Int32
		behind := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if tries.Add(1) == 1 {
				w.WriteHeader(http.StatusBadGateway)
				return
			}
			body, _ := io.ReadAll(r.Body)
			r.Body = io.NopCloser(bytes.NewReader(body))
			verifier := authy.CallbackVerifier{Key: listenKey}
			if _, err := verifier.VerifyHTTP(r, "http://"+address+"/callback/onetouch"); err != nil {
				t.Errorf("%s: %v", method, err)
			}
		}))
		defer behind.Close()
		env, ids := answeredAt(t, address, method, (*sandbox.Service).Approve)
		code, out, said := authysh(t, "", env, "listen", "--addr", address, "--once", "--forward", behind.URL)
		if code != 0 || tries.Load() != 2 || gjson.Get(out, "uuid").String() != ids[0] || !strings.Contains(said, "the answer was 502") {
			t.Errorf("%s: exit code %d, %d tries, %q, %s", method, code, tries.Load(), out, said)
		}
	}
}
