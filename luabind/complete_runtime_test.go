package luabind_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/luabind"
)

// completedBy gives the candidates of a runtime for the text before "|".
func completedBy(rt *luabind.Runtime, line string) string {
	before, after, _ := strings.Cut(line, "|")
	var texts []string
	for _, candidate := range rt.Complete(before+after, len(before)).Candidates {
		texts = append(texts, candidate.Text)
	}
	return strings.Join(texts, " ")
}

// TestRuntimeComplete completes without a session: operations and modules, those of the host, and what scripts left.
func TestRuntimeComplete(t *testing.T) {
	t.Parallel()
	files := fstest.MapFS{
		"rules.lua": {Data: []byte("return {}")}, "rule_book/init.lua": {Data: []byte("return {}")}, "rule_texts/readme.txt": {},
		"rules/login.lua": {}, "rules/log.txt": {},
	}
	rt, err := luabind.New(&authy.Client{}, luabind.Operations(discount), luabind.Files(files))
	if err != nil {
		t.Fatal(err)
	}
	defer rt.Close()
	for _, test := range []struct{ line, want string }{
		{"authy.request_s|", "request_sms"}, {"authy.disc|", "discount"}, {"authy.try.disc|", "discount"}, {"authy.discount{ |", "code =  percent = "},
		{`authy.discount{ code = "|`, "SPRING SUMMER"}, {"string.re|", "rep reverse"}, {`require "rul|`, "rule_book rules"}, {`require "rules.|`, "rules.login"},
		{`require "..|`, ""}, {"mine.|", ""}, {"", ""}, {"auth|", "authy"},
	} {
		if got := completedBy(rt, test.line); got != test.want {
			t.Errorf("%s: got %q, want %q", test.line, got, test.want)
		}
	}
	if got := rt.Complete("authy.discount{ ", 16).Hint; !strings.Contains(got, "authy.discount{ code, percent? }") || !strings.Contains(got, "Set a discount.") {
		t.Errorf("the hint is %q", got)
	}
	if err := rt.Run(t.Context(), luabind.Script{Source: `mine = { one = 1 }`}); err != nil {
		t.Fatal(err)
	}
	if got := completedBy(rt, "mine.|"); got != "one" {
		t.Errorf("what a script left: got %q", got)
	}
	for _, cursor := range []int{-1, 1 << 30} { // bounded, as in a session
		if from := rt.Complete("mine.", cursor).From; from < 0 || from > 5 {
			t.Errorf("cursor %d: From is %d", cursor, from)
		}
	}
}

// TestRuntimeCompleteConcurrently completes from many goroutines while scripts run; the race detector watches.
func TestRuntimeCompleteConcurrently(t *testing.T) {
	t.Parallel()
	rt, err := luabind.New(&authy.Client{})
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 50 {
				rt.Complete("authy.request_sms{ force = ", 27)
				rt.Complete("mine.", 5)
			}
		})
	}
	for range 10 {
		if err := rt.Run(context.Background(), luabind.Script{Source: `mine = mine or {} for i = 1, 100 do mine["k" .. i] = i end sleep = time.sleep("1ms")`}); err != nil {
			t.Fatal(err)
		}
	}
	all.Wait()
	if got := completedBy(rt, "authy.request_s|"); got != "request_sms" {
		t.Errorf("at rest: got %q", got)
	}
	if err := rt.Close(); err != nil {
		t.Fatal(err)
	}
	if got := completedBy(rt, "authy.request_s|"); got != "" {
		t.Errorf("after Close: got %q", got)
	}
}

// TestRuntimeCompleteDoesNotWait asks while a script computes, which may take for ever.
func TestRuntimeCompleteDoesNotWait(t *testing.T) {
	t.Parallel()
	computing := make(chan struct{})
	rt, err := luabind.New(&authy.Client{}, luabind.Stdout(writerFunc(func(p []byte) (int, error) { close(computing); return len(p), nil })))
	if err != nil {
		t.Fatal(err)
	}
	defer rt.Close()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- rt.Run(ctx, luabind.Script{Source: `io.write "x" while true do end`}) }()
	<-computing
	if got := completedBy(rt, "authy.request_s|"); got != "" {
		t.Errorf("while a script computes: got %q", got)
	}
	stop()
	if err := <-ended; err != context.Canceled {
		t.Errorf("got %v", err)
	}
	if got := completedBy(rt, "authy.request_s|"); got != "request_sms" {
		t.Errorf("afterwards: got %q", got)
	}
}

type writerFunc func(p []byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }
