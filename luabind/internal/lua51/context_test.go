package lua51_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/authysh/authysh/luabind/internal/lua51"
	lua "github.com/yuin/gopher-lua"
)

// TestCancel ends scripts that catch every error. It is not parallel to other tests, because it measures time.
func TestCancel(t *testing.T) {
	for _, code := range []string{
		"while true do pcall(started) end",
		"while true do pcall(function() started() while true do end end) end",
		"while true do xpcall(function() started() while true do end end, function() while true do end end) end",
		"started() local function f() while true do pcall(f) end end f()",
		"while true do pcall(coroutine.wrap(function() started() while true do pcall(function() while true do end end) end end)) end",
		"started() while true do local co = coroutine.create(function() while true do coroutine.yield() end end) for i = 1, 10 do coroutine.resume(co) end end",
	} {
		t.Run(code, func(t *testing.T) {
			L, _ := newState(t, small)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			L.SetContext(ctx)
			var once sync.Once
			var at time.Time
			L.SetGlobal("started", L.NewFunction(func(*lua.LState) int {
				once.Do(func() {
					go func() { at = time.Now(); cancel() }()
				})
				return 0
			}))
			fn, err := L.Load(strings.NewReader(code), "test")
			if err != nil {
				t.Fatal(err)
			}
			L.Push(fn)
			err = lua51.PCall(L, 0, 0, L.NewFunction(func(L *lua.LState) int { // must not hide the reason
				L.Push(fn)
				L.Call(0, 0)
				return 1
			}))
			if err == nil || !strings.Contains(err.Error(), "context canceled") {
				t.Errorf("PCall = %v, want context canceled", err)
			}
			if took := time.Since(at); took > 100*time.Millisecond {
				t.Errorf("took %v after cancel, want less than 100ms", took)
			}
		})
	}
}

// TestContextOfResume resumes a coroutine under another context than the one it was made under.
func TestContextOfResume(t *testing.T) {
	t.Parallel()
	L, out := newState(t, small)
	for _, line := range []string{
		"gen = coroutine.wrap(function() for i = 1, 9 do pcall(function() coroutine.yield(i) end) end end) print(gen())",
		"print(gen())",
		"print(coroutine.wrap(function() return gen() end)())",
	} {
		ctx, cancel := context.WithCancel(t.Context())
		L.SetContext(ctx)
		run(t, L, "test", line)
		cancel()
	}
	L.RemoveContext()
	run(t, L, "test", "print(gen())")
	if got, want := out.String(), "1\n2\n3\n4\n"; got != want {
		t.Errorf("printed %q, want %q", got, want)
	}
}

// TestNothingStaysBehind makes many threads under one context, most of which are given up, and looks at the memory.
// It is not parallel to other tests, whose memory would count.
func TestNothingStaysBehind(t *testing.T) {
	L, _ := newState(t, small)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	L.SetContext(ctx)
	used := func() int64 {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	const rounds = 10_000 // of six protected calls and five threads each
	round := func(n int) {
		run(t, L, "test", fmt.Sprintf(`
			local function fail() error({}) end
			for i = 1, %d do
				pcall(fail)
				coroutine.wrap(function() pcall(fail) pcall(coroutine.yield, i) end)()
				coroutine.resume(coroutine.create(function() pcall(function() coroutine.yield() end) end))
				xpcall(fail, tostring)
			end`, n))
		for range n / 100 {
			lua51.NewThread(L)
		}
	}
	round(100)
	before, goroutines := used(), runtime.NumGoroutine()
	round(rounds)
	if grown := used() - before; grown > 1<<20 {
		t.Errorf("%d rounds left %d KiB", rounds, grown>>10)
	}
	if got := runtime.NumGoroutine(); got > goroutines {
		t.Errorf("%d goroutines, want %d", got, goroutines)
	}
}
