package main

import (
	"encoding/pem"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"testing"
)

func TestProxyFunc(t *testing.T) {
	t.Parallel()
	through, err := proxyFunc("http://user:secret@proxy.example.com:3128")
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]string{
		"https://api.authy.com/x":   "proxy.example.com:3128",
		"http://10.0.0.1:80/":       "proxy.example.com:3128",
		"http://localhost:8047/":    "",
		"http://127.0.0.1:8047/":    "",
		"http://[::1]:8047/":        "",
		"http://[::ffff:7f00:1]:1/": "",
		"https://localhost.evil/":   "proxy.example.com:3128",
	}
	for target, want := range tests {
		u, err := url.Parse(target)
		if err != nil {
			t.Fatal(err)
		}
		proxy, err := through(&http.Request{URL: u})
		got := ""
		if proxy != nil {
			got = proxy.Host
		}
		if err != nil || got != want {
			t.Errorf("%s: got proxy %q, %v, want %q", target, got, err, want)
		}
	}
	if none, err := proxyFunc("none"); none != nil || err != nil {
		t.Errorf("none: got a proxy or the error %v", err)
	}
}

// TestProxyIsUsed sends a call through a proxy, which sees its destination and not its key.
func TestProxyIsUsed(t *testing.T) {
	t.Parallel()
	seen := make(chan string, 1)
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen <- r.Method + " " + r.Host + " " + r.Header.Get("X-Authy-API-Key")
		w.WriteHeader(http.StatusBadGateway)
	}))
	defer proxy.Close()
	code, _, stderr := authysh(t, "", map[string]string{"AUTHY_KEY": "some-key"},
		"--proxy", proxy.URL, "--retries", "0", "--host", "https://authy.example.com", "-e", "authy.get_application_details{}")
	if code != int(exitNetwork) {
		t.Errorf("exit code %d, want %d; standard error: %s", code, exitNetwork, stderr)
	}
	if got, want := <-seen, "CONNECT authy.example.com:443 "; got != want {
		t.Errorf("the proxy saw %q, want %q", got, want)
	}
}

// TestCAFile calls a service whose certificate only the file makes trusted.
func TestCAFile(t *testing.T) {
	t.Parallel()
	service := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Write([]byte(`{"success":true,"message":"ok","app":{"name":"Trusted","app_id":1,"plan":"x"}}`))
	}))
	service.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError) // the refusal is expected
	service.StartTLS()
	defer service.Close()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	encoded := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: service.Certificate().Raw})
	if err := os.WriteFile(ca, encoded, 0o600); err != nil {
		t.Fatal(err)
	}
	env := map[string]string{"AUTHY_KEY": "some-key", "AUTHYSH_HOST": service.URL, "AUTHYSH_RETRIES": "0"}
	script := []string{"-e", "print(authy.get_application_details{}.app.name)"}
	if code, _, _ := authysh(t, "", env, script...); code != int(exitNetwork) {
		t.Errorf("without the certificate: exit code %d, want %d", code, exitNetwork)
	}
	code, stdout, stderr := authysh(t, "", env, append([]string{"--ca-file", ca}, script...)...)
	if code != 0 || stdout != "Trusted\n" {
		t.Errorf("with the certificate: exit code %d, output %q, error %q", code, stdout, stderr)
	}
}
