package worker

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/authysh/authysh/luabind"
)

// TestHostile has children that a script has taken over: none does more than end itself.
func TestHostile(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		manner string
		source string
		want   Reason
	}{
		{"garbage", "", ReasonProtocol}, {"long", "", ReasonProtocol}, {"early", "", ReasonProtocol}, {"ready", "", ReasonProtocol},
		{"value", "", ReasonProtocol}, {"flood", "", ReasonOutput}, {"silent", "", ReasonTime}, {"deaf", "", ReasonTime}, {"many", "", ReasonRequests},
		{"elsewhere", "/admin", ReasonRequests}, {"elsewhere", "/protected/json/app/../details", ReasonRequests},
		{"elsewhere", "@example.com/protected/json/app/details", ReasonRequests}, {"elsewhere", "//example.com/protected/json/app/details", ReasonRequests},
	} {
		t.Run(test.manner+test.source, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, func(o *Options) {
				o.Command, o.Time = []string{os.Args[0], "hostile:" + test.manner}, 15*time.Second
				if test.want == ReasonTime {
					o.Time = 200 * time.Millisecond
				}
				if test.manner == "many" {
					o.Requests = 20
				}
				o.Limits.Output = 1 << 20
			})
			wantReason(t, b.run(t, test.source), test.want)
			if n := len(b.service.Requests(0, false)); test.manner == "elsewhere" && n > 0 {
				t.Errorf("%d requests went out", n)
			}
		})
	}
	b := newBench(t, func(o *Options) { o.Command = []string{os.Args[0], "hostile:twice"} })
	if err := b.run(t, ""); err != nil { // the first word counts
		t.Error(err)
	}
}

// TestHostileCanceled has a child that does not end its run when it is told to.
func TestHostileCanceled(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(o *Options) { o.Command = []string{os.Args[0], "hostile:silent"} })
	unwanted := errors.New("no longer wanted")
	ctx, cancel := context.WithTimeoutCause(t.Context(), 50*time.Millisecond, unwanted)
	defer cancel()
	if err := b.Load(ctx, luabind.Script{}); err != unwanted {
		t.Errorf("got %v", err)
	}
	if b.pid() != 0 {
		t.Error("the child lives on")
	}
	if _, err := b.Call(t.Context(), "f"); err == nil || !strings.Contains(err.Error(), "no script is loaded") {
		t.Errorf("got %v", err)
	}
}

// TestRoutes lets through what operations ask for, and nothing else.
func TestRoutes(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(o *Options) { o.Limits = luabind.Limits{} })
	for _, test := range []struct{ method, path, want string }{
		{"GET", "/protected/json/app/details", "get_application_details"}, {"POST", "/protected/json/app/details", ""},
		{"GET", "/protected/json/users/1635/status", "get_user_status"}, {"GET", "/protected/json/users//status", ""},
		{"GET", "/protected/json/users/%2e%2e/status", ""}, {"GET", "/protected/json/users/../status", ""}, {"GET", "/protected/json/users/./status", ""},
		{"GET", "/protected/json/users/a%2Fb/status", "get_user_status"}, {"GET", "/protected/json/users/1/status/", ""}, {"GET", "protected/json/app/details", ""},
		{"GET", "/dashboard/json/application/webhooks", ""}, {"GET", "/sandbox/api/users", ""}, {"GET", "", ""}, {"GET", "/", ""},
		{"GET", "/protected/json/users/%zz/status", ""}, {"GET", "/protected/json/users/1?x=/status", ""},
		{"GET", "/protected/json/users/1#/status", ""}, {"get", "/protected/json/app/details", ""},
	} {
		route, _, err := b.proxy.route(&request{Method: test.method, Path: test.path})
		if route.Name != test.want || (err == nil) != (test.want != "") {
			t.Errorf("%s %s is %q, %v; want %q", test.method, test.path, route.Name, err, test.want)
		}
	}
	_, path, err := b.proxy.route(&request{Method: "POST", Path: "/2010-04-01/Accounts/" + standIn + "/SMS/Messages/SM1/Feedback.json"})
	if err != nil || !strings.Contains(path, "/Accounts/"+b.service.Key()+"/SMS") {
		t.Errorf("%s, %v", path, err)
	}
}
