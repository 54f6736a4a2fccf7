package sandbox

import (
	"embed"
	"net/http"
	"path"
	"strings"
)

// pageFiles is the virtual phone: a page that shows and does what the paths under /sandbox/api/ offer.
//
//go:embed page
var pageFiles embed.FS

// pagePolicy lets the page load its own two files and talk to its own origin, and nothing else. There are no
// images: a logo's URL is shown as text, because fetching it would tell a stranger that somebody looked.
const pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// pageTypes are the files of the page by path, with their types. They hold no secrets, so they need no token.
var pageTypes = map[string]string{
	"/sandbox/":               "text/html; charset=utf-8",
	"/sandbox/page/phone.js":  "text/javascript; charset=utf-8",
	"/sandbox/page/style.css": "text/css; charset=utf-8",
}

// servePage answers requests for the page, and reports whether this was one.
func (s *Service) servePage(w http.ResponseWriter, r *http.Request) bool {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return false
	}
	if kind := pageTypes[r.URL.Path]; kind != "" {
		if err := s.checkOrigin(&request{Request: r}); err != nil {
			answerOf(nil, err).write(w)
			return true
		}
		name := path.Base(r.URL.Path)
		if strings.HasSuffix(r.URL.Path, "/") {
			name = "index.html"
		}
		text, err := pageFiles.ReadFile("page/" + name)
		if err != nil {
			return false
		}
		h := w.Header()
		h.Set("Content-Type", kind)
		h.Set("Content-Security-Policy", pagePolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		w.Write(text)
		return true
	}
	return false
}
