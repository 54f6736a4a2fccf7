package luabind_test

import (
	"context"
	"fmt"
	"log"
	"net/http/httptest"
	"os"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/authy/sandbox"
	"github.com/authysh/authysh/luabind"
	lua "github.com/yuin/gopher-lua"
)

// A program with a Lua state of its own makes the API available to require.
func ExampleLoader() {
	service := sandbox.New() // in earnest: your key, and no Host
	server := httptest.NewServer(service)
	defer server.Close()
	client := &authy.Client{Key: service.Key(), Host: server.URL}

	L := lua.NewState()
	defer L.Close()
	L.PreloadModule("authy", luabind.Loader(client))
	err := L.DoString(`
		local authy = require "authy"
		local user = authy.register_user{ country_code = "PT", phone = "911 234 567", email = "ana@example.com" }
		print(user.message)
		local ok, err = pcall(authy.verify_token, { authy_id = user.user.id, token = "12" })
		print(err.kind, err.fields.token)
	`)
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// User created successfully.
	// validation	must be 6 to 8 digits, got 2
}

// A program that has no Lua yet runs scripts in a Runtime, which brings all modules and a context.
func ExampleNew() {
	service := sandbox.New() // in earnest: your key, and no Host
	server := httptest.NewServer(service)
	defer server.Close()
	client := &authy.Client{Key: service.Key(), Host: server.URL}

	rt, err := luabind.New(client, luabind.Stdout(os.Stdout))
	if err != nil {
		log.Fatal(err)
	}
	defer rt.Close()
	err = rt.Run(context.Background(), luabind.Script{Name: "hello.lua", Source: `
		local number = phone.parse("911 234 567", "PT")
		print(number.international)
		authy.get_user_status{ authy_id = 404 }
	`})
	fmt.Println("error:", err)
	// Output:
	// +351 911 234 567
	// error: hello.lua:4: get_user_status: User not found. (HTTP 404, code 60026)
}

// A middleware sees every operation before it runs.
func ExampleUse() {
	noDeletes := func(next luabind.CallFunc) luabind.CallFunc {
		return func(ctx context.Context, call *luabind.Call) (any, error) {
			if call.Op.Effect == authy.Deletes {
				return nil, fmt.Errorf("%s: deleting is not allowed here", call.Op.Name)
			}
			return next(ctx, call)
		}
	}
	rt, err := luabind.New(&authy.Client{Key: "not-used"}, luabind.Stdout(os.Stdout), luabind.Use(noDeletes))
	if err != nil {
		log.Fatal(err)
	}
	defer rt.Close()
	err = rt.Run(context.Background(), luabind.Script{Name: "x.lua", Source: `print(authy.try.delete_user{ authy_id = 1 })`})
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// nil	delete_user: deleting is not allowed here
}
