package luabind_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/authy/sandbox"
	"github.com/authysh/authysh/luabind"
)

// tenants are the runtimes of those whose scripts a server runs, by name.
type tenants map[string]*luabind.Runtime

// add takes the script of a tenant, who has an application of its own at the service, and so a key of its own. The script
// leaves a function on_request.
func (ts tenants) add(name, key, host, script string) error {
	rt, err := luabind.New(&authy.Client{Key: key, Host: host},
		luabind.Untrusted(),
		luabind.Limit(luabind.Limits{Time: 10 * time.Second, Steps: 100_000, Memory: 8 << 20, Sends: 5}))
	if err != nil {
		return err
	}
	ts[name] = rt
	return rt.Run(context.Background(), luabind.Script{Name: name + ".lua", Source: script})
}

func (ts tenants) close() {
	for _, rt := range ts {
		rt.Close()
	}
}

// ServeHTTP calls the function of the tenant that the path names, and answers with what it returns.
func (ts tenants) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	rt, ok := ts[r.PathValue("tenant")]
	if !ok {
		http.Error(w, "no such tenant", http.StatusNotFound)
		return
	}
	results, err := rt.Call(r.Context(), "on_request", r.URL.Query())
	_, refused := errors.AsType[*authy.APIError](err)
	switch {
	case refused:
		http.Error(w, err.Error(), http.StatusBadGateway)
	case err != nil: // a mistake in the script, or a *luabind.LimitError
		http.Error(w, err.Error(), http.StatusUnprocessableEntity)
	default:
		_ = json.NewEncoder(w).Encode(results)
	}
}

// A server runs the scripts of its customers: each in a runtime of its own, with its own limits and the key of its own
// application. One that loops is stopped, and harms nobody.
func Example_server() {
	service := sandbox.New(sandbox.WithApps( // in earnest: the tenants' keys, and no Host
		sandbox.App{Name: "Shop", Keys: []string{"key-of-the-shop"}}, sandbox.App{Name: "Bank", Keys: []string{"key-of-the-bank"}}))
	api := httptest.NewServer(service)
	defer api.Close()

	ts := tenants{}
	defer ts.close()
	for _, t := range []struct{ name, key, script string }{
		{"shop", "key-of-the-shop", `
			function on_request(query)
				authy.register_user{ phone = query.phone[1], country_code = "PT", email = "ana@example.com" }
				return authy.get_application_details().app.name .. " knows " .. query.phone[1]
			end`},
		{"bank", "key-of-the-bank", `function on_request(query) return authy.get_user_status{ authy_id = query.id[1] } end`},
		{"loop", "key-of-the-bank", `function on_request() while true do pcall(error) end end`},
		{"thief", "key-of-the-bank", `function on_request() return io.open("/etc/passwd"):read("*a") end`},
	} {
		if err := ts.add(t.name, t.key, api.URL, t.script); err != nil {
			log.Fatal(err)
		}
	}
	mux := http.NewServeMux()
	mux.Handle("GET /{tenant}", ts)
	server := httptest.NewServer(mux)
	defer server.Close()

	for _, path := range []string{"/shop?phone=911234567", "/bank?id=404", "/loop", "/thief", "/nobody"} {
		response, err := http.Get(server.URL + path)
		if err != nil {
			log.Fatal(err)
		}
		body, _ := io.ReadAll(response.Body)
		response.Body.Close()
		fmt.Printf("%s: %d %s", path, response.StatusCode, body)
	}
	// Output:
	// /shop?phone=911234567: 200 ["Shop knows 911234567"]
	// /bank?id=404: 502 bank.lua:1: get_user_status: User not found. (HTTP 404, code 60026)
	// /loop: 422 loop.lua:1: the script ran more than 100000 instructions (limit Steps)
	// /thief: 422 thief.lua:1: attempt to call field 'open' (a nil value)
	// /nobody: 404 no such tenant
}
