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

// A program with a Lua state of its own has all modules there, with its own operations and modules among them.
func ExamplePreload() {
	service := sandbox.New() // in earnest: your key, and no Host
	server := httptest.NewServer(service)
	defer server.Close()
	client := &authy.Client{Key: service.Key(), Host: server.URL}

	type question struct {
		City string `json:"city" rule:"text" doc:"Where the office is."`
	}
	type answer struct {
		CountryCode string `json:"country_code" doc:"Country of the office."`
	}
	country := authy.Op("office <city>", "Tell the country of an office.", authy.Route{Name: "country_of", Effect: authy.Reads},
		func(_ *authy.Client, _ context.Context, q question) (*answer, error) {
			return &answer{map[string]string{"Lisbon": "PT", "Austin": "US"}[q.City]}, nil
		})
	staff := func(*luabind.Host) luabind.Module {
		return luabind.Module{Name: "staff", Doc: "Knows who works here.", Functions: []luabind.Function{{
			Name: "phone", Doc: "Gives somebody's phone number.",
			Params: []luabind.Param{{Name: "name", Type: "string"}}, Returns: []luabind.Param{{Name: "phone", Type: "string"}},
			Call: func(L *lua.LState) int {
				L.Push(lua.LString(map[string]string{"ana": "911234567"}[L.CheckString(1)]))
				return 1
			},
		}}}
	}
	L := lua.NewState()
	defer L.Close()
	if err := luabind.Preload(L, client, luabind.Operations(country), luabind.With(staff)); err != nil {
		log.Fatal(err)
	}
	err := L.DoString(`
		local authy, staff = require "authy", require "staff"
		local office = authy.country_of{ city = "Lisbon" }
		local user = authy.register_user{ country_code = office.country_code, phone = staff.phone "ana", email = "ana@example.com" }
		print(office.country_code, user.message)
		print(select(2, authy.try.country_of{}).message)
	`)
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// PT	User created successfully.
	// city is required
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
