package main

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"
)

const tracedKey = "the-key-012345678"

// traced runs a command with --verbose against a service, and returns what the trace shows.
func traced(t *testing.T, service http.HandlerFunc, args ...string) (code int, trace string) {
	t.Helper()
	server := httptest.NewServer(service)
	defer server.Close()
	env := map[string]string{
		"AUTHY_KEY": tracedKey, "AUTHYSH_HOST": server.URL, "AUTHYSH_RETRIES": "0",
		"AUTHYSH_ACCESS_KEY": tracedKey + "-access", "AUTHYSH_SIGNING_KEY": "signing-key-0123",
	}
	code, _, trace = authysh(t, "", env, append([]string{"--verbose"}, args...)...)
	return code, trace
}

func answer(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Write([]byte(body))
	}
}

// TestTracePrivacy: what is personal or secret shows only with --unmask, wherever it stands, and keys never.
func TestTracePrivacy(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		args    []string
		answer  string
		private []string // what --unmask shows
		public  []string // what shows always
	}{
		"code in the path": {
			[]string{"user", "verify", "1635", "0012345", "--ip", "10.9.8.7"},
			`{"token":"is valid","success":"true","device":{"city":"Lisboa","ip":"10.1.1.1","os_type":"android"}}`,
			[]string{"0012345", "10.9.8.7", "Lisboa", "10.1.1.1"}, []string{"/1635", "is valid", "android"}},
		"phone and code in the query": {
			[]string{"phone", "verify", "911234567", "PT", "--token", "4711"}, `{"success":true,"message":"Verified +351 911 234 567, thanks."}`,
			[]string{"911234567", "4711", "911 234 567"}, []string{"country_code=351", "Verified", "thanks"}},
		"phone and address in JSON": {
			[]string{"user", "create", "911234567", "PT", "ana@example.com"}, `{"success":true,"user":{"id":7}}`,
			[]string{"911234567", "ana@example.com"}, []string{`"country_code":351`, `"id":7`}},
		"address and phone in sentences": {
			[]string{"user", "create", "911234567", "PT", "ana@example.com"},
			`{"success":false,"message":"<ana@example.com> has +351-911-234-567.","errors":{"cellphone":"is (91) 1234567 here","email":"no"}}`,
			[]string{"ana@example.com", "911-234-567", "(91) 1234567"}, []string{"has", `"cellphone":"is `}},
		"whole objects": {
			[]string{"onetouch", "create", "1635", "Pay the rent?", "--visible.what", "rent", "--hidden.ip", "10.9.8.7"},
			`{"success":true,"approval_request":{"uuid":"abc"}}`, []string{"the rent", `"what":"rent"`, "10.9.8.7"}, []string{`"uuid":"abc"`}},
		"secrets of the service": {
			[]string{"user", "export", "secret", "1635"}, `{"success":true,"secret":"JBSWY3DPEHPK3PXP","otp":"987654"}`,
			[]string{"JBSWY3DPEHPK3PXP", "987654"}, []string{`"success":true`}},
		"an answer that repeats the keys": {
			[]string{"application", "get", "details"},
			`{"success":true,"app":{"app_id":1,"name":"` + tracedKey + `"},"message":"` + tracedKey + `-access, signing-key-0123"}`, nil, []string{`"success":true`}},
		"key in the path": {
			[]string{"phone", "feedback", "SM1", "--outcome", "received"}, `{"success":true}`, nil, []string{"/SMS/Messages/SM1/Feedback.json", "Outcome=received"}},
		"keys in a form": {
			[]string{"webhook", "list"}, `{"success":true,"webhooks":[]}`, nil, []string{"access_key=" + hidden + "&app_api_key=" + hidden}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, masked := traced(t, answer(tt.answer), tt.args...)
			_, open := traced(t, answer(tt.answer), append(tt.args, "--unmask")...)
			masked, said, _ := strings.Cut(masked, "authysh: ")
			for _, text := range tt.private {
				if strings.Contains(masked, text) {
					t.Errorf("%q shows:\n%s", text, masked)
				}
				if !strings.Contains(open, text) {
					t.Errorf("--unmask does not show %q:\n%s", text, open)
				}
			}
			for _, text := range tt.public {
				if !strings.Contains(masked, text) || !strings.Contains(open, text) {
					t.Errorf("%q does not show:\n%s\n%s", text, masked, open)
				}
			}
			if all := masked + said + open; strings.Contains(all, tracedKey) || strings.Contains(all, "signing-key-0123") || strings.Contains(all, "-access") {
				t.Errorf("a key shows:\n%s", all)
			}
		})
	}
}

// TestTraceOddAnswers: the trace shows what came, in measure, and does not change what comes of it.
func TestTraceOddAnswers(t *testing.T) {
	t.Parallel()
	page := "<html>call 911234567 \x1b[31mnow</html>\n<p>two</p>"
	tests := map[string]struct {
		service http.HandlerFunc
		flags   []string
		code    int
		want    []string // regular expressions
		not     string
	}{
		"a page, masked": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(http.StatusBadGateway)
			w.Write([]byte(page))
		}, nil, 4, []string{`(?m)^< 502 Bad Gateway in `, `(?m)^< \(\d+ bytes of text/html; --unmask shows them\)$`}, "911234567"},
		"a page": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			w.Write([]byte(page))
		}, []string{"--unmask"}, 6, []string{`(?m)^< <html>call 911234567 \[31mnow</html>\n< <p>two</p>$`}, "\x1b"},
		"JSON that ends too early": {answer(`{"success":true,"app":{"email":"ana@example.com"`), nil, 6,
			[]string{`(?m)^< \(\d+ bytes of application/json; --unmask`, `unexpected answer`}, "ana@"},
		"nothing": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }, nil, 6, []string{`(?m)^< 204 No Content in`}, "bytes"},
		"huge": {answer(`{"success":true,"app":{"app_id":1,"name":"` + strings.Repeat("é", 100_000) + `"}}`), nil, 0,
			[]string{`é\.\.\. \(2000\d\d bytes\)\n`}, strings.Repeat("é", 5000)},
		"too huge": {answer(`{"success":true,"app":{"app_id":1,"name":"` + strings.Repeat("a", 12<<20) + `"}}`), nil, 6, []string{`larger than|too large`}, ""},
		"a body that breaks off": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			w.Write([]byte(`{"succ`))
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		}, nil, 6, []string{`(?m)^< the answer broke off: unexpected EOF$`}, ""},
		"a redirect": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://127.0.0.1:1/"+tracedKey, http.StatusFound)
		}, nil, 6, []string{`(?m)^< 302 Found in `, `(?m)^< Location: http://127.0.0.1:1/\*+$`}, tracedKey},
		"dripping": {func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				w.Write([]byte("x"))
				w.(http.Flusher).Flush()
				select {
				case <-r.Context().Done():
				case <-time.After(10 * time.Millisecond):
				}
			}
		}, []string{"--timeout", "1s"}, 6, []string{`(?m)^< the answer broke off: context deadline exceeded`, `no complete answer within the timeout of 1s`}, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, trace := traced(t, tt.service, append([]string{"application", "get", "details"}, tt.flags...)...)
			if code != tt.code {
				t.Errorf("exit code %d, want %d", code, tt.code)
			}
			for _, want := range tt.want {
				if !regexp.MustCompile(want).MatchString(trace) {
					t.Errorf("no %s in\n%.2000s", want, trace)
				}
			}
			if tt.not != "" && strings.Contains(trace, tt.not) {
				t.Errorf("%.40q is in\n%.2000s", tt.not, trace)
			}
			if len(trace) > 3*maxTraced {
				t.Errorf("the trace has %d bytes", len(trace))
			}
		})
	}
}

// TestTraceKeepsTheCall: the service gets the same with the trace as without.
func TestTraceKeepsTheCall(t *testing.T) {
	t.Parallel()
	var got []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var b bytes.Buffer
		r.Header.Del("Date")
		r.Write(&b)
		got = append(got, b.String())
		answer(`{"success":true}`)(w, r)
	}))
	defer server.Close()
	env := map[string]string{"AUTHY_KEY": tracedKey, "AUTHYSH_HOST": server.URL}
	var printed []string
	for _, flags := range [][]string{nil, {"--verbose"}, {"--verbose", "--unmask"}} {
		code, stdout, stderr := authysh(t, "", env, append([]string{"activity", "create", "1635", "--type", "banned", "--data.a", "b"}, flags...)...)
		if code != 0 {
			t.Fatalf("exit code %d: %s", code, stderr)
		}
		printed = append(printed, stdout)
	}
	if len(got) != 3 || got[0] != got[1] || got[1] != got[2] || printed[0] != printed[2] {
		t.Errorf("the requests differ: %q, or the results: %q", got, printed)
	}
}

func TestMaskSentence(t *testing.T) {
	t.Parallel()
	for sentence, want := range map[string]string{
		"User not found.":                  "User not found.",
		"sent to +351 911-234-567.":        "sent to " + hidden + ".",
		"(415) 555-2671, or 4155552671":    hidden + ", or " + hidden,
		"code 60026, HTTP 404":             "code 60026, HTTP 404",
		"a 12 345 b":                       "a 12 345 b",
		"mail <ana@example.com>, please":   "mail <" + hidden + ">, please",
		"ana.b+c@example.com":              hidden,
		"at 5 @ noon":                      "at 5 " + hidden + " noon",
		"+":                                "+",
		"":                                 "",
		"é 911234567 é ana@exämple.com. 日": "é " + hidden + " é " + hidden + ". 日",
	} {
		if got := maskSentence(sentence); got != want {
			t.Errorf("%q: got %q, want %q", sentence, got, want)
		}
	}
}

// FuzzMaskSentence: no six digits in a row and no address survive, and nothing panics.
func FuzzMaskSentence(f *testing.F) {
	for _, seed := range []string{"", "+351 911 234 567", "a@b", "@@", "( 1 2 3 4 5 6 )", fmt.Sprint(1 << 40), "\xff@\xfe"} {
		f.Add(seed)
	}
	six := regexp.MustCompile(`[0-9]{6}`)
	f.Fuzz(func(t *testing.T, sentence string) {
		if got := maskSentence(sentence); six.MatchString(got) {
			t.Errorf("%q became %q", sentence, got)
		}
	})
}
