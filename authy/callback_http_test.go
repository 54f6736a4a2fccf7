package authy_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/authysh/authysh/authy"
)

// TestVerifyHTTP sends signed callbacks to servers on the loopback and lets their handlers judge.
func TestVerifyHTTP(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, path string
		tls        bool
		signedFor  string // the URL Authy was given; empty is the server's own
		public     string // what the handler is configured with
		middleware func(http.Handler) http.Handler
		want       error
	}{
		{name: "plain", path: "/authy/callback"},
		{name: "TLS", path: "/authy/callback", tls: true},
		{name: "root", path: "/"},
		{name: "no path", path: ""},
		{name: "escaped path", path: "/a%20b/c%2Fd"},
		{name: "behind a proxy", path: "/authy/callback", signedFor: "https://example.com/authy/callback", public: "https://example.com"},
		{name: "behind a proxy, unconfigured", path: "/authy/callback", signedFor: "https://example.com/authy/callback", want: authy.ErrBadSignature},
		{name: "proxy changes the path", path: "/internal", signedFor: "https://example.com/cb", public: "https://example.com/cb"},
		{name: "public root", path: "/internal", signedFor: "https://example.com/", public: "https://example.com/"},
		{name: "public URL with query", path: "/cb", signedFor: "https://example.com/cb", public: "https://example.com/cb?not=signed#at-all"},
		{name: "meant for another host", path: "/cb", public: "https://example.com", want: authy.ErrBadSignature},
		{name: "router strips a prefix", path: "/api/cb", middleware: func(h http.Handler) http.Handler { return http.StripPrefix("/api", h) }},
	}
	for _, tt := range tests {
		for _, method := range []string{"POST", "GET"} {
			t.Run(tt.name+"/"+method, func(t *testing.T) {
				t.Parallel()
				var judged error
				var left []byte
				handler := http.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
					_, judged = authy.CallbackVerifier{Key: callbackKey, MaxAge: time.Minute}.VerifyHTTP(r, tt.public)
					left, _ = io.ReadAll(r.Body)
				}))
				if tt.middleware != nil {
					handler = tt.middleware(handler)
				}
				start := httptest.NewServer
				if tt.tls {
					start = httptest.NewTLSServer
				}
				server := start(handler)
				defer server.Close()

				url := server.URL + tt.path
				signedFor := tt.signedFor
				if signedFor == "" {
					signedFor = url
				}
				signed, err := authy.SignCallback(callbackKey, authy.CallbackRequest{Method: method, URL: signedFor, Decoded: callbackFields()})
				if err != nil {
					t.Fatal(err)
				}
				_, query, _ := strings.Cut(signed.URL, "?")
				if signed.URL = url; query != "" {
					signed.URL += "?" + query
				}
				send(t, server.Client(), signed)
				if !errors.Is(judged, tt.want) {
					t.Errorf("error %v, want %v", judged, tt.want)
				}
				if !bytes.Equal(left, signed.Body) {
					t.Errorf("the handler can still read %q, want %q", left, signed.Body)
				}
			})
		}
	}
}

func send(t *testing.T, client *http.Client, callback authy.CallbackRequest) {
	t.Helper()
	req, err := callback.HTTPRequest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	answer, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
}

func TestVerifyHTTPBody(t *testing.T) {
	t.Parallel()
	signed := signedCallback(t, "POST", nil)
	request := func(body io.Reader) *http.Request {
		r := httptest.NewRequestWithContext(t.Context(), "POST", callbackAt, body)
		r.Header = signed.Header.Clone()
		return r
	}
	size := int64(len(signed.Body))
	verifier := authy.CallbackVerifier{Key: callbackKey, MaxBody: size}

	t.Run("of the largest size", func(t *testing.T) {
		t.Parallel()
		if _, err := verifier.VerifyHTTP(request(bytes.NewReader(signed.Body)), ""); err != nil {
			t.Error(err)
		}
	})
	t.Run("too large", func(t *testing.T) {
		t.Parallel()
		small := verifier
		small.MaxBody--
		for _, body := range []io.Reader{bytes.NewReader(signed.Body), iotest.OneByteReader(bytes.NewReader(signed.Body))} {
			r := request(body)
			_, err := small.VerifyHTTP(r, "")
			checkRefusal(t, err, authy.ErrBadCallback, "larger than the limit of "+strconv.FormatInt(small.MaxBody, 10)+" bytes")
			if left, err := io.ReadAll(r.Body); err != nil || !bytes.Equal(left, signed.Body) {
				t.Errorf("left %q, %v", left, err)
			}
		}
	})
	t.Run("default limit", func(t *testing.T) {
		t.Parallel()
		r := request(io.LimitReader(neverEnding{}, authy.DefaultMaxCallbackBody+1))
		_, err := authy.NewCallbackRequest(r, "")
		checkRefusal(t, err, authy.ErrBadCallback, "larger than the limit of 1048576 bytes")
		r = request(io.LimitReader(neverEnding{}, authy.DefaultMaxCallbackBody))
		if req, err := authy.NewCallbackRequest(r, ""); err != nil || len(req.Body) != authy.DefaultMaxCallbackBody {
			t.Error(len(req.Body), err)
		}
	})
	t.Run("too large by its own account", func(t *testing.T) {
		t.Parallel()
		r := request(iotest.ErrReader(errors.New("was read")))
		r.ContentLength = size + 1
		_, err := verifier.VerifyHTTP(r, "")
		checkRefusal(t, err, authy.ErrBadCallback, "larger than the limit")
	})
	t.Run("broken connection", func(t *testing.T) {
		t.Parallel()
		_, err := verifier.VerifyHTTP(request(iotest.ErrReader(io.ErrUnexpectedEOF)), "")
		checkRefusal(t, err, authy.ErrBadCallback, "could not be read: unexpected EOF")
		if !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("cause lost: %v", err)
		}
	})
	t.Run("not read when unsigned", func(t *testing.T) {
		t.Parallel()
		r := request(iotest.ErrReader(errors.New("was read")))
		r.Header.Del("X-Authy-Signature")
		_, err := verifier.VerifyHTTP(r, "")
		checkRefusal(t, err, authy.ErrNotSigned, "missing")
	})
	t.Run("not read without a key", func(t *testing.T) {
		t.Parallel()
		_, err := authy.CallbackVerifier{}.VerifyHTTP(request(iotest.ErrReader(errors.New("was read"))), "")
		if _, ok := errors.AsType[*authy.ValidationError](err); !ok {
			t.Error(err)
		}
	})
	t.Run("bad public URL", func(t *testing.T) {
		t.Parallel()
		_, err := verifier.VerifyHTTP(request(bytes.NewReader(signed.Body)), "example.com/cb")
		mistake, ok := errors.AsType[*authy.ValidationError](err)
		if !ok || !strings.Contains(mistake.Fields()["public_url"], "must begin with https://") {
			t.Error(err)
		}
	})
}

type neverEnding struct{}

func (neverEnding) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

// TestHandlerWithoutServer gives a signed request straight to a handler, as tests do.
func TestHandlerWithoutServer(t *testing.T) {
	t.Parallel()
	for _, method := range []string{"POST", "GET"} {
		r, err := signedCallback(t, method, nil).HTTPRequest(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := (authy.CallbackVerifier{Key: callbackKey}).VerifyHTTP(r, ""); err != nil {
			t.Error(method, err)
		}
	}
}

func TestSignCallback(t *testing.T) {
	t.Parallel()
	t.Run("fresh nonce", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(90 * time.Second)
			signed := signedCallback(t, "POST", nil)
			if got, want := signed.Header.Get("X-Authy-Signature-Nonce"), strconv.FormatInt(time.Now().Unix(), 10); got != want {
				t.Errorf("nonce %s, want %s", got, want)
			}
			time.Sleep(time.Minute)
			verifier := authy.CallbackVerifier{Key: callbackKey, MaxAge: time.Minute}
			if _, err := verifier.Verify(signed); err != nil {
				t.Error(err)
			}
			time.Sleep(time.Second)
			_, err := verifier.Verify(signed)
			checkRefusal(t, err, authy.ErrStaleCallback, "signed 1m1s ago")
		})
	})
	t.Run("leaves the given request alone", func(t *testing.T) {
		t.Parallel()
		given := authy.CallbackRequest{Method: "post", URL: callbackAt, Decoded: callbackFields(), Header: http.Header{
			"x-authy-signature-nonce": {"5"}, "X-Authy-Signature": {"old"}, "X-Other": {"kept"},
		}}
		signed, err := authy.SignCallback(callbackKey, given)
		if err != nil {
			t.Fatal(err)
		}
		if given.Header.Get("X-Authy-Signature") != "old" || len(given.Header) != 3 || given.Decoded == nil || given.Body != nil {
			t.Errorf("changed to %v", given)
		}
		if signed.Decoded != nil || signed.Method != "POST" || signed.Header.Get("X-Other") != "kept" || len(signed.Header) != 4 ||
			signed.Header.Get("X-Authy-Signature-Nonce") != "5" || signed.Header.Get("Content-Type") != "application/json" {
			t.Errorf("signed %v", signed)
		}
	})
	t.Run("awkward numbers", func(t *testing.T) {
		t.Parallel()
		signed := signedCallback(t, "POST", map[string]any{"huge": 1e300, "tiny": 1e-9, "half": 0.5, "html": "<&>"})
		if _, err := (authy.CallbackVerifier{Key: callbackKey}).Verify(signed); err != nil {
			t.Error(err)
		}
		if !bytes.Contains(signed.Body, []byte(`"<&>"`)) || bytes.HasSuffix(signed.Body, []byte("\n")) {
			t.Errorf("body %q", signed.Body)
		}
	})
	bad := map[string]struct {
		req  authy.CallbackRequest
		text string
	}{
		"query and fields":  {authy.CallbackRequest{Method: "GET", URL: callbackAt + "?a=b", Decoded: callbackFields()}, "both in the URL's query and decoded"},
		"body and fields":   {authy.CallbackRequest{Method: "POST", URL: callbackAt, Body: []byte("{}"), Decoded: callbackFields()}, "both a raw and a decoded body"},
		"URL":               {authy.CallbackRequest{Method: "GET", URL: "cb", Decoded: callbackFields()}, "must begin with https://"},
		"nonce":             {authy.CallbackRequest{Method: "GET", URL: callbackAt, Header: http.Header{"X-Authy-Signature-Nonce": {"|"}}}, "is malformed"},
		"two nonces":        {authy.CallbackRequest{Method: "GET", URL: callbackAt, Header: http.Header{"X-Authy-Signature-Nonce": {"1", "2"}}}, "is there 2 times"},
		"no JSON":           {authy.CallbackRequest{Method: "POST", URL: callbackAt, Body: []byte("x")}, "is not JSON"},
		"unfit for JSON":    {authy.CallbackRequest{Method: "POST", URL: callbackAt, Decoded: map[string]any{"f": func() {}}}, "JSON cannot carry"},
		"no number at all":  {authy.CallbackRequest{Method: "POST", URL: callbackAt, Decoded: map[string]any{"f": json.Number("x")}}, "cannot be written as JSON"},
		"method of neither": {authy.CallbackRequest{Method: "PUT", URL: callbackAt}, "must be POST or GET"},
	}
	for name, tt := range bad {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := authy.SignCallback(callbackKey, tt.req)
			refusal, ok := errors.AsType[*authy.CallbackError](err)
			if !ok || refusal.Operation() != "sign_callback" || !strings.Contains(err.Error(), tt.text) {
				t.Errorf("error %v\nshould tell %q", err, tt.text)
			}
		})
	}
	t.Run("no key", func(t *testing.T) {
		t.Parallel()
		_, err := authy.SignCallback("", authy.CallbackRequest{})
		if mistake, ok := errors.AsType[*authy.ValidationError](err); !ok || mistake.Op != "sign_callback" {
			t.Error(err)
		}
	})
	t.Run("decoded cannot be sent", func(t *testing.T) {
		t.Parallel()
		if _, err := (authy.CallbackRequest{URL: callbackAt, Decoded: callbackFields()}).HTTPRequest(t.Context()); err == nil {
			t.Error("no error")
		}
	})
}
