package worker

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/authy/sandbox"
	"github.com/authysh/authysh/luabind"
)

// output is what scripts wrote.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) take() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	defer l.text.Reset()
	return l.text.String()
}

// bench is a worker with a sandbox for it.
type bench struct {
	*Worker
	service *sandbox.Service
	out     lines
}

func newBench(t testing.TB, change func(*Options)) *bench {
	t.Helper()
	b := &bench{service: sandbox.New(sandbox.WithInstallLink(false))}
	server := httptest.NewServer(b.service)
	t.Cleanup(server.Close)
	options := Options{
		Client: &authy.Client{Key: b.service.Key(), Host: server.URL, HTTPClient: server.Client()}, Stdout: &b.out, Stderr: &b.out,
		Time: 20 * time.Second,
	}
	if change != nil {
		change(&options)
	}
	var err error
	if b.Worker, err = New(options); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

func (b *bench) run(t testing.TB, source string) error {
	t.Helper()
	return b.Run(t.Context(), luabind.Script{Name: "s.lua", Source: source, Args: []string{"one"}})
}

// pid is the process of the child.
func (b *bench) pid() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.child == nil {
		return 0
	}
	return b.child.cmd.Process.Pid
}

func wantReason(t testing.TB, err error, want Reason) {
	t.Helper()
	if killed, ok := errors.AsType[*KilledError](err); !ok || killed.Reason != want {
		t.Errorf("got %v, want it killed for %s", err, want)
	}
}

// TestRuns has one child run script after script, each in a runtime of its own.
func TestRuns(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	err := b.run(t, `
		local user = authy.register_user{ country_code = "PT", phone = "911 234 567", email = "ana@example.com" }
		local tasks = {}
		for i = 1, 5 do tasks[i] = authy.async.get_user_status{ authy_id = user.user.id } end
		print((...), task.all(tasks):await()[5].status.authy_id == user.user.id)
		authy.request_sms{ authy_id = user.user.id }
		left = true`)
	if got := b.out.take(); err != nil || got != "one\ttrue\n" {
		t.Fatalf("%v, printed %q", err, got)
	}
	if n := len(b.service.Outbox(sandbox.OutboxFilter{})); n != 1 {
		t.Errorf("%d texts, want 1", n)
	}
	first := b.pid()
	if err := b.run(t, `print(left)`); err != nil || b.out.take() != "nil\n" {
		t.Errorf("the second run saw the first's globals, or failed: %v", err)
	}
	if first == 0 || b.pid() != first {
		t.Errorf("the process was not used again: %d, then %d", first, b.pid())
	}
}

// TestErrors has errors of scripts come back with what they were made of.
func TestErrors(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(o *Options) { o.Limits = luabind.Limits{Steps: 100_000, Sends: 1} })
	err := b.run(t, "\n authy.get_user_status{ authy_id = 404 }")
	api, isAPI := errors.AsType[*authy.APIError](err)
	script, isScript := errors.AsType[*luabind.ScriptError](err)
	if !isAPI || api.Status != 404 || api.Code != "60026" || !isScript || script.Where != "s.lua:2" || !strings.HasPrefix(err.Error(), "s.lua:2: get_user_status: User not found.") {
		t.Errorf("got %v, with %v and %v", err, api, script)
	}
	if invalid, ok := errors.AsType[*authy.ValidationError](b.run(t, "authy.get_user_status{}")); !ok || invalid.Op != "get_user_status" || len(invalid.Problems) != 1 {
		t.Errorf("got %v", invalid)
	}
	if script, ok := errors.AsType[*luabind.ScriptError](b.run(t, "x =")); !ok || !script.Syntax {
		t.Errorf("got %v", script)
	}
	if limit, ok := errors.AsType[*luabind.LimitError](b.run(t, "while true do end")); !ok || limit.Limit != "Steps" {
		t.Errorf("got %v", limit)
	}
	if exit, ok := errors.AsType[*luabind.ExitError](b.run(t, "os.exit(3)")); ok && exit.Code != 3 {
		t.Errorf("got %v", exit)
	}
	if err := b.run(t, `print "still here"`); err != nil || b.out.take() != "still here\n" {
		t.Error(err)
	}
}

// TestKeyStays: the key is in no answer, error or value of a script, though requests carry it.
func TestKeyStays(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	err := b.run(t, `
		print(authy.get_application_details().raw_body)
		print(authy.try.send_feedback{ sms_id = "none", outcome = "received" })
		authy.list_webhooks{}`)
	if got := b.out.take(); !strings.Contains(got, "Sandbox App") || !strings.Contains(got, "60032") || strings.Contains(got, b.service.Key()) {
		t.Errorf("printed %s", got)
	}
	if err == nil || !strings.Contains(err.Error(), "access_key is required") || strings.Contains(err.Error(), b.service.Key()) {
		t.Errorf("got %v", err)
	}
	b.proxy.base.Host = "127.0.0.1:1" // nobody listens
	err = b.run(t, `authy.send_feedback{ sms_id = "none", outcome = "received" }`)
	if err == nil || !strings.Contains(err.Error(), "send_feedback") || strings.Contains(err.Error(), b.service.Key()) {
		t.Errorf("got %v", err)
	}
}

// TestKeyIsRepeated: nor does a service give it away that repeats what it was sent.
func TestKeyIsRepeated(t *testing.T) {
	t.Parallel()
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"success":true,"message":"key %s","app":{"name":"%[1]s","app_id":1,"plan":"p","sms_enabled":true}}`, r.Header.Get("X-Authy-API-Key"))
	}))
	defer service.Close()
	b := newBench(t, func(o *Options) {
		o.Client = &authy.Client{Key: "a-key-of-my-own", Host: service.URL, HTTPClient: service.Client()}
	})
	if err := b.run(t, `print(authy.get_application_details().raw_body)`); err != nil {
		t.Error(err)
	}
	if got := b.out.take(); !strings.Contains(got, standIn) || strings.Contains(got, "a-key-of-my-own") {
		t.Errorf("printed %s", got)
	}
}

// TestTogether has many run at once: each has its turn.
func TestTogether(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 3 {
				if err := b.run(t, `io.write "x"`); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if got := b.out.take(); got != "xxxxxxxxxxxx" {
		t.Errorf("printed %q", got)
	}
}

// TestStops ends what does not end by itself, and goes on with another process.
func TestStops(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(o *Options) { o.Time = 300 * time.Millisecond })
	wantReason(t, b.run(t, `while true do end`), ReasonTime)
	ctx, cancel := context.WithTimeoutCause(t.Context(), 100*time.Millisecond, errors.New("no longer wanted"))
	defer cancel()
	if err := b.Run(ctx, luabind.Script{Source: `while true do end`}); err == nil || err.Error() != "no longer wanted" {
		t.Errorf("got %v", err)
	}
	if err := b.run(t, `print "again"`); err != nil || b.out.take() != "again\n" {
		t.Error(err)
	}
	if err := b.Run(ctx, luabind.Script{}); err == nil || err.Error() != "no longer wanted" {
		t.Errorf("got %v", err)
	}
}

// TestClose ends a run.
func TestClose(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	up := make(chan struct{})
	b.options.Stdout = writerFunc(func(p []byte) (int, error) { close(up); return len(p), nil })
	ended := make(chan error)
	go func() { ended <- b.run(t, `io.write "x" while true do end`) }()
	<-up
	if err := b.Close(); err != nil {
		t.Error(err)
	}
	wantReason(t, <-ended, ReasonClosed)
	if err := b.run(t, ``); err == nil || err.Error() != "worker: the worker is closed" {
		t.Errorf("got %v", err)
	}
}

// TestCloseWhileStarting does not wait for a child that never gets ready.
func TestCloseWhileStarting(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(o *Options) { o.Command = []string{os.Args[0], "hostile:mute"} })
	ended := make(chan error)
	go func() { ended <- b.run(t, "") }()
	for b.mu.TryLock() { // which is held meanwhile
		b.mu.Unlock()
		runtime.Gosched()
	}
	if err := b.Close(); err != nil {
		t.Error(err)
	}
	if err := <-ended; err != errClosed {
		t.Errorf("got %v", err)
	}
}

// TestCanceledBefore starts nothing.
func TestCanceledBefore(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	ctx, cancel := context.WithCancelCause(t.Context())
	unwanted := errors.New("no longer wanted")
	cancel(unwanted)
	for range 20 { // the turn is free as well, and select takes either
		if err := b.Run(ctx, luabind.Script{}); err != unwanted || b.pid() != 0 {
			t.Errorf("got %v, child %d", err, b.pid())
		}
	}
}

// TestBlockedWriter ends a run, and the worker, although the host's writer keeps what the child has written.
func TestBlockedWriter(t *testing.T) {
	t.Parallel()
	unwanted := errors.New("no longer wanted")
	ctx, cancel := context.WithCancelCause(t.Context())
	free, freed := make(chan struct{}), make(chan struct{})
	b := newBench(t, func(o *Options) {
		o.Stdout = writerFunc(func(p []byte) (int, error) {
			defer close(freed)
			cancel(unwanted)
			<-free
			return len(p), nil
		})
	})
	if err := b.Run(ctx, luabind.Script{Source: `print "x" while true do end`}); err != unwanted {
		t.Errorf("got %v", err)
	}
	if err := b.Close(); err != nil {
		t.Error(err)
	}
	close(free)
	<-freed
}

type transportFunc func(r *http.Request) (*http.Response, error)

func (f transportFunc) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestFaultsOfTheHost: what panics in the parent, on goroutines of the worker's, ends a run and not the process.
func TestFaultsOfTheHost(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(o *Options) {
		o.Stdout = writerFunc(func([]byte) (int, error) { panic("a fault in a writer") })
		o.Client.Retries = authy.NoRetries
		key := o.Client.Key
		o.Client.HTTPClient = &http.Client{Transport: transportFunc(func(*http.Request) (*http.Response, error) { panic("a fault with " + key) })}
	})
	for range 2 {
		err := b.run(t, `authy.get_application_details{}`)
		if err == nil || !strings.Contains(err.Error(), "the HTTP client panicked: a fault with ...") {
			t.Errorf("got %v", err)
		}
		err = b.run(t, `print "x" while true do end`)
		if wantReason(t, err, ReasonOutput); err == nil || !strings.Contains(err.Error(), "panicked: a fault in a writer") {
			t.Errorf("got %v", err)
		}
	}
}

type writerFunc func(p []byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// TestOptions refuses what makes no sense.
func TestOptions(t *testing.T) {
	t.Parallel()
	for _, o := range []Options{{}, {Client: &authy.Client{}}, {Client: &authy.Client{Key: "k"}, Time: -1}, {Client: &authy.Client{Key: "k"}, Memory: -1}} {
		if _, err := New(o); err == nil {
			t.Errorf("%+v was taken", o)
		}
	}
	for _, command := range [][]string{{"/nowhere/at/all"}, {os.Args[0], "hostile:dies"}} {
		b := newBench(t, func(o *Options) { o.Command = command })
		if err := b.run(t, ""); err == nil || !strings.Contains(err.Error(), "start") {
			t.Errorf("%v: got %v", command, err)
		}
	}
}
