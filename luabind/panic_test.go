package luabind_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/luabind"
	lua "github.com/yuin/gopher-lua"
)

// crm is a module of a host that is not careful.
func crm(h *luabind.Host) luabind.Module {
	return luabind.Module{Name: "crm", Functions: []luabind.Function{
		{Name: "find", Call: func(L *lua.LState) int { return []int{}[L.GetTop()] }},
		{Name: "wait", Call: func(L *lua.LState) int {
			h.Wait(L, func(context.Context) { panic(fmt.Errorf("no more: %w", io.ErrUnexpectedEOF)) })
			return 0
		}},
		{Name: "each", Call: func(L *lua.LState) int {
			L.Push(L.Get(1))
			L.Call(0, 0)
			return 0
		}},
		{Name: "exit", Call: func(*lua.LState) int { runtime.Goexit(); return 0 }},
	}}
}

// panics is a middleware that is no better.
func panics(next luabind.CallFunc) luabind.CallFunc {
	return func(ctx context.Context, call *luabind.Call) (any, error) {
		switch call.Op.Name {
		case "get_user_status":
			panic("a fault in a middleware")
		case "get_application_details":
			call.State.RaiseError("refused by a middleware")
		}
		return next(ctx, call)
	}
}

// TestPanicsOfTheHost come back as errors that say where, in every style, and leave the runtime fit for use.
func TestPanicsOfTheHost(t *testing.T) {
	t.Parallel()
	rt, err := luabind.New(&authy.Client{}, luabind.With(crm), luabind.Use(panics))
	if err != nil {
		t.Fatal(err)
	}
	defer rt.Close()
	for source, want := range map[string]string{
		`crm.find()`:                                                          "crm.find panicked: runtime error: index out of range [0] with length 0",
		`crm.wait()`:                                                          "crm.wait panicked: no more: unexpected EOF",
		`crm.each(function() crm.find() end)`:                                 "crm.find panicked: runtime error: index out of range [0] with length 0",
		`local _, err = pcall(crm.find) error(err)`:                           "crm.find panicked: runtime error: index out of range [0] with length 0",
		`coroutine.wrap(function() crm.find() end)()`:                         "crm.find panicked: runtime error: index out of range [0] with length 0",
		`task.spawn(function() crm.find() end)`:                               "crm.find panicked: runtime error: index out of range [0] with length 0",
		`task.spawn(function() crm.wait() end):await()`:                       "crm.wait panicked: no more: unexpected EOF",
		`authy.get_user_status{ authy_id = 1 }`:                               "authy.get_user_status panicked: a fault in a middleware",
		`local _, err = authy.try.get_user_status{ authy_id = 1 } error(err)`: "authy.get_user_status panicked: a fault in a middleware",
		`authy.async.get_user_status{ authy_id = 1 }:await()`:                 "authy.get_user_status panicked: a fault in a middleware",
	} {
		err := rt.Run(t.Context(), luabind.Script{Name: "s.lua", Source: "\n" + source})
		failure, ok := errors.AsType[*luabind.PanicError](err)
		if !ok || failure.Error() != want || !strings.Contains(string(failure.Stack), "panic_test.go") {
			t.Errorf("%s: got %v, want %s", source, err, want)
		}
		if !strings.Contains(err.Error(), "s.lua:2: ") {
			t.Errorf("%s: no position in %v", source, err)
		}
		if _, ok := errors.AsType[runtime.Error](err); ok != strings.Contains(want, "crm.find") {
			t.Errorf("%s: errors.As finds a runtime error: %t", source, ok)
		}
		if errors.Is(err, io.ErrUnexpectedEOF) != strings.Contains(want, "crm.wait") {
			t.Errorf("%s: errors.Is does not reach what it panicked with", source)
		}
	}
	if err := rt.Run(t.Context(), luabind.Script{Source: `crm.each(function() error("a plain error") end)`}); err == nil ||
		err.Error() != ":1: a plain error" {
		t.Errorf("an error of Lua's on its way through Go is %v", err)
	}
}

// TestPerformRaises: what functions of Lua would raise is an error for hosts that perform operations.
func TestPerformRaises(t *testing.T) {
	t.Parallel()
	rt, err := luabind.New(&authy.Client{}, luabind.Use(panics))
	if err != nil {
		t.Fatal(err)
	}
	defer rt.Close()
	for _, test := range []struct {
		op     string
		params map[string]any
		want   string
	}{
		{"get_user_status", nil, "authy.get_user_status panicked: a fault in a middleware"},
		{"get_application_details", nil, "refused by a middleware"},
		{"get_user_status", map[string]any{"authy_id": make(chan int)}, "a Go value of type chan int has no counterpart in Lua"},
		{"", nil, "the operation has no name"},
	} {
		op, _ := authy.ByName(test.op)
		if _, err := rt.Perform(t.Context(), op, test.params); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("Perform(%s): got %v, want %s", test.op, err, test.want)
		}
		if _, err := rt.Rehearse(t.Context(), op, test.params); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("Rehearse(%s): got %v, want %s", test.op, err, test.want)
		}
	}
}

type brokenText struct{}

func (brokenText) MarshalText() ([]byte, error) { panic("a fault in MarshalText") }

// faulty is a stream of the host's that does not keep to the rules.
type faulty struct{ n int }

func (f faulty) Read([]byte) (int, error)  { return f.count(), nil }
func (f faulty) Write([]byte) (int, error) { return f.count(), nil }

func (f faulty) count() int {
	if f.n == 0 {
		panic("a fault in a stream")
	}
	return f.n
}

// TestStreamsOfTheHost: their faults are errors of the script, and do not end the process from another goroutine.
func TestStreamsOfTheHost(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		source string
		stream int
		want   string
	}{
		{`assert(io.read())`, 0, "standard input panicked: a fault in a stream"},
		{`assert(io.read("*a"))`, -1, "the reader says that it has read -1 bytes of"},
		{`assert(io.read(1))`, 1 << 20, "the reader says that it has read 1048576 bytes of"},
		{`csv.open "-"`, 0, "standard input panicked: a fault in a stream"},
		{`print "x"`, 0, "cannot write to standard output: standard output panicked: a fault in a stream"},
		{`io.write "x"`, 0, "cannot write to standard output: standard output panicked: a fault in a stream"},
	} {
		_, err := run(t, &authy.Client{}, test.source, luabind.Stdin(faulty{test.stream}), luabind.Stdout(faulty{test.stream}))
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %s", test.source, err, test.want)
		}
	}
}

// TestNextOutOfTurn: next inside of Call.Wait, or when the middleware has returned, is refused, and the script goes on.
func TestNextOutOfTurn(t *testing.T) {
	t.Parallel()
	var sent atomic.Int64
	client := stub(t, func(w http.ResponseWriter, _ *http.Request) {
		sent.Add(1)
		_, _ = w.Write([]byte(`{"success":true,"status":{"authy_id":3,"confirmed":true,"registered":true}}`))
	})
	var later func() error
	careless := func(next luabind.CallFunc) luabind.CallFunc {
		return func(ctx context.Context, call *luabind.Call) (result any, err error) {
			switch call.Args.RawGetString("authy_id") {
			case lua.LNumber(1):
				call.Wait(func(ctx context.Context) { result, err = next(ctx, call) })
			case lua.LNumber(2):
				later = func() error { _, err := next(ctx, call); return err }
			case lua.LNumber(3):
				if _, err := next(ctx, call); err != nil {
					return nil, err
				}
				call.Wait(func(context.Context) {})
				result, err = next(ctx, call)
			}
			return result, err
		}
	}
	out, err := run(t, client, `
		print(select(2, authy.try.get_user_status{ authy_id = 1 }))
		print(authy.try.get_user_status{ authy_id = 2 })
		print(authy.get_user_status{ authy_id = 3 }.success)`, luabind.Use(careless))
	if want := "luabind: a middleware calls next inside of Call.Wait; call it outside, as it gives the interpreter away by itself\nnil\ntrue\n"; err != nil || out != want {
		t.Errorf("got %v, %s", err, out)
	}
	if err := later(); err == nil || !strings.Contains(err.Error(), "after it has returned") {
		t.Errorf("next, when all is over: %v", err)
	}
	if sent.Load() != 2 {
		t.Errorf("%d requests", sent.Load())
	}
}

// TestCallPanics: a fault in the conversion of an argument is not passed over.
func TestCallPanics(t *testing.T) {
	t.Parallel()
	rt := callable(t, &authy.Client{}, `function count(...) return select("#", ...) end`)
	func() {
		defer func() {
			if got := recover(); got != "a fault in MarshalText" {
				t.Errorf("Call panics with %v", got)
			}
		}()
		results, err := rt.Call(t.Context(), "count", 1, brokenText{})
		t.Errorf("Call goes on, with %v, %v", results, err)
	}()
	if got, err := rt.Call(t.Context(), "count", 1); err != nil || got[0] != 1.0 {
		t.Errorf("afterwards: %v, %v", got, err)
	}
}

// TestGoexit: a task whose goroutine ends, as by FailNow in a middleware, does not keep those waiting that wait for it.
func TestGoexit(t *testing.T) {
	t.Parallel()
	for _, source := range []string{`task.spawn(crm.exit):await()`, `task.spawn(crm.exit)`, `task.map({ 1, 2 }, crm.exit)`, `task.all{ task.spawn(crm.exit) }:await()`} {
		if _, err := run(t, &authy.Client{}, source, luabind.With(crm)); err == nil || !strings.Contains(err.Error(), "runtime.Goexit") {
			t.Errorf("%s: got %v", source, err)
		}
	}
}
