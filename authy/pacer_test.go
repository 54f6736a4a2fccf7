package authy_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jarcoal/httpmock"

	"github.com/authysh/authysh/authy"
)

// pace lets a request start every second, and keeps what it is told.
type pace struct {
	mu       sync.Mutex
	next     time.Time
	observed []error
}

func (p *pace) Wait(ctx context.Context, _ authy.Route) error {
	p.mu.Lock()
	wait := time.Until(p.next)
	p.next = time.Now().Add(max(wait, 0) + time.Second)
	p.mu.Unlock()
	select {
	case <-time.After(wait):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (p *pace) Observe(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.observed = append(p.observed, err)
}

func TestPacer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		trip, times := script("get_user_status", refusing(429, `{"success":false,"error_code":"60003"}`))
		c := clientOf(trip)
		c.Retries, c.Timeout = 1, 500*time.Millisecond // what the pacer takes does not count
		p := &pace{}
		ctx := authy.WithPacer(t.Context(), p)
		for range 2 {
			if err := status(ctx, c); err != nil {
				t.Error(err)
			}
		}
		if len(*times) != 3 || (*times)[1] != time.Second || (*times)[2] != 2*time.Second {
			t.Errorf("requests at %v, want 0s, 1s and 2s: a retry waits too", *times)
		}
		if len(p.observed) != 3 || !errors.Is(p.observed[0], authy.ErrRateLimited) || p.observed[1] != nil || p.observed[2] != nil {
			t.Errorf("observed %v, want a refusal and two successes", p.observed)
		}
		if err := status(t.Context(), c); err != nil || len(p.observed) != 3 {
			t.Errorf("without the pacer: %v, %d observations", err, len(p.observed))
		}
		ended, cancel := context.WithCancel(ctx)
		time.AfterFunc(100*time.Millisecond, cancel)
		if err := status(ended, c); kindOf(err) != authy.KindCanceled || len(*times) != 4 {
			t.Errorf("got %v after %d requests, want canceled, and nothing sent", err, len(*times))
		}
	})
}

func TestMayRetryOfOtherErrors(t *testing.T) {
	t.Parallel()
	op, _ := authy.ByName("get_user_status")
	for _, err := range []error{nil, errors.New("of a script"), &authy.ValidationError{Op: op.Name}} {
		if op.MayRetry(err) {
			t.Errorf("MayRetry(%v) is true", err)
		}
	}
}

func TestDidNothing(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		answer httpmock.Responder
		want   bool
	}{
		"refused":                      {refusing(400, `{"success":false,"error_code":"60027"}`), true},
		"refused without a body":       {refusing(403, ""), true},
		"refused in a success":         {refusing(200, `{"success":false,"message":"no"}`), true},
		"rate limited, in its words":   {refusing(429, `{"success":false,"error_code":"60003"}`), true},
		"rate limited by a gateway":    {refusing(429, "<html>"), false},
		"timed out by a gateway":       {refusing(408, "<html>"), false},
		"unavailable":                  {refusing(503, ""), false},
		"unavailable, in its words":    {refusing(503, `{"success":false,"error_code":"60003"}`), true},
		"failed":                       {refusing(500, `{"success":false}`), false},
		"a success that is no success": {refusing(200, "<html>"), false},
		"never connected":              {httpmock.NewErrorResponder(&net.OpError{Op: "dial", Err: errors.New("refused")}), true},
		"broken off":                   {httpmock.NewErrorResponder(&net.OpError{Op: "read", Err: errors.New("reset")}), false},
		"not trusted":                  {httpmock.NewErrorResponder(&tls.CertificateVerificationError{Err: errors.New("expired")}), true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mock := httpmock.NewMockTransport()
			mock.RegisterNoResponder(tc.answer)
			c := clientOf(mock.RoundTrip)
			c.Retries = authy.NoRetries
			op, _ := authy.ByName("request_sms")
			_, err := callOf(t, op.Name).run(t.Context(), c)
			if err == nil {
				t.Fatal("the call succeeded")
			}
			if got := op.DidNothing(fmt.Errorf("in a script: %w", err)); got != tc.want {
				t.Errorf("DidNothing is %v after %v", got, err)
			}
		})
	}
	op, _ := authy.ByName("request_sms")
	if !op.DidNothing(&authy.ValidationError{Op: op.Name}) || op.DidNothing(nil) || op.DidNothing(errors.New("of a script")) {
		t.Error("DidNothing is wrong for what is no answer")
	}
}
