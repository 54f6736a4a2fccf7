package luabind

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/authysh/authysh/authy"
	"github.com/google/go-cmp/cmp"
	lua "github.com/yuin/gopher-lua"
)

// runTasks runs a script in a runtime of its own and returns what it printed.
func runTasks(t *testing.T, client *authy.Client, source string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	rt, err := New(client, Stdout(&out))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute) // a busy machine with the race detector is slow
	defer cancel()
	err = rt.Run(ctx, Script{Name: "test", Source: source})
	if failed := rt.Close(); failed != nil {
		t.Error(failed)
	}
	return out.String(), err
}

func TestTasks(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ source, want string }{
		"await gives all values": {
			`local t = task.spawn(function(...) return ... end, 1, nil, "x") print(t:status(), t:await()) print(t:await(), t:status())`,
			"running\t1\tnil\tx\n1\tdone\n"},
		"tasks begin when others wait": {
			`local t = task.spawn(function() print "task" end) print "main" t:await() print "after"`,
			"main\ntask\nafter\n"},
		"an error passes as it is": {
			`local e = {} local t = task.spawn(function() error(e) end) local ok, got = pcall(t.await, t) print(ok, got == e, t:status())`,
			"false\ttrue\tfailed\n"},
		"a false or nil error too": {
			`print(pcall(function() return task.spawn(function() error(nil) end):await() end))`,
			"false\tnil\n"},
		"all keeps the order": {
			`local function after(s, v) return task.spawn(function() task.sleep(s) return v end) end
			print(json.encode(task.all{ after("9ms", 1), after("1ms", 2), after("5ms", 3) }:await())) print(#task.all{}:await())`,
			"[1,2,3]\n0\n"},
		"all ends with the first failure": {
			`local slow = task.spawn(task.sleep, 60)
			print(pcall(function() task.all{ slow, task.spawn(error, "boom") }:await() end)) print(slow:status()) slow:cancel()`,
			"false\tboom\nrunning\n"},
		"any takes the first that is done": {
			`print(task.any{ task.spawn(error, "no"), task.spawn(function() task.sleep "2ms" return "yes" end) }:await())
			print(pcall(function() return task.any{ task.spawn(error, "no") }:await() end))`,
			"yes\nfalse\tno\n"},
		"race takes the first that is over": {
			`local slow = task.spawn(task.sleep, 60)
			print(pcall(function() return task.race{ slow, task.spawn(error, "no") }:await() end)) slow:cancel()`,
			"false\tno\n"},
		"a task is canceled, with what it has started": {
			`local inner
			local t = task.spawn(function() inner = task.spawn(function() task.sleep(60) end) pcall(task.sleep, 60) while true do end end)
			task.sleep(0) t:cancel() local ok, e = pcall(t.await, t) print(ok, e.kind, e.message, t:status())
			print(pcall(inner.await, inner)) print(inner:status()) t:cancel()`,
			"false\tcanceled\tthe task was canceled\tcanceled\nfalse\tthe task was canceled\ncanceled\n"},
		"what a finished task has started goes on": {
			`local inner
			task.spawn(function() inner = task.spawn(function() task.sleep "5ms" return "went on" end) end):await()
			print(inner:await())`,
			"went on\n"},
		"chains": {
			`print(task.spawn(function() return 5 end):next(function(v) return task.spawn(function() return v * 2 end) end):await())
			print(task.spawn(error, "x"):next(print):catch(function(e) return "caught " .. e end):await())
			print(task.spawn(function() return 1, 2 end):catch(print):await())
			print(task.spawn(function() return 1, 2 end):finally(function() return 3 end):await())
			print(pcall(function() task.spawn(error, "x"):finally(function() print "finally" end):await() end))
			local t = task.spawn(task.sleep, 60) t:cancel() print(t:catch(function(e) return e.kind end):await())`,
			"10\ncaught x\n1\t2\n1\t2\nfinally\nfalse\tx\ncanceled\n"},
		"map": {
			`local most, now = 0, 0
			print(json.encode(task.map({ 1, 2, 3, 4, 5 }, function(x, n) now = now + 1 most = math.max(most, now) task.sleep "1ms" now = now - 1 return x * n end, { concurrency = 2 })), most)
			local left = 3
			print(json.encode(task.map(function() task.yield() left = left - 1 if left >= 0 then return left end end, function(x) return x end)))
			print(json.encode(task.map(csv.parse "a,b\n1,2\n", function(row) return row.b end)))`,
			"[1,4,9,16,25]\t2\n[2,1,0]\n[\"2\"]\n"},
		"map ends with the first failure": {
			`local after = 0
			print(pcall(task.map, { 1, 2, 3, 4 }, function(x) if x == 2 then error("two", 0) end task.sleep(60) after = after + 1 end, { concurrency = 2 }))
			print(after)
			print(pcall(task.map, function() error("source", 0) end, print))`,
			"false\ttwo\n0\nfalse\tsource\n"},
		"timeout": {
			`local ok, e = pcall(task.timeout, "5ms", function() task.sleep(60) end) print(ok, e.kind, e.message)
			local ok, e = pcall(task.timeout, "5ms", function() while true do pcall(function() while true do end end) end end) print(e.kind)
			print(task.timeout(60, function(...) return ... end, 1, nil)) print(pcall(task.timeout, 60, error, "own"))
			task.sleep "1ms" print "and goes on"`,
			"false\ttimeout\ttask.timeout: the function took longer than 5ms\ntimeout\n1\tnil\nfalse\town\nand goes on\n"},
		"an outer timeout ends an inner one": {
			`local ok, e = pcall(task.timeout, "5ms", function() local ok, e = pcall(task.timeout, 60, task.sleep, 60) print(type(e)) end) print(e.kind)`,
			"timeout\n"},
		"who waits for itself is told": {
			`local t t = task.spawn(function() t:await() end) local ok, e = pcall(t.await, t) print(e:match "waits for itself")
			local a, b a = task.spawn(function() b:await() end) b = task.spawn(function() a:await() end)
			local ok, e = pcall(a.await, a) print(e:match "waits for itself")`,
			"waits for itself\nwaits for itself\n"},
		"yield lets others run": {
			`local stop = false task.spawn(function() stop = true end) local n = 0 while not stop do task.yield() end print "stopped"`,
			"stopped\n"},
		"the script waits for its tasks": {
			`task.spawn(function() task.sleep "3ms" task.spawn(function() task.sleep "3ms" print "last" end) end) print "first"`,
			"first\nlast\n"},
		"a coroutine in a task, a task in a coroutine": {
			`local co = coroutine.wrap(function() local t = task.spawn(function() coroutine.wrap(function() coroutine.yield() end)() return "ok" end)
				coroutine.yield(t:await()) end) print(co())
			print(task.spawn(function() return coroutine.running() ~= nil end):await())`,
			"ok\ntrue\n"},
		"mistakes": {
			`local print = function(ok, e) _G.print(ok, e and tostring(e)) end
			print(pcall(task.spawn)) print(pcall(task.all, { 1 })) print(pcall(task.map, {}, print, { concurrency = 0 })) print(pcall(task.map, 1, print))
			print(pcall(task.spawn(tostring, 1).await)) print(select(2, pcall(task.timeout, "5", print)), nil)`,
			"false\ttask.spawn: f must be a function, got nil\nfalse\ttask.all: tasks must be a list of tasks, got a number at item 1\n" +
				"false\ttask.map: concurrency must be from 1 to 10000, got 0\nfalse\ttask.map: items must be a list or an iterator, got a number\n" +
				"false\tbad argument #1 to (anonymous) (task.Task expected, got nil (call methods with a colon, as in t:await()))\n" +
				"task.timeout: duration must have a unit, got \"5\": write \"5s\", or the number without quotes for seconds\tnil\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := runTasks(t, &authy.Client{}, c.source)
			if err != nil {
				t.Error(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("printed (-want +got):\n%s", diff)
			}
		})
	}
}

// statusServer answers get_user_status for every user, and counts.
func statusServer(t *testing.T) (*authy.Client, *atomic.Int64) {
	t.Helper()
	var calls atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		id := strings.TrimSuffix(r.URL.Path[strings.LastIndexByte(strings.TrimSuffix(r.URL.Path, "/status"), '/')+1:], "/status")
		fmt.Fprintf(w, `{"success":true,"status":{"authy_id":%s,"registered":true},"message":"ok"}`, id)
	}))
	t.Cleanup(server.Close)
	return &authy.Client{Key: "a-key", Host: server.URL}, &calls
}

func TestAsyncCalls(t *testing.T) {
	t.Parallel()
	client, _ := statusServer(t)
	got, err := runTasks(t, client, `
		local p = { authy_id = 7 }
		local first = authy.async.get_user_status(p)
		p.authy_id = 8                                   -- the call has what it was given
		print(first:await().status.authy_id, authy.async.get_user_status(p):await().status.authy_id)
		local c = authy.client { key = "another-key", host = "`+client.Host+`" }
		print(c.async.get_user_status{ authy_id = 9 }:await().status.authy_id)
		local ok, e = pcall(function() authy.async.get_user_status{ authy_id = {} }:await() end)
		print(ok, e.kind, e.where)
		print(pcall(authy.async.get_user_status, {}, print))
		print(pcall(function() return authy.async.get_user_statu end))`)
	want := "7\t8\n9\nfalse\tvalidation\ttest:8\n" +
		"false\tget_user_status: authy.async gives a task; it takes no callback (use :next and :catch)\n" +
		"false\ttest:11: authy.async has no get_user_statu, did you mean authy.async.get_user_status?\n"
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v, printed (-want +got):\n%s", err, diff)
	}
}

// TestManyTasks has hundreds of tasks call, fail, catch and yield over shared variables: every answer goes to its task,
// and no count is lost.
func TestManyTasks(t *testing.T) {
	t.Parallel()
	client, calls := statusServer(t)
	const count, rounds = 256, 20
	got, err := runTasks(t, client, fmt.Sprintf(`
		local count, rounds = %d, %d
		local answered, caught, wrong = 0, 0, 0
		local list = {}
		for id = 1, count do
			list[id] = task.spawn(function()
				local mine = 0
				local add = function() mine = mine + 1 answered = answered + 1 end
				for round = 1, rounds do
					local n = id * 1000 + round
					local co = coroutine.wrap(function(n)
						local ok, status = pcall(function() return authy.get_user_status{ authy_id = n }.status end)
						coroutine.yield(ok and status.authy_id)
						error({ n = n })
					end)
					if tostring(co(n)) ~= tostring(n) then wrong = wrong + 1 end
					add()
					local ok, e = xpcall(co, function(e) return e end)
					if not ok and e.n == n then caught = caught + 1 end
				end
				return mine
			end)
		end
		local sum = 0
		for _, mine in ipairs(task.all(list):await()) do sum = sum + mine end
		print(answered, sum, caught, wrong)`, count, rounds))
	if want := fmt.Sprintf("%d\t%d\t%d\t0\n", count*rounds, count*rounds, count*rounds); got != want || err != nil {
		t.Errorf("printed %q, %v, want %q", got, err, want)
	}
	if calls.Load() != count*rounds {
		t.Errorf("%d calls, want %d", calls.Load(), count*rounds)
	}
}

func TestUnseenFailures(t *testing.T) {
	t.Parallel()
	_, err := runTasks(t, &authy.Client{}, `
		task.spawn(error, "seen"):catch(print)
		task.spawn(function() local function inner() error("first") end inner() end)
		task.spawn(function() error("second") end)
		task.spawn(task.sleep, 60):cancel()`)
	unseen, ok := errors.AsType[*TasksError](err)
	if !ok || len(unseen.Failures) != 2 {
		t.Fatalf("got %v, want a TasksError of two", err)
	}
	if got, want := err.Error(), "task 3 (function at test:3) failed, and nothing waited for it: test:3: first (and 1 more)"; got != want {
		t.Errorf("error %q, want %q", got, want)
	}
	trace := strings.Join(unseen.Failures[0].Err.Traceback, "\n")
	if !strings.Contains(trace, "in function 'inner'") || !strings.Contains(trace, "test:3: started the task") {
		t.Errorf("traceback lacks the calls:\n%s", trace)
	}
	_, err = runTasks(t, &authy.Client{}, `
		local t = task.spawn(function() error("a task") end)
		while t:status() == "running" do task.yield() end -- not t:await(), which would be to look
		error("the script")`)
	script, ok := errors.AsType[*ScriptError](err)
	if _, both := errors.AsType[*TasksError](err); !ok || !both || script.Message != "the script" {
		t.Errorf("got %v, want both errors", err)
	}
}

// TestTasksEndWithTheirScript has main code end in every way while tasks run that would never end by themselves.
func TestTasksEndWithTheirScript(t *testing.T) {
	t.Parallel()
	const endless = `for i = 1, 5 do task.spawn(function() while true do pcall(task.sleep, 60) end end) end task.sleep(0) `
	rt, err := New(&authy.Client{})
	if err != nil {
		t.Fatal(err)
	}
	defer rt.Close()
	if err := rt.Run(t.Context(), Script{Source: endless + `error("x")`}); err == nil {
		t.Error("no error")
	}
	if err := rt.Run(t.Context(), Script{Source: endless + `os.exit(3)`}); err == nil || err.Error() != "script exited with code 3" {
		t.Errorf("os.exit: %v", err)
	}
	if err := rt.Run(t.Context(), Script{Source: endless + `task.spawn(os.exit, 4)`}); err == nil || err.Error() != "script exited with code 4" {
		t.Errorf("os.exit in a task: %v", err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("interrupted by the test")
	waiting := make(chan struct{})
	rt2, err := New(&authy.Client{}, With(func(*Host) Module {
		return Module{Name: "probe", Functions: []Function{{Name: "ready", Call: func(*lua.LState) int { close(waiting); return 0 }}}}
	}))
	if err != nil {
		t.Fatal(err)
	}
	defer rt2.Close()
	go func() {
		<-waiting
		cancel(cause)
	}()
	if err := rt2.Run(ctx, Script{Source: endless + `probe.ready()`}); err != cause {
		t.Errorf("interrupted after the main chunk: %v, want %v", err, cause)
	}
	for _, rt := range []*Runtime{rt, rt2} {
		if n := rt.tasks.count.Load(); n != 0 {
			t.Errorf("%d tasks are left", n)
		}
	}
}

// TestSessionTasks has tasks go on between chunks.
func TestSessionTasks(t *testing.T) {
	t.Parallel()
	rt, err := New(&authy.Client{})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan TaskInfo, 10)
	s := rt.NewSession(SessionOptions{TaskEnded: func(info TaskInfo) { ended <- info }})
	eval := func(ctx context.Context, src string) string {
		t.Helper()
		shown, err := s.Eval(ctx, src)
		if err != nil {
			return err.Error()
		}
		return shown
	}
	interrupted, cancel := context.WithCancel(t.Context())
	eval(interrupted, `t = task.spawn(function() while not go do task.sleep("1ms") end return { a = 1 } end)`)
	cancel() // of the chunk, not of what it has started
	list, ok := s.Tasks()
	if !ok || len(list) != 1 || list[0].Status != "running" || s.RunningTasks() != 1 {
		t.Fatalf("tasks %+v, %v", list, ok)
	}
	eval(t.Context(), `go = true`)
	if info := <-ended; info.Status != "done" || info.Shown != "{ a = 1 }" {
		t.Errorf("ended %+v", info)
	}
	if got := eval(t.Context(), `t:await().a`); got != "1" {
		t.Errorf("awaited %q", got)
	}
	if got := eval(t.Context(), `task.spawn(function() return 2 end):await()`); got != "2" {
		t.Errorf("awaited at once: %q", got)
	}
	eval(t.Context(), `task.spawn(function() error("lost") end)`)
	if info := <-ended; info.Err == nil || info.Err.Message != "lost" {
		t.Errorf("ended %+v", info)
	}
	if got := eval(t.Context(), `_err`); !strings.Contains(got, "lost") {
		t.Errorf("_err is %q", got)
	}
	if got := eval(t.Context(), `task.spawn(os.exit):await()`); !strings.Contains(got, "os.exit would end the prompt") {
		t.Errorf("os.exit in a task: %q", got)
	}
	eval(t.Context(), `n = 0 task.spawn(function() while true do n = n + 1 end end)`)
	for s.CancelTask(0) != 1 { // also one that keeps the interpreter
		t.Fatal("no task to cancel")
	}
	if info := <-ended; info.Status != "canceled" {
		t.Errorf("ended %+v", info)
	}
	if s.CancelTask(1) != 0 {
		t.Error("canceled a task that is over")
	}
	eval(t.Context(), `task.spawn(function() while true do pcall(task.sleep, 60) end end)`)
	if err := rt.Close(); err != nil || rt.tasks.count.Load() != 0 {
		t.Errorf("closed with %v and %d tasks", err, rt.tasks.count.Load())
	}
}

// TestTasksInHostsState runs tasks in a state that has no lock until then.
func TestTasksInHostsState(t *testing.T) {
	t.Parallel()
	client, _ := statusServer(t)
	L := lua.NewState()
	defer L.Close()
	if err := Preload(L, client); err != nil {
		t.Fatal(err)
	}
	if err := WaitTasks(t.Context(), L); err != nil {
		t.Errorf("without tasks: %v", err)
	}
	err := L.DoString(`
		local authy, task = require "authy", require "task"
		local list = {}
		for i = 1, 20 do list[i] = authy.async.get_user_status{ authy_id = i } end
		sum = 0
		for _, r in ipairs(task.all(list):await()) do sum = sum + tonumber(r.status.authy_id) end
		task.spawn(function() task.sleep "2ms" late = true end)
		task.spawn(function() error("lost") end)`)
	if err != nil {
		t.Fatal(err)
	}
	if L.GetGlobal("late") != lua.LNil {
		t.Error("a task ran between calls")
	}
	err = WaitTasks(t.Context(), L)
	if unseen, ok := errors.AsType[*TasksError](err); !ok || len(unseen.Failures) != 1 {
		t.Errorf("got %v, want one failure", err)
	}
	if L.GetGlobal("late") != lua.LTrue || L.GetGlobal("sum") != lua.LNumber(210) {
		t.Errorf("late %v, sum %v", L.GetGlobal("late"), L.GetGlobal("sum"))
	}
	if err := L.DoString(`local task = require "task" task.spawn(function() while true do pcall(task.sleep, 60) end end)`); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := WaitTasks(ctx, L); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
}
