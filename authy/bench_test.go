package authy_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/authysh/authysh/authy"
)

// BenchmarkAgainstRaw compares the client with net/http and encoding/json used by hand, over one kept connection
// each. The calls alternate, so that noise of the machine meets both; x-raw is how fast the client is in units of
// the raw code, by medians: 1 is as fast, and 0.85 the least that is wanted.
func BenchmarkAgainstRaw(b *testing.B) {
	ctx := context.Background()
	for _, bench := range []struct {
		op     string
		raw    func(*rawClient) error
		client func(*authy.Client) error
	}{
		{"register_user", func(r *rawClient) error {
			var in rawRegistration
			in.User.CountryCode, in.User.Cellphone, in.User.Email = 351, "911234567", "ana@example.com"
			var out struct {
				Message string `json:"message"`
				Success bool   `json:"success"`
				User    struct {
					ID int64 `json:"id"`
				} `json:"user"`
			}
			return r.do("POST", "/protected/json/users/new", in, &out)
		}, func(c *authy.Client) error {
			_, err := c.RegisterUser(ctx, authy.RegisterUserParams{CountryCode: "PT", Phone: "911234567", Email: "ana@example.com"})
			return err
		}},
		{"request_sms", func(r *rawClient) error {
			var out struct {
				Message   string `json:"message"`
				Success   bool   `json:"success"`
				Cellphone string `json:"cellphone"`
			}
			return r.do("GET", "/protected/json/sms/1635?force=true", nil, &out)
		}, func(c *authy.Client) error {
			_, err := c.RequestSMS(ctx, authy.RequestSMSParams{AuthyID: "1635", Force: new(true)})
			return err
		}},
		{"verify_token", func(r *rawClient) error {
			var out struct {
				Message string `json:"message"`
				Success string `json:"success"`
				Token   string `json:"token"`
				Device  struct {
					OSType           string `json:"os_type"`
					RegistrationDate int64  `json:"registration_date"`
					City             string `json:"city"`
				} `json:"device"`
			}
			return r.do("GET", "/protected/json/verify/0012345/1635", nil, &out)
		}, func(c *authy.Client) error {
			_, err := c.VerifyToken(ctx, authy.VerifyTokenParams{AuthyID: "1635", Token: "0012345"})
			return err
		}},
	} {
		b.Run(bench.op, func(b *testing.B) {
			body := answers[bench.op]
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				io.Copy(io.Discard, r.Body)
				w.Header().Set("Content-Type", "application/json")
				io.WriteString(w, body)
			}))
			defer server.Close()
			mine, theirs := &http.Transport{}, &http.Transport{}
			defer mine.CloseIdleConnections()
			defer theirs.CloseIdleConnections()
			c := &authy.Client{Key: testKey, Host: server.URL, HTTPClient: &http.Client{Transport: mine}}
			r := &rawClient{server.URL, &http.Client{Transport: theirs}}
			took := [2][]time.Duration{make([]time.Duration, 0, b.N), make([]time.Duration, 0, b.N)}
			run := func(which int) {
				start, err := time.Now(), error(nil)
				if which == 0 {
					err = bench.raw(r)
				} else {
					err = bench.client(c)
				}
				took[which] = append(took[which], time.Since(start))
				if err != nil {
					b.Fatal(err)
				}
			}
			run(0) // connect
			run(1)
			took = [2][]time.Duration{took[0][:0], took[1][:0]}
			for i := 0; b.Loop(); i++ {
				run(i % 2)
				run(1 - i%2)
			}
			raw, client := median(took[0]), median(took[1])
			b.ReportMetric(float64(raw)/float64(client), "x-raw")
			b.ReportMetric(float64(client), "client-ns")
			b.ReportMetric(float64(raw), "raw-ns")
		})
	}
}

func median(times []time.Duration) time.Duration {
	slices.Sort(times)
	return times[len(times)/2]
}

type rawRegistration struct {
	User struct {
		CountryCode int    `json:"country_code"`
		Cellphone   string `json:"cellphone"`
		Email       string `json:"email"`
	} `json:"user"`
}

// rawClient is what one writes without a client library.
type rawClient struct {
	host string
	http *http.Client
}

func (r *rawClient) do(method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		data, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(data)
	}
	request, err := http.NewRequestWithContext(context.Background(), method, r.host+path, body)
	if err != nil {
		return err
	}
	request.Header.Set("X-Authy-API-Key", testKey)
	request.Header.Set("Accept", "application/json")
	if in != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := r.http.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return errors.New(response.Status)
	}
	return json.Unmarshal(data, out)
}

// BenchmarkOverhead is what a call costs beside the network: checks, encoding, judging.
func BenchmarkOverhead(b *testing.B) {
	for _, op := range []string{"register_user", "request_sms", "verify_token", "get_user_status"} {
		b.Run(op, func(b *testing.B) {
			body, call := answers[op], callOf(b, op)
			c := clientOf(func(*http.Request) (*http.Response, error) {
				return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body))}, nil
			})
			b.ReportAllocs()
			for b.Loop() {
				if _, err := call.run(b.Context(), c); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
