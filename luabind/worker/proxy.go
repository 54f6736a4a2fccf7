package worker

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/authysh/authysh/authy"
	"golang.org/x/time/rate"
)

// proxy sends the child's requests to the service: to the client's host alone, with its key, and only where operations of the
// API go. The child is not believed in anything.
type proxy struct {
	client  *authy.Client
	http    http.Client
	base    *url.URL
	routes  []authy.Route
	limiter *rate.Limiter
	timeout time.Duration
	most    int64
}

func newProxy(client *authy.Client) (*proxy, error) {
	if err := client.Validate(); err != nil {
		return nil, err
	}
	base, err := url.Parse(strings.TrimRight(cmp.Or(client.Host, authy.DefaultHost), "/"))
	if err != nil {
		return nil, err
	}
	p := &proxy{client: client, base: base, timeout: cmp.Or(client.Timeout, authy.DefaultTimeout), most: cmp.Or(client.MaxResponse, authy.DefaultMaxResponse)}
	if p.most > mostFromParent/2 {
		p.most = mostFromParent / 2 // it grows by a third on the pipe
	}
	if client.HTTPClient != nil {
		p.http = *client.HTTPClient
	} else {
		p.http.Transport = authy.NewTransport()
	}
	p.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	if client.RateLimit > 0 {
		p.limiter = rate.NewLimiter(rate.Limit(client.RateLimit), 1)
	}
	for _, op := range authy.Operations() {
		if !strings.HasPrefix(op.Path, "/dashboard/") { // needs signatures of keys that the child has not
			p.routes = append(p.routes, op.Route)
		}
	}
	return p, nil
}

// close lets go of idle connections that are the proxy's own.
func (p *proxy) close() {
	if p.client.HTTPClient == nil {
		p.http.CloseIdleConnections()
	}
}

// errNotOfAPI refuses a request that no operation makes.
var errNotOfAPI = errors.New("is no request of the API")

// route is the operation that makes such a request, and its path with the key where it belongs.
func (p *proxy) route(r *request) (authy.Route, string, error) {
	given := strings.Split(r.Path, "/")
	for _, segment := range given {
		text, err := url.PathUnescape(segment)
		if err != nil || text == "." || text == ".." || url.PathEscape(text) != segment { // each has one spelling, the client's
			return authy.Route{}, "", errNotOfAPI
		}
	}
	for _, route := range p.routes {
		want := strings.Split(route.Path, "/")
		if route.Method != r.Method || len(want) != len(given) {
			continue
		}
		path := slices.Clone(given)
		fits := true
		for i, segment := range want {
			before, after, _ := cutBraces(segment)
			switch {
			case segment == "{api_key}":
				path[i] = url.PathEscape(p.client.Key)
			case before == segment:
				fits = fits && given[i] == segment
			default:
				inner, ok := strings.CutPrefix(given[i], before)
				if ok {
					inner, ok = strings.CutSuffix(inner, after)
				}
				fits = fits && ok && inner != ""
			}
		}
		if fits {
			return route, strings.Join(path, "/"), nil
		}
	}
	return authy.Route{}, "", errNotOfAPI
}

// cutBraces cuts a segment around a parameter.
func cutBraces(segment string) (before, after string, found bool) {
	before, rest, found := strings.Cut(segment, "{")
	if !found {
		return segment, "", false
	}
	_, after, _ = strings.Cut(rest, "}")
	return before, after, true
}

// perform sends one request and gives its answer, an error included: that is the child's to judge.
func (p *proxy) perform(ctx context.Context, r *request, path string) (result *answer) {
	failed := func(text string) *answer {
		return &answer{ID: r.ID, Error: strings.ReplaceAll(text, p.client.Key, "...")}
	}
	defer func() { // of a transport of the host's, on a goroutine where nobody else can catch it
		if fault := recover(); fault != nil {
			result = failed(fmt.Sprintf("the HTTP client panicked: %v", fault))
		}
	}()
	result, err := p.try(ctx, r, path)
	if err != nil {
		return failed(cause(err).Error())
	}
	return result
}

// cause is an error without the URL, which may hold the key.
func cause(err error) error {
	if failure, ok := errors.AsType[*url.Error](err); ok {
		return failure.Err
	}
	return err
}

func (p *proxy) try(ctx context.Context, r *request, path string) (*answer, error) {
	if p.limiter != nil {
		if err := p.limiter.Wait(ctx); err != nil {
			return nil, err
		}
	}
	if p.timeout != authy.NoTimeout {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, p.timeout)
		defer cancel()
	}
	target := p.base.Scheme + "://" + p.base.Host + strings.TrimRight(p.base.EscapedPath(), "/") + path
	if r.Query != "" {
		target += "?" + r.Query
	}
	sent, err := http.NewRequestWithContext(ctx, r.Method, target, bytes.NewReader(r.Body))
	if err != nil {
		return nil, errors.New("the request cannot be made")
	}
	if sent.URL.Host != p.base.Host || sent.URL.Fragment != "" {
		return nil, fmt.Errorf("the request %w", errNotOfAPI)
	}
	sent.Header.Set("X-Authy-API-Key", p.client.Key)
	sent.Header.Set("User-Agent", cmp.Or(p.client.UserAgent, "authysh"))
	sent.Header.Set("Accept", "application/json")
	if r.ContentType == "application/json" || r.ContentType == "application/x-www-form-urlencoded" {
		sent.Header.Set("Content-Type", r.ContentType)
	}
	response, err := p.http.Do(sent)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, p.most+1)) // one more, so that the child sees that it is too much
	if err != nil {
		return nil, err
	}
	const shortest = 8 // what is shorter may be a word of the answer
	if key := p.client.Key; len(key) >= shortest {
		body = bytes.ReplaceAll(body, []byte(key), []byte(standIn)) // a service that repeats it must not give it away
	}
	result := &answer{ID: r.ID, Status: response.StatusCode, Header: map[string][]string{}, Body: body}
	for _, name := range []string{"Content-Type", "Retry-After", "Date"} {
		if values := response.Header.Values(name); values != nil {
			result.Header[name] = values
		}
	}
	return result, nil
}
