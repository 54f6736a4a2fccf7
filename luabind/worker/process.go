package worker

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/luabind"
	"github.com/authysh/authysh/luabind/internal/luatext"
)

// process is one child. What comes from it is read by one goroutine, its end is awaited by another.
type process struct {
	w      *Worker
	cmd    *exec.Cmd
	dir    string // empty, and where it runs
	in     *os.File
	out    *os.File
	to     *writer
	stderr tail

	ready    chan struct{}
	done     chan outcome  // of the run
	read     chan struct{} // closed when nothing more is read
	ended    chan struct{} // closed when all is over, but for a write of the host's that blocks
	requests sync.WaitGroup
	slots    chan struct{} // of requests under way

	mu      sync.Mutex
	killed  *KilledError
	running bool
	said    bool // that it is ready
	context context.Context
	cancel  context.CancelFunc // of the requests
	asked   int64
	sends   int
	written int64
	runs    int64

	loaded *program // what calls find there; who has the turn may look
}

// Bounds that nobody needs to set.
const (
	mostRequests = 64 // at a time
	mostScript   = 32 << 20
	startTime    = 10 * time.Second
	drainTime    = time.Second
	cancelTime   = 500 * time.Millisecond // for a run to end by itself when its context has
	lookInterval = 20 * time.Millisecond
)

// start starts a child and waits until it is ready.
func start(ctx context.Context, w *Worker) (*process, error) {
	p := &process{
		w: w, ready: make(chan struct{}), done: make(chan outcome, 1), read: make(chan struct{}), ended: make(chan struct{}),
		slots: make(chan struct{}, mostRequests),
	}
	p.context, p.cancel = context.WithCancel(context.Background())
	begun := make(chan error, 1)
	go p.supervise(begun)
	if err := <-begun; err != nil {
		p.cancel()
		return nil, fmt.Errorf("worker: the child cannot be started: %w", err)
	}
	timer := time.NewTimer(startTime)
	defer timer.Stop()
	select {
	case <-p.ready:
		return p, nil
	case <-p.ended:
	case <-ctx.Done():
		p.kill(ReasonClosed, "nobody waits for it any more")
		<-p.ended
		return nil, context.Cause(ctx)
	case <-timer.C:
		p.kill(ReasonTime, "it did not get ready; does the program call worker.Main?")
		<-p.ended
	}
	return nil, fmt.Errorf("worker: the child did not start: %w", p.death())
}

// supervise starts the child, waits for its end and tidies up. The thread lives as long as the child, which would die with it.
func (p *process) supervise(begun chan<- error) {
	keepThread()
	if err := p.launch(); err != nil {
		begun <- err
		return
	}
	begun <- nil
	_ = p.cmd.Wait() // how it ended is told by what happened before
	p.mu.Lock()
	if p.killed == nil {
		p.killed = p.stderr.verdict()
	}
	p.mu.Unlock()
	p.cancel()
	_ = p.in.Close()
	if !p.drained() { // a process that the child has started may hold the pipe
		_ = p.out.Close()
		_ = p.drained() // a writer of the host's may block, and has what is read last
	}
	_ = p.out.Close()
	p.requests.Wait()
	_ = os.RemoveAll(p.dir)
	close(p.ended)
}

// drained waits some time for the end of the reading.
func (p *process) drained() bool {
	timer := time.NewTimer(drainTime)
	defer timer.Stop()
	select {
	case <-p.read:
		return true
	case <-timer.C:
		return false
	}
}

// launch starts the process and what reads from it.
func (p *process) launch() (err error) {
	if p.dir, err = os.MkdirTemp("", "luabind-worker-"); err != nil {
		return err
	}
	var files []*os.File
	defer func() {
		if err != nil {
			_ = os.RemoveAll(p.dir)
			for _, f := range files {
				_ = f.Close()
			}
		}
	}()
	input, in, err := os.Pipe()
	if err != nil {
		return err
	}
	files = append(files, input, in)
	out, output, err := os.Pipe()
	if err != nil {
		return err
	}
	files = append(files, out, output)
	command := p.w.command
	p.cmd = exec.Command(command[0], append(command[1:len(command):len(command)], argument)...)
	p.cmd.Env, p.cmd.Dir = []string{}, p.dir
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = input, output, &p.stderr
	p.cmd.WaitDelay = drainTime
	isolate(p.cmd)
	if err := p.cmd.Start(); err != nil {
		return err
	}
	_, _ = input.Close(), output.Close() // the child has them
	p.in, p.out, p.to = in, out, &writer{w: in}
	go func() {
		defer close(p.read)
		p.receive()
	}()
	return nil
}

// kill ends the child; the first reason counts.
func (p *process) kill(reason Reason, text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.killed != nil {
		return
	}
	p.killed = &KilledError{reason, text}
	kill(p.cmd)
	p.cancel()
}

func (p *process) death() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.killed
}

func (p *process) dead() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.killed != nil
}

// script is a run of a script.
func (p *process) script(ctx context.Context, script luabind.Script, keep bool) error {
	if len(script.Source) > mostScript {
		return fmt.Errorf("worker: the script has %d bytes; at most %d are taken", len(script.Source), mostScript)
	}
	_, err := p.run(ctx, &run{Name: script.Name, Source: script.Source, Args: script.Args, Keep: keep})
	return err
}

// run has the child run something to its end, or to that of the child.
func (p *process) run(ctx context.Context, r *run) ([]json.RawMessage, error) {
	options := &p.w.options
	r.Limits, r.Memory = options.Limits, options.Memory
	r.Timeout, r.Retries, r.Most = options.Client.Timeout, options.Client.Retries, p.w.proxy.most
	if err := p.begin(r); err != nil {
		return nil, fmt.Errorf("worker: the run cannot be sent to the child: %w", err)
	}
	timer, look := time.NewTimer(options.Time), time.NewTicker(lookInterval)
	defer timer.Stop()
	defer look.Stop()
	canceled := ctx.Done()
	var patience <-chan time.Time // nil as long as the context lasts
	for {
		select {
		case o := <-p.done:
			err := o.failure.err()
			if err != nil && patience != nil {
				return nil, context.Cause(ctx)
			}
			return o.results, err
		case <-p.ended:
			if patience != nil {
				return nil, context.Cause(ctx)
			}
			return nil, p.death()
		case <-canceled:
			canceled, patience = nil, time.After(cancelTime)
			_ = p.send(message{Type: "cancel", Of: r.Number}) // which can be written
		case <-patience:
			p.kill(ReasonClosed, "its context ended")
		case <-timer.C:
			p.kill(ReasonTime, fmt.Sprintf("it took more than %v", options.Time))
		case <-look.C:
			if size, ok := resident(p.cmd.Process.Pid); ok && size > options.Memory {
				p.kill(ReasonMemory, fmt.Sprintf("it held %d MiB of memory, more than %d", size>>20, options.Memory>>20))
			}
		}
	}
}

// send sends a message to the child. One that does not read must not hold up the rest.
func (p *process) send(m message) error {
	frame, err := frameOf(m)
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.killed == nil {
		p.requests.Go(func() { _ = p.to.write(frame) })
	}
	return nil
}

// begin hands a run to the child.
func (p *process) begin(r *run) error {
	p.mu.Lock()
	p.running, p.asked, p.sends, p.written = true, 0, 0, 0
	p.runs++
	r.Number = p.runs
	p.mu.Unlock()
	err := p.send(message{Type: "run", Run: r})
	if err != nil { // and nothing runs
		p.mu.Lock()
		p.running = false
		p.mu.Unlock()
	}
	return err
}

// receive reads what the child sends until it is dead. A child that sends what it should not is killed.
func (p *process) receive() {
	for {
		m, err := readMessage(p.out, mostFromChild)
		switch {
		case errors.Is(err, io.EOF) || errors.Is(err, os.ErrClosed):
			return
		case err != nil:
			p.kill(ReasonProtocol, "it sent "+luatext.Clip(err.Error(), mostSaid))
			return
		case !p.take(m):
			return
		}
	}
}

// mostSaid is how much of a text of the child's an error repeats, in characters.
const mostSaid = 200

// take handles a message; false ends the reading.
func (p *process) take(m message) bool {
	p.mu.Lock()
	running, first := p.running, !p.said
	p.said = true
	p.mu.Unlock()
	switch {
	case first && m.Type == "ready":
		close(p.ready)
		return true
	case first || !running:
		p.kill(ReasonProtocol, "it sent a message out of turn")
		return false
	}
	switch m.Type {
	case "stdout":
		return p.write(p.w.options.Stdout, m.Output)
	case "stderr":
		return p.write(p.w.options.Stderr, m.Output)
	case "done":
		p.mu.Lock()
		ended := m.Of == p.runs
		p.running = !ended
		p.mu.Unlock()
		if ended {
			p.done <- outcome{m.Failure, m.Results} // has room: one for each run
			return true
		}
	case "request":
		if m.Request != nil {
			return p.request(m.Request)
		}
	}
	p.kill(ReasonProtocol, "it sent a message that makes no sense")
	return false
}

// write passes on output.
func (p *process) write(w io.Writer, text []byte) (taken bool) {
	if p.written += int64(len(text)); p.written > p.w.options.Limits.Output {
		p.kill(ReasonOutput, fmt.Sprintf("it wrote more than %d bytes", p.w.options.Limits.Output))
		return false
	}
	defer func() { // nobody else can catch it on this goroutine
		if r := recover(); r != nil {
			p.kill(ReasonOutput, fmt.Sprintf("the writer that takes what it writes panicked: %v", r))
			taken = false
		}
	}()
	_, _ = w.Write(text) // the host knows about its own writer
	return true
}

// request sends a request of the child's to the service, if it may be made.
func (p *process) request(r *request) bool {
	options := &p.w.options
	route, path, err := p.w.proxy.route(r)
	if err != nil {
		p.kill(ReasonRequests, "it asked for what no operation needs")
		return false
	}
	if route.Effect == authy.Sends {
		p.sends++
	}
	switch p.asked++; {
	case p.asked > options.Requests:
		p.kill(ReasonRequests, fmt.Sprintf("it made more than %d requests", options.Requests))
		return false
	case options.Limits.Sends > 0 && p.sends > options.Limits.Sends:
		p.kill(ReasonRequests, fmt.Sprintf("it sent more than %d messages", options.Limits.Sends))
		return false
	}
	select {
	case p.slots <- struct{}{}:
	case <-p.context.Done():
		return false
	}
	p.requests.Go(func() {
		defer func() { <-p.slots }()
		_ = p.to.send(message{Type: "answer", Answer: p.w.proxy.perform(p.context, r, path)})
	})
	return true
}

// tail keeps the beginning of what the child writes to its standard error, which tells why it died.
type tail struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (t *tail) Write(text []byte) (int, error) {
	const most = 4 << 10
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text.Write(text[:min(len(text), most-t.text.Len())])
	return len(text), nil
}

// verdict is why a child ended that nobody has killed.
func (t *tail) verdict() *KilledError {
	t.mu.Lock()
	defer t.mu.Unlock()
	text := t.text.String()
	if strings.Contains(text, "out of memory") || strings.Contains(text, "cannot allocate memory") {
		return &KilledError{ReasonMemory, "the system gave it no more memory"}
	}
	first, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	if first == "" {
		return &KilledError{ReasonDied, "it ended by itself"}
	}
	return &KilledError{ReasonDied, "it ended by itself: " + luatext.Clip(first, mostSaid)}
}
