package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/authysh/authysh/authy"
)

// callbackCommand is authysh callback, for debugging a receiver by hand.
func (a *app) callbackCommand() *cobra.Command {
	parent := parentCommand("callback", "check or make a signed callback, to debug what receives them")
	parent.AddCommand(a.callbackVerifyCommand(), a.callbackSignCommand())
	return parent
}

// callbackFlags describe a callback on the command line.
type callbackFlags struct {
	url, method, body string
	headers           []string
}

func (c *callbackFlags) addTo(flags *pflag.FlagSet) {
	flags.SortFlags = false
	flags.StringVar(&c.url, "url", "", "public `URL` that Authy was given; of a GET callback with its query")
	flags.StringVar(&c.method, "method", http.MethodPost, "POST or GET")
	flags.StringVar(&c.body, "body-file", "", "`file` with the body as it came; - is standard input")
	flags.StringArrayVarP(&c.headers, "header", "H", nil, "a `header` as in 'Name: value'; may be repeated")
}

// header collects the headers that were given.
func (c *callbackFlags) header() (http.Header, error) {
	h := http.Header{}
	for _, line := range c.headers {
		name, value, ok := strings.Cut(line, ":")
		name = strings.TrimSpace(name)
		if !ok || name == "" || strings.ContainsAny(name, " \t") {
			return nil, &usageError{message: fmt.Sprintf("--header must be 'Name: value', got %q", clip(line))}
		}
		h.Add(name, strings.TrimSpace(value))
	}
	return h, nil
}

// request is the callback that the flags describe.
func (a *app) callbackRequest(ctx context.Context, c *callbackFlags) (authy.CallbackRequest, error) {
	r := authy.CallbackRequest{Method: c.method, URL: c.url}
	var err error
	if r.Header, err = c.header(); err != nil {
		return r, err
	}
	if c.url == "" {
		return r, &usageError{message: "--url is required: the public URL of the callback, as Authy was given it"}
	}
	if c.body != "" {
		r.Body, err = a.readInput(ctx, "--body-file", c.body)
	}
	return r, err
}

// dumpedRequest reads a whole request, as a proxy or netcat writes it down. Without a public URL it takes https and the
// Host header, as callbacks come in by https.
func dumpedRequest(dump []byte, public string) (authy.CallbackRequest, error) {
	dump = bytes.TrimLeft(dump, "\r\n")
	r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(dump)))
	if err != nil {
		return authy.CallbackRequest{}, &usageError{message: "--request is no HTTP request: " + err.Error(), hint: "it begins with a line such as POST /callback/onetouch HTTP/1.1"}
	}
	if r.ContentLength < 0 || r.Header.Get("Content-Length") == "" { // a dump that was cut together by hand
		if _, body, ok := bytes.Cut(dump, []byte("\r\n\r\n")); ok {
			r.Body = io.NopCloser(bytes.NewReader(body))
		} else if _, body, ok := bytes.Cut(dump, []byte("\n\n")); ok {
			r.Body = io.NopCloser(bytes.NewReader(body))
		}
		r.ContentLength = -1
	}
	if public == "" {
		public = "https://" + r.Host
	}
	return authy.NewCallbackRequest(r, public)
}
