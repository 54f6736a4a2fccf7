package worker_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http/httptest"
	"os"
	"time"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/authy/sandbox"
	"github.com/authysh/authysh/luabind"
	"github.com/authysh/authysh/luabind/worker"
)

// A program runs scripts of strangers in a child process. Its main begins with a call of [worker.Main]; here TestMain does.
func Example() {
	service := sandbox.New() // in earnest: your key, and no Host
	server := httptest.NewServer(service)
	defer server.Close()
	w, err := worker.New(worker.Options{
		Client: &authy.Client{Key: service.Key(), Host: server.URL},
		Time:   time.Second, Stdout: os.Stdout,
	})
	if err != nil {
		log.Fatal(err)
	}
	defer w.Close()

	for _, source := range []string{
		`print(authy.get_application_details().app.name)`,
		`authy.get_user_status{ authy_id = 404 }`,
		`local text = ("x"):rep(1e5) .. "y" while true do text:find(".-.-.-z") end`,
		`print "another child"`,
	} {
		err := w.Run(context.Background(), luabind.Script{Name: "theirs.lua", Source: source})
		if killed, ok := errors.AsType[*worker.KilledError](err); ok {
			fmt.Println("killed:", killed.Reason)
		} else if err != nil {
			fmt.Println("error:", err)
		}
	}
	// Output:
	// Sandbox App
	// error: theirs.lua:1: get_user_status: User not found. (HTTP 404, code 60026)
	// killed: time
	// another child
}

// A script is loaded once, and its functions are called for each event.
func ExampleWorker_Call() {
	service := sandbox.New()
	server := httptest.NewServer(service)
	defer server.Close()
	w, err := worker.New(worker.Options{
		Client: &authy.Client{Key: service.Key(), Host: server.URL},
		Limits: luabind.Limits{Steps: 100_000},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer w.Close()
	ctx := context.Background()
	err = w.Load(ctx, luabind.Script{Name: "theirs.lua", Source: `
		local seen = {}
		function on_login(login)
			seen[login.user] = (seen[login.user] or 0) + 1
			if login.country ~= "PT" then
				authy.request_sms{ authy_id = login.authy_id }
			end
			return { allow = seen[login.user] <= 2, times = seen[login.user] }
		end
		function spin() while true do end end`})
	if err != nil {
		log.Fatal(err)
	}

	for range 3 {
		results, err := w.Call(ctx, "on_login", map[string]any{"user": "ana", "country": "PT"})
		fmt.Println(results, err)
	}
	_, err = w.Call(ctx, "on_login", map[string]any{"user": "ana", "country": "FR", "authy_id": 404})
	if refused, ok := errors.AsType[*authy.APIError](err); ok {
		fmt.Println("refused:", refused.Code)
	}
	_, err = w.Call(ctx, "spin")
	if limit, ok := errors.AsType[*luabind.LimitError](err); ok {
		fmt.Println("stopped:", limit.Limit)
	}
	// Output:
	// [map[allow:true times:1]] <nil>
	// [map[allow:true times:2]] <nil>
	// [map[allow:false times:3]] <nil>
	// refused: 60026
	// stopped: Steps
}
