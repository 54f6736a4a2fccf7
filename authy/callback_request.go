package authy

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"
)

// DefaultMaxCallbackBody is how many bytes of a callback's body are read unless [CallbackVerifier.MaxBody]
// says otherwise: 1 MiB, where real callbacks hold one to two kB.
const DefaultMaxCallbackBody = 1 << 20

// The headers that carry the signature of a callback.
const (
	CallbackSignatureHeader = "X-Authy-Signature"
	CallbackNonceHeader     = "X-Authy-Signature-Nonce"
)

// CallbackRequest is a callback as it arrived, cut loose from the server that received it.
//
// [NewCallbackRequest] makes one of an *http.Request. Filled by hand, it serves any other source: a queue,
// a function platform, a script.
type CallbackRequest struct {
	// Method is POST or GET, in any case.
	Method string
	// URL is the callback's public URL as Authy was given it: scheme, host, port if it is not the default,
	// path. For GET it must hold the query, byte for byte as received, since the query is what is signed.
	// For POST a query is ignored: the signature does not cover it, so do not trust it either.
	// User name, password and fragment are never part of what is signed.
	URL string
	// Header holds the signature and its nonce, under names in any case. Other headers do not matter.
	Header http.Header
	// Body is the JSON body of a POST. For GET it is ignored.
	Body []byte
	// Decoded is the body already decoded, in place of Body. Numbers may be json.Number, which alone keeps
	// the text of every number, or any Go number; a whole float64 counts as the integer it stands for.
	Decoded map[string]any
}

// NewCallbackRequest reads the callback that a server received.
//
// The URL that Authy signed is the public one. Where the server sees another, behind a proxy that ends
// TLS or changes host or path, give it as publicURL: with a path it is taken as the whole callback URL,
// without one ("https://example.com") the path of the request is added. When publicURL is empty, scheme,
// host and path are the request's own. Giving it also keeps a callback meant for another host out.
//
// At most [DefaultMaxCallbackBody] bytes of the body are read, and r.Body is put back so that it can be
// read again. The error is a [*CallbackError] about the request or a [*ValidationError] about publicURL.
func NewCallbackRequest(r *http.Request, publicURL string) (CallbackRequest, error) {
	return newCallbackRequest(r, publicURL, DefaultMaxCallbackBody)
}

func newCallbackRequest(r *http.Request, publicURL string, limit int64) (CallbackRequest, error) {
	path, query := requestTarget(r)
	base := publicURL
	if base == "" {
		base = requestScheme(r) + "://" + r.Host + path
	} else {
		parts, err := splitCallbackURL(publicURL)
		if err != nil {
			return CallbackRequest{}, &ValidationError{Op: opVerifyCallback, Problems: []Problem{{"public_url", err.Error()}}}
		}
		if base = parts.signed(); !parts.hasPath {
			base = parts.origin + path
		}
	}
	if query != "" {
		base += "?" + query
	}
	body, err := readCallbackBody(r, limit)
	if err != nil {
		return CallbackRequest{}, err
	}
	method := r.Method
	if method == "" {
		method = http.MethodGet // as net/http has it for requests made by hand
	}
	return CallbackRequest{Method: method, URL: base, Header: r.Header, Body: body}, nil
}

// requestTarget is the path and query as they came over the wire. Routers rewrite r.URL (http.StripPrefix
// for one), so the request line comes first.
func requestTarget(r *http.Request) (path, query string) {
	if strings.HasPrefix(r.RequestURI, "/") {
		path, query, _ = strings.Cut(r.RequestURI, "?")
		return path, query
	}
	if r.URL == nil {
		return "/", ""
	}
	if path = r.URL.EscapedPath(); path == "" {
		path = "/"
	}
	return path, r.URL.RawQuery
}

func requestScheme(r *http.Request) string {
	switch {
	case r.TLS != nil:
		return "https"
	case r.RequestURI == "" && r.URL != nil && r.URL.Scheme != "":
		return r.URL.Scheme // a client's request given straight to a handler; a server's always has RequestURI
	}
	return "http"
}

// readCallbackBody reads the body and puts it back, whole even if it turns out too large.
func readCallbackBody(r *http.Request, limit int64) ([]byte, error) {
	if r.Body == nil || r.Body == http.NoBody {
		return nil, nil
	}
	if r.ContentLength > limit {
		return nil, bodyTooLarge(limit)
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, limit+1))
	r.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(body), r.Body), r.Body}
	switch {
	case err != nil:
		return nil, &CallbackError{Err: ErrBadCallback, Reason: "the body could not be read: " + err.Error(), cause: err}
	case int64(len(body)) > limit:
		return nil, bodyTooLarge(limit)
	}
	return body, nil
}

func bodyTooLarge(limit int64) error {
	return badCallback(fmt.Sprintf("the body is larger than the limit of %d bytes", limit))
}

// HTTPRequest makes a request that can be sent, or given straight to the handler under test.
//
// The body is Body; a request that holds Decoded instead must go through [SignCallback] first.
func (r CallbackRequest) HTTPRequest(ctx context.Context) (*http.Request, error) {
	if r.Decoded != nil {
		return nil, errors.New("a callback whose body is decoded cannot be sent: sign it first, which writes the body")
	}
	req, err := http.NewRequestWithContext(ctx, r.Method, r.URL, bytes.NewReader(r.Body))
	if err != nil {
		return nil, err
	}
	if r.Header != nil {
		req.Header = r.Header.Clone()
	}
	return req, nil
}

// callbackURL is a URL taken apart without changing a byte of what remains.
type callbackURL struct {
	origin  string // scheme://host, with the port if there was one
	path    string // at least "/"
	query   string
	hasPath bool
}

// signed is the form that goes into the signature.
func (u callbackURL) signed() string { return u.origin + u.path }

// splitCallbackURL drops what is never signed: fragment, user name and password.
func splitCallbackURL(raw string) (callbackURL, error) {
	scheme, rest, found := strings.Cut(raw, "://")
	if !found || !strings.EqualFold(scheme, "https") && !strings.EqualFold(scheme, "http") {
		return callbackURL{}, errors.New("must begin with https:// or http://, got " + shownURL(raw))
	}
	for i := range len(raw) {
		if raw[i] <= ' ' || raw[i] == 0x7f {
			return callbackURL{}, errors.New("must not hold spaces or control characters, got " + shownURL(raw))
		}
	}
	rest, _, _ = strings.Cut(rest, "#")
	rest, query, _ := strings.Cut(rest, "?")
	host, path := rest, "/"
	slash := strings.IndexByte(rest, '/')
	if slash >= 0 {
		host, path = rest[:slash], rest[slash:]
	}
	origin := raw[:len(scheme)+len("://")+len(host)]
	if at := strings.LastIndexByte(host, '@'); at >= 0 {
		host = host[at+1:]
		origin = scheme + "://" + host
	}
	if host == "" || host[0] == ':' {
		return callbackURL{}, errors.New("must name a host, got " + shownURL(raw))
	}
	return callbackURL{origin: origin, path: path, query: query, hasPath: slash >= 0}, nil
}

// shownURL quotes a URL for a message, without its query, user name and password.
func shownURL(raw string) string {
	const most = 200
	raw, _, _ = strings.Cut(raw, "?")
	raw, _, _ = strings.Cut(raw, "#")
	start := 0
	if i := strings.Index(raw, "://"); i >= 0 {
		start = i + len("://")
	}
	host, _, _ := strings.Cut(raw[start:], "/")
	if at := strings.LastIndexByte(host, '@'); at >= 0 {
		raw = raw[:start] + raw[start+at+1:]
	}
	if len(raw) <= most {
		return strconv.Quote(raw)
	}
	end := most
	for end > 0 && !utf8.RuneStart(raw[end]) {
		end--
	}
	return strconv.Quote(raw[:end]) + "..."
}
