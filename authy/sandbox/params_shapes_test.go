package sandbox_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/authysh/authysh/authy/sandbox"
)

// A bad parameter does not hide the key, wherever both are: the caller is told of the parameter.
func TestBadParameterBesideTheKey(t *testing.T) {
	t.Parallel()
	const create = "POST /protected/json/users/new"
	for request, code := range map[string]string{
		create + formType + "\n\napi_key={key}&user[email]=%FF":                                                          "60005",
		create + formType + "\n\nuser[email]=%FF&api_key={key}":                                                          "60005",
		create + formType + "\n\nuser[email]=%zz&api_key={key}":                                                          "60002",
		create + formType + "\n\na" + strings.Repeat("[b]", 40) + "=1&api_key={key}":                                     "60002",
		create + "?user[email]=%FF&api_key={key}":                                                                        "60005",
		create + "?user[email]=%FF" + formType + "\n\napi_key={key}":                                                     "60005",
		create + "?user[email]=%FF" + jsonType + "\n\n" + `{"api_key":"{key}"}`:                                          "60005",
		create + jsonType + "\n\n" + `{"api_key":"{key}","d":` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + "}": "60002",
		create + formType + "\n\napi_key={key}&user[email]=\xff":                                                         "60005",
		create + formType + "\n\napi_key=wrong&user[email]=%FF":                                                          "60001",
	} {
		a := newBox(t).raw(request)
		if a.status != 400 && a.status != 401 || a.text("error_code") != code {
			t.Errorf("%q: %d %s, want code %s", request, a.status, a.body, code)
		}
	}
}

// The log of requests keeps nothing large, however it came.
func TestLogKeepsNothingLarge(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	large := strings.Repeat("x", 60_000)
	chunked := httptest.NewRequest("POST", "/protected/json/users/new", io.MultiReader(strings.NewReader("a="+large))) // of no known length
	chunked.Header.Set("X-Authy-API-Key", testKey)
	b.do(chunked).wants(400)
	for _, line := range []string{
		"GET /protected/json/users/" + large + "/status",
		"GET /protected/json/app/details?a=" + large,
	} {
		b.raw(line + keyHeader)
	}
	b.raw("GET /protected/json/verify/" + large + "/" + large + keyHeader)
	for _, r := range b.Requests(0, true) {
		text, err := json.Marshal(r)
		if err != nil || len(text) > 4096 {
			t.Errorf("%s %.60s: %d bytes, %v", r.Method, r.Path, len(text), err)
		}
	}
}

// What curl -F sends, with the key among it.
func TestMultipart(t *testing.T) {
	t.Parallel()
	const head = "POST /protected/json/users/new\nContent-Type: multipart/form-data; boundary=b0\n\n"
	part := func(name, value string) string {
		return "--b0\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + value + "\r\n"
	}
	b := newBox(t)
	b.raw(head + part("user[email]", "ana+a%40@example.com") + part("user[cellphone]", "911 234 567") + part("user[country_code]", "351") +
		"--b0\r\nContent-Disposition: form-data; name=\"logo\"; filename=\"l.png\"\r\nContent-Type: image/png\r\n\r\n\x89PNG\xff\r\n" +
		part("api_key", "{key}") + "--b0--\r\n").wants(200)
	if users := b.Users(0); len(users) != 1 || users[0].Phone != "+351911234567" || users[0].Emails[0] != "ana+a%40@example.com" {
		t.Errorf("%+v", users)
	}
	b.raw(head+part("api_key", "{key}")+part("user[email]", "\xff")+"--b0--\r\n").fails(400, "60005", "UTF-8 invalid")
	b.raw(head+part("api_key", "{key}")+"--b0\r\nContent-").fails(400, "60002", "Invalid request: the body is not what its type multipart/form-data says")
	b.raw(strings.Replace(head, "; boundary=b0", keyHeader, 1)+part("a", "b")+"--b0--\r\n").
		fails(400, "60002", "Invalid request: the body is not what its type multipart/form-data says")
}

// Any request, to any endpoint: the service answers in one of its forms, and what it remembers stays bounded.
func FuzzServe(f *testing.F) {
	for _, seed := range []struct{ method, target, kind, body string }{
		{"POST", "/protected/json/users/new", "application/json", `{"user":{"cellphone":"911234567","country_code":351,"email":"a@b.example"}}`},
		{"POST", "/protected/json/users/new?user[email]=a@b.example&user[cellphone]=911234567&user[country_code]=351", "", ""},
		{"POST", "//protected/json/users/new", "application/x-www-form-urlencoded", "user%5Bemail%5D=a%40b.example"},
		{"GET", "/protected/json/verify/1234567/1635?force=true", "", ""},
		{"GET", "/protected/json/phones/verification/check", "application/x-www-form-urlencoded", "phone_number=7754615609&country_code=1&verification_code=1"},
		{"POST", "/protected/json/phones/verification/start", "multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=via\r\n\r\nsms\r\n--b--"},
		{"POST", "/onetouch/json/users/1635/approval_requests", "application/json", `{"message":"m","details":{"a":null},"logos":[{"res":"default","url":"u"}]}`},
		{"POST", "/onetouch/json/users/1635/approval_requests", "", "message=m&logos[][res]=low&logos[][url]=u&logos[0][res]=x"},
		{"DELETE", "/dashboard/json/application/webhooks", "", "app_api_key=k&access_key=a"},
		{"POST", "/protected/json/users/1635/register_activity", "application/json", `{"type":"banned","data":{"n":[1,{"a":true}]}}`},
		{"POST", "/2010-04-01/Accounts/k/SMS/Messages/SM1/Feedback.json", "", "Outcome=received"},
		{"POST", "/sandbox/api/faults", "application/json", `{"rule":"latency=1ms"}`},
		{"POST", "/sandbox/api/clock", "", "advance=10m"},
	} {
		f.Add(seed.method, seed.target, seed.kind, []byte(seed.body))
	}
	f.Fuzz(func(t *testing.T, method, target, kind string, body []byte) {
		r, err := http.NewRequest(method, "http://127.0.0.1", bytes.NewReader(body))
		if err != nil {
			return
		}
		if r.URL, err = r.URL.Parse(target); err != nil || strings.Contains(r.URL.Path, "/events") || r.URL.Host != "127.0.0.1" {
			return // a stream of events does not end
		}
		r.RemoteAddr, r.Host = "127.0.0.1:1", "127.0.0.1"
		r.Header.Set("Content-Type", kind)
		r.Header.Set("X-Authy-API-Key", testKey)
		s := sandbox.New(sandbox.WithKeys(testKey), sandbox.WithSeed(1), sandbox.WithUsers(sandbox.SeedUser{AuthyID: 1635, Phone: "911234567", CountryCode: "351", Email: "a@b.example"}))
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if strings.HasPrefix(w.Header().Get("Content-Type"), "application/json") {
			var v map[string]any
			if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
				t.Fatalf("%v: %s", err, w.Body)
			}
			if code, ok := v["error_code"].(string); w.Code != 200 && (!ok || len(code) != 5 || v["message"] == "" || v["success"] != false) {
				t.Fatalf("%d %s", w.Code, w.Body)
			}
		}
		if w.Code == 500 || w.Code < 200 {
			t.Fatalf("%s %s: %d %s", method, target, w.Code, w.Body)
		}
		if text, err := json.Marshal(s.Requests(1, true)); err != nil || len(text) > 64<<10 {
			t.Fatalf("%d bytes in the log, %v", len(text), err)
		}
	})
}
