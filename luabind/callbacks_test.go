package luabind

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/authysh/authysh/luabind/internal/luatext"
	"github.com/golang-jwt/jwt/v5"
	lua "github.com/yuin/gopher-lua"

	"github.com/authysh/authysh/authy"
)

const serveKey = "serve-key-0123456789"

// locked is a buffer that several goroutines may use.
type locked struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *locked) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}

func (b *locked) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.String()
}

// callbackSender is a module with which scripts send themselves callbacks: deliver gives the status of the answer, later
// prints it, webhook sends two events.
func callbackSender(sent *sync.WaitGroup) func(*Host) Module {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	post := func(request *http.Request) int {
		answer, err := client.Do(request)
		if err != nil {
			return 0
		}
		io.Copy(io.Discard, answer.Body)
		answer.Body.Close()
		return answer.StatusCode
	}
	deliver := func(url, uuid, status string) int {
		signed, err := authy.SignCallback(serveKey, authy.CallbackRequest{Method: "POST", URL: url, Decoded: map[string]any{
			"callback_action": "approval_request_status", "uuid": uuid, "status": status, "authy_id": 7,
		}})
		if err != nil {
			return -1
		}
		request, err := signed.HTTPRequest(context.Background())
		if err != nil {
			return -1
		}
		return post(request)
	}
	return func(h *Host) Module {
		return Module{Name: "sender", Functions: []Function{
			{Name: "deliver", Call: func(L *lua.LState) int {
				url, uuid, status, got := L.CheckString(1), L.CheckString(2), L.CheckString(3), 0
				h.Wait(L, func(context.Context) { got = deliver(url, uuid, status) })
				L.Push(lua.LNumber(got))
				return 1
			}},
			{Name: "later", Call: func(L *lua.LState) int {
				url, uuid, status := L.CheckString(1), L.CheckString(2), L.CheckString(3)
				sent.Go(func() { fmt.Fprintln(h.Stdout, "answered", deliver(url, uuid, status)) })
				return 0
			}},
			{Name: "webhook", Call: func(L *lua.LState) int {
				url, got := L.CheckString(1), 0
				token, _ := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{"webhook_id": "WH_1", "events": []any{
					map[string]any{"event": "user_added", "time": "t", "objects": map[string]any{"user": map[string]any{"s_authy_id": "7"}}},
					map[string]any{"event": "user_removed"},
				}}).SignedString([]byte(L.CheckString(2)))
				h.Wait(L, func(context.Context) {
					request, _ := http.NewRequest("POST", url, strings.NewReader(token))
					got = post(request)
				})
				L.Push(lua.LNumber(got))
				return 1
			}},
		}}
	}
}

// serveBench runs scripts that serve.
type serveBench struct {
	rt       *Runtime
	out, log locked
	sent     sync.WaitGroup
}

func newServeBench(t *testing.T, options ...Option) *serveBench {
	t.Helper()
	b := &serveBench{}
	var err error
	b.rt, err = New(&authy.Client{Key: serveKey}, append(options, Stdout(&b.out), With(callbackSender(&b.sent)),
		Log(slog.New(slog.NewTextHandler(&b.log, nil))))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.rt.Close() })
	return b
}

func (b *serveBench) run(ctx context.Context, source string) error {
	return b.rt.Run(ctx, Script{Name: "serve.lua", Source: source})
}

func TestServe(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, source, want string }{
		{"handler", `local s = callbacks.serve{ addr = "127.0.0.1:0", path = "/cb", on_approval = function(cb, server) print(cb.uuid, cb.status, cb.authy_id) server:stop() end }
			print(s.url:gsub("%d+/", "N/"), s.addr:match("^127.0.0.1:%d+$") ~= nil, sender.deliver(s.url, "u", "denied"))
			s:wait() print("over", s:counts().handled)`,
			"u\tdenied\t7\nhttp://127.0.0.1:N/cb\ttrue\t200\nover\t1\n"},
		{"once, and again after an error", `local tries = 0
			local s = callbacks.serve{ addr = "0", on_approval = function() tries = tries + 1 if tries == 1 then error("not yet") end end }
			for i = 1, 3 do print(sender.deliver(s.url, "u", "approved") == 500, tries) end
			local c = s:counts() print(c.handled, c.failed, c.repeated) s:stop()`,
			"true\t1\nfalse\t2\nfalse\t2\n1\t1\t1\n"},
		{"forged", `local s = callbacks.serve{ addr = "0", key = "another", on_approval = print }
			print(sender.deliver(s.url, "u", "approved"), s:counts().refused) s:stop()`, "401\t1\n"},
		{"handlers wait without holding others", `local s = callbacks.serve{ addr = "0", on_approval = function(cb) task.sleep("20ms") print(cb.uuid) end }
			task.map({ "a", "b", "c" }, function(u) sender.deliver(s.url, u, "approved") end) print("all") s:stop()`, "all\n"},
		{"wait_approval", `local s = callbacks.serve{ addr = "0" }
			sender.later(s.url, "u", "approved")
			print(s:wait_approval{ id = "u", timeout = "10s" }.status, s:wait_approval{ id = "u" }.status, s:wait_approval{ id = "v", timeout = 10 })
			s:stop() print(s:wait_approval{ id = "w" })`, "approved\tapproved\tnil\nnil\n"},
		{"events", `local s = callbacks.serve{ addr = "0", webhook_keys = { "w" }, on_event = function(e) print(e.event, e.webhook_id, (e.objects.user or {}).s_authy_id) end }
			print(sender.webhook(s.url, "w"), sender.webhook(s.url, "forged")) s:stop()`, "user_added\tWH_1\t7\nuser_removed\tWH_1\tnil\n200\t401\n"},
		{"waiting in a handler", `local s s = callbacks.serve{ addr = "0", on_approval = function() print(pcall(s.wait, s)) s:stop() end }
			sender.deliver(s.url, "u", "approved")`, "server:stop() does not wait"},
		{"mistakes", `for _, o in ipairs{ { path = "x" }, { addr = "nowhere" }, { on_event = print }, { webhook_keys = { "w" } }, { max_age = 0 }, { handlers = 0 }, { methods = { "put" } }, { on_aproval = print }, { state = "/dev" }, { public_url = "x" }, { max_body = 2^30 } } do
			local ok, err = pcall(callbacks.serve, o) print(ok, err.kind, next(err.fields)) end`,
			"false\tvalidation\tpath\tmust begin with /, got \"x\"\nfalse\tvalidation\taddr\tmust be host:port"},
		{"port in use", `local s = callbacks.serve{ addr = "0" } local ok, err = pcall(callbacks.serve, { addr = s.addr }) print(err.kind, err.message:match("in use")) s:stop()`, "network\tin use\n"},
		{"unknown method", `local s = callbacks.serve{ addr = "0" } print(pcall(function() s:sto() end)) s:stop()`, `did you mean "stop"?`},
		{"a script that fails", `pcall(function() callbacks.serve{ addr = "0" } end) error("no")`, ""},
		{"only as long as its task", `local s = callbacks.serve{ addr = "0" } print(pcall(task.timeout, "1ms", s.wait, s)) sender.later(s.url, "u", "approved") s:wait_approval{ id = "u" } s:stop() s:wait() print("over")`, "over\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			b := newServeBench(t)
			err := b.run(t.Context(), test.source)
			b.sent.Wait()
			if got := b.out.String(); (err == nil) != (test.want != "") || !strings.Contains(got, test.want) {
				t.Errorf("%v\n%s", err, got)
			}
			if servers, handling := b.rt.Serving(); servers != 0 || handling != 0 {
				t.Errorf("%d servers, %d handled", servers, handling)
			}
		})
	}
}

// TestServeInterrupted: a run that is canceled lets the handler finish, whose sender hears so, and takes nothing more.
func TestServeInterrupted(t *testing.T) {
	t.Parallel()
	for name, ending := range map[string]string{"waiting": "s:wait()", "at the end": "", "busy": "while true do end", "failed": `while not begun do task.sleep(0.001) end error("no")`} {
		b := newServeBench(t)
		ctx, cancel := context.WithCancel(t.Context())
		begun := make(chan struct{})
		b.rt.state.SetGlobal("stop", b.rt.state.NewFunction(func(*lua.LState) int {
			close(begun)
			return 0
		}))
		ended := make(chan error, 1)
		go func() {
			ended <- b.run(ctx, `local s = callbacks.serve{ addr = "0", on_approval = function(cb)
				begun = true stop() task.sleep("50ms") print("finished", cb.uuid) end }
				sender.later(s.url, "u", "approved") while not begun do task.sleep(0.001) end `+ending)
		}()
		<-begun
		if name != "failed" {
			cancel()
		}
		err := <-ended
		cancel()
		b.sent.Wait()
		if got := b.out.String(); err == nil || got != "finished\tu\nanswered 200\n" {
			t.Errorf("%s: %v, %q", name, err, got)
		}
	}
}

// TestServeStopsHandlers: one that takes too long is stopped, and its sender told to try again.
func TestServeStopsHandlers(t *testing.T) {
	t.Parallel()
	b := newServeBench(t)
	err := b.run(t.Context(), `local s = callbacks.serve{ addr = "0", timeout = "20ms", on_approval = function(cb)
		if cb.uuid == "loop" then while true do end end task.sleep("1m") end }
		print(sender.deliver(s.url, "loop", "approved"), sender.deliver(s.url, "sleep", "approved")) s:stop()`)
	if got := b.out.String(); err != nil || got != "500\t500\n" || strings.Count(b.log.String(), "took longer than 20ms") != 2 {
		t.Errorf("%v, %q, %s", err, got, b.log.String())
	}
}

// TestServeState: what was handled is not handled again by the next run.
func TestServeState(t *testing.T) {
	t.Parallel()
	state := filepath.Join(t.TempDir(), "state")
	for _, want := range []string{"u\n200\n", "200\n"} {
		b := newServeBench(t)
		err := b.run(t.Context(), `local s = callbacks.serve{ addr = "0", state = `+luatext.Quote(state)+`, on_approval = function(cb) print(cb.uuid) end }
			local got = sender.deliver(s.url, "u", "approved") print(got == 409 and 200 or got) s:stop()`)
		if got := b.out.String(); err != nil || got != want {
			t.Errorf("%v, %q instead of %q", err, got, want)
		}
	}
}

// TestServeTellsPlugins: a plugin sees callbacks before the handler does, and may refuse them.
func TestServeTellsPlugins(t *testing.T) {
	t.Parallel()
	b := newServeBench(t, Plugins(hooks(t, "p", `on_callback = function(call) if call.callback.uuid == "bad" then call:refuse("not this one") end end`)))
	err := b.run(t.Context(), `local s = callbacks.serve{ addr = "0", on_approval = function(cb) print(cb.uuid) end }
		print(sender.deliver(s.url, "bad", "approved"), sender.deliver(s.url, "good", "approved")) s:stop()`)
	if got := b.out.String(); err != nil || got != "good\n403\t200\n" || !strings.Contains(b.log.String(), "not this one") {
		t.Errorf("%v, %q, %s", err, got, b.log.String())
	}
	bad := &authy.Callback{UUID: "bad"}
	if err := b.rt.CallbackReceived(t.Context(), bad); err == nil || !strings.Contains(err.Error(), "not this one") {
		t.Error(err)
	}
}

// TestServeAtPrompt: a server goes on behind the prompt, and ends with it.
func TestServeAtPrompt(t *testing.T) {
	t.Parallel()
	b := newServeBench(t)
	session := b.rt.NewSession(SessionOptions{TaskEnded: func(info TaskInfo) { fmt.Fprintln(&b.out, "ended", info.Name) }})
	eval := func(ctx context.Context, source string) {
		if _, err := session.Eval(ctx, source); err != nil && ctx.Err() == nil {
			t.Error(err)
		}
	}
	eval(t.Context(), `s = callbacks.serve{ addr = "0", on_approval = function(cb) print(cb.uuid) end }`)
	eval(t.Context(), `print(sender.deliver(s.url, "u", "approved"))`)
	ctx, cancel := context.WithTimeoutCause(t.Context(), 20*time.Millisecond, context.Canceled)
	defer cancel()
	eval(ctx, `s:wait()`) // Ctrl-C
	eval(t.Context(), `s:wait()`)
	if got := b.out.String(); got != "u\n200\n" && got != "u\n200\nended callbacks.serve\n" || session.RunningTasks() != 0 {
		t.Errorf("%q", got)
	}
	eval(t.Context(), `s = callbacks.serve{ addr = "0" }`)
	b.rt.Close()
	if servers, _ := b.rt.Serving(); servers != 0 {
		t.Error("the server outlives the prompt")
	}
}

// TestServeInAHostsState: without a runtime it serves while the script waits, and needs a key.
func TestServeInAHostsState(t *testing.T) {
	t.Parallel()
	L := lua.NewState()
	defer L.Close()
	if err := Preload(L, &authy.Client{}); err != nil {
		t.Fatal(err)
	}
	var sent sync.WaitGroup
	sender := callbackSender(&sent)(processHost())
	for i := range sender.Functions {
		if call := sender.Functions[i].Call; sender.Functions[i].Name == "deliver" {
			L.SetGlobal("deliver", L.NewFunction(call))
		}
	}
	err := L.DoString(`local callbacks, task = require "callbacks", require "task"
		local ok, err = pcall(callbacks.serve, { addr = "0" })
		assert(not ok and err.fields.key:match("is required"))
		local s = callbacks.serve{ addr = "0", key = "` + serveKey + `", on_approval = function(cb) got = cb.uuid end }
		assert(task.spawn(function() return deliver(s.url, "u", "approved") end):await() == 200)
		assert(got == "u")
		s:stop()`)
	if err == nil {
		err = WaitTasks(t.Context(), L)
	}
	if err != nil {
		t.Error(err)
	}
}
