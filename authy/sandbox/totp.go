package sandbox

import (
	"encoding/base32"
	"slices"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
)

// secretBytes is the length of a TOTP secret: that of the SHA-1 sum, as RFC 4226 recommends.
const secretBytes = 20

// totpKind is how one sort of app makes tokens (RFC 6238 with HMAC-SHA-1).
type totpKind struct {
	digits       int
	step         int64 // seconds
	older, newer int64 // steps that a token may be off
}

// Authy does not document its tolerance; these are a minute at most in either case.
var genericTOTP = totpKind{digits: 6, step: 30, older: 1, newer: 1}

func appTOTP(digits int) totpKind { return totpKind{digits: digits, step: 10, older: 3, newer: 1} }

func base32Secret(secret []byte) string {
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(secret)
}

func (k totpKind) counter(now time.Time) int64 { return now.Unix() / k.step }

func (k totpKind) at(secret []byte, counter int64) string {
	code, err := hotp.GenerateCodeCustom(base32Secret(secret), uint64(counter), hotp.ValidateOpts{
		Digits:    otp.Digits(k.digits),
		Algorithm: otp.AlgorithmSHA1,
	})
	if err != nil { // only for a secret that is not base32
		panic("sandbox: totp: " + err.Error())
	}
	return code
}

func (k totpKind) now(secret []byte, now time.Time) string { return k.at(secret, k.counter(now)) }

// left is how many seconds the token of now stays the current one, from 1 to a whole step.
func (k totpKind) left(now time.Time) int { return int(k.step - now.Unix()%k.step) }

// check spends the step whose token was given.
func (k totpKind) check(secret []byte, used *counters, token string, now time.Time) verdict {
	if len(token) != k.digits {
		return wrong
	}
	current := k.counter(now)
	result := wrong
	for c := current + k.newer; c >= current-k.older && c >= 0; c-- {
		if k.at(secret, c) != token {
			continue
		}
		if used.spend(c, current-k.older) {
			return valid
		}
		result = reused
	}
	return result
}

// counters are the steps whose tokens were used and could still come again.
type counters []int64

// spend reports whether step was unused, and forgets steps before oldest.
func (c *counters) spend(step, oldest int64) bool {
	*c = slices.DeleteFunc(*c, func(s int64) bool { return s < oldest })
	if slices.Contains(*c, step) {
		return false
	}
	*c = append(*c, step)
	return true
}
