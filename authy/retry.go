package authy

import (
	"context"
	"crypto/tls"
	"errors"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// retry decides whether a failed call may be tried again, and after what wait.
func (c *Client) retry(ctx context.Context, route Route, err error, attempt int) (wait time.Duration, again bool) {
	if err == nil || attempt >= c.settings.retries || ctx.Err() != nil {
		return 0, false
	}
	wait, again = backoff(attempt), route.mayRepeat(err)
	if refusal, ok := err.(*APIError); ok {
		wait = max(wait, refusal.RetryAfter)
	}
	if deadline, ok := ctx.Deadline(); again && ok && time.Until(deadline) < wait {
		return 0, false // the wait would outlast the timeout: say now what the service said
	}
	return wait, again
}

// mayRepeat reports whether a call that failed with err may be sent again: nothing can happen twice by that, and it may
// go better.
func (r Route) mayRepeat(err error) bool {
	switch e := err.(type) {
	case *NetworkError:
		return e.kind == KindNetwork && (r.Repeatable() || neverConnected(e.Err)) && !untrusted(e.Err)
	case *APIError:
		return e.rejected || r.Repeatable() && transientStatus(e)
	}
	return false
}

// MayRetry reports whether the call, having failed with err, may be called again without anything happening twice:
// it was not sent, the service said that it did nothing, or it reads or is idempotent and the failure may pass by itself.
//
// It is the rule by which a [Client] retries, for callers with more patience. Err may wrap the error of the call.
func (r Route) MayRetry(err error) bool {
	failure, ok := errors.AsType[Error](err)
	return ok && r.mayRepeat(failure)
}

// DidNothing reports whether the call, having failed with err, has done nothing for certain: it was not sent, or was
// refused. After any other failure it may have been done: the answer was lost, or cannot be read.
//
// Err may wrap the error of the call. A canceled call counts as sent, for its error does not say when that was.
func (r Route) DidNothing(err error) bool {
	failure, ok := errors.AsType[Error](err)
	if !ok {
		return false
	}
	switch e := failure.(type) {
	case *ValidationError:
		return true
	case *NetworkError:
		return neverConnected(e.Err) || untrusted(e.Err)
	case *APIError:
		return e.rejected || refusedStatus(e.Status)
	case interface{ DidNothing() bool }: // of an operation that is none of the API
		return e.DidNothing()
	}
	return false
}

// refusedStatus reports the status of a refusal that means that nothing was done. A gateway may answer 408, 429 and 499,
// and any of the 500s, for a service that is still at work.
func refusedStatus(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusTooManyRequests, 499:
		return false
	}
	return status < 500
}

// backoff doubles from 100 ms and spreads callers by up to half of it.
func backoff(attempt int) time.Duration {
	base := 100 * time.Millisecond << min(attempt, 6)
	return base + time.Duration(rand.Int64N(int64(base/2)))
}

// transientStatus reports a refusal that may pass by itself.
func transientStatus(e *APIError) bool {
	switch e.Status {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusGatewayTimeout:
		return true
	case http.StatusServiceUnavailable:
		// Other codes on 503 are lasting: suspended users and accounts, channels switched off.
		return e.Code == "" || e.Code == "60000" || e.Code == "60003"
	}
	return false
}

// neverConnected reports that err arose before any byte could leave.
func neverConnected(err error) bool {
	operation, ok := errors.AsType[*net.OpError](err)
	return ok && operation.Op == "dial"
}

// untrusted reports a certificate that does not match: trying again will not mend that.
func untrusted(err error) bool {
	_, ok := errors.AsType[*tls.CertificateVerificationError](err)
	return ok
}

// retryAfter reads the header: seconds, or a date by the client's clock.
func (c *Client) retryAfter(header http.Header) time.Duration {
	text := strings.TrimSpace(header.Get("Retry-After"))
	if seconds, err := strconv.ParseInt(text, 10, 32); err == nil || errors.Is(err, strconv.ErrRange) {
		return time.Duration(max(seconds, 0)) * time.Second // of a number out of range, the nearest within
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(at.Sub(c.settings.now()), 0)
	}
	return 0
}
