package sandbox

import (
	"embed"
	"net/http"
	"path"
	"strings"
	"sync"
)

// pageFiles is the virtual phone: a page that shows and does what the paths under /sandbox/api/ offer.
//
//go:embed page
var pageFiles embed.FS

// pageHeaders are sent with every file of the page. It may load its own files and talk to its own origin, and
// nothing else; it cannot make markup of text, be framed, or be reached from a window that opened it. Nothing
// says where it came from, because its address holds the token until the page has taken that out.
//
// A logo's URL is shown as text: fetching it would tell a stranger that somebody looked.
var pageHeaders = map[string]string{
	"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
		"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
	"Cross-Origin-Opener-Policy":   "same-origin",
	"Cross-Origin-Resource-Policy": "same-origin",
	"Referrer-Policy":              "no-referrer",
	"X-Content-Type-Options":       "nosniff",
	"X-Frame-Options":              "DENY",
	"Cache-Control":                "no-store",
}

// pageKinds are the types of the page's files. They are not left to the machine, which may know others.
var pageKinds = map[string]string{
	".html": "text/html; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".svg":  "image/svg+xml",
}

// pageFile is one file of the page, ready to be served.
type pageFile struct {
	kind string
	text []byte
}

// pagePaths are the page's files by the paths at which they are served. They hold no secrets, so they need no
// token.
var pagePaths = sync.OnceValue(func() map[string]pageFile {
	files := map[string]pageFile{}
	entries, err := pageFiles.ReadDir("page")
	if err != nil {
		panic("sandbox: the page is not embedded: " + err.Error())
	}
	for _, e := range entries {
		text, err := pageFiles.ReadFile("page/" + e.Name())
		if err != nil {
			panic("sandbox: the page is not embedded: " + err.Error())
		}
		at := "/sandbox/page/" + e.Name()
		if e.Name() == "index.html" {
			at = "/sandbox/"
		}
		files[at] = pageFile{pageKinds[path.Ext(e.Name())], text}
	}
	return files
})

// servePage answers requests for the page, and reports whether this was one.
func (s *Service) servePage(w http.ResponseWriter, r *http.Request) bool {
	if !strings.HasPrefix(r.URL.Path, "/sandbox/") || r.Method != http.MethodGet && r.Method != http.MethodHead {
		return false
	}
	file, ok := pagePaths()[r.URL.Path]
	if !ok {
		return false
	}
	if err := s.checkOrigin(&request{Request: r}); err != nil {
		answerOf(nil, err).write(w)
		return true
	}
	h := w.Header()
	for name, value := range pageHeaders {
		h.Set(name, value)
	}
	h.Set("Content-Type", file.kind)
	w.Write(file.text)
	return true
}
