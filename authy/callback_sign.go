package authy

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// SignCallback makes a callback as Authy would send it: for tests of what receives callbacks.
//
// Method and URL are those of the callback; its fields are Body or Decoded for POST, and for GET either the
// URL's query, signed as it is, or Decoded, which is written into the query. In the result they are where
// the method has them, Body or query; Decoded is nil, and the given request is unchanged. The nonce is the
// current time in Unix seconds unless the header [CallbackNonceHeader] is already set. Fields need not be
// those of a real callback. Errors are [*CallbackError] or, for an empty key, [*ValidationError].
func SignCallback(key string, req CallbackRequest) (CallbackRequest, error) {
	if key == "" {
		return CallbackRequest{}, &ValidationError{Op: opSignCallback, Problems: []Problem{{"key", "is empty: give the API key to sign with"}}}
	}
	signed, err := signCallback(key, req)
	if refusal, ok := errors.AsType[*CallbackError](err); ok {
		refusal.signing = true
	}
	if err != nil {
		return CallbackRequest{}, err
	}
	return signed, nil
}

func signCallback(key string, req CallbackRequest) (CallbackRequest, error) {
	req, err := writeCallback(req)
	if err != nil {
		return req, err
	}
	nonce, err := ownNonce(req.Header)
	if err != nil {
		return req, err
	}
	c := canonicalizers.Get().(*canonicalizer)
	defer c.release()
	content, err := c.content(nonce, req, DefaultMaxCallbackBody)
	if err != nil {
		return req, err
	}
	req.Method = content.method
	req.Header.Set(CallbackNonceHeader, nonce)
	req.Header.Set(CallbackSignatureHeader, signText(key, c.out))
	if content.method == http.MethodPost {
		req.Body = bytes.Clone(req.Body)
		req.Header.Set("Content-Type", "application/json")
	}
	return req, nil
}

// writeCallback turns decoded fields into a body or query. What is signed is read back from there, so that
// both ends see the same numbers.
func writeCallback(req CallbackRequest) (CallbackRequest, error) {
	req.Header = req.Header.Clone()
	if req.Header == nil {
		req.Header = http.Header{}
	}
	if req.Decoded == nil {
		return req, nil
	}
	params, err := canonicalParams(req.Decoded)
	if err != nil {
		return req, err
	}
	fields := req.Decoded
	req.Decoded = nil
	if !strings.EqualFold(req.Method, http.MethodPost) {
		parts, err := splitCallbackURL(req.URL)
		switch {
		case err != nil:
			return req, badCallback("the URL " + err.Error())
		case parts.query != "" && params != "":
			return req, badCallback("fields are given both in the URL's query and decoded: give one")
		case params != "":
			req.URL = parts.signed() + "?" + params
		}
		return req, nil
	}
	if len(req.Body) > 0 {
		return req, badCallback("both a raw and a decoded body are given: give one")
	}
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(fields); err != nil {
		return req, badCallback("the fields cannot be written as JSON: " + err.Error())
	}
	req.Body = bytes.TrimSuffix(body.Bytes(), []byte("\n"))
	return req, nil
}

// ownNonce takes the caller's nonce, or makes one, and clears the way for headers under their usual names.
func ownNonce(header http.Header) (string, error) {
	nonce, err := singleHeader(header, CallbackNonceHeader)
	if errors.Is(err, ErrNotSigned) {
		nonce, err = strconv.FormatInt(time.Now().Unix(), 10), nil
	}
	if err == nil {
		err = checkNonce(nonce)
	}
	maps.DeleteFunc(header, func(name string, _ []string) bool {
		return strings.EqualFold(name, CallbackNonceHeader) || strings.EqualFold(name, CallbackSignatureHeader)
	})
	return nonce, err
}

// signParams is the signature of one request: of a callback with the API key, of a dashboard call with the
// API signing key. The URL is without query; params are sorted and encoded, as [url.Values.Encode] leaves them.
func signParams(key, nonce, method, url, params string) string {
	return signText(key, []byte(nonce+"|"+method+"|"+url+"|"+params))
}

func signText(key string, text []byte) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write(text)
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// SignedText is what the signature of the callback covers, nonce|METHOD|URL|params, with the nonce of its header: to
// compare, part by part, with what another program signs. It holds no key. The error is a [*CallbackError].
func (r CallbackRequest) SignedText() (string, error) {
	nonce, err := singleHeader(r.Header, CallbackNonceHeader)
	if err != nil {
		return "", err
	}
	c := canonicalizers.Get().(*canonicalizer)
	defer c.release()
	if _, err := c.content(nonce, r, DefaultMaxCallbackBody); err != nil {
		return "", err
	}
	return string(c.out), nil
}
