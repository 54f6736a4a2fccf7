package sandbox_test

import (
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/authysh/authysh/authy/sandbox"
)

// provoked are the codes that happen by themselves, each by a caller's request.
var provoked = map[int]struct {
	status int
	opts   []sandbox.Option
	how    func(b *box) answer
}{
	60001: {401, nil, func(b *box) answer { return b.raw("GET /protected/json/app/details\nX-Authy-API-Key: wrong") }},
	60002: {400, nil, func(b *box) answer {
		return b.raw("POST /protected/json/users/new\nX-Authy-API-Key: {key}\nContent-Type: application/json\n\n{broken")
	}},
	60003: {429, []sandbox.Option{sandbox.WithLimits(sandbox.Limits{TokensPerHour: 1})}, func(b *box) answer {
		id := b.register()
		b.get("/protected/json/sms/%d", id).wants(200)
		return b.get("/protected/json/sms/%d", id)
	}},
	60004: {400, nil, func(b *box) answer { return b.post(startPath, phoneForm) }},
	60005: {400, nil, func(b *box) answer { return b.post("/protected/json/users/new", "user[email]=%FF") }},
	60006: {503, without(sandbox.FeatureCalls), func(b *box) answer { return b.get("/protected/json/call/%d", b.register()) }},
	60007: {503, without(sandbox.FeatureSMS), func(b *box) answer { return b.get("/protected/json/sms/%d", b.register()) }},
	60016: {404, nil, func(b *box) answer { return b.get("/protected/json/verify/1234567/1") }},
	60017: {503, nil, func(b *box) answer {
		id := b.register()
		for range 10 {
			b.get("/protected/json/verify/0000000/%d?force=true", id).wants(401)
		}
		return b.get("/protected/json/verify/0000000/%d?force=true", id)
	}},
	60019: {401, nil, func(b *box) answer {
		id := b.register()
		b.get("/protected/json/sms/%d", id)
		code := b.lastCode()
		b.get("/protected/json/verify/%s/%d", code, id).wants(200)
		return b.get("/protected/json/verify/%s/%d", code, id)
	}},
	60020: {401, nil, func(b *box) answer { return b.get("/protected/json/verify/0000000/%d?force=true", b.register()) }},
	60022: {401, nil, func(b *box) answer {
		b.post(startPath, "via=sms", phoneForm).wants(200)
		return b.get("%s", checkPath+"x")
	}},
	60023: {404, nil, func(b *box) answer { return b.get("%s", checkPath+"1") }},
	60026: {404, nil, func(b *box) answer { return b.get("/protected/json/users/1/status") }},
	60027: {400, nil, func(b *box) answer { return b.post("/protected/json/users/new", "user[email]=x") }},
	60031: {403, nil, func(b *box) answer { return b.raw("GET /sandbox/users\nHost: evil.example" + keyHeader) }},
	60032: {400, nil, func(b *box) answer {
		return b.post("/2010-04-01/Accounts/"+testKey+"/SMS/Messages/SM1/Feedback.json", "Outcome=received")
	}},
	60033: {400, nil, func(b *box) answer { return b.post(startPath, "via=sms&country_code=1&phone_number=1") }},
	60035: {404, nil, func(b *box) answer { return b.get("/protected/json/registrations/status?custom_user_id=x") }},
	60038: {400, nil, func(b *box) answer {
		return b.post("/protected/json/users/"+itoa(b.register())+"/update", "email=x")
	}},
	60042: {400, nil, func(b *box) answer { return b.get("/protected/json/phones/verification/status") }},
	60049: {404, nil, func(b *box) answer { return b.get("/onetouch/json/approval_requests/x") }},
	60065: {403, without(sandbox.FeatureOneTouch), func(b *box) answer {
		return b.post("/onetouch/json/users/"+itoa(b.register())+"/approval_requests", "message=m")
	}},
	60071: {404, nil, func(b *box) answer { return b.get("/dashboard/json/application/webhooks?app_api_key=" + testKey) }},
	60072: {404, nil, func(b *box) answer {
		return b.get("/dashboard/json/application/webhooks?access_key=x&app_api_key=" + testKey)
	}},
	60073: {400, nil, func(b *box) answer { return b.get("/dashboard/json/application/webhooks") }},
	60078: {403, nil, func(b *box) answer { return b.post(startPath, "via=sms&country_code=999&phone_number=1") }},
	60079: {409, nil, func(b *box) answer {
		uuid := b.answered("approve")
		return b.post("/sandbox/approvals/" + uuid + "/deny")
	}},
	60082: {403, nil, func(b *box) answer { return b.post(startPath, "via=sms&country_code=351&phone_number=211234567") }},
	60083: {403, nil, func(b *box) answer { return b.post(startPath, "via=sms&country_code=1&phone_number=8005550199") }},
	60087: {400, nil, func(b *box) answer {
		return b.get("/dashboard/json/application/webhooks?access_key=%s&app_api_key=%s", b.Dashboard().AccessKey, testKey)
	}},
	60091: {403, without(sandbox.FeatureCustomCodes), func(b *box) answer { return b.post(startPath, "via=sms&custom_code=1234", phoneForm) }},
	60092: {404, nil, func(b *box) answer { return b.call("DELETE", "/protected/json/sdk/devices/1") }},
	60098: {400, vectorKeys, func(b *box) answer {
		return b.signed("POST", hooksURL, hookKeys, "n", sign("n", "POST", hooksURL, hookSorted))
	}},
	60100: {404, vectorKeys, func(b *box) answer {
		return b.signed("DELETE", hooksURL, hookKeys, "n", sign("n", "DELETE", hooksURL, hookSorted))
	}},
	60109: {404, nil, func(b *box) answer { return b.get("/protected/json/users/%d/secret/export", b.register()) }},
	60117: {404, []sandbox.Option{sandbox.WithAdminToken("admin")}, func(b *box) answer {
		return b.raw("GET /sandbox/api/users?app=none\nX-Sandbox-Token: admin")
	}},
	60122: {500, nil, func(b *box) answer {
		return b.post("/protected/json/users/"+itoa(b.register())+"/secret", "label="+strings.Repeat("☂", 255))
	}},
	60123: {403, without(sandbox.FeatureGenericTokens), func(b *box) answer {
		return b.post("/protected/json/users/" + itoa(b.register()) + "/secret")
	}},
	60127: {400, []sandbox.Option{sandbox.WithDeletionDelay(time.Hour)}, func(b *box) answer {
		user := "/protected/json/users/" + itoa(b.register())
		b.post(user + "/remove").wants(200)
		return b.post(user+"/update", "email=a@b.example")
	}},
	60154: {403, without(sandbox.FeatureExports), func(b *box) answer { return b.get("/protected/json/users/%d/phone_number", b.register()) }},
}

var vectorKeys = []sandbox.Option{
	sandbox.WithKeys("AAA111"),
	sandbox.WithDashboard(sandbox.DashboardKeys{AccessKey: "BBB222", SigningKey: "api-signing-key-0123456789abcdef"}),
}

func without(f sandbox.Feature) []sandbox.Option { return []sandbox.Option{sandbox.WithoutFeatures(f)} }

// published are the statuses and messages that Twilio's tables give, read independently of the sandbox's table.
var published = map[int]struct {
	status  int
	message string
}{
	60000: {400, "An error occurred"},
	60001: {401, "Invalid API key"},
	60002: {400, "Invalid request"},
	60003: {429, "DoS protection"},
	60004: {400, "Invalid parameter"},
	60005: {400, "UTF-8 invalid"},
	60015: {503, "SMS token was not sent."},
	60017: {503, "User has been suspended."},
	60019: {401, "Token is invalid. Token was used recently"},
	60020: {401, "Token is invalid"},
	60021: {403, "Phone verification couldn't be created"},
	60022: {401, "Verification code is incorrect"},
	60023: {404, "Phone verification not found"},
	60025: {500, "Server error while querying phone information. Please try again later"},
	60026: {404, "User not found."},
	60027: {400, "User was not valid"},
	60032: {400, "SMS was not found"},
	60033: {400, "Phone number is invalid"},
	60042: {400, "Either uuid or country_code and phone number are required"},
	60046: {400, "Missing dashboard account ids to process"},
	60049: {404, "Approval request not found"},
	60060: {503, "Your account is suspended"},
	60064: {403, "Failed to enable OneTouch"},
	60065: {403, "Needs to enable OneTouch first"},
	60066: {403, "Error saving the callback information"},
	60069: {400, "Access key can not be saved"},
	60070: {400, "Application was not valid"},
	60071: {404, "Access key not found"},
	60072: {404, "Invalid access key"},
	60073: {400, "Invalid application API key"},
	60074: {400, "Access key doesn't have enough permissions"},
	60075: {400, "Delete application failed"},
	60078: {403, "Invalid country code"},
	60082: {403, "Can not send SMS to landline phone numbers"},
	60083: {403, "Phone number not provisioned with any carrier"},
}

// spoken are the codes whose live message is not the table's with a cause after it.
var spoken = map[int]string{
	60023: "No pending verifications for +1 ",
}

// Every code that happens by itself is provoked by a request, and answers what the table says. A scenario header and
// a fault rule force every code, with the same status and in the same shape.
func TestEveryCode(t *testing.T) {
	t.Parallel()
	known := map[int]sandbox.ErrorCode{}
	for _, e := range sandbox.ErrorCodes() {
		known[e.Code] = e
		t.Run(fmt.Sprint(e.Code), func(t *testing.T) {
			t.Parallel()
			if want, ok := published[e.Code]; ok && (e.Status != want.status || e.Message != want.message) {
				t.Errorf("%d %q, published is %d %q", e.Status, e.Message, want.status, want.message)
			}
			const request = "GET /protected/json/app/details\nX-Authy-API-Key: {key}"
			b := newBox(t)
			byHeader := b.raw(request+fmt.Sprintf("\nX-Sandbox-Scenario: %d", e.Code)).fails(e.Status, fmt.Sprint(e.Code), e.Message)
			b.post("/sandbox/api/faults", fmt.Sprintf("rule=code=%d", e.Code)).wants(200)
			if byRule := b.raw(request); byRule.status != byHeader.status || byRule.body != byHeader.body {
				t.Errorf("by rule %d %s\nby header %d %s", byRule.status, byRule.body, byHeader.status, byHeader.body)
			}
			c, ok := provoked[e.Code]
			if ok != (e.ForcedOnly == "") {
				t.Fatalf("provoked here: %v, but the sandbox says of it: %q", ok, e.ForcedOnly)
			}
			if !ok {
				return
			}
			a := c.how(newBox(t, c.opts...)).wants(c.status)
			a.fails(e.Status, fmt.Sprint(e.Code), a.text("message"))
			start := e.Message
			if live := spoken[e.Code]; live != "" {
				start = live
			}
			if !strings.HasPrefix(a.text("message"), start) {
				t.Errorf("message %q, want %q...", a.text("message"), start)
			}
			checkErrorShape(t, e.Code, a)
			checkErrorShape(t, e.Code, byHeader)
		})
	}
	for code := range provoked {
		if known[code].Code == 0 {
			t.Errorf("%d is provoked, but not known", code)
		}
	}
	gaps := map[int]bool{ // numbers that the API's table does not have
		60039: true, 60040: true, 60041: true, 60043: true, 60044: true, 60045: true, 60048: true, 60062: true,
		60067: true, 60076: true, 60077: true, 60081: true, 60084: true, 60085: true, 60088: true,
	}
	for code := 60000; code <= 60133; code++ {
		if _, ok := known[code]; ok == gaps[code] {
			t.Errorf("%d: known %v, in the table %v", code, ok, !gaps[code])
		}
	}
	newBox(t).raw("GET /protected/json/app/details\nX-Sandbox-Scenario: 60039\nX-Authy-API-Key: {key}").
		fails(400, "60002", `Invalid request: X-Sandbox-Scenario: code: 60039 is not an error code of the API`)
}

// checkErrorShape looks at what an error's body has beside what all have.
func checkErrorShape(t *testing.T, code int, a answer) {
	t.Helper()
	details := a.at("errors").(map[string]any)
	var extra []string
	for name := range a.json {
		if !slices.Contains([]string{"message", "success", "errors", "error_code"}, name) {
			extra = append(extra, name)
		}
	}
	switch code {
	case 60049: // errors is empty
		if len(details) != 0 || len(extra) != 0 {
			t.Errorf("%s", a.body)
		}
		return
	case 60019, 60020:
		if !slices.Equal(extra, []string{"token"}) || a.text("token") != "is invalid" {
			t.Errorf("%s", a.body)
		}
	case 60027: // each bad field, twice
		if len(extra) == 0 || len(details) != len(extra)+1 {
			t.Errorf("%s", a.body)
		}
		for _, name := range extra {
			if details[name] != a.json[name] {
				t.Errorf("%s: %s", name, a.body)
			}
		}
	default:
		if len(extra) != 0 || len(details) != 1 {
			t.Errorf("%s", a.body)
		}
	}
	if details["message"] != a.json["message"] {
		t.Errorf("errors.message is another: %s", a.body)
	}
}

// The statuses of the API, whichever code comes with them.
func TestScenarios(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	force := func(scenario string) answer {
		return b.raw("GET /protected/json/app/details\nX-Sandbox-Scenario: " + scenario + "\nX-Authy-API-Key: {key}")
	}
	for _, status := range []int{400, 401, 403, 404, 429, 500, 502, 503} {
		force(fmt.Sprintf("status=%d", status)).wants(status)
	}
	force("status=502, json=html").says("<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body><center><h1>502 Bad Gateway</h1></center></body>\r\n</html>\r\n")
	limited := force("retry_after=3s").fails(429, "60003", "DoS protection")
	if limited.header.Get("Retry-After") != "3" {
		t.Errorf("%v", limited.header)
	}
	force("code=60003, status=503").wants(503).text("error_code")
	force("60020").says(`{"message":"Token is invalid","success":false,"errors":{"message":"Token is invalid"},"token":"is invalid","error_code":"60020"}`)
	force(`body="{\"hm\":[1,2]}"`).says(`{"hm":[1,2]}`)
	force("nonsense").fails(400, "60002", `Invalid request: X-Sandbox-Scenario: fault rule "nonsense": "nonsense": must have a value, such as latency=200ms`)
	b.raw("GET /protected/json/app/details\nX-Sandbox-Scenario: 60020\nX-Authy-API-Key: wrong").wants(401).text("error_code")

	// What is forced is not done; what only spoils the answer is.
	b.raw("POST /protected/json/users/new?user[email]=a@b.example&user[cellphone]=911234567&user[country_code]=351\nX-Sandbox-Scenario: status=503\nX-Authy-API-Key: {key}").wants(503)
	if len(b.Users(0)) != 0 {
		t.Error("a request that was refused was carried out")
	}
	w := httptest.NewRecorder()
	b.ServeHTTP(w, b.request("POST /protected/json/users/new?user[email]=a@b.example&user[cellphone]=911234567&user[country_code]=351\nX-Sandbox-Scenario: json=truncated\nX-Authy-API-Key: {key}"))
	if a := w.Body.String(); strings.HasSuffix(a, "}") || len(b.Users(0)) != 1 {
		t.Errorf("%s, %d users", a, len(b.Users(0)))
	}
}
