package main

import (
	"context"
	"io"
	"os"
	"syscall"
	"time"
)

// Together these stay below the tenth of a second within which an interrupted program should be gone.
const (
	// grace is how long an interrupted program may take to end by itself. Lua code stops within it; a pattern match or
	// a read from a terminal does not, so that the process is ended then.
	grace = 60 * time.Millisecond
	// lastFlush bounds the writing of what is still in the buffer when the process is ended: the reader of a full pipe
	// may be asleep.
	lastFlush = 35 * time.Millisecond
)

// interrupted is the cause of a context that a signal ended.
type interrupted struct{ code exitCode }

func (i *interrupted) Error() string { return "interrupted" }

// codeOf is 128 plus the signal's number, as shells report it.
func codeOf(s os.Signal) exitCode {
	if number, ok := s.(syscall.Signal); ok {
		return exitCode(128 + int(number))
	}
	return exitInterrupted
}

// flushGrace is grace where the rows of a batch were in the works, whose end is still to be recorded.
const flushGrace = 2 * time.Second

// mostServing is grace where callbacks are served: handlers have limits of their own, which a script may set.
const mostServing = 5 * time.Minute

// interruptible ends the context at the first signal, and the process at the second one or when the time is up. While
// batches are going on, the first signal lets them end by themselves, and the others count from there.
func (a *app) interruptible(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	done := make(chan struct{})
	go func() {
		var first os.Signal
		for first == nil || a.prompting.Load() {
			select {
			case <-done:
				return
			case first = <-a.signals:
			}
		}
		limit := grace
		if a.drain(codeOf(first)) {
			limit = flushGrace
			select {
			case <-done:
				return
			case first = <-a.signals:
			}
		}
		if first == os.Interrupt && a.stderrTerminal { // which shows ^C; what follows has a line of its own
			io.WriteString(a.console.Stderr(), "\n")
		}
		limit = max(limit, a.serveGrace())
		cancel(&interrupted{codeOf(first)})
		var timeUp <-chan time.Time
		if !a.graceful.Load() {
			timeUp = time.After(limit)
		}
		select {
		case <-done:
		case second := <-a.signals:
			a.die(codeOf(second))
		case <-timeUp:
			a.die(codeOf(first))
		}
	}()
	return ctx, func() {
		close(done)
		cancel(nil)
	}
}

// drain lets batches end by themselves, and tells the user so. It reports whether there were any.
func (a *app) drain(code exitCode) bool {
	interrupt := a.interrupt.Load()
	if interrupt == nil || !(*interrupt)() {
		return false
	}
	a.drained.Store(int32(code))
	io.WriteString(a.console.Stderr(), "authysh: interrupted, finishing the rows in the works (again to stop at once)\n")
	return true
}

// serveGrace is how much longer a program may take whose script serves callbacks: what is being handled is finished, and
// answered. The user is told when there is any.
func (a *app) serveGrace() time.Duration {
	serving := a.serving.Load()
	if serving == nil {
		return 0
	}
	servers, handling := (*serving)()
	if servers == 0 {
		return 0
	}
	if handling > 0 {
		io.WriteString(a.console.Stderr(), "authysh: interrupted, finishing what is being handled (again to stop at once)\n")
	}
	return mostServing
}

// die ends the process while it is busy.
func (a *app) die(code exitCode) {
	if end := a.dying.Load(); end != nil {
		(*end)()
	}
	flushed := make(chan struct{})
	go func() {
		a.out.Flush()
		close(flushed)
	}()
	select {
	case <-flushed:
	case <-time.After(lastFlush):
	}
	a.exit(int(code))
}
