package authy

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// CallbackVerifier judges whether a callback comes from Authy, and reads it.
//
// Authy calls an application's callback URL when a user approves or denies an approval request, and signs
// the call with the application's API key. Anyone on the internet can send the same bytes without the
// signature, so act on a callback only after it was verified. The zero value lacks a key and refuses
// everything. A verifier is safe for concurrent use.
type CallbackVerifier struct {
	// Key is the application's API key, the one that [Client] uses.
	Key string
	// MaxAge refuses callbacks whose nonce, the time of signing in Unix seconds, is further than this from
	// now in either direction; zero accepts any age. The protocol has no other guard against a callback
	// that is recorded and sent again. Allow for clock differences and slow delivery: 5 minutes is usual.
	MaxAge time.Duration
	// MaxBody limits the body, in bytes; zero means [DefaultMaxCallbackBody].
	MaxBody int64
	// Now tells the time for MaxAge; nil means [time.Now].
	Now func() time.Time
}

// Verify checks the signature of a callback and returns what it says.
//
// GET is judged as strictly as POST. Nothing the body says is believed before the signature is found to be
// right; then it must be an answer to an approval request: callback_action, status and uuid have to be
// there. A refusal is a [*CallbackError], a mistake in the verifier's settings a [*ValidationError].
func (v CallbackVerifier) Verify(req CallbackRequest) (*Callback, error) {
	fields, err := v.authenticate(req)
	if err != nil {
		return nil, err
	}
	return newCallback(fields)
}

// VerifyHTTP is [CallbackVerifier.Verify] of the request that a handler was given; see [NewCallbackRequest]
// for publicURL. Afterwards the handler can still read r.Body.
func (v CallbackVerifier) VerifyHTTP(r *http.Request, publicURL string) (*Callback, error) {
	if err := v.check(); err != nil {
		return nil, err
	}
	if _, _, err := callbackSignature(r.Header); err != nil {
		return nil, err // before reading the body of just anybody
	}
	req, err := newCallbackRequest(r, publicURL, v.maxBody())
	if err != nil {
		return nil, err
	}
	return v.Verify(req)
}

func (v CallbackVerifier) maxBody() int64 {
	if v.MaxBody == 0 {
		return DefaultMaxCallbackBody
	}
	return v.MaxBody
}

// check refuses settings that would let forged callbacks pass or every callback fail.
func (v CallbackVerifier) check() error {
	var problems []Problem
	if v.Key == "" {
		problems = append(problems, Problem{"key", "is empty: give the API key of the application whose callbacks are verified"})
	}
	if v.MaxAge < 0 {
		problems = append(problems, Problem{"max_age", "must not be negative, got " + v.MaxAge.String() + ": zero accepts any age"})
	}
	if v.MaxBody < 0 {
		problems = append(problems, Problem{"max_body", "must not be negative, got " + strconv.FormatInt(v.MaxBody, 10)})
	}
	if problems != nil {
		return &ValidationError{Op: opVerifyCallback, Problems: problems}
	}
	return nil
}

// authenticate checks signature and age and returns the signed fields, as yet unjudged.
func (v CallbackVerifier) authenticate(req CallbackRequest) (map[string]any, error) {
	if err := v.check(); err != nil {
		return nil, err
	}
	signature, nonce, err := callbackSignature(req.Header)
	if err != nil {
		return nil, err
	}
	c := canonicalizers.Get().(*canonicalizer)
	defer c.release()
	content, err := c.content(nonce, req, v.maxBody())
	if err != nil {
		return nil, err
	}
	mac := hmac.New(sha256.New, []byte(v.Key))
	mac.Write(c.out)
	var sum [sha256.Size]byte
	if !hmac.Equal(signature[:], mac.Sum(sum[:0])) {
		return nil, mismatch(content)
	}
	if err := v.checkAge(nonce); err != nil {
		return nil, err
	}
	if content.fields == nil {
		return callbackQuery(content.url.query)
	}
	return content.fields, nil
}

// signedContent is what a signature covers, besides the nonce.
type signedContent struct {
	method string
	url    callbackURL
	fields map[string]any // of a POST body; nil for GET
}

// content appends the text that is signed to c.out: nonce|METHOD|url|params.
func (c *canonicalizer) content(nonce string, req CallbackRequest, limit int64) (signedContent, error) {
	content := signedContent{method: strings.ToUpper(req.Method)}
	var err error
	if content.url, err = splitCallbackURL(req.URL); err != nil {
		return content, badCallback("the URL " + err.Error())
	}
	switch content.method {
	case http.MethodPost:
		content.fields, err = callbackBody(req, limit)
	case http.MethodGet:
		if len(req.Decoded) > 0 && content.url.query == "" {
			err = badCallback("a GET callback carries its fields in the query: give the URL with its query as received, not decoded fields")
		}
	default:
		err = badCallback("the method must be POST or GET, got " + quote(req.Method))
	}
	if err != nil {
		return content, err
	}
	c.out = append(c.out, nonce...)
	c.out = append(c.out, '|')
	c.out = append(c.out, content.method...)
	c.out = append(c.out, '|')
	c.out = append(c.out, content.url.origin...)
	c.out = append(c.out, content.url.path...)
	c.out = append(c.out, '|')
	if content.method == http.MethodGet {
		c.out = append(c.out, content.url.query...)
		return content, nil
	}
	return content, c.object(content.fields, 1)
}

// mismatch says what to check. The scheme is the usual culprit: a proxy that ends TLS turns https into http.
func mismatch(content signedContent) error {
	reason := "it does not match this " + content.method + " to " + shownURL(content.url.signed()) +
		": check that the key is this application's API key and that this is exactly the URL Authy was given, scheme included"
	if strings.HasPrefix(content.url.origin, "http://") {
		reason += " (behind a proxy that ends TLS, give the public https URL)"
	}
	if content.method == http.MethodGet && content.url.query == "" {
		reason += "; the query, which carries a GET callback's fields, is missing"
	}
	return badSignature(reason)
}

// callbackSignature reads the two headers. A map made by hand may hold names in any case, and the same name
// in several; a request in which they are not single is refused, as no one can say which was checked.
func callbackSignature(header http.Header) (signature [sha256.Size]byte, nonce string, err error) {
	text, err := singleHeader(header, CallbackSignatureHeader)
	if err != nil {
		return signature, "", err
	}
	if nonce, err = singleHeader(header, CallbackNonceHeader); err != nil {
		return signature, "", err
	}
	if err := checkNonce(nonce); err != nil {
		return signature, "", err
	}
	const encodedSize = (sha256.Size + 2) / 3 * 4
	var decoded [encodedSize / 4 * 3]byte
	if len(text) == encodedSize {
		n, err := base64.StdEncoding.Strict().Decode(decoded[:], []byte(text))
		if err == nil && n == sha256.Size {
			return [sha256.Size]byte(decoded[:sha256.Size]), nonce, nil
		}
	}
	return signature, "", badSignature("header " + CallbackSignatureHeader + " is malformed: " +
		"it must be 32 bytes in padded standard base64, 44 characters")
}

// checkNonce refuses what no nonce holds: a | would shift the parts of the signed text. Otherwise a nonce is
// opaque; Authy's are digits with perhaps a point.
func checkNonce(nonce string) error {
	for i := range len(nonce) {
		if nonce[i] <= ' ' || nonce[i] >= 0x7f || nonce[i] == '|' {
			return badSignature("header " + CallbackNonceHeader + " is malformed: " + quote(nonce))
		}
	}
	return nil
}

func singleHeader(header http.Header, name string) (string, error) {
	value, count := "", 0
	for key, values := range header {
		if len(key) == len(name) && strings.EqualFold(key, name) && len(values) > 0 {
			value = values[0]
			count += len(values)
		}
	}
	switch {
	case count > 1:
		return "", badSignature("header " + name + " is there " + strconv.Itoa(count) + " times instead of once")
	case count == 0:
		return "", notSigned("header " + name + " is missing: either it does not come from Authy, or a proxy drops the header")
	case strings.TrimSpace(value) == "":
		return "", notSigned("header " + name + " is blank")
	}
	return value, nil
}

// checkAge compares the nonce with the clock. It comes after the signature, which covers the nonce.
func (v CallbackVerifier) checkAge(nonce string) error {
	if v.MaxAge == 0 {
		return nil
	}
	signed, ok := nonceTime(nonce)
	if !ok {
		return &CallbackError{Err: ErrStaleCallback, Reason: "the nonce " + quote(nonce) + " is not a time in Unix seconds, so its age is unknown"}
	}
	now := time.Now
	if v.Now != nil {
		now = v.Now
	}
	age := now().Sub(signed)
	if age >= -v.MaxAge && age <= v.MaxAge {
		return nil
	}
	where := fmt.Sprintf("it was signed %s ago", age.Round(time.Second))
	if age < 0 {
		where = fmt.Sprintf("it was signed %s in the future", -age.Round(time.Second))
	}
	return &CallbackError{Err: ErrStaleCallback, Reason: fmt.Sprintf(
		"%s, and at most %s either way is allowed: it may be a replay; if all callbacks fail so, check this machine's clock", where, v.MaxAge)}
}

// nonceTime reads decimal Unix seconds, with or without a fraction.
func nonceTime(nonce string) (time.Time, bool) {
	const mostDigits = 11 // until the year 5138
	whole, fraction, _ := strings.Cut(nonce, ".")
	if whole == "" || len(whole) > mostDigits || strings.Trim(whole+fraction, "0123456789") != "" {
		return time.Time{}, false
	}
	seconds, err := strconv.ParseInt(whole, 10, 64)
	if err != nil {
		return time.Time{}, false
	}
	nanos, err := strconv.ParseInt((fraction + "000000000")[:9], 10, 64)
	return time.Unix(seconds, nanos), err == nil
}
