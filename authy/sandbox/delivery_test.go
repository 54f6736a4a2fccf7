package sandbox_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/authy/sandbox"
)

// receiver is the other end of deliveries, without a network.
type receiver struct {
	mu       sync.Mutex
	got      []*http.Request
	bodies   []string
	statuses []int // answered in turn; 200 when used up, 0 is no answer
}

func (r *receiver) RoundTrip(rq *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(rq.Body)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.got, r.bodies = append(r.got, rq), append(r.bodies, string(body))
	status := 200
	if len(r.statuses) > 0 {
		status, r.statuses = r.statuses[0], r.statuses[1:]
	}
	if status == 0 {
		return nil, errors.New("nobody listens")
	}
	return &http.Response{StatusCode: status, Body: io.NopCloser(strings.NewReader("thanks")), Request: rq, Header: http.Header{}}, nil
}

// all is what arrived so far.
func (r *receiver) all() ([]*http.Request, []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.got), slices.Clone(r.bodies)
}

func (r *receiver) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.got)
}

// deliveries runs a test of a sandbox that delivers to a receiver, on a clock of its own.
func deliveries(t *testing.T, statuses []int, opts []sandbox.Option, f func(*testing.T, *box, *receiver)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := &receiver{statuses: statuses}
		b := newBox(t, append([]sandbox.Option{
			sandbox.WithDelivery(sandbox.Delivery{Transport: r}), sandbox.WithCallback("https://app.example/authy/callback", ""),
		}, opts...)...)
		f(t, b, r)
		b.Close(t.Context())
	})
}

// arrived is a request as a server reads it off the wire.
func arrived(t *testing.T, sent *http.Request, body string) *http.Request {
	t.Helper()
	var wire bytes.Buffer
	sent.Body = io.NopCloser(strings.NewReader(body))
	if err := sent.Write(&wire); err != nil {
		t.Fatal(err)
	}
	in, err := http.ReadRequest(bufio.NewReader(&wire))
	if err != nil {
		t.Fatal(err)
	}
	if sent.URL.Scheme == "https" {
		in.TLS = tlsState
	}
	return in
}

// answered makes an approval request and answers it.
func (b *box) answered(verb string, form ...string) string {
	b.t.Helper()
	uuid := b.ask(b.register(), form...)
	b.post("/sandbox/api/approvals/" + uuid + "/" + verb).wants(200)
	return uuid
}

// What the sandbox sends passes our own verifier, for both methods.
func TestCallbacksVerify(t *testing.T) {
	t.Parallel()
	for _, method := range []string{"POST", "GET"} {
		for _, verb := range []string{"approve", "deny"} {
			for _, target := range []string{"https://app.example/authy/callback", "https://app.example:8443", "http://app.example/cb?tenant=a%20b",
				"HTTPS://ana:pass@app.example/zpr%C3%A1va%201"} {
				t.Run(method+" "+verb+" "+target, func(t *testing.T) {
					t.Parallel()
					deliveries(t, nil, []sandbox.Option{sandbox.WithCallback(target, method)}, func(t *testing.T, b *box, r *receiver) {
						uuid := b.answered(verb, "details[amount]=10 %25&details[Účet]=☂&hidden_details[ip]=10.1.1.1&logos[][res]=default&logos[][url]=https://a.example/l.png&logos[][res]=low&logos[][url]=https://a.example/m.png")
						synctest.Wait()
						if r.count() != 1 {
							t.Fatalf("%d deliveries: %+v", r.count(), b.Callbacks(0))
						}
						got, bodies := r.all()
						rq := got[0]
						in := arrived(t, rq, bodies[0])
						verifier := authy.CallbackVerifier{Key: testKey, MaxAge: time.Minute, Now: time.Now}
						cb, err := verifier.VerifyHTTP(in, "")
						if err != nil {
							t.Fatalf("%v: %s %s %v %s", err, rq.Method, rq.URL, rq.Header, bodies[0])
						}
						if rq.Method != method || cb.UUID != uuid || cb.Approved() != (verb == "approve") ||
							cb.ApprovalRequest.Transaction.Details["amount"] != "10 %" || cb.ApprovalRequest.Transaction.HiddenDetails["ip"] != "10.1.1.1" ||
							len(cb.ApprovalRequest.Logos) != 2 || cb.ApprovalRequest.Logos[1].Res != "low" || cb.DeviceUUID == "" {
							t.Errorf("%+v", cb)
						}
						if _, err := (authy.CallbackVerifier{Key: "another"}).VerifyHTTP(in, ""); err == nil {
							t.Error("verified with another key")
						}
						sent := b.Callbacks(0)[0]
						if sent.State != sandbox.DeliveryDelivered || len(sent.Attempts) != 1 || sent.Attempts[0].Status != 200 || sent.Attempts[0].Answer != "thanks" || sent.Subject != uuid {
							t.Errorf("%+v", sent)
						}
					})
				})
			}
		}
	}
}

func TestRetries(t *testing.T) {
	t.Parallel()
	deliveries(t, []int{500, 0, 302}, nil, func(t *testing.T, b *box, r *receiver) {
		started := time.Now()
		b.answered("approve")
		synctest.Wait()
		if sent := b.Callbacks(0)[0]; sent.State != sandbox.DeliveryPending || sent.Attempts[0].Error != "answered with status 500" {
			t.Errorf("%+v", sent)
		}
		time.Sleep(7*time.Second + time.Millisecond) // 1 + 2 + 4, and no real time
		synctest.Wait()
		sent := b.Callbacks(0)[0]
		if sent.State != sandbox.DeliveryDelivered || len(sent.Attempts) != 4 || sent.Attempts[1].Error != "nobody listens" || sent.Attempts[2].Status != 302 {
			t.Errorf("%+v after %s", sent, time.Since(started))
		}
		got, _ := r.all()
		if a, c := got[0].Header.Get("X-Authy-Signature-Nonce"), got[3].Header.Get("X-Authy-Signature-Nonce"); a == c {
			t.Error("a retry has the first attempt's nonce, and would be stale")
		}
	})
	deliveries(t, []int{500, 500, 500, 500, 500, 500, 500}, []sandbox.Option{}, func(t *testing.T, b *box, r *receiver) {
		b.answered("approve")
		time.Sleep(time.Hour)
		if sent := b.Callbacks(0)[0]; sent.State != sandbox.DeliveryFailed || r.count() != 6 {
			t.Errorf("%d deliveries, %+v", r.count(), sent)
		}
		id := b.Callbacks(0)[0].ID
		b.post(fmt.Sprintf("/sandbox/api/callbacks/%d/resend", id)).wants(200)
		time.Sleep(time.Minute)
		if list := b.Callbacks(0); len(list) != 2 || list[0].State != sandbox.DeliveryDelivered || list[1].State != sandbox.DeliveryFailed {
			t.Errorf("%+v", list)
		}
		if _, err := b.Resend(1); !errors.Is(err, sandbox.ErrNotFound) {
			t.Error(err)
		}
	})
}

// Close does not wait for what waits, and leaves no goroutine: synctest would report it.
func TestCloseWithRetriesWaiting(t *testing.T) {
	t.Parallel()
	deliveries(t, []int{500}, nil, func(t *testing.T, b *box, r *receiver) {
		b.answered("approve")
		synctest.Wait()
		started := time.Now()
		if err := b.Close(t.Context()); err != nil || time.Since(started) != 0 {
			t.Errorf("%v after %s", err, time.Since(started))
		}
		b.answered("deny") // answered all the same, delivered no more
		synctest.Wait()
		if r.count() != 1 {
			t.Errorf("%d deliveries", r.count())
		}
	})
}

// stuck never answers.
type stuck struct{}

func (stuck) RoundTrip(rq *http.Request) (*http.Response, error) {
	<-rq.Context().Done()
	return nil, rq.Context().Err()
}

func TestCloseCutsDeliveriesOff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBox(t, sandbox.WithDelivery(sandbox.Delivery{Transport: stuck{}}), sandbox.WithCallback("https://app.example/", ""))
		b.answered("approve")
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		started := time.Now()
		b.Close(ctx)
		if got := time.Since(started); got != time.Second {
			t.Errorf("took %s", got)
		}
	})
}

func TestOutgoingFaults(t *testing.T) {
	t.Parallel()
	deliveries(t, nil, nil, func(t *testing.T, b *box, r *receiver) {
		started := time.Now()
		b.post("/sandbox/api/faults", "rule=callback: delay=5s, duplicate=2, skew=1h").wants(200)
		b.answered("approve")
		synctest.Wait()
		if r.count() != 0 {
			t.Error("was not late")
		}
		time.Sleep(5 * time.Second)
		synctest.Wait()
		got, bodies := r.all()
		if len(got) != 3 || bodies[0] != bodies[2] || got[0].Header.Get("X-Authy-Signature") != got[2].Header.Get("X-Authy-Signature") {
			t.Errorf("%d deliveries", r.count())
		}
		if nonce := got[0].Header.Get("X-Authy-Signature-Nonce"); nonce != fmt.Sprint(started.Add(time.Hour+5*time.Second).Unix()) {
			t.Errorf("nonce %s", nonce)
		}
		if list := b.Faults(); list[0].Fired != 1 {
			t.Errorf("%+v", list)
		}
		b.ClearFaults()
		b.post("/sandbox/api/faults", "rule=callback: drop").wants(200)
		b.answered("deny")
		synctest.Wait()
		if r.count() != 3 || b.Callbacks(1)[0].State != sandbox.DeliveryDropped {
			t.Errorf("%d deliveries, %+v", r.count(), b.Callbacks(1))
		}
	})
}

func TestNoCallbackWithoutURL(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	b.answered("approve")
	if got := b.Callbacks(0); len(got) != 0 {
		t.Errorf("%+v", got)
	}
	b.post("/sandbox/api/callback", "url=nonsense").fails(400, "60004", `Invalid parameter: url - URL: must be a whole http or https URL in ASCII without spaces, such as https://example.com/callback, got "nonsense"`)
	b.post("/sandbox/api/callback", "url=http://127.0.0.1:1/x&method=get").says(`{"callback":{"url":"http://127.0.0.1:1/x","method":"GET"},"success":true}`)
	if target, method := b.Callback(); target != "http://127.0.0.1:1/x" || method != "GET" {
		t.Error(target, method)
	}
}

// Each event that the sandbox knows reaches the webhook that asked for it, as a JWT under the webhook's key.
func TestWebhooksDelivered(t *testing.T) {
	t.Parallel()
	opts := []sandbox.Option{
		sandbox.WithKeys("AAA111"), sandbox.WithLimits(sandbox.Limits{Failures: 2, VerificationChecks: 1, VerificationsPerHour: 2}),
		sandbox.WithDashboard(sandbox.DashboardKeys{AccessKey: "BBB222", SigningKey: "api-signing-key-0123456789abcdef"}),
	}
	deliveries(t, nil, opts, func(t *testing.T, b *box, r *receiver) {
		var form, sorted strings.Builder
		for _, e := range authy.WebhookEvents {
			form.WriteString("&events[]=" + e)
			sorted.WriteString("&events%5B%5D=" + e)
		}
		created := b.signed("POST", hooksURL, hookKeys+form.String()+"&name=h&url=https://h.example/", "n1",
			sign("n1", "POST", hooksURL, hookSorted+sorted.String()+"&name=h&url=https%3A%2F%2Fh.example%2F")).wants(200)
		key, id := created.text("webhook", "signing_key"), created.text("webhook", "id")

		otherCheck := strings.Replace(checkPath, "country_code=1&phone_number=9876543210", "country_code=351&phone_number=911234500", 1)
		do := func(line string, form ...string) answer { t.Helper(); return b.as("AAA111", line, form...) }
		user := func(phone string) string {
			t.Helper()
			return do("POST /protected/json/users/new", "user[email]=a@b.example&user[country_code]=351&user[cellphone]="+phone).wants(200).text("user", "id")
		}
		u := user("911234567")
		do("GET /protected/json/sms/" + u)
		do("GET /protected/json/verify/" + b.lastCode() + "/" + u)
		do("POST /sandbox/api/users/" + u + "/register-app").wants(200)
		do("POST /sandbox/api/registrations/c1/complete").wants(200)
		uuid := do("POST /onetouch/json/users/"+u+"/approval_requests", "message=m").wants(200).text("approval_request", "uuid")
		do("POST /sandbox/api/approvals/" + uuid + "/approve").wants(200)
		do("GET /protected/json/verify/0000000/" + u)
		do("GET /protected/json/verify/0000000/" + u) // suspends
		do("POST /protected/json/users/" + user("911234568") + "/remove").wants(200)
		do("POST "+startPath, "via=sms&"+phoneForm).wants(200)
		do("GET " + checkPath + "0")
		do("GET " + checkPath + "0") // too many
		do("POST "+startPath, "via=fax&"+phoneForm)
		do("POST "+startPath, "via=sms&"+phoneForm).wants(200)
		do("POST "+startPath, "via=sms&"+phoneForm).wants(429)
		do("POST "+startPath, "via=sms&country_code=351&phone_number=911234500&custom_code=číslo").wants(200)
		do("GET " + otherCheck + url.QueryEscape(b.lastCode())).wants(200)
		do("GET " + strings.Replace(otherCheck, "911234500", "911234501", 1) + "1")
		time.Sleep(time.Minute)

		seen := map[string]bool{}
		got, bodies := r.all()
		for i, rq := range got {
			if rq.URL.Host != "h.example" {
				continue
			}
			var claims struct {
				jwt.RegisteredClaims
				WebhookID string `json:"webhook_id"`
				Events    []struct {
					Event   string
					Objects map[string]map[string]any
					Request map[string]string
				}
			}
			if _, err := jwt.ParseWithClaims(bodies[i], &claims, func(*jwt.Token) (any, error) { return []byte(key), nil }, jwt.WithValidMethods([]string{"HS256"})); err != nil {
				t.Fatalf("%v: %s", err, bodies[i])
			}
			if claims.WebhookID != id || len(claims.Events) != 1 || claims.Events[0].Objects["app"]["s_id"] != fmt.Sprint(b.AppID()) || claims.Events[0].Request["id"] == "" {
				t.Errorf("%+v", claims)
			}
			seen[claims.Events[0].Event] = true
			if code, given := claims.Events[0].Objects["user"]["s_country_code"]; given && code != "351" {
				t.Errorf("country code %v: %+v", code, claims)
			}
			if n, given := claims.Events[0].Objects["phone_verification"]["i_code_length"]; given && n != 4. && n != 5. {
				t.Errorf("%v digits: %+v", n, claims)
			}
		}
		for _, want := range []string{
			"user_added", "user_removed", "totp_token_sent", "token_verified", "token_invalid", "device_registration_completed",
			"user_registration_completed", "one_touch_request_responded", "suspended_account", "phone_verification_started",
			"phone_verification_code_is_valid", "phone_verification_code_is_invalid", "phone_verification_not_found",
			"phone_verification_failed", "too_many_phone_verifications", "too_many_code_verifications",
		} {
			if !seen[want] {
				t.Errorf("no %s in %v", want, seen)
			}
		}
	})
}

// Many duplicates are remembered as little as many retries, and none is begun once the sandbox closes.
func TestDuplicatesAreBounded(t *testing.T) {
	t.Parallel()
	opts := []sandbox.Option{sandbox.WithCallback("https://app.example/cb", "")}
	deliveries(t, nil, opts, func(t *testing.T, b *box, r *receiver) {
		b.post("/sandbox/api/faults", "rule=callback: duplicate=50").wants(200)
		b.answered("approve")
		synctest.Wait()
		if got := len(b.Callbacks(1)[0].Attempts); r.count() != 51 || got != 20 {
			t.Errorf("%d arrived, %d are remembered, want 51 and 20", r.count(), got)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		answered := make(chan struct{})
		var sent atomic.Int32
		transport := roundTripper(func(rq *http.Request) (*http.Response, error) {
			sent.Add(1)
			<-answered
			return &http.Response{StatusCode: 200, Body: http.NoBody, Request: rq, Header: http.Header{}}, nil
		})
		b := newBox(t, append(opts, sandbox.WithDelivery(sandbox.Delivery{Transport: transport}))...)
		b.post("/sandbox/api/faults", "rule=callback: duplicate=50").wants(200)
		b.answered("approve")
		synctest.Wait()
		go b.Close(t.Context())
		synctest.Wait() // it waits for the one that is under way
		close(answered)
		synctest.Wait()
		if n := sent.Load(); n != 1 {
			t.Errorf("%d were sent while the sandbox closed, want none but the first", n)
		}
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(rq *http.Request) (*http.Response, error) { return f(rq) }
