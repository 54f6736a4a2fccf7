package luabind

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
	firstPause = 500 * time.Millisecond // after pushback that does not say how long
	mostPause  = time.Minute            // of those; what a service asks for is kept whatever it is
	pushSettle = time.Second            // how long after a pause pushback still belongs to the same wave
	paceWindow = 2 * time.Second        // over which the rate of requests is measured
	recovery   = time.Second            // how often a lowered rate rises
	recoverBy  = 1.05                   // by which factor
	leastPace  = 0.5                    // requests per second, however often the service pushes back
)

// pace lets the requests of all rows of a batch pause together when the service pushes back, and slows them down when that
// happens again and again. It is an [authy.Pacer], safe for concurrent use.
type pace struct {
	mu      sync.Mutex
	until   time.Time // no request starts before
	settled time.Time // pushback after this is a new wave
	waves   int       // in a row, without a calm in between
	limiter *rate.Limiter
	ceiling float64   // at this rate the limit is lifted; 0 when there is none
	raised  time.Time // when the limit last changed

	counted int // requests in the window
	window  time.Time
	last    float64 // requests per second in the window before
}

func newPace() *pace { return &pace{limiter: rate.NewLimiter(rate.Inf, 1)} }

// newLimiter is a limiter that allows perSecond; a burst of a few milliseconds makes up for late timers.
func newLimiter(perSecond float64) *rate.Limiter {
	return rate.NewLimiter(rate.Limit(perSecond), burst(perSecond))
}

func burst(perSecond float64) int { return max(1, int(perSecond/100)) }

// isPushback reports a refusal by which the service asks for fewer requests.
func isPushback(err error) bool {
	refusal, ok := errors.AsType[*authy.APIError](err)
	return ok && (errors.Is(refusal, authy.ErrRateLimited) ||
		refusal.Status == http.StatusServiceUnavailable && (refusal.Code == "" || refusal.RetryAfter > 0))
}

// Wait blocks while all pause, and then by the lowered rate if there is one.
func (p *pace) Wait(ctx context.Context) error {
	for {
		p.mu.Lock()
		wait := time.Until(p.until)
		p.recover(time.Now())
		limited := p.ceiling > 0
		if wait <= 0 && !limited {
			p.count(time.Now())
			p.mu.Unlock()
			return ctx.Err()
		}
		p.mu.Unlock()
		if wait > 0 {
			if err := sleep(ctx, wait); err != nil {
				return err
			}
			continue
		}
		reservation := p.limiter.Reserve()
		if err := sleep(ctx, reservation.Delay()); err != nil {
			reservation.Cancel()
			return err
		}
		p.mu.Lock()
		paused := time.Now().Before(p.until) // meanwhile
		if !paused {
			p.count(time.Now())
		}
		p.mu.Unlock()
		if !paused {
			return ctx.Err()
		}
	}
}

func sleep(ctx context.Context, d time.Duration) error {
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
func (p *pace) count(now time.Time) {
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
func (p *pace) current(now time.Time) float64 {
	const enough = 200 * time.Millisecond
	if past := now.Sub(p.window); past >= enough || p.last == 0 {
		return float64(p.counted) / max(past, enough).Seconds()
	}
	return p.last
}

// Observe learns how a request ended.
func (p *pace) Observe(err error) {
	if !isPushback(err) {
		return
	}
	refusal, _ := errors.AsType[*authy.APIError](err)
	now := time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	pause := refusal.RetryAfter
	newWave := now.After(p.settled)
	if newWave {
		if pause == 0 {
			pause = min(firstPause<<min(p.waves, 10), mostPause)
			pause += time.Duration(rand.Int64N(int64(pause/4) + 1))
		}
		if p.waves++; p.waves > 1 {
			p.lower(now)
		}
	}
	if until := now.Add(pause); until.After(p.until) {
		p.until = until
	}
	p.settled = p.until.Add(pushSettle)
	p.raised = p.settled
}

// lower halves the rate.
func (p *pace) lower(now time.Time) {
	current := p.current(now)
	if p.ceiling > 0 {
		current = min(current, float64(p.limiter.Limit()))
	}
	p.ceiling = max(p.ceiling, 2*current, 2*leastPace)
	p.setLimit(max(current/2, leastPace))
}

func (p *pace) setLimit(perSecond float64) {
	p.limiter.SetLimit(rate.Limit(perSecond))
	p.limiter.SetBurst(burst(perSecond))
}

// recover raises a lowered rate bit by bit, and forgets the waves after a calm.
func (p *pace) recover(now time.Time) {
	const calm = 10 * time.Second
	if p.waves > 0 && p.ceiling == 0 && now.Sub(p.settled) > calm {
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
