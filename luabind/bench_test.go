package luabind_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/luabind"
	lua "github.com/yuin/gopher-lua"
)

// BenchmarkCall makes the same call in three ways, turn by turn so that a noisy machine slows all alike: raw net/http
// with encoding/json, the Go client, and Lua. It reports the speed of the latter two as a share of raw, and what Lua costs
// above the Go call in processor time.
func BenchmarkCall(b *testing.B) {
	answer := []byte(`{"message":"User created successfully.","user":{"id":48213977},"success":true}`)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(answer)
	}))
	defer server.Close()
	client := &authy.Client{Key: stubKey, Host: server.URL}

	turns := make(chan int)
	ended := make(chan struct{})
	rt, err := luabind.New(client, luabind.With(func(*luabind.Host) luabind.Module {
		return luabind.Module{Name: "turn", Functions: []luabind.Function{{Name: "next", Call: func(L *lua.LState) int {
			ended <- struct{}{}
			L.Push(lua.LNumber(<-turns))
			return 1
		}}}}
	}))
	if err != nil {
		b.Fatal(err)
	}
	defer rt.Close()
	done := make(chan error, 1)
	go func() {
		done <- rt.Run(context.Background(), luabind.Script{Name: "bench.lua", Source: `
			local register_user, next = authy.register_user, turn.next
			local n = next()
			while n > 0 do
				for i = 1, n do
					local res = register_user{ country_code = "PT", phone = "911234567", email = "ana@example.com" }
					assert(res.user.id == 48213977)
				end
				n = next()
			end`})
	}()
	<-ended

	byHand := &rawClient{http.DefaultClient, server.URL, stubKey}
	raw := func() error {
		_, err := byHand.register("911234567", "ana@example.com")
		return err
	}
	typed := func() error {
		_, err := client.RegisterUser(context.Background(), authy.RegisterUserParams{CountryCode: "PT", Phone: "911234567", Email: "ana@example.com"})
		return err
	}
	repeat := func(call func() error) func(n int) {
		return func(n int) {
			for range n {
				if err := call(); err != nil {
					b.Fatal(err)
				}
			}
		}
	}
	ways := []func(n int){repeat(raw), repeat(typed), func(n int) { turns <- n; <-ended }}
	const batch = 50
	for _, way := range ways { // connections, caches
		way(batch)
	}
	var wall, cpu [3]time.Duration
	calls := 0
	for b.Loop() {
		for i, way := range ways {
			start, used := time.Now(), cpuTime()
			way(batch)
			wall[i] += time.Since(start)
			cpu[i] += cpuTime() - used
		}
		calls += batch
	}
	turns <- 0
	if err := <-done; err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(wall[0].Microseconds())/float64(calls), "µs/raw")
	b.ReportMetric(float64(wall[0])/float64(wall[1]), "go/raw")
	b.ReportMetric(float64(wall[0])/float64(wall[2]), "lua/raw")
	b.ReportMetric(float64((cpu[2]-cpu[1]).Microseconds())/float64(calls), "µs-cpu-lua-above-go")
}
