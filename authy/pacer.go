package authy

import "context"

// Pacer slows down many calls together, where each of them alone would not know that the service asks for less.
//
// Its methods are called from all goroutines that call with its context.
type Pacer interface {
	// Wait blocks until a request may start. Each attempt of a call waits, and what it waits does not count against the
	// client's timeout. An error ends the call before it is sent, and is wrapped in a [*NetworkError].
	//
	// The route tells what the request does. It may differ from that of the operation: a registration that texts a link
	// sends.
	Wait(ctx context.Context, route Route) error
	// Observe is told how each attempt ended: nil, or the error that the call would return. A refusal with
	// [ErrRateLimited], or a 503, is the service asking for less; its RetryAfter says for how long.
	Observe(err error)
}

// pacerKey is under what a context has its pacer.
type pacerKey struct{}

// WithPacer returns a context whose calls, with any [Client], go by the pacer. If ctx has one already they go by both, and
// wait for that one first.
func WithPacer(ctx context.Context, p Pacer) context.Context {
	if outer := pacerOf(ctx); outer != nil {
		p = pacers{outer, p}
	}
	return context.WithValue(ctx, pacerKey{}, p)
}

// pacers are two pacers that both must let a request start.
type pacers struct{ outer, inner Pacer }

// Wait waits for the outer one first.
func (p pacers) Wait(ctx context.Context, route Route) error {
	if err := p.outer.Wait(ctx, route); err != nil {
		return err
	}
	return p.inner.Wait(ctx, route)
}

// Observe tells both.
func (p pacers) Observe(err error) {
	p.inner.Observe(err)
	p.outer.Observe(err)
}

func pacerOf(ctx context.Context) Pacer {
	p, _ := ctx.Value(pacerKey{}).(Pacer)
	return p
}
