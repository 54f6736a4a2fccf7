package authy_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/authysh/authysh/authy"
)

// rawServer answers connections byte by byte, as net/http's server never would.
type rawServer struct {
	address string
	mu      sync.Mutex
	heads   []string // request line and headers of what arrived
	bodies  []string
}

// startRaw gives every request to answer: nth counts requests from 1. answer reports whether the connection is kept.
func startRaw(t *testing.T, answer func(conn *net.TCPConn, nth int) (keep bool)) *rawServer {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &rawServer{address: listener.Addr().String()}
	var done sync.WaitGroup
	t.Cleanup(func() { listener.Close(); done.Wait() })
	done.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			stop := make(chan struct{})
			done.Go(func() {
				defer close(stop)
				defer conn.Close()
				s.serve(conn.(*net.TCPConn), answer)
			})
			done.Go(func() {
				select {
				case <-stop:
				case <-t.Context().Done(): // ends just before Cleanup runs
					conn.Close()
				}
			})
		}
	})
	return s
}

func (s *rawServer) serve(conn *net.TCPConn, answer func(*net.TCPConn, int) bool) {
	reader := bufio.NewReader(conn)
	for {
		var head strings.Builder
		var length int
		for {
			line, err := reader.ReadString('\n')
			if err != nil {
				return
			}
			if line == "\r\n" {
				break
			}
			head.WriteString(line)
			if n, err := fmt.Sscanf(strings.ToLower(line), "content-length: %d", &length); n == 1 && err != nil {
				return
			}
		}
		body := make([]byte, length)
		if _, err := io.ReadFull(reader, body); err != nil {
			return
		}
		s.mu.Lock()
		// What is already here beyond the announced length would be a body that nobody announced.
		extra, _ := reader.Peek(reader.Buffered())
		s.heads = append(s.heads, head.String())
		s.bodies = append(s.bodies, string(body)+string(extra))
		nth := len(s.heads)
		s.mu.Unlock()
		if !answer(conn, nth) {
			return
		}
	}
}

func (s *rawServer) requests() (heads, bodies []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.heads...), append([]string(nil), s.bodies...)
}

// client has connections of its own, closed with the test.
func (s *rawServer) client(t *testing.T) *authy.Client {
	t.Helper()
	transport := authy.NewTransport()
	t.Cleanup(transport.CloseIdleConnections)
	return &authy.Client{
		Key: testKey, AccessKey: "acc3ss-key", SigningKey: "s1gning-key", Host: "http://" + s.address,
		HTTPClient: &http.Client{Transport: transport}, Retries: authy.NoRetries,
	}
}

// respond writes an answer with a right Content-Length.
func respond(conn net.Conn, body string) {
	fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
}

// TestRequestsOnTheWire reads the bytes themselves: a call without a body must not announce one.
func TestRequestsOnTheWire(t *testing.T) {
	t.Parallel()
	for _, tc := range wireCases {
		t.Run(tc.op, func(t *testing.T) {
			t.Parallel()
			s := startRaw(t, func(conn *net.TCPConn, _ int) bool { respond(conn, answers[tc.op]); return false })
			if _, err := tc.call.run(t.Context(), s.client(t)); err != nil {
				t.Fatal(err)
			}
			heads, bodies := s.requests()
			if len(heads) != 1 {
				t.Fatalf("got %d requests, want 1", len(heads))
			}
			line, headers, _ := strings.Cut(heads[0], "\r\n")
			target := tc.path
			if tc.query != "" {
				target += "?" + tc.query
			}
			if want := tc.method + " " + target + " HTTP/1.1"; line != want {
				t.Errorf("got %q, want %q", line, want)
			}
			headers = strings.ToLower(headers)
			if strings.Contains(headers, "transfer-encoding") {
				t.Errorf("the body is chunked:\n%s", headers)
			}
			if has := strings.Contains(headers, "content-length"); has != (tc.body != "") {
				t.Errorf("content-length is %v, want %v:\n%s", has, !has, headers)
			}
			if (bodies[0] == "") != (tc.body == "") {
				t.Errorf("got body %q, want %q", bodies[0], tc.body)
			}
		})
	}
}

// TestNothingIsSentTwice: net/http repeats GETs on its own when a kept connection breaks, and Authy sends texts on
// GET. The first request of each case warms the connection up; the second is read and then left without an answer.
func TestNothingIsSentTwice(t *testing.T) {
	t.Parallel()
	for _, o := range authy.Operations() {
		t.Run(o.Name, func(t *testing.T) {
			t.Parallel()
			s := startRaw(t, func(conn *net.TCPConn, nth int) bool {
				if nth == 2 {
					return false
				}
				respond(conn, answers[o.Name])
				return true
			})
			c := s.client(t)
			c.Retries = 1
			again := callOf(t, o.Name)
			if _, err := again.run(t.Context(), c); err != nil {
				t.Fatal(err)
			}
			_, err := again.run(t.Context(), c)
			heads, _ := s.requests()
			if o.Repeatable() {
				if err != nil || len(heads) != 3 {
					t.Errorf("got %v after %d requests, want success with the third", err, len(heads))
				}
				nonces := regexp.MustCompile(`(?m)^X-Authy-Signature-Nonce: .*$`).FindAllString(strings.Join(heads, ""), -1)
				if unique := slices.Compact(slices.Sorted(slices.Values(nonces))); len(unique) != len(nonces) {
					t.Errorf("a nonce was used twice: %q", nonces)
				}
				return
			}
			failure, ok := err.(*authy.NetworkError)
			if !ok || failure.Kind() != authy.KindNetwork {
				t.Errorf("got %v, want a network error", err)
			}
			if len(heads) != 2 {
				t.Errorf("got %d requests, want 2: it must not be repeated", len(heads))
			}
		})
	}
}

// TestReplayNeedsPrevention is the control of TestNothingIsSentTwice: the same breach makes net/http repeat a plain GET.
func TestReplayNeedsPrevention(t *testing.T) {
	t.Parallel()
	s := startRaw(t, func(conn *net.TCPConn, nth int) bool {
		if nth == 2 {
			return false
		}
		respond(conn, "{}")
		return true
	})
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	for range 2 {
		response, err := client.Get("http://" + s.address)
		if err != nil {
			t.Fatal(err)
		}
		io.Copy(io.Discard, response.Body)
		response.Body.Close()
	}
	if heads, _ := s.requests(); len(heads) != 3 {
		t.Errorf("got %d requests, want 3", len(heads))
	}
}

// callOf is the first wire case of an operation.
func callOf(t testing.TB, op string) invocation {
	t.Helper()
	for _, tc := range wireCases {
		if tc.op == op {
			return tc.call
		}
	}
	t.Fatalf("no wire case for %s", op)
	return invocation{}
}
