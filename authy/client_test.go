package authy_test

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/authysh/authysh/authy"
)

func TestSettings(t *testing.T) {
	t.Parallel()
	const clear = "; allow_http permits it all the same"
	for name, tc := range map[string]struct {
		client *authy.Client
		want   problems // without the key, which is right unless set
	}{
		"zero value":              {&authy.Client{}, nil},
		"no key":                  {&authy.Client{Key: "none"}, problems{{"key", "is required: the application's API key"}}},
		"blank key":               {&authy.Client{Key: " \t"}, problems{{"key", "must not be blank"}}},
		"key with line break":     {&authy.Client{Key: "abc\n"}, problems{{"key", "must be printable ASCII without spaces; check for a line break that was copied along"}}},
		"key beyond ASCII":        {&authy.Client{Key: "schlüssel"}, problems{{"key", "must be printable ASCII without spaces; check for a line break that was copied along"}}},
		"all wrong at once":       {&authy.Client{Key: "none", Host: "api.authy.com", Timeout: -1, RateLimit: -1, MaxResponse: -1, UserAgent: "a\r\nX: y"}, problems{{"key", "is required: the application's API key"}, {"host", `must be an http or https URL such as https://api.authy.com, got "api.authy.com"`}, {"timeout", "must not be negative, got -1ns"}, {"rate_limit", "must be requests per second, 0 for no limit; got -1"}, {"max_response", "must be a number of bytes, 0 for the default; got -1"}, {"user_agent", `must be printable ASCII, got "a\r\nX: y"`}}},
		"rate that is no number":  {&authy.Client{RateLimit: math.NaN()}, problems{{"rate_limit", "must be requests per second, 0 for no limit; got NaN"}}},
		"no limits":               {&authy.Client{Timeout: authy.NoTimeout, RateLimit: math.Inf(1), MaxResponse: math.MaxInt64, Retries: -5}, nil},
		"other scheme":            {&authy.Client{Host: "ftp://example.com"}, problems{{"host", `must be an http or https URL such as https://api.authy.com, got "ftp://example.com"`}}},
		"no host":                 {&authy.Client{Host: "https:///x"}, problems{{"host", `must be an http or https URL such as https://api.authy.com, got "https:///x"`}}},
		"not a URL":               {&authy.Client{Host: "https://exa mple.com\x00"}, problems{{"host", `must be an http or https URL such as https://api.authy.com, got "https://exa mple.com\x00"`}}},
		"port":                    {&authy.Client{Host: "https://example.com:http"}, problems{{"host", `must be an http or https URL such as https://api.authy.com, got "https://example.com:http"`}}},
		"password":                {&authy.Client{Host: "https://ana:hunter2@example.com"}, problems{{"host", "must not hold a user name or password"}}},
		"password, not a URL":     {&authy.Client{Host: "ana:hunter2@example.com?key=s3cret"}, problems{{"host", `must be an http or https URL such as https://api.authy.com, got "...@example.com"`}}},
		"query":                   {&authy.Client{Host: "https://example.com/x?api_key=s3cret#f"}, problems{{"host", `must not hold a query or fragment; use "https://example.com/x"`}}},
		"fragment":                {&authy.Client{Host: "https://example.com#s3cret"}, problems{{"host", `must not hold a query or fragment; use "https://example.com"`}}},
		"plain http":              {&authy.Client{Host: "http://example.com"}, problems{{"host", `must be https: over plain http the key would travel in the clear to "example.com"` + clear}}},
		"plain http, lookalike":   {&authy.Client{Host: "http://localhost.example.com"}, problems{{"host", `must be https: over plain http the key would travel in the clear to "localhost.example.com"` + clear}}},
		"plain http, lookalike 2": {&authy.Client{Host: "http://127.0.0.1.nip.io"}, problems{{"host", `must be https: over plain http the key would travel in the clear to "127.0.0.1.nip.io"` + clear}}},
		"plain http, private":     {&authy.Client{Host: "http://192.168.1.1"}, problems{{"host", `must be https: over plain http the key would travel in the clear to "192.168.1.1"` + clear}}},
		"plain http, any":         {&authy.Client{Host: "http://0.0.0.0:80"}, problems{{"host", `must be https: over plain http the key would travel in the clear to "0.0.0.0"` + clear}}},
		"plain http, allowed":     {&authy.Client{Host: "http://example.com", AllowHTTP: true}, nil},
		"loopback":                {&authy.Client{Host: "http://127.0.0.1:8080/base"}, nil},
		"loopback, other":         {&authy.Client{Host: "http://127.8.9.1"}, nil},
		"loopback, 6":             {&authy.Client{Host: "http://[::1]:8080"}, nil},
		"loopback, name":          {&authy.Client{Host: "HTTP://LocalHost:8080/"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, sent := tc.client, 0
			switch c.Key {
			case "":
				c.Key = testKey
			case "none":
				c.Key = ""
			}
			c.HTTPClient = &http.Client{Transport: roundTrip(func(*http.Request) (*http.Response, error) {
				sent++
				return reply(200, answers["get_user_status"]), nil
			})}
			err := status(t.Context(), c)
			if tc.want == nil {
				if err != nil || sent != 1 || c.Validate() != nil {
					t.Errorf("got %v and %v, %d requests", err, c.Validate(), sent)
				}
				return
			}
			for _, err := range []error{err, c.Validate()} {
				failure, ok := err.(*authy.ValidationError)
				if !ok {
					t.Fatalf("got %v, want a *ValidationError", err)
				}
				if diff := cmp.Diff(tc.want, failure.Problems); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
				for _, secret := range []string{"hunter2", "s3cret", "schl", "abc"} {
					if strings.Contains(err.Error(), secret) {
						t.Errorf("the error shows %q: %v", secret, err)
					}
				}
			}
			if sent != 0 {
				t.Errorf("%d requests were sent", sent)
			}
		})
	}
}

// TestSettingsAndParametersTogether: one error tells of both.
func TestSettingsAndParametersTogether(t *testing.T) {
	t.Parallel()
	c := &authy.Client{Timeout: -time.Second}
	checkList := func(err error, want ...string) {
		t.Helper()
		failure, ok := err.(*authy.ValidationError)
		if !ok || len(failure.Problems) != len(want) {
			t.Fatalf("got %v, want problems of %v", err, want)
		}
		for i, param := range want {
			if failure.Problems[i].Param != param {
				t.Errorf("problem %d is of %s, want %s", i, failure.Problems[i].Param, param)
			}
		}
	}
	checkList(status(t.Context(), c), "key", "timeout")
	_, err := c.DeleteWebhook(t.Context(), authy.DeleteWebhookParams{ID: ".."})
	checkList(err, "key", "timeout", "access_key", "signing_key", "id")
	_, err = c.GetUserStatus(t.Context(), authy.GetUserStatusParams{})
	checkList(err, "key", "timeout", "authy_id")
	checkList(c.Validate(), "key", "timeout")
	o, _ := authy.ByName("get_user_status")
	_, err = o.Call(t.Context(), c, arguments{"id": "1"})
	checkList(err, "key", "timeout", "id", "authy_id")
}

func TestBasePaths(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]string{
		"":                             "https://api.authy.com/protected/json/users/1635/status",
		"https://api.authy.com/":       "https://api.authy.com/protected/json/users/1635/status",
		"https://EXAMPLE.com:8443/a/b": "https://EXAMPLE.com:8443/a/b/protected/json/users/1635/status",
		"https://example.com/a%2Fb//":  "https://example.com/a%2Fb/protected/json/users/1635/status",
		"https://example.com/a b/é":    "https://example.com/a%20b/%C3%A9/protected/json/users/1635/status",
	} {
		c, urls := recording()
		c.Host = host
		c.GetUserStatus(t.Context(), authy.GetUserStatusParams{AuthyID: "1635"})
		if got := (*urls)[0].String(); got != want {
			t.Errorf("%q: got %s, want %s", host, got, want)
		}
	}
}

func TestUserAgentAndCallersHTTPClient(t *testing.T) {
	t.Parallel()
	var agent string
	mine := &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		agent = r.Header.Get("User-Agent")
		return reply(302, "", "Location", "https://example.com/"), nil
	})}
	c := &authy.Client{Key: testKey, HTTPClient: mine, UserAgent: "my-tool/1.0"}
	if err := status(t.Context(), c); kindOf(err) != authy.KindResponse {
		t.Errorf("got %v, want a refused redirect", err)
	}
	if agent != "my-tool/1.0" {
		t.Errorf("got %q", agent)
	}
	if mine.CheckRedirect != nil {
		t.Error("the caller's http.Client was changed")
	}
}

// TestConcurrentCalls runs under the race detector: many goroutines, one client, its first call among them.
func TestConcurrentCalls(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var id string
		fmt.Sscanf(r.URL.Path, "/protected/json/users/%7s", &id)
		fmt.Fprintf(w, `{"status":{"authy_id":%s},"success":true}`, id)
	}))
	defer server.Close()
	c := &authy.Client{Key: testKey, Host: server.URL, RateLimit: 1e6}
	var all sync.WaitGroup
	for i := range 50 {
		all.Go(func() {
			want := authy.ID(strconv.Itoa(1000000 + i))
			got, err := c.GetUserStatus(t.Context(), authy.GetUserStatusParams{AuthyID: want})
			if err != nil || got.Status.AuthyID != want {
				t.Errorf("got %v, %v, want %s", got, err, want)
			}
			if _, err := c.VerifyToken(context.Background(), authy.VerifyTokenParams{AuthyID: "0"}); kindOf(err) != authy.KindValidation {
				t.Error(err)
			}
		})
	}
	all.Wait()
}
