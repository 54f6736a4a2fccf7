package luabind_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/luabind"
	lua "github.com/yuin/gopher-lua"
)

// service answers as Authy does where these tests look: user 404 is unknown, user 429 asks too much.
func service(w http.ResponseWriter, r *http.Request) {
	answer := func(status int, body string) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
	switch {
	case strings.Contains(r.URL.Path, "/404"):
		answer(404, `{"message":"User not found.","success":false,"errors":{"message":"User not found."},"error_code":"60026"}`)
	case strings.Contains(r.URL.Path, "/429"):
		w.Header().Set("Retry-After", "90")
		answer(429, `{"message":"DoS protection","success":false,"error_code":"60003"}`)
	case strings.Contains(r.URL.Path, "/500"):
		answer(500, "<html>down</html>")
	case strings.HasSuffix(r.URL.Path, "/users/new"):
		answer(200, `{"message":"User created successfully.","user":{"id":9007199254740993},"success":true,"extra":{"a":[1]}}`)
	case strings.Contains(r.URL.Path, "/sms/"):
		answer(200, `{"success":true,"message":"SMS token was sent","cellphone":"+351-XXX-XXX-XX67"}`)
	case strings.Contains(r.URL.Path, "/status"):
		answer(200, `{"status":{"authy_id":1635,"confirmed":true,"registered":false,"country_code":351,"phone_number":"XX-XXX-4567","devices":[],"has_hard_token":false},"message":"User status.","success":true}`)
	case strings.Contains(r.URL.Path, "/webhooks"):
		answer(200, `{"webhooks":[],"success":true}`)
	default:
		answer(200, `{}`)
	}
}

func TestStyles(t *testing.T) {
	t.Parallel()
	client := stub(t, service)
	client.AccessKey, client.SigningKey = "an-access-key", "a-signing-key"
	for _, test := range []struct{ name, source, want string }{
		{"direct", `print(authy.request_sms{ authy_id = 1635, force = true }.cellphone)`, "+351-XXX-XXX-XX67"},
		{"direct raises a table", `
			local ok, err = pcall(authy.request_sms, { authy_id = 404 })
			print(ok, type(err), err.kind, err.op, err.status, err.code, err.message)
			print(err)`, `false	table	api	request_sms	404	60026	User not found.
request_sms: User not found. (HTTP 404, code 60026)`},
		{"position of the call", "local function f()\n authy.request_sms{}\nend\nlocal _, err = pcall(f)\nprint(err.where)", "test.lua:2"},
		{"callback", `
			authy.request_sms({ authy_id = 1 }, function(err, res) print(err, res.cellphone) end)
			authy.request_sms({ authy_id = 404 }, function(err, res) print(err.code, res) end)
			print(select("#", authy.request_sms({ authy_id = 1 }, function() return 1, 2 end)))`, `nil	+351-XXX-XXX-XX67
60026	nil
0`},
		{"an error in the callback is the caller's", `
			print(pcall(authy.request_sms, { authy_id = 1 }, function() error("mine", 0) end))`, "false	mine"},
		{"try", `
			print(authy.try.request_sms{ authy_id = 1 }.message)
			local res, err = authy.try.request_sms{ authy_id = 404 }
			print(res, err.code)
			print(select("#", authy.try.request_sms{ authy_id = 1 }))`, "SMS token was sent\nnil	60026\n1"},
		{"nothing to say", `print(#authy.list_webhooks().webhooks, json.encode(authy.try.list_webhooks{}.webhooks))`, "0	[]"},
		{"retry_after and rate limits", `
			local _, err = authy.try.request_sms{ authy_id = 429 }
			print(err.kind, err.status, err.retry_after)`, "api	429	90"},
		{"a gateway's page", `
			local _, err = authy.try.request_sms{ authy_id = 500 }
			print(err.kind, err.status, err.code)`, "api	500	nil"},
		{"an empty answer", `
			local _, err = authy.try.delete_user{ authy_id = 1 }
			print(err.kind, err.status, err.fields.success)`, "response	200	is missing"},
		{"large ids keep their digits", `
			local id = authy.register_user{ country_code = "PT", phone = "911234567", email = "ana@example.com" }.user.id
			print(id, type(id), authy.request_sms{ authy_id = id }.success)`, "9007199254740993	string	true"},
		{"small ids are numbers", `local s = authy.get_user_status{ authy_id = "1635" }.status print(type(s.authy_id), s.authy_id + 1, s.confirmed, s.registered)`, "number	1636	true	false"},
		{"the body as it came", `
			local res = authy.register_user{ country_code = 351, phone = 911234567, email = "ana@example.com" }
			print(json.decode(res.raw_body).extra.a[1])
			for k in pairs(res) do assert(k ~= "raw_body") end`, "1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			expect(t, client, test.source, test.want)
		})
	}
}

func TestParameterMistakes(t *testing.T) {
	t.Parallel()
	var requests atomic.Int32
	client := stub(t, func(http.ResponseWriter, *http.Request) { requests.Add(1) })
	for source, want := range map[string]string{
		`authy.request_sms{ authyId = 1 }`:                                                                                   `request_sms: authyId is not a parameter, did you mean "authy_id"?; authy_id is required`,
		`authy.request_sms{ 1635 }`:                                                                                          `request_sms: [1] is not a parameter; known are authy_id, force, action, message, locale; authy_id is required`,
		`authy.request_sms("1635")`:                                                                                          `request_sms: parameters must be one table, as in request_sms{...}, got a string`,
		`authy.request_sms({ authy_id = 1 }, {})`:                                                                            `request_sms: callback must be a function, got a table`,
		`authy.request_sms{ authy_id = 1, force = "true" }`:                                                                  `request_sms: force must be true or false, got a string`,
		`authy.request_sms{ authy_id = 1.5 }`:                                                                                `request_sms: authy_id must be a whole number, got 1.5`,
		`authy.request_sms{ authy_id = 2^53 }`:                                                                               `request_sms: authy_id is too large for a Lua number to keep its digits (2^53 or more): write it as a string`,
		`authy.request_sms{ authy_id = -1 }`:                                                                                 `request_sms: authy_id must be digits only, got "-1"`,
		`authy.request_sms{ authy_id = 0 }`:                                                                                  `request_sms: authy_id must be above 0`,
		`authy.request_sms{ authy_id = function() end }`:                                                                     `request_sms: authy_id must be a string or a whole number, got a function`,
		`authy.request_sms{ authy_id = 1, action = 5 }`:                                                                      `request_sms: action must be a string, got a number`,
		`authy.request_sms{ authy_id = 1, action = json.null }`:                                                              `request_sms: action must be a string, got json.null`,
		`authy.request_sms{ authy_id = 1, message = "a\0b" }`:                                                                `request_sms: message must not contain a NUL byte`,
		`authy.request_sms{ authy_id = 1, message = "\255" }`:                                                                `request_sms: message must be valid UTF-8`,
		`authy.request_sms{ authy_id = 1, locale = "xx" }`:                                                                   `request_sms: locale must be one of ` + strings.Join(authy.Locales, ", ") + `; got "xx"`,
		`authy.verify_token{ authy_id = 1, token = "12345" }`:                                                                `verify_token: token must be 6 to 8 digits, got 5`,
		`authy.verify_token{ authy_id = 1, token = "12345a" }`:                                                               `verify_token: token must be 6 to 8 digits, got a character that is no digit`,
		`authy.register_activity{ authy_id = 1, type = "bannd" }`:                                                            `register_activity: type must be one of password_reset, banned, unbanned, cookie_login; got "bannd", did you mean "banned"?`,
		`authy.register_activity{ authy_id = 1, type = "banned", data = { "x" } }`:                                           `register_activity: data must be an object with names as keys, got a list`,
		`authy.register_activity{ authy_id = 1, type = "banned", data = { f = print } }`:                                     `register_activity: data.f must be a JSON value, got a function`,
		`local t = {} t.t = t authy.register_activity{ authy_id = 1, type = "banned", data = t }`:                            `register_activity: data.t contains itself`,
		`local t = {} for i = 1, 70 do t = { t = t } end authy.register_activity{ authy_id = 1, type = "banned", data = t }`: `register_activity: data` + strings.Repeat(".t", 64) + ` is nested more than 64 deep`,
		`authy.create_approval_request{ authy_id = 1, message = "m", details = { visible = { a = { "x" } } } }`:              `create_approval_request: details.visible.a must be a string, number, boolean or object, got a list`,
		`authy.create_approval_request{ authy_id = 1, message = "m", details = { shown = {} } }`:                             `create_approval_request: details.shown is not known; known are visible, hidden`,
		`authy.create_approval_request{ authy_id = 1, message = "m", details = { visible = { [("k"):rep(21)] = 1 } } }`:      `create_approval_request: details.visible has a key of 21 characters, "kkkkkkkkkkkkkkkkkkkkk"; at most 20 are allowed`,
		`authy.create_approval_request{ authy_id = 1, message = "m", logos = {} }`:                                           `create_approval_request: logos must hold at least one logo; leave it out for none`,
		`authy.create_approval_request{ authy_id = 1, message = "m", logos = { { res = "low", url = "x", alt = 1 } } }`:      `create_approval_request: logos[1].alt is not known; known are res, url; logos[1].url must be an absolute URI, got "x"`,
		`authy.create_approval_request{ authy_id = 1, message = "m", logos = { { res = "lo", url = "x" } } }`:                `create_approval_request: logos[1].res must be one of default, low, med, high; got "lo", did you mean "low"?; logos[1].url must be an absolute URI, got "x"`,
		`authy.create_approval_request{ authy_id = 1, message = "m", ttl = -1 }`:                                             `create_approval_request: ttl must not be negative, got -1`,
		`authy.create_approval_request{ authy_id = 1, message = ("é"):rep(145) }`:                                            `create_approval_request: message must be 1 to 144 characters, got 145`,
		`authy.get_approval_request{ id = ".." }`:                                                                            `get_approval_request: id must not be ".."`,
		`authy.requst_sms{}`:                                      `test.lua:1: authy has no requst_sms, did you mean authy.request_sms?`,
		`authy.try.requst_sms{}`:                                  `test.lua:1: authy.try has no requst_sms, did you mean authy.try.request_sms?`,
		`json.encod{}`:                                            `test.lua:1: json has no encod, did you mean json.encode?`,
		`print(authy.enums.activity.BAN)`:                         `test.lua:1: authy.enums.activity has no BAN, did you mean authy.enums.activity.BANNED?`,
		`authy.wait_approval{ timeout = "5" }`:                    "wait_approval: ",
		`authy.client{ key = " ", host = "ftp://x", retrys = 1 }`: `client: retrys is not known, did you mean "retries"?; key must not be blank; host must be an http or https URL such as https://api.authy.com, got "ftp://x"`,
	} {
		got, err := run(t, client, `local ok, err = pcall(function() `+source+` end) print(err)`)
		if err != nil {
			t.Errorf("%s: %v", source, err)
		}
		if got := strings.TrimSpace(got); got != want && (!strings.HasSuffix(want, ": ") || !strings.HasPrefix(got, want)) {
			t.Errorf("%s:\ngot  %s\nwant %s", source, got, want)
		}
	}
	if n := requests.Load(); n > 0 {
		t.Errorf("%d requests were sent", n)
	}
}

func TestSecondClient(t *testing.T) {
	t.Parallel()
	var key atomic.Value
	client := stub(t, func(w http.ResponseWriter, r *http.Request) {
		key.Store(r.Header.Get("X-Authy-API-Key"))
		service(w, r)
	})
	got, err := run(t, client, fmt.Sprintf(`
		local c = authy.client{ key = "another-key", host = %q, timeout = "60s", retries = 0 }
		print(c:request_sms{ authy_id = 1 }.cellphone, c.request_sms{ authy_id = 1 }.cellphone)
		print(c:request_sms({ authy_id = 404 }, function(err) print(err.code) end))
		print(c.try.request_sms{ authy_id = 404 })
		print(tostring(c):find("another", 1, true))
		print(pcall(function() return c.nothing end))`, client.Host))
	if err != nil {
		t.Fatal(err)
	}
	want := `+351-XXX-XXX-XX67	+351-XXX-XXX-XX67
60026

nil	request_sms: User not found. (HTTP 404, code 60026)
nil
false	test.lua:7: authy has no nothing
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if key.Load() != "another-key" {
		t.Errorf("sent the key %v", key.Load())
	}
}

func TestMiddlewares(t *testing.T) {
	t.Parallel()
	var order []string
	mark := func(name string) luabind.Middleware {
		return func(next luabind.CallFunc) luabind.CallFunc {
			return func(ctx context.Context, call *luabind.Call) (any, error) {
				order = append(order, name+" "+call.Op.Name)
				call.Args.RawSetString("force", lua.LTrue)
				return next(ctx, call)
			}
		}
	}
	refuse := func(next luabind.CallFunc) luabind.CallFunc {
		return func(ctx context.Context, call *luabind.Call) (any, error) {
			switch {
			case call.Op.Effect == authy.Deletes:
				return nil, fmt.Errorf("deletes are refused")
			case call.Op.Name == "request_call":
				return map[string]any{"message": "answered without a call", "success": true}, nil
			}
			return next(ctx, call)
		}
	}
	client := stub(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("force") != "true" {
			t.Errorf("%s lacks what the middleware added", r.URL)
		}
		service(w, r)
	})
	got, err := run(t, client, `
		print(authy.request_sms{ authy_id = 1 }.message)
		print(authy.request_call{ authy_id = 1 }.message)
		print(authy.try.delete_user{ authy_id = 1 })`, luabind.Use(mark("first"), mark("second"), refuse))
	if err != nil {
		t.Fatal(err)
	}
	if want := "SMS token was sent\nanswered without a call\nnil\tdeletes are refused\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := strings.Join(order[:2], ", "), "first request_sms, second request_sms"; got != want {
		t.Errorf("order is %q, want %q", got, want)
	}
}

// TestCallbackOfTheSeed verifies the callback that is published with its signature, the body as a table and as text.
func TestCallbackOfTheSeed(t *testing.T) {
	t.Parallel()
	body := map[string]any{
		"approval_request": map[string]any{
			"expiration_timestamp": 1455911778, "logos": nil,
			"transaction": map[string]any{
				"created_at_time": 1455825378, "customer_uuid": "2ccf0040-ed25-0132-5987-0e67b818e6fb", "details": map[string]any{},
				"device_details": nil, "device_geolocation": nil, "device_signing_time": 0, "encrypted": false, "flagged": false,
				"hidden_details": map[string]any{}, "message": ".", "reason": nil, "requester_details": nil, "status": "approved",
				"uuid": "996201c0-b7a7-0133-7c06-0e67b818e6fb",
			},
		},
		"authy_id": 1234567, "callback_action": "approval_request_status", "device_uuid": "4d89c320-a9bb-0133-7c02-0e67b818e6fb",
		"signature": "BObhJgZwgU7O9r4Uo9VT6j6shAOe7y/IRGpW/N0Uq34/XHZU9E+aHOI5rcQzW1ZgNCECzVrqrsnjhYEK4Zq1naKWu0YNkuvILmMz8IxJEQH+c+6x186fjIjxvP4nu4p/pfUDomo/za24s1XOjtNlVsrDTDXClHUh5MjFQbyBjhFd8gOtmGVatN7K2Lx71I8YR2JDLbRX4DlJEMu++PLBn1nqQH9tbNYzX5jjX87CXPBtDfRwfWSs/imnfZ9zkDq4ZKuBcuwzQNsxKlby6782X0o78rYhCHrcDnHgRtyMGvX9ovK3XTt6M7p6i9SKaRgBWIOFVPygxv15iJesqt9cng==",
		"status":    "approved", "uuid": "996221c0-b7a7-0133-7c06-0e67b818e6fb",
	}
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	client := stub(t, nil)
	client.Key = "1DS9YIwGquvvIdx8GdcdqZGLAewZZyhd"
	expect(t, client, fmt.Sprintf(`
		local text = %q
		local headers = { host = "foo.bar", ["x-authy-signature"] = "hqB6las54sMBA83GKs0U1QQi9ocJ2tH20SXHZNzfqqQ=", ["X-Authy-Signature-Nonce"] = 1455825429 }
		for _, request in ipairs{
			{ method = "POST", protocol = "https", url = "/", headers = headers, body = text },
			{ method = "post", protocol = "https", url = "/", headers = headers, body = json.decode(text) },
			{ url = "https://foo.bar/", headers = headers, body = text },
			{ protocol = "https", host = "foo.bar", path = "/", headers = headers, body = text },
			{ url = "http://10.0.0.1/", public_url = "https://foo.bar/", headers = headers, body = text },
			{ url = "http://10.0.0.1/", public_url = "https://foo.bar", headers = headers, body = text },
			{ path = "/", public_url = "https://foo.bar", headers = headers, body = text },
		} do
			local cb = authy.verify_callback(request)
			print(cb.authy_id, cb.status, cb.uuid, cb.approval_request.transaction.message)
		end
		for _, request in ipairs{
			{ url = "http://foo.bar/", headers = headers, body = text },
			{ url = "https://foo.bar/", headers = {}, body = text },
			{ url = "https://foo.bar/", headers = headers, body = text, key = "other" },
			{ url = "https://foo.bar/", headers = headers, body = text, max_age = "5m" },
			{ url = "https://foo.bar/", headers = headers, body = text:gsub("approved", "denied") },
		} do
			local ok, err = pcall(authy.verify_callback, request)
			print(ok, err.kind, err.op)
		end`, text), strings.Repeat("1234567	approved	996221c0-b7a7-0133-7c06-0e67b818e6fb	.\n", 7)+strings.Repeat("false	validation	verify_callback\n", 5))
}

func TestSettingsReachTheClient(t *testing.T) {
	t.Parallel()
	var requests atomic.Int32
	client := stub(t, func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		if strings.Contains(r.URL.Path, "approval_requests") {
			_, _ = io.WriteString(w, `{"approval_request":{"uuid":"u","status":"pending"},"success":true}`)
			return
		}
		w.WriteHeader(http.StatusBadGateway)
	})
	count := func(source string) int32 {
		t.Helper()
		before := requests.Load()
		if got, err := run(t, client, fmt.Sprintf(source, client.Host)); err != nil {
			t.Errorf("%s: %v\n%s", source, err, got)
		}
		return requests.Load() - before
	}
	for retries, want := range map[string]int32{"0": 1, "1": 2} {
		got := count(`local c = authy.client{ key = "a-key", host = %q, retries = ` + retries + ` }
			assert(not c.try.get_application_details{})`)
		if got != want {
			t.Errorf("retries = %s: %d requests, want %d", retries, got, want)
		}
	}
	// Without an interval of its own the second question would come after a second.
	got := count(`local c = authy.client{ key = "a-key", host = %q }
		local _, err = c.try.wait_approval{ id = "u", timeout = "900ms", interval = "1ms" }
		assert(err.kind == "timeout", tostring(err))`)
	if got < 2 {
		t.Errorf("asked %d times", got)
	}
}
