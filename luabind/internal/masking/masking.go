package masking

import (
	"slices"
	"strings"
	"unicode"
)

// Mask stands for a value that is a secret by its name.
const Mask = "***"

var (
	// secretWords make a secret of any name that has them.
	secretWords = []string{"secret", "secrets", "password", "passwords", "passwd", "passphrase", "authorization", "credential", "credentials",
		"otp", "totp", "pin", "jwt", "apikey", "authkey", "authtoken", "accesstoken"}
	// secretEnds do so as the last word: "api_key" is one, "key_id" is not.
	secretEnds = []string{"key", "keys", "token", "tokens", "code", "codes", "signature", "cookie", "cookies", "seed", "pass"}
	// plainCodes are the words before "code" that make it harmless.
	plainCodes = []string{"country", "calling", "error", "status", "exit", "http", "area", "zip", "postal", "language", "currency", "region"}
)

// IsSecret reports whether a field of this name is kept out of the log and the prompt: codes and tokens are worth as much as a
// password for as long as they are valid.
func IsSecret(name string) bool {
	words := Words(name)
	if slices.ContainsFunc(words, func(word string) bool { return slices.Contains(secretWords, word) }) {
		return true
	}
	if len(words) == 0 {
		return false
	}
	last := words[len(words)-1]
	if strings.HasPrefix(last, "code") && len(words) > 1 && slices.Contains(plainCodes, words[len(words)-2]) {
		return false
	}
	return slices.Contains(secretEnds, last)
}

// Words cuts a name at anything but letters, and before capitals: "apiKey", "API-Key" and "api_key_2" alike.
func Words(name string) []string {
	var b strings.Builder
	lower := false
	for _, r := range name {
		switch {
		case !unicode.IsLetter(r):
			b.WriteByte(' ')
		case unicode.IsUpper(r) && lower:
			b.WriteByte(' ')
			b.WriteRune(unicode.ToLower(r))
		default:
			b.WriteRune(unicode.ToLower(r))
		}
		lower = unicode.IsLower(r)
	}
	return strings.Fields(b.String())
}
