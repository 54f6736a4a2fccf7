package authy_test

import (
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/authysh/authysh/authy"
)

const (
	callbackKey = "sandbox-key-0123456789abcdef0123"
	callbackAt  = "https://example.com/authy/callback"
)

func callbackFields() map[string]any {
	return map[string]any{
		"callback_action": "approval_request_status", "status": "approved", "uuid": "4a725520", "authy_id": 1635, "device_uuid": 7,
	}
}

// signedCallback is a callback signed as Authy would, with fields changed; a nil value removes a field.
func signedCallback(t testing.TB, method string, changes map[string]any) authy.CallbackRequest {
	t.Helper()
	fields := callbackFields()
	for key, value := range changes {
		if fields[key] = value; value == nil {
			delete(fields, key)
		}
	}
	signed, err := authy.SignCallback(callbackKey, authy.CallbackRequest{Method: method, URL: callbackAt, Decoded: fields})
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

// checkRefusal checks the error's sentinel, class and text, and that it gives no secret away.
func checkRefusal(t *testing.T, err, sentinel error, text string) {
	t.Helper()
	if !errors.Is(err, sentinel) {
		t.Fatalf("error %v, want %v", err, sentinel)
	}
	refusal, ok := errors.AsType[*authy.CallbackError](err)
	if !ok || refusal.Err != sentinel || refusal.Kind() != authy.KindValidation || refusal.Operation() != "verify_callback" {
		t.Errorf("error %#v", err)
	}
	var _ authy.Error = refusal
	if !strings.HasPrefix(err.Error(), "verify_callback: "+sentinel.Error()+": ") || !strings.Contains(err.Error(), text) {
		t.Errorf("error %q\nshould tell %q", err, text)
	}
	if strings.Contains(err.Error(), callbackKey) || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("error gives a secret away: %v", err)
	}
}

func TestCallbackHeaders(t *testing.T) {
	t.Parallel()
	const signature, nonce = "X-Authy-Signature", "X-Authy-Signature-Nonce"
	tests := []struct {
		name   string
		change func(http.Header)
		want   error // nil: accepted
		text   string
	}{
		{"as signed", func(http.Header) {}, nil, ""},
		{"lower-case names", func(h http.Header) {
			h["x-authy-signature"], h["x-authy-signature-nonce"] = h[signature], h[nonce]
			delete(h, signature)
			delete(h, nonce)
		}, nil, ""},
		{"odd-case name", func(h http.Header) { h["X-AUTHY-Signature"] = h[signature]; delete(h, signature) }, nil, ""},
		{"no headers at all", func(h http.Header) { clear(h) }, authy.ErrNotSigned, "X-Authy-Signature is missing"},
		{"no signature", func(h http.Header) { delete(h, signature) }, authy.ErrNotSigned, "X-Authy-Signature is missing"},
		{"no nonce", func(h http.Header) { delete(h, nonce) }, authy.ErrNotSigned, "X-Authy-Signature-Nonce is missing"},
		{"empty list", func(h http.Header) { h[signature] = nil }, authy.ErrNotSigned, "X-Authy-Signature is missing"},
		{"blank signature", func(h http.Header) { h[signature] = []string{" "} }, authy.ErrNotSigned, "X-Authy-Signature is blank"},
		{"blank nonce", func(h http.Header) { h[nonce] = []string{""} }, authy.ErrNotSigned, "X-Authy-Signature-Nonce is blank"},
		{"two signatures", func(h http.Header) { h.Add(signature, h.Get(signature)) }, authy.ErrBadSignature, "is there 2 times"},
		{"two spellings", func(h http.Header) { h["x-authy-signature"] = h[signature] }, authy.ErrBadSignature, "is there 2 times"},
		{"two nonces", func(h http.Header) { h["x-authy-signature-nonce"] = []string{"1"} }, authy.ErrBadSignature, "is there 2 times"},
		{"not base64", func(h http.Header) { h.Set(signature, strings.Repeat("*", 44)) }, authy.ErrBadSignature, "padded standard base64"},
		{"no padding", func(h http.Header) { h.Set(signature, strings.TrimRight(h.Get(signature), "=")) }, authy.ErrBadSignature, "padded"},
		{"line break", func(h http.Header) { h.Set(signature, h.Get(signature)+"\n") }, authy.ErrBadSignature, "padded"},
		{"line breaks inside", func(h http.Header) { h.Set(signature, strings.Repeat("A", 40)+"\n\n\n\n") }, authy.ErrBadSignature, "padded"},
		{"too short", func(h http.Header) { h.Set(signature, "AAAA") }, authy.ErrBadSignature, "44 characters"},
		{"33 bytes", func(h http.Header) { h.Set(signature, strings.Repeat("A", 44)) }, authy.ErrBadSignature, "32 bytes"},
		{"31 bytes", func(h http.Header) { h.Set(signature, strings.Repeat("A", 42)+"==") }, authy.ErrBadSignature, "32 bytes"},
		{"separator in nonce", func(h http.Header) { h.Set(nonce, "1|POST") }, authy.ErrBadSignature, "Nonce is malformed"},
		{"control in nonce", func(h http.Header) { h.Set(nonce, "1\x00") }, authy.ErrBadSignature, "Nonce is malformed"},
		{"another nonce", func(h http.Header) { h.Set(nonce, "1700000001") }, authy.ErrBadSignature, "does not match"},
		{"zeros", func(h http.Header) { h.Set(signature, strings.Repeat("A", 43)+"=") }, authy.ErrBadSignature, "does not match"},
		// The last character carries two unused bits; only one spelling may pass.
		{"other spelling of the same bytes", func(h http.Header) {
			s := []byte(h.Get(signature))
			s[42]++
			h.Set(signature, string(s))
		}, authy.ErrBadSignature, ""},
	}
	for _, method := range []string{"POST", "GET"} {
		for _, tt := range tests {
			t.Run(method+"/"+tt.name, func(t *testing.T) {
				t.Parallel()
				req := signedCallback(t, method, nil)
				tt.change(req.Header)
				callback, err := authy.CallbackVerifier{Key: callbackKey}.Verify(req)
				if tt.want != nil {
					checkRefusal(t, err, tt.want, tt.text)
				} else if err != nil || !callback.Approved() {
					t.Error(callback, err)
				}
			})
		}
	}
}

func TestCallbackMismatch(t *testing.T) {
	t.Parallel()
	verifier := authy.CallbackVerifier{Key: callbackKey}
	tests := []struct {
		name, method string
		change       func(*authy.CallbackRequest)
		text         string
	}{
		{"other scheme", "POST", func(r *authy.CallbackRequest) { r.URL = "http://example.com/authy/callback" }, `POST to "http://example.com/authy/callback": check that the key`},
		{"other scheme hint", "GET", func(r *authy.CallbackRequest) { r.URL = "http" + strings.TrimPrefix(r.URL, "https") }, "give the public https URL"},
		{"password is not shown", "POST", func(r *authy.CallbackRequest) { r.URL = "https://user:hunter2@example.com/other" }, `"https://example.com/other"`},
		{"query is not shown", "POST", func(r *authy.CallbackRequest) { r.URL = "https://example.com/other?token=hunter2" }, `"https://example.com/other"`},
		{"other port", "POST", func(r *authy.CallbackRequest) { r.URL = "https://example.com:443/authy/callback" }, "does not match"},
		{"trailing slash", "POST", func(r *authy.CallbackRequest) { r.URL += "/" }, "does not match"},
		{"other method", "POST", func(r *authy.CallbackRequest) { r.Method = "GET" }, "the query, which carries a GET callback's fields, is missing"},
		{"status changed", "POST", func(r *authy.CallbackRequest) {
			r.Body = []byte(strings.Replace(string(r.Body), `"approved"`, `"denied"`, 1))
		}, "does not match"},
		{"field added", "POST", func(r *authy.CallbackRequest) {
			r.Body = []byte(strings.Replace(string(r.Body), `{`, `{"x":null,`, 1))
		}, "does not match"},
		{"status overridden", "POST", func(r *authy.CallbackRequest) {
			r.Body = []byte(strings.TrimSuffix(string(r.Body), "}") + `,"status":"denied"}`)
		}, "does not match"},
		{"query changed", "GET", func(r *authy.CallbackRequest) { r.URL += "&status=denied" }, "does not match"},
		{"query reordered", "GET", func(r *authy.CallbackRequest) {
			r.URL = strings.Replace(r.URL, "authy_id=1635&callback_action=approval_request_status", "callback_action=approval_request_status&authy_id=1635", 1)
		}, "does not match"},
		{"query re-encoded", "GET", func(r *authy.CallbackRequest) { r.URL = strings.Replace(r.URL, "status", "%73tatus", 1) }, "does not match"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req := signedCallback(t, tt.method, nil)
			tt.change(&req)
			_, err := verifier.Verify(req)
			checkRefusal(t, err, authy.ErrBadSignature, tt.text)
		})
	}
	t.Run("other key", func(t *testing.T) {
		t.Parallel()
		_, err := authy.CallbackVerifier{Key: "hunter2"}.Verify(signedCallback(t, "POST", nil))
		checkRefusal(t, err, authy.ErrBadSignature, "application's API key")
	})
	t.Run("unsigned parts", func(t *testing.T) {
		t.Parallel()
		req := signedCallback(t, "POST", nil)
		req.Method, req.URL = "post", "https://user:pw@example.com/authy/callback?a=b#c"
		if _, err := verifier.Verify(req); err != nil {
			t.Error(err)
		}
		req = signedCallback(t, "GET", nil)
		req.URL += "#fragment"
		req.Body, req.Decoded = []byte("{"), map[string]any{"status": "denied"} // a GET's body means nothing
		if callback, err := verifier.Verify(req); err != nil || !callback.Approved() {
			t.Error(callback, err)
		}
	})
}

func TestCallbackAge(t *testing.T) {
	t.Parallel()
	now := time.Unix(1700000000, 0)
	tests := []struct {
		nonce string
		text  string // empty: accepted
	}{
		{"1700000000", ""},
		{"1699999940", ""},
		{"1700000060", ""},
		{"1699999940.0", ""},
		{"1700000060.000000000", ""},
		{"1699999939.999999999", "signed 1m0s ago, and at most 1m0s either way"},
		{"1699999939", "signed 1m1s ago"},
		{"1700000061", "signed 1m1s in the future"},
		{"1700000060.5", "in the future"},
		{"0", "ago"},
		{"99999999999", "in the future"},
		{"1700000000123456789", "not a time in Unix seconds"},
		{"-1700000000", "not a time"},
		{"1.7e9", "not a time"},
		{".5", "not a time"},
		{"1700000000.5.5", "not a time"},
		{"0f3c6a3e-9d1f-4a53-9a8e-5a3b1c0d2e4f", "not a time"},
	}
	for _, tt := range tests {
		t.Run(tt.nonce, func(t *testing.T) {
			t.Parallel()
			req, err := authy.SignCallback(callbackKey, authy.CallbackRequest{
				Method: "POST", URL: callbackAt, Decoded: callbackFields(), Header: http.Header{"x-authy-signature-nonce": {tt.nonce}},
			})
			if err != nil {
				t.Fatal(err)
			}
			verifier := authy.CallbackVerifier{Key: callbackKey, MaxAge: time.Minute, Now: func() time.Time { return now }}
			if _, err = verifier.Verify(req); tt.text != "" {
				checkRefusal(t, err, authy.ErrStaleCallback, tt.text)
			} else if err != nil {
				t.Error(err)
			}
			verifier.MaxAge = 0
			if _, err := verifier.Verify(req); err != nil {
				t.Errorf("without a limit: %v", err)
			}
			verifier.Key, verifier.MaxAge = "other", time.Minute
			if _, err := verifier.Verify(req); !errors.Is(err, authy.ErrBadSignature) {
				t.Errorf("a wrong signature must be told before its age: %v", err)
			}
		})
	}
}

// TestSignedButBad is about callbacks whose signature is right but whose content is not that of an answer.
func TestSignedButBad(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change map[string]any
		text   string
	}{
		{"no action", map[string]any{"callback_action": nil}, `callback_action must be "approval_request_status", got ""`},
		{"other action", map[string]any{"callback_action": "user_added"}, `got "user_added"`},
		{"no status", map[string]any{"status": nil}, `status must be "approved" or "denied", got ""`},
		{"expired", map[string]any{"status": "expired"}, `got "expired"`},
		{"capital status", map[string]any{"Status": "approved", "status": nil}, `status must be`},
		{"status in an object", map[string]any{"status": map[string]any{"status": "approved"}}, `status must be`},
		{"no uuid", map[string]any{"uuid": nil}, "lacks uuid"},
		{"empty uuid", map[string]any{"uuid": ""}, "lacks uuid"},
	}
	for _, method := range []string{"POST", "GET"} {
		for _, tt := range tests {
			t.Run(method+"/"+tt.name, func(t *testing.T) {
				t.Parallel()
				req := signedCallback(t, method, tt.change)
				_, err := authy.CallbackVerifier{Key: callbackKey}.Verify(req)
				checkRefusal(t, err, authy.ErrBadCallback, tt.text)
				_, err = authy.CallbackVerifier{Key: "other"}.Verify(req)
				checkRefusal(t, err, authy.ErrBadSignature, "does not match")
			})
		}
	}
}

func TestCallbackUnreadable(t *testing.T) {
	t.Parallel()
	cyclic := map[string]any{}
	cyclic["again"] = []any{cyclic}
	shared := map[string]any{}
	for range 60 { // 2^60 values, all empty
		shared = map[string]any{"a": shared, "b": shared}
	}
	post := func(body string) authy.CallbackRequest {
		return authy.CallbackRequest{Method: "POST", Body: []byte(body)}
	}
	tree := func(fields map[string]any) authy.CallbackRequest {
		return authy.CallbackRequest{Method: "POST", Decoded: fields}
	}
	tests := []struct {
		name string
		req  authy.CallbackRequest
		text string
	}{
		{"no body", post(""), "body of the POST is empty"},
		{"blank body", post(" \n"), "body of the POST is empty"},
		{"form body", post("status=approved"), "body is not JSON: invalid character 's'"},
		{"cut short", post(`{"a":`), "ends too early"},
		{"trailing garbage", post(`{} x`), "goes on after the JSON object"},
		{"two objects", post(`{}{}`), "goes on after the JSON object"},
		{"null", post(`null`), "must be a JSON object"},
		{"array", post(`[{}]`), "must be a JSON object"},
		{"string", post(`"{"`), "must be a JSON object"},
		{"too deep", post(`{"a":` + strings.Repeat("[", 64) + strings.Repeat("]", 64) + `}`), "nests deeper than 64 levels"},
		{"far too deep", post(strings.Repeat(`{"a":`, 50_000)), "nests deeper than 64 levels"},
		{"too large", post(`{"a":"` + strings.Repeat("x", 1<<20) + `"}`), "larger than the limit of 1048576 bytes"},
		{"unfolds to gigabytes", post(`{"` + strings.Repeat("k", 500_000) + `":[` + strings.Repeat("1,", 250_000) + `1]}`), "unfolds to more than 8 MiB"},
		{"decoded too deep", tree(cyclic), "nests deeper than 64 levels"},
		{"decoded shared", tree(shared), "more than 1048576 values"},
		{"decoded function", tree(map[string]any{"a": map[string]any{"b c": func() {}}}), `field "a[b c]" holds a value of type func()`},
		{"decoded channel in list", tree(map[string]any{"a": []any{make(chan int)}}), `field "a[]" holds a value of type chan int`},
		{"decoded bytes", tree(map[string]any{"a": []byte("x")}), `field "a" holds a value of type []uint8`},
		{"decoded NaN", tree(map[string]any{"a": math.NaN()}), `field "a" holds NaN`},
		{"decoded infinity", tree(map[string]any{"a": float32(math.Inf(-1))}), `field "a" holds -Inf`},
		{"both bodies", authy.CallbackRequest{Method: "POST", Body: []byte("{}"), Decoded: map[string]any{}}, "both a raw and a decoded body"},
		{"decoded for GET", authy.CallbackRequest{Method: "GET", Decoded: map[string]any{"a": "b"}}, "give the URL with its query"},
		{"no method", authy.CallbackRequest{Body: []byte("{}")}, `method must be POST or GET, got ""`},
		{"other method", authy.CallbackRequest{Method: "DELETE"}, `method must be POST or GET, got "DELETE"`},
		{"no URL", authy.CallbackRequest{Method: "GET", URL: " "}, `URL must begin with https:// or http://, got " "`},
		{"path only", authy.CallbackRequest{Method: "GET", URL: "/callback?x=y"}, `must begin with https:// or http://, got "/callback"`},
		{"other scheme", authy.CallbackRequest{Method: "GET", URL: "ftp://example.com/"}, "must begin with https:// or http://"},
		{"password in a bad URL", authy.CallbackRequest{Method: "GET", URL: "ftp://user:hunter2@example.com/@x"}, `got "ftp://example.com/@x"`},
		{"password without scheme", authy.CallbackRequest{Method: "GET", URL: "user:hunter2@example.com"}, `got "example.com"`},
		{"long URL", authy.CallbackRequest{Method: "GET", URL: "x" + strings.Repeat("é", 200)}, `é"...`},
		{"no host", authy.CallbackRequest{Method: "GET", URL: "https:///callback"}, "must name a host"},
		{"port only", authy.CallbackRequest{Method: "GET", URL: "https://:443/callback"}, "must name a host"},
		{"space in URL", authy.CallbackRequest{Method: "GET", URL: "https://example.com/a b"}, "must not hold spaces"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if tt.req.URL == "" {
				tt.req.URL = callbackAt
			}
			tt.req.Header = http.Header{"X-Authy-Signature": {strings.Repeat("A", 43) + "="}, "X-Authy-Signature-Nonce": {"1"}}
			_, err := authy.CallbackVerifier{Key: callbackKey}.Verify(tt.req)
			checkRefusal(t, err, authy.ErrBadCallback, tt.text)
			if len(err.Error()) > 400 {
				t.Errorf("the message is %d bytes long", len(err.Error()))
			}
			tt.req.Header = nil
			_, err = authy.CallbackVerifier{Key: callbackKey}.Verify(tt.req)
			checkRefusal(t, err, authy.ErrNotSigned, "")
		})
	}
	t.Run("64 levels", func(t *testing.T) {
		t.Parallel()
		deepest := `{"uuid":"u","status":"denied","callback_action":"approval_request_status","a":` +
			strings.Repeat("[", 63) + `"\"[[["` + strings.Repeat("]", 63) + `}`
		req, err := authy.SignCallback(callbackKey, authy.CallbackRequest{Method: "POST", URL: callbackAt, Body: []byte(deepest)})
		if err != nil {
			t.Fatal(err)
		}
		if callback, err := (authy.CallbackVerifier{Key: callbackKey}).Verify(req); err != nil || callback.Approved() {
			t.Error(callback, err)
		}
	})
}

func TestCallbackSettings(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		verifier authy.CallbackVerifier
		field    string
	}{
		"no key":          {authy.CallbackVerifier{}, "key"},
		"negative age":    {authy.CallbackVerifier{Key: "k", MaxAge: -1}, "max_age"},
		"negative limit":  {authy.CallbackVerifier{Key: "k", MaxBody: -1}, "max_body"},
		"nothing is well": {authy.CallbackVerifier{MaxAge: -1, MaxBody: -1}, "max_body"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := tt.verifier.Verify(signedCallback(t, "POST", nil))
			mistake, ok := errors.AsType[*authy.ValidationError](err)
			if !ok || mistake.Op != "verify_callback" || mistake.Fields()[tt.field] == "" {
				t.Errorf("error %v", err)
			}
		})
	}
}

// TestDecodedTypes checks that every way to hold the same fields has the same signature.
func TestDecodedTypes(t *testing.T) {
	t.Parallel()
	type name string
	want, err := authy.SignCallback(callbackKey, authy.CallbackRequest{Method: "GET", URL: callbackAt, Decoded: map[string]any{
		"n": json.Number("7"), "big": json.Number("9007199254740991"), "f": json.Number("0.1"), "s": "x y", "null": nil, "no": false,
		"l": []any{"a", "b"}, "m": map[string]any{"k": "v"}, "objects": []any{map[string]any{"k": "v"}}, "zero": json.Number("0"),
	}})
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]map[string]any{
		"float64": {
			"n": 7.0, "big": 9007199254740991.0, "f": 0.1, "s": "x y", "null": nil, "no": false,
			"l": []any{"a", "b"}, "m": map[string]any{"k": "v"}, "objects": []any{map[string]any{"k": "v"}}, "zero": math.Copysign(0, -1),
		},
		"Go types": {
			"n": int8(7), "big": uint64(9007199254740991), "f": float32(0.1), "s": name("x y"), "null": (*int)(nil), "no": new(bool),
			"l": [2]string{"a", "b"}, "m": map[name]string{"k": "v"}, "objects": []map[string]name{{"k": "v"}}, "zero": uint8(0),
		},
		"with empty ones": {
			"n": 7, "big": int64(9007199254740991), "f": json.Number("0.1"), "s": "x y", "null": nil, "no": false,
			"l": []any{[]any{}, "a", map[string]any{}, "b", []string{}}, "m": authy.Object{"k": "v", "o": authy.Object{}},
			"objects": []any{map[string]any{"k": "v"}}, "zero": 0, "none": map[string]any{"a": []any{map[string]any{}}},
		},
	}
	for name, fields := range tests {
		got, err := authy.SignCallback(callbackKey, authy.CallbackRequest{Method: "GET", URL: callbackAt, Decoded: fields})
		if err != nil || got.URL != want.URL {
			t.Errorf("%s: %v\n got %s\nwant %s", name, err, got.URL, want.URL)
		}
	}
}
