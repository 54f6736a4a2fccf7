package luabind

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/authysh/authysh/luabind/internal/luatext"
	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"
	lua "github.com/yuin/gopher-lua"
)

// totpOptions are those of all functions; each takes some of them.
type totpOptions struct {
	Secret    string         `json:"secret" doc:"in base32; blanks, dashes and case do not count"`
	Hex       string         `json:"hex" doc:"the secret in hexadecimal, in place of base32"`
	Digits    *int           `json:"digits" doc:"of a code, 6 to 8; 6 when left out, the Authy app uses 7"`
	Period    *time.Duration `json:"period" doc:"for which a code is shown; 30s when left out, the Authy app uses 10s" unit:"s"`
	Algorithm string         `json:"algorithm" doc:"sha1 (when left out), sha256 or sha512" values:"sha1 sha256 sha512"`
	Time      *float64       `json:"time" doc:"Unix seconds; now when left out"`
	Skew      *int           `json:"skew" doc:"how many periods before and after count too, 0 to 10; 1 when left out"`
	Issuer    string         `json:"issuer" doc:"who the account is with"`
	Account   string         `json:"account" doc:"whose account it is, such as an email address"`
}

var (
	totpGenerateNames = []string{"secret", "hex", "digits", "period", "algorithm", "time"}
	totpValidateNames = append(slices.Clone(totpGenerateNames), "skew")
	totpURINames      = []string{"secret", "hex", "digits", "period", "algorithm", "issuer", "account"}
)

// totpFields describes the options that a function takes.
func totpFields(names []string) []Param {
	return slices.DeleteFunc(optionParams[totpOptions](), func(p Param) bool { return !slices.Contains(names, p.Name) })
}

// totpModule is totp: the codes of authenticator apps (RFC 6238), the Authy app's included.
func totpModule(h *Host) Module {
	secret := Param{Name: "secret", Type: "string|table", Doc: "base32, or a table of options"}
	generate, validate := secret, secret
	generate.Fields, validate.Fields = totpFields(totpGenerateNames), totpFields(totpValidateNames)
	return Module{
		Name: "totp", Doc: "Makes and checks the codes of authenticator apps.",
		Functions: []Function{
			{
				Name: "generate", Doc: "Gives the code that an app shows.",
				Params:  []Param{generate},
				Returns: []Param{{Name: "code", Type: "string"}},
				Call:    totpGenerate(h),
			},
			{
				Name: "validate", Doc: "Tells whether a code is that of now, or just before or after.",
				Params:  []Param{{Name: "code", Type: "string", Doc: "a string, as numbers lose leading zeros"}, validate},
				Returns: []Param{{Name: "valid", Type: "boolean"}},
				Call:    totpValidate(h),
			},
			{
				Name: "uri", Doc: "Gives the otpauth URI that a QR code holds for an app to scan.",
				Params:  []Param{{Name: "options", Type: "table", Fields: totpFields(totpURINames)}},
				Returns: []Param{{Name: "uri", Type: "string", Doc: "it holds the secret"}},
				Call:    totpURI,
			},
			{
				Name: "secret", Doc: "Makes a new random secret.",
				Params:  []Param{{Name: "bytes", Type: "integer", Doc: "16 to 64; 20 when left out", Optional: true}},
				Returns: []Param{{Name: "secret", Type: "string", Doc: "base32"}},
				Call:    totpNewSecret,
			},
		},
	}
}

func totpGenerate(h *Host) lua.LGFunction {
	return func(L *lua.LState) int {
		const op = "totp.generate"
		options := totpOptionsAt(L, 1, op, totpGenerateNames)
		code, err := totp.GenerateCodeCustom(options.key(L, op), options.at(L, op, h), options.codes(L, op))
		if err != nil {
			fail(L, op, err)
		}
		L.Push(lua.LString(code))
		return 1
	}
}

func totpValidate(h *Host) lua.LGFunction {
	return func(L *lua.LState) int {
		const op = "totp.validate"
		if _, ok := L.Get(1).(lua.LNumber); ok {
			refuse(L, op, "code", "must be a string, got a number: numbers lose leading zeros")
		}
		code := textAt(L, 1, op, "code")
		options := totpOptionsAt(L, 2, op, totpValidateNames)
		codes := options.codes(L, op)
		codes.Skew = uint(wholeOption(L, op, "skew", options.Skew, 1, 0, 10))
		key, at := options.key(L, op), options.at(L, op, h)
		valid, err := totp.ValidateCustom(code, key, at, codes)
		if err != nil && !errors.Is(err, otp.ErrValidateInputInvalidLength) {
			fail(L, op, err)
		}
		L.Push(lua.LBool(valid))
		return 1
	}
}

func totpURI(L *lua.LState) int {
	const op = "totp.uri"
	options := totpOptionsAt(L, 1, op, totpURINames)
	for _, label := range []struct{ name, text string }{{"issuer", options.Issuer}, {"account", options.Account}} {
		switch {
		case strings.TrimSpace(label.text) == "":
			refuse(L, op, label.name, "is required")
		case strings.Contains(label.text, ":"):
			refuse(L, op, label.name, "must not have a colon, which stands between issuer and account, got "+luatext.Excerpt(label.text))
		}
	}
	codes := options.codes(L, op)
	secret, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(options.key(L, op))
	if err != nil {
		fail(L, op, err)
	}
	key, err := totp.Generate(totp.GenerateOpts{
		Issuer: options.Issuer, AccountName: options.Account, Secret: secret,
		Period: codes.Period, Digits: codes.Digits, Algorithm: codes.Algorithm,
	})
	if err != nil {
		fail(L, op, errors.New("issuer and account cannot be put into a URI"))
	}
	L.Push(lua.LString(key.URL()))
	return 1
}

// totpNewSecret makes as many random bytes as RFC 4226 section 4 wants: 16 at least, 20 advised.
func totpNewSecret(L *lua.LState) int {
	size := 20
	if L.Get(1) != lua.LNil {
		whole, ok := L.Get(1).(lua.LNumber)
		if !ok || float64(whole) != math.Trunc(float64(whole)) || whole < 16 || whole > 64 {
			refuse(L, "totp.secret", "bytes", "must be a whole number from 16 to 64, got "+luatext.Excerpt(L.Get(1).String()))
		}
		size = int(whole)
	}
	secret := make([]byte, size)
	_, _ = rand.Read(secret) // never fails
	L.Push(lua.LString(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(secret)))
	return 1
}

// totpOptionsAt reads argument i: a secret in base32, or a table with some of the options.
func totpOptionsAt(L *lua.LState, i int, op string, names []string) totpOptions {
	var options totpOptions
	switch v := L.Get(i).(type) {
	case lua.LString:
		options.Secret = string(v)
	case *lua.LTable:
		for _, name := range (tableArguments{v}).Names() {
			if !slices.Contains(names, name) {
				refuse(L, op, name, notAField(name, names))
			}
		}
		if err := readOptions(op, v, &options); err != nil {
			raise(L, err)
		}
	default:
		refuse(L, op, "secret", mistyped("a string in base32, or a table of options", v).Error())
	}
	return options
}

// key is the secret in plain base32. Errors tell where it is wrong, and nothing of what it is.
func (o totpOptions) key(L *lua.LState, op string) string {
	encoding := base32.StdEncoding.WithPadding(base32.NoPadding)
	if o.Hex != "" && o.Secret != "" {
		refuse(L, op, "hex", "must be left out when secret is given")
	}
	if o.Hex != "" {
		secret, err := hex.DecodeString(withoutBlanks(o.Hex))
		if err != nil {
			refuse(L, op, "hex", "must be an even number of hexadecimal digits")
		}
		return encoding.EncodeToString(secret)
	}
	text := strings.TrimRight(strings.ToUpper(withoutBlanks(o.Secret)), "=")
	if text == "" {
		refuse(L, op, "secret", "is required: a string in base32, or hex in its place")
	}
	secret, err := encoding.DecodeString(text)
	if wrong, ok := errors.AsType[base32.CorruptInputError](err); ok {
		refuse(L, op, "secret", fmt.Sprintf("must be base32, the letters A to Z and the digits 2 to 7; it is wrong at character %d"+
			" (blanks and dashes not counted)", int(wrong)+1))
	}
	if len(secret) == 0 {
		refuse(L, op, "secret", "is too short, want at least 2 characters of base32")
	}
	return encoding.EncodeToString(secret)
}

func withoutBlanks(text string) string {
	return strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' || r == '\t' || r == '\n' || r == '\r' {
			return -1
		}
		return r
	}, text)
}

// at is the moment of the code.
func (o totpOptions) at(L *lua.LState, op string, h *Host) time.Time {
	if o.Time == nil {
		return h.clock()
	}
	t, reason := timeOf(lua.LNumber(*o.Time))
	switch {
	case reason != "":
		refuse(L, op, "time", reason)
	case *o.Time < 0:
		refuse(L, op, "time", fmt.Sprintf("must not be before 1970, got %v", *o.Time))
	}
	return t
}

// codes is what the codes are like.
func (o totpOptions) codes(L *lua.LState, op string) totp.ValidateOpts {
	codes := totp.ValidateOpts{Period: 30}
	codes.Digits = otp.Digits(wholeOption(L, op, "digits", o.Digits, 6, 6, 8))
	if o.Period != nil {
		if *o.Period < time.Second || *o.Period > time.Hour || *o.Period%time.Second != 0 {
			refuse(L, op, "period", fmt.Sprintf("must be whole seconds from 1s to 1h, got %v", *o.Period))
		}
		codes.Period = uint(*o.Period / time.Second)
	}
	algorithms := []string{"sha1", "sha256", "sha512"}
	switch strings.ToLower(strings.ReplaceAll(o.Algorithm, "-", "")) {
	case "", "sha1":
		codes.Algorithm = otp.AlgorithmSHA1
	case "sha256":
		codes.Algorithm = otp.AlgorithmSHA256
	case "sha512":
		codes.Algorithm = otp.AlgorithmSHA512
	default:
		refuse(L, op, "algorithm", oneOf(o.Algorithm, algorithms))
	}
	return codes
}

// wholeOption is a whole number within bounds, or the fallback when it was left out.
func wholeOption(L *lua.LState, op, param string, v *int, fallback, low, high int) int {
	if v == nil {
		return fallback
	}
	if *v < low || *v > high {
		refuse(L, op, param, fmt.Sprintf("must be from %d to %d, got %d", low, high, *v))
	}
	return *v
}
