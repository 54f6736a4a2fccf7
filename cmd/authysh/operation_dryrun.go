package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/cmd/authysh/internal/present"
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

// catch gives the request that a call would send, or says what keeps it from sending any.
func catch(ctx context.Context, c *authy.Client, call *authy.BoundCall) (*catcher, error) {
	caught := new(catcher)
	_, err := call.Run(ctx, &authy.Client{
		Key: c.Key, Host: c.Host, AllowHTTP: c.AllowHTTP, Timeout: c.Timeout, Retries: authy.NoRetries,
		AccessKey: c.AccessKey, SigningKey: c.SigningKey, UserAgent: c.UserAgent, HTTPClient: &http.Client{Transport: caught},
	})
	if caught.request == nil {
		return nil, err
	}
	return caught, nil
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
func (p *performed) rehearse(ctx context.Context, call *authy.BoundCall, printer *present.Printer) error {
	c := p.client
	if c.Key == "" {
		c.Key = placeholderKey
	}
	call, params, answered, err := p.afterHooks(ctx, call)
	switch {
	case err != nil:
		return p.named(err)
	case answered != nil:
		fmt.Fprintln(p.app.err, "authysh: a plugin answers this call itself: nothing would be sent")
		return p.app.print(printer, *answered)
	case !p.op.OfAPI():
		return p.rehearsePlugin(call, params, printer)
	}
	caught, err := catch(ctx, c, call)
	if err != nil {
		return p.named(err)
	}
	if p.options.dryRun == "curl" {
		_, err = fmt.Fprintln(p.app.out, curlLine(c, caught.request, caught.body))
		return err
	}
	return p.app.print(printer, requestResult(caught.request, caught.body, secretsOf(c, hidden)))
}

// requestResult shows a request, without what masked replaces.
func requestResult(r *http.Request, body []byte, masked *strings.Replacer) present.Result {
	shown := caughtRequest{Method: r.Method, URL: masked.Replace(r.URL.String()), Headers: map[string]string{}}
	text := masked.Replace(string(body))
	switch {
	case json.Valid([]byte(text)):
		shown.Body = json.RawMessage(text)
	case text != "":
		shown.Body = text
	}
	names := headerNames(r)
	for _, name := range names {
		shown.Headers[name] = masked.Replace(headerValue(r.Header, name))
	}
	return present.Result{Value: shown, Pretty: func(w io.Writer) {
		fmt.Fprintf(w, "%s %s\n", shown.Method, shown.URL)
		for _, name := range names {
			fmt.Fprintf(w, "%s: %s\n", name, shown.Headers[name])
		}
		if text != "" {
			fmt.Fprintf(w, "\n%s\n", text)
		}
	}, Head: []string{"method", "url", "body"}, Rows: [][]string{{shown.Method, shown.URL, text}}}
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

// secretsOf replaces the client's keys, also in the forms in which URLs, forms, JSON and errors hold them.
func secretsOf(c *authy.Client, by string) *strings.Replacer {
	return replacerOf(map[string]string{c.Key: by, c.AccessKey: by, c.SigningKey: by})
}

// replacerOf replaces each secret, in all its forms, by what stands in its place.
func replacerOf(secrets map[string]string) *strings.Replacer {
	replacements := map[string]string{}
	for secret, by := range secrets {
		encoded, _ := json.Marshal(secret) // of a string: cannot fail
		quoted := strconv.Quote(secret)
		for _, form := range []string{
			secret, url.QueryEscape(secret), url.PathEscape(secret), string(encoded[1 : len(encoded)-1]), quoted[1 : len(quoted)-1],
		} {
			replacements[form] = by
		}
	}
	delete(replacements, "")
	// The replacer takes the first match, which must not be a part of a longer secret.
	forms := slices.SortedFunc(maps.Keys(replacements), func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) })
	var pairs []string
	for _, form := range forms {
		pairs = append(pairs, form, replacements[form])
	}
	return strings.NewReplacer(pairs...)
}

// curlLine is the request as a command for the shell, which takes the keys from the environment. A key that an escape
// changes where it stands cannot come from there, and is left for the user to fill in.
func curlLine(c *authy.Client, r *http.Request, body []byte) string {
	variable := func(key, name string, escapes ...func(string) string) string {
		for _, escape := range escapes {
			if escape(key) != key {
				return hidden
			}
		}
		return marked(name)
	}
	quoter := func(escapes ...func(string) string) func(string) string {
		keys := replacerOf(map[string]string{
			c.AccessKey: variable(c.AccessKey, "AUTHYSH_ACCESS_KEY", escapes...), c.SigningKey: hidden,
			c.Key: variable(c.Key, "AUTHY_KEY", escapes...),
		})
		return func(text string) string { return shellQuote(keys.Replace(text)) }
	}
	quoted, escaped := quoter(), quoter(url.QueryEscape, url.PathEscape)
	var b bytes.Buffer
	b.WriteString("curl")
	if r.Method != http.MethodGet || len(body) > 0 {
		b.WriteString(" -X " + r.Method)
	}
	b.WriteString(" " + escaped(r.URL.String()))
	for _, name := range headerNames(r) {
		b.WriteString(" -H " + quoted(name+": "+headerValue(r.Header, name)))
	}
	if len(body) > 0 {
		b.WriteString(" --data-raw " + escaped(string(body)))
	}
	return b.String()
}

// mark stands on both sides of a variable's name until the text around it is quoted. No request holds it.
const mark = "\x00"

func marked(variable string) string { return mark + variable + mark }

// shellQuote quotes text for a POSIX shell. Marked names are variables, for which the quotes end and open again.
func shellQuote(text string) string {
	parts := strings.Split("'"+strings.ReplaceAll(text, "'", `'\''`)+"'", mark)
	for i := 1; i < len(parts); i += 2 {
		parts[i] = `'"$` + parts[i] + `"'`
	}
	return strings.TrimSuffix(strings.Join(parts, ""), "''")
}
