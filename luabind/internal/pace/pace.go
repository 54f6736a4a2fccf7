package pace

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/authysh/authysh/authy"
	"golang.org/x/time/rate"
)

const (
	firstPause = 100 * time.Millisecond // after pushback that does not say how long
	mostPause  = time.Minute            // of those; what a service asks for is kept whatever it is
	longestAsk = 15 * time.Minute       // of those that the service asks for; then it is asked again
	trialTime  = 30 * time.Second       // after which another request may try, if nothing was heard of the first
	paceWindow = 2 * time.Second        // over which the rate of requests is measured
	recovery   = time.Second            // how often a lowered rate rises
	recoverBy  = 1.1                    // by which factor
	leastPace  = 0.5                    // requests per second, however often the service pushes back
	mostSlower = 40                     // by which factor the rate is lowered at most; the pauses do the rest
)

// Pacer lets the requests of all workers pause together when the service pushes back, and slows them down when that
// happens again and again. After a pause one request tries alone. It is safe for concurrent use.
type Pacer struct {
	giveUp <-chan struct{} // when closed, what waits in a pause is not to be sent

	mu      sync.Mutex
	until   time.Time     // no request starts before
	waves   int           // of pushback, without a calm in between
	refused int           // requests that tried alone, in a row
	trying  bool          // all wait for the one request that tries
	tried   time.Time     // when that began; zero for not yet
	changed chan struct{} // closed when trying ends, or begins anew
	limiter *rate.Limiter
	ceiling float64   // at this rate the limit is lifted; 0 when there is none
	raised  time.Time // when the limit last changed

	counted int // requests in the window
	window  time.Time
	last    float64 // requests per second in the window before
}

// New makes a Pacer that lets all through until the first pushback.
func New(giveUp <-chan struct{}) *Pacer {
	return &Pacer{giveUp: giveUp, limiter: rate.NewLimiter(rate.Inf, 1), changed: make(chan struct{})}
}

// ErrGivenUp is what a request gets that was in a pause when its workers were told to stop.
var ErrGivenUp = errors.New("not sent: the service asked for a pause, and the batch stops")

// NewLimiter is a limiter that allows perSecond; a burst of a few milliseconds makes up for late timers.
func NewLimiter(perSecond float64) *rate.Limiter {
	return rate.NewLimiter(rate.Limit(perSecond), burst(perSecond))
}

func burst(perSecond float64) int { return max(1, int(perSecond/100)) }

// IsPushback reports a refusal by which the service asks for fewer requests.
func IsPushback(err error) bool {
	refusal, ok := errors.AsType[*authy.APIError](err)
	return ok && (errors.Is(refusal, authy.ErrRateLimited) ||
		refusal.Status == http.StatusServiceUnavailable && (refusal.Code == "" || refusal.RetryAfter > 0))
}

// Wait blocks while all pause, and then by the lowered rate if there is one.
func (p *Pacer) Wait(ctx context.Context) error {
	for {
		p.mu.Lock()
		now := time.Now()
		p.recover(now)
		wait, changed, limited := p.until.Sub(now), p.changed, p.ceiling > 0
		if wait <= 0 && p.trying {
			if wait = trialTime - now.Sub(p.tried); p.tried.IsZero() || wait <= 0 {
				p.tried = now
				p.count(now)
				p.mu.Unlock()
				return ctx.Err()
			}
		}
		if wait <= 0 && !limited {
			p.count(now)
			p.mu.Unlock()
			return ctx.Err()
		}
		p.mu.Unlock()
		if wait > 0 {
			if err := p.pause(ctx, wait, changed); err != nil {
				return err
			}
			continue
		}
		reservation := p.limiter.Reserve()
		if err := Sleep(ctx, reservation.Delay()); err != nil {
			reservation.Cancel()
			return err
		}
		p.mu.Lock()
		paused := p.trying || time.Now().Before(p.until) // meanwhile
		if !paused {
			p.count(time.Now())
		}
		p.mu.Unlock()
		if !paused {
			return ctx.Err()
		}
	}
}

// pause waits until the time is up or something has changed.
func (p *Pacer) pause(ctx context.Context, d time.Duration, changed <-chan struct{}) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-changed:
	case <-p.giveUp:
		return ErrGivenUp
	case <-ctx.Done():
	}
	return ctx.Err()
}

// Paused is how long no request will start; 0 when they may.
func (p *Pacer) Paused() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return max(0, time.Until(p.until))
}

// Sleep waits until the time is up or ctx ends, and gives the error of ctx.
func Sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// count measures the rate.
func (p *Pacer) count(now time.Time) {
	if past := now.Sub(p.window); past >= paceWindow {
		p.last = 0
		if past < 2*paceWindow {
			p.last = float64(p.counted) / past.Seconds()
		}
		p.window, p.counted = now, 0
	}
	p.counted++
}

// current is the rate of requests now.
func (p *Pacer) current(now time.Time) float64 {
	const enough = 200 * time.Millisecond
	if past := now.Sub(p.window); past >= enough || p.last == 0 {
		return float64(p.counted) / max(past, enough).Seconds()
	}
	return p.last
}

// Observe learns how a request ended that began at a time.
func (p *Pacer) Observe(begun time.Time, err error) {
	pushback := IsPushback(err)
	p.mu.Lock()
	defer p.mu.Unlock()
	fresh := !begun.Before(p.until) // else it began before the pause, and its answer says nothing new
	alone := fresh && p.trying
	if alone {
		p.trying = false
		if p.refused++; !pushback {
			p.refused = 0
		}
		p.change()
	}
	if !pushback {
		return
	}
	refusal, _ := errors.AsType[*authy.APIError](err)
	now := time.Now()
	pause := min(refusal.RetryAfter, longestAsk)
	if fresh {
		if pause == 0 {
			pause = min(firstPause<<min(p.refused, 10), mostPause)
			pause += time.Duration(rand.Int64N(int64(pause/4) + 1))
		}
		if p.waves++; p.waves > 1 && !alone { // one alone was not too fast
			p.lower(now)
		}
	}
	until := now.Add(pause)
	if pause == 0 || !until.After(p.until) {
		return
	}
	p.until = until
	p.trying, p.tried = true, time.Time{}
	p.raised = p.until
	p.change()
}

// change wakes all who wait.
func (p *Pacer) change() {
	close(p.changed)
	p.changed = make(chan struct{})
}

// lower halves the rate.
func (p *Pacer) lower(now time.Time) {
	current := p.current(now)
	if p.ceiling > 0 {
		current = min(current, float64(p.limiter.Limit()))
	}
	p.ceiling = max(p.ceiling, 2*current, 2*leastPace)
	p.setLimit(max(current/2, leastPace, p.ceiling/mostSlower))
}

func (p *Pacer) setLimit(perSecond float64) {
	p.limiter.SetLimit(rate.Limit(perSecond))
	p.limiter.SetBurst(burst(perSecond))
}

// recover raises a lowered rate bit by bit, and forgets the waves after a calm.
func (p *Pacer) recover(now time.Time) {
	const calm = 10 * time.Second
	if p.waves > 0 && p.ceiling == 0 && now.Sub(p.until) > calm {
		p.waves = 0
	}
	if p.ceiling == 0 {
		return
	}
	for now.Sub(p.raised) >= recovery {
		p.raised = p.raised.Add(recovery)
		if p.setLimit(float64(p.limiter.Limit()) * recoverBy); float64(p.limiter.Limit()) >= p.ceiling {
			p.ceiling, p.waves = 0, 0
			return
		}
	}
}
