package fault_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/authysh/authysh/authy/sandbox/fault"
)

func answer() fault.Answer {
	return fault.Answer{Status: 200, Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(`{"success":true,"message":"sent"}`)}
}

func effect(t *testing.T, text string) fault.Effect {
	t.Helper()
	e, err := fault.ParseScenario(text)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// How long the waits are, by a clock that costs no time.
func TestWaits(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		"latency=2s":         2 * time.Second,
		"drip=1s":            16 * time.Second,
		"slow_headers=1s":    5 * time.Second, // no bare connection here: status line, three headers, empty line
		"latency=1s,drip=1s": 17 * time.Second,
	} {
		t.Run(text, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := answer()
				a.Header.Set("X-Other", "1")
				a.Body = []byte(strings.Repeat("x", 32))
				started := time.Now()
				w := httptest.NewRecorder()
				effect(t, text).Write(w, httptest.NewRequest("GET", "/", nil), a)
				if got := time.Since(started); got != want {
					t.Errorf("took %s, want %s", got, want)
				}
				if w.Code != 200 || w.Body.Len() != 32 {
					t.Errorf("%d %s", w.Code, w.Body)
				}
			})
		})
	}
}

func TestCallerGoesAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		started := time.Now()
		w := httptest.NewRecorder()
		effect(t, "latency=10m").Write(w, httptest.NewRequestWithContext(ctx, "GET", "/", nil), answer())
		if time.Since(started) != time.Second || w.Body.Len() != 0 {
			t.Errorf("waited %s, wrote %s", time.Since(started), w.Body)
		}
	})
}

func TestSpoiledAnswers(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"json=truncated":           `{"success":true,`,
		"json=wrong":               `["this","is","not","what","was","asked","for"]`,
		"body=gone":                "gone",
		"body=abcd,json=truncated": "ab",
	} {
		w := httptest.NewRecorder()
		effect(t, text).Write(w, httptest.NewRequest("GET", "/", nil), answer())
		if got := w.Body.String(); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
	w := httptest.NewRecorder()
	effect(t, "json=html, retry_after=1500ms, skew=-24h").Write(w, httptest.NewRequest("GET", "/", nil), answer())
	date, err := http.ParseTime(w.Header().Get("Date"))
	if age := time.Since(date); err != nil || age < 24*time.Hour-time.Minute || age > 24*time.Hour+time.Minute {
		t.Errorf("Date %s, %v", w.Header().Get("Date"), err)
	}
	if w.Header().Get("Content-Type") != "text/html" || w.Header().Get("Retry-After") != "2" || !strings.Contains(w.Body.String(), "502 Bad Gateway") {
		t.Errorf("%v %s", w.Header(), w.Body)
	}
}

// serve answers one request with a fault over a real connection.
func serve(t *testing.T, text string) (*http.Response, error) {
	t.Helper()
	e := effect(t, text)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { e.Write(w, r, answer()) }))
	t.Cleanup(s.Close)
	rq, err := http.NewRequestWithContext(t.Context(), "POST", s.URL, strings.NewReader("x")) // not one that is sent again
	if err != nil {
		t.Fatal(err)
	}
	return s.Client().Do(rq)
}

func TestResets(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"reset=request", "reset=before"} {
		res, err := serve(t, text)
		if err == nil {
			res.Body.Close()
			t.Errorf("%s: answered with %d", text, res.StatusCode)
		} else if !errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, io.EOF) {
			t.Errorf("%s: %v", text, err)
		}
	}
	res, err := serve(t, "reset=after")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err == nil || string(body) != string(answer().Body) {
		t.Errorf("body %s, %v", body, err)
	}
}

func TestSlowHeadersOnAConnection(t *testing.T) {
	t.Parallel()
	e := effect(t, "slow_headers=1ms, drip=1ms")
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { e.Write(w, r, answer()) }))
	defer s.Close()
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(res.Body)
	if err != nil || string(body) != string(answer().Body) || res.Header.Get("Date") == "" {
		t.Errorf("%v %s %v", res.Header, body, err)
	}
}
