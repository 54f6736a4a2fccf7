package luabind_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/authy/sandbox"
	"github.com/authysh/authysh/luabind"
)

// TestErrorsReachTheHost: however a refusal of the service comes up through Lua, the host finds it, and where it was asked for.
func TestErrorsReachTheHost(t *testing.T) {
	t.Parallel()
	service := sandbox.New()
	server := httptest.NewServer(service)
	t.Cleanup(server.Close)
	client := &authy.Client{Key: service.Key(), Host: server.URL, HTTPClient: server.Client()}
	const ask = "\nlocal function ask() return authy.get_user_status{ authy_id = 404 }\nend\n" // line 2
	for name, source := range map[string]string{
		"direct":              `ask()`,
		"called back":         `authy.get_user_status({ authy_id = 404 }, function(err) error(err) end)`,
		"try and error":       `local _, err = authy.try.get_user_status{ authy_id = 404 } error(err)`,
		"raised again":        `local ok, err = pcall(ask) error(err)`,
		"raised again, level": `local ok, err = pcall(ask) error(err, 2)`,
		"assert":              `assert(authy.try.get_user_status{ authy_id = 404 })`,
		"xpcall":              `local ok, err = xpcall(ask, function(err) return err end) error(err)`,
		"coroutine":           `local co = coroutine.create(ask) local ok, err = coroutine.resume(co) error(err)`,
		"wrapped coroutine":   `coroutine.wrap(ask)()`,
		"async":               `authy.async.get_user_status{ authy_id = 404 }:await()`,
		"task":                `task.spawn(ask):await()`,
		"task in a task":      `task.spawn(function() task.spawn(ask):await() end):await()`,
		"next":                `authy.async.get_user_status{ authy_id = 404 }:next(print):await()`,
		"unseen task":         `task.spawn(ask)`,
		"all":                 `task.all{ task.spawn(ask) }:await()`,
		"map":                 `task.map({ 1 }, ask)`,
		"timeout":             `task.timeout("1m", ask)`,
		"flow":                `flow.define("f", { { "step", ask } }):run{}`,
		"flow in a flow":      `local inner = flow.define("i", { { "in", ask } }) flow.define("o", { { "out", function() inner:run{} end } }):run{}`,
		"flow, cause":         `local ok, err = pcall(function() flow.define("f", { { "step", ask } }):run{} end) error(err.cause)`,
		"second client":       `authy.client{ key = "` + service.Key() + `", host = "` + server.URL + `" }:get_user_status{ authy_id = 404 }`,
		"metamethod":          `local t = setmetatable({}, { __index = ask }) local x = t.y`,
		"sort":                `table.sort({ 1, 2 }, ask)`,
		"gsub":                `string.gsub("x", "x", ask)`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rt, err := luabind.New(client)
			if err != nil {
				t.Fatal(err)
			}
			defer rt.Close()
			check := func(how string, err error) {
				t.Helper()
				api, ok := errors.AsType[*authy.APIError](err)
				if !ok || api.Status != 404 || api.Code != "60026" || api.Op != "get_user_status" {
					t.Errorf("%s: errors.As finds %v in %v", how, api, err)
				}
				if script, ok := errors.AsType[*luabind.ScriptError](err); !ok || !strings.HasPrefix(script.Where, "s.lua:") {
					t.Errorf("%s: no position in %v", how, err)
				}
			}
			check("Run", rt.Run(context.Background(), luabind.Script{Name: "s.lua", Source: ask + source}))
			err = rt.Run(context.Background(), luabind.Script{Name: "s.lua", Source: ask + "function go() " + source + " end"})
			if err != nil {
				t.Fatal(err)
			}
			_, err = rt.Call(context.Background(), "go")
			check("Call", err)
			_, err = rt.NewSession(luabind.SessionOptions{}).Eval(context.Background(), "go()")
			if api, ok := errors.AsType[*authy.APIError](err); name != "unseen task" && (!ok || api.Code != "60026") {
				t.Errorf("Eval: %v", err)
			}
		})
	}
}
