package receiver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/authysh/authysh/authy"
)

const healthPath = "/healthz"

// ErrRefused matches errors of handlers that want nothing to do with a delivery: it is not to be sent again.
var ErrRefused = errors.New("the delivery is refused")

// reading is how many bodies are read at once; together with the limit of a body it bounds what strangers can occupy.
const reading = 256

// Receiver verifies deliveries and hands each on once. It is safe for concurrent use.
type Receiver struct {
	o        Options
	verifier authy.CallbackVerifier
	memory   *memory
	readers  chan struct{}
	handlers chan struct{}

	ctx    context.Context // of handlers
	cancel context.CancelFunc

	mu       sync.Mutex
	closed   bool
	running  sync.WaitGroup // deliveries under way
	underWay map[mark]*work
	quiet    time.Time // until when refusals are only counted
	unlogged int

	handled, refused, repeated, failed atomic.Int64
}

// work is a delivery that is being handled.
type work struct {
	done   chan struct{}
	status int
}

// New makes a receiver. [Receiver.Close] gives its state file back.
func New(o Options) (*Receiver, error) {
	o, err := o.filled()
	if err != nil {
		return nil, err
	}
	m, err := openMemory(o.Memory, o.State)
	if err != nil {
		return nil, err
	}
	r := &Receiver{
		o:        o,
		verifier: authy.CallbackVerifier{Key: o.Key, MaxAge: o.MaxAge, MaxBody: o.MaxBody, Now: o.Now},
		memory:   m,
		readers:  make(chan struct{}, reading),
		handlers: make(chan struct{}, o.Concurrency),
		underWay: map[mark]*work{},
	}
	r.ctx, r.cancel = context.WithCancel(context.Background())
	return r, nil
}

// lastGrace is how long Close waits for handlers whose context it has ended, so that what they did still gets into the
// state file.
const lastGrace = 2 * time.Second

// Close takes no more deliveries, ends handlers that are still running and closes the state file. [Server.Close] calls
// it when they have ended.
func (r *Receiver) Close() error {
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	r.cancel()
	ended := make(chan struct{})
	go func() {
		r.running.Wait()
		close(ended)
	}()
	patience := time.NewTimer(lastGrace)
	defer patience.Stop()
	select {
	case <-ended:
	case <-patience.C:
	}
	return r.memory.close()
}

// Counts are how many deliveries a receiver has dealt with.
type Counts struct {
	// Handled were handed on with success, Failed without.
	Handled, Failed int64
	// Refused were not genuine or not usable, Repeated were handled before.
	Refused, Repeated int64
}

// Counts tells what was done so far.
func (r *Receiver) Counts() Counts {
	return Counts{Handled: r.handled.Load(), Failed: r.failed.Load(), Refused: r.refused.Load(), Repeated: r.repeated.Load()}
}

// ServeHTTP answers one request; the comment of the package says how.
func (r *Receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	switch {
	case req.URL.Path == healthPath:
		if req.Method != http.MethodGet && req.Method != http.MethodHead {
			answer(w, http.StatusMethodNotAllowed)
			return
		}
		io.WriteString(w, "ok\n")
		return
	case r.o.Path != "" && req.URL.Path != r.o.Path:
		r.refuse(w, req, http.StatusNotFound, errors.New("nothing is served at this path, only at "+r.o.Path))
		return
	case !r.takes(req.Method):
		w.Header().Set("Allow", strings.Join(r.allowed(), ", "))
		r.refuse(w, req, http.StatusMethodNotAllowed, errors.New("the method must be "+strings.Join(r.allowed(), " or ")))
		return
	}
	select {
	case r.readers <- struct{}{}:
	default:
		w.Header().Set("Retry-After", "1")
		r.refuse(w, req, http.StatusServiceUnavailable, errors.New("too many requests at once"))
		return
	}
	d, id, replay, status, err := func() (*Delivery, mark, mark, int, error) {
		defer func() { <-r.readers }() // also when net/http recovers a panic
		return r.admit(w, req)
	}()
	if err != nil {
		r.refuse(w, req, status, err)
		return
	}
	answer(w, r.once(req.Context(), d, id, replay))
}

// allowed are the methods by which something may come.
func (r *Receiver) allowed() []string {
	if len(r.o.WebhookKeys) > 0 && !slices.Contains(r.o.Methods, http.MethodPost) {
		return callbackMethods
	}
	return r.o.Methods
}

func (r *Receiver) takes(method string) bool { return slices.Contains(r.allowed(), method) }

// admit reads and verifies. id stands for what is told, replay for the very bytes.
func (r *Receiver) admit(w http.ResponseWriter, req *http.Request) (d *Delivery, id, replay mark, status int, err error) {
	if req.ContentLength > r.o.MaxBody {
		return nil, id, replay, http.StatusRequestEntityTooLarge, fmt.Errorf("the body is larger than %d bytes", r.o.MaxBody)
	}
	d = &Delivery{Method: req.Method, URL: req.RequestURI, Header: req.Header, Received: r.o.Now()}
	req.Body = http.MaxBytesReader(w, req.Body, r.o.MaxBody)
	signature := req.Header.Get(authy.CallbackSignatureHeader)
	if signature == "" && req.Method == http.MethodPost && len(r.o.WebhookKeys) > 0 {
		if d.Body, err = io.ReadAll(req.Body); err == nil {
			d.Webhook, err = ParseWebhook(d.Body, r.o.WebhookKeys...)
		}
		if err != nil {
			return nil, id, replay, statusOf(err), err
		}
		token, _ := webhookToken(d.Body)
		id = markOf("webhook", token)
		return d, id, id, 0, nil
	}
	if signature == "" || r.o.Key == "" {
		return nil, id, replay, http.StatusUnauthorized, authy.ErrNotSigned
	}
	if !slices.Contains(r.o.Methods, req.Method) {
		return nil, id, replay, http.StatusMethodNotAllowed, errors.New("callbacks must come by " + strings.Join(r.o.Methods, " or "))
	}
	in, err := authy.NewCallbackRequest(req, r.o.PublicURL)
	if err != nil {
		return nil, id, replay, statusOf(err), err
	}
	if d.Callback, err = r.verifier.Verify(in); err != nil {
		return nil, id, replay, statusOf(err), err
	}
	d.Body = in.Body
	id = markOf("callback", d.Callback.UUID, d.Callback.Status)
	return d, id, markOf("signature", req.Header.Get(authy.CallbackNonceHeader), signature), 0, nil
}

// once hands a delivery on unless that was done before; it is the status to answer.
func (r *Receiver) once(ctx context.Context, d *Delivery, id, replay mark) int {
	r.mu.Lock()
	if r.closed {
		r.mu.Unlock()
		return http.StatusServiceUnavailable
	}
	if first, busy := r.underWay[id]; busy {
		r.mu.Unlock()
		select {
		case <-first.done:
			r.repeated.Add(1)
			return first.status
		case <-ctx.Done():
			return http.StatusServiceUnavailable
		}
	}
	if r.memory.has(id) {
		r.mu.Unlock()
		return r.again(d, id, replay)
	}
	job := &work{done: make(chan struct{}), status: http.StatusInternalServerError}
	r.underWay[id] = job
	r.running.Add(1)
	r.mu.Unlock()
	defer func() {
		r.mu.Lock()
		delete(r.underWay, id)
		r.mu.Unlock()
		close(job.done)
		r.running.Done()
	}()
	select {
	case r.handlers <- struct{}{}:
		defer func() { <-r.handlers }()
	case <-ctx.Done():
		job.status = http.StatusServiceUnavailable
		return job.status
	}
	switch err := r.handle(d); {
	case errors.Is(err, ErrRefused):
		r.refused.Add(1)
		r.o.Log.Warn("a delivery was refused", slog.String("delivery", d.Name()), slog.String("reason", err.Error()))
		job.status = http.StatusForbidden
		return job.status
	case err != nil:
		r.failed.Add(1)
		r.o.Log.Error("a handler failed", slog.String("delivery", d.Name()), slog.String("error", err.Error()))
		return job.status
	}
	r.handled.Add(1)
	if err := r.memory.remember(id, replay); err != nil {
		r.o.Log.Error("cannot keep the state", slog.String("error", err.Error()))
	}
	job.status = http.StatusOK
	return job.status
}

// again answers what was handled before. A token of a webhook has no nonce: sent again it is the same, and the sender
// only wants to hear that it has arrived. The same holds for an answer that was signed anew.
func (r *Receiver) again(d *Delivery, id, replay mark) int {
	r.repeated.Add(1)
	if id != replay && r.memory.has(replay) {
		r.o.Log.Debug("a replay was refused", slog.String("delivery", d.Name()))
		return http.StatusConflict
	}
	if err := r.memory.remember(replay); err != nil {
		r.o.Log.Error("cannot keep the state", slog.String("error", err.Error()))
	}
	return http.StatusOK
}

// handle runs the handler; a panic is its failure.
func (r *Receiver) handle(d *Delivery) (err error) {
	ctx, cancel := context.WithTimeout(r.ctx, r.o.HandlerTimeout)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return r.o.Handle(ctx, d)
}

// Name says in few words what a delivery is, for a log.
func (d *Delivery) Name() string {
	if d.Callback != nil {
		return "callback " + d.Callback.UUID + " " + d.Callback.Status
	}
	return "webhook " + d.Webhook.WebhookID + " with " + strconv.Itoa(len(d.Webhook.Events)) + " events"
}

// refuse answers without handing on. The reason stays here: whoever forges should not learn from it.
func (r *Receiver) refuse(w http.ResponseWriter, req *http.Request, status int, reason error) {
	r.refused.Add(1)
	answer(w, status)
	r.mu.Lock()
	now := time.Now()
	silent, others := now.Before(r.quiet), r.unlogged
	if silent {
		r.unlogged++
	} else {
		r.quiet, r.unlogged = now.Add(time.Second), 0
	}
	r.mu.Unlock()
	if !silent {
		r.o.Log.Warn("a request was refused", slog.Int("status", status), slog.String("from", req.RemoteAddr),
			slog.String("reason", reason.Error()), slog.Int("others", others))
	}
}

func answer(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	io.WriteString(w, http.StatusText(status)+"\n")
}

func statusOf(err error) int {
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return http.StatusRequestEntityTooLarge
	}
	for _, unbelieved := range []error{authy.ErrNotSigned, authy.ErrBadSignature, authy.ErrStaleCallback, ErrBadToken} {
		if errors.Is(err, unbelieved) {
			return http.StatusUnauthorized
		}
	}
	return http.StatusBadRequest
}
