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
