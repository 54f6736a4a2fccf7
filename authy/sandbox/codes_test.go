package sandbox_test

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/authysh/authysh/authy/sandbox"
)

// byScenario marks codes that only the scenario header and fault rules make; the comment at their table in
// the sandbox says why. The ranges are those of the API's table of codes.
var byScenario = []int{
	60000, 60008, 60009, 60010, 60011, 60012, 60013, 60014, 60015, 60018, 60021, 60024, 60025, 60028, 60029, 60030,
	60034, 60036, 60037, 60046, 60047, 60050, 60051, 60052, 60053, 60054, 60055, 60056, 60057, 60058, 60059, 60060,
	60061, 60063, 60064, 60066, 60068, 60069, 60070, 60074, 60075, 60080, 60086, 60089, 60090, 60093, 60094, 60095,
	60096, 60097, 60099, 60101, 60102, 60103, 60104, 60105, 60106, 60107, 60108, 60110, 60111, 60112, 60113, 60114,
	60115, 60116, 60118, 60119, 60120, 60121, 60122, 60124, 60125, 60126, 60128, 60129, 60130, 60131, 60132, 60133,
}

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

// Every code of the API's table is provoked by a request, or forced by a scenario; and all can be forced.
func TestEveryCode(t *testing.T) {
	t.Parallel()
	for code, c := range provoked {
		t.Run(fmt.Sprint("provoked ", code), func(t *testing.T) {
			t.Parallel()
			a := c.how(newBox(t, c.opts...)).wants(c.status)
			a.fails(c.status, fmt.Sprint(code), a.text("message"))
		})
	}
	b := newBox(t)
	forced := func(code int) answer {
		t.Helper()
		return b.raw(fmt.Sprintf("GET /protected/json/app/details\nX-Sandbox-Scenario: %d\nX-Authy-API-Key: {key}", code))
	}
	all := map[int]bool{}
	for _, code := range byScenario {
		if _, twice := provoked[code]; twice || all[code] {
			t.Errorf("%d is in both lists, or twice", code)
		}
		all[code] = true
		a := forced(code)
		a.fails(a.status, fmt.Sprint(code), a.text("message"))
		if a.status < 400 || a.text("message") == "" {
			t.Errorf("%d: %d %s", code, a.status, a.body)
		}
	}
	for code, c := range provoked {
		all[code] = true
		if a := forced(code); a.status != c.status || a.text("error_code") != fmt.Sprint(code) {
			t.Errorf("%d forced: %d %s, provoked: %d", code, a.status, a.body, c.status)
		}
	}
	gaps := map[int]bool{ // numbers that the API's table does not have
		60039: true, 60040: true, 60041: true, 60043: true, 60044: true, 60045: true, 60048: true, 60062: true,
		60067: true, 60076: true, 60077: true, 60081: true, 60084: true, 60085: true, 60088: true,
	}
	for code := 60000; code <= 60133; code++ {
		if all[code] == gaps[code] {
			t.Errorf("%d: known %v, in the table %v", code, all[code], !gaps[code])
		}
	}
	forced(60039).fails(400, "60002", `Invalid request: X-Sandbox-Scenario: code: 60039 is not an error code of the API`)
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
