package luabind

import (
	"strings"
	"testing"
)

func TestLog(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, source, want string }{
		{"levels", `log.debug("no") log.info("a") log.warn("b") log.error("c")`, "level=INFO msg=a\nlevel=WARN msg=b\nlevel=ERROR msg=c"},
		{"fields", `log.info("sent", {phone = "911", attempt = 2, ok = true, wait = 0.5, none = json.null})`,
			"level=INFO msg=sent attempt=2 none=<nil> ok=true phone=911 wait=0.5"},
		{"nested", `log.info("x", {user = {id = 7, api_key = "k"}, list = {"a", "b"}})`, "level=INFO msg=x list.1=a list.2=b user.api_key=*** user.id=7"},
		{"long list", `log.info("x", {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"})`, "level=INFO msg=x 1=a 2=b 3=c 4=d 5=e 6=f 7=g 8=h 9=i 10=j"},
		{"cycle", `local t = {} t.t = t log.info("x", {t = t})`, "level=INFO msg=x t.t=…"},
		{"secrets", `log.info("x", {key = 1, token = "t", code = 2, secret = {a = 1}, password = "p", apiKey = 1, ["API-Key"] = 1, otp_pin = 1, user_secret_hash = 1})`,
			"level=INFO msg=x API-Key=*** apiKey=*** code=*** key=*** otp_pin=*** password=*** secret=*** token=*** user_secret_hash=***"},
		{"no secrets", `log.info("x", {country_code = 351, error_code = "60026", key_id = 1, monkey = 1, tokens_left = 3, codec = 1})`,
			"level=INFO msg=x codec=1 country_code=351 error_code=60026 key_id=1 monkey=1 tokens_left=3"},
		{"message by tostring", `log.info(setmetatable({}, {__tostring = function() return "me" end})) log.info(5)`, "level=INFO msg=me\nlevel=INFO msg=5"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, "")
			b.run(t, test.source)
			if got := strings.TrimSuffix(b.log.String(), "\n"); got != test.want {
				t.Errorf("%s\nlogged %q\nwant   %q", test.source, got, test.want)
			}
		})
	}
	runLuaTests(t, []luaTest{
		{"fields of the wrong type", `print(pcall(log.info, "x", 5))`, "false	log.info: fields must be a table, got a number"},
		{"fields are checked though nothing is logged", `print(pcall(log.debug, "x", 5))`, "false	log.debug: fields must be a table, got a number"},
		{"no message", `print(pcall(log.debug))`, "false	log.debug: message is required"},
	})
}

// TestLogWithoutHost uses a host that has no log: nothing happens.
func TestLogWithoutHost(t *testing.T) {
	t.Parallel()
	b := newBench(t, "")
	b.host.Log = nil
	b.run(t, `log.error("x", {a = 1})`)
	if b.log.Len() > 0 {
		t.Errorf("logged %q", b.log.String())
	}
}
