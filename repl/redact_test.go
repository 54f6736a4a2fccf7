package repl

import (
	"strings"
	"testing"
)

func TestRedact(t *testing.T) {
	t.Parallel()
	r := &redactor{func() []string { return []string{"s3cr3t-value", "abc", `we"ird\key`, "", "***"} }}
	for in, want := range map[string]string{
		// known values, anywhere and in any spelling
		`f("s3cr3t-value")`:                `f("***")`,
		`f("x s3cr3t-value y")`:            `f("***")`,
		`x = s3cr3t-value`:                 `x = ***`,
		`-- s3cr3t-value`:                  `-- ***`,
		`f("abc")`:                         `f("***")`,
		`abcdef("abcd")`:                   `abcdef("abcd")`,
		`f("\97\98c")`:                     `f("***")`,
		`f('we"ird\\key')`:                 `f("***")`,
		`f([[we"ird\key]])`:                `f("***")`,
		`'{"k":"we\\"ird\\\\key"}'`:        `"***"`,
		`f("https://h/?q=we%22ird%5Ckey")`: `f("***")`,
		`.profile s3cr3t-value`:            `.profile ***`,
		// names that say so
		`x.api_key = "v1"`:                                  `x.api_key = "***"`,
		`open{key = "v1", host = "h"}`:                      `open{key = "***", host = "h"}`,
		`open{host = "h", key = 'v1'}`:                      `open{host = "h", key = "***"}`,
		`t["api_key"] = "v1"`:                               `t["api_key"] = "***"`,
		`{["X-Authy-API-Key"] = [[v1]]}`:                    `{["X-Authy-API-Key"] = "***"}`,
		`set_token("v1")`:                                   `set_token("***")`,
		`set_token "v1"`:                                    `set_token "***"`,
		`setenv("AUTHY_KEY", "v1")`:                         `setenv("AUTHY_KEY", "***")`,
		`Password = "v" .. "1"`:                             `Password = "***" .. "***"`,
		`passwd = x or ("v1")`:                              `passwd = x or ("***")`,
		`if key == "v1" then f("v2") end`:                   `if key == "***" then f("v2") end`,
		`token = 123456`:                                    `token = "***"`,
		"key = 'v1' y = 'z'":                                "key = \"***\" y = 'z'",
		"key = 'v1'\ny = 5":                                 "key = \"***\"\ny = 5",
		`seeds = {"v1", "v2"}; f("v3")`:                     `seeds = {"***", "***"}; f("v3")`,
		`authy.verify_token{ authy_id = 5, token = "123" }`: `authy.verify_token{ authy_id = 5, token = "***" }`,
		`secret = authy.create_user_secret{ authy_id = 7 }`: `secret = authy.create_user_secret{ authy_id = 7 }`,
		`secret = b32("v1")`:                                `secret = b32("***")`,
		`key = "unfinished`:                                 `key = "***"`,
		// inside of strings and comments, and in commands
		`f('{"api_key": "v1", "n": 1}')`:  `f('{"api_key": "***", "n": 1}')`,
		`f("https://h/p?api_key=v1&n=1")`: `f("https://h/p?api_key=***&n=1")`,
		`h = "Authorization: Bearer v1"`:  `h = "Authorization: Bearer ***"`,
		`-- key = "v1"`:                   `-- key = "***"`,
		`.profile prod --key v1`:          `.profile prod --key ***`,
		`.time open{key = "v1"}`:          `.time open{key = "***"}`,
		// what stays
		`x = 1`:                                `x = 1`,
		`for k, v in pairs(t) do print(k) end`: `for k, v in pairs(t) do print(k) end`,
		`authy.request_sms{ authy_id = 5 }`:    `authy.request_sms{ authy_id = 5 }`,
		`?verify_token`:                        `?verify_token`,
		`.load keys.lua`:                       `.load keys.lua`,
	} {
		got := r.clean(in)
		if got != want {
			t.Errorf("clean(%q)\n got %q\nwant %q", in, got, want)
		}
		if again := r.clean(got); again != got {
			t.Errorf("clean(%q) again is %q", got, again)
		}
	}
}

func TestRedactLongestFirst(t *testing.T) {
	t.Parallel()
	r := &redactor{func() []string { return []string{"first", "first-and-more"} }}
	if got := r.clean("f first-and-more first"); got != "f *** ***" {
		t.Errorf("got %q", got)
	}
}

// What is left of one secret may be another.
func TestRedactAgain(t *testing.T) {
	t.Parallel()
	r := &redactor{func() []string { return []string{"first", "a***b"} }}
	if got := r.clean("f afirstb c"); got != "f *** c" {
		t.Errorf("got %q", got)
	}
}

func TestRedactWithoutSecrets(t *testing.T) {
	t.Parallel()
	if got := (&redactor{}).clean("x = 'first'"); got != "x = 'first'" {
		t.Errorf("got %q", got)
	}
}

func FuzzRedact(f *testing.F) {
	f.Add(`x = "s3cr3t"`, "s3cr3t")
	f.Add(`f("\115\51cr3t", [[s3cr3t]])`, "s3cr3t")
	f.Add(`key = "a" .. f{token = (`, "aaaa")
	f.Add(`****s3*cr3t`, "***s")
	f.Add(".record ]] --[[ key", "\"\\")
	f.Fuzz(func(t *testing.T, text, secret string) {
		r := &redactor{func() []string { return []string{secret} }}
		got := r.clean(text)
		if len(secret) >= shortestSecret && strings.Trim(secret, "* \t\n") != "" && !strings.Contains(hidden, secret) &&
			strings.Contains(got, secret) {
			t.Errorf("clean(%q) = %q holds the secret %q", text, got, secret)
		}
	})
}
