package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/authysh/authysh/authy/receiver"
	"github.com/authysh/authysh/cmd/authysh/internal/present"
	"github.com/authysh/authysh/cmd/authysh/internal/wording"
	"github.com/authysh/authysh/luabind"
)

// handTimeout is how long a program or another server may take for a delivery.
const handTimeout = 20 * time.Second

// listenHandlers make what is done with each delivery, one after the other; it is shown when all has gone well. A
// script or a program shows what it likes.
func (a *app) listenHandlers(ctx context.Context, o *listenOptions, p *present.Printer) (receiver.Handler, func(), error) {
	runtime, closeAll, err := a.listenRuntime(ctx, o.script != "")
	if err != nil {
		return nil, nil, err
	}
	var steps []listenStep
	if runtime != nil {
		steps = append(steps, listenStep{"a plugin", tellPlugins(runtime)})
	}
	if o.script != "" {
		step, err := a.scriptHandler(ctx, runtime, o.script)
		if err != nil {
			closeAll()
			return nil, nil, err
		}
		steps = append(steps, listenStep{o.script, step})
	}
	if o.forward != "" {
		steps = append(steps, listenStep{"--forward", forwardTo(o.forward)})
	}
	if o.exec != "" {
		step, err := a.execHandler(o.exec)
		if err != nil {
			closeAll()
			return nil, nil, err
		}
		steps = append(steps, listenStep{"--exec " + wording.Clip(o.exec), step})
	}
	if o.script == "" && o.exec == "" {
		steps = append(steps, listenStep{"standard output", func(_ context.Context, d *receiver.Delivery) error {
			if err := a.printPlain(p, present.Result{Value: told(d), Raw: d.Body, Pretty: func(w io.Writer) {
				writeDelivery(w, d, a.resultColors())
			}}); err != nil {
				return err
			}
			return a.out.Flush()
		}})
	}
	return func(ctx context.Context, d *receiver.Delivery) error {
		ctx, cancel := context.WithTimeout(ctx, handTimeout)
		defer cancel()
		for _, step := range steps {
			err := step.hand(ctx, d)
			if err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
				return fmt.Errorf("%s took longer than %s", step.name, handTimeout)
			}
			if err != nil {
				return err
			}
		}
		return nil
	}, closeAll, nil
}

// listenStep is something that is done with a delivery. The name says of what it was that the time is up.
type listenStep struct {
	name string
	hand receiver.Handler
}

// told is what a delivery says.
func told(d *receiver.Delivery) any {
	if d.Callback != nil {
		return d.Callback
	}
	return d.Webhook
}

// forwardTo sends a delivery on as it came, but for what belongs to the connection. Its signature holds for the URL
// that Authy called: whoever gets it must know that one.
func forwardTo(target string) receiver.Handler {
	client := &http.Client{
		Transport:     &http.Transport{Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return func(ctx context.Context, d *receiver.Delivery) error {
		to := target
		if _, query, ok := strings.Cut(d.URL, "?"); ok {
			separator := "?"
			if strings.Contains(to, "?") {
				separator = "&"
			}
			to += separator + query
		}
		request, err := http.NewRequestWithContext(ctx, d.Method, to, bytes.NewReader(d.Body))
		if err != nil {
			return err
		}
		request.Header = d.Header.Clone()
		named := strings.Split(strings.Join(request.Header.Values("Connection"), ","), ",")
		for _, name := range append(named, "Connection", "Keep-Alive", "Proxy-Authorization", "Te", "Trailer", "Transfer-Encoding", "Upgrade", "Content-Length") {
			request.Header.Del(strings.TrimSpace(name))
		}
		answer, err := client.Do(request)
		if wrapped, ok := errors.AsType[*url.Error](err); ok {
			err = wrapped.Err // the URL holds the fields of a GET
		}
		if err != nil {
			return fmt.Errorf("--forward: %w", err)
		}
		defer answer.Body.Close()
		io.Copy(io.Discard, io.LimitReader(answer.Body, 1<<20))
		if answer.StatusCode < 200 || answer.StatusCode > 299 {
			return fmt.Errorf("--forward: the answer was %s", answer.Status)
		}
		return nil
	}
}

// deliveryGlobals gives a script what was delivered.
const deliveryGlobals = `
local told = require("json").decode(arg[1])
callback, event = nil, nil
if told.callback_action then callback = told else event = told end`

// listenRuntime is the interpreter of the script and of the plugins; nil if there is neither.
func (a *app) listenRuntime(ctx context.Context, script bool) (*luabind.Runtime, func(), error) {
	s, err := a.settings()
	if err != nil {
		return nil, nil, err
	}
	if err := a.findPlugins(s); err != nil {
		return nil, nil, err
	}
	if !script && a.pluginOptions() == nil {
		a.tellPlugins()
		return nil, func() {}, nil
	}
	client, options, err := a.prepare(ctx)
	if err != nil {
		return nil, nil, err
	}
	runtime, err := luabind.New(client, options...)
	if err != nil {
		return nil, nil, fmt.Errorf("cannot start the interpreter: %w", err)
	}
	a.loadedPlugins(runtime)
	a.tellPlugins()
	return runtime, func() {
		if err := runtime.Close(); err != nil {
			a.warn(err.Error(), "what the script wrote may be incomplete")
		}
	}, nil
}

// tellPlugins is the step in which plugins see a callback, and may refuse it.
func tellPlugins(runtime *luabind.Runtime) receiver.Handler {
	return func(ctx context.Context, d *receiver.Delivery) error {
		if d.Callback == nil {
			return nil
		}
		err := runtime.CallbackReceived(ctx, d.Callback)
		if refusal, ok := errors.AsType[*luabind.PluginError](err); ok && refusal.Refused {
			return fmt.Errorf("%w: %v", receiver.ErrRefused, refusal)
		}
		return err
	}
}

// scriptHandler runs a script for each delivery, one at a time. Its globals last from one to the next.
func (a *app) scriptHandler(ctx context.Context, runtime *luabind.Runtime, path string) (receiver.Handler, error) {
	script, err := a.readScript(ctx, nil, []string{path})
	if err != nil {
		return nil, err
	}
	script.Program = a.program
	var one sync.Mutex
	return func(ctx context.Context, d *receiver.Delivery) error {
		text, err := json.Marshal(told(d))
		if err != nil {
			return err
		}
		one.Lock()
		defer one.Unlock()
		give := luabind.Script{Name: "authysh", Source: deliveryGlobals, Args: []string{string(text)}}
		if err := runtime.Run(ctx, give); err != nil {
			return err
		}
		err = runtime.Run(ctx, script)
		if flushed := a.out.Flush(); err == nil {
			err = flushed
		}
		return err
	}, nil
}
