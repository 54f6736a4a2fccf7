package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/authysh/authysh/authy"
)

// callbackVector is a signed callback of the client's tests: real ones that Authy sent, and corner cases.
type callbackVector struct {
	Name, Key, Method, URL, Nonce, Signature, Body, Query string
}

func callbackVectors(t *testing.T) []callbackVector {
	t.Helper()
	var all []callbackVector
	for _, file := range []string{"real.json", "synthetic.json"} {
		text, err := os.ReadFile("../../authy/testdata/callbacks/" + file)
		if err != nil {
			t.Fatal(err)
		}
		var vectors []callbackVector
		if err := json.Unmarshal(text, &vectors); err != nil {
			t.Fatal(err)
		}
		all = append(all, vectors...)
	}
	return all
}

// genuine is what the command says of a callback whose signature is right. Corner cases are not real callbacks.
func genuine(code int, said string) bool {
	return code == 0 && said == "" || code == 3 && strings.Contains(said, "its signature is right, but callback_action must be")
}

// TestVerifyVectors verifies callbacks that were signed elsewhere, in parts and as whole requests.
func TestVerifyVectors(t *testing.T) {
	t.Parallel()
	for _, v := range callbackVectors(t) {
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			env := map[string]string{"AUTHY_KEY": v.Key}
			target := v.URL
			if v.Query != "" {
				target += "?" + v.Query
			}
			verify := []string{"callback", "verify", "--method", v.Method, "--url", target}
			signature := []string{"-H", "x-authy-signature: " + v.Signature, "--header", "X-AUTHY-SIGNATURE-NONCE:" + v.Nonce}
			code, out, said := authysh(t, v.Body, env, append(verify, signature...)...)
			if !genuine(code, said) {
				t.Errorf("in parts: exit code %d, said %q", code, said)
			}
			if code == 0 && !gjson.Get(out, "uuid").Exists() {
				t.Errorf("printed %q", out)
			}
			_, rest, _ := strings.Cut(target, "://")
			host, path, _ := strings.Cut(rest, "/")
			kept := fmt.Sprintf("%s /%s HTTP/1.1\nHost: %s\nX-Authy-Signature: %s\nX-Authy-Signature-Nonce: %s\n\n%s\n", v.Method, path, host, v.Signature, v.Nonce, v.Body)
			if code, _, said := authysh(t, kept, env, "callback", "verify", "--request", "-"); !genuine(code, said) {
				t.Errorf("as a whole: exit code %d, said %q", code, said)
			}
			code, out, said = authysh(t, v.Body, env, append(verify, "-H", "x-authy-signature: "+v.Signature, "-H", "x-authy-signature-nonce: 1"+v.Nonce)...)
			if code != 3 || out != "" || !strings.Contains(said, "callback signature is wrong: it does not match") {
				t.Errorf("with another nonce: exit code %d, printed %q, said %q", code, out, said)
			}
		})
	}
}

// TestVerifyTellsTheURL changes what proxies change, and wants to be told what it was.
func TestVerifyTellsTheURL(t *testing.T) {
	t.Parallel()
	const key = "the-key-of-this-test"
	env := map[string]string{"AUTHY_KEY": key}
	for name, tc := range map[string]struct{ signed, seen, headers string }{
		"scheme":             {"https://example.com/authy", "http://example.com/authy", ""},
		"other scheme":       {"http://example.com/authy", "https://example.com/authy", ""},
		"slash":              {"https://example.com/authy/", "https://example.com/authy", ""},
		"no slash":           {"https://example.com/authy", "https://example.com/authy/", ""},
		"port":               {"https://example.com:443/authy", "https://example.com/authy", ""},
		"no port":            {"https://example.com/authy", "http://example.com:8080/authy", ""},
		"host":               {"https://example.com/authy", "http://10.0.0.7:8080/authy", "Host: example.com"},
		"forwarded host":     {"https://example.com/authy", "http://10.0.0.7:8080/authy", "X-Forwarded-Host: example.com, inner.example.com"},
		"forwarded and path": {"https://example.com/app/authy", "http://example.com/authy", "X-Forwarded-Prefix: /app/"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, method := range callbackMethods {
				signed, err := authy.SignCallback(key, authy.CallbackRequest{Method: method, URL: tc.signed, Decoded: map[string]any{"a": "b"}})
				if err != nil {
					t.Fatal(err)
				}
				_, query, _ := strings.Cut(signed.URL, "?")
				args := []string{"callback", "verify", "--method", method, "--url", strings.TrimRight(tc.seen+"?"+query, "?")}
				for name := range signed.Header {
					args = append(args, "-H", name+": "+signed.Header.Get(name))
				}
				if tc.headers != "" {
					args = append(args, "-H", tc.headers)
				}
				code, _, said := authysh(t, string(signed.Body), env, args...)
				if want := "hint: the signature is right for " + tc.signed + ": use that URL"; code != 3 || !strings.Contains(said, want) {
					t.Errorf("%s: exit code %d, said %q, want %q", method, code, said, want)
				}
			}
		})
	}
}

// TestSignedCallbackIsSent gives the whole request to net/http, and what it reads to the client's verifier.
func TestSignedCallbackIsSent(t *testing.T) {
	t.Parallel()
	const key = "the-key-of-this-test"
	for _, method := range callbackMethods {
		code, out, said := authysh(t, "", map[string]string{"AUTHY_KEY": key},
			"callback", "sign", "--url", "https://example.com:8443/authy", "-X", method, "--status", "denied", "--authy-id", "99", "--uuid", "u-1", "--message", "Café?", "--output", "raw")
		if code != 0 {
			t.Fatalf("%s: exit code %d, said %q", method, code, said)
		}
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(out)))
		if err != nil {
			t.Fatalf("%s: %v in\n%s", method, err, out)
		}
		callback, err := authy.CallbackVerifier{Key: key}.VerifyHTTP(r, "https://example.com:8443")
		if err != nil {
			t.Fatalf("%s: %v", method, err)
		}
		if callback.Status != "denied" || callback.AuthyID != "99" || callback.UUID != "u-1" || callback.ApprovalRequest.Transaction.Message != "Café?" {
			t.Errorf("%s: got %+v", method, callback)
		}
	}
}

// TestCallbackKeyIsKept looks for the key in all that the commands can say.
func TestCallbackKeyIsKept(t *testing.T) {
	t.Parallel()
	const key = "the-key-of-this-test"
	file := filepath.Join(t.TempDir(), "request")
	_, out, _ := authysh(t, "", map[string]string{"AUTHY_KEY": key}, "callback", "sign", "--url", "https://example.com/", "--output", "raw")
	if err := os.WriteFile(file, []byte(out), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"verify", "--request", file}, {"verify", "--request", file, "--explain"}, {"verify", "--request", file, "--url", "https://other.example.com"},
		{"verify", "--request", file, "--explain", "--output", "pretty"}, {"sign", "--curl", "http://localhost/"},
	} {
		_, out, said := authysh(t, "", map[string]string{"AUTHY_KEY": key}, append([]string{"callback"}, args...)...)
		if strings.Contains(out+said, key) {
			t.Errorf("%q shows the key: %s%s", args, out, said)
		}
	}
}
