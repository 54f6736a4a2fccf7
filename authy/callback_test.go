package authy_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/authysh/authysh/authy"
	"github.com/google/go-cmp/cmp"
)

// callbackVector is a signed request of testdata/callbacks: real.json holds callbacks that Authy sent, as
// published in the tests of its Java and Node clients, synthetic.json corner cases of the encoding.
type callbackVector struct {
	Name, Key, Method, URL, Nonce, Signature string

	Body   string  // of a POST
	Query  string  // of a GET
	Params *string // what Body comes to
}

func callbackVectors(t testing.TB, file string) []callbackVector {
	t.Helper()
	text, err := os.ReadFile("testdata/callbacks/" + file)
	if err != nil {
		t.Fatal(err)
	}
	var vectors []callbackVector
	if err := json.Unmarshal(text, &vectors); err != nil {
		t.Fatal(err)
	}
	if len(vectors) == 0 {
		t.Fatal(file, "holds no vectors")
	}
	return vectors
}

// realCallback is the published callback of this name, such as "B2".
func realCallback(t testing.TB, name string) callbackVector {
	t.Helper()
	for _, v := range callbackVectors(t, "real.json") {
		if v.Name == name {
			return v
		}
	}
	t.Fatal("no vector", name)
	return callbackVector{}
}

func (v callbackVector) request() authy.CallbackRequest {
	req := authy.CallbackRequest{Method: v.Method, URL: v.URL, Header: http.Header{
		"X-Authy-Signature":       {v.Signature},
		"X-Authy-Signature-Nonce": {v.Nonce},
	}}
	if v.Method == "GET" {
		req.URL += "?" + v.Query
	} else {
		req.Body = []byte(v.Body)
	}
	return req
}

func (v callbackVector) verifier() authy.CallbackVerifier { return authy.CallbackVerifier{Key: v.Key} }

// decoded is the body as a program gets it that decodes JSON the plain way (numbers become float64) or with UseNumber.
func (v callbackVector) decoded(t testing.TB, useNumber bool) map[string]any {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(v.Body))
	if useNumber {
		decoder.UseNumber()
	}
	var fields map[string]any
	if err := decoder.Decode(&fields); err != nil {
		t.Fatal(err)
	}
	return fields
}

func TestVerifyRealCallbacks(t *testing.T) {
	t.Parallel()
	for _, v := range callbackVectors(t, "real.json") {
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			raw, err := v.verifier().Verify(v.request())
			if err != nil {
				t.Fatal(err)
			}
			if v.Method == "GET" {
				return
			}
			for _, useNumber := range []bool{true, false} {
				req := v.request()
				req.Body, req.Decoded = nil, v.decoded(t, useNumber)
				decoded, err := v.verifier().Verify(req)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(toJSON(t, raw), toJSON(t, decoded)); diff != "" {
					t.Errorf("decoded body (UseNumber %t) reads otherwise than raw:\n%s", useNumber, diff)
				}
			}
		})
	}
}

// TestSignCallbackVectors also proves the verifier: both ends must agree with signatures computed elsewhere.
func TestSignCallbackVectors(t *testing.T) {
	t.Parallel()
	for _, v := range append(callbackVectors(t, "real.json"), callbackVectors(t, "synthetic.json")...) {
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			unsigned := v.request()
			unsigned.Header = http.Header{"X-Authy-Signature-Nonce": {v.Nonce}}
			signed, err := authy.SignCallback(v.Key, unsigned)
			if err != nil {
				t.Fatal(err)
			}
			if got := signed.Header.Get("X-Authy-Signature"); got != v.Signature {
				t.Errorf("signature %s, want %s", got, v.Signature)
			}
			if _, err := v.verifier().Verify(signed); err != nil && !errors.Is(err, authy.ErrBadCallback) {
				t.Errorf("verifying what was signed: %v", err)
			}
			if v.Params == nil {
				return
			}
			asGET, err := authy.SignCallback(v.Key, authy.CallbackRequest{Method: "GET", URL: v.URL, Decoded: v.decoded(t, true)})
			if err != nil {
				t.Fatal(err)
			}
			if _, query, _ := strings.Cut(asGET.URL, "?"); query != *v.Params {
				t.Errorf("parameters\n got %s\nwant %s", query, *v.Params)
			}
		})
	}
}

func TestCallbackFields(t *testing.T) {
	t.Parallel()
	device := authy.CallbackDevice{
		ID: "2102943", OSType: "android", Country: "Colombia", IP: "190.130.65.251", RegistrationCountry: "Colombia",
		RegistrationIP: "190.130.66.242", RegistrationMethod: "sms", RegistrationDate: 1505418165, LastSyncDate: 1505418173,
	}
	unlock := device
	unlock.EnabledUnlockMethods = []string{"pin", "fingerprint"}
	unlock.LastUnlockMethodUsed = "pin"
	unlock.LastUnlockDate = 1570641596
	unlock.MultideviceEnabled = true
	unlock.MultideviceUpdatedAt = 1570469080

	const logo = "https://www.itsalllost.com/wp-content/uploads/2017/04/twilio-logo-red.png"
	details := authy.Object{"username": "User", "location": "California,USA", "cosa1": "cosa1", "cosa2": "cosa2"}
	hidden := authy.Object{"ip_address": "10.10.3.203"}
	tests := map[string]authy.Callback{
		"B1": {
			AuthyID: "1234567", DeviceUUID: "4d89c320-a9bb-0133-7c02-0e67b818e6fb", Status: "approved",
			UUID: "996221c0-b7a7-0133-7c06-0e67b818e6fb",
			ApprovalRequest: &authy.CallbackApprovalRequest{
				ExpirationTimestamp: 1455911778,
				Transaction: authy.CallbackTransaction{
					Details: authy.Object{}, HiddenDetails: authy.Object{}, Message: ".", Status: "approved",
					UUID: "996201c0-b7a7-0133-7c06-0e67b818e6fb", CreatedAtTime: 1455825378,
					CustomerUUID: "2ccf0040-ed25-0132-5987-0e67b818e6fb",
				},
			},
		},
		"B3": {
			AuthyID: "688611", DeviceUUID: "2102943", Status: "approved", UUID: "4a725520-bff5-0135-eb01-0e5d90336a8c",
			ApprovalRequest: &authy.CallbackApprovalRequest{
				ExpirationTimestamp: 1513009800, AppID: "582380eb7e1caa03317ec08c",
				Transaction: authy.CallbackTransaction{
					Details:       authy.Object{"Username": "jdoe", "Location": "earth", "Process ID": "1234567890"},
					DeviceDetails: authy.Object{}, DeviceSigningTime: 1512923419,
					HiddenDetails: authy.Object{"transaction_id": "TR139872562346"},
					Message:       "Authorize OneTouch Unit Test", Status: "approved",
					UUID: "4a725520-bff5-0135-eb01-0e5d90336a8c", CreatedAtTime: 1512923400, CustomerUUID: "15083",
				},
			},
			Device: &unlock,
		},
		"B5": {
			AuthyID: "688611", DeviceUUID: "2102943", Status: "approved", UUID: "098c3580-c01e-0135-eb00-0e5d90336a8c",
			ApprovalRequest: &authy.CallbackApprovalRequest{
				ExpirationTimestamp: 1513027300, AppID: "582380eb7e1caa03317ec08c",
				Logos: []authy.Logo{{Res: "default", URL: logo}, {Res: "med", URL: logo}},
				Transaction: authy.CallbackTransaction{
					Details: details, DeviceDetails: authy.Object{}, DeviceSigningTime: 1512940918, HiddenDetails: hidden,
					Message: "Authorize OneTouch Unit Test", Status: "approved",
					UUID: "098c3580-c01e-0135-eb00-0e5d90336a8c", CreatedAtTime: 1512940900, CustomerUUID: "15083",
				},
			},
			Device: &device,
		},
		"B8": {
			AuthyID: "688611", DeviceUUID: "2102943", Status: "approved", UUID: "133c7590-c023-0135-fa61-06ca50569adc",
			ApprovalRequest: &authy.CallbackApprovalRequest{
				ExpirationTimestamp: 1513029464, AppID: "582380eb7e1caa03317ec08c",
				Logos: []authy.Logo{{Res: "default", URL: logo}},
				Transaction: authy.CallbackTransaction{
					Details: details, DeviceSigningTime: 1512943081, HiddenDetails: hidden,
					Message: "Authorize OneTouch Unit Test", Status: "approved",
					UUID: "133c7590-c023-0135-fa61-06ca50569adc", CreatedAtTime: 1512943064, CustomerUUID: "15083",
				},
			},
			Device: &device,
		},
	}
	for name, want := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := realCallback(t, name)
			got, err := v.verifier().Verify(v.request())
			if err != nil {
				t.Fatal(err)
			}
			want.CallbackAction = "approval_request_status"
			want.Signature, want.Raw = got.Signature, got.Raw // checked below
			if diff := cmp.Diff(&want, got); diff != "" {
				t.Errorf("want -, got +:\n%s", diff)
			}
			if len(got.Signature) != 344 || got.Raw["signature"] != got.Signature {
				t.Errorf("signature %q, raw %q", got.Signature, got.Raw["signature"])
			}
		})
	}
}

// TestCallbackJSON checks the wire names: a callback written as JSON must hold all that the body held.
func TestCallbackJSON(t *testing.T) {
	t.Parallel()
	v := realCallback(t, "B3")
	callback, err := v.verifier().Verify(v.request())
	if err != nil {
		t.Fatal(err)
	}
	got, want := toJSON(t, callback), v.decoded(t, false)
	for _, path := range nullPaths(want, nil) {
		setPath(want, path, setPath(got, path, nil)) // null is "" or 0 in ours
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("body -, result +:\n%s", diff)
	}
	var back authy.Callback
	text, err := json.Marshal(callback)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	back.Raw = callback.Raw
	if diff := cmp.Diff(*callback, back); diff != "" {
		t.Errorf("before -, after a round trip through JSON +:\n%s", diff)
	}
}

func toJSON(t testing.TB, value any) map[string]any {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	var fields map[string]any
	if err := json.Unmarshal(text, &fields); err != nil {
		t.Fatal(err)
	}
	return fields
}

func nullPaths(fields map[string]any, at []string) (paths [][]string) {
	for key, value := range fields {
		path := append(at[:len(at):len(at)], key)
		switch v := value.(type) {
		case nil:
			paths = append(paths, path)
		case map[string]any:
			paths = append(paths, nullPaths(v, path)...)
		}
	}
	return paths
}

// setPath puts a value, unless it is nil, at a path that exists, and returns what was there.
func setPath(fields map[string]any, path []string, value any) any {
	for _, key := range path[:len(path)-1] {
		fields = fields[key].(map[string]any)
	}
	last := path[len(path)-1]
	old := fields[last]
	if value != nil {
		fields[last] = value
	}
	return old
}
