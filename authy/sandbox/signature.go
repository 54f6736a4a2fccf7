package sandbox

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"slices"
	"strings"
)

// bySignature admits requests to the dashboard API: both keys must be right, the signature must fit, and
// its nonce must be new.
func (s *Service) bySignature(rq *request) (*application, error) {
	a, err := s.byKey(rq.params.text("app_api_key"))
	if err != nil {
		return nil, fail(codeAppKeyInvalid)
	}
	switch access := rq.params.text("access_key"); {
	case access == "":
		return nil, fail(codeAccessKeyMissing)
	case !hmac.Equal([]byte(access), []byte(a.dashboard.AccessKey)):
		return nil, fail(codeAccessKeyInvalid)
	}
	nonce := rq.Header.Get("X-Authy-Signature-Nonce")
	given := rq.Header.Get("X-Authy-Signature")
	const longest = 200 // nonces are remembered
	switch {
	case nonce == "" || given == "":
		return nil, badSignature("the headers X-Authy-Signature and X-Authy-Signature-Nonce are required")
	case len(nonce) > longest:
		return nil, badSignature("the nonce is too long")
	}
	target := rq.origin() + rq.URL.EscapedPath()
	if !hmac.Equal([]byte(given), []byte(sign(a.dashboard.SigningKey, nonce, rq.Method, target, canonical(rq.params)))) {
		return nil, badSignature("it does not fit method, URL, nonce and parameters")
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, seen := a.nonces.get(nonce); seen {
		return nil, badSignature("the nonce was used before")
	}
	a.nonces.put(nonce, struct{}{})
	return a, nil
}

func badSignature(reason string) error {
	return &refusal{code: codeSignature, message: "Invalid signature: " + reason}
}

// sign is Authy's request signature: HMAC-SHA-256 over nonce, method, URL without query and canonical
// parameters, in base64.
func sign(key, nonce, method, target, params string) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(nonce + "|" + strings.ToUpper(method) + "|" + target + "|" + params))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// canonical writes parameters as Rails' Hash#to_query does: bracketed keys, everything percent-encoded,
// sorted by bytes at each level, lists in their order, empty objects and lists left out.
func canonical(p params) string { return members(p, func(name string) string { return name }) }

// members are an object's, each under the key that its name has.
func members(m map[string]any, key func(name string) string) string {
	parts := make([]string, 0, len(m))
	for name, v := range m {
		if part := query(v, key(name)); part != "" {
			parts = append(parts, part)
		}
	}
	slices.Sort(parts)
	return strings.Join(parts, "&")
}

func query(v any, key string) string {
	switch v := v.(type) {
	case map[string]any:
		return members(v, func(name string) string { return key + "[" + name + "]" })
	case []any:
		parts := make([]string, 0, len(v))
		for _, child := range v {
			if part := query(child, key+"[]"); part != "" {
				parts = append(parts, part)
			}
		}
		return strings.Join(parts, "&")
	}
	text, _ := scalar(v) // null is empty
	return url.QueryEscape(key) + "=" + url.QueryEscape(text)
}
