package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// The checks of what the service answers: its certificate and its clock.

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
		if w.settings.Text("ca_file") != "" {
			remedy = "the file of " + w.settings.Origin("ca_file").String() + " does not have it; add the authority to it"
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
