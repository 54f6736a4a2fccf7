package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/authysh/authysh/authy"
)

// placeholderKey stands in for a key that nobody set: nothing is sent, so none is needed.
const placeholderKey = "key-that-is-not-set"

// hidden is what stands in place of a secret.
const hidden = "********"

// errRehearsal ends a call whose request was caught.
var errRehearsal = errors.New("nothing is sent in a dry run")

// catcher is a network that keeps a request instead of sending it.
type catcher struct {
	request *http.Request
	body    []byte
}

func (c *catcher) RoundTrip(r *http.Request) (*http.Response, error) {
	c.request = r
	if r.Body != nil {
		c.body, _ = io.ReadAll(r.Body) // our own bytes
		r.Body.Close()
	}
	return nil, errRehearsal
}

// caughtRequest is a request that was not sent, without the key.
type caughtRequest struct {
	Method  string            `json:"method" yaml:"method"`
	URL     string            `json:"url" yaml:"url"`
	Headers map[string]string `json:"headers" yaml:"headers"`
	// Body is a JSON value where the body is JSON, else text.
	Body any `json:"body,omitempty" yaml:"body,omitempty"`
}

// rehearse shows the request that the call would send.
func (p *performed) rehearse(ctx context.Context, call *authy.BoundCall) error {
	var caught catcher
	c := p.client
	if c.Key == "" {
		c.Key = placeholderKey
	}
	c.Retries, c.RateLimit, c.HTTPClient = authy.NoRetries, 0, &http.Client{Transport: &caught}
	_, err := call.Run(ctx, c)
	if caught.request == nil {
		return p.named(err)
	}
	if p.options.dryRun == "curl" {
		_, err = fmt.Fprintln(p.app.out, curlLine(c, caught.request, caught.body))
		return err
	}
	masked := secretsOf(c, hidden)
	shown := caughtRequest{
		Method: caught.request.Method, URL: masked.Replace(caught.request.URL.String()),
		Headers: map[string]string{},
	}
	body := masked.Replace(string(caught.body))
	switch {
	case json.Valid([]byte(body)):
		shown.Body = json.RawMessage(body)
	case body != "":
		shown.Body = body
	}
	names := headerNames(caught.request)
	for _, name := range names {
		shown.Headers[name] = masked.Replace(headerValue(caught.request.Header, name))
	}
	return p.app.show(p.settings, shown, func(w io.Writer) {
		fmt.Fprintf(w, "%s %s\n", shown.Method, shown.URL)
		for _, name := range names {
			fmt.Fprintf(w, "%s: %s\n", name, shown.Headers[name])
		}
		if body != "" {
			fmt.Fprintf(w, "\n%s\n", body)
		}
	}, []string{"method", "url", "body"}, [][]string{{shown.Method, shown.URL, body}})
}

// keyHeader is the name of the header that holds the key, in the spelling of the vendor's documents.
const keyHeader = "X-Authy-API-Key"

// headerNames are the headers of a request in a fixed order, as people write them.
func headerNames(r *http.Request) []string {
	var names []string
	for name := range r.Header {
		if name == http.CanonicalHeaderKey(keyHeader) {
			name = keyHeader
		}
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func headerValue(h http.Header, name string) string {
	return strings.Join(h[http.CanonicalHeaderKey(name)], ", ")
}

// secretsOf replaces the client's keys, also in the forms in which URLs and forms hold them.
func secretsOf(c *authy.Client, by string) *strings.Replacer {
	var pairs []string
	for _, secret := range []string{c.Key, c.AccessKey, c.SigningKey} {
		if secret == "" {
			continue
		}
		for _, form := range []string{secret, url.QueryEscape(secret), url.PathEscape(secret)} {
			pairs = append(pairs, form, by)
		}
	}
	return strings.NewReplacer(pairs...)
}

// curlLine is the request as a command for the shell, which takes the key from the environment.
func curlLine(c *authy.Client, r *http.Request, body []byte) string {
	key := secretsOf(&authy.Client{Key: c.Key}, `'"$AUTHY_KEY"'`)
	others := secretsOf(&authy.Client{AccessKey: c.AccessKey, SigningKey: c.SigningKey}, hidden)
	quoted := func(text string) string { return shellQuote(others.Replace(text), key) }
	var b bytes.Buffer
	b.WriteString("curl")
	if r.Method != http.MethodGet || len(body) > 0 {
		b.WriteString(" -X " + r.Method)
	}
	b.WriteString(" " + quoted(r.URL.String()))
	for _, name := range headerNames(r) {
		b.WriteString(" -H " + quoted(name+": "+headerValue(r.Header, name)))
	}
	if len(body) > 0 {
		b.WriteString(" --data-raw " + quoted(string(body)))
	}
	return b.String()
}

// shellQuote quotes text for a POSIX shell. What inside replaces may end the quotes and open them again.
func shellQuote(text string, inside *strings.Replacer) string {
	text = "'" + inside.Replace(strings.ReplaceAll(text, "'", `'\''`)) + "'"
	return strings.TrimSuffix(text, "''")
}
