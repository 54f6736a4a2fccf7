package luabind_test

import (
	"context"
	"fmt"
	"log"
	"net/http/httptest"
	"time"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/authy/sandbox"
	"github.com/authysh/authysh/luabind"
)

// login is the script under test.
const login = `
	function start(id) authy.request_sms{ authy_id = id, force = true } end

	function finish(id, code)
		local ok, err = authy.try.verify_token{ authy_id = id, token = code, force = true }
		return ok and "welcome" or err.message
	end
`

// A bench is a script and the service that it talks to, both new for every test.
type bench struct {
	service *sandbox.Service
	server  *httptest.Server
	client  *authy.Client
	rt      *luabind.Runtime
}

// newBench runs a script, which leaves its functions. In a test it would take a testing.TB, and close with its Cleanup.
func newBench(source string) (*bench, error) {
	b := &bench{service: sandbox.New(sandbox.WithInstallLink(false))}
	b.server = httptest.NewServer(b.service)
	b.client = &authy.Client{Key: b.service.Key(), Host: b.server.URL}
	now := func() time.Time { return b.service.Clock().Now } // one clock for both
	var err error
	if b.rt, err = luabind.New(b.client, luabind.Clock(now)); err == nil {
		err = b.rt.Run(context.Background(), luabind.Script{Name: "login.lua", Source: source})
	}
	return b, err
}

func (b *bench) close() {
	b.rt.Close()
	b.server.Close()
}

// user registers somebody, without the script.
func (b *bench) user() (id string, err error) {
	user, err := b.client.RegisterUser(context.Background(), authy.RegisterUserParams{
		Phone: "911 234 567", CountryCode: "PT", Email: "ana@example.com",
	})
	if err != nil {
		return "", err
	}
	return string(user.User.ID), nil
}

// call calls a function of the script and gives its first result.
func (b *bench) call(function string, arguments ...any) (any, error) {
	results, err := b.rt.Call(context.Background(), function, arguments...)
	if err != nil || len(results) == 0 {
		return nil, err
	}
	return results[0], nil
}

// code is the one that was texted last, as the person would read it.
func (b *bench) code() string {
	return b.service.Outbox(sandbox.OutboxFilter{Channel: sandbox.ChannelSMS, Limit: 1})[0].Code
}

// A test of a script runs it against a sandbox of its own: it reads codes from the outbox, and moves the clock to see them
// expire.
func Example_harness() {
	for _, test := range []struct {
		name  string
		after time.Duration
		times int
	}{
		{"a code works", 0, 1},
		{"a code works once", 0, 2},
		{"a code expires", 11 * time.Minute, 1},
	} {
		b, err := newBench(login)
		if err != nil {
			log.Fatal(err)
		}
		id, err := b.user()
		if err != nil {
			log.Fatal(err)
		}
		if _, err := b.call("start", id); err != nil {
			log.Fatal(err)
		}
		if err := b.service.AdvanceClock(test.after); err != nil {
			log.Fatal(err)
		}
		var got any
		for range test.times {
			if got, err = b.call("finish", id, b.code()); err != nil {
				log.Fatal(err)
			}
		}
		fmt.Printf("%s: %v\n", test.name, got)
		b.close()
	}
	// Output:
	// a code works: welcome
	// a code works once: Token is invalid. Token was used recently
	// a code expires: Token is invalid
}
