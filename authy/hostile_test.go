package authy_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/authysh/authysh/authy"
)

// generous is far more than any of these calls may take, and far less than the default timeouts of net/http.
const generous = 10 * time.Second

// status is the call that these tests make.
func status(ctx context.Context, c *authy.Client) error {
	_, err := c.GetUserStatus(ctx, authy.GetUserStatusParams{AuthyID: "1635"})
	return err
}

func kindOf(err error) authy.Kind {
	if failure, ok := errors.AsType[authy.Error](err); ok {
		return failure.Kind()
	}
	return ""
}

// checkQuiet fails if an error, in any form, shows the key or the URL's path.
func checkQuiet(t *testing.T, err error) {
	t.Helper()
	for err := err; err != nil; err = errors.Unwrap(err) {
		text := err.Error()
		if _, inner := err.(authy.Error); inner {
			text = fmt.Sprintf("%s %v %+v", text, err, err)
		}
		if strings.Contains(text, testKey) || strings.Contains(text, "/protected") || strings.Contains(text, "\n") {
			t.Errorf("the error shows too much: %q", text)
		}
	}
}

func TestBrokenConnections(t *testing.T) {
	t.Parallel()
	header := func(length string) string {
		return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n" + length + "\r\n"
	}
	reset := func(conn *net.TCPConn) { conn.SetLinger(0) }
	for name, tc := range map[string]struct {
		answer func(conn *net.TCPConn)
		kind   authy.Kind
		text   string
	}{
		"closed at once":      {func(*net.TCPConn) {}, authy.KindNetwork, "EOF"},
		"reset at once":       {reset, authy.KindNetwork, ""},
		"reset in the header": {func(c *net.TCPConn) { io.WriteString(c, "HTTP/1.1 200 OK\r\nConte"); reset(c) }, authy.KindNetwork, ""},
		"closed in the body": {func(c *net.TCPConn) { io.WriteString(c, header("Content-Length: 500\r\n")+`{"success":`) },
			authy.KindNetwork, "broke off after 11 bytes"},
		"too short for its length": {func(c *net.TCPConn) { io.WriteString(c, header("Content-Length: 5000\r\n")+answers["get_user_status"]) },
			authy.KindNetwork, "broke off"},
		"chunk cut off": {func(c *net.TCPConn) {
			io.WriteString(c, header("Transfer-Encoding: chunked\r\n")+"5\r\n{\"suc\r\n5\r\nce")
		}, authy.KindNetwork, "broke off"},
		"longer than its length": {func(c *net.TCPConn) {
			io.WriteString(c, header("Connection: close\r\nContent-Length: 11\r\n")+answers["get_user_status"])
		},
			authy.KindResponse, "not a JSON object"},
		"not HTTP":               {func(c *net.TCPConn) { io.WriteString(c, "220 smtp.example.com ready "+testKey+"\r\n") }, authy.KindNetwork, "malformed"},
		"not HTTP, with escapes": {func(c *net.TCPConn) { io.WriteString(c, "\x1b[2J\x00\r\n") }, authy.KindNetwork, "malformed"},
		"endless header": {func(c *net.TCPConn) {
			io.WriteString(c, "HTTP/1.1 200 OK\r\n")
			for line := strings.Repeat("X: "+strings.Repeat("y", 1000)+"\r\n", 100); ; {
				if _, err := io.WriteString(c, line); err != nil {
					return
				}
			}
		}, authy.KindNetwork, "header"},
		"body broken after a 404": {func(c *net.TCPConn) {
			io.WriteString(c, "HTTP/1.1 404 Not Found\r\nContent-Length: 500\r\n\r\n"+`{"message":"User not`)
		}, authy.KindAPI, "HTTP 404"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startRaw(t, func(conn *net.TCPConn, _ int) bool { tc.answer(conn); return false })
			err := status(t.Context(), s.client(t))
			if kindOf(err) != tc.kind || !strings.Contains(err.Error(), tc.text) {
				t.Errorf("got %v (%s), want %s with %q", err, kindOf(err), tc.kind, tc.text)
			}
			checkQuiet(t, err)
		})
	}
}

func TestUnreachable(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	refused := listener.Addr().String()
	listener.Close()
	for name, c := range map[string]*authy.Client{
		"refused": {Host: "http://" + refused},
		// .invalid never resolves, here or elsewhere; this dialer asks no server.
		"no such host": {Host: "https://authy.invalid", HTTPClient: &http.Client{Transport: &http.Transport{
			DialContext: func(_ context.Context, network, address string) (net.Conn, error) {
				host, _, _ := net.SplitHostPort(address)
				return nil, &net.OpError{Op: "dial", Net: network, Err: &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}}
			}}}},
		"proxy refuses": {Host: "https://authy.invalid", HTTPClient: &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			return nil, fmt.Errorf("proxyconnect: GET %s with %s: Forbidden", r.URL.Host, r.Header.Get("X-Authy-API-Key"))
		})}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.Key, c.Retries = testKey, authy.NoRetries
			err := status(t.Context(), c)
			if kindOf(err) != authy.KindNetwork {
				t.Errorf("got %v (%s), want a network error", err, kindOf(err))
			}
			checkQuiet(t, err)
		})
	}
}

// slow starts a server whose answers are cut off when the test ends.
func slow(t *testing.T, answer func(w http.ResponseWriter, r *http.Request, stop <-chan struct{})) *httptest.Server {
	t.Helper()
	stop := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { answer(w, r, stop) }))
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(stop) })
	return server
}

func drip(w http.ResponseWriter, r *http.Request, stop <-chan struct{}) {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		io.WriteString(w, " ")
		w.(http.Flusher).Flush()
		select {
		case <-tick.C:
		case <-r.Context().Done():
			return
		case <-stop:
			return
		}
	}
}

func hang(_ http.ResponseWriter, r *http.Request, stop <-chan struct{}) {
	select {
	case <-r.Context().Done():
	case <-stop:
	}
}

func TestTimeoutBoundsTheWholeCall(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]func(http.ResponseWriter, *http.Request, <-chan struct{}){
		"no header":     hang,
		"dripping body": drip,
		"dripping error": func(w http.ResponseWriter, r *http.Request, stop <-chan struct{}) {
			w.WriteHeader(http.StatusBadGateway)
			drip(w, r, stop)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := slow(t, answer)
			c := &authy.Client{Key: testKey, Host: server.URL, Timeout: 100 * time.Millisecond}
			start := time.Now()
			err := status(t.Context(), c)
			if kindOf(err) != authy.KindTimeout || !strings.Contains(err.Error(), "timeout of 100ms") {
				t.Errorf("got %v (%s), want a timeout of 100ms", err, kindOf(err))
			}
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%v does not wrap context.DeadlineExceeded", err)
			}
			if took := time.Since(start); took < 100*time.Millisecond || took > generous {
				t.Errorf("took %s", took)
			}
			checkQuiet(t, err)
		})
	}
}

func TestCancelEndsTheCall(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]func(http.ResponseWriter, *http.Request, <-chan struct{}){"no header": hang, "dripping body": drip} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			arrived := make(chan struct{}, 10)
			server := slow(t, func(w http.ResponseWriter, r *http.Request, stop <-chan struct{}) {
				arrived <- struct{}{}
				answer(w, r, stop)
			})
			ctx, cancel := context.WithCancel(t.Context())
			go func() { <-arrived; cancel() }()
			start := time.Now()
			err := status(ctx, &authy.Client{Key: testKey, Host: server.URL, Timeout: authy.NoTimeout})
			if kindOf(err) != authy.KindCanceled || !errors.Is(err, context.Canceled) {
				t.Errorf("got %v (%s), want canceled", err, kindOf(err))
			}
			if took := time.Since(start); took > generous {
				t.Errorf("took %s", took)
			}
		})
	}
}

func TestCanceledBeforehandSendsNothing(t *testing.T) {
	t.Parallel()
	c, _ := unreachable(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := status(ctx, c); kindOf(err) != authy.KindCanceled {
		t.Errorf("got %v, want canceled", err)
	}
	ctx, cancel = context.WithDeadline(t.Context(), time.Unix(1, 0))
	defer cancel()
	if err := status(ctx, c); kindOf(err) != authy.KindTimeout || !strings.Contains(err.Error(), "before the deadline") {
		t.Errorf("got %v, want a timeout", err)
	}
}

// TestOtherTimeouts: a timeout that is not the client's must not be told as one.
func TestOtherTimeouts(t *testing.T) {
	t.Parallel()
	server := slow(t, hang)
	for name, timeout := range map[string]time.Duration{"none": authy.NoTimeout, "long": time.Hour} {
		c := &authy.Client{Key: testKey, Host: server.URL, Timeout: timeout, HTTPClient: &http.Client{Timeout: 20 * time.Millisecond, Transport: &http.Transport{DisableKeepAlives: true}}}
		if err := status(t.Context(), c); kindOf(err) != authy.KindTimeout || strings.Contains(err.Error(), "timeout of") {
			t.Errorf("%s: got %v (%s), want a timeout without the client's limit", name, err, kindOf(err))
		}
		c.HTTPClient.CloseIdleConnections()
	}
}

func TestRedirectsAreRefused(t *testing.T) {
	t.Parallel()
	reached := make(chan string, 10)
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		reached <- r.Method + " with key " + r.Header.Get("X-Authy-API-Key")
		io.WriteString(w, answers["get_user_status"])
	}))
	defer other.Close()
	for _, code := range []int{300, 301, 302, 303, 304, 307, 308, 399} {
		for _, location := range []string{other.URL + "/x?key=" + testKey, "/elsewhere", "", "http://user:" + testKey + "@127.0.0.1/"} {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/elsewhere" {
					reached <- "the same host again"
				}
				if location != "" {
					w.Header().Set("Location", location)
				}
				w.WriteHeader(code)
			}))
			transport := &http.Transport{}
			mine := &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return nil }}
			jar := *mine
			jar.Jar, _ = cookiejar.New(nil) // makes a difference inside
			for i, op := range []string{"get_user_status", "register_user", "request_sms", "get_user_status", "register_user", "request_sms"} {
				c := &authy.Client{Key: testKey, Host: server.URL, HTTPClient: []*http.Client{mine, &jar}[i/3]}
				_, err := callOf(t, op).run(t.Context(), c)
				if kindOf(err) != authy.KindResponse || !strings.Contains(err.Error(), "redirects to ") {
					t.Errorf("%d to %q: got %v (%s), want a refused redirect", code, location, err, kindOf(err))
				}
				checkQuiet(t, err)
			}
			transport.CloseIdleConnections()
			server.Close()
		}
	}
	select {
	case what := <-reached:
		t.Errorf("a redirect was followed: %s", what)
	default:
	}
}

// gzipped compresses.
func gzipped(text string) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	io.WriteString(w, text)
	w.Close()
	return b.Bytes()
}

// zeros never ends.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

func TestGzip(t *testing.T) {
	t.Parallel()
	good := gzipped(answers["get_user_status"])
	corrupt := bytes.Clone(good)
	corrupt[len(corrupt)-6] ^= 1 // the checksum
	garbled := bytes.Clone(good)
	copy(garbled[12:], "\xff\xff\xff\xff")
	var bomb bytes.Buffer
	w := gzip.NewWriter(&bomb)
	io.Copy(w, io.LimitReader(zeros{}, 5<<20))
	w.Close()
	for name, tc := range map[string]struct {
		body []byte
		kind authy.Kind
		text string
	}{
		"proper":        {good, "", ""},
		"not gzip":      {[]byte(answers["get_user_status"]), authy.KindResponse, "not the gzip"},
		"bad checksum":  {corrupt, authy.KindResponse, "not the gzip"},
		"garbled":       {garbled, authy.KindResponse, "not the gzip"},
		"cut off":       {good[:len(good)/2], authy.KindNetwork, "broke off"},
		"bomb":          {bomb.Bytes(), authy.KindResponse, "larger than the limit of 4194304 bytes"},
		"empty":         {nil, authy.KindResponse, "is empty"},
		"empty, zipped": {gzipped(""), authy.KindResponse, "is empty"},
	} {
		for _, transport := range []*http.Transport{{}, {DisableCompression: true}} {
			t.Run(fmt.Sprintf("%s/DisableCompression=%v", name, transport.DisableCompression), func(t *testing.T) {
				t.Parallel()
				server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("Content-Encoding", "gzip")
					w.Header().Set("Content-Length", fmt.Sprint(len(tc.body)))
					w.Write(tc.body)
				}))
				defer server.Close()
				defer transport.CloseIdleConnections()
				c := &authy.Client{Key: testKey, Host: server.URL, HTTPClient: &http.Client{Transport: transport}, Retries: authy.NoRetries}
				err := status(t.Context(), c)
				if tc.kind == "" {
					if err != nil {
						t.Error(err)
					}
					return
				}
				if name == "empty" && kindOf(err) == authy.KindNetwork {
					return // no gzip header at all: a connection that ended
				}
				if kindOf(err) != tc.kind || !strings.Contains(err.Error(), tc.text) {
					t.Errorf("got %v (%s), want %s with %q", err, kindOf(err), tc.kind, tc.text)
				}
			})
		}
	}
}

func TestAnswersAreReadThroughALimit(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		status int
		limit  int64
		body   io.Reader
		length int64
		want   string
	}{
		"endless":                 {200, 0, zeros{}, -1, "larger than the limit of 4194304 bytes"},
		"own limit":               {200, 100, zeros{}, -1, "larger than the limit of 100 bytes"},
		"just fits":               {200, int64(len(answers["get_user_status"])), strings.NewReader(answers["get_user_status"]), -1, ""},
		"one byte too much":       {200, int64(len(answers["get_user_status"]) - 1), strings.NewReader(answers["get_user_status"]), -1, "larger"},
		"no limit to speak of":    {200, 1<<63 - 1, strings.NewReader(answers["get_user_status"]), -1, ""},
		"announces an exabyte":    {200, 1<<63 - 1, strings.NewReader(answers["get_user_status"]), 1 << 60, ""},
		"endless error":           {502, 1000, zeros{}, -1, "bad gateway"},
		"endless words of errors": {400, 0, io.MultiReader(strings.NewReader(`{"message":"`), io.LimitReader(zeros{}, 1<<20), strings.NewReader(`"}`)), -1, "HTTP 400"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := clientOf(func(*http.Request) (*http.Response, error) {
				response := reply(tc.status, "")
				response.Body, response.ContentLength = io.NopCloser(tc.body), tc.length
				return response, nil
			})
			c.MaxResponse = tc.limit
			err := status(t.Context(), c)
			switch {
			case tc.want == "" && err != nil:
				t.Error(err)
			case tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)):
				t.Errorf("got %v, want %q", err, tc.want)
			case err != nil && len(err.Error()) > 2000:
				t.Errorf("the error has %d bytes", len(err.Error()))
			}
			if failure, ok := errors.AsType[*authy.ResponseError](err); ok && len(failure.Body) > authy.MaxErrorBody {
				t.Errorf("the error keeps %d bytes of the body", len(failure.Body))
			}
		})
	}
}
