package authy_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/authysh/authysh/authy"
)

// A handler verifies the request before it believes a word of it. The public URL is given because the
// server sits behind a proxy that ends TLS.
func ExampleCallbackVerifier_VerifyHTTP() {
	verifier := authy.CallbackVerifier{Key: "sandbox-key-0123456789abcdef0123", MaxAge: 5 * time.Minute}
	handler := func(w http.ResponseWriter, r *http.Request) {
		callback, err := verifier.VerifyHTTP(r, "https://example.com")
		if refusal, ok := errors.AsType[*authy.CallbackError](err); ok {
			fmt.Println("refused:", refusal.Err)
			http.Error(w, "not an Authy callback", http.StatusUnauthorized)
			return
		} else if err != nil {
			http.Error(w, "misconfigured", http.StatusInternalServerError)
			return
		}
		fmt.Println("user", callback.AuthyID, callback.Status, callback.UUID)
	}

	// What Authy would send, and what somebody else might.
	signed, err := authy.SignCallback(verifier.Key, authy.CallbackRequest{
		Method: "POST",
		URL:    "https://example.com/authy/callback",
		Body:   []byte(`{"callback_action":"approval_request_status","authy_id":1635,"status":"approved","uuid":"4a725520"}`),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	genuine := httptest.NewRequest("POST", "http://localhost:8080/authy/callback", strings.NewReader(string(signed.Body)))
	genuine.Header = signed.Header
	handler(httptest.NewRecorder(), genuine)

	forged := httptest.NewRequest("POST", "http://localhost:8080/authy/callback", strings.NewReader(`{"status":"approved"}`))
	handler(httptest.NewRecorder(), forged)
	// Output:
	// user 1635 approved 4a725520
	// refused: callback is not signed
}

// A body that other code has already decoded is verified as it is.
func ExampleCallbackVerifier_Verify() {
	verifier := authy.CallbackVerifier{Key: "1DS9YIwGquvvIdx8GdcdqZGLAewZZyhd"}
	_, err := verifier.Verify(authy.CallbackRequest{
		Method:  "POST",
		URL:     "http://foo.bar/",
		Header:  http.Header{"x-authy-signature": {"hqB6las54sMBA83GKs0U1QQi9ocJ2tH20SXHZNzfqqQ="}, "x-authy-signature-nonce": {"1455825429"}},
		Decoded: map[string]any{"status": "approved", "authy_id": 1234567.0},
	})
	fmt.Println(errors.Is(err, authy.ErrBadSignature))
	fmt.Println(err)
	// Output:
	// true
	// verify_callback: callback signature is wrong: it does not match this POST to "http://foo.bar/": check that the key is this application's API key and that this is exactly the URL Authy was given, scheme included (behind a proxy that ends TLS, give the public https URL)
}

// A test of one's own handler needs callbacks that pass. HTTPRequest makes a request of them.
func ExampleSignCallback() {
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		verifier := authy.CallbackVerifier{Key: "test-key"}
		if callback, err := verifier.VerifyHTTP(r, ""); err != nil || !callback.Approved() {
			w.WriteHeader(http.StatusForbidden)
		}
	})

	for _, status := range []string{"approved", "denied"} {
		signed, err := authy.SignCallback("test-key", authy.CallbackRequest{
			Method: "GET",
			URL:    "https://example.com/authy/callback",
			Decoded: map[string]any{
				"callback_action": "approval_request_status", "authy_id": 1635, "status": status, "uuid": "4a725520",
			},
		})
		if err != nil {
			fmt.Println(err)
			return
		}
		request, err := signed.HTTPRequest(context.Background())
		if err != nil {
			fmt.Println(err)
			return
		}
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, request)
		fmt.Println(status, recorder.Code)
	}
	// Output:
	// approved 200
	// denied 403
}
