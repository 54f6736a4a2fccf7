package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The checks of the way to the service: one step after the other, so that a failure is told where it is.

const (
	// clockWarning is a difference of clocks from which on codes begin to be refused: a code lives for 30 seconds, and
	// services accept the one before and the one after.
	clockWarning = 30 * time.Second
	// clockFailure is one with which no code is right any more: those lie a minute apart, and the Date header and the
	// time of the answer's way may well hide some of the difference. Signatures that may be no older than minutes fail
	// from here on, too.
	clockFailure = 2 * time.Minute
	// certificateWarning is how long before its end a certificate should have been renewed.
	certificateWarning = 14 * 24 * time.Hour
)

// checkWay goes the way to the service without the key.
func (e *examination) checkWay(ctx context.Context) {
	steps := []string{checkProxy, checkHost, checkConnect, checkTLS, checkClock}
	if e.app.sandbox {
		for _, check := range steps {
			e.found(check, skipped("the private sandbox needs no network"))
		}
		return
	}
	w := &way{examination: e, target: serviceURL(e.settings.text("host"))}
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
	setting := w.settings.text("proxy")
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
		return fine("none, says %s", w.settings.origins["proxy"])
	case w.proxy == nil && setting != "":
		return fine("none: this machine is called directly")
	case w.proxy == nil:
		return fine("none")
	}
	from := "the environment"
	if setting != "" {
		from = w.settings.origins["proxy"].String()
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
	origin := w.settings.origins["host"]
	if origin.where == "default" {
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

// ask sends a request without key. What it comes back with tells of the certificate and of the server's clock.
func (w *way) ask(ctx context.Context) {
	request, err := http.NewRequestWithContext(ctx, http.MethodHead, w.target.JoinPath("/").String(), nil)
	if err != nil {
		w.found(checkTLS, failed(exitUsage, "check "+w.hostOrigin(), "%s", err))
		w.found(checkClock, skipped("tls has to pass first"))
		return
	}
	request.Header.Set("User-Agent", w.client.UserAgent)
	started := time.Now()
	answer, err := w.transport.RoundTrip(request)
	took := time.Since(started)
	if err != nil {
		w.found(checkTLS, w.refusal(ctx, err))
		w.found(checkClock, skipped("tls has to pass first"))
		return
	}
	io.Copy(io.Discard, io.LimitReader(answer.Body, 1<<10))
	answer.Body.Close()
	w.found(checkTLS, w.checkCertificate(answer.TLS))
	if answer.StatusCode == http.StatusProxyAuthRequired {
		w.found(checkProxy, failed(exitNetwork, "put user and password into the proxy's URL, or use another", "%s: it answers %s", w.proxy.Redacted(), answer.Status))
	}
	w.found(checkClock, checkClockBy(answer.Header, started.Add(took/2), took))
}

// checkCertificate looks at a connection that was accepted.
func (w *way) checkCertificate(state *tls.ConnectionState) finding {
	if state == nil {
		if isThisMachine(w.target.Hostname()) {
			return fine("plain http, which stays on this machine")
		}
		return warned("use https: whoever is on the way can read the key", "plain http, as allow_http permits")
	}
	version := tls.VersionName(state.Version)
	if len(state.PeerCertificates) == 0 {
		return fine("%s", version)
	}
	leaf := state.PeerCertificates[0]
	end := leaf.NotAfter.UTC().Format(time.DateOnly)
	if time.Until(leaf.NotAfter) < certificateWarning {
		return warned("tell who runs the service that it needs another", "%s, the certificate ends %s", version, end)
	}
	return fine("%s, certificate valid until %s", version, end)
}

// refusal explains why no answer came.
func (w *way) refusal(ctx context.Context, err error) finding {
	host := w.target.Hostname()
	if refused, ok := errors.AsType[*proxyRefusal](err); ok {
		return failed(exitNetwork, "ask who runs the proxy, or use another: --proxy url, or none", "the proxy does not connect to %s: %s", host, refused)
	}
	if wrong, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return w.certificateFailure(wrong)
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return failed(exitNetwork, "check scheme and port of "+w.hostOrigin()+": it may be plain http", "%s does not speak TLS", host)
	}
	if alert, ok := errors.AsType[tls.AlertError](err); ok {
		return failed(exitNetwork, "ask who runs the service for its TLS settings", "%s ends the handshake: %s", host, alert)
	}
	return failed(exitNetwork, "check "+w.hostOrigin()+", and what is between (--proxy); --timeout gives it more time", "%s", networkReason(ctx, err))
}

// certificateFailure tells what is wrong with the certificate.
func (w *way) certificateFailure(wrong *tls.CertificateVerificationError) finding {
	host := w.target.Hostname()
	var leaf *x509.Certificate
	if len(wrong.UnverifiedCertificates) > 0 {
		leaf = wrong.UnverifiedCertificates[0]
	}
	if _, ok := errors.AsType[x509.UnknownAuthorityError](wrong); ok {
		remedy := "if the service is your company's, name its authority: --ca-file file.pem"
		if w.settings.text("ca_file") != "" {
			remedy = "the file of " + w.settings.origins["ca_file"].String() + " does not have it; add the authority to it"
		}
		return failed(exitNetwork, remedy, "the certificate is of an unknown authority%s", issuer(leaf))
	}
	if _, ok := errors.AsType[x509.HostnameError](wrong); ok {
		names := ""
		if leaf != nil && len(leaf.DNSNames) > 0 {
			names = ", but for " + strings.Join(leaf.DNSNames[:min(3, len(leaf.DNSNames))], ", ")
		}
		return failed(exitNetwork, "check "+w.hostOrigin()+": use a name that the certificate has", "the certificate is not for %s%s", host, names)
	}
	if invalid, ok := errors.AsType[x509.CertificateInvalidError](wrong); ok && invalid.Reason == x509.Expired && leaf != nil {
		const remedy = "check this machine's clock; if it is right, the service needs another certificate"
		if time.Now().Before(leaf.NotBefore) {
			return failed(exitNetwork, remedy, "the certificate is not valid before %s", leaf.NotBefore.UTC().Format(time.DateOnly))
		}
		return failed(exitNetwork, remedy, "the certificate has expired on %s", leaf.NotAfter.UTC().Format(time.DateOnly))
	}
	return failed(exitNetwork, "ask who runs the service", "the certificate is refused: %s", wrong.Err)
}

func issuer(leaf *x509.Certificate) string {
	if leaf == nil || leaf.Issuer.String() == "" {
		return ""
	}
	return ": " + strconv.Quote(printable(leaf.Issuer.String()))
}

// checkClockBy compares the Date header with the local time in the middle of the request. What a cache kept is older by
// its Age.
func checkClockBy(header http.Header, local time.Time, took time.Duration) finding {
	date, err := http.ParseTime(header.Get("Date"))
	if err != nil {
		return warned("", "the server does not tell the time, so this machine's clock is not checked")
	}
	if age, err := strconv.Atoi(header.Get("Age")); err == nil && age > 0 {
		date = date.Add(time.Duration(age) * time.Second)
	}
	skew := local.Sub(date.Add(500 * time.Millisecond)) // the header has whole seconds
	behind := "ahead of"
	if skew < 0 {
		skew, behind = -skew, "behind"
	}
	certain := skew - took/2 // at least so much
	detail := fmt.Sprintf("%s %s the server's", skew.Round(time.Second), behind)
	const remedy = "set the clock, best by NTP: codes and signatures go by it"
	switch {
	case certain > clockFailure:
		return failed(exitNetwork, remedy, "%s", detail)
	case certain > clockWarning:
		return warned(remedy, "%s", detail)
	case skew < 2*time.Second:
		return fine("agrees with the server's")
	}
	return fine("%s", detail)
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
