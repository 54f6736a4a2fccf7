package sandbox_test

import (
	"net/http"
	"os"
	"path"
	"regexp"
	"strings"
	"testing"

	"github.com/authysh/authysh/authy/sandbox"
)

const pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

// pageFiles are the paths at which the page's files are served.
func pageFiles(t *testing.T) map[string]string {
	t.Helper()
	entries, err := os.ReadDir("page")
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, e := range entries {
		at := "/sandbox/page/" + e.Name()
		if e.Name() == "index.html" {
			at = "/sandbox/"
		}
		files[at] = map[string]string{
			".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml",
		}[path.Ext(e.Name())]
	}
	return files
}

func TestPhonePage(t *testing.T) {
	t.Parallel()
	b := newBox(t, sandbox.WithAdminToken("admin"))
	files := pageFiles(t)
	files["/sandbox/?token=x"] = files["/sandbox/"]
	for at, kind := range files {
		a := b.raw("GET " + at).wants(200)
		for name, want := range map[string]string{
			"Content-Type": kind, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY",
			"Content-Security-Policy": pagePolicy, "Cache-Control": "no-store", "Cross-Origin-Opener-Policy": "same-origin",
			"Cross-Origin-Resource-Policy": "same-origin", "Set-Cookie": "", "Access-Control-Allow-Origin": "",
		} {
			if got := a.header.Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", at, name, got, want)
			}
		}
		for _, bad := range []string{"innerHTML", "outerHTML", "insertAdjacent", "document.write", "eval(", "style=\"", "javascript:", "admin\""} {
			if strings.Contains(a.body, bad) {
				t.Errorf("%s: has %s", at, bad)
			}
		}
		// The namespace of SVG is a name, not an address; the other is an example in an empty field.
		for _, url := range regexp.MustCompile(`https?://[^\s"'<>]+`).FindAllString(a.body, -1) {
			if url != "http://www.w3.org/2000/svg" && !strings.HasPrefix(url, "http://127.0.0.1:3000/") {
				t.Errorf("%s: names %s", at, url)
			}
		}
	}
	for _, inline := range []string{`<script[^>]*>[^<]`, `<style`, ` on[a-z]+=`} {
		if found := regexp.MustCompile(inline).FindString(b.raw("GET /sandbox/").body); found != "" {
			t.Errorf("inline: %s", found)
		}
	}
	for _, other := range []string{"GET /sandbox/page/other.js", "GET /sandbox/page/", "GET /sandbox/page/index.html", "GET /sandbox/page/../page.go", "POST /sandbox/"} {
		b.raw(other).wants(404)
	}
}

// A page whose name was pointed at this machine, and a page of another site, get nothing: neither the page nor
// the API behind it.
func TestForeignPages(t *testing.T) {
	t.Parallel()
	b := newBox(t, sandbox.WithAdminToken("admin"))
	lines := []string{"GET /sandbox/api/events?token=admin", "GET /sandbox/api", "GET /sandbox/api/users", "POST /sandbox/api/reset", "POST /sandbox/api/clock", "DELETE /sandbox/api/faults", "GET /sandbox/outbox"}
	for at := range pageFiles(t) {
		lines = append(lines, "GET "+at, "HEAD "+at)
	}
	for _, line := range lines {
		for _, head := range []string{
			"Host: evil.com", "Host: evil.com:4000", "Host: 127.0.0.1.evil.com", "Host: localhost.evil.com", "Host: 127.0.0.1@evil.com",
			"Host: 192.168.0.7:4000", "Host: [fe80::1]:4000", "Host: 0.0.0.0:4000",
			"Host: localhost:4000\nOrigin: http://evil.com", "Host: localhost:4000\nOrigin: null", "Host: localhost:4000\nOrigin: https://localhost:4000",
			"Host: localhost:4000\nOrigin: http://localhost:4001", "Host: localhost:4000\nOrigin: http://localhost:4000.evil.com",
			"Host: localhost:4000\nOrigin: http://127.0.0.1:4000",
		} {
			a := b.raw(line + "\n" + head + "\nX-Sandbox-Token: admin")
			if a.status != 403 {
				t.Errorf("%s, %q: %d, want 403", line, head, a.status)
			}
			if got := a.header.Get("Access-Control-Allow-Origin"); got != "" {
				t.Errorf("%s, %q: opened to %s", line, head, got)
			}
		}
	}
	for _, head := range []string{"Host: localhost:4000", "Host: LOCALHOST", "Host: [::1]:4000", "Host: 127.9.9.9:1", "Host: localhost:4000\nOrigin: http://localhost:4000"} {
		b.raw("GET /sandbox/\n" + head).wants(200)
		b.raw("POST /sandbox/api/clock\n" + head + "\nX-Sandbox-Token: admin\n\nadvance=1s").wants(200)
	}
	// A preflight is answered like any unknown path, without leave to go on.
	if a := b.raw("OPTIONS /sandbox/api/reset\nOrigin: http://evil.com\nAccess-Control-Request-Method: POST\nAccess-Control-Request-Headers: x-sandbox-token"); a.status < 400 || len(a.header["Access-Control-Allow-Origin"]) > 0 {
		t.Errorf("%d %v", a.status, a.header)
	}
}

// What changes something needs the token in a header, which no form of a foreign page can set; a cookie or a
// parameter does not do, and what is nearly the token is none.
func TestTokenOfThePage(t *testing.T) {
	t.Parallel()
	const token = "0123456789abcdef"
	b := newBox(t, sandbox.WithAdminToken(token))
	for _, head := range []string{
		"", "\nCookie: token=" + token, "\nCookie: X-Sandbox-Token=" + token, "\nX-Sandbox-Token: ", "\nX-Sandbox-Token: 0123456789abcdeF",
		"\nX-Sandbox-Token: 0123456789abcde", "\nX-Sandbox-Token: " + token + "0", "\nX-Sandbox-Token: " + token + "," + token, "\nAuthorization: " + token,
	} {
		for _, line := range []string{"POST /sandbox/api/reset", "POST /sandbox/api/reset?token=" + token, "GET /sandbox/api/users?token=" + token, "GET /sandbox/api/events"} {
			a := b.raw(line + head)
			if a.status != 401 || strings.Contains(a.body, token) {
				t.Errorf("%s%q: %d %s", line, head, a.status, a.body)
			}
		}
	}
	b.raw("POST /sandbox/api/reset\nX-Sandbox-Token: " + token).wants(200)
	a := b.raw("GET /sandbox/api/users\nX-Sandbox-Token: " + token).wants(200)
	for name, want := range map[string]string{"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Content-Type": "application/json;charset=utf-8"} {
		if got := a.header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if got := a.header[http.CanonicalHeaderKey("Set-Cookie")]; got != nil {
		t.Errorf("a cookie would reach every port of this machine: %q", got)
	}
}
