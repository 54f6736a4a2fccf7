package authy_test

import (
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/authysh/authysh/authy"
)

// plainParams is the parameter string written down the plain way, to hold the real one against.
//
// names are those on the way to value, in brackets but for the first; there are none for the body itself.
func plainParams(value any, names ...string) string {
	path := strings.Join(names, "")
	var parts []string
	switch v := value.(type) {
	case map[string]any:
		for key, element := range v {
			if len(names) > 0 {
				key = "[" + key + "]"
			}
			parts = append(parts, plainParams(element, append(names[:len(names):len(names)], key)...))
		}
		slices.Sort(parts)
	case []any:
		for _, element := range v {
			parts = append(parts, plainParams(element, path, "[]"))
		}
	case nil:
		return url.QueryEscape(path) + "="
	case bool:
		return url.QueryEscape(path) + "=" + map[bool]string{true: "true", false: "false"}[v]
	case string:
		return url.QueryEscape(path) + "=" + url.QueryEscape(v)
	case json.Number:
		return url.QueryEscape(path) + "=" + url.QueryEscape(v.String())
	}
	parts = slices.DeleteFunc(parts, func(part string) bool { return part == "" })
	return strings.Join(parts, "&")
}

// reversed writes a value as JSON with the keys of each object in descending order.
func reversed(value any) string {
	var parts []string
	switch v := value.(type) {
	case map[string]any:
		for _, key := range slices.Backward(slices.Sorted(maps.Keys(v))) {
			parts = append(parts, reversed(key)+":"+reversed(v[key]))
		}
		return "{" + strings.Join(parts, ",") + "}"
	case []any:
		for _, element := range v {
			parts = append(parts, reversed(element))
		}
		return "[" + strings.Join(parts, ",") + "]"
	}
	text, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return string(text)
}

func decodeObject(body string) (fields map[string]any, ok bool) {
	decoder := json.NewDecoder(strings.NewReader(body))
	decoder.UseNumber()
	if decoder.Decode(&fields) != nil || fields == nil {
		return nil, false
	}
	_, err := decoder.Token()
	return fields, err == io.EOF
}

func signBody(body string) (authy.CallbackRequest, error) {
	return authy.SignCallback(callbackKey, authy.CallbackRequest{
		Method: "POST", URL: callbackAt, Body: []byte(body), Header: map[string][]string{"X-Authy-Signature-Nonce": {"1700000000"}},
	})
}

func addBodySeeds(f *testing.F, add func(body string)) {
	f.Helper()
	for _, file := range []string{"real.json", "synthetic.json"} {
		for _, v := range callbackVectors(f, file) {
			if v.Method == "POST" {
				add(v.Body)
			}
		}
	}
	for _, body := range []string{
		`{"":{"":[{"":null}]},"\u0000":{"a":"\ud800"}}`, `{"a":1,"a":{"b":2},"a[b]":2}`, `{"a":[[],[[1]],{}],"a[]":1e400}`,
		`{"status":"approved"`, `[1]`, `{"a":-0.0,"A":1E+2}`, "{\"\xff\":\"\xfe\"}", strings.Repeat(`{"a":`, 70) + "1" + strings.Repeat("}", 70),
	} {
		add(body)
	}
}

func FuzzCallbackParams(f *testing.F) {
	addBodySeeds(f, func(body string) { f.Add(body) })
	f.Fuzz(func(t *testing.T, body string) {
		signed, err := signBody(body)
		if err != nil {
			if _, ok := errors.AsType[*authy.CallbackError](err); !ok {
				t.Fatalf("error of type %T: %v", err, err)
			}
			return
		}
		fields, ok := decodeObject(body)
		if !ok {
			t.Fatal("what is not a JSON object was signed")
		}
		want := plainParams(fields)
		get, err := authy.SignCallback(callbackKey, authy.CallbackRequest{Method: "GET", URL: callbackAt, Decoded: fields})
		if err != nil {
			t.Fatal(err)
		}
		if _, got, _ := strings.Cut(get.URL, "?"); got != want {
			t.Errorf("parameters\n got %s\nwant %s", got, want)
		}
		other, err := signBody(reversed(fields))
		if err != nil {
			t.Fatal(err)
		}
		if got, want := other.Header.Get("X-Authy-Signature"), signed.Header.Get("X-Authy-Signature"); got != want {
			t.Errorf("signature %s with the keys in another order, %s before", got, want)
		}
		for _, req := range []authy.CallbackRequest{signed, get, other} {
			_, err = authy.CallbackVerifier{Key: callbackKey}.Verify(req)
			if err != nil && (!errors.Is(err, authy.ErrBadCallback) || !strings.Contains(err.Error(), "its signature is right")) &&
				!strings.Contains(err.Error(), "nests deeper") { // a bracketed name can nest deeper in a query than in the body
				t.Errorf("verifying what was signed: %v", err)
			}
		}
	})
}

func FuzzCallbackTampering(f *testing.F) {
	addBodySeeds(f, func(body string) {
		for part := range uint8(8) {
			f.Add(body, part, uint16(20), byte(1))
		}
	})
	f.Fuzz(func(t *testing.T, extra string, part uint8, at uint16, flip byte) {
		fields := callbackFields()
		if value, ok := decodeObject(extra); ok {
			fields["extra"] = value
		}
		method := []string{"POST", "GET"}[part%2]
		signed, err := authy.SignCallback(callbackKey, authy.CallbackRequest{Method: method, URL: callbackAt, Decoded: fields})
		if err != nil {
			return // too deep
		}
		verifier := authy.CallbackVerifier{Key: callbackKey}
		if _, err := verifier.Verify(signed); err != nil {
			if strings.Contains(err.Error(), "nests deeper") {
				return
			}
			t.Fatalf("verifying what was signed: %v", err)
		}
		if flip == 0 {
			return
		}
		tamper := func(s string) string {
			b := []byte(s)
			b[int(at)%len(b)] ^= flip
			return string(b)
		}
		header := func(name string) { signed.Header.Set(name, tamper(signed.Header.Get(name))) }
		same := false
		switch part / 2 % 4 {
		case 0:
			header("X-Authy-Signature")
		case 1:
			header("X-Authy-Signature-Nonce")
		case 2:
			before, _, _ := strings.Cut(signed.URL, "#")
			signed.URL = tamper(signed.URL)
			after, _, _ := strings.Cut(signed.URL, "#")
			same = before == after
		case 3:
			if method == "GET" {
				return
			}
			before, _ := decodeObject(string(signed.Body))
			signed.Body = []byte(tamper(string(signed.Body)))
			after, ok := decodeObject(string(signed.Body))
			same = ok && plainParams(before) == plainParams(after)
		}
		_, err = verifier.Verify(signed)
		if same && errors.Is(err, authy.ErrBadSignature) {
			t.Errorf("refused although nothing that is signed changed: %v", err)
		}
		if !same && err == nil {
			t.Error("accepted although a byte was changed")
		}
	})
}
