package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/authy/receiver"
	"github.com/authysh/authysh/authy/sandbox"
)

// waitUp waits until a receiver answers.
func waitUp(t *testing.T, address string) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for start := time.Now(); time.Since(start) < 20*time.Second; {
		if answer, err := client.Get("http://" + address + "/healthz"); err == nil {
			answer.Body.Close()
			return
		}
	}
	t.Fatal("the receiver did not come up")
}

// deliver sends a signed callback and tells the status of the answer.
func deliver(t *testing.T, address string, signed authy.CallbackRequest) int {
	t.Helper()
	request, err := signed.HTTPRequest(context.WithoutCancel(t.Context()))
	if err != nil {
		t.Error(err)
		return 0
	}
	answer, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(request)
	if err != nil {
		t.Error(err)
		return 0
	}
	answer.Body.Close()
	return answer.StatusCode
}

func signedFor(t *testing.T, address, uuid string) authy.CallbackRequest {
	t.Helper()
	signed, err := authy.SignCallback(listenKey, authy.CallbackRequest{
		Method: "POST", URL: "http://" + address + "/callback/onetouch",
		Header: http.Header{authy.CallbackNonceHeader: {fmt.Sprint(time.Now().Unix())}},
		Decoded: map[string]any{
			"callback_action": "approval_request_status", "uuid": uuid, "status": "approved", "authy_id": 7,
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

// TestListenState: what was handled before a restart is refused after it when it is sent again byte for byte, and not
// shown when it is signed anew.
func TestListenState(t *testing.T) {
	t.Parallel()
	address, state := freeAddress(t), filepath.Join(t.TempDir(), "seen.state")
	env := map[string]string{"AUTHY_KEY": listenKey}
	first := signedFor(t, address, "first")
	for _, run := range []struct {
		send []authy.CallbackRequest
		want []int
		out  string
	}{
		{[]authy.CallbackRequest{first}, []int{200}, "first"},
		{[]authy.CallbackRequest{first, signedFor(t, address, "second")}, []int{409, 200}, "second"},
	} {
		type ended struct {
			code      int
			out, said string
		}
		end := make(chan ended, 1)
		go func() {
			code, out, said := authysh(t, "", env, "listen", "--addr", address, "--once", "--state", state, "--query", "uuid", "--output", "raw")
			end <- ended{code, out, said}
		}()
		waitUp(t, address)
		for i, signed := range run.send {
			if got := deliver(t, address, signed); got != run.want[i] {
				t.Errorf("%d instead of %d", got, run.want[i])
			}
		}
		if got := <-end; got.code != 0 || strings.TrimSpace(got.out) != run.out {
			t.Errorf("exit code %d, %q instead of %q, %s", got.code, got.out, run.out, got.said)
		}
	}
}

// TestListenWebhook: an event of a webhook that was created through the sandbox's API arrives, verified with its own key.
func TestListenWebhook(t *testing.T) {
	t.Parallel()
	address := freeAddress(t)
	s := sandbox.New(sandbox.WithKeys(listenKey), sandbox.WithDashboard(sandbox.DashboardKeys{AccessKey: "access-key-0123456789", SigningKey: "signing-key-0123456789"}),
		sandbox.WithDelivery(sandbox.Delivery{Backoff: 20 * time.Millisecond, Retries: 9}))
	t.Cleanup(func() { s.Close(context.WithoutCancel(t.Context())) })
	server := httptest.NewServer(s)
	defer server.Close()
	env := map[string]string{"AUTHYSH_HOST": server.URL, "AUTHY_KEY": listenKey,
		"AUTHYSH_ACCESS_KEY": "access-key-0123456789", "AUTHYSH_SIGNING_KEY": "signing-key-0123456789"}
	code, out, said := authysh(t, "", env, "webhook", "create", "--name", "users", "--url", "http://"+address+"/callback/onetouch", "--events", "user_added", "--output", "json")
	key := gjson.Get(out, "webhook.signing_key").String()
	if code != 0 || key == "" {
		t.Fatalf("webhook create: exit code %d, %s%s", code, out, said)
	}
	keys := filepath.Join(t.TempDir(), "keys")
	os.WriteFile(keys, []byte("another-key\n"+key+"\n"), 0o600)
	authysh(t, "", env, "user", "create", "911234567", "PT", "ana@example.com")
	code, out, said = authysh(t, "", env, "listen", "--addr", address, "--once", "--webhook-keys", keys)
	if code != 0 || gjson.Get(out, "events.0.event").String() != "user_added" || gjson.Get(out, "events.0.objects.user.s_phone_number").String() != "911234567" {
		t.Errorf("exit code %d, %s%s", code, out, said)
	}
}

// TestWriteDelivery is what a person sees, in 80 columns, with and without colours.
func TestWriteDelivery(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	answer := &receiver.Delivery{Received: at, Callback: &authy.Callback{
		AuthyID: "1635", UUID: "4a725520-bff5-0135-eb01-0e5d90336a8c", Status: "denied",
		ApprovalRequest: &authy.CallbackApprovalRequest{Transaction: authy.CallbackTransaction{
			Message: "Transfer 10,000 € to an account that you have\x1b[2J never sent money to before, in a country where you have never been?",
			Details: authy.Object{"location": "Lisbon, PT", "username": "ana"}, Flagged: true,
		}},
		Device: &authy.CallbackDevice{OSType: "android", City: "Lisbon", Country: "PT", IP: "127.0.0.1"},
	}}
	event := &receiver.Delivery{Received: at, Webhook: &receiver.Webhook{WebhookID: "WH_1", Events: []receiver.Event{
		{Event: "user_added", Objects: map[string]map[string]any{"user": {"s_authy_id": "7", "b_banned": false}}},
	}}}
	var plain, colored strings.Builder
	for _, d := range []*receiver.Delivery{answer, event, {Received: at, Callback: &authy.Callback{UUID: "u", Status: "approved"}}} {
		writeDelivery(&plain, d, false)
		writeDelivery(&colored, d, true)
	}
	want := `03:04:05  denied    Transfer 10,000 € to an account that you have·[2J never sent
                    money to before, in a country where you have never been?
          request   4a725520-bff5-0135-eb01-0e5d90336a8c
          user      1635 · android · Lisbon, PT · 127.0.0.1
          details   location = Lisbon, PT, username = ana
          flagged   the user says that somebody else asked
03:04:05  event     user_added
          webhook   WH_1
          user      b_banned = false, s_authy_id = 7
03:04:05  approved  (no message)
          request   u
`
	if got := plain.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := colored.String(); !strings.Contains(got, "\x1b[1;31mdenied\x1b[0m    Transfer") || !strings.Contains(got, "\x1b[1;32mapproved\x1b[0m  (no") {
		t.Errorf("%q", got)
	}
}
