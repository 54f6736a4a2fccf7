package pace

import (
	"context"
	"errors"
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

func TestPauses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p, begun := New(nil), time.Now()
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
		p.Observe(time.Now(), nil)
		p.Observe(time.Now(), errors.New("of no matter"))
		p.Observe(time.Now(), &authy.APIError{Status: 503, Code: "60017"}) // a suspended user
		if got := wait(); got != 0 {
			t.Errorf("waited %s without pushback", got)
		}
		p.Observe(time.Now(), pushback(7*time.Second))
		p.Observe(begun, pushback(3*time.Second)) // later ones of the same wave do not shorten the pause
		p.Observe(begun, &authy.APIError{Status: 503})
		if got := wait(); got != 7*time.Second {
			t.Errorf("waited %s, want what the service asked for", got)
		}
		p.Observe(time.Now(), nil) // the one that tried
		elapse(time.Second / 2)
		p.Observe(begun, pushback(time.Second)) // of a request that was sent before the pause
		if p.waves != 1 || p.ceiling != 0 {
			t.Errorf("%d waves, want one, which does not lower the rate", p.waves)
		}
		wait()
		p.Observe(time.Now(), nil)
		ctx, cancel := context.WithCancel(t.Context())
		p.Observe(time.Now(), pushback(time.Hour))
		cancel()
		if err := p.Wait(ctx); !errors.Is(err, context.Canceled) || time.Since(begun) != 8*time.Second+time.Second/2 {
			t.Errorf("canceled: %v after %s", err, time.Since(begun))
		}
	})
}

// TestBacksOff has a service that pushes back and does not say for how long.
func TestBacksOff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := New(nil)
		least := firstPause
		for range 10 {
			begun := time.Now()
			p.Observe(time.Now(), &authy.APIError{Status: 503})
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

// TestSlowsDown drives 100 requests per second, is pushed back again and again, and then left alone.
func TestSlowsDown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := New(nil)
		perSecond := func(span time.Duration) float64 {
			begun, n := time.Now(), 0
			for time.Since(begun) < span {
				if err := p.Wait(t.Context()); err != nil {
					t.Fatal(err)
				}
				n++
				sent := time.Now()
				elapse(10 * time.Millisecond)
				p.Observe(sent, nil)
			}
			return float64(n) / time.Since(begun).Seconds()
		}
		pushed := func() {
			p.Observe(time.Now(), pushback(time.Second))
			if err := p.Wait(t.Context()); err != nil {
				t.Fatal(err)
			}
			p.Observe(time.Now(), nil)
		}
		if got := perSecond(5 * time.Second); got < 95 {
			t.Fatalf("%.1f per second without a limit", got)
		}
		p.Observe(time.Now(), pushback(time.Second))
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
			p.Observe(time.Now(), pushback(time.Second))
			elapse(time.Second)
		}
		if got := float64(p.limiter.Limit()); got < leastPace {
			t.Errorf("limit %v, want at least %v", got, leastPace)
		}
	})
}

// TestTries has one request go ahead after a pause, and the others wait for how it ends.
func TestTries(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		stop := make(chan struct{})
		p := New(stop)
		p.Observe(time.Now(), pushback(time.Second))
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
		p.Observe(time.Now(), pushback(time.Minute))
		elapse(70 * time.Second)
		synctest.Wait()
		if len(through) != 1 {
			t.Fatalf("%d requests tried after the second pause", len(through))
		}
		<-through
		p.Observe(time.Now(), nil)
		synctest.Wait()
		if len(through) != 1 || <-through != nil {
			t.Fatal("the last one waits although the service takes more")
		}
		p.Observe(time.Now(), pushback(10*365*24*time.Hour))
		if got := p.Paused(); got != longestAsk {
			t.Errorf("pauses for %s, want %s", got, longestAsk)
		}
		go func() { through <- p.Wait(t.Context()) }()
		synctest.Wait()
		close(stop)
		if err := <-through; !errors.Is(err, ErrGivenUp) {
			t.Errorf("when the batch stops: %v", err)
		}
	})
}
