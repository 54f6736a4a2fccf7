package fault

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// Effect is what happens when a rule fires; zero fields do nothing. The package comment has the details.
type Effect struct {
	Latency     Spread   `json:"latency,omitzero"`
	SlowHeaders Duration `json:"slow_headers,omitempty"`
	Drip        Duration `json:"drip,omitempty"`

	Status     int      `json:"status,omitempty"`
	Code       int      `json:"code,omitempty"` // an error code of the API
	Body       *string  `json:"body,omitempty"`
	RetryAfter Duration `json:"retry_after,omitempty"`
	Reset      string   `json:"reset,omitempty"`
	JSON       string   `json:"json,omitempty"`
	Skew       Duration `json:"skew,omitempty"`

	Duplicate int      `json:"duplicate,omitempty"`
	Delay     Duration `json:"delay,omitempty"`
	Drop      bool     `json:"drop,omitempty"`
}

// The values of Effect.Reset.
const (
	ResetRequest = "request" // before anything is done
	ResetBefore  = "before"  // before the answer
	ResetAfter   = "after"   // after the body
)

// The values of Effect.JSON.
const (
	JSONTruncated = "truncated"
	JSONWrong     = "wrong"
	JSONHTML      = "html"
)

// Instead reports whether the effect stands in for carrying the request out.
func (e Effect) Instead() bool {
	return e.Status != 0 || e.Code != 0 || e.RetryAfter != 0 || e.Reset == ResetRequest
}

// outgoing keeps what can happen to a callback or webhook.
func (e Effect) outgoing() Effect {
	return Effect{Skew: e.Skew, Duplicate: e.Duplicate, Delay: e.Delay, Drop: e.Drop}
}

// join adds what another rule does; what is there already stays.
func (e Effect) join(other Effect) Effect {
	first(&e.Latency, other.Latency)
	first(&e.SlowHeaders, other.SlowHeaders)
	first(&e.Drip, other.Drip)
	first(&e.Body, other.Body)
	if e.Status == 0 && e.Code == 0 {
		e.Status, e.Code = other.Status, other.Code
	}
	first(&e.RetryAfter, other.RetryAfter)
	first(&e.Reset, other.Reset)
	first(&e.JSON, other.JSON)
	first(&e.Skew, other.Skew)
	first(&e.Duplicate, other.Duplicate)
	first(&e.Delay, other.Delay)
	first(&e.Drop, other.Drop)
	return e
}

func first[T comparable](mine *T, other T) {
	var zero T
	if *mine == zero {
		*mine = other
	}
}

// Duration is a time span whose JSON form is text, such as "1.5s".
type Duration time.Duration

// String is the span as [time.Duration] writes it.
func (d Duration) String() string { return time.Duration(d).String() }

// MarshalJSON writes the text.
func (d Duration) MarshalJSON() ([]byte, error) { return json.Marshal(d.String()) }

// Spread is a time span with a tolerance: "200ms±50ms".
type Spread struct {
	Base, Jitter Duration
}

// String is the span, with its tolerance if it has one.
func (s Spread) String() string {
	if s.Jitter == 0 {
		return s.Base.String()
	}
	return s.Base.String() + "±" + s.Jitter.String()
}

// MarshalJSON writes the text.
func (s Spread) MarshalJSON() ([]byte, error) { return json.Marshal(s.String()) }

// pick is one span within the tolerance.
func (s Spread) pick(r *rand.Rand) Spread {
	if s.Jitter == 0 {
		return s
	}
	return Spread{Base: max(0, s.Base-s.Jitter+Duration(r.Int64N(2*int64(s.Jitter)+1)))}
}

func parseSpread(text string) (Spread, error) {
	base, jitter, spread := strings.Cut(strings.ReplaceAll(text, "+-", "±"), "±")
	var s Spread
	var err error
	if s.Base, err = wait(strings.TrimSpace(base)); err != nil {
		return s, err
	}
	if spread {
		if s.Jitter, err = wait(strings.TrimSpace(jitter)); err != nil {
			return s, fmt.Errorf("the tolerance %w", err)
		}
	}
	return s, nil
}

// Picked is the effect with a latency chosen within its tolerance.
func (e Effect) Picked() Effect {
	e.Latency = e.Latency.pick(rand.New(rand.NewPCG(rand.Uint64(), 0)))
	return e
}
