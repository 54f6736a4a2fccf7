package receiver_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/authy/receiver"
)

// FuzzRequest: without the key no request reaches the handler, whatever it holds, nor makes the receiver fail.
func FuzzRequest(f *testing.F) {
	genuine := signed(f, "POST", "u", "approved", 0)
	body, _ := io.ReadAll(genuine.Body)
	f.Add("POST", "a=b", genuine.Header.Get(authy.CallbackSignatureHeader), "1", body)
	f.Add("GET", "uuid=u&status=approved", "", "", []byte("eyJ.eyJ.x"))
	f.Add("POST", "", "", "", []byte(`{"token":"eyJhbGciOiJub25lIn0.eyJldmVudHMiOltdfQ."}`))
	f.Fuzz(func(t *testing.T, method, query, signature, nonce string, body []byte) {
		var c calls
		r := start(t, &c, nil)
		in := httptest.NewRequest("GET", target, nil)
		in.Method, in.URL.RawQuery, in.RequestURI = method, query, "/callback?"+query
		in.Body, in.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		in.Header = http.Header{authy.CallbackSignatureHeader: {signature}, authy.CallbackNonceHeader: {nonce}}
		if got := send(r, in); got < 400 || got >= 500 || c.count() != 0 {
			t.Errorf("%d, handled %d", got, c.count())
		}
	})
}

// FuzzParseWebhook: only what the key signed, unchanged, is a webhook.
func FuzzParseWebhook(f *testing.F) {
	genuine, _ := io.ReadAll(webhook(f, jwt.SigningMethodHS256, []byte(webhookKey)).Body)
	f.Add(genuine)
	f.Add([]byte(`{"token":"` + string(genuine) + `"}`))
	f.Add([]byte("eyJhbGciOiJub25lIn0.eyJldmVudHMiOltdfQ."))
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := receiver.ParseWebhook(body, webhookKey)
		if (got == nil) == (err == nil) {
			t.Fatalf("%v, %v", got, err)
		}
		if err == nil && (got.WebhookID != "WH_1" || len(got.Events) != 1) {
			t.Errorf("%s was taken for %+v", body, got)
		}
	})
}
