package receiver_test

import (
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/authy/receiver"
)

// TestFlood: of very many hostile requests none reaches the handler, the genuine ones in between all do, once, and
// memory does not grow.
func TestFlood(t *testing.T) {
	t.Parallel()
	const genuine = 100
	var c calls
	r := start(t, &c, func(o *receiver.Options) { o.Memory = 4 * genuine })
	replayed := signed(t, "GET", "replayed", "approved", 0)
	replay := func() *http.Request { return replayed.Clone(t.Context()) }
	if got := send(r, replay()); got != 200 {
		t.Fatal(got)
	}
	hostile := []func(i int) *http.Request{
		func(i int) *http.Request { // forged
			f := signed(t, "GET", "forged", "approved", 0)
			f.URL.RawQuery = strings.Replace(f.URL.RawQuery, "forged", fmt.Sprint("forged", i), 1)
			f.RequestURI = f.URL.RequestURI()
			return f
		},
		func(int) *http.Request { return replay() },
		func(i int) *http.Request { return signed(t, "POST", fmt.Sprint("old", i), "approved", time.Hour) },
		func(i int) *http.Request { // oversized
			f := signed(t, "POST", "large", "approved", 0)
			f.Body, f.ContentLength = io.NopCloser(io.LimitReader(spaces{}, 1<<19)), -1
			return f
		},
		func(i int) *http.Request { // malformed
			f := signed(t, "POST", "bad", "approved", 0)
			f.Body = io.NopCloser(strings.NewReader(`{"uuid": [[[[` + fmt.Sprint(i)))
			return f
		},
		func(i int) *http.Request {
			f := signed(t, "POST", "bad", "approved", 0)
			f.Header.Set(authy.CallbackSignatureHeader, fmt.Sprint("!", i))
			return f
		},
		func(int) *http.Request { return webhook(t, jwt.SigningMethodHS256, []byte("forged")) },
	}
	var before, after runtime.MemStats
	sent := 0
	for i := range floodSize {
		if i == floodSize/10 {
			runtime.GC()
			runtime.ReadMemStats(&before)
		}
		if got := send(r, hostile[i%len(hostile)](i)); got < 400 || got >= 500 {
			t.Fatalf("hostile request %d: %d", i, got)
		}
		if i%(floodSize/genuine) == 0 {
			if got := send(r, signed(t, "POST", fmt.Sprint("genuine", i), "approved", 0)); got != 200 {
				t.Fatalf("genuine request %d: %d", i, got)
			}
			sent++
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 4<<20 {
		t.Errorf("memory has grown by %d bytes", grown)
	}
	seen := map[string]bool{}
	for _, name := range c.got {
		if seen[name] || !strings.Contains(name, "genuine") && !strings.Contains(name, "replayed") {
			t.Errorf("the handler saw %s", name)
		}
		seen[name] = true
	}
	if len(seen) != sent+1 {
		t.Errorf("%d of %d arrived", len(seen), sent+1)
	}
	if got := r.Counts(); got.Refused+got.Repeated != floodSize {
		t.Errorf("%+v", got)
	}
}

// spaces is a body without an end.
type spaces struct{}

func (spaces) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}
