package luabind

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/authysh/authysh/authy"
)

// elapse lets time pass in a bubble.
func elapse(d time.Duration) { time.Sleep(d) }

func pushback(retryAfter time.Duration) error {
	return &authy.APIError{Op: "request_sms", Status: 429, RetryAfter: retryAfter}
}

func TestPacePauses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p, begun := newPace(nil), time.Now()
		wait := func() time.Duration {
			t.Helper()
			if err := p.Wait(t.Context()); err != nil {
				t.Fatal(err)
			}
			return time.Since(begun)
		}
		for range 1000 {
			wait()
		}
		p.observe(time.Now(), nil)
		p.observe(time.Now(), errors.New("of no matter"))
		p.observe(time.Now(), &authy.APIError{Status: 503, Code: "60017"}) // a suspended user
		if got := wait(); got != 0 {
			t.Errorf("waited %s without pushback", got)
		}
		p.observe(time.Now(), pushback(7*time.Second))
		p.observe(begun, pushback(3*time.Second)) // later ones of the same wave do not shorten the pause
		p.observe(begun, &authy.APIError{Status: 503})
		if got := wait(); got != 7*time.Second {
			t.Errorf("waited %s, want what the service asked for", got)
		}
		p.observe(time.Now(), nil) // the one that tried
		elapse(time.Second / 2)
		p.observe(begun, pushback(time.Second)) // of a request that was sent before the pause
		if p.waves != 1 || p.ceiling != 0 {
			t.Errorf("%d waves, want one, which does not lower the rate", p.waves)
		}
		wait()
		p.observe(time.Now(), nil)
		ctx, cancel := context.WithCancel(t.Context())
		p.observe(time.Now(), pushback(time.Hour))
		cancel()
		if err := p.Wait(ctx); !errors.Is(err, context.Canceled) || time.Since(begun) != 8*time.Second+time.Second/2 {
			t.Errorf("canceled: %v after %s", err, time.Since(begun))
		}
	})
}

// TestPaceBacksOff has a service that pushes back and does not say for how long.
func TestPaceBacksOff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPace(nil)
		least := firstPause
		for range 10 {
			begun := time.Now()
			p.observe(time.Now(), &authy.APIError{Status: 503})
			if err := p.Wait(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := time.Since(begun); got < least || got > least*5/4+2*time.Second {
				t.Errorf("paused %s, want about %s", got, least)
			}
			least = min(2*least, mostPause)
		}
	})
}

// TestPaceSlowsDown drives 100 requests per second, is pushed back again and again, and then left alone.
func TestPaceSlowsDown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPace(nil)
		perSecond := func(span time.Duration) float64 {
			begun, n := time.Now(), 0
			for time.Since(begun) < span {
				if err := p.Wait(t.Context()); err != nil {
					t.Fatal(err)
				}
				n++
				sent := time.Now()
				elapse(10 * time.Millisecond)
				p.observe(sent, nil)
			}
			return float64(n) / time.Since(begun).Seconds()
		}
		pushed := func() {
			p.observe(time.Now(), pushback(time.Second))
			if err := p.Wait(t.Context()); err != nil {
				t.Fatal(err)
			}
			p.observe(time.Now(), nil)
		}
		if got := perSecond(5 * time.Second); got < 95 {
			t.Fatalf("%.1f per second without a limit", got)
		}
		p.observe(time.Now(), pushback(time.Second))
		if got := perSecond(6 * time.Second); got < 75 { // a pause of one second, and no more
			t.Errorf("%.1f per second after the first wave", got)
		}
		pushed()
		if got := perSecond(time.Second); got > 60 {
			t.Errorf("%.1f per second after the second wave", got)
		}
		pushed()
		slow := perSecond(time.Second)
		if slow > 35 {
			t.Errorf("%.1f per second after the third wave", slow)
		}
		later := perSecond(5 * time.Second)
		if later <= slow || later > 2*slow {
			t.Errorf("%.1f per second later, after %.1f: it should rise slowly", later, slow)
		}
		perSecond(time.Minute)
		if got := perSecond(5 * time.Second); got < 95 || p.ceiling != 0 || p.waves != 0 {
			t.Errorf("%.1f per second at last, ceiling %v, %d waves", got, p.ceiling, p.waves)
		}
		for range 100 { // however often
			p.observe(time.Now(), pushback(time.Second))
			elapse(time.Second)
		}
		if got := float64(p.limiter.Limit()); got < leastPace {
			t.Errorf("limit %v, want at least %v", got, leastPace)
		}
	})
}

// times is a service that answers at once, and notes when calls come.
type times struct {
	mu     sync.Mutex
	begun  time.Time
	at     []time.Duration
	answer func(n int) (status int, body string, header []string) // of the nth call, from 1
}

func (s *times) RoundTrip(*http.Request) (*http.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at = append(s.at, time.Since(s.begun))
	if s.answer != nil {
		if status, body, header := s.answer(len(s.at)); status != 0 {
			return reply(status, body, header...), nil
		}
	}
	return reply(200, fine), nil
}

// inBubble runs a script in virtual time.
func (s *times) inBubble(t *testing.T, source string) (out string, took time.Duration) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s.begun = time.Now()
		client := &authy.Client{Key: "a-key", Host: "https://authy.test", HTTPClient: &http.Client{Transport: s}}
		var printed bytes.Buffer
		rt, err := New(client, Stdout(&printed))
		if err != nil {
			t.Fatal(err)
		}
		if err := rt.Run(t.Context(), Script{Name: "test", Source: strings.ReplaceAll(batchPrelude, "\n", " ") + source}); err != nil {
			t.Error(err)
		}
		out, took = printed.String(), time.Since(s.begun)
		if err := rt.Close(); err != nil {
			t.Error(err)
		}
	})
	return out, took
}

// TestBatchPushback has 8 workers pause because one of them is told to.
func TestBatchPushback(t *testing.T) {
	t.Parallel()
	const source = `show(batch.run{ source = count(40), key = "id", workers = 8, each = function(row) authy.request_sms{ authy_id = row.id } task.sleep "100ms" end })`
	const allDone = "rows 40 done 40 failed 0 doubt 0 dup 0 left 0 earlier 0\n"
	said := func(status int, body string, header ...string) func(int) (int, string, []string) {
		return func(n int) (int, string, []string) {
			if n == 10 {
				return status, body, header
			}
			return 0, "", nil
		}
	}
	for name, c := range map[string]struct {
		answer      func(int) (int, string, []string)
		want        string
		least, most time.Duration // of the pause
	}{
		"429":                   {said(429, `{"success":false}`, "Retry-After", "30"), allDone, 30 * time.Second, 30*time.Second + 200*time.Millisecond},
		"503":                   {said(503, `{"success":false}`, "Retry-After", "3"), allDone, 3 * time.Second, 3*time.Second + 200*time.Millisecond},
		"503 that says no more": {said(503, `{"success":false}`), allDone, firstPause, firstPause * 3 / 2},
		"429 that may have sent": {said(429, `<html>`, "Retry-After", "30"),
			"rows 40 done 39 failed 0 doubt 1 dup 0 left 0 earlier 0\napi\trequest_sms\t-\t1\t%d\trequest_sms: Too Many Requests (HTTP 429)\n", 30 * time.Second, 30*time.Second + 200*time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &times{answer: c.answer}
			got, _ := s.inBubble(t, source)
			if want, _, cut := strings.Cut(c.want, "%d"); !strings.HasPrefix(got, want) || !cut && got != want {
				t.Errorf("printed %q, want %q", got, c.want)
			}
			gap := time.Duration(0)
			for i := 1; i < len(s.at); i++ {
				gap = max(gap, s.at[i]-s.at[i-1])
			}
			if gap < c.least || gap > c.most {
				t.Errorf("a pause of %s, want from %s to %s; calls at %v", gap, c.least, c.most, s.at)
			}
		})
	}
}

// TestBatchPushbackForever has a service that never gives in: rows fail, and the batch ends.
func TestBatchPushbackForever(t *testing.T) {
	t.Parallel()
	s := &times{answer: func(int) (int, string, []string) {
		return 429, `{"success":false,"error_code":"60003"}`, []string{"Retry-After", "10"}
	}}
	got, took := s.inBubble(t, `local s = batch.run{ source = count(2), each = function(row) authy.request_sms{ authy_id = row.id } end } print(s.failed, s.in_doubt, s.errors[1].kind, s.errors[1].code)`)
	if got != "2\t0\tapi\t60003\n" || took < mostPushback*10*time.Second || took > time.Hour {
		t.Errorf("printed %q after %s", got, took)
	}
}

// TestPaceTries has one request go ahead after a pause, and the others wait for how it ends.
func TestPaceTries(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		stop := make(chan struct{})
		p := newPace(stop)
		p.observe(time.Now(), pushback(time.Second))
		through := make(chan error, 10)
		for range 3 {
			go func() { through <- p.Wait(t.Context()) }()
		}
		elapse(5 * time.Second)
		synctest.Wait()
		if len(through) != 1 {
			t.Fatalf("%d requests tried", len(through))
		}
		<-through
		p.observe(time.Now(), pushback(time.Minute))
		elapse(70 * time.Second)
		synctest.Wait()
		if len(through) != 1 {
			t.Fatalf("%d requests tried after the second pause", len(through))
		}
		<-through
		p.observe(time.Now(), nil)
		synctest.Wait()
		if len(through) != 1 || <-through != nil {
			t.Fatal("the last one waits although the service takes more")
		}
		p.observe(time.Now(), pushback(10*365*24*time.Hour))
		if got := p.pausedFor(); got != longestAsk {
			t.Errorf("pauses for %s, want %s", got, longestAsk)
		}
		go func() { through <- p.Wait(t.Context()) }()
		synctest.Wait()
		close(stop)
		if err := <-through; !errors.Is(err, errGivenUp) {
			t.Errorf("when the batch stops: %v", err)
		}
	})
}

// TestBatchOutage has a service that answers 503 for a minute, which may mean anything: few rows are lost to it.
func TestBatchOutage(t *testing.T) {
	t.Parallel()
	s := new(times)
	s.answer = func(int) (int, string, []string) {
		if since := time.Since(s.begun); since > time.Second && since < time.Minute {
			return 503, "<html>", nil
		}
		return 0, "", nil
	}
	got, took := s.inBubble(t, `local s = batch.run{ source = count(2000), workers = 8, each = function(row) task.sleep "20ms" authy.request_sms{ authy_id = row.id } end }
		print(s.done + s.in_doubt, s.in_doubt <= 8 + 10)`)
	if got != "2000\ttrue\n" || took < time.Minute || took > 10*time.Minute {
		t.Errorf("printed %q after %s", got, took)
	}
}

func TestBatchRate(t *testing.T) {
	t.Parallel()
	for options, want := range map[string]time.Duration{
		"rate = 5":                  200 * time.Millisecond,
		`rate = 30, per = "minute"`: 2 * time.Second,
		`rate = 60, per = "hour"`:   time.Minute,
	} {
		s := new(times)
		got, _ := s.inBubble(t, fmt.Sprintf(`print(batch.run{ source = count(20), workers = 10, %s, each = function(row) authy.request_sms{ authy_id = row.id } end }.done)`, options))
		if got != "20\n" {
			t.Errorf("%s: printed %q", options, got)
		}
		for i := 1; i < len(s.at); i++ {
			if gap := s.at[i] - s.at[i-1]; gap < want-time.Millisecond || gap > want+time.Millisecond {
				t.Errorf("%s: call %d came %s after the one before, want %s", options, i+1, gap, want)
			}
		}
	}
	s := new(times)
	s.inBubble(t, `batch.run{ source = count(1000), workers = 64, rate = 500, each = function(row) authy.request_sms{ authy_id = row.id } end }`)
	for i, at := range s.at {
		if most := 500*at.Seconds() + float64(burst(500)); float64(i+1) > most+1 {
			t.Errorf("%d calls after %s", i+1, at)
		}
	}
}
