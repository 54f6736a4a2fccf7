package luabind

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/authysh/authysh/authy"
)

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
		"503 that says no more": {said(503, `{"success":false}`), allDone, 100 * time.Millisecond, 150 * time.Millisecond},
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
	const burst = 5 // a hundredth of a second
	s := new(times)
	s.inBubble(t, `batch.run{ source = count(1000), workers = 64, rate = 500, each = function(row) authy.request_sms{ authy_id = row.id } end }`)
	for i, at := range s.at {
		if most := 500*at.Seconds() + burst; float64(i+1) > most+1 {
			t.Errorf("%d calls after %s", i+1, at)
		}
	}
}
