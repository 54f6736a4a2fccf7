package sandbox_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/authysh/authysh/authy/sandbox"
)

const testKey = "k123k123k123k123k123k123k123k123"

// epoch is the frozen time at which every test box starts; it is the vectors' 1700000000.
var epoch = time.Unix(1_700_000_000, 0).UTC()

// box is a sandbox under test, without a network.
type box struct {
	*sandbox.Service
	t testing.TB
}

func newBox(t testing.TB, opts ...sandbox.Option) *box {
	t.Helper()
	b := &box{sandbox.New(append([]sandbox.Option{
		sandbox.WithKeys(testKey), sandbox.WithSeed(1), sandbox.WithInstallLink(false),
	}, opts...)...), t}
	if err := b.FreezeClock(true); err != nil {
		t.Fatal(err)
	}
	if err := b.SetClock(epoch); err != nil {
		t.Fatal(err)
	}
	return b
}

// answer is what came back, read without any client's help.
type answer struct {
	t      testing.TB
	status int
	header http.Header
	body   string
	json   map[string]any
}

// raw sends a request written out by hand: request line, header lines, empty line, body. {key} stands for
// the API key; Host and Content-Length are added.
func (b *box) raw(text string) answer {
	b.t.Helper()
	return b.do(b.request(text))
}

func (b *box) request(text string) *http.Request {
	b.t.Helper()
	head, body, _ := strings.Cut(strings.TrimLeft(text, "\n"), "\n\n")
	head = strings.ReplaceAll(strings.TrimRight(head, "\n"), "{key}", testKey)
	body = strings.ReplaceAll(body, "{key}", testKey)
	lines := strings.Split(head, "\n")
	lines[0] += " HTTP/1.1"
	if !strings.Contains(head, "\nHost:") {
		lines = append(lines, "Host: 127.0.0.1:4000")
	}
	if body != "" {
		lines = append(lines, "Content-Length: "+strconv.Itoa(len(body)))
	}
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(strings.Join(lines, "\r\n") + "\r\n\r\n" + body)))
	if err != nil {
		b.t.Fatalf("request does not parse: %v\n%s", err, text)
	}
	return r
}

func (b *box) do(r *http.Request) answer {
	b.t.Helper()
	w := httptest.NewRecorder()
	b.ServeHTTP(w, r)
	a := answer{t: b.t, status: w.Code, header: w.Header(), body: w.Body.String()}
	if strings.HasPrefix(w.Header().Get("Content-Type"), "application/json") {
		dec := json.NewDecoder(strings.NewReader(a.body))
		dec.UseNumber()
		if err := dec.Decode(&a.json); err != nil {
			b.t.Fatalf("answer is not JSON: %v\n%s", err, a.body)
		}
	}
	return a
}

// call is raw with the key in the header and a form body, if any.
func (b *box) call(method, path string, form ...string) answer {
	b.t.Helper()
	text := method + " " + path + "\nX-Authy-API-Key: {key}"
	if len(form) > 0 {
		text += "\nContent-Type: application/x-www-form-urlencoded\n\n" + strings.Join(form, "&")
	}
	return b.raw(text)
}

func (b *box) get(path string, args ...any) answer {
	b.t.Helper()
	return b.call("GET", fmt.Sprintf(path, args...))
}

func (b *box) post(path string, form ...string) answer {
	b.t.Helper()
	return b.call("POST", path, form...)
}

// register enrols +351 911 234 567 and returns the id.
func (b *box) register() int64 {
	b.t.Helper()
	return b.registerPhone("351", "911234567")
}

func (b *box) registerPhone(country, phone string) int64 {
	b.t.Helper()
	a := b.post("/protected/json/users/new", "user[email]=ana@example.com", "user[cellphone]="+phone, "user[country_code]="+country)
	id, err := a.wants(200).at("user", "id").(json.Number).Int64()
	if err != nil {
		b.t.Fatal(err)
	}
	return id
}

// lastCode is the code of the latest message that has one.
func (b *box) lastCode() string {
	b.t.Helper()
	for _, m := range b.Outbox(sandbox.OutboxFilter{}) {
		if m.Code != "" {
			return m.Code
		}
	}
	b.t.Fatal("no code in the outbox")
	return ""
}

func (b *box) advance(d time.Duration) {
	b.t.Helper()
	if err := b.AdvanceClock(d); err != nil {
		b.t.Fatal(err)
	}
}

func (a answer) at(path ...string) any {
	a.t.Helper()
	var v any = a.json
	for _, name := range path {
		m, ok := v.(map[string]any)
		if !ok {
			a.t.Fatalf("no %v in %s", path, a.body)
		}
		if v, ok = m[name]; !ok {
			a.t.Fatalf("no %v in %s", path, a.body)
		}
	}
	return v
}

func (a answer) text(path ...string) string { a.t.Helper(); return fmt.Sprint(a.at(path...)) }

func (a answer) wants(status int) answer {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("status %d, want %d: %s", a.status, status, a.body)
	}
	return a
}

// says checks the whole body.
func (a answer) says(want string) answer {
	a.t.Helper()
	if a.body != want {
		a.t.Fatalf("body\n got %s\nwant %s", a.body, want)
	}
	return a
}

// fails checks status, code and the shape that every error has.
func (a answer) fails(status int, code, message string) answer {
	a.t.Helper()
	a.wants(status)
	if got := a.at("error_code"); got != code {
		a.t.Fatalf("error_code %v, want %q: %s", got, code, a.body)
	}
	if got := a.at("message"); got != message {
		a.t.Fatalf("message %q, want %q", got, message)
	}
	if a.at("success") != false {
		a.t.Fatalf("success is not false: %s", a.body)
	}
	details, ok := a.at("errors").(map[string]any)
	if !ok {
		a.t.Fatalf("errors is not an object: %s", a.body)
	}
	for name, v := range details {
		if _, ok := v.(string); !ok {
			a.t.Fatalf("errors.%s is not a string: %s", name, a.body)
		}
	}
	return a
}

func (b *box) export() string {
	b.t.Helper()
	text, err := b.Export()
	if err != nil {
		b.t.Fatal(err)
	}
	return string(text)
}
