package worker

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"runtime/debug"
	"sync"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/luabind"
)

// argument is the only one of a child.
const argument = "luabind-worker"

// Is reports whether the process was started as the child of a [Worker].
func Is() bool { return len(os.Args) == 2 && os.Args[1] == argument }

// Main is the program of the child: it runs scripts until the parent hangs up, and does not return. It belongs first in
// main, before anything else is set up, and into the TestMain of tests:
//
//	if worker.Is() {
//		worker.Main()
//	}
func Main() {
	out := os.Stdout
	os.Stdout = os.Stderr // what the program prints must not come between messages
	c := &child{out: &writer{w: out}, waiting: map[int64]chan *answer{}, runs: make(chan *run)}
	go func() {
		c.read(os.Stdin)
		os.Exit(0) // the parent has hung up, or is none of ours
	}()
	confine()
	if c.out.send(message{Type: "ready"}) != nil {
		os.Exit(1)
	}
	for r := range c.runs {
		results, err := c.run(r)
		if r.Call == nil {
			debug.FreeOSMemory() // the parent looks at what the process holds
		}
		if c.out.send(message{Type: "done", Of: r.Number, Failure: failureOf(err), Results: results}) != nil {
			os.Exit(1)
		}
	}
}

// child is the state of the child's side.
type child struct {
	out  *writer
	runs chan *run
	kept *luabind.Runtime // for calls; nil for none

	mu       sync.Mutex
	last     int64
	waiting  map[int64]chan *answer
	canceled int64              // the number of the last run that was
	running  int64              // the number of the run under way
	cancel   context.CancelFunc // ends it
}

// read passes on what the parent sends until that ends.
func (c *child) read(r io.Reader) {
	for {
		m, err := readMessage(r, mostFromParent)
		switch {
		case err != nil:
			return
		case m.Run != nil:
			c.runs <- m.Run
		case m.Type == "cancel":
			c.mu.Lock()
			if c.canceled = m.Of; c.running == m.Of {
				c.cancel()
			}
			c.mu.Unlock()
		case m.Answer != nil:
			c.mu.Lock()
			if waiting := c.waiting[m.Answer.ID]; waiting != nil {
				waiting <- m.Answer // has room for it
				delete(c.waiting, m.Answer.ID)
			}
			c.mu.Unlock()
		}
	}
}

// begin gives the context of a run, which ends when the parent says so.
func (c *child) begin(r *run) (ctx context.Context, end context.CancelFunc) {
	c.mu.Lock()
	defer c.mu.Unlock()
	ctx, c.cancel = context.WithCancel(context.Background())
	if c.running = r.Number; c.canceled == r.Number {
		c.cancel()
	}
	return ctx, c.cancel
}

// run runs one script in a runtime of its own, or a function in the one that was kept.
func (c *child) run(r *run) (results []json.RawMessage, err error) {
	ctx, end := c.begin(r)
	defer end()
	limitMemory(r.Memory)
	if r.Call != nil {
		return c.call(ctx, r.Call)
	}
	if r.Keep {
		c.forget()
	}
	client := &authy.Client{
		Key: standIn, Host: "https://service.invalid", HTTPClient: &http.Client{Transport: c},
		Timeout: r.Timeout, Retries: r.Retries, MaxResponse: r.Most,
	}
	rt, err := luabind.New(client, luabind.Untrusted(), luabind.Limit(r.Limits),
		luabind.Stdout(output{c.out, "stdout"}), luabind.Stderr(output{c.out, "stderr"}))
	if err != nil {
		return nil, err
	}
	err = rt.Run(ctx, luabind.Script{Name: r.Name, Source: r.Source, Args: r.Args})
	if err == nil && r.Keep {
		c.kept = rt
		return nil, nil
	}
	_ = rt.Close() // it has no files
	return nil, err
}

// call calls a function of the script that was loaded.
func (c *child) call(ctx context.Context, asked *call) ([]json.RawMessage, error) {
	if c.kept == nil {
		return nil, errors.New("worker: the child has no script to call")
	}
	arguments, err := decodeValues(asked.Arguments, exact)
	if err != nil {
		return nil, err
	}
	results, err := c.kept.Call(ctx, asked.Function, arguments...)
	if err != nil {
		return nil, err
	}
	return encodeValues("result", results, mostResults)
}

// forget closes the runtime that was kept.
func (c *child) forget() {
	if c.kept != nil {
		_ = c.kept.Close()
		c.kept = nil
	}
}

// standIn is in place of the key, which the child does not have.
const standIn = "the-parent-has-it"

// RoundTrip has the parent send a request.
func (c *child) RoundTrip(r *http.Request) (*http.Response, error) {
	asked := &request{
		Method: r.Method, Path: r.URL.EscapedPath(), Query: r.URL.RawQuery, ContentType: r.Header.Get("Content-Type"),
	}
	if r.Body != nil {
		defer r.Body.Close()
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		asked.Body = body
	}
	waiting := make(chan *answer, 1)
	c.mu.Lock()
	c.last++
	asked.ID = c.last
	c.waiting[asked.ID] = waiting
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		delete(c.waiting, asked.ID)
		c.mu.Unlock()
	}()
	if err := c.out.send(message{Type: "request", Request: asked}); err != nil {
		return nil, err
	}
	select {
	case a := <-waiting:
		if a.Error != "" {
			return nil, errors.New(a.Error)
		}
		return &http.Response{
			StatusCode: a.Status, Status: http.StatusText(a.Status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
			Header: http.Header(a.Header), Body: io.NopCloser(bytes.NewReader(a.Body)), ContentLength: int64(len(a.Body)), Request: r,
		}, nil
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
}

// output sends what a script writes, in pieces that the parent takes.
type output struct {
	out    *writer
	stream string
}

func (o output) Write(p []byte) (n int, err error) {
	const piece = 256 << 10
	for n < len(p) {
		end := min(n+piece, len(p))
		if err := o.out.send(message{Type: o.stream, Output: p[n:end]}); err != nil {
			return n, err
		}
		n = end
	}
	return n, nil
}
