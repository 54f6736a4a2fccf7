package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/tidwall/gjson"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/authy/sandbox"
	"github.com/authysh/authysh/cmd/authysh/internal/config"
	"github.com/authysh/authysh/cmd/authysh/internal/wording"
)

// sandboxFlags are the global flags that commands heed which look into a sandbox.
const sandboxFlags = "key host ca-file proxy allow-http timeout config profile " + showsResult

// maxSandboxAnswer bounds what is read of an answer; an export can be large.
const maxSandboxAnswer = 256 << 20

// sandboxTarget says which sandbox a command is about, and with what it may look inside.
type sandboxTarget struct{ url, token, app string }

func (t *sandboxTarget) declare(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&t.url, "url", "", "the sandbox, or its page; else `url` is that of --host")
	flags.StringVar(&t.token, "token", "", "admin `token` of the sandbox; else AUTHYSH_SANDBOX_TOKEN or the API key")
	flags.StringVar(&t.app, "app", "", "with --token, the application by `name` or number")
}

// sandboxClient calls the paths under /sandbox/api/ of a sandbox in another process.
type sandboxClient struct {
	base    string
	header  http.Header
	app     string // for the query; empty for none
	timeout time.Duration
	http    *http.Client
	admin   bool
}

// sandboxAt makes the client for what the flags and settings name. The settings are what results are shown with.
func (a *app) sandboxAt(ctx context.Context, t *sandboxTarget, given func(string) bool) (*sandboxClient, *config.Settings, error) {
	address, token, app := t.url, t.token, t.app
	var strongest config.Layer
	if given("url") {
		u, err := url.Parse(address)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return nil, nil, &usageError{message: fmt.Sprintf("--url must be a whole URL, such as http://127.0.0.1:8047, got %q", wording.Address(address)), hint: "authysh sandbox prints it when it starts"}
		}
		token = cmp.Or(token, u.Query().Get("token"))
		app = cmp.Or(app, u.Query().Get("app"))
		base := u.Scheme + "://" + u.Host + strings.TrimSuffix(strings.TrimSuffix(u.Path, "/"), "/sandbox")
		strongest = config.Layer{"host": {Value: base, Origin: config.Origin{Where: "--url"}}}
	}
	s, err := a.settingsWith(strongest)
	if err != nil {
		return nil, nil, err
	}
	a.loaded = s
	if s.Text("host") == authy.DefaultHost {
		return nil, nil, &usageError{message: "which sandbox is meant? none is named, and the real service has no such commands", hint: "--url names it, or --host, AUTHYSH_HOST or host in the configuration"}
	}
	client, err := a.client(s)
	if err != nil {
		return nil, nil, err
	}
	c := &sandboxClient{base: strings.TrimRight(s.Text("host"), "/"), header: http.Header{}, app: app, timeout: s.Duration("timeout"), http: &http.Client{}}
	if client.HTTPClient != nil {
		*c.http = *client.HTTPClient
	} else {
		c.http.Transport = authy.NewTransport()
	}
	if token == "" && !a.flags.Changed("key") { // a flag is stronger than the settings
		token = s.Text("sandbox_token")
	}
	c.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	if token != "" {
		c.admin = true
		c.header.Set(sandbox.AdminHeader, token)
		return c, s, nil
	}
	if app != "" {
		return nil, nil, &usageError{message: "--app means nothing without --token: a key opens one application only", hint: "authysh sandbox prints the admin token when it starts"}
	}
	key, err := a.key(ctx, s)
	if err != nil {
		return nil, nil, err
	}
	if key == "" {
		return nil, nil, &usageError{message: "a sandbox is opened by its admin token or an API key, and there is neither", hint: "--token, AUTHYSH_SANDBOX_TOKEN or --key; authysh sandbox prints token and key when it starts"}
	}
	c.header.Set("X-Authy-API-Key", key)
	return c, s, nil
}

// get and post call a path; the answer is JSON.
func (c *sandboxClient) get(ctx context.Context, path string, query url.Values) ([]byte, error) {
	return c.do(ctx, http.MethodGet, path, query, nil)
}

func (c *sandboxClient) post(ctx context.Context, path string, fields map[string]any) ([]byte, error) {
	if fields == nil {
		return c.do(ctx, http.MethodPost, path, nil, nil)
	}
	body, err := json.Marshal(fields)
	if err != nil {
		return nil, err
	}
	return c.do(ctx, http.MethodPost, path, nil, body)
}

// do calls a path under /sandbox/api and gives its answer, or an error that tells whose fault it is.
func (c *sandboxClient) do(ctx context.Context, method, path string, query url.Values, body []byte) ([]byte, error) {
	if c.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.timeout)
		defer cancel()
	}
	if query == nil {
		query = url.Values{}
	}
	if c.app != "" {
		query.Set("app", c.app)
	}
	target := c.base + "/sandbox/api" + path
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	r, err := http.NewRequestWithContext(ctx, method, target, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header = c.header.Clone()
	r.Header.Set("User-Agent", "authysh/"+thisBuild().Version)
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	answer, err := c.http.Do(r)
	if err != nil {
		return nil, c.unreachable(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, maxSandboxAnswer+1))
	if err != nil {
		return nil, c.unreachable(err)
	}
	return text, c.judge(answer.StatusCode, text)
}

// judge makes an error of a refusal, and of an answer that no sandbox gives.
func (c *sandboxClient) judge(status int, text []byte) error {
	notOurs := &hinted{&authy.ResponseError{Status: status, Reason: c.base + " does not answer as a sandbox does"}, "check --url; it must be the one that authysh sandbox printed"}
	if len(text) > maxSandboxAnswer || !gjson.ValidBytes(text) {
		return notOurs
	}
	if status >= 200 && status <= 299 {
		return nil
	}
	message, code := gjson.GetBytes(text, "message").String(), gjson.GetBytes(text, "error_code").String()
	if message == "" {
		return notOurs
	}
	refusal := &authy.APIError{Status: status, Code: code, Message: message, Body: text}
	if errors.Is(refusal, authy.ErrUnauthorized) {
		if c.admin {
			return &hinted{refusal, "check --token or AUTHYSH_SANDBOX_TOKEN; authysh sandbox prints the admin token when it starts"}
		}
		return &hinted{refusal, "check the key, or give the admin token with --token; 'authysh config show' tells where the key comes from"}
	}
	return refusal
}

// unreachable is a call of a sandbox that got no answer.
func (c *sandboxClient) unreachable(err error) error {
	if errors.Is(err, context.Canceled) {
		return context.Canceled
	}
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err // the URL may have what the terminal need not show
	}
	e := &sandboxUnreachable{err: fmt.Errorf("the sandbox at %s cannot be reached: %w", c.base, err)}
	if errors.Is(err, context.DeadlineExceeded) {
		e.timeout = true
		e.err = fmt.Errorf("the sandbox at %s gave no complete answer within the timeout of %s", c.base, c.timeout)
		return &hinted{e, "--timeout gives it more time"}
	}
	return &hinted{e, "check --url, and that it is running: authysh sandbox --listen 127.0.0.1:8047"}
}

// sandboxUnreachable is an [authy.Error], so that exit codes and complaints treat it as any call that failed.
type sandboxUnreachable struct {
	err     error
	timeout bool
}

func (e *sandboxUnreachable) Error() string { return e.err.Error() }
func (e *sandboxUnreachable) Unwrap() error { return e.err }

// Kind is that of calls to the service.
func (e *sandboxUnreachable) Kind() authy.Kind {
	if e.timeout {
		return authy.KindTimeout
	}
	return authy.KindNetwork
}

// Operation is none of the catalogue's.
func (e *sandboxUnreachable) Operation() string { return "" }
