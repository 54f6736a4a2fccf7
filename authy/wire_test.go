package authy_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jarcoal/httpmock"

	"github.com/authysh/authysh/authy"
)

func TestWire(t *testing.T) {
	t.Parallel()
	for _, tc := range wireCases {
		t.Run(tc.op, func(t *testing.T) {
			t.Parallel()
			var got *http.Request
			var body []byte
			mock := httpmock.NewMockTransport()
			mock.RegisterNoResponder(func(r *http.Request) (*http.Response, error) {
				got, body = r, nil
				if r.Body != nil {
					body, _ = io.ReadAll(r.Body)
				}
				return httpmock.NewStringResponse(200, answers[tc.op]), nil
			})
			c := clientOf(mock.RoundTrip)
			before, _ := json.Marshal(tc.call.params)
			if _, err := tc.call.run(t.Context(), c); err != nil {
				t.Fatal(err)
			}
			if n := mock.GetTotalCallCount(); n != 1 {
				t.Errorf("got %d requests, want 1", n)
			}
			if after, _ := json.Marshal(tc.call.params); string(after) != string(before) {
				t.Errorf("the caller's parameters were %s, now they are %s", before, after)
			}
			if got.Method != tc.method || got.URL.EscapedPath() != tc.path || got.URL.RawQuery != tc.query {
				t.Errorf("got  %s %s?%s\nwant %s %s?%s", got.Method, got.URL.EscapedPath(), got.URL.RawQuery, tc.method, tc.path, tc.query)
			}
			if got.URL.Scheme != "https" || got.URL.Host != "api.authy.com" || got.Host != "api.authy.com" {
				t.Errorf("the request went to %s://%s as %s", got.URL.Scheme, got.URL.Host, got.Host)
			}
			contentType := got.Header.Get("Content-Type")
			if contentType == jsonBody {
				if diff := cmp.Diff(decode(t, []byte(tc.body)), decode(t, body)); diff != "" {
					t.Errorf("body %s (-want +got):\n%s", body, diff)
				}
			} else if string(body) != tc.body {
				t.Errorf("got body  %q\nwant body %q", body, tc.body)
			}
			if diff := cmp.Diff(wantHeader(t, tc, got.Header, string(body)), got.Header); diff != "" {
				t.Errorf("headers (-want +got):\n%s", diff)
			}
		})
	}
}

// wantHeader is all that a request may have; signatures are checked and taken over.
func wantHeader(t *testing.T, tc wireCase, got http.Header, body string) http.Header {
	t.Helper()
	want := http.Header{"Accept": {"application/json"}, "User-Agent": {"authysh"}}
	switch {
	case strings.HasPrefix(tc.body, "{"):
		want.Set("Content-Type", jsonBody)
	case tc.body != "":
		want.Set("Content-Type", formBody)
	}
	if !strings.HasPrefix(tc.path, "/dashboard/") {
		want.Set("X-Authy-API-Key", testKey)
		return want
	}
	nonce := got.Get("X-Authy-Signature-Nonce")
	if !regexp.MustCompile(`^\d{10}\.\d{6,}$`).MatchString(nonce) {
		t.Errorf("nonce %q is not Unix seconds with a fraction", nonce)
	}
	want.Set("X-Authy-Signature-Nonce", nonce)
	want.Set("X-Authy-Signature", dashboardSignature("s1gning-key", nonce, tc.method, "https://api.authy.com"+tc.path, body))
	return want
}

// dashboardSignature is a second reading of the signing rule, to check the client's against.
func dashboardSignature(key, nonce, method, url, params string) string {
	mac := hmac.New(sha256.New, []byte(key))
	io.WriteString(mac, strings.Join([]string{nonce, method, url, params}, "|"))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

func TestDashboardSignatureVectors(t *testing.T) {
	t.Parallel()
	const key, nonce, url = "api-signing-key-0123456789abcdef", "1427849783.886085", "https://api.authy.com/dashboard/json/application/webhooks"
	const keys = "access_key=BBB222&app_api_key=AAA111"
	const create = keys + "&events%5B%5D=user_added&events%5B%5D=user_removed&name=my+hook&url=https%3A%2F%2Fexample.com%2Fhooks%2Fauthy%3Fx%3D1"
	for _, tc := range []struct{ method, url, params, want string }{
		{"GET", url, keys, "SlyPrvQaI+SpXCnRIElrfsM7x/hFuu9qEDpOoigkgOA="},
		{"POST", url, create, "ac8jJXYevbNrfiLfIgFZa7XtkOOsyHLKA2o3fNew3mY="},
		{"DELETE", url + "/WH_6a554f7f-4433-4a25-ba5d-0f083733c790", keys, "OgCRykact8F2K6wK3tPcETLz7Eo9n1326S9bpxArCEM="},
	} {
		if got := dashboardSignature(key, nonce, tc.method, tc.url, tc.params); got != tc.want {
			t.Errorf("%s: got %s, want %s", tc.method, got, tc.want)
		}
	}
}

func TestNonces(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	c := clientOf(func(r *http.Request) (*http.Response, error) {
		seen[r.Header.Get("X-Authy-Signature-Nonce")] = true
		return reply(200, answers["list_webhooks"]), nil
	})
	at := time.Unix(1427849783, 0)
	c.Now = func() time.Time { at = at.Add(time.Nanosecond); return at }
	for range 100 {
		if _, err := c.ListWebhooks(t.Context(), authy.ListWebhooksParams{}); err != nil {
			t.Fatal(err)
		}
	}
	if len(seen) != 100 {
		t.Errorf("100 requests have %d different nonces", len(seen))
	}
	for nonce := range seen {
		if !strings.HasPrefix(nonce, "1427849783.") {
			t.Errorf("nonce %s is not of the client's clock", nonce)
		}
	}
}

// TestWireCasesAreComplete: every operation has a case without its optional parameters, and cases that together
// have them all.
func TestWireCasesAreComplete(t *testing.T) {
	t.Parallel()
	for _, o := range authy.Operations() {
		least, missing := false, map[string]bool{}
		for _, f := range o.Params {
			missing[f.Name] = true
		}
		if answers[o.Name] == "" {
			t.Errorf("%s has no answer", o.Name)
		}
		for _, tc := range wireCases {
			if tc.op != o.Name {
				continue
			}
			if tc.method != o.Method {
				t.Errorf("%s: the case has %s, the route %s", o.Name, tc.method, o.Method)
			}
			given := presentParams(tc.call.params)
			least = least || !slices.ContainsFunc(o.Params, func(f authy.Field) bool {
				return f.Optional && slices.Contains(given, f.Name) && f.Name != "uuid"
			})
			for _, name := range given {
				delete(missing, name)
			}
		}
		if !least {
			t.Errorf("%s has no wire case without optional parameters", o.Name)
		}
		for name := range missing {
			t.Errorf("%s has no wire case with %s", o.Name, name)
		}
	}
	for _, tc := range wireCases {
		if _, ok := authy.ByName(tc.op); !ok {
			t.Errorf("the wire case %s is of no operation", tc.op)
		}
	}
}

// effects says once more, apart from the routes, what each call does in the world.
var effects = map[authy.Effect]string{
	authy.Reads: "get_user_status export_user_secret export_user_phone get_registration_status get_application_details get_application_statistics " +
		"get_phone_verification_status get_phone_information get_approval_request list_webhooks",
	authy.Sends:   "request_sms request_call request_email start_phone_verification create_approval_request",
	authy.Writes:  "register_user update_user verify_token create_user_secret register_activity verify_phone send_feedback create_webhook",
	authy.Deletes: "delete_user delete_webhook",
}

func TestEffects(t *testing.T) {
	t.Parallel()
	for _, o := range authy.Operations() {
		if !slices.Contains(strings.Fields(effects[o.Effect]), o.Name) {
			t.Errorf("%s %s?", o.Name, o.Effect)
		}
		if want := o.Effect == authy.Reads || o.Name == "register_user"; o.Repeatable() != want {
			t.Errorf("%s: repeatable is %v, want %v", o.Name, o.Repeatable(), want)
		}
	}
}

func presentParams(params any) []string {
	var names []string
	v := reflect.ValueOf(params)
	for i := range v.NumField() {
		if !v.Field(i).IsZero() {
			names = append(names, v.Type().Field(i).Tag.Get("json"))
		}
	}
	return names
}

// TestResultsHoldTheAnswer: what a result marshals to has every field of the answer that is not null.
func TestResultsHoldTheAnswer(t *testing.T) {
	t.Parallel()
	for _, tc := range wireCases {
		c := answering(200, answers[tc.op])
		result, err := tc.call.run(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		data, err := json.Marshal(result)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := decode(t, data), decode(t, []byte(answers[tc.op])); !holds(got, want) {
			t.Errorf("%s: the result lost something: %s", tc.op, cmp.Diff(want, got))
		}
		raw := result.(interface{ RawBody() json.RawMessage }).RawBody()
		if string(raw) != answers[tc.op] {
			t.Errorf("%s: raw body is %s", tc.op, raw)
		}
	}
}

// holds reports whether every value of want is in got; "true" and true, "1" and 1 are the same on this wire.
func holds(got, want any) bool {
	switch want := want.(type) {
	case nil:
		return true
	case map[string]any:
		object, ok := got.(map[string]any)
		for name, value := range want {
			if inner := object[name]; value != "" && !holds(inner, value) {
				return false
			}
		}
		return ok
	case []any:
		list, ok := got.([]any)
		if !ok || len(list) != len(want) {
			return false
		}
		for i := range want {
			if !holds(list[i], want[i]) {
				return false
			}
		}
		return true
	}
	return strings.Trim(jsonText(got), `"`) == strings.Trim(jsonText(want), `"`)
}

func jsonText(v any) string {
	data, _ := json.Marshal(v)
	return string(data)
}

// decode keeps the digits of numbers.
func decode(t *testing.T, data []byte) any {
	t.Helper()
	var v any
	decoder := json.NewDecoder(strings.NewReader(string(data)))
	decoder.UseNumber()
	if err := decoder.Decode(&v); err != nil {
		t.Fatalf("%v in %q", err, data)
	}
	return v
}
