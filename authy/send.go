package authy

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// answer is what the service sent back, read to its end.
type answer struct {
	status   int
	header   http.Header
	body     []byte
	tooLarge bool
	readErr  error // the body broke off; status and the bytes before are kept
}

// do runs one operation: check, encode, send, judge.
func do[R, P any](ctx context.Context, c *Client, route Route, p P) (*R, error) {
	c.prepare()
	plan, v := planOf(reflect.TypeFor[P]()), reflect.ValueOf(&p)
	problems := plan.check(v)
	if problems = append(c.problemsFor(route), problems...); len(problems) > 0 {
		return nil, &ValidationError{route.Name, problems}
	}
	req, err := plan.request(route, v, c.Key)
	if err != nil {
		return nil, &ValidationError{route.Name, []Problem{{"parameters", "cannot be encoded: " + err.Error()}}}
	}
	result := new(R)
	err = c.run(ctx, route, req, func(a *answer) error { return c.judge(route, plan, a, result) })
	if err != nil {
		return nil, err
	}
	return result, nil
}

// problemsFor is what is wrong with the settings that this route needs.
func (c *Client) problemsFor(route Route) []Problem {
	if !route.signed {
		return slices.Clip(c.problems)
	}
	problems := slices.Clone(c.problems)
	if c.AccessKey == "" {
		problems = append(problems, Problem{"access_key", "is required for dashboard calls: the console's access key"})
	}
	if c.SigningKey == "" {
		problems = append(problems, Problem{"signing_key", "is required for dashboard calls: the console's API signing key"})
	}
	return problems
}

// run sends req until judge accepts the answer, the failure is final, or time is up.
func (c *Client) run(ctx context.Context, route Route, req wireRequest, judge func(*answer) error) error {
	s := &c.settings
	if s.limiter != nil {
		if err := s.limiter.Wait(ctx); err != nil {
			return newNetworkError(ctx, route.Name, 0, cmpError(ctx.Err(), context.DeadlineExceeded))
		}
	}
	caller, limit := ctx, time.Duration(0)
	if s.timeout != NoTimeout {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, s.timeout)
		defer cancel()
	}
	for attempt := 0; ; attempt++ {
		start := time.Now()
		answer, err := c.attempt(ctx, route, req)
		if err == nil {
			err = judge(answer)
		} else {
			if caller.Err() == nil {
				limit = s.timeout
			}
			err = newNetworkError(ctx, route.Name, limit, err)
		}
		wait, again := c.retry(ctx, route, err, attempt)
		c.logAttempt(ctx, route, answer, err, attempt, time.Since(start), again)
		if !again {
			return err
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			if errors.Is(ctx.Err(), context.Canceled) {
				return newNetworkError(ctx, route.Name, 0, ctx.Err())
			}
			return err // the failure that was to be retried says more than the timeout
		}
	}
}

func cmpError(first, second error) error {
	if first != nil {
		return first
	}
	return second
}

func (c *Client) logAttempt(ctx context.Context, route Route, a *answer, err error, attempt int, took time.Duration, again bool) {
	if c.Logger == nil {
		return
	}
	status := 0
	if a != nil {
		status = a.status
	}
	attributes := []any{"op", route.Name, "attempt", attempt + 1, "status", status, "took", took}
	if err != nil {
		attributes = append(attributes, "error", err, "retry", again)
	}
	c.settings.log.DebugContext(ctx, "authy call", attributes...)
}

// attempt sends the request once and reads the answer.
func (c *Client) attempt(ctx context.Context, route Route, req wireRequest) (*answer, error) {
	httpRequest, err := c.newRequest(ctx, route, req)
	if err != nil {
		return nil, err
	}
	response, err := c.settings.http.Do(httpRequest)
	if err != nil {
		// *url.Error repeats the URL, which holds ids and codes; its cause says what happened.
		if wrapped, ok := errors.AsType[*url.Error](err); ok {
			err = wrapped.Err
		}
		return nil, c.withoutSecrets(err)
	}
	defer response.Body.Close()
	return c.read(ctx, response)
}

func (c *Client) newRequest(ctx context.Context, route Route, req wireRequest) (*http.Request, error) {
	s := &c.settings
	u := *s.base
	u.RawPath = u.Path + req.path
	path, err := url.PathUnescape(u.RawPath)
	if err != nil {
		return nil, err
	}
	u.Path, u.RawQuery = path, req.query
	r := &http.Request{
		Method: route.Method, URL: &u, Host: u.Host,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: make(http.Header, 6),
	}
	if route.signed {
		req.body = c.sign(r, req.body)
	} else {
		r.Header["X-Authy-Api-Key"] = s.key
	}
	r.Header["User-Agent"] = s.agent
	r.Header["Accept"] = acceptJSON
	switch {
	case req.body != nil:
		r.Header["Content-Type"] = []string{req.contentType}
		r.ContentLength = int64(len(req.body))
		r.Body = io.NopCloser(bytes.NewReader(req.body))
	case !route.Repeatable():
		// net/http repeats a GET on its own when a kept connection breaks, and Authy sends texts on GET.
		// A body that cannot be rewound forbids that; being empty, it is not sent.
		r.Body = io.NopCloser(strings.NewReader(""))
		r.ContentLength = -1
	}
	return r.WithContext(ctx), nil
}

var acceptJSON = []string{"application/json"}

// sign adds the dashboard credentials to a form, and the signature headers to r.
func (c *Client) sign(r *http.Request, form []byte) []byte {
	values, _ := url.ParseQuery(string(form)) // our own encoding
	slices.Sort(values["events[]"])           // one vendor implementation signs them sorted
	values.Set("app_api_key", c.Key)
	values.Set("access_key", c.AccessKey)
	params := values.Encode()
	now := c.settings.now()
	nonce := fmt.Sprintf("%d.%09d%03d", now.Unix(), now.Nanosecond(), rand.IntN(1000)) // unique per request
	target := url.URL{Scheme: r.URL.Scheme, Host: r.URL.Host, Path: r.URL.Path, RawPath: r.URL.RawPath}
	r.Header.Set("X-Authy-Signature-Nonce", nonce)
	r.Header.Set("X-Authy-Signature", signParams(c.SigningKey, nonce, r.Method, target.String(), params))
	return []byte(params)
}

// read takes the answer's body up to the limit. An error is one of the connection; a body that broke off
// after an error status is kept, for the status matters more.
func (c *Client) read(ctx context.Context, response *http.Response) (*answer, error) {
	a := &answer{status: response.StatusCode, header: response.Header}
	body := io.Reader(response.Body)
	if !response.Uncompressed && strings.EqualFold(response.Header.Get("Content-Encoding"), "gzip") {
		unzipped, err := gzip.NewReader(body)
		if err != nil {
			a.readErr = errors.New("the body is not the gzip that its header announces")
			return a, nil
		}
		body = unzipped
	}
	limit := c.settings.maxAnswer
	var buffer bytes.Buffer
	if n := response.ContentLength; n > 0 {
		buffer.Grow(int(min(n, limit)) + bytes.MinRead)
	}
	n, err := buffer.ReadFrom(io.LimitReader(body, limit+1))
	a.body = buffer.Bytes()
	switch {
	case n > limit:
		a.body, a.tooLarge = a.body[:limit], true
	case err != nil && ctx.Err() != nil:
		return a, ctx.Err()
	case err != nil && a.status < http.StatusBadRequest:
		return a, c.withoutSecrets(fmt.Errorf("the answer broke off after %d bytes: %w", n, err))
	case err != nil:
		a.readErr = err
	}
	return a, nil
}

// retry decides whether a failed call may be tried again, and after what wait.
func (c *Client) retry(ctx context.Context, route Route, err error, attempt int) (wait time.Duration, again bool) {
	if err == nil || attempt >= c.settings.retries || ctx.Err() != nil {
		return 0, false
	}
	wait = backoff(attempt)
	switch e := err.(type) {
	case *NetworkError:
		again = e.kind == KindNetwork && (route.Repeatable() || neverConnected(e.Err))
	case *APIError:
		again = e.rejected || route.Repeatable() && transientStatus(e)
		wait = max(wait, e.RetryAfter)
	}
	if deadline, ok := ctx.Deadline(); again && ok && time.Until(deadline) < wait {
		return 0, false // the wait would outlast the timeout: say now what the service said
	}
	return wait, again
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

// redactedError is an error whose text held a secret.
type redactedError struct {
	text string
	err  error
}

func (e *redactedError) Error() string { return e.text }
func (e *redactedError) Unwrap() error { return e.err }

// withoutSecrets makes sure that an error of the transport does not show the key.
func (c *Client) withoutSecrets(err error) error {
	if text := err.Error(); c.redact(text) != text {
		return &redactedError{c.redact(text), err}
	}
	return err
}

// redact hides the client's secrets in a text that came from outside.
func (c *Client) redact(text string) string {
	for _, secret := range []string{c.Key, c.AccessKey, c.SigningKey} {
		if len(secret) >= minSecret {
			text = strings.ReplaceAll(text, secret, "[redacted]")
		}
	}
	return text
}

// minSecret keeps redact from tearing up words when a test uses a key such as "k".
const minSecret = 6

// retryAfter reads the header: seconds, or a date by the client's clock.
func (c *Client) retryAfter(header http.Header) time.Duration {
	text := strings.TrimSpace(header.Get("Retry-After"))
	if seconds, err := strconv.ParseInt(text, 10, 32); err == nil {
		return time.Duration(max(seconds, 0)) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(at.Sub(c.settings.now()), 0)
	}
	return 0
}
