package authy_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"testing"
	"time"

	"github.com/authysh/authysh/authy"
)

// signedText is what Authy signed of a real callback.
func signedText(tb testing.TB, v callbackVector) []byte {
	tb.Helper()
	asGET, err := authy.SignCallback(v.Key, authy.CallbackRequest{Method: "GET", URL: v.URL, Decoded: v.decoded(tb, true)})
	if err != nil {
		tb.Fatal(err)
	}
	text := []byte(v.Nonce + "|POST|" + v.URL + "|" + asGET.URL[len(v.URL)+1:])
	if got := base64.StdEncoding.EncodeToString(rawHMAC(v.Key, text)); got != v.Signature {
		tb.Fatalf("signature %s, want %s", got, v.Signature)
	}
	return text
}

func rawHMAC(key string, text []byte) []byte {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write(text)
	return mac.Sum(nil)
}

// BenchmarkRawHMAC is the floor: the HMAC alone of what BenchmarkVerifyCallback has to sign.
func BenchmarkRawHMAC(b *testing.B) {
	v := realCallback(b, "B2")
	text := signedText(b, v)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		rawHMAC(v.Key, text)
	}
}

func BenchmarkVerifyCallback(b *testing.B) {
	v := realCallback(b, "B2")
	decoded, raw := v.request(), v.request()
	decoded.Body, decoded.Decoded = nil, v.decoded(b, true)
	get := realCallback(b, "B6").request()
	for name, req := range map[string]authy.CallbackRequest{"decoded": decoded, "raw": raw, "GET": get} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := v.verifier().Verify(req); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkVerifyCallbackRatio measures verification of a decoded body as a multiple of the raw HMAC, both in
// turns, so that a busy machine slows the two alike.
func BenchmarkVerifyCallbackRatio(b *testing.B) {
	v := realCallback(b, "B2")
	req := v.request()
	req.Body, req.Decoded = nil, v.decoded(b, true)
	text := signedText(b, v)
	const batch = 64
	var verify, floor time.Duration
	for b.Loop() {
		start := time.Now()
		for range batch {
			rawHMAC(v.Key, text)
		}
		between := time.Now()
		for range batch {
			if _, err := v.verifier().Verify(req); err != nil {
				b.Fatal(err)
			}
		}
		verify += time.Since(between)
		floor += between.Sub(start)
	}
	b.ReportMetric(float64(verify)/float64(floor), "x-hmac")
}
