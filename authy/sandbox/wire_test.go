package sandbox_test

import (
	"strings"
	"testing"

	"github.com/authysh/authysh/authy/sandbox"
)

const jsonType = "\nContent-Type: application/json"
const formType = "\nContent-Type: application/x-www-form-urlencoded"
const keyHeader = "\nX-Authy-API-Key: {key}"

// What each client library really sends to enrol a user; all must give one user with one address.
func TestClientsRegister(t *testing.T) {
	t.Parallel()
	for library, request := range map[string]string{
		"authy-client": "POST /protected/json/users/new" + keyHeader + jsonType + "\n\n" +
			`{"user":{"cellphone":"911234567","country_code":351,"email":"ana@example.com"}}`,
		"node-authy": "POST /protected/json/users/new?api_key={key}&send_install_link_via_sms=true" + formType + "\n\n" +
			"user%5Bemail%5D=ana%40example.com&user%5Bcellphone%5D=911%20234%20567&user%5Bcountry_code%5D=351",
		"authy-python": "POST /protected/json/users/new" + keyHeader + jsonType + "\n\n" +
			`{"user": {"email": "ana@example.com", "cellphone": "911-234-567", "country_code": 351}, "send_install_link_via_sms": false}`,
		"authy-ruby": "POST /protected/json/users/new" + keyHeader + formType + "\n\n" +
			"user[email]=ana%40example.com&user[cellphone]=911+234+567&user[country_code]=351&send_install_link_via_sms=true",
		"authy-php": "POST /protected/json/users/new?user%5Bemail%5D=ana%40example.com&user%5Bcellphone%5D=911.234.567&" +
			"user%5Bcountry_code%5D=351&user%5Bsend_install_link_via_sms%5D=1" + keyHeader,
		"go-authy": "POST /protected/json/users/new" + formType + "\n\n" +
			"api_key={key}&user%5Bcellphone%5D=911234567&user%5Bcountry_code%5D=351&user%5Bemail%5D=ana%40example.com",
		"authy-java": "POST /protected/json/users/new\nx-authy-api-key: {key}" + jsonType + "\n\n" +
			`{"user":{"email":"ana@example.com","cellphone":"911234567","country_code":"351"}}`,
		"authy-rs": "POST /protected/json/users/new" + keyHeader + formType + "\n\n" +
			"user%5Bemail%5D=ana%40example.com&user%5Bcountry_code%5D=351&user%5Bcellphone%5D=0911234567&send_install_link_via_sms=true",
		"a form labelled as JSON's type is missing": "POST /protected/json/users/new" + keyHeader + "\n\n" +
			"user[email]=ana@example.com&user[cellphone]=%2B351911234567&user[country_code]=%2B351",
		"JSON labelled as form": "POST /protected/json/users/new" + keyHeader + formType + "\n\n" +
			`{"user":{"email":"ana@example.com","cellphone":911234567,"country_code":351}}`,
		"query and a JSON null": "POST /protected/json/users/new?user[country_code]=351&user[email]=ana@example.com&user[cellphone]=911234567" + keyHeader + jsonType + "\n\nnull",
		"JSON behind a byte order mark": "POST /protected/json/users/new" + keyHeader + jsonType + "\n\n" +
			"\ufeff" + `{"user":{"email":"ana@example.com","cellphone":"911234567","country_code":"351"}}`,
		"a form behind a byte order mark": "POST /protected/json/users/new" + keyHeader + formType + "\n\n" +
			"\ufeffuser[email]=ana@example.com&user[cellphone]=911234567&user[country_code]=351",
		"split over query, JSON and null": "POST /protected/json/users/new?user[country_code]=351&user[email]=ana@example.com" + keyHeader + jsonType + "\n\n" +
			`{"user":{"cellphone":"911234567","email":null}}`,
	} {
		t.Run(library, func(t *testing.T) {
			t.Parallel()
			b := newBox(t)
			a := b.raw(request).wants(200)
			users := b.Users(0)
			if len(users) != 1 || users[0].Phone != "+351911234567" || len(users[0].Emails) != 1 || users[0].Emails[0] != "ana@example.com" {
				t.Fatalf("users %+v after %s", users, a.body)
			}
			wantsLink := strings.Contains(request, "=true") || strings.Contains(request, "=1")
			if got := len(b.Outbox(sandbox.OutboxFilter{Channel: sandbox.ChannelSMS})); got != 0 != wantsLink {
				t.Errorf("%d install links, want some: %v", got, wantsLink)
			}
		})
	}
}

// The other operations, in the shapes that differ between clients; ID is an existing user's id.
func TestClientsOtherCalls(t *testing.T) {
	t.Parallel()
	start := "country_code=1&phone_number=775-461-5609"
	for name, request := range map[string]string{
		"status, JSON body on GET":        "GET /protected/json/users/ID/status" + keyHeader + jsonType + "\n\n" + `{"user_ip":"127.0.0.1"}`,
		"status, lone question mark":      "GET /protected/json/users/ID/status?" + keyHeader,
		"status, form type without body":  "GET /protected/json/users/ID/status?api_key={key}" + formType,
		"remove, empty JSON object":       "POST /protected/json/users/ID/remove" + keyHeader + jsonType + "\n\n{}",
		"delete, authy-python":            "POST /protected/json/users/ID/delete" + keyHeader + jsonType + "\n\n{}",
		"delete, authy-ruby":              "POST /protected/json/users/delete/ID" + keyHeader,
		"delete, authy-java":              "POST /protected/json/users/delete/ID" + keyHeader + jsonType,
		"delete, node-authy":              "POST /protected/json/users/delete/ID?api_key={key}" + formType,
		"sms with lone question mark":     "GET /protected/json/sms/ID?" + keyHeader,
		"call":                            "GET /protected/json/call/ID?api_key={key}&force=false",
		"email with force":                "POST /protected/json/email/ID?force=true" + keyHeader,
		"activity, form":                  "POST /protected/json/users/ID/register_activity" + keyHeader + formType + "\n\ntype=banned&data[reason]=foo&user_ip=127.0.0.1",
		"activity, JSON":                  "POST /protected/json/users/ID/register_activity" + keyHeader + jsonType + "\n\n" + `{"type":"cookie_login","data":{"n":1,"deep":{"a":[1]}}}`,
		"start, authy-client":             "POST /protected/json/phones/verification/start" + keyHeader + jsonType + "\n\n" + `{"country_code":1,"locale":"en","phone_number":"7754615609","via":"sms"}`,
		"start, authy-python":             "POST /protected/json/phones/verification/start" + keyHeader + jsonType + "\n\n" + `{"phone_number":"775-461-5609","country_code":1,"via":"sms","code_length":4}`,
		"start, authy-java":               "POST /protected/json/phones/verification/start" + keyHeader + jsonType + "\n\n" + `{"phone_number":"775-461-5609","country_code":"1","via":"call","code_length":"6"}`,
		"start, authy-php":                "POST /protected/json/phones/verification/start?via=sms&code_length=4&" + start + keyHeader,
		"check, query":                    "GET /protected/json/phones/verification/check?verification_code=7777&" + start + keyHeader,
		"check, form body on GET":         "GET /protected/json/phones/verification/check?api_key={key}" + formType + "\n\nverification_code=7777&" + start,
		"verification status, form body":  "GET /protected/json/phones/verification/status?api_key={key}" + formType + "\n\n" + start,
		"info, form body on GET":          "GET /protected/json/phones/info?api_key={key}" + formType + "\n\n" + start,
		"info, go-authy's key parameter":  "GET /protected/json/phones/info?api_key={key}&" + start,
		"approval, authy-client":          "POST /onetouch/json/users/ID/approval_requests" + keyHeader + jsonType + "\n\n" + `{"message":"Log in?","seconds_to_expire":120}`,
		"approval, node-authy":            "POST /onetouch/json/users/ID/approval_requests?api_key={key}" + formType + "\n\nmessage=Log%20in%3F&details%5BAccount%20Number%5D=98&logos%5B0%5D%5Bres%5D=default&logos%5B0%5D%5Burl%5D=https%3A%2F%2Fa.example%2Fl.png",
		"approval, authy-python":          "POST /onetouch/json/users/ID/approval_requests" + keyHeader + jsonType + "\n\n" + `{"message": "Log in?", "details": {}, "hidden_details": {}, "logos": [], "seconds_to_expire": null}`,
		"approval, authy-php":             "POST /onetouch/json/users/ID/approval_requests?message=Log%20in%3F&logos%5B0%5D%5Bres%5D=default&logos%5B0%5D%5Burl%5D=u" + keyHeader,
		"secret":                          "POST /protected/json/users/ID/secret" + keyHeader + formType + "\n\nqr_size=200&label=Ana",
		"app details, key of other case":  "GET /protected/json/app/details\nX-Authy-Api-Key: {key}",
		"app stats, JSON body with an ip": "GET /protected/json/app/stats" + keyHeader + jsonType + "\n\n" + `{"user_ip":"::1"}`,
		"sdk registration":                "POST /protected/json/sdk/registrations" + keyHeader + formType + "\n\nauthy_id=ID",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBox(t, sandbox.WithCodes(func(digits int) string { return strings.Repeat("7", digits) }))
			id := b.register()
			b.post("/protected/json/phones/verification/start", "via=sms&code_length=4", start).wants(200)
			b.raw(strings.ReplaceAll(request, "ID", itoa(id))).wants(200)
		})
	}
}

func TestLogosInEveryStyle(t *testing.T) {
	t.Parallel()
	for name, form := range map[string]string{
		"indexes":      "logos[0][res]=default&logos[0][url]=u1&logos[1][res]=low&logos[1][url]=u2",
		"rack":         "logos[][res]=default&logos[][url]=u1&logos[][res]=low&logos[][url]=u2",
		"rack, mixed":  "logos[][url]=u1&logos[][res]=default&logos[][url]=u2&logos[][res]=low",
		"out of order": "logos[10][res]=low&logos[10][url]=u2&logos[9][res]=default&logos[9][url]=u1",
		"json":         `{"message":"m","logos":[{"url":"u1","res":"default"},{"res":"low","url":"u2"}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBox(t)
			path := "/onetouch/json/users/" + itoa(b.register()) + "/approval_requests"
			if name == "json" {
				b.raw("POST " + path + keyHeader + jsonType + "\n\n" + form).wants(200)
			} else {
				b.post(path, "message=m", form).wants(200)
			}
			want := []sandbox.Logo{{Res: "default", URL: "u1"}, {Res: "low", URL: "u2"}}
			got := b.Approvals(0)[0].Logos
			if len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
				t.Errorf("logos %v, want %v", got, want)
			}
		})
	}
}

func TestBadRequests(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		request, code, message string
		status                 int
	}{
		"no key":            {"GET /protected/json/app/details", "60001", "Invalid API key", 401},
		"wrong key":         {"GET /protected/json/app/details\nX-Authy-API-Key: k", "60001", "Invalid API key", 401},
		"wrong key, query":  {"GET /protected/json/app/details?api_key=k", "60001", "Invalid API key", 401},
		"wrong key in path": {"POST /2010-04-01/Accounts/k/SMS/Messages/SM1/Feedback.json", "60001", "Invalid API key", 401},
		"bad UTF-8, query":  {"GET /protected/json/app/details?a=%ff" + keyHeader, "60005", "UTF-8 invalid", 400},
		"bad UTF-8, form":   {"POST /protected/json/users/new" + keyHeader + "\n\nuser[email]=%c3%28", "60005", "UTF-8 invalid", 400},
		"bad UTF-8, JSON":   {"POST /protected/json/users/new" + keyHeader + jsonType + "\n\n{\"a\":\"\xff\"}", "60005", "UTF-8 invalid", 400},
		"bad escape":        {"GET /protected/json/app/details?a=%zz" + keyHeader, "60002", "Invalid request: a parameter has a broken percent escape", 400},
		"broken JSON":       {"POST /protected/json/users/new" + keyHeader + jsonType + "\n\n{", "60002", "Invalid request: the body is not a JSON object", 400},
		"JSON list":         {"POST /protected/json/users/new" + keyHeader + jsonType + "\n\n[1]", "60002", "Invalid request: the body is not a JSON object", 400},
		"JSON text":         {"POST /protected/json/users/new" + keyHeader + jsonType + "\n\n\"a\"", "60002", "Invalid request: the body is not a JSON object", 400},
		"two JSON values":   {"POST /protected/json/users/new" + keyHeader + jsonType + "\n\n{}{}", "60002", "Invalid request: the body has more than one JSON value", 400},
		"deep form":         {"GET /protected/json/app/details?a" + strings.Repeat("[b]", 40) + "=1" + keyHeader, "60002", "Invalid request: parameters are nested too deeply", 400},
		"deep JSON":         {"POST /protected/json/users/new" + keyHeader + jsonType + "\n\n{\"a\":" + strings.Repeat("[", 40) + strings.Repeat("]", 40) + "}", "60002", "Invalid request: parameters are nested too deeply", 400},
		"large body":        {"POST /protected/json/users/new" + keyHeader + "\n\na=" + strings.Repeat("b", 70_000), "60002", "Invalid request: the body is larger than 65536 bytes", 400},
		"large, no key":     {"POST /protected/json/users/new\n\na=" + strings.Repeat("b", 70_000), "60001", "Invalid API key", 401},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			newBox(t).raw(c.request).fails(c.status, c.code, c.message)
		})
	}
}

func TestUnknownURLs(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	for _, line := range []string{
		"GET /", "GET /protected/json/nothing", "GET /protected/xml/app/details", "GET /protected/json/users/new",
		"POST /protected/json/app/details", "HEAD /protected/json/app/details", "GET /protected/json//status",
		"GET /protected/json/app/details/", "GET /protected//json/app/details", "GET /qr/1/x.png", "DELETE /sandbox/outbox",
	} {
		a := b.raw(line + keyHeader).wants(404)
		if a.body != "Requested URL was not found. Please check http://docs.authy.com/ to see the valid URLs" ||
			!strings.HasPrefix(a.header.Get("Content-Type"), "text/plain") {
			t.Errorf("%s: %s %q", line, a.header.Get("Content-Type"), a.body)
		}
	}
}
