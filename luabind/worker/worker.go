package worker

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/luabind"
)

// Options configure a [Worker]. Client is required, zero values of the others have defaults.
type Options struct {
	// Client calls the service for the scripts. Its key stays in the parent, and so do the dashboard's: scripts in a worker
	// cannot manage webhooks, and verify callbacks only with a key of their own.
	Client *authy.Client
	// Command is the program of the child and its arguments, to which one is added; the program must call [Main]. By default
	// it is the program that runs.
	Command []string
	// Limits are those of the runtime in the child, which end a run and not the child. The parent sees to Output and Sends, too.
	Limits luabind.Limits
	// Time is how long a run may take before the child is killed; by default a second more than Limits.Time.
	Time time.Duration
	// Memory is how many bytes the child may hold before it is killed; by default 256 MiB. See the package for where that
	// is enforced.
	Memory int64
	// Requests are how many requests to the service one run may make; by default 1000.
	Requests int64
	// Stdout and Stderr are where scripts write; by default their output is discarded. A Write that blocks holds up the script; when
	// the child is killed meanwhile, as for its time, the run ends two seconds later without it.
	Stdout, Stderr io.Writer
}

// Defaults of the [Options].
const (
	DefaultMemory   = 256 << 20
	DefaultRequests = 1000
	DefaultOutput   = 1 << 20 // of Limits.Output
	DefaultSends    = 100     // of Limits.Sends
)

// Worker runs scripts in a child process, one at a time. The child is started by the first run, used again by the next, and
// started anew after it was killed. Every run has a runtime of its own, that of [Worker.Load] is kept for calls, but a script that breaks out of its
// interpreter has the child for itself: keep a worker for each party whose scripts must not meet.
//
// Its methods are safe for concurrent use; runs, loads and calls wait for each other, and give up waiting when their context ends.
// Close may be called while they do: they end with an error.
type Worker struct {
	options Options
	command []string
	proxy   *proxy
	turn    chan struct{} // holds one token: one run at a time
	program *program      // what calls are for; nil for none, guarded by the turn

	closing context.Context // ends with the worker, also while a child starts
	end     context.CancelCauseFunc

	mu     sync.Mutex // guards the two below
	child  *process
	closed bool
}

// New makes a worker. Close it when done.
func New(options Options) (*Worker, error) {
	if options.Client == nil {
		return nil, errors.New("worker: New needs a client")
	}
	if options.Time < 0 || options.Memory < 0 || options.Requests < 0 {
		return nil, errors.New("worker: Time, Memory and Requests must not be negative; 0 is the default")
	}
	proxy, err := newProxy(options.Client)
	if err != nil {
		return nil, fmt.Errorf("worker: Client: %w", err)
	}
	options.Time = cmp.Or(options.Time, cmp.Or(options.Limits.Time, 10*time.Second)+time.Second)
	options.Memory = cmp.Or(options.Memory, DefaultMemory)
	options.Requests = cmp.Or(options.Requests, DefaultRequests)
	options.Limits.Output = cmp.Or(options.Limits.Output, DefaultOutput)
	options.Limits.Sends = cmp.Or(options.Limits.Sends, DefaultSends)
	if options.Stdout == nil {
		options.Stdout = io.Discard
	}
	if options.Stderr == nil {
		options.Stderr = io.Discard
	}
	command := options.Command
	if len(command) == 0 {
		program, err := os.Executable()
		if err != nil {
			return nil, fmt.Errorf("worker: Command: %w", err)
		}
		command = []string{program}
	}
	w := &Worker{options: options, command: command, proxy: proxy, turn: make(chan struct{}, 1)}
	w.closing, w.end = context.WithCancelCause(context.Background())
	w.turn <- struct{}{}
	return w, nil
}

// Run runs a script to its end in the child. Its Dir and Program do not matter: there are no files.
//
// Errors of scripts are those of [luabind.Runtime.Run] as far as they can travel: errors.As finds [*luabind.ScriptError],
// [*luabind.LimitError], [*luabind.ExitError], [*authy.APIError] and [*authy.ValidationError], all without the Lua value, and an
// [authy.Error] for other failures of calls. A script that has taken over the child can say what it likes there, as in its
// output. A child that was killed or died is a [*KilledError]. When ctx ends the error is the context's cause.
func (w *Worker) Run(ctx context.Context, script luabind.Script) error {
	return w.inTurn(ctx, func(child *process) error { return withoutExit(child.script(ctx, script, false)) })
}

// withoutExit takes the exit code 0 for a good end.
func withoutExit(err error) error {
	if exit, ok := errors.AsType[*luabind.ExitError](err); ok && exit.Code == 0 {
		return nil
	}
	return err
}

// inTurn calls f with the living child when nobody else uses it.
func (w *Worker) inTurn(ctx context.Context, f func(child *process) error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	select {
	case <-w.turn:
		defer func() { w.turn <- struct{}{} }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	child, err := w.living(ctx)
	if err != nil {
		return err
	}
	err = f(child)
	if child.dead() {
		w.mu.Lock()
		if w.child == child {
			w.child = nil
		}
		w.mu.Unlock()
	}
	return err
}

var errClosed = errors.New("worker: the worker is closed")

// living is the child, started if there is none.
func (w *Worker) living(ctx context.Context) (*process, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return nil, errClosed
	}
	if w.child != nil && !w.child.dead() {
		return w.child, nil
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(w.closing, func() { cancel(errClosed) })()
	child, err := start(ctx, w)
	if err != nil {
		return nil, err
	}
	w.child = child
	return child, nil
}

// Close kills the child, which ends a script that runs, and waits for its end.
func (w *Worker) Close() error {
	w.end(errClosed) // of a child that starts, while the lock is held
	w.mu.Lock()
	child := w.child
	w.closed = true
	w.mu.Unlock()
	if child != nil {
		child.kill(ReasonClosed, "the worker was closed")
		<-child.ended
	}
	w.proxy.close()
	return nil
}
