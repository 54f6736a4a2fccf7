package sandbox_test

import (
	"strings"
	"testing"

	"github.com/authysh/authysh/authy/sandbox"
)

func TestPhonePage(t *testing.T) {
	t.Parallel()
	b := newBox(t, sandbox.WithAdminToken("admin"))
	for path, kind := range map[string]string{
		"/sandbox/": "text/html", "/sandbox/?token=x": "text/html",
		"/sandbox/page/phone.js": "text/javascript", "/sandbox/page/style.css": "text/css",
	} {
		a := b.raw("GET " + path).wants(200)
		for name, want := range map[string]string{
			"Content-Type": kind, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
			"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; ",
		} {
			if got := a.header.Get(name); !strings.HasPrefix(got, want) {
				t.Errorf("%s: %s is %q", path, name, got)
			}
		}
		if !strings.Contains(a.header.Get("Content-Security-Policy"), "frame-ancestors 'none'") {
			t.Errorf("%s can be framed", path)
		}
		if strings.Contains(a.body, "innerHTML") || strings.Contains(a.body, "//cdn") || strings.Contains(a.body, "admin\"") {
			t.Errorf("%s: writes markup, loads from elsewhere or holds the token", path)
		}
		b.raw("GET " + path + "\nHost: evil.com").wants(403)
		b.raw("GET " + path + "\nOrigin: http://evil.com").wants(403)
	}
	b.raw("GET /sandbox/page/other.js").wants(404)
	b.raw("POST /sandbox/").wants(404)
}
