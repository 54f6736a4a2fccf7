package private

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/authy/sandbox"
	"github.com/authysh/authysh/cmd/authysh/internal/config"
	"github.com/authysh/authysh/luabind"
)

// URL is the address of a private sandbox: a loopback one, which may be plain http, and one where nothing can
// listen, so that no other program is ever meant.
const URL = "http://localhost:0"

// Name is what journals call it. Each is another, but who tries out how a batch resumes may do so.
const Name = "a private sandbox"

// Sandbox is the sandbox of --sandbox: a service in this process, without a port.
type Sandbox struct {
	key       string
	dashboard sandbox.DashboardKeys
	service   func() *sandbox.Service // made at first use
}

// New makes a sandbox with keys of its own; its service begins with the first request.
func New() *Sandbox {
	p := &Sandbox{key: rand.Text(), dashboard: sandbox.DashboardKeys{AccessKey: rand.Text(), SigningKey: rand.Text()}}
	p.service = sync.OnceValue(func() *sandbox.Service {
		return sandbox.New(sandbox.WithKeys(p.key), sandbox.WithDashboard(p.dashboard),
			sandbox.WithDelivery(sandbox.Delivery{Transport: newLocalDelivery()}))
	})
	return p
}

// Now is the time of the sandbox, which scripts can move; they go by it, too.
func (p *Sandbox) Now() time.Time { return p.service().Clock().Now }

// Client makes a client of the sandbox; of the settings, those hold that are not about how to reach a service.
func (p *Sandbox) Client(s *config.Settings) *authy.Client {
	return &authy.Client{
		Key: p.key, Host: URL, AccessKey: p.dashboard.AccessKey, SigningKey: p.dashboard.SigningKey,
		Timeout: luabind.TimeoutSetting(s.Duration("timeout")), Retries: luabind.RetriesSetting(s.Count("retries")),
		RateLimit: s.Rate("rate_limit"), HTTPClient: &http.Client{Transport: p},
	}
}

// RoundTrip hands a request to the service. One for any other host fails: with --sandbox nothing leaves the process.
func (p *Sandbox) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		defer r.Body.Close()
	}
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	if address := r.URL.Scheme + "://" + r.URL.Host; address != URL {
		return nil, fmt.Errorf("%s is out of reach with --sandbox: a client needs host = sandbox.url and key = sandbox.key", address)
	}
	in := r.Clone(r.Context())
	in.RequestURI, in.Host, in.RemoteAddr = r.URL.RequestURI(), r.URL.Host, "127.0.0.1:0"
	if in.Body == nil {
		in.Body = http.NoBody
	}
	answer := &recorder{header: http.Header{}, status: http.StatusOK}
	if err := p.serve(answer, in); err != nil {
		return nil, err
	}
	return &http.Response{
		Status: http.StatusText(answer.status), StatusCode: answer.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: answer.header,
		Body: io.NopCloser(&answer.body), ContentLength: int64(answer.body.Len()), Request: r,
	}, nil
}

// errReset is what a fault does that resets the connection, where there is none.
var errReset = errors.New("the sandbox reset the connection, as a fault rule wants it")

// serve lets the service answer. A handler that breaks a connection off panics, as package net/http wants it.
func (p *Sandbox) serve(answer *recorder, in *http.Request) (err error) {
	defer func() {
		switch broken := recover(); broken {
		case nil:
		case http.ErrAbortHandler:
			err = errReset
		default:
			panic(broken)
		}
	}()
	p.service().ServeHTTP(answer, in)
	return nil
}

// recorder keeps an answer.
type recorder struct {
	header http.Header
	status int
	wrote  bool
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header { return r.header }

func (r *recorder) WriteHeader(status int) {
	if !r.wrote {
		r.status, r.wrote = status, true
	}
}

func (r *recorder) Write(p []byte) (int, error) {
	r.wrote = true
	return r.body.Write(p)
}
