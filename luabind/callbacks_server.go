package luabind

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/authy/receiver"
	"github.com/authysh/authysh/luabind/internal/lua51"
	lua "github.com/yuin/gopher-lua"
)

// callbackServer is what callbacks.serve gives: a receiver, the task that lasts as long as it does, and the functions
// that handle deliveries. Each runs as a task of its own, under a context that outlives the server's: who stops a server,
// or interrupts the script, lets them finish.
type callbackServer struct {
	host     *Host
	tasks    *tasks
	receiver *receiver.Receiver
	server   *receiver.Server
	url      string
	limit    time.Duration // of a handler
	task     *task
	object   *lua.LUserData
	thread   *lua.LState // what threads of handlers are made from; it runs nothing

	onApproval, onEvent *lua.LFunction

	stopping chan struct{}
	stop     func()

	// The following is guarded by the interpreter.
	arrived map[string]*authy.Callback // the last ones, by uuid
	order   []string                   // of their arrival
	waiting map[string][]chan *authy.Callback
}

// mostArrived is how many callbacks are kept for a wait_approval that comes after them.
const mostArrived = 256

// serverKey is under what the context of a handler has its server.
type serverKey struct{}

// serveCallbacks is callbacks.serve.
func serveCallbacks(L *lua.LState, h *Host) int {
	var options serveOptions
	optionsAt(L, 1, callbacksServe, &options)
	settings, err := options.receiverOptions(h)
	if err != nil {
		raise(L, err)
	}
	s := &callbackServer{
		host: h, tasks: tasksOf(L), limit: settings.HandlerTimeout, thread: lua51.NewThread(L),
		onApproval: options.OnApproval, onEvent: options.OnEvent, stopping: make(chan struct{}),
		arrived: map[string]*authy.Callback{}, waiting: map[string][]chan *authy.Callback{},
	}
	s.stop = sync.OnceFunc(func() { close(s.stopping) })
	settings.Handle = s.handle
	addr := options.Addr
	if addr == "" {
		addr = "127.0.0.1:8080"
	}
	// What comes before the task below has begun waits for the interpreter, which is given away for the file and the
	// address.
	h.Wait(L, func(context.Context) {
		if s.receiver, err = receiver.New(settings); err != nil {
			return
		}
		if s.server, err = receiver.Start(addr, s.receiver); err != nil {
			s.receiver.Close()
		}
	})
	if err != nil {
		raise(L, serveMistake(err))
	}
	if s.url = settings.PublicURL; s.url == "" {
		s.url = s.server.URL()
	}
	s.object = &lua.LUserData{Value: s, Metatable: callbackServerMetatable(L), Env: L.Env}
	s.task = s.tasks.start(L, callbacksServe, L.NewFunction(s.run))
	s.task.mustRun = true
	h.serving.Add(1)
	h.Log.Debug("receiving callbacks", "url", s.url)
	L.Push(s.object)
	return 1
}

// run is the task of the server: it waits for the end of it, and then for that of the handlers.
func (s *callbackServer) run(L *lua.LState) int {
	var err error
	s.host.Wait(L, func(ctx context.Context) {
		defer s.host.serving.Add(-1)
		select {
		case <-ctx.Done():
		case <-s.stopping:
		case <-s.server.Done():
		}
		broken := s.server.Err()
		patience, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.limit+time.Second)
		defer cancel()
		if err = s.server.Close(patience); broken != nil {
			err = broken
		}
	})
	s.stop()
	if err != nil {
		raise(L, &taskError{authy.KindNetwork, callbacksServe + ": the server has stopped: " + err.Error()})
	}
	return 0
}

// handle runs the script's function for a delivery, as a task. It is called by the receiver, which holds nothing.
func (s *callbackServer) handle(ctx context.Context, d *receiver.Delivery) error {
	s.host.handling.Add(1)
	defer s.host.handling.Add(-1)
	s.tasks.Lock()
	ctx = context.WithValue(ctx, serverKey{}, s)
	t := s.tasks.startShielded(s.thread, ctx, "handler of "+d.Name(), s.task, s.thread.NewFunction(func(L *lua.LState) int {
		s.deliver(L, d)
		return 0
	}))
	s.tasks.Unlock()
	<-t.done // a task ends when its context does
	switch {
	case t.status == taskDone:
		return nil
	case t.status == taskFailed:
		if refusal, ok := errors.AsType[*PluginError](t.failure); ok && refusal.Refused {
			return fmt.Errorf("%w: %v", receiver.ErrRefused, refusal)
		}
		return t.failure
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return fmt.Errorf("the handler took longer than %s", s.limit)
	}
	return errTaskCanceled
}

// deliver calls the functions of the script.
func (s *callbackServer) deliver(L *lua.LState, d *receiver.Delivery) {
	call := func(f *lua.LFunction, v lua.LValue) {
		L.Push(f)
		L.Push(v)
		L.Push(s.object) // of the script, where the local variable that holds it is not there yet
		L.Call(2, 0)
	}
	if d.Webhook != nil {
		for _, event := range d.Webhook.Events {
			told := ToLua(L, event)
			if t, ok := told.(*lua.LTable); ok {
				t.RawSetString("webhook_id", lua.LString(d.Webhook.WebhookID))
			}
			call(s.onEvent, told)
		}
		return
	}
	if err := s.host.plugins.callbackVerified(L, s.host, d.Callback); err != nil {
		raise(L, err)
	}
	if s.onApproval != nil {
		call(s.onApproval, ToLua(L, d.Callback))
	}
	s.note(d.Callback)
}

// note keeps a callback that was handled, and tells who waits for it.
func (s *callbackServer) note(c *authy.Callback) {
	for _, w := range s.waiting[c.UUID] {
		w <- c
	}
	delete(s.waiting, c.UUID)
	if _, known := s.arrived[c.UUID]; !known {
		s.order = append(s.order, c.UUID)
	}
	s.arrived[c.UUID] = c
	if len(s.order) > mostArrived {
		delete(s.arrived, s.order[0])
		s.order = s.order[1:]
	}
}

// waitApproval is server:wait_approval.
func (s *callbackServer) waitApproval(L *lua.LState) int {
	const op = "wait_approval"
	t, ok := L.Get(2).(*lua.LTable)
	if !ok {
		raise(L, &authy.ValidationError{Op: op, Problems: []authy.Problem{notOneTable("server:"+op, L.Get(2))}})
	}
	var options serverWaitOptions
	if err := readOptions(op, t, &options); err != nil {
		raise(L, err)
	}
	got, here := s.arrived[options.ID]
	if !here {
		got = s.await(L, options)
	}
	if got == nil {
		L.Push(lua.LNil)
	} else {
		L.Push(ToLua(L, got))
	}
	return 1
}

// await is the callback that comes, nil when none does in time.
func (s *callbackServer) await(L *lua.LState, o serverWaitOptions) *authy.Callback {
	w := make(chan *authy.Callback, 1)
	s.waiting[o.ID] = append(s.waiting[o.ID], w)
	interrupted := false
	s.host.Wait(L, func(ctx context.Context) {
		var late <-chan time.Time
		if o.Timeout > 0 {
			timer := time.NewTimer(o.Timeout)
			defer timer.Stop()
			late = timer.C
		}
		select {
		case c := <-w:
			w <- c
		case <-late:
		case <-s.task.done:
		case <-ctx.Done():
			interrupted = true
		}
	})
	select {
	case c := <-w:
		return c
	default:
	}
	s.forget(o.ID, w)
	if interrupted {
		raise(L, errTaskCanceled)
	}
	return nil
}

func (s *callbackServer) forget(id string, w chan *authy.Callback) {
	list := s.waiting[id]
	for i, other := range list {
		if other == w {
			list = append(list[:i:i], list[i+1:]...)
		}
	}
	if s.waiting[id] = list; len(list) == 0 {
		delete(s.waiting, id)
	}
}

// wait is server:wait.
func (s *callbackServer) wait(L *lua.LState) int {
	if contextOf(L).Value(serverKey{}) == s {
		L.RaiseError("server:wait in a handler of the server would wait for itself: server:stop() does not wait")
	}
	s.task.seen = true
	s.task.waiters++
	var cause error
	s.host.Wait(L, func(ctx context.Context) {
		select {
		case <-s.task.done:
		case <-ctx.Done():
			cause = context.Cause(ctx)
		}
	})
	s.task.waiters--
	switch {
	case s.task.status == taskFailed:
		return s.task.outcome(L)
	case s.task.isOver() || cause == nil:
		return 0
	}
	// Who interrupts a server that a script waits for means the server. A task that is canceled, or whose time is up, is
	// only tired of waiting.
	if !errors.Is(cause, context.DeadlineExceeded) && !errors.Is(cause, errTaskCanceled) {
		s.stop()
	}
	raise(L, errTaskCanceled)
	return 0
}

// Serving tells how many servers of callbacks.serve run, and how many deliveries they handle just now. It may be called from
// any goroutine.
//
// A host that ends the process some time after it has canceled a script should leave these the time to finish:
// handlers are not canceled with the script, but bounded by their own timeout.
func (rt *Runtime) Serving() (servers, handling int) {
	return int(rt.host.serving.Load()), int(rt.host.handling.Load())
}

// CallbackReceived tells the plugins of a callback that a host has verified itself, as callbacks.serve and
// authy.verify_callback do. An error refuses it: a [*PluginError].
func (rt *Runtime) CallbackReceived(ctx context.Context, callback *authy.Callback) error {
	return rt.inside(ctx, func(L *lua.LState) error { return rt.plugins.callbackVerified(L, rt.host, callback) })
}
