package lua51_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/authysh/authysh/luabind/internal/lua51"
	"github.com/google/go-cmp/cmp"
	lua "github.com/yuin/gopher-lua"
)

// tasks is the task model in small: one lock, a goroutine and a thread for each task.
type tasks struct {
	mu   sync.Mutex
	main *lua.LState
	wg   sync.WaitGroup
}

// spawn starts a task; the caller holds the lock.
func (ts *tasks) spawn(fn lua.LValue, done func(error), args ...lua.LValue) {
	thread := lua51.NewThread(ts.main)
	ts.wg.Go(func() {
		ts.mu.Lock()
		defer ts.mu.Unlock()
		thread.Push(fn)
		for _, arg := range args {
			thread.Push(arg)
		}
		done(lua51.PCall(thread, len(args), 0, nil))
	})
}

// wait blocks for the Go function that Lua called with L.
func (ts *tasks) wait(L *lua.LState, f func()) { lua51.Wait(L, ts.mu.Unlock, ts.mu.Lock, f) }

// TestManyTasks is the task model under load: every answer goes to its task, every variable stays one.
func TestManyTasks(t *testing.T) {
	t.Parallel()
	const count, waits = 64, 20
	for name, opts := range map[string]lua.Options{"fixed": fixed, "small": small} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			L, out := newState(t, opts)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			L.SetContext(ctx)
			ts := &tasks{main: L}
			L.SetGlobal("echo", L.NewFunction(func(L *lua.LState) int { // answers what it is asked, later
				ask := L.CheckAny(1)
				answer := make(chan lua.LValue)
				before := L.G.CurrentThread
				ts.wait(L, func() {
					go func() { answer <- ask }()
					ask = <-answer
				})
				if after := L.G.CurrentThread; before != L || after != L {
					t.Errorf("current thread %v before and %v after the wait, want %v", before, after, L)
				}
				L.Push(ask)
				return 1
			}))
			run(t, L, "test", `
				total, wrong, finished = 0, 0, 0
				local shared, fails = 0, 0                   -- locals of a chunk that has ended
				function counts() return shared, fails end
				function task(id)
					local me = coroutine.running()
					local sum = 0
					local add = function(n) sum = sum + n end -- closes over a local of the task
					local function check(ok) if not ok then wrong = wrong + 1 end end
					local function step(i)
						local key = id .. ":" .. i
						check(echo(key) == key)
						add(1)
						shared = shared + 1
						local e = {key = key}
						error(setmetatable(e, {__tostring = echo}))
					end
					for i = 1, WAITS / 4 do
						local ok, e = pcall(step, i)
						check(not ok and e.key == id .. ":" .. i and coroutine.running() == me)
						local ok2, m = xpcall(function() local ok, e = pcall(step, i) error(e) end, function(e) add(1) return echo(e.key) end)
						check(not ok2 and m == e.key)
						if not ok then fails = fails + 1 end
						local gen = coroutine.wrap(function(a)
							local co = coroutine.running()
							local ok, b = pcall(function() local b = coroutine.yield(echo(a)) return echo(b) end)
							check(coroutine.running() == co and co ~= me)
							check(select("#", pcall(error, echo(b))) == 2)
							coroutine.yield(b)
							error({id = id})
						end)
						check(gen(id) == id)
						check(gen(key) == key)
						local ok3, e3 = pcall(gen)
						check(not ok3 and e3.id == id and coroutine.running() == me)
						total = total + 1
					end
					check(sum == WAITS / 4 * 3)
					finished = finished + 1
				end
				WAITS = `+fmt.Sprint(waits))
			ts.mu.Lock()
			for id := range count {
				ts.spawn(L.GetGlobal("task"), func(err error) {
					if err != nil {
						t.Errorf("task: %v", err)
					}
				}, lua.LNumber(id))
			}
			ts.mu.Unlock()
			ts.wg.Wait()
			run(t, L, "test", `print(total, wrong, finished, counts())`)
			want := fmt.Sprintf("%d\t0\t%d\t%d\t%d\n", count*waits/4, count, count*waits/4*2, count*waits/4)
			if diff := cmp.Diff(want, out.String()); diff != "" {
				t.Errorf("total, wrong, finished, shared, fails (-want +got):\n%s", diff)
			}
		})
	}
}

// TestResumeOfWaiting tries to resume, from one task, all that another one is inside of.
func TestResumeOfWaiting(t *testing.T) {
	t.Parallel()
	L, out := newState(t, small)
	ts := &tasks{main: L}
	waiting, release := make(chan struct{}), make(chan struct{})
	L.SetGlobal("mainThread", L)
	L.SetGlobal("block", L.NewFunction(func(L *lua.LState) int {
		ts.wait(L, func() { close(waiting); <-release })
		L.Push(lua.LString("answer"))
		return 1
	}))
	ts.mu.Lock()
	defer ts.mu.Unlock()
	run(t, L, "test", `
		function first()
			task = coroutine.running()
			co = coroutine.create(function() inner = coroutine.create(function() return pcall(function() return (block()) end) end)
				return coroutine.resume(inner) end)
			print("first got", coroutine.resume(co))
			print(coroutine.running() == task)
		end
		function second()
			for _, name in ipairs{"task", "co", "inner"} do
				print(name, coroutine.status(_G[name]), coroutine.resume(_G[name], "stolen"))
			end
			print(pcall(coroutine.wrap(function() coroutine.yield(1) end)))
		end
		function third() print(coroutine.resume(mainThread)) print("afterwards", coroutine.status(task), coroutine.status(co), coroutine.resume(task)) end`)
	step := func(name string, after func()) {
		done := make(chan error, 1)
		ts.spawn(L.GetGlobal(name), func(err error) { done <- err })
		ts.mu.Unlock()
		after()
		defer ts.mu.Lock()
		if name != "first" {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
	}
	step("first", func() { <-waiting })
	step("second", func() {})
	ts.mu.Unlock()
	close(release)
	ts.wg.Wait()
	ts.mu.Lock()
	step("third", func() {})
	want := "task\tnormal\tfalse\tcannot resume normal coroutine\n" +
		"co\tnormal\tfalse\tcannot resume normal coroutine\n" +
		"inner\tnormal\tfalse\tcannot resume normal coroutine\n" +
		"true\t1\n" +
		"first got\ttrue\ttrue\ttrue\tanswer\ntrue\n" +
		"false\tcannot resume normal coroutine\n" +
		"afterwards\tdead\tdead\tfalse\tcannot resume dead coroutine\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestWaitTakesTheLockBackAfterPanic(t *testing.T) {
	t.Parallel()
	L, out := newState(t, small)
	var events []string
	L.SetGlobal("crash", L.NewFunction(func(L *lua.LState) int {
		lua51.Wait(L, func() { events = append(events, "unlock") }, func() { events = append(events, "lock") }, func() {
			events = append(events, "f")
			L.G.CurrentThread = nil // as other tasks may leave it
			panic("in f")
		})
		return 0
	}))
	run(t, L, "test", `
		print(pcall(crash))
		print(coroutine.wrap(function() local co = coroutine.running() local ok, e = pcall(crash) return e, coroutine.running() == co end)())`)
	if got, want := out.String(), "false\tin f\nin f\ttrue\n"; got != want {
		t.Errorf("printed %q, want %q", got, want)
	}
	if got, want := strings.Join(events, " "), "unlock f lock unlock f lock"; got != want {
		t.Errorf("events %q, want %q", got, want)
	}
}

// TestForeignThread has a thread that PCall does not know of, because a host runs it by gopher-lua's own.
func TestForeignThread(t *testing.T) {
	t.Parallel()
	L, out := newState(t, small)
	foreign, _ := L.NewThread()
	L.SetGlobal("foreign", foreign)
	L.SetGlobal("block", L.NewFunction(func(wL *lua.LState) int {
		lua51.Wait(wL, nil, nil, func() { // in place of another task, which would have the lock now
			run(t, L, "test", `print(coroutine.status(foreign), coroutine.resume(foreign))`)
		})
		return 0
	}))
	fn, err := L.Load(strings.NewReader(`
		block()
		print(coroutine.wrap(function() return coroutine.status(foreign), coroutine.resume(foreign) end)())`), "test")
	if err != nil {
		t.Fatal(err)
	}
	foreign.Push(fn)
	if err := foreign.PCall(0, 0, nil); err != nil {
		t.Fatal(err)
	}
	want := strings.Repeat("normal\tfalse\tcannot resume normal coroutine\n", 2)
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestDepthIsPerTask has many tasks wait while they are deep in pcalls: their depths must not add up.
func TestDepthIsPerTask(t *testing.T) {
	t.Parallel()
	L, out := newState(t, small)
	ts := &tasks{main: L}
	var all sync.WaitGroup
	all.Add(5)
	L.SetGlobal("meet", L.NewFunction(func(L *lua.LState) int {
		ts.wait(L, func() { all.Done(); all.Wait() })
		return 0
	}))
	run(t, L, "test", `
		local function nest(n) if n == 0 then meet() return "met" end return select(2, pcall(nest, n - 1)) end
		function task() print(nest(150), nest ~= nil and select(2, pcall(error, "x"))) end`)
	ts.mu.Lock()
	for range 5 {
		ts.spawn(L.GetGlobal("task"), func(err error) {
			if err != nil {
				t.Error(err)
			}
		})
	}
	ts.mu.Unlock()
	ts.wg.Wait()
	if got, want := out.String(), strings.Repeat("met\tx\n", 5); got != want {
		t.Errorf("printed %q, want %q", got, want)
	}
}
