package luabind

import "testing"

// The key base32 JBSWY3DPEHPK3PXP and the one of RFC 6238 appendix B, "12345678901234567890".
const (
	totpPreamble = `local key, rfc = "JBSWY3DPEHPK3PXP", "3132333435363738393031323334353637383930"
local function six(t) return totp.generate{secret = key, time = t} end
local function authy(t) return totp.generate{hex = "48656c6c6f21deadbeef", digits = 7, period = 10, time = t} end
`
)

func TestTOTPVectors(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ time, six, authy, rfc string }{
		{"59", "996554", "8768897", "94287082"},
		{"1111111109", "071271", "7559752", "07081804"},
		{"1700000000", "324550", "7876561", ""},
		{"1700000009", "324550", "7876561", ""},
		{"1700000010", "367665", "1067631", ""},
		{"1700000019", "367665", "1067631", ""},
		{"1700000029", "367665", "5027026", ""},
		{"1700000030", "367665", "8885633", ""},
	} {
		b := newBench(t, "")
		b.run(t, totpPreamble+`print(six(`+test.time+`), authy(`+test.time+`), totp.generate{hex = rfc, digits = 8, time = `+test.time+`})`)
		want := test.six + "\t" + test.authy + "\t" + test.rfc
		if got := b.stdout.String(); got[:len(want)] != want {
			t.Errorf("at %s: got %q, want %q", test.time, got, want)
		}
	}
}

func TestTOTP(t *testing.T) {
	t.Parallel()
	tests := []luaTest{
		{"now", `print(totp.generate(key))`, "324550"},
		{"forgiving", `print(totp.generate(" jbsw-y3dp ehpk 3pxp== "), totp.generate{hex = "4865 6C6C 6F21 DEAD BEEF"})`, "324550	324550"},
		{"period with a unit", `print(totp.generate{secret = key, period = "10s", digits = 7})`, "7876561"},
		{"sha256 and sha512 of RFC 6238", `
			print(totp.generate{hex = rfc .. "313233343536373839303132", digits = 8, algorithm = "SHA256", time = 59},
				totp.generate{hex = rfc:rep(3) .. "31323334", digits = 8, algorithm = "sha-512", time = 59})`, "46119246	90693936"},
		{"validate", `print(totp.validate("324550", key), totp.validate("000000", key), totp.validate(" 324550 ", key), totp.validate("", key), totp.validate("7876561", key))`,
			"true	false	true	false	false"},
		{"validate around", `
			local options = {secret = key, time = 1700000030}
			print(totp.validate(six(1700000000), options), totp.validate(six(1700000069), options), totp.validate(six(1700000070), options))
			options.skew = 0
			print(totp.validate(six(1700000000), options), totp.validate(six(1700000030), options))`, "true	true	false\nfalse	true"},
		{"uri", `print(totp.uri{secret = key, issuer = "Big Corp", account = "ana@example.com", digits = 7, period = 10})`,
			"otpauth://totp/Big%20Corp:ana@example.com?algorithm=SHA1&digits=7&issuer=Big%20Corp&period=10&secret=JBSWY3DPEHPK3PXP"},
		{"secret", `
			local a, b = totp.secret(), totp.secret(16)
			print(#a, #b, a ~= totp.secret(), a:match("^[A-Z2-7]+$") == a, #totp.generate(a))`, "32	26	true	true	6"},

		{"no secret", `print(pcall(totp.generate))`, "false	totp.generate: secret must be a string in base32, or a table of options, got nil"},
		{"empty", `print(pcall(totp.generate, " "))`, "false	totp.generate: secret is required: a string in base32, or hex in its place"},
		{"not base32", `print(pcall(totp.generate, "JBSW1YYY"))`,
			"false	totp.generate: secret must be base32, the letters A to Z and the digits 2 to 7; it is wrong at character 5 (blanks and dashes not counted)"},
		{"not hex", `print(pcall(totp.generate, {hex = "abc"}))`, "false	totp.generate: hex must be an even number of hexadecimal digits"},
		{"both", `print(pcall(totp.generate, {hex = "ab", secret = key}))`, "false	totp.generate: hex must be left out when secret is given"},
		{"digits", `print(pcall(totp.generate, {secret = key, digits = 5}))`, "false	totp.generate: digits must be from 6 to 8, got 5"},
		{"period", `print(pcall(totp.generate, {secret = key, period = 0.5}))`, "false	totp.generate: period must be whole seconds from 1s to 1h, got 500ms"},
		{"algorithm", `print(pcall(totp.generate, {secret = key, algorithm = "sha265"}))`,
			`false	totp.generate: algorithm must be one of "sha1", "sha256", "sha512", got "sha265", did you mean "sha256"?`},
		{"time", `print(pcall(totp.generate, {secret = key, time = -1}))`, "false	totp.generate: time must not be before 1970, got -1"},
		{"time out of range", `print(pcall(totp.generate, {secret = key, time = 1e300}))`, "false	totp.generate: time must be Unix seconds of the years 1 to 9999, got 1e+300"},
		{"code as a number", `print(pcall(totp.validate, 324550, key))`, "false	totp.validate: code must be a string, got a number: numbers lose leading zeros"},
		{"skew", `print(pcall(totp.validate, "324550", {secret = key, skew = 11}))`, "false	totp.validate: skew must be from 0 to 10, got 11"},
		{"uri without account", `print(pcall(totp.uri, {secret = key, issuer = "x"}))`, "false	totp.uri: account is required"},
		{"uri with a colon", `print(pcall(totp.uri, {secret = key, issuer = "a:b", account = "c"}))`,
			`false	totp.uri: issuer must not have a colon, which stands between issuer and account, got "a:b"`},
		{"too few bytes", `print(pcall(totp.secret, 8))`, `false	totp.secret: bytes must be a whole number from 16 to 64, got "8"`},
	}
	for i := range tests {
		tests[i].source = totpPreamble + tests[i].source
	}
	runLuaTests(t, tests)
}
