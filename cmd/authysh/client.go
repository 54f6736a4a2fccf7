package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strings"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/cmd/authysh/internal/config"
	"github.com/authysh/authysh/cmd/authysh/internal/private"
	"github.com/authysh/authysh/luabind"
)

// connect makes the client for the service that the settings name, or for a private sandbox with --sandbox. It may lack
// a key.
func (a *app) connect(ctx context.Context, s *config.Settings) (*authy.Client, error) {
	if a.sandbox {
		a.box = private.New()
		client := a.box.Client(s)
		client.Logger = a.logger()
		return client, nil
	}
	client, err := a.client(s)
	if err != nil {
		return nil, err
	}
	if client.Key, err = a.key(ctx, s); err != nil {
		return nil, err
	}
	return client, checkClient(client, s)
}

// client makes the client that the settings describe, but for a key that must be fetched. Settings that no call could be
// made with are usage errors.
func (a *app) client(s *config.Settings) (*authy.Client, error) {
	transport, err := a.transport(s)
	if err != nil {
		return nil, err
	}
	client := &authy.Client{
		Key: s.Text("key"), Host: s.Text("host"), AllowHTTP: s.On("allow_http"),
		Timeout: luabind.TimeoutSetting(s.Duration("timeout")), Retries: luabind.RetriesSetting(s.Count("retries")),
		RateLimit: s.Rate("rate_limit"), AccessKey: s.Text("access_key"), SigningKey: s.Text("signing_key"),
		HTTPClient: transport, UserAgent: "authysh/" + thisBuild().Version, Logger: a.logger(),
	}
	return client, checkClient(client, s)
}

// checkClient turns what the client finds wrong with its settings into a usage error that names their origin. A key
// that is missing is none: scripts without calls run all the same.
func checkClient(client *authy.Client, s *config.Settings) error {
	probe := authy.Client{
		Key: client.Key, Host: client.Host, AllowHTTP: client.AllowHTTP, Timeout: client.Timeout,
		RateLimit: client.RateLimit, UserAgent: client.UserAgent,
	}
	if probe.Key == "" {
		probe.Key = "unset"
	}
	invalid, ok := errors.AsType[*authy.ValidationError](probe.Validate())
	if !ok {
		return nil
	}
	problem := invalid.Problems[0]
	name := problem.Param
	if name == "key" {
		if source, _ := s.KeySource(); source != "" {
			name = source
		}
	}
	return s.Origin(name).Complain(name, problem.Reason)
}

// transport is the HTTP client for a proxy or for further certificates; nil, the shared one, when neither is set.
func (a *app) transport(s *config.Settings) (*http.Client, error) {
	proxy, ca := s.Text("proxy"), s.Text("ca_file")
	if proxy == "" && ca == "" {
		return nil, nil
	}
	transport := authy.NewTransport()
	if proxy != "" {
		through, err := proxyFunc(proxy)
		if err != nil {
			return nil, s.Origin("proxy").Complain("proxy", err.Error())
		}
		transport.Proxy = through
	}
	if ca != "" {
		roots, err := certificates(ca)
		if err != nil {
			return nil, s.Origin("ca_file").Complain("ca_file", err.Error())
		}
		transport.TLSClientConfig = &tls.Config{RootCAs: roots}
	}
	return &http.Client{Transport: transport}, nil
}

// proxyFunc sends everything but calls to this machine through a proxy. Those may be plain http, and so must not leave.
func proxyFunc(proxy string) (func(*http.Request) (*url.URL, error), error) {
	if proxy == "none" {
		return nil, nil
	}
	u, err := url.Parse(proxy)
	if err != nil || u.Hostname() == "" || !strings.Contains(" http https socks5 socks5h ", " "+u.Scheme+" ") {
		return nil, errors.New("must be an http, https or socks5 URL such as http://proxy.example.com:3128, or none")
	}
	return func(r *http.Request) (*url.URL, error) {
		host := r.URL.Hostname()
		if ip, err := netip.ParseAddr(host); strings.EqualFold(host, "localhost") || err == nil && ip.Unmap().IsLoopback() {
			return nil, nil
		}
		return u, nil
	}, nil
}

// certificates are those of the system and those of a file.
func certificates(file string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("cannot be read: %w", err)
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool() // a system without certificates is what the file is for
	}
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("holds no certificate in PEM form: %s", file)
	}
	return roots, nil
}

// requireKey fails calls of a client without key before anything is sent, and says both remedies.
func requireKey(next luabind.CallFunc) luabind.CallFunc {
	return func(ctx context.Context, call *luabind.Call) (any, error) {
		if call.Client.Key == "" && call.Op.OfAPI() {
			return nil, &authy.ValidationError{Op: call.Op.Name, Problems: []authy.Problem{
				{Param: "key", Reason: "is required: " + keyHint},
			}}
		}
		return next(ctx, call)
	}
}
