package repl

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"
)

// ErrInterrupted is the cause for which the context of a chunk ends when the user presses Ctrl-C.
var ErrInterrupted = errors.New("interrupted")

// farewell is how long a chunk has to end when the host ends the prompt.
const farewell = 2 * time.Second

// guard runs f so that Ctrl-C ends it: the first one, unless the host sees to that itself, by its context, the third one by giving it up and ending the
// loop, as nothing can stop a function of Go from outside.
//
// The context outlives f. What a chunk has started may go on, and each chunk can be interrupted by itself.
func (sh *shell) guard(f func(context.Context) error) error {
	interrupts := sh.editor.Interrupts()
	ctx, cancel := context.WithCancelCause(sh.ctx)
	done := make(chan error, 1)
	go func() {
		var err error = &panicError{value: "a chunk ended its goroutine"}
		defer func() { done <- err }()
		err = protect(ctx, f)
	}()
	defer sh.console.spin(sh.paint.dim)()
	return sh.watch(ctx, cancel, done, interrupts)
}

// protect turns a panic into an error.
func protect(ctx context.Context, f func(context.Context) error) (err error) {
	defer func() {
		if broken := recover(); broken != nil {
			err = &panicError{broken, debug.Stack()}
		}
	}()
	return f(ctx)
}

// watch waits for the end.
func (sh *shell) watch(ctx context.Context, cancel context.CancelCauseFunc, done <-chan error, interrupts <-chan struct{}) error {
	presses := 0
	ending := sh.ctx.Done()
	var late <-chan time.Time
	for {
		select {
		case err := <-done:
			if err != nil && errors.Is(context.Cause(ctx), ErrInterrupted) {
				if _, broken := err.(*panicError); !broken {
					return ErrInterrupted
				}
			}
			if sh.ctx.Err() != nil {
				return &endError{ExitInterrupted}
			}
			return err
		case <-ending:
			ending, late = nil, time.After(farewell)
		case <-late:
			return &endError{ExitInterrupted}
		case <-interrupts:
			if sh.console.isLent() {
				continue // it was for the program that has the terminal
			}
			if presses == 0 && sh.options.Interrupt != nil && sh.options.Interrupt() {
				sh.notice("interrupted: finishing what is under way (Ctrl-C again to stop at once)")
				continue
			}
			switch presses++; presses {
			case 1:
				cancel(ErrInterrupted)
			case 2:
				sh.notice("still running: a library call cannot be stopped from outside; Ctrl-C again ends the program")
			default:
				return &endError{ExitInterrupted}
			}
		}
	}
}

// The words of .time, the default first.
var timings = []string{"slow", "on", "off"}

// slow is how long a chunk may take before its time is worth a line.
const slow = time.Second

// tellTime says how long a chunk took, if that is wanted.
func (sh *shell) tellTime(took time.Duration) {
	switch {
	case took == 0 || sh.timing == "off" || sh.timing == "slow" && (took < slow || sh.mode == piped):
		return
	}
	fmt.Fprintln(sh.console.Stderr(), sh.paint.dim("took "+rounded(took)))
}

// rounded is a time with three digits or so.
func rounded(d time.Duration) string {
	for _, unit := range []time.Duration{time.Second, time.Millisecond, time.Microsecond} {
		if d >= unit {
			return d.Round(unit / 100).String()
		}
	}
	return d.String()
}
