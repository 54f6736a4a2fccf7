package receiver_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/authy/receiver"
)

// BenchmarkServe compares the receiver with a handler that reads the same body and computes one HMAC, both served over
// loopback. To 0.5 of the bare one is what it may come down.
func BenchmarkServe(b *testing.B) {
	bare := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mac := hmac.New(sha256.New, []byte(key))
		mac.Write(body)
		fmt.Fprintf(w, "%d\n", len(mac.Sum(nil)))
	})
	r, err := receiver.New(receiver.Options{
		Key: key, PublicURL: target, Handle: func(context.Context, *receiver.Delivery) error { return nil },
	})
	if err != nil {
		b.Fatal(err)
	}
	defer r.Close()
	for name, handler := range map[string]http.Handler{"bare": bare, "receiver": r} {
		b.Run(name, func(b *testing.B) {
			server := httptest.NewServer(handler)
			defer server.Close()
			requests := make([]authy.CallbackRequest, b.N)
			for i := range requests {
				requests[i], _ = authy.SignCallback(key, authy.CallbackRequest{Method: "POST", URL: target, Decoded: map[string]any{
					"callback_action": "approval_request_status", "uuid": fmt.Sprint(b.Name(), b.N, i), "status": "approved",
					"authy_id": 7, "details": strings.Repeat("x", 1000),
				}})
			}
			b.ResetTimer()
			for i := range requests {
				requests[i].URL = server.URL + "/callback"
				out, err := requests[i].HTTPRequest(b.Context())
				if err != nil {
					b.Fatal(err)
				}
				got, err := server.Client().Do(out)
				if err != nil || got.StatusCode != 200 {
					b.Fatal(got, err)
				}
				io.Copy(io.Discard, got.Body)
				got.Body.Close()
			}
		})
	}
}
