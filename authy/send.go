package authy

import (
	"bytes"
	"cmp"
	"compress/flate"
	"compress/gzip"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"reflect"
	"slices"
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
	var failure error
	left := c.settings.timeout
	for attempt := 0; ; attempt++ {
		if err := c.admit(ctx, route); err != nil {
			if failure != nil && err.kind != KindCanceled {
				return failure // it says more than that there was no time to try again
			}
			return err
		}
		start := time.Now()
		again, err := c.try(ctx, route, req, attempt, left, judge)
		if !again {
			return err
		}
		failure = err
		if left != NoTimeout {
			left -= time.Since(start)
		}
	}
}

// admit waits until the rate limit, and the pacer of the context, let a request start.
func (c *Client) admit(ctx context.Context, route Route) *NetworkError {
	err := ctx.Err()
	if p := pacerOf(ctx); err == nil && p != nil {
		err = p.Wait(ctx, route)
	}
	if err == nil && c.settings.limiter != nil {
		if c.settings.limiter.Wait(ctx) != nil {
			err = cmp.Or(ctx.Err(), context.DeadlineExceeded) // Wait fails at once if the deadline would come first
		}
	}
	if err != nil {
		return newNetworkError(ctx, route.Name, 0, err)
	}
	return nil
}

// try makes one attempt within the time left, and if that failed and may be tried again, waits for the moment.
func (c *Client) try(caller context.Context, route Route, req wireRequest, attempt int, left time.Duration, judge func(*answer) error) (again bool, err error) {
	ctx, start := caller, time.Now()
	if left != NoTimeout {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(caller, left)
		defer cancel()
	}
	answer, err := c.attempt(ctx, route, req)
	if err == nil {
		err = judge(answer)
	} else {
		limit := time.Duration(0)
		if caller.Err() == nil && time.Since(start) >= left {
			limit = c.settings.timeout
		}
		err = newNetworkError(ctx, route.Name, limit, err)
	}
	if p := pacerOf(ctx); p != nil {
		p.Observe(err)
	}
	wait, again := c.retry(ctx, route, err, attempt)
	c.logAttempt(ctx, route, answer, err, attempt, time.Since(start), again)
	if !again {
		return false, err
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true, err
	case <-ctx.Done():
		if errors.Is(ctx.Err(), context.Canceled) {
			err = newNetworkError(ctx, route.Name, 0, ctx.Err())
		}
		return false, err // of the deadline: the failure that was to be retried says more
	}
}

// logAttempt leaves out the words of an answer: they may repeat a phone number or a code.
func (c *Client) logAttempt(ctx context.Context, route Route, a *answer, err error, attempt int, took time.Duration, again bool) {
	if c.Logger == nil {
		return
	}
	status := 0
	if a != nil {
		status = a.status
	}
	attributes := []any{"op", route.Name, "attempt", attempt + 1, "status", status, "took", took}
	switch e := err.(type) {
	case *APIError:
		attributes = append(attributes, "kind", e.Kind(), "code", e.Code, "retry", again)
	case *ResponseError:
		attributes = append(attributes, "kind", e.Kind(), "field", e.Field, "retry", again)
	case *NetworkError:
		attributes = append(attributes, "kind", e.Kind(), "error", e.Err, "retry", again)
	}
	c.settings.log.DebugContext(ctx, "authy call", attributes...)
}

// attempt sends the request once and reads the answer.
func (c *Client) attempt(ctx context.Context, route Route, req wireRequest) (*answer, error) {
	httpRequest, err := c.newRequest(ctx, route, req)
	if err != nil {
		return nil, err
	}
	response, err := c.roundTrip(httpRequest)
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

// roundTrip goes past http.Client where all it would do is copy headers in case of a redirect, which is refused anyway.
func (c *Client) roundTrip(r *http.Request) (*http.Response, error) {
	s := &c.settings
	if s.http.Jar != nil || s.http.Timeout != 0 {
		return s.http.Do(r)
	}
	response, err := s.transport.RoundTrip(r)
	if err == nil && (response == nil || response.Body == nil) {
		return nil, errors.New("the transport gave neither an answer nor an error")
	}
	if notTLS, ok := err.(tls.RecordHeaderError); ok && string(notTLS.RecordHeader[:]) == "HTTP/" {
		err = http.ErrSchemeMismatch // says that the host speaks plain http
	}
	return response, err
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
	r := new(http.Request).WithContext(ctx)
	r.Method, r.URL, r.Host = route.Method, &u, u.Host
	r.Proto, r.ProtoMajor, r.ProtoMinor = "HTTP/1.1", 1, 1
	r.Header = make(http.Header, 6)
	if route.signed {
		req.body = c.sign(r, req.body)
	} else {
		r.Header["X-Authy-Api-Key"] = s.key
	}
	r.Header["User-Agent"] = s.agent
	r.Header["Accept"] = acceptJSON
	switch {
	case req.body != nil:
		r.Header["Content-Type"] = req.contentType
		r.ContentLength = int64(len(req.body))
		r.Body = io.NopCloser(bytes.NewReader(req.body))
		if r.Method != http.MethodGet {
			// With this net/http repeats a POST or DELETE on another connection if, and only if, nothing of it was written.
			r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(req.body)), nil }
		}
	case !route.Repeatable():
		// net/http repeats a GET on its own when a kept connection breaks, and Authy sends texts on GET. A body that
		// cannot be rewound forbids that. It is empty, and "identity" keeps it from being announced as chunked.
		r.Body = io.NopCloser(strings.NewReader(""))
		r.ContentLength, r.TransferEncoding = -1, identity
	}
	return r, nil
}

// Header values that all requests share; nobody appends to them.
var (
	acceptJSON = []string{"application/json"}
	identity   = []string{"identity"}
)

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
	limit := c.settings.maxAnswer
	var buffer bytes.Buffer
	if n := response.ContentLength; n > 0 {
		buffer.Grow(int(min(n, limit, mostTrusted)) + bytes.MinRead)
	}
	body, err := unzipped(response)
	var n int64
	if err == nil {
		n, err = buffer.ReadFrom(io.LimitReader(body, limit+1))
	}
	a.body = buffer.Bytes()
	switch {
	case n > limit:
		a.body, a.tooLarge = a.body[:limit], true
	case err != nil && ctx.Err() != nil:
		return a, ctx.Err()
	case malformedGzip(err):
		a.readErr = errors.New("is not the gzip that its header announces")
	case err != nil && a.status < http.StatusBadRequest:
		return a, c.withoutSecrets(fmt.Errorf("the answer broke off after %d bytes: %w", n, err))
	case err != nil:
		a.readErr = err
	}
	return a, nil
}

// mostTrusted bounds what is set aside for an answer because it announces its length.
const mostTrusted = 1 << 20

// unzipped is the body in the clear. The default transport has done that already; one with DisableCompression,
// or a request that asked for gzip itself, leaves it to us.
func unzipped(response *http.Response) (io.Reader, error) {
	if response.Uncompressed || !strings.EqualFold(response.Header.Get("Content-Encoding"), "gzip") {
		return response.Body, nil
	}
	return gzip.NewReader(response.Body)
}

func malformedGzip(err error) bool {
	if err == nil {
		return false
	}
	var corrupt flate.CorruptInputError
	return errors.Is(err, gzip.ErrHeader) || errors.Is(err, gzip.ErrChecksum) || errors.As(err, &corrupt)
}
