package receiver_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/authy/receiver"
)

// flood is how hostile requests come into being: each kind is made from one signed request, because signing anew for
// each would take longer than all that the receiver does with them.
type flood struct {
	forged, replayed, stale, large, malformed, token *http.Request
	bodies                                           map[*http.Request][]byte
}

func newFlood(t *testing.T) *flood {
	f := &flood{
		forged:    signed(t, "GET", "forged", "approved", 0),
		replayed:  signed(t, "GET", "replayed", "approved", 0),
		stale:     signed(t, "POST", "stale", "approved", time.Hour),
		large:     signed(t, "POST", "large", "approved", 0),
		malformed: signed(t, "POST", "malformed", "approved", 0),
		token:     webhook(t, jwt.SigningMethodHS256, []byte("forged")),
		bodies:    map[*http.Request][]byte{},
	}
	for _, r := range []*http.Request{f.forged, f.replayed, f.stale, f.large, f.malformed, f.token} {
		f.bodies[r], _ = io.ReadAll(r.Body)
	}
	return f
}

// copy is the request with its own header and body.
func (f *flood) copy(r *http.Request) *http.Request {
	c := *r
	u := *r.URL
	c.URL, c.Header = &u, r.Header.Clone()
	c.Body = io.NopCloser(bytes.NewReader(f.bodies[r]))
	return &c
}

// hostile is the ith request: each kind in turn, no two of a kind that are the same but for replays.
func (f *flood) hostile(i int) *http.Request {
	switch i % 8 {
	case 0: // another user, in the query
		r := f.copy(f.forged)
		r.URL.RawQuery = strings.Replace(r.URL.RawQuery, "forged", fmt.Sprint("forged", i), 1)
		r.RequestURI = r.URL.RequestURI()
		return r
	case 1:
		return f.copy(f.replayed)
	case 2:
		return f.copy(f.stale)
	case 3: // chunked, without an end to speak of
		r := f.copy(f.large)
		r.Body, r.ContentLength = io.NopCloser(strings.NewReader(endless)), -1
		return r
	case 4:
		r := f.copy(f.large)
		r.ContentLength = 1 << 30
		return r
	case 5:
		r := f.copy(f.malformed)
		body := `{"uuid": [[[[` + fmt.Sprint(i)
		r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
		return r
	case 6:
		r := f.copy(f.malformed)
		r.Header.Set(authy.CallbackSignatureHeader, fmt.Sprint("!", i))
		return r
	default:
		return f.copy(f.token)
	}
}

const floodBody = 4 << 10

var endless = strings.Repeat(" ", 2*floodBody)

// TestFlood: of very many hostile requests none reaches the handler, the genuine ones in between all do, once, and
// memory does not grow. Some of all come over connections, the rest go to the handler of HTTP itself.
func TestFlood(t *testing.T) {
	t.Parallel()
	const genuine, workers, overWire = 100, 4, 50
	var c calls
	r := start(t, &c, func(o *receiver.Options) {
		o.Memory, o.MaxBody, o.PublicURL = 4*genuine, floodBody, target
	})
	f := newFlood(t)
	if got := send(r, f.copy(f.replayed)); got != 200 {
		t.Fatal(got)
	}
	server := httptest.NewServer(r)
	defer server.Close()
	client := server.Client()
	client.Transport.(*http.Transport).MaxIdleConnsPerHost = workers
	wire := func(in *http.Request) int {
		out := in.Clone(t.Context())
		out.RequestURI, out.URL.Scheme, out.URL.Host = "", "http", strings.TrimPrefix(server.URL, "http://")
		if out.ContentLength > floodBody {
			out.ContentLength = -1 // the client sends what it announces
			out.Body = io.NopCloser(strings.NewReader(endless))
		}
		answer, err := client.Do(out)
		if err != nil {
			return 413 // the receiver may hang up while the body is still being sent
		}
		defer answer.Body.Close()
		io.Copy(io.Discard, answer.Body)
		return answer.StatusCode
	}
	part := func(from, to int) {
		var wg sync.WaitGroup
		for w := range workers {
			wg.Go(func() {
				for i := from + w; i < to; i += workers {
					deliver := func(in *http.Request) int { return send(r, in) }
					if i%overWire == 0 {
						deliver = wire
					}
					if got := deliver(f.hostile(i)); got < 400 || got >= 500 {
						t.Errorf("hostile request %d: %d", i, got)
						return
					}
					if i%(floodSize/genuine) == 0 {
						if got := deliver(signed(t, "POST", fmt.Sprint("genuine", i), "approved", 0)); got != 200 {
							t.Errorf("genuine request %d: %d", i, got)
						}
					}
				}
			})
		}
		wg.Wait()
	}
	var before, after runtime.MemStats
	part(0, floodSize/10)
	runtime.GC()
	runtime.ReadMemStats(&before)
	part(floodSize/10, floodSize)
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
	if len(seen) != genuine+1 {
		t.Errorf("%d of %d arrived", len(seen), genuine+1)
	}
	if got := r.Counts(); got.Refused+got.Repeated != floodSize {
		t.Errorf("%+v", got)
	}
}
