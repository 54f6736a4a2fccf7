package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
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

// examined is what authysh doctor finds, by check.
func examined(t *testing.T, env map[string]string, args ...string) (code int, findings map[string]finding) {
	t.Helper()
	code, stdout, stderr := authysh(t, "", env, append([]string{"doctor", "--output", "json", "--retries", "0"}, args...)...)
	if stderr != "" {
		t.Errorf("standard error: %s", stderr)
	}
	if strings.Contains(stdout, doctorKey) {
		t.Errorf("the key is shown: %s", stdout)
	}
	var list []finding
	if err := json.Unmarshal([]byte(stdout), &list); err != nil {
		t.Fatalf("%v in %q", err, stdout)
	}
	findings = map[string]finding{}
	for i, f := range list {
		if f.Check != doctorChecks[i] {
			t.Errorf("check %d is %s, want %s", i, f.Check, doctorChecks[i])
		}
		findings[f.Check] = f
	}
	return code, findings
}

const doctorKey = "a-key-that-nobody-may-see"

// answering does as the API does, but for the Date.
func answering(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	if r.Method == http.MethodHead && r.Header.Get("X-Authy-API-Key") != "" {
		panic("the key was sent where it is of no use")
	}
	w.Write([]byte(`{"success":true,"message":"ok","app":{"name":"Patient","app_id":1,"plan":"x"}}`))
}

// authority makes a certificate for a server, and the file that makes it trusted.
func authority(t *testing.T, change func(*x509.Certificate)) (tls.Certificate, string) {
	t.Helper()
	root := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Test Authority"}, IsCA: true,
		BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
		NotBefore: time.Now().Add(-9000 * time.Hour), NotAfter: time.Now().Add(9000 * time.Hour),
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "service"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		DNSNames: []string{"authy.example.com"}, NotBefore: time.Now().Add(-800 * time.Hour), NotAfter: time.Now().Add(8000 * time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	change(leaf)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	rootDER, err := x509.CreateCertificate(rand.Reader, root, root, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	leafDER, err := x509.CreateCertificate(rand.Reader, leaf, root, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: rootDER}), 0o600); err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{leafDER}, PrivateKey: key}, file
}

func TestDoctorTLS(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change         func(*x509.Certificate)
		trusted        bool
		status         status
		detail, remedy string
	}{
		"good":    {func(*x509.Certificate) {}, true, statusOK, "TLS 1.3, certificate valid until ", ""},
		"unknown": {func(*x509.Certificate) {}, false, statusFail, `unknown authority: "CN=Test Authority"`, "--ca-file"},
		"expired": {func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-48 * time.Hour) }, true, statusFail,
			"the certificate has expired on ", "clock"},
		"early": {func(c *x509.Certificate) { c.NotBefore = time.Now().Add(48 * time.Hour) }, true, statusFail,
			"the certificate is not valid before ", "clock"},
		"ending": {func(c *x509.Certificate) { c.NotAfter = time.Now().Add(48 * time.Hour) }, true, statusWarn,
			"the certificate ends ", "another"},
		"other name": {func(c *x509.Certificate) { c.IPAddresses = nil }, true, statusFail,
			"the certificate is not for 127.0.0.1, but for authy.example.com", "check AUTHYSH_HOST"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			certificate, ca := authority(t, tt.change)
			service := httptest.NewUnstartedServer(http.HandlerFunc(answering))
			service.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
			service.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}}
			service.StartTLS()
			defer service.Close()
			env := map[string]string{"AUTHY_KEY": doctorKey, "AUTHYSH_HOST": service.URL}
			var args []string
			if tt.trusted {
				args = []string{"--ca-file", ca}
			}
			code, found := examined(t, env, args...)
			got := found[checkTLS]
			if got.Status != tt.status || !strings.Contains(got.Detail, tt.detail) || !strings.Contains(got.Remedy, tt.remedy) {
				t.Errorf("got %+v, want %s, %q, %q", got, tt.status, tt.detail, tt.remedy)
			}
			want, access, clock := 0, statusOK, statusOK
			if tt.status == statusFail {
				want, access, clock = int(exitNetwork), statusSkip, statusSkip
			}
			if code != want || found[checkAccess].Status != access || found[checkClock].Status != clock {
				t.Errorf("exit code %d, want %d; access %+v, clock %+v", code, want, found[checkAccess], found[checkClock])
			}
		})
	}
}

func TestDoctorService(t *testing.T) {
	t.Parallel()
	at := func(skew time.Duration) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Date", time.Now().Add(skew).UTC().Format(http.TimeFormat))
			answering(w, r)
		}
	}
	refusing := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			w.Write([]byte(body))
		}
	}
	tests := map[string]struct {
		handler        http.HandlerFunc
		check          string
		status         status
		detail, remedy string
		code           exitCode
	}{
		"accepted":   {answering, checkAccess, statusOK, `application "Patient"`, "", exitDone},
		"same clock": {answering, checkClock, statusOK, "agrees", "", exitDone},
		"behind":     {at(45 * time.Second), checkClock, statusWarn, "behind the server's", "NTP", exitDone},
		"ahead":      {at(-time.Hour), checkClock, statusFail, "ahead of the server's", "NTP", exitNetwork},
		"no date":    {func(w http.ResponseWriter, r *http.Request) { w.Header()["Date"] = nil; answering(w, r) }, checkClock, statusWarn, "does not tell the time", "", exitDone},
		"refused key": {refusing(401, `{"success":false,"message":"Invalid API key","error_code":"60001"}`), checkAccess, statusFail,
			"60001", "check the key", exitUnauthorized},
		"suspended": {refusing(403, `{"success":false,"message":"Account is suspended","error_code":"60002"}`), checkAccess, statusFail,
			"suspended", "--host", exitRefused},
		"no API": {refusing(200, `hello`), checkAccess, statusFail, "", "", exitNetwork},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			service := httptest.NewServer(tt.handler)
			defer service.Close()
			code, found := examined(t, map[string]string{"AUTHY_KEY": doctorKey}, "--host", service.URL)
			got := found[tt.check]
			if got.Status != tt.status || !strings.Contains(got.Detail, tt.detail) || !strings.Contains(got.Remedy, tt.remedy) || code != int(tt.code) {
				t.Errorf("got %+v and exit code %d, want %s, %q, %q and %d", got, code, tt.status, tt.detail, tt.remedy, tt.code)
			}
		})
	}
}

// silent is an address where connections are taken and nobody speaks.
func silent(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	return listener.Addr().String()
}

// closed is an address where nothing listens.
func closed(t *testing.T) string {
	t.Helper()
	service := httptest.NewServer(nil)
	service.Close()
	return service.Listener.Addr().String()
}

func TestDoctorWay(t *testing.T) {
	t.Parallel()
	refusing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Authy-API-Key") != "" {
			t.Error("the proxy sees the key")
		}
		w.WriteHeader(http.StatusProxyAuthRequired)
	}))
	t.Cleanup(refusing.Close)
	tests := map[string]struct {
		args                  []string
		check, detail, remedy string
		proxied               bool
	}{
		"nothing listens": {[]string{"--host", "http://" + closed(t)}, checkConnect, "refused", "start the service", false},
		"nothing speaks":  {[]string{"--host", "http://" + silent(t), "--timeout", "50ms"}, checkTLS, "no answer in time", "--timeout", false},
		"no TLS":          {[]string{"--host", "https://" + refusing.Listener.Addr().String()}, checkTLS, "does not speak TLS", "plain http", false},
		"no proxy": {[]string{"--host", "https://authy.example.com", "--proxy", "http://me:secret@" + closed(t)}, checkProxy,
			"from --proxy: ", "--proxy none", false},
		"proxy refuses": {[]string{"--host", "https://authy.example.com", "--proxy", refusing.URL}, checkTLS,
			"the proxy does not connect to authy.example.com: it answers 407", "ask who runs the proxy", true},
		"plain proxy refuses": {[]string{"--host", "http://authy.example.com", "--allow-http", "--proxy", refusing.URL}, checkProxy,
			"it answers 407", "user and password", true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, found := examined(t, map[string]string{"AUTHY_KEY": doctorKey}, tt.args...)
			got := found[tt.check]
			if got.Status != statusFail || !strings.Contains(got.Detail, tt.detail) || !strings.Contains(got.Remedy, tt.remedy) || code != int(exitNetwork) {
				t.Errorf("got %+v and exit code %d, want a failure, %q, %q and %d", got, code, tt.detail, tt.remedy, exitNetwork)
			}
			if strings.Contains(got.Detail, "secret") {
				t.Errorf("the proxy's password is shown: %s", got.Detail)
			}
			if access := found[checkAccess]; access.Status != statusSkip {
				t.Errorf("access: %+v, want it skipped", access)
			}
			if tt.proxied && found[checkHost].Status != statusSkip {
				t.Errorf("host: %+v, want it left to the proxy", found[checkHost])
			}
		})
	}
}
