package authy

import (
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// minSecret keeps redact from tearing up words when a test uses a key such as "k".
const minSecret = 6

// maxWords is how many bytes of the service's own words an error message takes over.
const maxWords = 1 << 10

// newRedactor replaces secrets, also in the escaped forms in which URLs, JSON and quoted texts repeat them.
func newRedactor(secrets ...string) *strings.Replacer {
	var forms []string
	for _, secret := range secrets {
		if len(secret) >= minSecret {
			encoded, _ := json.Marshal(secret) // of a string: cannot fail
			quoted := strconv.Quote(secret)
			forms = append(forms, secret, url.PathEscape(secret), url.QueryEscape(secret),
				string(encoded[1:len(encoded)-1]), quoted[1:len(quoted)-1])
		}
	}
	// The replacer takes the first match, which must not be a part of a longer secret.
	slices.SortFunc(forms, func(a, b string) int { return len(b) - len(a) })
	pairs := make([]string, 0, 2*len(forms))
	for _, form := range forms {
		pairs = append(pairs, form, "[redacted]")
	}
	return strings.NewReplacer(pairs...)
}

// redact hides the client's secrets in a text that came from outside.
func (c *Client) redact(text string) string { return c.settings.secrets.Replace(text) }

// words makes a text of the service fit for one line of an error: no secrets, no control characters that a
// terminal would obey, not endless.
func (c *Client) words(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, c.redact(text))
	if len(text) <= maxWords {
		return text
	}
	cut := maxWords
	for cut > 0 && !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + "..."
}

// redactedError is an error whose text held a secret. It can be matched as the original, but does not unwrap to
// it: whoever prints a chain would print the secret.
type redactedError struct {
	text string
	err  error
}

func (e *redactedError) Error() string        { return e.text }
func (e *redactedError) Is(target error) bool { return errors.Is(e.err, target) }
func (e *redactedError) As(target any) bool   { return errors.As(e.err, target) }

// withoutSecrets makes sure that an error of the transport, which may repeat what a server sent, shows no key.
func (c *Client) withoutSecrets(err error) error {
	if text := err.Error(); c.words(text) != text {
		return &redactedError{c.words(text), err}
	}
	return err
}
