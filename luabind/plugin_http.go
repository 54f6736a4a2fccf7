package luabind

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/authysh/authysh/luabind/internal/luajson"
	"github.com/authysh/authysh/luabind/internal/luatext"
	"github.com/authysh/authysh/luabind/plugin"
	lua "github.com/yuin/gopher-lua"
)

// web is what a plugin's http goes through: every host is compared with the permissions, also after redirects, and every
// address that a name leads to is looked at before it is dialed. Proxies of the environment are not used, because they
// would look names up themselves.
type web struct {
	client    http.Client
	transport *http.Transport
	granted   plugin.Permissions
	resolve   func(ctx context.Context, network, host string) ([]netip.Addr, error)
	dial      func(ctx context.Context, network, address string) (net.Conn, error)
}

const maxRedirects = 5

func newWeb(g *guest) *web {
	w := &web{granted: g.granted, resolve: net.DefaultResolver.LookupNetIP, dial: (&net.Dialer{Timeout: 10 * time.Second}).DialContext}
	w.transport = &http.Transport{
		DialContext: w.dialChecked, ForceAttemptHTTP2: true, MaxIdleConns: 8, IdleConnTimeout: 30 * time.Second,
		TLSHandshakeTimeout: 10 * time.Second, MaxResponseHeaderBytes: 64 << 10,
	}
	w.client = http.Client{Transport: w.transport, CheckRedirect: func(r *http.Request, via []*http.Request) error {
		if len(via) > maxRedirects {
			return fmt.Errorf("more than %d redirects", maxRedirects)
		}
		return w.check(r.URL)
	}}
	return w
}

func (w *web) close() { w.transport.CloseIdleConnections() }

// check refuses a URL whose host is not granted.
func (w *web) check(u *url.URL) error {
	if u.User != nil {
		return errors.New("a URL with user and password is not accepted; use a header")
	}
	if _, ok := w.granted.AllowsHost(u.Scheme, u.Hostname(), portOf(u)); !ok {
		return fmt.Errorf("%s is not permitted: the plugin has no permission net for it", luatext.Excerpt(u.Scheme+"://"+u.Host))
	}
	return nil
}

func portOf(u *url.URL) string {
	switch port := u.Port(); {
	case port != "":
		return port
	case u.Scheme == "https":
		return "443"
	default:
		return "80"
	}
}

// dialChecked connects to an address that was looked at, and not to a name, which might lead elsewhere the next time.
func (w *web) dialChecked(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	private, ok := w.granted.AllowsHost("https", host, port)
	if plainPrivate, plainOK := w.granted.AllowsHost("http", host, port); plainOK {
		private, ok = private || plainPrivate, true
	}
	if !ok {
		return nil, fmt.Errorf("%s is not permitted", luatext.Excerpt(host))
	}
	addresses := []netip.Addr{}
	literal, err := netip.ParseAddr(host)
	if err == nil {
		addresses = append(addresses, literal)
	} else if addresses, err = w.resolve(ctx, "ip", host); err != nil {
		return nil, err
	}
	failure := fmt.Errorf("%s has no address", host)
	for _, a := range addresses {
		a = a.Unmap()
		switch {
		case literal.IsValid(): // the permission names the address itself
		case plugin.IsPublic(a):
		case private && (a.IsLoopback() || a.IsPrivate()):
		default:
			failure = fmt.Errorf("%s leads to %s, which is in no public network; a permission like \"private:%s\" would allow private ones", host, a, host)
			continue
		}
		conn, err := w.dial(ctx, network, net.JoinHostPort(a.String(), port))
		if err == nil {
			return conn, nil
		}
		failure = err
	}
	return nil, failure
}

type httpOptions struct {
	Method  string         `json:"method" doc:"GET when left out, POST with a body"`
	URL     string         `json:"url" doc:"where to"`
	Headers map[string]any `json:"headers" doc:"texts by name"`
	Body    *string        `json:"body" doc:"a text"`
	JSON    lua.LValue     `json:"json" doc:"a value that is sent as JSON"`
	Form    map[string]any `json:"form" doc:"texts by name that are sent as a form"`
	Timeout *time.Duration `json:"timeout" doc:"how long it may take" unit:"ms"`
}

func (g *guest) httpGet(L *lua.LState) int  { return g.httpCall(L, "http.get", http.MethodGet) }
func (g *guest) httpPost(L *lua.LState) int { return g.httpCall(L, "http.post", http.MethodPost) }

func (g *guest) httpCall(L *lua.LState, op, method string) int {
	var options httpOptions
	optionsAt(L, 2, op, &options)
	if options.URL != "" || options.Method != "" {
		refuse(L, op, "options", "must have neither url nor method; http.request takes them")
	}
	options.URL, options.Method = textAt(L, 1, op, "url"), method
	return g.send(L, op, options)
}

func (g *guest) httpRequest(L *lua.LState) int {
	const op = "http.request"
	var options httpOptions
	if err := readOptions(op, tableAt(L, 1, op, "options"), &options); err != nil {
		raise(L, err)
	}
	if options.Method == "" {
		options.Method = http.MethodGet
		if options.Body != nil || options.JSON != nil || options.Form != nil {
			options.Method = http.MethodPost
		}
	}
	return g.send(L, op, options)
}

// answered is what came back.
type answered struct {
	status int
	header http.Header
	body   []byte
}

// send makes the request and pushes { status, headers, body }. Any status is an answer.
func (g *guest) send(L *lua.LState, op string, options httpOptions) int {
	request, err := options.request()
	if err == nil {
		err = g.web.check(request.URL)
	}
	if err != nil {
		L.RaiseError("%s: %v", op, err)
	}
	budgetOf(L).touched = true
	var got answered
	g.wait(L, func(ctx context.Context) {
		if options.Timeout != nil {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, *options.Timeout)
			defer cancel()
		}
		got, err = g.web.exchange(request.WithContext(ctx))
	})
	if err != nil {
		L.RaiseError("%s: %s", op, webFailure(err))
	}
	spend(L, len(got.body))
	headers := L.NewTable()
	for name, values := range got.header {
		headers.RawSetString(strings.ToLower(name), lua.LString(strings.Join(values, ", ")))
	}
	result := L.CreateTable(0, 3)
	result.RawSetString("status", lua.LNumber(got.status))
	result.RawSetString("headers", headers)
	result.RawSetString("body", lua.LString(got.body))
	L.Push(result)
	return 1
}

// webFailure is an error of the client without the URL in it, which often is a secret itself.
func webFailure(err error) string {
	if failure, ok := errors.AsType[*url.Error](err); ok {
		err = failure.Err
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return "the server took too long"
	}
	return err.Error()
}

func (w *web) exchange(r *http.Request) (answered, error) {
	response, err := w.client.Do(r)
	if err != nil {
		return answered{}, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxOutput+1))
	if err == nil && len(body) > maxOutput {
		err = fmt.Errorf("the answer is larger than %d MiB", maxOutput>>20)
	}
	return answered{response.StatusCode, response.Header, body}, err
}

// methods are the verbs that plugins may use.
var methods = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}

// ownHeaders are set by the client alone.
var ownHeaders = []string{"Host", "Content-Length", "Transfer-Encoding", "Connection", "Upgrade", "Te", "Trailer", "Proxy-Authorization", "Proxy-Connection", "Keep-Alive"}

func (o httpOptions) request() (*http.Request, error) {
	method := strings.ToUpper(o.Method)
	if !slices.Contains(methods, method) {
		return nil, fmt.Errorf("method must be one of %s, got %s", strings.Join(methods, ", "), luatext.Excerpt(o.Method))
	}
	u, err := url.Parse(o.URL)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, errors.New("url must be absolute, with https:// in front")
	}
	body, kind, err := o.body()
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequest(method, u.String(), bytes.NewReader(body))
	if err != nil {
		return nil, errors.New("url cannot be used")
	}
	if kind != "" {
		request.Header.Set("Content-Type", kind)
	}
	request.Header.Set("User-Agent", "authysh-plugin")
	for _, name := range slices.Sorted(maps.Keys(o.Headers)) {
		value, ok := o.Headers[name].(string)
		switch {
		case !ok:
			return nil, fmt.Errorf("headers.%s must be a string", clip(name, 40))
		case slices.Contains(ownHeaders, http.CanonicalHeaderKey(name)):
			return nil, fmt.Errorf("headers.%s is set by the client itself", clip(name, 40))
		}
		request.Header.Set(name, value) // characters that it cannot have are an error of the transport
	}
	return request, nil
}

func (o httpOptions) body() (body []byte, kind string, err error) {
	given := 0
	if o.Body != nil {
		given++
		body = []byte(*o.Body)
	}
	if o.JSON != nil {
		given++
		e := luajson.Encoder{Sorted: true, Most: longestString}
		text, err := e.Encode(o.JSON)
		if err != nil {
			return nil, "", fmt.Errorf("json %w", err)
		}
		body, kind = []byte(text), "application/json"
	}
	if o.Form != nil {
		given++
		form := url.Values{}
		for name, value := range o.Form {
			form.Set(name, fmt.Sprint(value))
		}
		body, kind = []byte(form.Encode()), "application/x-www-form-urlencoded"
	}
	if given > 1 {
		return nil, "", errors.New("body, json and form exclude each other")
	}
	return body, kind, nil
}
