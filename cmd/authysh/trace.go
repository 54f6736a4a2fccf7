package main

import (
	"bytes"
	"cmp"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/tidwall/gjson"

	"github.com/authysh/authysh/authy"
)

// maxTraced is how much of a body a trace shows, in bytes.
const maxTraced = 8 << 10

// tracer shows requests, answers and timings on standard error, each line behind > or <. The client's keys never show;
// personal data and codes only if unmasked.
type tracer struct {
	next    http.RoundTripper
	w       io.Writer
	secrets *strings.Replacer
	privacy authy.Privacy
	prefix  string // of the host's own path
	unmask  bool
}

// trace makes the client of a call show what it sends and gets.
func (a *app) trace(p *performed) {
	t := &tracer{next: authy.NewTransport(), w: a.err, secrets: secretsOf(p.client, hidden), privacy: p.op.Privacy(), unmask: p.options.unmask}
	if base, err := url.Parse(p.client.Host); err == nil {
		t.prefix = strings.TrimSuffix(base.Path, "/")
	}
	copied := http.Client{}
	if p.client.HTTPClient != nil {
		copied = *p.client.HTTPClient
		t.next = cmp.Or(copied.Transport, t.next)
	}
	copied.Transport = t
	p.client.HTTPClient = &copied
}

// RoundTrip sends the request and writes both sides of the exchange.
func (t *tracer) RoundTrip(r *http.Request) (*http.Response, error) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "> %s %s\n", r.Method, t.url(r.URL))
	for _, name := range headerNames(r) {
		value := headerValue(r.Header, name)
		if strings.HasPrefix(name, "X-Authy-") {
			value = hidden
		}
		fmt.Fprintf(&b, "> %s: %s\n", name, value)
	}
	if r.Body != nil {
		body, err := io.ReadAll(r.Body)
		r.Body.Close()
		if err != nil {
			return nil, err
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		t.body(&b, "> ", r.Header.Get("Content-Type"), body, t.privacy.Request)
	}
	t.write(b.String())

	var times timings
	times.start = time.Now()
	response, err := t.next.RoundTrip(r.WithContext(httptrace.WithClientTrace(r.Context(), times.hooks())))
	if err != nil {
		t.write(fmt.Sprintf("< no answer after %s%s: %v\n", rounded(time.Since(times.start)), times.parts(), err))
		return nil, err
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, authy.DefaultMaxResponse+1))
	b.Reset()
	fmt.Fprintf(&b, "< %d %s in %s%s\n", response.StatusCode, http.StatusText(response.StatusCode), rounded(time.Since(times.start)), times.parts())
	for _, name := range []string{"Content-Type", "Date", "Retry-After", "Location"} {
		if value := response.Header.Get(name); value != "" {
			fmt.Fprintf(&b, "< %s: %s\n", name, value)
		}
	}
	t.body(&b, "< ", response.Header.Get("Content-Type"), body, t.privacy.Answer)
	if err != nil {
		fmt.Fprintf(&b, "< the answer broke off: %v\n", err)
	}
	t.write(b.String())
	response.Body = &replayed{io.MultiReader(bytes.NewReader(body), failing{err}, response.Body), response.Body}
	return response, nil
}

// replayed is a body that was read, and closes the connection's.
type replayed struct {
	io.Reader
	io.Closer
}

// failing is a reader that fails; with a nil error it is empty.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, cmp.Or(f.err, io.EOF) }

func (t *tracer) write(text string) { io.WriteString(t.w, withoutControls(t.secrets.Replace(text))) }

// url is the address without private segments and values.
func (t *tracer) url(u *url.URL) string {
	shown := *u
	if !t.unmask {
		own, path := t.prefix, strings.TrimPrefix(u.EscapedPath(), t.prefix)
		segments := strings.Split(path, "/")
		for i := range segments {
			if t.privacy.Segments[i-1] { // the path begins with a slash
				segments[i] = hidden
			}
		}
		shown.RawQuery = t.form(u.RawQuery, t.privacy.Request)
		text := own + strings.Join(segments, "/")
		if shown.RawQuery != "" {
			text += "?" + shown.RawQuery
		}
		return shown.Scheme + "://" + shown.Host + text
	}
	return shown.String()
}

// body shows one body, line by line.
func (t *tracer) body(b *bytes.Buffer, mark, contentType string, body []byte, private map[string]bool) {
	if len(body) == 0 {
		return
	}
	size := len(body)
	body = []byte(t.secrets.Replace(string(body))) // before other masks tear a key, whose rest would show
	var text string
	switch {
	case gjson.ValidBytes(body):
		text = t.json(gjson.ParseBytes(body), private)
	case strings.Contains(contentType, "form-urlencoded"):
		text = t.form(string(body), private)
	case t.unmask:
		text = string(body)
	default:
		text = fmt.Sprintf("(%d bytes of %s; --unmask shows them)", size, cmp.Or(contentType, "an unknown type"))
	}
	if len(text) > maxTraced {
		text = strings.ToValidUTF8(text[:maxTraced], "") + fmt.Sprintf("... (%d bytes)", size)
	}
	for line := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		b.WriteString(mark + line + "\n")
	}
}

// json is a JSON value without what is private, in the order in which it came.
func (t *tracer) json(value gjson.Result, private map[string]bool) string {
	if t.unmask {
		return value.Raw
	}
	var b strings.Builder
	maskJSON(&b, value, private)
	return b.String()
}

func maskJSON(b *strings.Builder, value gjson.Result, private map[string]bool) {
	if !value.IsObject() && !value.IsArray() {
		b.WriteString(value.Raw)
		return
	}
	open, end := "[", "]"
	if value.IsObject() {
		open, end = "{", "}"
	}
	first := true
	b.WriteString(open)
	value.ForEach(func(key, inner gjson.Result) bool {
		if !first {
			b.WriteByte(',')
		}
		first = false
		if value.IsObject() {
			b.WriteString(key.Raw + ":")
		}
		switch {
		case private[key.String()] && inner.Type != gjson.Null:
			b.WriteString(`"` + hidden + `"`)
		case inner.Type == gjson.String && (key.String() == "message" || strings.Contains(inner.Raw, " ")):
			b.WriteString(maskSentence(inner.Raw))
		default:
			maskJSON(b, inner, private)
		}
		return true
	})
	b.WriteString(end)
}

// maskSentence hides what looks like a phone number or an e-mail address in words of the service.
func maskSentence(sentence string) string {
	words := strings.SplitAfter(maskNumbers(sentence), " ")
	for i, word := range words {
		if !strings.Contains(word, "@") {
			continue
		}
		address := strings.Trim(word, ` .,:;()"'<>`)
		words[i] = strings.Replace(word, address, hidden, 1)
	}
	return strings.Join(words, "")
}

// maskNumbers hides six digits or more, however grouped.
func maskNumbers(sentence string) string {
	const least = 6
	var b strings.Builder
	for rest := sentence; rest != ""; {
		start := strings.IndexAny(rest, "+(0123456789")
		if start < 0 {
			b.WriteString(rest)
			break
		}
		end, digits := start, 0
		for i := start; i < len(rest) && strings.IndexByte("+()-./ 0123456789", rest[i]) >= 0; i++ {
			if '0' <= rest[i] && rest[i] <= '9' {
				end, digits = i+1, digits+1
			}
		}
		end = max(end, start+1)
		b.WriteString(rest[:start])
		if digits >= least {
			b.WriteString(hidden)
		} else {
			b.WriteString(rest[start:end])
		}
		rest = rest[end:]
	}
	return b.String()
}

// form is a query or a form without the values that are private.
func (t *tracer) form(text string, private map[string]bool) string {
	if t.unmask || text == "" {
		return text
	}
	pairs := strings.Split(text, "&")
	for i, pair := range pairs {
		name, _, _ := strings.Cut(pair, "=")
		if plain, err := url.QueryUnescape(name); err == nil && private[strings.TrimSuffix(plain, "[]")] {
			pairs[i] = name + "=" + hidden
		}
	}
	return strings.Join(pairs, "&")
}

// timings are the moments of one exchange.
type timings struct {
	mu                                   sync.Mutex
	start, lookup, dial, handshake, sent time.Time
	lookedUp, dialed, shookHands, wait   time.Duration
	reused                               bool
}

func (m *timings) hooks() *httptrace.ClientTrace {
	at := func(moment *time.Time) {
		m.mu.Lock()
		defer m.mu.Unlock()
		*moment = time.Now()
	}
	since := func(took *time.Duration, moment *time.Time) {
		m.mu.Lock()
		defer m.mu.Unlock()
		*took = time.Since(*moment)
	}
	return &httptrace.ClientTrace{
		GotConn: func(info httptrace.GotConnInfo) {
			m.mu.Lock()
			defer m.mu.Unlock()
			m.reused = info.Reused
		},
		DNSStart:             func(httptrace.DNSStartInfo) { at(&m.lookup) },
		DNSDone:              func(httptrace.DNSDoneInfo) { since(&m.lookedUp, &m.lookup) },
		ConnectStart:         func(string, string) { at(&m.dial) },
		ConnectDone:          func(string, string, error) { since(&m.dialed, &m.dial) },
		TLSHandshakeStart:    func() { at(&m.handshake) },
		TLSHandshakeDone:     func(tls.ConnectionState, error) { since(&m.shookHands, &m.handshake) },
		WroteRequest:         func(httptrace.WroteRequestInfo) { at(&m.sent) },
		GotFirstResponseByte: func() { since(&m.wait, &m.sent) },
	}
}

// parts says where the time went: " (dns 2ms, connect 11ms, tls 30ms, answer 80ms)".
func (m *timings) parts() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var parts []string
	if m.reused {
		parts = append(parts, "connection reused")
	}
	for _, part := range []struct {
		name string
		took time.Duration
	}{{"dns", m.lookedUp}, {"connect", m.dialed}, {"tls", m.shookHands}, {"answer", m.wait}} {
		if part.took > 0 {
			parts = append(parts, part.name+" "+rounded(part.took))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return " (" + strings.Join(parts, ", ") + ")"
}

func rounded(d time.Duration) string {
	if d < 10*time.Millisecond {
		return d.Round(10 * time.Microsecond).String()
	}
	return d.Round(time.Millisecond).String()
}
