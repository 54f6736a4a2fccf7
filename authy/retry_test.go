package authy_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jarcoal/httpmock"

	"github.com/authysh/authysh/authy"
)

// A failing answer, as a transport gives it.
type failing = httpmock.Responder

func refusing(status int, body string, header ...string) failing {
	return func(*http.Request) (*http.Response, error) { return reply(status, body, header...), nil }
}

func breaking(err error) failing {
	return func(*http.Request) (*http.Response, error) { return nil, err }
}

// brokenBody is an answer whose body ends too early.
func brokenBody(*http.Request) (*http.Response, error) {
	response := reply(200, "")
	response.Body = io.NopCloser(io.MultiReader(strings.NewReader(`{"success":`), brokenReader{}))
	return response, nil
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// whoRetries are the operations of the table: a read, an idempotent write, two ways to send, a write that is a GET, a
// plain write, a deletion and a signed deletion.
var whoRetries = []string{"get_user_status", "register_user", "request_sms", "create_approval_request", "verify_token", "update_user", "delete_user", "delete_webhook"}

func TestRetryTable(t *testing.T) {
	t.Parallel()
	dial := &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: "x", IsNotFound: true}}
	for name, tc := range map[string]struct {
		answer failing
		all    bool // every operation tries again
		safe   bool // reads and idempotent writes do
	}{
		"refused":          {breaking(&net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}), true, true},
		"no such host":     {breaking(dial), true, true},
		"reset":            {breaking(&net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}), false, true},
		"broken pipe":      {breaking(&net.OpError{Op: "write", Net: "tcp", Err: syscall.EPIPE}), false, true},
		"EOF":              {breaking(io.EOF), false, true},
		"body broken":      {brokenBody, false, true},
		"bad certificate":  {breaking(&tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}), false, false},
		"transport's time": {breaking(&net.OpError{Op: "read", Net: "tcp", Err: timedOut{}}), false, false},

		"429, says no":               {refusing(429, `{"success":false,"message":"m","error_code":"60003"}`), true, true},
		"429, says \"no\"":           {refusing(429, `{"success":"false","message":"m"}`), true, true},
		"429, silent":                {refusing(429, `{"message":"m","error_code":"60003"}`), false, true},
		"429, HTML":                  {refusing(429, `<html>`), false, true},
		"503, says no":               {refusing(503, `{"success":false,"message":"m"}`), true, true},
		"503, says no, 60000":        {refusing(503, `{"success":false,"error_code":"60000"}`), true, true},
		"503, says no, 60003":        {refusing(503, `{"success":false,"error_code":60003}`), true, true},
		"503, says yes":              {refusing(503, `{"success":true}`), false, true},
		"503, HTML":                  {refusing(503, `<html>`), false, true},
		"503, empty":                 {refusing(503, ``), false, true},
		"503, SMS not sent":          {refusing(503, `{"success":false,"error_code":"60015"}`), false, false},
		"503, user suspended":        {refusing(503, `{"success":false,"error_code":"60017"}`), false, false},
		"503, account suspended":     {refusing(503, `{"success":false,"error_code":"60060"}`), false, false},
		"502, HTML":                  {refusing(502, `<html>`), false, true},
		"502, says no":               {refusing(502, `{"success":false}`), false, true},
		"504":                        {refusing(504, ``), false, true},
		"500":                        {refusing(500, `{"success":false,"error_code":"60000"}`), false, false},
		"500, HTML":                  {refusing(500, `<html>`), false, false},
		"400":                        {refusing(400, `{"success":false,"error_code":"60004"}`), false, false},
		"401":                        {refusing(401, `{"success":false,"error_code":"60001"}`), false, false},
		"404":                        {refusing(404, `{"success":false,"error_code":"60026"}`), false, false},
		"302":                        {refusing(302, ``, "Location", "https://example.com"), false, false},
		"200, says no":               {refusing(200, `{"success":false,"error_code":"60003"}`), false, false},
		"200, HTML":                  {refusing(200, `<html>`), false, false},
		"200, not the gzip it names": {refusing(200, `{"success":true}`, "Content-Encoding", "gzip"), false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				for _, op := range whoRetries {
					mock := httpmock.NewMockTransport()
					mock.RegisterNoResponder(tc.answer)
					c := clientOf(mock.RoundTrip)
					c.Retries = 0 // the default: two more
					o, _ := authy.ByName(op)
					want := 1
					if tc.all || tc.safe && o.Repeatable() {
						want = 3
					}
					start := time.Now()
					_, err := callOf(t, op).run(t.Context(), c)
					if err == nil {
						t.Errorf("%s succeeded", op)
					}
					if got := mock.GetTotalCallCount(); got != want {
						t.Errorf("%s (%s): %d attempts, want %d; %v", op, o.Effect, got, want, err)
					}
					if may := o.MayRetry(fmt.Errorf("in a script: %w", err)); may != (want == 3) {
						t.Errorf("%s (%s): MayRetry is %v after %v", op, o.Effect, may, err)
					}
					took, least, most := time.Since(start), 300*time.Millisecond, 450*time.Millisecond
					if want == 3 && (took < least || took >= most) || want == 1 && took != 0 {
						t.Errorf("%s: %d attempts took %s", op, want, took)
					}
				}
			})
		})
	}
}

type timedOut struct{}

func (timedOut) Error() string   { return "i/o timeout" }
func (timedOut) Timeout() bool   { return true }
func (timedOut) Temporary() bool { return true }

// script answers with one after the other, then with success, and keeps the times of the requests.
func script(op string, failures ...failing) (roundTrip, *[]time.Duration) {
	times, start := new([]time.Duration), time.Now()
	var mu sync.Mutex
	return func(r *http.Request) (*http.Response, error) {
		mu.Lock()
		defer mu.Unlock()
		*times = append(*times, time.Since(start))
		if n := len(*times); n <= len(failures) {
			return failures[n-1](r)
		}
		return reply(200, answers[op]), nil
	}, times
}

func TestRetriesSucceed(t *testing.T) {
	t.Parallel()
	for _, op := range []string{"get_user_status", "register_user", "request_sms", "create_approval_request", "create_webhook"} {
		synctest.Test(t, func(t *testing.T) {
			var bodies []string
			trip, times := script(op, refusing(429, `{"success":false}`), refusing(503, `{"success":false}`))
			c := clientOf(func(r *http.Request) (*http.Response, error) {
				if r.Body != nil {
					body, _ := io.ReadAll(r.Body)
					bodies = append(bodies, string(body)+r.Header.Get("Content-Type"))
				}
				return trip(r)
			})
			c.Retries = authy.DefaultRetries
			if _, err := callOf(t, op).run(t.Context(), c); err != nil || len(*times) != 3 {
				t.Errorf("%s: got %v after %d attempts", op, err, len(*times))
			}
			for _, body := range bodies {
				if body != bodies[0] {
					t.Errorf("%s: sent %q, then %q", op, bodies[0], body)
				}
			}
		})
	}
}

func TestRetryCounts(t *testing.T) {
	t.Parallel()
	for retries, want := range map[int]int{authy.NoRetries: 1, -7: 1, 0: 3, 1: 2, 4: 5} {
		synctest.Test(t, func(t *testing.T) {
			mock := httpmock.NewMockTransport()
			mock.RegisterNoResponder(refusing(502, ""))
			c := clientOf(mock.RoundTrip)
			c.Retries = retries
			if err := status(t.Context(), c); kindOf(err) != authy.KindAPI || mock.GetTotalCallCount() != want {
				t.Errorf("Retries %d: got %d attempts, want %d; %v", retries, mock.GetTotalCallCount(), want, err)
			}
		})
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		header  string
		timeout time.Duration
		second  time.Duration // when the second attempt comes; zero: never
	}{
		"seconds":           {"2", 0, 2 * time.Second},
		"date":              {"Sat, 01 Jan 2000 00:00:03 GMT", 0, 3 * time.Second}, // synctest's clock starts at 2000
		"zero":              {"0", 0, 100 * time.Millisecond},
		"longer than left":  {"6", 0, 0},
		"own timeout":       {"6", 10 * time.Second, 6 * time.Second},
		"none":              {"3600", authy.NoTimeout, time.Hour},
		"longer than years": {"99999999999", 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				trip, times := script("request_sms", refusing(429, `{"success":false,"message":"slow down"}`, "Retry-After", tc.header))
				c := clientOf(trip)
				c.Retries, c.Timeout = 0, tc.timeout
				_, err := callOf(t, "request_sms").run(t.Context(), c)
				if tc.second == 0 {
					failure, ok := errors.AsType[*authy.APIError](err)
					if !ok || failure.RetryAfter < 6*time.Second || len(*times) != 1 || time.Since(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)) != 0 {
						t.Errorf("got %v after %v, want the API's error at once", err, *times)
					}
					return
				}
				if err != nil || len(*times) != 2 || (*times)[1] < tc.second || (*times)[1] > tc.second+50*time.Millisecond {
					t.Errorf("got %v, attempts at %v, want the second at %s", err, *times, tc.second)
				}
			})
		})
	}
}

func TestCancelWhileWaiting(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		trip, times := script("request_sms", refusing(429, `{"success":false}`, "Retry-After", "4"))
		c := clientOf(trip)
		c.Retries = 0
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		start := time.Now()
		_, err := callOf(t, "request_sms").run(ctx, c)
		if kindOf(err) != authy.KindCanceled || !errors.Is(err, context.Canceled) || time.Since(start) != time.Second || len(*times) != 1 {
			t.Errorf("got %v after %s and %d attempts", err, time.Since(start), len(*times))
		}
	})
}

// TestTimeoutBoundsRetries: many attempts share one timeout.
func TestTimeoutBoundsRetries(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		attempts := 0
		c := clientOf(func(r *http.Request) (*http.Response, error) {
			attempts++
			select {
			case <-time.After(300 * time.Millisecond):
				return reply(502, ""), nil
			case <-r.Context().Done():
				return nil, r.Context().Err()
			}
		})
		c.Retries, c.Timeout = 100, time.Second
		start := time.Now()
		err := status(t.Context(), c)
		if took := time.Since(start); took > c.Timeout || attempts < 2 || kindOf(err) != authy.KindAPI && kindOf(err) != authy.KindTimeout {
			t.Errorf("got %v after %s and %d attempts, want at most %s", err, took, attempts, c.Timeout)
		}
	})
}

// TestDeadlineOfTheCaller: a deadline before the timeout bounds waits too, and is not told as the client's timeout.
func TestDeadlineOfTheCaller(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := clientOf(func(r *http.Request) (*http.Response, error) { <-r.Context().Done(); return nil, r.Context().Err() })
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		err := status(ctx, c)
		if kindOf(err) != authy.KindTimeout || time.Since(start) != time.Second || strings.Contains(err.Error(), "5s") {
			t.Errorf("got %v after %s", err, time.Since(start))
		}
		start = time.Now()
		if err = status(t.Context(), c); kindOf(err) != authy.KindTimeout || time.Since(start) != authy.DefaultTimeout || !strings.Contains(err.Error(), "timeout of 5s") {
			t.Errorf("got %v after %s", err, time.Since(start))
		}
	})
}

func TestRateLimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		trip, times := script("get_user_status", refusing(502, ""))
		c := clientOf(trip)
		c.RateLimit, c.Retries, c.Timeout = 2, 1, 600*time.Millisecond
		var all sync.WaitGroup
		for range 5 {
			all.Go(func() {
				if err := status(t.Context(), c); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if len(*times) != 6 {
			t.Fatalf("got %d requests, want 6: a retry among them", len(*times))
		}
		for i, at := range *times {
			// The limiter counts in float64 seconds.
			if want := time.Duration(i) * 500 * time.Millisecond; (at - want).Abs() > time.Microsecond {
				t.Errorf("request %d was at %s, want %s", i+1, at, want)
			}
		}
	})
}

func TestRateLimitEndsWithTheContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		trip, times := script("get_user_status")
		c := clientOf(trip)
		c.RateLimit = 0.1
		if err := status(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		if err := status(ctx, c); kindOf(err) != authy.KindTimeout || time.Since(start) > time.Second {
			t.Errorf("got %v after %s, want a timeout", err, time.Since(start))
		}
		ctx, cancel = context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		if err := status(ctx, c); kindOf(err) != authy.KindCanceled {
			t.Errorf("got %v, want canceled", err)
		}
		if len(*times) != 1 {
			t.Errorf("%d requests were sent, want 1", len(*times))
		}
	})
}

// TestLog: a record per attempt that says enough, and neither key nor code nor phone.
func TestLog(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		trip, _ := script("verify_phone", refusing(429, `{"success":false,"message":"`+testKey+` slow down"}`), breaking(&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}))
		c := clientOf(trip)
		c.Retries = 0
		c.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		if _, err := callOf(t, "verify_phone").run(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSpace(log.String()), "\n")
		if len(lines) != 3 {
			t.Fatalf("got %d records, want 3:\n%s", len(lines), &log)
		}
		for i, want := range []string{"status=429", "status=0", "status=200"} {
			if !strings.Contains(lines[i], "op=verify_phone") || !strings.Contains(lines[i], want) || strings.Contains(lines[i], "retry=true") != (i < 2) {
				t.Errorf("record %d is %s", i+1, lines[i])
			}
		}
		for _, secret := range []string{testKey, "0000 ", "=0000", "911234567"} {
			if strings.Contains(log.String(), secret) {
				t.Errorf("the log holds %q:\n%s", secret, &log)
			}
		}
	})
}

func TestWaitApproval(t *testing.T) {
	t.Parallel()
	pending := refusing(200, edited(t, "get_approval_request", "approval_request.status", "pending"))
	for name, tc := range map[string]struct {
		answers []failing
		options authy.WaitOptions
		kind    authy.Kind
		took    time.Duration
		calls   int
	}{
		"at once":                {nil, authy.WaitOptions{}, "", 0, 1},
		"after a while":          {[]failing{pending, pending}, authy.WaitOptions{}, "", 2500 * time.Millisecond, 3},
		"own interval":           {[]failing{pending, pending}, authy.WaitOptions{Interval: time.Minute}, "", 2 * time.Minute, 3},
		"too late":               {[]failing{pending, pending, pending, pending}, authy.WaitOptions{Interval: 2 * time.Second, Timeout: 5 * time.Second}, authy.KindTimeout, 5 * time.Second, 3},
		"limits and breaks":      {[]failing{refusing(429, `{"success":false}`, "Retry-After", "30"), breaking(io.EOF)}, authy.WaitOptions{}, "", 31500 * time.Millisecond, 3},
		"not found":              {[]failing{pending, refusing(404, `{"success":false,"error_code":"60049"}`)}, authy.WaitOptions{}, authy.KindAPI, time.Second, 2},
		"options":                {nil, authy.WaitOptions{Timeout: -1}, authy.KindValidation, 0, 0},
		"pauses grow up to five": {[]failing{pending, pending, pending, pending, pending, pending}, authy.WaitOptions{}, "", 18125 * time.Millisecond, 7},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				trip, times := script("get_approval_request", tc.answers...)
				start := time.Now()
				got, err := clientOf(trip).WaitApproval(t.Context(), "u1", tc.options)
				if kindOf(err) != tc.kind || err == nil && got.ApprovalRequest.Status != "approved" {
					t.Errorf("got %v, %v (%s), want %s", got, err, kindOf(err), tc.kind)
				}
				if took := time.Since(start); took != tc.took || len(*times) != tc.calls {
					t.Errorf("took %s and %d calls, want %s and %d", took, len(*times), tc.took, tc.calls)
				}
			})
		})
	}
}
