package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/authysh/authysh/cmd/authysh/internal/config"
)

// The checks of the way to the service: one step after the other, so that a failure is told where it is.

// checkWay goes the way to the service without the key.
func (e *examination) checkWay(ctx context.Context) {
	steps := []string{checkProxy, checkHost, checkConnect, checkTLS, checkClock}
	if e.app.sandbox {
		for _, check := range steps {
			e.found(check, skipped("the private sandbox needs no network"))
		}
		return
	}
	w := &way{examination: e, target: serviceURL(e.settings.Text("host"))}
	w.transport = e.wayTransport()
	defer w.transport.CloseIdleConnections()
	for i, step := range []func(context.Context) finding{w.checkProxy, w.checkHost, w.checkConnect} {
		limited, cancel := e.limit(ctx)
		f := step(limited)
		cancel()
		e.found(steps[i], f)
		if f.Status == statusFail {
			for _, later := range steps[i+1:] {
				e.found(later, skipped("%s has to pass first", steps[i]))
			}
			return
		}
	}
	limited, cancel := e.limit(ctx)
	defer cancel()
	w.ask(limited)
}

// way is the way to the service.
type way struct {
	*examination
	target    *url.URL
	proxy     *url.URL // nil for none
	addresses []string // of the host
	transport *http.Transport
}

// serviceURL is the address of the service, which the client has checked.
func serviceURL(host string) *url.URL {
	u, err := url.Parse(host)
	if err != nil {
		return new(url.URL)
	}
	return u
}

// wayTransport is a transport like the client's, with connections of its own: each step shall be seen.
func (e *examination) wayTransport() *http.Transport {
	transport := http.DefaultTransport.(*http.Transport)
	if e.client.HTTPClient != nil {
		if own, ok := e.client.HTTPClient.Transport.(*http.Transport); ok {
			transport = own
		}
	}
	transport = transport.Clone()
	transport.OnProxyConnectResponse = func(_ context.Context, _ *url.URL, _ *http.Request, answer *http.Response) error {
		if answer.StatusCode != http.StatusOK {
			return &proxyRefusal{answer.Status}
		}
		return nil
	}
	return transport
}

// proxyRefusal is a proxy's answer that is not what was asked for.
type proxyRefusal struct{ status string }

func (r *proxyRefusal) Error() string { return "it answers " + r.status }

// checkProxy finds out which proxy is used, who said so, and whether it is there.
func (w *way) checkProxy(ctx context.Context) finding {
	setting := w.settings.Text("proxy")
	through := w.transport.Proxy
	if through != nil {
		proxy, err := through(&http.Request{URL: w.target})
		if err != nil {
			return failed(exitUsage, "correct the variable, or set --proxy", "the environment's proxy is no URL")
		}
		w.proxy = proxy
	}
	switch {
	case w.proxy == nil && setting == "none":
		return fine("none, says %s", w.settings.Origin("proxy"))
	case w.proxy == nil && setting != "":
		return fine("none: this machine is called directly")
	case w.proxy == nil:
		return fine("none")
	}
	from := "the environment"
	if setting != "" {
		from = w.settings.Origin("proxy").String()
	} else if names := w.proxyVariables(); len(names) > 0 {
		from = strings.Join(names, ", ")
	}
	detail := fmt.Sprintf("%s from %s", w.proxy.Redacted(), from)
	connection, err := new(net.Dialer).DialContext(ctx, "tcp", withPort(w.proxy))
	if err != nil {
		return failed(exitNetwork, "start it, correct the address, or go without: --proxy none", "%s: %s", detail, networkReason(ctx, err))
	}
	connection.Close()
	return fine("%s, reachable", detail)
}

// proxyVariables names the environment's variables about proxies that Go heeds for this target.
func (w *way) proxyVariables() []string {
	name := strings.ToUpper(w.target.Scheme) + "_PROXY"
	var set []string
	for _, name := range []string{name, strings.ToLower(name)} {
		if value, _ := w.app.lookupEnv(name); value != "" {
			set = append(set, name)
		}
	}
	return set
}

// withPort is the address of a URL for a dialler.
func withPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443", "socks5": "1080", "socks5h": "1080"}[u.Scheme]
	}
	return net.JoinHostPort(u.Hostname(), port)
}

func (w *way) checkHost(ctx context.Context) finding {
	host := w.target.Hostname()
	if w.proxy != nil {
		return skipped("the proxy looks %s up", host)
	}
	if net.ParseIP(host) != nil {
		w.addresses = []string{host}
		return fine("%s is an address", host)
	}
	addresses, err := net.DefaultResolver.LookupHost(ctx, host)
	if err != nil {
		return failed(exitNetwork, "check "+w.hostOrigin()+" for misspellings, and this machine's DNS", "%s: %s", host, networkReason(ctx, err))
	}
	w.addresses = addresses
	shown := addresses
	if len(shown) > 3 {
		shown = append(slices.Clone(shown[:3]), "...")
	}
	return fine("%s resolves to %s", host, strings.Join(shown, ", "))
}

// hostOrigin names who set the host.
func (w *way) hostOrigin() string {
	origin := w.settings.Origin("host")
	if origin.Where == config.DefaultOrigin {
		return "the host"
	}
	return origin.String()
}

func (w *way) checkConnect(ctx context.Context) finding {
	if w.proxy != nil {
		return skipped("the proxy connects")
	}
	address := withPort(w.target)
	started := time.Now()
	connection, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		remedy := "check " + w.hostOrigin() + ", and whether a firewall wants a proxy (--proxy)"
		if isThisMachine(w.target.Hostname()) {
			remedy = "start the service, such as authysh sandbox, or check the port in " + w.hostOrigin()
		}
		return failed(exitNetwork, remedy, "%s: %s", address, networkReason(ctx, err))
	}
	defer connection.Close()
	return fine("%s in %s", connection.RemoteAddr(), roundTrip(time.Since(started)))
}

func isThisMachine(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

// networkReason is an error of the network in few words.
func networkReason(ctx context.Context, err error) string {
	if lookup, ok := errors.AsType[*net.DNSError](err); ok && lookup.IsNotFound {
		return "no such host"
	}
	timeout, _ := errors.AsType[net.Error](err)
	if ctx.Err() != nil || timeout != nil && timeout.Timeout() {
		return "no answer in time"
	}
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Err != nil {
		if _, ok := errors.AsType[*net.AddrError](op.Err); !ok {
			return strings.TrimPrefix(op.Err.Error(), "connect: ")
		}
	}
	return err.Error()
}
