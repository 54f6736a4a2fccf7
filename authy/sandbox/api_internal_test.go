package sandbox

import (
	"errors"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/authysh/authysh/authy"
)

// The package comment names every path under /sandbox/api/, and no others.
func TestPackageCommentHasEveryPath(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	written := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^//\t(GET|POST|DELETE) +(/sandbox/api\S*?)(,| |$)( /(disable))?`).FindAllStringSubmatch(string(text), -1) {
		written[m[1]+" "+m[2]] = true
		if m[5] != "" {
			written[m[1]+" "+strings.Replace(m[2], "enable", m[5], 1)] = true
		}
	}
	for _, r := range apiRoutes {
		if path := r.method + " " + r.pattern; !written[path] {
			t.Errorf("the package comment lacks %s", path)
		} else {
			delete(written, path)
		}
	}
	for path := range written {
		t.Errorf("the package comment has %s, which does not exist", path)
	}
}

// Each operation of the catalogue has a route, so that rules can be about it and the log can name it.
func TestRoutesAreNamed(t *testing.T) {
	t.Parallel()
	named := map[string]bool{}
	for _, size := range namedRoutes().bySize {
		for _, e := range size {
			if e.route.operation != nil {
				named[e.route.operation.Name] = true
			}
		}
	}
	if len(named) != len(authy.Operations()) {
		t.Errorf("%d operations have routes: %v", len(named), named)
	}
	for _, path := range []string{"/protected/json/users/{id}/remove", "/protected/json/users/delete/{id}"} {
		for _, e := range namedRoutes().bySize[strings.Count(path, "/")+1] {
			if e.route.pattern == path && e.route.operation.Name != "delete_user" {
				t.Errorf("%s is %s", path, e.route.operation.Name)
			}
		}
	}
}

// nowhere is a transport that reaches nobody.
type nowhere struct{}

func (nowhere) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, errors.New("nobody listens")
}

// Whatever an import is, the sandbox goes on answering.
func FuzzImport(f *testing.F) {
	s := New(WithKeys("k"), WithSeed(1), WithUsers(SeedUser{Phone: "911234567", CountryCode: "351", Email: "a@b.example", Devices: []string{"android"}}))
	if _, err := s.CompleteRegistration("c"); err != nil {
		f.Fatal(err)
	}
	seed, err := s.Export()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	f.Add([]byte(`{"version":1,"apps":[{"name":"x","records":{"user":{"1":{"id":1}},"approval":{"a":{}},"verification":{"v":{}},"message":{"x":{}},"month":{"2020-01":{}},"webhooks":{"":[{}]},"delivery":{"1":{}}}}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		s := New(WithKeys("k"), WithDelivery(Delivery{Transport: nowhere{}, Retries: -1}))
		if s.Import(text) != nil {
			return
		}
		for _, u := range s.Users(0) {
			s.RegisterApp(u.ID, "")
		}
		for _, p := range s.Approvals(0) {
			s.Approve(p.UUID)
		}
		s.Outbox(OutboxFilter{Phone: "1"})
		s.Activities(0)
		s.Callbacks(0)
		again, err := s.Export()
		if err == nil {
			err = s.Import(again)
		}
		if err != nil {
			t.Fatalf("what was exported is refused: %v\n%s", err, again)
		}
		s.Close(t.Context())
	})
}

func FuzzParseSeed(f *testing.F) {
	f.Add("users:\n  - {phone: 911 234 567, country_code: 351, email: a@b.example, devices: [android]}")
	f.Fuzz(func(t *testing.T, text string) { ParseSeed([]byte(text)) })
}
