package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// certificate is one for itself, which is valid for a name and until a time, and the file that makes it trusted.
func certificate(t *testing.T, name string, until time.Time) (served tls.Certificate, file string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{name}, NotBefore: until.Add(-24 * time.Hour), NotAfter: until,
		IsCA: true, BasicConstraintsValid: true,
	}
	if ip := net.ParseIP(name); ip != nil {
		template.DNSNames, template.IPAddresses = nil, []net.IP{ip}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, file
}

// tlsService serves over TLS with a certificate. Nobody gets as far as to send it something.
func tlsService(t *testing.T, served tls.Certificate) string {
	t.Helper()
	service := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("something was sent although the certificate is refused")
	}))
	service.TLS = &tls.Config{Certificates: []tls.Certificate{served}}
	service.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError) // the refusal is expected
	service.StartTLS()
	t.Cleanup(service.Close)
	return service.URL
}

// TestCommandsWithoutNetwork: each way in which a service cannot be reached has the exit code of that, says what
// happened, and a remedy that fits.
func TestCommandsWithoutNetwork(t *testing.T) {
	t.Parallel()
	silent, err := net.Listen("tcp", "127.0.0.1:0") // accepts, but never answers
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { silent.Close() })
	plain := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(plain.Close)
	now := time.Now()
	good, _ := certificate(t, "127.0.0.1", now.Add(time.Hour))
	old, oldFile := certificate(t, "127.0.0.1", now.Add(-time.Hour))
	other, otherFile := certificate(t, "authy.example.com", now.Add(time.Hour))
	closed := "127.0.0.1:1" // where nothing listens
	tests := map[string]struct {
		flags []string
		want  []string // parts of what is said
	}{
		"closed port": {[]string{"--host", "http://" + closed},
			[]string{"get_user_status: dial tcp " + closed + ": connect: connection refused", "hint: check --host, which is http://" + closed}},
		"silence": {[]string{"--host", "http://" + silent.Addr().String(), "--timeout", "60ms"},
			[]string{"get_user_status: no complete answer within the timeout of 60ms", "--timeout gives a call more time"}},
		"silence, in milliseconds": {[]string{"--host", "http://" + silent.Addr().String(), "--timeout", "60"}, []string{"the timeout of 60ms"}},
		"certificate of nobody known": {[]string{"--host", tlsService(t, good)},
			[]string{"certificate signed by unknown authority", "hint: --ca-file names further certificates to trust"}},
		"certificate of somebody else": {[]string{"--host", tlsService(t, good), "--ca-file", otherFile},
			[]string{"certificate signed by unknown authority"}},
		"expired certificate": {[]string{"--host", tlsService(t, old), "--ca-file", oldFile},
			[]string{"certificate has expired or is not yet valid", "hint: check the clock of this machine; if it is right, the service needs a new certificate"}},
		"certificate for another name": {[]string{"--host", tlsService(t, other), "--ca-file", otherFile},
			[]string{"x509: ", "127.0.0.1", "hint: check --host, which is https://127.0.0.1:"}},
		"no TLS": {[]string{"--host", strings.Replace(plain.URL, "http:", "https:", 1)},
			[]string{"server gave HTTP response to HTTPS client", "hint: check --host, which is https://127.0.0.1:"}},
		"wrong proxy": {[]string{"--host", "https://authy.example.com", "--proxy", "http://user:proxy-secret@" + closed},
			[]string{"proxyconnect tcp: dial tcp " + closed, "hint: check the proxy: --proxy, or HTTPS_PROXY of the environment; --proxy none does without"}},
		"proxy that is none": {[]string{"--host", "https://authy.example.com", "--proxy", plain.URL},
			[]string{"get_user_status: proxyconnect tcp: the proxy refused with 404 Not Found", "hint: check the proxy: "}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := map[string]string{"AUTHY_KEY": tracedKey, "AUTHYSH_RETRIES": "0"}
			code, stdout, stderr := authysh(t, "", env, append([]string{"user", "get", "status", "1635"}, tt.flags...)...)
			if code != int(exitNetwork) || stdout != "" {
				t.Errorf("exit code %d, want %d; output %q", code, exitNetwork, stdout)
			}
			for _, want := range tt.want {
				if !strings.Contains(stderr, want) {
					t.Errorf("no %q in %s", want, stderr)
				}
			}
			if strings.Contains(stderr, "secret") || strings.Contains(stderr, tracedKey) {
				t.Errorf("a secret shows: %s", stderr)
			}
			if lines := strings.Count(stderr, "\n"); lines > 2 {
				t.Errorf("%d lines, want at most two: %s", lines, stderr)
			}
		})
	}
}
