package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/luabind"
	lua "github.com/yuin/gopher-lua"
)

// keptCalls is how many calls .calls can list.
const keptCalls = 100

// madeCall is one line of .calls.
type madeCall struct {
	at      time.Time
	took    time.Duration
	op      string
	outcome string
}

// callLog keeps the last calls. Neither parameters nor answers are kept.
type callLog struct {
	mu    sync.Mutex
	calls []madeCall
}

// watch is the middleware that fills the log.
func (l *callLog) watch(next luabind.CallFunc) luabind.CallFunc {
	return func(ctx context.Context, call *luabind.Call) (any, error) {
		start := time.Now()
		result, err := next(ctx, call)
		l.mu.Lock()
		defer l.mu.Unlock()
		l.calls = append(l.calls, madeCall{start, time.Since(start), call.Op.Name, outcomeOf(err)})
		if len(l.calls) > keptCalls {
			l.calls = l.calls[1:]
		}
		return result, err
	}
}

// last are the newest calls, the newest last.
func (l *callLog) last(n int) []madeCall {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]madeCall(nil), l.calls[max(0, len(l.calls)-n):]...)
}

// outcomeOf is a word about how a call ended: "ok", "404 60026", "timeout".
func outcomeOf(err error) string {
	if err == nil {
		return "ok"
	}
	if refusal, ok := errors.AsType[*authy.APIError](err); ok {
		return strings.TrimSpace(fmt.Sprintf("%d %s", refusal.Status, refusal.Code))
	}
	if failure, ok := errors.AsType[authy.Error](err); ok {
		return string(failure.Kind())
	}
	return "failed"
}

// guard is the middleware that asks before calls of the kind that the setting confirm names; where it is not set,
// before deletes at a profile that is marked as production.
func (p *prompter) guard(next luabind.CallFunc) luabind.CallFunc {
	return func(ctx context.Context, call *luabind.Call) (any, error) {
		if !p.asks(call.Op.Effect) {
			return next(ctx, call)
		}
		want, what := confirmation(call)
		fmt.Fprintf(p.console.Stderr(), "%s %s at %s: type %s to confirm\n", call.Op.Name, call.Op.Effect, hostOf(call.Client), what)
		var answer string
		var err error
		call.Wait(func(context.Context) { answer, err = p.console.Ask(ctx, "confirm: ") })
		if err != nil || strings.TrimSpace(answer) != want {
			return nil, fmt.Errorf("%s: not confirmed, nothing was sent", call.Op.Name)
		}
		return next(ctx, call)
	}
}

// asks reports whether calls of an effect must be confirmed.
func (p *prompter) asks(effect authy.Effect) bool {
	if p.box != nil {
		return false
	}
	switch p.app.loaded.Text("confirm") {
	case "always":
		return effect != authy.Reads
	case "writes":
		return effect == authy.Writes || effect == authy.Deletes
	case "deletes":
		return effect == authy.Deletes
	case "never":
		return false
	}
	return p.production() && effect == authy.Deletes
}

// confirmation is what must be typed to confirm a call, and the words for it: the id for a call about one, else yes.
func confirmation(call *luabind.Call) (want, words string) {
	for _, name := range []string{"authy_id", "id"} {
		if id := call.Args.RawGetString(name); id != lua.LNil && id.String() != "" {
			return id.String(), "the id " + id.String()
		}
	}
	return "yes", "yes"
}
