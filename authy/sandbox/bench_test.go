package sandbox_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/authysh/authysh/authy/sandbox"
)

// BenchmarkBare is the price of the harness: a handler that writes a fixed answer.
func BenchmarkBare(b *testing.B) {
	h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(`{"success":true}`)) })
	serve(b, h, 200, func(int) (string, string, string) { return "GET", "/protected/json/app/details", "" })
}

func BenchmarkRegister(b *testing.B) {
	box := sandbox.New(sandbox.WithKeys(testKey), sandbox.WithLimits(sandbox.Limits{Users: 100_000_000}))
	serve(b, box, 200, func(i int) (string, string, string) {
		return "POST", "/protected/json/users/new",
			fmt.Sprintf("user%%5Bemail%%5D=a%%40b.example&user%%5Bcellphone%%5D=9%08d&user%%5Bcountry_code%%5D=351", i%100_000_000)
	})
}

func BenchmarkVerifyWrong(b *testing.B) {
	box := sandbox.New(sandbox.WithKeys(testKey), sandbox.WithLimits(sandbox.Limits{Failures: -1}))
	reg := httptest.NewRequest("POST", "/protected/json/users/new?api_key="+testKey,
		strings.NewReader("user[email]=a@b.example&user[cellphone]=911234567&user[country_code]=351"))
	box.ServeHTTP(httptest.NewRecorder(), reg)
	user, err := box.RegisterApp(box.Users(1)[0].ID, "")
	if err != nil {
		b.Fatal(err)
	}
	serve(b, box, 401, func(int) (string, string, string) {
		return "GET", fmt.Sprintf("/protected/json/verify/nonsens/%d?force=true", user.ID), ""
	})
}

func serve(b *testing.B, h http.Handler, status int, request func(i int) (method, path, body string)) {
	b.Helper()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		method, path, body := request(i)
		r := httptest.NewRequest(method, path, strings.NewReader(body))
		r.Header.Set("X-Authy-API-Key", testKey)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != status {
			b.Fatalf("status %d: %s", w.Code, w.Body)
		}
	}
}

// BenchmarkRegisterKept is the price of a data directory for one caller, who waits for the disk each time, and
// BenchmarkRegisterKeptTogether for many, who wait together.
func BenchmarkRegisterKept(b *testing.B) { registerKept(b, 1) }

func BenchmarkRegisterKeptTogether(b *testing.B) { registerKept(b, 64) }

func registerKept(b *testing.B, callers int) {
	box, err := sandbox.Open(sandbox.WithKeys(testKey), sandbox.WithData(b.TempDir()))
	if err != nil {
		b.Fatal(err)
	}
	defer box.Close(b.Context())
	var n atomic.Int64
	b.ReportAllocs()
	b.SetParallelism(callers)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			r := httptest.NewRequest("POST", "/protected/json/users/new", strings.NewReader(
				fmt.Sprintf("user[email]=a@b.example&user[cellphone]=9%08d&user[country_code]=351", n.Add(1))))
			r.Header.Set("X-Authy-API-Key", testKey)
			w := httptest.NewRecorder()
			box.ServeHTTP(w, r)
			if w.Code != 200 {
				b.Errorf("status %d: %s", w.Code, w.Body)
			}
		}
	})
}
