package luabind_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/luabind"
	lua "github.com/yuin/gopher-lua"
)

// BenchmarkTaskMap registers users and texts each, by task.map and by goroutines of raw net/http.
func BenchmarkTaskMap(b *testing.B) {
	// Where the service takes a while, each worker has so many users that one more or less, at the end, counts for little.
	for _, c := range []struct {
		delay          time.Duration
		users, workers int
	}{{0, 2000, 64}, {50 * time.Millisecond, 40 * 64, 64}, {50 * time.Millisecond, 40 * 256, 256}} {
		b.Run(fmt.Sprintf("%v/%d", c.delay, c.workers), func(b *testing.B) {
			host := startStub(b, c.delay)
			raw := newRawClient(b, host, c.workers)
			ours := enrolByLua(b, host, c.users, fmt.Sprintf(`
				task.map(users, function(u)
					local new = authy.register_user{ country_code = "PT", phone = u.phone, email = u.email }
					return authy.request_sms{ authy_id = new.user.id }.message
				end, { concurrency = %d })`, c.workers))
			besideRaw(b, c.delay, c.users, c.workers, func() error { return raw.enrol(c.users, c.workers) }, ours)
		})
	}
}

// enrolByLua makes a runtime with a list of users, and returns a function that runs source.
func enrolByLua(b *testing.B, host string, users int, source string) func() error {
	b.Helper()
	transport := &http.Transport{MaxIdleConnsPerHost: 256}
	b.Cleanup(transport.CloseIdleConnections)
	rt, err := luabind.New(&authy.Client{Key: stubKey, Host: host, HTTPClient: &http.Client{Transport: transport}})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = rt.Close() })
	run := func(source string) error {
		return rt.Run(context.Background(), luabind.Script{Name: "bench.lua", Source: source})
	}
	if err := run(fmt.Sprintf(`
		users = {}
		for i = 1, %d do users[i] = { phone = ("%%.0f"):format(910000000 + i), email = "ana" .. i .. "@example.com" } end`, users)); err != nil {
		b.Fatal(err)
	}
	return func() error { return run(source) }
}

// blocked is a network where no answer ever comes.
type blocked struct{ arrived *sync.WaitGroup }

func (t blocked) RoundTrip(request *http.Request) (*http.Response, error) {
	t.arrived.Done()
	<-request.Context().Done()
	return nil, request.Context().Err()
}

// BenchmarkWaitingTask reports what a task takes of heap and stacks while it waits. A call has no connection here.
func BenchmarkWaitingTask(b *testing.B) {
	const count = 1024
	for name, source := range map[string]string{
		"sleep": `task.sleep("1h")`,
		"call":  `authy.register_user{ country_code = "PT", phone = "911234567", email = "ana@example.com" }`,
	} {
		b.Run(name, func(b *testing.B) {
			var memory uint64
			rounds := uint64(0)
			for b.Loop() {
				memory += waitingTasks(b, count, source, name == "call")
				rounds++
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(float64(memory)/float64(rounds*count), "B/task")
		})
	}
}

// waitingTasks is the memory of tasks that all wait in source.
func waitingTasks(b *testing.B, count int, source string, calls bool) uint64 {
	b.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var arrived sync.WaitGroup
	if calls {
		arrived.Add(count + 1)
	}
	var before, used uint64
	client := &authy.Client{Key: stubKey, Timeout: authy.NoTimeout, Retries: authy.NoRetries, HTTPClient: &http.Client{Transport: blocked{&arrived}}}
	rt, err := luabind.New(client, luabind.With(func(*luabind.Host) luabind.Module {
		return luabind.Module{Name: "memory", Functions: []luabind.Function{
			{Name: "before", Call: func(*lua.LState) int { before = inUse(); return 0 }},
			{Name: "after", Call: func(*lua.LState) int {
				arrived.Wait()
				used = inUse() - before
				cancel()
				return 0
			}},
		}}
	}))
	if err != nil {
		b.Fatal(err)
	}
	defer rt.Close()
	err = rt.Run(ctx, luabind.Script{Source: fmt.Sprintf(`
		local waiting = 0
		local function wait() waiting = waiting + 1 %s end
		task.spawn(wait) -- what the first one needs, all share
		while waiting < 1 do task.yield() end
		memory.before()
		for i = 1, %d do task.spawn(wait) end
		while waiting < %[2]d + 1 do task.yield() end
		memory.after()`, source, count)})
	if !errors.Is(err, context.Canceled) {
		b.Fatal(err)
	}
	return used
}

// inUse is the memory of heap and stacks after a collection.
func inUse() uint64 {
	runtime.GC()
	runtime.GC() // what pools keep through the first
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc + stats.StackInuse
}
